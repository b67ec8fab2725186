//! What `--help` says after the flags.

pub(in crate::cli) const EXAMPLES: &str = "\
Examples:
  holdfast dlq list --count                         how many, of what
  holdfast dlq show 42                              why, and the message itself
  holdfast dlq redrive --consumer order-payment --dry-run
  holdfast dlq redrive --consumer order-payment     sent back to that consumer, and to no other

Exit status: 0 done, 1 there is no such letter, or some were left alone (each command says), 2 it could not be done.";

pub(super) const LIST: &str = "\
Examples:
  holdfast dlq list --service order --reason malformed
  holdfast dlq list --order ID --json
  holdfast dlq list --older-than 1h --limit 0       all of them
  holdfast dlq list --count                         how many, by service, consumer and reason

The server looks for service, consumer, reason, type, order, user and the youngest age; `_` stands for what is not known.

Exit status: 0 done, 2 the letters cannot be read.";

pub(super) const SHOW: &str = "\
Examples:
  holdfast dlq show 42
  holdfast dlq show 42 --json | jq -r .payload

Exit status: 0 done, 1 there is no such letter, 2 it cannot be read.";

pub(super) const REDRIVE: &str = "\
Examples:
  holdfast dlq redrive 42 43                        these two
  holdfast dlq redrive --service order --younger-than 2h --dry-run
  holdfast dlq redrive --consumer order-payment --rate 100
  holdfast dlq redrive --resume ID                  goes on where an operation was cut off
  holdfast dlq redrive --all --force                everything, also what came back three times

Letters reach the consumer that gave them up, and no other. Ctrl-C stops after what is under way; whether stopped or
killed, --resume, or the same command again, sends nothing twice. What is done is recorded: `holdfast dlq history`.

Exit status: 0 all are sent, 1 some are not (each says why), or it was interrupted, 2 it could not be done.";

pub(super) const DISCARD: &str = "\
Examples:
  holdfast dlq discard 42                           this one
  holdfast dlq discard --reason malformed --older-than 7d --dry-run
  holdfast dlq discard --resume ID                  goes on where an operation was cut off

What is discarded is gone; its original stays in its stream. What is done is recorded: `holdfast dlq history`.

Exit status: 0 all are gone, 1 some are not (each says why), or it was interrupted, 2 it could not be done.";

pub(super) const HISTORY: &str = "\
Examples:
  holdfast dlq history                              who did what, newest first
  holdfast dlq history ID                           with what was not done, and why

Exit status: 0 done, 1 there is no such operation, 2 it cannot be read.";

//! What `--help` says after the flags.

pub(in crate::cli) const EXAMPLES: &str = "\
Examples:
  holdfast orders stuck --older-than 5m       what needs a person
  holdfast orders show ID                     why
  holdfast orders resume ID                   and on it goes
  holdfast orders list --user ID --limit 20

Exit status: 0 done, 1 there is no such order, or it refuses (`stuck`: there are some), 2 it could not be asked.";

pub(super) const LIST: &str = "\
Examples:
  holdfast orders list                        of the sample customer, the newest first
  holdfast orders list --user ID --limit 100
  holdfast orders list --cursor CURSOR        where an earlier list ended

An order that cannot be shown is named, with the reason: `unreadable` or `unavailable`.

Exit status: 0 done, 1 the request is refused, 2 it could not be asked.";

pub(super) const SHOW: &str = "\
Examples:
  holdfast orders show ID                     its state, and a line per event
  holdfast orders show ID --json

Exit status: 0 done, 1 there is no such order, 2 it could not be asked.";

pub(super) const STUCK: &str = "\
Examples:
  holdfast orders stuck                       parked, broken, or without news for 15 minutes
  holdfast orders stuck --older-than 5m --json

It reads the log itself, so it works while no service runs.

Exit status: 0 there are none, 1 there are some, 2 the log cannot be read.";

pub(super) const RESUME: &str = "\
Examples:
  holdfast orders resume ID                   the step that was given up is tried again
  holdfast orders resume --status parked --older-than 1h --dry-run
  holdfast orders resume --status parked --rate 20

Of many, what is done is recorded: `holdfast dlq history`. Stopped by Ctrl-C or killed, the same command goes on.

Exit status: 0 accepted, 1 there is no such order, or one is not parked, or it was interrupted, 2 it could not be asked.";

pub(super) const CANCEL: &str = "\
Examples:
  holdfast orders cancel ID                   what was reserved and charged is given back
  holdfast orders cancel --user ID --older-than 1h --dry-run

Of many, what is done is recorded: `holdfast dlq history`. Stopped by Ctrl-C or killed, the same command goes on.

Exit status: 0 accepted, 1 there is no such order, or for one it is too late, or it was interrupted, 2 it could not be
asked.";

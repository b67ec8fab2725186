//! What commands have in common that do something to many items: flags, progress, Ctrl-C, results.

use std::num::NonZeroU32;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Error, Outcome};
use crate::ops;
use crate::ops::audit::{Actor, Operation};
use crate::ops::bulk::{self, Tally};
use crate::ui;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Only tell how many there are.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Items per second at most [default: as many as can be].
    #[arg(long, value_name = "N")]
    pub(super) rate: Option<NonZeroU32>,
    /// Who does it, for the record [default: you and this machine].
    #[arg(long, env = "HOLDFAST_OPERATOR", value_name = "NAME")]
    by: Option<String>,
    /// No line per item that went well.
    #[arg(long, short)]
    quiet: bool,
}

impl Options {
    pub(super) fn actor(&self) -> Actor {
        let user = || std::env::var("USER").unwrap_or_else(|_| "unknown".to_owned());
        let host = || std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let name = self.by.clone();
        Actor {
            name: name.unwrap_or_else(|| format!("{}@{}", user(), host().trim())),
            via: "cli",
        }
    }
}

/// Shows results as they come and how far it is, and asks to stop in an orderly way at the first Ctrl-C.
pub(super) struct Screen<'a> {
    options: &'a Options,
    as_json: bool,
    bar: ProgressBar,
    /// Cancelled when it is to stop.
    pub(super) stop: CancellationToken,
    watch: JoinHandle<()>,
}

impl<'a> Screen<'a> {
    /// For so many items.
    pub(super) fn open(matching: u64, options: &'a Options, as_json: bool) -> Self {
        let stop = CancellationToken::new();
        Self {
            options,
            as_json,
            bar: progress(matching),
            watch: tokio::spawn(stop_at_ctrl_c(stop.clone())),
            stop,
        }
    }

    /// What became of an item.
    pub(super) fn tell(&self, name: &str, outcome: &bulk::Outcome) {
        self.bar.inc(1);
        self.bar.suspend(|| self.show(name, outcome));
    }

    /// How it went in all, and how to go on after an interruption.
    pub(super) fn close(
        self,
        operation: &Operation,
        tally: Result<Tally, ops::Error>,
        go_on: &str,
    ) -> Result<Outcome, Error> {
        self.watch.abort();
        self.bar.finish_and_clear();
        let tally = tally?;
        self.summarise(operation, &tally);
        if tally.interrupted {
            ui::note(format_args!("interrupted; go on with: {go_on}"));
        }
        let all = tally.skipped + tally.failed == 0 && !tally.interrupted;
        Ok(if all { Outcome::Done } else { Outcome::Negative })
    }

    fn show(&self, name: &str, outcome: &bulk::Outcome) {
        if self.as_json {
            if let Ok(serde_json::Value::Object(mut result)) = serde_json::to_value(outcome) {
                result.insert("item".to_owned(), name.into());
                ui::line(serde_json::Value::Object(result));
            }
            return;
        }
        match outcome {
            bulk::Outcome::Done if self.options.quiet => {}
            bulk::Outcome::Done => ui::line(format_args!("{name}: done")),
            bulk::Outcome::Skipped(why) => ui::line(format_args!("{name}: left alone: {why}")),
            bulk::Outcome::Failed(why) => ui::line(format_args!("{name}: failed: {why}")),
        }
    }

    fn summarise(&self, operation: &Operation, tally: &Tally) {
        let Tally {
            done,
            skipped,
            failed,
            ..
        } = tally;
        match self.as_json {
            true => ui::line(json!({"operation": operation.id, "tally": tally})),
            false => ui::line(format_args!(
                "{done} done, {skipped} left alone, {failed} failed; operation {}",
                operation.id
            )),
        }
    }
}

/// Shown on standard error, and only if that is a terminal.
fn progress(matching: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len}  {per_sec}  {eta} left");
    let bar = ProgressBar::new(matching);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

async fn stop_at_ctrl_c(stop: CancellationToken) {
    if tokio::signal::ctrl_c().await.is_ok() {
        stop.cancel();
        ui::note("stopping after what is under way; Ctrl-C again stops at once");
    }
    if tokio::signal::ctrl_c().await.is_ok() {
        // Nothing is lost: whoever goes on finds what was done.
        std::process::exit(130);
    }
}

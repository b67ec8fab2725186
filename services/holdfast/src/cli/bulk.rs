//! What commands have in common that do something to many items: flags, progress, Ctrl-C, results.

use std::num::NonZeroU32;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{Error, Outcome};
use crate::ops::audit::{Actor, Operation};
use crate::ops::bulk::{self, Tally};
use crate::ops::job::Job;
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
    /// Print JSON: an object per item, and one at the end.
    #[arg(long)]
    pub(super) json: bool,
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

/// Does it, shows how far it is, and stops in an orderly way at the first Ctrl-C.
pub(super) async fn run(job: &Job, options: &Options) -> Result<Outcome, Error> {
    let operation = job.begin().await?;
    let stop = CancellationToken::new();
    let watch = tokio::spawn(stop_at_ctrl_c(stop.clone()));
    let bar = progress(job.matching());
    let tell = |name: &str, outcome: &bulk::Outcome| {
        bar.inc(1);
        bar.suspend(|| show(name, outcome, options));
    };
    let tally = job.carry_out(&operation, &stop, tell).await;
    watch.abort();
    bar.finish_and_clear();
    let tally = tally?;
    summarise(&operation, &tally, options);
    if tally.interrupted {
        let command = job.what().command();
        ui::note(format_args!(
            "interrupted; go on with: holdfast {command} --resume {}",
            operation.id
        ));
    }
    let all = tally.skipped + tally.failed == 0 && !tally.interrupted;
    Ok(if all { Outcome::Done } else { Outcome::Negative })
}

fn show(name: &str, outcome: &bulk::Outcome, options: &Options) {
    if options.json {
        if let Ok(serde_json::Value::Object(mut result)) = serde_json::to_value(outcome) {
            result.insert("item".to_owned(), name.into());
            ui::line(serde_json::Value::Object(result));
        }
        return;
    }
    match outcome {
        bulk::Outcome::Done if options.quiet => {}
        bulk::Outcome::Done => ui::line(format_args!("{name}: done")),
        bulk::Outcome::Skipped(why) => ui::line(format_args!("{name}: left alone: {why}")),
        bulk::Outcome::Failed(why) => ui::line(format_args!("{name}: failed: {why}")),
    }
}

fn summarise(operation: &Operation, tally: &Tally, options: &Options) {
    let Tally {
        done,
        skipped,
        failed,
        ..
    } = tally;
    match options.json {
        true => ui::line(json!({"operation": operation.id, "tally": tally})),
        false => ui::line(format_args!(
            "{done} done, {skipped} left alone, {failed} failed; operation {}",
            operation.id
        )),
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

//! `holdfast nats`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use holdfast_contracts::subjects;
use holdfast_platform::nats::Nats;

use super::connect::Platform;
use super::{Error, Outcome};
use crate::provision::{self, Action, Declarations, FieldChange, Options, Step};
use crate::schemas::Registry;
use crate::ui::{self, Colour, Paint};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Create what is missing and update what differs, then register the contracts that are built in; refuse what could lose messages or take back a promise.
    #[command(after_help = EXAMPLES)]
    Apply(Apply),
}

pub(super) const EXAMPLES: &str = "\
Examples:
  holdfast nats apply --dry-run                 show what differs
  holdfast nats apply --replicas 3              production: three copies of everything
  holdfast nats apply --declarations ./nats     the files as they stand, not as they were built in

Exit status:
  0  the server is as declared (or now is)
  1  a change was refused and nothing was changed (a contract: no contract was), or --dry-run found differences
  2  it could not be done: no connection, a malformed file, the server refuses";

#[derive(Debug, Args)]
pub(super) struct Apply {
    #[command(flatten)]
    platform: Platform,
    /// Only show what would be done.
    #[arg(long)]
    dry_run: bool,
    /// How many servers keep a copy of each stream: 1 on a laptop, 3 in production.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=5))]
    replicas: u32,
    /// Folder with `streams`, `buckets` and `consumers`, instead of the declarations that are built in.
    #[arg(long, value_name = "DIR")]
    declarations: Option<PathBuf>,
}

pub(super) async fn run(command: Command) -> Result<Outcome, Error> {
    let Command::Apply(apply) = command;
    let declarations = match &apply.declarations {
        Some(dir) => Declarations::load(dir)?,
        None => Declarations::built_in()?,
    };
    let nats = apply.platform.connect().await?;
    let options = Options {
        replicas: apply.replicas,
        dry_run: apply.dry_run,
    };
    match provision::apply(nats.client(), &declarations, options).await {
        Ok(steps) => {
            let applied = report(&steps, apply.dry_run);
            let registered = register(&nats, &steps, apply.dry_run).await?;
            Ok(if registered == Outcome::Done {
                applied
            } else {
                registered
            })
        }
        Err(provision::Error::Destructive(refusals)) => {
            let paint = Paint::from_environment();
            for refusal in &refusals {
                ui::line(format_args!("{} {refusal}", paint.paint(Colour::Red, "refused:")));
            }
            ui::note(provision::Error::Destructive(refusals));
            Ok(Outcome::Negative)
        }
        Err(error) => Err(error.into()),
    }
}

/// Registers the contracts that are built in, where there is a place for them.
async fn register(nats: &Nats, steps: &[Step], dry_run: bool) -> Result<Outcome, Error> {
    let bucket = steps
        .iter()
        .find(|step| step.resource.name == subjects::SCHEMAS_BUCKET);
    let is_there = bucket.is_some_and(|step| !dry_run || step.action != Action::Create);
    if !is_there {
        return Ok(Outcome::Done);
    }
    super::schemas::offer(&Registry::new(nats), dry_run).await
}

fn report(steps: &[Step], dry_run: bool) -> Outcome {
    let paint = Paint::from_environment();
    let mut differences = 0;
    for Step { resource, action } in steps {
        differences += usize::from(*action != Action::Keep);
        match action {
            Action::Keep => ui::line(paint.paint(Colour::Dim, format_args!("  {resource}"))),
            Action::Create => ui::line(paint.paint(Colour::Green, format_args!("+ {resource}"))),
            Action::Update(changes) => {
                ui::line(paint.paint(Colour::Yellow, format_args!("~ {resource}")));
                changes.iter().for_each(|change| show(paint, change));
            }
        }
    }
    let verb = if dry_run { "to change" } else { "changed" };
    ui::line(format_args!("{differences} of {} {verb}", steps.len()));
    if dry_run && differences > 0 {
        Outcome::Negative
    } else {
        Outcome::Done
    }
}

fn show(paint: Paint, change: &FieldChange) {
    let FieldChange {
        field,
        current,
        declared,
    } = change;
    if !current.is_null() {
        ui::line(paint.paint(Colour::Red, format_args!("    - {field}: {current}")));
    }
    ui::line(paint.paint(Colour::Green, format_args!("    + {field}: {declared}")));
}

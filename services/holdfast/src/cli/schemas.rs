//! `holdfast schemas`.

mod help;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;

use super::connect::Platform;
use super::{Error, Outcome};
use crate::schemas::{self, Package, Registered, Registry, Standing};
use crate::ui::{self, Colour, Paint};
pub(super) use help::EXAMPLES;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// The packages that are registered.
    #[command(after_help = help::LIST)]
    List(List),
    /// What a package holds.
    #[command(after_help = help::SHOW)]
    Show(Show),
    /// Could these contracts be registered; nothing is changed.
    #[command(after_help = help::CHECK)]
    Check(Offered),
    /// Register contracts; refuse all if one would break programs that are in use.
    #[command(after_help = help::PUSH)]
    Push(Offered),
}

#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    platform: Platform,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Show {
    #[command(flatten)]
    platform: Platform,
    /// Which package, such as holdfast.order.v1.
    package: String,
    /// Only this message or enum.
    message: Option<String>,
    /// As it was in this revision [default: as it is].
    #[arg(long)]
    revision: Option<u64>,
    /// Only list the revisions that are kept.
    #[arg(long, conflicts_with_all = ["message", "revision", "output"])]
    versions: bool,
    /// Write a FileDescriptorSet to this file instead.
    #[arg(long, value_name = "FILE", conflicts_with = "message")]
    output: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Offered {
    #[command(flatten)]
    platform: Platform,
    /// A FileDescriptorSet [default: what is built in].
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(command: Command) -> Result<Outcome, Error> {
    match command {
        Command::List(list) => list.run().await,
        Command::Show(show) => show.run().await,
        Command::Check(offered) => offered.run(true).await,
        Command::Push(offered) => offered.run(false).await,
    }
}

impl List {
    async fn run(&self) -> Result<Outcome, Error> {
        let registry = Registry::new(&self.platform.connect().await?);
        print_all(&registry.list().await?, self.json);
        Ok(Outcome::Done)
    }
}

fn print_all(registered: &[Registered], as_json: bool) {
    if as_json {
        let all: Vec<_> = registered.iter().map(described).collect();
        return ui::line(json!(all));
    }
    for Registered {
        package,
        revision,
        time,
    } in registered
    {
        let (messages, enums) = (package.messages().len(), package.enums().len());
        ui::line(format_args!(
            "{:<28} revision {revision:<5} {time:.0}  {messages} messages, {enums} enums",
            package.name()
        ));
    }
}

fn described(registered: &Registered) -> serde_json::Value {
    let Registered {
        package,
        revision,
        time,
    } = registered;
    json!({
        "package": package.name(),
        "revision": revision.0,
        "time": time,
        "messages": package.messages().keys().collect::<Vec<_>>(),
        "enums": package.enums().keys().collect::<Vec<_>>(),
    })
}

impl Show {
    async fn run(&self) -> Result<Outcome, Error> {
        let registry = Registry::new(&self.platform.connect().await?);
        let versions = registry.versions(&self.package).await?;
        if self.versions && !versions.is_empty() {
            print_all(&versions, self.json);
            return Ok(Outcome::Done);
        }
        let wanted = |version: &&Registered| {
            self.revision
                .is_none_or(|revision| version.revision.0 == revision)
        };
        match versions.iter().rev().find(wanted) {
            Some(version) => self.print(version),
            None => {
                ui::note(format_args!(
                    "{} is not registered: `holdfast schemas list`",
                    self.package
                ));
                Ok(Outcome::Negative)
            }
        }
    }

    fn print(&self, version: &Registered) -> Result<Outcome, Error> {
        if let Some(file) = &self.output {
            let written = std::fs::write(file, version.package.bytes());
            return written
                .map(|()| Outcome::Done)
                .map_err(|error| unusable(file, &error));
        }
        let source = schemas::source(&version.package, self.message.as_deref());
        if source.is_empty() {
            let message = self.message.as_deref().unwrap_or_default();
            ui::note(format_args!("{message} is not in {}", self.package));
            return Ok(Outcome::Negative);
        }
        if self.json {
            let mut all = described(version);
            all["source"] = source.into();
            ui::line(all);
        } else {
            ui::print(source);
        }
        Ok(Outcome::Done)
    }
}

/// Registers what is built in, or only tells whether that could be done.
pub(super) async fn offer(registry: &Registry, dry_run: bool) -> Result<Outcome, Error> {
    let packages = schemas::built_in().map_err(schemas::Error::from)?;
    let standings = registry.push(&packages, dry_run).await?;
    report(&packages, &standings);
    let is_refused = standings
        .iter()
        .any(|standing| matches!(standing, Standing::Incompatible(_)));
    Ok(if is_refused {
        Outcome::Negative
    } else {
        Outcome::Done
    })
}

fn unusable(file: &Path, error: &dyn std::error::Error) -> Error {
    Error::File {
        path: file.to_owned(),
        detail: error.to_string(),
    }
}

impl Offered {
    fn packages(&self) -> Result<Vec<Package>, Error> {
        let Some(file) = &self.file else {
            return schemas::built_in().map_err(|error| unusable(Path::new("built in"), &error));
        };
        let bytes = std::fs::read(file).map_err(|error| unusable(file, &error))?;
        Package::all(&bytes).map_err(|error| unusable(file, &error))
    }

    async fn run(&self, dry_run: bool) -> Result<Outcome, Error> {
        let packages = self.packages()?;
        let registry = Registry::new(&self.platform.connect().await?);
        let standings = registry.push(&packages, dry_run).await?;
        let is_refused = standings
            .iter()
            .any(|standing| matches!(standing, Standing::Incompatible(_)));
        if self.json {
            let all = packages.iter().zip(&standings).map(|(package, standing)| {
                let (word, breaches) = word(standing);
                json!({"package": package.name(), "standing": word, "breaches": breaches})
            });
            ui::line(json!(all.collect::<Vec<_>>()));
        } else {
            report(&packages, &standings);
            if is_refused && !dry_run {
                ui::note("refused, nothing was changed");
            }
        }
        Ok(if is_refused {
            Outcome::Negative
        } else {
            Outcome::Done
        })
    }
}

/// One line for each package, and for each breach.
pub(super) fn report(packages: &[Package], standings: &[Standing]) {
    let paint = Paint::from_environment();
    packages
        .iter()
        .zip(standings)
        .for_each(|(package, standing)| show(paint, package, standing));
}

fn word(standing: &Standing) -> (&'static str, &[schemas::Breach]) {
    match standing {
        Standing::New => ("new", &[]),
        Standing::Same => ("same", &[]),
        Standing::Compatible => ("compatible", &[]),
        Standing::Older => ("older", &[]),
        Standing::Incompatible(breaches) => ("incompatible", breaches),
    }
}

fn show(paint: Paint, package: &Package, standing: &Standing) {
    let name = package.name();
    match standing {
        Standing::New => ui::line(paint.paint(Colour::Green, format_args!("+ schema {name}"))),
        Standing::Same => ui::line(paint.paint(Colour::Dim, format_args!("  schema {name}"))),
        Standing::Compatible => ui::line(paint.paint(Colour::Yellow, format_args!("~ schema {name}"))),
        Standing::Older => ui::line(format_args!(
            "  schema {name}: a newer version is registered, and stays"
        )),
        Standing::Incompatible(breaches) => {
            for breach in breaches {
                ui::line(format_args!("{} {breach}", paint.paint(Colour::Red, "refused:")));
            }
        }
    }
}

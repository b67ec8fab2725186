//! The bucket `schemas`.

use holdfast_contracts::subjects;
use holdfast_platform::journal::jetstream::{JetStreamJournal, JournalConfig};
use holdfast_platform::journal::{self, Append, Headers, Journal as _, Record, Revision, Scan as _};
use holdfast_platform::nats::Nats;
use jiff::Timestamp;

use super::{Breach, Package, PackageError, breaches};

/// So many values are read; each package has at most as many as the bucket keeps of it.
const PAGE: usize = 1000;

/// Why the registry cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bucket cannot be read or written; it may not exist.
    #[error("the bucket {bucket}: {0}; `holdfast nats apply` makes it", bucket = subjects::SCHEMAS_BUCKET)]
    Journal(#[from] journal::Error),
    /// A value in it is no contract.
    #[error("what is registered as {package} cannot be read: {source}")]
    Unreadable {
        /// Its key.
        package: String,
        /// Why.
        #[source]
        source: PackageError,
    },
    /// What is built in is no contract, which a test excludes.
    #[error("built in: {0}")]
    BuiltIn(#[from] PackageError),
    /// What was offered may not take the place of what is registered.
    #[error("{}", lines(.0))]
    Refused(Vec<Breach>),
}

fn lines(breaches: &[Breach]) -> String {
    let lines: Vec<_> = breaches
        .iter()
        .map(|breach| format!("refused: {breach}"))
        .collect();
    lines.join("\n")
}

impl Error {
    /// Whether the same may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Journal(error) if error.is_retryable() || matches!(error, journal::Error::Conflict { .. }))
    }
}

/// A package as it is registered.
#[derive(Clone, Debug)]
pub struct Registered {
    /// The package.
    pub package: Package,
    /// Its revision in the bucket.
    pub revision: Revision,
    /// When it was registered.
    pub time: Timestamp,
}

/// How a package stands to what is registered.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    /// Nothing is registered under its name.
    New,
    /// It is what is registered.
    Same,
    /// What is registered may become it.
    Compatible,
    /// It was registered before, and what is registered now came after it: a program that was rolled back to.
    Older,
    /// What is registered may not become it.
    Incompatible(Vec<Breach>),
}

/// The registry of one NATS.
pub struct Registry {
    journal: JetStreamJournal,
}

impl Registry {
    /// The registry behind this connection.
    #[must_use]
    pub fn new(nats: &Nats) -> Self {
        let stream = format!("KV_{}", subjects::SCHEMAS_BUCKET);
        Self {
            journal: JetStreamJournal::new(nats, &stream, JournalConfig::default()),
        }
    }

    /// What is registered now, by name.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn list(&self) -> Result<Vec<Registered>, Error> {
        let records = self
            .journal
            .scan(&subject(">"), Revision::NONE, Revision::NONE, PAGE)
            .await?;
        let mut newest = std::collections::BTreeMap::new();
        for record in records {
            newest.insert(record.subject.clone(), record);
        }
        newest
            .into_values()
            .filter(|record| !is_deleted(record))
            .map(registered)
            .collect()
    }

    /// All versions of a package that are kept, oldest first; the last is registered.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn versions(&self, package: &str) -> Result<Vec<Registered>, Error> {
        let newest = self.journal.last(&subject(package)).await?;
        let Some(newest) = newest.filter(|record| !is_deleted(record)) else {
            return Ok(Vec::new());
        };
        let records = self.journal.read(&newest.subject, newest.revision).await?;
        records
            .into_iter()
            .filter(|record| !is_deleted(record))
            .map(registered)
            .collect()
    }

    /// Registers what may be registered, all or nothing, and returns how each package stood.
    ///
    /// # Errors
    /// [`Error`]; calling again is always safe.
    pub async fn push(&self, packages: &[Package], dry_run: bool) -> Result<Vec<Standing>, Error> {
        let mut standings = Vec::with_capacity(packages.len());
        let mut due = Vec::new();
        for package in packages {
            let versions = self.versions(package.name()).await?;
            let standing = standing(package, &versions);
            if matches!(standing, Standing::New | Standing::Compatible) {
                due.push((package, versions.last().map(|version| version.revision)));
            }
            standings.push(standing);
        }
        let is_refused = standings
            .iter()
            .any(|standing| matches!(standing, Standing::Incompatible(_)));
        if !dry_run && !is_refused {
            for (package, revision) in due {
                self.register(package, revision).await?;
            }
        }
        Ok(standings)
    }

    /// Registers what this program was built with.
    ///
    /// # Errors
    /// [`Error::Refused`] if programs that are in use could not go on with it; nothing was changed then.
    pub async fn push_built_in(&self) -> Result<(), Error> {
        let standings = self.push(&super::built_in()?, false).await?;
        let breaches = standings.into_iter().filter_map(|standing| match standing {
            Standing::Incompatible(breaches) => Some(breaches),
            _ => None,
        });
        let breaches: Vec<_> = breaches.flatten().collect();
        match breaches.is_empty() {
            true => Ok(()),
            false => Err(Error::Refused(breaches)),
        }
    }

    async fn register(&self, package: &Package, expected: Option<Revision>) -> Result<(), Error> {
        let subject = subject(package.name());
        let expected = match expected {
            Some(revision) => revision,
            // Somebody may have deleted it, which is a record, too.
            None => self
                .journal
                .last(&subject)
                .await?
                .map_or(Revision::NONE, |record| record.revision),
        };
        let append = Append {
            message_id: format!("{subject}.{expected}"),
            subject,
            expected,
            headers: Headers::new(),
            payload: package.bytes().into(),
        };
        self.journal.append(append).await?;
        Ok(())
    }
}

fn subject(package: &str) -> String {
    format!("$KV.{}.{package}", subjects::SCHEMAS_BUCKET)
}

fn is_deleted(record: &Record) -> bool {
    record.headers.contains_key("KV-Operation")
}

fn registered(record: Record) -> Result<Registered, Error> {
    let package = record
        .subject
        .strip_prefix(&subject(""))
        .unwrap_or_default()
        .to_owned();
    let packages = Package::all(&record.payload);
    let found = packages.map(|packages| packages.into_iter().find(|found| found.name() == package));
    match found.and_then(|found| found.ok_or(PackageError::Empty)) {
        Ok(package) => Ok(Registered {
            package,
            revision: record.revision,
            time: record.time,
        }),
        Err(source) => Err(Error::Unreadable { package, source }),
    }
}

fn standing(package: &Package, versions: &[Registered]) -> Standing {
    let Some((now, before)) = versions.split_last() else {
        return Standing::New;
    };
    if now.package == *package {
        return Standing::Same;
    }
    if before.iter().any(|version| version.package == *package) {
        return Standing::Older;
    }
    let breaches = breaches(&now.package, package);
    match breaches.is_empty() {
        true => Standing::Compatible,
        false => Standing::Incompatible(breaches),
    }
}

//! Writes `docs/api/openapi.json`, which the gateway shows, and `docs/api/internal.json`, for what services call among
//! themselves: both from the routes of the services.
//!
//! `--check` only compares and fails on a difference, so that what is in the repository is never out of date.

mod edge;
mod merge;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use holdfast_catalog::http as catalog;
use holdfast_inventory::http as inventory;
use holdfast_order::{api as order, service::Live};
use holdfast_payment::{http as payment, provider::sandbox::Sandbox};
use holdfast_platform::clock::SystemClock;
use holdfast_platform::journal::jetstream::JetStreamJournal;
use holdfast_platform::openapi::OpenApi;
use holdfast_realtime::http as realtime;
use holdfast_user::http as user;

/// Why the documents are not written, or not right.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Merge(#[from] merge::Error),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("{} is not what the services say: run make openapi", .0.display())]
    Outdated(PathBuf),
}

fn main() -> ExitCode {
    let check = std::env::args().any(|argument| argument == "--check");
    match run(check) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(check: bool) -> Result<(), Error> {
    let (public, internal) = documents();
    let mut public = merge::public(public)?;
    edge::add(&mut public);
    let internal = merge::internal(internal)?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api");
    for (name, document) in [("openapi.json", public), ("internal.json", internal)] {
        let path = folder.join(name);
        let text = format!("{}\n", serde_json::to_string_pretty(&document)?);
        let done = match check {
            true => compare(&path, &text),
            false => std::fs::write(&path, text).map_err(|source| Error::File { path, source }),
        };
        done?;
    }
    Ok(())
}

fn compare(path: &Path, text: &str) -> Result<(), Error> {
    let path = path.to_owned();
    match std::fs::read_to_string(&path) {
        Ok(found) if found == text => Ok(()),
        Ok(_) => Err(Error::Outdated(path)),
        Err(source) => Err(Error::File { path, source }),
    }
}

/// What the gateway leads to, and what it does not.
fn documents() -> (Vec<OpenApi>, Vec<OpenApi>) {
    let [receipts, stock] = inventory::documents();
    let [webhooks, payments] = payment::documents::<JetStreamJournal, Sandbox, SystemClock>();
    let [accounts, contacts] = user::documents();
    let orders = order::document::<Live>();
    let products = catalog::document::<SystemClock, JetStreamJournal>();
    let streams = realtime::document();
    let public = vec![orders, products, receipts, webhooks, accounts, streams];
    (public, vec![stock, payments, contacts])
}

//! How to run the platform.

use std::path::{Path, PathBuf};

use super::{Error, Logs, Mesh, Ports, Service, Sync};

/// How to run the platform.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder that gets `run` and `data`, normally `.holdfast`.
    pub home: PathBuf,
    /// Where the binaries of the services are.
    pub binaries: PathBuf,
    /// The nats-server binary.
    pub nats_server: PathBuf,
    /// Where everything listens, on 127.0.0.1.
    pub ports: Ports,
    /// The mesh that services call each other by, and clients come in by; none: they do it directly.
    pub mesh: Option<Mesh>,
    /// What an acknowledged write has survived.
    pub sync: Sync,
    /// Where the children's output goes.
    pub logs: Logs,
    /// What the sandbox signs its webhooks with.
    pub webhook_secret: String,
    /// How much of each sample product is in stock.
    pub stock: u32,
    /// Whether customers are told what becomes of their orders.
    pub notifications: bool,
}

impl Options {
    /// What is started, in this order: the shop only if its pages are built and there is a gateway to serve them.
    pub fn services(&self) -> impl Iterator<Item = Service> + use<> {
        let tells = self.notifications;
        let has_pages = self.mesh.as_ref().is_some_and(|mesh| mesh.pages.is_some());
        Service::START_ORDER
            .into_iter()
            .filter(move |service| *service != Service::Storefront || has_pages)
            .filter(move |service| *service != Service::Notification || tells)
    }
}

/// A secret for the webhooks of one run.
#[must_use]
pub fn new_webhook_secret() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// The folder of the binary that runs now, where the services' binaries are too.
///
/// # Errors
/// [`Error::File`] if the system does not tell.
pub fn own_folder() -> Result<PathBuf, Error> {
    let exe = std::env::current_exe().map_err(|source| Error::File {
        path: "holdfast".into(),
        source,
    })?;
    let folder = exe.parent().unwrap_or(Path::new("."));
    // A test's binary is one level below those that it starts.
    let folder = if folder.ends_with("deps") {
        folder.parent().unwrap_or(folder)
    } else {
        folder
    };
    Ok(folder.to_owned())
}

//! The mesh of the laptop: real Envoys, a gateway and a sidecar for each service, with what the real Istio made of the
//! files in `istio/`. A proxy and its certificate are told apart as in a cluster, by service account.

mod bootstrap;
mod certificates;

use std::path::{Path, PathBuf};

use super::spec::Spec;
use super::{Error, Options, Ports, Service};

/// What the mesh is made of.
#[derive(Clone, Debug)]
pub struct Mesh {
    /// The Envoy binary.
    pub envoy: PathBuf,
    /// The folder of the built filters.
    pub filters: PathBuf,
    /// The folder of the shop's built pages; none: there is no shop.
    pub pages: Option<PathBuf>,
}

/// What `make wasm` builds, and Envoy loads.
const FILTERS: [&str; 2] = ["holdfast_filter_rate_limit.wasm", "holdfast_filter_fallback.wasm"];

/// An Envoy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proxy {
    /// In front of a service, and between it and those that it calls.
    Sidecar(Service),
    /// Where clients come in.
    Gateway,
}

impl Proxy {
    /// The gateway is the last to start and the first to stop.
    pub fn start_order(options: &Options) -> impl Iterator<Item = Self> {
        let sidecars = options.services().filter(|service| service.sidecar().is_some());
        sidecars.map(Self::Sidecar).chain([Self::Gateway])
    }

    /// Its name in logs and in `processes.json`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sidecar(service) => service.sidecar().unwrap_or(service.name()),
            Self::Gateway => "gateway",
        }
    }

    /// Its service account: whom its certificate names.
    fn account(self) -> &'static str {
        match self {
            Self::Sidecar(service) => service.name(),
            Self::Gateway => "gateway",
        }
    }

    /// What Istio made for it: `make render`.
    fn rendered(self) -> &'static str {
        match self {
            Self::Sidecar(service) => service.rendered().unwrap_or_default(),
            Self::Gateway => include_str!("../../../../istio/rendered/laptop/gateway.json"),
        }
    }

    /// Where it takes traffic, and its admin port.
    pub(super) fn ports(self, ports: &Ports) -> (u16, u16) {
        match self {
            Self::Sidecar(service) => {
                let sidecar = ports.of(service).sidecar;
                (sidecar.inbound, sidecar.admin)
            }
            Self::Gateway => (ports.gateway.http, ports.gateway.admin),
        }
    }

    /// On the laptop many processes share few cores. Two workers of the gateway show that its rate limit is one for all.
    fn workers(self) -> &'static str {
        match self {
            Self::Gateway => "2",
            Self::Sidecar(_) => "1",
        }
    }
}

/// Fails before anything is started if something is missing.
pub(super) fn check_files(mesh: &Mesh) -> Result<(), Error> {
    if !mesh.envoy.is_file() {
        let remedy =
            "`make tools-mesh` installs it; HOLDFAST_ENVOY or --envoy names another; --no-mesh does without";
        return Err(Error::Missing {
            path: mesh.envoy.clone(),
            remedy,
        });
    }
    let filters = FILTERS.map(|filter| mesh.filters.join(filter));
    match filters.into_iter().find(|path| !path.is_file()) {
        None => Ok(()),
        Some(path) => Err(Error::Missing {
            path,
            remedy: "`make wasm` builds it; HOLDFAST_FILTERS or --filters names another folder; --no-mesh does without",
        }),
    }
}

/// Writes everything that the Envoys read, and returns what to start.
pub(super) fn prepare(options: &Options, mesh: &Mesh) -> Result<Vec<Spec>, Error> {
    let folder = options.home.join("run/mesh");
    certificates::issue(
        &folder.join("certs"),
        Proxy::start_order(options).map(Proxy::account),
    )?;
    let place = bootstrap::Place {
        run: &folder,
        filters: &mesh.filters,
        ports: options.ports.renumbering(),
    };
    Proxy::start_order(options)
        .map(|proxy| spec(options, mesh, proxy, &place))
        .collect()
}

fn spec(options: &Options, mesh: &Mesh, proxy: Proxy, place: &bootstrap::Place<'_>) -> Result<Spec, Error> {
    let (http_port, admin_port) = proxy.ports(&options.ports);
    let path = place.run.join(format!("{}.json", proxy.name()));
    let bootstrap = bootstrap::adapt(proxy.rendered(), place).map_err(|error| Error::Rendered {
        proxy: proxy.name(),
        detail: error.to_string(),
    })?;
    write(&path, &bootstrap)?;
    Ok(Spec {
        name: proxy.name(),
        program: mesh.envoy.clone(),
        arguments: [
            "--config-path".into(),
            path.into_os_string(),
            "--concurrency".into(),
            proxy.workers().into(),
            // Else two platforms on one machine would take each other's Envoys for their own.
            "--disable-hot-restart".into(),
            "--log-level".into(),
            "warning".into(),
            // What Istio still says in fields that Envoy calls deprecated, once per route; and a hint for the edge of a
            // real network.
            "--component-log-level".into(),
            "misc:error,main:error".into(),
            "--log-format".into(),
            "%L %n: %v".into(),
        ]
        .into(),
        environment: Vec::new(),
        http_port,
        admin_port,
    })
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    std::fs::write(path, text).map_err(|source| Error::File {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_port_that_istio_rendered_is_one_of_the_laptops() {
        let place = bootstrap::Place {
            run: Path::new("run"),
            filters: Path::new("filters"),
            ports: Ports::default().renumbering(),
        };
        let sidecars = Service::START_ORDER.map(Proxy::Sidecar);
        let sidecars = sidecars.into_iter().filter(|proxy| !proxy.rendered().is_empty());
        for proxy in sidecars.chain([Proxy::Gateway]) {
            bootstrap::adapt(proxy.rendered(), &place).unwrap();
        }
    }
}

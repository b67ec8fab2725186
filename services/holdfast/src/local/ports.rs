//! Where everything listens.

use std::fs;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;

use super::{Error, Service};

/// Below the range that systems take the ports of outgoing connections from.
const CANDIDATES: Range<u16> = 10_000..30_000;

/// The ports of the platform, on 127.0.0.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// NATS clients.
    pub nats: u16,
    /// nats-server's monitoring.
    pub nats_monitor: u16,
    /// The order service.
    pub order: ServicePorts,
    /// The catalogue.
    pub catalog: ServicePorts,
    /// The inventory service.
    pub inventory: ServicePorts,
    /// The payment service.
    pub payment: ServicePorts,
    /// The sandbox.
    pub sandbox: ServicePorts,
}

/// The two ports of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServicePorts {
    /// Traffic.
    pub http: u16,
    /// `/livez`, `/readyz`, `/metrics`, log level.
    pub admin: u16,
}

impl ServicePorts {
    /// The admin port is the traffic port plus 1000.
    #[must_use]
    pub fn from_http(http: u16) -> Self {
        Self {
            http,
            admin: http.wrapping_add(1000),
        }
    }
}

impl Ports {
    /// Ports that nobody listens on at this moment, and that the system gives to no outgoing connection.
    ///
    /// # Errors
    /// [`Error::File`] if there are not enough.
    pub fn free() -> Result<Self, Error> {
        // All are held until all are chosen, so that none is given twice.
        let mut held: Vec<(u16, TcpListener)> = Vec::new();
        let span = CANDIDATES.end - CANDIDATES.start;
        // Supervisors that start at once begin far from each other.
        let first = rand::random_range(0..span);
        let candidates = (0..span).map(|step| CANDIDATES.start + (first + step) % span);
        for port in candidates {
            held.extend(
                TcpListener::bind((Ipv4Addr::LOCALHOST, port))
                    .ok()
                    .map(|listener| (port, listener)),
            );
            if held.len() == 12 {
                break;
            }
        }
        let ports: Vec<u16> = held.iter().map(|(port, _)| *port).collect();
        let &[nats, nats_monitor, a, b, c, d, e, f, g, h, i, j] = ports.as_slice() else {
            let source = ErrorKind::AddrNotAvailable.into();
            return Err(Error::File {
                path: "127.0.0.1".into(),
                source,
            });
        };
        let of = |http, admin| ServicePorts { http, admin };
        Ok(Self {
            nats,
            nats_monitor,
            order: of(a, b),
            catalog: of(c, d),
            inventory: of(e, f),
            payment: of(g, h),
            sandbox: of(i, j),
        })
    }

    /// The ports of one service.
    #[must_use]
    pub fn of(&self, service: Service) -> ServicePorts {
        match service {
            Service::Order => self.order,
            Service::Catalog => self.catalog,
            Service::Inventory => self.inventory,
            Service::Payment => self.payment,
            Service::Sandbox => self.sandbox,
        }
    }
}

/// Fails if somebody listens where one of ours should.
pub(super) fn check_free(ports: &Ports) -> Result<(), Error> {
    check(ports.nats, "nats-server", "--nats-port")?;
    check(ports.nats_monitor, "nats-server", "--nats-monitor-port")?;
    for service in Service::START_ORDER {
        let ServicePorts { http, admin } = ports.of(service);
        check(http, service.name(), service.port_flag())?;
        check(admin, service.name(), service.port_flag())?;
    }
    Ok(())
}

fn check(port: u16, process: &'static str, flag: &'static str) -> Result<(), Error> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Ok(()),
        Err(_) => {
            let holder = holder(port).map_or_else(String::new, |holder| format!(" by {holder}"));
            Err(Error::PortTaken {
                port,
                process,
                holder,
                flag,
            })
        }
    }
}

/// The process that listens on a port, as `name (pid 1)`, where the system tells.
fn holder(port: u16) -> Option<String> {
    let inodes: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .flat_map(|table| listening_inodes(table, port))
        .collect();
    let owns = |pid: &str| {
        fs::read_dir(format!("/proc/{pid}/fd")).is_ok_and(|descriptors| {
            descriptors
                .flatten()
                .filter_map(|entry| fs::read_link(entry.path()).ok())
                .any(|target| {
                    inodes
                        .iter()
                        .any(|inode| target.as_os_str() == format!("socket:[{inode}]").as_str())
                })
        })
    };
    let pid = fs::read_dir("/proc")
        .ok()?
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .find(|name| name.bytes().all(|byte| byte.is_ascii_digit()) && owns(name))?;
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    Some(format!("{} (pid {pid})", name.trim()))
}

/// Columns of the table: slot, local address, remote address, state (0A: listening), …, inode as the tenth.
fn listening_inodes(table: &str, port: u16) -> Vec<String> {
    let suffix = format!(":{port:04X}");
    let rows = fs::read_to_string(table).unwrap_or_default();
    rows.lines()
        .filter_map(|row| {
            let mut columns = row.split_whitespace();
            let local = columns.nth(1)?;
            let state = columns.nth(1)?;
            (local.ends_with(&suffix) && state == "0A").then(|| columns.nth(5).map(str::to_owned))?
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_listener_when_its_port_is_checked_then_the_error_names_it_and_the_flag() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let error = check(port, "order", "--order-port").unwrap_err().to_string();
        assert!(error.contains(&format!("port {port} of order")), "{error}");
        assert!(error.contains("--order-port"), "{error}");
        if cfg!(target_os = "linux") {
            assert!(
                error.contains(&format!("(pid {})", std::process::id())),
                "{error}"
            );
        }
    }

    #[test]
    fn free_ports_are_all_different_and_free() {
        let ports = Ports::free().unwrap();
        check_free(&ports).unwrap();
        let mut all = vec![ports.nats, ports.nats_monitor];
        all.extend(
            Service::START_ORDER
                .iter()
                .flat_map(|s| [ports.of(*s).http, ports.of(*s).admin]),
        );
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 12);
    }
}

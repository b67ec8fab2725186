//! Where everything listens.

use std::collections::BTreeMap;
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
    /// The gateway.
    pub gateway: GatewayPorts,
    /// Mail.
    pub mail: MailPorts,
    /// Those of the services, in the order of their start.
    pub services: [ServicePorts; Service::START_ORDER.len()],
}

/// Where mail goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailPorts {
    /// The sandbox's mail server.
    pub server: u16,
    /// The way there through the sidecar of `notification`.
    pub proxy: u16,
}

/// The two ports of the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GatewayPorts {
    /// Clients.
    pub http: u16,
    /// Envoy's admin interface.
    pub admin: u16,
}

impl GatewayPorts {
    /// How much higher than the clients' port the admin port is: those of all Envoys are neighbours.
    pub const SPAN: u16 = 10_920;

    /// The usual admin port for a port of clients.
    #[must_use]
    pub fn from_http(http: u16) -> Self {
        Self {
            http,
            admin: http.wrapping_add(Self::SPAN),
        }
    }
}

/// The ports of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServicePorts {
    /// Traffic.
    pub http: u16,
    /// `/livez`, `/readyz`, `/metrics`, log level.
    pub admin: u16,
    /// Those of its sidecar.
    pub sidecar: SidecarPorts,
}

/// The ports of a sidecar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SidecarPorts {
    /// Calls of its service, by mutual TLS.
    pub inbound: u16,
    /// The HTTP proxy by which its service calls others.
    pub outbound: u16,
    /// Envoy's admin interface.
    pub admin: u16,
}

impl ServicePorts {
    /// How much higher than the traffic port the others are at most.
    pub const SPAN: u16 = 10_900;

    /// The admin port is the traffic port plus 1000; those of the sidecar are it plus 7000, 7100 and 10900.
    #[must_use]
    pub fn from_http(http: u16) -> Self {
        Self {
            http,
            admin: http.wrapping_add(1000),
            sidecar: SidecarPorts {
                inbound: http.wrapping_add(7000),
                outbound: http.wrapping_add(7100),
                admin: http.wrapping_add(Self::SPAN),
            },
        }
    }
}

impl Default for Ports {
    fn default() -> Self {
        Self {
            nats: 4222,
            nats_monitor: 8222,
            gateway: GatewayPorts::from_http(8080),
            mail: MailPorts {
                server: 8125,
                proxy: 2525,
            },
            services: Service::START_ORDER.map(|service| ServicePorts::from_http(service.usual_port())),
        }
    }
}

impl Ports {
    /// Ports that nobody listens on at this moment, and that the system gives to no outgoing connection.
    ///
    /// # Errors
    /// [`Error::File`] if there are not enough.
    pub fn free() -> Result<Self, Error> {
        let mut ports = Self::default();
        let mut free = find_free(ports.all_mut().len()).into_iter();
        for port in ports.all_mut() {
            *port = free.next().ok_or_else(|| Error::File {
                path: "127.0.0.1".into(),
                source: ErrorKind::AddrNotAvailable.into(),
            })?;
        }
        Ok(ports)
    }

    /// From each usual port to the one in its place.
    pub(super) fn renumbering(mut self) -> BTreeMap<u16, u16> {
        let (mut usual, chosen) = (Self::default(), self.all_mut());
        let pairs = usual.all_mut().into_iter().zip(chosen);
        pairs.map(|(usual, chosen)| (*usual, *chosen)).collect()
    }

    fn all_mut(&mut self) -> Vec<&mut u16> {
        let Self {
            nats,
            nats_monitor,
            gateway,
            mail,
            services,
        } = self;
        let mut all = vec![nats, nats_monitor, &mut gateway.http, &mut gateway.admin];
        all.push(&mut mail.server);
        all.push(&mut mail.proxy);
        for service in services {
            let ServicePorts { http, admin, sidecar } = service;
            all.extend([
                http,
                admin,
                &mut sidecar.inbound,
                &mut sidecar.outbound,
                &mut sidecar.admin,
            ]);
        }
        all
    }

    /// The ports of one service.
    #[must_use]
    pub fn of(&self, service: Service) -> ServicePorts {
        let mut all = Service::START_ORDER.into_iter().zip(self.services);
        let found = all.find(|(known, _)| *known == service);
        found.map_or_else(
            || ServicePorts::from_http(service.usual_port()),
            |(_, ports)| ports,
        )
    }
}

/// So many free ports, or fewer if there are not enough.
fn find_free(count: usize) -> Vec<u16> {
    // All are held until all are chosen, so that none is given twice.
    let mut held: Vec<(u16, TcpListener)> = Vec::new();
    let span = CANDIDATES.end - CANDIDATES.start;
    // Supervisors that start at once begin far from each other.
    let first = rand::random_range(0..span);
    let candidates = (0..span).map(|step| CANDIDATES.start + (first + step) % span);
    for port in candidates {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
        held.extend(listener.ok().map(|listener| (port, listener)));
        if held.len() == count {
            break;
        }
    }
    held.iter().map(|(port, _)| *port).collect()
}

/// Fails if somebody listens where one of ours should.
pub(super) fn check_free(ports: &Ports, with_mesh: bool) -> Result<(), Error> {
    check(ports.nats, "nats-server", "--nats-port")?;
    check(ports.nats_monitor, "nats-server", "--nats-monitor-port")?;
    check(ports.mail.server, "sandbox", "--mail-port")?;
    for service in Service::START_ORDER {
        let ServicePorts { http, admin, .. } = ports.of(service);
        check(http, service.name(), service.port_flag())?;
        check(admin, service.name(), service.port_flag())?;
    }
    if with_mesh { check_mesh(ports) } else { Ok(()) }
}

fn check_mesh(ports: &Ports) -> Result<(), Error> {
    check(ports.gateway.http, "gateway", "--gateway-port")?;
    check(ports.gateway.admin, "gateway", "--gateway-port")?;
    check(ports.mail.proxy, "notification-sidecar", "--mail-proxy-port")?;
    for service in Service::START_ORDER {
        let Some(sidecar) = service.sidecar() else {
            continue;
        };
        let SidecarPorts {
            inbound,
            outbound,
            admin,
        } = ports.of(service).sidecar;
        for port in [inbound, outbound, admin] {
            check(port, sidecar, service.port_flag())?;
        }
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
        let mut ports = Ports::free().unwrap();
        check_free(&ports, true).unwrap();
        let mut all: Vec<u16> = ports.all_mut().into_iter().map(|port| *port).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn each_usual_port_has_one_in_its_place() {
        let ports = Ports::free().unwrap();
        let renumbering = ports.renumbering();
        assert_eq!(renumbering.get(&8080), Some(&ports.gateway.http));
        assert_eq!(renumbering.get(&8104), Some(&ports.of(Service::Payment).http));
        assert_eq!(
            renumbering.get(&15104),
            Some(&ports.of(Service::Payment).sidecar.inbound)
        );
        assert_eq!(
            renumbering.get(&15201),
            Some(&ports.of(Service::Order).sidecar.outbound)
        );
        let usual = Ports::default().renumbering();
        assert!(usual.iter().all(|(usual, chosen)| usual == chosen));
    }
}

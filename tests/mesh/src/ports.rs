//! Ports of one mesh, so that several run beside each other.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

use serde_json::Value;

/// The ports that the files of `istio/laptop` and the services of the laptop have. ARCHITECTURE.md tells whose they are.
pub const PORTS: [u16; 36] = [
    2525, 8080, 8101, 8102, 8103, 8104, 8105, 8106, 8107, 8108, 8109, 8125, 8190, 15101, 15102, 15103, 15104,
    15105, 15106, 15107, 15108, 15109, 15201, 15202, 15204, 15206, 19000, 19001, 19002, 19003, 19004, 19005,
    19006, 19007, 19008, 19009,
];

/// Below the range that systems take the ports of outgoing connections from.
const FIRST: u16 = 10_000;
const COUNT: u16 = 20_000;

/// What stands for each port of the laptop.
#[derive(Debug, Clone)]
pub struct Ports(BTreeMap<u16, u16>);

impl Ports {
    /// A free port for each.
    pub fn free() -> Self {
        // All are held until all are chosen, so that none is given twice.
        let held: Vec<(u16, TcpListener)> = PORTS.iter().map(|usual| (*usual, hold())).collect();
        let port = |listener: &TcpListener| listener.local_addr().expect("an address").port();
        Self(
            held.iter()
                .map(|(usual, listener)| (*usual, port(listener)))
                .collect(),
        )
    }

    /// From now on `port` stands for `usual`.
    pub fn set(&mut self, usual: u16, port: u16) {
        self.0.insert(usual, port);
    }

    /// A free port stands for one more.
    pub fn add(&mut self, usual: u16) {
        let port = hold().local_addr().expect("an address").port();
        self.set(usual, port);
    }

    /// Where to find what is at this port of the laptop.
    pub fn address(&self, usual: u16) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.of(usual)))
    }

    /// Each port of the laptop with what stands for it.
    pub fn pairs(&self) -> impl Iterator<Item = (u16, u16)> + '_ {
        self.0.iter().map(|(usual, port)| (*usual, *port))
    }

    /// Replaces the ports of a rendered configuration: wherever one is an address's, or what a listener expects of one.
    pub fn rewrite(&self, config: &mut Value) {
        match config {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match name.as_str() {
                        "port_value" | "destination_port" | "start" => self.replace(value, 0),
                        // The end of a range is not part of it.
                        "end" => self.replace(value, 1),
                        _ => self.rewrite(value),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.rewrite(item)),
            _ => {}
        }
    }

    fn replace(&self, value: &mut Value, above: u16) {
        let number = value.as_u64().and_then(|number| u16::try_from(number).ok());
        let port = number.and_then(|number| self.0.get(&number.checked_sub(above)?));
        if let Some(port) = port {
            *value = (port + above).into();
        }
    }

    fn of(&self, usual: u16) -> u16 {
        *self.0.get(&usual).expect("a port of the laptop")
    }
}

/// Each call goes on from where the last one stopped; processes begin far from each other.
fn hold() -> TcpListener {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = (std::process::id() % u32::from(COUNT)) as u16;
    (0..COUNT)
        .find_map(|_| {
            let step = NEXT.fetch_add(1, Ordering::Relaxed);
            let offset = (u32::from(start) * 7 + u32::from(step)) % u32::from(COUNT);
            TcpListener::bind((Ipv4Addr::LOCALHOST, FIRST + offset as u16)).ok()
        })
        .expect("a free port")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn given_a_rendered_configuration_when_it_is_rewritten_then_no_port_of_the_laptop_is_left() {
        let mut ports = Ports::free();
        for (index, usual) in (0..).zip(PORTS) {
            ports.set(usual, 31_000 + index);
        }
        for name in [
            "gateway",
            "order",
            "catalog",
            "inventory",
            "payment",
            "user",
            "notification",
            "realtime",
            "ops",
            "storefront",
        ] {
            let path = crate::root().join(format!("istio/rendered/laptop/{name}.json"));
            let text = std::fs::read_to_string(path).unwrap();
            let mut config: Value = serde_json::from_str(&text).unwrap();
            ports.rewrite(&mut config);
            let mut left = Vec::new();
            numbers(&config, &mut left);
            assert!(
                left.iter().all(|number| !PORTS.map(u64::from).contains(number)),
                "{name}"
            );
        }
    }

    #[test]
    fn the_end_of_a_range_is_one_more_than_its_port() {
        let mut ports = Ports::free();
        ports.set(15104, 31_000);
        let mut range = json!({"destination_port_range": {"start": 15104, "end": 15105}});
        ports.rewrite(&mut range);
        assert_eq!(
            range["destination_port_range"],
            json!({"start": 31_000, "end": 31_001})
        );
    }

    fn numbers(value: &Value, found: &mut Vec<u64>) {
        match value {
            Value::Object(fields) => fields.values().for_each(|value| numbers(value, found)),
            Value::Array(items) => items.iter().for_each(|item| numbers(item, found)),
            value => found.extend(value.as_u64()),
        }
    }
}

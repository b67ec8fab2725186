//! The services as a table: what is started, where it listens, which Envoy is in front of it.
//!
//! Another service is a variant, its place in the order of starts, a row, and what it is told (`environment.rs`).

/// A service of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// The card provider that misbehaves on request.
    Sandbox,
    /// Accounts and tokens.
    User,
    /// Products and prices.
    Catalog,
    /// Stock.
    Inventory,
    /// Charges and refunds.
    Payment,
    /// Tells customers what becomes of their orders.
    Notification,
    /// Orders.
    Order,
    /// The pages of the shop.
    Storefront,
    /// Order status as it changes.
    Realtime,
    /// What operators hear of and do.
    Ops,
}

/// What is the same on every laptop.
struct Row {
    /// In logs, in `processes.json`, in the mesh, and of its binary after `holdfast-`.
    name: &'static str,
    /// Where it takes traffic.
    port: u16,
    /// The flag of `holdfast up` that changes its ports.
    flag: &'static str,
    /// What that flag is for.
    help: &'static str,
    sidecar: Option<Sidecar>,
}

struct Sidecar {
    name: &'static str,
    /// What Istio made for it: `make render`.
    rendered: &'static str,
}

macro_rules! row {
    ($name:literal, $port:literal, $help:literal) => {
        Row {
            name: $name,
            port: $port,
            flag: concat!("--", $name, "-port"),
            help: $help,
            sidecar: None,
        }
    };
    ($name:literal, $port:literal, $help:literal, with sidecar) => {
        Row {
            sidecar: Some(Sidecar {
                name: concat!($name, "-sidecar"),
                rendered: include_str!(concat!("../../../../istio/rendered/laptop/", $name, ".json")),
            }),
            ..row!($name, $port, $help)
        }
    };
}

impl Service {
    /// Who is called comes before who calls.
    pub const START_ORDER: [Self; 10] = [
        Self::Sandbox,
        Self::User,
        Self::Catalog,
        Self::Inventory,
        Self::Payment,
        Self::Order,
        Self::Notification,
        Self::Storefront,
        Self::Realtime,
        Self::Ops,
    ];

    const fn row(self) -> Row {
        match self {
            // It has no sidecar, as a provider has none.
            Self::Sandbox => row!("sandbox", 8190, "Port of the sandbox of all providers"),
            Self::User => row!("user", 8105, "Port of the user service", with sidecar),
            Self::Catalog => row!("catalog", 8102, "Port of the catalogue", with sidecar),
            Self::Inventory => row!("inventory", 8103, "Port of the inventory service", with sidecar),
            Self::Payment => row!("payment", 8104, "Port of the payment service", with sidecar),
            Self::Storefront => row!("storefront", 8108, "Port of the shop's pages", with sidecar),
            Self::Ops => row!("ops", 8109, "Port of the operator's API", with sidecar),
            Self::Notification => {
                row!("notification", 8106, "Port of the notification service", with sidecar)
            }
            Self::Order => row!("order", 8101, "Port of the order service", with sidecar),
            Self::Realtime => row!("realtime", 8107, "Port of the realtime service", with sidecar),
        }
    }

    /// Its name in logs and in `processes.json`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Where it takes traffic unless it is told otherwise.
    #[must_use]
    pub fn usual_port(self) -> u16 {
        self.row().port
    }

    /// The flag of `holdfast up` that changes its ports.
    #[must_use]
    pub fn port_flag(self) -> &'static str {
        self.row().flag
    }

    /// What that flag is for, as its help says.
    #[must_use]
    pub fn port_help(self) -> &'static str {
        self.row().help
    }

    /// The name of the Envoy in front of it, if it has one.
    #[must_use]
    pub fn sidecar(self) -> Option<&'static str> {
        self.row().sidecar.map(|sidecar| sidecar.name)
    }

    /// What Istio made for that Envoy.
    pub(super) fn rendered(self) -> Option<&'static str> {
        self.row().sidecar.map(|sidecar| sidecar.rendered)
    }

    /// Its name in the mesh.
    pub(super) fn host(self) -> String {
        format!("{}.holdfast.svc.cluster.local", self.name())
    }

    /// Its binary, beside that of `holdfast`.
    pub(super) fn binary(self) -> String {
        format!("holdfast-{}", self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_services_have_a_name_or_a_port_in_common() {
        let names: BTreeSet<_> = Service::START_ORDER.into_iter().map(Service::name).collect();
        let ports: BTreeSet<_> = Service::START_ORDER
            .into_iter()
            .map(Service::usual_port)
            .collect();
        let count = Service::START_ORDER.len();
        assert_eq!((names.len(), ports.len()), (count, count));
    }
}

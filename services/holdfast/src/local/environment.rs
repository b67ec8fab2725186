//! What each service is told.

use std::path::PathBuf;

use holdfast_platform::nats::Credentials;

use super::accounts;
use super::identities::Identities;
use super::{Logs, Options, Service};

type Variables = Vec<(&'static str, String)>;

/// All that a service finds in its environment, besides what this process has in its own.
pub(super) fn of(service: Service, options: &Options, identities: &Identities) -> Variables {
    let mut variables = common(service, options);
    if let Some(Credentials { user, password }) = identities.of(service.name()) {
        variables.extend([("HOLDFAST_NATS_USER", user), ("HOLDFAST_NATS_PASSWORD", password)]);
    }
    if let Logs::Prefixed(paint) = &options.logs
        && paint.is_colour()
    {
        // A child writes to a pipe, and would take its reader for a machine.
        variables.push(("HOLDFAST_LOG_FORMAT", "human".to_owned()));
    }
    variables.extend(own(service, options));
    variables
}

/// A setting for many processes on few cores, unless the environment has another: one runtime thread per service spares
/// wake-ups across threads, and a lazier garbage collector in nats-server trades memory for CPU time.
pub(super) fn tuned(variable: &'static str, value: &str) -> (&'static str, String) {
    (
        variable,
        std::env::var(variable).unwrap_or_else(|_| value.to_owned()),
    )
}

fn common(service: Service, options: &Options) -> Variables {
    let ports = options.ports.of(service);
    let local = |port: u16| format!("127.0.0.1:{port}");
    let mut variables = vec![
        ("HOLDFAST_HTTP_ADDR", local(ports.http)),
        ("HOLDFAST_ADMIN_ADDR", local(ports.admin)),
        (
            "HOLDFAST_NATS_URL",
            format!("nats://{}", local(options.ports.nats)),
        ),
        (
            "HOLDFAST_JOURNAL_GROUP_COMMIT",
            options.sync.group_commit().to_owned(),
        ),
        tuned("HOLDFAST_WORKER_THREADS", "1"),
    ];
    if options.mesh.is_some() && service.sidecar().is_some() {
        let proxy = format!("http://{}", local(ports.sidecar.outbound));
        variables.push(("HOLDFAST_HTTP_PROXY", proxy));
    }
    variables
}

/// What only this service is told.
fn own(service: Service, options: &Options) -> Variables {
    let url = |service: Service| match options.mesh {
        Some(_) => format!("http://{}", service.host()),
        None => format!("http://127.0.0.1:{}", options.ports.of(service).http),
    };
    match service {
        Service::Order => vec![
            ("HOLDFAST_CATALOG_URL", url(Service::Catalog)),
            ("HOLDFAST_INVENTORY_URL", url(Service::Inventory)),
            ("HOLDFAST_PAYMENT_URL", url(Service::Payment)),
        ],
        Service::Payment => vec![
            ("HOLDFAST_SANDBOX_URL", url(Service::Sandbox)),
            ("HOLDFAST_SANDBOX_WEBHOOK_SECRET", options.webhook_secret.clone()),
        ],
        Service::Sandbox => {
            let data = options.home.join("data/sandbox");
            vec![
                ("HOLDFAST_SANDBOX_DATA", data.display().to_string()),
                (
                    "HOLDFAST_SANDBOX_SMTP_ADDR",
                    format!("127.0.0.1:{}", options.ports.mail.server),
                ),
                ("HOLDFAST_SANDBOX_WEBHOOK_URL", webhooks(options)),
                ("HOLDFAST_SANDBOX_WEBHOOK_SECRET", options.webhook_secret.clone()),
            ]
        }
        Service::Notification => {
            let mail = match options.mesh {
                Some(_) => options.ports.mail.proxy,
                None => options.ports.mail.server,
            };
            vec![
                ("HOLDFAST_USER_URL", url(Service::User)),
                ("HOLDFAST_SMS_URL", url(Service::Sandbox)),
                ("HOLDFAST_SMTP_URL", format!("smtp://127.0.0.1:{mail}")),
                // Whoever breaks the laptop wants to see what comes of it: tries within half a minute.
                tuned("HOLDFAST_NOTIFICATION_RETRY", "250ms"),
            ]
        }
        Service::Catalog => vec![("HOLDFAST_INVENTORY_URL", url(Service::Inventory))],
        Service::Inventory | Service::Realtime => Vec::new(),
        Service::Ops if options.mesh.is_none() => Vec::new(),
        Service::Ops => vec![("HOLDFAST_OPS_PROXIES", proxies(options))],
        Service::Storefront => {
            let pages = options.mesh.as_ref().and_then(|mesh| mesh.pages.as_ref());
            let pages = pages.map(|folder| folder.display().to_string());
            vec![("HOLDFAST_STOREFRONT_PAGES", pages.unwrap_or_default())]
        }
        Service::User => {
            let file = |path: PathBuf| path.display().to_string();
            vec![
                (
                    "HOLDFAST_USER_MASTER_KEYS_FILE",
                    file(accounts::master_keys_file(&options.home)),
                ),
                (
                    "HOLDFAST_USER_SEED_FILE",
                    file(accounts::seed_file(&options.home)),
                ),
            ]
        }
    }
}

/// Whose breakers are watched: those of the gateway and of all sidecars.
fn proxies(options: &Options) -> String {
    let admin = |name: &str, port: u16| format!("{name}=http://127.0.0.1:{port}");
    let sidecars = Service::START_ORDER
        .into_iter()
        .filter(|service| service.sidecar().is_some());
    let sidecars = sidecars.map(|service| admin(service.name(), options.ports.of(service).sidecar.admin));
    let gateway = admin("gateway", options.ports.gateway.admin);
    [gateway]
        .into_iter()
        .chain(sidecars)
        .collect::<Vec<_>>()
        .join(",")
}

/// A provider comes in as everybody from outside does.
fn webhooks(options: &Options) -> String {
    let port = match options.mesh {
        Some(_) => options.ports.gateway.http,
        None => options.ports.of(Service::Payment).http,
    };
    format!("http://127.0.0.1:{port}/v1/payments/webhooks/sandbox")
}

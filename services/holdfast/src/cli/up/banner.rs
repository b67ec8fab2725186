//! What `holdfast up` says when all is ready: where everything is, and what to paste.

use holdfast_contracts::ids;
use uuid::Uuid;

use crate::local::{self, CUSTOMER, Options, Platform, Service, ServicePorts, Sync};
use crate::ui::{self, Colour, Paint};

pub(super) fn show(platform: &Platform, paint: Paint) {
    let options = platform.options();
    let title = paint.paint(Colour::Bold, "Holdfast is ready.");
    let durability = match options.sync {
        Sync::Default => {
            "acknowledged writes survive the kill of any process (--sync always: a power failure too)"
        }
        Sync::Always => "acknowledged writes survive a power failure",
    };
    ui::line(format_args!(
        "\n  {title} {}; Ctrl-C stops it.\n",
        paint.paint(Colour::Dim, durability)
    ));
    addresses(options, paint);
    let nats = paint.paint(Colour::Cyan, platform.nats_url());
    let monitor = options.ports.nats_monitor;
    ui::line(format_args!(
        "  {:<11} {nats}   monitoring http://127.0.0.1:{monitor}",
        "nats"
    ));
    let (what, lines) = match options.mesh {
        Some(_) => (
            "Register, log in, look around, order, see the order, log out (in one shell)",
            journey(options.ports.gateway.http, Uuid::now_v7()),
        ),
        None => (
            "Create an order (the same Idempotency-Key is always the same order), watch it, list it",
            straight(options.ports.of(Service::Order).http, Uuid::now_v7()),
        ),
    };
    ui::line(format_args!("\n  {what}:\n"));
    lines.into_iter().for_each(ui::line);
    let hint = match options.mesh {
        Some(_) => {
            "\n  `holdfast token` has a token of somebody who is registered already. Then break it: README.md, \"Break it\".\n"
        }
        None => "",
    };
    ui::line(hint);
}

fn addresses(options: &Options, paint: Paint) {
    let url = |port: u16| paint.paint(Colour::Cyan, format_args!("http://localhost:{port}"));
    if let Some(mesh) = &options.mesh {
        let gateway = options.ports.gateway;
        if mesh.pages.is_some() {
            ui::line(format_args!("  {:<11} {}\n", "shop", url(gateway.http)));
        }
        ui::line(format_args!(
            "  {:<11} {}   admin http://127.0.0.1:{}\n",
            "gateway",
            url(gateway.http),
            gateway.admin
        ));
    }
    for service in options.services().collect::<Vec<_>>().into_iter().rev() {
        let ServicePorts { http, admin, sidecar } = options.ports.of(service);
        let beside = match (&options.mesh, service.sidecar()) {
            (Some(_), Some(_)) => format!("   admin of its sidecar http://127.0.0.1:{}", sidecar.admin),
            _ => String::new(),
        };
        let url = paint.paint(Colour::Cyan, format_args!("http://127.0.0.1:{http}"));
        ui::line(format_args!(
            "  {:<11} {url}   admin http://127.0.0.1:{admin}{beside}",
            service.name()
        ));
    }
}

/// Commands of somebody who comes through the gateway, to be pasted one after the other into one shell.
fn journey(gateway: u16, key: Uuid) -> Vec<String> {
    let at = format!("http://localhost:{gateway}/v1");
    let json = "-H 'Content-Type: application/json' -d";
    let bearer = r#"-H "Authorization: Bearer $TOKEN""#;
    let who = format!(r#""email":"{key}@example.com","password":"{}""#, Uuid::new_v4());
    vec![
        format!(r#"curl -sS {at}/users {json} '{{{who},"name":"You"}}'"#),
        format!(
            r#"TOKEN=$(curl -sS {at}/sessions {json} '{{{who}}}' | sed -E 's/.*"access_token":"([^"]+)".*/\1/')"#
        ),
        format!("curl -sS '{at}/products?limit=3'"),
        format!(
            "curl -sS {at}/orders {bearer} -H 'Idempotency-Key: {key}' {json} '{}'",
            an_order()
        ),
        format!("curl -sS '{at}/orders?limit=5' {bearer}"),
        format!("curl -sS -X DELETE {at}/sessions/current {bearer} -w '%{{http_code}}\\n'"),
    ]
}

/// Three commands for the order service itself, that work when they are pasted one after the other or each by itself, in
/// any shell and folder: the order's id follows from the user and the key, so the second need not learn it from the first.
fn straight(orders: u16, key: Uuid) -> Vec<String> {
    let key = key.to_string();
    let orders = format!("http://localhost:{orders}/v1/orders");
    let user = format!("-H 'x-holdfast-user: {CUSTOMER}'");
    let (id, order) = (ids::order_id(CUSTOMER, &key), an_order());
    vec![
        format!(
            "curl -sS {orders} {user} -H 'Idempotency-Key: {key}' -H 'Content-Type: application/json' -d '{order}'"
        ),
        format!("curl -sS {orders}/{id}/events {user}"),
        format!("curl -sS '{orders}?limit=5' {user}"),
    ]
}

fn an_order() -> String {
    let sku = local::sample_skus().into_iter().next().unwrap_or_default();
    format!(r#"{{"lines":[{{"sku":"{sku}","quantity":1}}],"payment_token":"tok_ok"}}"#)
}

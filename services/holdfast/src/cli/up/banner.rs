//! What `holdfast up` says when all is ready: where everything is, and what to paste.

use std::path::Path;

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
    ui::line("\n  Create an order (the same Idempotency-Key is always the same order), watch it, list it:\n");
    for command in curl_lines(options, Uuid::now_v7()) {
        ui::line(command);
    }
    let hint = match options.mesh {
        Some(_) => "\n  Then break it: README.md, \"Break it\".\n",
        None => "",
    };
    ui::line(hint);
}

fn addresses(options: &Options, paint: Paint) {
    let url = |port: u16| paint.paint(Colour::Cyan, format_args!("http://localhost:{port}"));
    if options.mesh.is_some() {
        let gateway = options.ports.gateway;
        ui::line(format_args!(
            "  {:<11} {}   admin http://127.0.0.1:{}\n",
            "gateway",
            url(gateway.http),
            gateway.admin
        ));
    }
    for service in Service::START_ORDER.into_iter().rev() {
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

/// Three commands that work when they are pasted one after the other or each by itself, in any shell and folder: the
/// order's id follows from the user and the key, so the second need not learn it from the first.
fn curl_lines(options: &Options, key: Uuid) -> [String; 3] {
    let key = key.to_string();
    let (orders, user) = match options.mesh {
        Some(_) => (options.ports.gateway.http, bearer(options)),
        None => (
            options.ports.of(Service::Order).http,
            format!("-H 'x-holdfast-user: {CUSTOMER}'"),
        ),
    };
    let orders = format!("http://localhost:{orders}/v1/orders");
    let id = ids::order_id(CUSTOMER, &key);
    let sku = local::sample_skus().into_iter().next().unwrap_or_default();
    let order = format!(r#"{{"lines":[{{"sku":"{sku}","quantity":1}}],"payment_token":"tok_ok"}}"#);
    [
        format!(
            "curl -sS {orders} {user} -H 'Idempotency-Key: {key}' -H 'Content-Type: application/json' -d '{order}'"
        ),
        format!("curl -sS {orders}/{id}/events {user}"),
        format!("curl -sS '{orders}?limit=5' {user}"),
    ]
}

/// The sample customer's token, by the command that issues one.
fn bearer(options: &Options) -> String {
    let holdfast = quoted(&options.binaries.join("holdfast"));
    let home = quoted(&options.home);
    format!("-H \"Authorization: Bearer $({holdfast} token --home {home})\"")
}

/// As one word of a shell.
fn quoted(path: &Path) -> String {
    let path = path.to_string_lossy();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    match path.chars().all(is_plain) {
        true => path.into_owned(),
        false => format!("'{}'", path.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_of_a_shell_whatever_is_in_it() {
        assert_eq!(quoted(Path::new("/home/anna/.holdfast")), "/home/anna/.holdfast");
        assert_eq!(quoted(Path::new("/a b/it's")), r"'/a b/it'\''s'");
    }
}

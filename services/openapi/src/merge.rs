//! One document of several.

use holdfast_platform::openapi::OpenApi;
use serde_json::{Map, Value, json};

/// Why the documents do not go together.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error("{0} is described by two services, and not alike")]
    Different(String),
}

const PUBLIC: &str = "Products can be read by anybody; orders are placed and followed by whoever has registered and logged \
    in; products and stock are changed by staff.\n\nEvery error is `application/problem+json` (RFC 9457) with a stable \
    `type` and a `trace_id`. Money is an integer of minor units with an ISO 4217 currency. Times are RFC 3339 in UTC. \
    Lists come in pages: as long as there is a `next_cursor`, the next page is asked for with it as `cursor`.\n\nHow \
    often you may ask is told by `RateLimit` and `RateLimit-Policy`; who asks too often gets 429 with `Retry-After`.";
const INTERNAL: &str = "What services call among themselves. The mesh lets nobody else come here: each operation has its \
    callers, by service account.";

/// What the gateway leads to.
///
/// # Errors
/// If two services describe the same thing differently.
pub(super) fn public(documents: Vec<OpenApi>) -> Result<Value, Error> {
    let mut merged = head("Holdfast", PUBLIC);
    merged["servers"] = json!([{"url": "/", "description": "The gateway that serves this document"}]);
    merge(&mut merged, documents)?;
    merged["components"]["securitySchemes"] = json!({
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The `access_token` of `POST /v1/sessions` or `POST /v1/oauth/token`. `staff` is a role that \
                its claim `roles` names.",
        },
        "client": {
            "type": "http",
            "scheme": "basic",
            "description": "Id and secret of an OAuth client.",
        },
        "webhook": {
            "type": "apiKey",
            "in": "header",
            "name": "Holdfast-Signature",
            "description": "`t=<unix time>,v1=<hex HMAC-SHA256 of \"t.body\">`, at most five minutes old.",
        },
    });
    merged["tags"] = json!([
        {"name": "products", "description": "What is sold."},
        {"name": "orders", "description": "Taken once, and followed to their end."},
        {"name": "accounts", "description": "Registering, logging in, and what is kept of you."},
        {"name": "stock", "description": "What came in."},
        {"name": "payments", "description": "What payment providers tell."},
        {"name": "streams", "description": "Orders as they move: a WebSocket, or server-sent events"},
    ]);
    Ok(merged)
}

/// What the gateway does not lead to.
///
/// # Errors
/// If two services describe the same thing differently.
pub(super) fn internal(documents: Vec<OpenApi>) -> Result<Value, Error> {
    let mut merged = head("Holdfast, between services", INTERNAL);
    merged["servers"] =
        json!([{"url": "/", "description": "The service whose operation it is, by its sidecar"}]);
    merge(&mut merged, documents)?;
    merged["tags"] = json!([
        {"name": "stock", "description": "inventory: how much there is."},
        {"name": "payments", "description": "payment: charges and refunds."},
        {"name": "accounts", "description": "user: how to reach somebody."},
    ]);
    // Who calls is known by certificate, which OpenAPI has a word for.
    merged["components"]["securitySchemes"] = json!({
        "mesh": {"type": "mutualTLS", "description": "The sidecar's certificate names the service account."},
    });
    merged["security"] = json!([{"mesh": []}]);
    Ok(merged)
}

fn head(title: &str, description: &str) -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": "1",
            "summary": "An order platform that stays up when its parts don't.",
            "description": description,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [],
        "security": [],
        "tags": [],
        "paths": {},
        "components": {"schemas": {}},
    })
}

fn merge(merged: &mut Value, documents: Vec<OpenApi>) -> Result<(), Error> {
    for document in documents {
        let mut document = serde_json::to_value(document)?;
        for (path, operations) in object(document["paths"].take()) {
            let known = &mut merged["paths"][&path];
            for (method, operation) in object(operations) {
                put(known, &method, with_own_security(operation))?;
            }
        }
        for (name, schema) in object(document["components"]["schemas"].take()) {
            put(&mut merged["components"]["schemas"], &name, schema)?;
        }
    }
    Ok(())
}

fn put(known: &mut Value, name: &str, value: Value) -> Result<(), Error> {
    match &known[name] {
        Value::Null => known[name] = value,
        before if *before == value => {}
        _ => return Err(Error::Different(name.to_owned())),
    }
    Ok(())
}

/// That no token is needed is said by an empty list; the library says that one may be left out.
fn with_own_security(mut operation: Value) -> Value {
    if operation.get("security") == Some(&json!([{}])) {
        operation["security"] = json!([]);
    }
    operation
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

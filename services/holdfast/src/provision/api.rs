//! The JetStream API, in JSON as it travels: a field that this program's client library does not know yet can
//! be declared all the same.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Error;
use super::declaration::{Resource, ResourceKind};

const TIMEOUT: Duration = Duration::from_secs(5);
const STREAM_NOT_FOUND: u64 = 10059;
const CONSUMER_NOT_FOUND: u64 = 10014;

#[derive(Deserialize)]
struct Answer {
    error: Option<ApiError>,
    #[serde(default)]
    config: Map<String, Value>,
}

#[derive(Deserialize)]
struct ApiError {
    #[serde(default)]
    err_code: u64,
    #[serde(default)]
    description: String,
}

/// The configuration that the server has, if it has one.
pub(super) async fn current(
    client: &async_nats::Client,
    resource: &Resource,
) -> Result<Option<Map<String, Value>>, Error> {
    match request(client, resource, "INFO", &json!({})).await {
        Ok(config) => Ok(Some(config)),
        Err(Error::Server {
            code: STREAM_NOT_FOUND | CONSUMER_NOT_FOUND,
            ..
        }) => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) async fn create(client: &async_nats::Client, resource: &Resource) -> Result<(), Error> {
    put(client, resource, &resource.config, "CREATE").await
}

/// Overlays what is declared on what the server has, so that a field which is not declared stays.
pub(super) async fn update(client: &async_nats::Client, resource: &Resource) -> Result<(), Error> {
    let mut config = current(client, resource).await?.unwrap_or_default();
    config.extend(resource.config.clone());
    // A consumer is updated by creating it again.
    let verb = if resource.kind == ResourceKind::Consumer {
        "CREATE"
    } else {
        "UPDATE"
    };
    put(client, resource, &config, verb).await
}

async fn put(
    client: &async_nats::Client,
    resource: &Resource,
    config: &Map<String, Value>,
    verb: &str,
) -> Result<(), Error> {
    let body = match resource.kind {
        ResourceKind::Consumer => json!({"stream_name": resource.stream, "config": config}),
        ResourceKind::Stream | ResourceKind::Bucket => json!(config),
    };
    request(client, resource, verb, &body).await.map(drop)
}

async fn request(
    client: &async_nats::Client,
    resource: &Resource,
    verb: &str,
    body: &Value,
) -> Result<Map<String, Value>, Error> {
    let unavailable = |detail: String| Error::Unavailable {
        resource: resource.to_string(),
        detail,
    };
    let answer = tokio::time::timeout(
        TIMEOUT,
        client.request(subject(resource, verb), body.to_string().into()),
    )
    .await
    .map_err(|_| unavailable(format!("not within {TIMEOUT:?}")))?
    .map_err(|error| unavailable(error.to_string()))?;
    let answer: Answer =
        serde_json::from_slice(&answer.payload).map_err(|error| unavailable(error.to_string()))?;
    match answer.error {
        None => Ok(answer.config),
        Some(ApiError {
            err_code,
            description,
        }) => Err(Error::Server {
            resource: resource.to_string(),
            code: err_code,
            description,
        }),
    }
}

fn subject(resource: &Resource, verb: &str) -> String {
    let Resource {
        kind, stream, name, ..
    } = resource;
    match kind {
        // The long form for consumers with a filter would carry it in the subject; this one is for all.
        ResourceKind::Consumer if verb == "CREATE" => {
            format!("$JS.API.CONSUMER.DURABLE.CREATE.{stream}.{name}")
        }
        ResourceKind::Consumer => format!("$JS.API.CONSUMER.{verb}.{stream}.{name}"),
        ResourceKind::Stream | ResourceKind::Bucket => format!("$JS.API.STREAM.{verb}.{stream}"),
    }
}

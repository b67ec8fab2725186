//! The AsyncAPI document of the events: `docs/api/asyncapi.json`.

use std::collections::BTreeMap;
use std::path::Path;

use prost_types::FileDescriptorSet;
use serde_json::{Map, Value, json};

use crate::Error;
use crate::channels::{CHANNELS, Channel, PARAMETERS};
use crate::schema::Types;

const DESCRIPTION: &str = "What Holdfast's services tell each other over NATS JetStream. Payloads are the canonical JSON of the Protobuf messages under `services/contracts/proto`, headers are CloudEvents 1.0 in binary mode. Readers ignore fields that they do not know, and give up (dead letter, `unknown_schema`) what has another major version than theirs: the `v1` in `ce-type`. Canonical JSON leaves out a field that has its default value (0, \"\", false, no elements).\n\nSubjects begin with the owner of an order, so that permissions can tell owners apart. Who may publish and subscribe to what: `nats/users`.";

/// Headers of every event: name, schema, whether it is always there.
fn cloud_events(kind: Option<&str>) -> Value {
    let text = |description: &str| json!({"type": "string", "description": description});
    let mut properties = json!({
        "ce-specversion": {"type": "string", "const": "1.0"},
        "ce-id": text("Unique with `ce-source`; the same again is the same event again."),
        "ce-source": text("The service, such as `/holdfast/order`."),
        "ce-subject": text("What it is about: the id of the order, or the subject of a batch."),
        "ce-time": {"type": "string", "format": "date-time", "description": "When it was decided."},
        "ce-dataschema": text("The package, which is the key in the bucket `schemas`."),
        "traceparent": text("W3C trace context of what led to it, if there was one."),
        "tracestate": text("As `traceparent`."),
    });
    properties["ce-type"] = match kind {
        Some(name) => json!({"type": "string", "const": name}),
        None => text("The message that was given up."),
    };
    properties
}

/// The document. `examples` is a folder with a file of examples for each message.
pub fn document(files: &FileDescriptorSet, examples: &Path) -> Result<Value, Error> {
    let types = Types::of(files);
    let messages = CHANNELS.iter().filter_map(|channel| channel.message);
    let mut named = Map::new();
    for channel in CHANNELS {
        named.insert(title(channel), message(channel, &types, examples)?);
    }
    Ok(json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Holdfast events",
            "version": "1.0.0",
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"laptop": {
            "host": "127.0.0.1:4222",
            "protocol": "nats",
            "description": "nats-server of `make up`. The operator's credentials are in `.holdfast/run/nats/operator.json`.",
            "security": [{"$ref": "#/components/securitySchemes/user"}],
        }},
        "channels": CHANNELS.iter().map(|it| (it.name.to_owned(), channel(it))).collect::<Map<_, _>>(),
        "operations": CHANNELS.iter().flat_map(operations).collect::<Map<_, _>>(),
        "components": {
            "messages": named,
            "schemas": types.schemas(messages),
            "parameters": PARAMETERS.iter().map(|(name, meaning)| (name, json!({"description": meaning}))).collect::<BTreeMap<_, _>>(),
            "securitySchemes": {"user": {"type": "userPassword", "description": "One user for each service, and one for the operator."}},
        },
    }))
}

/// Messages of one type may have other headers on another channel, so each channel has its own.
fn title(channel: &Channel) -> String {
    let short = channel
        .message
        .and_then(|name| name.rsplit('.').next())
        .unwrap_or("Message");
    format!("{}.{short}", channel.name)
}

fn channel(channel: &Channel) -> Value {
    let parameters = channel
        .address
        .split('.')
        .filter_map(|token| token.strip_prefix('{')?.strip_suffix('}'));
    let parameters =
        parameters.map(|name| (name, json!({"$ref": format!("#/components/parameters/{name}")})));
    let name = title(channel);
    let mut described = json!({
        "address": channel.address,
        "summary": channel.summary,
        "messages": {name.as_str(): {"$ref": format!("#/components/messages/{name}")}},
        "parameters": parameters.collect::<BTreeMap<_, _>>(),
    });
    if let Some(stream) = channel.stream {
        described["x-jetstream-stream"] = stream.into();
    }
    described
}

fn operations(channel: &Channel) -> Vec<(String, Value)> {
    let reference = json!({"$ref": format!("#/channels/{}", channel.name)});
    let operation = |action: &str, service: &str, summary: String| json!({"action": action, "channel": reference, "summary": summary, "tags": [{"name": service}]});
    let sends = operation(
        "send",
        channel.producer,
        format!("{} publishes", channel.producer),
    );
    let mut operations = vec![(format!("{}.{}", channel.producer, channel.name), sends)];
    for (service, consumer) in channel.consumers {
        let mut receives = operation("receive", service, format!("{service} consumes, durably"));
        receives["x-jetstream-consumer"] = (*consumer).into();
        operations.push((format!("{consumer}.receives"), receives));
    }
    operations
}

fn message(channel: &Channel, types: &Types<'_>, examples: &Path) -> Result<Value, Error> {
    let mut properties = cloud_events(channel.message);
    for (name, meaning) in channel.headers {
        properties[name] = json!({"type": "string", "description": meaning});
    }
    let mut message = json!({
        "title": title(channel),
        "contentType": "application/json",
        "headers": {"type": "object", "properties": properties},
        "payload": {"description": "As it was published."},
    });
    if let Some(name) = channel.message {
        message["name"] = name.into();
        message["summary"] = types.comment(name).into();
        message["payload"] = json!({"$ref": format!("#/components/schemas/{name}")});
        message["headers"]["required"] = json!(["ce-type"]);
        message["examples"] = read(&examples.join(format!("{name}.json")))?;
    }
    Ok(message)
}

fn read(file: &Path) -> Result<Value, Error> {
    let text = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", file.display()))?)
}

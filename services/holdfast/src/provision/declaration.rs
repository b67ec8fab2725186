//! What is declared: the files under `nats/`, as they stand or as they were when this program was built.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value, json};

macro_rules! built_in {
    ($($path:literal),* $(,)?) => {
        [$(($path, include_str!(concat!("../../../../nats/", $path)))),*]
    };
}

const BUILT_IN: &[(&str, &str)] = &built_in![
    "streams/orders.json",
    "streams/inventory.json",
    "streams/payments.json",
    "streams/timers.json",
    "streams/dlq.json",
    "streams/redrive.json",
    "streams/ops.json",
    "streams/audit.json",
    "streams/advisories.json",
    "streams/user-keys.json",
    "streams/notices.json",
    "buckets/catalog.json",
    "buckets/catalog-replica.json",
    "buckets/quota.json",
    "buckets/users.json",
    "buckets/contacts.json",
    "buckets/sessions.json",
    "buckets/signing-keys.json",
    "buckets/tickets.json",
    "buckets/schemas.json",
    "buckets/notifications.json",
    "consumers/inventory.json",
    "consumers/order-inventory.json",
    "consumers/order-payment.json",
    "consumers/order-payments.json",
    "consumers/order-timers.json",
    "consumers/ops-advisories.json",
    "consumers/ops-letters.json",
    "consumers/ops-parked.json",
    "consumers/redrive-order-inventory.json",
    "consumers/redrive-order-payment.json",
    "consumers/redrive-order-payments.json",
    "consumers/redrive-order-timers.json",
    "consumers/notification.json",
    "consumers/notification-email-urgent.json",
    "consumers/notification-email-bulk.json",
    "consumers/notification-sms-urgent.json",
    "consumers/notification-sms-bulk.json",
    "consumers/redrive-notification.json",
    "consumers/redrive-notification-email-urgent.json",
    "consumers/redrive-notification-email-bulk.json",
    "consumers/redrive-notification-sms-urgent.json",
    "consumers/redrive-notification-sms-bulk.json",
];

/// A declaration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file or folder cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is not a declaration of its kind.
    #[error("{path}: {detail}")]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
}

/// What can be declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResourceKind {
    /// A stream.
    Stream,
    /// A KV bucket, which is a stream with a fixed shape.
    Bucket,
    /// A durable consumer.
    Consumer,
}

impl std::fmt::Display for ResourceKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Stream => "stream",
            Self::Bucket => "bucket",
            Self::Consumer => "consumer",
        })
    }
}

/// One declared stream, bucket or consumer.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// What it is.
    pub kind: ResourceKind,
    /// The stream that it is, or that it consumes.
    pub stream: String,
    /// Its name: of the stream, the bucket or the durable consumer.
    pub name: String,
    /// The fields to enforce, in the server's own names. A field that is not here is left as it is.
    pub config: Map<String, Value>,
}

impl std::fmt::Display for Resource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.kind {
            ResourceKind::Consumer => write!(f, "consumer {} of {}", self.name, self.stream),
            kind => write!(f, "{kind} {}", self.name),
        }
    }
}

/// All declarations, streams and buckets before the consumers that need them.
#[derive(Clone, Debug)]
pub struct Declarations {
    resources: Vec<Resource>,
}

impl Declarations {
    /// The declarations that this program was built with.
    ///
    /// # Errors
    /// If a file in the repository is malformed, which a test excludes.
    pub fn built_in() -> Result<Self, Error> {
        Self::parse(
            BUILT_IN
                .iter()
                .map(|(path, text)| (PathBuf::from(path), (*text).to_owned())),
        )
    }

    /// The declarations in the folders `streams`, `buckets` and `consumers` of `dir`.
    ///
    /// # Errors
    /// [`Error::Read`] or [`Error::Malformed`], with the path.
    pub fn load(dir: &Path) -> Result<Self, Error> {
        let mut files = Vec::new();
        for folder in ["streams", "buckets", "consumers"] {
            for path in json_files(&dir.join(folder))? {
                let text = read(&path)?;
                let relative = path
                    .strip_prefix(dir)
                    .map_or_else(|_| path.clone(), Path::to_path_buf);
                files.push((relative, text));
            }
        }
        Self::parse(files)
    }

    fn parse(files: impl IntoIterator<Item = (PathBuf, String)>) -> Result<Self, Error> {
        let mut resources = files
            .into_iter()
            .map(|(path, text)| parse(&path, &text).map_err(|detail| Error::Malformed { path, detail }))
            .collect::<Result<Vec<_>, _>>()?;
        resources.sort_by_key(|resource| resource.kind);
        Ok(Self { resources })
    }

    /// What is declared, with `replicas` copies of each stream. Consumers inherit that of their stream.
    #[must_use]
    pub fn resources(&self, replicas: u32) -> Vec<Resource> {
        let mut resources = self.resources.clone();
        for resource in resources.iter_mut().filter(|r| r.kind != ResourceKind::Consumer) {
            resource.config.insert("num_replicas".to_owned(), json!(replicas));
        }
        resources
    }
}

fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })
}

fn json_files(dir: &Path) -> Result<Vec<PathBuf>, Error> {
    let unreadable = |source| Error::Read {
        path: dir.to_owned(),
        source,
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn parse(path: &Path, text: &str) -> Result<Resource, String> {
    match path.parent().and_then(Path::to_str) {
        Some("streams") => stream(text),
        Some("buckets") => bucket(text),
        Some("consumers") => consumer(text),
        _ => Err("expected to be in streams, buckets or consumers".to_owned()),
    }
}

fn stream(text: &str) -> Result<Resource, String> {
    let config: Map<String, Value> = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let name = string(&config, "name")?;
    Ok(Resource {
        kind: ResourceKind::Stream,
        stream: name.clone(),
        name,
        config,
    })
}

fn consumer(text: &str) -> Result<Resource, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        stream_name: String,
        config: Map<String, Value>,
    }
    let File { stream_name, config } = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let name = string(&config, "durable_name")?;
    Ok(Resource {
        kind: ResourceKind::Consumer,
        stream: stream_name,
        name,
        config,
    })
}

fn bucket(text: &str) -> Result<Resource, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        bucket: String,
        #[serde(default)]
        description: String,
        history: u8,
        /// Nanoseconds; 0: for ever.
        ttl: u64,
        /// Bytes; -1: as large as the server allows.
        max_value_size: i64,
        /// Bytes of the whole bucket; a write that would exceed them is refused. Left out: no limit.
        max_bytes: Option<i64>,
        /// Whether a writer may tell how long its value is kept.
        #[serde(default)]
        per_key_ttl: bool,
        /// The bucket that this is a read-only copy of.
        mirror: Option<String>,
        storage: String,
    }
    let file: File = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let stream = format!("KV_{}", file.bucket);
    // The shape that every NATS client gives to a bucket.
    let Value::Object(mut config) = json!({
        "name": stream,
        "description": file.description,
        "subjects": [format!("$KV.{}.>", file.bucket)],
        "retention": "limits",
        "storage": file.storage,
        "discard": "new",
        "max_msgs_per_subject": file.history,
        "max_age": file.ttl,
        "max_msg_size": file.max_value_size,
        "allow_direct": true,
        "allow_rollup_hdrs": true,
        "deny_delete": true,
    }) else {
        return Err("not an object".to_owned());
    };
    if let Some(bytes) = file.max_bytes {
        config.insert("max_bytes".to_owned(), json!(bytes));
    }
    if let Some(original) = file.mirror {
        // The keys are those of the original, under its subjects.
        config.remove("subjects");
        config.insert("mirror".to_owned(), json!({"name": format!("KV_{original}")}));
        config.insert("mirror_direct".to_owned(), json!(true));
    }
    if file.per_key_ttl {
        config.insert("allow_msg_ttl".to_owned(), json!(true));
    }
    Ok(Resource {
        kind: ResourceKind::Bucket,
        stream,
        name: file.bucket,
        config,
    })
}

fn string(config: &Map<String, Value>, field: &str) -> Result<String, String> {
    config
        .get(field)
        .and_then(Value::as_str)
        .map(str::to_owned)
        .ok_or_else(|| format!("the field `{field}` is missing or not a string"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_declarations_are_all_the_files_of_the_repository() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../nats");
        let mut on_disk = Declarations::load(&dir).unwrap().resources;
        let mut built_in = Declarations::built_in().unwrap().resources;
        on_disk.sort_by_key(ToString::to_string);
        built_in.sort_by_key(ToString::to_string);
        assert_eq!(on_disk, built_in);
    }

    #[test]
    fn consumers_come_after_the_streams_that_they_need() {
        let kinds: Vec<_> = Declarations::built_in()
            .unwrap()
            .resources(1)
            .iter()
            .map(|resource| resource.kind)
            .collect();
        assert!(kinds.is_sorted(), "{kinds:?}");
    }

    #[test]
    fn replicas_are_of_streams_and_buckets() {
        for resource in Declarations::built_in().unwrap().resources(3) {
            let replicas = resource.config.get("num_replicas");
            assert_eq!(
                replicas.is_some(),
                resource.kind != ResourceKind::Consumer,
                "{resource}"
            );
        }
    }

    #[test]
    fn a_malformed_file_is_named_with_what_is_wrong() {
        let file = (PathBuf::from("streams/x.json"), r#"{"subjects":[]}"#.to_owned());
        let error = Declarations::parse([file]).unwrap_err().to_string();
        assert_eq!(
            error,
            "streams/x.json: the field `name` is missing or not a string"
        );
    }

    #[test]
    fn an_unknown_field_of_a_bucket_is_refused() {
        let file = (
            PathBuf::from("buckets/x.json"),
            r#"{"bucket":"x","histroy":1}"#.to_owned(),
        );
        assert!(
            Declarations::parse([file])
                .unwrap_err()
                .to_string()
                .contains("histroy")
        );
    }
}

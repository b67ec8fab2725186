//! A rendered configuration, put in its place: with the ports of this platform, and the folders of this machine.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

/// What the rendered files call the folder of the run.
const RENDERED_RUN: &str = ".holdfast/run/mesh/";

/// Where a configuration is to work.
pub(super) struct Place<'a> {
    /// The folder with certificates and keys.
    pub(super) run: &'a Path,
    /// The folder with the filters.
    pub(super) filters: &'a Path,
    /// The ports that stand in for those of the rendered files.
    pub(super) ports: BTreeMap<u16, u16>,
}

/// Why a rendered configuration cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum Error {
    /// It is not JSON.
    #[error("it is no JSON: {0}")]
    Json(String),
    /// It has a port of this machine that is none of the platform's.
    #[error("nothing of this platform is at port {0}")]
    Port(Value),
    /// It names a file that nobody writes.
    #[error("nothing of this platform is called {0}")]
    File(String),
}

/// The configuration as Envoy is to read it.
pub(super) fn adapt(rendered: &str, place: &Place<'_>) -> Result<String, Error> {
    let mut whole: Value = serde_json::from_str(rendered).map_err(|error| Error::Json(error.to_string()))?;
    place.adapt(&mut whole)?;
    Ok(whole.to_string())
}

impl Place<'_> {
    fn adapt(&self, value: &mut Value) -> Result<(), Error> {
        match value {
            Value::Array(values) => values.iter_mut().try_for_each(|value| self.adapt(value)),
            Value::Object(fields) => {
                let is_local = fields
                    .get("address")
                    .is_some_and(|address| address == "127.0.0.1");
                fields
                    .iter_mut()
                    .try_for_each(|(name, value)| match name.as_str() {
                        "port_value" if is_local => self.port(value),
                        "destination_port" => self.port(value),
                        "destination_port_range" => self.range(value),
                        "filename" => self.file(value),
                        _ => self.adapt(value),
                    })
            }
            _ => Ok(()),
        }
    }

    fn port(&self, value: &mut Value) -> Result<(), Error> {
        *value = self.chosen(value)?.into();
        Ok(())
    }

    /// A range is of one port: from it, to the next.
    fn range(&self, value: &mut Value) -> Result<(), Error> {
        let start = self.chosen(value.get("start").unwrap_or(&Value::Null))?;
        *value = json!({"start": start, "end": start.saturating_add(1)});
        Ok(())
    }

    fn chosen(&self, rendered: &Value) -> Result<u16, Error> {
        let port = rendered.as_u64().and_then(|port| u16::try_from(port).ok());
        let chosen = port.and_then(|port| self.ports.get(&port).copied());
        chosen.ok_or_else(|| Error::Port(rendered.clone()))
    }

    fn file(&self, value: &mut Value) -> Result<(), Error> {
        let name = value.as_str().unwrap_or_default();
        let path = match (name.strip_prefix(RENDERED_RUN), Path::new(name).file_name()) {
            (Some(inner), _) => self.run.join(inner),
            (None, Some(filter)) if name.ends_with(".wasm") => self.filters.join(filter),
            _ => return Err(Error::File(name.to_owned())),
        };
        *value = path.to_string_lossy().into();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adapted(value: &Value) -> Result<Value, Error> {
        let place = Place {
            run: Path::new("/home/anna/run/mesh"),
            filters: Path::new("/build"),
            ports: BTreeMap::from([(15101, 20001)]),
        };
        adapt(&value.to_string(), &place).map(|text| serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn ports_and_files_are_put_in_their_place_wherever_they_are() {
        let rendered = json!({"listeners": [
            {"address": {"address": "127.0.0.1", "port_value": 15101}, "name": "15101"},
            {"address": {"address": "api.example.com", "port_value": 443}},
            {"match": {"destination_port": 15101}, "not": {"destination_port_range": {"start": 15101, "end": 15102}}},
            {"key": {"filename": ".holdfast/run/mesh/certs/order/key.pem"}},
            {"code": {"filename": "mesh-filters/holdfast_filter_fallback.wasm"}},
        ]});
        let expected = json!({"listeners": [
            {"address": {"address": "127.0.0.1", "port_value": 20001}, "name": "15101"},
            {"address": {"address": "api.example.com", "port_value": 443}},
            {"match": {"destination_port": 20001}, "not": {"destination_port_range": {"start": 20001, "end": 20002}}},
            {"key": {"filename": "/home/anna/run/mesh/certs/order/key.pem"}},
            {"code": {"filename": "/build/holdfast_filter_fallback.wasm"}},
        ]});
        assert_eq!(adapted(&rendered), Ok(expected));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let local = json!({"address": "127.0.0.1", "port_value": 1});
        assert_eq!(adapted(&local), Err(Error::Port(1.into())));
        let file = adapted(&json!({"filename": "/etc/passwd"}));
        assert_eq!(file, Err(Error::File("/etc/passwd".to_owned())));
    }
}

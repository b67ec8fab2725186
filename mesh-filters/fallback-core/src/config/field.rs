//! A JSON value that knows where it stands, so that every refusal names the field.

use super::Error;
use serde_json::{Map, Value};
use std::ops::RangeInclusive;
use std::time::Duration;

#[derive(Debug, Clone)]
pub(super) struct Field<'a> {
    path: String,
    value: &'a Value,
}

impl<'a> Field<'a> {
    pub fn root(value: &'a Value) -> Self {
        Self {
            path: "pluginConfig".into(),
            value,
        }
    }

    pub fn error(&self, reason: impl Into<String>) -> Error {
        Error::Field {
            field: self.path.clone(),
            reason: reason.into(),
        }
    }

    /// An object that has no other names than the given ones.
    pub fn object(&self, names: &[&str]) -> Result<Object<'a>, Error> {
        let map = self
            .value
            .as_object()
            .ok_or_else(|| self.error("must be an object"))?;
        let object = Object {
            field: self.clone(),
            map,
        };
        match map.keys().find(|name| !names.contains(&name.as_str())) {
            Some(unknown) => Err(object
                .child(unknown, self.value)
                .error(format!("unknown; known are {}", names.join(", ")))),
            None => Ok(object),
        }
    }

    /// The entries of an object whose names are free.
    pub fn entries(&self) -> Result<Vec<(&'a str, Field<'a>)>, Error> {
        let map = self
            .value
            .as_object()
            .ok_or_else(|| self.error("must be an object"))?;
        let object = Object {
            field: self.clone(),
            map,
        };
        Ok(map
            .iter()
            .map(|(name, value)| (name.as_str(), object.child(name, value)))
            .collect())
    }

    pub fn items(&self) -> Result<Vec<Field<'a>>, Error> {
        let list = self
            .value
            .as_array()
            .ok_or_else(|| self.error("must be a list"))?;
        let item = |(at, value)| Field {
            path: format!("{}[{at}]", self.path),
            value,
        };
        Ok(list.iter().enumerate().map(item).collect())
    }

    pub fn text(&self) -> Result<&'a str, Error> {
        self.value.as_str().ok_or_else(|| self.error("must be a string"))
    }

    pub fn flag(&self) -> Result<bool, Error> {
        self.value
            .as_bool()
            .ok_or_else(|| self.error("must be true or false"))
    }

    /// An integer; `64.0` is one, since WasmPlugin configuration passes through floating point.
    pub fn integer(&self, range: RangeInclusive<u32>) -> Result<u32, Error> {
        let number = self.value.as_f64().filter(|number| number.fract() == 0.0);
        let integer = number.filter(|n| (f64::from(*range.start())..=f64::from(*range.end())).contains(n));
        integer.map(|number| number as u32).ok_or_else(|| {
            self.error(format!(
                "must be an integer from {} to {}",
                range.start(),
                range.end()
            ))
        })
    }

    /// `500ms`, `30s`, `5m` or `1h`.
    pub fn duration(&self) -> Result<Duration, Error> {
        let parsed = self.value.as_str().and_then(parse_duration);
        parsed.ok_or_else(|| self.error("must be a duration such as 500ms, 30s, 5m or 1h"))
    }

    /// A duration of whole seconds within the range.
    pub fn seconds(&self, range: RangeInclusive<u32>) -> Result<u32, Error> {
        let duration = self.duration()?;
        let whole = u32::try_from(duration.as_secs())
            .ok()
            .filter(|_| duration.subsec_nanos() == 0);
        whole.filter(|seconds| range.contains(seconds)).ok_or_else(|| {
            self.error(format!(
                "must be whole seconds from {}s to {}s",
                range.start(),
                range.end()
            ))
        })
    }
}

fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let number = digits
        .parse::<u32>()
        .ok()
        .filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    match text.strip_prefix(digits)? {
        "ms" => Some(Duration::from_millis(number.into())),
        "s" => Some(Duration::from_secs(number.into())),
        "m" => Some(Duration::from_secs(u64::from(number).saturating_mul(60))),
        "h" => Some(Duration::from_secs(u64::from(number).saturating_mul(3600))),
        _ => None,
    }
}

pub(super) struct Object<'a> {
    field: Field<'a>,
    map: &'a Map<String, Value>,
}

impl<'a> Object<'a> {
    fn child(&self, name: &str, value: &'a Value) -> Field<'a> {
        let path = match self.field.path.as_str() {
            "pluginConfig" => name.to_owned(),
            parent => format!("{parent}.{name}"),
        };
        Field { path, value }
    }

    pub fn get(&self, name: &str) -> Option<Field<'a>> {
        self.map
            .get(name)
            .filter(|value| !value.is_null())
            .map(|value| self.child(name, value))
    }

    pub fn required(&self, name: &str) -> Result<Field<'a>, Error> {
        self.get(name)
            .ok_or_else(|| self.child(name, &Value::Null).error("is required"))
    }

    pub fn error(&self, reason: impl Into<String>) -> Error {
        self.field.error(reason)
    }
}

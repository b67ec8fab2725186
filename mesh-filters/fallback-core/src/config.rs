//! The filter's configuration: WasmPlugin `pluginConfig`, as JSON text.

mod field;
mod respond;

use crate::request_match::{Authority, RequestMatch};
use field::Field;
pub use respond::{Body, GrpcReply, Respond};

/// More rules than this are refused: the rules that match a request are kept as bits of one word.
const MAX_RULES: usize = 64;
/// Copies of all rules together.
pub(crate) const MAX_ENTRIES: u32 = 65_536;
/// What a whole table may take, in bytes of bodies.
const MAX_CACHE_BYTES: u64 = 1 << 30;

/// Why a configuration is refused. The one in use stays.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not JSON at all.
    #[error("pluginConfig: not JSON: {0}")]
    Json(String),
    /// A field is missing, unknown or has a value that cannot be.
    #[error("{field}: {reason}")]
    Field {
        /// Where, as `rules[0].respond.status`.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// A configuration that holds together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The bounds of the memory for copies.
    pub cache: Cache,
    /// In order; the first whose conditions hold is applied.
    pub rules: Vec<Rule>,
}

/// The bounds of the memory for copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cache {
    /// How many copies each rule keeps, 2..=65536: half of them under plain paths, half under what callers can make up.
    pub entries: u32,
    /// A larger body is not kept, ..=1 MiB.
    pub max_body_bytes: u32,
    /// Milliseconds for which a worker does not store the same response again.
    pub refresh_ms: u64,
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            entries: 1024,
            max_body_bytes: 16 * 1024,
            refresh_ms: 1000,
        }
    }
}

/// What to do when certain requests fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// 1..=64 of `a-z0-9-_`; part of the counters' names.
    pub name: String,
    pub(crate) request: RequestMatch,
    /// Response statuses, and their gRPC equivalents, that are failures.
    pub(crate) statuses: Vec<u16>,
    /// Present if good responses are kept for bad times.
    pub(crate) stale: Option<Stale>,
    /// The answer when no copy may be used.
    pub(crate) respond: Option<Respond>,
}

/// Which copies are kept apart and how old they may get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stale {
    /// The greatest age of a copy in use, in seconds.
    pub(crate) max_age: u32,
    /// Lower-case names of request fields that select among copies.
    pub(crate) vary: Vec<String>,
    /// The parameters that a query may have.
    pub(crate) query: Vec<String>,
    /// Whether the upstream answers alike under every host.
    pub(crate) any_host: bool,
    pub(crate) principal: Option<Principal>,
}

/// Who a request is made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Principal {
    /// A header that the mesh has set; lower case.
    Header(String),
    /// A claim of the token that Envoy has verified.
    JwtClaim(String),
}

impl Config {
    /// Reads the JSON text. The error names the first field that is wrong.
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        let value = serde_json::from_slice(text).map_err(|error| Error::Json(error.to_string()))?;
        let object = Field::root(&value).object(&["cache", "rules"])?;
        let cache = object
            .get("cache")
            .map(|field| cache(&field))
            .transpose()?
            .unwrap_or_default();
        let config = Self {
            cache,
            rules: rules(&object.required("rules")?)?,
        };
        config.check_bounds()?;
        Ok(config)
    }
}

impl Config {
    fn check_bounds(&self) -> Result<(), Error> {
        let keeping = self.rules.iter().filter(|rule| rule.stale.is_some()).count() as u64;
        let entries = keeping.saturating_mul(self.cache.entries.into());
        let bytes = entries.saturating_mul(self.cache.max_body_bytes.into());
        let refuse = |reason| Error::Field {
            field: "cache".into(),
            reason,
        };
        if entries > MAX_ENTRIES.into() {
            return Err(refuse(format!(
                "entries × rules with stale is over {MAX_ENTRIES}"
            )));
        }
        if bytes > MAX_CACHE_BYTES {
            let what = "entries × rules with stale × max_body_bytes";
            return Err(refuse(format!("{what} is over {MAX_CACHE_BYTES}")));
        }
        Ok(())
    }
}

fn cache(field: &Field<'_>) -> Result<Cache, Error> {
    let object = field.object(&["entries", "max_body_bytes", "refresh"])?;
    let mut cache = Cache::default();
    if let Some(entries) = object.get("entries") {
        cache.entries = entries.integer(2..=MAX_ENTRIES)?;
    }
    if let Some(bytes) = object.get("max_body_bytes") {
        cache.max_body_bytes = bytes.integer(0..=1 << 20)?;
    }
    if let Some(refresh) = object.get("refresh") {
        cache.refresh_ms = u64::try_from(refresh.duration()?.as_millis()).unwrap_or(u64::MAX);
    }
    Ok(cache)
}

fn rules(field: &Field<'_>) -> Result<Vec<Rule>, Error> {
    let items = field.items()?;
    if items.is_empty() || items.len() > MAX_RULES {
        return Err(field.error(format!("must have 1 to {MAX_RULES} rules")));
    }
    let mut rules: Vec<Rule> = Vec::with_capacity(items.len());
    for item in &items {
        let rule = rule(item)?;
        if rules.iter().any(|earlier| earlier.name == rule.name) {
            return Err(item.error(format!("the name {} is taken by an earlier rule", rule.name)));
        }
        rules.push(rule);
    }
    Ok(rules)
}

fn rule(field: &Field<'_>) -> Result<Rule, Error> {
    let object = field.object(&["name", "match", "on", "stale", "respond"])?;
    let rule = Rule {
        name: name(&object.required("name")?)?,
        request: object
            .get("match")
            .map(|field| request_match(&field))
            .transpose()?
            .unwrap_or_default(),
        statuses: on(&object.required("on")?)?,
        stale: object.get("stale").map(|field| stale(&field)).transpose()?,
        respond: object
            .get("respond")
            .map(|field| respond::parse(&field))
            .transpose()?,
    };
    if rule.stale.is_none() && rule.respond.is_none() {
        return Err(object.error("has neither stale nor respond, so it would do nothing"));
    }
    if rule.stale.is_some() && !rule.request.method(b"GET") {
        return Err(object.error("stale needs GET among match.methods: only its responses are kept"));
    }
    Ok(rule)
}

fn name(field: &Field<'_>) -> Result<String, Error> {
    let name = field.text()?;
    let valid = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    match (1..=64).contains(&name.len()) && name.bytes().all(valid) {
        true => Ok(name.to_owned()),
        false => Err(field.error("must be 1 to 64 of a-z, 0-9, - and _")),
    }
}

fn request_match(field: &Field<'_>) -> Result<RequestMatch, Error> {
    let object = field.object(&["methods", "authority", "path_prefix"])?;
    Ok(RequestMatch {
        methods: object
            .get("methods")
            .map(|field| methods(&field))
            .transpose()?
            .unwrap_or_default(),
        authority: object
            .get("authority")
            .map(|field| authority(&field))
            .transpose()?,
        path_prefix: object
            .get("path_prefix")
            .map(|field| path_prefix(&field))
            .transpose()?,
    })
}

fn methods(field: &Field<'_>) -> Result<Vec<String>, Error> {
    let method = |item: &Field<'_>| {
        let text = item.text()?;
        match !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-') {
            true => Ok(text.to_owned()),
            false => Err(item.error("must be a method in upper case")),
        }
    };
    field.items()?.iter().map(method).collect()
}

fn authority(field: &Field<'_>) -> Result<Authority, Error> {
    let reason = "must be a host name, with a * at one end at most";
    Authority::parse(field.text()?).ok_or_else(|| field.error(reason))
}

fn path_prefix(field: &Field<'_>) -> Result<String, Error> {
    let text = field.text()?;
    match text.starts_with('/') && !text.contains(['?', '#']) {
        true => Ok(text.to_owned()),
        false => Err(field.error("must start with / and end before the query")),
    }
}

fn on(field: &Field<'_>) -> Result<Vec<u16>, Error> {
    let list = field.object(&["statuses"])?.required("statuses")?;
    let status = |item: &Field<'_>| item.integer(400..=599).map(|status| status as u16);
    let statuses: Vec<u16> = list.items()?.iter().map(status).collect::<Result<_, _>>()?;
    if statuses.is_empty() {
        return Err(list.error("must have a status"));
    }
    Ok(statuses)
}

fn stale(field: &Field<'_>) -> Result<Stale, Error> {
    let object = field.object(&["max_age", "vary", "query", "any_host", "principal"])?;
    let list = |name, item: fn(&Field<'_>) -> Result<String, Error>| match object.get(name) {
        Some(list) => list.items()?.iter().map(item).collect(),
        None => Ok(Vec::new()),
    };
    Ok(Stale {
        max_age: object.required("max_age")?.seconds(1..=31_536_000)?,
        vary: list("vary", field_name)?,
        query: list("query", parameter)?,
        any_host: object.get("any_host").map_or(Ok(false), |field| field.flag())?,
        principal: object
            .get("principal")
            .map(|field| principal(&field))
            .transpose()?,
    })
}

/// The name of a parameter, as it stands in queries.
fn parameter(field: &Field<'_>) -> Result<String, Error> {
    let name = field.text()?;
    match !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"&=#?".contains(&byte))
    {
        true => Ok(name.to_owned()),
        false => Err(field.error("must be the name of a parameter, as it stands in the query")),
    }
}

fn principal(field: &Field<'_>) -> Result<Principal, Error> {
    let object = field.object(&["header", "jwt_claim"])?;
    match (object.get("header"), object.get("jwt_claim")) {
        (Some(header), None) => Ok(Principal::Header(field_name(&header)?)),
        (None, Some(claim)) => Ok(Principal::JwtClaim(claim.text()?.to_owned())),
        _ => Err(object.error("must have one of header and jwt_claim")),
    }
}

/// The name of a header field, in lower case.
fn field_name(field: &Field<'_>) -> Result<String, Error> {
    let name = field.text()?.to_ascii_lowercase();
    match !name.is_empty() && name.bytes().all(is_token_byte) {
        true => Ok(name),
        false => Err(field.error("must be the name of a header field")),
    }
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests;

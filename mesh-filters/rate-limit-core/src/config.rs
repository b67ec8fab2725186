//! What the operator wrote, checked. Every refusal names the field.

mod quota;

pub use quota::Quota;

use std::collections::HashSet;
use std::fmt::Display;
use std::num::NonZeroU32;

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, de};

use crate::answer::{self, Outcome};
use crate::gcra::{Limit, Verdict};
use crate::limiter::Ask;
use quota::{RawQuota, check_floor, check_quota};

/// Why a configuration is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct Error {
    /// Where, as `rules[0].limit.per`; `.` for the whole.
    pub field: String,
    /// Why.
    pub reason: String,
}

/// A sound configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Buckets that the table holds.
    pub slots: u32,
    /// Where rules of scope `cluster` get their tokens; given if there is one.
    pub quota: Option<Quota>,
    /// At least one; in the order of the configuration.
    pub rules: Vec<Rule>,
}

/// One limit and the requests it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Unique; letters, digits, `-` and `_`. With the key it is the identity of a bucket.
    pub name: String,
    /// Methods; empty for all.
    pub methods: Vec<String>,
    /// Prefix of the path; empty for all.
    pub path_prefix: String,
    /// The parts of the key. Empty: one bucket for all requests.
    pub key: Vec<KeyPart>,
    /// The key when a part of [`Self::key`] is not there. Empty: one bucket for all such requests.
    pub otherwise_key: Vec<KeyPart>,
    /// What a bucket allows.
    pub limit: Limit,
    /// Of scope `cluster`: what this proxy allows while the quota service has not answered. `None`: of scope `proxy`.
    pub floor: Option<Limit>,
    /// Whether a refusal refuses the request; else it is counted and logged.
    pub enforced: bool,
    /// The item of `RateLimit-Policy`.
    pub policy: String,
}

impl Rule {
    /// This rule for one request, whose bucket has this key.
    #[must_use]
    pub fn ask<'a>(&'a self, key: &'a [u8]) -> Ask<'a> {
        Ask {
            rule: &self.name,
            key,
            limit: self.limit,
            floor: self.floor,
            enforced: self.enforced,
        }
    }

    /// What the client may know of a verdict; of a shadow rule's, nothing.
    #[must_use]
    pub fn outcome<'a>(&'a self, verdict: &'a Verdict) -> Option<Outcome<'a>> {
        self.enforced.then_some(Outcome {
            rule: &self.name,
            policy: &self.policy,
            verdict,
        })
    }
}

/// Where a part of a key comes from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyPart {
    /// A claim of the verified JWT; nothing without one.
    JwtClaim(String),
    /// The first value of a header.
    Header(String),
    /// The client's address as the proxy trusts it; of an IPv6 address the /64, which is what one client has.
    SourceIp(bool),
}

/// Reads the JSON that Istio gives the filter `plugin` as its `pluginConfig`.
///
/// # Errors
/// The first wrong field.
pub fn parse(plugin: &str, json: &[u8]) -> Result<Config, Error> {
    if json.is_empty() {
        return Err(error(
            ".",
            "there is no configuration; at least `rules` is required",
        ));
    }
    let mut json = serde_json::Deserializer::from_slice(json);
    let raw: RawConfig = serde_path_to_error::deserialize(&mut json)
        .map_err(|e| error(&e.path().to_string(), e.inner().to_string()))?;
    json.end().map_err(|e| error(".", e))?;
    check(raw, plugin)
}

fn error(field: &str, reason: impl Display) -> Error {
    Error {
        field: field.to_owned(),
        reason: reason.to_string(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawConfig {
    #[serde(default)]
    table: RawTable,
    quota: Option<RawQuota>,
    rules: Vec<RawRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTable {
    #[serde(deserialize_with = "count")]
    slots: NonZeroU32,
}

impl Default for RawTable {
    fn default() -> Self {
        Self {
            slots: NonZeroU32::MIN.saturating_add(65_535),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    name: String,
    #[serde(default, rename = "match")]
    matching: RawMatch,
    #[serde(default)]
    key: Vec<KeyPart>,
    #[serde(default)]
    otherwise_key: Vec<KeyPart>,
    limit: RawLimit,
    #[serde(default)]
    mode: Mode,
    #[serde(default)]
    scope: Scope,
    floor: Option<RawLimit>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawMatch {
    #[serde(default)]
    methods: Vec<String>,
    path_prefix: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLimit {
    #[serde(deserialize_with = "count")]
    requests: NonZeroU32,
    #[serde(deserialize_with = "duration")]
    per: u64,
    #[serde(default, deserialize_with = "optional_count")]
    burst: Option<NonZeroU32>,
}

#[derive(Deserialize, Default, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Mode {
    #[default]
    Enforce,
    Shadow,
}

#[derive(Deserialize, Default, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Scope {
    #[default]
    Proxy,
    Cluster,
}

/// A positive integer. Istio carries numbers as floating point, so 20.0 is 20.
fn count<'de, D: Deserializer<'de>>(input: D) -> Result<NonZeroU32, D::Error> {
    let number = f64::deserialize(input)?;
    if number.fract() != 0.0 || !(1.0..=1e9).contains(&number) {
        return Err(D::Error::custom(format!(
            "{number} is not an integer from 1 to 1000000000"
        )));
    }
    // In range and whole, as just checked.
    NonZeroU32::new(number as u32).ok_or_else(|| D::Error::custom("is zero"))
}

fn optional_count<'de, D: Deserializer<'de>>(input: D) -> Result<Option<NonZeroU32>, D::Error> {
    count(input).map(Some)
}

/// Nanoseconds from `500ms`, `1s`, `5m`, `1h` or `1d`.
fn duration<'de, D: Deserializer<'de>>(input: D) -> Result<u64, D::Error> {
    let text = String::deserialize(input)?;
    nanoseconds(&text).ok_or_else(|| {
        D::Error::invalid_value(
            de::Unexpected::Str(&text),
            &"a duration such as 500ms, 1s, 5m, 1h or 1d, up to 366d",
        )
    })
}

fn nanoseconds(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let milliseconds: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    let total = number.parse::<u64>().ok()?.checked_mul(milliseconds)?;
    (1..=366 * 86_400_000)
        .contains(&total)
        .then(|| total.saturating_mul(1_000_000))
}

fn check(raw: RawConfig, plugin: &str) -> Result<Config, Error> {
    const MOST_SLOTS: u32 = 1 << 22;
    const MOST_RULES: usize = 16;
    let slots = raw.table.slots.get();
    if slots > MOST_SLOTS {
        return Err(error("table.slots", format!("{slots} is more than {MOST_SLOTS}")));
    }
    if raw.rules.is_empty() || raw.rules.len() > MOST_RULES {
        return Err(error(
            "rules",
            format!("has {} rules; 1 to {MOST_RULES} are possible", raw.rules.len()),
        ));
    }
    let rules: Vec<Rule> = raw
        .rules
        .into_iter()
        .enumerate()
        .map(|(i, rule)| check_rule(rule).map_err(|e| error(&format!("rules[{i}].{}", e.field), e.reason)))
        .collect::<Result<_, _>>()?;
    let quota = raw.quota.map(|quota| check_quota(quota, plugin)).transpose()?;
    if let (None, Some(i)) = (&quota, rules.iter().position(|rule| rule.floor.is_some())) {
        let field = format!("rules[{i}].scope");
        return Err(error(
            &field,
            "`cluster` needs `quota`, where the tokens come from",
        ));
    }
    let mut names = HashSet::new();
    for (i, rule) in rules.iter().enumerate() {
        if !names.insert(&rule.name) {
            return Err(error(
                &format!("rules[{i}].name"),
                format!("`{}` is the name of an earlier rule", rule.name),
            ));
        }
    }
    Ok(Config { slots, quota, rules })
}

fn check_rule(raw: RawRule) -> Result<Rule, Error> {
    check_name(&raw.name)?;
    check_match(&raw.matching)?;
    let limit = check_limit(&raw.limit)?;
    if raw.scope == Scope::Proxy && raw.floor.is_some() {
        return Err(error("floor", "is for scope `cluster` only"));
    }
    let is_cluster = raw.scope == Scope::Cluster;
    let floor = is_cluster
        .then(|| check_floor(raw.floor.as_ref(), &limit))
        .transpose()?;
    Ok(Rule {
        limit,
        floor,
        policy: answer::policy(&raw.name, &limit),
        key: check_key("key", raw.key)?,
        otherwise_key: check_key("otherwise_key", raw.otherwise_key)?,
        name: raw.name,
        methods: raw.matching.methods,
        path_prefix: raw.matching.path_prefix.unwrap_or_default(),
        enforced: raw.mode == Mode::Enforce,
    })
}

fn check_name(name: &str) -> Result<(), Error> {
    let sound = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if name.is_empty() || name.len() > 64 || !name.bytes().all(sound) {
        return Err(error(
            "name",
            format!("`{name}` is not 1 to 64 letters, digits, `-` or `_`"),
        ));
    }
    Ok(())
}

fn check_match(matching: &RawMatch) -> Result<(), Error> {
    for (i, method) in matching.methods.iter().enumerate() {
        if method.is_empty() || !method.bytes().all(|b| b.is_ascii_uppercase() || b == b'-') {
            return Err(error(
                &format!("match.methods[{i}]"),
                format!("`{method}` is no method in capital letters"),
            ));
        }
    }
    let Some(prefix) = &matching.path_prefix else {
        return Ok(());
    };
    if !prefix.starts_with('/') {
        return Err(error(
            "match.path_prefix",
            format!("`{prefix}` does not start with `/`"),
        ));
    }
    if prefix.contains(['?', '#']) {
        return Err(error(
            "match.path_prefix",
            "only the path is matched, without `?` and `#`",
        ));
    }
    Ok(())
}

fn check_limit(raw: &RawLimit) -> Result<Limit, Error> {
    Limit::new(raw.requests, raw.per, raw.burst.unwrap_or(raw.requests)).ok_or_else(|| {
        error(
            "limit",
            "is more than a million requests per second, or its burst more than a century's",
        )
    })
}

fn check_key(field: &str, parts: Vec<KeyPart>) -> Result<Vec<KeyPart>, Error> {
    for (i, part) in parts.iter().enumerate() {
        let wrong = match part {
            KeyPart::JwtClaim(claim) if claim.is_empty() || claim.contains('\0') => {
                "jwt_claim: names no claim"
            }
            KeyPart::Header(name) if !is_header_name(name) => "header: is no header name in small letters",
            KeyPart::SourceIp(false) => "source_ip: can only be true; leave the part out instead",
            _ => continue,
        };
        let (name, reason) = wrong.split_once(": ").unwrap_or(("", wrong));
        return Err(error(&format!("{field}[{i}].{name}"), reason));
    }
    Ok(parts)
}

fn is_header_name(name: &str) -> bool {
    let token = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&b);
    let name = name.strip_prefix(':').unwrap_or(name);
    !name.is_empty() && name.bytes().all(token)
}

#[cfg(test)]
mod tests;

//! Where tokens of rules of scope `cluster` come from.

use std::time::Duration;

use serde::Deserialize;

use super::{Error, RawLimit, check_limit, duration, error};
use crate::gcra::Limit;

/// The quota service, as this proxy reaches it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    /// The proxy's cluster.
    pub cluster: String,
    /// `:authority` of the calls.
    pub authority: String,
    /// Rules of the same name share their buckets within a domain.
    pub domain: String,
    /// How long a call may take; at most [`Self::tick`], so that one is under way at a time.
    pub timeout: Duration,
    /// How often this proxy asks, if its keys want something.
    pub tick: Duration,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawQuota {
    cluster: String,
    authority: Option<String>,
    domain: Option<String>,
    #[serde(default = "default_timeout", deserialize_with = "duration")]
    timeout: u64,
    #[serde(default = "default_tick", deserialize_with = "duration")]
    tick: u64,
}

const MILLISECOND: u64 = 1_000_000;

fn default_timeout() -> u64 {
    150 * MILLISECOND
}

fn default_tick() -> u64 {
    200 * MILLISECOND
}

pub(super) fn check_quota(raw: RawQuota, plugin: &str) -> Result<Quota, Error> {
    if raw.cluster.is_empty() {
        return Err(error("quota.cluster", "names no cluster of the proxy"));
    }
    if !(50 * MILLISECOND..=1000 * MILLISECOND).contains(&raw.tick) {
        return Err(error("quota.tick", "is not between 50ms and 1s"));
    }
    if raw.timeout > raw.tick {
        return Err(error("quota.timeout", "is longer than `quota.tick`"));
    }
    Ok(Quota {
        domain: domain(raw.domain, plugin)?,
        authority: authority(raw.authority, &raw.cluster)?,
        cluster: raw.cluster,
        timeout: Duration::from_nanos(raw.timeout),
        tick: Duration::from_nanos(raw.tick),
    })
}

/// The authority, else the host in Istio's name of the cluster, `outbound|8080||host`: with the whole name, which is no
/// authority, every call would be refused.
fn authority(given: Option<String>, cluster: &str) -> Result<String, Error> {
    let sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '[' | ']');
    let is_sound = |name: &str| !name.is_empty() && name.chars().all(sound);
    let host = cluster.rsplit('|').next().unwrap_or_default();
    match given {
        Some(name) if is_sound(&name) => Ok(name),
        Some(name) => Err(error(
            "quota.authority",
            format!("`{name}` is no host, with or without a port"),
        )),
        None if is_sound(host) => Ok(host.to_owned()),
        None => Ok("quota".to_owned()),
    }
}

/// The domain, else the plugin's name as one.
fn domain(given: Option<String>, plugin: &str) -> Result<String, Error> {
    let sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let parts = |name: &str| name.len() <= 128 && name.split('.').all(|part| !part.is_empty());
    match given {
        Some(name) if name.chars().all(sound) && parts(&name) => Ok(name),
        Some(name) => Err(error(
            "quota.domain",
            format!("`{name}` is not 1 to 128 letters, digits, `-`, `_`, and dots between them"),
        )),
        None => {
            let name: String = plugin.chars().map(|c| if sound(c) { c } else { '-' }).collect();
            Ok(if parts(&name) {
                name
            } else {
                "rate-limit".to_owned()
            })
        }
    }
}

/// What a proxy allows while the quota service has not answered: a tenth of the limit, unless it is given.
pub(super) fn check_floor(raw: Option<&RawLimit>, limit: &Limit) -> Result<Limit, Error> {
    let Some(raw) = raw else {
        return Ok(limit.tenth());
    };
    let floor = check_limit(raw).map_err(|e| error("floor", e.reason))?;
    if floor.interval() < limit.interval() || floor.burst() > limit.burst() {
        return Err(error(
            "floor",
            "allows a single proxy more than `limit` allows all",
        ));
    }
    Ok(floor)
}

//! What a proxy asks for, checked. Every refusal names the field and tells what would be right.

use std::collections::HashSet;
use std::fmt::Display;
use std::num::NonZeroU32;

use holdfast_contracts::quota::v1::{self, LeaseRequest, RuleDemand};
use holdfast_rate_limit_core::gcra::Limit;

/// The most rules of a request, as of a proxy's configuration.
pub const MOST_RULES: usize = 16;
/// The most keys of a request, all its rules together.
pub const MOST_KEYS: usize = 512;
const KEY_BYTES: usize = 16;

/// A request that can never be served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct Refusal {
    /// Where, as `rules[0].limit.burst`.
    pub field: String,
    /// What is wrong with it, and what would be right.
    pub reason: String,
}

/// What one key wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    /// The place of its rule in the request.
    pub rule: usize,
    /// The fingerprint.
    pub key: Vec<u8>,
    /// The key in the KV bucket.
    pub bucket: String,
    /// What the bucket allows.
    pub limit: Limit,
    /// Tokens wanted.
    pub wanted: u32,
    /// Tokens used without a lease.
    pub spent: u32,
}

/// All that a request wants, in its order.
///
/// # Errors
/// The first field that is wrong.
pub fn check(request: &LeaseRequest) -> Result<Vec<Want>, Refusal> {
    check_domain(&request.domain)?;
    if request.rules.is_empty() || request.rules.len() > MOST_RULES {
        let reason = format!(
            "has {} rules; 1 to {MOST_RULES} are possible",
            request.rules.len()
        );
        return Err(refusal("rules", reason));
    }
    let keys: usize = request.rules.iter().map(|rule| rule.keys.len()).sum();
    if keys > MOST_KEYS {
        let reason = format!("have {keys} keys; at most {MOST_KEYS} are possible, ask for the others later");
        return Err(refusal("rules", reason));
    }
    let (mut names, mut wants) = (HashSet::new(), Vec::with_capacity(keys));
    for (place, rule) in request.rules.iter().enumerate() {
        let within = |e: Refusal| refusal(&format!("rules[{place}].{}", e.field), e.reason);
        check_name(&rule.rule).map_err(within)?;
        if !names.insert(&rule.rule) {
            return Err(within(refusal(
                "rule",
                format!("`{}` is in the request twice", rule.rule),
            )));
        }
        let wanted = check_rule(&request.domain, place, rule).map_err(within)?;
        wants.extend(wanted);
    }
    Ok(wants)
}

fn refusal(field: &str, reason: impl Display) -> Refusal {
    Refusal {
        field: field.to_owned(),
        reason: reason.to_string(),
    }
}

fn check_domain(domain: &str) -> Result<(), Refusal> {
    let sound = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    if domain.len() > 128
        || !domain
            .split('.')
            .all(|part| !part.is_empty() && part.bytes().all(sound))
    {
        let reason = "is not 1 to 128 letters, digits, `-`, `_`, and dots between them";
        return Err(refusal("domain", reason));
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), Refusal> {
    let sound = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    if name.is_empty() || name.len() > 64 || !name.bytes().all(sound) {
        return Err(refusal("rule", "is not 1 to 64 letters, digits, `-` or `_`"));
    }
    Ok(())
}

fn check_rule(domain: &str, place: usize, rule: &RuleDemand) -> Result<Vec<Want>, Refusal> {
    let limit = check_limit(rule.limit.as_ref())?;
    let mut seen = HashSet::new();
    let wants = rule.keys.iter().enumerate().map(|(i, demand)| {
        if demand.key.len() != KEY_BYTES {
            let reason = format!("has {} bytes instead of {KEY_BYTES}", demand.key.len());
            return Err(refusal(&format!("keys[{i}].key"), reason));
        }
        if !seen.insert(&demand.key) {
            let reason = "is in the rule twice; add up what it wants";
            return Err(refusal(&format!("keys[{i}].key"), reason));
        }
        Ok(Want {
            rule: place,
            key: demand.key.clone(),
            bucket: format!("{domain}.{}.{}", rule.rule, hex::encode(&demand.key)),
            limit,
            wanted: demand.wanted,
            spent: demand.spent,
        })
    });
    wants.collect()
}

fn check_limit(limit: Option<&v1::Limit>) -> Result<Limit, Refusal> {
    let limit = limit.ok_or_else(|| refusal("limit", "is missing"))?;
    let positive = |field: &str, n: u32| {
        NonZeroU32::new(n).ok_or_else(|| refusal(&format!("limit.{field}"), "is 0; at least 1 is possible"))
    };
    let requests = positive("requests", limit.requests)?;
    let burst = positive("burst", limit.burst)?;
    let per = limit.per_milliseconds.checked_mul(1_000_000);
    per.and_then(|per| Limit::new(requests, per, burst))
        .ok_or_else(|| {
            let reason = "is more than a million requests per second, or its burst more than a century's";
            refusal("limit", reason)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_contracts::quota::v1::KeyDemand;

    fn request(change: impl FnOnce(&mut LeaseRequest)) -> LeaseRequest {
        let key = KeyDemand {
            key: vec![7; 16],
            wanted: 3,
            spent: 1,
        };
        let limit = v1::Limit {
            requests: 20,
            per_milliseconds: 1000,
            burst: 40,
        };
        let rule = RuleDemand {
            rule: "per-user".into(),
            limit: Some(limit),
            keys: vec![key],
        };
        let mut request = LeaseRequest {
            domain: "ns.limit".into(),
            rules: vec![rule],
        };
        change(&mut request);
        request
    }

    #[test]
    fn what_is_asked_for_is_what_is_wanted() {
        let wants = check(&request(|_| {})).unwrap();
        let [want] = &wants[..] else { panic!("one key") };
        assert_eq!(
            (want.wanted, want.spent, want.limit.requests(), want.limit.burst()),
            (3, 1, 20, 40)
        );
        assert_eq!(want.bucket, "ns.limit.per-user.07070707070707070707070707070707");
    }

    #[test]
    fn a_refusal_names_the_field() {
        type Change = fn(&mut LeaseRequest);
        let cases: [(Change, &str); 14] = [
            (|r| r.domain.clear(), "domain"),
            (|r| r.domain = "a..b".into(), "domain"),
            (|r| r.domain = "a.>".into(), "domain"),
            (|r| r.rules.clear(), "rules"),
            (|r| r.rules = vec![r.rules[0].clone(); 17], "rules"),
            (
                |r| r.rules[0].keys = vec![r.rules[0].keys[0].clone(); 513],
                "rules",
            ),
            (|r| r.rules.push(r.rules[0].clone()), "rules[1].rule"),
            (|r| r.rules[0].rule = "a.b".into(), "rules[0].rule"),
            (|r| r.rules[0].limit = None, "rules[0].limit"),
            (
                |r| r.rules[0].limit.as_mut().unwrap().burst = 0,
                "rules[0].limit.burst",
            ),
            (
                |r| r.rules[0].limit.as_mut().unwrap().per_milliseconds = 0,
                "rules[0].limit",
            ),
            (
                |r| r.rules[0].limit.as_mut().unwrap().per_milliseconds = u64::MAX,
                "rules[0].limit",
            ),
            (|r| r.rules[0].keys[0].key = vec![1; 15], "rules[0].keys[0].key"),
            (|r| r.rules[0].keys.extend_from_within(..), "rules[0].keys[1].key"),
        ];
        for (change, field) in cases {
            assert_eq!(check(&request(change)).unwrap_err().field, field);
        }
    }
}

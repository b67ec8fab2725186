//! What the client is told: the RateLimit fields (draft-ietf-httpapi-ratelimit-headers-11, structured fields of
//! RFC 9651), `Retry-After`, and problem details (RFC 9457).

use std::fmt::Write;

use holdfast_filter_abi::{Exchange, HeaderMap, LocalReply, Result};

use crate::gcra::{Limit, Verdict};

const SECOND: u64 = 1_000_000_000;
/// The gRPC status of a refusal.
const RESOURCE_EXHAUSTED: u32 = 8;

/// The item of `RateLimit-Policy` for a rule: `q` requests in `w` seconds, as configured. A period that is not
/// whole seconds is told as the next whole one, and `q` in proportion. The burst is not told: `r` shows it.
#[must_use]
pub fn policy(rule: &str, limit: &Limit) -> String {
    let window = limit.per().div_ceil(SECOND).max(1);
    // Below a century times a million per second, so this fits well within 128 bits, and the result in 64.
    let quota =
        u128::from(limit.requests()) * u128::from(window) * u128::from(SECOND) / u128::from(limit.per());
    format!("{};q={quota};w={window}", Text(rule))
}

/// What an enforced rule has said, for its client.
#[derive(Debug, Clone, Copy)]
pub struct Outcome<'a> {
    /// Its name.
    pub rule: &'a str,
    /// Its [`policy`].
    pub policy: &'a str,
    /// What it said.
    pub verdict: &'a Verdict,
}

/// The `RateLimit` field: `r` requests may follow at once; in `t` seconds one may pass (after a refusal) or
/// all may (otherwise). Empty without outcomes.
#[must_use]
pub fn state(outcomes: &[Outcome<'_>]) -> String {
    // Grown step by step it would be moved a few times, on the way of every request.
    let mut field = String::with_capacity(outcomes.len() * 48);
    for Outcome { rule, verdict, .. } in outcomes {
        let until = if verdict.allowed {
            verdict.reset
        } else {
            verdict.wait
        };
        let separator = if field.is_empty() { "" } else { ", " };
        // Writing to a String cannot fail.
        let _ = write!(
            field,
            "{separator}{};r={};t={}",
            Text(rule),
            verdict.remaining,
            until.div_ceil(SECOND)
        );
    }
    field
}

/// The answer to a request that one rule at least has refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    policy: String,
    state: String,
    retry_after: String,
    body: String,
    details: String,
}

impl Refusal {
    /// Composes the answer for the request in hand: problem details, or for a gRPC caller its sentence.
    pub fn new(outcomes: &[Outcome<'_>], exchange: &impl Exchange) -> Self {
        let refusing: Vec<&str> = outcomes
            .iter()
            .filter(|o| !o.verdict.allowed)
            .map(|o| o.rule)
            .collect();
        let wait = outcomes.iter().map(|o| o.verdict.wait).max().unwrap_or_default();
        let retry_after = wait.div_ceil(SECOND).max(1);
        let detail = format!(
            "The limit {} is reached. Try again in {retry_after} s.",
            refusing.join(", ")
        );
        let request = exchange.header_block(HeaderMap::Request).unwrap_or_default();
        let header = |name| request.first(name).unwrap_or_default();
        let is_grpc = header("content-type").starts_with(b"application/grpc");
        Self {
            policy: outcomes.iter().map(|o| o.policy).collect::<Vec<_>>().join(", "),
            state: state(outcomes),
            retry_after: retry_after.to_string(),
            details: format!("rate_limited{{{}}}", refusing.join(",")),
            body: if is_grpc {
                detail
            } else {
                let trace = trace_id(header("traceparent"));
                problem(
                    &refusing,
                    &detail,
                    trace.or_else(|| request_id(header("x-request-id"))),
                )
            },
        }
    }

    /// Answers the client.
    ///
    /// # Errors
    /// Those of [`Exchange::reply`]; the request is then as it was.
    pub fn send(&self, exchange: &impl Exchange) -> Result<()> {
        exchange.reply(&LocalReply {
            status: 429,
            headers: &[
                ("content-type", b"application/problem+json"),
                ("ratelimit-policy", self.policy.as_bytes()),
                ("ratelimit", self.state.as_bytes()),
                ("retry-after", self.retry_after.as_bytes()),
            ],
            body: self.body.as_bytes(),
            grpc_status: Some(RESOURCE_EXHAUSTED),
            details: &self.details,
        })
    }
}

fn problem(rules: &[&str], detail: &str, trace_id: Option<&str>) -> String {
    let mut problem = serde_json::json!({
        "type": "https://iana.org/assignments/http-problem-types#quota-exceeded",
        "title": "Quota exceeded",
        "status": 429,
        "detail": detail,
        "violated-policies": rules,
    });
    if let (Some(id), Some(members)) = (trace_id, problem.as_object_mut()) {
        members.insert("trace_id".to_owned(), id.into());
    }
    problem.to_string()
}

/// The trace id of a W3C `traceparent` header.
fn trace_id(traceparent: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(traceparent).ok()?;
    let id = text.split('-').nth(1)?;
    let hex = id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    (id.len() == 32 && hex && id.bytes().any(|b| b != b'0')).then_some(id)
}

/// The proxy's own id of a request that no trace came with: its access log has it.
fn request_id(id: &[u8]) -> Option<&str> {
    let is_uuid = id.len() == 36 && id.iter().all(|&byte| byte == b'-' || byte.is_ascii_hexdigit());
    is_uuid.then(|| std::str::from_utf8(id).ok()).flatten()
}

/// A String of structured fields. What such a string cannot hold is left out.
struct Text<'a>(&'a str);

impl std::fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars().filter(|c| (' '..='~').contains(c)) {
            if matches!(c, '"' | '\\') {
                f.write_char('\\')?;
            }
            f.write_char(c)?;
        }
        f.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use holdfast_filter_abi::fake::{FakeProxy, FakeShared};
    use proptest::prelude::*;

    use super::*;

    fn limit(requests: u32, per: u64) -> Limit {
        Limit::new(requests.try_into().unwrap(), per, requests.try_into().unwrap()).unwrap()
    }

    fn told(verdict: Verdict) -> String {
        state(&[Outcome {
            rule: "a",
            policy: "",
            verdict: &verdict,
        }])
    }

    #[test]
    fn a_policy_tells_requests_and_seconds() {
        assert_eq!(policy("per-user", &limit(20, SECOND)), r#""per-user";q=20;w=1"#);
        assert_eq!(policy("a", &limit(1000, 3600 * SECOND)), r#""a";q=1000;w=3600"#);
        assert_eq!(policy("a", &limit(5, SECOND / 2)), r#""a";q=10;w=1"#);
        assert_eq!(policy("a", &limit(3, 3 * SECOND / 2)), r#""a";q=4;w=2"#);
    }

    #[test]
    fn a_state_rounds_what_is_left_down_and_times_up() {
        let limit = limit(2, SECOND);
        assert_eq!(told(limit.check(0, 7)), r#""a";r=1;t=1"#);
        assert_eq!(told(limit.check(2 * SECOND, 1)), r#""a";r=0;t=1"#);
    }

    #[test]
    fn several_states_are_one_list() {
        let verdict = limit(2, SECOND).check(0, 7);
        let outcome = |rule| Outcome {
            rule,
            policy: "",
            verdict: &verdict,
        };
        assert_eq!(
            state(&[outcome("a"), outcome("b")]),
            r#""a";r=1;t=1, "b";r=1;t=1"#
        );
    }

    #[test]
    fn a_refusal_waits_for_the_slowest_rule_and_names_those_that_refused() {
        let exchange = FakeProxy::new(&FakeShared::default());
        let (slow, fast, other) = (limit(1, 60 * SECOND), limit(1, SECOND), limit(5, SECOND));
        let verdicts = [
            slow.check(u64::MAX, 0),
            fast.check(u64::MAX, 0),
            other.check(0, 1),
        ];
        let rules = ["slow", "fast", "other"];
        let outcomes: Vec<_> = rules
            .iter()
            .zip(&verdicts)
            .map(|(rule, verdict)| Outcome {
                rule,
                policy: "p",
                verdict,
            })
            .collect();
        Refusal::new(&outcomes, &exchange).send(&exchange).unwrap();
        let replies = exchange.replies();
        let [reply] = &replies[..] else {
            panic!("one reply")
        };
        let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!(body["status"], 429);
        assert_eq!(body["violated-policies"], serde_json::json!(["slow", "fast"]));
        assert_eq!(
            body["detail"],
            "The limit slow, fast is reached. Try again in 60 s."
        );
        assert_eq!(reply.header("retry-after").unwrap(), "60");
        assert_eq!(reply.details, "rate_limited{slow,fast}");
    }

    #[test]
    fn a_trace_id_is_taken_only_from_a_sound_header() {
        let sound = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(trace_id(sound), Some("0af7651916cd43dd8448eb211c80319c"));
        for bad in [
            &b"00-0AF7651916CD43DD8448EB211C80319C-b7-01"[..],
            b"00-0-0-0",
            b"\xff",
            b"",
            b"00-\"-",
        ] {
            assert_eq!(trace_id(bad), None);
        }
        assert_eq!(
            trace_id(b"00-00000000000000000000000000000000-b7ad6b7169203331-01"),
            None
        );
    }

    #[test]
    fn without_a_trace_a_request_is_found_by_its_id() {
        let id = "03fcd9a2-8ab1-4a24-a2bb-a84c97b4ff3f";
        assert_eq!(request_id(id.as_bytes()), Some(id));
        for bad in ["", "03fcd9a2", "\"3fcd9a2-8ab1-4a24-a2bb-a84c97b4ff3f"] {
            assert_eq!(request_id(bad.as_bytes()), None, "{bad}");
        }
    }

    /// A reader of structured-field strings by the grammar of RFC 9651, §4.2.5.
    fn read(text: &str) -> Option<String> {
        let mut chars = text.strip_prefix('"')?.chars();
        let mut out = String::new();
        loop {
            match chars.next()? {
                '"' => return chars.next().is_none().then_some(out),
                '\\' => out.push(chars.next().filter(|c| matches!(c, '"' | '\\'))?),
                c if (' '..='~').contains(&c) => out.push(c),
                _ => return None,
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_becomes_a_string_of_structured_fields(text: String) {
            let printable: String = text.chars().filter(|c| (' '..='~').contains(c)).collect();
            prop_assert_eq!(read(&Text(&text).to_string()), Some(printable));
        }

        #[test]
        fn the_number_of_requests_per_second_told_is_never_more_than_configured(requests in 1..5000u32, per in SECOND / 100..100 * SECOND) {
            let told = policy("a", &limit(requests, per));
            let numbers: Vec<u128> = told.split('=').skip(1).map(|n| n.trim_end_matches(";w").parse().unwrap()).collect();
            prop_assert!(numbers[0] * u128::from(per) <= u128::from(requests) * numbers[1] * u128::from(SECOND));
        }

        #[test]
        fn any_traceparent_is_read_or_ignored(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = trace_id(&bytes);
        }
    }
}

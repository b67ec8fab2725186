//! What may be stored and when a copy may be used: RFC 9111, narrowed for a cache that many users share and
//! that is asked only when the origin fails (RFC 5861).

use crate::cache_control::{CacheControl, delta_seconds};
use crate::config::Stale;
use crate::headers::Headers;
use std::time::UNIX_EPOCH;

/// The fields of a stored response may take this many bytes.
const MAX_HEADER_BYTES: usize = 8192;
/// How far a clock may step back before the age of a copy counts as unknown.
pub(crate) const CLOCK_TOLERANCE_MS: u64 = 1000;

/// Fields that belong to one connection or one hop (RFC 9111 §3.1), or that are made anew for each answer.
const NOT_KEPT: [&str; 14] = [
    "age",
    "connection",
    "content-length",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
    "proxy-connection",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-request-id",
];

/// Why a response is not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request or the response says `no-store`, or its `Cache-Control` is malformed.
    #[error("no-store")]
    NoStore,
    /// The response is for one user only.
    #[error("private")]
    Private,
    /// Its use would need a revalidation: `no-cache`, `must-revalidate`, `proxy-revalidate` or `s-maxage`.
    #[error("must be revalidated")]
    MustRevalidate,
    /// The request is somebody's, and it is not known whose.
    #[error("authenticated")]
    Authenticated,
    /// It sets a cookie.
    #[error("sets a cookie")]
    SetCookie,
    /// It was selected by request fields that are not part of the key.
    #[error("varies by fields outside the key")]
    Vary,
    /// Its fields or its body are larger than what is kept.
    #[error("too large")]
    TooLarge,
}

/// What a request says about the use of copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    control: CacheControl,
    audience: Audience,
    /// Wall clock, milliseconds.
    sent_ms: u64,
}

/// Whom an answer to a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Audience {
    /// A principal, who has copies of its own.
    Principal,
    /// Somebody, and it is not known who: only what is public may be kept of it, or given to it.
    Somebody,
    /// Nobody in particular, as far as the request's own fields tell.
    Anybody,
}

impl Asked {
    /// `told_apart`: the rule has copies for each principal; `principal`: this request names one.
    pub(crate) fn new(request: &Headers, told_apart: bool, principal: bool, sent_ms: u64) -> Self {
        let credentials = request.has("authorization") || request.has("cookie");
        let audience = match (told_apart, principal) {
            (true, true) => Audience::Principal,
            (true, false) => Audience::Somebody,
            (false, _) if credentials => Audience::Somebody,
            (false, _) => Audience::Anybody,
        };
        Self {
            control: CacheControl::parse(request.all("cache-control")),
            audience,
            sent_ms,
        }
    }

    /// Whether the request forbids to keep its answer.
    pub(crate) const fn no_store(&self) -> bool {
        self.control.no_store
    }

    /// What is known when the proxy has been asked for a token, which it may have taken away. It is asked only if that
    /// makes a difference.
    pub(crate) fn with_token(self, verified: impl FnOnce() -> bool) -> Self {
        match self.audience {
            Audience::Anybody if verified() => Self {
                audience: Audience::Somebody,
                ..self
            },
            _ => self,
        }
    }

    /// RFC 9111 §3.5.
    fn only_public(&self) -> bool {
        self.audience == Audience::Somebody
    }
}

/// On what terms a copy is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// When the response came, wall clock in milliseconds.
    pub(crate) received_ms: u64,
    /// Milliseconds it was old by then (RFC 9111 §4.2.3).
    pub(crate) initial_age_ms: u64,
    /// Seconds of age up to which it is fresh.
    pub(crate) lifetime: u32,
    /// Seconds after that for which the origin lets it stand in for an error.
    pub(crate) stale_if_error: Option<u32>,
    /// Also for requests of somebody unknown.
    pub(crate) public: bool,
}

/// A copy that may be used now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usable {
    /// Seconds, for `Age`.
    pub age: u32,
    /// Seconds since it went stale, 0 when it has not.
    pub staleness: u32,
}

impl Terms {
    /// Judges a complete 200 response to a GET.
    pub fn judge(asked: &Asked, response: &Headers, stale: &Stale, now_ms: u64) -> Result<Self, Refusal> {
        let control = CacheControl::parse(response.all("cache-control"));
        if asked.control.no_store || control.no_store {
            return Err(Refusal::NoStore);
        }
        if control.private {
            return Err(Refusal::Private);
        }
        if control.no_cache || control.must_revalidate || control.s_maxage.is_some() {
            return Err(Refusal::MustRevalidate);
        }
        if asked.only_public() && !control.public {
            return Err(Refusal::Authenticated);
        }
        if response.has("set-cookie") {
            return Err(Refusal::SetCookie);
        }
        if !varies_within(response, &stale.vary) {
            return Err(Refusal::Vary);
        }
        Ok(Self {
            received_ms: now_ms,
            initial_age_ms: initial_age_ms(response, asked.sent_ms, now_ms),
            lifetime: lifetime(response, &control),
            stale_if_error: control.stale_if_error,
            public: control.public,
        })
    }

    /// Whether a copy on these terms may stand in for an error now. Every bound that is set holds: the
    /// configured one, the origin's and the caller's.
    pub fn usable(&self, asked: &Asked, stale: &Stale, now_ms: u64) -> Option<Usable> {
        if self.received_ms > now_ms.saturating_add(CLOCK_TOLERANCE_MS) {
            return None;
        }
        let resident_ms = now_ms.saturating_sub(self.received_ms);
        let age = u32::try_from(self.initial_age_ms.saturating_add(resident_ms) / 1000).unwrap_or(u32::MAX);
        let staleness = age.saturating_sub(self.lifetime);
        let within = |bound: Option<u32>, value: u32| bound.is_none_or(|bound| value <= bound);
        let allowed = !asked.control.no_cache
            && asked.control.min_fresh.is_none()
            && (self.public || !asked.only_public())
            && age <= stale.max_age
            && within(asked.control.max_age, age)
            && within(asked.control.stale_if_error, staleness)
            && within(self.stale_if_error, staleness);
        allowed.then_some(Usable { age, staleness })
    }
}

fn varies_within(response: &Headers, key: &[String]) -> bool {
    response.members("vary").all(|member| {
        key.iter()
            .any(|name| member.eq_ignore_ascii_case(name.as_bytes()))
    })
}

/// RFC 9111 §4.2.3: the larger of what the clocks say and what the caches on the way say.
fn initial_age_ms(response: &Headers, sent_ms: u64, now_ms: u64) -> u64 {
    let apparent = date(response, "date").map_or(0, |date| now_ms.saturating_sub(date.saturating_mul(1000)));
    let told = response
        .all("age")
        .next()
        .and_then(|value| delta_seconds(value.trim_ascii()));
    let corrected = u64::from(told.unwrap_or(0)).saturating_mul(1000);
    apparent.max(corrected.saturating_add(now_ms.saturating_sub(sent_ms)))
}

/// Without `max-age` or `Expires` a response is never fresh: there is no heuristic here.
fn lifetime(response: &Headers, control: &CacheControl) -> u32 {
    let from_dates = || {
        let expires = date(response, "expires")?;
        u32::try_from(expires.saturating_sub(date(response, "date")?)).ok()
    };
    control.max_age.or_else(from_dates).unwrap_or(0)
}

/// Seconds since 1970 of an HTTP-date.
fn date(headers: &Headers, name: &str) -> Option<u64> {
    let text = std::str::from_utf8(headers.only(name)?).ok()?;
    let time = httpdate::parse_http_date(text).ok()?;
    time.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs())
}

/// The fields of a response that its copy keeps.
pub(crate) fn kept_fields(response: &Headers) -> Result<Headers, Refusal> {
    let hop: Vec<Vec<u8>> = response
        .members("connection")
        .map(<[u8]>::to_ascii_lowercase)
        .collect();
    let kept = |name: &[u8]| {
        let name = name.to_ascii_lowercase();
        !name.starts_with(b":")
            && !name.starts_with(b"x-envoy-")
            && !NOT_KEPT.iter().any(|field| field.as_bytes() == name)
            && !hop.contains(&name)
    };
    let fields: Vec<_> = response
        .0
        .iter()
        .filter(|(name, _)| kept(name))
        .cloned()
        .collect();
    let size: usize = fields
        .iter()
        .map(|(name, value)| name.len().saturating_add(value.len()))
        .sum();
    if size <= MAX_HEADER_BYTES {
        Ok(Headers(fields))
    } else {
        Err(Refusal::TooLarge)
    }
}

#[cfg(test)]
mod tests;

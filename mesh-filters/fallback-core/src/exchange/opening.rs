//! What a request is to the rules. Reads as little as will decide: the path first, and all headers only if a
//! rule that keeps copies may be concerned.

use super::{CacheUse, Ticket, Waiting};
use crate::config::{Body, Principal, Rule, Stale};
use crate::grpc;
use crate::headers::Headers;
use crate::host::{Host, Message};
use crate::key::Resource;
use crate::policy::Asked;
use crate::worker::{RuleSet, Worker};

/// `None` when no rule is concerned.
pub(super) fn open(worker: &Worker, host: &impl Host) -> Option<Waiting> {
    let path = host.header(Message::Request, ":path")?;
    let rules = worker.narrow(worker.all(), |rule| rule.request.path(&path));
    if rules.is_empty() {
        return None;
    }
    let waiting = match rules.and(worker.keeping).is_empty() {
        true => open_plain(worker, host, rules)?,
        false => open_with_cache(worker, host, rules, &path)?,
    };
    let concerned = !waiting.rules.is_empty() || matches!(waiting.cache, CacheUse::Change { .. });
    concerned.then_some(waiting)
}

fn open_plain(worker: &Worker, host: &impl Host, rules: RuleSet) -> Option<Waiting> {
    let method = host.header(Message::Request, ":method")?;
    let mut rules = worker.narrow(rules, |rule| rule.request.method(&method));
    if worker
        .first(rules, |rule| rule.request.authority.is_some())
        .is_some()
    {
        let authority = host.header(Message::Request, ":authority").unwrap_or_default();
        rules = worker.narrow(rules, |rule| rule.request.authority(&authority));
    }
    let content_type = || host.header(Message::Request, "content-type");
    let grpc =
        !rules.is_empty() && method == b"POST" && content_type().is_some_and(|value| grpc::is_grpc(&value));
    let traceparent = tells_trace(worker, rules)
        .then(|| host.header(Message::Request, "traceparent"))
        .flatten();
    Some(Waiting {
        rules,
        grpc,
        traceparent,
        cache: CacheUse::None,
    })
}

fn open_with_cache(worker: &Worker, host: &impl Host, rules: RuleSet, path: &[u8]) -> Option<Waiting> {
    let request = host.headers(Message::Request)?;
    let method = request.only(":method")?;
    let authority = request.only(":authority").unwrap_or_default();
    let of_resource = worker.narrow(rules, |rule| rule.request.authority(authority));
    let rules = worker.narrow(of_resource, |rule| rule.request.method(method));
    let grpc = method == b"POST" && request.only("content-type").is_some_and(grpc::is_grpc);
    let visit = Visit {
        worker,
        host,
        request: &request,
        authority,
        path,
    };
    let cache = match method {
        b"GET" | b"HEAD" => visit.ticket(rules, method == b"GET").map(CacheUse::Copy),
        b"OPTIONS" | b"TRACE" => None,
        _ => visit.change(of_resource),
    };
    let traceparent = tells_trace(worker, rules)
        .then(|| request.only("traceparent"))
        .flatten();
    Some(Waiting {
        rules,
        grpc,
        traceparent: traceparent.map(<[u8]>::to_vec),
        cache: cache.unwrap_or(CacheUse::None),
    })
}

fn tells_trace(worker: &Worker, rules: RuleSet) -> bool {
    let tells = |rule: &Rule| {
        rule.respond
            .as_ref()
            .is_some_and(|respond| matches!(respond.body, Body::Problem(_)))
    };
    worker.first(rules, tells).is_some()
}

struct Visit<'a, H> {
    worker: &'a Worker,
    host: &'a H,
    request: &'a Headers,
    authority: &'a [u8],
    path: &'a [u8],
}

impl<H: Host> Visit<'_, H> {
    fn ticket(&self, rules: RuleSet, is_get: bool) -> Option<Ticket> {
        let rule = self.worker.first(rules, |rule| rule.stale.is_some())?;
        let stale = self.worker.stale(rule)?;
        let principal = self.principal(stale);
        let resource = Resource::new(self.authority, self.path, principal.as_deref());
        let key = resource.variant(&stale.vary, self.request)?;
        let now_ms = self.host.now_ms();
        let wanted = is_get && self.worker.refresh.is_due(key.fingerprint, now_ms);
        let asked = Asked::new(self.request, principal.is_some(), now_ms);
        Some(Ticket {
            rule,
            key,
            asked,
            wanted,
        })
    }

    /// What the request's principal has stored of the resource, and what is stored for everybody.
    fn change(&self, rules: RuleSet) -> Option<CacheUse> {
        let rule = self.worker.first(rules, |rule| rule.stale.is_some())?;
        let principal = self.principal(self.worker.stale(rule)?);
        let mut resources = vec![Resource::new(self.authority, self.path, None)];
        resources
            .extend(principal.map(|principal| Resource::new(self.authority, self.path, Some(&principal))));
        Some(CacheUse::Change { rule, resources })
    }

    /// `None` when nobody is named, or more than one.
    fn principal(&self, stale: &Stale) -> Option<Vec<u8>> {
        let named = match stale.principal.as_ref()? {
            Principal::Header(name) => self.request.only(name).map(<[u8]>::to_vec),
            Principal::JwtClaim(claim) => self.host.property(&[
                "metadata",
                "filter_metadata",
                "envoy.filters.http.jwt_authn",
                "payload",
                claim,
            ]),
        };
        named.filter(|principal| !principal.is_empty())
    }
}

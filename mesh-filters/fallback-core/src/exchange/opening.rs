//! What a request is to the rules. All its headers are read at once, which costs no more than to read one of them. The
//! path is looked at first; each header is copied only if a rule that keeps copies may be concerned.

use super::{CacheUse, Ticket, Waiting};
use crate::config::{Body, Principal, Rule, Stale};
use crate::grpc;
use crate::headers::Headers;
use crate::host::{Host, Message};
use crate::key::{Name, Resource};
use crate::policy::Asked;
use crate::target;
use crate::worker::{RuleSet, Worker};
use holdfast_filter_abi::HeaderBlock;

/// `None` when no rule is concerned.
pub(super) fn open(worker: &Worker, host: &impl Host) -> Option<Waiting> {
    let request = host.block(Message::Request)?;
    let path = request.first(":path")?;
    let rules = worker.narrow(worker.all(), |rule| rule.request.path(path));
    if rules.is_empty() {
        return None;
    }
    let waiting = match rules.and(worker.keeping).is_empty() {
        true => open_plain(worker, &request, rules)?,
        false => open_with_cache(worker, host, rules, &Headers(request.pairs().ok()?))?,
    };
    let concerned = !waiting.rules.is_empty() || matches!(waiting.cache, CacheUse::Change(_));
    concerned.then_some(waiting)
}

fn open_plain(worker: &Worker, request: &HeaderBlock, rules: RuleSet) -> Option<Waiting> {
    let method = request.first(":method")?;
    let authority = request.first(":authority").unwrap_or_default();
    let rules = worker.narrow(rules, |rule| {
        rule.request.method(method) && rule.request.authority(authority)
    });
    let grpc = method == b"POST" && request.first("content-type").is_some_and(grpc::is_grpc);
    let traceparent = tells_trace(worker, rules)
        .then(|| request.first("traceparent"))
        .flatten();
    Some(Waiting {
        rules,
        grpc,
        traceparent: traceparent.map(<[u8]>::to_vec),
        cache: CacheUse::None,
    })
}

fn open_with_cache(worker: &Worker, host: &impl Host, rules: RuleSet, request: &Headers) -> Option<Waiting> {
    let path = request.all(":path").next()?;
    let method = request.only(":method")?;
    let authority = request.only(":authority").unwrap_or_default();
    let of_resource = worker.narrow(rules, |rule| rule.request.authority(authority));
    let rules = worker.narrow(of_resource, |rule| rule.request.method(method));
    let grpc = method == b"POST" && request.only("content-type").is_some_and(grpc::is_grpc);
    let visit = Visit {
        worker,
        host,
        request,
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
        let name = self.name(rule)?;
        let principal = self.principal(stale);
        let resource = Resource::new(&name, principal.as_deref());
        let key = resource.variant(&stale.vary, self.request)?;
        let now_ms = self.host.now_ms();
        let asked = Asked::new(
            self.request,
            stale.principal.is_some(),
            principal.is_some(),
            now_ms,
        );
        let wanted = is_get && !asked.no_store() && self.worker.refresh.is_due(key.fingerprint, now_ms);
        Some(Ticket {
            rule,
            key,
            asked,
            wanted,
        })
    }

    /// What each rule has of the resource, for the request's principal and for everybody.
    fn change(&self, rules: RuleSet) -> Option<CacheUse> {
        let mut resources = Vec::new();
        for rule in rules.and(self.worker.keeping).iter() {
            let Some(name) = self.name(rule) else { continue };
            let principal = self.worker.stale(rule).and_then(|stale| self.principal(stale));
            resources.push((rule, Resource::new(&name, None)));
            resources.extend(principal.map(|principal| (rule, Resource::new(&name, Some(&principal)))));
        }
        (!resources.is_empty()).then_some(CacheUse::Change(resources))
    }

    /// `None` when no copies are kept of what is asked for.
    fn name(&self, rule: usize) -> Option<Name<'_>> {
        let of_rule = self.worker.rule(rule)?;
        let stale = of_rule.stale.as_ref()?;
        let kind = target::kind(self.path, &stale.query)?;
        Some(Name {
            part: self.worker.part(rule, kind),
            rule: &of_rule.name,
            authority: (!stale.any_host).then_some(self.authority),
            path: self.path,
        })
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

//! What a caller gets in place of a failure.

use super::{Action, CacheUse, Ticket, Waiting};
use crate::config::Rule;
use crate::entry::Entry;
use crate::grpc;
use crate::host::{Event, Host, Message};
use crate::policy::Usable;
use crate::reply::{self, Failure, Reply};
use crate::worker::{RuleSet, Worker};

/// `response.code_details` of a response that the upstream itself has sent.
const BY_UPSTREAM: &[u8] = b"via_upstream";

/// Replaces a failed response by a copy, else by the rule's answer, else leaves it.
pub(super) fn rescue(worker: &Worker, host: &impl Host, waiting: &Waiting, at: usize) -> Action {
    let Some(rule) = worker.rule(at) else {
        return Action::Continue;
    };
    let failure = failure(host, waiting);
    let mut missed = false;
    if let (Some(_), CacheUse::Copy(ticket)) = (&rule.stale, &waiting.cache) {
        if let Some((entry, usable)) = find(worker, host, ticket, rule) {
            return send(
                host,
                at,
                Event::StaleHit,
                &reply::copy(&rule.name, entry, usable, &failure),
            );
        }
        host.count(at, Event::StaleMiss);
        missed = true;
    }
    match &rule.respond {
        Some(respond) if waiting.grpc => send(
            host,
            at,
            Event::Static,
            &reply::grpc(&rule.name, respond, &failure),
        ),
        Some(respond) => send(
            host,
            at,
            Event::Static,
            &reply::fixed(&rule.name, respond, &failure, missed),
        ),
        None => {
            host.count(at, Event::Unanswered);
            Action::Continue
        }
    }
}

fn find(worker: &Worker, host: &impl Host, ticket: &Ticket, rule: &Rule) -> Option<(Entry, Usable)> {
    let entry = worker.table.find(host, &ticket.key)?;
    let asked = match entry.terms.public {
        true => ticket.asked,
        false => ticket.asked.with_token(|| host.token_verified()),
    };
    let usable = entry.terms.usable(&asked, rule.stale.as_ref()?, host.now_ms())?;
    Some((entry, usable))
}

fn send(host: &impl Host, rule: usize, event: Event, reply: &Reply<'_>) -> Action {
    if !host.reply(reply) {
        host.count(rule, Event::Unanswered);
        return Action::Continue;
    }
    host.count(rule, event);
    Action::Replaced
}

fn failure(host: &impl Host, waiting: &Waiting) -> Failure {
    let details = host.property(&["response", "code_details"]);
    let by_upstream = details.is_some_and(|details| details == BY_UPSTREAM);
    Failure {
        upstream: by_upstream.then(|| super::status(host)).flatten(),
        trace_id: waiting.traceparent.as_deref().and_then(reply::trace_id),
    }
}

/// A gRPC call that failed after its headers, but before any message, gets the rule's status in its trailers.
pub(super) fn trailers(worker: &Worker, host: &impl Host, rules: RuleSet) {
    let Some(status) = host
        .header(Message::ResponseTrailers, "grpc-status")
        .as_deref()
        .and_then(grpc::to_http)
    else {
        return;
    };
    let failed = worker.first(rules, |rule| rule.statuses.contains(&status));
    let Some((at, rule)) = failed.and_then(|at| Some((at, worker.rule(at)?))) else {
        return;
    };
    match &rule.respond {
        Some(respond) => {
            host.set_trailer("grpc-status", &respond.grpc.status.to_string());
            host.set_trailer("grpc-message", &grpc::encode_message(&respond.grpc.message));
            host.count(at, Event::Static);
        }
        None => host.count(at, Event::Unanswered),
    }
}

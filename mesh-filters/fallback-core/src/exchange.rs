//! One request and its response, from callback to callback.
//!
//! Nothing is held back: a response either passes while it is read along, or is replaced before its headers
//! went out. A proxy answers gRPC requests of its own accord with status 200 and the failure in `grpc-status`,
//! so that is where the failure of a gRPC call is looked for.

mod opening;
mod rescue;

use crate::entry::Entry;
use crate::grpc;
use crate::host::{Event, Host, Message};
use crate::key::{Key, Resource};
use crate::policy::{Asked, Refusal, Terms, kept_fields};
use crate::refresh::Permit;
use crate::table::Outcome;
use crate::worker::{RuleSet, Worker};

/// What the proxy is to do with the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Let it pass.
    Continue,
    /// Stop: it was replaced.
    Replaced,
}

/// The state of one stream. It starts out as one that is no business of any rule.
#[derive(Debug, Default)]
pub struct Exchange {
    phase: Phase,
}

#[derive(Debug, Default)]
enum Phase {
    /// No rule is concerned, or all is done. A reply of our own that comes by again is let through.
    #[default]
    Done,
    /// The response's headers are awaited.
    Waiting(Box<Waiting>),
    /// A gRPC answer has begun well; its status comes in the trailers.
    Trailers { rules: RuleSet, messages: bool },
    /// A good response is being copied.
    Collecting(Box<Collecting>),
}

#[derive(Debug)]
struct Waiting {
    /// Rules whose conditions on the request hold.
    rules: RuleSet,
    grpc: bool,
    /// As it came; only if a rule would tell it.
    traceparent: Option<Vec<u8>>,
    cache: CacheUse,
}

/// What the request has to do with stored copies.
#[derive(Debug)]
enum CacheUse {
    None,
    /// It can be answered by one, and may bring one.
    Copy(Ticket),
    /// It changes resources, of which copies may be stored under these rules.
    Change(Vec<(usize, Resource)>),
}

#[derive(Debug)]
struct Ticket {
    rule: usize,
    key: Key,
    asked: Asked,
    /// Whether the response is to be stored if it may be.
    wanted: bool,
}

#[derive(Debug)]
struct Collecting {
    rule: usize,
    key: Key,
    entry: Entry,
    /// What `content-length` has promised.
    expected: Option<usize>,
    _permit: Permit,
}

impl Exchange {
    /// The request's headers have come.
    pub fn open(worker: &Worker, host: &impl Host) -> Self {
        Self {
            phase: opening::open(worker, host)
                .map_or(Phase::Done, |waiting| Phase::Waiting(Box::new(waiting))),
        }
    }

    /// The response's headers have come. `end`: nothing follows.
    pub fn response_headers(&mut self, worker: &Worker, host: &impl Host, end: bool) -> Action {
        let Phase::Waiting(waiting) = std::mem::take(&mut self.phase) else {
            return Action::Continue;
        };
        let Some(status) = status(host) else {
            return Action::Continue;
        };
        if let Some(rule) = waiting.failed_rule(worker, host, status, end) {
            return rescue::rescue(worker, host, &waiting, rule);
        }
        self.phase = waiting.passed(worker, host, status, end);
        if end {
            self.finish(worker, host);
        }
        Action::Continue
    }

    /// `size` bytes of the response's body have come. `end`: nothing follows.
    pub fn response_body(&mut self, worker: &Worker, host: &impl Host, size: usize, end: bool) {
        match &mut self.phase {
            Phase::Trailers { messages, .. } => *messages |= size > 0,
            Phase::Collecting(collecting) if size > 0 => {
                let limit = usize::try_from(worker.config().cache.max_body_bytes).unwrap_or(0);
                if collecting.add(host, size, limit).is_none() {
                    host.count(collecting.rule, Event::NotStored);
                    self.phase = Phase::Done;
                }
            }
            _ => {}
        }
        if end {
            self.finish(worker, host);
        }
    }

    /// The response's trailers have come, and nothing follows. Those of a stored response are not kept.
    pub fn response_trailers(&mut self, worker: &Worker, host: &impl Host) {
        if let Phase::Trailers {
            rules,
            messages: false,
        } = self.phase
        {
            rescue::trailers(worker, host, rules);
        }
        self.finish(worker, host);
    }

    fn finish(&mut self, worker: &Worker, host: &impl Host) {
        if let Phase::Collecting(collecting) = std::mem::take(&mut self.phase) {
            collecting.store(worker, host);
        }
    }
}

fn status(host: &impl Host) -> Option<u16> {
    std::str::from_utf8(&host.header(Message::Response, ":status")?)
        .ok()?
        .parse()
        .ok()
}

impl Waiting {
    fn failed_rule(&self, worker: &Worker, host: &impl Host, status: u16, end: bool) -> Option<usize> {
        let failure = match self.grpc && status == 200 && end {
            true => grpc::to_http(&host.header(Message::Response, "grpc-status")?)?,
            false => status,
        };
        worker.first(self.rules, |rule| rule.statuses.contains(&failure))
    }

    /// A response that no rule replaces.
    fn passed(self, worker: &Worker, host: &impl Host, status: u16, end: bool) -> Phase {
        match self.cache {
            CacheUse::Change(resources) if (200..400).contains(&status) => {
                forget(worker, host, &resources);
                Phase::Done
            }
            CacheUse::Copy(ticket) if status == 200 && ticket.wanted => ticket.collect(worker, host),
            _ if self.grpc && status == 200 && !end => Phase::Trailers {
                rules: self.rules,
                messages: false,
            },
            _ => Phase::Done,
        }
    }
}

/// RFC 9111 §4.4: a change that succeeded makes the copies of its resource useless.
fn forget(worker: &Worker, host: &impl Host, resources: &[(usize, Resource)]) {
    for (rule, resource) in resources {
        match worker.table.forget(host, resource) {
            Some(dropped) => (0..dropped).for_each(|_| host.count(*rule, Event::Invalidated)),
            None => host.count(*rule, Event::Contended),
        }
    }
}

impl Ticket {
    fn collect(self, worker: &Worker, host: &impl Host) -> Phase {
        let now_ms = host.now_ms();
        let entry = self.judge(worker, host, now_ms);
        // What one request may not store, the next may, which is another's.
        if !matches!(entry, Some(Err(Refusal::Authenticated))) {
            worker.refresh.mark(self.key.fingerprint, now_ms);
        }
        let begun = entry.and_then(Result::ok).zip(worker.refresh.permit());
        let Some(((entry, expected), permit)) = begun else {
            host.count(self.rule, Event::NotStored);
            return Phase::Done;
        };
        Phase::Collecting(Box::new(Collecting {
            rule: self.rule,
            key: self.key,
            entry,
            expected,
            _permit: permit,
        }))
    }

    /// What is to be kept, without its body, of which the length may be promised. `None` when the proxy tells nothing.
    fn judge(
        &self,
        worker: &Worker,
        host: &impl Host,
        now_ms: u64,
    ) -> Option<Result<(Entry, Option<usize>), Refusal>> {
        let stale = worker.stale(self.rule)?;
        let response = host.headers(Message::Response)?;
        let entry = || {
            let asked = self.asked.with_token(|| host.token_verified());
            let terms = Terms::judge(&asked, &response, stale, now_ms)?;
            let limit = worker.config().cache.max_body_bytes;
            let expected = content_length(response.only("content-length"), limit)?;
            let entry = Entry {
                terms,
                headers: kept_fields(&response)?,
                body: Vec::new(),
            };
            Ok((entry, expected))
        };
        Some(entry())
    }
}

/// The promised length, if there is one and it is one that is kept.
fn content_length(value: Option<&[u8]>, limit: u32) -> Result<Option<usize>, Refusal> {
    let Some(value) = value else { return Ok(None) };
    let length = std::str::from_utf8(value)
        .ok()
        .and_then(|text| text.parse::<u32>().ok());
    let kept = length
        .filter(|&length| length <= limit)
        .ok_or(Refusal::TooLarge)?;
    usize::try_from(kept).map(Some).map_err(|_| Refusal::TooLarge)
}

impl Collecting {
    /// `None` when the body is larger than what is kept, or cannot be read.
    fn add(&mut self, host: &impl Host, size: usize, limit: usize) -> Option<()> {
        let total = self.entry.body.len().saturating_add(size);
        let chunk = (total <= limit)
            .then(|| host.body(size))
            .flatten()
            .filter(|chunk| chunk.len() == size)?;
        self.entry.body.extend_from_slice(&chunk);
        Some(())
    }

    fn store(self, worker: &Worker, host: &impl Host) {
        if self
            .expected
            .is_some_and(|expected| expected != self.entry.body.len())
        {
            return host.count(self.rule, Event::NotStored);
        }
        if !worker.shrunk.replace(true) {
            worker.table.shrink(host);
        }
        let outcome = worker.table.store(host, &self.key, &self.entry, || host.now_ms());
        match outcome {
            Outcome::Stored { evicted } => {
                host.count(self.rule, Event::Stored);
                if evicted {
                    host.count(self.rule, Event::Evicted);
                }
            }
            Outcome::Older => {}
            Outcome::Contended => host.count(self.rule, Event::Contended),
        }
    }
}

#[cfg(test)]
mod tests;

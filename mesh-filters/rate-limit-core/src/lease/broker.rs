//! Leases tokens from the quota service for all workers of a proxy, from the root context's tick.

use std::cell::RefCell;
use std::collections::HashMap;

use holdfast_filter_abi::{CallId, Callout, GrpcCall, GrpcStatus, Host};
use prost::Message;

use super::board;
use super::demand::{Bucket, Demand, Fingerprint, Wish, tag};
use super::wire::{KeyDemand, LeaseRequest, LeaseResponse, Limit, METHOD, RuleDemand, RuleLeases, SERVICE};
use super::{Lease, MOST_TOKENS};
use crate::config::{Quota, Rule};
use crate::gcra::Source;
use crate::limiter::{Decision, Error, Grant, Granted, Limiter, shared_key};

/// How many ticks an answer without tokens holds: after that the service counts as away.
const EMPTY_TICKS: u64 = 10;

/// The side of one worker that deals with the quota service.
#[derive(Debug)]
pub struct Broker {
    quota: Quota,
    board_key: Vec<u8>,
    demand: Demand,
    /// Calls under way.
    sent: RefCell<HashMap<CallId, Sent>>,
}

/// A call under way.
#[derive(Debug, Clone)]
struct Sent {
    at: u64,
    /// Places of the rules that it asks for.
    rules: Vec<usize>,
}

/// What came of a tick.
#[derive(Debug, PartialEq, Eq, Default)]
pub struct Ticked {
    /// Keys that are not asked for: more were active than are asked for at once.
    pub dropped: u32,
    /// Places of the rules whose call could not even begin.
    pub failed: Vec<usize>,
}

/// What came of an answer.
#[derive(Debug, PartialEq, Eq, Default)]
pub struct Answered {
    /// Places of rules, and the tokens leased for each.
    pub leased: Vec<(usize, u32)>,
    /// Places of the rules whose keys were not decided on.
    pub failed: Vec<usize>,
    /// What the leases did to the table.
    pub granted: Granted,
}

impl Broker {
    /// A broker of this plugin.
    #[must_use]
    pub fn new(plugin: &str, quota: Quota) -> Self {
        Self {
            quota,
            board_key: [&shared_key(plugin)[..], b"wishes"].concat(),
            demand: Demand::default(),
            sent: RefCell::default(),
        }
    }

    /// Remembers what a request wanted of the rules of scope `cluster`, which decided as they did. The number of
    /// keys for which there is no room.
    ///
    /// A request that another limit of this proxy refused wanted nothing.
    pub fn note<'a>(&self, asked: impl Iterator<Item = (&'a Rule, &'a [u8])>, decision: &Decision) -> u32 {
        let refused = |(verdict, enforced): (&crate::gcra::Verdict, bool)| {
            enforced && !verdict.allowed && verdict.source == Source::Bucket
        };
        let asked: Vec<_> = asked.collect();
        let enforced = asked.iter().map(|(rule, _)| rule.enforced);
        if decision.verdicts.iter().zip(enforced).any(refused) {
            return 0;
        }
        let mut dropped = 0;
        for ((rule, key), verdict) in asked.iter().zip(&decision.verdicts) {
            let (Some(_), Ok(key)) = (rule.floor, Fingerprint::try_from(*key)) else {
                continue;
            };
            let spent = decision.allowed && verdict.allowed && verdict.source == Source::Floor;
            let bucket = Bucket {
                rule: tag(&rule.name),
                key,
            };
            let wish = Wish {
                wanted: 1,
                spent: u32::from(spent),
            };
            dropped += u32::from(!self.demand.add(bucket, wish));
        }
        dropped
    }

    /// Puts this worker's wishes on the board, and asks for all workers if it is its turn.
    ///
    /// # Errors
    /// Those of the proxy's shared data.
    pub fn tick(
        &self,
        host: &(impl Host + Callout),
        limiter: &Limiter,
        rules: &[Rule],
    ) -> Result<Ticked, Error> {
        let (now, tick) = (host.monotonic()?, nanoseconds(self.quota.tick));
        self.forget(now);
        let turn = board::put(host, &self.board_key, now, tick, &self.demand.take())?;
        let mut ticked = Ticked {
            dropped: turn.dropped,
            failed: Vec::new(),
        };
        let asks = turn
            .ask
            .map(|wishes| self.asks(host, limiter, rules, &wishes, now));
        let asks = asks.transpose()?.unwrap_or_default();
        if asks.is_empty() {
            return Ok(ticked);
        }
        let places: Vec<usize> = asks.iter().map(|(place, _)| *place).collect();
        let request = LeaseRequest {
            domain: self.quota.domain.clone(),
            rules: asks.into_iter().map(|(_, demand)| demand).collect(),
        };
        let call = host.grpc_call(&GrpcCall {
            cluster: &self.quota.cluster,
            authority: &self.quota.authority,
            service: SERVICE,
            method: METHOD,
            message: &request.encode_to_vec(),
            timeout: self.quota.timeout,
        });
        match (call, self.sent.try_borrow_mut()) {
            (Ok(call), Ok(mut sent)) => {
                sent.insert(
                    call,
                    Sent {
                        at: now,
                        rules: places,
                    },
                );
            }
            _ => ticked.failed = places,
        }
        Ok(ticked)
    }

    /// Takes what a call has brought.
    ///
    /// # Errors
    /// Those of the proxy's shared data. Tokens may then be lost, never used twice.
    pub fn reply(
        &self,
        host: &impl Host,
        limiter: &Limiter,
        rules: &[Rule],
        call: CallId,
        reply: Result<Vec<u8>, GrpcStatus>,
    ) -> Result<Answered, Error> {
        let sent = self
            .sent
            .try_borrow_mut()
            .ok()
            .and_then(|mut sent| sent.remove(&call));
        let Some(sent) = sent else {
            return Ok(Answered::default());
        };
        let response = reply
            .ok()
            .and_then(|message| LeaseResponse::decode(&*message).ok());
        let Some(response) = response else {
            return Ok(Answered {
                failed: sent.rules,
                ..Answered::default()
            });
        };
        let mut answered = Answered::default();
        let mut grants = Vec::new();
        for place in sent.rules {
            let rule = rules.get(place);
            let leases = rule.and_then(|rule| response.rules.iter().find(|leases| leases.rule == rule.name));
            let (Some(rule), Some(leases)) = (rule, leases) else {
                answered.failed.push(place);
                continue;
            };
            let tokens = leases
                .keys
                .iter()
                .fold(0u32, |sum, key| sum.saturating_add(key.tokens));
            answered.leased.push((place, tokens));
            grants.extend(self.grants(&rule.name, leases, sent.at));
        }
        answered.granted = limiter.grant(host, &grants)?;
        Ok(answered)
    }

    /// Time runs from when the request was sent: the service has given the tokens after that, so none is used later
    /// than it allows.
    fn grants<'a>(
        &self,
        rule: &'a str,
        leases: &'a RuleLeases,
        sent_at: u64,
    ) -> impl Iterator<Item = Grant<'a>> {
        let lease = leases.lease_milliseconds.saturating_mul(1_000_000);
        let empty = lease.min(nanoseconds(self.quota.tick).saturating_mul(EMPTY_TICKS));
        leases.keys.iter().filter_map(move |key| {
            let holds = if key.tokens == 0 { empty } else { lease };
            Some(Grant {
                rule,
                key: Fingerprint::try_from(&*key.key).ok()?,
                lease: Lease::new(key.tokens, sent_at.saturating_add(holds)),
            })
        })
    }

    /// What to ask for, by rule. Half as much again as was wanted, so that a growing demand finds something, and less
    /// what is still there.
    fn asks(
        &self,
        host: &impl Host,
        limiter: &Limiter,
        rules: &[Rule],
        wishes: &[(Bucket, Wish)],
        now: u64,
    ) -> Result<Vec<(usize, RuleDemand)>, Error> {
        let mut asks = Vec::new();
        let soon = now.saturating_add(nanoseconds(self.quota.tick).saturating_mul(2));
        for (place, rule) in rules.iter().enumerate().filter(|(_, rule)| rule.floor.is_some()) {
            let tag = tag(&rule.name);
            let wishes: Vec<_> = wishes.iter().filter(|(bucket, _)| bucket.rule == tag).collect();
            if wishes.is_empty() {
                continue;
            }
            let keys: Vec<_> = wishes
                .iter()
                .map(|(bucket, _)| (rule.name.as_str(), bucket.key))
                .collect();
            let stocks = limiter.stocks(host, &keys, soon)?;
            let keys: Vec<_> = wishes
                .iter()
                .zip(stocks)
                .filter_map(|(wish, stock)| ask(wish, stock))
                .collect();
            if !keys.is_empty() {
                asks.push((
                    place,
                    RuleDemand {
                        rule: rule.name.clone(),
                        limit: Some(wire_limit(rule)),
                        keys,
                    },
                ));
            }
        }
        Ok(asks)
    }

    /// A call whose end is never told would be remembered for ever.
    fn forget(&self, now: u64) {
        let long_ago = nanoseconds(self.quota.timeout).saturating_mul(4);
        if let Ok(mut sent) = self.sent.try_borrow_mut() {
            sent.retain(|_, sent| now.saturating_sub(sent.at) < long_ago);
        }
    }
}

fn ask((bucket, wish): &(Bucket, Wish), stock: u32) -> Option<KeyDemand> {
    let ahead = wish.wanted.saturating_add(wish.wanted / 2).min(MOST_TOKENS);
    let wanted = ahead.saturating_sub(stock);
    (wanted > 0 || wish.spent > 0).then(|| KeyDemand {
        key: bucket.key.to_vec(),
        wanted,
        spent: wish.spent,
    })
}

fn wire_limit(rule: &Rule) -> Limit {
    Limit {
        requests: rule.limit.requests(),
        per_milliseconds: rule.limit.per() / 1_000_000,
        // At most that of the configuration, thus a u32.
        burst: u32::try_from(rule.limit.burst()).unwrap_or(u32::MAX),
    }
}

fn nanoseconds(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;

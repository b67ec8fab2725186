//! The rate-limit filter: `holdfast-rate-limit-core` between a proxy's request and its upstream.
//!
//! When no decision is possible (the proxy fails, see `rate_limit.errors`) the request passes: a limiter
//! that is out of order must not be an outage.
#![deny(clippy::indexing_slicing, clippy::string_slice, clippy::unreachable)]

use std::time::Duration;

use holdfast_filter_abi::{Action, CallId, Callout, Exchange, Filter, GrpcStatus, HeaderMap, Host, Plugin};
use holdfast_rate_limit_core::answer::{self, Outcome, Refusal};
use holdfast_rate_limit_core::config::{self, Rule};
use holdfast_rate_limit_core::lease::broker::Broker;
use holdfast_rate_limit_core::limiter::{Ask, Limiter};
use holdfast_rate_limit_core::meters::Meters;
use holdfast_rate_limit_core::request::Matcher;

/// The filter with one configuration, on one worker.
pub struct RateLimit {
    rules: Vec<Rule>,
    matcher: Matcher,
    limiter: Limiter,
    meters: Meters,
    /// If a rule is of scope `cluster`, and how often it asks.
    broker: Option<(Broker, Duration)>,
}

/// The `RateLimit` field that the response will carry; none if the request was refused or no rule applied.
#[derive(Default)]
pub struct Stream(Option<String>);

impl Filter for RateLimit {
    type Stream = Stream;

    fn configure(host: &impl Host, plugin: Plugin<'_>) -> Result<Self, String> {
        let config = config::parse(plugin.name, plugin.config).map_err(|e| e.to_string())?;
        let has_cluster = config.rules.iter().any(|rule| rule.floor.is_some());
        let quota = config.quota.filter(|_| has_cluster);
        Ok(Self {
            broker: quota.map(|quota| {
                let tick = quota.tick;
                (Broker::new(plugin.name, quota), tick)
            }),
            matcher: Matcher::new(&config.rules),
            limiter: Limiter::new(plugin.name, config.slots),
            meters: Meters::define(host, &config.rules).map_err(|e| format!("metrics: {e}"))?,
            rules: config.rules,
        })
    }

    fn tick(&self) -> Option<Duration> {
        self.broker.as_ref().map(|(_, tick)| *tick)
    }

    fn on_tick(&self, host: &(impl Callout + Host)) {
        let Some((broker, _)) = &self.broker else {
            return;
        };
        match broker.tick(host, &self.limiter, &self.rules) {
            Ok(ticked) => self.meters.ticked(host, &ticked),
            Err(error) => self.meters.unleased(host, &error),
        }
    }

    fn on_grpc_reply(&self, host: &impl Host, call: CallId, reply: Result<Vec<u8>, GrpcStatus>) {
        let Some((broker, _)) = &self.broker else {
            return;
        };
        match broker.reply(host, &self.limiter, &self.rules, call, reply) {
            Ok(answered) => self.meters.answered(host, &answered),
            Err(error) => self.meters.unleased(host, &error),
        }
    }

    fn on_request_headers(&self, stream: &mut Stream, proxy: &(impl Exchange + Host), _end: bool) -> Action {
        #[cfg(all(feature = "trap", target_arch = "wasm32"))]
        if matches!(proxy.header(HeaderMap::Request, "x-trap"), Ok(Some(_))) {
            core::arch::wasm32::unreachable()
        }
        let matches = self.matcher.matches(proxy);
        let rules: Vec<(usize, &Rule)> = matches
            .iter()
            .filter_map(|m| Some((m.rule, self.rules.get(m.rule)?)))
            .collect();
        if rules.is_empty() {
            return Action::Continue;
        }
        let asks: Vec<Ask<'_>> = rules
            .iter()
            .zip(&matches)
            .map(|((_, rule), m)| rule.ask(&m.key))
            .collect();
        let decision = match self.limiter.decide(proxy, &asks) {
            Ok(decision) => decision,
            Err(error) => {
                self.meters.undecided(proxy, &error);
                return Action::Continue;
            }
        };
        self.meters.decided(proxy, &rules, &decision);
        if let Some((broker, _)) = &self.broker {
            let asked = rules.iter().zip(&matches).map(|((_, rule), m)| (*rule, &*m.key));
            self.meters.dropped(proxy, broker.note(asked, &decision));
        }
        let verdicts = rules.iter().zip(&decision.verdicts);
        let outcomes: Vec<Outcome<'_>> = verdicts.filter_map(|((_, rule), v)| rule.outcome(v)).collect();
        if !decision.allowed && Refusal::new(&outcomes, proxy).send(proxy).is_ok() {
            return Action::Pause;
        }
        stream.0 = Some(answer::state(&outcomes)).filter(|field| !field.is_empty());
        Action::Continue
    }

    fn on_response_headers(&self, stream: &mut Stream, proxy: &(impl Exchange + Host), _end: bool) -> Action {
        if let Some(field) = stream.0.take() {
            // A response without this field is still a good response.
            let _ = proxy.add_header(HeaderMap::Response, "ratelimit", field.as_bytes());
        }
        Action::Continue
    }
}

holdfast_filter_abi::export!(RateLimit: request_headers, response_headers, tick, grpc_reply);

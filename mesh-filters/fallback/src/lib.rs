//! The fallback filter: `holdfast_fallback_core` on the proxy's ABI.

mod port;

use holdfast_fallback_core::{self as core, Config, Event, Exchange as Stream, Worker};
use holdfast_filter_abi::{Action, Counter, Exchange, Filter, Host, Level, Plugin};
use port::Port;

/// One configuration on one worker, and the counters of its rules.
pub struct Fallback {
    worker: Worker,
    counters: Vec<Vec<Counter>>,
}

impl Filter for Fallback {
    type Stream = Stream;

    fn configure(host: &impl Host, plugin: Plugin<'_>) -> Result<Self, String> {
        let config = Config::parse(plugin.config).map_err(|error| error.to_string())?;
        let counter = |rule: &str, event: Event| {
            host.define_counter(&format!("fallback.{rule}.{}", event.name()))
                .map_err(|error| error.to_string())
        };
        let of_rule = |rule: &str| {
            Event::ALL
                .iter()
                .map(|event| counter(rule, *event))
                .collect::<Result<_, _>>()
        };
        let counters = config
            .rules
            .iter()
            .map(|rule| of_rule(&rule.name))
            .collect::<Result<_, _>>()?;
        host.log(
            Level::Info,
            &format!("configured with {} rules", config.rules.len()),
        );
        Ok(Self {
            worker: Worker::new(config, plugin.name),
            counters,
        })
    }

    fn on_request_headers(&self, stream: &mut Stream, proxy: &(impl Exchange + Host), _end: bool) -> Action {
        *stream = Stream::open(&self.worker, &self.port(proxy));
        Action::Continue
    }

    fn on_response_headers(&self, stream: &mut Stream, proxy: &(impl Exchange + Host), end: bool) -> Action {
        match stream.response_headers(&self.worker, &self.port(proxy), end) {
            core::Action::Continue => Action::Continue,
            core::Action::Replaced => Action::Pause,
        }
    }

    fn on_response_body(
        &self,
        stream: &mut Stream,
        proxy: &(impl Exchange + Host),
        size: usize,
        end: bool,
    ) -> Action {
        stream.response_body(&self.worker, &self.port(proxy), size, end);
        Action::Continue
    }

    fn on_response_trailers(&self, stream: &mut Stream, proxy: &(impl Exchange + Host)) -> Action {
        stream.response_trailers(&self.worker, &self.port(proxy));
        Action::Continue
    }
}

holdfast_filter_abi::export!(Fallback: request_headers, response_headers, response_body, response_trailers);

impl Fallback {
    fn port<'a, P>(&'a self, proxy: &'a P) -> Port<'a, P> {
        Port {
            proxy,
            counters: &self.counters,
        }
    }
}

#[cfg(test)]
mod tests;

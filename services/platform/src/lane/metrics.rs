//! What a lane counts. Handles are looked up once per lane.

use std::time::Instant;

use ::metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

use crate::journal::Disposition;

pub(super) struct LaneMetrics {
    acked: Counter,
    retried: Counter,
    dead: Counter,
    in_flight: Gauge,
    pending: Gauge,
    seconds: Histogram,
}

impl LaneMetrics {
    pub(super) fn new(service: &str, consumer: &str, redriven: bool) -> Self {
        let consumer = if redriven {
            format!("{consumer}.redriven")
        } else {
            consumer.to_owned()
        };
        let labels = || [("service", service.to_owned()), ("consumer", consumer.clone())];
        let handled = |disposition: &'static str| {
            let [service, consumer] = labels();
            counter!(
                "holdfast_lane_handled_total",
                &[service, consumer, ("disposition", disposition.to_owned())]
            )
        };
        Self {
            acked: handled("ack"),
            retried: handled("retry"),
            dead: handled("dead_letter"),
            in_flight: gauge!("holdfast_lane_in_flight", &labels()),
            pending: gauge!("holdfast_lane_pending", &labels()),
            seconds: histogram!("holdfast_lane_handler_seconds", &labels()),
        }
    }

    pub(super) fn start(&self, pending: u64) -> Running<'_> {
        self.in_flight.increment(1.0);
        self.pending.set(pending as f64);
        Running {
            metrics: self,
            since: Instant::now(),
        }
    }
}

/// One handler at work; counts down also when it is cut off.
pub(super) struct Running<'a> {
    metrics: &'a LaneMetrics,
    since: Instant,
}

impl Running<'_> {
    pub(super) fn finish(self, disposition: &Disposition) {
        self.metrics.seconds.record(self.since.elapsed().as_secs_f64());
        match disposition {
            Disposition::Ack => self.metrics.acked.increment(1),
            Disposition::Retry(_) | Disposition::Failed(..) => self.metrics.retried.increment(1),
            Disposition::DeadLetter(..) => self.metrics.dead.increment(1),
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.metrics.in_flight.decrement(1.0);
    }
}

//! What is decided together.

use holdfast_inventory_core::Receipt as GoodsReceipt;
use holdfast_platform::journal::Record;
use holdfast_platform::lane::{Pulled, Receipt};
use holdfast_platform::telemetry::{self, propagation::delivery_span};
use tokio::sync::mpsc;
use tracing::Span;

use crate::receipts::Request;

/// How many requests with receipts join one batch.
const MAX_REQUESTS: usize = 8;

#[derive(Default)]
pub(super) struct Work {
    pub(super) deliveries: Vec<Pulled>,
    pub(super) requests: Vec<Request>,
}

impl Work {
    pub(super) fn add_waiting(&mut self, requests: &mut mpsc::Receiver<Request>) {
        while self.requests.len() < MAX_REQUESTS
            && let Ok(request) = requests.try_recv()
        {
            self.requests.push(request);
        }
    }

    /// Whoever gave up waiting asks again with the same id.
    pub(super) fn forget_requests_given_up(&mut self) {
        self.requests.retain(|request| !request.reply.is_closed());
    }

    pub(super) fn commits(&self) -> Vec<&Record> {
        self.deliveries
            .iter()
            .map(|pulled| &pulled.delivery.record)
            .collect()
    }

    pub(super) fn receipts(&self) -> Vec<GoodsReceipt> {
        self.requests
            .iter()
            .flat_map(|request| request.receipts.iter().cloned())
            .collect()
    }

    /// A batch belongs to the traces of all its orders, but a log message can continue only one: that of the first.
    pub(super) fn span(&self) -> Span {
        match self.deliveries.first() {
            Some(first) if telemetry::exporting() => delivery_span("inventory", &first.delivery),
            _ => Span::none(),
        }
    }
}

/// What settles the newest delivery and so all others; redeliveries may come after newer commits.
pub(super) fn newest(deliveries: Vec<Pulled>) -> Option<Receipt> {
    let receipts = deliveries.into_iter().map(|pulled| pulled.receipt);
    receipts.max_by_key(Receipt::sequence)
}

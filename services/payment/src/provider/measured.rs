//! How long a provider takes, and how often it fails.

use std::future::Future;
use std::time::Instant;

use jiff::Timestamp;
use uuid::Uuid;

use super::{ChargeRequest, Error, Found, Notification, Provider, WebhookError, Webhooks};
use crate::state::{Charge, Outcome, Refund};

/// A provider whose calls are measured: `holdfast_payment_provider_seconds{call, result}`.
#[derive(Debug)]
pub struct Measured<P>(pub P);

async fn measure<T>(call: &'static str, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let start = Instant::now();
    let result = work.await;
    let label = match &result {
        Ok(_) => "ok",
        Err(Error::TimedOut) => "timeout",
        Err(Error::Unknown(_)) => "unknown",
        Err(Error::Refused(_)) => "refused",
    };
    let seconds = start.elapsed().as_secs_f64();
    metrics::histogram!("holdfast_payment_provider_seconds", "call" => call, "result" => label)
        .record(seconds);
    if let Err(error) = &result {
        tracing::warn!(call, %error, "the provider did not help");
    }
    result
}

impl<P: Provider> Provider for Measured<P> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    async fn charge(&self, request: &ChargeRequest) -> Result<Outcome, Error> {
        measure("charge", self.0.charge(request)).await
    }

    async fn find(&self, order_id: Uuid) -> Result<Option<Found>, Error> {
        measure("find", self.0.find(order_id)).await
    }

    async fn void(&self, order_id: Uuid) -> Result<Outcome, Error> {
        measure("void", self.0.void(order_id)).await
    }

    async fn refund(&self, order_id: Uuid, charge: &Charge) -> Result<Refund, Error> {
        measure("refund", self.0.refund(order_id, charge)).await
    }
}

impl<P: Webhooks> Webhooks for Measured<P> {
    fn signature_header(&self) -> &'static str {
        self.0.signature_header()
    }

    fn notification(
        &self,
        signature: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Option<Notification>, WebhookError> {
        self.0.notification(signature, body, now)
    }
}

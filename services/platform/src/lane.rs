//! Lanes: durable consumers that settle every delivery.
//!
//! A lane pulls from one durable consumer (declared under `nats/`, never created here), runs a handler with bounded
//! concurrency on the task that runs the lane, and settles each delivery as the handler says. Dead letters are stored
//! in the stream `DLQ` ([`crate::dead_letter`]) before the delivery is terminated, so that none is lost. A lane that
//! takes redriven letters has a second consumer, of the same name, of the stream `REDRIVE`: what an operator sends back
//! comes to the consumer that gave it up and to no other, and has room of its own, so that it holds up nothing else.

mod dead_letter;
mod metrics;
mod pull;
mod requests;

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use async_nats::jetstream::consumer::pull::Config;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::dead_letter::{About, Failure, Letter, REDRIVE};
use crate::journal::{self, DeadLetterReason, Delivery, Disposition, Record, Revision};
use crate::nats::Nats;
use crate::telemetry::trace_context::within;
use crate::telemetry::{self, TraceContext, propagation};

use dead_letter::FirstFailures;
use metrics::LaneMetrics;
pub use pull::{Pulled, REDRIVES, Receipt};
use requests::Room;

/// How long at most a handler holds its delivery; after that it is given to others as well.
const AT_WORK: Duration = Duration::from_secs(120);

/// A durable consumer and how to work it off.
#[derive(Clone)]
pub struct Lane {
    nats: Nats,
    service: String,
    stream: String,
    consumer: String,
    concurrency: usize,
    group: Option<String>,
    max_attempts: Option<u64>,
    drain_deadline: Duration,
    about: fn(&Record) -> About,
    event: Option<&'static str>,
    takes_redriven: bool,
    /// This is the second half of a lane: it pulls from `REDRIVE`.
    redriven: bool,
}

impl Lane {
    /// Works off the durable consumer `consumer` of `stream` on behalf of `service`, one delivery at a time.
    pub fn new(
        nats: &Nats,
        service: impl Into<String>,
        stream: impl Into<String>,
        consumer: impl Into<String>,
    ) -> Self {
        Self {
            nats: nats.clone(),
            service: service.into(),
            stream: stream.into(),
            consumer: consumer.into(),
            concurrency: 1,
            group: None,
            max_attempts: None,
            drain_deadline: Duration::from_secs(10),
            about: About::of_event,
            event: None,
            takes_redriven: false,
            redriven: false,
        }
    }

    /// How many deliveries are handled at once (at least 1), and no more are taken from the server: the bulkhead.
    #[must_use]
    pub fn concurrency(mut self, concurrency: usize) -> Self {
        self.concurrency = concurrency.max(1);
        self
    }

    /// Pulls as a member of this priority group; needed for consumers with a pinned client.
    #[must_use]
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.group = Some(group.into());
        self
    }

    /// A delivery that asks to be retried in its `attempts`-th attempt becomes a dead letter. Without this it is
    /// retried for ever.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u64) -> Self {
        self.max_attempts = Some(attempts);
        self
    }

    /// How long handlers may go on after shutdown was asked for. Default 10 s.
    #[must_use]
    pub fn drain_deadline(mut self, deadline: Duration) -> Self {
        self.drain_deadline = deadline;
        self
    }

    /// Tells whom and what a record is about, for the dead letters. Default: [`About::of_event`].
    #[must_use]
    pub fn about(mut self, about: fn(&Record) -> About) -> Self {
        self.about = about;
        self
    }

    /// The event that is read here, such as `holdfast.order.v1.OrderCommit`. What says to be another one, or another
    /// major version of it, becomes a dead letter and is not given to the handler.
    #[must_use]
    pub fn reads(mut self, event: &'static str) -> Self {
        self.event = Some(event);
        self
    }

    /// Takes redriven letters as well, from the consumer of the same name of the stream `REDRIVE` (which must be
    /// declared), a quarter as many at once.
    #[must_use]
    pub fn takes_redriven(mut self) -> Self {
        self.takes_redriven = true;
        self
    }

    fn of_redriven(&self) -> Self {
        Self {
            stream: REDRIVE.to_owned(),
            concurrency: self.concurrency.div_ceil(4),
            group: None,
            redriven: true,
            ..self.clone()
        }
    }

    /// The deliveries of this lane, to be settled by the caller. Ends after `shutdown`; recovers from everything else.
    ///
    /// What is ready at once is best taken with [`futures::StreamExt::ready_chunks`].
    pub fn pull(&self, shutdown: CancellationToken) -> impl futures::Stream<Item = Pulled> + Send + 'static {
        pull::pull(self.clone(), None, shutdown)
    }

    /// Handles deliveries until `shutdown`, then lets running handlers finish (up to the drain deadline) and flushes
    /// their settlements. A delivery whose handler is at work does not come again, however long it takes (up to two
    /// minutes); one whose handler is cut off, or died with the process, does after the consumer's `ack_wait`.
    pub async fn run<H, F>(self, shutdown: CancellationToken, handler: H)
    where
        H: Fn(Delivery) -> F + Send + Sync,
        F: Future<Output = Disposition> + Send,
    {
        if !self.takes_redriven {
            return self.work(&shutdown, &handler).await;
        }
        let redriven = self.of_redriven();
        // Boxed: they live as long as the service.
        futures::join!(
            Box::pin(self.work(&shutdown, &handler)),
            Box::pin(redriven.work(&shutdown, &handler))
        );
    }

    async fn work<H, F>(&self, shutdown: &CancellationToken, handler: &H)
    where
        H: Fn(Delivery) -> F + Send + Sync,
        F: Future<Output = Disposition> + Send,
    {
        let metrics = LaneMetrics::new(&self.service, &self.consumer, self.redriven);
        let failures = FirstFailures::default();
        let room = Room::new(self.concurrency);
        let mut deliveries = pin!(pull::pull(self.clone(), Some(room.clone()), shutdown.clone()));
        let mut stop = pin!(shutdown.cancelled());
        let mut running = FuturesUnordered::new();
        loop {
            room.holds(running.len());
            tokio::select! {
                biased;
                () = &mut stop => break,
                Some(()) = running.next() => {}
                delivery = deliveries.next(), if running.len() < self.concurrency => {
                    let Some(pulled) = delivery else { break };
                    running.push(self.handle(pulled, handler, &metrics, &failures));
                }
            }
        }
        self.drain(running).await;
    }

    async fn drain<F: Future<Output = ()>>(&self, running: FuturesUnordered<F>) {
        let unfinished = running.len();
        let finish = running.for_each(|()| std::future::ready(()));
        if tokio::time::timeout(self.drain_deadline, finish).await.is_err() {
            tracing::warn!(
                consumer = self.consumer,
                unfinished,
                "handlers cut off; they will be redelivered"
            );
        }
        if let Err(error) = self.nats.flush(self.drain_deadline).await {
            tracing::warn!(
                consumer = self.consumer,
                "{error}; some settled messages will be redelivered"
            );
        }
    }

    async fn handle<H, F>(&self, pulled: Pulled, handler: &H, metrics: &LaneMetrics, failures: &FirstFailures)
    where
        H: Fn(Delivery) -> F,
        F: Future<Output = Disposition>,
    {
        let Pulled { delivery, receipt } = pulled;
        let (sequence, attempt) = (delivery.record.revision, delivery.attempt);
        let running = metrics.start(receipt.pending());
        let disposition = match self.unknown(&delivery.record) {
            Some(unknown) => unknown,
            None => self.at_work(&receipt, self.call(handler, delivery)).await,
        };
        let disposition = self.limit_attempts(disposition, attempt);
        running.finish(&disposition);
        match disposition {
            Disposition::Ack => receipt.ack().await,
            Disposition::Retry(after) => {
                failures.note(sequence, "");
                return receipt.retry(after).await;
            }
            Disposition::Failed(after, error) => {
                failures.note(sequence, &error);
                return receipt.retry(after).await;
            }
            Disposition::DeadLetter(reason, detail) => {
                let story = (failures.take(sequence), Failure::now(&detail));
                let letter = receipt.letter(self).given_up(reason, attempt, story);
                // Large, and rare.
                return Box::pin(self.bury(letter, &receipt)).await;
            }
        }
        failures.take(sequence);
    }

    /// Tells the server every now and then that a delivery is being worked on: what is slow is not dead, and what is
    /// dead is noticed soon, since the server needs to wait for no slow one.
    async fn at_work(&self, receipt: &Receipt, work: impl Future<Output = Disposition>) -> Disposition {
        let mut work = pin!(work);
        let every = (receipt.ack_wait() / 3).max(Duration::from_millis(50));
        for _ in 0..AT_WORK.as_millis() / every.as_millis() {
            match tokio::time::timeout(every, &mut work).await {
                Ok(disposition) => return disposition,
                Err(_) if *self.nats.connected().borrow() => receipt.progress().await,
                // It would be kept for when the connection is back.
                Err(_) => {}
            }
        }
        work.await
    }

    /// Calls the handler, in the trace of whoever appended the record.
    async fn call<H, F>(&self, handler: &H, delivery: Delivery) -> Disposition
    where
        H: Fn(Delivery) -> F,
        F: Future<Output = Disposition>,
    {
        let origin = TraceContext::of_record(&delivery.record.headers);
        if !telemetry::exporting() {
            return within(origin, handler(delivery)).await;
        }
        let span = propagation::delivery_span(&self.consumer, &delivery);
        within(origin, handler(delivery)).instrument(span).await
    }

    /// Stores a record in the dead-letter queue, and returns whether it is stored there: for callers of
    /// [`Lane::pull`], who settle nothing that covers it before. However often it is repeated, it is stored once.
    ///
    /// `attempts`: how often it was delivered to whoever gives it up; 0 if it was found in the stream.
    pub async fn dead_letter(
        &self,
        (record, attempts): (&Record, u64),
        reason: DeadLetterReason,
        detail: &str,
    ) -> bool {
        let story = (None, Failure::now(detail));
        let letter: Letter = self.letter(record.clone()).given_up(reason, attempts, story);
        self.store(letter).await
    }

    /// Up to here every message is settled.
    ///
    /// # Errors
    /// [`journal::Error::Unavailable`] if the consumer cannot be asked now.
    pub async fn settled(&self) -> Result<Revision, journal::Error> {
        let consumer = self
            .nats
            .jetstream()
            .get_consumer_from_stream::<Config, _, _>(&self.consumer, &self.stream)
            .await;
        match consumer {
            Ok(consumer) => Ok(Revision(consumer.cached_info().ack_floor.stream_sequence)),
            Err(error) => Err(journal::Error::Unavailable {
                detail: format!("consumer {}: {error}", self.consumer),
            }),
        }
    }

    /// Lets a consumer with a pinned client choose another one at once, rather than when the pin runs out. For the end
    /// of a [`Lane::pull`], after its stream was dropped.
    pub async fn unpin(&self, deadline: Duration) {
        let Some(group) = &self.group else { return };
        let unpin = async {
            let stream = self.nats.jetstream().get_stream_no_info(&self.stream).await?;
            stream.unpin_consumer(&self.consumer, group).await?;
            Ok::<_, async_nats::Error>(())
        };
        match tokio::time::timeout(deadline, unpin).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::info!(consumer = self.consumer, "the pin has to run out: {error}"),
            Err(_) => tracing::info!(consumer = self.consumer, "the pin has to run out: no answer"),
        }
    }

    fn unknown(&self, record: &Record) -> Option<Disposition> {
        let other = record.is_event(self.event?).err()?;
        Some(Disposition::DeadLetter(DeadLetterReason::UnknownSchema, other))
    }

    fn limit_attempts(&self, disposition: Disposition, attempt: u64) -> Disposition {
        match (disposition, self.max_attempts) {
            (Disposition::Retry(_), Some(max)) if attempt >= max => {
                Disposition::DeadLetter(DeadLetterReason::MaxDeliveries, format!("{attempt} attempts"))
            }
            (Disposition::Failed(_, error), Some(max)) if attempt >= max => {
                Disposition::DeadLetter(DeadLetterReason::MaxDeliveries, error)
            }
            (disposition, _) => disposition,
        }
    }
}

//! Requests from one process to another over a network that loses, delays and repeats.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures::channel::oneshot;

use crate::executor::{Host, Process};
use crate::faults::Faults;

type Handler<A> = Pin<Box<dyn Future<Output = A> + Send>>;

/// Where a request goes, and how long its caller waits.
#[derive(Clone)]
pub struct Route {
    /// The process that handles it.
    pub to: Process,
    /// After this the caller gives up.
    pub deadline: Duration,
    /// Its name in the trace.
    pub label: &'static str,
    /// What goes wrong.
    pub faults: Arc<Faults>,
}

/// No answer: nobody knows whether the request was handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoAnswer;

impl Route {
    /// Sends one request. `handle` makes the work of the receiver, which dies if the receiver dies; it is
    /// called twice if the request is duplicated.
    ///
    /// # Errors
    /// [`NoAnswer`] if the receiver is down or dies, the request or the answer is lost, or it takes too long.
    pub async fn call<A: Send + 'static>(
        &self,
        from: &Host,
        handle: impl Fn() -> Handler<A> + Send + 'static,
    ) -> Result<A, NoAnswer> {
        let (sim, faults) = (&from.sim, &self.faults);
        from.crash_point(faults.crash_rate(sim), self.label).await;
        let answer = match sim.timeout(self.deadline, self.exchange(from, handle)).await {
            Some(answer) => answer,
            None => Err(NoAnswer),
        };
        from.note(self.label, u64::from(answer.is_ok()), || {
            if answer.is_ok() { "answered" } else { "no answer" }.to_owned()
        });
        from.crash_point(faults.crash_rate(sim), self.label).await;
        answer
    }

    async fn exchange<A: Send + 'static>(
        &self,
        from: &Host,
        handle: impl Fn() -> Handler<A> + Send + 'static,
    ) -> Result<A, NoAnswer> {
        let (sim, faults) = (&from.sim, &self.faults);
        sim.sleep(faults.latency(sim)).await;
        if faults.strikes(sim, faults.request_lost) {
            return std::future::pending().await;
        }
        if faults.strikes(sim, faults.request_twice) {
            let (again, delay, clock) = (handle(), sim.up_to(self.deadline), sim.clone());
            sim.spawn(self.to, async move {
                clock.sleep(delay).await;
                drop(again.await);
            });
        }
        let (send, receive) = oneshot::channel();
        let work = handle();
        sim.spawn(self.to, async move {
            // The caller may have given up by now.
            let _ = send.send(work.await);
        });
        let answer = receive.await.map_err(|oneshot::Canceled| NoAnswer)?;
        if faults.strikes(sim, faults.answer_lost) {
            return std::future::pending().await;
        }
        sim.sleep(faults.latency(sim)).await;
        Ok(answer)
    }
}

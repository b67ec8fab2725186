//! Work that is finished although its caller hangs up.
//!
//! axum drops a handler when its connection closes; a charge that the provider has taken must still be
//! recorded, since the record is what tells the order. So the work runs in a task of its own, under a
//! deadline, and a shutdown waits for it.

use std::future::Future;
use std::time::Duration;

use holdfast_platform::problem::{Problem, TIMEOUT, UNAVAILABLE};
use holdfast_platform::telemetry::trace_context::inherit;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

/// Starts work and waits for it. Clones share the bounds.
#[derive(Clone, Debug)]
pub struct Work {
    tracker: TaskTracker,
    deadline: Duration,
    limit: usize,
}

impl Work {
    /// At most `limit` pieces of work at a time, each for at most `deadline`.
    #[must_use]
    pub fn new(limit: usize, deadline: Duration) -> Self {
        Self {
            tracker: TaskTracker::new(),
            deadline,
            limit,
        }
    }

    /// Does a piece of work, whether or not the caller goes on waiting for it.
    ///
    /// # Errors
    /// 503 if too much is in flight, 504 if the work was given up at its deadline.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Problem> {
        if self.tracker.len() >= self.limit || self.tracker.is_closed() {
            let problem = Problem::new(&UNAVAILABLE).detail("too many payments are in flight");
            return Err(problem.retry_after(Duration::from_secs(1)));
        }
        let task = self
            .tracker
            .spawn(inherit(tokio::time::timeout(self.deadline, work)).in_current_span());
        match task.await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(_)) => Err(Problem::new(&TIMEOUT)),
            Err(died) => Err(Problem::new(&UNAVAILABLE).detail(died.to_string())),
        }
    }

    /// Takes no more work and waits for what is in flight, which ends at its own deadline.
    pub async fn drain(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use tokio::sync::{Notify, oneshot};

    fn work(limit: usize) -> Work {
        Work::new(limit, Duration::from_secs(60))
    }

    #[tokio::test]
    async fn work_is_finished_after_the_caller_hung_up_and_drain_waits_for_it() {
        let work = work(1);
        let (go, done) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (started, has_started) = oneshot::channel();
        let caller = tokio::spawn({
            let (work, go, done) = (work.clone(), Arc::clone(&go), Arc::clone(&done));
            async move {
                work.run(async move {
                    started.send(()).unwrap();
                    go.notified().await;
                    done.notify_one();
                })
                .await
            }
        });
        has_started.await.unwrap();
        caller.abort();
        let drained = tokio::spawn(async move { work.drain().await });
        assert!(!drained.is_finished());
        go.notify_one();
        done.notified().await;
        drained.await.unwrap();
    }

    #[tokio::test]
    async fn more_than_the_limit_is_refused_and_so_is_all_after_a_drain() {
        let work = work(1);
        let (started, has_started) = oneshot::channel::<()>();
        let first = tokio::spawn({
            let work = work.clone();
            async move {
                work.run(async move {
                    started.send(()).unwrap();
                    std::future::pending::<()>().await;
                })
                .await
            }
        });
        has_started.await.unwrap();
        assert_eq!(work.run(async {}).await.unwrap_err().status(), 503);
        first.abort();
        let other = Work::new(1, Duration::from_secs(1));
        other.drain().await;
        assert_eq!(other.run(async {}).await.unwrap_err().status(), 503);
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_takes_too_long_is_given_up() {
        let given_up = work(1).run(std::future::pending::<()>()).await;
        assert_eq!(given_up.unwrap_err().status(), 504);
    }
}

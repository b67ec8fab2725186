//! Starting, being ready, stopping.
//!
//! A service is ready when every part that registered vouches for it, and stops being so as soon as one does not, or
//! when it was told to stop. Stopping is a [`Shutdown`] token that all parts watch; [`stop_signal`] is what cancels it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::signal::unix::{SignalKind, signal};

/// Tells all parts of a service to stop. Clones are one token.
pub use tokio_util::sync::CancellationToken as Shutdown;

/// Completes when the process is asked to stop (SIGTERM or SIGINT).
///
/// # Errors
/// If the signals cannot be watched.
pub async fn stop_signal() -> std::io::Result<&'static str> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    })
}

/// Whether a service can take work. Clones are one readiness.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<Mutex<Parts>>);

#[derive(Debug, Default)]
struct Parts {
    stopping: bool,
    ready: BTreeMap<&'static str, bool>,
}

impl Readiness {
    /// Registers a part, which is not ready until its guard says so.
    #[must_use]
    pub fn register(&self, part: &'static str) -> ReadinessGuard {
        self.parts().ready.insert(part, false);
        ReadinessGuard {
            readiness: self.clone(),
            part,
        }
    }

    /// The parts that are not ready; none: the service is.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        let parts = self.parts();
        let stopping = parts.stopping.then_some("stopping");
        stopping
            .into_iter()
            .chain(parts.ready.iter().filter(|part| !part.1).map(|part| *part.0))
            .collect()
    }

    /// Not ready from now on: no new work, please.
    pub fn stop(&self) {
        self.parts().stopping = true;
    }

    fn parts(&self) -> MutexGuard<'_, Parts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Vouches for one part. When it is dropped nobody vouches any more: the service is not ready.
#[derive(Debug)]
pub struct ReadinessGuard {
    readiness: Readiness,
    part: &'static str,
}

impl ReadinessGuard {
    /// Says whether the part is ready.
    pub fn set(&self, ready: bool) {
        self.readiness.parts().ready.insert(self.part, ready);
    }

    /// Says that the part is ready.
    pub fn ready(&self) {
        self.set(true);
    }
}

impl Drop for ReadinessGuard {
    fn drop(&mut self) {
        self.set(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_two_parts_the_service_is_ready_when_both_are() {
        let readiness = Readiness::default();
        let (nats, view) = (readiness.register("nats"), readiness.register("view"));
        assert_eq!(readiness.missing(), ["nats", "view"]);
        nats.ready();
        assert_eq!(readiness.missing(), ["view"]);
        view.ready();
        assert!(readiness.missing().is_empty());
        nats.set(false);
        assert_eq!(readiness.missing(), ["nats"]);
    }

    #[test]
    fn given_a_part_that_ended_or_a_stop_the_service_is_not_ready() {
        let readiness = Readiness::default();
        let part = readiness.register("writer");
        part.ready();
        drop(part);
        assert_eq!(readiness.missing(), ["writer"]);
        readiness.stop();
        assert_eq!(readiness.missing(), ["stopping", "writer"]);
    }
}

//! Following the records of a stream.

use std::time::Duration;

use futures::Stream;
use holdfast_platform::journal::{Feed, Revision, Tail};

use super::SimJournal;

/// A follower of the journal hears at least this often that it has caught up.
const HEARTBEAT: Duration = Duration::from_secs(5);

struct Follower {
    port: SimJournal,
    filter: String,
    after: Revision,
    told_caught_up: bool,
}

impl Follower {
    async fn next(mut self) -> Option<(Tail, Self)> {
        let (sim, stream) = (self.port.host.sim.clone(), self.port.stream.clone());
        loop {
            let seen = stream.changed.version();
            if stream.is_away() {
                sim.sleep(Duration::from_millis(500)).await;
            } else if let Some(record) = stream.next_after(self.after, &self.filter) {
                sim.sleep(self.port.faults().latency(&sim)).await;
                self.after = record.revision;
                self.told_caught_up = false;
                return Some((Tail::Record(record), self));
            } else if !std::mem::replace(&mut self.told_caught_up, true) {
                sim.yield_now().await;
                return Some((Tail::CaughtUp, self));
            } else if sim.timeout(HEARTBEAT, stream.changed.after(seen)).await.is_none() {
                self.told_caught_up = false;
            }
        }
    }
}

impl Feed for SimJournal {
    fn tail(&self, filter: &str, after: Revision) -> impl Stream<Item = Tail> + Send + 'static {
        let follower = Follower {
            port: self.clone(),
            filter: filter.to_owned(),
            after,
            told_caught_up: false,
        };
        futures::stream::unfold(follower, Follower::next)
    }
}

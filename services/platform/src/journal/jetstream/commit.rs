//! Group commit: appends that wait for each other anyway are published as one atomic batch.
//!
//! Below `min_waiting` concurrent appends the gate stands open and each is published by itself. From then on new ones
//! wait in line until those under way are done; then the line, if it is long enough, becomes one batch (at most one
//! append per subject: a batch cannot check a subject that it wrote), and the next batch is what came meanwhile. Since
//! whoever was just answered often appends again at once, a batch that would be much smaller than the last one waits a
//! moment for them. Mixing single appends and batches would be worse than either: they block each other in the server.
//!
//! A batch that is rejected was rejected for one of its members: all go on by themselves, so that a lost race costs its
//! neighbours one round trip and nothing else.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::header::{NATS_BATCH_COMMIT, NATS_BATCH_COMMIT_FINAL, NATS_BATCH_ID, NATS_BATCH_SEQUENCE};
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::publish::{Answer, Proposal, request};
use super::{Error, Patience, Revision, Shared};

/// Messages per batch: half of what the server takes by default.
const BATCH_LIMIT: usize = 500;

/// How long at most a batch waits for those who were just answered.
const GATHER: Duration = Duration::from_millis(2);

/// What an append may do now.
pub(super) enum Turn {
    /// Be published by itself; the permit is held until it is done.
    Single(Permit),
    /// Nothing: its batch was stored, and it stands here.
    Stored(Revision),
    /// Be published by itself: its batch was rejected, nothing is stored.
    Rejected,
    /// Be published by itself, but its batch may be stored.
    Doubtful,
}

/// The right to publish one append by itself.
pub(super) struct Permit(Arc<Shared>);

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(gate) = &self.0.gate {
            gate.lock().singles -= 1;
            gate.advance(&self.0);
        }
    }
}

pub(super) struct Gate {
    min_waiting: usize,
    state: Mutex<State>,
    gathered: Notify,
}

#[derive(Default)]
struct State {
    /// Published by themselves and not answered yet.
    singles: usize,
    /// Whether a batch is under way, or the next one is being gathered.
    batching: bool,
    /// A line as long as this need not be waited for any more.
    enough: usize,
    line: VecDeque<Waiting>,
}

struct Waiting {
    proposal: Proposal,
    turn: oneshot::Sender<(Proposal, Turn)>,
}

impl Waiting {
    fn go(self, turn: Turn) {
        // The append was cancelled if nobody listens. What its batch stored stays stored, as after any cancelled call.
        let _ = self.turn.send((self.proposal, turn));
    }
}

impl Gate {
    pub(super) fn new(min_waiting: usize) -> Self {
        Self {
            min_waiting: min_waiting.max(2),
            state: Mutex::default(),
            gathered: Notify::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the proposal may be published, or was.
    pub(super) async fn turn(
        &self,
        shared: &Arc<Shared>,
        proposal: Proposal,
        patience: &Patience,
    ) -> Result<(Proposal, Turn), Error> {
        if self.lock().admit(self.min_waiting) {
            return Ok((proposal, Turn::Single(Permit(shared.clone()))));
        }
        let (turn, my_turn) = oneshot::channel();
        if self.lock().join(Waiting { proposal, turn }) {
            self.gathered.notify_one();
        }
        self.advance(shared);
        match tokio::time::timeout(patience.left(), my_turn).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) => Err(Error::Unavailable {
                detail: "the process is shutting down".into(),
            }),
            Err(_) => Err(Error::Unavailable {
                detail: "a batch was not answered in time".into(),
            }),
        }
    }

    /// Lets go whoever may go now.
    fn advance(&self, shared: &Arc<Shared>) {
        let released = self.lock().release(self.min_waiting);
        match (released, Handle::try_current()) {
            (Released::Singles(singles), _) => release_singles(shared, singles),
            (Released::Batch(members), Ok(runtime)) => {
                runtime.spawn(commit_all(shared.clone(), members));
            }
            // The runtime is gone, and with it whoever waits.
            (Released::Batch(_), Err(_)) => {}
        }
    }

    /// The next batch, after one of `size` that took `took`; none: go on singly.
    async fn next_batch(&self, shared: &Arc<Shared>, size: usize, took: Duration) -> Option<Vec<Waiting>> {
        if !self.lock().has_gathered(size / 2, size) {
            let _ = tokio::time::timeout((took / 4).min(GATHER), self.gathered.notified()).await;
        }
        let released = self.lock().continue_or_end(self.min_waiting);
        match released {
            Released::Batch(members) => Some(members),
            Released::Singles(singles) => {
                release_singles(shared, singles);
                None
            }
        }
    }
}

fn release_singles(shared: &Arc<Shared>, singles: Vec<Waiting>) {
    singles
        .into_iter()
        .for_each(|one| one.go(Turn::Single(Permit(shared.clone()))));
}

enum Released {
    Singles(Vec<Waiting>),
    Batch(Vec<Waiting>),
}

impl State {
    fn admit(&mut self, limit: usize) -> bool {
        let free = !self.batching && self.line.is_empty() && self.singles < limit;
        self.singles += usize::from(free);
        free
    }

    /// Tells whether the line is as long as somebody waits for.
    fn join(&mut self, one: Waiting) -> bool {
        self.line.push_back(one);
        self.batching && self.line.len() == self.enough
    }

    fn has_gathered(&mut self, sufficient: usize, enough: usize) -> bool {
        self.enough = enough;
        self.line.len() >= sufficient
    }

    fn release(&mut self, min_waiting: usize) -> Released {
        if self.batching || self.singles > 0 {
            return Released::Singles(Vec::new());
        }
        self.continue_or_end(min_waiting)
    }

    /// Goes on with a batch if enough are in line, otherwise lets them all go.
    fn continue_or_end(&mut self, min_waiting: usize) -> Released {
        self.enough = 0;
        if self.line.len() >= min_waiting {
            let members = self.take_batch();
            if members.len() > 1 {
                self.batching = true;
                return Released::Batch(members);
            }
            members
                .into_iter()
                .rev()
                .for_each(|one| self.line.push_front(one));
        }
        self.batching = false;
        let free = min_waiting.min(self.line.len());
        self.singles += free;
        Released::Singles(self.line.drain(..free).collect())
    }

    /// Takes the longest waiting append of each subject.
    fn take_batch(&mut self) -> Vec<Waiting> {
        let mut subjects = HashSet::new();
        let (mut members, mut rest) = (Vec::new(), VecDeque::new());
        for one in self.line.drain(..).filter(|one| !one.turn.is_closed()) {
            if members.len() < BATCH_LIMIT && subjects.insert(one.proposal.subject.clone()) {
                members.push(one);
            } else {
                rest.push_back(one);
            }
        }
        self.line = rest;
        members
    }
}

/// Commits batch after batch for as long as enough appends wait.
async fn commit_all(shared: Arc<Shared>, members: Vec<Waiting>) {
    let Some(gate) = &shared.gate else { return };
    let mut next = Some(members);
    while let Some(members) = next {
        let (size, since) = (members.len(), Instant::now());
        commit(&shared, members).await;
        next = gate.next_batch(&shared, size, since.elapsed()).await;
    }
}

async fn commit(shared: &Shared, members: Vec<Waiting>) {
    let size = members.len();
    metrics::histogram!("holdfast_journal_batch_size", "stream" => shared.stream.clone()).record(size as f64);
    let answer = publish(shared, &members).await;
    let turn = |index: usize| match &answer {
        // The acknowledgement tells where the last message stands; the others stand right before it.
        Answer::Stored(Revision(last)) => {
            Turn::Stored(Revision(last.saturating_sub((size - 1 - index) as u64)))
        }
        Answer::Unknown(_) => Turn::Doubtful,
        _ => Turn::Rejected,
    };
    if !matches!(answer, Answer::Stored(_)) {
        tracing::debug!(
            stream = shared.stream,
            size,
            ?answer,
            "batch not stored, its appends go on singly"
        );
    }
    for (index, member) in members.into_iter().enumerate() {
        member.go(turn(index));
    }
}

/// Publishes all but the last without waiting; the answer to the last is that to all.
async fn publish(shared: &Shared, members: &[Waiting]) -> Answer {
    let Some((last, earlier)) = members.split_last() else {
        return Answer::Unknown("empty batch".into());
    };
    if !*shared.nats.connected().borrow() {
        return Answer::Busy("no connection".into());
    }
    let batch = shared.new_append_id();
    for (index, Waiting { proposal, .. }) in earlier.iter().enumerate() {
        let headers = batch_headers(proposal, &batch, index + 1);
        let sent = shared.nats.client().publish_with_headers(
            proposal.subject.clone(),
            headers,
            proposal.payload.clone(),
        );
        if let Err(error) = sent.await {
            // Without its commit the batch is abandoned by the server.
            return Answer::Busy(error.to_string());
        }
    }
    let mut headers = batch_headers(&last.proposal, &batch, members.len());
    headers.insert(NATS_BATCH_COMMIT, NATS_BATCH_COMMIT_FINAL);
    let proposal = &last.proposal;
    request(
        shared,
        &proposal.subject,
        headers,
        proposal.payload.clone(),
        shared.config.try_timeout,
    )
    .await
}

fn batch_headers(proposal: &Proposal, batch: &str, sequence: usize) -> HeaderMap {
    let mut headers = proposal.headers();
    headers.insert(NATS_BATCH_ID, batch);
    headers.insert(NATS_BATCH_SEQUENCE, sequence.to_string());
    headers
}

#[cfg(test)]
mod tests;

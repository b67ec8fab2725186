//! Group commit: appends that wait for each other anyway are published as one atomic batch.
//!
//! A gate lets a few appends through by themselves. When it is full, the rest waits in line; as soon as the line is
//! long enough and no batch is under way, its appends become one batch (at most one per subject: a batch cannot check
//! a subject that it wrote). A batch that is rejected was rejected for one of its members: all go on by themselves, so
//! that a lost race costs its neighbours one round trip and nothing else.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_nats::HeaderMap;
use async_nats::header::{NATS_BATCH_COMMIT, NATS_BATCH_COMMIT_FINAL, NATS_BATCH_ID, NATS_BATCH_SEQUENCE};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::publish::{Answer, Proposal, request};
use super::{Error, Revision, Shared};

/// Messages per batch: half of what the server takes by default.
const BATCH_LIMIT: usize = 500;

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
}

#[derive(Default)]
struct State {
    singles: usize,
    batch_under_way: bool,
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
    ) -> Result<(Proposal, Turn), Error> {
        if self.lock().admit(self.min_waiting) {
            return Ok((proposal, Turn::Single(Permit(shared.clone()))));
        }
        let (turn, my_turn) = oneshot::channel();
        self.lock().line.push_back(Waiting { proposal, turn });
        self.advance(shared);
        my_turn.await.map_err(|_| Error::Unavailable {
            detail: "the process is shutting down".into(),
        })
    }

    /// Lets go whoever may go now.
    fn advance(&self, shared: &Arc<Shared>) {
        let released = self.lock().release(self.min_waiting);
        match released {
            Released::Singles(singles) => {
                singles
                    .into_iter()
                    .for_each(|one| one.go(Turn::Single(Permit(shared.clone()))));
            }
            Released::Batch(members) => match Handle::try_current() {
                Ok(runtime) => drop(runtime.spawn(commit(shared.clone(), members))),
                Err(_) => drop(members),
            },
        }
    }

    fn batch_done(&self, shared: &Arc<Shared>) {
        self.lock().batch_under_way = false;
        self.advance(shared);
    }
}

enum Released {
    Singles(Vec<Waiting>),
    Batch(Vec<Waiting>),
}

impl State {
    fn admit(&mut self, limit: usize) -> bool {
        let free = !self.batch_under_way && self.line.is_empty() && self.singles < limit;
        self.singles += usize::from(free);
        free
    }

    fn release(&mut self, min_waiting: usize) -> Released {
        if self.batch_under_way {
            return Released::Singles(Vec::new());
        }
        if self.line.len() >= min_waiting {
            let members = self.take_batch();
            if members.len() > 1 {
                self.batch_under_way = true;
                return Released::Batch(members);
            }
            members
                .into_iter()
                .rev()
                .for_each(|one| self.line.push_front(one));
        }
        let free = min_waiting.saturating_sub(self.singles).min(self.line.len());
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

async fn commit(shared: Arc<Shared>, members: Vec<Waiting>) {
    let size = members.len();
    metrics::histogram!("holdfast_journal_batch_size", "stream" => shared.stream.clone()).record(size as f64);
    let answer = publish(&shared, &members).await;
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
    if let Some(gate) = &shared.gate {
        gate.batch_done(&shared);
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
mod tests {
    use super::*;
    use crate::journal::{Append, Headers};

    fn waiting(subject: &str) -> (Waiting, oneshot::Receiver<(Proposal, Turn)>) {
        let append = Append {
            subject: subject.into(),
            expected: Revision::NONE,
            message_id: String::new(),
            headers: Headers::new(),
            payload: bytes::Bytes::new(),
        };
        let (turn, receiver) = oneshot::channel();
        (
            Waiting {
                proposal: Proposal::new(append, "id".into()),
                turn,
            },
            receiver,
        )
    }

    fn state(subjects: &[&str]) -> (State, Vec<oneshot::Receiver<(Proposal, Turn)>>) {
        let (line, receivers) = subjects.iter().map(|subject| waiting(subject)).unzip();
        (
            State {
                line,
                ..State::default()
            },
            receivers,
        )
    }

    #[test]
    fn given_few_appends_they_go_singly() {
        let mut state = State::default();
        assert!(state.admit(2) && state.admit(2));
        assert!(!state.admit(2), "the gate is full");
    }

    #[test]
    fn given_enough_in_line_they_become_a_batch_and_the_next_one_waits_for_it() {
        let (mut state, _receivers) = state(&["a", "b", "c"]);
        assert!(matches!(state.release(3), Released::Batch(members) if members.len() == 3));
        assert!(!state.admit(3));
        assert!(matches!(state.release(3), Released::Singles(none) if none.is_empty()));
    }

    #[test]
    fn given_two_appends_to_a_subject_they_do_not_share_a_batch() {
        let (mut state, _receivers) = state(&["a", "b", "a"]);
        assert!(matches!(state.release(2), Released::Batch(members) if members.len() == 2));
        assert_eq!(state.line.len(), 1);
    }

    #[test]
    fn given_only_one_subject_in_line_its_appends_go_singly_in_order() {
        let (mut state, _receivers) = state(&["a", "a", "a"]);
        assert!(matches!(state.release(2), Released::Singles(singles) if singles.len() == 2));
        assert_eq!(state.line.len(), 1);
    }

    #[test]
    fn given_cancelled_appends_they_are_left_out() {
        let (mut state, mut receivers) = state(&["a", "b", "c"]);
        receivers.remove(1);
        assert!(matches!(state.release(3), Released::Batch(members) if members.len() == 2));
    }
}

use proptest::prelude::*;

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
    state.singles = 0;
    assert!(matches!(state.release(2), Released::Singles(singles) if singles.len() == 1));
}

#[test]
fn given_appends_under_way_the_line_waits_for_them() {
    let (mut state, _receivers) = state(&["a", "b", "c"]);
    state.singles = 1;
    assert!(matches!(state.release(2), Released::Singles(none) if none.is_empty()));
    state.singles = 0;
    assert!(matches!(state.release(2), Released::Batch(members) if members.len() == 3));
}

#[test]
fn given_a_batch_is_done_and_few_wait_the_gate_opens_again() {
    let (mut state, _receivers) = state(&["a"]);
    state.batching = true;
    assert!(matches!(state.continue_or_end(2), Released::Singles(singles) if singles.len() == 1));
    state.singles = 0;
    assert!(state.admit(2));
}

#[test]
fn given_a_batch_is_gathered_the_last_one_to_come_tells() {
    let (mut state, _receivers) = state(&["a"]);
    state.batching = true;
    assert!(!state.has_gathered(2, 3));
    assert!(!state.join(waiting("b").0));
    assert!(state.join(waiting("c").0));
}

#[test]
fn given_cancelled_appends_they_are_left_out() {
    let (mut state, mut receivers) = state(&["a", "b", "c"]);
    receivers.remove(1);
    assert!(matches!(state.release(3), Released::Batch(members) if members.len() == 2));
}

/// What can happen to a gate.
#[derive(Clone, Copy, Debug)]
enum Happening {
    Arrival { subject: usize },
    SingleDone,
    BatchDone,
    Cancelled,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => (0..6_usize).prop_map(|subject| Happening::Arrival { subject }),
        3 => Just(Happening::SingleDone),
        1 => Just(Happening::BatchDone),
        1 => Just(Happening::Cancelled),
    ]
}

/// A gate whose server is played by hand.
#[derive(Default)]
struct Played {
    state: State,
    singles: usize,
    batch: bool,
    /// Those in line that still wait.
    waiting: Vec<oneshot::Receiver<(Proposal, Turn)>>,
    arrived: usize,
    went: usize,
}

const MIN: usize = 3;

impl Played {
    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Arrival { subject } => self.arrive(subject),
            Happening::SingleDone if self.singles > 0 => {
                self.singles -= 1;
                self.state.singles -= 1;
                let released = self.state.release(MIN);
                self.let_go(released);
            }
            Happening::BatchDone if self.batch => {
                self.batch = false;
                let released = self.state.continue_or_end(MIN);
                self.let_go(released);
            }
            Happening::Cancelled if !self.waiting.is_empty() => {
                self.waiting.pop();
                self.arrived -= 1;
            }
            _ => {}
        }
    }

    fn arrive(&mut self, subject: usize) {
        self.arrived += 1;
        if self.state.admit(MIN) {
            assert!(!self.batch, "a single append during a batch");
            self.singles += 1;
            self.went += 1;
            return;
        }
        let (one, receiver) = waiting(&format!("s{subject}"));
        self.waiting.push(receiver);
        self.state.join(one);
        let released = self.state.release(MIN);
        self.let_go(released);
    }

    fn let_go(&mut self, released: Released) {
        let members = match released {
            Released::Singles(singles) => {
                assert!(singles.is_empty() || !self.batch, "single appends during a batch");
                self.singles += singles.iter().filter(|one| !one.turn.is_closed()).count();
                // A permit that nobody takes is given back.
                self.state.singles -= singles.iter().filter(|one| one.turn.is_closed()).count();
                singles
            }
            Released::Batch(members) => {
                assert!(
                    !self.batch && self.singles == 0,
                    "a batch while others are under way"
                );
                let subjects: HashSet<_> = members.iter().map(|one| &one.proposal.subject).collect();
                assert_eq!(subjects.len(), members.len(), "a subject twice in a batch");
                self.batch = true;
                members
            }
        };
        self.went += members.iter().filter(|one| !one.turn.is_closed()).count();
        members.into_iter().for_each(|one| one.go(Turn::Rejected));
        self.waiting.retain_mut(|receiver| receiver.try_recv().is_err());
    }
}

proptest! {
    #[test]
    fn whatever_happens_every_append_goes_and_a_batch_goes_alone(happenings in prop::collection::vec(happening(), 0..200)) {
        let mut played = Played::default();
        happenings.into_iter().for_each(|happening| played.happen(happening));
        while played.singles > 0 || played.batch {
            played.happen(Happening::SingleDone);
            played.happen(Happening::BatchDone);
        }
        prop_assert_eq!(played.went, played.arrived);
        prop_assert_eq!(played.state.singles, 0);
    }
}

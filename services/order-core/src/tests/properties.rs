//! Properties of the saga over random histories.

use proptest::prelude::*;

use super::*;

fn requester() -> impl Strategy<Value = Requester> {
    prop_oneof![
        Just(Requester::Customer),
        Just(Requester::Operator),
        Just(Requester::Timer)
    ]
}

fn step() -> impl Strategy<Value = SagaStep> {
    prop_oneof![
        Just(SagaStep::Charge),
        Just(SagaStep::Resolve),
        Just(SagaStep::Refund)
    ]
}

fn outcome() -> impl Strategy<Value = PaymentOutcome> {
    prop_oneof![
        Just(succeeded()),
        Just(PaymentOutcome::Succeeded {
            charge_id: "ch_1".to_owned(),
            amount: eur(1)
        }),
        Just(declined()),
        Just(PaymentOutcome::Voided),
        Just(refunded()),
    ]
}

fn record() -> impl Strategy<Value = Command> {
    prop_oneof![
        Just(reserved()),
        Just(not_available()),
        Just(Command::RecordRelease),
        outcome().prop_map(Command::RecordPayment),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        1 => Just(Command::Create(new_order())),
        6 => record(),
        2 => (step(), 1..5_u32).prop_map(|(step, attempt)| Command::FireTimer { step, attempt }),
        2 => (step(), 1..5_u32).prop_map(|(step, attempt)| give_up(step, attempt)),
        1 => requester().prop_map(|requester| Command::Cancel { requester }),
        1 => requester().prop_map(|requester| Command::Resume { requester }),
    ]
}

fn history() -> impl Strategy<Value = Vec<(Command, i64)>> {
    proptest::collection::vec((command(), 0..20_i64), 0..40)
}

/// Plays a history; `check` sees the order after each command together with the events it caused.
fn play(history: Vec<(Command, i64)>, mut check: impl FnMut(&Given, &[Event])) {
    let mut given = Given::an_order();
    for (command, pause) in history {
        given.now += pause;
        let before = given.state.clone();
        match given.when(command) {
            Ok(events) => check(&given, &events),
            Err(_) => assert_eq!(given.state, before, "a refusal changes nothing"),
        }
    }
}

proptest! {
    // `Given::when` panics if an event that was decided cannot be folded, so this is also totality.
    #[test]
    fn no_commit_ends_between_two_events(history in history()) {
        play(history, |given, _| assert!(!given.order().phase.is_transient()));
    }

    #[test]
    fn a_completed_order_never_changes(history in history()) {
        let mut completed: Option<Order> = None;
        play(history, |given, _| {
            if let Some(order) = &completed {
                assert_eq!(given.order(), order);
            } else if given.order().phase == Phase::Completed {
                completed = Some(given.order().clone());
            }
        });
    }

    #[test]
    fn a_cancelled_order_is_never_sold_and_stays_cancelled_or_parked(history in history()) {
        let mut cancelled = false;
        play(history, |given, _| {
            let status = given.order().status();
            cancelled |= status == Status::Cancelled;
            assert!(!cancelled || matches!(status, Status::Cancelled | Status::Parked));
        });
    }

    #[test]
    fn nothing_is_charged_after_a_cancellation(history in history()) {
        let mut cancelled = false;
        play(history, |given, events| {
            let charges = given.effects.iter().any(|effect| matches!(effect, Effect::ChargePayment { .. }));
            assert!(!(cancelled && charges && !events.is_empty()));
            cancelled |= events.iter().any(|event| matches!(event, Event::CancelRequested { .. }));
        });
    }

    #[test]
    fn what_is_recorded_twice_counts_once(history in history(), twice in record()) {
        let mut given = Given::an_order();
        for (command, _) in history {
            let _ = given.when(command);
        }
        if given.when(twice.clone()).is_ok() {
            prop_assert_eq!(given.when(twice), Ok(vec![]));
        }
    }

    #[test]
    fn the_version_counts_the_events(history in history()) {
        let mut count = 1;
        play(history, |given, events| {
            count += events.len() as u64;
            assert_eq!(given.state.version(), count);
        });
    }
}

/// The world around one order: what is still to be executed, and who holds the money.
struct World {
    given: Given,
    outstanding: Vec<Effect>,
    timers: Vec<(SagaStep, u32)>,
    captured: i64,
    refunded: i64,
    void: bool,
    wants_cancel: bool,
}

impl World {
    fn new() -> Self {
        let given = Given::an_order();
        let outstanding = given.effects.clone();
        Self {
            given,
            outstanding,
            timers: vec![],
            captured: 0,
            refunded: 0,
            void: false,
            wants_cancel: true,
        }
    }

    fn tell(&mut self, command: Command) {
        if let Ok(events) = self.given.when(command)
            && !events.is_empty()
        {
            for effect in self.given.effects.drain(..) {
                match effect {
                    Effect::ScheduleTimer { step, attempt, .. } => self.timers.push((step, attempt)),
                    other => self.outstanding.push(other),
                }
            }
        }
        self.assert_awaited();
    }

    /// Whatever is not final waits for exactly something that is under way.
    fn assert_awaited(&self) {
        let count = |name: &str| {
            self.outstanding
                .iter()
                .filter(|effect| effect.name() == name)
                .count()
        };
        match &self.given.order().phase {
            Phase::Reserving | Phase::CancellingReservation { .. } => {
                assert_eq!(count("reserve_inventory"), 1)
            }
            Phase::Releasing { .. } => assert_eq!(count("release_inventory"), 1),
            Phase::Paying(step) => assert!(
                self.timers.contains(&(step.name(), step.attempt()))
                    || self.outstanding.iter().any(|effect| is_attempt(effect, step)),
                "{step:?} waits for nothing"
            ),
            Phase::Parked(step) => assert!(self.timers.contains(&(step.name(), step.attempt()))),
            Phase::Completed => assert!(!self.outstanding.iter().any(|e| e.name() == "release_inventory")),
            Phase::Cancelled { .. } => {}
            transient => panic!("{transient:?} at the end of a commit"),
        }
    }

    fn charge(&mut self, works: bool) -> Option<PaymentOutcome> {
        if self.captured == 0 && !self.void && works {
            self.captured = 2800;
        }
        self.known()
    }

    fn give_back(&mut self) -> PaymentOutcome {
        self.void = true;
        self.refunded = self.captured;
        self.known().unwrap_or(PaymentOutcome::Voided)
    }

    fn known(&self) -> Option<PaymentOutcome> {
        match (self.captured, self.refunded, self.void) {
            (0, _, true) => Some(PaymentOutcome::Voided),
            (0, _, false) => None,
            (_, 0, _) => Some(succeeded()),
            _ => Some(refunded()),
        }
    }

    /// Executes one effect. `dice`: 0 works, 1 refused for good, 2 works but the answer is lost, else no answer.
    fn execute(&mut self, effect: Effect, dice: u8) {
        match effect {
            Effect::ReserveInventory { .. } => {
                self.tell(if dice == 1 { not_available() } else { reserved() });
            }
            Effect::ReleaseInventory => self.tell(Command::RecordRelease),
            Effect::ChargePayment { attempt, .. } => match self.charge(dice == 0 || dice == 2) {
                Some(outcome) if dice != 2 => self.tell(Command::RecordPayment(outcome)),
                None if dice == 1 && !self.void => {
                    self.void = true;
                    self.tell(Command::RecordPayment(declined()));
                }
                _ => self.timers.push((SagaStep::Charge, attempt)),
            },
            Effect::ResolvePayment { attempt } => self.learn(SagaStep::Resolve, attempt, dice),
            Effect::RefundPayment { attempt } => self.learn(SagaStep::Refund, attempt, dice),
            Effect::CommitInventory | Effect::ScheduleTimer { .. } => {}
        }
    }

    fn learn(&mut self, step: SagaStep, attempt: u32, dice: u8) {
        if dice > 2 {
            return self.tell(give_up(step, attempt));
        }
        let known = if step == SagaStep::Resolve {
            self.known()
        } else {
            None
        };
        let outcome = known.unwrap_or_else(|| self.give_back());
        match dice {
            2 => self.tell(give_up(step, attempt)),
            _ => self.tell(Command::RecordPayment(outcome)),
        }
    }

    /// Does one thing that is due, chosen by `choice`; false if nothing is left to do.
    fn advance(&mut self, choice: usize, dice: u8) -> bool {
        if choice.is_multiple_of(11) && self.wants_cancel {
            self.wants_cancel = false;
            self.tell(Command::Cancel {
                requester: Requester::Customer,
            });
        } else if !self.outstanding.is_empty() {
            let effect = self.outstanding.swap_remove(choice % self.outstanding.len());
            // Forgotten only once its outcome is recorded, as a lane acknowledges last.
            self.outstanding.push(effect.clone());
            self.execute(effect.clone(), dice);
            self.outstanding.retain(|other| *other != effect);
        } else if !self.timers.is_empty() {
            let (step, attempt) = self.timers[choice % self.timers.len()];
            self.given.now += 7;
            self.tell(Command::FireTimer { step, attempt });
            self.timers.retain(|timer| *timer != (step, attempt));
        } else {
            return false;
        }
        true
    }
}

fn is_attempt(effect: &Effect, step: &PaymentStep) -> bool {
    match effect {
        Effect::ChargePayment { attempt, .. } => step.is(SagaStep::Charge, *attempt),
        Effect::ResolvePayment { attempt } => step.is(SagaStep::Resolve, *attempt),
        Effect::RefundPayment { attempt } => step.is(SagaStep::Refund, *attempt),
        _ => false,
    }
}

proptest! {
    #[test]
    fn every_order_ends_and_the_money_is_where_it_belongs(
        dice in proptest::collection::vec((any::<usize>(), 0..5_u8), 200)
    ) {
        let mut world = World::new();
        // Chaos first; then everything works, as it must at some time.
        let calm = (0..1000_usize).map(|choice| (choice * 7 + 1, 0));
        let steps = dice.into_iter().chain(calm).take_while(|&(choice, dice)| world.advance(choice, dice)).count();
        prop_assert!(steps < 1000, "never comes to rest");
        let completed = match &world.given.order().phase {
            Phase::Completed => 2800,
            Phase::Cancelled { .. } => 0,
            other => panic!("rests in {other:?}"),
        };
        prop_assert_eq!(world.captured - world.refunded, completed);
    }
}

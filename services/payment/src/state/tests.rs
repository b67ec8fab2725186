use super::*;
use proptest::prelude::*;

fn money() -> Money {
    Money {
        amount: 1999,
        currency: "EUR".into(),
    }
}

fn charge() -> Charge {
    Charge {
        charge_id: "ch_1".into(),
        amount: money(),
    }
}

fn refund() -> Refund {
    Refund {
        charge_id: "ch_1".into(),
        refund_id: "re_1".into(),
        amount: money(),
    }
}

fn given(events: impl IntoIterator<Item = Event>) -> State {
    events.into_iter().fold(State::Unseen, State::evolve)
}

fn when(state: State, outcome: Outcome) -> (Vec<Event>, State) {
    let events = record(&state, &outcome);
    let after = events.iter().cloned().fold(state, State::evolve);
    (events, after)
}

#[test]
fn a_first_success_is_recorded_and_a_repeated_one_is_not() {
    let (events, state) = when(State::Unseen, Outcome::Succeeded(charge()));
    assert_eq!(events, [Event::Succeeded(charge())]);
    assert_eq!(state, State::Succeeded(charge()));
    assert_eq!(when(state, Outcome::Succeeded(charge())).0, []);
}

#[test]
fn a_pending_charge_ends_as_the_provider_tells() {
    let pending = || given([Event::Pending(charge())]);
    assert_eq!(when(pending(), Outcome::Pending(charge())).0, []);
    assert_eq!(
        when(pending(), Outcome::Succeeded(charge())).1,
        State::Succeeded(charge())
    );
    assert_eq!(
        when(pending(), Outcome::Declined("x".into())).1,
        State::Declined("x".into())
    );
    assert_eq!(when(pending(), Outcome::Voided).1, State::Voided);
}

#[test]
fn a_charge_that_lands_after_a_void_is_a_stray_until_it_is_refunded() {
    let (events, stray) = when(given([Event::Voided]), Outcome::Succeeded(charge()));
    assert_eq!(
        (events, &stray),
        (vec![Event::Stray(charge())], &State::Stray(charge()))
    );
    let (events, state) = when(stray, Outcome::Refunded(charge(), refund()));
    assert_eq!(
        (events, state),
        (vec![Event::Refunded(refund())], State::Refunded(refund()))
    );
}

#[test]
fn a_decline_is_final_for_the_order_so_a_later_capture_is_a_stray() {
    let declined = given([Event::Declined("card_declined".into())]);
    assert_eq!(
        when(declined, Outcome::Succeeded(charge())).1,
        State::Stray(charge())
    );
}

#[test]
fn a_charge_found_refunded_is_recorded_as_both() {
    let (events, state) = when(State::Unseen, Outcome::Refunded(charge(), refund()));
    assert_eq!(events, [Event::Succeeded(charge()), Event::Refunded(refund())]);
    assert_eq!(state, State::Refunded(refund()));
}

#[test]
fn a_late_success_does_not_undo_a_refund() {
    let refunded = given([Event::Succeeded(charge()), Event::Refunded(refund())]);
    assert_eq!(
        when(refunded.clone(), Outcome::Succeeded(charge())),
        (vec![], refunded)
    );
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Pending(charge())),
        Just(Outcome::Succeeded(charge())),
        Just(Outcome::Declined("card_declined".into())),
        Just(Outcome::Voided),
        Just(Outcome::Refunded(charge(), refund())),
    ]
}

proptest! {
    #[test]
    fn any_outcome_is_recorded_at_most_once(before in prop::collection::vec(outcomes(), 0..6), last in outcomes()) {
        let state = before.into_iter().fold(State::Unseen, |state, outcome| when(state, outcome).1);
        let (_, once) = when(state, last.clone());
        let (again, twice) = when(once.clone(), last);
        prop_assert_eq!(again, vec![]);
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn money_that_was_captured_is_held_until_it_is_refunded(history in prop::collection::vec(outcomes(), 0..8)) {
        let captured = history.iter().any(|o| matches!(o, Outcome::Succeeded(_) | Outcome::Refunded(..)));
        let refunded = history.iter().any(|o| matches!(o, Outcome::Refunded(..)));
        let state = history.into_iter().fold(State::Unseen, |state, outcome| when(state, outcome).1);
        prop_assert_eq!(state.held().is_some(), captured && !refunded);
        prop_assert_eq!(matches!(state, State::Refunded(_)), refunded);
    }

    #[test]
    fn every_decided_event_changes_the_state(history in prop::collection::vec(outcomes(), 0..8)) {
        let mut state = State::Unseen;
        for outcome in history {
            for event in record(&state, &outcome) {
                let before = state.clone();
                state = state.evolve(event);
                prop_assert_ne!(&before, &state);
            }
        }
    }

    #[test]
    fn what_was_promised_empty_is_never_reported_as_paid(history in prop::collection::vec(outcomes(), 0..8)) {
        let mut state = State::Unseen;
        let mut promised_empty = false;
        for outcome in history {
            state = when(state, outcome).1;
            promised_empty |= matches!(state, State::Voided | State::Declined(_));
            prop_assert!(!(promised_empty && matches!(state, State::Succeeded(_))));
        }
    }
}

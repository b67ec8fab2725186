use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use holdfast_platform::clock::ManualClock;
use holdfast_platform::journal::memory::MemoryJournal;
use holdfast_platform::journal::{Append, Headers, Record};
use jiff::Timestamp;

use super::*;
use crate::state::{Event, Refund};

const ORDER: Uuid = Uuid::from_u128(1);
const USER: Uuid = Uuid::from_u128(2);

fn eur(amount: i64) -> Money {
    Money {
        amount,
        currency: "EUR".into(),
    }
}

fn request() -> ChargeRequest {
    ChargeRequest {
        order_id: ORDER,
        user_id: USER,
        amount: eur(1999),
        payment_token: "tok".into(),
    }
}

/// How the fake provider treats the next charge.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Card {
    #[default]
    Good,
    Declined,
    Slow,
    /// Charged, but the answer is lost.
    Lost,
    /// Not charged, nobody there.
    Away,
    Misconfigured,
}

#[derive(Default)]
struct Bank {
    card: Card,
    find_fails: bool,
    charges: HashMap<Uuid, Found>,
    asked_to_charge: usize,
    captures: usize,
    refunds: usize,
}

#[derive(Default)]
struct FakeProvider(Mutex<Bank>);

impl FakeProvider {
    fn bank(&self) -> std::sync::MutexGuard<'_, Bank> {
        self.0.lock().unwrap()
    }
}

fn charge_of(order_id: Uuid) -> Charge {
    Charge {
        charge_id: format!("ch_{order_id}"),
        amount: eur(1999),
    }
}

fn refund_of(order_id: Uuid) -> Refund {
    Refund {
        charge_id: format!("ch_{order_id}"),
        refund_id: format!("re_{order_id}"),
        amount: eur(1999),
    }
}

impl Bank {
    fn capture(&mut self, order_id: Uuid) -> Outcome {
        self.captures += 1;
        self.put(order_id, Outcome::Succeeded(charge_of(order_id)))
    }

    fn put(&mut self, order_id: Uuid, outcome: Outcome) -> Outcome {
        self.charges.insert(
            order_id,
            Found {
                outcome: outcome.clone(),
                user_id: Some(USER),
            },
        );
        outcome
    }
}

fn unknown() -> provider::Error {
    provider::Error::Unknown("connection reset".into())
}

impl Provider for FakeProvider {
    fn name(&self) -> &'static str {
        "fake"
    }

    async fn charge(&self, request: &ChargeRequest) -> Result<Outcome, provider::Error> {
        let mut bank = self.bank();
        bank.asked_to_charge += 1;
        if let Some(known) = bank.charges.get(&request.order_id) {
            return Ok(known.outcome.clone());
        }
        match bank.card {
            Card::Good => Ok(bank.capture(request.order_id)),
            Card::Declined => Ok(bank.put(request.order_id, Outcome::Declined("card_declined".into()))),
            Card::Slow => Ok(bank.put(request.order_id, Outcome::Pending(charge_of(request.order_id)))),
            Card::Lost => {
                bank.capture(request.order_id);
                Err(unknown())
            }
            Card::Away => Err(provider::Error::TimedOut),
            Card::Misconfigured => Err(provider::Error::Refused("401".into())),
        }
    }

    async fn find(&self, order_id: Uuid) -> Result<Option<Found>, provider::Error> {
        let bank = self.bank();
        if bank.find_fails {
            Err(unknown())
        } else {
            Ok(bank.charges.get(&order_id).cloned())
        }
    }

    async fn void(&self, order_id: Uuid) -> Result<Outcome, provider::Error> {
        let mut bank = self.bank();
        match bank.charges.get(&order_id).map(|found| found.outcome.clone()) {
            None | Some(Outcome::Pending(_)) => Ok(bank.put(order_id, Outcome::Voided)),
            Some(outcome) => Ok(outcome),
        }
    }

    async fn refund(&self, order_id: Uuid, charge: &Charge) -> Result<Refund, provider::Error> {
        let mut bank = self.bank();
        let refund = refund_of(order_id);
        if !matches!(bank.charges[&order_id].outcome, Outcome::Refunded(..)) {
            bank.refunds += 1;
            bank.put(order_id, Outcome::Refunded(charge.clone(), refund.clone()));
        }
        Ok(refund)
    }
}

/// A journal that can be made to refuse appends and to answer first reads from a copy that holds nothing.
#[derive(Clone, Default)]
struct ShakyJournal {
    inner: MemoryJournal,
    refuse: Arc<AtomicBool>,
    stale: Arc<AtomicBool>,
}

impl Journal for ShakyJournal {
    async fn append(&self, append: Append) -> Result<Revision, journal::Error> {
        if self.refuse.load(Ordering::SeqCst) {
            return Err(journal::Error::Unavailable {
                detail: "planned".into(),
            });
        }
        self.inner.append(append).await
    }

    async fn read(&self, subject: &str, at_least: Revision) -> Result<Vec<Record>, journal::Error> {
        if at_least == Revision::NONE && self.stale.load(Ordering::SeqCst) {
            return Ok(Vec::new());
        }
        self.inner.read(subject, at_least).await
    }

    async fn last(&self, subject: &str) -> Result<Option<Record>, journal::Error> {
        self.inner.last(subject).await
    }
}

struct Given {
    payments: Payments<ShakyJournal, FakeProvider, ManualClock>,
    provider: Arc<FakeProvider>,
    journal: ShakyJournal,
}

fn given(card: Card) -> Given {
    let provider = Arc::new(FakeProvider::default());
    provider.bank().card = card;
    let journal = ShakyJournal::default();
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    Given {
        payments: Payments::new(journal.clone(), Arc::clone(&provider), clock),
        provider,
        journal,
    }
}

impl Given {
    async fn charge(&self, attempt: u32) -> Result<State, Error> {
        self.payments.charge(&request(), attempt).await
    }

    async fn refund(&self) -> Result<State, Error> {
        self.payments.refund(ORDER, USER).await
    }

    async fn webhook(&self, outcome: Outcome) -> Result<State, Error> {
        let found = Found {
            outcome,
            user_id: Some(USER),
        };
        self.payments
            .apply(Notification {
                order_id: ORDER,
                found: Some(found),
            })
            .await
    }

    fn events(&self) -> Vec<Event> {
        let records = self.journal.inner.records();
        records
            .iter()
            .flat_map(|record| Commit::from_payload(&record.payload).unwrap().events)
            .collect()
    }

    /// What the provider did: charges that it was asked for, captures, refunds.
    fn happened(&self) -> (usize, usize, usize) {
        let bank = self.provider.bank();
        (bank.asked_to_charge, bank.captures, bank.refunds)
    }
}

fn paid() -> State {
    State::Succeeded(charge_of(ORDER))
}

#[tokio::test]
async fn a_charge_is_recorded_before_it_is_answered_and_replayed_from_the_record() {
    let given = given(Card::Good);
    assert_eq!(given.charge(1).await.unwrap(), paid());
    assert_eq!(given.events(), [Event::Succeeded(charge_of(ORDER))]);
    assert_eq!(given.charge(1).await.unwrap(), paid());
    assert_eq!(given.charge(2).await.unwrap(), paid());
    assert_eq!(given.happened(), (1, 1, 0));
}

#[tokio::test]
async fn a_decline_is_an_outcome_and_final() {
    let given = given(Card::Declined);
    let declined = State::Declined("card_declined".into());
    assert_eq!(given.charge(1).await.unwrap(), declined);
    given.provider.bank().card = Card::Good;
    assert_eq!(given.charge(2).await.unwrap(), declined);
    assert_eq!(given.refund().await.unwrap(), declined);
    assert_eq!(given.happened(), (1, 0, 0));
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_and_the_card_is_charged_once() {
    let given = given(Card::Lost);
    assert_eq!(given.charge(1).await.unwrap(), paid());
    assert_eq!(given.happened(), (1, 1, 0));
}

#[tokio::test]
async fn an_answer_that_cannot_be_had_leaves_no_record_and_the_next_attempt_asks_first() {
    let given = given(Card::Lost);
    given.provider.bank().find_fails = true;
    assert!(matches!(
        given.charge(1).await,
        Err(Error::Provider(provider::Error::Unknown(_)))
    ));
    assert_eq!(given.events(), []);
    given.provider.bank().find_fails = false;
    assert_eq!(given.charge(2).await.unwrap(), paid());
    assert_eq!(given.happened(), (1, 1, 0), "asked, not charged again");
}

#[tokio::test]
async fn a_provider_that_was_away_is_charged_by_the_next_attempt() {
    let given = given(Card::Away);
    assert!(matches!(
        given.charge(1).await,
        Err(Error::Provider(provider::Error::TimedOut))
    ));
    given.provider.bank().card = Card::Good;
    assert_eq!(given.charge(2).await.unwrap(), paid());
}

#[tokio::test]
async fn a_provider_that_refuses_us_is_not_a_decline() {
    let given = given(Card::Misconfigured);
    assert!(matches!(
        given.charge(1).await,
        Err(Error::Provider(provider::Error::Refused(_)))
    ));
    assert_eq!(given.events(), []);
}

#[tokio::test]
async fn a_crash_between_charge_and_append_is_made_good_by_asking() {
    let given = given(Card::Good);
    given.journal.refuse.store(true, Ordering::SeqCst);
    assert!(matches!(given.charge(1).await, Err(Error::Journal(_))));
    given.journal.refuse.store(false, Ordering::SeqCst);
    assert_eq!(given.charge(2).await.unwrap(), paid());
    assert_eq!(given.happened(), (1, 1, 0));
}

#[tokio::test]
async fn a_stale_read_neither_doubles_the_record_nor_the_charge() {
    let given = given(Card::Good);
    given.charge(1).await.unwrap();
    given.journal.stale.store(true, Ordering::SeqCst);
    assert_eq!(given.charge(1).await.unwrap(), paid());
    assert_eq!(given.events().len(), 1);
    assert_eq!(given.happened(), (2, 1, 0), "the provider knows the key");
}

#[tokio::test]
async fn a_pending_charge_is_recorded_and_ends_by_webhook_once() {
    let given = given(Card::Slow);
    assert_eq!(given.charge(1).await.unwrap(), State::Pending(charge_of(ORDER)));
    for _ in 0..2 {
        assert_eq!(
            given.webhook(Outcome::Succeeded(charge_of(ORDER))).await.unwrap(),
            paid()
        );
    }
    assert_eq!(
        given.events(),
        [
            Event::Pending(charge_of(ORDER)),
            Event::Succeeded(charge_of(ORDER))
        ]
    );
}

#[tokio::test]
async fn a_webhook_that_overtakes_the_record_is_recorded() {
    let given = given(Card::Good);
    assert_eq!(
        given.webhook(Outcome::Succeeded(charge_of(ORDER))).await.unwrap(),
        paid()
    );
    assert_eq!(given.events().len(), 1);
}

#[tokio::test]
async fn a_pending_charge_ends_when_it_is_asked_for() {
    let given = given(Card::Slow);
    given.charge(1).await.unwrap();
    given.provider.bank().capture(ORDER);
    assert_eq!(given.payments.get(ORDER).await.unwrap(), paid());
    assert_eq!(given.events().len(), 2);
}

#[tokio::test]
async fn an_order_that_nobody_charged_is_unseen() {
    let given = given(Card::Good);
    assert_eq!(given.payments.get(ORDER).await.unwrap(), State::Unseen);
    assert_eq!(given.events(), []);
}

#[tokio::test]
async fn captured_money_is_refunded_once() {
    let given = given(Card::Good);
    given.charge(1).await.unwrap();
    for _ in 0..2 {
        assert_eq!(given.refund().await.unwrap(), State::Refunded(refund_of(ORDER)));
    }
    assert_eq!(given.happened(), (1, 1, 1));
    assert_eq!(given.charge(2).await.unwrap(), State::Refunded(refund_of(ORDER)));
}

#[tokio::test]
async fn a_refund_before_any_charge_leaves_a_tombstone_that_refuses_it() {
    let given = given(Card::Good);
    assert_eq!(given.refund().await.unwrap(), State::Voided);
    assert_eq!(given.charge(1).await.unwrap(), State::Voided);
    assert_eq!(given.happened(), (0, 0, 0));
}

#[tokio::test]
async fn a_refund_that_finds_a_charge_nobody_recorded_gives_it_back() {
    let given = given(Card::Lost);
    given.provider.bank().find_fails = true;
    assert!(given.charge(1).await.is_err());
    assert_eq!(given.refund().await.unwrap(), State::Refunded(refund_of(ORDER)));
    assert_eq!(given.happened(), (1, 1, 1));
}

#[tokio::test]
async fn what_was_captured_before_a_void_stays_so() {
    let given = given(Card::Good);
    given.provider.bank().capture(ORDER);
    for _ in 0..2 {
        assert_eq!(given.payments.void(ORDER, USER).await.unwrap(), paid());
    }
    assert_eq!(given.events(), [Event::Succeeded(charge_of(ORDER))]);
    assert_eq!(given.happened().2, 0, "nothing is refunded");
}

#[tokio::test]
async fn a_void_of_what_was_never_seen_is_kept_and_a_charge_that_lands_after_it_is_refunded() {
    let given = given(Card::Good);
    assert_eq!(given.payments.void(ORDER, USER).await.unwrap(), State::Voided);
    given.provider.bank().capture(ORDER);
    let state = given.payments.void(ORDER, USER).await.unwrap();
    assert_eq!(state, State::Refunded(refund_of(ORDER)));
}

#[tokio::test]
async fn a_charge_that_lands_after_the_void_is_refunded_whoever_hears_of_it_first() {
    for path in 0..3 {
        let given = given(Card::Good);
        given.refund().await.unwrap();
        given.provider.bank().capture(ORDER);
        let state = match path {
            0 => given.webhook(Outcome::Succeeded(charge_of(ORDER))).await,
            1 => given.charge(2).await,
            _ => given.refund().await,
        };
        assert_eq!(state.unwrap(), State::Refunded(refund_of(ORDER)), "path {path}");
        let (_, captures, refunds) = given.happened();
        assert_eq!((captures, refunds), (1, 1), "path {path}");
        let expected = [
            Event::Voided,
            Event::Stray(charge_of(ORDER)),
            Event::Refunded(refund_of(ORDER)),
        ];
        assert_eq!(given.events(), expected, "path {path}");
    }
}

#[tokio::test]
async fn a_charge_in_flight_that_loses_against_a_void_is_refunded_by_its_own_writer() {
    let given = given(Card::Good);
    given.payments.refund(ORDER, USER).await.unwrap();
    given.provider.bank().charges.clear();
    // The charge read the record before the void was written, and the provider captured.
    given.journal.stale.store(true, Ordering::SeqCst);
    assert_eq!(given.charge(1).await.unwrap(), State::Refunded(refund_of(ORDER)));
    assert_eq!(given.happened(), (1, 1, 1));
}

#[tokio::test]
async fn another_amount_for_the_same_order_is_refused() {
    let given = given(Card::Good);
    given.charge(1).await.unwrap();
    let other = ChargeRequest {
        amount: eur(1),
        ..request()
    };
    assert!(matches!(
        given.payments.charge(&other, 1).await,
        Err(Error::OtherAmount(_))
    ));
}

#[tokio::test]
async fn a_notification_that_tells_nothing_makes_us_ask() {
    let given = given(Card::Good);
    given.charge(1).await.unwrap();
    given.provider.refund(ORDER, &charge_of(ORDER)).await.unwrap();
    let state = given
        .payments
        .apply(Notification {
            order_id: ORDER,
            found: None,
        })
        .await
        .unwrap();
    assert_eq!(
        state,
        State::Refunded(refund_of(ORDER)),
        "refunded at the provider, not by us"
    );
}

#[tokio::test]
async fn a_charge_that_names_no_user_is_not_ours_and_is_ignored() {
    let given = given(Card::Good);
    let found = Found {
        outcome: Outcome::Succeeded(charge_of(ORDER)),
        user_id: None,
    };
    let state = given
        .payments
        .apply(Notification {
            order_id: ORDER,
            found: Some(found),
        })
        .await
        .unwrap();
    assert_eq!(state, State::Unseen);
    assert_eq!(given.events(), []);
}

#[tokio::test]
async fn a_corrupt_record_stops_this_payment_and_names_its_sequence() {
    let given = given(Card::Good);
    let append = Append {
        subject: subjects::payment(ORDER),
        expected: Revision::NONE,
        message_id: "x".into(),
        headers: Headers::new(),
        payload: Bytes::from_static(b"{}"),
    };
    given.journal.inner.append(append).await.unwrap();
    let error = given.charge(1).await.unwrap_err();
    assert!(
        matches!(
            error,
            Error::Corrupt {
                sequence: Revision(1),
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(
        given.happened(),
        (0, 0, 0),
        "nothing is charged on a record that cannot be read"
    );
    let other = ChargeRequest {
        order_id: Uuid::from_u128(9),
        ..request()
    };
    assert!(
        given.payments.charge(&other, 1).await.is_ok(),
        "other payments go on"
    );
}

#[tokio::test]
async fn a_gap_or_a_fork_in_the_record_stops_this_payment_and_names_its_sequence() {
    let commit = |first_version| Commit {
        order_id: ORDER,
        user_id: USER,
        time: Timestamp::UNIX_EPOCH,
        first_version,
        events: vec![Event::Pending(charge_of(ORDER))],
    };
    for versions in [vec![2], vec![1, 1], vec![1, 3], vec![1, 2, 2]] {
        let given = given(Card::Good);
        let mut expected = Revision::NONE;
        for version in &versions {
            let append = record::append(&commit(*version), expected, "fake").unwrap();
            let message_id = Uuid::new_v4().to_string();
            let append = Append { message_id, ..append };
            expected = given.journal.inner.append(append).await.unwrap();
        }
        let wrong = expected;
        for result in [
            given.charge(1).await,
            given.payments.get(ORDER).await,
            given.refund().await,
        ] {
            let error = result.unwrap_err();
            assert!(
                matches!(
                    &error,
                    Error::Corrupt { sequence, source: codec::Error::Gap { .. } } if *sequence == wrong
                ),
                "{versions:?}: {error}"
            );
        }
        assert_eq!(given.happened(), (0, 0, 0));
    }
}

use super::*;
use crate::charge::Money;

#[derive(Default)]
struct Kept(Vec<Charge>);

impl Sink for Kept {
    fn keep(&mut self, charge: &Charge) -> io::Result<()> {
        self.0.push(charge.clone());
        Ok(())
    }
}

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn after(seconds: i64) -> Timestamp {
    NOW + SignedDuration::from_secs(seconds)
}

fn request(token: &str) -> ChargeRequest {
    ChargeRequest {
        order_id: "o1".into(),
        amount: Money {
            amount: 1999,
            currency: "EUR".into(),
        },
        payment_token: token.into(),
        metadata: [("user_id".to_owned(), "u1".to_owned())].into(),
    }
}

struct Given(Ledger<Kept>);

fn given() -> Given {
    Given(Ledger::new(Kept::default(), []))
}

impl Given {
    fn charge(&mut self, token: &str, at: Timestamp) -> Result<Admission, Error> {
        self.0.charge("k1", request(token), &Delays::default(), at)
    }

    fn find(&self, at: Timestamp) -> Result<Charge, Error> {
        self.0.find("k1", &Delays::default(), at)
    }

    fn void(&mut self) -> Charge {
        self.0.void(("k1", None), &Delays::default(), NOW).unwrap()
    }

    fn restarted(self) -> Self {
        let lines = self.0.sink.0.clone();
        Self(Ledger::new(self.0.sink, lines))
    }
}

fn charge_of(admission: Admission) -> Charge {
    match admission {
        Admission::New(charge) | Admission::Known(charge) => charge,
    }
}

#[test]
fn tok_ok_is_captured_once_however_often_it_is_asked_for() {
    let mut given = given();
    assert!(matches!(given.charge("tok_ok", NOW).unwrap(), Admission::New(_)));
    let again = given.charge("tok_ok", after(1)).unwrap();
    assert!(matches!(&again, Admission::Known(charge) if charge.attempts == 2));
    assert_eq!(charge_of(again).captured, 1999);
    assert_eq!(
        given.0.totals(),
        Totals {
            charges: 1,
            captured: 1999,
            refunded: 0
        }
    );
}

#[test]
fn the_same_key_with_another_amount_is_refused() {
    let mut given = given();
    given.charge("tok_ok", NOW).unwrap();
    let other = ChargeRequest {
        amount: Money {
            amount: 1,
            currency: "EUR".into(),
        },
        ..request("tok_ok")
    };
    let refusal = given.0.charge("k1", other, &Delays::default(), NOW);
    assert!(matches!(refusal, Err(Error::KeyReused)));
}

#[test]
fn declined_and_unknown_tokens_take_nothing_and_say_why() {
    for (token, code) in [
        ("tok_declined", "card_declined"),
        ("tok_nonsense", "unknown_token"),
    ] {
        let charge = charge_of(given().charge(token, NOW).unwrap());
        assert_eq!(charge.status, Status::Declined);
        assert_eq!(charge.decline_code.as_deref(), Some(code));
        assert_eq!(charge.captured, 0);
    }
}

#[test]
fn tok_slow_is_pending_until_it_is_settled() {
    let mut given = given();
    let charge = charge_of(given.charge("tok_slow", NOW).unwrap());
    assert_eq!(
        (charge.status, charge.settles_at),
        (Status::Pending, Some(after(8)))
    );
    assert_eq!(given.0.settle("k1").unwrap().status, Status::Succeeded);
    assert_eq!(given.find(after(9)).unwrap().captured, 1999);
}

#[test]
fn tok_error_fails_for_five_seconds_from_its_first_sight_then_works() {
    let mut given = given();
    assert!(matches!(given.charge("tok_error", NOW), Err(Error::Outage)));
    assert!(matches!(given.find(after(4)), Err(Error::Outage)));
    assert!(matches!(given.charge("tok_error", after(4)), Err(Error::Outage)));
    assert!(
        matches!(given.find(after(5)), Err(Error::Unknown)),
        "nothing was charged"
    );
    assert_eq!(
        charge_of(given.charge("tok_error", after(5)).unwrap()).captured,
        1999
    );
}

#[test]
fn a_voided_pending_charge_is_never_captured() {
    let mut given = given();
    given.charge("tok_webhook_twice", NOW).unwrap();
    assert_eq!(given.void().status, Status::Voided);
    let settled = given.0.settle("k1").unwrap();
    assert_eq!((settled.status, settled.captured), (Status::Voided, 0));
    assert_eq!(given.0.unfinished().count(), 0);
}

#[test]
fn a_key_voided_before_it_was_seen_refuses_the_later_charge() {
    let mut given = given();
    assert_eq!(given.void().order_id, None);
    let late = charge_of(given.charge("tok_ok", after(1)).unwrap());
    assert_eq!((late.status, late.captured), (Status::Voided, 0));
    assert_eq!(
        late.order_id.as_deref(),
        Some("o1"),
        "the list tells what the void was of"
    );
}

#[test]
fn a_void_of_what_was_never_seen_tells_the_order_that_it_is_of() {
    let mut given = given();
    let voided = given.0.void(("k1", Some("o1")), &Delays::default(), NOW).unwrap();
    assert_eq!(voided.order_id.as_deref(), Some("o1"));
    assert_eq!(given.0.page(Some("o1"), 0, 10).items, [voided]);
    let late = charge_of(given.charge("tok_ok", after(1)).unwrap());
    assert_eq!(
        (late.status, late.captured, late.amount),
        (Status::Voided, 0, 1999)
    );
}

#[test]
fn void_leaves_captured_money_to_a_refund() {
    let mut given = given();
    given.charge("tok_ok", NOW).unwrap();
    assert_eq!(given.void().status, Status::Succeeded);
    let refunded = given.0.refund("ch_k1", "r1").unwrap();
    assert_eq!((refunded.captured, refunded.refunded), (1999, 1999));
    assert_eq!(given.0.refund("ch_k1", "r1").unwrap(), refunded, "idempotent");
    assert!(matches!(given.0.refund("ch_k1", "r2"), Err(Error::KeyReused)));
    assert_eq!(given.0.totals().refunded, 1999);
}

#[test]
fn only_captured_money_can_be_refunded() {
    let mut given = given();
    given.charge("tok_declined", NOW).unwrap();
    assert!(matches!(
        given.0.refund("ch_k1", "r1"),
        Err(Error::NotCaptured(Status::Declined))
    ));
    assert!(matches!(given.0.refund("ch_none", "r1"), Err(Error::Unknown)));
}

#[test]
fn a_restarted_provider_knows_all_it_knew() {
    let mut before = given();
    before.charge("tok_webhook_twice", NOW).unwrap();
    let mut after_restart = before.restarted();
    assert_eq!(
        after_restart.0.unfinished().count(),
        1,
        "the capture is still due"
    );
    after_restart.0.settle("k1").unwrap();
    assert_eq!(after_restart.0.webhook_delivered("k1").unwrap(), 1);
    let again = after_restart.restarted();
    assert_eq!(again.0.unfinished().count(), 1, "the second webhook is still due");
    assert_eq!(
        again.0.totals(),
        Totals {
            charges: 1,
            captured: 1999,
            refunded: 0
        }
    );
}

#[test]
fn a_charge_that_cannot_be_stored_did_not_happen() {
    struct Full;
    impl Sink for Full {
        fn keep(&mut self, _: &Charge) -> io::Result<()> {
            Err(io::ErrorKind::StorageFull.into())
        }
    }
    let mut ledger = Ledger::new(Full, []);
    let result = ledger.charge("k1", request("tok_ok"), &Delays::default(), NOW);
    assert!(matches!(result, Err(Error::Storage(_))));
    assert!(matches!(
        ledger.find("k1", &Delays::default(), NOW),
        Err(Error::Unknown)
    ));
}

#[test]
fn the_list_is_paged_and_its_totals_are_of_all_that_match() {
    let mut ledger = Ledger::new(Kept::default(), []);
    for n in 0..5 {
        let order_id = if n % 2 == 0 { "even" } else { "odd" };
        let one = ChargeRequest {
            order_id: order_id.into(),
            ..request("tok_ok")
        };
        ledger
            .charge(&format!("k{n}"), one, &Delays::default(), NOW)
            .unwrap();
    }
    let first = ledger.page(None, 0, 3);
    assert_eq!((first.items.len(), first.next_cursor.as_deref()), (3, Some("3")));
    assert_eq!(ledger.page(None, 3, 3).next_cursor, None);
    let odd = ledger.page(Some("odd"), 0, 1);
    assert_eq!((odd.items.len(), odd.next_cursor.as_deref()), (1, Some("1")));
    assert_eq!(
        odd.totals,
        Totals {
            charges: 2,
            captured: 3998,
            refunded: 0
        }
    );
}

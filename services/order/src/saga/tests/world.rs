//! Everything around an orchestrator, under the control of a test.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use holdfast_order_core::{Line, NewOrder, OrderId, Quantity, Requester, Sku, UserId};
use holdfast_platform::clock::ManualClock;
use holdfast_platform::journal::memory::MemoryJournal;
use holdfast_platform::journal::{Append, Delivery, Headers, Record};
use jiff::SignedDuration;
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::codec::{Timer, encode_timer};
use crate::fakes::{Alarms, Armed, Flaky, Script, at, eur};
use crate::ports::{NoJitter, PaymentAnswer};

pub(super) struct World {
    pub(super) journal: Flaky,
    pub(super) orchestrator: Orchestrator<Flaky, Script, Alarms, ManualClock, NoJitter>,
    script: Script,
    alarms: Alarms,
    clock: ManualClock,
    /// How far the lane `order-payment` has come.
    position: Mutex<Revision>,
}

impl World {
    pub(super) fn new() -> Self {
        let clock = ManualClock::at(at(0));
        let inner = MemoryJournal::new(clock.clone());
        Self::over(Flaky::over(inner), clock)
    }

    fn over(journal: Flaky, clock: ManualClock) -> Self {
        let (script, alarms) = (Script::default(), Alarms::default());
        let store = Store::new(journal.clone(), 100);
        let settings = Settings {
            payment_attempts: 3,
            ..Settings::default()
        };
        let ports = (script.clone(), alarms.clone());
        let orchestrator = Orchestrator::new(store, ports, (clock.clone(), NoJitter), settings);
        Self {
            journal,
            orchestrator,
            script,
            alarms,
            clock,
            position: Mutex::default(),
        }
    }

    /// Another process over the same journal, with a memory of its own.
    pub(super) fn sharing(self, other: &Self) -> Self {
        Self::over(other.journal.clone(), other.clock.clone())
    }

    pub(super) fn answer(&self, answer: PaymentAnswer) {
        self.script
            .answers
            .lock()
            .expect("not poisoned")
            .push_back(answer);
    }

    pub(super) fn forget_answers(&self) {
        self.script.answers.lock().expect("not poisoned").clear();
    }

    pub(super) fn calls(&self) -> Vec<String> {
        self.script.calls.lock().expect("not poisoned").clone()
    }

    pub(super) fn timers(&self) -> Vec<Armed> {
        self.alarms.0.lock().expect("not poisoned").clone()
    }

    pub(super) fn forget_timers(&self) {
        self.alarms.0.lock().expect("not poisoned").clear();
    }

    pub(super) fn advance(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    pub(super) async fn create(&self, n: u128) -> OrderKey {
        let key = OrderKey {
            user: UserId(Uuid::from_u128(77)),
            order: OrderId(Uuid::from_u128(n)),
        };
        let line = Line {
            sku: Sku::parse("tea").expect("a SKU"),
            quantity: Quantity::new(1).expect("not zero"),
            unit_price: eur(450),
        };
        let new = NewOrder {
            lines: Arc::new([line]),
            total: eur(450),
            payment_token: "tok_ok".to_owned(),
            limited_stock: false,
            fingerprint: "f".to_owned(),
        };
        self.orchestrator
            .apply(key, Basis::New, Command::Create(new))
            .await
            .expect("created");
        key
    }

    pub(super) async fn cancel(&self, key: OrderKey) -> Result<Applied, Error> {
        let command = Command::Cancel {
            requester: Requester::Customer,
        };
        self.orchestrator.apply(key, Basis::Unknown, command).await
    }

    pub(super) async fn status(&self, key: OrderKey) -> Status {
        let order = self.orchestrator.store().newest(&key).await.expect("readable");
        order.state.order().expect("created").status()
    }

    pub(super) async fn reason(&self, key: OrderKey) -> Option<CancelReason> {
        let order = self.orchestrator.store().newest(&key).await.expect("readable");
        order.state.order().expect("created").reason()
    }

    pub(super) async fn reserve(&self, key: OrderKey) {
        assert_eq!(self.batch(&[key], "reserved").await, Disposition::Ack);
    }

    pub(super) async fn release(&self, key: OrderKey) -> Disposition {
        self.batch(&[key], "released").await
    }

    /// Delivers a batch with the same decision for each order.
    pub(super) async fn batch(&self, keys: &[OrderKey], decision: &str) -> Disposition {
        self.batch_again(keys, decision, 1).await
    }

    /// Delivers such a batch for the `attempt`-th time.
    pub(super) async fn batch_again(&self, keys: &[OrderKey], decision: &str, attempt: u64) -> Disposition {
        let decisions = keys.iter().map(|key| {
            let cause = json!({"orderId": key.order.to_string(), "userId": key.user.to_string(), "orderSequence": "1"});
            json!({ decision: { "cause": cause } })
        });
        let payload = json!({"decisions": decisions.collect::<Vec<_>>()});
        let Delivery { record, .. } = delivery("inventory.log.0", payload, None);
        self.orchestrator
            .handle_inventory_batch(Delivery { record, attempt })
            .await
    }

    pub(super) async fn payment_record(&self, key: OrderKey, version: u64, event: &str) -> Disposition {
        let content = json!({"chargeId": "ch_1", "amount": {"amount": "450", "currency": "EUR"}});
        let payload = json!({
            "orderId": key.order.to_string(), "userId": key.user.to_string(),
            "events": [{"version": version.to_string(), event: content}],
        });
        self.orchestrator
            .handle_payment_commit(delivery("payments.x", payload, None))
            .await
    }

    pub(super) async fn timer(
        &self,
        key: OrderKey,
        step: SagaStep,
        attempt: u32,
        scheduler: Option<&str>,
    ) -> Disposition {
        let timer = Timer {
            order: key.order,
            user: key.user,
            step,
            attempt,
        };
        let payload = serde_json::from_slice(&encode_timer(&timer).expect("encoded")).expect("JSON");
        self.orchestrator
            .handle_timer(delivery("timers.fired.x", payload, scheduler))
            .await
    }

    /// Lets time pass and fires what is due.
    pub(super) async fn fire_timers(&self, seconds: i64) {
        self.advance(seconds);
        let due = std::mem::take(&mut *self.alarms.0.lock().expect("not poisoned"));
        assert!(!due.is_empty(), "no timer is armed");
        for (name, timer, at) in due {
            assert!(at <= self.clock.now(), "{name:?} is not due yet");
            let key = OrderKey {
                user: timer.user,
                order: timer.order,
            };
            let scheduler = format!("timers.{}.{}", timer.order, name.as_str());
            let done = self.timer(key, timer.step, timer.attempt, Some(&scheduler)).await;
            assert_eq!(done, Disposition::Ack);
        }
    }

    /// Works off the lane `order-payment`.
    pub(super) async fn work_off(&self) {
        loop {
            let position = *self.position.lock().expect("not poisoned");
            let Some(record) = self.journal.inner.next_after("orders.>", position) else {
                return;
            };
            assert_eq!(self.commit_again(&record, 1).await, Disposition::Ack);
            *self.position.lock().expect("not poisoned") = record.revision;
        }
    }

    /// Delivers all commits of the stream, as in their `attempt`-th delivery.
    pub(super) async fn redeliver_all(&self, attempt: u64) {
        for record in self.journal.records() {
            assert_eq!(self.commit_again(&record, attempt).await, Disposition::Ack);
        }
    }

    pub(super) async fn commit_again(&self, record: &Record, attempt: u64) -> Disposition {
        self.orchestrator
            .handle_commit(Delivery {
                record: record.clone(),
                attempt,
            })
            .await
    }

    /// Appends a commit with an event that nobody knows.
    pub(super) async fn append_garbage(&self, key: OrderKey) -> Revision {
        let payload = json!({
            "orderId": key.order.to_string(), "userId": key.user.to_string(), "time": "2027-01-15T08:00:00Z",
            "events": [{"version": "2", "orderTeleported": {}}],
        });
        let last = self
            .journal
            .inner
            .last(&key.subject())
            .await
            .expect("readable")
            .expect("created");
        let append = Append {
            subject: key.subject(),
            expected: last.revision,
            message_id: String::new(),
            headers: Headers::new(),
            payload: Bytes::from(payload.to_string()),
        };
        self.journal.inner.append(append).await.expect("appended")
    }
}

fn delivery(subject: &str, payload: serde_json::Value, scheduler: Option<&str>) -> Delivery {
    let headers = scheduler.map(|scheduler| ("Nats-Scheduler".to_owned(), scheduler.to_owned()));
    let record = Record {
        subject: subject.to_owned(),
        revision: Revision(1),
        time: at(0),
        headers: headers.into_iter().collect(),
        payload: Bytes::from(payload.to_string()),
    };
    Delivery { record, attempt: 1 }
}

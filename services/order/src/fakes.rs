//! Test doubles of the ports.

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use holdfast_order_core::{Money, PaymentOutcome, Sku};
use holdfast_platform::journal::memory::MemoryJournal;
use holdfast_platform::journal::{self, Append, Journal, Record, Revision, Scan};
use jiff::Timestamp;

use crate::codec::Timer;
use crate::ports::{
    Availability, Payment, PaymentAnswer, Payments, Prices, Stock, TimerError, TimerName, Timers, Unanswered,
};

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).expect("in range")
}

pub(crate) fn eur(amount: i64) -> Money {
    Money {
        amount,
        currency: "EUR".to_owned(),
    }
}

pub(crate) fn succeeded() -> PaymentAnswer {
    PaymentAnswer::Known(PaymentOutcome::Succeeded {
        charge_id: "ch_1".to_owned(),
        amount: eur(450),
    })
}

pub(crate) fn declined() -> PaymentAnswer {
    PaymentAnswer::Known(PaymentOutcome::Declined {
        code: "card_declined".to_owned(),
    })
}

/// A journal that can be out of reach for some subjects.
#[derive(Clone)]
pub(crate) struct Flaky {
    pub(crate) inner: MemoryJournal,
    away: Arc<Mutex<HashSet<String>>>,
    loses_answers: Arc<AtomicBool>,
    is_silent: Arc<AtomicBool>,
    stale_after: Arc<Mutex<Option<Revision>>>,
    pub(crate) searches: Arc<Mutex<Vec<String>>>,
}

impl Flaky {
    pub(crate) fn over(inner: MemoryJournal) -> Self {
        Self {
            inner,
            away: Arc::default(),
            loses_answers: Arc::default(),
            is_silent: Arc::default(),
            stale_after: Arc::default(),
            searches: Arc::default(),
        }
    }

    pub(crate) fn fail(&self, subject: String) {
        self.away.lock().expect("not poisoned").insert(subject);
    }

    /// From now on appends are stored, and nobody is told.
    pub(crate) fn lose_answers(&self) {
        self.loses_answers.store(true, Ordering::Relaxed);
    }

    /// From now on the copies that scans are answered from get nothing new; the leader does.
    pub(crate) fn fall_behind(&self) {
        let newest = Revision(self.inner.len() as u64);
        *self.stale_after.lock().expect("not poisoned") = Some(newest);
    }

    /// From now on nobody is answered.
    pub(crate) fn fall_silent(&self) {
        self.is_silent.store(true, Ordering::Relaxed);
    }

    async fn speak(&self) {
        if self.is_silent.load(Ordering::Relaxed) {
            std::future::pending().await
        }
    }

    pub(crate) fn heal(&self) {
        self.is_silent.store(false, Ordering::Relaxed);
        *self.stale_after.lock().expect("not poisoned") = None;
        self.loses_answers.store(false, Ordering::Relaxed);
        self.away.lock().expect("not poisoned").clear();
    }

    pub(crate) fn records(&self) -> Vec<Record> {
        self.inner.records()
    }

    pub(crate) fn len(&self) -> usize {
        self.inner.len()
    }

    fn reach(&self, subject: &str) -> Result<(), journal::Error> {
        match self
            .away
            .lock()
            .expect("not poisoned")
            .iter()
            .any(|away| journal::subject_matches(away, subject))
        {
            true => Err(journal::Error::Unavailable {
                detail: "away".to_owned(),
            }),
            false => Ok(()),
        }
    }
}

impl Journal for Flaky {
    async fn append(&self, append: Append) -> Result<Revision, journal::Error> {
        self.speak().await;
        self.reach(&append.subject)?;
        let stored = self.inner.append(append).await?;
        match self.loses_answers.load(Ordering::Relaxed) {
            true => Err(journal::Error::Unavailable {
                detail: "no answer".to_owned(),
            }),
            false => Ok(stored),
        }
    }

    async fn read(&self, subject: &str, at_least: Revision) -> Result<Vec<Record>, journal::Error> {
        self.speak().await;
        self.reach(subject)?;
        self.inner.read(subject, at_least).await
    }

    async fn last(&self, subject: &str) -> Result<Option<Record>, journal::Error> {
        self.speak().await;
        self.reach(subject)?;
        self.inner.last(subject).await
    }
}

/// Answers as it was told to, and `succeeded` when it was told nothing more.
#[derive(Clone, Default)]
pub(crate) struct Script {
    pub(crate) answers: Arc<Mutex<VecDeque<PaymentAnswer>>>,
    pub(crate) calls: Arc<Mutex<Vec<String>>>,
}

impl Script {
    fn call(&self, what: String) -> PaymentAnswer {
        self.calls.lock().expect("not poisoned").push(what);
        self.answers
            .lock()
            .expect("not poisoned")
            .pop_front()
            .unwrap_or_else(succeeded)
    }
}

impl Payments for Script {
    async fn charge(&self, _: &Payment, _: &str, attempt: u32) -> PaymentAnswer {
        self.call(format!("charge {attempt}"))
    }

    async fn resolve(&self, _: &Payment) -> PaymentAnswer {
        self.call("resolve".to_owned())
    }

    async fn refund(&self, _: &Payment) -> PaymentAnswer {
        self.call("refund".to_owned())
    }
}

pub(crate) type Armed = (TimerName, Timer, Timestamp);

#[derive(Clone, Default)]
pub(crate) struct Alarms(pub(crate) Arc<Mutex<Vec<Armed>>>);

impl Timers for Alarms {
    async fn schedule(&self, name: TimerName, timer: &Timer, at: Timestamp) -> Result<(), TimerError> {
        let mut armed = self.0.lock().expect("not poisoned");
        armed.retain(|(other, of, _)| (*other, of.order) != (name, timer.order));
        armed.push((name, *timer, at));
        Ok(())
    }
}

impl Scan for Flaky {
    async fn scan(
        &self,
        filter: &str,
        after: Revision,
        at_least: Revision,
        limit: usize,
    ) -> Result<Vec<Record>, journal::Error> {
        self.reach(filter)?;
        let mut records = self.inner.scan(filter, after, at_least, limit).await?;
        let stale_after = self
            .stale_after
            .lock()
            .expect("not poisoned")
            .unwrap_or(Revision(u64::MAX));
        records.retain(|record| record.revision <= stale_after.max(at_least));
        Ok(records)
    }

    async fn first_after(&self, filter: &str, after: Revision) -> Result<Option<Record>, journal::Error> {
        self.searches
            .lock()
            .expect("not poisoned")
            .push(filter.to_owned());
        self.reach(filter)?;
        self.inner.first_after(filter, after).await
    }
}

/// SKUs and prices in EUR.
type List = Vec<(&'static str, i64)>;

/// A catalogue of one currency, which may be away.
#[derive(Clone)]
pub(crate) struct PriceList(pub(crate) Arc<Mutex<Option<List>>>);

impl Prices for PriceList {
    async fn prices(&self, skus: &[Sku]) -> Result<Vec<Option<Money>>, Unanswered> {
        let list = self.0.lock().expect("not poisoned").clone();
        let list = list.ok_or(Unanswered {
            service: "catalog",
            detail: "503".to_owned(),
        })?;
        let price = |sku: &Sku| {
            list.iter()
                .find(|(name, _)| *name == sku.as_str())
                .map(|(_, price)| eur(*price))
        };
        Ok(skus.iter().map(price).collect())
    }
}

/// An inventory that tells what it is told to.
#[derive(Clone)]
pub(crate) struct Shelf(pub(crate) Arc<Mutex<Availability>>);

impl Stock for Shelf {
    async fn availability(&self, _: &[Sku]) -> Availability {
        *self.0.lock().expect("not poisoned")
    }
}

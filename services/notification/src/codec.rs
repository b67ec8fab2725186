//! Contracts ⇄ core.

use holdfast_contracts::money::v1::Money;
use holdfast_contracts::notification::v1::{self as wire, Notice as Message};
use holdfast_contracts::order::v1::{CancelReason as WireReason, OrderCommit, order_event::Event};
use holdfast_contracts::subjects;
use holdfast_notification_core::{Amount, CancelReason, Change, Channel, Class, Kind, Notice, Tries};
use holdfast_platform::journal::{DeadLetterReason, Record};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// The type of what `ORDERS` holds.
pub const COMMIT: &str = "holdfast.order.v1.OrderCommit";
/// The type of what `NOTICES` holds.
pub const NOTICE: &str = "holdfast.notification.v1.Notice";
/// Its schema.
pub const SCHEMA: &str = "holdfast.notification.v1";

/// A payload that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is not what its schema says.
    #[error("malformed: {0}")]
    Malformed(String),
    /// It is of a schema, or holds a value, that this program does not know.
    #[error("unknown to this version: {0}")]
    Unknown(String),
}

impl Error {
    /// Why such a message is given up.
    #[must_use]
    pub fn reason(&self) -> DeadLetterReason {
        match self {
            Self::Malformed(_) => DeadLetterReason::Malformed,
            Self::Unknown(_) => DeadLetterReason::UnknownSchema,
        }
    }
}

/// What happened to an order at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The order.
    pub order: Uuid,
    /// Its owner.
    pub user: Uuid,
    /// When.
    pub time: Timestamp,
    /// What, with the version of each.
    pub changes: Vec<(u64, Change)>,
}

/// Something to be sent by one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// The order.
    pub order: Uuid,
    /// Its owner.
    pub user: Uuid,
    /// When it happened.
    pub time: Timestamp,
    /// By which way.
    pub channel: Channel,
    /// What.
    pub notice: Notice,
    /// What became of it before.
    pub tries: Tries,
}

impl Task {
    /// Names this message and no other, the same on every try: Message-ID, Idempotency-Key and marker follow from it.
    #[must_use]
    pub fn key(&self) -> String {
        format!(
            "{}.{}.{}",
            self.order,
            self.notice.version,
            channel_name(self.channel)
        )
    }

    /// Where it waits to be sent.
    #[must_use]
    pub fn subject(&self) -> String {
        let (channel, class) = (channel_name(self.channel), class_name(self.notice.kind.class()));
        subjects::notice((channel, class), self.order, self.notice.version)
    }

    /// Where its schedule stands, when it is sent later. A newer one replaces it.
    #[must_use]
    pub fn schedule(&self) -> String {
        let (channel, class) = (channel_name(self.channel), class_name(self.notice.kind.class()));
        subjects::later_notice((channel, class), self.order, self.notice.version)
    }
}

/// The name of a channel in subjects, keys and metrics.
#[must_use]
pub fn channel_name(channel: Channel) -> &'static str {
    match channel {
        Channel::Email => "email",
        Channel::Sms => "sms",
    }
}

/// The name of a class in subjects.
#[must_use]
pub fn class_name(class: Class) -> &'static str {
    match class {
        Class::Urgent => "urgent",
        Class::Bulk => "bulk",
    }
}

/// Reads a commit. Events that this version does not know are nothing that is told.
///
/// # Errors
/// [`Error`] names what cannot be read.
pub fn decode_commit(record: &Record) -> Result<Commit, Error> {
    let commit: OrderCommit = parse(record, COMMIT)?;
    let changes = commit
        .events
        .into_iter()
        .map(|event| Ok((event.version, change(event.event)?)));
    Ok(Commit {
        order: id("orderId", &commit.order_id)?,
        user: id("userId", &commit.user_id)?,
        time: time(commit.time)?,
        changes: changes.collect::<Result<_, Error>>()?,
    })
}

/// Reads what is to be sent.
///
/// # Errors
/// As there.
pub fn decode_task(record: &Record) -> Result<Task, Error> {
    let message: Message = parse(record, NOTICE)?;
    let kind = kind(&message)?;
    let channel = match message.channel() {
        wire::Channel::Email => Channel::Email,
        wire::Channel::Sms => Channel::Sms,
        wire::Channel::Unspecified => return Err(Error::Unknown("channel".into())),
    };
    Ok(Task {
        order: id("orderId", &message.order_id)?,
        user: id("userId", &message.user_id)?,
        time: time(message.time)?,
        channel,
        notice: Notice {
            version: message.version,
            kind,
            amount: message.amount.map(amount),
        },
        tries: Tries {
            failed: message.tries,
            put_off: message.put_off,
        },
    })
}

/// What is to be sent, as its canonical JSON.
///
/// # Errors
/// Only if its time is outside the years 1–9999.
pub fn encode_task(task: &Task) -> Result<Vec<u8>, serde_json::Error> {
    let Task { notice, tries, .. } = task;
    let (kind, reason) = to_wire(notice.kind);
    let message = Message {
        order_id: task.order.to_string(),
        user_id: task.user.to_string(),
        version: notice.version,
        kind: kind.into(),
        channel: match task.channel {
            Channel::Email => wire::Channel::Email.into(),
            Channel::Sms => wire::Channel::Sms.into(),
        },
        time: Some(pbjson_types::Timestamp {
            seconds: task.time.as_second(),
            nanos: task.time.subsec_nanosecond(),
        }),
        reason: reason.into(),
        amount: notice.amount.as_ref().map(|amount| Money {
            amount: amount.minor,
            currency: amount.currency.clone(),
        }),
        tries: tries.failed,
        put_off: tries.put_off,
    };
    holdfast_contracts::encode(&message)
}

/// Of the type that is meant; what has no type is believed to be.
fn parse<M: DeserializeOwned>(record: &Record, expected: &str) -> Result<M, Error> {
    match record.headers.get("ce-type") {
        Some(found) if found != expected => return Err(Error::Unknown(format!("type {found}"))),
        _ => {}
    }
    holdfast_contracts::decode(&record.payload).map_err(|error| Error::Malformed(error.to_string()))
}

fn id(field: &str, text: &str) -> Result<Uuid, Error> {
    text.parse()
        .map_err(|_| Error::Malformed(format!("{field} is no UUID")))
}

fn time(time: Option<pbjson_types::Timestamp>) -> Result<Timestamp, Error> {
    let time = time.ok_or_else(|| Error::Malformed("time is missing".into()))?;
    Timestamp::new(time.seconds, time.nanos).map_err(|error| Error::Malformed(format!("time: {error}")))
}

fn change(event: Option<Event>) -> Result<Change, Error> {
    Ok(match event {
        Some(Event::OrderCreated(created)) => Change::Created {
            total: needed("total", created.total)?,
        },
        Some(Event::PaymentPending(pending)) => Change::ChargeAsked {
            attempt: pending.attempt,
            deadline_passed: pending.deadline_passed,
        },
        Some(Event::PaymentSucceeded(paid)) => Change::Charged {
            amount: needed("amount", paid.amount)?,
        },
        Some(Event::OrderCompleted(_)) => Change::Completed,
        Some(Event::OrderCancelled(cancelled)) => Change::Cancelled {
            reason: reason(cancelled.reason())?,
        },
        Some(Event::PaymentRefunded(refunded)) => Change::Refunded {
            amount: needed("amount", refunded.amount)?,
        },
        Some(Event::SagaParked(_)) => Change::Parked,
        _ => Change::Silent,
    })
}

fn needed(field: &str, money: Option<Money>) -> Result<Amount, Error> {
    money
        .map(amount)
        .ok_or_else(|| Error::Malformed(format!("{field} is missing")))
}

fn amount(money: Money) -> Amount {
    Amount {
        minor: money.amount,
        currency: money.currency,
    }
}

fn reason(reason: WireReason) -> Result<CancelReason, Error> {
    match reason {
        WireReason::OutOfStock => Ok(CancelReason::OutOfStock),
        WireReason::PaymentDeclined => Ok(CancelReason::PaymentDeclined),
        WireReason::PaymentTimeout => Ok(CancelReason::PaymentTimeout),
        WireReason::CancelledByCustomer => Ok(CancelReason::ByCustomer),
        WireReason::CancelledByOperator => Ok(CancelReason::ByOperator),
        WireReason::Unspecified => Err(Error::Unknown("reason of a cancelled order".into())),
    }
}

fn kind(message: &Message) -> Result<Kind, Error> {
    use wire::NoticeKind;
    match message.kind() {
        NoticeKind::Received => Ok(Kind::Received),
        NoticeKind::PaymentDelayed => Ok(Kind::PaymentDelayed),
        NoticeKind::Completed => Ok(Kind::Completed),
        NoticeKind::Cancelled => Ok(Kind::Cancelled(reason(message.reason())?)),
        NoticeKind::Delayed => Ok(Kind::Delayed),
        NoticeKind::Refunded => Ok(Kind::Refunded),
        NoticeKind::Unspecified => Err(Error::Unknown("kind".into())),
    }
}

fn to_wire(kind: Kind) -> (wire::NoticeKind, WireReason) {
    use wire::NoticeKind;
    let none = WireReason::Unspecified;
    match kind {
        Kind::Received => (NoticeKind::Received, none),
        Kind::PaymentDelayed => (NoticeKind::PaymentDelayed, none),
        Kind::Completed => (NoticeKind::Completed, none),
        Kind::Delayed => (NoticeKind::Delayed, none),
        Kind::Refunded => (NoticeKind::Refunded, none),
        Kind::Cancelled(reason) => (
            NoticeKind::Cancelled,
            match reason {
                CancelReason::OutOfStock => WireReason::OutOfStock,
                CancelReason::PaymentDeclined => WireReason::PaymentDeclined,
                CancelReason::PaymentTimeout => WireReason::PaymentTimeout,
                CancelReason::ByCustomer => WireReason::CancelledByCustomer,
                CancelReason::ByOperator => WireReason::CancelledByOperator,
            },
        ),
    }
}

#[cfg(test)]
mod tests;

//! From messages that are to be sent to the provider.
//!
//! Sent is what the provider has taken; the marker is set after that. If this process dies in between, the message is
//! delivered again and sent again, with the same Message-ID or Idempotency-Key: at least once, and exactly once for a
//! provider that looks at the key.

use std::sync::Arc;

use holdfast_notification_core::{Channel, DropReason, Next, Outcome, Retries, Route, Tries, next, route};
use holdfast_platform::journal::{DeadLetterReason, Delivery, Disposition, Headers};
use holdfast_platform::lane::REDRIVES;

use crate::codec::{Task, decode_task};
use crate::contacts::{Card, Contacts};
use crate::gate::{Admission, Gate};
use crate::intake::{again, dead};
use crate::mail::{Mailer, Report};
use crate::markers::{Marker, Markers};
use crate::meter;
use crate::outbox::Outbox;
use crate::sms::Texter;
use crate::templates::{Facts, Templates};

/// Whom a message is handed to.
#[derive(Clone)]
pub enum Provider {
    /// The mail server.
    Mail(Mailer),
    /// The SMS provider.
    Sms(Texter),
}

/// Sends the messages of one channel. Cheap to clone.
#[derive(Clone)]
pub struct Dispatch {
    /// Whom they are handed to.
    pub provider: Provider,
    /// Whose turn it is there.
    pub gate: Gate,
    /// How to reach people.
    pub contacts: Contacts,
    /// Where messages wait.
    pub outbox: Outbox,
    /// What was told.
    pub markers: Markers,
    /// What is said.
    pub templates: Arc<Templates>,
    /// When something is tried again.
    pub retries: Retries,
}

/// What stands between a message and the provider.
enum Obstacle {
    /// It is to come again.
    Wait(Disposition),
    /// It goes to nobody.
    Drop(DropReason),
    /// It goes by e-mail.
    ByEmail,
}

impl Dispatch {
    /// Handles a message.
    pub async fn handle(&self, delivery: Delivery) -> Disposition {
        let Delivery { record, attempt } = delivery;
        let mut task = match decode_task(&record) {
            Ok(task) => task,
            Err(error) => return dead(&error),
        };
        task.tries = tries(&task, &record.headers);
        match self.markers.has(&task.key()).await {
            Ok(false) => {}
            Ok(true) => {
                meter::repeated(task.channel);
                return Disposition::Ack;
            }
            Err(error) => {
                tracing::warn!(notice = task.key(), attempt, "{error}");
                return Disposition::Retry(again(attempt));
            }
        }
        match self.gate.admit(task.notice.kind.class(), task.user).await {
            Admission::PutOff(pause) => {
                meter::put_off(task.channel);
                self.later(&task, pause, attempt).await
            }
            Admission::Now(permit) => {
                let tried = self.attempt(&task, attempt).await;
                drop(permit);
                self.settle(&task, tried, attempt).await
            }
        }
    }

    async fn attempt(&self, task: &Task, attempt: u64) -> Result<Report, Obstacle> {
        let card = self.card(task, attempt).await?;
        let facts = Facts {
            order: task.order,
            kind: task.notice.kind,
            amount: task.notice.amount.as_ref(),
            name: &card.name,
        };
        let unsaid = |error: crate::templates::Error| (Outcome::Refused, error.to_string());
        Ok(match &self.provider {
            Provider::Mail(mailer) => match self.templates.mail(&facts) {
                Ok(mail) => mailer.send(task, &card, mail).await,
                Err(error) => unsaid(error),
            },
            Provider::Sms(texter) => match self.templates.sms(&facts) {
                Ok(text) => {
                    let to = card.phone.as_deref().unwrap_or_default();
                    texter.send(&task.key(), to, &text).await
                }
                Err(error) => unsaid(error),
            },
        })
    }

    /// How to reach the user now, who may have been erased or have changed his mind since.
    async fn card(&self, task: &Task, attempt: u64) -> Result<Arc<Card>, Obstacle> {
        let card = self.contacts.of(task.user).await.map_err(|error| {
            tracing::warn!(notice = task.key(), attempt, "{error}");
            Obstacle::Wait(Disposition::Retry(again(attempt)))
        })?;
        let contact = card.as_ref().map(|card| card.contact());
        match (route(task.notice.kind, contact), card) {
            (Route::Drop(reason), _) => Err(Obstacle::Drop(reason)),
            (Route::Send(_), None) => Err(Obstacle::Drop(DropReason::Erased)),
            // Mail is what an SMS became, maybe.
            (Route::Send(_), Some(card)) if task.channel == Channel::Email => match card.email.is_empty() {
                true => Err(Obstacle::Drop(DropReason::NoContact)),
                false => Ok(card),
            },
            (Route::Send(channels), Some(card)) => match channels.contains(&Channel::Sms) {
                true => Ok(card),
                false => Err(Obstacle::ByEmail),
            },
        }
    }

    async fn settle(&self, task: &Task, tried: Result<Report, Obstacle>, attempt: u64) -> Disposition {
        let (outcome, said) = match tried {
            Ok(report) => report,
            Err(Obstacle::Wait(disposition)) => return disposition,
            Err(Obstacle::Drop(reason)) => return self.drop(task, reason).await,
            Err(Obstacle::ByEmail) => return self.by_email(task, attempt).await,
        };
        if let Outcome::PutOff(Some(pause)) = outcome {
            self.gate.pause(pause);
        }
        let next = next(task.channel, outcome, task.tries, &self.retries, rand::random());
        meter::tried(task.channel, &next);
        if next != Next::Done {
            tracing::info!(notice = task.key(), failed = task.tries.failed, said, "not sent");
        }
        self.act(task, next, said, attempt).await
    }

    async fn act(&self, task: &Task, next: Next, said: String, attempt: u64) -> Disposition {
        let given_up =
            |reason| Disposition::DeadLetter(reason, format!("try {}: {said}", task.tries.failed + 1));
        match next {
            Next::Done => {
                self.markers.set(&task.key(), Marker::Sent).await;
                Disposition::Ack
            }
            Next::Again(pause, tries) => {
                let task = Task {
                    tries,
                    ..task.clone()
                };
                self.later(&task, pause, attempt).await
            }
            Next::ByEmail => self.by_email(task, attempt).await,
            Next::ByEmailAndGiveUp => match self.by_email(task, attempt).await {
                Disposition::Ack => given_up(DeadLetterReason::Refused),
                wait => wait,
            },
            Next::Refused => given_up(DeadLetterReason::Refused),
            Next::Exhausted => given_up(DeadLetterReason::MaxDeliveries),
        }
    }

    async fn drop(&self, task: &Task, reason: DropReason) -> Disposition {
        meter::dropped(reason);
        tracing::debug!(notice = task.key(), reason = reason.as_str(), "nobody is told");
        self.markers
            .set(&task.key(), Marker::Dropped(reason.as_str()))
            .await;
        Disposition::Ack
    }

    async fn later(&self, task: &Task, pause: std::time::Duration, attempt: u64) -> Disposition {
        stored(self.outbox.later(task, pause).await, task, attempt)
    }

    /// The same notice by e-mail. If it goes that way anyway, it is there already.
    async fn by_email(&self, task: &Task, attempt: u64) -> Disposition {
        let mail = Task {
            channel: Channel::Email,
            tries: Tries::default(),
            ..task.clone()
        };
        stored(self.outbox.now(&mail).await, task, attempt)
    }
}

/// What was done so far is done again if the delivery comes again: the provider knows its key.
fn stored(stored: Result<(), crate::outbox::Error>, task: &Task, attempt: u64) -> Disposition {
    match stored {
        Ok(()) => Disposition::Ack,
        Err(error) => {
            tracing::warn!(notice = task.key(), attempt, "{error}");
            Disposition::Retry(again(attempt))
        }
    }
}

/// What an operator has sent back is tried as often as if it were new.
fn tries(task: &Task, headers: &Headers) -> Tries {
    match headers.contains_key(REDRIVES) {
        true => Tries::default(),
        false => task.tries,
    }
}

//! Asking for as many deliveries as there is room for, and no more.
//!
//! The `ack_wait` of a delivery runs from the moment in which it is sent. One that waited behind others that are stuck
//! would be delivered again before its turn came, and be worked on twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::consumer::pull::BatchConfig;
use async_nats::{StatusCode, Subject, Subscriber, jetstream};
use futures::StreamExt;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::nats::Nats;

const EXPIRES: Duration = Duration::from_secs(30);
const HEARTBEAT: Duration = Duration::from_secs(5);
/// Nothing for so long, not even a heartbeat, and the consumer is asked anew: it may have moved.
const SILENCE: Duration = Duration::from_secs(12);

/// How many deliveries a lane may hold, and holds. Clones are the same.
#[derive(Clone)]
pub(super) struct Room {
    size: usize,
    held: Arc<AtomicUsize>,
}

impl Room {
    pub(super) fn new(size: usize) -> Self {
        Self {
            size,
            held: Arc::default(),
        }
    }

    /// Tells how many are held now. Whoever waits for deliveries has to be polled after that.
    pub(super) fn holds(&self, held: usize) {
        self.held.store(held, Ordering::Relaxed);
    }

    /// How many to ask for while `asked` are on their way: half the room at a time, so that there are few requests.
    fn to_ask_for(&self, asked: usize) -> Option<usize> {
        let free = self
            .size
            .saturating_sub(self.held.load(Ordering::Relaxed) + asked);
        (free >= asked.max(1)).then_some(free)
    }
}

/// Requests to one consumer, and what comes of them.
pub(super) struct Requests {
    consumer: PullConsumer,
    context: jetstream::Context,
    room: Room,
    inbox: Subject,
    answers: Subscriber,
    /// Asked for and not yet here.
    asked: usize,
    connected: watch::Receiver<bool>,
    is_up: bool,
    watchdog: Interval,
    is_silent: bool,
}

impl Requests {
    pub(super) async fn start(
        nats: &Nats,
        consumer: PullConsumer,
        room: Room,
    ) -> Result<Self, async_nats::Error> {
        let inbox = Subject::from(nats.client().new_inbox());
        let answers = nats.client().subscribe(inbox.clone()).await?;
        let mut watchdog = interval(SILENCE);
        watchdog.set_missed_tick_behavior(MissedTickBehavior::Delay);
        watchdog.reset();
        let mut connected = nats.connected();
        let is_up = *connected.borrow_and_update();
        Ok(Self {
            consumer,
            context: nats.jetstream().clone(),
            room,
            inbox,
            answers,
            asked: 0,
            connected,
            is_up,
            watchdog,
            is_silent: false,
        })
    }

    /// The next delivery.
    ///
    /// # Errors
    /// Why the requests have to be set up anew.
    pub(super) async fn next(&mut self) -> Result<jetstream::Message, String> {
        loop {
            let (room, asked) = (&self.room, self.asked);
            // Without a waker: what makes room polls the lane's deliveries next.
            let free = std::future::poll_fn(|_| room.to_ask_for(asked).map_or(Poll::Pending, Poll::Ready));
            tokio::select! {
                biased;
                answer = self.answers.next() => {
                    let answer = answer.ok_or("the connection is closed")?;
                    self.is_silent = false;
                    if let Some(message) = self.hear(answer)? {
                        return Ok(message);
                    }
                }
                changed = self.connected.changed() => {
                    changed.map_err(|_| "the connection is closed")?;
                    self.is_up = *self.connected.borrow_and_update();
                    // The server forgets what it was asked for by a connection that is lost.
                    self.asked = 0;
                }
                count = free, if self.is_up => self.ask(count).await?,
                _ = self.watchdog.tick() => self.watch()?,
            }
        }
    }

    async fn ask(&mut self, count: usize) -> Result<(), String> {
        let request = BatchConfig {
            batch: count,
            expires: Some(EXPIRES),
            idle_heartbeat: HEARTBEAT,
            ..BatchConfig::default()
        };
        let sent = self.consumer.request_batch(request, self.inbox.clone()).await;
        sent.map_err(|error| error.to_string())?;
        self.asked += count;
        self.is_silent = false;
        Ok(())
    }

    fn watch(&mut self) -> Result<(), String> {
        let was_silent = std::mem::replace(&mut self.is_silent, true);
        match was_silent && self.is_up && self.asked > 0 {
            true => Err("no heartbeat from NATS".to_owned()),
            false => Ok(()),
        }
    }

    fn hear(&mut self, answer: async_nats::Message) -> Result<Option<jetstream::Message>, String> {
        match answer.status {
            None | Some(StatusCode::OK) => {
                self.asked = self.asked.saturating_sub(1);
                Ok(Some(jetstream::Message {
                    message: answer,
                    context: self.context.clone(),
                }))
            }
            Some(StatusCode::IDLE_HEARTBEAT) => Ok(None),
            Some(StatusCode::TIMEOUT | StatusCode::REQUEST_TERMINATED) => {
                let description = answer.description.as_deref().unwrap_or_default();
                if ["Consumer Deleted", "Consumer is push based"].contains(&description)
                    || description.starts_with("Exceeded Max")
                {
                    return Err(description.to_owned());
                }
                self.asked = self.asked.saturating_sub(unserved(&answer).unwrap_or(self.asked));
                Ok(None)
            }
            Some(status) => Err(format!("status {status}")),
        }
    }
}

/// How much of a request that has ended was not served.
fn unserved(end: &async_nats::Message) -> Option<usize> {
    let count = end.headers.as_ref()?.get("Nats-Pending-Messages")?;
    count.as_str().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_asked_for_than_there_is_room_and_only_half_of_it_at_a_time() {
        let room = Room::new(8);
        assert_eq!(room.to_ask_for(0), Some(8));
        assert_eq!(room.to_ask_for(8), None);
        room.holds(3);
        assert_eq!(
            room.to_ask_for(4),
            None,
            "what is left is less than what is on its way"
        );
        assert_eq!(room.to_ask_for(2), Some(3));
        room.holds(7);
        assert_eq!(room.to_ask_for(0), Some(1), "one is enough if none is on its way");
        room.holds(8);
        assert_eq!(room.to_ask_for(0), None);
    }
}

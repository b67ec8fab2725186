//! One WebSocket, from its first message to its last.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message as Frame, WebSocket};
use futures::SinkExt as _;
use holdfast_platform::lifecycle::Shutdown;
use holdfast_realtime_core::buffer::{Item, Next};
use holdfast_realtime_core::event_id::EventId;
use holdfast_realtime_core::limits::{MOST_ORDERS, Named, Pace};
use holdfast_realtime_core::message::{Close, Message, Refusal, Request};
use holdfast_realtime_core::vital::{Due, Vital};
use jiff::Timestamp;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite;
use uuid::Uuid;

use super::{come_again, count_dropped, expires_in, owner};
use crate::http::identity::Caller;
use crate::hub::{Hub, Interest};
use crate::mailbox::Mailbox;

/// How long a client may take to receive what is written to it. Meanwhile its buffer fills and drops, and nobody waits.
const WRITE_DEADLINE: Duration = Duration::from_secs(30);

/// Messages that are written before anything else is looked at.
const AT_ONCE: u64 = 64;

pub(super) struct Session {
    socket: WebSocket,
    hub: Arc<Hub>,
    caller: Caller,
    mailbox: Mailbox,
    interest: Interest,
    named: Named,
    pace: Pace,
    vital: Vital,
    since: Instant,
}

/// How a session ends: with what the client is told, if it still listens.
struct End(Option<Close>);

const GONE: End = End(None);

impl From<Close> for End {
    fn from(close: Close) -> Self {
        Self(Some(close))
    }
}

impl Session {
    pub(super) fn new(socket: WebSocket, hub: Arc<Hub>, caller: Caller) -> Self {
        let mailbox = Mailbox::default();
        let expires = caller.token_expires.map(|at| expires_in(at, Timestamp::now()));
        Self {
            socket,
            interest: Interest::new(&hub, &mailbox),
            hub,
            caller,
            mailbox,
            named: Named::default(),
            pace: Pace::default(),
            vital: Vital::new(Duration::ZERO, expires),
            since: Instant::now(),
        }
    }

    /// Runs until the end, and tells with what to close, if the client still listens.
    pub(super) async fn run(&mut self, shutdown: &Shutdown) -> Option<Close> {
        loop {
            if let Err(End(close)) = self.step(shutdown).await {
                return close;
            }
        }
    }

    /// Watches nothing any more.
    pub(super) fn leave(&mut self) {
        self.interest = Interest::new(&self.hub, &self.mailbox);
    }

    pub(super) fn socket(&mut self) -> &mut WebSocket {
        &mut self.socket
    }

    async fn step(&mut self, shutdown: &Shutdown) -> Result<(), End> {
        if let Some(next) = self.mailbox.take() {
            return self.tell(next).await;
        }
        let may_read = self.pace.next() <= self.since.elapsed();
        let wake = match may_read {
            true => self.vital.next(),
            false => self.vital.next().min(self.pace.next()),
        };
        tokio::select! {
            frame = self.socket.recv(), if may_read => self.hear(frame).await,
            () = self.mailbox.filled() => Ok(()),
            () = sleep_until(self.since + wake) => self.look().await,
            () = shutdown.cancelled() => {
                let after_ms = come_again();
                self.say(&Message::Reconnect { after_ms }).await?;
                Err(Close::Restart.into())
            }
        }
    }

    /// Writes `first` and what waits behind it, at once.
    async fn tell(&mut self, first: Next) -> Result<(), End> {
        let write = async {
            let (mut next, mut written) = (Some(first), 0);
            while let Some(some) = next {
                if let Some(message) = message(some, &self.mailbox, &mut self.interest, &mut self.named) {
                    self.socket.feed(Frame::Text(message.text().into())).await?;
                    written += 1;
                }
                next = if written < AT_ONCE {
                    self.mailbox.take()
                } else {
                    None
                };
            }
            metrics::counter!("holdfast_realtime_messages_total").increment(written);
            self.socket.flush().await
        };
        match timeout(WRITE_DEADLINE, write).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(GONE),
        }
    }

    async fn say(&mut self, message: &Message) -> Result<(), End> {
        self.send(Frame::Text(message.text().into())).await
    }

    async fn send(&mut self, frame: Frame) -> Result<(), End> {
        match timeout(WRITE_DEADLINE, self.socket.send(frame)).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(GONE),
        }
    }

    /// What is due besides messages.
    async fn look(&mut self) -> Result<(), End> {
        match self.vital.due(self.since.elapsed()) {
            Some(Due::Ping) => self.send(Frame::Ping(Vec::new().into())).await,
            Some(Due::Silent) => Err(Close::Silent.into()),
            Some(Due::Expired) => Err(Close::TokenExpired.into()),
            None => Ok(()),
        }
    }

    async fn hear(&mut self, frame: Option<Result<Frame, axum::Error>>) -> Result<(), End> {
        let now = self.since.elapsed();
        self.pace.count(now);
        self.vital.heard(now);
        match frame {
            Some(Ok(Frame::Text(text))) => match Request::read(&text) {
                // Boxed: some of what it may wait for is large, and rare.
                Ok(request) => Box::pin(self.heed(request)).await,
                Err(problem) => self.refuse(problem, None).await,
            },
            Some(Ok(Frame::Binary(_))) => Err(Close::Unsupported.into()),
            // The library answers pings.
            Some(Ok(Frame::Ping(_) | Frame::Pong(_))) => Ok(()),
            // It has answered this too; what is left is to write the answer.
            Some(Ok(Frame::Close(_))) => {
                let _ = timeout(WRITE_DEADLINE, self.socket.flush()).await;
                Err(GONE)
            }
            Some(Err(error)) => Err(End(broken(error))),
            None => Err(GONE),
        }
    }

    async fn heed(&mut self, request: Request) -> Result<(), End> {
        match request {
            Request::Subscribe { order_id, event_id } => return self.subscribe(order_id, event_id).await,
            Request::SubscribeAll => self.interest.watch_all(self.caller.user),
            Request::Unsubscribe { order_id } => {
                self.named.remove(order_id);
                self.interest.unwatch(order_id);
            }
            Request::UnsubscribeAll => self.interest.unwatch_all(),
            Request::Ping => return self.say(&Message::Pong).await,
        }
        Ok(())
    }

    async fn subscribe(&mut self, order: Uuid, event_id: Option<String>) -> Result<(), End> {
        if !self.named.add(order) {
            return self.refuse(Refusal::too_many(MOST_ORDERS), Some(order)).await;
        }
        let told = event_id.and_then(|id| id.parse::<EventId>().ok());
        let told = told.filter(|id| id.order == order).map(|id| id.version);
        let owner = match self.caller.is_staff {
            // The topic of the caller's own finds out whether it is his.
            false => Ok(Some(self.caller.user)),
            true => owner(&self.hub, &self.caller, order).await,
        };
        let problem = match owner {
            Ok(Some(owner)) => {
                self.interest.watch(owner, order, told);
                return Ok(());
            }
            Ok(None) => Refusal::not_found(order),
            Err(error) => {
                tracing::warn!("{error}");
                Refusal::unavailable()
            }
        };
        self.named.remove(order);
        self.refuse(problem, Some(order)).await
    }

    async fn refuse(&mut self, problem: Refusal, order_id: Option<Uuid>) -> Result<(), End> {
        self.say(&Message::Error { problem, order_id }).await
    }
}

/// What is written of what comes next.
fn message(next: Next, mailbox: &Mailbox, interest: &mut Interest, named: &mut Named) -> Option<Message> {
    match next {
        Next::Item(item) => {
            if let Item::NotFound(order) = item {
                named.remove(order);
                mailbox.forget(order);
                interest.let_go();
            }
            Some(item.into())
        }
        Next::Dropped(count) => {
            count_dropped(count);
            Some(Message::Dropped { count })
        }
        Next::Again(order) => {
            interest.again(order);
            None
        }
    }
}

/// With what to close after the client broke the protocol; none: it is gone.
fn broken(error: axum::Error) -> Option<Close> {
    use tungstenite::Error;
    match error.into_inner().downcast::<Error>().ok().as_deref() {
        Some(Error::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake)) => None,
        Some(Error::Protocol(_)) => Some(Close::Protocol),
        Some(Error::Utf8(_)) => Some(Close::NotText),
        Some(Error::Capacity(_)) => Some(Close::TooLong),
        _ => None,
    }
}

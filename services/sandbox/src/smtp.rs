//! The mail provider: an SMTP server that delivers nothing.

pub mod session;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use holdfast_platform::lifecycle::Shutdown;
use smtp_proto::Error;
use smtp_proto::request::receiver::{DataReceiver, RequestReceiver};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use self::session::{Envelope, Judge, MAX_SIZE, Session, Step};
use crate::knobs::{Fault, Trouble};
use crate::mailbox::Channel;
use crate::post::PostOffice;

/// How many clients at once; further ones wait.
const MAX_CONNECTIONS: usize = 256;
/// How long a client may be silent.
const SILENCE: Duration = Duration::from_secs(60);

impl Judge for PostOffice {
    fn needs_account(&self) -> bool {
        Self::needs_account(self)
    }

    fn admits(&self, user: &str, password: &str) -> bool {
        Self::admits(self, user, password)
    }

    fn trouble(&self, to: &str) -> Option<Trouble> {
        Self::trouble(self, Channel::Email, to)
    }

    fn refused(&self) {
        self.refuse();
    }
}

/// Serves SMTP until shutdown.
pub async fn serve(listener: TcpListener, office: PostOffice, shutdown: Shutdown) {
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let accepted = async {
            let slot = Arc::clone(&slots).acquire_owned().await;
            (slot, listener.accept().await)
        };
        let (slot, accepted) = tokio::select! {
            () = shutdown.cancelled() => return,
            accepted = accepted => accepted,
        };
        let Ok((stream, _)) = accepted else {
            // Out of descriptors, most likely: others have to end first.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let (office, shutdown) = (office.clone(), shutdown.clone());
        tokio::spawn(async move {
            let ended = tokio::select! {
                () = shutdown.cancelled() => Ok(()),
                ended = Connection::new(stream, office).serve() => ended,
            };
            if let Err(error) = ended {
                tracing::debug!("SMTP connection: {error}");
            }
            drop(slot);
        });
    }
}

/// What a connection waits for.
enum Expected {
    Command,
    Data { receiver: DataReceiver, mail: Vec<u8> },
}

struct Connection {
    stream: TcpStream,
    office: PostOffice,
    session: Session,
    commands: RequestReceiver,
    expected: Expected,
}

impl Connection {
    fn new(stream: TcpStream, office: PostOffice) -> Self {
        Self {
            stream,
            office,
            session: Session::default(),
            commands: RequestReceiver::default(),
            expected: Expected::Command,
        }
    }

    async fn serve(mut self) -> io::Result<()> {
        self.stream.set_nodelay(true)?;
        if self.office.is_down(Channel::Email) {
            return Ok(());
        }
        self.say("220 sandbox ESMTP").await?;
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let read = tokio::time::timeout(SILENCE, self.stream.read(&mut buffer)).await;
            let Ok(read) = read else {
                return self.say("421 4.4.2 too silent").await;
            };
            let Some(bytes) = buffer.get(..read?).filter(|bytes| !bytes.is_empty()) else {
                return Ok(());
            };
            if self.office.is_down(Channel::Email) || !self.hear(bytes).await? {
                return Ok(());
            }
        }
    }

    /// Answers what has come; false: the connection ends.
    async fn hear(&mut self, bytes: &[u8]) -> io::Result<bool> {
        let mut bytes = bytes.iter();
        while !bytes.as_slice().is_empty() {
            let goes_on = match &mut self.expected {
                Expected::Command => match self.commands.ingest(&mut bytes) {
                    Ok(request) => {
                        let step = self.session.hear(request, &self.office);
                        self.act(step).await?
                    }
                    Err(Error::NeedsMoreData { .. }) => return Ok(true),
                    Err(error) => {
                        let step = self.session.mishear(&error);
                        self.act(step).await?
                    }
                },
                Expected::Data { receiver, mail } => {
                    let complete = receiver.ingest(&mut bytes, mail);
                    if mail.len() > MAX_SIZE {
                        self.say("552 5.3.4 too large").await?;
                        return Ok(false);
                    }
                    if !complete {
                        return Ok(true);
                    }
                    let mail = std::mem::take(mail);
                    self.expected = Expected::Command;
                    self.deliver(mail).await?
                }
            };
            if !goes_on {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn act(&mut self, step: Step) -> io::Result<bool> {
        match step {
            Step::Say(text) => self.say(&text).await?,
            Step::TakeData(text) => {
                self.say(text).await?;
                let (receiver, mail) = (DataReceiver::new(), Vec::new());
                self.expected = Expected::Data { receiver, mail };
            }
            Step::Close(text) => {
                self.say(text).await?;
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn deliver(&mut self, mail: Vec<u8>) -> io::Result<bool> {
        let Envelope { from, to, trouble } = self.session.finish();
        let id = self.office.take_mail(from, to, Bytes::from(mail));
        if let Some(slow) = trouble.filter(|trouble| trouble.fault == Fault::Delay) {
            tokio::time::sleep(slow.duration()).await;
        }
        if trouble.is_some_and(|trouble| trouble.fault == Fault::DropAfterData) {
            return Ok(false);
        }
        self.say(&format!("250 2.0.0 taken as {id}")).await?;
        Ok(true)
    }

    async fn say(&mut self, text: &str) -> io::Result<()> {
        let line = format!("{text}\r\n");
        let written = tokio::time::timeout(SILENCE, self.stream.write_all(line.as_bytes())).await;
        written.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }
}

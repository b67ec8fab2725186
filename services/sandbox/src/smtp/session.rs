//! What an SMTP client may say when, and what it is answered (RFC 5321). Pure.

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use smtp_proto::request::receiver::MAX_LINE_LENGTH;
use smtp_proto::{AUTH_PLAIN, Error, Request};

use crate::knobs::{Fault, Trouble};

/// The largest mail, in bytes.
pub const MAX_SIZE: usize = 1024 * 1024;
/// The most recipients of a mail.
const MAX_RECIPIENTS: usize = 100;
/// So many commands that make no sense, and the connection is closed.
const MAX_ERRORS: u32 = 20;

/// What decides about users and recipients.
pub trait Judge {
    /// Whether a client has to say who it is.
    fn needs_account(&self) -> bool;
    /// Whether this user may send.
    fn admits(&self, user: &str, password: &str) -> bool;
    /// What goes wrong with mail to this recipient.
    fn trouble(&self, to: &str) -> Option<Trouble>;
    /// Counts a recipient that was not taken.
    fn refused(&self);
}

/// Sender and recipients of a mail, and what goes wrong after it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    /// The sender; empty for a bounce.
    pub from: String,
    /// The recipients that were taken.
    pub to: Vec<String>,
    /// What goes wrong after the data.
    pub trouble: Option<Trouble>,
}

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Answer this.
    Say(Cow<'static, str>),
    /// Answer this, then take the data of a mail.
    TakeData(&'static str),
    /// Answer this, then close.
    Close(&'static str),
}

fn say(text: &'static str) -> Step {
    Step::Say(Cow::Borrowed(text))
}

/// One connection's state.
#[derive(Debug, Default)]
pub struct Session {
    greeted: bool,
    known: bool,
    envelope: Option<Envelope>,
    errors: u32,
}

impl Session {
    /// Answers a command.
    pub fn hear(&mut self, request: Request<Cow<'_, str>>, judge: &impl Judge) -> Step {
        match request {
            Request::Ehlo { .. } => self.greet(judge),
            Request::Helo { .. } => {
                self.reset();
                say("250 sandbox")
            }
            Request::Auth {
                mechanism,
                initial_response,
            } => self.log_in(mechanism, &initial_response, judge),
            Request::Mail { from } => self.begin(from.address.into_owned(), from.size, judge),
            Request::Rcpt { to } => self.add(&to.address, judge),
            Request::Data => self.data(),
            Request::Rset => {
                self.envelope = None;
                say("250 2.0.0 forgotten")
            }
            Request::Noop { .. } => say("250 2.0.0 fine"),
            Request::Vrfy { .. } => say("252 2.5.0 send it and see"),
            Request::Quit => Step::Close("221 2.0.0 bye"),
            _ => self.mistake("502 5.5.1 not implemented"),
        }
    }

    /// Answers what is no command.
    pub fn mishear(&mut self, error: &Error) -> Step {
        match error {
            Error::UnknownCommand => self.mistake("500 5.5.2 no such command"),
            Error::ResponseTooLong => Step::Close("500 5.5.6 line too long"),
            Error::InvalidSenderAddress => self.mistake("501 5.1.7 no address"),
            Error::InvalidRecipientAddress => self.mistake("501 5.1.3 no address"),
            Error::UnsupportedParameter { .. } => self.mistake("555 5.5.4 unknown parameter"),
            _ => self.mistake("501 5.5.4 that is not how it is said"),
        }
    }

    /// The envelope of the mail whose data has come.
    pub fn finish(&mut self) -> Envelope {
        self.envelope.take().unwrap_or_default()
    }

    fn greet(&mut self, judge: &impl Judge) -> Step {
        self.reset();
        let auth = if judge.needs_account() {
            "250-AUTH PLAIN\r\n"
        } else {
            ""
        };
        Step::Say(Cow::Owned(format!(
            "250-sandbox\r\n250-PIPELINING\r\n250-SIZE {MAX_SIZE}\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n{auth}\
             250 ENHANCEDSTATUSCODES"
        )))
    }

    fn reset(&mut self) {
        self.greeted = true;
        self.envelope = None;
    }

    fn log_in(&mut self, mechanism: u64, initial: &str, judge: &impl Judge) -> Step {
        if mechanism != AUTH_PLAIN || initial.is_empty() || initial.len() > MAX_LINE_LENGTH {
            return self.mistake("504 5.5.4 only AUTH PLAIN, in one line");
        }
        let Some((user, password)) = plain(initial) else {
            return self.mistake("501 5.5.2 not AUTH PLAIN");
        };
        self.known = judge.admits(&user, &password);
        match self.known {
            true => say("235 2.7.0 welcome"),
            false => self.mistake("535 5.7.8 wrong user or password"),
        }
    }

    fn begin(&mut self, from: String, size: usize, judge: &impl Judge) -> Step {
        if !self.greeted || self.envelope.is_some() {
            return self.mistake("503 5.5.1 not now");
        }
        if judge.needs_account() && !self.known {
            return self.mistake("530 5.7.0 who are you");
        }
        if size > MAX_SIZE {
            return say("552 5.3.4 too large");
        }
        self.envelope = Some(Envelope {
            from,
            ..Envelope::default()
        });
        say("250 2.1.0 fine")
    }

    fn add(&mut self, to: &str, judge: &impl Judge) -> Step {
        let Some(envelope) = &mut self.envelope else {
            return self.mistake("503 5.5.1 from whom");
        };
        if envelope.to.len() >= MAX_RECIPIENTS {
            return say("452 4.5.3 too many recipients");
        }
        let trouble = judge.trouble(to);
        let refusal = match trouble.map(|trouble| trouble.fault) {
            Some(Fault::Refuse) => "550 5.1.1 no such mailbox",
            Some(Fault::Fail) => "451 4.3.0 the mail system has a problem",
            Some(Fault::RateLimit) => "450 4.7.1 too many messages, try again later",
            _ => {
                envelope.to.push(to.to_owned());
                envelope.trouble = envelope.trouble.or(trouble);
                return say("250 2.1.5 fine");
            }
        };
        judge.refused();
        say(refusal)
    }

    fn data(&mut self) -> Step {
        match &self.envelope {
            Some(envelope) if !envelope.to.is_empty() => Step::TakeData("354 go ahead"),
            Some(_) => say("554 5.5.1 no valid recipients"),
            None => self.mistake("503 5.5.1 from whom"),
        }
    }

    fn mistake(&mut self, answer: &'static str) -> Step {
        self.errors += 1;
        match self.errors < MAX_ERRORS {
            true => say(answer),
            false => Step::Close("421 4.7.0 too many errors"),
        }
    }
}

/// User and password of `authorization NUL user NUL password` (RFC 4616).
fn plain(initial: &str) -> Option<(String, String)> {
    let decoded = String::from_utf8(BASE64_STANDARD.decode(initial).ok()?).ok()?;
    let mut parts = decoded.split('\0').skip(1);
    Some((parts.next()?.to_owned(), parts.next()?.to_owned()))
}

#[cfg(test)]
mod tests;

//! The post office: takes mail and short messages, or does not, as the knobs say.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use jiff::Timestamp;
use mail_parser::MessageParser;

use crate::knobs::{Knobs, Trouble};
use crate::mailbox::{Channel, Filter, Letter, Mailbox, Message, Page, Totals};

/// The most characters of a text that are shown.
const MAX_TEXT: usize = 64 * 1024;

/// Who may send; none: everybody.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// The user of SMTP, or the account of the SMS API.
    pub user: String,
    /// Its password, or token.
    pub password: String,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Account({}:***)", self.user)
    }
}

/// Takes messages. Clones are one post office.
#[derive(Clone, Debug, Default)]
pub struct PostOffice(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    mailbox: Mutex<Mailbox>,
    knobs: Mutex<Knobs>,
    account: Option<Account>,
}

impl PostOffice {
    /// A post office for this account; none: for everybody.
    #[must_use]
    pub fn new(account: Option<Account>) -> Self {
        Self(Arc::new(Inner {
            account,
            ..Inner::default()
        }))
    }

    /// Whether an account is needed.
    #[must_use]
    pub fn needs_account(&self) -> bool {
        self.0.account.is_some()
    }

    /// Whether these may send.
    #[must_use]
    pub fn admits(&self, user: &str, password: &str) -> bool {
        let account = self.0.account.as_ref();
        account.is_none_or(|account| account.user == user && account.password == password)
    }

    /// What goes wrong with a message to `to`.
    #[must_use]
    pub fn trouble(&self, channel: Channel, to: &str) -> Option<Trouble> {
        lock(&self.0.knobs).trouble(channel, to)
    }

    /// Whether nobody is there.
    #[must_use]
    pub fn is_down(&self, channel: Channel) -> bool {
        lock(&self.0.knobs).is_down(channel)
    }

    /// Replaces the rules.
    pub fn set(&self, knobs: Knobs) {
        *lock(&self.0.knobs) = knobs;
    }

    /// The rules as they are.
    #[must_use]
    pub fn knobs(&self) -> Knobs {
        lock(&self.0.knobs).clone()
    }

    /// Takes a letter, and returns its message's id.
    pub fn take(&self, letter: Letter) -> u64 {
        self.mailbox().take(letter, Timestamp::now())
    }

    /// Takes a mail as it came by SMTP.
    pub fn take_mail(&self, from: String, to: Vec<String>, raw: Bytes) -> u64 {
        let letter = mail(from, to, raw);
        self.take(letter)
    }

    /// Counts what was not taken.
    pub fn refuse(&self) {
        self.mailbox().refuse();
    }

    /// As [`Mailbox::get`].
    #[must_use]
    pub fn get(&self, id: u64) -> Option<Message> {
        self.mailbox().get(id).cloned()
    }

    /// As [`Mailbox::page`].
    #[must_use]
    pub fn page(&self, filter: &Filter, after: u64, limit: usize) -> Page {
        self.mailbox().page(filter, after, limit)
    }

    /// As [`Mailbox::newest`].
    #[must_use]
    pub fn newest(&self, limit: usize) -> (Vec<Message>, Totals) {
        self.mailbox().newest(limit)
    }

    fn mailbox(&self) -> MutexGuard<'_, Mailbox> {
        lock(&self.0.mailbox)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn mail(from: String, to: Vec<String>, raw: Bytes) -> Letter {
    let parsed = MessageParser::default().parse(&raw);
    let parsed = parsed.as_ref();
    let text = parsed.and_then(|mail| mail.body_text(0)).unwrap_or_default();
    let text = text.chars().take(MAX_TEXT).collect();
    let key = parsed.and_then(|mail| mail.message_id()).map(str::to_owned);
    let subject = parsed.and_then(|mail| mail.subject()).map(str::to_owned);
    Letter {
        channel: Channel::Email,
        from,
        to,
        key,
        subject,
        text,
        raw,
    }
}

/// The HTML of a mail, if it has any.
#[must_use]
pub fn html_of(raw: &[u8]) -> Option<String> {
    let mail = MessageParser::default().parse(raw)?;
    let part = mail.html_bodies().next()?;
    part.is_text_html()
        .then(|| mail.body_html(0).map(|html| html.into_owned()))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_read_as_a_mail_program_would() {
        let raw = "Message-ID: <o1.2.email@holdfast.dev>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nContent-Type: \
                   multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nhello\r\n\
                   --b\r\nContent-Type: text/html\r\n\r\n<p>hello</p>\r\n--b--\r\n";
        let letter = mail("a@x".into(), vec!["b@y".into()], Bytes::from(raw));
        assert_eq!(letter.key.as_deref(), Some("o1.2.email@holdfast.dev"));
        assert_eq!(letter.subject.as_deref(), Some("Grüße"));
        assert_eq!(letter.text.trim(), "hello");
        assert_eq!(html_of(raw.as_bytes()).unwrap().trim(), "<p>hello</p>");
        assert_eq!(html_of(b"Subject: x\r\n\r\nonly text"), None);
    }

    #[test]
    fn the_password_of_an_account_is_not_shown() {
        let account = Account {
            user: "u".into(),
            password: "secret".into(),
        };
        assert!(!format!("{account:?}").contains("secret"));
        let office = PostOffice::new(Some(account));
        assert!(office.admits("u", "secret") && !office.admits("u", "other"));
    }
}

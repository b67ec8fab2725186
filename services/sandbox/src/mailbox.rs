//! What was sent to customers, as far as memory goes.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The most messages that are kept; the oldest go first.
const MAX_MESSAGES: usize = 50_000;
/// The most bytes of messages that are kept.
const MAX_BYTES: usize = 256 * 1024 * 1024;

/// By which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// E-mail, by SMTP.
    Email,
    /// A short message, by HTTP.
    Sms,
}

/// What somebody hands over to be delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// By which way.
    pub channel: Channel,
    /// The sender of the envelope.
    pub from: String,
    /// The recipients of the envelope.
    pub to: Vec<String>,
    /// What tells a repetition from another message: `Message-ID` or `Idempotency-Key`.
    pub key: Option<String>,
    /// The subject of a mail.
    pub subject: Option<String>,
    /// The plain text.
    pub text: String,
    /// All of it, as it came.
    pub raw: Bytes,
}

/// A message that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Position among all that were taken, from 1.
    pub id: u64,
    /// By which way it came.
    pub channel: Channel,
    /// The sender.
    pub from: String,
    /// The recipients.
    pub to: Vec<String>,
    /// Its key; none: repetitions cannot be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The subject of a mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The plain text.
    pub text: String,
    /// When it came first.
    pub received_at: Timestamp,
    /// How often it was taken: more than once is a repetition. A customer sees that of a mail, not that of an SMS.
    pub copies: u32,
    /// All of it.
    #[serde(skip)]
    pub raw: Bytes,
}

impl Message {
    fn size(&self) -> usize {
        let parts = [Some(&self.from), self.key.as_ref(), self.subject.as_ref()];
        let parts = parts.into_iter().flatten().chain(&self.to);
        256 + self.text.len() + self.raw.len() + parts.map(String::len).sum::<usize>()
    }
}

/// Counts since the start, forgotten messages included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Different messages that were taken.
    pub messages: u64,
    /// How often one was taken again.
    pub duplicates: u64,
    /// What was refused, or put off.
    pub refused: u64,
}

/// Which messages are wanted; what is none is not asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Filter {
    /// By this way.
    pub channel: Option<Channel>,
    /// To this recipient.
    pub to: Option<String>,
    /// With this key.
    pub key: Option<String>,
    /// About this order: keys begin with its id.
    pub order_id: Option<String>,
}

impl Filter {
    fn matches(&self, message: &Message) -> bool {
        let key = message.key.as_deref().unwrap_or_default();
        self.channel.is_none_or(|channel| channel == message.channel)
            && self.to.as_ref().is_none_or(|to| message.to.contains(to))
            && self.key.as_ref().is_none_or(|wanted| wanted == key)
            && self
                .order_id
                .as_ref()
                .is_none_or(|id| key.starts_with(id.as_str()))
    }
}

/// A part of the messages, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Page {
    /// The messages.
    pub items: Vec<Message>,
    /// Where the next page begins; none: this is the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// Over all messages, whatever was asked for.
    pub totals: Totals,
}

/// All messages that are remembered.
#[derive(Debug)]
pub struct Mailbox {
    messages: VecDeque<Message>,
    by_key: HashMap<(Channel, String), u64>,
    bytes: usize,
    next: u64,
    capacity: (usize, usize),
    totals: Totals,
}

impl Default for Mailbox {
    fn default() -> Self {
        Self::with_capacity(MAX_MESSAGES, MAX_BYTES)
    }
}

impl Mailbox {
    /// Remembers so many messages and bytes.
    #[must_use]
    pub fn with_capacity(messages: usize, bytes: usize) -> Self {
        Self {
            messages: VecDeque::new(),
            by_key: HashMap::new(),
            bytes: 0,
            next: 1,
            capacity: (messages, bytes),
            totals: Totals::default(),
        }
    }

    /// Takes a letter, and returns the id of its message: of the one that is there if it comes again.
    pub fn take(&mut self, letter: Letter, now: Timestamp) -> u64 {
        let known = letter
            .key
            .clone()
            .and_then(|key| self.by_key.get(&(letter.channel, key)).copied());
        if let Some(message) = known.and_then(|id| self.find_mut(id)) {
            message.copies += 1;
            let id = message.id;
            self.totals.duplicates += 1;
            return id;
        }
        let id = self.next;
        self.next += 1;
        self.totals.messages += 1;
        self.keep(Message {
            id,
            channel: letter.channel,
            from: letter.from,
            to: letter.to,
            key: letter.key,
            subject: letter.subject,
            text: letter.text,
            received_at: now,
            copies: 1,
            raw: letter.raw,
        });
        id
    }

    /// Counts what was not taken.
    pub fn refuse(&mut self) {
        self.totals.refused += 1;
    }

    /// The message with this id.
    #[must_use]
    pub fn get(&self, id: u64) -> Option<&Message> {
        self.messages.get(self.position(id)?)
    }

    /// At most `limit` of the messages that `filter` wants, after the one with the id `after`.
    #[must_use]
    pub fn page(&self, filter: &Filter, after: u64, limit: usize) -> Page {
        let first = self.messages.front().map_or(1, |message| message.id);
        let skipped = usize::try_from((after + 1).saturating_sub(first)).unwrap_or(usize::MAX);
        let mut wanted = self
            .messages
            .iter()
            .skip(skipped)
            .filter(|message| filter.matches(message));
        let items: Vec<_> = wanted.by_ref().take(limit).cloned().collect();
        let more = wanted.next().is_some();
        let last = items.last().map(|message| message.id.to_string());
        Page {
            items,
            next_cursor: last.filter(|_| more),
            totals: self.totals,
        }
    }

    /// The newest messages first, at most `limit`, and the counts.
    #[must_use]
    pub fn newest(&self, limit: usize) -> (Vec<Message>, Totals) {
        (
            self.messages.iter().rev().take(limit).cloned().collect(),
            self.totals,
        )
    }

    fn keep(&mut self, message: Message) {
        if let Some(key) = &message.key {
            self.by_key.insert((message.channel, key.clone()), message.id);
        }
        self.bytes += message.size();
        self.messages.push_back(message);
        while self.messages.len() > self.capacity.0 || self.bytes > self.capacity.1 {
            let Some(oldest) = self.messages.pop_front() else {
                return;
            };
            self.bytes = self.bytes.saturating_sub(oldest.size());
            if let Some(key) = oldest.key {
                self.by_key.remove(&(oldest.channel, key));
            }
        }
    }

    fn find_mut(&mut self, id: u64) -> Option<&mut Message> {
        let position = self.position(id)?;
        self.messages.get_mut(position)
    }

    /// Ids have no gaps.
    fn position(&self, id: u64) -> Option<usize> {
        let first = self.messages.front()?.id;
        usize::try_from(id.checked_sub(first)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sms(key: &str) -> Letter {
        Letter {
            channel: Channel::Sms,
            from: "+1".into(),
            to: vec!["+2".into()],
            key: Some(key.into()),
            subject: None,
            text: "hello".into(),
            raw: Bytes::new(),
        }
    }

    fn take(mailbox: &mut Mailbox, key: &str) -> u64 {
        mailbox.take(sms(key), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn what_comes_again_is_one_message_and_seen_to_have_come_again() {
        let mut mailbox = Mailbox::default();
        let ids = ["a", "b", "a"].map(|key| take(&mut mailbox, key));
        assert_eq!(ids, [1, 2, 1]);
        let page = mailbox.page(&Filter::default(), 0, 10);
        assert_eq!(
            page.items.iter().map(|item| item.copies).collect::<Vec<_>>(),
            [2, 1]
        );
        assert_eq!((page.totals.messages, page.totals.duplicates), (2, 1));
        let mail = Letter {
            channel: Channel::Email,
            ..sms("a")
        };
        assert_eq!(
            mailbox.take(mail, Timestamp::UNIX_EPOCH),
            3,
            "another way is another message"
        );
    }

    #[test]
    fn pages_follow_each_other_and_are_filtered() {
        let mut mailbox = Mailbox::default();
        for n in 0..5 {
            take(&mut mailbox, &format!("o{}.{n}", n % 2));
        }
        let filter = Filter {
            order_id: Some("o0".into()),
            ..Filter::default()
        };
        let first = mailbox.page(&filter, 0, 2);
        assert_eq!(first.items.iter().map(|item| item.id).collect::<Vec<_>>(), [1, 3]);
        let second = mailbox.page(&filter, first.next_cursor.unwrap().parse().unwrap(), 2);
        assert_eq!(second.items.iter().map(|item| item.id).collect::<Vec<_>>(), [5]);
        assert_eq!(second.next_cursor, None);
        assert_eq!(mailbox.page(&filter, 17, 2).items, []);
        assert_eq!(mailbox.page(&filter, u64::MAX - 1, 2).items, []);
    }

    #[test]
    fn memory_is_bounded_by_messages_and_by_bytes() {
        let mut few = Mailbox::with_capacity(2, usize::MAX);
        for n in 0..5 {
            take(&mut few, &n.to_string());
        }
        assert_eq!(
            (few.messages.len(), few.by_key.len(), few.totals.messages),
            (2, 2, 5)
        );
        assert_eq!(few.get(3), None);
        assert_eq!(few.get(4).map(|message| message.id), Some(4));
        assert_eq!(take(&mut few, "4"), 5, "what is remembered is known");
        let mut small = Mailbox::with_capacity(100, 600);
        for n in 0..5 {
            take(&mut small, &n.to_string());
        }
        assert!(small.bytes <= 600 && !small.messages.is_empty());
    }
}

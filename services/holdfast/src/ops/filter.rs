//! Which dead letters are meant. All but the age is part of the subject, so that the server finds them; letters stand in
//! the order of their age.

use holdfast_platform::dead_letter::{token, type_token};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Which dead letters are meant; the default is all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LetterFilter {
    /// Of this service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Of this consumer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumer: Option<String>,
    /// Given up for this reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Of this type, with or without the package: `OrderCommit`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// About this user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// About this order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// Stored at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Stored before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Timestamp>,
    /// Only these sequences of `DLQ`; empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sequences: Vec<u64>,
}

impl LetterFilter {
    /// Only this letter.
    #[must_use]
    pub fn one(sequence: u64) -> Self {
        Self {
            sequences: vec![sequence],
            ..Self::default()
        }
    }

    /// The subjects of the letters that are meant.
    #[must_use]
    pub fn subject(&self) -> String {
        let part = |part: &Option<String>| part.as_deref().map_or_else(|| "*".to_owned(), token);
        let event_type = match &self.event_type {
            Some(name) => type_token(Some(name)),
            None => "*".to_owned(),
        };
        let Self {
            service,
            consumer,
            reason,
            user,
            order,
            ..
        } = self;
        let [service, consumer, reason] = [service, consumer, reason].map(part);
        let [user, order] = [user, order].map(part);
        // Of an older version nothing but service and consumer can be told: they are found by these alone.
        match [reason.as_str(), &event_type, &user, &order] {
            ["*", "*", "*", "*"] => format!("dlq.{service}.{consumer}.>"),
            _ => format!("dlq.{service}.{consumer}.{reason}.{event_type}.{user}.{order}.*"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_is_asked_for_what_is_meant() {
        assert_eq!(LetterFilter::default().subject(), "dlq.*.*.>");
        let filter = LetterFilter {
            service: Some("order".into()),
            event_type: Some("holdfast.order.v1.OrderCommit".into()),
            order: Some("0190 *".into()),
            ..LetterFilter::default()
        };
        assert_eq!(filter.subject(), "dlq.order.*.*.OrderCommit.*.0190__.*");
    }

    #[test]
    fn a_filter_reads_back_and_a_misspelt_one_is_refused() {
        let filter = LetterFilter {
            before: Some(Timestamp::UNIX_EPOCH),
            sequences: vec![1],
            ..LetterFilter::default()
        };
        let text = serde_json::to_string(&filter).unwrap();
        assert_eq!(serde_json::from_str::<LetterFilter>(&text).unwrap(), filter);
        // It would mean all letters.
        assert!(serde_json::from_str::<LetterFilter>(r#"{"servise":"order"}"#).is_err());
    }
}

//! What the server refused for lack of permission.
//!
//! It says so on the connection, not to the request: whoever waits for an answer looks here meanwhile.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::Arc;

use tokio::sync::watch;

/// How many are remembered: of more, the oldest are forgotten.
const REMEMBERED: usize = 64;

/// The server does not permit this user to publish or subscribe to a subject.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("NATS refuses the subject {subject}: {words}")]
pub struct Refused {
    /// The subject.
    pub subject: String,
    /// The server's words.
    pub words: String,
}

#[derive(Default)]
struct Heard {
    /// All refusals so far, also those that are forgotten.
    count: u64,
    /// The newest is the last.
    recent: VecDeque<(u64, Refused)>,
}

/// The refusals of one connection. Clones are the same.
#[derive(Clone)]
pub(super) struct Refusals(Arc<watch::Sender<Heard>>);

impl Default for Refusals {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::default()))
    }
}

impl Refusals {
    /// Takes note of the server's words, if they are about a permission.
    pub(super) fn note(&self, words: &str) {
        let Some(subject) = subject(words) else { return };
        let refused = Refused {
            subject: subject.to_owned(),
            words: words.to_owned(),
        };
        self.0.send_modify(|heard| {
            heard.count += 1;
            heard.recent.push_back((heard.count, refused));
            if heard.recent.len() > REMEMBERED {
                heard.recent.pop_front();
            }
        });
    }

    /// A new connection may have other permissions.
    pub(super) fn forget(&self) {
        self.0.send_modify(|heard| heard.recent.clear());
    }

    /// The newest refusal of a subject.
    pub(super) fn of(&self, subject: &str) -> Option<Refused> {
        self.0.borrow().after(0, subject).cloned()
    }

    /// Waits for the next refusal of a subject, counted from this call, not from the first poll.
    pub(super) fn next(&self, subject: &str) -> impl Future<Output = Refused> {
        let mut heard = self.0.subscribe();
        let seen = heard.borrow().count;
        async move {
            let found = heard
                .wait_for(|heard| heard.after(seen, subject).is_some())
                .await
                .ok()
                .and_then(|heard| heard.after(seen, subject).cloned());
            match found {
                Some(refused) => refused,
                // The connection is gone for good, and whoever waits for an answer is told so otherwise.
                None => std::future::pending().await,
            }
        }
    }
}

impl Heard {
    fn after(&self, seen: u64, subject: &str) -> Option<&Refused> {
        let newest_first = self.recent.iter().rev();
        newest_first
            .take_while(|(number, _)| *number > seen)
            .map(|(_, refused)| refused)
            .find(|refused| refused.subject == subject)
    }
}

/// `Permissions Violation for Publish to "x"`, `Permissions Violation for Subscription to "x" using queue "q"`.
fn subject(words: &str) -> Option<&str> {
    let (_, quoted) = words.split_once("ermissions Violation for ")?.1.split_once('"')?;
    Some(quoted.split_once('"')?.0)
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    const WORDS: &str = "nats: Permissions Violation for Publish to \"$JS.API.X\"";

    #[test]
    fn the_servers_words_name_a_subject() {
        assert_eq!(subject(WORDS), Some("$JS.API.X"));
        let queue = "nats: Permissions Violation for Subscription to \"a.>\" using queue \"q\"";
        assert_eq!(subject(queue), Some("a.>"));
        assert_eq!(subject("nats: maximum payload violation"), None);
    }

    #[tokio::test]
    async fn whoever_waits_hears_of_his_subject_and_of_what_came_since() {
        let refusals = Refusals::default();
        refusals.note(WORDS);
        let mut next = std::pin::pin!(refusals.next("$JS.API.X"));
        assert_eq!((&mut next).now_or_never(), None, "that was before");
        refusals.note(&WORDS.replace("API.X", "API.Y"));
        assert_eq!((&mut next).now_or_never(), None, "that was another");
        refusals.note(WORDS);
        assert_eq!(next.await.words, WORDS);
    }

    #[test]
    fn a_refusal_is_known_until_the_connection_is_another() {
        let refusals = Refusals::default();
        refusals.note(WORDS);
        assert!(refusals.of("$JS.API.X").is_some());
        assert_eq!(refusals.of("$JS.API.Y"), None);
        refusals.forget();
        assert_eq!(refusals.of("$JS.API.X"), None);
    }

    #[test]
    fn the_number_that_is_remembered_is_bounded() {
        let refusals = Refusals::default();
        (0..1000).for_each(|n| refusals.note(&WORDS.replace("API.X", &n.to_string())));
        assert_eq!(refusals.0.borrow().recent.len(), REMEMBERED);
    }
}

//! What goes wrong, on request: by recipient, always the same, and by rules that are set and unset.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::mailbox::Channel;

/// The most rules at once.
pub const MAX_RULES: usize = 100;
/// How long what is slow takes, unless its rule says.
const SLOW: u64 = 8;
/// When to come again, unless the rule says, in seconds.
const LATER: u64 = 2;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// There is no such recipient: SMTP 550, HTTP 400.
    Refuse,
    /// The provider fails: SMTP 451, HTTP 500.
    Fail,
    /// Too much at once: SMTP 450, HTTP 429 with `Retry-After`.
    RateLimit,
    /// Takes it, and says so after a while.
    Delay,
    /// Takes it, and drops the connection before it says so.
    DropAfterData,
    /// Nobody is there: connections are closed at once.
    Down,
}

/// A fault, and how long it takes or lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What goes wrong.
    pub fault: Fault,
    /// Of a delay: how long. Of a rate limit: when to come again.
    pub seconds: u64,
}

impl Trouble {
    /// The same as a duration.
    #[must_use]
    pub fn duration(self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

/// What goes wrong for whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// By which way; none: by both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// Recipients; `*` stands for any characters.
    #[serde(default = "anybody")]
    pub to: String,
    /// What goes wrong.
    pub fault: Fault,
    /// Of a delay: how long. Of a rate limit: when to come again. At most a minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
    /// How often; none: until the rules are replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

fn anybody() -> String {
    "*".to_owned()
}

/// All rules. The first that matches counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Knobs {
    /// The rules.
    pub rules: Vec<Rule>,
}

impl Knobs {
    /// What goes wrong with a message to `to`. Uses a rule up that has a number of times.
    pub fn trouble(&mut self, channel: Channel, to: &str) -> Option<Trouble> {
        let due = |rule: &&mut Rule| rule.fault != Fault::Down && rule.times != Some(0);
        let mut rules = self.rules.iter_mut().filter(due);
        let Some(rule) =
            rules.find(|rule| rule.channel.is_none_or(|of| of == channel) && matches(&rule.to, to))
        else {
            return fault_of(to).map(|fault| trouble(fault, None));
        };
        rule.times = rule.times.map(|times| times - 1);
        Some(trouble(rule.fault, rule.seconds))
    }

    /// Whether nobody is there at all.
    #[must_use]
    pub fn is_down(&self, channel: Channel) -> bool {
        let of = |rule: &Rule| rule.channel.is_none_or(|of| of == channel);
        self.rules
            .iter()
            .any(|rule| rule.fault == Fault::Down && of(rule))
    }
}

fn trouble(fault: Fault, seconds: Option<u64>) -> Trouble {
    let otherwise = if fault == Fault::Delay { SLOW } else { LATER };
    Trouble {
        fault,
        seconds: seconds.unwrap_or(otherwise).min(60),
    }
}

/// What always happens to some recipients: `anna+refuse@example.com`, `+15005550001`.
fn fault_of(to: &str) -> Option<Fault> {
    let detail = to
        .split_once('@')
        .and_then(|(user, _)| Some(user.rsplit_once('+')?.1));
    match detail.or_else(|| to.strip_prefix("+15005550"))? {
        "refuse" | "001" => Some(Fault::Refuse),
        "fail" | "500" => Some(Fault::Fail),
        "limit" | "429" => Some(Fault::RateLimit),
        "slow" | "008" => Some(Fault::Delay),
        "drop" | "009" => Some(Fault::DropAfterData),
        _ => None,
    }
}

/// Whether `pattern`, in which `*` stands for any characters, is all of `text`.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return text.ends_with(part);
        }
        let Some((_, after)) = text.split_once(part) else {
            return false;
        };
        text = after;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(to: &str, fault: Fault) -> Rule {
        Rule {
            channel: None,
            to: to.into(),
            fault,
            seconds: None,
            times: None,
        }
    }

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a@b", "a@b", true),
            ("a@b", "a@bc", false),
            ("*@b", "x@b", true),
            ("*@b", "x@bc", false),
            ("a*c*e", "abcde", true),
            ("a*c*e", "abde", false),
            ("ab*ba", "aba", false),
            ("**", "x", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn some_recipients_are_always_in_trouble() {
        let mut knobs = Knobs::default();
        let mut fault = |channel, to: &str| knobs.trouble(channel, to).map(|trouble| trouble.fault);
        assert_eq!(fault(Channel::Email, "a+refuse@example.com"), Some(Fault::Refuse));
        assert_eq!(fault(Channel::Email, "a+x@example.com"), None);
        assert_eq!(fault(Channel::Sms, "+15005550429"), Some(Fault::RateLimit));
        assert_eq!(fault(Channel::Sms, "+4930123456"), None);
    }

    #[test]
    fn the_first_rule_counts_as_often_as_it_says() {
        let once = Rule {
            times: Some(1),
            channel: Some(Channel::Email),
            ..rule("*@b", Fault::Fail)
        };
        let mut knobs = Knobs {
            rules: vec![once, rule("x@*", Fault::Delay)],
        };
        assert_eq!(knobs.trouble(Channel::Sms, "y@b"), None);
        let mut fault = || knobs.trouble(Channel::Email, "x@b").map(|trouble| trouble.fault);
        assert_eq!(
            [fault(), fault(), fault()],
            [Some(Fault::Fail), Some(Fault::Delay), Some(Fault::Delay)]
        );
    }

    #[test]
    fn down_is_for_a_whole_channel() {
        let mut knobs = Knobs {
            rules: vec![Rule {
                channel: Some(Channel::Email),
                ..rule("*", Fault::Down)
            }],
        };
        assert!(knobs.is_down(Channel::Email) && !knobs.is_down(Channel::Sms));
        assert_eq!(knobs.trouble(Channel::Email, "x@b"), None);
    }
}

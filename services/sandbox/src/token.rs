//! Payment tokens: what the customer's card will do.

use std::time::Duration;

/// How a charge with some token behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// `tok_ok`: captured at once.
    Capture,
    /// `tok_declined` and every token that nobody knows: declined at once, with this code.
    Decline(&'static str),
    /// `tok_slow`: captured after [`Delays::slow`]; the caller is kept waiting.
    CaptureSlowly,
    /// `tok_error`: everything about this key fails for [`Delays::outage`] from its first sight, then captured.
    FailAtFirst,
    /// `tok_lost_response`: captured, but the first caller never hears of it.
    LoseResponse,
    /// `tok_webhook_only`, `tok_webhook_twice`: 202, captured after [`Delays::webhook`], told by this many webhooks.
    TellByWebhook(u8),
}

impl Behaviour {
    /// The behaviour that a token asks for.
    #[must_use]
    pub fn of(token: &str) -> Self {
        match token {
            "tok_ok" => Self::Capture,
            "tok_declined" => Self::Decline("card_declined"),
            "tok_slow" => Self::CaptureSlowly,
            "tok_error" => Self::FailAtFirst,
            "tok_lost_response" => Self::LoseResponse,
            "tok_webhook_only" => Self::TellByWebhook(1),
            "tok_webhook_twice" => Self::TellByWebhook(2),
            _ => Self::Decline("unknown_token"),
        }
    }
}

/// How long the misbehaviour lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delays {
    /// From a `tok_slow` charge to its capture.
    pub slow: Duration,
    /// From the first sight of a `tok_error` key until it works.
    pub outage: Duration,
    /// From a `tok_webhook_*` charge to its capture and the first webhook.
    pub webhook: Duration,
}

impl Default for Delays {
    fn default() -> Self {
        Self {
            slow: Duration::from_secs(8),
            outage: Duration::from_secs(5),
            webhook: Duration::from_secs(3),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_nobody_knows_is_declined() {
        assert_eq!(Behaviour::of("tok_"), Behaviour::Decline("unknown_token"));
    }
}

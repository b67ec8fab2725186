//! What is said: templates, and what is put into them.

use holdfast_notification_core::{Amount, CancelReason, Kind};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};
use uuid::Uuid;

/// A template cannot be rendered: a mistake of ours.
#[derive(Debug, thiserror::Error)]
#[error("a template cannot be rendered: {0}")]
pub struct Error(#[from] minijinja::Error);

/// A mail, but for its envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// One line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

/// What a template is filled with.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The order.
    pub order: Uuid,
    /// What is told.
    pub kind: Kind,
    /// What it costs, or what was given back.
    pub amount: Option<&'a Amount>,
    /// Who is told.
    pub name: &'a str,
}

/// All templates.
#[derive(Debug)]
pub struct Templates(Environment<'static>);

macro_rules! embedded {
    ($($file:literal),* $(,)?) => {
        [$(($file, include_str!(concat!("../templates/", $file)))),*]
    };
}

const FILES: [(&str, &str); 18] = embedded![
    "layout.html",
    "why.txt",
    "received.txt",
    "received.html",
    "received.sms",
    "payment_delayed.txt",
    "payment_delayed.html",
    "completed.txt",
    "completed.html",
    "completed.sms",
    "cancelled.txt",
    "cancelled.html",
    "cancelled.sms",
    "delayed.txt",
    "delayed.html",
    "delayed.sms",
    "refunded.txt",
    "refunded.html",
];

impl Templates {
    /// Reads all of them.
    ///
    /// # Errors
    /// [`Error`] names the one that is wrong.
    pub fn new() -> Result<Self, Error> {
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        templates.set_auto_escape_callback(|name| match name.ends_with(".html") {
            true => AutoEscape::Html,
            false => AutoEscape::None,
        });
        for (name, source) in FILES {
            templates.add_template(name, source)?;
        }
        Ok(Self(templates))
    }

    /// A mail that tells these facts.
    ///
    /// # Errors
    /// [`Error`].
    pub fn mail(&self, facts: &Facts<'_>) -> Result<Mail, Error> {
        let text = self.render(facts, "txt")?;
        let (subject, text) = text.split_once('\n').unwrap_or((&text, ""));
        Ok(Mail {
            subject: subject.trim().to_owned(),
            text: text.to_owned(),
            html: self.render(facts, "html")?,
        })
    }

    /// A short message that tells these facts.
    ///
    /// # Errors
    /// [`Error`]; of what is sensitive there is none.
    pub fn sms(&self, facts: &Facts<'_>) -> Result<String, Error> {
        Ok(self.render(facts, "sms")?.trim().to_owned())
    }

    fn render(&self, facts: &Facts<'_>, form: &str) -> Result<String, Error> {
        let (name, reason) = named(facts.kind);
        let order = facts.order.to_string();
        let template = self.0.get_template(&format!("{name}.{form}"))?;
        Ok(template.render(context! {
            name => single_line(facts.name),
            order => order.as_str(),
            short => order.get(..8),
            amount => facts.amount.map(money),
            reason => reason,
        })?)
    }
}

/// The name of the templates of a kind, and why.
fn named(kind: Kind) -> (&'static str, Option<&'static str>) {
    match kind {
        Kind::Received => ("received", None),
        Kind::PaymentDelayed => ("payment_delayed", None),
        Kind::Completed => ("completed", None),
        Kind::Delayed => ("delayed", None),
        Kind::Refunded => ("refunded", None),
        Kind::Cancelled(reason) => (
            "cancelled",
            Some(match reason {
                CancelReason::OutOfStock => "out_of_stock",
                CancelReason::PaymentDeclined => "payment_declined",
                CancelReason::PaymentTimeout => "payment_timeout",
                CancelReason::ByCustomer => "cancelled_by_customer",
                CancelReason::ByOperator => "cancelled_by_operator",
            }),
        ),
    }
}

/// A name on one line, whoever let it have more.
#[must_use]
pub fn single_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// Minor units as people write them, with the decimals that ISO 4217 gives the currency.
fn money(amount: &Amount) -> String {
    let Amount { minor, currency } = amount;
    let decimals = match currency.as_str() {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND"
        | "VUV" | "XAF" | "XOF" | "XPF" => return format!("{minor} {currency}"),
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    };
    let unit = 10_u64.pow(decimals);
    let (sign, absolute) = (if *minor < 0 { "-" } else { "" }, minor.unsigned_abs());
    let width = usize::try_from(decimals).unwrap_or(2);
    format!("{sign}{}.{:0width$} {currency}", absolute / unit, absolute % unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REASONS: [CancelReason; 5] = [
        CancelReason::OutOfStock,
        CancelReason::PaymentDeclined,
        CancelReason::PaymentTimeout,
        CancelReason::ByCustomer,
        CancelReason::ByOperator,
    ];

    fn facts(kind: Kind, amount: Option<&Amount>) -> Facts<'_> {
        Facts {
            order: Uuid::from_u128(7),
            kind,
            amount,
            name: "Anna <b>O'Brien</b>\r\nBcc: x@y",
        }
    }

    #[test]
    fn every_kind_can_be_told_by_every_way_that_it_may_go() {
        let templates = Templates::new().unwrap();
        let amount = Amount {
            minor: 1999,
            currency: "EUR".into(),
        };
        let plain = [
            Kind::Received,
            Kind::PaymentDelayed,
            Kind::Completed,
            Kind::Delayed,
            Kind::Refunded,
        ];
        for kind in plain.into_iter().chain(REASONS.map(Kind::Cancelled)) {
            for amount in [None, Some(&amount)] {
                let mail = templates.mail(&facts(kind, amount)).unwrap();
                assert!(
                    !mail.subject.is_empty() && mail.text.contains("00000000-0000-0000-0000-000000000007")
                );
                assert!(
                    mail.html.contains("&lt;b&gt;O") && !mail.html.contains("<b>O"),
                    "{}",
                    mail.html
                );
                assert!(mail.html.contains("</html>") && !mail.text.contains("\r"));
                assert_eq!(
                    templates.sms(&facts(kind, amount)).is_err(),
                    kind.is_sensitive() && !matches!(kind, Kind::Cancelled(_))
                );
            }
        }
    }

    #[test]
    fn amounts_are_written_as_people_do() {
        let written = |minor, currency: &str| {
            money(&Amount {
                minor,
                currency: currency.into(),
            })
        };
        assert_eq!(written(1999, "EUR"), "19.99 EUR");
        assert_eq!(written(5, "USD"), "0.05 USD");
        assert_eq!(written(-150, "USD"), "-1.50 USD");
        assert_eq!(written(1999, "JPY"), "1999 JPY");
        assert_eq!(written(1999, "KWD"), "1.999 KWD");
    }

    #[test]
    fn why_an_order_is_cancelled_is_said() {
        let templates = Templates::new().unwrap();
        let says = |reason| {
            templates
                .mail(&facts(Kind::Cancelled(reason), None))
                .unwrap()
                .text
        };
        assert!(says(CancelReason::OutOfStock).contains("since something in it is out of stock. You are"));
        assert!(says(CancelReason::ByOperator).contains("since we had to."));
    }
}

//! Mail, by SMTP.

use std::time::{Duration, UNIX_EPOCH};

use holdfast_notification_core::Outcome;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp;
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use crate::args::MailArgs;
use crate::codec::Task;
use crate::contacts::Card;
use crate::templates::{Mail, single_line};

/// Less than mail servers keep an idle connection.
const IDLE: Duration = Duration::from_secs(20);

/// Why there is no mailer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server's URL cannot be used.
    #[error("HOLDFAST_SMTP_URL: {0}")]
    Url(#[source] smtp::Error),
    /// The sender is none.
    #[error("HOLDFAST_MAIL_FROM: {0}")]
    From(#[source] lettre::address::AddressError),
}

/// What became of a try, and words about it for operators, without anything about the recipient.
pub type Report = (Outcome, String);

/// Hands mail to a server. Cheap to clone.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mailer {
    /// A mailer as configured.
    ///
    /// # Errors
    /// [`Error`] names the variable.
    pub fn new(args: &MailArgs) -> Result<Self, Error> {
        let pool = PoolConfig::new()
            .max_size(args.mail_at_once.into())
            .idle_timeout(IDLE);
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(&args.smtp_url).map_err(Error::Url)?;
        let builder = builder.pool_config(pool).timeout(Some(args.mail_timeout));
        let builder = match &args.smtp_user {
            Some(user) => builder.credentials(Credentials::new(user.clone(), args.smtp_password.clone())),
            None => builder,
        };
        Ok(Self {
            transport: builder.build(),
            from: args.mail_from.parse().map_err(Error::From)?,
        })
    }

    /// Tries once to hand a mail over.
    pub async fn send(&self, task: &Task, card: &Card, mail: Mail) -> Report {
        let message = match self.message(task, card, mail) {
            Ok(message) => message,
            Err(reason) => return (Outcome::Refused, reason.to_owned()),
        };
        match self.transport.send(message).await {
            Ok(_) => (Outcome::Taken, String::new()),
            Err(error) => report(&error),
        }
    }

    fn message(&self, task: &Task, card: &Card, mail: Mail) -> Result<Message, &'static str> {
        let address: Address = card.email.parse().map_err(|_| "the e-mail address is none")?;
        let name = single_line(&card.name);
        let name = Some(name.trim().to_owned()).filter(|name| !name.is_empty());
        let since_epoch = Duration::try_from(task.time.as_duration()).unwrap_or_default();
        let html = SinglePart::builder()
            .header(ContentType::TEXT_HTML)
            .body(mail.html);
        let text = SinglePart::builder()
            .header(ContentType::TEXT_PLAIN)
            .body(mail.text);
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(name, address))
            .subject(mail.subject)
            .message_id(Some(format!("<{}@{}>", task.key(), self.from.email.domain())))
            .date(UNIX_EPOCH + since_epoch)
            .header(AutoSubmitted)
            .multipart(MultiPart::alternative().singlepart(text).singlepart(html))
            .map_err(|_| "the mail cannot be put together")
    }
}

/// Nobody's out-of-office notice should answer (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl lettre::message::header::Header for AutoSubmitted {
    fn name() -> lettre::message::header::HeaderName {
        lettre::message::header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> lettre::message::header::HeaderValue {
        lettre::message::header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// Never the server's words, which may quote the address.
fn report(error: &smtp::Error) -> Report {
    if let Some(code) = error.status() {
        // Who we are, and whether the line is private enough, is no matter of the mail.
        let about_us = matches!(u16::from(code), 530 | 534 | 535 | 538);
        let outcome = match error.is_permanent() && !about_us {
            true => Outcome::Refused,
            false => Outcome::Failed,
        };
        return (outcome, format!("the mail server said {code}"));
    }
    let what = match error {
        error if error.is_timeout() => "the mail server did not answer in time",
        error if error.is_tls() => "no TLS with the mail server",
        error if error.is_response() => "the mail server's answer cannot be read",
        _ => "no connection to the mail server, or it was lost",
    };
    (Outcome::Failed, what.to_owned())
}

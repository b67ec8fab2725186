//! The connection to NATS.
//!
//! Reconnects for ever with jittered delays, notices a dead peer within seconds, has its own inbox prefix (so that
//! permissions can name it), and publishes its state for readiness.

use std::future::Future;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::{self, context::ContextBuilder};
use async_nats::{Client, ConnectOptions, Event};
use tokio::sync::watch;

mod refusals;

use refusals::Refusals;
pub use refusals::Refused;

/// How to reach NATS.
#[derive(Clone)]
pub struct NatsConfig {
    /// Comma-separated URLs. The user and password of the first that has them are used for all, and never logged.
    pub url: String,
    /// The name of this service: names the connection and its inbox prefix `_INBOX_<name>`.
    pub name: String,
    /// Who connects, unless a URL tells.
    pub credentials: Option<Credentials>,
}

/// A user of NATS. The password is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The name, as in `nats/users`.
    pub user: String,
    /// The password.
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Credentials({}:***)", self.user)
    }
}

impl std::fmt::Debug for NatsConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let urls: Vec<_> = self.url.split(',').map(without_credentials).collect();
        f.debug_struct("NatsConfig")
            .field("url", &urls.join(","))
            .field("name", &self.name)
            .field("credentials", &self.credentials)
            .finish()
    }
}

/// A URL as it may be shown.
fn without_credentials(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => {
            let (scheme, host) = (url.get(..scheme + 3), url.get(at + 1..));
            format!("{}***@{}", scheme.unwrap_or_default(), host.unwrap_or_default())
        }
        _ => url.to_owned(),
    }
}

impl NatsConfig {
    /// Connects the service `name` to the servers at `url`.
    pub fn new(url: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            name: name.into(),
            credentials: None,
        }
    }

    /// The same, as this user; none: as the URL says, or as nobody.
    #[must_use]
    pub fn with(self, credentials: Option<Credentials>) -> Self {
        Self { credentials, ..self }
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The URL cannot be parsed.
    #[error("the NATS URL is not valid: {0}")]
    Url(#[source] std::io::Error),
    /// The client could not be started.
    #[error("cannot connect to NATS: {0}")]
    Connect(#[from] async_nats::ConnectError),
    /// What was written could not be flushed before the deadline.
    #[error("what was written could not be flushed to NATS: {0}")]
    Flush(String),
}

/// A connection, cheap to clone.
#[derive(Clone)]
pub struct Nats {
    client: Client,
    jetstream: jetstream::Context,
    connected: watch::Receiver<bool>,
    refusals: Refusals,
}

impl Nats {
    /// The client, for core NATS.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// JetStream over this connection.
    #[must_use]
    pub fn jetstream(&self) -> &jetstream::Context {
        &self.jetstream
    }

    /// Whether the connection is up, to watch.
    #[must_use]
    pub fn connected(&self) -> watch::Receiver<bool> {
        self.connected.clone()
    }

    /// The server's words if it refused a publish or a subscription to `subject` for lack of permission, on the
    /// connection as it is now.
    #[must_use]
    pub fn refusal(&self, subject: &str) -> Option<Refused> {
        self.refusals.of(subject)
    }

    /// Waits for an answer that follows from publishing or subscribing to `subject`, unless the server refuses that:
    /// the client does not tell the caller, who would wait for as long as he is willing to.
    ///
    /// # Errors
    /// [`Refused`] names the subject.
    pub async fn unless_refused<T>(
        &self,
        subject: &str,
        answer: impl Future<Output = T>,
    ) -> Result<T, Refused> {
        let refused = self.refusals.next(subject);
        tokio::select! {
            biased;
            answer = answer => Ok(answer),
            refused = refused => Err(refused),
        }
    }

    /// Waits until everything published so far (acknowledgements too) is on the wire.
    ///
    /// # Errors
    /// [`Error::Flush`] if that took longer than `deadline` or the connection is gone.
    pub async fn flush(&self, deadline: Duration) -> Result<(), Error> {
        match tokio::time::timeout(deadline, self.client.flush()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Error::Flush(error.to_string())),
            Err(_) => Err(Error::Flush(format!("not done within {deadline:?}"))),
        }
    }
}

/// Connects. Returns before the connection is up if the server is away: watch [`Nats::connected`].
///
/// # Errors
/// [`Error`] if the URL or its credentials cannot be used.
pub async fn connect(config: &NatsConfig) -> Result<Nats, Error> {
    let (up, connected) = watch::channel(false);
    let refusals = Refusals::default();
    let urls = config
        .url
        .split(',')
        .map(|url| url.trim().parse::<async_nats::ServerAddr>());
    let urls = urls.collect::<Result<Vec<_>, _>>().map_err(Error::Url)?;
    let options = with_credentials(options(config, up.clone(), refusals.clone()), config, &urls);
    let client = options.connect(urls).await?;
    if client.connection_state() == State::Connected {
        up.send_replace(true);
    }
    let jetstream = ContextBuilder::new()
        .timeout(Duration::from_secs(5))
        .build(client.clone());
    Ok(Nats {
        client,
        jetstream,
        connected,
        refusals,
    })
}

/// The client ignores credentials in URLs.
fn with_credentials(
    options: ConnectOptions,
    config: &NatsConfig,
    urls: &[async_nats::ServerAddr],
) -> ConnectOptions {
    let of_url = |url: &async_nats::ServerAddr| {
        let (user, password) = (url.username()?.to_owned(), url.password()?.to_owned());
        Some(Credentials { user, password })
    };
    let in_urls = urls.iter().find_map(of_url);
    match in_urls.or_else(|| config.credentials.clone()) {
        Some(Credentials { user, password }) => options.user_and_password(user, password),
        None => options,
    }
}

fn options(config: &NatsConfig, up: watch::Sender<bool>, refusals: Refusals) -> ConnectOptions {
    ConnectOptions::new()
        .name(&config.name)
        .custom_inbox_prefix(format!("_INBOX_{}", config.name))
        .retry_on_initial_connect()
        .max_reconnects(None)
        .ping_interval(Duration::from_secs(10))
        .connection_timeout(Duration::from_secs(5))
        .reconnect_delay_callback(|attempts| jittered(Duration::from_millis(50), attempts))
        .event_callback(move |event| {
            observe(&event, &up, &refusals);
            std::future::ready(())
        })
}

fn observe(event: &Event, up: &watch::Sender<bool>, refusals: &Refusals) {
    match event {
        Event::Connected => {
            refusals.forget();
            up.send_replace(true);
            tracing::info!("connected to NATS");
        }
        Event::Disconnected | Event::Closed => {
            up.send_replace(false);
            tracing::warn!("NATS: {event}");
        }
        Event::ServerError(error) => {
            refusals.note(&error.to_string());
            tracing::error!("NATS: {error}");
        }
        Event::SlowConsumer(_) | Event::ClientError(_) => tracing::error!("NATS: {event}"),
        _ => tracing::info!("NATS: {event}"),
    }
}

/// A delay between zero and `base` doubled per attempt, at most 4 s: full jitter, so that clients that lost the same
/// server do not come back together.
#[must_use]
pub fn jittered(base: Duration, attempts: usize) -> Duration {
    let exponent = u32::try_from(attempts.min(16)).unwrap_or(16);
    let ceiling = base.saturating_mul(1 << exponent).min(Duration::from_secs(4));
    ceiling.mul_f64(0.25 + 0.75 * rand::random::<f64>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_a_ceiling_and_are_never_zero() {
        for attempts in 0..40 {
            let delay = jittered(Duration::from_millis(50), attempts);
            assert!(
                delay >= Duration::from_millis(12) && delay <= Duration::from_secs(4),
                "{delay:?}"
            );
        }
    }

    #[test]
    fn credentials_are_not_shown() {
        let credentials = Credentials {
            user: "clerk".into(),
            password: "secret".into(),
        };
        let config = NatsConfig::new("nats://clerk:secret@a:4222,b:4222", "t").with(Some(credentials));
        let shown = format!("{config:?}");
        assert!(
            !shown.contains("secret") && shown.contains("***@a:4222,b:4222"),
            "{shown}"
        );
    }

    #[tokio::test]
    async fn a_bad_url_is_an_error_and_an_absent_server_is_not() {
        assert!(matches!(
            connect(&NatsConfig::new("http://[", "t")).await,
            Err(Error::Url(_))
        ));
        let nats = connect(&NatsConfig::new("127.0.0.1:1", "t")).await.unwrap();
        assert!(!*nats.connected().borrow());
    }
}

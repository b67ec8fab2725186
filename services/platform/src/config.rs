//! Configuration: one `clap` struct per service, from the environment (or flags), read once before anything starts.
//!
//! An error names the variable, its value and the reason. Variables are called `HOLDFAST_*`; those that hold secrets
//! are declared with `hide_env_values = true` and are never shown.

use std::net::SocketAddr;
use std::time::Duration;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, Parser};

use crate::journal::jetstream::{GroupCommit, JournalConfig};
use crate::nats::Credentials;

/// What every service is told. Flatten it into the service's own struct.
#[derive(Clone, Debug, clap::Args)]
pub struct ServiceArgs {
    /// Where the API is served: address:port
    #[arg(long, env = "HOLDFAST_HTTP_ADDR", default_value = "127.0.0.1:8080")]
    pub http_addr: SocketAddr,
    /// Where /livez, /readyz, /metrics and /loglevel are served, never to the outside: address:port
    #[arg(long, env = "HOLDFAST_ADMIN_ADDR", default_value = "127.0.0.1:9090")]
    pub admin_addr: SocketAddr,
    /// NATS servers, comma-separated: nats://[user:password@]host:port
    #[arg(
        long,
        env = "HOLDFAST_NATS_URL",
        default_value = "nats://127.0.0.1:4222",
        hide_env_values = true
    )]
    pub nats_url: String,
    /// User of NATS; none: as the URL says
    #[arg(long, env = "HOLDFAST_NATS_USER")]
    pub nats_user: Option<String>,
    /// Password of that user
    #[arg(
        long,
        env = "HOLDFAST_NATS_PASSWORD",
        hide_env_values = true,
        default_value = "",
        hide_default_value = true
    )]
    pub nats_password: String,
    /// HTTP proxy by which other services are called, such as a sidecar's: http://host:port; none: straight
    #[arg(long, env = "HOLDFAST_HTTP_PROXY", value_parser = http_proxy)]
    pub http_proxy: Option<reqwest::Proxy>,
    /// OTLP/gRPC endpoint for traces: http://host:4317; none: no traces
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_ENDPOINT",
        default_value = "",
        hide_default_value = true
    )]
    pub otlp_endpoint: String,
    /// What to log: a level, or `target=level` directives, comma-separated
    #[arg(long, env = "HOLDFAST_LOG", default_value = "info")]
    pub log: String,
    /// How to log: auto (human on a terminal, else json), human or json
    #[arg(long, env = "HOLDFAST_LOG_FORMAT", default_value = "auto", value_enum)]
    pub log_format: LogFormat,
    /// Worker threads, 1-1024; none: one per core
    #[arg(long, env = "HOLDFAST_WORKER_THREADS", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub worker_threads: Option<u16>,
    /// How long to finish what is under way when told to stop, such as 10s
    #[arg(long, env = "HOLDFAST_DRAIN_DEADLINE", default_value = "10s", value_parser = duration)]
    pub drain_deadline: Duration,
    /// Whether concurrent appends share a commit: off, adaptive or adaptive:<from how many on>
    #[arg(long, env = "HOLDFAST_JOURNAL_GROUP_COMMIT", default_value = "off")]
    pub group_commit: GroupCommit,
    /// How long an append or a read may take, such as 5s
    #[arg(long, env = "HOLDFAST_JOURNAL_DEADLINE", default_value = "5s", value_parser = duration)]
    pub journal_deadline: Duration,
}

impl ServiceArgs {
    /// Who this service is for NATS.
    #[must_use]
    pub fn nats_credentials(&self) -> Option<Credentials> {
        self.nats_user.clone().map(|user| Credentials {
            user,
            password: self.nats_password.clone(),
        })
    }

    /// The configuration of this service's journals.
    #[must_use]
    pub fn journal(&self) -> JournalConfig {
        let deadline = self.journal_deadline;
        JournalConfig {
            deadline,
            group_commit: self.group_commit,
            ..JournalConfig::default()
        }
    }
}

fn http_proxy(text: &str) -> Result<reqwest::Proxy, String> {
    let url: reqwest::Url = text.parse().map_err(|error| format!("{error}"))?;
    match url.scheme() {
        "http" => reqwest::Proxy::http(url).map_err(|error| error.to_string()),
        _ => Err("not an http URL".to_owned()),
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// Human on a terminal, otherwise JSON.
    Auto,
    /// For people.
    Human,
    /// One JSON object per line.
    Json,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A value cannot be read.
    #[error("{name}={value}: {reason}; expected {expected}")]
    Invalid {
        /// The variable, or the flag.
        name: String,
        /// Its value; `***` if it is a secret.
        value: String,
        /// What is wrong with it.
        reason: String,
        /// What it should be.
        expected: String,
    },
    /// A value that has no default is not given.
    #[error("{name} is not set; expected {expected}")]
    Missing {
        /// The variables.
        name: String,
        /// What they should be.
        expected: String,
    },
    /// The command line is wrong, or asks for help.
    #[error("{0}")]
    CommandLine(clap::Error),
}

/// Reads the configuration from flags and the environment.
///
/// # Errors
/// [`Error`], which names what is wrong.
pub fn parse<C: Parser>() -> Result<C, Error> {
    parse_from::<C, _>(std::env::args_os())
}

/// Reads the configuration from these flags and the environment.
///
/// # Errors
/// [`Error`], which names what is wrong.
pub fn parse_from<C: Parser, I>(arguments: I) -> Result<C, Error>
where
    I: IntoIterator<Item: Into<std::ffi::OsString> + Clone>,
{
    C::try_parse_from(arguments).map_err(|error| {
        let mut command = C::command();
        command.build();
        explain(&command, error)
    })
}

/// Reads the configuration, or says what is wrong and ends the process with status 2.
#[must_use]
pub fn parse_or_exit<C: Parser>() -> C {
    match parse() {
        Ok(config) => config,
        Err(Error::CommandLine(error)) => error.exit(),
        Err(error) => {
            eprintln!("configuration: {error}");
            std::process::exit(2)
        }
    }
}

fn explain(command: &Command, error: clap::Error) -> Error {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => texts.first().cloned(),
        _ => None,
    };
    let argument = text(ContextKind::InvalidArg).and_then(|shown| {
        command
            .get_arguments()
            .find(|argument| argument.to_string() == shown)
    });
    let Some(argument) = argument else {
        return Error::CommandLine(error);
    };
    let expected = argument
        .get_help()
        .map(|help| help.to_string())
        .unwrap_or_default();
    match error.kind() {
        ErrorKind::MissingRequiredArgument => Error::Missing {
            name: variable(argument),
            expected,
        },
        ErrorKind::ValueValidation | ErrorKind::InvalidValue => {
            let value = text(ContextKind::InvalidValue).unwrap_or_default();
            let reason = std::error::Error::source(&error).map(ToString::to_string);
            let reason = reason.unwrap_or_else(|| "not a possible value".into());
            let secret = argument.is_hide_env_values_set();
            let shown = if secret { "***".to_owned() } else { value.clone() };
            // Some reasons repeat the value.
            let reason = if secret {
                reason.replace(&value, "***")
            } else {
                reason
            };
            Error::Invalid {
                name: origin(argument, &value),
                value: shown,
                reason,
                expected,
            }
        }
        _ => Error::CommandLine(error),
    }
}

fn variable(argument: &Arg) -> String {
    let variable = argument.get_env().map(|name| name.to_string_lossy().into_owned());
    variable.unwrap_or_else(|| format!("--{}", argument.get_id()))
}

/// Where a value came from: the variable if it holds this value, otherwise the flag.
fn origin(argument: &Arg, value: &str) -> String {
    let in_environment = argument
        .get_env()
        .and_then(std::env::var_os)
        .is_some_and(|set| set == value);
    match argument.get_long() {
        Some(flag) if !in_environment => format!("--{flag}"),
        _ => variable(argument),
    }
}

/// Reads a duration: a whole number and `ms`, `s` or `m`.
///
/// # Errors
/// Says what a duration looks like.
pub fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.get(digits.len()..).unwrap_or_default();
    let count = digits
        .parse::<u64>()
        .map_err(|error| format!("{error} in a duration such as 250ms, 10s or 5m"))?;
    match unit {
        "ms" => Ok(Duration::from_millis(count)),
        "s" => Ok(Duration::from_secs(count)),
        "m" => Ok(Duration::from_secs(count.saturating_mul(60))),
        _ => Err(format!(
            "unknown unit {unit:?} in a duration such as 250ms, 10s or 5m"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Parser)]
    struct Config {
        #[command(flatten)]
        service: ServiceArgs,
        /// a port 0-65535
        #[arg(long, env = "HOLDFAST_TEST_PORT", default_value = "1")]
        port: u16,
        /// a number that nobody may know
        #[arg(long, env = "HOLDFAST_TEST_SECRET", hide_env_values = true)]
        secret: u32,
    }

    fn parse(flags: &[&str]) -> Result<Config, Error> {
        parse_from(std::iter::once(&"test").chain(flags))
    }

    #[test]
    fn defaults_are_enough_for_what_is_not_secret() {
        let config = parse(&["--secret", "1"]).unwrap();
        assert_eq!((config.port, config.secret), (1, 1));
        assert_eq!(config.service.group_commit, GroupCommit::Off);
        assert_eq!(config.service.drain_deadline, Duration::from_secs(10));
    }

    #[test]
    fn an_error_names_what_is_wrong_its_value_and_the_reason() {
        let error = parse(&["--secret", "1", "--port", "abc"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "--port=abc: invalid digit found in string; expected a port 0-65535"
        );
        let error = parse(&["--secret", "1", "--drain-deadline", "10h"])
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("--drain-deadline=10h: unknown unit \"h\""),
            "{error}"
        );
        let error = parse(&["--secret", "1", "--log-format", "xml"])
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("--log-format=xml: not a possible value; expected"),
            "{error}"
        );
    }

    #[test]
    fn a_proxy_is_named_by_an_http_url() {
        let proxy = |url| parse(&["--secret", "1", "--http-proxy", url]);
        assert!(
            proxy("http://127.0.0.1:15201")
                .unwrap()
                .service
                .http_proxy
                .is_some()
        );
        let error = proxy("ftp://127.0.0.1").unwrap_err().to_string();
        assert!(
            error.starts_with("--http-proxy=ftp://127.0.0.1: not an http URL"),
            "{error}"
        );
    }

    #[test]
    fn a_missing_value_is_named_by_its_variable() {
        let error = parse(&[]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "HOLDFAST_TEST_SECRET is not set; expected a number that nobody may know"
        );
    }

    #[test]
    fn a_secret_is_not_shown() {
        let error = parse(&["--secret", "hunter2"]).unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }

    #[test]
    fn durations_have_units() {
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("5m"), Ok(Duration::from_secs(300)));
        for wrong in ["", "10", "s", "-1s", "1h"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}

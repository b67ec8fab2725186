//! A storm of logins: people who log in again as soon as they are in, each from an address of their own.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::{Client, StatusCode};
use serde::Serialize;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::people::{self, Person};
use super::{Accounts, Error};

/// Longer than the gateway's patience with a login.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Who is told to come again does, sooner than he is told.
const AFTER_A_REFUSAL: Duration = Duration::from_millis(100);

/// Goes on until it is dropped.
pub(super) struct Storm {
    counts: Arc<Counts>,
    people: JoinSet<()>,
}

#[derive(Debug, Default)]
struct Counts {
    let_in: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
}

/// What became of the logins in the measured window.
#[derive(Clone, Debug, Serialize)]
pub struct Logins {
    /// How many people.
    pub people: usize,
    /// Who was let in, per second.
    pub per_second: f64,
    /// Who was told to come again, per second.
    pub refused_per_second: f64,
    /// Logins without an answer, or with another one.
    pub failed: u64,
}

/// A look at a storm.
#[derive(Clone, Copy)]
pub(super) struct Look([u64; 3]);

impl Storm {
    pub(super) fn begin(accounts: &Accounts, people: usize) -> Result<Self, Error> {
        let url = format!("{}/v1/sessions", accounts.entrance);
        let mut storm = Self {
            counts: Arc::default(),
            people: JoinSet::new(),
        };
        for person in accounts.people.iter().cycle().take(people) {
            let Person { login, address, .. } = person.clone();
            let client = client(&url, address)?;
            let counts = Arc::clone(&storm.counts);
            storm.people.spawn(log_in(client, url.clone(), login, counts));
        }
        Ok(storm)
    }

    pub(super) fn look(&self) -> Look {
        let Counts {
            let_in,
            refused,
            failed,
        } = &*self.counts;
        Look([let_in, refused, failed].map(|count| count.load(Ordering::Relaxed)))
    }

    pub(super) fn since(&self, Look(before): Look, elapsed: Duration) -> Logins {
        let Look(after) = self.look();
        let mut differences = after
            .into_iter()
            .zip(before)
            .map(|(after, before)| after - before);
        let mut next = || differences.next().unwrap_or_default();
        let (let_in, refused, failed) = (next(), next(), next());
        Logins {
            people: self.people.len(),
            per_second: let_in as f64 / elapsed.as_secs_f64(),
            refused_per_second: refused as f64 / elapsed.as_secs_f64(),
            failed,
        }
    }
}

fn client(url: &str, from: Option<Ipv4Addr>) -> Result<Client, Error> {
    let from = from.map(IpAddr::V4);
    let client = Client::builder()
        .no_proxy()
        .local_address(from)
        .timeout(ANSWER_WITHIN);
    client
        .build()
        .map_err(|error| people::failed(url, error.to_string()))
}

async fn log_in(client: Client, url: String, login: Value, counts: Arc<Counts>) {
    loop {
        let answer = client.post(&url).json(&login).send().await;
        let status = answer.map(|answer| answer.status());
        let count = match &status {
            Ok(StatusCode::OK) => &counts.let_in,
            Ok(StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) => &counts.refused,
            _ => &counts.failed,
        };
        count.fetch_add(1, Ordering::Relaxed);
        if !matches!(status, Ok(StatusCode::OK)) {
            sleep(AFTER_A_REFUSAL).await;
        }
    }
}

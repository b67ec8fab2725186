//! Which breakers are open. Only the proxies know: they are asked, as often as an endpoint may be out of service at the
//! shortest. In a cluster nobody can ask every sidecar; there, Prometheus collects the same number
//! (`envoy_cluster_outlier_detection_ejections_active`) and alerts on it.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use holdfast_contracts::ops::v1::{BreakerOpened, ops_event::Event};
use holdfast_platform::nats::Nats;
use jiff::Timestamp;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::ops::events;

/// A breaker of ours is open for 5 s at the shortest.
const EVERY: Duration = Duration::from_secs(3);
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
const STATISTIC: &str = "outlier_detection.ejections_active";

/// An Envoy: whose, and where its admin port is. As text: `order=http://127.0.0.1:19001`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    name: String,
    admin: String,
}

impl FromStr for Proxy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, admin)) if !name.is_empty() && admin.starts_with("http://") => Ok(Self {
                name: name.to_owned(),
                admin: admin.trim_end_matches('/').to_owned(),
            }),
            _ => Err("not <name>=http://<host>:<port>".to_owned()),
        }
    }
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    stats: Vec<Statistic>,
}

#[derive(Deserialize)]
struct Statistic {
    #[serde(default)]
    name: String,
    #[serde(default)]
    value: u32,
}

/// Watches proxies.
pub struct Breakers {
    nats: Nats,
    client: reqwest::Client,
    proxies: Vec<Proxy>,
    /// Endpoints out of service, by proxy and upstream.
    ejected: BTreeMap<(String, String), u32>,
}

impl Breakers {
    /// Watches these.
    ///
    /// # Errors
    /// If an HTTP client cannot be set up.
    pub fn new(nats: &Nats, proxies: Vec<Proxy>) -> Result<Self, reqwest::Error> {
        Ok(Self {
            nats: nats.clone(),
            client: holdfast_platform::http::client(ANSWER_WITHIN, None)?,
            proxies,
            ejected: BTreeMap::new(),
        })
    }

    /// Watches until shutdown.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut tick = tokio::time::interval(EVERY);
        while shutdown.run_until_cancelled(tick.tick()).await.is_some() && !self.proxies.is_empty() {
            for proxy in self.proxies.clone() {
                let asked = self.ask(&proxy).await;
                for opened in self.opened(&proxy.name, &asked) {
                    self.tell(opened).await;
                }
            }
        }
        shutdown.cancelled().await;
    }

    /// A proxy that does not answer has no open breakers that anybody knew of.
    async fn ask(&self, proxy: &Proxy) -> BTreeMap<String, u32> {
        let url = format!("{}/stats?format=json&filter={STATISTIC}", proxy.admin);
        let answer = async { self.client.get(url).send().await?.json::<Answer>().await };
        let stats = answer.await.map(|answer| answer.stats).unwrap_or_default();
        let mut ejected = BTreeMap::new();
        for Statistic { name, value } in stats {
            if let Some(upstream) = upstream(&name) {
                *ejected.entry(upstream).or_default() += value;
            }
        }
        ejected
    }

    /// The upstreams of which more endpoints are out of service than before.
    fn opened(&mut self, proxy: &str, now: &BTreeMap<String, u32>) -> Vec<BreakerOpened> {
        let mut opened = Vec::new();
        for (upstream, ejected) in now {
            let before = self
                .ejected
                .insert((proxy.to_owned(), upstream.clone()), *ejected);
            if *ejected > before.unwrap_or_default() {
                opened.push(BreakerOpened {
                    proxy: proxy.to_owned(),
                    upstream: upstream.clone(),
                    ejected: *ejected,
                });
            }
        }
        opened
    }

    async fn tell(&self, opened: BreakerOpened) {
        let id = format!("breaker_opened.{}", Uuid::now_v7());
        let told = events::tell(&self.nats, Event::BreakerOpened(opened), (&id, Timestamp::now()));
        if let Err(error) = told.await {
            tracing::warn!("a breaker has opened, and operators are not told: {error}");
        }
    }
}

/// The service that `cluster.outbound|80||payment.holdfast.svc.cluster.local.outlier_detection…` is about.
fn upstream(statistic: &str) -> Option<String> {
    let host = statistic.rsplit('|').next()?;
    let name = host.split('.').next().filter(|name| !name.is_empty())?;
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statistic_names_the_service() {
        let name =
            "cluster.outbound|80||payment.holdfast.svc.cluster.local.outlier_detection.ejections_active";
        assert_eq!(upstream(name).as_deref(), Some("payment"));
        assert!("order=http://127.0.0.1:19001".parse::<Proxy>().is_ok());
        assert!("127.0.0.1:19001".parse::<Proxy>().is_err());
    }
}

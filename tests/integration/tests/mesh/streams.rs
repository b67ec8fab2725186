//! Orders as they move, through the gateway: by token, by ticket, over a restart of the service.

use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use holdfast_tests_integration::{Account, Platform, Shop, eventually, send};
use nix::sys::signal::Signal;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};
use uuid::Uuid;

use crate::{PATIENCE, is_problem, order, order_with, platform};

struct Stream(WebSocketStream<TcpStream>);

impl Stream {
    async fn open(platform: &Platform, query: &str, token: Option<&str>) -> Result<Self, Error> {
        let gateway = platform.url("gateway");
        let authority = gateway.trim_start_matches("http://");
        let mut request = format!("ws://{authority}/v1/stream{query}").into_client_request()?;
        let headers = request.headers_mut();
        if let Some(token) = token {
            headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
        }
        // Nobody is who he says he is.
        headers.insert("x-holdfast-user", Uuid::from_u128(7).to_string().parse().unwrap());
        let (socket, _) = client_async(request, TcpStream::connect(authority).await?).await?;
        Ok(Self(socket))
    }

    async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    async fn next(&mut self) -> Option<Value> {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("something comes")? {
                Ok(Message::Text(text)) => return serde_json::from_str(&text).ok(),
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                _ => return None,
            }
        }
    }

    /// The statuses of an order from here to its end, each version once and in order.
    async fn follow(&mut self, id: Uuid) -> Vec<String> {
        self.follow_after(id, None).await
    }

    /// The same of what comes after this version.
    async fn follow_after(&mut self, id: Uuid, mut last: Option<u64>) -> Vec<String> {
        let mut statuses = Vec::new();
        while statuses.last().is_none_or(|status| status != "completed") {
            let message = self.next().await.expect("the stream goes on");
            if message["order_id"] == json!(id) {
                let version = message["version"].as_u64().unwrap();
                let follows = last.is_none_or(|last| version == last + 1);
                assert!(follows, "after {last:?}: {message}");
                last = Some(version);
                statuses.push(message["status"].as_str().unwrap_or_default().to_owned());
            }
        }
        statuses
    }
}

fn status(attempt: Result<Stream, Error>) -> u16 {
    match attempt {
        Err(Error::Http(answer)) => answer.status().as_u16(),
        Err(other) => panic!("{other}"),
        Ok(_) => 101,
    }
}

#[tokio::test]
async fn an_order_is_seen_moving_by_its_owner_alone_and_over_a_restart_of_the_service() {
    let (platform, _turn) = platform().await;
    let token = platform.holdfast(&["token", "customer"]).await;
    let (ada, other) = (
        Shop::behind_gateway(&platform, &token),
        Account::new_shop(&platform).await,
    );
    for (query, token) in [("", None), ("?ticket=x", None), ("", Some("not.a.token"))] {
        assert_eq!(
            status(Stream::open(&platform, query, token).await),
            401,
            "{query}"
        );
    }
    let mut by_token = Stream::open(&platform, "", Some(&token)).await.unwrap();
    by_token.say(json!({"type": "subscribe_all"})).await;
    by_token.say(json!({"type": "ping"})).await;
    while by_token.next().await.unwrap()["type"] != "pong" {}
    let placed = order(&ada).await;
    let statuses = by_token.follow(placed.id()).await;
    assert!(statuses.len() >= 2, "{statuses:?}");

    let ticket = send(ada.at(Method::POST, "/v1/stream/tickets")).await.unwrap();
    assert_eq!(ticket.status, StatusCode::CREATED, "{ticket:?}");
    let query = format!("?ticket={}", ticket.body["ticket"].as_str().unwrap());
    let mut by_ticket = Stream::open(&platform, &query, None).await.unwrap();
    assert_eq!(
        status(Stream::open(&platform, &query, None).await),
        401,
        "it was good once"
    );
    by_ticket
        .say(json!({"type": "subscribe", "order_id": placed.id()}))
        .await;
    assert_eq!(by_ticket.next().await.unwrap()["status"], "completed");

    let foreign = order(&other).await.id();
    by_ticket
        .say(json!({"type": "subscribe", "order_id": foreign}))
        .await;
    assert_eq!(by_ticket.next().await.unwrap()["problem"]["status"], 404);
    is_problem(&ada.get(&format!("/{foreign}/stream")).await.unwrap(), 404);
    is_problem(
        &send(ada.anonymous(Method::GET, &format!("/{foreign}/stream")))
            .await
            .unwrap(),
        401,
    );

    // The provider takes eight seconds; meanwhile the service dies.
    let slow = order_with(&ada, "tok_slow").await.id();
    by_ticket
        .say(json!({"type": "subscribe", "order_id": slow}))
        .await;
    let mut seen = by_ticket.next().await.unwrap();
    while seen["status"] != "payment_pending" {
        seen = by_ticket.next().await.unwrap();
    }
    assert!(platform.signal("realtime", Signal::SIGKILL));
    for stream in [&mut by_ticket, &mut by_token] {
        while stream.next().await.is_some() {}
    }
    let mut again = eventually(PATIENCE, async || {
        let opened = Stream::open(&platform, "", Some(&token)).await;
        opened.map_err(|error| error.to_string())
    })
    .await;
    again
        .say(json!({"type": "subscribe", "order_id": slow, "event_id": seen["event_id"]}))
        .await;
    // What was seen is not told again. How often the charge was asked for by then is a matter of time.
    let statuses = again.follow_after(slow, seen["version"].as_u64()).await;
    let (asked, ended) = statuses.split_at(statuses.len().saturating_sub(2));
    assert!(
        asked.iter().all(|status| status == "payment_pending"),
        "{statuses:?}"
    );
    assert_eq!(ended, ["payment_succeeded", "completed"]);
}

#[tokio::test]
async fn server_sent_events_come_through_the_gateway_as_they_happen() {
    let (platform, _turn) = platform().await;
    let customer = crate::shop(&platform, "customer").await;
    let id = order_with(&customer, "tok_slow").await.id();
    let stream = customer
        .request(Method::GET, &format!("/{id}/stream"))
        .timeout(PATIENCE);
    let mut chunks = stream.send().await.unwrap().bytes_stream();
    let mut text = String::new();
    let all = async {
        while !text.contains("\"status\":\"completed\"") {
            text.push_str(std::str::from_utf8(&chunks.next().await.unwrap().unwrap()).unwrap());
        }
    };
    timeout(Duration::from_secs(60), all).await.unwrap();
    let ids: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("id: "))
        .collect();
    let first: u64 = ids[0].rsplit('.').next().unwrap().parse().unwrap();
    let expected: Vec<String> = (first..first + ids.len() as u64)
        .map(|version| format!("{id}.{version}"))
        .collect();
    assert_eq!(ids, expected);
    assert!(text.starts_with("retry: 3000\n\n"), "{text}");
}

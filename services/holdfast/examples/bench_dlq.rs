//! `make bench-dlq`: 100,000 letters in a nats-server of its own; how long the command line takes to find some of them,
//! to count them, to list all, and how many it sends back per second.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on has nothing to say but where"
)]

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use async_nats::HeaderMap;
use futures::StreamExt as _;
use holdfast::provision::{Declarations, Options, apply};
use holdfast_platform::dead_letter::{About, Failure, Letter};
use holdfast_platform::journal::{DeadLetterReason, Record, Revision};
use holdfast_platform::nats::Nats;
use holdfast_platform::testing::NatsServer;
use jiff::Timestamp;
use uuid::Uuid;

const LETTERS: u64 = 100_000;
const CONSUMERS: [&str; 4] = [
    "order-payment",
    "order-inventory",
    "order-payments",
    "order-timers",
];

fn letter(n: u64) -> Letter {
    let (user, order) = (Uuid::from_u128((n % 1_000).into()), Uuid::from_u128(n.into()));
    let consumer = CONSUMERS[usize::try_from(n % 4).unwrap()];
    let reason = match n % 10 {
        0 => DeadLetterReason::Malformed,
        _ => DeadLetterReason::Refused,
    };
    let original = Record {
        subject: format!("orders.{user}.{order}"),
        revision: Revision(n),
        time: Timestamp::now(),
        headers: [
            ("ce-type", "holdfast.order.v1.OrderCommit"),
            ("ce-source", "holdfast/order"),
            (
                "traceparent",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            ),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into(),
        payload: "x".repeat(700).into(),
    };
    let about = About {
        user: Some(user.to_string()),
        entity: Some(order.to_string()),
    };
    let failure = Failure::now("the payment provider says that it knows no such charge");
    Letter::new(("order", consumer, "ORDERS"), original, about).given_up(reason, 3, (None, failure))
}

async fn fill(nats: &Nats) {
    let stored = futures::stream::iter(1..=LETTERS).map(async |n| {
        let letter = letter(n);
        let mut headers = HeaderMap::new();
        letter
            .to_headers()
            .into_iter()
            .for_each(|(name, value)| headers.insert(name, value));
        let sent = nats
            .jetstream()
            .publish_with_headers(letter.subject(), headers, letter.payload);
        sent.await.unwrap().await.unwrap();
    });
    stored.buffered(1_000).for_each(|()| std::future::ready(())).await;
}

/// Lines that it prints, and the seconds that it takes.
fn timed(server: &NatsServer, arguments: &[&str]) -> (usize, f64) {
    let binary: PathBuf = std::env::current_exe()
        .unwrap()
        .parent()
        .unwrap()
        .parent()
        .unwrap()
        .join("holdfast");
    let begun = Instant::now();
    let output = Command::new(binary)
        .args(arguments)
        .env("HOLDFAST_NATS_URL", server.url())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    (
        output.stdout.iter().filter(|byte| **byte == b'\n').count(),
        seconds,
    )
}

#[tokio::main]
async fn main() {
    let server = NatsServer::start().await;
    let nats = server.connect("bench").await;
    let declared = Declarations::built_in().unwrap();
    apply(nats.client(), &declared, Options::default()).await.unwrap();
    fill(&nats).await;
    let user = Uuid::from_u128(7).to_string();
    for arguments in [
        ["dlq", "list", "--limit", "0", "--json", "--user", &user].as_slice(),
        &["dlq", "list", "--limit", "0", "--json", "--reason", "malformed"],
        &["dlq", "list", "--count"],
        &["dlq", "list", "--limit", "0", "--json"],
    ] {
        let (lines, seconds) = timed(&server, arguments);
        println!(
            "{seconds:6.2} s  {lines:>7} lines  holdfast {}",
            arguments.join(" ")
        );
    }
    let (_, seconds) = timed(
        &server,
        &["dlq", "redrive", "--quiet", "--consumer", "order-payment"],
    );
    let sent = LETTERS / 4;
    println!(
        "{seconds:6.2} s  {sent} letters sent back: {:.0}/s",
        sent as f64 / seconds
    );
}

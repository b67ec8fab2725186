//! Old and new versions of services side by side: a rolling upgrade, and its rollback. Nothing is lost or given up.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use holdfast_tests_integration::{Newer, Platform, Replica, Shop, eventually};
use nix::sys::signal::Signal;
use serde_json::json;
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(90);
const USER: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_000c);

/// Orders by every given door, which must end as their cards say.
struct Trade {
    accepted: Vec<Uuid>,
    round: usize,
}

impl Trade {
    async fn go_on(&mut self, doors: &[&Shop]) {
        self.round += 1;
        let mut open = Vec::new();
        for (door, shop) in doors.iter().enumerate() {
            for (token, status) in [
                ("tok_ok", "completed"),
                ("tok_declined", "cancelled"),
                ("tok_ok", "completed"),
            ] {
                let key = format!("{}-{door}-{}", self.round, open.len());
                let lines = json!([{"sku": "tea-sencha-100", "quantity": 1}]);
                let request = shop.order(&key, &json!({"lines": lines, "payment_token": token}));
                open.push((shop.insist(request).await.id(), status));
            }
        }
        // Whoever took an order, everybody can tell how it ended.
        for (order, status) in &open {
            for shop in doors {
                eventually(PATIENCE, async || {
                    let answer = shop.get(&format!("/{order}")).await?;
                    (answer.body["status"] == *status)
                        .then_some(())
                        .ok_or(format!("{answer:?}"))
                })
                .await;
            }
        }
        self.accepted.extend(open.into_iter().map(|(order, _)| order));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_and_its_rollback_lose_nothing() {
    let platform = Platform::start(&[], &[]).await;
    let newer = Newer::in_front_of(platform.port("nats-server")).await;
    let old = Shop::of(&platform, USER);
    let mut trade = Trade {
        accepted: Vec::new(),
        round: 0,
    };
    trade.go_on(&[&old]).await;

    let order = Replica::start(&platform, "order", newer.url()).await;
    let new = old.by(order.url());
    trade.go_on(&[&old, &new]).await;
    assert!(newer.published("orders.") > 0, "the new version takes part");

    let inventory = Replica::start(&platform, "inventory", newer.url()).await;
    assert!(
        platform.signal("inventory", Signal::SIGSTOP),
        "the old writer hangs"
    );
    trade.go_on(&[&old, &new]).await;
    assert!(
        newer.published("inventory.log.") > 0,
        "the new version writes the stock's log"
    );
    assert!(platform.signal("inventory", Signal::SIGCONT));

    drop((order, inventory));
    trade.go_on(&[&old]).await;
    eventually(PATIENCE, async || platform.audit(&trade.accepted).await).await;
    assert_eq!(platform.last_sequence("DLQ").await, Ok(0), "nothing was given up");
}

//! Many clients that come and go, two replicas and a nats-server that end and start again: what every client was told of
//! each order has no gap, no repetition and no step back, and ends with the truth.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::StreamExt as _;
use serde_json::{Value, json};
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

use crate::support::{Client, Replica, World};

const CLIENTS: u128 = 200;
const ORDERS: usize = 3;
const LAST: u64 = 12;
const DEADLINE: Duration = Duration::from_secs(120);

/// The replicas as they are now.
type Replicas = Arc<[Mutex<Replica>; 2]>;

/// A client's view, kept over all its connections.
struct View {
    user: Uuid,
    seed: u64,
    told: BTreeMap<Uuid, u64>,
    connections: usize,
}

impl View {
    fn random(&mut self, below: u64) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        self.seed % below
    }

    /// Follows its orders until all are at their end, on whichever replica takes it.
    async fn follow(mut self, replicas: Replicas, orders: Vec<Uuid>) -> Self {
        while orders.iter().any(|order| self.told.get(order) != Some(&LAST)) {
            let side = usize::try_from(self.random(2)).unwrap();
            let address = replicas[side].lock().await.address;
            if let Some(client) = connect(address, self.user).await {
                self.connections += 1;
                self.listen(client, &orders).await;
            }
            let pause = self.random(50);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        self
    }

    async fn listen(&mut self, mut client: Client, orders: &[Uuid]) {
        // Some name their orders and go on where they were, the others watch all.
        let names = self.random(4) > 0;
        for order in orders {
            let mut subscribe = json!({"type": "subscribe", "order_id": order});
            if let Some(version) = self.told.get(order).filter(|_| names) {
                subscribe["event_id"] = json!(format!("{order}.{version}"));
            }
            if futures::SinkExt::send(&mut client.0, Message::text(subscribe.to_string()))
                .await
                .is_err()
            {
                return;
            }
        }
        let until = Instant::now() + Duration::from_millis(50 + self.random(1500));
        while let Ok(Some(Ok(message))) = tokio::time::timeout_at(until, client.0.next()).await {
            if let Message::Text(text) = message {
                self.take(&serde_json::from_str(&text).unwrap());
            }
            if orders.iter().all(|order| self.told.get(order) == Some(&LAST)) {
                return;
            }
        }
    }

    fn take(&mut self, message: &Value) {
        let order = message["order_id"]
            .as_str()
            .and_then(|id| id.parse().ok())
            .unwrap_or_default();
        let version = message["version"].as_u64().unwrap_or_default();
        let before = self.told.get(&order).copied().unwrap_or_default();
        match message["type"].as_str().unwrap() {
            "snapshot" => assert!(version >= before, "{order} went back from {before} to {version}"),
            "status" => assert_eq!(version, before + 1, "{order}"),
            "stale" | "live" | "reconnect" => return,
            _ => panic!("{message}"),
        }
        self.told.insert(order, version);
    }
}

async fn connect(address: std::net::SocketAddr, user: Uuid) -> Option<Client> {
    use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
    let mut request = format!("ws://{address}/v1/stream").into_client_request().unwrap();
    request
        .headers_mut()
        .insert("x-holdfast-user", user.to_string().parse().unwrap());
    let stream = tokio::net::TcpStream::connect(address).await.ok()?;
    let upgraded = timeout(
        Duration::from_secs(5),
        tokio_tungstenite::client_async(request, stream),
    )
    .await;
    Some(Client(upgraded.ok()?.ok()?.0))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_ends_and_starts_again_everybody_sees_every_step_once_and_the_end() {
    let mut world = World::start().await;
    let users: Vec<Uuid> = (0..CLIENTS)
        .map(|number| Uuid::from_u128(0x1000 + number))
        .collect();
    let orders: Vec<Vec<Uuid>> = users
        .iter()
        .map(|_| (0..ORDERS).map(|_| Uuid::new_v4()).collect())
        .collect();
    for (user, orders) in users.iter().zip(&orders) {
        futures::future::join_all(orders.iter().map(|order| world.commit(*user, *order, (1, 1)))).await;
    }
    let replicas: Replicas = Arc::new([
        Mutex::new(world.replica().await),
        Mutex::new(world.replica().await),
    ]);
    let clients = users
        .iter()
        .zip(&orders)
        .zip(1u64..)
        .map(|((user, orders), number)| {
            let view = View {
                user: *user,
                seed: number * 0x9e37_79b9,
                told: BTreeMap::new(),
                connections: 0,
            };
            tokio::spawn(view.follow(Arc::clone(&replicas), orders.clone()))
        });
    let clients: Vec<_> = clients.collect();

    let (events, _) = watch::channel(0u64);
    let stored = AtomicUsize::new(0);
    for version in 2..=LAST {
        match version {
            4 => restart(&replicas[0], &world).await,
            6 => world.server.restart().await,
            8 => restart(&replicas[1], &world).await,
            10 => {
                world.server.kill();
                restart_without_nats(&replicas[0]).await;
                world.server.restart().await;
                revive(&replicas[0], &world).await;
            }
            _ => {}
        }
        for (user, orders) in users.iter().zip(&orders) {
            futures::future::join_all(
                orders
                    .iter()
                    .map(|order| world.commit(*user, *order, (version, version))),
            )
            .await;
            stored.fetch_add(orders.len(), Ordering::Relaxed);
        }
        events.send_replace(version);
    }
    let views = timeout(DEADLINE, futures::future::join_all(clients))
        .await
        .expect("all see the end in time");
    let connections: usize = views.into_iter().map(|view| view.unwrap().connections).sum();
    assert!(
        connections > 2 * users.len(),
        "{connections} connections: nobody was disconnected"
    );
}

async fn restart(replica: &Mutex<Replica>, world: &World) {
    restart_without_nats(replica).await;
    revive(replica, world).await;
}

/// Ends a replica as a deployment does.
async fn restart_without_nats(replica: &Mutex<Replica>) {
    let mut replica = replica.lock().await;
    replica.shutdown.cancel();
    let serving = &mut replica.serving;
    timeout(Duration::from_secs(15), serving).await.unwrap().unwrap();
}

async fn revive(replica: &Mutex<Replica>, world: &World) {
    let fresh = world.replica().await;
    *replica.lock().await = fresh;
}

//! Customers, who order, ask again, change their minds, and remember what they were promised; and operators.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use holdfast_order_core::State;
use serde_json::Value;
use uuid::Uuid;

use crate::api::{Ask, STAFF};
use crate::check::Orders;
use crate::executor::{Host, lock};
use crate::faults::Faults;
use crate::office::Office;
use crate::plan::Wish;
use crate::provider::key;
use crate::rpc::Route;

const DEADLINE: Duration = Duration::from_secs(8);
const PAUSE: Duration = Duration::from_secs(2);
/// An operator looks at parked orders this often.
const ROUND: Duration = Duration::from_secs(25);

/// What customers remember.
#[derive(Clone, Default)]
pub struct Receipts(Arc<Mutex<Memory>>);

#[derive(Default)]
struct Memory {
    wishes: BTreeMap<Uuid, Wish>,
    promised: BTreeMap<Uuid, Wish>,
    complaints: Vec<String>,
    waiting: usize,
}

impl Receipts {
    /// What was wished under the id of an order.
    #[must_use]
    pub fn wish(&self, order: Uuid) -> Option<Wish> {
        lock(&self.0).wishes.get(&order).cloned()
    }

    /// Whether no customer waits for an answer.
    #[must_use]
    pub fn all_done(&self) -> bool {
        lock(&self.0).waiting == 0
    }

    /// What the API did that it must not.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        lock(&self.0).complaints.clone()
    }

    /// The orders that were answered with success.
    fn promised(&self) -> Vec<Wish> {
        lock(&self.0).promised.values().cloned().collect()
    }

    fn promise(&self, wish: &Wish, answer: &Value) {
        let order = wish.order();
        if answer["id"] != order.to_string() {
            self.complain(format!("I4: the key of {order} names {answer}"));
        }
        lock(&self.0).promised.insert(order, wish.clone());
    }

    fn complain(&self, what: String) {
        lock(&self.0).complaints.push(what);
    }
}

/// Everybody outside.
#[derive(Clone)]
pub struct Customers {
    /// The order service.
    pub office: Office,
    /// What goes wrong on the way to it.
    pub faults: Arc<Faults>,
    /// What they remember.
    pub receipts: Receipts,
}

impl Customers {
    /// Lets all of them come, each at their time.
    pub fn come(&self, host: &Host, wishes: &[Wish]) {
        for wish in wishes {
            let mut memory = lock(&self.receipts.0);
            memory.wishes.insert(wish.order(), wish.clone());
            memory.waiting += 1;
            drop(memory);
            let (customers, local, wish) = (self.clone(), host.clone(), wish.clone());
            host.spawn(async move {
                customers.shop(&local, &wish).await;
                lock(&customers.receipts.0).waiting -= 1;
            });
        }
        let (customers, local) = (self.clone(), host.clone());
        host.spawn(async move { customers.operate(&local).await });
    }

    async fn shop(&self, host: &Host, wish: &Wish) {
        host.sim.sleep_until(wish.at).await;
        let placed = async {
            self.order(host, wish).await;
            if let Some(pause) = wish.repeat_after {
                host.sim.sleep(pause).await;
                self.order(host, wish).await;
                self.try_another_body(host, wish).await;
            }
        };
        let regret = async {
            if let Some(pause) = wish.cancel_after {
                host.sim.sleep(pause).await;
                let path = format!("/v1/orders/{}/cancel", wish.order());
                self.insist(
                    host,
                    || Ask::post(wish.user, path.clone()),
                    |status| status == 202,
                )
                .await;
            }
        };
        futures::future::join(placed, regret).await;
    }

    /// Sends the order until it is answered.
    async fn order(&self, host: &Host, wish: &Wish) {
        let taken = |status| status == 201 || status == 200;
        let answer = self.insist(host, || Ask::order(wish, wish.body()), taken).await;
        host.note("promised", key(wish.order()), String::new);
        self.receipts.promise(wish, &answer);
    }

    /// The key of an order that exists names no other.
    async fn try_another_body(&self, host: &Host, wish: &Wish) {
        let mut body = wish.body();
        body["payment_token"] = "another".into();
        let answer = self
            .insist(host, || Ask::order(wish, body.clone()), |status| status == 422)
            .await;
        host.note("refused", key(wish.order()), || answer.to_string());
    }

    /// Sends a request until it is answered as it must be; a completed or parked order is not cancelled.
    async fn insist(&self, host: &Host, ask: impl Fn() -> Ask, expected: impl Fn(u16) -> bool) -> Value {
        loop {
            match self.send(host, ask()).await {
                Some((status, body)) if expected(status) => return body,
                Some((409, body)) => return body,
                Some((status, body)) if !is_temporary(status) => {
                    self.receipts
                        .complain(format!("API: unexpected answer {status} {body}"));
                    return body;
                }
                _ => host.sim.sleep(PAUSE / 2 + host.sim.up_to(PAUSE)).await,
            }
        }
    }

    /// One request; nothing, if it was not answered.
    pub(crate) async fn send(&self, host: &Host, ask: Ask) -> Option<(u16, Value)> {
        let (to, api) = self.office.reach(&host.sim)?;
        let route = Route {
            to,
            deadline: DEADLINE,
            label: "customer",
            faults: self.faults.clone(),
        };
        let answer = route.call(host, move || {
            let (api, ask) = (api.clone(), ask.clone());
            Box::pin(async move { ask.put_to(api).await })
        });
        answer.await.ok()
    }

    /// Resumes some of the parked orders, now and then, until the faults end.
    async fn operate(&self, host: &Host) {
        while host.sim.elapsed() < self.faults.until {
            host.sim.sleep(ROUND / 2 + host.sim.up_to(ROUND)).await;
            for wish in self.parked() {
                if host.sim.chance(500) {
                    let path = format!("/v1/orders/{}/resume", wish.order());
                    // Whether it was answered does not matter: there is another round.
                    let _ = self.send(host, Ask::post(STAFF, path)).await;
                }
            }
        }
    }

    /// I4 and the replay: every order that was promised is shown, as the log has it, alone and in the list.
    pub(crate) async fn look_back(&self, host: &Host, orders: &Orders) {
        for wish in self.receipts.promised() {
            let shown = self
                .send(host, Ask::get(wish.user, format!("/v1/orders/{}", wish.order())))
                .await;
            let listed = self
                .send(host, Ask::get(wish.user, "/v1/orders?limit=100".to_owned()))
                .await;
            let listed = listed.and_then(|(_, body)| {
                let items = body["items"].as_array()?;
                items
                    .iter()
                    .find(|item| item["id"] == wish.order().to_string())
                    .cloned()
            });
            let logged = orders.states.get(&wish.order()).and_then(State::order);
            let logged = logged.map(|order| (order.status().as_str().to_owned(), order.version));
            let seen = |body: &Value| Some((body["status"].as_str()?.to_owned(), body["version"].as_u64()?));
            for view in [shown.map(|(_, body)| body), listed] {
                let view = view.as_ref().and_then(seen);
                if view != logged {
                    self.receipts
                        .complain(format!("{}: shown {view:?}, logged {logged:?}", wish.order()));
                }
            }
        }
    }

    fn parked(&self) -> Vec<Wish> {
        let orders = Orders::replay(&self.office.orders.records());
        orders
            .parked()
            .into_iter()
            .filter_map(|order| self.receipts.wish(order))
            .collect()
    }
}

/// Answers that are expected while things go wrong.
fn is_temporary(status: u16) -> bool {
    matches!(status, 404 | 503)
}

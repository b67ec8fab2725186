//! Customers, who order, ask again, change their minds, and remember what they were promised; and operators.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use holdfast_contracts::ids::order_id;
use holdfast_order::replay::OrderKey;
use holdfast_order::saga::{Basis, Error};
use holdfast_order_core::{Command, Line, Money, NewOrder, OrderId, Quantity, Requester, Sku, UserId, total};
use uuid::Uuid;

use crate::check::Orders;
use crate::executor::{Host, lock};
use crate::faults::Faults;
use crate::office::Office;
use crate::plan::{PRODUCTS, Wish};
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
    promised: Vec<Uuid>,
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

    /// I4: the orders that were promised and do not exist.
    #[must_use]
    pub fn lost(&self, orders: &Orders) -> Vec<String> {
        let promised = lock(&self.0).promised.clone();
        let lost = promised
            .into_iter()
            .filter(|order| !orders.states.contains_key(order));
        lost.map(|order| format!("I4: {order} was acknowledged and does not exist"))
            .collect()
    }

    fn promise(&self, order: Uuid) {
        lock(&self.0).promised.push(order);
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
            let order = order_id(wish.user, &wish.key);
            let mut memory = lock(&self.receipts.0);
            memory.wishes.insert(order, wish.clone());
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
        let order = OrderKey {
            user: UserId(wish.user),
            order: OrderId(order_id(wish.user, &wish.key)),
        };
        host.sim.sleep_until(wish.at).await;
        let placed = async {
            self.order(host, order, wish).await;
            if let Some(pause) = wish.repeat_after {
                host.sim.sleep(pause).await;
                self.order(host, order, wish).await;
            }
        };
        let regret = async {
            if let Some(pause) = wish.cancel_after {
                host.sim.sleep(pause).await;
                self.insist(
                    host,
                    order,
                    Command::Cancel {
                        requester: Requester::Customer,
                    },
                )
                .await;
            }
        };
        futures::future::join(placed, regret).await;
    }

    /// Sends the order until it is answered.
    async fn order(&self, host: &Host, order: OrderKey, wish: &Wish) {
        let Some(new) = new_order(wish) else { return };
        if self.insist(host, order, Command::Create(new)).await {
            host.note("promised", key(order.order.0), String::new);
            self.receipts.promise(order.order.0);
        }
    }

    /// Sends a request until there is a definite answer; whether it is a success.
    async fn insist(&self, host: &Host, order: OrderKey, command: Command) -> bool {
        loop {
            match self.send(host, order, command.clone()).await {
                Some(Ok(())) => return true,
                Some(Err(refused)) if refused => return false,
                _ => host.sim.sleep(PAUSE / 2 + host.sim.up_to(PAUSE)).await,
            }
        }
    }

    /// One request: nothing, if it was not answered; an error tells whether it is a refusal.
    async fn send(&self, host: &Host, order: OrderKey, command: Command) -> Option<Result<(), bool>> {
        let (to, orchestrator) = self.office.reach(&host.sim)?;
        let route = Route {
            to,
            deadline: DEADLINE,
            label: "customer",
            faults: self.faults.clone(),
        };
        let answer = route.call(host, move || {
            let (orchestrator, command) = (orchestrator.clone(), command.clone());
            let basis = match command {
                Command::Create(_) => Basis::New,
                _ => Basis::Unknown,
            };
            Box::pin(async move {
                match orchestrator.apply(order, basis, command).await {
                    Ok(_) => Ok(()),
                    Err(error) => Err(matches!(error, Error::Refused(_))),
                }
            })
        });
        answer.await.ok()
    }

    /// Resumes some of the parked orders, now and then, for ever.
    async fn operate(&self, host: &Host) {
        while host.sim.elapsed() < self.faults.until {
            host.sim.sleep(ROUND / 2 + host.sim.up_to(ROUND)).await;
            for (order, wish) in self.parked() {
                if host.sim.chance(500) {
                    let key = OrderKey {
                        user: UserId(wish.user),
                        order: OrderId(order),
                    };
                    let requester = Requester::Operator;
                    // Whether it was answered does not matter: there is another round.
                    let _ = self.send(host, key, Command::Resume { requester }).await;
                }
            }
        }
    }

    fn parked(&self) -> Vec<(Uuid, Wish)> {
        let orders = Orders::replay(&self.office.orders.records());
        let parked = orders.parked();
        parked
            .into_iter()
            .filter_map(|order| Some((order, self.receipts.wish(order)?)))
            .collect()
    }
}

fn new_order(wish: &Wish) -> Option<NewOrder> {
    let lines: Option<Vec<Line>> = wish
        .lines
        .iter()
        .map(|(sku, quantity)| line(sku, *quantity))
        .collect();
    let lines = lines?;
    Some(NewOrder {
        total: total(&lines).ok()?,
        lines: lines.into(),
        payment_token: wish.token.clone(),
        limited_stock: false,
        fingerprint: wish.key.clone(),
    })
}

fn line(sku: &str, quantity: u32) -> Option<Line> {
    let (_, price) = PRODUCTS.iter().find(|(name, _)| *name == sku)?;
    Some(Line {
        sku: Sku::parse(sku)?,
        quantity: Quantity::new(quantity)?,
        unit_price: Money {
            amount: *price,
            currency: "EUR".to_owned(),
        },
    })
}

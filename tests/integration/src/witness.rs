//! What the provider and the warehouse say about orders.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{Platform, Shop};

/// An order as its API shows it.
#[derive(Clone, Debug, Deserialize)]
pub struct Order {
    /// Its id.
    pub id: Uuid,
    /// Where it stands.
    pub status: String,
    /// Why it was cancelled.
    pub reason: Option<String>,
    /// What was ordered.
    pub lines: Vec<Line>,
    /// What it costs.
    pub total: Money,
}

/// A line of an order.
#[derive(Clone, Debug, Deserialize)]
pub struct Line {
    /// What.
    pub sku: String,
    /// How many.
    pub quantity: u64,
}

/// Minor units of a currency.
#[derive(Clone, Debug, Deserialize)]
pub struct Money {
    /// How many.
    pub amount: i64,
}

impl Order {
    /// Whether its customer has the goods.
    #[must_use]
    pub fn is_completed(&self) -> bool {
        self.status == "completed"
    }

    /// Whether nothing more happens to it.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.is_completed() || self.status == "cancelled"
    }
}

#[derive(Deserialize)]
struct Charges {
    items: Vec<Charge>,
    next_cursor: Option<u64>,
}

#[derive(Deserialize)]
struct Charge {
    order_id: Option<Uuid>,
    captured: i64,
    refunded: i64,
}

/// Compares what the provider holds and what the warehouse has with `orders`, which are all there are.
///
/// # Errors
/// Everything that differs, or why somebody cannot be asked.
pub async fn books(platform: &Platform, shop: &Shop, orders: &[Order], received: u64) -> Result<(), String> {
    let held = held(platform, shop).await?;
    let mut wrong = disagreements(orders, &held);
    let sold = sold(orders);
    for (sku, level) in levels(platform, shop, sold.keys()).await? {
        let expected = (received - sold.get(&sku).copied().unwrap_or_default(), 0);
        if level != expected {
            wrong.push(format!(
                "{sku}: (available, reserved) is {level:?}, orders say {expected:?}"
            ));
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(wrong.join("\n"))
}

/// What of the money that the provider holds is not what the orders say.
#[must_use]
pub fn disagreements(orders: &[Order], held: &HashMap<Uuid, i64>) -> Vec<String> {
    let known: HashMap<Uuid, &Order> = orders.iter().map(|order| (order.id, order)).collect();
    let stray = held.iter().filter(|(order, _)| !known.contains_key(order));
    let mut wrong: Vec<String> = stray
        .map(|(order, held)| format!("{held} is held for {order}, which nobody was told of"))
        .collect();
    for order in orders {
        let expected = if order.is_completed() {
            order.total.amount
        } else {
            0
        };
        let held = held.get(&order.id).copied().unwrap_or_default();
        if held != expected {
            wrong.push(format!(
                "{held} is held for {}, which is {}: expected {expected}",
                order.id, order.status
            ));
        }
    }
    wrong
}

async fn held(platform: &Platform, shop: &Shop) -> Result<HashMap<Uuid, i64>, String> {
    let mut held = HashMap::new();
    let mut cursor = Some(0);
    while let Some(from) = cursor {
        let url = format!("{}/sandbox/charges?cursor={from}", platform.url("sandbox"));
        let answer = shop.get_url(&url).await?;
        let page: Charges = serde_json::from_value(answer.body).map_err(|error| error.to_string())?;
        for charge in page.items {
            if let Some(order) = charge.order_id {
                *held.entry(order).or_default() += charge.captured - charge.refunded;
            }
        }
        cursor = page.next_cursor;
    }
    Ok(held)
}

/// Pieces of each SKU that was ordered.
fn sold(orders: &[Order]) -> BTreeMap<String, u64> {
    let mut sold = BTreeMap::new();
    for order in orders {
        for Line { sku, quantity } in &order.lines {
            let pieces = if order.is_completed() { *quantity } else { 0 };
            *sold.entry(sku.clone()).or_default() += pieces;
        }
    }
    sold
}

type Level = (u64, u64);

async fn levels(
    platform: &Platform,
    shop: &Shop,
    skus: impl Iterator<Item = &String>,
) -> Result<Vec<(String, Level)>, String> {
    let query: Vec<String> = skus.map(|sku| format!("sku={sku}")).collect();
    let url = format!("{}/v1/stock?{}", platform.url("inventory"), query.join("&"));
    let answer = shop.get_url(&url).await?;
    let items = answer.body["items"]
        .as_array()
        .ok_or_else(|| format!("{answer:?}"))?;
    Ok(items.iter().map(level).collect())
}

fn level(item: &Value) -> (String, Level) {
    let number = |field: &str| item[field].as_u64().unwrap_or(u64::MAX);
    let sku = item["sku"].as_str().unwrap_or_default().to_owned();
    (sku, (number("available"), number("reserved")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(id: u128, status: &str) -> Order {
        Order {
            id: Uuid::from_u128(id),
            status: status.to_owned(),
            reason: None,
            lines: Vec::new(),
            total: Money { amount: 900 },
        }
    }

    #[test]
    fn the_witness_tells_money_that_is_missing_held_wrongly_or_doubled() {
        let orders = [order(1, "completed"), order(2, "cancelled")];
        let held = |money: &[(u128, i64)]| {
            money
                .iter()
                .map(|(id, held)| (Uuid::from_u128(*id), *held))
                .collect()
        };
        assert_eq!(disagreements(&orders, &held(&[(1, 900)])), [""; 0]);
        for wrong in [
            held(&[]),
            held(&[(1, 1800)]),
            held(&[(1, 900), (2, 900)]),
            held(&[(1, 900), (3, 1)]),
        ] {
            assert_eq!(disagreements(&orders, &wrong).len(), 1, "{wrong:?}");
        }
    }
}

//! What customers want in a run, drawn from its seed.

use std::time::Duration;

use holdfast_contracts::ids::order_id;
use holdfast_inventory_core::{Line, Receipt};
use uuid::Uuid;

use crate::executor::Sim;
use crate::faults::Faults;

/// Customers come within this time.
const RUSH: Duration = Duration::from_secs(20);
/// The faults go on for at most this long.
const STORM: Duration = Duration::from_secs(90);

/// One order that somebody wants.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Who.
    pub user: Uuid,
    /// Its `Idempotency-Key`.
    pub key: String,
    /// When it is sent first.
    pub at: Duration,
    /// What is wanted: SKU and pieces.
    pub lines: Vec<(&'static str, u32)>,
    /// The card.
    pub token: String,
    /// The customer changes their mind after this time.
    pub cancel_after: Option<Duration>,
    /// The request is sent once more after this time, though it was answered.
    pub repeat_after: Option<Duration>,
}

impl Wish {
    /// The id that its order must get.
    #[must_use]
    pub fn order(&self) -> Uuid {
        order_id(self.user, &self.key)
    }

    /// Whether its payment can never be undone, so that its order may stay parked.
    #[must_use]
    pub fn may_stay_parked(&self) -> bool {
        self.token == "stuck"
    }
}

/// Everything that is decided about a run before it begins.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The orders.
    pub wishes: Vec<Wish>,
    /// Goods that come in.
    pub goods: Vec<(Duration, Receipt)>,
    /// What goes wrong.
    pub faults: Faults,
}

/// The SKUs and their prices in cents: the first is scarce.
pub const PRODUCTS: [(&str, i64); 3] = [("hot", 1999), ("warm", 250), ("cold", 7)];

impl Plan {
    /// Draws a run.
    #[must_use]
    pub fn draw(sim: &Sim) -> Self {
        let users: Vec<Uuid> = (0..1 + sim.below(3))
            .map(|n| Uuid::from_u128(0xa000 + u128::from(n)))
            .collect();
        let wishes = (0..2 + sim.below(14))
            .map(|number| wish(sim, &users, number))
            .collect();
        let until = RUSH + sim.up_to(STORM);
        Self {
            wishes,
            goods: goods(sim),
            faults: Faults::draw(sim, until),
        }
    }
}

fn wish(sim: &Sim, users: &[Uuid], number: u64) -> Wish {
    let sometimes = |per_mille: u32, most: Duration| sim.chance(per_mille).then(|| sim.up_to(most));
    Wish {
        user: sim.pick(users).copied().unwrap_or_default(),
        key: format!("key-{number}"),
        at: sim.up_to(RUSH),
        lines: lines(sim),
        token: token(sim),
        cancel_after: sometimes(350, Duration::from_millis(10 << sim.below(13))),
        repeat_after: sometimes(200, RUSH),
    }
}

fn lines(sim: &Sim) -> Vec<(&'static str, u32)> {
    let quantity = || u32::try_from(1 + sim.below(3)).unwrap_or(1);
    let mut lines: Vec<_> = PRODUCTS
        .iter()
        .filter(|_| sim.chance(500))
        .map(|(sku, _)| (*sku, quantity()))
        .collect();
    if lines.is_empty() {
        lines.push(("hot", quantity()));
    }
    lines
}

fn token(sim: &Sim) -> String {
    let millis = sim.below(1 << (6 + sim.below(10)));
    match sim.below(16) {
        0..5 => "good".to_owned(),
        5..7 => "bad".to_owned(),
        7..9 => format!("slow:{millis}"),
        9..12 => format!("later:{millis}"),
        12..14 => "mute".to_owned(),
        14 => format!("broken:{millis}"),
        _ => "stuck".to_owned(),
    }
}

/// Plenty of two products from the start; of the scarce one a little, and a little more later.
fn goods(sim: &Sim) -> Vec<(Duration, Receipt)> {
    let few = || u32::try_from(1 + sim.below(24)).unwrap_or(1);
    let mut goods = vec![
        (Duration::ZERO, receipt("first-warm", "warm", 1000)),
        (Duration::ZERO, receipt("first-cold", "cold", 1000)),
        (Duration::ZERO, receipt("first-hot", "hot", few())),
    ];
    if sim.chance(300) {
        goods.push((sim.up_to(RUSH), receipt("second-hot", "hot", few())));
    }
    goods
}

fn receipt(id: &str, sku: &str, quantity: u32) -> Receipt {
    Receipt {
        receipt_id: id.to_owned(),
        line: Line {
            sku: sku.to_owned(),
            quantity,
        },
    }
}

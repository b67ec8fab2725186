//! The state: levels, open reservations, receipts already counted.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use crate::{Line, Snapshot};

/// The level of one SKU, in units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Level {
    /// Free to be reserved.
    pub available: u64,
    /// Held for orders.
    pub reserved: u64,
    /// Gone to customers.
    pub sold: u64,
    /// Everything that ever came in.
    pub received: u64,
}

impl Level {
    /// Invariant I1: nothing appears and nothing vanishes.
    #[must_use]
    pub fn is_balanced(&self) -> bool {
        let total = self
            .available
            .checked_add(self.reserved)
            .and_then(|n| n.checked_add(self.sold));
        total == Some(self.received)
    }

    pub(crate) fn receive(self, quantity: u64) -> Option<Self> {
        let available = self.available.checked_add(quantity)?;
        let received = self.received.checked_add(quantity)?;
        Some(Self {
            available,
            received,
            ..self
        })
    }

    pub(crate) fn hold(self, quantity: u64) -> Option<Self> {
        let available = self.available.checked_sub(quantity)?;
        let reserved = self.reserved.checked_add(quantity)?;
        Some(Self {
            available,
            reserved,
            ..self
        })
    }

    pub(crate) fn give_back(self, quantity: u64) -> Option<Self> {
        let reserved = self.reserved.checked_sub(quantity)?;
        let available = self.available.checked_add(quantity)?;
        Some(Self {
            available,
            reserved,
            ..self
        })
    }

    pub(crate) fn sell(self, quantity: u64) -> Option<Self> {
        let reserved = self.reserved.checked_sub(quantity)?;
        let sold = self.sold.checked_add(quantity)?;
        Some(Self {
            reserved,
            sold,
            ..self
        })
    }
}

/// A SKU whose levels contradict I1 or the reservations. Never seen unless memory or a log is corrupt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{sku} is out of balance: {level:?}, and open reservations hold {held}")]
pub struct Imbalance {
    /// The SKU.
    pub sku: String,
    /// Its level.
    pub level: Level,
    /// What the open reservations hold of it.
    pub held: u64,
}

/// Units of one SKU; the name is shared with the table of levels.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) sku: Arc<str>,
    pub(crate) quantity: u32,
}

impl Held {
    pub(crate) fn to_line(&self) -> Line {
        Line {
            sku: self.sku.as_ref().to_owned(),
            quantity: self.quantity,
        }
    }
}

/// All stock of one shard: the fold of its decisions.
///
/// A receipt that was counted is remembered for good, at about 130 bytes of memory with a 36-byte id.
#[derive(Clone, Debug, Default)]
pub struct State {
    pub(crate) levels: HashMap<Arc<str>, Level>,
    pub(crate) reservations: HashMap<Uuid, Box<[Held]>>,
    pub(crate) receipts: HashMap<Arc<str>, Held>,
}

impl State {
    /// The level of a SKU, if any of it was ever received.
    #[must_use]
    pub fn level(&self, sku: &str) -> Option<Level> {
        self.levels.get(sku).copied()
    }

    /// What is held for an order, if its reservation is open.
    #[must_use]
    pub fn reservation(&self, order_id: Uuid) -> Option<Vec<Line>> {
        Some(
            self.reservations
                .get(&order_id)?
                .iter()
                .map(Held::to_line)
                .collect(),
        )
    }

    /// What a receipt brought in, if it was counted.
    #[must_use]
    pub fn receipt(&self, receipt_id: &str) -> Option<Line> {
        self.receipts.get(receipt_id).map(Held::to_line)
    }

    /// How many SKUs were ever received.
    #[must_use]
    pub fn sku_count(&self) -> usize {
        self.levels.len()
    }

    /// How many reservations are open.
    #[must_use]
    pub fn reservation_count(&self) -> usize {
        self.reservations.len()
    }

    /// Checks I1, and that each SKU's reserved units are those of the open reservations.
    ///
    /// # Errors
    /// The first [`Imbalance`] by name of SKU.
    pub fn check(&self) -> Result<(), Imbalance> {
        let mut held: HashMap<&str, u64> = HashMap::new();
        for line in self.reservations.values().flat_map(|lines| lines.iter()) {
            let sum = held.entry(&line.sku).or_default();
            *sum = sum.saturating_add(line.quantity.into());
        }
        let known = self.levels.iter().map(|(sku, level)| (sku.as_ref(), *level));
        let unknown = held
            .keys()
            .filter(|sku| !self.levels.contains_key(**sku))
            .map(|sku| (*sku, Level::default()));
        let imbalance = known
            .chain(unknown)
            .map(|(sku, level)| (sku, level, held.get(sku).copied().unwrap_or_default()))
            .filter(|(_, level, held)| !level.is_balanced() || level.reserved != *held)
            .min_by_key(|(sku, ..)| *sku);
        match imbalance {
            None => Ok(()),
            Some((sku, level, held)) => Err(Imbalance {
                sku: sku.to_owned(),
                level,
                held,
            }),
        }
    }

    /// The shared name of a SKU that has a level.
    pub(crate) fn shared_name(&self, sku: &str) -> Option<Arc<str>> {
        self.levels.get_key_value(sku).map(|(name, _)| Arc::clone(name))
    }
}

/// Two states are equal if they hold the same, however they came to it.
impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        Snapshot::of(self) == Snapshot::of(other)
    }
}

impl Eq for State {}

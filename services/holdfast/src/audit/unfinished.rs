//! Orders that wait for something.

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::Auditor;
use super::trail::Progress;

/// An order that has not ended.
#[derive(Clone, Debug, Serialize)]
pub struct Unfinished {
    /// The order.
    pub order_id: Uuid,
    /// Its owner.
    pub user_id: Uuid,
    /// Its status, as its customer sees it.
    pub status: &'static str,
    /// What it waits for.
    pub waits_for: String,
    /// Since when nothing has happened.
    pub since: Timestamp,
    /// Its newest commit in `ORDERS`.
    pub sequence: u64,
}

impl Auditor {
    /// The orders that have not ended, parked ones among them, as far as `ORDERS` was read; the one that has
    /// waited longest first.
    #[must_use]
    pub fn unfinished(&self) -> Vec<Unfinished> {
        let mut unfinished: Vec<_> = self
            .trails
            .iter()
            .filter_map(|(order_id, trail)| match &trail.progress {
                Progress::Open(order) => Some(Unfinished {
                    order_id: *order_id,
                    user_id: trail.user_id,
                    status: order.status().as_str(),
                    waits_for: format!("{:?}", order.phase),
                    since: order.updated_at,
                    sequence: trail.sequence,
                }),
                _ => None,
            })
            .collect();
        unfinished.sort_by_key(|order| (order.since, order.sequence));
        unfinished
    }
}

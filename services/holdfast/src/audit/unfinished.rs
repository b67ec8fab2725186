//! Orders that wait for something.

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::Auditor;
use super::trail::Progress;

/// An order that has not ended, or whose log is broken so that nobody can tell.
#[derive(Clone, Debug, Serialize)]
pub struct Unfinished {
    /// The order.
    pub order_id: Uuid,
    /// Its owner.
    pub user_id: Uuid,
    /// Its status, as its customer sees it; `broken` if its log cannot be followed.
    pub status: &'static str,
    /// What it waits for.
    pub waits_for: String,
    /// Since when nothing has happened.
    pub since: Timestamp,
    /// Its newest commit in `ORDERS`; of a broken one, the first that cannot follow.
    pub sequence: u64,
    /// What is wrong with that commit of a broken log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

const BROKEN: &str = "broken";

impl Unfinished {
    /// Whether it waits for a person, however young it is.
    #[must_use]
    pub fn needs_a_person(&self) -> bool {
        self.fault.is_some() || self.status == "parked"
    }
}

impl Auditor {
    /// The orders that have not ended, parked and broken ones among them, as far as `ORDERS` was read; the one that has
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
                    fault: None,
                }),
                Progress::Broken(at) => Some(Unfinished {
                    order_id: *order_id,
                    user_id: trail.user_id,
                    status: BROKEN,
                    waits_for: "a person".to_owned(),
                    since: at.since,
                    sequence: at.sequence,
                    fault: Some(at.fault.clone()),
                }),
                _ => None,
            })
            .collect();
        unfinished.sort_by_key(|order| (order.since, order.sequence));
        unfinished
    }
}

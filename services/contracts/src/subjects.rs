//! Names of streams, buckets and subjects (DESIGN: "Streams and subjects"). Declared under `nats/`.

use uuid::Uuid;

/// Stream of order commits.
pub const ORDERS: &str = "ORDERS";
/// Stream of stock decisions and snapshots.
pub const INVENTORY: &str = "INVENTORY";
/// Stream of payment events.
pub const PAYMENTS: &str = "PAYMENTS";
/// Stream of message schedules and fired timers.
pub const TIMERS: &str = "TIMERS";
/// Stream of dead letters.
pub const DLQ: &str = "DLQ";
/// Stream of dead letters that were sent back to the consumer that gave them up.
pub const REDRIVE: &str = "REDRIVE";
/// Stream of what operators hear of.
pub const OPS: &str = "OPS";
/// Stream of what operators did.
pub const AUDIT: &str = "AUDIT";
/// Stream of what nats-server says of its consumers.
pub const ADVISORIES: &str = "ADVISORIES";
/// Stream of what customers are to be told.
pub const NOTICES: &str = "NOTICES";
/// KV bucket of what customers were told.
pub const NOTIFICATIONS_BUCKET: &str = "notifications";
/// KV bucket of products.
pub const CATALOG_BUCKET: &str = "catalog";
/// KV bucket of contracts, by package.
pub const SCHEMAS_BUCKET: &str = "schemas";
/// KV bucket of the quota service.
pub const QUOTA_BUCKET: &str = "quota";
/// KV bucket of tickets for streams.
pub const TICKETS_BUCKET: &str = "tickets";
/// KV bucket of accounts, claims of e-mail addresses, and clients.
pub const USERS_BUCKET: &str = "users";
/// KV bucket of contact data, encrypted.
pub const CONTACTS_BUCKET: &str = "contacts";
/// KV bucket of refresh tokens and failed logins.
pub const SESSIONS_BUCKET: &str = "sessions";
/// KV bucket of the keys that sign tokens, encrypted.
pub const SIGNING_KEYS_BUCKET: &str = "signing-keys";
/// Stream of the keys that contact data is encrypted with, encrypted.
pub const USER_KEYS: &str = "USER_KEYS";

/// The subject of one order's commits.
#[must_use]
pub fn order(user_id: Uuid, order_id: Uuid) -> String {
    format!("orders.{user_id}.{order_id}")
}

/// The subject on which one order's commits are republished over core NATS.
#[must_use]
pub fn order_status(user_id: Uuid, order_id: Uuid) -> String {
    format!("status.{user_id}.{order_id}")
}

/// The subjects of all of one user's orders.
#[must_use]
pub fn orders_of(user_id: Uuid) -> String {
    format!("orders.{user_id}.*")
}

/// The user and the order that a subject `orders.<user>.<order>` names.
#[must_use]
pub fn parse_order(subject: &str) -> Option<(Uuid, Uuid)> {
    let (user, order) = subject.strip_prefix("orders.")?.split_once('.')?;
    Some((user.parse().ok()?, order.parse().ok()?))
}

/// The log of one inventory shard.
#[must_use]
pub fn inventory_log(shard: u32) -> String {
    format!("inventory.log.{shard}")
}

/// The snapshots of one inventory shard.
#[must_use]
pub fn inventory_snapshot(shard: u32) -> String {
    format!("inventory.snapshot.{shard}")
}

/// The subject of one order's payment events.
#[must_use]
pub fn payment(order_id: Uuid) -> String {
    format!("payments.{order_id}")
}

/// The subject that holds the schedule of one order's timer; publishing again replaces it.
#[must_use]
pub fn timer(order_id: Uuid, step: &str) -> String {
    format!("timers.{order_id}.{step}")
}

/// Where one order's timers arrive when they fire.
#[must_use]
pub fn timer_fired(order_id: Uuid) -> String {
    format!("timers.fired.{order_id}")
}

/// Where a notice of an order waits to be sent by a channel, among those of its class.
#[must_use]
pub fn notice((channel, class): (&str, &str), order_id: Uuid, version: u64) -> String {
    format!("notices.{channel}.{class}.{order_id}.{version}")
}

/// The subject that holds its schedule, when it is sent later; publishing again replaces it.
#[must_use]
pub fn later_notice((channel, class): (&str, &str), order_id: Uuid, version: u64) -> String {
    format!("notices.later.{channel}.{class}.{order_id}.{version}")
}

/// The subject of the key that one user's data is encrypted with.
#[must_use]
pub fn user_key(user_id: Uuid) -> String {
    format!("userkeys.{user_id}")
}

/// The user and the order that a message of any stream is about, as far as its subject and payload tell. For dead
/// letters: whatever is wrong with the message, what is right is used.
#[must_use]
pub fn concerned(subject: &str, payload: &[u8]) -> (Option<Uuid>, Option<Uuid>) {
    #[derive(Default, serde::Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Ids {
        user_id: Option<Uuid>,
        order_id: Option<Uuid>,
    }
    if let Some((user, order)) = parse_order(subject) {
        return (Some(user), Some(order));
    }
    let Ids { user_id, order_id } = serde_json::from_slice(payload).unwrap_or_default();
    let named = ["payments.", "timers.fired."]
        .iter()
        .find_map(|prefix| subject.strip_prefix(prefix));
    (user_id, named.and_then(|id| id.parse().ok()).or(order_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_subject_reads_back() {
        let (user, id) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(parse_order(&order(user, id)), Some((user, id)));
    }

    #[test]
    fn whom_a_message_concerns_is_told_by_its_subject_or_else_by_its_payload() {
        let (user, id) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let both = (Some(user), Some(id));
        assert_eq!(concerned(&order(user, id), b"{"), both);
        let payload = format!(r#"{{"userId":"{user}","orderId":"{id}","amount":{{}}}}"#);
        assert_eq!(concerned("inventory.log.0", payload.as_bytes()), both);
        assert_eq!(
            concerned(&payment(id), format!(r#"{{"userId":"{user}"}}"#).as_bytes()),
            both
        );
        assert_eq!(concerned(&timer_fired(id), b"{"), (None, Some(id)));
        assert_eq!(concerned("x", br#"{"userId":7}"#), (None, None));
    }

    #[test]
    fn a_foreign_subject_names_no_order() {
        assert_eq!(parse_order("payments.x"), None);
        assert_eq!(parse_order("orders.not-a-uuid.x"), None);
    }
}

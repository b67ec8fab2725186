//! Identifiers that several services must derive or read alike.

use uuid::Uuid;

/// Namespace of order ids, so that they never collide with other name-based UUIDs (RFC 9562 §5.5).
const ORDER_NAMESPACE: Uuid = Uuid::from_u128(0x0d9a_5c1e_6f0b_5c55_9a5e_5f1d_7e2b_4a10);

/// The id of the order that a user creates with an `Idempotency-Key`: the same pair always names the same
/// order, on any replica and after any crash.
#[must_use]
pub fn order_id(user_id: Uuid, idempotency_key: &str) -> Uuid {
    let mut name = Vec::with_capacity(16 + idempotency_key.len());
    name.extend_from_slice(user_id.as_bytes());
    name.extend_from_slice(idempotency_key.as_bytes());
    Uuid::new_v5(&ORDER_NAMESPACE, &name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_user_and_key_name_the_same_order() {
        let user = Uuid::from_u128(7);
        assert_eq!(order_id(user, "a"), order_id(user, "a"));
    }

    #[test]
    fn another_user_or_another_key_names_another_order() {
        let user = Uuid::from_u128(7);
        assert_ne!(order_id(user, "a"), order_id(user, "b"));
        assert_ne!(order_id(user, "a"), order_id(Uuid::from_u128(8), "a"));
    }
}

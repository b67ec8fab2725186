//! Sample data: products, stock and identities. Loading it again changes nothing.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Error, Options};

/// The sample customer.
pub const CUSTOMER: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_c001);
/// The sample member of the staff.
pub const STAFF: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_5001);

/// The sample products.
#[must_use]
pub fn sample_skus() -> Vec<String> {
    vec!["ROPE-10".to_owned()]
}

/// Who can be impersonated until there is a user service.
pub(super) fn credentials() -> Value {
    json!({
        "customer": {"user_id": CUSTOMER},
        "staff": {"user_id": STAFF, "role": "staff"},
    })
}

pub(super) async fn products(_client: &async_nats::Client) -> Result<(), Error> {
    Ok(())
}

pub(super) async fn stock(_client: &async_nats::Client, _options: &Options) -> Result<(), Error> {
    Ok(())
}

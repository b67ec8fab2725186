//! What the core's types look like, for the description of the API: the core knows no API.
#![expect(dead_code, reason = "described, and never made")]

use utoipa::ToSchema;

/// By which ways somebody wants to hear of orders.
#[derive(ToSchema)]
pub(crate) struct Notifications {
    /// By e-mail.
    #[schema(default = true, required = false)]
    email: bool,
    /// By SMS, if there is a phone number.
    #[schema(default = false, required = false)]
    sms: bool,
}

/// Public keys.
#[derive(ToSchema)]
pub(super) struct KeySet {
    keys: Vec<PublicKey>,
}

/// A public key (RFC 8037).
#[derive(ToSchema)]
struct PublicKey {
    kid: String,
    kty: String,
    crv: String,
    alg: String,
    r#use: String,
    x: String,
}

//! A card provider that misbehaves on request, for the laptop and the tests.
//!
//! What happens to a charge is chosen by its payment token ([`token::Behaviour`]). Captures go on when callers
//! hang up, results come by signed webhooks that are repeated until they are taken, and everything is kept in
//! a file, since a provider does not forget what it charged when it is killed.
//!
//! | request | answer |
//! |---|---|
//! | `POST /v1/charges` with `Idempotency-Key`, `{order_id, amount: {amount, currency}, payment_token, metadata?}` | 200 the charge, 202 if it is pending |
//! | `GET /v1/charges?idempotency_key=…`, `GET /v1/charges/by-key/{key}` | the charge, or 404 |
//! | `POST /v1/charges/by-key/{key}/void?order_id=` | the charge as it stands for good |
//! | `POST /v1/charges/{charge_id}/refunds` with `Idempotency-Key` | `{refund_id, charge_id, amount, currency}` |
//! | `GET /sandbox/charges?order_id=&cursor=&limit=` | `{items, next_cursor?, totals}`: what really happened |
//! | `GET /sandbox`, `GET /sandbox/messages` | the same for people; the inbox |

pub mod app;
pub mod charge;
pub mod connection;
pub mod http;
pub mod ledger;
mod page;
pub mod provider;
pub mod store;
pub mod token;
pub mod webhook;

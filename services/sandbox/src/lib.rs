//! Providers of cards, mail and SMS that misbehave on request, for the laptop and the tests.
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
//! | `POST /2010-04-01/Accounts/{sid}/Messages.json` (form: `To`, `From`, `Body`), with `Idempotency-Key` | 201, as Twilio |
//! | `GET /sandbox/messages?channel=&to=&key=&order_id=&cursor=&limit=` | `{items, next_cursor?, totals}`: mail and SMS that were taken |
//! | `GET /sandbox/messages/{id}`, `…/html`, `…/raw` | one of them |
//! | `GET·PUT /sandbox/knobs` | what goes wrong: `{"rules": [{"channel": "email", "to": "*", "fault": "down"}]}` ([`knobs::Rule`]) |
//! | `GET /sandbox` | inbox and cards, for people |
//!
//! Mail comes by SMTP ([`smtp`]) and goes nowhere. Some recipients are always in trouble: `anna+refuse@…`, and so with
//! `fail`, `limit`, `slow`, `drop`; `+15005550001`, and so with 500, 429, 008, 009. Mail and SMS are kept in memory, the
//! newest 50,000 of them.

pub mod app;
pub mod charge;
pub mod connection;
pub mod http;
pub mod inbox;
pub mod knobs;
pub mod ledger;
pub mod mailbox;
mod page;
pub mod post;
pub mod provider;
pub mod sms;
pub mod smtp;
pub mod store;
pub mod token;
pub mod webhook;

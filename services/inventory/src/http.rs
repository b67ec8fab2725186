//! The REST API: availability from memory, receipts to the writer.

mod availability;
mod intake;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use holdfast_platform::problem;

use crate::receipts::Desk;
use crate::view::View;

/// What the handlers need.
#[derive(Clone)]
pub struct Api {
    /// Levels.
    pub view: Arc<View>,
    /// Receipts.
    pub desk: Desk,
    /// Up to this many available units a SKU is `limited`.
    pub limited_up_to: u64,
}

/// `GET /v1/stock/{sku}`, `GET /v1/stock?sku=…`, `POST /v1/stock/{sku}/receipts`, `POST /v1/receipts`.
pub fn router(api: Api) -> Router {
    let router = Router::new()
        .route("/v1/stock", get(availability::list))
        .route("/v1/stock/{sku}", get(availability::one))
        .route("/v1/stock/{sku}/receipts", post(intake::one))
        .route("/v1/receipts", post(intake::many));
    problem::with_fallbacks(router).with_state(api)
}

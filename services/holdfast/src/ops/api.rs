//! What operators do, over HTTP: `/v1/ops/*`, for staff.
//!
//! | method and path | answer |
//! |---|---|
//! | `GET /v1/ops/letters?service&consumer&reason&type&user&order&since&before&limit&after` | 200 `{items, next_after?}` |
//! | `GET /v1/ops/letters/count` with the same filter | 200 `{total, kinds}` |
//! | `GET /v1/ops/letters/{sequence}` | 200 with headers and payload |
//! | `POST /v1/ops/redrives`, `/v1/ops/discards` `{filter, all?, rate?, force?, dry_run?}` | 202 with `Location`; of a dry run 200 `{total, kinds}` |
//! | `GET /v1/ops/operations`, `/v1/ops/operations/{id}` | 200: how far it is, what was not done and why |
//! | `POST /v1/ops/operations/{id}/resume` | 202: goes on with what was cut off |
//! | `POST /v1/ops/operations/{id}/stop` | 202: stops after what is under way |
//! | `GET /v1/ops/consumers` | 200: how far each consumer is behind |

mod caller;
mod letters;
mod operations;
mod problems;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::{get, post};
use holdfast_platform::nats::Nats;
use holdfast_platform::problem;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// What the API needs.
struct Api {
    nats: Nats,
    /// Operations that are under way in this process, and what stops them.
    running: Mutex<BTreeMap<Uuid, CancellationToken>>,
    shutdown: CancellationToken,
}

/// The routes. At `shutdown` what is under way stops, to be resumed.
pub fn router(nats: &Nats, shutdown: &CancellationToken) -> Router {
    let api = Arc::new(Api {
        nats: nats.clone(),
        running: Mutex::default(),
        shutdown: shutdown.clone(),
    });
    let router = Router::new()
        .route("/v1/ops/letters", get(letters::list))
        .route("/v1/ops/letters/count", get(letters::count))
        .route("/v1/ops/letters/{sequence}", get(letters::one))
        .route("/v1/ops/redrives", post(operations::redrive))
        .route("/v1/ops/discards", post(operations::discard))
        .route("/v1/ops/operations", get(operations::list))
        .route("/v1/ops/operations/{id}", get(operations::one))
        .route("/v1/ops/operations/{id}/resume", post(operations::resume))
        .route("/v1/ops/operations/{id}/stop", post(operations::stop))
        .route("/v1/ops/consumers", get(operations::consumers))
        .with_state(api);
    problem::with_fallbacks(router)
}

//! The API.

mod identity;
mod problems;
mod sse;
mod ticket;
mod ws;

use std::sync::Arc;

use axum::Router;
use holdfast_platform::lifecycle::Shutdown;
use holdfast_platform::openapi::{self, OpenApi, OpenApiRouter, operation};
use holdfast_platform::problem;
use tokio_util::task::TaskTracker;

use crate::hub::Hub;
use crate::tickets::Tickets;

/// All that requests are answered from.
#[derive(Clone)]
pub struct Api {
    /// Topics, and places for streams.
    pub hub: Arc<Hub>,
    /// What browsers come in with.
    pub tickets: Tickets,
    /// The WebSockets that are open.
    pub streams: TaskTracker,
    /// Tells them to end.
    pub shutdown: Shutdown,
}

/// The routes of the service.
pub fn router(api: Api) -> Router {
    let (router, _) = routes().split_for_parts();
    problem::with_fallbacks(router.with_state(api))
}

/// What the routes look like in OpenAPI.
#[must_use]
pub fn document() -> OpenApi {
    routes().into_openapi()
}

fn routes() -> OpenApiRouter<Api> {
    openapi::router()
        .routes(operation(ticket::__path_issue, ticket::issue))
        .routes(operation(ws::__path_stream, ws::stream))
        .routes(operation(sse::__path_stream, sse::stream))
}

//! The REST API: availability from memory, receipts to the writer.

mod availability;
mod intake;

use std::sync::Arc;

use axum::Router;
use holdfast_platform::openapi::{self, OpenApi, OpenApiRouter, operation};
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

/// All routes.
pub fn router(api: Api) -> Router {
    let (router, _) = public().merge(internal()).split_for_parts();
    problem::with_fallbacks(router).with_state(api)
}

/// What the routes look like in OpenAPI: those that the gateway leads to, and those for other services.
#[must_use]
pub fn documents() -> [OpenApi; 2] {
    [public().into_openapi(), internal().into_openapi()]
}

fn public() -> OpenApiRouter<Api> {
    openapi::router().routes(operation(intake::__path_one, intake::one))
}

fn internal() -> OpenApiRouter<Api> {
    openapi::router()
        .routes(operation(availability::__path_list, availability::list))
        .routes(operation(availability::__path_one, availability::one))
        .routes(operation(intake::__path_many, intake::many))
}

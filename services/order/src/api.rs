//! Orders over REST.

mod change;
mod create;
mod headers;
mod identity;
mod list;
mod problems;
mod read;
mod request;
mod schemas;
mod view;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::middleware::map_response;
use axum::response::Response;
use holdfast_platform::clock::Clock;
use holdfast_platform::journal::{Journal, Scan};
use holdfast_platform::openapi::{self, OpenApi, OpenApiRouter, operation};
use holdfast_platform::problem;

use crate::index::UserIndex;
use crate::link::Link;
use crate::patience::Patience;
use crate::ports::{Jitter, Payments, Prices, Stock, Timers};
use crate::saga::Orchestrator;
use crate::trails::Trails;

pub use view::OrderView;

/// Which adapters a running service is made of.
pub trait Wiring: Send + Sync + 'static {
    /// The stream `ORDERS`.
    type Journal: Journal + Scan;
    /// The payment service.
    type Payments: Payments;
    /// Timers.
    type Timers: Timers;
    /// Time.
    type Clock: Clock;
    /// Jitter.
    type Jitter: Jitter;
    /// The catalogue.
    type Prices: Prices;
    /// The inventory.
    type Stock: Stock;
}

/// The orchestrator of a wiring.
pub type Saga<W> = Orchestrator<
    <W as Wiring>::Journal,
    <W as Wiring>::Payments,
    <W as Wiring>::Timers,
    <W as Wiring>::Clock,
    <W as Wiring>::Jitter,
>;

/// What the API needs.
pub struct Api<W: Wiring> {
    /// Takes, cancels and resumes orders.
    pub saga: Arc<Saga<W>>,
    /// Which orders a user has.
    pub index: UserIndex<W::Journal>,
    /// Audit trails that were read lately.
    pub trails: Trails,
    /// The catalogue.
    pub prices: W::Prices,
    /// The inventory.
    pub stock: W::Stock,
    /// Whether the journal is known to be away.
    pub link: Link,
}

impl<W: Wiring> Api<W> {
    /// Patience for the reads of one request.
    fn patience(&self) -> Patience {
        Patience::new(self.link.is_down())
    }
}

/// The routes.
pub fn router<W: Wiring>(api: Arc<Api<W>>) -> Router {
    let (router, _) = routes::<W>().split_for_parts();
    problem::with_fallbacks(router.with_state(api).layer(map_response(personal)))
}

/// Every answer is for one user: no cache that others share may keep it, and his browser asks each time whether what it has
/// still holds, which the entity tag tells.
async fn personal(mut response: Response) -> Response {
    let control = HeaderValue::from_static("private, no-cache");
    response.headers_mut().insert(CACHE_CONTROL, control);
    response
}

/// What the routes look like in OpenAPI.
#[must_use]
pub fn document<W: Wiring>() -> OpenApi {
    routes::<W>().into_openapi()
}

fn routes<W: Wiring>() -> OpenApiRouter<Arc<Api<W>>> {
    openapi::router()
        .routes(operation(create::__path_create, create::create::<W>))
        .routes(operation(list::__path_list, list::list::<W>))
        .routes(operation(read::__path_one, read::one::<W>))
        .routes(operation(read::__path_events, read::events::<W>))
        .routes(operation(change::__path_cancel, change::cancel::<W>))
        .routes(operation(change::__path_resume, change::resume::<W>))
}

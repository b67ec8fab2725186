//! What an API looks like in OpenAPI 3.1, taken from the routes that serve it.
//!
//! A handler is described by `#[utoipa::path]` and becomes a route only together with its description, so that neither
//! can be without the other:
//!
//! ```
//! use axum::http::StatusCode;
//! use holdfast_platform::openapi::{self, JSON_BODY, OpenApiRouter, operation};
//! use holdfast_platform::problem::{NOT_FOUND, Problem};
//!
//! holdfast_platform::problems! {
//!     /// Why nobody is greeted.
//!     Refused: JSON_BODY, &[&NOT_FOUND]
//! }
//!
//! #[utoipa::path(post, path = "/v1/greetings", responses((status = 204, description = "Greeted"), Refused))]
//! async fn greet() -> Result<StatusCode, Problem> {
//!     Ok(StatusCode::NO_CONTENT)
//! }
//!
//! let (router, document) = openapi::router().routes(operation(__path_greet, greet)).split_for_parts();
//! # let _: axum::Router = router;
//! assert!(document.paths.paths["/v1/greetings"].post.is_some());
//! ```
//!
//! What every operation has in common (tokens, rate limits, what the gateway answers in a service's place) is added when
//! the documents of the services are merged.

#[cfg(feature = "testing")]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
pub mod testing;

use std::collections::BTreeMap;

use axum::handler::Handler;
use axum::routing::MethodRouter;
use serde_json::{Value, json};
use utoipa::openapi::path::Paths;
use utoipa::openapi::schema::{AllOfBuilder, ObjectBuilder, Type};
use utoipa::openapi::{
    ComponentsBuilder, Content, Header, InfoBuilder, OpenApiBuilder, Ref, RefOr, Response, ResponseBuilder,
    Schema,
};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::PathItemExt;
use utoipa_axum::router::UtoipaMethodRouter;

use crate::problem::{
    BODY_TOO_LARGE, Body, INCOMPLETE_BODY, INVALID_REQUEST, MALFORMED_JSON, MEDIA_TYPE, ProblemType,
    SLOW_BODY, UNSUPPORTED_MEDIA_TYPE,
};

pub use utoipa::openapi::OpenApi;
pub use utoipa_axum::router::OpenApiRouter;

/// Why a body that must be JSON is refused: the problems of [`ValidJson`](crate::problem::ValidJson).
pub const JSON_BODY: &[&ProblemType] = &[
    &MALFORMED_JSON,
    &INCOMPLETE_BODY,
    &SLOW_BODY,
    &BODY_TOO_LARGE,
    &UNSUPPORTED_MEDIA_TYPE,
    &INVALID_REQUEST,
];

/// Names the problems that an operation answers with, for `responses(…)` of `#[utoipa::path]`: slices of `&ProblemType`.
#[macro_export]
macro_rules! problems {
    ($(#[$doc:meta])* $name:ident: $($kinds:expr),+ $(,)?) => {
        $(#[$doc])*
        struct $name;

        impl ::utoipa::IntoResponses for $name {
            fn responses() -> ::std::collections::BTreeMap<
                ::std::string::String,
                ::utoipa::openapi::RefOr<::utoipa::openapi::Response>,
            > {
                $crate::openapi::responses(&[$($kinds),+])
            }
        }
    };
}

/// A router without routes, whose document knows what a problem is.
#[must_use]
pub fn router<S: Clone + Send + Sync + 'static>() -> OpenApiRouter<S> {
    let mut schemas = vec![(Body::name().into_owned(), Body::schema())];
    Body::schemas(&mut schemas);
    let components = ComponentsBuilder::new().schemas_from_iter(schemas).build();
    let document = OpenApiBuilder::new().info(InfoBuilder::new().build());
    OpenApiRouter::with_openapi(document.components(Some(components)).build())
}

/// A handler as a route, by the method and at the path of its description.
pub fn operation<D, H, T, S>(_: D, handler: H) -> UtoipaMethodRouter<S>
where
    D: utoipa::Path + utoipa::__dev::SchemaReferences + utoipa::__dev::Tags<'static>,
    H: Handler<T, S>,
    T: 'static,
    S: Clone + Send + Sync + 'static,
{
    let mut schemas = Vec::new();
    D::schemas(&mut schemas);
    let methods = D::methods();
    let routes = methods.iter().fold(MethodRouter::new(), |routes, method| {
        routes.on(method.to_method_filter(), handler.clone())
    });
    let mut description = D::operation();
    let tags = D::tags().into_iter().map(str::to_owned);
    description.tags.get_or_insert_default().extend(tags);
    let mut paths = Paths::new();
    paths.add_path_operation(D::path(), methods, description);
    (schemas, paths, routes)
}

/// The answers that tell these problems, by status. See [`problems!`](crate::problems).
#[must_use]
pub fn responses(kinds: &[&[&'static ProblemType]]) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status: BTreeMap<String, Vec<&'static ProblemType>> = BTreeMap::new();
    for kind in kinds.iter().copied().flatten() {
        let status = kind.status.as_str().to_owned();
        by_status.entry(status).or_default().push(kind);
    }
    let answers = by_status.into_iter();
    answers
        .map(|(status, kinds)| (status, response(&kinds).into()))
        .collect()
}

fn response(kinds: &[&'static ProblemType]) -> Response {
    let titles: Vec<_> = kinds.iter().map(|kind| kind.title).collect();
    let mut content = Content::new(Some(schema(kinds)));
    content.example = kinds.first().map(|kind| example(kind));
    let response = ResponseBuilder::new()
        .description(titles.join("; "))
        .content(MEDIA_TYPE, content);
    let may_come_again = kinds.iter().any(|kind| matches!(kind.status.as_u16(), 429 | 503));
    match may_come_again {
        true => response.header("Retry-After", seconds()).build(),
        false => response.build(),
    }
}

/// A problem of one of these kinds.
fn schema(kinds: &[&'static ProblemType]) -> RefOr<Schema> {
    let types = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(kinds.iter().map(|kind| kind.uri())));
    let kind = ObjectBuilder::new().property("type", types);
    let problem = AllOfBuilder::new()
        .item(Ref::from_schema_name(Body::name()))
        .item(kind);
    Schema::AllOf(problem.build()).into()
}

fn example(kind: &ProblemType) -> Value {
    json!({
        "type": kind.uri(),
        "title": kind.title,
        "status": kind.status.as_u16(),
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    })
}

fn seconds() -> Header {
    let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0));
    let mut header = Header::new(seconds);
    header.description = Some("In how many seconds to try again.".to_owned());
    header
}

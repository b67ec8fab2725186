//! What was really sent, and the knobs: `/sandbox/messages`, `/sandbox/knobs`.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use holdfast_platform::problem::{INVALID_REQUEST, NOT_FOUND, Problem, ValidJson, ValidPath, ValidQuery};
use serde::{Deserialize, Serialize};

use crate::knobs::{Knobs, MAX_RULES};
use crate::mailbox::{Channel, Filter, Message};
use crate::post::{PostOffice, html_of};

const MAX_PAGE: usize = 1_000;
const DEFAULT_PAGE: usize = 100;

/// A page that loads nothing and runs nothing.
pub const STATIC_PAGE: (HeaderName, &str) = (
    header::CONTENT_SECURITY_POLICY,
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
/// The same for what somebody else wrote: a mail.
const FOREIGN_PAGE: (HeaderName, &str) = (
    header::CONTENT_SECURITY_POLICY,
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
);
/// What it says it is, and nothing else.
pub const NO_SNIFF: (HeaderName, &str) = (header::X_CONTENT_TYPE_OPTIONS, "nosniff");

/// The routes of the inbox and the knobs.
pub fn router(office: PostOffice) -> Router {
    Router::new()
        .route("/sandbox/messages", get(list))
        .route("/sandbox/messages/{id}", get(show))
        .route("/sandbox/messages/{id}/html", get(html))
        .route("/sandbox/messages/{id}/raw", get(raw))
        .route("/sandbox/knobs", get(knobs).put(set_knobs))
        .with_state(office)
}

#[derive(Deserialize)]
struct ListQuery {
    channel: Option<Channel>,
    to: Option<String>,
    key: Option<String>,
    order_id: Option<String>,
    cursor: Option<u64>,
    limit: Option<usize>,
}

async fn list(State(office): State<PostOffice>, ValidQuery(query): ValidQuery<ListQuery>) -> Response {
    let limit = query.limit.unwrap_or(DEFAULT_PAGE).clamp(1, MAX_PAGE);
    let filter = Filter {
        channel: query.channel,
        to: query.to,
        key: query.key,
        order_id: query.order_id,
    };
    axum::Json(office.page(&filter, query.cursor.unwrap_or(0), limit)).into_response()
}

#[derive(Serialize)]
struct Whole {
    #[serde(flatten)]
    message: Message,
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<String>,
}

async fn show(State(office): State<PostOffice>, ValidPath(id): ValidPath<u64>) -> Result<Response, Problem> {
    let message = find(&office, id)?;
    let html = html_of(&message.raw);
    Ok(axum::Json(Whole { message, html }).into_response())
}

async fn html(State(office): State<PostOffice>, ValidPath(id): ValidPath<u64>) -> Result<Response, Problem> {
    let html = html_of(&find(&office, id)?.raw).ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let html_type = (header::CONTENT_TYPE, "text/html; charset=utf-8");
    Ok(([html_type, FOREIGN_PAGE, NO_SNIFF], html).into_response())
}

async fn raw(State(office): State<PostOffice>, ValidPath(id): ValidPath<u64>) -> Result<Response, Problem> {
    let text_type = (header::CONTENT_TYPE, "text/plain; charset=utf-8");
    Ok(([text_type, FOREIGN_PAGE, NO_SNIFF], find(&office, id)?.raw).into_response())
}

fn find(office: &PostOffice, id: u64) -> Result<Message, Problem> {
    office.get(id).ok_or_else(|| Problem::new(&NOT_FOUND))
}

async fn knobs(State(office): State<PostOffice>) -> Response {
    axum::Json(office.knobs()).into_response()
}

async fn set_knobs(
    State(office): State<PostOffice>,
    ValidJson(knobs): ValidJson<Knobs>,
) -> Result<StatusCode, Problem> {
    if knobs.rules.len() > MAX_RULES {
        let problem = Problem::new(&INVALID_REQUEST);
        return Err(problem.field("rules", knobs.rules.len(), "must be 100 at most"));
    }
    tracing::info!(rules = knobs.rules.len(), "knobs are set");
    office.set(knobs);
    Ok(StatusCode::NO_CONTENT)
}

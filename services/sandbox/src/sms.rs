//! The SMS provider: the part of Twilio's API that sends a message.
//!
//! Beyond Twilio, it knows `Idempotency-Key`: what comes again with the same key is sent once.

use axum::Extension;
use axum::Router;
use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::connection::Lifeline;
use crate::knobs::{Fault, Trouble};
use crate::mailbox::{Channel, Letter};
use crate::post::PostOffice;

/// What Twilio allows.
const MAX_BODY: usize = 1600;

/// The route of the SMS API.
pub fn router(office: PostOffice) -> Router {
    Router::new()
        .route("/2010-04-01/Accounts/{sid}/{messages}", post(send))
        .with_state(office)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Sms {
    to: String,
    from: String,
    body: String,
}

#[derive(Serialize)]
struct Sent {
    sid: String,
    account_sid: String,
    from: String,
    to: String,
    body: String,
    status: &'static str,
    error_code: Option<u32>,
}

/// An error as Twilio tells it.
#[derive(Serialize)]
struct Refusal {
    code: u32,
    message: &'static str,
    status: u16,
}

const NOT_FOUND: (StatusCode, u32, &str) = (
    StatusCode::NOT_FOUND,
    20404,
    "The requested resource was not found",
);
const WHO: (StatusCode, u32, &str) = (StatusCode::UNAUTHORIZED, 20003, "Authenticate");
const NO_NUMBER: (StatusCode, u32, &str) = (StatusCode::BAD_REQUEST, 21211, "Invalid 'To' Phone Number");
const NO_BODY: (StatusCode, u32, &str) = (
    StatusCode::BAD_REQUEST,
    21602,
    "Message body is required, up to 1600 characters",
);
const FAILED: (StatusCode, u32, &str) = (StatusCode::INTERNAL_SERVER_ERROR, 20500, "Internal Server Error");
const TOO_MANY: (StatusCode, u32, &str) = (StatusCode::TOO_MANY_REQUESTS, 20429, "Too Many Requests");

async fn send(
    State(office): State<PostOffice>,
    Path((account, messages)): Path<(String, String)>,
    Extension(lifeline): Extension<Lifeline>,
    headers: HeaderMap,
    Form(sms): Form<Sms>,
) -> Response {
    if office.is_down(Channel::Sms) {
        lifeline.cut();
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if messages != "Messages.json" {
        return refuse(&office, NOT_FOUND);
    }
    if !is_admitted(&office, &account, &headers) {
        return refuse(&office, WHO);
    }
    if let Some(wrong) = fault_of(&sms) {
        return refuse(&office, wrong);
    }
    let trouble = office.trouble(Channel::Sms, &sms.to);
    if let Some(refusal) = trouble.and_then(|trouble| refusal(&office, trouble)) {
        return refusal;
    }
    let id = office.take(letter(&sms, &headers));
    if let Some(slow) = trouble.filter(|trouble| trouble.fault == Fault::Delay) {
        tokio::time::sleep(slow.duration()).await;
    }
    if trouble.is_some_and(|trouble| trouble.fault == Fault::DropAfterData) {
        lifeline.cut();
    }
    sent(id, account, sms)
}

fn sent(id: u64, account_sid: String, sms: Sms) -> Response {
    let sent = Sent {
        sid: format!("SM{id:032x}"),
        account_sid,
        from: sms.from,
        to: sms.to,
        body: sms.body,
        status: "queued",
        error_code: None,
    };
    (StatusCode::CREATED, axum::Json(sent)).into_response()
}

fn letter(sms: &Sms, headers: &HeaderMap) -> Letter {
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok());
    Letter {
        channel: Channel::Sms,
        from: sms.from.clone(),
        to: vec![sms.to.clone()],
        key: key.map(|key| key.chars().take(255).collect()),
        subject: None,
        text: sms.body.clone(),
        raw: Bytes::new(),
    }
}

fn is_admitted(office: &PostOffice, account: &str, headers: &HeaderMap) -> bool {
    if !office.needs_account() {
        return true;
    }
    let basic = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Basic "));
    let decoded = basic.and_then(|text| String::from_utf8(BASE64_STANDARD.decode(text).ok()?).ok());
    let pair = decoded.as_ref().and_then(|pair| pair.split_once(':'));
    pair.is_some_and(|(user, password)| user == account && office.admits(user, password))
}

fn fault_of(sms: &Sms) -> Option<(StatusCode, u32, &'static str)> {
    let digits = sms.to.strip_prefix('+').unwrap_or_default();
    if !(7..=15).contains(&digits.len()) || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Some(NO_NUMBER);
    }
    let length = sms.body.chars().count();
    (length == 0 || length > MAX_BODY).then_some(NO_BODY)
}

fn refusal(office: &PostOffice, trouble: Trouble) -> Option<Response> {
    match trouble.fault {
        Fault::Refuse => Some(refuse(office, NO_NUMBER)),
        Fault::Fail => Some(refuse(office, FAILED)),
        Fault::RateLimit => {
            let mut response = refuse(office, TOO_MANY);
            let seconds = HeaderValue::from(trouble.seconds);
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
            Some(response)
        }
        Fault::Delay | Fault::DropAfterData | Fault::Down => None,
    }
}

fn refuse(office: &PostOffice, (status, code, message): (StatusCode, u32, &'static str)) -> Response {
    office.refuse();
    let status_code = status.as_u16();
    (
        status,
        axum::Json(Refusal {
            code,
            message,
            status: status_code,
        }),
    )
        .into_response()
}

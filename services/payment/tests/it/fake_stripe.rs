//! Stripe at the HTTP level, as far as the adapter uses it: for outcomes that `stripe-mock` cannot produce.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Extension;
use axum::extract::{Form, Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use holdfast_payment::provider::stripe::{ApiKey, Stripe};
use holdfast_payment::provider::{ChargeRequest, Error, Provider};
use holdfast_payment::signature::Secrets;
use holdfast_payment::state::{Money, Outcome};
use holdfast_platform::http::client;
use holdfast_sandbox::connection::Lifeline;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::serve;

const KEY: &str = "sk_test_fake";
type Form_ = HashMap<String, String>;

#[derive(Default)]
struct Books {
    /// Newest last.
    intents: Vec<Value>,
    refunds: Vec<Value>,
    /// Answers by idempotency key.
    answers: HashMap<String, (StatusCode, Value)>,
    /// How many of the newest intents the search index has not seen yet.
    search_lag: usize,
    page: usize,
}

#[derive(Clone)]
pub struct FakeStripe {
    url: String,
    books: Arc<Mutex<Books>>,
}

impl FakeStripe {
    pub async fn start() -> Self {
        let books = Arc::new(Mutex::new(Books {
            page: 100,
            ..Books::default()
        }));
        let fake = Self {
            url: String::new(),
            books,
        };
        let router = Router::new()
            .route("/v1/payment_intents", post(create).get(list))
            .route("/v1/payment_intents/search", get(search))
            .route("/v1/payment_intents/{id}/cancel", post(cancel))
            .route("/v1/refunds", post(refund).get(refunds))
            .layer(from_fn(authorized))
            .with_state(fake.clone());
        Self {
            url: serve(router).await,
            ..fake
        }
    }

    pub fn client(&self, timeout: Duration) -> Stripe {
        Self::client_of(&self.url, timeout)
    }

    pub fn client_of(url: &str, timeout: Duration) -> Stripe {
        Self::client_with(url, timeout, KEY)
    }

    fn client_with(url: &str, timeout: Duration, key: &str) -> Stripe {
        let client = client(timeout, None).unwrap();
        Stripe::new(
            client,
            url,
            ApiKey::new(key.into()),
            Secrets::parse("whsec_stripe").unwrap(),
        )
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap()
    }
}

async fn authorized(headers: HeaderMap, request: Request, next: Next) -> Response {
    assert!(headers.contains_key("stripe-version"), "the version is pinned");
    if headers.get("authorization").unwrap() != &format!("Bearer {KEY}") {
        let error = json!({"error": {"type": "invalid_request_error", "message": "Invalid API Key"}});
        return (StatusCode::UNAUTHORIZED, Json(error)).into_response();
    }
    next.run(request).await
}

fn intent(id: usize, form: &Form_, status: &str) -> Value {
    let metadata = |name: &str| form[&format!("metadata[{name}]")].clone();
    json!({
        "id": format!("pi_{id}"), "object": "payment_intent", "status": status,
        "amount": form["amount"].parse::<i64>().unwrap(), "currency": form["currency"],
        "latest_charge": null, "last_payment_error": null,
        "metadata": {"order_id": metadata("order_id"), "user_id": metadata("user_id")},
    })
}

fn card_error(intent: &mut Value, code: &str, decline_code: Option<&str>) -> (StatusCode, Value) {
    let mut error = json!({"type": "card_error", "code": code, "decline_code": decline_code});
    intent["last_payment_error"] = error.clone();
    error["payment_intent"] = intent.clone();
    (StatusCode::PAYMENT_REQUIRED, json!({"error": error}))
}

async fn create(
    State(fake): State<FakeStripe>,
    Extension(lifeline): Extension<Lifeline>,
    headers: HeaderMap,
    Form(form): Form<Form_>,
) -> Response {
    let key = headers["idempotency-key"].to_str().unwrap().to_owned();
    assert_eq!(form["confirm"], "true");
    let mut books = fake.books();
    // Stripe replays the first answer; a canceled intent is replayed as it is now by our tests' needs.
    if let Some((status, _)) = books.answers.get(&key) {
        let order = &form["metadata[order_id]"];
        let now = books
            .intents
            .iter()
            .find(|intent| intent["metadata"]["order_id"] == *order);
        return match (status, now) {
            (&StatusCode::OK, Some(intent)) => Json(intent.clone()).into_response(),
            _ => (*status, Json(books.answers[&key].1.clone())).into_response(),
        };
    }
    let id = books.intents.len();
    let (answer, stored) = decide(id, &form);
    books.intents.extend(stored);
    books.answers.insert(key, answer.clone());
    if form.get("payment_method").is_some_and(|token| token == "pm_lost") {
        lifeline.cut();
    }
    (answer.0, Json(answer.1)).into_response()
}

fn decide(id: usize, form: &Form_) -> ((StatusCode, Value), Option<Value>) {
    let token = form
        .get("payment_method")
        .or(form.get("confirmation_token"))
        .unwrap();
    let refused = |kind: &str, code: &str, param: &str| {
        let error = json!({"error": {"type": kind, "code": code, "param": param}});
        ((StatusCode::BAD_REQUEST, error), None)
    };
    match token.as_str() {
        "pm_card_chargeDeclined" => {
            let mut intent = intent(id, form, "requires_payment_method");
            (card_error(&mut intent, "card_declined", None), Some(intent))
        }
        "pm_insufficient" => {
            let mut intent = intent(id, form, "requires_payment_method");
            (
                card_error(&mut intent, "card_declined", Some("insufficient_funds")),
                Some(intent),
            )
        }
        "pm_wants_3ds" => {
            assert_eq!(form["error_on_requires_action"], "true");
            let mut intent = intent(id, form, "requires_payment_method");
            (
                card_error(&mut intent, "authentication_required", None),
                Some(intent),
            )
        }
        "pm_processing" => {
            let intent = intent(id, form, "processing");
            ((StatusCode::OK, intent.clone()), Some(intent))
        }
        "pm_nobody" => refused("invalid_request_error", "resource_missing", "payment_method"),
        "pm_bad_currency" => refused("invalid_request_error", "parameter_invalid", "currency"),
        "pm_busy" => {
            let error = json!({"error": {"type": "invalid_request_error", "code": "idempotency_key_in_use"}});
            ((StatusCode::CONFLICT, error), None)
        }
        "pm_fault" => (
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                json!({"error": {"type": "api_error"}}),
            ),
            None,
        ),
        _ => {
            let mut intent = intent(id, form, "succeeded");
            intent["latest_charge"] = json!({"id": format!("ch_{id}"), "refunded": false});
            ((StatusCode::OK, intent.clone()), Some(intent))
        }
    }
}

async fn list(State(fake): State<FakeStripe>) -> Json<Value> {
    let books = fake.books();
    let newest: Vec<_> = books.intents.iter().rev().take(books.page).cloned().collect();
    Json(json!({"object": "list", "data": newest}))
}

async fn search(State(fake): State<FakeStripe>, Query(query): Query<Form_>) -> Json<Value> {
    let books = fake.books();
    let indexed = books.intents.len() - books.search_lag.min(books.intents.len());
    let order = query["query"]
        .strip_prefix("metadata['order_id']:'")
        .unwrap()
        .trim_end_matches('\'');
    let found = books
        .intents
        .iter()
        .take(indexed)
        .filter(|intent| intent["metadata"]["order_id"] == *order);
    Json(json!({"object": "search_result", "data": found.cloned().collect::<Vec<_>>()}))
}

async fn cancel(State(fake): State<FakeStripe>, Path(id): Path<String>) -> Response {
    let mut books = fake.books();
    let intent = books
        .intents
        .iter_mut()
        .find(|intent| intent["id"] == *id)
        .unwrap();
    if intent["status"] == "succeeded" {
        let error = json!({"type": "invalid_request_error", "code": "payment_intent_unexpected_state",
            "payment_intent": intent});
        return (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response();
    }
    intent["status"] = json!("canceled");
    Json(intent.clone()).into_response()
}

async fn refund(State(fake): State<FakeStripe>, headers: HeaderMap, Form(form): Form<Form_>) -> Response {
    let key = headers["idempotency-key"].to_str().unwrap().to_owned();
    let mut books = fake.books();
    if let Some((status, answer)) = books.answers.get(&key) {
        return (*status, Json(answer.clone())).into_response();
    }
    let id = books.refunds.len();
    let intent = books
        .intents
        .iter_mut()
        .find(|intent| intent["id"] == form["payment_intent"])
        .unwrap();
    if intent["latest_charge"]["refunded"] == true {
        let error = json!({"error": {"type": "invalid_request_error", "code": "charge_already_refunded"}});
        return (StatusCode::BAD_REQUEST, Json(error)).into_response();
    }
    intent["latest_charge"]["refunded"] = json!(true);
    let refund = json!({"id": format!("re_{id}"), "object": "refund", "status": "succeeded",
        "amount": intent["amount"], "currency": intent["currency"], "payment_intent": intent["id"]});
    books.refunds.push(refund.clone());
    books.answers.insert(key, (StatusCode::OK, refund.clone()));
    Json(refund).into_response()
}

async fn refunds(State(fake): State<FakeStripe>, Query(query): Query<Form_>) -> Json<Value> {
    let books = fake.books();
    let of = books
        .refunds
        .iter()
        .filter(|refund| refund["payment_intent"] == query["payment_intent"]);
    Json(json!({"object": "list", "data": of.cloned().collect::<Vec<_>>()}))
}

fn request(token: &str) -> ChargeRequest {
    ChargeRequest {
        order_id: Uuid::new_v4(),
        user_id: Uuid::from_u128(7),
        amount: Money {
            amount: 1999,
            currency: "EUR".into(),
        },
        payment_token: token.into(),
    }
}

const PATIENCE: Duration = Duration::from_secs(5);

#[tokio::test]
async fn a_decline_tells_the_most_exact_code() {
    let stripe = FakeStripe::start().await.client(PATIENCE);
    for (token, code) in [
        ("pm_insufficient", "insufficient_funds"),
        ("pm_wants_3ds", "authentication_required"),
        ("pm_nobody", "resource_missing"),
    ] {
        let outcome = stripe.charge(&request(token)).await;
        assert_eq!(outcome, Ok(Outcome::Declined(code.into())), "{token}");
    }
}

#[tokio::test]
async fn faults_and_refusals_are_told_apart() {
    let fake = FakeStripe::start().await;
    let stripe = fake.client(PATIENCE);
    for token in ["pm_busy", "pm_fault"] {
        assert!(
            matches!(stripe.charge(&request(token)).await, Err(Error::Unknown(_))),
            "{token}"
        );
    }
    assert!(matches!(
        stripe.charge(&request("pm_bad_currency")).await,
        Err(Error::Refused(_))
    ));
    let stranger = FakeStripe::client_with(&fake.url, PATIENCE, "sk_wrong");
    assert!(matches!(
        stranger.charge(&request("pm_card_visa")).await,
        Err(Error::Refused(_))
    ));
}

#[tokio::test]
async fn a_confirmation_token_is_charged_too() {
    let stripe = FakeStripe::start().await.client(PATIENCE);
    assert!(matches!(
        stripe.charge(&request("ctoken_1")).await,
        Ok(Outcome::Succeeded(_))
    ));
}

#[tokio::test]
async fn a_charge_is_found_before_the_search_index_knows_it_and_after_it_left_the_first_page() {
    let fake = FakeStripe::start().await;
    let stripe = fake.client(PATIENCE);
    let request = request("pm_card_visa");
    stripe.charge(&request).await.unwrap();
    fake.books().search_lag = 1;
    assert!(
        stripe.find(request.order_id).await.unwrap().is_some(),
        "newest intents are looked through"
    );
    fake.books().search_lag = 0;
    fake.books().page = 0;
    assert!(
        stripe.find(request.order_id).await.unwrap().is_some(),
        "older ones are searched for"
    );
}

#[tokio::test]
async fn money_given_back_by_hand_is_not_given_back_again() {
    let fake = FakeStripe::start().await;
    let stripe = fake.client(PATIENCE);
    let request = request("pm_card_visa");
    let Ok(Outcome::Succeeded(charge)) = stripe.charge(&request).await else {
        panic!()
    };
    let by_hand = stripe.refund(Uuid::new_v4(), &charge).await.unwrap();
    assert_eq!(stripe.refund(request.order_id, &charge).await.unwrap(), by_hand);
}

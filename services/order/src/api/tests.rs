//! The API over the journal in memory.

use std::sync::Mutex;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::response::Response;
use holdfast_order_core::{OrderId, PaymentOutcome, UserId};
use holdfast_platform::clock::ManualClock;
use holdfast_platform::journal::memory::MemoryJournal;
use holdfast_platform::journal::{Append, Disposition, Headers, Revision};
use holdfast_platform::openapi::testing::{assert_described, request_example};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;

use super::*;
use crate::fakes::{Alarms, Flaky, PriceList, Script, Shelf, at};
use crate::ports::{Availability, NoJitter, PaymentAnswer};
use crate::replay::OrderKey;
use crate::saga::{Basis, Settings};
use crate::store::Store;

struct Fake;

impl Wiring for Fake {
    type Journal = Flaky;
    type Payments = Script;
    type Timers = Alarms;
    type Clock = ManualClock;
    type Jitter = NoJitter;
    type Prices = PriceList;
    type Stock = Shelf;
}

const ANNA: u128 = 0xa;
const BORIS: u128 = 0xb;

struct Shop {
    router: Router,
    saga: Arc<Saga<Fake>>,
    journal: Flaky,
    prices: PriceList,
    stock: Shelf,
    payments: Script,
    clock: ManualClock,
    down: tokio::sync::watch::Sender<bool>,
}

impl Shop {
    fn open() -> Self {
        let clock = ManualClock::at(at(0));
        Self::over(Flaky::over(MemoryJournal::new(clock.clone())), clock)
    }

    fn over(journal: Flaky, clock: ManualClock) -> Self {
        let payments = Script::default();
        let prices = PriceList(Arc::new(Mutex::new(Some(vec![("tea", 450), ("pot", 1900)]))));
        let stock = Shelf(Arc::new(Mutex::new(Availability::Current)));
        let store = Store::new(journal.clone(), 100).with_clock(clock.clone());
        let ports = (payments.clone(), Alarms::default());
        let saga = Arc::new(Orchestrator::new(
            store,
            ports,
            (clock.clone(), NoJitter),
            Settings::default(),
        ));
        let index = UserIndex::new(journal.clone(), 1000);
        let down = tokio::sync::watch::Sender::new(false);
        let api: Api<Fake> = Api {
            saga: saga.clone(),
            index,
            trails: Trails::new(1 << 20, clock.clone()),
            prices: prices.clone(),
            stock: stock.clone(),
            link: Link::new(&down),
        };
        Self {
            router: router(Arc::new(api)),
            saga,
            journal,
            prices,
            stock,
            payments,
            clock,
            down,
        }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        Answer::of(self.router.clone().oneshot(request).await.expect("infallible")).await
    }

    async fn get(&self, user: u128, path: &str) -> Answer {
        self.send(request("GET", path, user).body(Body::empty()).expect("a request"))
            .await
    }

    async fn post(&self, user: u128, path: &str) -> Answer {
        self.send(
            request("POST", path, user)
                .body(Body::empty())
                .expect("a request"),
        )
        .await
    }

    async fn order(&self, user: u128, key: &str, body: &Value) -> Answer {
        let request = request("POST", "/v1/orders", user).header("idempotency-key", key);
        self.send(request.body(Body::from(body.to_string())).expect("a request"))
            .await
    }

    async fn create(&self, user: u128, key: &str) -> String {
        let answer = self.order(user, key, &tea()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        answer.body["id"].as_str().expect("an id").to_owned()
    }

    async fn reserve(&self, user: u128, id: &str) {
        let key = OrderKey {
            user: UserId(Uuid::from_u128(user)),
            order: OrderId(id.parse().expect("an id")),
        };
        let decision = holdfast_order_core::ReservationDecision::Reserved;
        let command = holdfast_order_core::Command::RecordReservation(decision);
        self.saga
            .apply(key, Basis::Unknown, command)
            .await
            .expect("reserved");
    }

    /// Works off the newest commit.
    async fn charge(&self) -> Disposition {
        let record = self.journal.records().pop().expect("a commit");
        self.saga
            .handle_commit(holdfast_platform::journal::Delivery { record, attempt: 1 })
            .await
    }
}

struct Answer {
    status: StatusCode,
    headers: axum::http::HeaderMap,
    body: Value,
}

impl Answer {
    async fn of(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Self {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The status, and the field that the problem names.
    fn complaint(&self) -> (u16, &str) {
        (
            self.status.as_u16(),
            self.body["errors"][0]["field"].as_str().unwrap_or_default(),
        )
    }

    fn kind(&self) -> (u16, &str) {
        let kind = self.body["type"].as_str().unwrap_or_default();
        (self.status.as_u16(), kind.rsplit('/').next().unwrap_or_default())
    }
}

fn request(method: &str, path: &str, user: u128) -> axum::http::request::Builder {
    Request::builder()
        .method(method)
        .uri(path)
        .header("x-holdfast-user", Uuid::from_u128(user).to_string())
        .header("content-type", "application/json")
}

fn staff(method: &str, path: &str) -> Request<Body> {
    let request = request(method, path, 0x57aff).header("x-holdfast-roles", "support, staff");
    request.body(Body::empty()).expect("a request")
}

fn tea() -> Value {
    json!({"lines": [{"sku": "tea", "quantity": 2}], "payment_token": "tok_ok"})
}

fn path(id: &str) -> String {
    format!("/v1/orders/{id}")
}

#[tokio::test]
async fn an_order_is_taken_and_shown_in_its_documented_shape() {
    let shop = Shop::open();
    let answer = shop.order(ANNA, "k1", &tea()).await;
    assert_eq!(
        (answer.status, answer.header("etag")),
        (StatusCode::CREATED, "\"1\"")
    );
    let id = answer.body["id"].as_str().expect("an id");
    assert_eq!(answer.header("location"), path(id));
    let expected = json!({
        "id": id, "user_id": Uuid::from_u128(ANNA).to_string(), "status": "created", "limited_stock": false,
        "lines": [{"sku": "tea", "quantity": 2, "unit_price": {"amount": 450, "currency": "EUR"}}],
        "total": {"amount": 900, "currency": "EUR"}, "version": 1,
        "created_at": "2027-01-15T08:00:00Z", "updated_at": "2027-01-15T08:00:00Z",
    });
    assert_eq!(answer.body, expected);
    assert_eq!(shop.get(ANNA, &path(id)).await.body, expected);
}

#[tokio::test]
async fn the_same_request_again_finds_the_same_order_and_another_one_is_refused() {
    let shop = Shop::open();
    let id = shop.create(ANNA, "k1").await;
    let again = shop.order(ANNA, "\"k1\"", &tea()).await;
    assert_eq!(
        (again.status, again.body["id"].as_str()),
        (StatusCode::OK, Some(id.as_str()))
    );
    let other = json!({"lines": [{"sku": "tea", "quantity": 3}], "payment_token": "tok_ok"});
    assert_eq!(
        shop.order(ANNA, "k1", &other).await.kind(),
        (422, "idempotency-key-reused")
    );
    assert_eq!(
        shop.order(BORIS, "k1", &other).await.status,
        StatusCode::CREATED,
        "a key is the user's own"
    );
    let restarted = Shop::over(shop.journal.clone(), shop.clock.clone());
    assert_eq!(restarted.order(ANNA, "k1", &tea()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_order_that_was_taken_is_found_again_also_when_it_could_not_be_taken_now() {
    let shop = Shop::open();
    shop.create(ANNA, "k1").await;
    for list in [None, Some(vec![])] {
        *shop.prices.0.lock().expect("not poisoned") = list;
        assert_eq!(shop.order(ANNA, "k1", &tea()).await.status, StatusCode::OK);
    }
    assert_eq!(
        shop.order(ANNA, "k2", &tea()).await.complaint(),
        (422, "lines[0].sku")
    );
}

#[tokio::test]
async fn every_wrong_field_is_named() {
    let shop = Shop::open();
    let line = |sku: &str, quantity: Value| json!({"lines": [{"sku": sku, "quantity": quantity}], "payment_token": "t"});
    let many: Vec<_> = (0..101)
        .map(|n| json!({"sku": format!("s{n}"), "quantity": 1}))
        .collect();
    let with = |member: &str, value: Value| {
        let mut body = tea();
        body[member] = value;
        body
    };
    for (body, field) in [
        (line("coffee", json!(1)), "lines[0].sku"),
        (line("te a", json!(1)), "lines[0].sku"),
        (line("tea", json!(0)), "lines[0].quantity"),
        (line("tea", json!(-1)), "lines[0].quantity"),
        (line("tea", json!(1001)), "lines[0].quantity"),
        (line("tea", json!(1e30)), "lines[0].quantity"),
        (line("tea", json!(1.5)), "lines[0].quantity"),
        (with("lines", json!([])), "lines"),
        (with("lines", json!(many)), "lines"),
        (
            with(
                "lines",
                json!([{"sku": "tea", "quantity": 1}, {"sku": "tea", "quantity": 1}]),
            ),
            "lines[1].sku",
        ),
        (with("payment_token", json!("")), "payment_token"),
        (with("payment_token", json!("x".repeat(256))), "payment_token"),
        (json!({"lines": [{"sku": "tea", "quantity": 1}]}), "payment_token"),
        (
            with("expected_total", json!({"amount": 900, "currency": "USD"})),
            "expected_total.currency",
        ),
        (
            with("expected_total", json!({"amount": 900, "currency": "eur"})),
            "expected_total.currency",
        ),
        (
            with("expected_total", json!({"amount": -1, "currency": "EUR"})),
            "expected_total.amount",
        ),
        (with("discount", json!(100)), "discount"),
    ] {
        let answer = shop.order(ANNA, "k1", &body).await;
        assert_eq!(answer.complaint(), (422, field), "{body}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert!(answer.body["trace_id"].is_string());
    }
    assert_eq!(shop.journal.len(), 0, "nothing half-done");
}

#[tokio::test]
async fn a_total_that_was_not_expected_is_told_together_with_the_right_one() {
    let shop = Shop::open();
    let body = |amount: i64| {
        json!({"lines": [{"sku": "tea", "quantity": 2}], "payment_token": "t",
               "expected_total": {"amount": amount, "currency": "EUR"}})
    };
    let answer = shop.order(ANNA, "k1", &body(899)).await;
    assert_eq!(answer.kind(), (409, "price-changed"));
    assert_eq!(answer.body["total"], json!({"amount": 900, "currency": "EUR"}));
    assert_eq!(
        answer.body["expected_total"],
        json!({"amount": 899, "currency": "EUR"})
    );
    assert_eq!(
        shop.order(ANNA, "k1", &body(900)).await.status,
        StatusCode::CREATED
    );
}

#[tokio::test]
async fn a_request_that_is_not_one_is_refused() {
    let shop = Shop::open();
    let post = |body: &str| {
        let request = request("POST", "/v1/orders", ANNA).header("idempotency-key", "k");
        request.body(Body::from(body.to_owned())).expect("a request")
    };
    assert_eq!(shop.send(post("{")).await.kind(), (400, "malformed-json"));
    let huge = shop
        .send(post(&format!(
            "{{\"payment_token\":\"{}\"}}",
            "x".repeat(65 * 1024)
        )))
        .await;
    assert_eq!(huge.kind(), (413, "body-too-large"));
    let keyless = request("POST", "/v1/orders", ANNA)
        .body(Body::from(tea().to_string()))
        .expect("a request");
    assert_eq!(shop.send(keyless).await.complaint(), (400, "Idempotency-Key"));
    let anonymous = Request::get("/v1/orders").body(Body::empty()).expect("a request");
    assert_eq!(shop.send(anonymous).await.kind(), (401, "unauthenticated"));
    let odd = Request::get("/v1/orders")
        .header("x-holdfast-user", "anna")
        .body(Body::empty())
        .expect("a request");
    assert_eq!(shop.send(odd).await.complaint(), (400, "x-holdfast-user"));
    let two = request("GET", "/v1/orders", ANNA)
        .header("x-holdfast-user", Uuid::nil().to_string())
        .body(Body::empty())
        .expect("a request");
    assert_eq!(shop.send(two).await.complaint(), (400, "x-holdfast-user"));
    assert_eq!(
        shop.get(ANNA, "/v1/orders/1234").await.status,
        StatusCode::BAD_REQUEST
    );
    for query in [
        "limit=0",
        "limit=101",
        "limit=x",
        "cursor=%20",
        "cursor=%2B1",
        "cursor=01",
        "order=asc",
    ] {
        assert_eq!(
            shop.get(ANNA, &format!("/v1/orders?{query}")).await.status,
            StatusCode::BAD_REQUEST,
            "{query}"
        );
    }
}

#[tokio::test]
async fn without_fresh_stock_the_order_is_taken_and_marked() {
    let shop = Shop::open();
    *shop.stock.0.lock().expect("not poisoned") = Availability::Stale;
    let answer = shop.order(ANNA, "k1", &tea()).await;
    assert_eq!(
        (answer.status, answer.body["limited_stock"].as_bool()),
        (StatusCode::CREATED, Some(true))
    );
}

#[tokio::test]
async fn a_version_that_the_client_has_is_not_sent_again() {
    let shop = Shop::open();
    let id = shop.create(ANNA, "k1").await;
    let known = |tag: &str| {
        request("GET", &path(&id), ANNA)
            .header("if-none-match", tag)
            .body(Body::empty())
            .expect("a request")
    };
    let answer = shop.send(known("\"1\"")).await;
    assert_eq!(
        (answer.status, answer.header("etag")),
        (StatusCode::NOT_MODIFIED, "\"1\"")
    );
    shop.reserve(ANNA, &id).await;
    let answer = shop.send(known("\"1\"")).await;
    assert_eq!((answer.status, answer.header("etag")), (StatusCode::OK, "\"3\""));
}

#[tokio::test]
async fn every_answer_is_kept_by_the_users_own_browser_alone() {
    let shop = Shop::open();
    let id = shop.create(ANNA, "k1").await;
    for path in [
        "/v1/orders",
        &path(&id),
        &format!("{}/events", path(&id)),
        "/v1/orders/none",
    ] {
        let answer = shop.get(ANNA, path).await;
        assert_eq!(answer.header("cache-control"), "private, no-cache", "{path}");
    }
}

#[tokio::test]
async fn an_order_is_seen_by_its_owner_and_by_staff_and_by_nobody_else() {
    let shop = Shop::open();
    let id = shop.create(ANNA, "k1").await;
    for path in [path(&id), format!("{}/events", path(&id))] {
        assert_eq!(shop.get(BORIS, &path).await.kind(), (404, "not-found"));
        assert_eq!(shop.send(staff("GET", &path)).await.status, StatusCode::OK);
    }
    assert_eq!(
        shop.post(BORIS, &format!("{}/cancel", path(&id))).await.status,
        StatusCode::NOT_FOUND
    );
    let nothing = path(&Uuid::from_u128(1).to_string());
    assert_eq!(
        shop.send(staff("GET", &nothing)).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn whose_order_it_is_is_looked_for_once() {
    let shop = Shop::open();
    let id = shop.create(ANNA, "k1").await;
    for _ in 0..3 {
        assert_eq!(shop.send(staff("GET", &path(&id))).await.status, StatusCode::OK);
    }
    let searches = shop.journal.searches.lock().expect("not poisoned").clone();
    assert_eq!(searches, [format!("orders.*.{id}")]);
}

#[tokio::test]
async fn the_audit_trail_tells_every_event_and_no_token() {
    let shop = Shop::open();
    let id = shop.create(ANNA, "k1").await;
    shop.reserve(ANNA, &id).await;
    let answer = shop.get(ANNA, &format!("{}/events", path(&id))).await;
    let items = answer.body["items"].as_array().expect("items");
    let told: Vec<_> = items
        .iter()
        .map(|item| (item["version"].as_u64(), item["type"].as_str()))
        .collect();
    let (one, two, three) = ("OrderCreated", "InventoryReserved", "PaymentPending");
    assert_eq!(
        told,
        [(Some(1), Some(one)), (Some(2), Some(two)), (Some(3), Some(three))]
    );
    assert_eq!(
        items[0]["data"]["total"],
        json!({"amount": 900, "currency": "EUR"})
    );
    assert_eq!(items[2]["data"], json!({"attempt": 1, "deadline_passed": false}));
    assert!(items[0]["time"].is_string());
    assert!(!answer.body.to_string().contains("tok_ok"));
}

#[tokio::test]
async fn orders_are_listed_newest_first_in_pages() {
    let shop = Shop::open();
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.insert(0, shop.create(ANNA, &format!("k{n}")).await);
    }
    shop.create(BORIS, "k").await;
    let mut seen = Vec::new();
    let mut next = "/v1/orders?limit=2".to_owned();
    loop {
        let answer = shop.get(ANNA, &next).await;
        assert_eq!(answer.status, StatusCode::OK);
        let items = answer.body["items"].as_array().expect("items").clone();
        seen.extend(
            items
                .iter()
                .map(|item| item["id"].as_str().expect("an id").to_owned()),
        );
        match answer.body["next_cursor"].as_str() {
            Some(cursor) => next = format!("/v1/orders?limit=2&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, ids);
    assert_eq!(shop.get(0xc, "/v1/orders").await.body, json!({"items": []}));
}

#[tokio::test]
async fn a_cancel_is_accepted_once_or_twice_and_not_when_the_order_is_completed() {
    let shop = Shop::open();
    let id = shop.create(ANNA, "k1").await;
    let cancel = format!("{}/cancel", path(&id));
    for _ in 0..2 {
        let answer = shop.post(ANNA, &cancel).await;
        assert_eq!(
            (answer.status, answer.body["version"].as_u64()),
            (StatusCode::ACCEPTED, Some(2))
        );
    }
    let id = shop.create(ANNA, "k2").await;
    shop.reserve(ANNA, &id).await;
    assert_eq!(shop.charge().await, Disposition::Ack);
    let wrong_amount = shop.get(ANNA, &path(&id)).await;
    assert_eq!(
        wrong_amount.body["status"], "parked",
        "450 was captured instead of 900"
    );
    assert_eq!(
        shop.send(staff("POST", &format!("{}/cancel", path(&id))))
            .await
            .status,
        StatusCode::ACCEPTED
    );
    let trail = shop.get(ANNA, &format!("{}/events", path(&id))).await;
    assert_eq!(trail.body["items"][4]["data"], json!({"requester": "operator"}));
}

#[tokio::test]
async fn a_completed_order_is_not_cancelled_and_not_resumed() {
    let shop = Shop::open();
    let amount = holdfast_order_core::Money {
        amount: 900,
        currency: "EUR".to_owned(),
    };
    let paid = PaymentOutcome::Succeeded {
        charge_id: "ch_1".to_owned(),
        amount,
    };
    shop.payments
        .answers
        .lock()
        .expect("not poisoned")
        .push_back(PaymentAnswer::Known(paid));
    let id = shop.create(ANNA, "k1").await;
    shop.reserve(ANNA, &id).await;
    assert_eq!(shop.charge().await, Disposition::Ack);
    assert_eq!(shop.get(ANNA, &path(&id)).await.body["status"], "completed");
    assert_eq!(
        shop.post(ANNA, &format!("{}/cancel", path(&id))).await.kind(),
        (409, "order-completed")
    );
    let resume = format!("{}/resume", path(&id));
    assert_eq!(shop.post(ANNA, &resume).await.kind(), (403, "forbidden"));
    assert_eq!(
        shop.send(staff("POST", &resume)).await.kind(),
        (409, "order-not-parked")
    );
}

#[tokio::test]
async fn while_nats_is_away_reads_go_on_from_memory_and_nothing_is_taken() {
    let shop = Shop::open();
    let id = shop.create(ANNA, "k1").await;
    assert_eq!(shop.get(ANNA, "/v1/orders").await.header("cache-status"), "");
    shop.clock.advance(SignedDuration::from_secs(30));
    shop.journal.fail("orders.>".to_owned());
    let read = shop.get(ANNA, &path(&id)).await;
    assert_eq!((read.status, read.header("age")), (StatusCode::OK, "30"));
    assert_eq!(
        read.header("cache-status"),
        "holdfast-order; hit; ttl=-30; detail=journal-unavailable"
    );
    let list = shop.get(ANNA, "/v1/orders").await;
    assert_eq!(
        (list.status, list.body["items"][0]["id"].as_str()),
        (StatusCode::OK, Some(id.as_str()))
    );
    assert!(list.header("cache-status").contains("ttl=-30"));
    for answer in [
        shop.order(ANNA, "k2", &tea()).await,
        shop.post(ANNA, &format!("{}/cancel", path(&id))).await,
        shop.get(ANNA, &path(&Uuid::from_u128(1).to_string())).await,
        shop.get(BORIS, "/v1/orders").await,
    ] {
        assert_eq!(answer.kind(), (503, "unavailable"));
        assert_eq!(answer.header("retry-after"), "2");
    }
    shop.journal.heal();
    assert_eq!(shop.journal.len(), 1, "nothing half-done");
    assert_eq!(shop.get(ANNA, &path(&id)).await.header("age"), "");
}

#[tokio::test]
async fn an_order_that_cannot_be_read_says_where_and_leaves_the_others_alone() {
    let shop = Shop::open();
    let (broken, sound) = (shop.create(ANNA, "k1").await, shop.create(ANNA, "k2").await);
    let subject = format!("orders.{}.{broken}", Uuid::from_u128(ANNA));
    let garbage = Append {
        subject,
        expected: Revision(1),
        message_id: String::new(),
        headers: Headers::new(),
        payload: "not a commit".into(),
    };
    let sequence = shop.journal.append(garbage).await.expect("appended");
    let answer = shop.get(ANNA, &path(&broken)).await;
    assert_eq!(
        (answer.kind(), answer.body["sequence"].as_u64()),
        ((500, "internal"), Some(sequence.0))
    );
    let list = shop.get(ANNA, "/v1/orders").await;
    let items = list.body["items"].as_array().expect("items");
    assert_eq!(
        items.iter().map(|item| item["id"].as_str()).collect::<Vec<_>>(),
        [Some(sound.as_str())]
    );
    assert_eq!(
        list.body["omitted"],
        json!([{"id": broken, "reason": "unreadable"}]),
        "not silently"
    );
}

/// Longer than one request waits for the journal, shorter than it would take to wait twice.
const ONE_PATIENCE: std::time::Duration = std::time::Duration::from_millis(1900);

#[tokio::test]
async fn given_copies_that_are_behind_an_order_is_in_the_list_and_found_by_staff_at_once() {
    let shop = Shop::open();
    shop.create(ANNA, "old").await;
    let other = Shop::over(shop.journal.clone(), shop.clock.clone());
    other.get(ANNA, "/v1/orders").await;
    shop.journal.fall_behind();
    let new = shop.create(ANNA, "new").await;
    for replica in [&shop, &other] {
        let list = replica.get(ANNA, "/v1/orders").await;
        assert_eq!(list.body["items"][0]["id"], json!(new));
        assert_eq!(list.body["items"].as_array().map(Vec::len), Some(2));
        let found = replica.send(staff("GET", &path(&new))).await;
        assert_eq!(found.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_list_waits_once_for_a_silent_journal_and_then_shows_what_is_in_memory() {
    let shop = Shop::open();
    for n in 0..20 {
        shop.create(ANNA, &format!("k{n}")).await;
    }
    let restarted = Shop::over(shop.journal.clone(), shop.clock.clone());
    let known = shop.create(ANNA, "known").await;
    restarted.get(ANNA, &path(&known)).await;
    shop.journal.fall_silent();
    let asked = std::time::Instant::now();
    let list = shop.get(ANNA, "/v1/orders?limit=100").await;
    assert_eq!(list.body["items"].as_array().map(Vec::len), Some(21));
    assert!(list.header("cache-status").contains("journal-unavailable"));
    assert!(asked.elapsed() < ONE_PATIENCE, "{:?}", asked.elapsed());

    let partly = restarted.get(ANNA, "/v1/orders?limit=100").await;
    assert_eq!(partly.body["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(partly.body["items"][0]["id"], known.as_str());
    assert_eq!(partly.body["omitted"].as_array().map(Vec::len), Some(20));
    assert_eq!(partly.body["omitted"][0]["reason"], "unavailable");
    assert!(partly.header("cache-status").contains("journal-unavailable"));

    let nothing = Shop::over(shop.journal.clone(), shop.clock.clone());
    let nothing = nothing.get(ANNA, "/v1/orders?limit=100").await;
    assert_eq!(
        (nothing.kind(), nothing.header("retry-after")),
        ((503, "unavailable"), "2")
    );
}

#[tokio::test]
async fn nobody_waits_for_a_connection_that_is_known_to_be_down() {
    let shop = Shop::open();
    let id = shop.create(ANNA, "k1").await;
    shop.get(ANNA, "/v1/orders").await;
    shop.journal.fall_silent();
    shop.down.send_replace(true);
    let asked = std::time::Instant::now();
    for (answer, status) in [
        (shop.get(ANNA, &path(&id)).await, 200),
        (shop.get(ANNA, "/v1/orders").await, 200),
        (shop.get(ANNA, &format!("{}/events", path(&id))).await, 503),
        (shop.get(BORIS, "/v1/orders").await, 503),
        (shop.order(ANNA, "k2", &tea()).await, 503),
        (shop.post(ANNA, &format!("{}/cancel", path(&id))).await, 503),
    ] {
        assert_eq!(answer.status.as_u16(), status, "{}", answer.body);
        assert_eq!(answer.header("retry-after"), if status == 503 { "2" } else { "" });
    }
    assert!(asked.elapsed() < ONE_PATIENCE / 2, "{:?}", asked.elapsed());
    assert_eq!(
        shop.order(ANNA, "k2", &json!({})).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    shop.down.send_replace(false);
    shop.journal.heal();
    shop.create(ANNA, "k2").await;
}

#[tokio::test]
async fn an_order_of_unknown_outcome_says_where_it_will_be() {
    let shop = Shop::open();
    shop.journal.lose_answers();
    let answer = shop.order(ANNA, "k1", &tea()).await;
    assert_eq!(answer.kind(), (503, "unavailable"));
    let detail = answer.body["detail"].as_str().expect("words");
    assert!(
        detail.contains("not known") && detail.contains("Idempotency-Key"),
        "{detail}"
    );
    shop.journal.heal();
    let found = shop.get(ANNA, answer.header("location")).await;
    let again = shop.order(ANNA, "k1", &tea()).await;
    assert_eq!((found.status, again.status), (StatusCode::OK, StatusCode::OK));
    assert_eq!(found.body, again.body);
}

/// Longer than a write takes at most, shorter than a try that the gateway makes of it.
const ONE_WRITE: std::time::Duration = std::time::Duration::from_millis(3500);

#[tokio::test]
async fn a_write_on_a_silent_journal_is_given_up_in_time_and_says_where_to_look() {
    let shop = Shop::open();
    let id = shop.create(ANNA, "k1").await;
    shop.journal.fall_silent();
    let asked = std::time::Instant::now();
    let (tea, cancel) = (tea(), format!("{}/cancel", path(&id)));
    let (taken, cancelled) = tokio::join!(shop.order(ANNA, "k2", &tea), shop.post(ANNA, &cancel));
    assert!(asked.elapsed() < ONE_WRITE, "{:?}", asked.elapsed());
    for answer in [&taken, &cancelled] {
        assert_eq!(answer.kind(), (503, "unavailable"));
        assert_eq!(answer.header("retry-after"), "2");
    }
    assert_eq!(cancelled.header("location"), path(&id));
    shop.journal.heal();
    let again = shop.order(ANNA, "k2", &tea).await;
    assert_eq!(again.header("location"), taken.header("location"));
}

#[tokio::test]
async fn an_audit_trail_that_was_read_is_shown_from_memory_while_the_journal_is_away() {
    let shop = Shop::open();
    let (id, unread) = (shop.create(ANNA, "k1").await, shop.create(ANNA, "k2").await);
    let trail = format!("{}/events", path(&id));
    let before = shop.get(ANNA, &trail).await;
    assert_eq!((before.header("age"), before.header("cache-status")), ("", ""));
    assert_eq!(shop.send(staff("GET", &trail)).await.body, before.body);
    shop.clock.advance(SignedDuration::from_secs(30));
    shop.journal.fail("orders.>".to_owned());
    for answer in [
        shop.get(ANNA, &trail).await,
        shop.send(staff("GET", &trail)).await,
    ] {
        assert_eq!((answer.status, answer.header("age")), (StatusCode::OK, "30"));
        assert!(answer.header("cache-status").contains("journal-unavailable"));
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.body, before.body);
    }
    let unread = shop.get(ANNA, &format!("{}/events", path(&unread))).await;
    assert_eq!(
        (unread.kind(), unread.header("retry-after")),
        ((503, "unavailable"), "2")
    );
    assert_eq!(
        shop.get(BORIS, &trail).await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    shop.journal.heal();
    assert_eq!(shop.get(ANNA, &trail).await.header("age"), "");
}

#[tokio::test]
async fn an_audit_trail_that_was_never_read_is_waited_for_once_and_then_told_to_be_away() {
    let shop = Shop::open();
    let id = shop.create(ANNA, "k1").await;
    shop.journal.fall_silent();
    let asked = std::time::Instant::now();
    let answer = shop.get(ANNA, &format!("{}/events", path(&id))).await;
    assert_eq!(
        (answer.kind(), answer.header("retry-after")),
        ((503, "unavailable"), "2")
    );
    assert!(asked.elapsed() < ONE_PATIENCE, "{:?}", asked.elapsed());
}

#[tokio::test]
async fn the_document_describes_the_router() {
    assert_described(Shop::open().router, &[document::<Fake>()]).await;
}

#[test]
fn the_example_of_a_request_is_one() {
    let example = request_example(&document::<Fake>(), "post", "/v1/orders");
    let request: request::OrderRequest = serde_json::from_value(example).expect("the handler's type");
    assert!(request.check().is_ok());
}

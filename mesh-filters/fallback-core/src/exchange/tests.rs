use super::*;
use crate::config::Config;
use crate::fake::FakeHost;
use crate::headers::Headers;
use crate::reply::Reply;
use serde_json::json;

const NOW: u64 = 1_800_000_000_000;

/// A worker, its proxy, and a caller's view of what they do.
struct Scene {
    worker: Worker,
    host: FakeHost,
}

fn worker(refresh: &str) -> Worker {
    let on = json!({"statuses": [500, 502, 503, 504]});
    let config = json!({
        "cache": {"entries": 64, "max_body_bytes": 100, "refresh": refresh},
        "rules": [
            {"name": "pending", "match": {"methods": ["POST"], "authority": "payment.*", "path_prefix": "/v1/charges"},
             "on": on, "respond": {"status": 202, "headers": {"content-type": "application/json"}, "body": "{}"}},
            {"name": "stock", "match": {"methods": ["GET", "HEAD"], "path_prefix": "/v1/stock"}, "on": on,
             "stale": {"max_age": "300s", "vary": ["accept"], "query": ["sku"]},
             "respond": {"status": 503, "problem": {"type": "t", "title": "Service unavailable"}, "retry_after": "5s"}},
            {"name": "orders", "match": {"methods": ["GET"], "path_prefix": "/v1/orders"}, "on": on,
             "stale": {"max_age": "60s", "principal": {"header": "x-user"}}},
            {"name": "cart", "match": {"methods": ["GET"], "path_prefix": "/v1/cart"}, "on": on,
             "stale": {"max_age": "60s", "principal": {"jwt_claim": "sub"}}},
            {"name": "grpc", "match": {"path_prefix": "/pkg.Service"}, "on": on,
             "respond": {"status": 503, "grpc": {"status": "ABORTED", "message": "try later"}}},
            {"name": "grpc-late", "match": {"path_prefix": "/pkg.Service"}, "on": {"statuses": [429]},
             "respond": {"status": 429}}
        ]
    });
    Worker::new(Config::parse(config.to_string().as_bytes()).unwrap(), "test")
}

impl Scene {
    fn new() -> Self {
        let host = FakeHost::default();
        host.now_ms.set(NOW);
        Self {
            worker: worker("0s"),
            host,
        }
    }

    fn open(&self, method: &str, path: &str, more: &[(&str, &str)]) -> Exchange {
        let fixed = [
            (":method", method),
            (":path", path),
            (":authority", "payment.holdfast:80"),
        ];
        *self.host.request.borrow_mut() = fixed.iter().chain(more).map(|(n, v)| (*n, *v)).collect();
        let exchange = Exchange::open(&self.worker, &self.host);
        // Later on the proxy no longer has them.
        *self.host.request.borrow_mut() = Headers::default();
        exchange
    }

    fn headers(&self, exchange: &mut Exchange, status: &str, more: &[(&str, &str)], end: bool) -> Action {
        let fields = [(":status", status)];
        *self.host.response.borrow_mut() = fields.iter().chain(more).map(|(n, v)| (*n, *v)).collect();
        exchange.response_headers(&self.worker, &self.host, end)
    }

    fn body(&self, exchange: &mut Exchange, bytes: &str, end: bool) {
        *self.host.body.borrow_mut() = bytes.into();
        exchange.response_body(&self.worker, &self.host, bytes.len(), end);
    }

    fn get(&self, path: &str, request: &[(&str, &str)], response: &[(&str, &str)], body: &str) {
        let mut exchange = self.open("GET", path, request);
        assert_eq!(
            self.headers(&mut exchange, "200", response, body.is_empty()),
            Action::Continue
        );
        if !body.is_empty() {
            self.body(&mut exchange, body, true);
        }
    }

    fn fail(&self, path: &str, request: &[(&str, &str)]) -> Option<Reply<'static>> {
        let mut exchange = self.open("GET", path, request);
        let action = self.headers(&mut exchange, "503", &[], true);
        let reply = self.host.replies.borrow_mut().pop();
        assert_eq!(action == Action::Replaced, reply.is_some());
        reply
    }

    fn later(&self, seconds: u64) {
        self.host.now_ms.set(self.host.now_ms.get() + seconds * 1000);
    }

    fn count(&self, event: Event) -> usize {
        self.host.count_of(event)
    }
}

fn field(reply: &Reply<'_>, name: &str) -> Option<String> {
    let found = reply
        .headers
        .iter()
        .find(|(field, _)| **field == *name.as_bytes());
    found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
}

fn text(reply: &Reply<'_>) -> String {
    String::from_utf8_lossy(&reply.body).into_owned()
}

#[test]
fn given_a_failed_charge_then_the_caller_gets_the_fixed_answer() {
    let scene = Scene::new();
    let mut exchange = scene.open("POST", "/v1/charges", &[]);
    assert_eq!(scene.headers(&mut exchange, "503", &[], true), Action::Replaced);
    let reply = scene.host.replies.borrow_mut().pop().unwrap();
    assert_eq!((reply.status, text(&reply).as_str()), (202, "{}"));
    assert_eq!(field(&reply, "content-type").as_deref(), Some("application/json"));
    assert_eq!(field(&reply, "cache-status"), None);
    assert_eq!(reply.details, "fallback_static{pending,local}");
    assert_eq!(*scene.host.events.borrow(), [(0, Event::Static)]);
}

#[test]
fn given_a_good_or_a_declining_answer_then_it_passes() {
    let scene = Scene::new();
    for status in ["200", "202", "402", "429", "501"] {
        let mut exchange = scene.open("POST", "/v1/charges", &[]);
        assert_eq!(scene.headers(&mut exchange, status, &[], false), Action::Continue);
    }
    assert_eq!(scene.host.replies.borrow().len(), 0);
}

#[test]
fn given_a_request_of_no_rule_then_its_failure_passes_and_costs_a_single_call() {
    let scene = Scene::new();
    let mut exchange = scene.open("POST", "/other", &[]);
    assert_eq!(scene.headers(&mut exchange, "503", &[], true), Action::Continue);
    assert_eq!(scene.host.calls.get(), 1);
}

#[test]
fn given_a_good_answer_of_a_fixed_rule_then_it_costs_two_calls() {
    let scene = Scene::new();
    let mut exchange = scene.open("POST", "/v1/charges", &[]);
    scene.headers(&mut exchange, "200", &[], false);
    assert_eq!(scene.host.calls.get(), 2);
    scene.body(&mut exchange, "x", true);
    assert_eq!(scene.host.calls.get(), 2, "the body is not looked at");
}

#[test]
fn given_a_recently_stored_response_then_the_next_costs_three_calls_and_no_body() {
    let scene = Scene {
        worker: worker("1s"),
        ..Scene::new()
    };
    scene.get("/v1/stock/1", &[], &[], "7");
    let before = scene.host.calls.get();
    scene.get("/v1/stock/1", &[], &[], "8");
    assert_eq!(scene.host.calls.get() - before, 3);
    scene.later(1);
    scene.get("/v1/stock/1", &[], &[], "9");
    assert_eq!(text(&scene.fail("/v1/stock/1", &[]).unwrap()), "9");
    assert_eq!(scene.count(Event::Stored), 2);
}

#[test]
fn given_our_own_reply_comes_by_again_then_it_is_let_through() {
    let scene = Scene::new();
    let mut exchange = scene.open("POST", "/v1/charges", &[]);
    scene.headers(&mut exchange, "503", &[], true);
    assert_eq!(scene.headers(&mut exchange, "503", &[], true), Action::Continue);
    assert_eq!(scene.host.replies.borrow().len(), 1);
}

#[test]
fn given_a_proxy_that_takes_no_reply_then_the_failure_passes() {
    let scene = Scene::new();
    scene.host.refuse_replies.set(true);
    let mut exchange = scene.open("POST", "/v1/charges", &[]);
    assert_eq!(scene.headers(&mut exchange, "503", &[], true), Action::Continue);
    assert_eq!(*scene.host.events.borrow(), [(0, Event::Unanswered)]);
}

#[test]
fn given_a_copy_then_a_failure_is_answered_by_it() {
    let scene = Scene::new();
    let response = [
        ("content-type", "application/json"),
        ("cache-control", "max-age=5"),
        ("age", "2"),
        ("cache-status", "inner; hit"),
    ];
    scene.get("/v1/stock/1", &[], &response, r#"{"quantity":7}"#);
    scene.later(30);
    let reply = scene.fail("/v1/stock/1", &[]).unwrap();
    assert_eq!((reply.status, text(&reply).as_str()), (200, r#"{"quantity":7}"#));
    assert_eq!(field(&reply, "age").as_deref(), Some("32"));
    assert_eq!(field(&reply, "content-type").as_deref(), Some("application/json"));
    let lines: Vec<_> = reply
        .headers
        .iter()
        .filter(|(name, _)| **name == *b"cache-status")
        .collect();
    assert_eq!(&*lines[0].1, b"inner; hit");
    assert_eq!(
        &*lines[1].1,
        b"holdfast-fallback; fwd=stale; ttl=-27; detail=stale-if-error"
    );
    assert_eq!(reply.details, "fallback_stale{stock,local}");
    assert_eq!((scene.count(Event::Stored), scene.count(Event::StaleHit)), (1, 1));
}

#[test]
fn given_the_upstream_itself_failed_then_cache_status_tells_its_status() {
    let scene = Scene::new();
    scene
        .host
        .properties
        .borrow_mut()
        .insert("response.code_details".into(), b"via_upstream".to_vec());
    let reply = scene.fail("/v1/stock/1", &[]).unwrap();
    assert_eq!(
        field(&reply, "cache-status").as_deref(),
        Some("holdfast-fallback; fwd=miss; fwd-status=503")
    );
    assert_eq!(reply.details, "fallback_static{stock,upstream}");
}

#[test]
fn given_no_copy_then_the_rules_answer_with_the_trace_id() {
    let scene = Scene::new();
    let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let reply = scene
        .fail("/v1/stock/1", &[("traceparent", traceparent)])
        .unwrap();
    assert_eq!(reply.status, 503);
    assert_eq!(field(&reply, "retry-after").as_deref(), Some("5"));
    assert_eq!(
        field(&reply, "content-type").as_deref(),
        Some("application/problem+json")
    );
    assert_eq!(
        field(&reply, "cache-status").as_deref(),
        Some("holdfast-fallback; fwd=miss")
    );
    let problem: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(problem["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(problem["status"], 503);
    assert_eq!(
        (scene.count(Event::StaleMiss), scene.count(Event::Static)),
        (1, 1)
    );
}

#[test]
fn given_a_copy_that_is_too_old_then_it_is_a_miss() {
    let scene = Scene::new();
    scene.get("/v1/stock/1", &[], &[], "7");
    scene.later(301);
    assert_eq!(scene.fail("/v1/stock/1", &[]).unwrap().status, 503);
}

#[test]
fn given_a_rule_without_an_answer_then_a_miss_passes_the_failure_on() {
    let scene = Scene::new();
    assert_eq!(scene.fail("/v1/orders", &[]), None);
    assert_eq!(
        (scene.count(Event::StaleMiss), scene.count(Event::Unanswered)),
        (1, 1)
    );
}

#[test]
fn given_another_variant_query_or_host_then_it_is_a_miss() {
    let scene = Scene::new();
    scene.get("/v1/stock?sku=1", &[("accept", "a")], &[("vary", "Accept")], "7");
    assert_eq!(
        scene.fail("/v1/stock?sku=1", &[("accept", "a")]).unwrap().status,
        200
    );
    assert_eq!(
        scene.fail("/v1/stock?sku=1", &[("accept", "b")]).unwrap().status,
        503
    );
    assert_eq!(
        scene.fail("/v1/stock?sku=2", &[("accept", "a")]).unwrap().status,
        503
    );
}

#[test]
fn given_two_principals_then_each_gets_only_its_own_copy() {
    let scene = Scene::new();
    let token = ("authorization", "Bearer x");
    scene.get("/v1/orders", &[("x-user", "ann"), token], &[], "ann's");
    scene.get("/v1/orders", &[("x-user", "bob"), token], &[], "bob's");
    assert_eq!(
        text(&scene.fail("/v1/orders", &[("x-user", "ann"), token]).unwrap()),
        "ann's"
    );
    assert_eq!(
        text(&scene.fail("/v1/orders", &[("x-user", "bob"), token]).unwrap()),
        "bob's"
    );
    assert_eq!(scene.fail("/v1/orders", &[("x-user", "eve"), token]), None);
    assert_eq!(scene.fail("/v1/orders", &[token]), None, "nobody is named");
    assert_eq!(scene.fail("/v1/orders", &[]), None);
    assert_eq!(
        scene.fail("/v1/orders", &[("x-user", "ann"), ("x-user", "bob"), token]),
        None,
        "two are named"
    );
}

#[test]
fn given_a_claim_as_principal_then_copies_are_its_own() {
    let scene = Scene::new();
    let claim = |value: &str| {
        let path = "metadata.filter_metadata.envoy.filters.http.jwt_authn.payload.sub".to_owned();
        scene.host.properties.borrow_mut().insert(path, value.into());
    };
    let token = ("authorization", "Bearer x");
    claim("ann");
    scene.get("/v1/cart", &[token], &[], "ann's");
    assert_eq!(text(&scene.fail("/v1/cart", &[token]).unwrap()), "ann's");
    for other in ["bob", ""] {
        claim(other);
        assert_eq!(scene.fail("/v1/cart", &[token]), None, "{other:?}");
    }
}

#[test]
fn given_no_principal_or_two_then_only_what_is_public_is_kept_and_used() {
    let scene = Scene::new();
    let two = [("x-user", "ann"), ("x-user", "bob")];
    for nobody in [&[][..], &two, &[("x-user", "")]] {
        scene.get("/v1/orders", nobody, &[("etag", "1")], "somebody's");
        assert_eq!(scene.fail("/v1/orders", nobody), None, "{nobody:?}");
    }
    assert_eq!(
        (scene.count(Event::Stored), scene.count(Event::NotStored)),
        (0, 3)
    );
    scene.get("/v1/orders/7", &two, &[("cache-control", "public")], "all");
    assert_eq!(text(&scene.fail("/v1/orders/7", &[]).unwrap()), "all");
}

#[test]
fn given_a_token_that_the_proxy_has_taken_away_then_it_is_an_authenticated_request_all_the_same() {
    let scene = Scene::new();
    scene.get("/v1/stock/1", &[], &[], "7");
    scene.host.token.set(true);
    assert_eq!(scene.fail("/v1/stock/1", &[]).unwrap().status, 503, "not public");
    scene.get("/v1/stock/1", &[], &[], "ann's");
    scene.host.token.set(false);
    assert_eq!(text(&scene.fail("/v1/stock/1", &[]).unwrap()), "7");
    scene.host.token.set(true);
    scene.get("/v1/stock/2", &[], &[("cache-control", "public")], "all");
    assert_eq!(text(&scene.fail("/v1/stock/2", &[]).unwrap()), "all");
}

#[test]
fn given_requests_that_may_not_be_stored_then_they_do_not_keep_others_from_it() {
    let scene = Scene {
        worker: worker("9s"),
        ..Scene::new()
    };
    let token = ("authorization", "Bearer x");
    for request in [("cache-control", "no-store"), token] {
        scene.get("/v1/stock/1", &[request], &[], "not kept");
    }
    scene.get("/v1/stock/1", &[], &[], "7");
    assert_eq!(text(&scene.fail("/v1/stock/1", &[]).unwrap()), "7");
}

#[test]
fn given_a_flood_of_made_up_names_then_what_the_upstream_has_stays() {
    let scene = Scene::new();
    scene.get("/v1/stock/1", &[], &[], "7");
    for number in 0..500 {
        for made_up in ["?sku=", "?x=", "/%31?sku=", ";v=", "//"] {
            scene.get(&format!("/v1/stock/1{made_up}{number}"), &[], &[], "flood");
        }
        scene.get(
            &format!("/v1/orders/{number}"),
            &[("x-user", "eve")],
            &[],
            "another rule's",
        );
    }
    assert_eq!(text(&scene.fail("/v1/stock/1", &[]).unwrap()), "7");
    assert!(scene.count(Event::Evicted) > 1000);
}

#[test]
fn given_all_hosts_are_one_then_whatever_host_is_asked_for_its_copy_is_found() {
    let config =
        br#"{"rules":[{"name":"a","on":{"statuses":[503]},"stale":{"max_age":"60s","any_host":true}}]}"#;
    let scene = Scene {
        worker: Worker::new(Config::parse(config).unwrap(), "test"),
        ..Scene::new()
    };
    scene.get("/x", &[(":authority", "made-up")], &[], "7");
    assert_eq!(text(&scene.fail("/x", &[]).unwrap()), "7");
}

#[test]
fn given_an_authenticated_answer_without_a_principal_then_it_is_not_kept() {
    let scene = Scene::new();
    let token = ("authorization", "Bearer x");
    scene.get("/v1/stock/1", &[token], &[], "7");
    assert_eq!(
        (scene.count(Event::Stored), scene.count(Event::NotStored)),
        (0, 1)
    );
    scene.get(
        "/v1/stock/1",
        &[token],
        &[("cache-control", "public, max-age=1")],
        "7",
    );
    assert_eq!(scene.fail("/v1/stock/1", &[]).unwrap().status, 200);
}

#[test]
fn given_a_body_too_large_or_cut_short_then_it_is_not_kept() {
    let scene = Scene::new();
    scene.get("/v1/stock/1", &[], &[], &"x".repeat(101));
    scene.get("/v1/stock/2", &[], &[("content-length", "101")], "x");
    scene.get("/v1/stock/3", &[], &[("content-length", "2")], "x");
    assert_eq!(
        (scene.count(Event::Stored), scene.count(Event::NotStored)),
        (0, 3)
    );
    let mut exchange = scene.open("GET", "/v1/stock/4", &[]);
    scene.headers(&mut exchange, "200", &[], false);
    scene.body(&mut exchange, "half", false);
    drop(exchange);
    assert_eq!(scene.fail("/v1/stock/4", &[]).unwrap().status, 503);
}

#[test]
fn given_a_body_in_parts_with_trailers_or_none_at_all_then_it_is_kept() {
    let scene = Scene::new();
    let mut exchange = scene.open("GET", "/v1/stock/1", &[]);
    scene.headers(&mut exchange, "200", &[], false);
    scene.body(&mut exchange, "one ", false);
    scene.body(&mut exchange, "two", false);
    exchange.response_trailers(&scene.worker, &scene.host);
    assert_eq!(text(&scene.fail("/v1/stock/1", &[]).unwrap()), "one two");
    scene.get("/v1/stock/2", &[], &[("content-length", "0")], "");
    assert_eq!(text(&scene.fail("/v1/stock/2", &[]).unwrap()), "");
    assert_eq!(scene.count(Event::StaleHit), 2);
}

#[test]
fn given_a_head_request_then_it_is_answered_by_the_copy_of_a_get_and_never_stored() {
    let scene = Scene::new();
    let mut head = scene.open("HEAD", "/v1/stock/1", &[]);
    scene.headers(&mut head, "200", &[], true);
    assert_eq!(scene.count(Event::Stored), 0);
    scene.get("/v1/stock/1", &[], &[], "7");
    let mut head = scene.open("HEAD", "/v1/stock/1", &[]);
    assert_eq!(scene.headers(&mut head, "503", &[], true), Action::Replaced);
    assert_eq!(scene.count(Event::StaleHit), 1);
}

#[test]
fn given_a_status_other_than_200_then_it_is_not_kept() {
    let scene = Scene::new();
    for status in ["204", "206", "304", "404"] {
        let mut exchange = scene.open("GET", "/v1/stock/1", &[]);
        assert_eq!(scene.headers(&mut exchange, status, &[], true), Action::Continue);
    }
    assert_eq!(scene.host.shared.keys(), 0);
}

#[test]
fn given_a_successful_change_then_the_copies_of_its_resource_are_dropped() {
    let scene = Scene::new();
    scene.get("/v1/stock/1", &[("accept", "a")], &[], "7");
    scene.get("/v1/stock/2", &[], &[], "7");
    let mut refused = scene.open("PUT", "/v1/stock/1", &[]);
    scene.headers(&mut refused, "409", &[], true);
    assert_eq!(scene.fail("/v1/stock/1", &[("accept", "a")]).unwrap().status, 200);
    let mut change = scene.open("PUT", "/v1/stock/1", &[]);
    assert_eq!(scene.headers(&mut change, "204", &[], true), Action::Continue);
    assert_eq!(scene.fail("/v1/stock/1", &[("accept", "a")]).unwrap().status, 503);
    assert_eq!(scene.fail("/v1/stock/2", &[]).unwrap().status, 200);
    assert_eq!(scene.count(Event::Invalidated), 1);
}

#[test]
fn given_a_change_that_loses_every_race_then_the_lost_invalidation_is_counted() {
    let scene = Scene::new();
    scene.get("/v1/stock/1", &[], &[], "7");
    scene.host.shared.lose_races();
    let mut change = scene.open("PUT", "/v1/stock/1", &[]);
    scene.headers(&mut change, "204", &[], true);
    assert_eq!(scene.count(Event::Invalidated), 0);
    assert_eq!(scene.count(Event::Contended), 1);
}

#[test]
fn given_a_clock_that_steps_back_an_hour_then_a_fresh_answer_is_stored_and_used() {
    let scene = Scene::new();
    scene.get("/v1/stock/1", &[], &[], "before");
    scene.host.now_ms.set(NOW - 3_600_000);
    scene.get("/v1/stock/1", &[], &[], "after");
    assert_eq!(scene.count(Event::Stored), 2);
    let copy = scene.fail("/v1/stock/1", &[]).unwrap();
    assert_eq!((copy.status, &copy.body[..]), (200, &b"after"[..]));
}

#[test]
fn given_a_slow_body_then_it_does_not_replace_what_came_after_it() {
    let scene = Scene::new();
    let mut slow = scene.open("GET", "/v1/stock/1", &[]);
    scene.headers(&mut slow, "200", &[], false);
    scene.host.now_ms.set(NOW + 5000);
    scene.get("/v1/stock/1", &[], &[], "new");
    scene.body(&mut slow, "old", true);
    assert_eq!(&scene.fail("/v1/stock/1", &[]).unwrap().body[..], b"new");
}

#[test]
fn given_a_change_by_a_principal_then_its_own_copy_and_the_common_one_are_dropped() {
    let scene = Scene::new();
    scene.get("/v1/orders", &[("x-user", "ann")], &[], "ann's");
    scene.get("/v1/orders", &[], &[("cache-control", "public")], "all");
    let mut change = scene.open("POST", "/v1/orders", &[("x-user", "ann")]);
    scene.headers(&mut change, "201", &[], true);
    assert_eq!(scene.count(Event::Invalidated), 2);
    assert_eq!(scene.fail("/v1/orders", &[("x-user", "ann")]), None);
}

const GRPC: (&str, &str) = ("content-type", "application/grpc");

#[test]
fn given_a_grpc_call_that_the_proxy_failed_then_the_caller_gets_the_rules_status() {
    let scene = Scene::new();
    let mut exchange = scene.open("POST", "/pkg.Service/Do", &[GRPC]);
    let action = scene.headers(&mut exchange, "200", &[GRPC, ("grpc-status", "14")], true);
    assert_eq!(action, Action::Replaced);
    let reply = scene.host.replies.borrow_mut().pop().unwrap();
    assert_eq!(
        (reply.grpc_status, text(&reply).as_str()),
        (Some(10), "try later")
    );
}

#[test]
fn given_a_grpc_call_that_got_plain_http_then_it_is_a_grpc_status_all_the_same() {
    let scene = Scene::new();
    let mut exchange = scene.open("POST", "/pkg.Service/Do", &[GRPC]);
    assert_eq!(scene.headers(&mut exchange, "502", &[], false), Action::Replaced);
    assert_eq!(scene.host.replies.borrow()[0].grpc_status, Some(10));
}

#[test]
fn given_a_grpc_status_of_another_rule_then_that_rule_answers() {
    let scene = Scene::new();
    let mut exchange = scene.open("POST", "/pkg.Service/Do", &[GRPC]);
    scene.headers(&mut exchange, "200", &[("grpc-status", "8")], true);
    assert_eq!(scene.host.replies.borrow()[0].grpc_status, Some(8));
}

#[test]
fn given_a_grpc_refusal_that_is_no_failure_then_it_passes() {
    let scene = Scene::new();
    for status in ["0", "3", "5", "x"] {
        let mut exchange = scene.open("POST", "/pkg.Service/Do", &[GRPC]);
        assert_eq!(
            scene.headers(&mut exchange, "200", &[("grpc-status", status)], true),
            Action::Continue
        );
    }
}

#[test]
fn given_a_grpc_failure_in_trailers_then_they_tell_the_rules_status_unless_a_message_has_passed() {
    let scene = Scene::new();
    for (message, expected) in [("", "10"), ("m", "14")] {
        *scene.host.trailers.borrow_mut() = [("grpc-status", "14")].into_iter().collect();
        let mut exchange = scene.open("POST", "/pkg.Service/Do", &[GRPC]);
        scene.headers(&mut exchange, "200", &[GRPC], false);
        scene.body(&mut exchange, message, false);
        exchange.response_trailers(&scene.worker, &scene.host);
        assert_eq!(
            scene.host.trailers.borrow().only("grpc-status"),
            Some(expected.as_bytes())
        );
    }
}

#[test]
fn given_hostile_headers_then_nothing_panics() {
    let scene = Scene::new();
    let bytes: Vec<u8> = (0..=255).collect();
    let hostile = |name: &str| -> (Vec<u8>, Vec<u8>) { (name.into(), bytes.clone()) };
    for name in [
        ":path",
        ":method",
        ":authority",
        "accept",
        "cache-control",
        "authorization",
        "content-type",
    ] {
        *scene.host.request.borrow_mut() = Headers(vec![
            (":path".into(), "/v1/stock".into()),
            (":method".into(), "GET".into()),
            hostile(name),
            hostile(name),
        ]);
        let mut exchange = Exchange::open(&scene.worker, &scene.host);
        for name in [
            ":status",
            "age",
            "date",
            "vary",
            "content-length",
            "cache-control",
            "connection",
        ] {
            *scene.host.response.borrow_mut() = Headers(vec![
                (":status".into(), "200".into()),
                hostile(name),
                hostile(name),
            ]);
            exchange.response_headers(&scene.worker, &scene.host, false);
            exchange.response_body(&scene.worker, &scene.host, usize::MAX, true);
        }
    }
}

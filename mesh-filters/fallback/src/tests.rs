use super::*;
use holdfast_filter_abi::fake::{FakeProxy, FakeShared};
use holdfast_filter_abi::{Body, HeaderMap, Registry};

const CONFIG: &str = r#"{"cache": {"refresh": "0s"}, "rules": [
    {"name": "pending", "match": {"methods": ["POST"]}, "on": {"statuses": [503]},
     "respond": {"status": 202, "headers": {"X-Kind": "fixed"}, "body": "later", "grpc": {"status": 14, "message": "no"}}},
    {"name": "stock", "match": {"methods": ["GET"]}, "on": {"statuses": [503]}, "stale": {"max_age": "60s"}}]}"#;

struct Scene {
    registry: Registry<Fallback>,
    proxy: FakeProxy,
}

impl Scene {
    fn new() -> Self {
        let shared = FakeShared::default();
        shared.set_time(1_800_000_000_000_000_000);
        let (registry, proxy) = (Registry::default(), FakeProxy::new(&shared));
        registry.configure(1, &proxy, plugin(CONFIG)).unwrap();
        Self { registry, proxy }
    }

    fn request(&self, id: u32, method: &str, more: &[(&str, &str)]) {
        let fixed = [(":method", method), (":path", "/x"), (":authority", "a")];
        self.proxy
            .give_headers(HeaderMap::Request, &[&fixed[..], more].concat());
        self.registry.create(id, 1);
        self.registry.on(id, |filter, stream| {
            filter.on_request_headers(stream, &self.proxy, true)
        });
        self.proxy.take_headers(HeaderMap::Request);
    }

    fn response(&self, id: u32, headers: &[(&str, &str)], end: bool) -> Action {
        self.proxy.give_headers(HeaderMap::Response, headers);
        self.registry.on(id, |filter, stream| {
            filter.on_response_headers(stream, &self.proxy, end)
        })
    }
}

fn plugin(config: &str) -> Plugin<'_> {
    Plugin {
        name: "mesh.fallback",
        config: config.as_bytes(),
    }
}

#[test]
fn given_a_failure_then_the_proxy_is_told_to_answer() {
    let scene = Scene::new();
    scene.request(2, "POST", &[]);
    assert_eq!(scene.response(2, &[(":status", "503")], true), Action::Pause);
    let reply = scene.proxy.replies().pop().unwrap();
    assert_eq!(
        (reply.status, reply.body.as_slice(), reply.grpc_status),
        (202, &b"later"[..], None)
    );
    assert_eq!(reply.header("x-kind").as_deref(), Some("fixed"));
    assert_eq!(reply.details, "fallback_static{pending,local}");
    assert_eq!(scene.proxy.metric("fallback.pending.static"), 1);
}

#[test]
fn given_a_grpc_failure_then_the_proxy_is_given_its_status() {
    let scene = Scene::new();
    scene.request(2, "POST", &[("content-type", "application/grpc")]);
    assert_eq!(
        scene.response(2, &[(":status", "200"), ("grpc-status", "14")], true),
        Action::Pause
    );
    let reply = scene.proxy.replies().pop().unwrap();
    assert_eq!((reply.grpc_status, reply.body.as_slice()), (Some(14), &b"no"[..]));
}

#[test]
fn given_a_good_response_then_its_copy_answers_a_later_failure() {
    let scene = Scene::new();
    scene.request(2, "GET", &[]);
    assert_eq!(
        scene.response(2, &[(":status", "200"), ("etag", "\"1\"")], false),
        Action::Continue
    );
    scene.proxy.give_body(Body::Response, b"seven");
    scene.registry.on(2, |filter, stream| {
        filter.on_response_body(stream, &scene.proxy, 5, true)
    });
    scene.request(3, "GET", &[]);
    assert_eq!(scene.response(3, &[(":status", "503")], true), Action::Pause);
    let reply = scene.proxy.replies().pop().unwrap();
    assert_eq!((reply.status, reply.body.as_slice()), (200, &b"seven"[..]));
    assert_eq!(reply.header("etag").as_deref(), Some("\"1\""));
    assert_eq!(reply.header("age").as_deref(), Some("0"));
    assert_eq!(scene.proxy.metric("fallback.stock.stored"), 1);
    assert_eq!(scene.proxy.metric("fallback.stock.stale_hit"), 1);
}

#[test]
fn given_shared_memory_that_takes_nothing_then_responses_pass_all_the_same() {
    let scene = Scene::new();
    scene
        .proxy
        .fail_stores(Some(holdfast_filter_abi::Error::Internal));
    scene.request(2, "GET", &[]);
    assert_eq!(scene.response(2, &[(":status", "200")], true), Action::Continue);
    assert_eq!(scene.proxy.metric("fallback.stock.contended"), 1);
}

#[test]
fn given_a_wrong_configuration_then_it_is_refused_by_name_and_the_old_one_stays() {
    let scene = Scene::new();
    let refused = scene
        .registry
        .configure(1, &scene.proxy, plugin(&CONFIG.replace("202", "42")));
    assert_eq!(
        refused,
        Err("rules[0].respond.status: must be an integer from 200 to 599".into())
    );
    assert!(scene.registry.configure(1, &scene.proxy, plugin("")).is_err());
    scene.request(2, "POST", &[]);
    assert_eq!(scene.response(2, &[(":status", "503")], true), Action::Pause);
}

#[test]
fn the_calls_that_a_request_costs_are_those_of_the_readme() {
    let scene = Scene::new();
    let passing = CONFIG.replace("\"0s\"", "\"9s\"");
    scene
        .registry
        .configure(1, &scene.proxy, plugin(&passing))
        .unwrap();
    let calls = |id, method, status, body: &[u8]| {
        let before = scene.proxy.calls();
        scene.request(id, method, &[]);
        scene.response(id, &[(":status", status)], false);
        scene.proxy.give_body(Body::Response, body);
        scene.registry.on(id, |filter, stream| {
            filter.on_response_body(stream, &scene.proxy, body.len(), true)
        });
        scene.proxy.calls() - before
    };
    assert_eq!(
        calls(3, "POST", "200", b""),
        3,
        "past a fixed answer; no copy of what it changes"
    );
    assert_eq!(calls(4, "POST", "503", b""), 5, "a fixed answer");
    assert_eq!(calls(5, "GET", "200", b"7"), 13, "a copy stored");
    assert_eq!(calls(6, "GET", "200", b"7"), 3, "past a fresh copy");
    assert_eq!(calls(7, "GET", "503", b""), 10, "a stale hit");
}

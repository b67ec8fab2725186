use holdfast_filter_abi::fake::{FakeProxy, FakeShared};
use proptest::prelude::*;

use super::*;
use crate::config;

const SUB: &[&str] = &[
    "metadata",
    "filter_metadata",
    "envoy.filters.http.jwt_authn",
    "payload",
    "sub",
];

fn matcher(rules: &str) -> Matcher {
    let config = format!(r#"{{"rules": [{rules}]}}"#);
    Matcher::new(&config::parse("p", config.as_bytes()).unwrap().rules)
}

fn rule(name: &str, rest: &str) -> String {
    format!(r#"{{"name": "{name}", "limit": {{"requests": 1, "per": "1s"}}{rest}}}"#)
}

fn exchange<V: AsRef<[u8]>>(headers: &[(&str, V)]) -> FakeProxy {
    let exchange = FakeProxy::new(&FakeShared::default());
    exchange.give_headers(HeaderMap::Request, headers);
    exchange
}

fn key(matcher: &Matcher, exchange: &FakeProxy) -> Vec<u8> {
    matcher.matches(exchange).remove(0).key
}

fn address_key(address: &str) -> Vec<u8> {
    let exchange = exchange::<&str>(&[]);
    exchange.give_property(&property_path(&["source", "address"]), address.as_bytes());
    key(
        &matcher(&rule("a", r#", "key": [{"source_ip": true}]"#)),
        &exchange,
    )
}

#[test]
fn a_rule_is_for_its_methods_and_its_prefix() {
    let matcher = matcher(&rule(
        "a",
        r#", "match": {"methods": ["POST", "PUT"], "path_prefix": "/v1/orders"}"#,
    ));
    let applies = |method, path| {
        matcher
            .matches(&exchange(&[(":method", method), (":path", path)]))
            .len()
    };
    assert_eq!(applies("POST", "/v1/orders"), 1);
    assert_eq!(applies("PUT", "/v1/orders/7?x=1"), 1);
    assert_eq!(applies("GET", "/v1/orders"), 0);
    assert_eq!(applies("POST", "/v1/order"), 0);
    assert_eq!(applies("POST", "/v1/orders-old"), 0);
    assert_eq!(applies("POST", "/?/v1/orders"), 0);
}

#[test]
fn every_rule_that_applies_is_found_in_order() {
    let rules = [
        rule("a", ""),
        rule("b", r#", "match": {"methods": ["GET"]}"#),
        rule("c", ""),
    ]
    .join(",");
    let found = matcher(&rules).matches(&exchange(&[(":method", "POST")]));
    assert_eq!(found.iter().map(|m| m.rule).collect::<Vec<_>>(), [0, 2]);
}

#[test]
fn a_claim_is_the_key_and_the_address_the_second_choice() {
    let matcher = matcher(&rule(
        "a",
        r#", "key": [{"jwt_claim": "sub"}], "otherwise_key": [{"source_ip": true}]"#,
    ));
    let exchange = exchange::<&str>(&[]);
    exchange.give_property(&property_path(&["source", "address"]), b"10.0.0.1:5000");
    let by_address = key(&matcher, &exchange);
    exchange.give_property(&property_path(SUB), b"alice");
    let by_claim = key(&matcher, &exchange);
    assert_ne!(by_address, by_claim);
    exchange.give_property(&property_path(&["source", "address"]), b"10.0.0.2:5000");
    assert_eq!(key(&matcher, &exchange), by_claim);
}

#[test]
fn a_limit_cannot_be_escaped_by_leaving_the_key_out() {
    let matcher = matcher(&rule(
        "a",
        r#", "key": [{"header": "x-api-key"}, {"header": "x-tenant"}]"#,
    ));
    let nothing = key(&matcher, &exchange::<&str>(&[]));
    assert_eq!(
        key(&matcher, &exchange(&[("x-api-key", "k")])),
        nothing,
        "a part alone is no key"
    );
    assert_eq!(
        key(&matcher, &exchange(&[("x-api-key", "k"), ("x-tenant", "")])),
        nothing,
        "nor is an empty one"
    );
    assert_ne!(
        key(&matcher, &exchange(&[("x-api-key", "k"), ("x-tenant", "t")])),
        nothing
    );
}

#[test]
fn parts_cannot_be_shifted_into_each_other() {
    let matcher = matcher(&rule("a", r#", "key": [{"header": "x"}, {"header": "y"}]"#));
    let key = |x, y| key(&matcher, &exchange(&[("x", x), ("y", y)]));
    assert_ne!(key("ab", "c"), key("a", "bc"));
}

#[test]
fn one_client_has_one_address_whatever_its_port() {
    assert_eq!(address_key("10.0.0.1:1"), address_key("10.0.0.1:2"));
    assert_ne!(address_key("10.0.0.1:1"), address_key("10.0.0.2:1"));
    assert_eq!(address_key("10.0.0.1:1"), address_key("[::ffff:10.0.0.1]:1"));
}

#[test]
fn one_client_has_a_whole_64_of_ipv6() {
    assert_eq!(
        address_key("[2001:db8:1:2::1]:1"),
        address_key("[2001:db8:1:2:ffff::2]:9")
    );
    assert_ne!(
        address_key("[2001:db8:1:2::1]:1"),
        address_key("[2001:db8:1:3::1]:1")
    );
}

#[test]
fn the_first_of_repeated_headers_is_the_key() {
    let matcher = matcher(&rule("a", r#", "key": [{"header": "x"}]"#));
    assert_eq!(
        key(&matcher, &exchange(&[("x", "1"), ("x", "2")])),
        key(&matcher, &exchange(&[("x", "1")]))
    );
}

#[test]
fn the_headers_are_read_once_whatever_the_number_of_rules() {
    let keyed = |name| {
        rule(
            name,
            r#", "match": {"path_prefix": "/"}, "key": [{"header": "x"}]"#,
        )
    };
    let matcher = matcher(&[keyed("a"), keyed("b"), keyed("c")].join(","));
    let exchange = exchange(&[(":path", "/"), ("x", "1")]);
    assert_eq!(matcher.matches(&exchange).len(), 3);
    assert_eq!(exchange.calls(), 1, "all at once");
}

proptest! {
    #[test]
    fn any_bytes_make_a_key(x in prop::collection::vec(any::<u8>(), 0..100), address in prop::collection::vec(any::<u8>(), 0..60)) {
        let matcher = matcher(&rule("a", r#", "match": {"methods": ["GET"]}, "key": [{"header": "x"}, {"source_ip": true}, {"jwt_claim": "sub"}]"#));
        let exchange = exchange(&[(":method", &b"GET"[..]), ("x", &x)]);
        exchange.give_property(&property_path(&["source", "address"]), &address);
        exchange.give_property(&property_path(SUB), &x);
        prop_assert_eq!(matcher.matches(&exchange).len(), 1);
    }
}

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

/// The example of DESIGN §6.
fn example() -> Value {
    json!({
        "cache": {"entries": 1024, "max_body_bytes": 16384},
        "rules": [
            {"name": "payment-pending",
             "match": {"methods": ["POST"], "authority": "payment.*", "path_prefix": "/v1/charges"},
             "on": {"statuses": [500, 502, 503, 504]},
             "respond": {"status": 202, "headers": {"content-type": "application/json"},
                         "body": "{\"status\":\"payment-pending\"}"}},
            {"name": "stale-availability",
             "match": {"methods": ["GET"], "path_prefix": "/v1/stock"},
             "on": {"statuses": [500, 502, 503, 504]},
             "stale": {"max_age": "300s", "vary": ["Accept"]},
             "respond": {"status": 503, "problem": {"type": "https://e.test/unavailable", "title": "Service unavailable"},
                         "retry_after": "5s"}}
        ]
    })
}

fn parse(value: &Value) -> Result<Config, Error> {
    Config::parse(value.to_string().as_bytes())
}

/// The example with one value replaced (`null` removes it); `pointer` as in RFC 6901.
fn with(pointer: &str, value: Value) -> Value {
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    let mut config = example();
    match config.pointer_mut(parent).unwrap() {
        Value::Object(map) => {
            map.insert(last.to_owned(), value);
        }
        Value::Array(list) => list[last.parse::<usize>().unwrap()] = value,
        other => panic!("{other} has no {last}"),
    }
    config
}

#[test]
fn given_the_designs_example_then_it_is_understood() {
    let config = parse(&example()).unwrap();
    assert_eq!(
        config.cache,
        Cache {
            entries: 1024,
            max_body_bytes: 16384,
            refresh_ms: 1000
        }
    );
    let [pending, stale] = &config.rules[..] else {
        panic!("{config:?}")
    };
    assert_eq!(pending.respond.as_ref().unwrap().status, 202);
    assert_eq!(pending.respond.as_ref().unwrap().grpc.status, 14);
    assert_eq!(stale.stale.as_ref().unwrap().vary, ["accept"]);
    assert_eq!(stale.stale.as_ref().unwrap().max_age, 300);
    let answer = stale.respond.as_ref().unwrap();
    let expected = [("retry-after", "5"), ("content-type", "application/problem+json")];
    assert_eq!(
        answer.headers,
        expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    let Body::Problem(open) = &answer.body else {
        panic!("{answer:?}")
    };
    let closed: Value = serde_json::from_slice(&[open, b"}".as_slice()].concat()).unwrap();
    assert_eq!(closed["status"], 503);
}

#[test]
fn given_a_wrong_value_then_the_error_names_its_field() {
    let cases = [
        ("/cache/entries", json!(1), "cache.entries"),
        ("/cache/entries", json!(65_537), "cache.entries"),
        ("/cache/entries", json!(1.5), "cache.entries"),
        ("/cache/max_body_bytes", json!("16k"), "cache.max_body_bytes"),
        ("/cache/refresh", json!("soon"), "cache.refresh"),
        ("/cache/size", json!(1), "cache.size"),
        ("/rules", json!([]), "rules"),
        ("/rules", Value::Null, "rules"),
        ("/rules/0/name", json!("Payment Pending"), "rules[0].name"),
        ("/rules/0/mach", json!({}), "rules[0].mach"),
        (
            "/rules/0/match/methods",
            json!(["post"]),
            "rules[0].match.methods[0]",
        ),
        (
            "/rules/0/match/authority",
            json!("a*b"),
            "rules[0].match.authority",
        ),
        (
            "/rules/0/match/path_prefix",
            json!("v1"),
            "rules[0].match.path_prefix",
        ),
        ("/rules/0/on/statuses", json!([200]), "rules[0].on.statuses[0]"),
        ("/rules/0/on/statuses", json!([]), "rules[0].on.statuses"),
        ("/rules/0/respond/status", json!(42), "rules[0].respond.status"),
        ("/rules/0/respond/status", json!(204), "rules[0].respond"),
        ("/rules/0/respond", Value::Null, "rules[0]"),
        (
            "/rules/0/respond/headers/content-length",
            json!("3"),
            "rules[0].respond.headers.content-length",
        ),
        (
            "/rules/0/respond/headers/x",
            json!("a\r\nb: c"),
            "rules[0].respond.headers.x",
        ),
        (
            "/rules/0/respond/headers/:status",
            json!("200"),
            "rules[0].respond.headers.:status",
        ),
        (
            "/rules/0/respond/problem",
            json!({"type": "a", "title": "b"}),
            "rules[0].respond.body",
        ),
        (
            "/rules/0/respond/grpc",
            json!({"status": "OK"}),
            "rules[0].respond.grpc.status",
        ),
        ("/rules/1/stale/max_age", json!(300), "rules[1].stale.max_age"),
        (
            "/rules/1/stale/max_age",
            json!("1500ms"),
            "rules[1].stale.max_age",
        ),
        ("/rules/1/stale/vary", json!(["a b"]), "rules[1].stale.vary[0]"),
        ("/rules/1/stale/principal", json!({}), "rules[1].stale.principal"),
        ("/rules/1/stale/query", json!("sku"), "rules[1].stale.query"),
        ("/rules/1/stale/query", json!(["a=b"]), "rules[1].stale.query[0]"),
        ("/rules/1/stale/any_host", json!("no"), "rules[1].stale.any_host"),
        ("/rules/1/match/methods", json!(["POST"]), "rules[1]"),
        (
            "/rules/1/respond/problem/title",
            Value::Null,
            "rules[1].respond.problem.title",
        ),
        (
            "/rules/1/respond/retry_after",
            json!("0s"),
            "rules[1].respond.retry_after",
        ),
        ("/rules/1/name", json!("payment-pending"), "rules[1]"),
    ];
    for (pointer, value, expected) in cases {
        match parse(&with(pointer, value.clone())) {
            Err(Error::Field { field, .. }) => assert_eq!(field, expected, "{pointer} = {value}"),
            other => panic!("{pointer} = {value}: {other:?}"),
        }
    }
}

#[test]
fn given_a_cache_beyond_the_bound_then_it_is_refused() {
    let mut config = with("/cache/entries", json!(65_536));
    config["cache"]["max_body_bytes"] = json!(1 << 20);
    assert!(matches!(parse(&config), Err(Error::Field { field, .. }) if field == "cache"));
    config["cache"]["max_body_bytes"] = json!(0);
    assert!(parse(&config).is_ok());
    config["rules"]
        .as_array_mut()
        .unwrap()
        .push(json!({"name": "more", "on": {"statuses": [503]}, "stale": {"max_age": "1s"}}));
    assert!(matches!(parse(&config), Err(Error::Field { field, .. }) if field == "cache"));
}

#[test]
fn given_numbers_that_passed_through_floating_point_then_they_are_integers() {
    assert!(
        Config::parse(br#"{"rules":[{"name":"a","on":{"statuses":[503.0]},"respond":{"status":2.02e2}}]}"#)
            .is_ok()
    );
}

#[test]
fn given_no_json_then_it_is_refused() {
    for text in [&b""[..], b"{", b"\xff", b"[]", b"null"] {
        assert!(Config::parse(text).is_err());
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "name", "match", "on", "statuses", "stale", "respond", "max_age", "vary", "5s", "GET", "status",
        "grpc", "headers", "body", "*", "\u{0}é", "/v1", "problem",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (0_u32..700).prop_map(Value::from),
        word.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..5)
                .prop_map(|pairs| Value::Object(pairs.into_iter().map(|(n, v)| (n.to_owned(), v)).collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_value_anywhere_is_accepted_or_refused_by_name(
        value in any_json(),
        at in prop::sample::select(vec!["/cache", "/rules", "/rules/0", "/rules/0/match", "/rules/0/respond",
            "/rules/0/respond/headers", "/rules/1/stale", "/rules/0/on", "/rules/1/respond/problem"]),
    ) {
        if let Err(Error::Field { field, .. }) = parse(&with(at, value)) {
            prop_assert!(!field.is_empty());
        }
    }

    #[test]
    fn any_bytes_are_survived(text in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Config::parse(&text);
    }
}

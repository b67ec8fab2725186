use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn rule(change: impl FnOnce(&mut Value)) -> Value {
    let mut rule = json!({"name": "a", "limit": {"requests": 20, "per": "1s"}});
    change(&mut rule);
    json!({"rules": [rule]})
}

fn refusal(config: &Value) -> Error {
    parse("p", config.to_string().as_bytes()).expect_err("it should be refused")
}

fn refused_field(config: &Value) -> String {
    refusal(config).field
}

#[test]
fn the_example_of_the_design_is_understood() {
    let config = parse(
        "p",
        br#"{"table": {"slots": 65536}, "rules": [{
            "name": "orders-per-user", "match": {"methods": ["POST"], "path_prefix": "/v1/orders"},
            "key": [{"jwt_claim": "sub"}], "otherwise_key": [{"source_ip": true}],
            "limit": {"requests": 20, "per": "1s", "burst": 40}, "mode": "enforce", "scope": "proxy"}]}"#,
    )
    .unwrap();
    let [rule] = &config.rules[..] else {
        panic!("one rule")
    };
    assert_eq!(config.slots, 65_536);
    assert_eq!(rule.key, [KeyPart::JwtClaim("sub".to_owned())]);
    assert_eq!(rule.otherwise_key, [KeyPart::SourceIp(true)]);
    assert_eq!(
        rule.limit,
        Limit::new(20.try_into().unwrap(), 1_000_000_000, 40.try_into().unwrap()).unwrap()
    );
    assert!(rule.enforced);
}

#[test]
fn what_is_left_out_has_a_default() {
    let config = parse("p", rule(|_| {}).to_string().as_bytes()).unwrap();
    let rule = &config.rules[0];
    assert_eq!(
        (config.slots, rule.enforced, rule.limit.requests()),
        (65_536, true, 20)
    );
    assert!(rule.key.is_empty() && rule.methods.is_empty() && rule.path_prefix.is_empty());
    assert_eq!(
        rule.limit.check(0, 1).remaining,
        19,
        "the burst is the number of requests"
    );
}

#[test]
fn numbers_may_be_floating_point_but_must_be_whole() {
    assert!(
        parse(
            "p",
            rule(|r| r["limit"]["requests"] = json!(20.0))
                .to_string()
                .as_bytes()
        )
        .is_ok()
    );
    assert_eq!(
        refused_field(&rule(|r| r["limit"]["requests"] = json!(0.5))),
        "rules[0].limit.requests"
    );
    assert_eq!(
        refused_field(&rule(|r| r["limit"]["requests"] = json!(0))),
        "rules[0].limit.requests"
    );
    assert_eq!(
        refused_field(&rule(|r| r["limit"]["burst"] = json!(-1))),
        "rules[0].limit.burst"
    );
}

#[test]
fn a_refusal_names_the_field() {
    let cases = [
        (json!({}), "."),
        (json!({"rules": []}), "rules"),
        (json!({"rules": [], "rule": []}), "rule"),
        (
            json!({"table": {"slots": 1e8}, "rules": [{"name": "a", "limit": {"requests": 1, "per": "1s"}}]}),
            "table.slots",
        ),
        (rule(|r| r["name"] = json!("a b")), "rules[0].name"),
        (rule(|r| r["name"] = json!("")), "rules[0].name"),
        (rule(|r| r["match"] = json!({"path": "/"})), "rules[0].match.path"),
        (
            rule(|r| r["match"] = json!({"path_prefix": "v1"})),
            "rules[0].match.path_prefix",
        ),
        (
            rule(|r| r["match"] = json!({"path_prefix": ""})),
            "rules[0].match.path_prefix",
        ),
        (
            rule(|r| r["match"] = json!({"path_prefix": "/a?b"})),
            "rules[0].match.path_prefix",
        ),
        (
            rule(|r| r["match"] = json!({"methods": ["GET", "post"]})),
            "rules[0].match.methods[1]",
        ),
        (
            rule(|r| r["key"] = json!([{"header": "X-Key"}])),
            "rules[0].key[0].header",
        ),
        (
            rule(|r| r["key"] = json!([{"source_ip": false}])),
            "rules[0].key[0].source_ip",
        ),
        (
            rule(|r| r["otherwise_key"] = json!([{"header": "a"}, {"jwt_claim": ""}])),
            "rules[0].otherwise_key[1].jwt_claim",
        ),
        (rule(|r| r["limit"]["per"] = json!("1 s")), "rules[0].limit.per"),
        (rule(|r| r["limit"]["per"] = json!("0s")), "rules[0].limit.per"),
        (rule(|r| r["limit"]["per"] = json!("367d")), "rules[0].limit.per"),
        (rule(|r| r["limit"]["requests"] = json!(1e9)), "rules[0].limit"),
        (rule(|r| r["mode"] = json!("dry")), "rules[0].mode"),
        (rule(|r| r["scope"] = json!("cluster")), "rules[0].scope"),
    ];
    for (config, field) in cases {
        assert_eq!(refused_field(&config), field, "{config}");
    }
}

fn cluster(change: impl FnOnce(&mut Value)) -> Value {
    let mut config = rule(|r| r["scope"] = json!("cluster"));
    config["quota"] = json!({"cluster": "outbound|80||quota"});
    change(&mut config);
    config
}

#[test]
fn a_rule_of_scope_cluster_has_a_floor_of_a_tenth() {
    let config = parse("ns.limit", cluster(|_| {}).to_string().as_bytes()).unwrap();
    let quota = config.quota.unwrap();
    assert_eq!(
        (
            quota.domain.as_str(),
            quota.tick.as_millis(),
            quota.timeout.as_millis()
        ),
        ("ns.limit", 200, 150)
    );
    assert_eq!(
        quota.authority, "quota",
        "what Istio calls the cluster is no authority"
    );
    let floor = config.rules[0].floor.unwrap();
    assert_eq!((floor.requests(), floor.burst()), (2, 2));
    let own = cluster(|c| c["rules"][0]["floor"] = json!({"requests": 1, "per": "1m", "burst": 3}));
    let floor = parse("p", own.to_string().as_bytes()).unwrap().rules[0]
        .floor
        .unwrap();
    assert_eq!((floor.interval(), floor.burst()), (60_000_000_000, 3));
}

#[test]
fn what_is_wrong_with_a_cluster_scope_is_refused_by_name() {
    let cases = [
        (rule(|r| r["scope"] = json!("cluster")), "rules[0].scope"),
        (
            rule(|r| r["floor"] = json!({"requests": 1, "per": "1s"})),
            "rules[0].floor",
        ),
        (
            cluster(|c| c["rules"][0]["floor"] = json!({"requests": 21, "per": "1s"})),
            "rules[0].floor",
        ),
        (
            cluster(|c| c["rules"][0]["floor"] = json!({"requests": 1, "per": "x"})),
            "rules[0].floor.per",
        ),
        (cluster(|c| c["quota"] = json!({})), "quota"),
        (cluster(|c| c["quota"]["cluster"] = json!("")), "quota.cluster"),
        (cluster(|c| c["quota"]["tick"] = json!("10ms")), "quota.tick"),
        (cluster(|c| c["quota"]["tick"] = json!("2s")), "quota.tick"),
        (
            cluster(|c| c["quota"]["timeout"] = json!("201ms")),
            "quota.timeout",
        ),
        (cluster(|c| c["quota"]["domain"] = json!("a..b")), "quota.domain"),
        (
            cluster(|c| c["quota"]["authority"] = json!("outbound|80||quota")),
            "quota.authority",
        ),
        (
            cluster(|c| c["quota"]["authority"] = json!("")),
            "quota.authority",
        ),
        (cluster(|c| c["quota"]["domain"] = json!("a b")), "quota.domain"),
        (cluster(|c| c["quota"]["more"] = json!(1)), "quota.more"),
    ];
    for (config, field) in cases {
        assert_eq!(refused_field(&config), field, "{config}");
    }
}

#[test]
fn two_rules_cannot_have_one_name() {
    let one = json!({"name": "a", "limit": {"requests": 1, "per": "1s"}});
    assert_eq!(refused_field(&json!({"rules": [one, one]})), "rules[1].name");
}

#[test]
fn no_configuration_is_refused() {
    assert_eq!(parse("p", b"").unwrap_err().field, ".");
    assert_eq!(parse("p", b"{\"rules\"").unwrap_err().field, ".");
    assert!(parse("p", &[rule(|_| {}).to_string().as_bytes(), b"x"].concat()).is_err());
}

#[test]
fn durations_have_units() {
    for (text, ns) in [
        ("500ms", 500_000_000),
        ("1s", 1_000_000_000),
        ("5m", 300_000_000_000),
        ("1h", 3_600_000_000_000),
    ] {
        assert_eq!(nanoseconds(text), Some(ns));
    }
    for bad in [
        "",
        "s",
        "1",
        "1.5s",
        "-1s",
        "1S",
        "1sé",
        "é",
        "99999999999999999999s",
    ] {
        assert_eq!(nanoseconds(bad), None, "{bad}");
    }
}

proptest! {
    #[test]
    fn any_text_is_understood_or_refused(text in "\\PC{0,80}") {
        let _ = parse("p", text.as_bytes());
        let _ = nanoseconds(&text);
        let _ = parse("p", rule(|r| r["limit"]["per"] = json!(text)).to_string().as_bytes());
        let _ = parse("p", rule(|r| r["key"] = json!([{"header": text}])).to_string().as_bytes());
    }

    #[test]
    fn any_text_about_the_quota_service_is_understood_or_refused(text in "\\PC{0,40}", field in prop::sample::select(vec!["cluster", "authority", "domain", "tick", "timeout"])) {
        let _ = parse(&text, cluster(|c| c["quota"][field] = json!(text)).to_string().as_bytes());
        let _ = parse("p", cluster(|c| c["rules"][0]["floor"] = json!({"requests": 1, "per": text})).to_string().as_bytes());
        let domain = parse(&text, cluster(|_| {}).to_string().as_bytes()).unwrap().quota.unwrap().domain;
        let sound = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        prop_assert!(domain.len() <= 128 && domain.split('.').all(sound), "{}", domain);
    }

    #[test]
    fn any_number_is_understood_or_refused(number: f64) {
        let _ = parse("p", rule(|r| r["limit"]["requests"] = json!(number)).to_string().as_bytes());
    }
}

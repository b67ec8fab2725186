use super::*;

const NOW: u64 = 1_800_000_000_000;

fn stale() -> Stale {
    Stale {
        max_age: 300,
        vary: vec!["accept".into()],
        query: Vec::new(),
        any_host: false,
        principal: None,
    }
}

fn headers(fields: &[(&str, &str)]) -> Headers {
    fields.iter().map(|(name, value)| (*name, *value)).collect()
}

fn asked(fields: &[(&str, &str)]) -> Asked {
    Asked::new(&headers(fields), false, false, NOW)
}

fn judge(request: &[(&str, &str)], response: &[(&str, &str)]) -> Result<Terms, Refusal> {
    Terms::judge(&asked(request), &headers(response), &stale(), NOW)
}

fn terms(response: &[(&str, &str)]) -> Terms {
    judge(&[], response).unwrap()
}

fn usable(terms: &Terms, request: &[(&str, &str)], after_seconds: u64) -> Option<Usable> {
    terms.usable(&asked(request), &stale(), NOW + after_seconds * 1000)
}

#[test]
fn given_what_rfc_9111_forbids_then_nothing_is_stored() {
    use Refusal::*;
    let cases: [(&str, &str, Refusal); 10] = [
        ("cache-control", "no-store", NoStore),
        ("cache-control", "max-age=5, x=\"", NoStore),
        ("cache-control", "private", Private),
        ("cache-control", "private=\"x-user\"", Private),
        ("cache-control", "no-cache", MustRevalidate),
        ("cache-control", "max-age=5, must-revalidate", MustRevalidate),
        ("cache-control", "proxy-revalidate", MustRevalidate),
        ("cache-control", "s-maxage=60", MustRevalidate),
        ("set-cookie", "a=b", SetCookie),
        ("vary", "accept, authorization", Vary),
    ];
    for (name, value, refusal) in cases {
        assert_eq!(judge(&[], &[(name, value)]), Err(refusal), "{name}: {value}");
    }
    assert_eq!(judge(&[], &[("vary", "*")]), Err(Vary));
    assert_eq!(judge(&[("cache-control", "no-store")], &[]), Err(NoStore));
    let two_lines = [("cache-control", "max-age=5"), ("cache-control", "no-store")];
    assert_eq!(judge(&[], &two_lines), Err(NoStore));
}

#[test]
fn given_vary_within_the_key_then_it_is_stored() {
    assert!(judge(&[], &[("vary", "Accept"), ("vary", "accept")]).is_ok());
}

#[test]
fn given_credentials_then_only_what_is_public_is_stored_and_used() {
    for credentials in [("authorization", "Bearer x"), ("cookie", "s=1")] {
        assert_eq!(
            judge(&[credentials], &[("cache-control", "max-age=60")]),
            Err(Refusal::Authenticated)
        );
        let public = judge(&[credentials], &[("cache-control", "public, max-age=60")]).unwrap();
        assert!(usable(&public, &[credentials], 1).is_some());
        assert_eq!(usable(&terms(&[]), &[credentials], 1), None);
    }
}

#[test]
fn given_a_known_principal_then_its_answers_are_stored() {
    let asked = Asked::new(&headers(&[("authorization", "Bearer x")]), true, true, NOW);
    let terms = Terms::judge(&asked, &Headers::default(), &stale(), NOW).unwrap();
    assert!(terms.usable(&asked, &stale(), NOW).is_some());
}

#[test]
fn given_principals_are_told_apart_then_of_who_is_none_only_what_is_public_is_stored_and_used() {
    let nobody = Asked::new(&Headers::default(), true, false, NOW);
    let judged = Terms::judge(&nobody, &Headers::default(), &stale(), NOW);
    assert_eq!(judged, Err(Refusal::Authenticated));
    let public = headers(&[("cache-control", "public")]);
    let public = Terms::judge(&nobody, &public, &stale(), NOW).unwrap();
    assert!(public.usable(&nobody, &stale(), NOW).is_some());
    assert_eq!(terms(&[]).usable(&nobody, &stale(), NOW), None);
}

#[test]
fn given_a_token_that_the_proxy_has_taken_away_then_it_counts_where_it_makes_a_difference() {
    let anybody = asked(&[]);
    assert_eq!(anybody.with_token(|| false), anybody);
    let judged = Terms::judge(&anybody.with_token(|| true), &Headers::default(), &stale(), NOW);
    assert_eq!(judged, Err(Refusal::Authenticated));
    for settled in [
        Asked::new(&Headers::default(), true, true, NOW),
        asked(&[("cookie", "s=1")]),
    ] {
        assert_eq!(settled.with_token(|| panic!("asked for nothing")), settled);
    }
}

#[test]
fn given_a_copy_then_it_is_used_up_to_the_configured_age() {
    let terms = terms(&[("cache-control", "max-age=60")]);
    assert_eq!(
        usable(&terms, &[], 60),
        Some(Usable {
            age: 60,
            staleness: 0
        })
    );
    assert_eq!(
        usable(&terms, &[], 300),
        Some(Usable {
            age: 300,
            staleness: 240
        })
    );
    assert_eq!(usable(&terms, &[], 301), None);
}

#[test]
fn given_the_origins_stale_if_error_then_it_bounds_the_staleness() {
    let terms = terms(&[("cache-control", "max-age=60, stale-if-error=10")]);
    assert!(usable(&terms, &[], 70).is_some());
    assert_eq!(usable(&terms, &[], 71), None);
}

#[test]
fn given_what_the_caller_asks_then_it_bounds_too() {
    let terms = terms(&[("cache-control", "max-age=60")]);
    for (control, last) in [("stale-if-error=5", 65), ("max-age=20", 20)] {
        assert!(
            usable(&terms, &[("cache-control", control)], last).is_some(),
            "{control}"
        );
        assert_eq!(
            usable(&terms, &[("cache-control", control)], last + 1),
            None,
            "{control}"
        );
    }
    for control in ["no-cache", "min-fresh=1"] {
        assert_eq!(
            usable(&terms, &[("cache-control", control)], 0),
            None,
            "{control}"
        );
    }
}

#[test]
fn given_age_and_date_then_the_copy_starts_old() {
    let date = httpdate::fmt_http_date(UNIX_EPOCH + std::time::Duration::from_millis(NOW - 40_000));
    assert_eq!(terms(&[("age", "30")]).initial_age_ms, 30_000);
    assert_eq!(terms(&[("age", "30"), ("date", &date)]).initial_age_ms, 40_000);
    let slow = Asked::new(&Headers::default(), false, false, NOW - 2500);
    let terms = Terms::judge(&slow, &headers(&[("age", "30")]), &stale(), NOW).unwrap();
    assert_eq!(terms.initial_age_ms, 32_500);
}

#[test]
fn given_expires_then_it_is_fresh_until_then_unless_max_age_says_otherwise() {
    let at = |ms: u64| httpdate::fmt_http_date(UNIX_EPOCH + std::time::Duration::from_millis(ms));
    let dates = [("date", at(NOW)), ("expires", at(NOW + 90_000))];
    let mut fields: Vec<(&str, &str)> = dates
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    assert_eq!(terms(&fields).lifetime, 90);
    fields.push(("cache-control", "max-age=5"));
    assert_eq!(terms(&fields).lifetime, 5);
    assert_eq!(terms(&[("expires", "0")]).lifetime, 0);
}

#[test]
fn given_a_clock_that_steps_back_then_the_age_is_unknown_and_the_copy_unused() {
    let terms = terms(&[]);
    assert!(terms.usable(&asked(&[]), &stale(), NOW - 500).is_some());
    assert_eq!(terms.usable(&asked(&[]), &stale(), NOW - 5000), None);
}

#[test]
fn given_a_response_then_only_its_end_to_end_fields_are_kept() {
    let kept = kept_fields(&headers(&[
        (":status", "200"),
        ("content-type", "text/plain"),
        ("Connection", "close, X-Hop"),
        ("x-hop", "1"),
        ("transfer-encoding", "chunked"),
        ("content-length", "3"),
        ("age", "1"),
        ("x-envoy-upstream-service-time", "2"),
        ("etag", "\"a\""),
    ]));
    assert_eq!(
        kept,
        Ok(headers(&[("content-type", "text/plain"), ("etag", "\"a\"")]))
    );
    assert_eq!(
        kept_fields(&headers(&[("x", &"y".repeat(MAX_HEADER_BYTES))])),
        Err(Refusal::TooLarge)
    );
}

use super::*;
use proptest::prelude::*;

fn parse(line: &str) -> CacheControl {
    CacheControl::parse([line.as_bytes()])
}

#[test]
fn given_common_directives_then_all_are_read() {
    let parsed = parse("public, max-age=60, Stale-If-Error=300");
    let expected = CacheControl {
        public: true,
        max_age: Some(60),
        stale_if_error: Some(300),
        ..Default::default()
    };
    assert_eq!(parsed, expected);
}

#[test]
fn given_a_comma_in_quotes_then_it_does_not_separate() {
    let parsed = parse(r#"private="set-cookie, no-store", x="a\",no-cache""#);
    assert_eq!(
        parsed,
        CacheControl {
            private: true,
            ..Default::default()
        }
    );
}

#[test]
fn given_an_open_quote_then_nothing_may_be_stored() {
    assert!(parse(r#"max-age=60, x="no-cache"#).no_store);
}

#[test]
fn given_two_lines_then_a_directive_of_the_second_counts() {
    let lines: [&[u8]; 2] = [b"max-age=60", b"no-store"];
    assert!(CacheControl::parse(lines).no_store);
}

#[test]
fn given_an_unreadable_number_then_it_is_zero() {
    for text in ["max-age=abc", "max-age", "max-age=-1", "max-age=1.5", "max-age="] {
        assert_eq!(parse(text).max_age, Some(0), "{text}");
    }
}

#[test]
fn given_a_quoted_or_huge_number_then_it_is_read_and_capped() {
    assert_eq!(parse(r#"max-age="60""#).max_age, Some(60));
    assert_eq!(parse("max-age=99999999999999999999").max_age, Some(MAX_DELTA));
}

#[test]
fn given_a_repeated_number_then_the_first_counts() {
    assert_eq!(parse("max-age=1, max-age=2").max_age, Some(1));
}

/// The reference: spells the grammar out character by character into a list of pairs, then looks names up.
mod reference {
    use super::*;

    enum Where {
        Plain,
        Quoted,
        Escape,
    }

    fn items(line: &str) -> Option<Vec<String>> {
        let mut state = Where::Plain;
        let mut items = vec![String::new()];
        for character in line.chars() {
            state = match (state, character) {
                (Where::Plain, ',') => {
                    items.push(String::new());
                    Where::Plain
                }
                (state, character) => {
                    items.last_mut().unwrap().push(character);
                    match (state, character) {
                        (Where::Plain, '"') => Where::Quoted,
                        (Where::Quoted, '"') => Where::Plain,
                        (Where::Quoted, '\\') => Where::Escape,
                        (Where::Escape, _) => Where::Quoted,
                        (state, _) => state,
                    }
                }
            };
        }
        match state {
            Where::Plain => Some(items),
            // What comes before the broken item still counts.
            _ => None,
        }
    }

    fn pairs(line: &str) -> Option<Vec<(String, String)>> {
        let pair = |item: &String| {
            let (name, value) = item.split_once('=').unwrap_or((item, ""));
            let value = value.trim_matches([' ', '\t']);
            let bare = match value.len() >= 2 && value.starts_with('"') && value.ends_with('"') {
                true => value.get(1..value.len() - 1).unwrap(),
                false => value,
            };
            (name.trim_matches([' ', '\t']).to_lowercase(), bare.to_owned())
        };
        items(line).map(|items| items.iter().map(pair).collect())
    }

    fn number(pairs: &[(String, String)], name: &str) -> Option<u32> {
        let (_, value) = pairs.iter().find(|(n, _)| n == name)?;
        let digits = !value.is_empty() && value.chars().all(|c| c.is_ascii_digit());
        let parsed = value.parse::<u128>().unwrap_or(u128::MAX);
        Some(if digits {
            parsed.min(u128::from(MAX_DELTA)) as u32
        } else {
            0
        })
    }

    pub fn parse(line: &str) -> Option<CacheControl> {
        let pairs = pairs(line)?;
        let has = |name: &str| pairs.iter().any(|(n, _)| n == name);
        Some(CacheControl {
            no_store: has("no-store"),
            no_cache: has("no-cache"),
            private: has("private"),
            public: has("public"),
            must_revalidate: has("must-revalidate") || has("proxy-revalidate"),
            max_age: number(&pairs, "max-age"),
            s_maxage: number(&pairs, "s-maxage"),
            stale_if_error: number(&pairs, "stale-if-error"),
            min_fresh: number(&pairs, "min-fresh"),
        })
    }
}

fn directive() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "no-store",
        "No-Cache",
        "private",
        "PUBLIC",
        "must-revalidate",
        "proxy-revalidate",
        "max-age",
        "s-maxage",
        "stale-if-error",
        "min-fresh",
        "x-other",
        "",
        " max-age ",
    ]);
    let argument = prop_oneof![
        Just(String::new()),
        "=[0-9]{0,12}",
        "= ?\"[0-9]{0,4}\" ?",
        "=\"[a-z, \\\\\"]{0,8}",
        "=[a-z=\\\\ -]{0,6}",
    ];
    (name, argument).prop_map(|(name, argument)| format!("{name}{argument}"))
}

proptest! {
    #[test]
    fn any_list_of_directives_reads_as_the_reference_reads_it(
        items in prop::collection::vec(directive(), 0..6),
        separator in prop::sample::select(vec![",", ", ", " ,\t", ",,"]),
    ) {
        let line = items.join(separator);
        match reference::parse(&line) {
            Some(expected) => prop_assert_eq!(parse(&line), expected),
            None => prop_assert!(parse(&line).no_store),
        }
    }

    #[test]
    fn any_text_of_the_grammars_letters_reads_as_the_reference_reads_it(line in "[amx=,\"\\\\ 019-]{0,24}") {
        match reference::parse(&line) {
            Some(expected) => prop_assert_eq!(parse(&line), expected),
            None => prop_assert!(parse(&line).no_store),
        }
    }

    #[test]
    fn any_bytes_are_survived(lines in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..64), 0..4)) {
        let _ = CacheControl::parse(lines.iter().map(Vec::as_slice));
    }
}

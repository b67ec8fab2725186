use super::*;
use crate::fake::FakeShared;
use crate::headers::Headers;
use crate::key::Name;
use crate::policy::Terms;
use proptest::prelude::*;
use std::collections::HashMap;

fn table(entries: u32) -> Table {
    Table::new(b"t", 1, entries, 60)
}

fn key(number: usize) -> Key {
    variant(number, "")
}

fn resource(number: usize, part: u32) -> Resource {
    let path = format!("/{number}");
    let name = Name {
        part,
        rule: "r",
        authority: Some(b"a"),
        path: path.as_bytes(),
    };
    Resource::new(&name, None)
}

fn variant(number: usize, accept: &str) -> Key {
    let request: Headers = [("accept", accept)].into_iter().collect();
    let key = resource(number, 0).variant(&["accept".into()], &request);
    key.unwrap()
}

fn entry(at_ms: u64, body: &str) -> Entry {
    let terms = Terms {
        received_ms: at_ms,
        initial_age_ms: 0,
        lifetime: 0,
        stale_if_error: None,
        public: false,
    };
    Entry {
        terms,
        headers: Headers::default(),
        body: body.into(),
    }
}

impl Table {
    /// Stores what has just come.
    fn put(&self, shared: &FakeShared, key: &Key, entry: &Entry) -> Outcome {
        self.store(shared, key, entry, || entry.terms.received_ms)
    }
}

fn stored(evicted: bool) -> Outcome {
    Outcome::Stored { evicted }
}

#[test]
fn given_a_stored_copy_then_it_is_found_under_its_key_only() {
    let (table, shared) = (table(64), FakeShared::default());
    assert_eq!(
        table.put(&shared, &variant(1, "x"), &entry(5, "one")),
        stored(false)
    );
    assert_eq!(table.find(&shared, &variant(1, "x")), Some(entry(5, "one")));
    assert_eq!(table.find(&shared, &variant(1, "y")), None);
    assert_eq!(table.find(&shared, &key(2)), None);
}

#[test]
fn given_an_older_response_than_the_stored_one_then_it_is_not_taken() {
    let (table, shared) = (table(64), FakeShared::default());
    table.put(&shared, &key(1), &entry(5, "new"));
    assert_eq!(table.put(&shared, &key(1), &entry(4, "old")), Outcome::Older);
    assert_eq!(table.find(&shared, &key(1)), Some(entry(5, "new")));
}

#[test]
fn given_a_clock_that_steps_back_then_copies_from_the_future_make_room_and_no_other() {
    const HOUR: u64 = 3_600_000;
    let (table, shared) = (table(2), FakeShared::default());
    table.put(&shared, &key(1), &entry(2 * HOUR, "future"));
    table.put(&shared, &key(2), &entry(HOUR - 1, "good"));
    assert_eq!(table.put(&shared, &key(3), &entry(HOUR, "3")), stored(false));
    assert_eq!(table.find(&shared, &key(2)), Some(entry(HOUR - 1, "good")));
    table.put(&shared, &key(3), &entry(2 * HOUR, "future"));
    assert_eq!(table.put(&shared, &key(3), &entry(HOUR, "again")), stored(false));
    assert_eq!(table.find(&shared, &key(3)), Some(entry(HOUR, "again")));
}

#[test]
fn given_a_later_copy_that_came_by_now_then_a_slow_one_does_not_replace_it() {
    let (table, shared) = (table(64), FakeShared::default());
    table.put(&shared, &key(1), &entry(60_000, "new"));
    let outcome = table.store(&shared, &key(1), &entry(5, "slow"), || 61_000);
    assert_eq!(outcome, Outcome::Older);
}

#[test]
fn given_only_lost_races_then_nothing_is_forgotten_and_it_is_told() {
    let (table, shared) = (table(64), FakeShared::default());
    table.put(&shared, &key(1), &entry(5, "one"));
    shared.lose_races();
    assert_eq!(table.forget(&shared, &resource(1, 0)), None);
    assert_eq!(table.forget(&shared, &resource(2, 0)), Some(0));
}

#[test]
fn given_a_full_set_then_the_oldest_makes_room_and_only_a_live_one_is_an_eviction() {
    let (table, shared) = (table(2), FakeShared::default());
    assert_eq!(table.put(&shared, &key(1), &entry(1000, "1")), stored(false));
    assert_eq!(table.put(&shared, &key(2), &entry(2000, "2")), stored(false));
    assert_eq!(table.put(&shared, &key(3), &entry(3000, "3")), stored(true));
    assert_eq!(table.find(&shared, &key(1)), None);
    assert_eq!(
        table.put(&shared, &key(4), &entry(2000 + 60_001, "4")),
        stored(false)
    );
    assert_eq!(table.find(&shared, &key(2)), None);
    assert_eq!(table.find(&shared, &key(3)), Some(entry(3000, "3")));
}

#[test]
fn given_a_changed_resource_then_all_its_variants_are_forgotten() {
    let (table, shared) = (table(64), FakeShared::default());
    for accept in ["x", "y"] {
        table.put(&shared, &variant(1, accept), &entry(5, accept));
    }
    table.put(&shared, &key(2), &entry(5, "2"));
    assert_eq!(table.forget(&shared, &resource(1, 0)), Some(2));
    assert_eq!(table.find(&shared, &variant(1, "x")), None);
    assert!(table.find(&shared, &key(2)).is_some());
}

#[test]
fn given_a_flood_in_one_part_then_the_others_keep_what_they_have() {
    let (table, shared) = (Table::new(b"t", 3, 16, 60), FakeShared::default());
    let of = |part, number| resource(number, part).variant(&[], &Headers::default()).unwrap();
    for number in 0..8 {
        table.put(&shared, &of(1, number), &entry(5, "mine"));
    }
    for number in 0..1000 {
        for part in [0, 2] {
            table.put(&shared, &of(part, number), &entry(9, "flood"));
        }
    }
    for number in 0..8 {
        assert_eq!(table.find(&shared, &of(1, number)), Some(entry(5, "mine")));
    }
    assert_eq!(shared.keys(), 3 * (16 + 2) - 16 + 8);
}

#[test]
fn given_two_namespaces_then_they_share_nothing() {
    let shared = FakeShared::default();
    Table::new(b"a", 1, 8, 60).put(&shared, &key(1), &entry(5, "one"));
    assert_eq!(Table::new(b"b", 1, 8, 60).find(&shared, &key(1)), None);
}

#[test]
fn given_a_smaller_table_then_the_rest_of_the_larger_one_is_given_back() {
    let shared = FakeShared::default();
    let large = table(512);
    large.shrink(&shared);
    for number in 0..2000 {
        large.put(&shared, &key(number), &entry(5, &"x".repeat(1000)));
    }
    assert!(shared.bytes() > 400_000, "{}", shared.bytes());
    let small = table(16);
    small.shrink(&shared);
    assert!(shared.bytes() < 16 * 1200 + 512 * 100, "{}", shared.bytes());
    small.put(&shared, &key(1), &entry(6, "one"));
    assert_eq!(small.find(&shared, &key(1)), Some(entry(6, "one")));
}

#[test]
fn given_spoiled_memory_then_there_are_misses_and_the_table_works_on() {
    let (table, shared) = (table(8), FakeShared::default());
    for spoil in [&b""[..], &[0xff; 192], &[0; 7], b"HFC1\xff\xff"] {
        table.put(&shared, &key(1), &entry(5, "one"));
        shared.spoil(spoil);
        assert_eq!(table.find(&shared, &key(1)), None);
    }
    shared.spoil(b"");
    assert_eq!(table.put(&shared, &key(1), &entry(6, "again")), stored(false));
    assert_eq!(table.find(&shared, &key(1)), Some(entry(6, "again")));
}

#[test]
fn given_a_hundred_thousand_keys_then_memory_stays_within_the_bound() {
    let (table, shared) = (table(64), FakeShared::default());
    for number in 0..100_000 {
        table.put(&shared, &key(number), &entry(5, "0123456789"));
    }
    assert_eq!(shared.keys(), 64 + 8);
    assert!(shared.bytes() < 64 * 150 + 8 * 250, "{}", shared.bytes());
}

/// Workers that store and read at once: what is found under a key was stored under that key.
#[test]
fn given_many_workers_then_no_one_gets_anothers_copy() {
    let shared = FakeShared::default();
    let worker = |seed: usize| {
        let shared = shared.clone();
        move || {
            let table = table(16);
            let mut found = 0;
            for step in 0..4000_usize {
                let number = step.wrapping_mul(31).wrapping_add(seed * 7) % 40;
                if step % 2 == 0 {
                    table.put(
                        &shared,
                        &key(number),
                        &entry(step as u64 + 1, &format!("body {number}")),
                    );
                } else if let Some(copy) = table.find(&shared, &key(number)) {
                    assert_eq!(copy.body, format!("body {number}").into_bytes());
                    found += 1;
                }
            }
            found
        }
    };
    let workers: Vec<_> = (0..4).map(|seed| std::thread::spawn(worker(seed))).collect();
    let found: usize = workers.into_iter().map(|worker| worker.join().unwrap()).sum();
    assert!(found > 0);
    assert!(shared.keys() <= 16 + 2);
}

#[derive(Debug, Clone)]
enum Step {
    Store(usize, usize),
    Forget(usize),
    Find(usize, usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..12_usize, 0..3_usize).prop_map(|(number, variant)| Step::Store(number, variant)),
        1 => (0..12_usize).prop_map(Step::Forget),
        3 => (0..12_usize, 0..3_usize).prop_map(|(number, variant)| Step::Find(number, variant)),
    ]
}

proptest! {
    /// The reference is a map without bounds: the table may have less, by as much as it says it evicted.
    #[test]
    fn the_table_is_a_map_that_forgets_only_what_it_counts(
        entries in 1..40_u32,
        steps in prop::collection::vec(step(), 0..120),
    ) {
        let (table, shared) = (table(entries), FakeShared::default());
        let mut reference: HashMap<(usize, usize), Entry> = HashMap::new();
        let mut evicted = 0;
        for (time, step) in (1_u64..).zip(steps) {
            match step {
                Step::Store(number, accept) => {
                    let copy = entry(time, &format!("{number} {accept} {time}"));
                    let outcome = table.put(&shared, &variant(number, &accept.to_string()), &copy);
                    evicted += usize::from(outcome == stored(true));
                    prop_assert!(matches!(outcome, Outcome::Stored { .. }), "{:?}", outcome);
                    reference.insert((number, accept), copy);
                }
                Step::Forget(number) => {
                    table.forget(&shared, &resource(number, 0));
                    reference.retain(|(held, _), _| *held != number);
                }
                Step::Find(number, accept) => {
                    if let Some(copy) = table.find(&shared, &variant(number, &accept.to_string())) {
                        prop_assert_eq!(Some(&copy), reference.get(&(number, accept)));
                    }
                }
            }
        }
        let held = |(number, accept): &(usize, usize)| table.find(&shared, &variant(*number, &accept.to_string())).is_some();
        let missing = reference.keys().filter(|name| !held(name)).count();
        prop_assert!(missing <= evicted, "{} missing, {} evicted", missing, evicted);
        prop_assert!(shared.keys() <= usize::try_from(entries).unwrap() * 2);
    }
}

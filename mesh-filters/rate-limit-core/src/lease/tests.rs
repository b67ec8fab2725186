use proptest::prelude::*;

use super::*;
use crate::gcra::Limit;

const SECOND: u64 = 1_000_000_000;

fn limits() -> (Limit, Limit) {
    let limit =
        |requests: u32| Limit::new(requests.try_into().unwrap(), SECOND, requests.try_into().unwrap());
    (limit(10).unwrap(), limit(1).unwrap())
}

fn check(leases: [Lease; 2], now: u64) -> (Kind, Verdict) {
    let (limit, floor) = limits();
    Holding { leases, floor: 0 }.check(&limit, &floor, now)
}

#[test]
fn what_ends_first_is_used_first_and_all_of_it_is_told() {
    let (sooner, later) = (Lease::new(2, 5 * SECOND), Lease::new(9, 6 * SECOND));
    let (kind, verdict) = check([later, sooner], SECOND);
    assert_eq!((kind, verdict.allowed, verdict.remaining), (2, true, 10));
    assert_eq!(Lease(verdict.tat), Lease::new(1, 5 * SECOND));
    assert_eq!(verdict.source, Source::Lease);
    let (kind, verdict) = check([later, Lease::new(0, 5 * SECOND)], SECOND);
    assert_eq!((kind, verdict.allowed, verdict.remaining), (1, true, 8));
}

#[test]
fn an_empty_lease_refuses_and_none_leaves_it_to_the_floor() {
    let (_, verdict) = check([Lease::new(0, 5 * SECOND), Lease(0)], SECOND);
    assert_eq!(
        (verdict.allowed, verdict.source, verdict.wait),
        (false, Source::Lease, SECOND / 10)
    );
    let (kind, verdict) = check([Lease::new(7, SECOND), Lease(0)], SECOND);
    assert_eq!((kind, verdict.allowed, verdict.source), (0, true, Source::Floor));
}

#[test]
fn a_lease_replaces_the_one_that_ends_first_unless_it_is_old_news() {
    let held = |one, other| Holding {
        leases: [one, other],
        floor: 0,
    };
    let (none, some, empty) = (Lease(0), Lease::new(3, 5 * SECOND), Lease::new(0, 6 * SECOND));
    assert_eq!(held(some, none).place(Lease::new(1, 7 * SECOND), SECOND), Some(2));
    assert_eq!(
        held(some, Lease::new(3, 6 * SECOND)).place(Lease::new(1, 7 * SECOND), SECOND),
        Some(1)
    );
    assert_eq!(
        held(none, none).place(empty, SECOND),
        Some(1),
        "an answer, if a poor one"
    );
    assert_eq!(
        held(some, none).place(empty, SECOND),
        None,
        "there is something left"
    );
    assert_eq!(held(none, none).place(some, 5 * SECOND), None, "it is over");
    assert_eq!(
        held(some, some).place(Lease::new(9, 4 * SECOND), 0),
        None,
        "it is older"
    );
}

#[test]
fn what_a_slower_limit_has_left_makes_room_first() {
    let (hour, soon) = (Lease::new(0, 3600 * SECOND), Lease::new(5, 3 * SECOND));
    let held = |one, other| Holding {
        leases: [one, other],
        floor: 0,
    };
    assert_eq!(held(hour, hour).place(soon, SECOND), Some(1));
    assert_eq!(held(soon, hour).place(Lease::new(5, 4 * SECOND), SECOND), Some(2));
    assert_eq!(held(hour, hour).place(Lease::new(0, 3 * SECOND), SECOND), Some(1));
    assert_eq!(held(hour, hour).place(soon, 3 * SECOND), None, "it is over");
    assert_eq!(
        (held(soon, hour).number(1), held(soon, hour).number(2)),
        (soon.0, hour.0)
    );
}

proptest! {
    #[test]
    fn a_lease_only_grows_until_it_is_used_up(tokens in 0..200u32, expiry in SECOND..1000 * SECOND) {
        let lease = Lease::new(tokens, expiry);
        prop_assert!(lease.expiry() <= expiry && lease.expiry() + (1 << 22) > expiry);
        let (mut held, mut used) = (lease, 0);
        while let (_, Verdict { allowed: true, tat, source: Source::Lease, .. }) = check([held, Lease(0)], 1) {
            prop_assert!(Lease(tat) > held && Lease(tat).expiry() == lease.expiry());
            (held, used) = (Lease(tat), used + 1);
        }
        prop_assert_eq!(used, tokens);
    }

    #[test]
    fn whatever_is_in_the_table_is_a_lease(one: u64, other: u64, now: u64, tokens: u32, expiry: u64) {
        let holding = Holding { leases: [Lease(one), Lease(other)], floor: one };
        let (limit, floor) = limits();
        let _ = holding.check(&limit, &floor, now / 2);
        let _ = (holding.place(Lease::new(tokens, expiry), now), holding.stock(now));
    }
}

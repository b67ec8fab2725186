use proptest::prelude::*;

use super::*;

fn user(n: u8) -> Uuid {
    Uuid::from_u128(n.into())
}

fn drain(queue: &mut Queue<u32>) -> Vec<u32> {
    std::iter::from_fn(|| queue.pop()).collect()
}

#[test]
fn a_cancel_goes_before_ten_thousand_confirmations() {
    let mut queue = Queue::default();
    (0..10_000).for_each(|n| queue.push(Class::Bulk, user(1), n));
    queue.push(Class::Urgent, user(2), 77_777);
    assert_eq!(queue.pop(), Some(77_777));
    assert_eq!(queue.pop(), Some(0));
    assert_eq!(queue.waiting(Class::Bulk, user(1)), 9_999);
}

#[test]
fn users_take_turns() {
    let mut queue = Queue::default();
    (0..3).for_each(|n| queue.push(Class::Bulk, user(1), n));
    (10..12).for_each(|n| queue.push(Class::Bulk, user(2), n));
    assert_eq!(drain(&mut queue), [0, 10, 1, 11, 2]);
    assert!(queue.is_empty());
}

#[test]
fn what_may_wait_does_not_wait_for_ever() {
    let mut queue = Queue::default();
    (0..100).for_each(|n| queue.push(Class::Urgent, user(1), n));
    queue.push(Class::Bulk, user(2), 1_000);
    assert_eq!(drain(&mut queue).iter().position(|item| *item == 1_000), Some(16));
}

#[derive(Clone, Debug)]
enum Step {
    Push(Class, u8),
    Pop,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let class = prop_oneof![Just(Class::Urgent), Just(Class::Bulk)];
    let step = prop_oneof![3 => (class, 0..5_u8).prop_map(|(class, user)| Step::Push(class, user)), 2 => Just(Step::Pop)];
    proptest::collection::vec(step, 0..300)
}

/// What a plain list would know: everything that waits, in the order in which it came.
type Model = Vec<(Class, u8, u32)>;

proptest! {
    #[test]
    fn nothing_is_lost_or_doubled_and_each_user_is_served_in_order(steps in steps()) {
        let (mut queue, mut model) = (Queue::default(), Model::new());
        for (n, step) in (0..).zip(steps) {
            match step {
                Step::Push(class, of) => {
                    queue.push(class, user(of), n);
                    model.push((class, of, n));
                }
                Step::Pop => {
                    let popped = queue.pop();
                    prop_assert_eq!(popped.is_none(), model.is_empty());
                    let Some(popped) = popped else { continue };
                    let at = model.iter().position(|(_, _, item)| *item == popped);
                    let (class, of, _) = model.remove(at.unwrap());
                    let earlier = model.iter().any(|(c, u, item)| (*c, *u) == (class, of) && *item < popped);
                    prop_assert!(!earlier, "{of} overtook himself");
                }
            }
        }
        let mut left = drain(&mut queue);
        left.sort_unstable();
        prop_assert_eq!(left, model.into_iter().map(|(_, _, item)| item).collect::<Vec<_>>());
    }

    #[test]
    fn between_two_turns_of_a_user_nobody_has_more_than_one(counts in proptest::collection::vec(1..20_u32, 2..6)) {
        let mut queue = Queue::default();
        for (of, count) in (0..).zip(&counts) {
            (0..*count).for_each(|_| queue.push(Class::Bulk, user(of), u32::from(of)));
        }
        let order = drain(&mut queue);
        let served = |of: u32, until: usize| order.iter().take(until).filter(|item| **item == of).count();
        for until in 0..order.len() {
            for (of, count) in (0..).zip(&counts) {
                // Who still waits was served as often as anybody, or once less.
                let most = (0..counts.len() as u32).map(|other| served(other, until)).max().unwrap_or(0);
                let done = served(of, until);
                prop_assert!(done == *count as usize || done + 1 >= most, "{of} after {until}: {order:?}");
            }
        }
    }
}

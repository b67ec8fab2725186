//! Given a stock, when a command is decided, then …; and the laws that hold for any commands.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn line(sku: &str, quantity: u32) -> Line {
    Line {
        sku: sku.into(),
        quantity,
    }
}

fn receipt(id: &str, sku: &str, quantity: u32) -> Command {
    Command::Receive(Receipt {
        receipt_id: id.into(),
        line: line(sku, quantity),
    })
}

fn reserve(order: u128, lines: &[Line]) -> Command {
    Command::Reserve {
        order_id: Uuid::from_u128(order),
        lines: lines.to_vec(),
    }
}

fn run(state: &mut State, command: Command) -> Decision {
    let decision = decide(state, command).unwrap();
    evolve(state, &decision).unwrap();
    state.check().unwrap();
    decision
}

fn given(stock: &[(&str, u32)]) -> State {
    let mut state = State::default();
    for (sku, quantity) in stock {
        run(&mut state, receipt(&format!("r-{sku}"), sku, *quantity));
    }
    state
}

fn level(available: u64, reserved: u64, sold: u64, received: u64) -> Option<Level> {
    Some(Level {
        available,
        reserved,
        sold,
        received,
    })
}

const ORDER: Uuid = Uuid::from_u128(1);

#[test]
fn all_lines_are_held_when_all_are_available() {
    let mut state = given(&[("a", 5), ("b", 1)]);
    let lines = [line("a", 2), line("b", 1)];
    let decision = run(&mut state, reserve(1, &lines));
    assert_eq!(
        decision,
        Decision::Reserved {
            order_id: ORDER,
            lines: lines.to_vec()
        }
    );
    assert_eq!(state.level("a"), level(3, 2, 0, 5));
    assert_eq!(state.level("b"), level(0, 1, 0, 1));
}

#[test]
fn nothing_is_held_when_one_line_is_short() {
    let mut state = given(&[("a", 5), ("b", 1)]);
    let decision = run(
        &mut state,
        reserve(1, &[line("a", 2), line("b", 2), line("nowhere", 1)]),
    );
    let skus = vec!["b".to_owned(), "nowhere".to_owned()];
    assert_eq!(
        decision,
        Decision::NotAvailable {
            order_id: ORDER,
            skus
        }
    );
    assert_eq!(state.level("a"), level(5, 0, 0, 5));
}

#[test]
fn lines_of_one_sku_add_up() {
    let mut state = given(&[("a", 5)]);
    let decision = run(&mut state, reserve(1, &[line("a", 3), line("a", 3)]));
    assert_eq!(
        decision,
        Decision::NotAvailable {
            order_id: ORDER,
            skus: vec!["a".into()]
        }
    );
    run(&mut state, reserve(2, &[line("a", 3), line("a", 2)]));
    assert_eq!(state.level("a"), level(0, 5, 0, 5));
}

#[test]
fn nothing_and_lines_of_nothing_are_never_available() {
    let mut state = given(&[("a", 5)]);
    let decision = run(&mut state, reserve(1, &[]));
    assert_eq!(
        decision,
        Decision::NotAvailable {
            order_id: ORDER,
            skus: vec![]
        }
    );
    let decision = run(&mut state, reserve(1, &[line("a", 0)]));
    assert_eq!(
        decision,
        Decision::NotAvailable {
            order_id: ORDER,
            skus: vec!["a".into()]
        }
    );
}

#[test]
fn what_is_no_sku_is_short_and_not_repeated() {
    let mut state = given(&[("a", 5)]);
    let decision = run(
        &mut state,
        reserve(1, &[line("a", 1), line(&"\u{1}".repeat(9999), 1)]),
    );
    assert_eq!(
        decision,
        Decision::NotAvailable {
            order_id: ORDER,
            skus: vec![]
        }
    );
}

#[test]
fn quantities_at_the_end_of_their_range_do_not_overflow() {
    let mut state = given(&[("a", MAX_RECEIPT_QUANTITY)]);
    let huge = vec![line("a", u32::MAX); 100];
    let decision = run(&mut state, reserve(1, &huge));
    assert_eq!(
        decision,
        Decision::NotAvailable {
            order_id: ORDER,
            skus: vec!["a".into()]
        }
    );
}

#[test]
fn reserving_twice_answers_the_same_and_holds_once() {
    let mut state = given(&[("a", 5)]);
    let first = run(&mut state, reserve(1, &[line("a", 4)]));
    assert_eq!(run(&mut state, reserve(1, &[line("a", 4)])), first);
    assert_eq!(state.level("a"), level(1, 4, 0, 5));
}

#[test]
fn released_stock_is_available_again() {
    let mut state = given(&[("a", 5)]);
    run(&mut state, reserve(1, &[line("a", 4)]));
    run(&mut state, Command::Release { order_id: ORDER });
    assert_eq!(state.level("a"), level(5, 0, 0, 5));
    assert_eq!(state.reservation_count(), 0);
}

#[test]
fn committed_stock_is_sold_and_stays_sold() {
    let mut state = given(&[("a", 5)]);
    run(&mut state, reserve(1, &[line("a", 4)]));
    run(&mut state, Command::Commit { order_id: ORDER });
    assert_eq!(
        run(&mut state, Command::Commit { order_id: ORDER }),
        Decision::Committed { order_id: ORDER }
    );
    assert_eq!(
        run(&mut state, Command::Release { order_id: ORDER }),
        Decision::Released { order_id: ORDER }
    );
    assert_eq!(state.level("a"), level(1, 0, 4, 5));
}

#[test]
fn releasing_an_order_that_got_nothing_is_answered_and_changes_nothing() {
    let mut state = given(&[("a", 1)]);
    let before = state.clone();
    let decision = run(&mut state, Command::Release { order_id: ORDER });
    assert_eq!(decision, Decision::Released { order_id: ORDER });
    assert_eq!(state, before);
}

#[test]
fn a_receipt_counts_once() {
    let mut state = given(&[]);
    let first = run(&mut state, receipt("r", "a", 5));
    assert_eq!(run(&mut state, receipt("r", "a", 5)), first);
    assert_eq!(state.level("a"), level(5, 0, 0, 5));
}

#[test]
fn a_receipt_id_stands_for_one_content() {
    let mut state = given(&[]);
    run(&mut state, receipt("r", "a", 5));
    let refusal = Refusal::OtherReceipt {
        receipt_id: "r".into(),
        counted: line("a", 5),
    };
    assert_eq!(decide(&state, receipt("r", "a", 6)), Err(refusal.clone()));
    assert_eq!(decide(&state, receipt("r", "b", 5)), Err(refusal));
}

#[test]
fn receipts_outside_their_range_are_refused() {
    let state = given(&[]);
    assert_eq!(decide(&state, receipt("r", "a", 0)), Err(Refusal::Quantity));
    assert_eq!(
        decide(&state, receipt("r", "a", MAX_RECEIPT_QUANTITY + 1)),
        Err(Refusal::Quantity)
    );
    assert_eq!(decide(&state, receipt("", "a", 1)), Err(Refusal::ReceiptId));
    assert_eq!(decide(&state, receipt("a\nb", "a", 1)), Err(Refusal::ReceiptId));
    for sku in ["", "a b", "a/b", "ä", &"a".repeat(MAX_SKU_LENGTH + 1)] {
        assert_eq!(decide(&state, receipt("r", sku, 1)), Err(Refusal::Sku), "{sku}");
    }
}

#[test]
fn a_sku_cannot_be_received_without_end() {
    let full = Level {
        available: MAX_RECEIVED,
        received: MAX_RECEIVED,
        ..Level::default()
    };
    let stock = vec![StockLevel {
        sku: "a".into(),
        level: full,
    }];
    let state = Snapshot {
        stock,
        ..Snapshot::default()
    }
    .restore()
    .unwrap();
    assert_eq!(decide(&state, receipt("r", "a", 1)), Err(Refusal::TooMuch));
}

#[test]
fn a_log_that_oversells_is_inconsistent() {
    let mut state = given(&[("a", 1)]);
    let decision = Decision::Reserved {
        order_id: ORDER,
        lines: vec![line("a", 2)],
    };
    let oversold = Inconsistent::Oversold {
        order_id: ORDER,
        skus: vec!["a".into()],
    };
    assert_eq!(evolve(&mut state, &decision), Err(oversold));
}

#[test]
fn a_snapshot_that_breaks_the_balance_is_not_restored() {
    let lost = Level {
        available: 1,
        received: 2,
        ..Level::default()
    };
    let stock = vec![StockLevel {
        sku: "a".into(),
        level: lost,
    }];
    let error = Snapshot {
        stock,
        ..Snapshot::default()
    }
    .restore()
    .unwrap_err();
    assert_eq!(
        error,
        Imbalance {
            sku: "a".into(),
            level: lost,
            held: 0
        }
    );

    let reservations = vec![Reservation {
        order_id: ORDER,
        lines: vec![line("ghost", 1)],
    }];
    let error = Snapshot {
        reservations,
        ..Snapshot::default()
    }
    .restore()
    .unwrap_err();
    assert_eq!(error.sku, "ghost");
}

/// What an implementation without a care for speed would do: keep all and count each time.
#[derive(Default)]
struct Naive {
    receipts: BTreeMap<String, Line>,
    held: BTreeMap<Uuid, Vec<Line>>,
    sold: Vec<Line>,
}

impl Naive {
    fn sum<'a>(lines: impl IntoIterator<Item = &'a Line>, sku: &str) -> u64 {
        lines
            .into_iter()
            .filter(|line| line.sku == sku)
            .map(|line| u64::from(line.quantity))
            .sum()
    }

    fn level(&self, sku: &str) -> Level {
        let received = Self::sum(self.receipts.values(), sku);
        let reserved = Self::sum(self.held.values().flatten(), sku);
        let sold = Self::sum(&self.sold, sku);
        Level {
            available: received - reserved - sold,
            reserved,
            sold,
            received,
        }
    }

    fn run(&mut self, command: &Command) -> bool {
        match command {
            Command::Reserve { order_id, lines } => {
                if self.held.contains_key(order_id) {
                    return true;
                }
                let skus: BTreeSet<_> = lines.iter().map(|line| line.sku.as_str()).collect();
                let enough = skus
                    .iter()
                    .all(|sku| Self::sum(lines, sku) <= self.level(sku).available);
                let sane = !lines.is_empty() && lines.iter().all(|line| line.quantity > 0);
                if enough && sane {
                    self.held.insert(*order_id, lines.clone());
                }
                enough && sane
            }
            Command::Release { order_id } => {
                self.held.remove(order_id);
                true
            }
            Command::Commit { order_id } => {
                self.sold.extend(self.held.remove(order_id).unwrap_or_default());
                true
            }
            Command::Receive(receipt) => {
                let counted = self.receipts.entry(receipt.receipt_id.clone());
                *counted.or_insert_with(|| receipt.line.clone()) == receipt.line
            }
        }
    }
}

const SKUS: [&str; 4] = ["a", "b", "c", "never-received"];

fn any_line() -> impl Strategy<Value = Line> {
    (
        0..SKUS.len(),
        prop_oneof![8 => 1..6_u32, 1 => Just(0), 1 => Just(u32::MAX)],
    )
        .prop_map(|(sku, quantity)| line(SKUS[sku], quantity))
}

fn any_command() -> impl Strategy<Value = Command> {
    let order = || (0..8_u128).prop_map(Uuid::from_u128);
    prop_oneof![
        4 => (order(), prop::collection::vec(any_line(), 0..4))
            .prop_map(|(order_id, lines)| Command::Reserve { order_id, lines }),
        2 => order().prop_map(|order_id| Command::Release { order_id }),
        2 => order().prop_map(|order_id| Command::Commit { order_id }),
        2 => (0..6_u8, 0..3_usize, 1..9_u32).prop_map(|(id, sku, n)| receipt(&id.to_string(), SKUS[sku], n)),
    ]
}

/// Commands with some of them repeated, at once or later.
fn any_commands() -> impl Strategy<Value = Vec<Command>> {
    prop::collection::vec((any_command(), prop::bool::weighted(0.2)), 0..60).prop_map(|commands| {
        let repeated: Vec<_> = commands
            .iter()
            .filter(|(_, again)| *again)
            .map(|(c, _)| c.clone())
            .collect();
        let twice = commands
            .into_iter()
            .flat_map(|(c, again)| vec![c; 1 + usize::from(again)]);
        twice.chain(repeated).collect()
    })
}

proptest! {
    #[test]
    fn any_commands_agree_with_the_naive_model_and_keep_the_balance(commands in any_commands()) {
        let (mut state, mut naive) = (State::default(), Naive::default());
        for command in commands {
            let granted = naive.run(&command);
            let decision = decide(&state, command);
            let yes = !matches!(decision, Err(_) | Ok(Decision::NotAvailable { .. }));
            prop_assert_eq!(yes, granted);
            if let Ok(decision) = decision {
                evolve(&mut state, &decision).unwrap();
            }
            prop_assert_eq!(state.check(), Ok(()));
            for sku in SKUS {
                prop_assert_eq!(state.level(sku).unwrap_or_default(), naive.level(sku));
            }
        }
    }

    #[test]
    fn a_log_replays_and_a_snapshot_restores_to_the_same_state(
        commands in any_commands(),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut state = State::default();
        let mut log = Vec::new();
        for command in commands {
            if let Ok(decision) = decide(&state, command) {
                evolve(&mut state, &decision).unwrap();
                log.push(decision);
            }
        }
        let cut = cut.index(log.len() + 1);
        let mut replayed = State::default();
        log[..cut].iter().for_each(|decision| evolve(&mut replayed, decision).unwrap());
        let mut restored = Snapshot::of(&replayed).restore().unwrap();
        prop_assert_eq!(&restored, &replayed);
        log[cut..].iter().for_each(|decision| evolve(&mut restored, decision).unwrap());
        prop_assert_eq!(restored, state);
    }

    #[test]
    fn any_decision_on_any_state_is_applied_or_refused_without_a_panic(
        decisions in prop::collection::vec((any_command(), any::<bool>()), 0..40),
    ) {
        let mut state = State::default();
        for (command, forged) in decisions {
            let decision = match command {
                Command::Reserve { order_id, lines } if forged => Decision::Reserved { order_id, lines },
                command => match decide(&state, command) { Ok(decision) => decision, Err(_) => continue },
            };
            if evolve(&mut state, &decision).is_err() {
                break;
            }
            prop_assert_eq!(state.check(), Ok(()));
        }
    }
}

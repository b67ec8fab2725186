//! Where the workers of a proxy put their wishes together, and agree on who asks: one shared value.

use holdfast_filter_abi::{Expected, Host, Result, Swap};

use super::demand::{Bucket, MOST_KEYS, Wish};

/// Names the layout, as the table's.
const MAGIC: [u8; 4] = *b"HFQ1";
const ENTRY_BYTES: usize = 32;
/// Lost races after which a worker keeps its wishes to itself.
const ATTEMPTS: u32 = 32;

/// What one worker finds after it has put its wishes on the board.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Turn {
    /// The wishes of all workers, if it is this one's turn to ask.
    pub ask: Option<Vec<(Bucket, Wish)>>,
    /// Keys for which there was no room.
    pub dropped: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Board {
    /// When somebody may ask again.
    due: u64,
    /// In order of buckets.
    wishes: Vec<(Bucket, Wish)>,
}

/// Puts `wishes` on the board at `now`. Whoever comes first after the last asking is `tick` ago takes them all.
///
/// # Errors
/// Only faults; the wishes are then lost, and their requests will be wished for again.
pub fn put(host: &impl Host, key: &[u8], now: u64, tick: u64, wishes: &[(Bucket, Wish)]) -> Result<Turn> {
    for _ in 0..ATTEMPTS {
        let found = host.shared(key)?;
        let expected = found
            .as_ref()
            .map_or(Expected::Absent, |s| Expected::Version(s.version));
        let mut board = found.and_then(|s| Board::decode(&s.value)).unwrap_or_default();
        let dropped = board.merge(wishes);
        let is_due = board.due <= now || board.due > now.saturating_add(tick);
        if board.wishes.is_empty() || (wishes.is_empty() && !is_due) {
            return Ok(Turn::default());
        }
        let ask = is_due.then(|| std::mem::take(&mut board.wishes));
        if ask.is_some() {
            // A little early, or a worker whose timer is a little early would miss every second turn.
            board.due = now.saturating_add(tick - tick / 8);
        }
        if host.store(key, &board.encode(), expected)? == Swap::Stored {
            return Ok(Turn { ask, dropped });
        }
    }
    Ok(Turn {
        ask: None,
        dropped: u32::try_from(wishes.len()).unwrap_or(u32::MAX),
    })
}

impl Board {
    /// The number of wishes for which there was no room.
    fn merge(&mut self, wishes: &[(Bucket, Wish)]) -> u32 {
        let mut dropped = 0;
        for (bucket, wish) in wishes {
            match self.wishes.binary_search_by_key(bucket, |(held, _)| *held) {
                Ok(place) => {
                    if let Some((_, held)) = self.wishes.get_mut(place) {
                        *held = held.and(*wish);
                    }
                }
                Err(place) if self.wishes.len() < MOST_KEYS => self.wishes.insert(place, (*bucket, *wish)),
                Err(_) => dropped += 1,
            }
        }
        dropped
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (magic, rest) = bytes.split_first_chunk::<4>()?;
        let (due, rest) = rest.split_first_chunk::<8>()?;
        let (entries, rest) = rest.as_chunks::<ENTRY_BYTES>();
        let known = *magic == MAGIC && rest.is_empty() && entries.len() <= MOST_KEYS;
        let wishes = entries.iter().map(decode_entry).collect::<Option<Vec<_>>>()?;
        // Merging relies on the order.
        let ordered = wishes.is_sorted_by(|(one, _), (other, _)| one < other);
        (known && ordered).then_some(Self {
            due: u64::from_le_bytes(*due),
            wishes,
        })
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(12 + self.wishes.len() * ENTRY_BYTES);
        out.extend(MAGIC);
        out.extend(self.due.to_le_bytes());
        for (bucket, wish) in &self.wishes {
            out.extend(bucket.rule.to_le_bytes());
            out.extend(bucket.key);
            out.extend(wish.wanted.to_le_bytes());
            out.extend(wish.spent.to_le_bytes());
        }
        out
    }
}

fn decode_entry(entry: &[u8; ENTRY_BYTES]) -> Option<(Bucket, Wish)> {
    let (rule, rest) = entry.split_first_chunk::<8>()?;
    let (key, rest) = rest.split_first_chunk::<16>()?;
    let (wanted, rest) = rest.split_first_chunk::<4>()?;
    let (spent, _) = rest.split_first_chunk::<4>()?;
    let bucket = Bucket {
        rule: u64::from_le_bytes(*rule),
        key: *key,
    };
    let wish = Wish {
        wanted: u32::from_le_bytes(*wanted),
        spent: u32::from_le_bytes(*spent),
    };
    Some((bucket, wish))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lease::demand::fingerprint;
    use holdfast_filter_abi::fake::{FakeProxy, FakeShared};
    use proptest::prelude::*;

    const TICK: u64 = 200;

    fn wish(key: u16, wanted: u32) -> (Bucket, Wish) {
        (
            Bucket {
                rule: 1,
                key: fingerprint(&key.to_le_bytes()),
            },
            Wish { wanted, spent: 0 },
        )
    }

    fn at(host: &FakeProxy, now: u64, wishes: &[(Bucket, Wish)]) -> Option<Vec<(Bucket, Wish)>> {
        put(host, b"board", now, TICK, wishes).unwrap().ask
    }

    #[test]
    fn one_worker_a_tick_asks_for_all() {
        let host = FakeProxy::new(&FakeShared::default());
        assert_eq!(at(&host, 1000, &[wish(1, 2)]), Some(vec![wish(1, 2)]));
        assert_eq!(at(&host, 1010, &[wish(1, 3)]), None);
        assert_eq!(at(&host, 1020, &[wish(1, 4)]), None);
        assert_eq!(at(&host, 1000 + TICK, &[]), Some(vec![wish(1, 7)]));
        assert_eq!(at(&host, 9000, &[]), None, "nothing is wanted");
    }

    #[test]
    fn a_turn_far_ahead_is_left_from_a_longer_tick() {
        let host = FakeProxy::new(&FakeShared::default());
        assert!(
            put(&host, b"board", 1000, 10_000, &[wish(1, 1)])
                .unwrap()
                .ask
                .is_some()
        );
        assert!(at(&host, 1001, &[wish(1, 1)]).is_some());
    }

    #[test]
    fn there_is_room_for_so_many_keys_and_the_rest_is_told() {
        let host = FakeProxy::new(&FakeShared::default());
        let wishes: Vec<_> = (0..600).map(|key| wish(key, 1)).collect();
        assert_eq!(at(&host, 1000, &wishes[..1]).unwrap().len(), 1);
        let turn = put(&host, b"board", 1001, TICK, &wishes).unwrap();
        assert_eq!((turn.ask, turn.dropped), (None, 600 - MOST_KEYS as u32));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_replaced(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let host = FakeProxy::new(&FakeShared::default());
            let _ = host.store(b"board", &bytes, Expected::Any).unwrap();
            prop_assert!(put(&host, b"board", 1000, TICK, &[wish(1, 1)]).is_ok());
            let _ = Board::decode(&[&MAGIC[..], &bytes].concat());
        }

        #[test]
        fn what_is_on_the_board_survives_the_wire(keys in prop::collection::btree_map(any::<(u64, [u8; 16])>(), any::<(u32, u32)>(), 0..40), due: u64) {
            let wishes = keys.into_iter().map(|((rule, key), (wanted, spent))| (Bucket { rule, key }, Wish { wanted, spent }));
            let board = Board { due, wishes: wishes.collect() };
            prop_assert_eq!(Board::decode(&board.encode()), Some(board));
        }
    }
}

//! What one worker remembers so as not to store the same response over and over.

use std::cell::Cell;
use std::rc::Rc;

/// More copies than this are not remembered; they only get stored more often.
const MAX_CELLS: u32 = 4096;
/// Responses of one worker that may be collected at once: a bound on memory when bodies are slow.
const MAX_COLLECTING: usize = 256;

#[derive(Debug, Default, Clone, Copy)]
struct Seen {
    fingerprint: u64,
    at_ms: u64,
}

#[derive(Debug)]
pub(crate) struct Refresh {
    cells: Vec<Cell<Seen>>,
    interval_ms: u64,
    collecting: Rc<()>,
}

/// The right to collect one body; given back when dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    _held: Rc<()>,
}

impl Refresh {
    pub fn new(entries: u32, interval_ms: u64) -> Self {
        let cells = (0..entries.clamp(1, MAX_CELLS))
            .map(|_| Cell::default())
            .collect();
        Self {
            cells,
            interval_ms,
            collecting: Rc::new(()),
        }
    }

    /// Whether the response was not looked at during the last interval. A clock that went back says yes.
    pub fn is_due(&self, fingerprint: u64, now_ms: u64) -> bool {
        let seen = self.cell(fingerprint).map(Cell::get).unwrap_or_default();
        let elapsed = now_ms.checked_sub(seen.at_ms);
        seen.fingerprint != fingerprint || elapsed.is_none_or(|elapsed| elapsed >= self.interval_ms)
    }

    pub fn mark(&self, fingerprint: u64, now_ms: u64) {
        if let Some(cell) = self.cell(fingerprint) {
            cell.set(Seen {
                fingerprint,
                at_ms: now_ms,
            });
        }
    }

    pub fn permit(&self) -> Option<Permit> {
        let free = Rc::strong_count(&self.collecting) <= MAX_COLLECTING;
        free.then(|| Permit {
            _held: Rc::clone(&self.collecting),
        })
    }

    fn cell(&self, fingerprint: u64) -> Option<&Cell<Seen>> {
        let at = fingerprint.checked_rem(u64::try_from(self.cells.len()).ok()?)?;
        self.cells.get(usize::try_from(at).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_marked_response_then_it_is_due_after_the_interval() {
        let refresh = Refresh::new(4, 1000);
        assert!(refresh.is_due(7, 5000));
        refresh.mark(7, 5000);
        assert!(!refresh.is_due(7, 5999));
        assert!(refresh.is_due(7, 6000));
        assert!(refresh.is_due(7, 4000), "the clock went back");
        assert!(refresh.is_due(11, 5001), "another response of the same cell");
    }

    #[test]
    fn given_too_many_bodies_at_once_then_no_permit_until_one_is_given_back() {
        let refresh = Refresh::new(4, 0);
        let mut held: Vec<_> = (0..MAX_COLLECTING).map(|_| refresh.permit().unwrap()).collect();
        assert!(refresh.permit().is_none());
        held.pop();
        assert!(refresh.permit().is_some());
    }
}

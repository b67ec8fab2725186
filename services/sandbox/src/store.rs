//! The file that charges are kept in: one JSON document a line, appended at every change of a charge.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use crate::charge::Charge;
use crate::ledger::Sink;

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused.
    #[error("{path}: {source}")]
    Io {
        /// Which file or folder.
        path: String,
        /// Its words.
        #[source]
        source: io::Error,
    },
    /// A complete line is not a charge.
    #[error("{path}:{line}: not a charge: {source}")]
    Malformed {
        /// Which file.
        path: String,
        /// 1-based.
        line: usize,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
}

/// An open file of charges.
///
/// One `write` a charge and no fsync: what was answered survives the death of the process, not that of the
/// machine. That is enough for a sandbox, and cheap.
#[derive(Debug)]
pub struct Store {
    file: File,
    line: Vec<u8>,
}

impl Store {
    /// Opens or creates the file and reads what it holds. A last line that was cut off by a crash is dropped.
    ///
    /// # Errors
    /// [`Error`] names the file, and the line that is not a charge.
    pub fn open(path: &Path) -> Result<(Self, Vec<Charge>), Error> {
        let io = |source| Error::Io {
            path: path.display().to_string(),
            source,
        };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(io)?;
        }
        let file = OpenOptions::new()
            .create(true)
            .read(true)
            .append(true)
            .open(path)
            .map_err(io)?;
        let (charges, complete) = read(&file, path)?;
        file.set_len(complete).map_err(io)?;
        Ok((
            Self {
                file,
                line: Vec::new(),
            },
            charges,
        ))
    }
}

fn read(file: &File, path: &Path) -> Result<(Vec<Charge>, u64), Error> {
    let name = || path.display().to_string();
    let mut reader = BufReader::new(file);
    let (mut charges, mut complete, mut line) = (Vec::new(), 0, Vec::new());
    loop {
        line.clear();
        let length = reader
            .read_until(b'\n', &mut line)
            .map_err(|source| Error::Io { path: name(), source })?;
        if line.last() != Some(&b'\n') {
            return Ok((charges, complete));
        }
        let charge = serde_json::from_slice(&line).map_err(|source| Error::Malformed {
            path: name(),
            line: charges.len() + 1,
            source,
        })?;
        charges.push(charge);
        complete += length as u64;
    }
}

impl Sink for Store {
    fn keep(&mut self, charge: &Charge) -> io::Result<()> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, charge)?;
        self.line.push(b'\n');
        self.file.write_all(&self.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn voided(key: &str) -> Charge {
        Charge::void_of_unseen(key, None, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn charges_are_read_back_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sandbox/charges.jsonl");
        let (mut store, none) = Store::open(&path).unwrap();
        assert!(none.is_empty());
        store.keep(&voided("a")).unwrap();
        store.keep(&voided("b")).unwrap();
        let (_, charges) = Store::open(&path).unwrap();
        assert_eq!(charges, [voided("a"), voided("b")]);
    }

    #[test]
    fn a_last_line_that_was_cut_off_is_dropped_and_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("charges.jsonl");
        let (mut store, _) = Store::open(&path).unwrap();
        store.keep(&voided("a")).unwrap();
        store.file.write_all(b"{\"charge_id\":\"ch").unwrap();
        let (mut store, charges) = Store::open(&path).unwrap();
        assert_eq!(charges, [voided("a")]);
        store.keep(&voided("b")).unwrap();
        assert_eq!(Store::open(&path).unwrap().1, [voided("a"), voided("b")]);
    }

    #[test]
    fn a_damaged_line_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("charges.jsonl");
        let (mut store, _) = Store::open(&path).unwrap();
        store.keep(&voided("a")).unwrap();
        store.file.write_all(b"nonsense\n").unwrap();
        let error = Store::open(&path).unwrap_err();
        assert!(matches!(error, Error::Malformed { line: 2, .. }), "{error}");
    }
}

//! Files that nobody else may read.

use std::fs::{self, File};
use std::io::{Result, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Writes a file that only its owner may read; a reader sees all of it or nothing.
pub(crate) fn keep(path: &Path, secret: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let fresh = path.with_added_extension("new");
    // One that a killed process left may have other rights.
    _ = fs::remove_file(&fresh);
    let mut file = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&fresh)?;
    file.write_all(secret)?;
    file.sync_all()?;
    fs::rename(&fresh, path)
}

//! Becoming a child that does not outlive its supervisor.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::{CommandExt as _, parent_id};
use std::path::Path;
use std::process::Command;

/// Replaces this process by `program`, which the system will kill when the process `supervisor` dies.
/// Returns only if it cannot.
///
/// Between fork and exec only unsafe code may run, so the supervisor starts itself in the child's place, and
/// that asks to die with its parent before it becomes the program: the wish survives `exec`.
#[must_use]
pub fn replace_process(supervisor: u32, program: &Path, arguments: &[OsString]) -> io::Error {
    #[cfg(target_os = "linux")]
    if let Err(error) = nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL) {
        return error.into();
    }
    // The supervisor may have died before the wish was made.
    if parent_id() != supervisor {
        return io::Error::other("the supervisor is gone");
    }
    Command::new(program).args(arguments).exec()
}

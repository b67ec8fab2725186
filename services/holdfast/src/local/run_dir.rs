//! `.holdfast/run`: what people, tests and tools find a running platform by.

use std::fs::{self, File, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use nix::sys::signal::kill;
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use super::Error;

/// One process of a running platform, as `processes.json` has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// `nats-server`, the name of a service, that of its sidecar (`order-sidecar`), or `gateway`.
    pub name: String,
    /// Its process id; another one after each restart.
    pub pid: u32,
    /// Where it takes traffic; of a sidecar: from other proxies; of nats-server: where its clients connect.
    pub http_port: u16,
    /// Its admin port; of nats-server: its monitoring.
    pub admin_port: u16,
}

/// The folder, held by one supervisor at a time.
#[derive(Debug)]
pub struct RunDir {
    folder: PathBuf,
    processes: Mutex<Vec<Process>>,
    /// Held as long as this lives, and released by the system if the supervisor dies.
    _lock: File,
}

impl RunDir {
    /// Takes `<home>/run`, and removes what a supervisor that was killed left there.
    pub(super) fn claim(home: &Path) -> Result<Self, Error> {
        let folder = home.join("run");
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| Error::File { path, source }
        };
        fs::create_dir_all(&folder).map_err(at(&folder))?;
        let path = folder.join("supervisor.pid");
        let mut lock = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(at(&path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                _ = lock.read_to_string(&mut pid);
                return Err(Error::AlreadyRunning {
                    home: home.to_owned(),
                    pid: pid.trim().to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(Error::File { path, source }),
        }
        lock.set_len(0)
            .and_then(|()| writeln!(lock, "{}", std::process::id()))
            .map_err(at(&path))?;
        let run_dir = Self {
            folder,
            processes: Mutex::default(),
            _lock: lock,
        };
        run_dir.clear();
        Ok(run_dir)
    }

    /// The processes of the platform that runs from `home`; none if what is written there is of one that is gone.
    #[must_use]
    pub fn find(home: &Path) -> Vec<Process> {
        let Ok(text) = fs::read(home.join("run/processes.json")) else {
            return Vec::new();
        };
        let processes: Vec<Process> = serde_json::from_slice(&text).unwrap_or_default();
        // One that is being restarted comes back to its ports.
        if processes.iter().any(|process| is_alive(process.pid)) {
            processes
        } else {
            Vec::new()
        }
    }

    /// What runs now.
    #[must_use]
    pub fn processes(&self) -> Vec<Process> {
        self.processes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Notes a process that was started, in place of one of the same name.
    pub(super) fn note(&self, process: Process) -> Result<(), Error> {
        let mut processes = self.processes.lock().unwrap_or_else(PoisonError::into_inner);
        match processes.iter_mut().find(|known| known.name == process.name) {
            Some(known) => *known = process,
            None => processes.push(process),
        }
        self.write("processes.json", &json(&*processes))
    }

    /// Where it is.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Removes what would tell others that a platform runs here, the keys of its proxies, and passwords.
    pub(super) fn clear(&self) {
        for name in ["processes.json", "credentials.json", "credentials.lock"] {
            _ = fs::remove_file(self.folder.join(name));
        }
        for name in ["mesh", "nats"] {
            _ = fs::remove_dir_all(self.folder.join(name));
        }
    }

    /// A reader sees the old file or the new one, never half of one.
    fn write(&self, name: &str, content: &[u8]) -> Result<(), Error> {
        let (path, fresh) = (self.folder.join(name), self.folder.join(format!("{name}.new")));
        fs::write(&fresh, content)
            .and_then(|()| fs::rename(&fresh, &path))
            .map_err(|source| Error::File { path, source })
    }
}

fn is_alive(pid: u32) -> bool {
    i32::try_from(pid).is_ok_and(|pid| kill(Pid::from_raw(pid), None).is_ok())
}

fn json(value: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(value).unwrap_or_default();
    text.push(b'\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(name: &str, http_port: u16) -> Process {
        Process {
            name: name.to_owned(),
            pid: std::process::id(),
            http_port,
            admin_port: 2,
        }
    }

    #[test]
    fn a_restarted_process_keeps_its_name_and_place() {
        let home = tempfile::tempdir().unwrap();
        let run_dir = RunDir::claim(home.path()).unwrap();
        for (name, port) in [("a", 1), ("b", 2), ("a", 3)] {
            run_dir.note(process(name, port)).unwrap();
        }
        assert_eq!(RunDir::find(home.path()), [process("a", 3), process("b", 2)]);
    }

    #[test]
    fn processes_that_are_gone_are_not_found() {
        let home = tempfile::tempdir().unwrap();
        let run_dir = RunDir::claim(home.path()).unwrap();
        run_dir
            .note(Process {
                pid: i32::MAX as u32,
                ..process("a", 1)
            })
            .unwrap();
        assert_eq!(RunDir::find(home.path()), []);
    }

    #[test]
    fn a_second_supervisor_is_refused_and_told_the_pid_of_the_first() {
        let home = tempfile::tempdir().unwrap();
        let _first = RunDir::claim(home.path()).unwrap();
        let Err(Error::AlreadyRunning { pid, .. }) = RunDir::claim(home.path()) else {
            panic!("not refused")
        };
        assert_eq!(pid, std::process::id().to_string());
    }

    #[test]
    fn what_a_killed_supervisor_left_is_removed() {
        let home = tempfile::tempdir().unwrap();
        let first = RunDir::claim(home.path()).unwrap();
        first.note(process("a", 1)).unwrap();
        drop(first);
        let _second = RunDir::claim(home.path()).unwrap();
        assert_eq!(RunDir::find(home.path()), []);
    }
}

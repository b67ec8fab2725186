//! How long a service is away that was killed.

use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::Serialize;
use tokio::time::{Instant, sleep, timeout};

use super::Error;
use crate::local::{Platform, Process};

/// Much longer than any restart may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How exactly the end is seen.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A process that was killed with SIGKILL and started again.
#[derive(Clone, Debug, Serialize)]
pub struct Restart {
    /// Its name.
    pub process: &'static str,
    /// Orders that had ended before, each of them two stock decisions.
    pub orders_before: u64,
    /// From the kill until it was ready again, in seconds: the supervisor's pause before it starts a process again is in it.
    pub seconds: f64,
}

/// Kills `process` and waits until its successor is ready.
///
/// # Errors
/// [`Error::NotReady`] when there is no such process, or no successor becomes ready.
pub async fn measure(
    platform: &Platform,
    process: &'static str,
    orders_before: u64,
) -> Result<Restart, Error> {
    let killed = find(platform, process).ok_or(Error::NotReady { process })?;
    let since = Instant::now();
    // Whoever is gone already is what this waits for.
    let _ = kill(Pid::from_raw(killed.pid.cast_signed()), Signal::SIGKILL);
    timeout(PATIENCE, successor_ready(platform, &killed))
        .await
        .map_err(|_| Error::NotReady { process })?;
    Ok(Restart {
        process,
        orders_before,
        seconds: since.elapsed().as_secs_f64(),
    })
}

async fn successor_ready(platform: &Platform, killed: &Process) {
    loop {
        let successor = find(platform, &killed.name).filter(|found| found.pid != killed.pid);
        if let Some(successor) = successor
            && is_ready(&successor).await
        {
            return;
        }
        sleep(LOOK_EVERY).await;
    }
}

async fn is_ready(process: &Process) -> bool {
    let url = format!("http://127.0.0.1:{}/readyz", process.admin_port);
    reqwest::get(&url)
        .await
        .is_ok_and(|answer| answer.status().is_success())
}

fn find(platform: &Platform, name: &str) -> Option<Process> {
    platform
        .processes()
        .into_iter()
        .find(|process| process.name == name)
}

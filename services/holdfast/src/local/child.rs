//! One child process that is started again whenever it stops.

use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::Command;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::spec::Spec;
use super::{Logs, Options, Process, RunDir};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A process that ran this long does not fail at its start: the next pause is a short one again.
const RECOVERED_AFTER: Duration = Duration::from_secs(2);

/// A process under supervision.
#[derive(Debug)]
pub(super) struct Child {
    name: &'static str,
    stops: Arc<AtomicU32>,
    stop_within: watch::Sender<Option<Duration>>,
    task: JoinHandle<()>,
}

impl Child {
    /// Starts the process and keeps it running until [`Child::stop`].
    pub(super) fn supervise(
        spec: Spec,
        options: &Options,
        run_dir: Arc<RunDir>,
        force: CancellationToken,
    ) -> Self {
        let (stop_within, asked) = watch::channel(None);
        let stops = Arc::default();
        let name = spec.name;
        let supervisor = Supervisor {
            launcher: options.binaries.join("holdfast"),
            logs: options.logs.clone(),
            stops: Arc::clone(&stops),
            spec,
            run_dir,
            asked,
            force,
        };
        Self {
            name,
            stops,
            stop_within,
            task: tokio::spawn(supervisor.run()),
        }
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// How often it stopped unasked.
    pub(super) fn stops(&self) -> u32 {
        self.stops.load(Ordering::Relaxed)
    }

    /// Asks it to stop, waits, and kills it if it does not in time.
    pub(super) async fn stop(self, within: Duration) {
        self.stop_within.send_replace(Some(within));
        _ = self.task.await;
    }
}

struct Supervisor {
    launcher: std::path::PathBuf,
    logs: Logs,
    spec: Spec,
    run_dir: Arc<RunDir>,
    stops: Arc<AtomicU32>,
    asked: watch::Receiver<Option<Duration>>,
    force: CancellationToken,
}

impl Supervisor {
    async fn run(mut self) {
        let mut pause = FIRST_PAUSE;
        loop {
            let started = Instant::now();
            let how = match self.start() {
                Err(error) => format!("could not be started: {error}"),
                Ok(mut child) => match self.run_once(&mut child).await {
                    Some(how) => how,
                    None => return,
                },
            };
            pause = if started.elapsed() > RECOVERED_AFTER {
                FIRST_PAUSE
            } else {
                pause
            };
            self.stops.fetch_add(1, Ordering::Relaxed);
            self.logs.say(format_args!(
                "{} {how}; it is started again in {pause:?}",
                self.spec.name
            ));
            tokio::select! {
                () = sleep(pause) => {}
                _ = self.asked.wait_for(Option::is_some) => return,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn start(&self) -> std::io::Result<tokio::process::Child> {
        let (stdout, stderr) = self.logs.stdio(self.spec.name)?;
        let mut child = Command::new(&self.launcher)
            .args([
                "exec-child",
                "--supervisor",
                &std::process::id().to_string(),
                "--",
            ])
            .arg(&self.spec.program)
            .args(&self.spec.arguments)
            // All of the platform is on this machine.
            .env_remove("http_proxy")
            .env_remove("HTTP_PROXY")
            .env_remove("all_proxy")
            .env_remove("ALL_PROXY")
            .envs(self.spec.environment.iter().map(|(name, value)| (name, value)))
            .stdin(std::process::Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            // Ctrl-C in a terminal goes to the supervisor only, which stops its children in order.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        if let Some(output) = child.stdout.take() {
            self.logs.follow(self.spec.name, output);
        }
        if let Some(output) = child.stderr.take() {
            self.logs.follow(self.spec.name, output);
        }
        self.note(&child);
        Ok(child)
    }

    fn note(&self, child: &tokio::process::Child) {
        let Spec {
            name,
            http_port,
            admin_port,
            ..
        } = self.spec;
        let Some(pid) = child.id() else { return };
        if let Err(error) = self.run_dir.note(Process {
            name: name.to_owned(),
            pid,
            http_port,
            admin_port,
        }) {
            self.logs.say(error);
        }
    }

    /// Says how the process stopped, or nothing if it was asked to.
    async fn run_once(&mut self, child: &mut tokio::process::Child) -> Option<String> {
        let within = tokio::select! {
            status = child.wait() => return Some(describe(status)),
            within = self.asked.wait_for(Option::is_some) => within.ok().and_then(|within| *within),
        };
        self.terminate(child, within.unwrap_or_default()).await;
        None
    }

    async fn terminate(&self, child: &mut tokio::process::Child, within: Duration) {
        if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()) {
            _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
        tokio::select! {
            stopped = timeout(within, child.wait()) => if stopped.is_ok() { return },
            () = self.force.cancelled() => {}
        }
        self.logs.say(format_args!(
            "{} did not stop by itself and is killed",
            self.spec.name
        ));
        _ = child.kill().await;
    }
}

fn describe(status: std::io::Result<ExitStatus>) -> String {
    match status {
        Ok(status) => format!("stopped ({status})"),
        Err(error) => format!("is lost: {error}"),
    }
}

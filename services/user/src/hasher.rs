//! Password hashes: argon2id, a bounded number at once.
//!
//! A hash costs its 19 MiB and some 20 ms of a core on purpose. So that a storm of logins takes no more of the machine
//! than it may, few run at once, few wait, and the others are told to come again.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use holdfast_user_core::password;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// When to come again: the queue is gone by then.
pub const RETRY_AFTER: Duration = Duration::from_secs(1);

/// How long a password waits for its turn unless it is told otherwise.
const TURN_WITHIN: Duration = Duration::from_secs(3);

/// Why there is no hash.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Too many wait already, or this one has waited too long.
    #[error("too many passwords are being checked")]
    Busy,
    /// The password is too weak.
    #[error("{0}")]
    Weak(#[from] holdfast_user_core::Invalid),
    /// The library refused, or the process is ending.
    #[error("the password cannot be hashed: {0}")]
    Failed(String),
}

/// Hashes passwords. Clones share one queue.
#[derive(Clone)]
pub struct Hasher {
    waiting: Arc<Semaphore>,
    running: Arc<Semaphore>,
    /// How long one waits to run.
    turn_within: Duration,
    /// How much those that run give way to all other threads.
    niceness: u8,
    /// Of a password that nobody knows: what is compared with if there is no account.
    decoy: Arc<str>,
}

impl Hasher {
    /// At most `threads` hashes at once, and `queue` that wait.
    ///
    /// # Errors
    /// [`Error::Failed`] if the library refuses, which its defaults exclude.
    pub fn new(threads: usize, queue: usize) -> Result<Self, Error> {
        let unknown: [u8; 32] = rand::random();
        Ok(Self {
            waiting: Arc::new(Semaphore::new(threads + queue)),
            running: Arc::new(Semaphore::new(threads)),
            turn_within: TURN_WITHIN,
            niceness: 0,
            decoy: hash(&unknown)?.into(),
        })
    }

    /// The same, where a password waits so long for its turn.
    #[must_use]
    pub fn waiting(self, turn_within: Duration) -> Self {
        Self { turn_within, ..self }
    }

    /// The same, whose threads give way to others by so many steps of `nice`, 0 to 19.
    #[must_use]
    pub fn nice(self, niceness: u8) -> Self {
        Self { niceness, ..self }
    }

    /// Judges a prepared password, as one of somebody with these other words, and hashes it.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn hash(&self, password: String, words: Vec<String>) -> Result<String, Error> {
        self.run(move || {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            password::judge(&password, &words)?;
            hash(password.as_bytes())
        })
        .await?
    }

    /// Hashes a password that was accepted before.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn rehash(&self, password: String) -> Result<String, Error> {
        self.run(move || hash(password.as_bytes())).await?
    }

    /// Whether a hash was made with other parameters than those of today.
    #[must_use]
    pub fn is_outdated(&self, hash: &str) -> bool {
        parameters(hash) != parameters(&self.decoy)
    }

    /// Whether a hash is of this password. Without a hash it never is, and the work is the same.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, Error> {
        let decoy = Arc::clone(&self.decoy);
        self.run(move || {
            let against = hash.as_deref().unwrap_or(&decoy);
            let verified = Argon2::default().verify_password(password.as_bytes(), against);
            verified.is_ok() && hash.is_some()
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let since = Instant::now();
        let place = Arc::clone(&self.waiting)
            .try_acquire_owned()
            .map_err(|_| Error::Busy)?;
        let turn = timeout(self.turn_within, Arc::clone(&self.running).acquire_owned()).await;
        let turn = turn.map_err(|_| Error::Busy)?;
        let turn = turn.map_err(|error| Error::Failed(error.to_string()))?;
        metrics::histogram!("holdfast_user_password_wait_seconds").record(since.elapsed().as_secs_f64());
        let niceness = self.niceness;
        // Held by the work: a caller who goes away does not make room before it is done.
        let work = move || {
            give_way(niceness);
            let done = work();
            drop((place, turn));
            done
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| Error::Failed(error.to_string()))
    }
}

thread_local! {
    static GIVES_WAY: Cell<bool> = const { Cell::new(false) };
}

/// From now on this thread runs when others leave it time: requests are answered before passwords are checked. Where the
/// system has no such thing for one thread, nothing changes.
fn give_way(niceness: u8) {
    if niceness == 0 || GIVES_WAY.replace(true) {
        return;
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{getpriority_process, setpriority_process};
        let thread = Some(rustix::thread::gettid());
        let lowered = getpriority_process(thread)
            .and_then(|now| setpriority_process(thread, (now + i32::from(niceness)).min(19)));
        if let Err(error) = lowered {
            tracing::warn!("threads that check passwords do not give way to others: {error}");
        }
    }
}

/// Algorithm, version and costs of a PHC string: what stands before the salt.
fn parameters(hash: &str) -> Option<&str> {
    let (rest, _) = hash.rsplit_once('$')?;
    rest.rsplit_once('$').map(|(parameters, _)| parameters)
}

/// As a PHC string. The library's defaults are those of OWASP: argon2id, 19 MiB, 2 passes, 1 lane.
fn hash(password: &[u8]) -> Result<String, Error> {
    let salt: [u8; 16] = rand::random();
    let hash: Result<PasswordHash, _> = Argon2::default().hash_password_with_salt(password, &salt);
    hash.map(|hash| hash.to_string())
        .map_err(|error| Error::Failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWORD: &str = "correct horse battery staple";

    #[tokio::test]
    async fn a_password_is_recognised_and_no_other() {
        let hasher = Hasher::new(2, 2).unwrap();
        let hash = hasher.hash(PASSWORD.to_owned(), vec![]).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let verify = async |password: &str, hash| hasher.verify(password.to_owned(), hash).await.unwrap();
        assert!(verify(PASSWORD, Some(hash.clone())).await);
        assert!(!verify("correct horse battery stable", Some(hash)).await);
        assert!(!verify(PASSWORD, None).await);
    }

    #[tokio::test]
    async fn a_hash_of_other_parameters_is_outdated() {
        let hasher = Hasher::new(1, 0).unwrap();
        let today = hasher.rehash(PASSWORD.to_owned()).await.unwrap();
        assert!(!hasher.is_outdated(&today));
        assert!(hasher.is_outdated(&today.replace("t=2", "t=1")));
        assert!(hasher.is_outdated(&today.replace("argon2id", "argon2i")));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_too_long_is_told_while_there_is_time_to_tell_it() {
        let hasher = Hasher::new(1, 1).unwrap();
        let held = Arc::clone(&hasher.running).acquire_owned().await.unwrap();
        let waited = hasher.verify(PASSWORD.to_owned(), None).await;
        assert!(matches!(waited, Err(Error::Busy)));
        drop(held);
        assert_eq!(hasher.waiting.available_permits(), 2, "it has left its place");
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn threads_that_hash_give_way_and_the_others_do_not() {
        use rustix::process::getpriority_process;
        let niceness = || getpriority_process(Some(rustix::thread::gettid())).unwrap();
        let before = niceness();
        let hasher = Hasher::new(1, 1).unwrap().nice(3);
        for _ in 0..2 {
            assert_eq!(hasher.run(niceness).await.unwrap(), (before + 3).min(19));
        }
        assert_eq!(niceness(), before);
    }

    #[tokio::test]
    async fn a_weak_password_is_not_hashed() {
        let hasher = Hasher::new(1, 0).unwrap();
        let weak = hasher.hash("password".to_owned(), vec![]).await;
        assert!(matches!(weak, Err(Error::Weak(_))));
    }

    #[tokio::test]
    async fn given_a_full_queue_who_comes_is_told_at_once() {
        let hasher = Hasher::new(1, 1).unwrap();
        let (release, held) = std::sync::mpsc::channel::<()>();
        let blocked = hasher.run(move || held.recv());
        let waiting = hasher.verify(PASSWORD.to_owned(), None);
        let third = async {
            tokio::task::yield_now().await;
            let third = hasher.verify(PASSWORD.to_owned(), None).await;
            release.send(()).unwrap();
            third
        };
        let (blocked, waiting, third) = tokio::join!(blocked, waiting, third);
        assert!(matches!(third, Err(Error::Busy)));
        assert!(blocked.unwrap().is_ok() && !waiting.unwrap());
        assert!(hasher.verify(PASSWORD.to_owned(), None).await.is_ok());
    }
}

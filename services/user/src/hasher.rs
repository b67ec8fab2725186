//! Password hashes: argon2id, a bounded number at once.
//!
//! A hash costs its 19 MiB and some 20 ms of a core on purpose. So that a storm of logins takes no more of the machine
//! than it may, few run at once, few wait, and the others are told to come again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use holdfast_user_core::password;
use tokio::sync::Semaphore;

/// When to come again: the queue is gone by then.
pub const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Why there is no hash.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Too many wait already.
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
            decoy: hash(&unknown)?.into(),
        })
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
        let turn = Arc::clone(&self.running).acquire_owned().await;
        let turn = turn.map_err(|error| Error::Failed(error.to_string()))?;
        metrics::histogram!("holdfast_user_password_wait_seconds").record(since.elapsed().as_secs_f64());
        // Held by the work: a caller who goes away does not make room before it is done.
        let work = move || {
            let done = work();
            drop((place, turn));
            done
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| Error::Failed(error.to_string()))
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

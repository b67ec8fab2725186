//! Wrong passwords by account, counted for all replicas.
//!
//! They are counted by the address's keyed hash, whether an account has it or not: waiting gives nothing away. A failure
//! is counted after the check, so as many passwords can be tried at once as are checked at once.

use std::sync::Arc;

use holdfast_platform::clock::Clock;
use holdfast_platform::journal::Revision;
use holdfast_user_core::backoff::{Failures, Policy};

use crate::accounts::Error;
use crate::bucket::{self, Bucket, Versioned};

/// Failures that are counted at the same time as others.
const TRIES: usize = 8;

/// The failures of all accounts.
pub(crate) struct Attempts {
    bucket: Bucket,
    policy: Policy,
    clock: Arc<dyn Clock>,
}

/// The failures before an attempt; none: the account has none.
pub(crate) struct Attempt(Option<Revision>);

impl Attempts {
    pub(crate) fn new(bucket: Bucket, clock: Arc<dyn Clock>) -> Self {
        Self {
            bucket,
            policy: Policy::default(),
            clock,
        }
    }

    /// Lets somebody try.
    ///
    /// # Errors
    /// [`Error::TooSoon`] if the account has to wait.
    pub(crate) async fn begin(&self, index: &str) -> Result<Attempt, Error> {
        let found = self.read(index).await?;
        match self.policy.wait(found.value, self.clock.now()) {
            Some(wait) => Err(Error::TooSoon(wait)),
            None => Ok(Attempt(found.value.map(|_| found.revision))),
        }
    }

    /// Forgets the failures before a success, if there were any.
    pub(crate) async fn succeeded(&self, index: &str, attempt: Attempt) {
        if let Attempt(Some(revision)) = attempt {
            // Whoever failed since then is counted.
            let _ = self.bucket.delete(&key(index), revision).await;
        }
    }

    /// Counts a failure. One that is lost to others at the same time is as good as counted: they are.
    ///
    /// # Errors
    /// If the server does not answer.
    pub(crate) async fn failed(&self, index: &str) -> Result<(), bucket::Error> {
        for _ in 0..TRIES {
            let found = self.read(index).await?;
            let failures = self.policy.failed(found.value, self.clock.now());
            let ttl = Some(self.policy.memory);
            match self.bucket.put(&key(index), found.revision, &failures, ttl).await {
                Err(error) if error.is_conflict() => {}
                ended => return ended.map(drop),
            }
        }
        Ok(())
    }

    async fn read(&self, index: &str) -> Result<Versioned<Failures>, bucket::Error> {
        self.bucket.get(&key(index)).await
    }
}

fn key(index: &str) -> String {
    format!("failures.{index}")
}

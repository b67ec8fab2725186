//! Whether NATS is known to be away.

use std::time::Duration;

use tokio::sync::watch;

/// A connection that is lost for a shorter time is worth waiting for.
const GRACE: Duration = Duration::from_secs(1);

/// Tells whether the connection has been down for more than a second, so that nobody waits for it in vain.
#[derive(Clone, Debug)]
pub struct Link(watch::Receiver<bool>);

impl Link {
    /// What `down` says, which [`observe`] keeps up to date.
    #[must_use]
    pub fn new(down: &watch::Sender<bool>) -> Self {
        Self(down.subscribe())
    }

    /// Whether asking is in vain.
    #[must_use]
    pub fn is_down(&self) -> bool {
        *self.0.borrow()
    }
}

impl Default for Link {
    /// One that is never down.
    fn default() -> Self {
        Self::new(&watch::Sender::new(false))
    }
}

/// Sets `down` while the connection has not been up for more than a second. Ends when the connection is given up.
pub async fn observe(mut connected: watch::Receiver<bool>, down: &watch::Sender<bool>) {
    while connected.wait_for(|up| !up).await.is_ok() {
        let back = tokio::time::timeout(GRACE, connected.wait_for(|up| *up))
            .await
            .map(|up| up.is_ok());
        let is_up = match back {
            Ok(is_up) => is_up,
            Err(_) => {
                down.send_replace(true);
                connected.wait_for(|up| *up).await.is_ok()
            }
        };
        if !is_up {
            return;
        }
        down.send_replace(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_is_down_after_a_moment_and_until_it_is_back() {
        let (up, connected) = watch::channel(true);
        let down = watch::Sender::new(false);
        let (link, mut changes) = (Link::new(&down), down.subscribe());
        let observed = tokio::spawn(async move { observe(connected, &down).await });
        assert!(!link.is_down());
        let lost = std::time::Instant::now();
        up.send_replace(false);
        changes.wait_for(|down| *down).await.expect("observed");
        assert!(link.is_down() && lost.elapsed() >= GRACE);
        up.send_replace(true);
        changes.wait_for(|down| !down).await.expect("observed");
        assert!(!link.is_down());
        drop(up);
        observed.await.expect("it ends with the connection");
    }
}

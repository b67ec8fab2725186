//! A TCP proxy between a client and a server that can hold back or lose what the server says.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

#[derive(Clone, Copy, Debug, Default)]
struct Replies {
    held: bool,
    /// How often connections were cut: one that started before the last time ends.
    cuts: u64,
}

/// Forwards connections to one server. What clients say always arrives.
pub struct Proxy {
    address: SocketAddr,
    replies: watch::Sender<Replies>,
    _accepting: AbortOnDropHandle<()>,
}

impl Proxy {
    /// Starts a proxy in front of the server that listens on local `port`.
    ///
    /// # Panics
    /// If no port is free.
    pub async fn start(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let (replies, watched) = watch::channel(Replies::default());
        let accepting = tokio::spawn(accept(listener, port, watched));
        Self {
            address,
            replies,
            _accepting: AbortOnDropHandle::new(accepting),
        }
    }

    /// Where clients connect.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// From now on what the server says waits here.
    pub fn hold_replies(&self) {
        self.replies.send_modify(|replies| replies.held = true);
    }

    /// Lets through what waits, and everything after it.
    pub fn release_replies(&self) {
        self.replies.send_modify(|replies| replies.held = false);
    }

    /// Ends all connections, losing what waits; new ones pass.
    pub fn lose_replies(&self) {
        self.replies.send_modify(|replies| {
            *replies = Replies {
                held: false,
                cuts: replies.cuts + 1,
            }
        });
    }
}

async fn accept(listener: TcpListener, port: u16, replies: watch::Receiver<Replies>) {
    while let Ok((client, _)) = listener.accept().await {
        let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else {
            continue;
        };
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        let replies = replies.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = forward(from_client, to_server) => {}
                () = reply(from_server, to_client, replies) => {}
            }
        });
    }
}

async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    let _ = tokio::io::copy(&mut from, &mut to).await;
}

async fn reply(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut replies: watch::Receiver<Replies>) {
    let cuts = replies.borrow().cuts;
    let mut cut = replies.clone();
    let forward = async {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = from.read(&mut buffer).await {
            let released = replies.wait_for(|replies| !replies.held).await.is_ok();
            if !released
                || to
                    .write_all(buffer.get(..read).unwrap_or_default())
                    .await
                    .is_err()
            {
                return;
            }
        }
    };
    tokio::select! {
        biased;
        _ = cut.wait_for(|replies| replies.cuts != cuts) => {}
        () = forward => {}
    }
}

//! A TCP proxy whose connections can be stuck or reset.

use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Open,
    /// Whatever is said waits for ever.
    Stuck,
    /// Every connection ends as soon as somebody says something.
    Reset,
}

/// Between everybody and one server. It ends when this is dropped.
pub struct Gate {
    pub address: SocketAddr,
    mode: watch::Sender<Mode>,
    accepting: JoinHandle<()>,
}

impl Gate {
    pub async fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (mode, watched) = watch::channel(Mode::Open);
        let accepting = tokio::spawn(accept(listener, server, watched));
        Self {
            address,
            mode,
            accepting,
        }
    }

    /// From now on. Connections that are open end.
    pub fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, server: SocketAddr, mode: watch::Receiver<Mode>) {
    while let Ok((client, _)) = listener.accept().await {
        let mut changed = mode.clone();
        let mode = *changed.borrow_and_update();
        tokio::spawn(async move {
            tokio::select! {
                _ = changed.changed() => {}
                () = pass(client, server, mode) => {}
            }
        });
    }
}

async fn pass(mut client: TcpStream, server: SocketAddr, mode: Mode) {
    match mode {
        Mode::Open => {
            let Ok(mut server) = TcpStream::connect(server).await else {
                return;
            };
            let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
        }
        Mode::Stuck => std::future::pending().await,
        Mode::Reset => {
            let _ = client.readable().await;
        }
    }
}

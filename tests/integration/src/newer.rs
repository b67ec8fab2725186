//! A newer version of a service, as others see it: the service of this build behind a proxy that adds fields to all
//! that it publishes, which nobody knows yet.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Subjects of events.
const EVENTS: [&str; 4] = ["orders.", "inventory.", "payments.", "timers."];

/// A proxy in front of nats-server.
pub struct Newer {
    url: String,
    /// Subjects of what was changed on its way.
    changed: Arc<Mutex<Vec<String>>>,
    accepting: JoinHandle<()>,
}

impl Newer {
    /// Starts one.
    ///
    /// # Panics
    /// If no port is free.
    pub async fn in_front_of(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("nats://{}", listener.local_addr().expect("an address"));
        let changed = Arc::<Mutex<Vec<String>>>::default();
        let log = Arc::clone(&changed);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(connect(client, port, Arc::clone(&log)));
            }
        });
        Self {
            url,
            changed,
            accepting,
        }
    }

    /// Where a service connects that is to be a newer one.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How many messages on subjects that begin so had fields that nobody knows.
    #[must_use]
    pub fn published(&self, prefix: &str) -> usize {
        let changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        changed
            .iter()
            .filter(|subject| subject.starts_with(prefix))
            .count()
    }
}

impl Drop for Newer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn connect(client: TcpStream, port: u16, log: Arc<Mutex<Vec<String>>>) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else {
        return;
    };
    let ((said, mut back), (mut answers, server)) = (client.into_split(), server.into_split());
    tokio::select! {
        _ = tokio::io::copy(&mut answers, &mut back) => {}
        _ = forward(BufReader::new(said), server, &log) => {}
    }
}

/// What a client says, in the protocol of NATS: lines, and payloads of the lengths that they tell.
async fn forward(
    mut client: BufReader<OwnedReadHalf>,
    mut server: OwnedWriteHalf,
    log: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut line = String::new();
    loop {
        line.clear();
        if client.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let (head, total) = match words.as_slice() {
            ["PUB", .., total] => (0, number(total)),
            ["HPUB", .., head, total] => (number(head), number(total)),
            _ => {
                server.write_all(line.as_bytes()).await?;
                continue;
            }
        };
        let mut body = vec![0; total + 2];
        client.read_exact(&mut body).await?;
        let (headers, payload) = body[..total].split_at(head);
        let Some(payload) = extended(words[1], payload) else {
            server.write_all(&[line.as_bytes(), &body].concat()).await?;
            continue;
        };
        log.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(words[1].to_owned());
        let kept = words.len() - if words[0] == "HPUB" { 2 } else { 1 };
        let mut frame = words[..kept].join(" ");
        if words[0] == "HPUB" {
            frame.push_str(&format!(" {head}"));
        }
        frame.push_str(&format!(" {}\r\n", head + payload.len()));
        server
            .write_all(&[frame.as_bytes(), headers, &payload, b"\r\n"].concat())
            .await?;
    }
}

fn number(word: &str) -> usize {
    word.parse().expect("a length")
}

/// An event with more in it; nothing if it is none.
fn extended(subject: &str, payload: &[u8]) -> Option<Vec<u8>> {
    EVENTS.iter().find(|prefix| subject.starts_with(**prefix))?;
    let mut event: Value = serde_json::from_slice(payload).ok()?;
    extend(&mut event);
    serde_json::to_vec(&event).ok()
}

fn extend(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(extend),
        Value::Object(fields) => {
            fields.values_mut().for_each(extend);
            fields.insert(
                "addedLater".to_owned(),
                json!({"by": ["a newer version"], "count": "1"}),
            );
        }
        _ => {}
    }
}

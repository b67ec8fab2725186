//! An upstream that does what the test says.

use crate::client::fields;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::channel::Channel;
use http_body_util::{BodyExt, Empty, Full, combinators::BoxBody};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

type Body = BoxBody<Bytes, std::io::Error>;

/// What to do with every request, until told otherwise.
#[derive(Debug, Clone)]
pub enum Script {
    /// Answer at once. An empty body is none at all: the answer ends with its headers.
    Answer {
        /// HTTP status.
        status: u16,
        /// Header fields.
        headers: HeaderMap,
        /// The whole body.
        body: Bytes,
    },
    /// Send headers, trailers, and between them the body unless it is empty.
    Trailers {
        /// Header fields, under status 200.
        headers: HeaderMap,
        /// The whole body.
        body: Bytes,
        /// Trailer fields.
        trailers: HeaderMap,
    },
    /// Send headers and a part of the body, and then nothing more.
    Stall {
        /// HTTP status.
        status: u16,
        /// The part that is sent.
        body: Bytes,
    },
    /// Answer 200 with the path and query of the request as body.
    Echo,
    /// Break off before any answer: close the connection (HTTP/1.1) or reset the stream (HTTP/2).
    Reset,
    /// Never answer.
    Hang,
}

impl Script {
    /// An answer with these fields.
    pub fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        Self::Answer {
            status,
            headers: fields(headers),
            body: Bytes::copy_from_slice(body.as_bytes()),
        }
    }
}

/// A server of HTTP/1.1 and HTTP/2. It ends when it is dropped.
#[derive(Debug)]
pub struct Upstream {
    /// Where it listens.
    pub address: SocketAddr,
    state: Arc<State>,
    accepting: tokio::task::JoinHandle<()>,
}

#[derive(Debug)]
struct State {
    script: Mutex<Script>,
    arrivals: Mutex<Vec<Instant>>,
    last_headers: Mutex<HeaderMap>,
}

impl Upstream {
    /// Listens on a free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State {
            script: Mutex::new(Script::Hang),
            arrivals: Mutex::default(),
            last_headers: Mutex::default(),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&state)));
        Self {
            address,
            state,
            accepting,
        }
    }

    /// What to do from now on.
    pub fn script(&self, script: Script) {
        *self.state.script.lock().expect("no test has panicked with it") = script;
    }

    /// Stops listening, and ends its connections: from now on a connection is refused.
    pub async fn stop(mut self) {
        self.accepting.abort();
        // The listener is closed when the task is gone.
        let _ = (&mut self.accepting).await;
    }

    /// The header fields of the last request.
    pub fn last_headers(&self) -> HeaderMap {
        self.state
            .last_headers
            .lock()
            .expect("no test has panicked with it")
            .clone()
    }

    /// How many requests have come.
    pub fn requests(&self) -> usize {
        let arrivals = self.state.arrivals.lock();
        arrivals.expect("no test has panicked with it").len()
    }

    /// When each request has come.
    pub fn arrivals(&self) -> Vec<Instant> {
        let arrivals = self.state.arrivals.lock();
        arrivals.expect("no test has panicked with it").clone()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    // They end with this task.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, Arc::clone(&state)));
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, state: Arc<State>) {
    let service = service_fn(move |request: Request<Incoming>| perform(Arc::clone(&state), request));
    // A connection that breaks is what some scripts ask for.
    let _ = auto::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn perform(state: Arc<State>, request: Request<Incoming>) -> Result<Response<Body>, std::io::Error> {
    state
        .arrivals
        .lock()
        .expect("no test has panicked with it")
        .push(Instant::now());
    request
        .headers()
        .clone_into(&mut state.last_headers.lock().expect("no test has panicked with it"));
    let script = state.script.lock().expect("no test has panicked with it").clone();
    let path = request
        .uri()
        .path_and_query()
        .map_or_else(String::new, ToString::to_string);
    // Read to its end, so that what follows is about the answer alone.
    let _ = request.into_body().collect().await;
    match script {
        Script::Answer {
            status,
            headers,
            body,
        } if body.is_empty() => Ok(response(status, headers, Empty::new().map_err(never).boxed())),
        Script::Answer {
            status,
            headers,
            body,
        } => Ok(response(status, headers, Full::new(body).map_err(never).boxed())),
        Script::Trailers {
            headers,
            body,
            trailers,
        } => {
            let last = async move { Some(Ok(trailers)) };
            Ok(response(
                200,
                headers,
                Full::new(body).with_trailers(last).map_err(never).boxed(),
            ))
        }
        Script::Stall { status, body } => Ok(response(status, HeaderMap::new(), stalled(body).await)),
        Script::Echo => Ok(response(
            200,
            HeaderMap::new(),
            Full::new(path.into()).map_err(never).boxed(),
        )),
        Script::Reset => Err(std::io::Error::other("reset, as told")),
        Script::Hang => std::future::pending().await,
    }
}

fn response(status: u16, headers: HeaderMap, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status.try_into().expect("a status");
    *response.headers_mut() = headers;
    response
}

async fn stalled(first: Bytes) -> Body {
    let (mut sender, body) = Channel::<Bytes, std::io::Error>::new(1);
    sender.send_data(first).await.expect("room for one part");
    // Kept alive for as long as the server runs: dropping it would end the body.
    tokio::spawn(async move {
        std::future::pending::<()>().await;
        drop(sender);
    });
    body.boxed()
}

fn never(error: Infallible) -> std::io::Error {
    match error {}
}

//! A client that shows everything of an answer: repeated fields, trailers, and whether it came to its end.

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::TokioExecutor;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::task::{Context, Poll};
use std::time::Duration;
use tower::Service;

/// How long an answer may take before the test fails.
const DEADLINE: Duration = Duration::from_secs(20);

/// A version of HTTP, without TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2 with prior knowledge.
    Http2,
}

/// A client that keeps connections to one server.
#[derive(Debug, Clone)]
pub struct Client {
    inner: legacy::Client<HttpConnector<Always>, Full<Bytes>>,
    authority: String,
}

/// Takes every name for this server's.
#[derive(Debug, Clone)]
struct Always(SocketAddr);

impl Service<Name> for Always {
    type Response = std::iter::Once<SocketAddr>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Name) -> Self::Future {
        ready(Ok(std::iter::once(self.0)))
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: StatusCode,
    /// Header fields.
    pub headers: HeaderMap,
    /// What came of the body.
    pub body: Bytes,
    /// Trailer fields.
    pub trailers: HeaderMap,
    /// Whether the body came to its end.
    pub complete: bool,
}

impl Client {
    /// A client that speaks nothing else than `protocol`.
    pub fn new(server: SocketAddr, protocol: Protocol) -> Self {
        Self::through(server, &server.to_string(), protocol)
    }

    /// A client of whoever has this name, by a proxy.
    pub fn through(proxy: SocketAddr, authority: &str, protocol: Protocol) -> Self {
        let mut builder = legacy::Client::builder(TokioExecutor::new());
        let inner = builder
            .http2_only(protocol == Protocol::Http2)
            .build(HttpConnector::new_with_resolver(Always(proxy)));
        Self {
            inner,
            authority: authority.to_owned(),
        }
    }

    /// Sends a request and reads its answer to the end.
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send_body(method, path, headers, Bytes::new()).await
    }

    /// As [`Client::send`], with a body.
    pub async fn send_body(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Bytes) -> Answer {
        self.try_send(method, path, headers, body)
            .await
            .expect("an answer")
    }

    /// As [`Client::send_body`], for a server that may not be there.
    pub async fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Answer, legacy::Error> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.authority));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body)).expect("a request");
        tokio::time::timeout(DEADLINE, self.exchange(request))
            .await
            .expect("an answer in time")
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Answer, legacy::Error> {
        let (parts, mut body) = self.inner.request(request).await?.into_parts();
        let mut answer = Answer {
            status: parts.status,
            headers: parts.headers,
            body: Bytes::new(),
            trailers: HeaderMap::new(),
            complete: true,
        };
        let mut bytes = BytesMut::new();
        while let Some(frame) = body.frame().await {
            match frame.map(|frame| frame.into_data()) {
                Ok(Ok(data)) => bytes.extend_from_slice(&data),
                Ok(Err(frame)) => answer.trailers = frame.into_trailers().unwrap_or_default(),
                Err(_) => {
                    answer.complete = false;
                    break;
                }
            }
        }
        answer.body = bytes.freeze();
        Ok(answer)
    }
}

impl Answer {
    /// The only or first value of a header field, as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Fields as a map.
pub fn fields(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in pairs {
        let name: http::HeaderName = name.parse().expect("a field name");
        map.append(name, value.parse().expect("a field value"));
    }
    map
}

//! Accepting connections, serving each until it or the service ends, and cutting off those that only hold a place.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;
use tower::ServiceExt;

use super::HttpOptions;
use crate::lifecycle::Shutdown;

/// Serves whoever connects until `shutdown`, then finishes what is under way, up to the drain deadline. `know` makes,
/// from a connection, what is added to each request that comes by it.
pub(super) async fn serve<L, K, A>(
    router: Router,
    mut listener: L,
    options: HttpOptions,
    shutdown: Shutdown,
    know: K,
) where
    L: Listener,
    K: Fn(&L::Io) -> A,
    A: Fn(&mut Request) + Clone + Send + 'static,
{
    let builder = builder(&options);
    let mut connections = JoinSet::new();
    let mut stop = pin!(shutdown.cancelled());
    loop {
        tokio::select! {
            (io, _) = listener.accept() => {
                let (router, add) = (router.clone(), know(&io));
                let connection = Connection { builder: builder.clone(), options, shutdown: shutdown.clone() };
                connections.spawn(connection.serve(io, router, add));
            }
            Some(_) = connections.join_next() => {}
            () = &mut stop => break,
        }
    }
    drop(listener);
    let finish = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(options.drain_deadline, finish)
        .await
        .is_err()
    {
        tracing::warn!(
            "requests cut off: they were not done within {:?}",
            options.drain_deadline
        );
    }
}

fn builder(options: &HttpOptions) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(options.header_deadline);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(options.header_deadline)
        // For WebSockets over HTTP/2.
        .enable_connect_protocol();
    builder
}

struct Connection {
    builder: Builder<TokioExecutor>,
    options: HttpOptions,
    shutdown: Shutdown,
}

impl Connection {
    async fn serve<I, A>(self, io: I, router: Router, add: A)
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        A: Fn(&mut Request) + Clone + Send + 'static,
    {
        let has_asked = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&has_asked);
        let service = router.map_request(move |request: hyper::Request<Incoming>| {
            asked.store(true, Ordering::Relaxed);
            let mut request = request.map(Body::new);
            add(&mut request);
            request
        });
        let service = TowerToHyperService::new(service);
        let serving = self
            .builder
            .serve_connection_with_upgrades(TokioIo::new(io), service);
        let mut serving = pin!(serving);
        let mut stop = pin!(self.shutdown.cancelled());
        // Which version of HTTP is spoken is waited for without a deadline of the library's.
        let mut first = pin!(tokio::time::sleep(self.options.header_deadline));
        let (mut stops, mut waits) = (false, true);
        loop {
            tokio::select! {
                biased;
                ended = serving.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!("a connection ended: {error}");
                    }
                    return;
                }
                () = &mut stop, if !stops => {
                    stops = true;
                    serving.as_mut().graceful_shutdown();
                }
                () = &mut first, if waits => match has_asked.load(Ordering::Relaxed) {
                    true => waits = false,
                    false => return,
                },
            }
        }
    }
}

//! `holdfast.quota.v1.QuotaService` over HTTP/2.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::post;
use holdfast_contracts::quota::v1::{KeyLease, LeaseRequest, LeaseResponse, RuleLeases};
use holdfast_platform::clock::Clock;
use holdfast_platform::journal::Journal;
use tonic::Status;
use tonic::server::Grpc;
use tonic_prost::ProstCodec;

use crate::demand;
use crate::ledger::{Leased, Ledger};

/// The path of the only method.
pub const LEASE: &str = "/holdfast.quota.v1.QuotaService/Lease";
/// More than the largest request that is not refused.
const MOST_BYTES: usize = 64 * 1024;

/// The service's API.
pub fn router<J: Journal, C: Clock>(ledger: Ledger<J, C>) -> Router {
    Router::new().route(LEASE, post(call::<J, C>)).with_state(ledger)
}

async fn call<J: Journal, C: Clock>(State(ledger): State<Ledger<J, C>>, request: Request) -> Response {
    let method = tower::service_fn(|request: tonic::Request<LeaseRequest>| {
        let ledger = ledger.clone();
        async move {
            lease(&ledger, &request.into_inner())
                .await
                .map(tonic::Response::new)
        }
    });
    let codec = ProstCodec::<LeaseResponse, LeaseRequest>::default();
    let mut grpc = Grpc::new(codec).apply_max_message_size_config(Some(MOST_BYTES), None);
    grpc.unary(method, request).await.map(Body::new)
}

/// Leases what a request wants.
///
/// # Errors
/// `INVALID_ARGUMENT` names the field that is wrong; `UNAVAILABLE` if not one key could be decided on.
pub async fn lease<J: Journal, C: Clock>(
    ledger: &Ledger<J, C>,
    request: &LeaseRequest,
) -> Result<LeaseResponse, Status> {
    let wants = demand::check(request).map_err(|refusal| Status::invalid_argument(refusal.to_string()))?;
    let mut rules: Vec<_> = request
        .rules
        .iter()
        .map(|rule| RuleLeases {
            rule: rule.rule.clone(),
            ..RuleLeases::default()
        })
        .collect();
    for want in &wants {
        if let Some(rule) = rules.get_mut(want.rule) {
            rule.lease_milliseconds = milliseconds(ledger.lease_time(&want.limit));
        }
    }
    let asked = wants.len();
    let leased = ledger.lease(wants).await;
    if leased.is_empty() && asked > 0 {
        return Err(Status::unavailable(
            "the buckets cannot be reached; ask again on the next tick, until then the proxy's floor holds",
        ));
    }
    for Leased {
        rule, key, tokens, ..
    } in leased.into_iter().filter(|leased| leased.wanted > 0)
    {
        if let Some(rule) = rules.get_mut(rule) {
            rule.keys.push(KeyLease { key, tokens });
        }
    }
    Ok(LeaseResponse { rules })
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

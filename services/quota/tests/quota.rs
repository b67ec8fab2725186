//! Two replicas on a real nats-server, called as a proxy does.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic here is a failed assertion with a line number"
)]

use std::time::Duration;

use holdfast::provision::{self, Declarations};
use holdfast_contracts::quota::v1::{KeyDemand, LeaseRequest, LeaseResponse, Limit, RuleDemand};
use holdfast_contracts::subjects::QUOTA_BUCKET;
use holdfast_platform::clock::SystemClock;
use holdfast_platform::http::{self, HttpOptions};
use holdfast_platform::journal::jetstream::{JetStreamJournal, JournalConfig};
use holdfast_platform::lifecycle::Shutdown;
use holdfast_platform::nats::Nats;
use holdfast_platform::testing::{NatsCluster, NatsServer, ServerOptions};
use holdfast_quota::args::QuotaArgs;
use holdfast_quota::grpc::{LEASE, router};
use holdfast_quota::ledger::Ledger;
use prost::Message;
use tokio::net::TcpListener;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tonic_prost::ProstCodec;

const ARGS: QuotaArgs = QuotaArgs {
    lease: Duration::from_secs(2),
    deadline: Duration::from_secs(2),
};

struct Quota {
    server: NatsServer,
    replicas: Vec<Channel>,
}

async fn quota(replicas: usize) -> Quota {
    let server = NatsServer::start_with(ServerOptions::with_users()).await;
    provision(&server.connect_as("holdfast").await, 1).await;
    let mut started = Vec::new();
    for _ in 0..replicas {
        started.push(replica(&server.connect_as("quota").await).await);
    }
    Quota {
        server,
        replicas: started,
    }
}

async fn provision(nats: &Nats, replicas: u32) {
    let options = provision::Options {
        replicas,
        ..provision::Options::default()
    };
    let declared = Declarations::built_in().unwrap();
    provision::apply(nats.client(), &declared, options).await.unwrap();
}

async fn replica(nats: &Nats) -> Channel {
    let config = JournalConfig {
        deadline: ARGS.deadline,
        try_timeout: ARGS.deadline,
        ..JournalConfig::default()
    };
    let journal = JetStreamJournal::new(nats, &format!("KV_{QUOTA_BUCKET}"), config);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = router(Ledger::new(journal, SystemClock, ARGS));
    tokio::spawn(http::serve(
        router,
        listener,
        HttpOptions::default(),
        Shutdown::new(),
    ));
    Endpoint::from_shared(format!("http://{address}"))
        .unwrap()
        .connect_lazy()
}

fn request(limit: Limit, keys: &[(u8, u32)]) -> LeaseRequest {
    let keys = keys.iter().map(|(key, wanted)| KeyDemand {
        key: vec![*key; 16],
        wanted: *wanted,
        spent: 0,
    });
    let rule = RuleDemand {
        rule: "per-user".into(),
        limit: Some(limit),
        keys: keys.collect(),
    };
    LeaseRequest {
        domain: "test".into(),
        rules: vec![rule],
    }
}

fn hourly(burst: u32) -> Limit {
    Limit {
        requests: burst,
        per_milliseconds: 3_600_000,
        burst,
    }
}

async fn lease(replica: &Channel, request: LeaseRequest) -> Result<LeaseResponse, Status> {
    let mut grpc = tonic::client::Grpc::new(replica.clone());
    grpc.ready().await.unwrap();
    let codec = ProstCodec::<LeaseRequest, LeaseResponse>::default();
    let path = LEASE.parse().unwrap();
    Ok(grpc
        .unary(tonic::Request::new(request), path, codec)
        .await?
        .into_inner())
}

fn tokens(response: &LeaseResponse) -> u32 {
    response
        .rules
        .iter()
        .flat_map(|rule| &rule.keys)
        .map(|key| key.tokens)
        .sum()
}

#[tokio::test]
async fn given_many_proxies_at_two_replicas_then_no_token_is_leased_twice() {
    let quota = quota(2).await;
    let leases = (0..60).map(|i| {
        let replica = quota.replicas[i % 2].clone();
        async move { lease(&replica, request(hourly(100), &[(1, 7), (2, 1)])).await }
    });
    let leases = futures::future::join_all(leases).await;
    let of = |key: u8| -> u32 {
        let responses = leases.iter().flatten().flat_map(|response| &response.rules);
        responses
            .flat_map(|rule| &rule.keys)
            .filter(|lease| lease.key[0] == key)
            .map(|lease| lease.tokens)
            .sum()
    };
    // A replica that loses every race leaves its key out.
    assert!(of(1) <= 100 && of(2) <= 60, "{} and {}", of(1), of(2));
    let rest = lease(&quota.replicas[0], request(hourly(100), &[(1, 200), (2, 200)]))
        .await
        .unwrap();
    assert_eq!(of(1) + of(2) + tokens(&rest), 200, "and none is lost");
}

#[tokio::test]
async fn given_a_bucket_that_is_full_again_then_the_server_forgets_it() {
    let quota = quota(1).await;
    let quick = Limit {
        requests: 100,
        per_milliseconds: 1000,
        burst: 10,
    };
    assert_eq!(
        tokens(
            &lease(&quota.replicas[0], request(quick, &[(1, 10)]))
                .await
                .unwrap()
        ),
        10
    );
    let nats = quota.server.connect("witness").await;
    let keys = async || {
        let info = nats
            .jetstream()
            .get_stream(format!("KV_{QUOTA_BUCKET}"))
            .await
            .unwrap();
        info.cached_info().state.messages
    };
    assert_eq!(keys().await, 1);
    let forgotten = async {
        while keys().await > 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), forgotten)
        .await
        .unwrap();
    let again = lease(&quota.replicas[0], request(quick, &[(1, 20)]))
        .await
        .unwrap();
    assert_eq!((tokens(&again), again.rules[0].lease_milliseconds), (10, 2000));
}

#[tokio::test]
async fn given_three_servers_when_the_buckets_leader_is_killed_then_leases_go_on_and_none_is_given_twice() {
    let mut cluster = NatsCluster::start().await;
    let nats = cluster.connect("provision").await;
    provision(&nats, 3).await;
    let replicas = [
        replica(&cluster.connect("quota").await).await,
        replica(&cluster.connect("quota").await).await,
    ];
    let some = request(hourly(100), &[(1, 5)]);
    let mut leased = 0;
    for replica in &replicas {
        leased += tokens(&lease(replica, some.clone()).await.unwrap());
    }
    assert_eq!(leased, 10);
    cluster
        .leader_of(&nats, &format!("KV_{QUOTA_BUCKET}"))
        .await
        .kill();
    let mut served = 0;
    let resumed = async {
        while served < 4 {
            match lease(&replicas[served % 2], some.clone()).await {
                Ok(response) => {
                    leased += tokens(&response);
                    served += 1;
                }
                Err(status) => assert_eq!(status.code(), Code::Unavailable),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(40), resumed)
        .await
        .unwrap();
    let rest = lease(&replicas[0], request(hourly(100), &[(1, 200)]))
        .await
        .unwrap();
    // What was charged for an answer that was lost is gone.
    assert!(
        leased == 30 && leased + tokens(&rest) <= 100,
        "{leased} and {rest:?}"
    );
}

#[tokio::test]
async fn given_a_wrong_request_then_the_field_is_named() {
    let quota = quota(1).await;
    let wrong = request(
        Limit {
            burst: 0,
            ..hourly(1)
        },
        &[(1, 1)],
    );
    let status = lease(&quota.replicas[0], wrong).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(
        status.message(),
        "rules[0].limit.burst: is 0; at least 1 is possible"
    );
}

#[tokio::test]
async fn given_no_nats_then_it_is_unavailable_and_serves_again_when_nats_is_back() {
    let mut quota = quota(1).await;
    assert_eq!(
        tokens(
            &lease(&quota.replicas[0], request(hourly(9), &[(1, 4)]))
                .await
                .unwrap()
        ),
        4
    );
    quota.server.kill();
    let status = lease(&quota.replicas[0], request(hourly(9), &[(1, 4)]))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    quota.server.restart().await;
    let served = async {
        loop {
            match lease(&quota.replicas[0], request(hourly(9), &[(1, 9)])).await {
                Ok(response) => return tokens(&response),
                Err(status) => assert_eq!(status.code(), Code::Unavailable),
            }
        }
    };
    let left = tokio::time::timeout(Duration::from_secs(20), served)
        .await
        .unwrap();
    assert!(left <= 5, "{left}");
}

#[test]
fn the_filters_speak_the_same_messages() {
    use holdfast_rate_limit_core::lease::wire;
    let request = request(hourly(7), &[(1, 300), (2, 0)]);
    let bytes = request.encode_to_vec();
    let theirs = wire::LeaseRequest::decode(&*bytes).unwrap();
    assert_eq!(theirs.encode_to_vec(), bytes);
    assert_eq!(theirs.rules[0].keys[0].wanted, 300);
    let rule = wire::RuleLeases {
        rule: "r".into(),
        lease_milliseconds: 2000,
        keys: vec![wire::KeyLease {
            key: vec![1; 16],
            tokens: 300,
        }],
    };
    let bytes = wire::LeaseResponse { rules: vec![rule] }.encode_to_vec();
    let ours = LeaseResponse::decode(&*bytes).unwrap();
    assert_eq!((ours.encode_to_vec(), ours.rules[0].keys[0].tokens), (bytes, 300));
    assert_eq!(format!("/{}/{}", wire::SERVICE, wire::METHOD), LEASE);
}

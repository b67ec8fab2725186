use super::*;
use holdfast_platform::clock::ManualClock;
use holdfast_platform::journal::memory::MemoryJournal;
use jiff::{SignedDuration, Timestamp};

const ARGS: QuotaArgs = QuotaArgs {
    lease: Duration::from_secs(2),
    deadline: Duration::from_millis(100),
};

fn limit(requests: u32, burst: u32) -> Limit {
    Limit::new(requests.try_into().unwrap(), SECOND, burst.try_into().unwrap()).unwrap()
}

fn want(key: u8, wanted: u32, spent: u32) -> Want {
    let limit = limit(10, 20);
    let bucket = format!("d.r.{key}");
    Want {
        rule: 0,
        key: vec![key],
        bucket,
        limit,
        wanted,
        spent,
    }
}

fn replicas() -> (
    Ledger<MemoryJournal, ManualClock>,
    Ledger<MemoryJournal, ManualClock>,
    ManualClock,
    MemoryJournal,
) {
    let (journal, clock) = (
        MemoryJournal::default(),
        ManualClock::at(Timestamp::from_second(1_800_000_000).unwrap()),
    );
    let replica = || Ledger::new(journal.clone(), clock.clone(), ARGS);
    (replica(), replica(), clock.clone(), journal)
}

async fn tokens(ledger: &Ledger<MemoryJournal, ManualClock>, want: Want) -> u32 {
    let leased = ledger.lease(vec![want]).await;
    let [leased] = &leased[..] else { panic!("one key") };
    leased.tokens
}

#[tokio::test]
async fn replicas_lease_from_one_bucket() {
    let (one, other, clock, _) = replicas();
    assert_eq!(tokens(&one, want(1, 15, 0)).await, 15);
    assert_eq!(tokens(&other, want(1, 15, 0)).await, 5);
    assert_eq!(
        tokens(&one, want(1, 15, 0)).await,
        0,
        "what it remembers is out of date"
    );
    clock.advance(SignedDuration::from_millis(300));
    assert_eq!(tokens(&one, want(1, 15, 0)).await, 3);
    assert_eq!(tokens(&one, want(2, 15, 0)).await, 15, "another key");
}

#[tokio::test]
async fn a_limit_that_is_relaxed_holds_from_the_next_request_on() {
    let (one, other, clock, _) = replicas();
    let hourly = Limit::new(20.try_into().unwrap(), 3600 * SECOND, 20.try_into().unwrap()).unwrap();
    let before = Want {
        limit: hourly,
        ..want(1, 20, 0)
    };
    assert_eq!(tokens(&one, before).await, 20);
    assert_eq!(tokens(&other, want(1, 5, 0)).await, 0, "no gift");
    clock.advance(SignedDuration::from_millis(300));
    assert_eq!(tokens(&one, want(1, 5, 0)).await, 3);
}

#[tokio::test]
async fn what_floors_have_spent_is_taken_from_the_bucket() {
    let (one, other, ..) = replicas();
    assert_eq!(tokens(&one, want(1, 0, 18)).await, 0);
    assert_eq!(tokens(&other, want(1, 5, 0)).await, 2);
}

#[tokio::test]
async fn a_clock_that_goes_back_gives_nothing_more_and_the_bucket_fills_again() {
    let (one, other, clock, _) = replicas();
    assert_eq!(tokens(&one, want(1, 20, 0)).await, 20);
    clock.advance(SignedDuration::from_hours(-1));
    assert_eq!(tokens(&other, want(1, 20, 0)).await, 0);
    clock.advance(SignedDuration::from_millis(500));
    assert_eq!(tokens(&other, want(1, 20, 0)).await, 5);
}

#[tokio::test]
async fn a_value_that_is_no_bucket_is_not_decided_on_and_an_empty_one_is_a_fresh_start() {
    let (one, _, _, journal) = replicas();
    let put = async |payload: &'static [u8], expected| {
        let append = Append {
            subject: "$KV.quota.d.r.1".into(),
            expected,
            message_id: String::new(),
            headers: Headers::new(),
            payload: payload.into(),
        };
        journal.append(append).await.unwrap()
    };
    let revision = put(b"?", Revision::NONE).await;
    assert_eq!(one.lease(vec![want(1, 1, 0)]).await, []);
    put(b"", revision).await;
    assert_eq!(tokens(&one, want(1, 30, 0)).await, 20);
}

#[tokio::test]
async fn slow_limits_have_leases_that_outlive_the_earning_of_a_token() {
    let (one, ..) = replicas();
    let hourly = Limit::new(10.try_into().unwrap(), 3600 * SECOND, 10.try_into().unwrap()).unwrap();
    assert_eq!(one.lease_time(&limit(10, 20)), Duration::from_secs(2));
    assert_eq!(one.lease_time(&hourly), Duration::from_secs(360));
}

#[tokio::test]
async fn a_bucket_tells_the_server_when_it_may_be_forgotten() {
    let (one, _, _, journal) = replicas();
    tokens(&one, want(1, 15, 0)).await;
    let record = journal.last("$KV.quota.d.r.1").await.unwrap().unwrap();
    assert_eq!(record.headers.get("Nats-TTL").map(String::as_str), Some("3s"));
}

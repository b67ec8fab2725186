use std::sync::atomic::AtomicU8;

use super::*;
use crate::config::parse_from;

#[derive(clap::Parser)]
struct Args {
    #[command(flatten)]
    service: ServiceArgs,
}

fn context(drain: &str) -> Context {
    let args: Args = parse_from(["test", "--drain-deadline", drain]).unwrap();
    Context::new("test", &args.service)
}

async fn supervised(
    context: &Context,
    service: impl Future<Output = Result<(), &'static str>> + Send + 'static,
) -> bool {
    supervise(context, tokio::spawn(service)).await
}

#[tokio::test]
async fn given_shutdown_tasks_finish_what_is_under_way() {
    let context = context("5s");
    let done = Arc::new(AtomicU8::new(0));
    let (counter, shutdown) = (done.clone(), context.shutdown.clone());
    context.spawn("worker", async move {
        shutdown.cancelled().await;
        tokio::task::yield_now().await;
        counter.fetch_add(1, Ordering::Relaxed);
    });
    let shutdown = context.shutdown.clone();
    let well = supervised(&context, async move {
        shutdown.cancel();
        Ok(())
    });
    assert!(well.await);
    assert_eq!(done.load(Ordering::Relaxed), 1);
    assert_eq!(context.readiness.missing(), ["stopping", "api"]);
}

#[tokio::test]
async fn a_service_is_not_ready_before_its_api_listens() {
    let context = context("5s");
    assert_eq!(context.readiness.missing(), ["api"]);
    let mut args = context.args.clone();
    args.http_addr = ([127, 0, 0, 1], 0).into();
    let context = Context { args, ..context };
    let serving = tokio::spawn({
        let context = context.clone();
        async move { context.serve_http(Router::new()).await }
    });
    while !context.readiness.missing().is_empty() {
        tokio::task::yield_now().await;
    }
    context.shutdown.cancel();
    serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn given_a_task_that_does_not_end_it_is_cut_off_at_the_deadline() {
    let context = context("10ms");
    context.spawn("stuck", std::future::pending());
    let since = tokio::time::Instant::now();
    assert!(!supervised(&context, async { Ok(()) }).await);
    assert!(since.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn given_a_task_that_panics_or_ends_by_itself_the_service_ends_and_not_well() {
    for panics in [true, false] {
        let context = context("5s");
        context.spawn("weak", async move { assert!(!panics, "on purpose") });
        let shutdown = context.shutdown.clone();
        let service = async move {
            shutdown.cancelled().await;
            Ok(())
        };
        assert!(!supervised(&context, service).await);
    }
}

#[tokio::test]
async fn given_a_service_that_fails_it_did_not_end_well() {
    assert!(!supervised(&context("5s"), async { Err("on purpose") }).await);
}

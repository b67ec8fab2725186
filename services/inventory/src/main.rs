//! The inventory service.

use std::process::ExitCode;

use holdfast_inventory::config::{Config, Settings};
use holdfast_inventory::service::{Error, Service};
use holdfast_platform::config;
use holdfast_platform::service::{self, Context};

fn main() -> ExitCode {
    let config: Config = config::parse_or_exit();
    let settings = Settings::from(&config);
    service::run("inventory", &config.service, |context| serve(context, settings))
}

async fn serve(context: Context, settings: Settings) -> Result<(), Error> {
    let nats = context.nats().await?;
    let service = Service::new(&nats, settings);
    let checked = context
        .shutdown
        .clone()
        .run_until_cancelled_owned(service.check_skip())
        .await;
    checked.unwrap_or(Ok(()))?;
    let router = service.router();
    let (guard, mut ready) = (context.readiness.register("stock"), service.ready());
    let shutdown = context.shutdown.clone();
    context.spawn("readiness", async move {
        let follow = async {
            guard.set(*ready.borrow_and_update());
            while ready.changed().await.is_ok() {
                guard.set(*ready.borrow_and_update());
            }
        };
        shutdown.run_until_cancelled(follow).await;
        shutdown.cancelled().await;
    });
    context.spawn("stock", service.run(context.shutdown.clone()));
    Ok(context.serve_http(router).await?)
}

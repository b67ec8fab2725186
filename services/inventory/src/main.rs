//! The inventory service.

use std::process::ExitCode;

use holdfast_inventory::config::{Config, Settings};
use holdfast_inventory::service::Service;
use holdfast_platform::config;
use holdfast_platform::service::{self, Context, Error};

fn main() -> ExitCode {
    let config: Config = config::parse_or_exit();
    let settings = Settings::from(&config);
    service::run("inventory", &config.service, |context| serve(context, settings))
}

async fn serve(context: Context, settings: Settings) -> Result<(), Error> {
    let nats = context.nats().await?;
    let service = Service::new(&nats, settings);
    let router = service.router();
    let (guard, mut ready) = (context.readiness.register("stock"), service.ready());
    let shutdown = context.shutdown.clone();
    context.spawn("readiness", async move {
        let caught_up = shutdown.run_until_cancelled(ready.wait_for(|ready| *ready)).await;
        guard.set(caught_up.is_some_and(|caught_up| caught_up.is_ok()));
        shutdown.cancelled().await;
    });
    context.spawn("stock", service.run(context.shutdown.clone()));
    context.serve_http(router).await
}

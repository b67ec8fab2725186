//! Puts the parts of the service together.

use std::sync::Arc;
use std::time::Duration;

use holdfast_contracts::subjects::{NOTICES, NOTIFICATIONS_BUCKET, ORDERS, concerned};
use holdfast_notification_core::{Channel, Class};
use holdfast_platform::dead_letter::About;
use holdfast_platform::http::client;
use holdfast_platform::journal::Record;
use holdfast_platform::lane::Lane;
use holdfast_platform::nats::Nats;
use holdfast_platform::service::{self, Context};

use crate::args::{Args, MailArgs, SmsArgs};
use crate::codec::{channel_name, class_name};
use crate::contacts::Contacts;
use crate::dispatch::{Dispatch, Provider};
use crate::gate::{Gate, Limits};
use crate::intake::Intake;
use crate::mail::{self, Mailer};
use crate::markers::Markers;
use crate::outbox::Outbox;
use crate::sms::Texter;
use crate::templates::{self, Templates};

/// How many commits are looked at at once.
const INTAKE: usize = 64;
/// How many urgent messages of a channel wait at once.
const URGENT: usize = 64;
/// How long `user` may take, all tries of the mesh together.
const CONTACT: Duration = Duration::from_secs(5);

/// Why notification cannot run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// As any service.
    #[error(transparent)]
    Service(#[from] service::Error),
    /// The HTTP client cannot be set up.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(#[from] reqwest::Error),
    /// Mail cannot be sent.
    #[error(transparent)]
    Mail(#[from] mail::Error),
    /// A template is wrong.
    #[error(transparent)]
    Templates(#[from] templates::Error),
}

/// Tells customers what becomes of their orders, until shutdown.
///
/// # Errors
/// [`Error`] if it cannot start.
pub async fn serve(context: Context, args: Args) -> Result<(), Error> {
    let nats = context.nats().await?;
    start(&context, &args, &nats)?;
    context.serve_http(axum::Router::new()).await?;
    Ok(())
}

/// Starts all that works in the background.
fn start(context: &Context, args: &Args, nats: &Nats) -> Result<(), Error> {
    let proxy = args.service.http_proxy.as_ref();
    let contacts = Contacts::new(client(CONTACT, proxy)?, &args.user_url, args.contact_age);
    let outbox = Outbox::new(nats, args.service.journal_deadline);
    let markers = Markers::new(nats, context.journal(nats, &format!("KV_{NOTIFICATIONS_BUCKET}")));
    let texter = Texter::new(client(args.sms.sms_timeout, proxy)?, &args.sms);
    let providers = [
        (
            Channel::Email,
            Provider::Mail(Mailer::new(&args.mail)?),
            mail_limits(&args.mail),
        ),
        (Channel::Sms, Provider::Sms(texter), sms_limits(&args.sms)),
    ];
    let templates = Arc::new(Templates::new()?);
    for (channel, provider, limits) in providers {
        let gate = Gate::new(limits);
        context.spawn("gate", gate.clone().run(context.shutdown.clone()));
        let dispatch = Dispatch {
            provider,
            gate,
            contacts: contacts.clone(),
            outbox: outbox.clone(),
            markers: markers.clone(),
            templates: Arc::clone(&templates),
            retries: args.retry.retries(),
        };
        for (class, room) in [
            (Class::Urgent, URGENT.min(limits.window())),
            (Class::Bulk, limits.window()),
        ] {
            let consumer = format!("notification-{}-{}", channel_name(channel), class_name(class));
            let lane = lane(context, nats, (NOTICES, &consumer)).concurrency(room);
            let (dispatch, shutdown) = (dispatch.clone(), context.shutdown.clone());
            context.spawn(
                "dispatch",
                lane.run(shutdown, move |delivery| {
                    let dispatch = dispatch.clone();
                    async move { dispatch.handle(delivery).await }
                }),
            );
        }
    }
    let intake = Intake {
        contacts,
        outbox,
        markers,
    };
    let lane = lane(context, nats, (ORDERS, "notification")).concurrency(INTAKE);
    context.spawn(
        "intake",
        lane.run(context.shutdown.clone(), move |delivery| {
            let intake = intake.clone();
            async move { intake.handle(delivery).await }
        }),
    );
    Ok(())
}

fn lane(context: &Context, nats: &Nats, (stream, consumer): (&str, &str)) -> Lane {
    context.lane(nats, stream, consumer).about(about).takes_redriven()
}

/// Whom and what a message is about.
fn about(record: &Record) -> About {
    let (user, order) = concerned(&record.subject, &record.payload);
    About {
        user: user.map(|id| id.to_string()),
        entity: order.map(|id| id.to_string()),
    }
}

fn mail_limits(args: &MailArgs) -> Limits {
    Limits {
        at_once: args.mail_at_once,
        per_minute: args.mail_per_minute,
        batch: args.mail_batch,
    }
}

fn sms_limits(args: &SmsArgs) -> Limits {
    Limits {
        at_once: args.sms_at_once,
        per_minute: args.sms_per_minute,
        batch: args.sms_batch,
    }
}

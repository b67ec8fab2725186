//! Puts the parts of the service together.

use std::sync::Arc;
use std::time::Duration;

use holdfast_contracts::subjects::{CONTACTS_BUCKET, SESSIONS_BUCKET, SIGNING_KEYS_BUCKET, USERS_BUCKET};
use holdfast_platform::clock::{Clock, SystemClock};
use holdfast_platform::journal::jetstream::JournalConfig;
use holdfast_platform::nats::{Nats, jittered};
use holdfast_platform::service::{self, Context};

use crate::accounts::{Accounts, Parts};
use crate::args::{UserArgs, signed};
use crate::bucket::{self, Bucket};
use crate::clients::Clients;
use crate::crypto::MasterKeys;
use crate::data_keys::DataKeys;
use crate::hasher::{self, Hasher};
use crate::http::{Api, router};
use crate::seed::{self, Seed};
use crate::sessions::Sessions;
use crate::signing::{Signer, UPKEEP, email_index};

/// How often it is looked for work that nobody finished.
const SWEEP: Duration = Duration::from_secs(60);

/// Why the service cannot run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The process cannot be set up.
    #[error(transparent)]
    Service(#[from] service::Error),
    /// The configuration cannot be used.
    #[error("{0}")]
    Config(String),
    /// What is stored cannot be read.
    #[error(transparent)]
    Store(#[from] bucket::Error),
    /// Passwords cannot be hashed.
    #[error(transparent)]
    Hasher(#[from] hasher::Error),
    /// The seed cannot be used.
    #[error(transparent)]
    Seed(#[from] seed::Error),
}

/// Serves accounts and tokens until shutdown. Ready once the signing keys are there and the seed is planted.
///
/// # Errors
/// [`Error`] if it cannot start or its server fails.
pub async fn serve(context: Context, args: UserArgs) -> Result<(), Error> {
    let seed = match &args.seed_file {
        Some(path) => Seed::read(path)?,
        None => Seed::default(),
    };
    let masters = Arc::new(args.masters().map_err(Error::Config)?);
    let ready = context.readiness.register("accounts");
    let nats = context.nats().await?;
    let config = impatient(context.args.journal());
    let (connection, told, keys) = (&nats, &args, &masters);
    let built = awaited(&context, &nats, move || {
        build(connection, told, keys, config, Arc::new(SystemClock))
    });
    let Some(api) = built.await? else {
        return Ok(());
    };
    look_after(&context, &api, &masters);
    let (seed, accounts, clients) = (&seed, &api.accounts, &api.clients);
    // Boxed, since storing accounts makes a large future.
    let plant = move || Box::pin(async move { Ok(seed.plant(accounts, clients).await?) });
    awaited(&context, &nats, plant).await?;
    ready.ready();
    Ok(context.serve_http(router(api)).await?)
}

/// The gateway waits 5 s for an answer that takes several reads; who cannot be served is better told so in time.
fn impatient(config: JournalConfig) -> JournalConfig {
    JournalConfig {
        deadline: config.deadline.min(Duration::from_secs(2)),
        try_timeout: Duration::from_secs(1),
        ..config
    }
}

/// Does what needs NATS until it is done; none: the service is to stop first.
async fn awaited<T, Fut>(context: &Context, nats: &Nats, work: impl Fn() -> Fut) -> Result<Option<T>, Error>
where
    Fut: Future<Output = Result<T, Error>>,
{
    let mut tries = 0;
    let done = async {
        loop {
            let _ = nats.connected().wait_for(|up| *up).await;
            match work().await {
                Err(error) if is_retryable(&error) => {
                    tracing::warn!("cannot start yet: {error}");
                    tokio::time::sleep(jittered(Duration::from_millis(200), tries)).await;
                    tries += 1;
                }
                ended => return ended,
            }
        }
    };
    context.shutdown.run_until_cancelled(done).await.transpose()
}

fn is_retryable(error: &Error) -> bool {
    match error {
        Error::Store(error) => error.is_retryable(),
        Error::Seed(error) => error.is_retryable(),
        _ => false,
    }
}

/// The service without its server. Returns when the signing keys are there.
///
/// # Errors
/// [`Error`] if NATS is away or the configuration cannot be used.
pub async fn build(
    nats: &Nats,
    args: &UserArgs,
    masters: &Arc<MasterKeys>,
    config: JournalConfig,
    clock: Arc<dyn Clock>,
) -> Result<Api, Error> {
    let bucket = |name| Bucket::new(nats, name, config);
    let (users, sessions) = (bucket(USERS_BUCKET), bucket(SESSIONS_BUCKET));
    let signing = bucket(SIGNING_KEYS_BUCKET);
    let index = email_index(&signing, masters).await?;
    let issue = args.issue().map_err(Error::Config)?;
    let signer = Signer::new(signing, Arc::clone(masters), issue, Arc::clone(&clock));
    signer.upkeep().await?;
    let lifetime = signed(args.session_lifetime);
    let keys = DataKeys::new(nats, Arc::clone(masters), config).await?;
    Ok(Api {
        clients: Arc::new(Clients::new(users.clone())),
        sessions: Arc::new(Sessions::new(sessions.clone(), lifetime, Arc::clone(&clock))),
        signer: Arc::new(signer),
        keys: keys.clone(),
        accounts: Arc::new(Accounts::new(Parts {
            users,
            contacts: bucket(CONTACTS_BUCKET),
            sessions,
            keys,
            index,
            hasher: Hasher::new(args.threads(), args.password_queue.into())?
                .waiting(args.password_wait)
                .nice(args.password_nice),
            clock,
        })),
    })
}

/// What goes on beside requests.
fn look_after(context: &Context, api: &Api, masters: &Arc<MasterKeys>) {
    let signer = Arc::clone(&api.signer);
    every(context, "signing keys", UPKEEP, move || {
        let signer = Arc::clone(&signer);
        async move { signer.upkeep().await.map_err(|error| error.to_string()) }
    });
    let accounts = Arc::clone(&api.accounts);
    every(context, "abandoned work", SWEEP, move || {
        let accounts = Arc::clone(&accounts);
        async move {
            let finished = accounts.finish_abandoned().await;
            finished.map(drop).map_err(|error| error.to_string())
        }
    });
    if masters.is_rotating() {
        let (keys, current) = (api.keys.clone(), masters.current().to_owned());
        every(context, "rotation of the master key", SWEEP, move || {
            let (keys, current) = (keys.clone(), current.clone());
            async move {
                let rewrapped = keys.rewrap().await.map_err(|error| error.to_string())?;
                tracing::info!(
                    rewrapped,
                    current,
                    "all user keys are encrypted with the current master key"
                );
                Ok(())
            }
        });
    }
}

/// Does something again and again until shutdown. What fails is tried again the next time.
fn every<F, Fut>(context: &Context, what: &'static str, period: Duration, mut work: F)
where
    F: FnMut() -> Fut + Send + 'static,
    Fut: Future<Output = Result<(), String>> + Send,
{
    let shutdown = context.shutdown.clone();
    context.spawn(what, async move {
        let turns = async {
            loop {
                if let Err(error) = work().await {
                    tracing::warn!(what, "not done, and tried again later: {error}");
                }
                // Replicas that started together do not stay together.
                tokio::time::sleep(period.mul_f64(0.75 + 0.25 * rand::random::<f64>())).await;
            }
        };
        shutdown.run_until_cancelled(turns).await.unwrap_or(())
    });
}

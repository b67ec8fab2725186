//! Brings a NATS server to what the files under `nats/` declare.
//!
//! Applying is idempotent, and never destroys: of what is there only those fields are changed, and only in those
//! directions, that are known to lose no message and to take back no promise. Anything else is refused as a whole,
//! before anything is changed. What the server has and no file declares is left alone.

mod api;
mod declaration;
mod diff;
mod safe;

pub use declaration::{Declarations, Error as DeclarationError, Resource, ResourceKind};
pub use diff::{FieldChange, Refusal};

/// How to apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How many servers keep a copy of each stream: 1 on a laptop, 3 in production.
    pub replicas: u32,
    /// Only tell what would be done.
    pub dry_run: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            replicas: 1,
            dry_run: false,
        }
    }
}

/// What stands between the server and its declaration.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// The server does not have it.
    Create,
    /// The server has it, with other values.
    Update(Vec<FieldChange>),
    /// Nothing to do.
    Keep,
}

/// One resource and what is to be done about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What is declared.
    pub resource: Resource,
    /// What it takes.
    pub action: Action,
}

/// Why declarations were not applied.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// At least one change is not known to be safe; nothing was changed.
    #[error("{} change(s) refused, nothing was changed", .0.len())]
    Destructive(Vec<Refusal>),
    /// A declaration cannot be read.
    #[error(transparent)]
    Declaration(#[from] DeclarationError),
    /// The server refuses a request, or JetStream is not enabled.
    #[error("{resource}: the server says: {description} (error {code})")]
    Server {
        /// What the request was about.
        resource: String,
        /// JetStream's error code.
        code: u64,
        /// The server's words.
        description: String,
    },
    /// The server did not answer. Retryable.
    #[error("{resource}: no answer from the server: {detail}")]
    Unavailable {
        /// What the request was about.
        resource: String,
        /// What was seen.
        detail: String,
    },
}

impl Error {
    /// Whether the same call may succeed later, for instance since JetStream is still starting.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::Unavailable { .. }
                | Self::Server {
                    code: 10008 | 10009 | 10023,
                    ..
                }
        )
    }
}

/// Compares the server with the declarations.
///
/// # Errors
/// [`Error::Destructive`] with every refusal, or what kept the server from answering.
pub async fn plan(
    client: &async_nats::Client,
    declarations: &Declarations,
    options: Options,
) -> Result<Vec<Step>, Error> {
    let mut steps = Vec::new();
    let mut refusals = Vec::new();
    for resource in declarations.resources(options.replicas) {
        let action = match api::current(client, &resource).await? {
            None => Action::Create,
            Some(current) => {
                let changes = diff::changes(&current, &resource.config);
                refusals.extend(diff::refusals(&resource, &changes));
                if changes.is_empty() {
                    Action::Keep
                } else {
                    Action::Update(changes)
                }
            }
        };
        steps.push(Step { resource, action });
    }
    if refusals.is_empty() {
        Ok(steps)
    } else {
        Err(Error::Destructive(refusals))
    }
}

/// Makes the server what the declarations say, unless `options.dry_run`, and returns what was to be done.
///
/// # Errors
/// As [`plan`]; also when the server refuses a change that looked harmless. Calling again is always safe.
pub async fn apply(
    client: &async_nats::Client,
    declarations: &Declarations,
    options: Options,
) -> Result<Vec<Step>, Error> {
    let steps = plan(client, declarations, options).await?;
    if !options.dry_run {
        for step in &steps {
            execute(client, step).await?;
        }
    }
    Ok(steps)
}

async fn execute(client: &async_nats::Client, step: &Step) -> Result<(), Error> {
    match &step.action {
        Action::Keep => Ok(()),
        Action::Create => api::create(client, &step.resource).await,
        Action::Update(_) => api::update(client, &step.resource).await,
    }
}

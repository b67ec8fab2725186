//! What operators do and hear of, written once for the command line and for the API.
//!
//! | module | what it does |
//! |---|---|
//! | [`filter`] | which dead letters are meant |
//! | [`letters`] | reads the stream `DLQ` |
//! | [`redrive`] | sends letters back, or gives them up for good |
//! | [`job`] | operations on many letters: planned, carried out, resumed |
//! | [`bulk`] | does something to many items: paced, resumable, told item by item |
//! | [`audit`] | who did what, in the stream `AUDIT` |
//! | [`view`] | letters and operations as JSON |
//! | [`health`] | how far each consumer is behind |
//! | [`events`] | tells operators on `ops.>` |
//! | [`watch`] | sees what they are told |
//! | [`api`] | the same operations over HTTP, for staff |
//! | [`process`] | the process that watches and serves |

pub mod api;
pub mod audit;
pub mod bulk;
pub mod events;
pub mod filter;
pub mod health;
pub mod job;
pub mod letters;
pub mod process;
pub mod redrive;
pub mod view;
pub mod watch;

use holdfast_platform::journal;
use uuid::Uuid;

/// Why something could not be done, or even be tried.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A stream cannot be read.
    #[error(transparent)]
    Log(#[from] crate::logs::Error),
    /// A stream does not answer.
    #[error("stream {stream}: {source}")]
    Journal {
        /// Which one.
        stream: &'static str,
        /// Why.
        #[source]
        source: journal::Error,
    },
    /// NATS does not do what it is asked for.
    #[error("{what}: {detail}")]
    Nats {
        /// What it was asked for.
        what: &'static str,
        /// Its words.
        detail: String,
    },
    /// There is no such operation.
    #[error("there is no operation {0}")]
    NoSuchOperation(Uuid),
    /// What is recorded of an operation cannot be read by this version.
    #[error("operation {id} cannot be read: {detail}")]
    Operation {
        /// Which one.
        id: Uuid,
        /// Why.
        detail: String,
    },
}

impl Error {
    fn nats(what: &'static str) -> impl FnOnce(async_nats::Error) -> Self {
        move |error| Self::Nats {
            what,
            detail: error.to_string(),
        }
    }
}

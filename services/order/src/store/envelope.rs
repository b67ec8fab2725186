//! The headers of a commit: CloudEvents 1.0 attributes, and what lets consumers pass over it unread.

use bytes::Bytes;
use holdfast_contracts::events::ORDER_COMMIT;
use holdfast_platform::journal::{Append, Headers, Revision};
use holdfast_platform::telemetry::TraceContext;

use crate::codec::{self, Commit};
use crate::replay::OrderKey;

/// Names the commands of a commit, separated by commas. Absent if there are none.
pub const COMMANDS_HEADER: &str = "Holdfast-Commands";

const SCHEMA: &str = "holdfast.order.v1";

pub(super) fn append(
    key: &OrderKey,
    commit: &Commit,
    expected: Revision,
    trace: Option<&TraceContext>,
) -> Result<Append, codec::Error> {
    let message_id = format!("{}.{}", commit.order, commit.last_version());
    let mut headers = headers(commit, &message_id);
    if let Some(trace) = trace {
        trace.stamp(&mut headers);
    }
    Ok(Append {
        subject: key.subject(),
        expected,
        headers,
        message_id,
        payload: Bytes::from(codec::encode(commit)?),
    })
}

fn headers(commit: &Commit, id: &str) -> Headers {
    let mut headers = Headers::from([
        ("ce-specversion".to_owned(), "1.0".to_owned()),
        ("ce-id".to_owned(), id.to_owned()),
        ("ce-source".to_owned(), "/holdfast/order".to_owned()),
        ("ce-type".to_owned(), ORDER_COMMIT.to_owned()),
        ("ce-subject".to_owned(), commit.order.to_string()),
        ("ce-time".to_owned(), commit.time.to_string()),
        ("ce-dataschema".to_owned(), SCHEMA.to_owned()),
    ]);
    if !commit.effects.is_empty() {
        let names: Vec<_> = commit
            .effects
            .iter()
            .map(holdfast_order_core::Effect::name)
            .collect();
        headers.insert(COMMANDS_HEADER.to_owned(), names.join(","));
    }
    headers
}

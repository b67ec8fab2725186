//! How far each durable consumer is behind.

use std::time::Duration;

use async_nats::jetstream::consumer::Info;
use futures::TryStreamExt as _;
use holdfast_platform::nats::Nats;
use jiff::Timestamp;
use serde::Serialize;

use super::Error;

/// How a durable consumer stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConsumerHealth {
    /// Its stream.
    pub stream: String,
    /// Its name.
    pub consumer: String,
    /// Messages that it has yet to deliver.
    pub pending: u64,
    /// Messages that were delivered and are not settled.
    pub unsettled: u64,
    /// Messages among these that were delivered more than once.
    pub redelivered: u64,
    /// How many messages were stored in the stream after the last one that it delivered, its own or not.
    pub lag: u64,
    /// How old the oldest message is that is not settled, in seconds; none if there is none.
    pub oldest_seconds: Option<u64>,
}

/// What is still healthy.
#[derive(Clone, Copy, Debug)]
pub struct Thresholds {
    /// The oldest message that is not settled.
    pub oldest: Duration,
    /// Messages that are not delivered yet.
    pub pending: Option<u64>,
    /// Messages that were delivered more than once and are not settled.
    pub redelivered: Option<u64>,
}

impl ConsumerHealth {
    /// What is beyond the thresholds, in words; empty if it is healthy.
    #[must_use]
    pub fn complaints(&self, thresholds: &Thresholds) -> Vec<String> {
        let Thresholds {
            oldest,
            pending,
            redelivered,
        } = thresholds;
        let mut complaints = Vec::new();
        if let Some(age) = self.oldest_seconds.filter(|age| *age > oldest.as_secs()) {
            complaints.push(format!("the oldest waits for {age}s"));
        }
        if pending.is_some_and(|most| self.pending > most) {
            complaints.push(format!("{} pending", self.pending));
        }
        if redelivered.is_some_and(|most| self.redelivered > most) {
            complaints.push(format!("{} redelivered", self.redelivered));
        }
        complaints
    }
}

/// All durable consumers of the streams that `wanted` names, by stream and name.
///
/// # Errors
/// [`Error::Nats`] if the server does not answer.
pub async fn consumers(nats: &Nats, wanted: impl Fn(&str) -> bool) -> Result<Vec<ConsumerHealth>, Error> {
    let mut found = Vec::new();
    let mut streams = nats.jetstream().streams();
    while let Some(stream) = streams
        .try_next()
        .await
        .map_err(|error| Error::nats("streams")(error.into()))?
    {
        if !wanted(&stream.config.name) {
            continue;
        }
        let of = nats.jetstream().get_stream_no_info(&stream.config.name).await;
        let of = of.map_err(|error| Error::nats("stream")(error.into()))?;
        let consumers: Vec<Info> = of
            .consumers()
            .try_collect()
            .await
            .map_err(|error| Error::nats("consumers")(error.into()))?;
        for info in consumers.iter().filter(|info| info.config.durable_name.is_some()) {
            found.push(health(nats, info, stream.state.last_sequence).await?);
        }
    }
    found.sort_by(|a, b| (&a.stream, &a.consumer).cmp(&(&b.stream, &b.consumer)));
    Ok(found)
}

async fn health(nats: &Nats, info: &Info, last: u64) -> Result<ConsumerHealth, Error> {
    let unsettled = info.num_ack_pending as u64;
    let oldest = match info.num_pending + unsettled {
        0 => None,
        _ => oldest(nats, info).await?,
    };
    let age = oldest.map(|stored| Timestamp::now().duration_since(stored).as_secs());
    Ok(ConsumerHealth {
        stream: info.stream_name.clone(),
        consumer: info.name.clone(),
        pending: info.num_pending,
        unsettled,
        redelivered: info.num_redelivered as u64,
        lag: last.saturating_sub(info.delivered.stream_sequence),
        oldest_seconds: age.map(|age| u64::try_from(age).unwrap_or_default()),
    })
}

/// When the first message after the acknowledgement floor was stored that the consumer is for.
async fn oldest(nats: &Nats, info: &Info) -> Result<Option<Timestamp>, Error> {
    let stream = nats.jetstream().get_stream_no_info(&info.stream_name).await;
    let stream = stream.map_err(|error| Error::nats("stream")(error.into()))?;
    let filter = match info.config.filter_subject.as_str() {
        "" => ">",
        filter => filter,
    };
    let first = stream
        .raw_message_builder()
        .sequence(info.ack_floor.stream_sequence + 1)
        .next_by_subject(filter)
        .send()
        .await;
    // It may have been deleted, or settled, since.
    let first = first.ok();
    Ok(first.and_then(|message| Timestamp::from_nanosecond(message.time.unix_timestamp_nanos()).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_beyond_a_threshold_is_told() {
        let thresholds = Thresholds {
            oldest: Duration::from_secs(60),
            pending: Some(10),
            redelivered: None,
        };
        let health = ConsumerHealth {
            stream: "ORDERS".into(),
            consumer: "order-payment".into(),
            pending: 10,
            unsettled: 1,
            redelivered: 5,
            lag: 11,
            oldest_seconds: Some(60),
        };
        assert_eq!(health.complaints(&thresholds), Vec::<String>::new());
        let late = ConsumerHealth {
            pending: 11,
            oldest_seconds: Some(61),
            ..health
        };
        assert_eq!(
            late.complaints(&thresholds),
            ["the oldest waits for 61s", "11 pending"]
        );
    }
}

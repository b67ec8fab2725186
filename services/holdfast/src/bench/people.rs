//! People with accounts: who orders through the gateway, and who logs in all the time.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use holdfast_platform::http;
use reqwest::Client;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Error;

const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// Fewer than the passwords that wait to be checked.
const AT_ONCE: usize = 4;

/// Somebody who has registered.
#[derive(Clone, Debug)]
pub struct Person {
    /// The account.
    pub(super) id: Uuid,
    /// What they log in with, as it is sent.
    pub(super) login: Value,
    /// An access token.
    pub(super) token: String,
    /// Where their requests come from, since the gateway limits each address; none: this machine has one address only.
    pub(super) address: Option<Ipv4Addr>,
}

/// Registers people at the user service and logs each in.
///
/// # Errors
/// [`Error::Accounts`] if it does not take them.
pub async fn register(url: &str, count: usize) -> Result<Vec<Person>, Error> {
    let client = http::client(ANSWER_WITHIN, None).map_err(|error| failed(url, error.to_string()))?;
    let people = stream::iter(0..count).map(|number| person(&client, url, number));
    people.buffer_unordered(AT_ONCE).try_collect().await
}

/// One of this machine's own, where it has more than one.
fn address(number: usize) -> Option<Ipv4Addr> {
    let [.., high, low] = u32::try_from(number).ok()?.checked_add(2)?.to_be_bytes();
    let address = Ipv4Addr::new(127, 1, high, low);
    TcpListener::bind((address, 0)).ok().map(|_| address)
}

async fn person(client: &Client, url: &str, number: usize) -> Result<Person, Error> {
    let email = format!("{}@example.com", Uuid::new_v4().simple());
    let password = Uuid::new_v4().to_string();
    let login = json!({"email": email, "password": password});
    let account = json!({"email": email, "password": password, "name": "Bench"});
    let registered = post(client, &format!("{url}/v1/users"), &account).await?;
    let tokens = post(client, &format!("{url}/v1/sessions"), &login).await?;
    let text = |answer: &Value, field: &str| answer.get(field).and_then(Value::as_str).map(str::to_owned);
    let id = text(&registered, "id").and_then(|id| id.parse().ok());
    match (id, text(&tokens, "access_token")) {
        (Some(id), Some(token)) => Ok(Person {
            id,
            login,
            token,
            address: address(number),
        }),
        _ => Err(failed(url, format!("{registered}, {tokens}"))),
    }
}

async fn post(client: &Client, url: &str, body: &Value) -> Result<Value, Error> {
    let answer = client.post(url).json(body).send().await;
    let answer = answer.and_then(reqwest::Response::error_for_status);
    let answer = answer.map_err(|error| failed(url, error.to_string()))?;
    answer
        .json()
        .await
        .map_err(|error| failed(url, error.to_string()))
}

pub(super) fn failed(url: &str, detail: String) -> Error {
    Error::Accounts {
        url: url.to_owned(),
        detail,
    }
}

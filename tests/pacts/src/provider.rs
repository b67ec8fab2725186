//! The provider's side: real processes and their messages, by what is kept.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use holdfast_platform::journal::Record;
use pact_models::provider_states::ProviderState;
use pact_verifier::callback_executors::ProviderStateExecutor;
use pact_verifier::{
    FilterInfo, NullRequestFilterExecutor, PactSource, ProviderInfo, ProviderTransport, VerificationOptions,
    verify_provider_async,
};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::kept;

/// Brings a provider into the state that an interaction needs.
#[async_trait]
pub trait States: Send + Sync + 'static {
    /// Into the state `name`, or out of it if not `enter`. What it returns can stand in the request.
    ///
    /// # Errors
    /// If the state is not known, or cannot be reached.
    async fn change(&self, name: &str, parameters: &Value, enter: bool) -> Result<Value, String>;
}

struct Executor(Arc<dyn States>);

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Executor")
    }
}

#[async_trait]
impl ProviderStateExecutor for Executor {
    async fn call(
        self: Arc<Self>,
        _: Option<String>,
        state: &ProviderState,
        enter: bool,
        _: Option<&reqwest::Client>,
    ) -> anyhow::Result<HashMap<String, Value>> {
        if state.name.is_empty() {
            return Ok(HashMap::new());
        }
        let parameters = state.params.clone().into_iter().collect();
        let values = self
            .0
            .change(&state.name, &Value::Object(parameters), enter)
            .await;
        // Pact tells only that a state was not reached.
        let values = values.inspect_err(|error| eprintln!("{}: {error}", state.name));
        let values = values.map_err(anyhow::Error::msg)?;
        Ok(serde_json::from_value(values).unwrap_or_default())
    }

    fn teardown(&self) -> bool {
        true
    }
}

/// Verifies the provider at `port` by the contract between it and `consumer`.
///
/// # Panics
/// If it breaks the contract; what differs is printed.
pub async fn verify(consumer: &str, provider: &str, port: u16, states: Arc<dyn States>) {
    verify_by(consumer, provider, "http", port, states).await;
}

/// Verifies messages by the contract between `consumer` and `provider`: each interaction is answered by the record of
/// its description.
///
/// # Panics
/// As [`verify`].
pub async fn verify_messages(consumer: &str, provider: &str, records: HashMap<String, Record>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let router = Router::new()
        .fallback(post(message))
        .with_state(Arc::new(records));
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    verify_by(consumer, provider, "message", port, Arc::new(NoStates)).await;
    server.abort();
}

async fn verify_by(consumer: &str, provider: &str, transport: &str, port: u16, states: Arc<dyn States>) {
    let file = kept().join(format!("{consumer}-{provider}.json"));
    let transport = ProviderTransport {
        transport: transport.to_owned(),
        port: Some(port),
        ..ProviderTransport::default()
    };
    let provider = ProviderInfo {
        name: provider.to_owned(),
        host: "127.0.0.1".to_owned(),
        transports: vec![transport],
        ..ProviderInfo::default()
    };
    let options = VerificationOptions::<NullRequestFilterExecutor> {
        coloured_output: false,
        request_timeout: 20_000,
        ..VerificationOptions::default()
    };
    let source = vec![PactSource::File(file.display().to_string())];
    let executor = Arc::new(Executor(states));
    let verified = verify_provider_async(
        provider,
        source,
        FilterInfo::None,
        vec![],
        &options,
        None,
        &executor,
        None,
    );
    let verified = verified.await.expect("the contract can be verified");
    let wrong = &verified.errors;
    assert!(verified.result, "{}\n{wrong:#?}", verified.output.join("\n"));
}

struct NoStates;

#[async_trait]
impl States for NoStates {
    async fn change(&self, _: &str, _: &Value, _: bool) -> Result<Value, String> {
        Ok(Value::Null)
    }
}

/// A message as Pact asks for it: its payload, and its headers beside it.
async fn message(State(records): State<Arc<HashMap<String, Record>>>, Json(asked): Json<Value>) -> Response {
    let description = asked["description"].as_str().unwrap_or_default();
    let Some(record) = records.get(description) else {
        return (StatusCode::NOT_FOUND, format!("no message is {description:?}")).into_response();
    };
    let headers = STANDARD.encode(serde_json::to_vec(&record.headers).unwrap_or_default());
    let described = [
        ("content-type", "application/json".to_owned()),
        ("pact-message-metadata", headers),
    ];
    (described, record.payload.clone()).into_response()
}

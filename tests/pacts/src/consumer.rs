//! The consumer's side: what is written is what is kept.

use std::fs;

use pact_consumer::builders::PactBuilder;
use pact_consumer::mock_server::{StartMockServer as _, ValidatingMockServer};
use pact_models::v4::async_message::AsynchronousMessage;
use serde_json::Value;
use tempfile::TempDir;

use crate::{kept, prepare};

/// A contract that a consumer's test writes.
pub struct Contract {
    name: String,
    folder: TempDir,
    builder: PactBuilder,
}

impl Contract {
    /// What `consumer` expects of `provider`.
    ///
    /// # Panics
    /// If there is no temporary folder.
    #[must_use]
    pub fn between(consumer: &str, provider: &str) -> Self {
        prepare();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut builder = PactBuilder::new_v4(consumer, provider);
        builder.with_output_dir(folder.path());
        Self {
            name: format!("{consumer}-{provider}.json"),
            folder,
            builder,
        }
    }

    /// To describe what is expected.
    pub fn builder(&mut self) -> &mut PactBuilder {
        &mut self.builder
    }

    /// Answers the calls of `client`, which is given the base URL, and keeps the contract if it made all of them.
    ///
    /// # Panics
    /// If it made others, or if the contract is not the one in the repository.
    pub async fn serve(self, client: impl AsyncFnOnce(&str)) {
        let server: Box<dyn ValidatingMockServer> = self.builder.start_mock_server(None, None);
        client(server.url().as_str().trim_end_matches('/')).await;
        drop(server);
        self.compare();
    }

    /// Gives each message to `read`, and keeps the contract.
    ///
    /// # Panics
    /// If the contract is not the one in the repository.
    pub fn deliver(self, mut read: impl FnMut(&AsynchronousMessage)) {
        let mut messages = self.builder.messages();
        messages.by_ref().for_each(|message| read(&message));
        drop(messages);
        self.compare();
    }

    fn compare(&self) {
        let written = fs::read(self.folder.path().join(&self.name)).expect("a contract was written");
        let mut written: Value = serde_json::from_slice(&written).expect("a contract");
        // Which version of Pact wrote it is no part of what is agreed.
        _ = written["metadata"]
            .as_object_mut()
            .map(|all| all.remove("pactRust"));
        let file = kept().join(&self.name);
        if std::env::var_os("HOLDFAST_WRITE_PACTS").is_some() {
            let text = serde_json::to_string_pretty(&written).expect("JSON");
            fs::write(&file, text + "\n").expect("the contract can be kept");
        }
        let known = fs::read(&file).unwrap_or_default();
        let known: Value = serde_json::from_slice(&known).unwrap_or_default();
        assert!(
            written == known,
            "{} is not what the consumer expects now: `make pacts` writes it. It expects\n{written:#}",
            file.display()
        );
    }
}

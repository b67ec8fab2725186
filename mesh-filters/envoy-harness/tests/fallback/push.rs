//! Configuration that is pushed while the proxy runs.

use crate::lab::{Lab, config, fallback};
use holdfast_envoy_harness::{Envoy, Fault, Protocol, Script, bootstrap};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Duration, Instant, sleep};

const DEADLINE: Duration = Duration::from_secs(20);
const STATS: &str = "extension_config_discovery.http_filter.mesh.fallback";

/// A file that Envoy watches, as the control plane's pushes.
struct Pushes {
    directory: TempDir,
}

impl Pushes {
    fn new() -> Self {
        Self {
            directory: TempDir::new().unwrap(),
        }
    }

    /// Envoy sees a file that is renamed into its place.
    fn push(&self, version: &str, config: &Value) {
        let mut resource = fallback(config);
        resource["@type"] = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig".into();
        let response = json!({"version_info": version, "resources": [resource]});
        let next = self.directory.path().join("next.json");
        std::fs::write(&next, response.to_string()).unwrap();
        std::fs::rename(next, self.directory.path().join("filter.json")).unwrap();
    }

    fn filter(&self) -> Value {
        bootstrap::pushed_filter("mesh.fallback", &self.directory.path().join("filter.json"))
    }
}

async fn wait_for(envoy: &Envoy, stat: &str, least: u64) {
    let deadline = Instant::now() + DEADLINE;
    while envoy.stat(&format!("{STATS}.{stat}")).await < least {
        assert!(
            Instant::now() < deadline,
            "{}\n{}",
            envoy.admin("/stats?filter=discovery").await,
            envoy.log()
        );
        sleep(Duration::from_millis(10)).await;
    }
}

async fn fixed_status(lab: &Lab) -> u16 {
    lab.fail(Protocol::Http1, Fault::Refused, ("POST", "/fixed"), &[])
        .await
        .0
        .status
        .as_u16()
}

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_a_wrong_push_then_it_is_refused_by_name_and_a_right_one_keeps_the_copies() {
    let pushes = Pushes::new();
    pushes.push("1", &config(256));
    let lab = Lab::with(vec![pushes.filter()]).await;
    lab.get("/stock/1", &[], Script::answer(200, &[], "7")).await;
    assert_eq!(fixed_status(&lab).await, 202);

    let mut wrong = config(256);
    wrong["rules"][0]["respond"]["status"] = json!(42);
    pushes.push("2", &wrong);
    wait_for(&lab.envoy, "config_fail", 1).await;
    let reason = "configuration refused: rules[0].respond.status: must be an integer from 200 to 599";
    assert!(lab.envoy.log().contains(reason), "{}", lab.envoy.log());
    assert_eq!(fixed_status(&lab).await, 202);

    let mut right = config(256);
    right["rules"][0]["respond"]["status"] = json!(299);
    let reloads = lab.envoy.stat(&format!("{STATS}.config_reload")).await;
    pushes.push("3", &right);
    wait_for(&lab.envoy, "config_reload", reloads + 1).await;
    assert_eq!(fixed_status(&lab).await, 299);
    assert_eq!(lab.refused("/stock/1", &[]).await.text(), "7");
}

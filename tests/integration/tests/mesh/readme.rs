//! What is written to be pasted works as it is: the README's first section, and what `holdfast up` prints.

use holdfast_tests_integration::{Platform, eventually};
use serde_json::Value;
use tokio::time::timeout;

use crate::{PATIENCE, platform};

const README: &str = include_str!("../../../../README.md");

/// The shell blocks of a section.
fn blocks(section: &str) -> Vec<&'static str> {
    let (_, rest) = README.split_once(&format!("\n## {section}\n")).unwrap();
    let (section, _) = rest.split_once("\n## ").unwrap();
    let blocks = section.split("```bash\n").skip(1);
    blocks.map(|block| block.split_once("```").unwrap().0).collect()
}

/// Each line of what a script prints that is JSON.
async fn answers(platform: &Platform, script: &str) -> Vec<Value> {
    let printed = platform.bash(script).await;
    let lines = printed.lines().map(serde_json::from_str);
    lines
        .map(|line| line.unwrap_or_else(|_| panic!("{printed}")))
        .collect()
}

#[tokio::test]
async fn the_readmes_lines_do_what_it_says() {
    let (platform, _turn) = platform().await;
    let [journey, refused] = blocks("Two commands").try_into().unwrap();
    let journey = journey.replace("http://localhost:8080", &platform.url("gateway"));
    let printed = answers(&platform, &journey).await;
    let [registered, products, order, orders] = printed.try_into().unwrap();
    assert_eq!(registered["email"], "ada@example.com", "{registered:#}");
    assert_eq!(products["items"].as_array().unwrap().len(), 3, "{products:#}");
    assert_eq!(order["user_id"], registered["id"], "{order:#}");
    assert_eq!(orders["items"][0]["id"], order["id"], "{orders:#}");

    let told: Vec<&str> = refused
        .lines()
        .filter_map(|line| line.split_once("# "))
        .map(|(_, comment)| comment.split(',').next().unwrap())
        .collect();
    let again = journey.replace("curl -sSw '\\n' $AT/users ", ": ");
    let printed = platform
        .bash(&format!("{{ {again} }} >/dev/null\n{refused}"))
        .await;
    assert!(told.len() > 5, "{told:?}");
    assert_eq!(printed.lines().collect::<Vec<_>>(), told);
}

#[tokio::test]
async fn the_pasted_lines_work_and_so_does_the_operators_command_line() {
    let (platform, _turn) = platform().await;
    let lines = platform.lines_to_paste().await;
    let [register, log_in, products, order, list, log_out] = lines.try_into().unwrap();
    let script = [register, log_in, products, order, list.clone(), log_out].join("; echo\n");
    let printed = platform.bash(&script).await;
    let printed: Vec<&str> = printed.lines().filter(|line| !line.is_empty()).collect();
    let [registered, products, order, listed, out] = printed.try_into().unwrap();
    let [registered, products, order, listed]: [Value; 4] =
        [registered, products, order, listed].map(|text| serde_json::from_str(text).unwrap());
    assert_eq!(order["user_id"], registered["id"], "{order:#}");
    assert_eq!(listed["items"][0]["id"], order["id"], "{listed:#}");
    assert_eq!((products["items"].as_array().unwrap().len(), out), (3, "204"));

    let id = order["id"].as_str().unwrap();
    eventually(PATIENCE, async || {
        let shown = platform.holdfast(&["orders", "show", id]).await;
        shown.contains("OrderCompleted").then_some(()).ok_or(shown)
    })
    .await;
    let user = order["user_id"].as_str().unwrap();
    for arguments in [
        ["orders", "list", "--json", "--user", user].as_slice(),
        &["orders", "list", "--json"],
    ] {
        let listed: Value = serde_json::from_str(&platform.holdfast(arguments).await).unwrap();
        let is_hers = listed["items"][0]["id"] == id;
        assert_eq!(is_hers, arguments.contains(&user), "{arguments:?}: {listed:#}");
    }
    let pid = platform.holdfast(&["ps", "gateway"]).await;
    assert!(pid.parse::<u32>().is_ok(), "{pid}");
}

/// The story of the mail server, as it is pasted; but nobody sits in front of `watch`, and a test looks when it is over.
#[tokio::test]
async fn mail_breaks_and_is_repaired_as_the_readme_says() {
    let (platform, _turn) = platform().await;
    let [order, story] = blocks("Break it").try_into().unwrap();
    let watched = "watch -n 5 holdfast dlq list --count";
    let until_six = r#"until holdfast dlq list --count | grep -E "^ +6  in all"; do sleep 0.2; done"#;
    let inbox = "curl -sS 'http://127.0.0.1:8190/sandbox/messages?channel=email'";
    let until_sent = format!(r#"until {inbox} | grep '"messages":6,'; do sleep 0.2; done"#);
    assert!(story.contains(watched) && story.contains(inbox), "{story}");
    let script = format!("{order}{story}")
        .replace(watched, until_six)
        .replace(inbox, &until_sent)
        .replace("http://localhost:8080", &platform.url("gateway"))
        .replace("http://127.0.0.1:8190", &platform.url("sandbox"));
    let told = timeout(PATIENCE, platform.bash(&script)).await.unwrap();
    assert_eq!(told.matches("gave up: max_deliveries").count(), 6, "{told}");
    assert!(told.contains("6 done, 0 left alone, 0 failed"), "{told}");
    assert!(told.contains("\"duplicates\":0"), "{told}");
    let left = platform.holdfast(&["dlq", "list", "--count"]).await;
    assert!(left.contains("0  in all"), "{left}");
    platform.audit(&[]).await.unwrap();
}

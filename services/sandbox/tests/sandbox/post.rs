//! Mail and SMS.

use holdfast_platform::lifecycle::Shutdown;
use holdfast_sandbox::post::{Account, PostOffice};
use holdfast_sandbox::smtp;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::{Sandbox, read};

const MAIL: &str =
    "Message-ID: <m1@x>\r\nSubject: hello\r\nContent-Type: text/html\r\n\r\n<p>Hi</p>\r\n..dot\r\n.\r\n";

/// A post office with an SMTP port.
struct Mail {
    sandbox: Sandbox,
    port: u16,
    _folder: tempfile::TempDir,
}

async fn mail(office: PostOffice) -> Mail {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start_with(folder.path(), None, office.clone()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(smtp::serve(listener, office, Shutdown::new()));
    Mail {
        sandbox,
        port,
        _folder: folder,
    }
}

struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    async fn connect(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        Self {
            stream: BufReader::new(stream),
        }
    }

    /// The code of the next answer; none: the connection is closed.
    async fn hear(&mut self) -> Option<u16> {
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return None;
            }
            if line.as_bytes()[3] == b' ' {
                return line[..3].parse().ok();
            }
        }
    }

    async fn say(&mut self, text: &str) -> Option<u16> {
        self.stream.write_all(text.as_bytes()).await.unwrap();
        self.hear().await
    }

    /// Hands a mail over, and returns the last answer.
    async fn send(&mut self, to: &str) -> Option<u16> {
        assert_eq!(self.say("EHLO me\r\n").await, Some(250));
        assert_eq!(self.say("MAIL FROM:<shop@x>\r\n").await, Some(250));
        let taken = self.say(&format!("RCPT TO:<{to}>\r\n")).await;
        if taken != Some(250) {
            return taken;
        }
        assert_eq!(self.say("DATA\r\n").await, Some(354));
        self.say(MAIL).await
    }
}

impl Mail {
    async fn client(&self) -> Client {
        Client::connect(self.port).await
    }

    async fn messages(&self, query: &str) -> Value {
        self.sandbox.get(&format!("/sandbox/messages{query}")).await.1
    }

    async fn set(&self, rules: Value) {
        let url = format!("{}/sandbox/knobs", self.sandbox.url);
        let request = self.sandbox.client.put(url).json(&json!({"rules": rules}));
        assert_eq!(request.send().await.unwrap().status(), StatusCode::NO_CONTENT);
    }

    async fn sms(&self, to: &str, key: &str) -> (StatusCode, Value) {
        let url = format!("{}/2010-04-01/Accounts/AC1/Messages.json", self.sandbox.url);
        let request = self.sandbox.client.post(url).basic_auth("AC1", Some("token"));
        let request = request.header("Idempotency-Key", key);
        read(request.form(&[("To", to), ("From", "+15550001"), ("Body", "hello")])).await
    }
}

#[tokio::test]
async fn a_mail_is_shown_as_it_came() {
    let mail = mail(PostOffice::default()).await;
    let mut client = mail.client().await;
    assert_eq!(client.hear().await, Some(220));
    assert_eq!(client.send("anna@x").await, Some(250));
    assert_eq!(client.send("anna@x").await, Some(250));
    assert_eq!(client.say("QUIT\r\n").await, Some(221));
    let page = mail.messages("?to=anna@x").await;
    assert_eq!(
        page["totals"],
        json!({"messages": 1, "duplicates": 1, "refused": 0})
    );
    let item = &page["items"][0];
    assert_eq!(
        (&item["key"], &item["subject"], &item["copies"]),
        (&json!("m1@x"), &json!("hello"), &json!(2))
    );
    let (_, whole) = mail.sandbox.get("/sandbox/messages/1").await;
    assert!(
        whole["html"].as_str().unwrap().contains("<p>Hi</p>\r\n.dot"),
        "{whole}"
    );
    assert_eq!(
        mail.sandbox.get("/sandbox/messages/2").await.0,
        StatusCode::NOT_FOUND
    );
    let html = mail
        .sandbox
        .client
        .get(format!("{}/sandbox/messages/1/html", mail.sandbox.url));
    let html = html.send().await.unwrap();
    assert!(
        html.headers()["content-security-policy"]
            .to_str()
            .unwrap()
            .contains("sandbox")
    );
}

#[tokio::test]
async fn commands_may_come_all_at_once_and_in_pieces() {
    let mail = mail(PostOffice::default()).await;
    let mut client = mail.client().await;
    let all = format!("EHLO me\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n{MAIL}QUIT\r\n");
    let (head, tail) = all.split_at(20);
    client.stream.write_all(head.as_bytes()).await.unwrap();
    client.stream.flush().await.unwrap();
    client.stream.write_all(tail.as_bytes()).await.unwrap();
    let mut answers = Vec::new();
    while let Some(code) = client.hear().await {
        answers.push(code);
    }
    assert_eq!(answers, [220, 250, 250, 250, 354, 250, 221]);
}

#[tokio::test]
async fn what_goes_wrong_is_chosen_by_recipient_or_by_knobs() {
    let mail = mail(PostOffice::default()).await;
    let mut client = mail.client().await;
    client.hear().await;
    assert_eq!(client.send("anna+refuse@x").await, Some(550));
    assert_eq!(client.say("RSET\r\n").await, Some(250));
    assert_eq!(client.send("anna+drop@x").await, None, "taken, and not told");
    mail.set(json!([{"channel": "email", "to": "*@y", "fault": "rate_limit", "times": 1}]))
        .await;
    let mut client = mail.client().await;
    client.hear().await;
    assert_eq!(client.send("b@y").await, Some(450));
    client.say("RSET\r\n").await;
    assert_eq!(client.send("b@y").await, Some(250));
    let totals = mail.messages("").await["totals"].clone();
    assert_eq!(
        totals,
        json!({"messages": 1, "duplicates": 1, "refused": 2}),
        "the key is the same"
    );
    mail.set(json!([{"channel": "email", "fault": "down"}])).await;
    assert_eq!(mail.client().await.hear().await, None);
    assert_eq!(client.say("NOOP\r\n").await, None, "open connections end too");
    let (status, _) = read(
        mail.sandbox
            .client
            .put(format!("{}/sandbox/knobs", mail.sandbox.url))
            .json(&json!({
                "rules": [{"fault": "explode"}]
            })),
    )
    .await;
    assert!(status.is_client_error());
}

#[tokio::test]
async fn a_mail_that_is_too_large_is_cut_off() {
    let mail = mail(PostOffice::default()).await;
    let mut client = mail.client().await;
    client.hear().await;
    client.say("EHLO me\r\n").await;
    client.say("MAIL FROM:<a@x>\r\n").await;
    client.say("RCPT TO:<b@x>\r\n").await;
    client.say("DATA\r\n").await;
    let body = "x".repeat(1024 * 1024 + 1);
    // The server may close before all of it is written.
    let _ = client.stream.write_all(body.as_bytes()).await;
    assert!(matches!(client.hear().await, Some(552) | None));
    assert_eq!(mail.messages("").await["items"], json!([]));
}

#[tokio::test]
async fn an_sms_is_sent_once_per_key() {
    let account = Account {
        user: "AC1".into(),
        password: "token".into(),
    };
    let mail = mail(PostOffice::new(Some(account))).await;
    let (status, sent) = mail.sms("+4930123456", "k1").await;
    assert_eq!((status, &sent["status"]), (StatusCode::CREATED, &json!("queued")));
    assert_eq!(mail.sms("+4930123456", "k1").await.1["sid"], sent["sid"]);
    assert_eq!(mail.messages("?channel=sms").await["items"][0]["copies"], 2);
    for (to, expected) in [
        ("+15005550001", 400),
        ("+15005550500", 500),
        ("+15005550429", 429),
        ("030", 400),
    ] {
        assert_eq!(mail.sms(to, "k2").await.0.as_u16(), expected, "{to}");
    }
    let url = format!("{}/2010-04-01/Accounts/AC1/Messages.json", mail.sandbox.url);
    let stranger = mail
        .sandbox
        .client
        .post(url)
        .form(&[("To", "+4930123456"), ("From", "x"), ("Body", "y")]);
    assert_eq!(read(stranger).await.0, StatusCode::UNAUTHORIZED);
    let mut client = mail.client().await;
    client.hear().await;
    assert_eq!(client.say("EHLO me\r\n").await, Some(250));
    assert_eq!(client.say("MAIL FROM:<a@x>\r\n").await, Some(530));
    assert_eq!(client.say("AUTH PLAIN AEFDMQB0b2tlbg==\r\n").await, Some(235));
}

#[tokio::test]
async fn an_sms_whose_answer_is_lost_was_sent() {
    let mail = mail(PostOffice::default()).await;
    mail.set(json!([{"channel": "sms", "fault": "drop_after_data", "times": 1}]))
        .await;
    let url = format!("{}/2010-04-01/Accounts/AC1/Messages.json", mail.sandbox.url);
    let lost = mail
        .sandbox
        .client
        .post(url)
        .form(&[("To", "+4930123456"), ("From", "x"), ("Body", "y")]);
    assert!(lost.send().await.is_err());
    assert_eq!(mail.messages("").await["totals"]["messages"], 1);
}

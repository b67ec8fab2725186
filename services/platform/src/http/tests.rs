use axum::routing::{get, post};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::*;

async fn start(router: Router, options: HttpOptions) -> (String, Shutdown, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let shutdown = Shutdown::new();
    let serving = tokio::spawn(serve(router, listener, options, shutdown.clone()));
    (url, shutdown, serving)
}

fn caller() -> reqwest::Client {
    client(Duration::from_secs(10), None).unwrap()
}

#[tokio::test]
async fn given_shutdown_a_request_under_way_is_answered_and_then_serving_ends() {
    let (entered, mut started) = mpsc::unbounded_channel();
    let finish = Shutdown::new();
    let gate = finish.clone();
    let slow = get(move || {
        entered.send(()).unwrap();
        async move { gate.cancelled().await }
    });
    let (url, shutdown, serving) = start(Router::new().route("/slow", slow), HttpOptions::default()).await;
    let call = tokio::spawn(caller().get(format!("{url}/slow")).send());
    started.recv().await.unwrap();
    shutdown.cancel();
    finish.cancel();
    assert_eq!(call.await.unwrap().unwrap().status(), 200);
    serving.await.unwrap();
    assert!(
        caller().get(&url).send().await.is_err(),
        "nobody listens any more"
    );
}

#[tokio::test]
async fn given_shutdown_and_a_request_that_never_ends_serving_ends_at_the_deadline() {
    let (entered, mut started) = mpsc::unbounded_channel();
    let stuck = get(move || {
        entered.send(()).unwrap();
        std::future::pending::<()>()
    });
    let options = HttpOptions {
        drain_deadline: Duration::from_millis(50),
        ..HttpOptions::default()
    };
    let (url, shutdown, serving) = start(Router::new().route("/stuck", stuck), options).await;
    let call = tokio::spawn(caller().get(format!("{url}/stuck")).send());
    started.recv().await.unwrap();
    shutdown.cancel();
    serving.await.unwrap();
    call.abort();
}

#[tokio::test]
async fn a_request_over_its_deadline_is_a_problem() {
    let options = HttpOptions {
        request_deadline: Duration::from_millis(20),
        ..HttpOptions::default()
    };
    let router = Router::new().route("/stuck", get(std::future::pending::<()>));
    let (url, _shutdown, _serving) = start(router, options).await;
    let response = caller().get(format!("{url}/stuck")).send().await.unwrap();
    assert_eq!(response.status(), 504);
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["type"], TIMEOUT.uri());
}

#[tokio::test]
async fn both_versions_of_http_are_served() {
    let router = Router::new().route("/echo", post(async |body: String| body));
    let (url, _shutdown, _serving) = start(router, HttpOptions::default()).await;
    let response = caller()
        .post(format!("{url}/echo"))
        .body("one")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (response.version(), response.text().await.unwrap().as_str()),
        (http::Version::HTTP_11, "one")
    );
    let mut raw = TcpStream::connect(url.trim_start_matches("http://"))
        .await
        .unwrap();
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    tokio::io::AsyncWriteExt::write_all(&mut raw, preface)
        .await
        .unwrap();
    let mut frame = [0; 9];
    tokio::io::AsyncReadExt::read_exact(&mut raw, &mut frame)
        .await
        .unwrap();
    assert_eq!(frame[3], 4, "the server answers with a SETTINGS frame");
}

#[tokio::test]
async fn given_a_proxy_every_call_goes_to_it_and_names_whom_it_is_for() {
    let echo = async |request: Request| request.uri().to_string();
    let (url, _shutdown, _serving) = start(
        Router::new().route("/v1/charges/1", get(echo)),
        HttpOptions::default(),
    )
    .await;
    let proxy = reqwest::Proxy::http(url).unwrap();
    let caller = client(Duration::from_secs(10), Some(&proxy)).unwrap();
    let asked = "http://payment.holdfast.svc.cluster.local/v1/charges/1";
    let answer = caller.get(asked).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), asked);
}

#[tokio::test]
async fn a_body_that_says_it_is_too_large_is_refused_before_it_comes() {
    let router = Router::new().route("/raw", post(async |body: problem::RawBody| body.0));
    let (url, _shutdown, _serving) = start(router, HttpOptions::default()).await;
    let mut raw = TcpStream::connect(url.trim_start_matches("http://"))
        .await
        .unwrap();
    let head = format!(
        "POST /raw HTTP/1.1\r\nhost: h\r\ncontent-length: {}\r\n\r\n",
        BODY_LIMIT + 1
    );
    tokio::io::AsyncWriteExt::write_all(&mut raw, head.as_bytes())
        .await
        .unwrap();
    let mut status = [0; 12];
    let answer = tokio::io::AsyncReadExt::read_exact(&mut raw, &mut status);
    tokio::time::timeout(Duration::from_secs(5), answer)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&status, b"HTTP/1.1 413");
}

/// A server that waits 50 ms for the head of a request, and a connection to it on which `first` was sent.
async fn hesitant(first: &[u8]) -> (TcpStream, Shutdown) {
    let options = HttpOptions {
        header_deadline: Duration::from_millis(50),
        ..HttpOptions::default()
    };
    let router = Router::new().route("/hello", get(async || "hello"));
    let (url, shutdown, _serving) = start(router, options).await;
    let mut raw = TcpStream::connect(url.trim_start_matches("http://"))
        .await
        .unwrap();
    raw.write_all(first).await.unwrap();
    (raw, shutdown)
}

/// Everything that comes until the server closes.
async fn until_closed(mut connection: TcpStream) -> String {
    let mut said = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(5), connection.read_to_end(&mut said));
    // A reset closes it, too.
    let _ = closed.await.expect("the server closes the connection");
    String::from_utf8_lossy(&said).into_owned()
}

#[tokio::test]
async fn a_connection_without_a_whole_request_in_time_is_closed() {
    let beginnings: [&[u8]; 4] = [
        b"",
        b"PRI * HT",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /hello HTTP/1.1\r\nhost: h\r\nx-slow: ",
    ];
    for beginning in beginnings {
        let (connection, _shutdown) = hesitant(beginning).await;
        until_closed(connection).await;
    }
}

#[tokio::test]
async fn a_connection_is_kept_for_another_request_and_not_for_ever() {
    let request = b"GET /hello HTTP/1.1\r\nhost: h\r\n\r\n";
    let (mut connection, _shutdown) = hesitant(request).await;
    let mut byte = [0];
    connection.read_exact(&mut byte).await.unwrap();
    connection.write_all(request).await.unwrap();
    let said = until_closed(connection).await;
    assert_eq!(said.matches("200 OK").count(), 2, "{said}");
}

#[tokio::test]
async fn a_request_is_told_about_its_connection() {
    let told = get(async |axum::Extension(port): axum::Extension<u16>| port.to_string());
    let router = Router::new().route("/port", told);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/port", listener.local_addr().unwrap());
    let own_port = listener.local_addr().unwrap().port();
    let know = |connection: &TcpStream| {
        let port = connection.local_addr().unwrap().port();
        move |request: &mut Request| {
            request.extensions_mut().insert(port);
        }
    };
    tokio::spawn(serve_knowing(
        router,
        listener,
        HttpOptions::default(),
        Shutdown::new(),
        know,
    ));
    let answer = caller().get(url).send().await.unwrap().text().await.unwrap();
    assert_eq!(answer, own_port.to_string());
}

//! The rim that every service has, over real HTTP: limits, refusals, headers, shutdown.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says why and stops")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use http_body_util::StreamBody;
use reqwest::{Client, Response};
use serde_json::{Value, json};
use service::extract::{Json, Path};
use service::ui::{Page, Visitor, friendly_errors};
use service::{Lang, Large, Layers, Running, Server, outbound};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

#[derive(serde::Deserialize)]
struct Name {
    name: String,
}

async fn start(layers: Layers) -> (Running, Client) {
    let router = Router::new()
        .route("/names", post(|Json(body): Json<Name>| async move { body.name }))
        .route("/items/{number}", get(|Path(number): Path<u8>| async move { number.to_string() }))
        .route("/panics", get(panics))
        .route("/slow", get(|| async { tokio::time::sleep(Duration::from_millis(400)).await }))
        .route("/slower", post(|_: Bytes| async { tokio::time::sleep(Duration::from_secs(60)).await }))
        .route("/lang", get(|lang: Lang| async move { lang.code() }))
        .route("/page", get(|visitor: Visitor| async move { Page::new(&visitor, "<title>") }))
        .merge(service::assets::router())
        .layer(from_fn(friendly_errors));
    let local: SocketAddr = "127.0.0.1:0".parse().expect("address");
    let server = Server::bind(local, layers.wrap(router)).await.expect("binds");
    (server, outbound::client(Duration::from_secs(5)))
}

async fn panics() {
    panic!("a secret in a panic");
}

async fn problem(answer: Response, status: u16, code: &str) -> Value {
    assert_eq!(answer.status(), status);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let id = answer.headers()["x-request-id"].to_str().expect("ascii").to_owned();
    let body: Value = answer.text().await.expect("body").parse().expect("json");
    assert_eq!(body["type"], format!("urn:huizheng:problem:{code}"));
    assert_eq!(body["requestId"], id);
    body
}

#[tokio::test]
async fn refusals_are_problems_with_the_requests_id() {
    let (server, http) = start(Layers::default()).await;
    let url = |path: &str| format!("{}{path}", server.base_url());
    let send =
        |body: String| http.post(url("/names")).header("content-type", "application/json").body(body).send();

    let fine = send(json!({"name": "林"}).to_string()).await.expect("answers");
    assert_eq!(fine.text().await.expect("body"), "林");
    problem(send("{".into()).await.expect("answers"), 400, "invalid-request").await;
    problem(send("[".repeat(100_000)).await.expect("answers"), 400, "invalid-request").await;
    problem(send(json!({"name": 3}).to_string()).await.expect("answers"), 400, "invalid-request").await;
    problem(send(" ".repeat(1024 * 1024 + 1)).await.expect("answers"), 413, "too-large").await;
    let untyped = http.post(url("/names")).body("{}").send().await.expect("answers");
    problem(untyped, 415, "unsupported-media-type").await;
    let wrong = http.get(url("/items/300")).send().await.expect("answers");
    let body = problem(wrong, 404, "not-found").await;
    assert!(!body.to_string().contains("300"), "what was sent is not sent back");
    problem(http.get(url("/nowhere")).send().await.expect("answers"), 404, "not-found").await;
    problem(http.get(url("/names")).send().await.expect("answers"), 405, "method-not-allowed").await;
    server.shutdown().await;
}

#[tokio::test]
async fn whoever_sends_too_much_reads_that_it_is_too_much() {
    let (server, _) = start(Layers::default()).await;
    let mut stream = TcpStream::connect(server.addr()).await.expect("connects");
    // More than the sockets' buffers hold: it is not all sent unless the server takes it.
    let body = vec![b' '; 6 * 1024 * 1024];
    let head = format!(
        "POST /names HTTP/1.1\r\nhost: here\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.expect("sends");
    stream.write_all(&body).await.expect("is not cut off while it sends");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    server.shutdown().await;
}

#[tokio::test]
async fn a_body_without_a_length_is_cut_off_at_the_limit() {
    let (server, http) = start(Layers::default()).await;
    let frame = || Ok::<_, std::io::Error>(hyper::body::Frame::data(Bytes::from_static(&[b' '; 64 * 1024])));
    let body = reqwest::Body::wrap(StreamBody::new(futures_util::stream::repeat_with(frame)));
    let request =
        http.post(format!("{}/names", server.base_url())).header("content-type", "application/json");
    // The server may answer and close while the client still sends; either way it doesn't read on.
    if let Ok(answer) = request.body(body).send().await {
        assert_eq!(answer.status(), 413);
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_panic_and_a_slow_handler_become_answers() {
    let (server, http) = start(Layers { timeout: Duration::from_millis(100), ..Layers::default() }).await;
    let get = |path: &str| http.get(format!("{}{path}", server.base_url())).send();
    let body = problem(get("/panics").await.expect("answers"), 500, "internal").await;
    assert!(!body.to_string().contains("secret"));
    problem(get("/slow").await.expect("answers"), 503, "timeout").await;
    server.shutdown().await;
}

/// A body that is announced and does not come.
fn stuck() -> reqwest::Body {
    let begun = futures_util::stream::once(async {
        Ok::<_, std::io::Error>(hyper::body::Frame::data(Bytes::from_static(b"{")))
    });
    reqwest::Body::wrap(StreamBody::new(futures_util::StreamExt::chain(
        begun,
        futures_util::stream::pending(),
    )))
}

#[tokio::test]
async fn a_body_that_does_not_come_is_the_clients_timeout() {
    let (server, http) = start(Layers { timeout: Duration::from_millis(100), ..Layers::default() }).await;
    let request =
        http.post(format!("{}/names", server.base_url())).header("content-type", "application/json");
    problem(request.body(stuck()).send().await.expect("answers"), 408, "body-timeout").await;
    server.shutdown().await;
}

#[tokio::test]
async fn where_an_answer_may_take_long_the_body_may_not() {
    let large = |path: &str| {
        let large = |timeout| Large { body_limit: 10, body_timeout: Duration::from_millis(100), timeout };
        match path {
            "/names" => Some(large(Duration::from_secs(60))),
            "/slow" => Some(large(Duration::from_secs(3))),
            _ => Some(large(Duration::from_millis(200))),
        }
    };
    let (server, http) = start(Layers { large, ..Layers::default() }).await;
    let url = |path: &str| format!("{}{path}", server.base_url());
    let late = http.post(url("/names")).header("content-type", "application/json").body(stuck());
    problem(late.send().await.expect("answers"), 408, "body-timeout").await;
    let posted = http.post(url("/slower")).header("content-type", "application/json").body("{}");
    problem(posted.send().await.expect("answers"), 503, "timeout").await;
    assert_eq!(http.get(url("/slow")).send().await.expect("answers").status(), 200);
    server.shutdown().await;
}

#[tokio::test]
async fn refusals_on_paths_of_oauth_are_oauth_errors_whoever_gives_them() {
    let layers = Layers { timeout: Duration::from_millis(300), oauth: |_| true, ..Layers::default() };
    let (server, http) = start(layers).await;
    let url = |path: &str| format!("{}{path}", server.base_url());
    let post = |body: reqwest::Body| {
        http.post(url("/names")).header("content-type", "application/json").body(body).send()
    };
    let huge = post(" ".repeat(1024 * 1024 + 1).into()).await.expect("answers");
    let untyped = http.post(url("/names")).body("{}").send().await.expect("answers");
    let as_page = http.get(url("/names")).header("accept", "text/html").send().await.expect("answers");
    assert_eq!(as_page.headers()["allow"], "POST");
    let cases = [
        (huge, 413, "invalid_request"),
        (untyped, 415, "invalid_request"),
        (as_page, 405, "invalid_request"),
        (post(stuck()).await.expect("answers"), 408, "invalid_request"),
        (http.get(url("/panics")).send().await.expect("answers"), 500, "server_error"),
        (http.get(url("/slow")).send().await.expect("answers"), 503, "temporarily_unavailable"),
    ];
    for (answer, status, code) in cases {
        assert_eq!(answer.status(), status);
        assert_eq!(answer.headers()["content-type"], "application/json", "{status}");
        assert_eq!(answer.headers()["cache-control"], "no-store", "{status}");
        let body: Value = answer.text().await.expect("body").parse().expect("json");
        assert_eq!(body["error"], code, "{status}");
        assert!(body["error_description"].is_string() || status == 500, "{status}: {body}");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_browser_sees_a_refusal_as_a_page_in_its_language() {
    let (server, http) = start(Layers::default()).await;
    for path in ["/items/x", "/nowhere"] {
        for (lang, title, words) in [
            ("en", "There is no such page", "A link may have been cut off"),
            ("zh", "没有找到这个页面", "可能是复制链接时缺了一部分"),
        ] {
            let request = http.get(format!("{}{path}", server.base_url())).header("accept", "text/html");
            let answer = request.header("accept-language", lang).send().await.expect("answers");
            assert_eq!(answer.status(), 404);
            assert!(answer.headers()["content-type"].to_str().expect("ascii").starts_with("text/html"));
            let page = answer.text().await.expect("body");
            assert!(page.contains(title) && page.contains(words), "{path}, {lang}");
        }
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_service_without_pages_answers_browsers_with_problems_too() {
    let layers = Layers { pages: false, ..Layers::default() };
    let router = layers.wrap(Router::new());
    let server = Server::bind("127.0.0.1:0".parse().expect("address"), router).await.expect("binds");
    let http = outbound::client(Duration::from_secs(5));
    let request = http.get(format!("{}/nowhere", server.base_url())).header("accept", "text/html");
    problem(request.send().await.expect("answers"), 404, "not-found").await;
    server.shutdown().await;
}

#[tokio::test]
async fn pages_forbid_inline_scripts_and_escape_what_they_show() {
    let (server, http) = start(Layers::default()).await;
    let answer = http.get(format!("{}/page", server.base_url())).send().await.expect("answers");
    let policy = answer.headers()["content-security-policy"].to_str().expect("ascii").to_owned();
    assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe-inline"), "{policy}");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let page = answer.text().await.expect("body");
    assert!(page.contains("&lt;title&gt;") && !page.contains(" style="), "{page}");
    for asset in [service::assets::stylesheet(), service::assets::script(), service::assets::ICON] {
        assert!(page.contains(asset), "{asset}");
        let answer = http.get(format!("{}{asset}", server.base_url())).send().await.expect("answers");
        assert!(answer.headers()["cache-control"].to_str().expect("ascii").contains("immutable"));
        assert!(answer.bytes().await.expect("body").len() < 60_000, "pages stay light");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn the_chosen_language_is_remembered() {
    let (server, http) = start(Layers::default()).await;
    let answer = http.get(format!("{}/lang?lang=en", server.base_url())).send().await.expect("answers");
    assert!(answer.headers()["set-cookie"].to_str().expect("ascii").starts_with("hz_lang=en;"));
    assert_eq!(answer.text().await.expect("body"), "en");
    server.shutdown().await;
}

#[tokio::test]
async fn shutdown_lets_requests_in_flight_finish() {
    let began = Arc::new(Notify::new());
    let slow = {
        let began = began.clone();
        get(|| async move {
            began.notify_one();
            tokio::time::sleep(Duration::from_millis(400)).await;
        })
    };
    let local: SocketAddr = "127.0.0.1:0".parse().expect("address");
    let server = Server::bind(local, Router::new().route("/slow", slow)).await.expect("binds");
    let http = outbound::client(Duration::from_secs(5));
    let url = format!("{}/slow", server.base_url());
    let in_flight = tokio::spawn(http.get(&url).send());
    began.notified().await;
    server.shutdown().await;
    assert_eq!(in_flight.await.expect("task").expect("answered").status(), 200);
    assert!(http.get(&url).send().await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let (server, _) = start(Layers::default()).await;
    let error = Server::bind(server.addr(), Router::new()).await.expect_err("taken");
    assert!(error.to_string().contains(&server.addr().to_string()), "{error}");
    server.shutdown().await;
}

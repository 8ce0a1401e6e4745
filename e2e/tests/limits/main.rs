//! Every route of every service against everything that is too large, too deep, malformed or late: each is refused in
//! its protocol's format, changes nothing, and the service goes on.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that fails, fails")]

mod hostile;
mod routes;
mod service;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use e2e::Play;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::service::{Came, Target};

/// Routes that take no body, whatever is sent: the nonce's.
const READS_NOTHING: [&str; 1] = ["/nonce"];

static PANICS: AtomicUsize = AtomicUsize::new(0);

/// What must be the same before and after.
#[derive(Debug, PartialEq)]
struct Standing {
    state_root: Value,
    applications: usize,
    credentials: usize,
    offers_log: String,
}

async fn standing(play: &Play, phone: &Target) -> Standing {
    let head = play.http.get(&format!("{}/v1/head", play.urls().chain.url), None).await.must(200);
    let token = Some(play.urls().staff_token.as_str());
    let market = play.market().url;
    let list = async |what: &str| {
        let answer = play.http.get(&format!("{market}/api/{what}"), token).await.must(200);
        answer[what].as_array().expect("a list").len()
    };
    let log = phone.send("get", "/log/export", None, Vec::new()).await;
    assert_eq!(log.status, 200);
    Standing {
        state_root: find(&head, "stateRoot").expect("a state root").clone(),
        applications: list("applications").await,
        credentials: list("credentials").await,
        offers_log: log.whole(),
    }
}

fn find<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    match value {
        Value::Object(members) => {
            members.get(name).or_else(|| members.values().find_map(|member| find(member, name)))
        }
        _ => None,
    }
}

/// What of the issuer is OpenID4VCI's.
const PROTOCOL: &[&str] =
    &["/token", "/nonce", "/credential", "/par", "/deferred_credential", "/notification"];

/// What of both is OpenID4VP's.
fn of_openid4vp(path: &str) -> bool {
    path.ends_with("/object") || path.ends_with("/response")
}

async fn targets(play: &Play) -> Vec<Target> {
    let urls = play.urls();
    let token = urls.staff_token.as_str();
    let issuer = Target::new(
        "issuer",
        &play.market().url,
        &["issuer/src", "crates/service/src/assets.rs"],
        |path| PROTOCOL.contains(&path) || of_openid4vp(path),
        |path| !path.starts_with("/api/"),
    );
    let verifier = Target::new("verifier", &urls.verifier.url, &["verifier/src"], of_openid4vp, |path| {
        !path.starts_with("/api/")
    });
    let phone = Target::new("phone", &urls.phone.url, &["cli/src/phone"], |_| false, |_| true);
    vec![
        phone.signed_in("/welcome", "pin=246810&again=246810").await,
        issuer.with_token(token).signed_in("/console/sign-in", &format!("token={token}")).await,
        verifier.with_token(token).signed_in("/sign-in", &format!("token={token}")).await,
        Target::new("node", &urls.chain.url, &["chain/src"], |_| false, |path| !path.starts_with("/v1/")),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_sent_breaks_or_changes_anything() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        PANICS.fetch_add(1, Ordering::SeqCst);
        hook(panic);
    }));
    let folder = tempfile::tempdir().expect("a folder");
    let play = Play::start(folder.path()).await;
    let targets = targets(&play).await;
    let before = standing(&play, &targets[0]).await;
    for target in &targets {
        bodies(target).await;
        addresses(target).await;
        methods(target).await;
    }
    let late = targets.iter().flat_map(|target| target.routes.iter().map(move |route| (target, route)));
    let late = late.filter(|(_, route)| route.takes("post"));
    let late =
        late.flat_map(|(target, route)| NEVER_SENT.map(|case| never_sent(target, route.with("x"), case)));
    // All at the same time: each waits for a time limit.
    futures_util::future::join_all(late).await;
    let failures: Vec<String> = targets.iter().flat_map(Target::failures).collect();
    assert!(failures.is_empty(), "{} of them:\n{}", failures.len(), failures.join("\n"));
    assert_eq!(standing(&play, &targets[0]).await, before, "nothing changed");
    assert_eq!(PANICS.load(Ordering::SeqCst), 0, "nobody panicked");
    for target in &targets {
        let path = if target.name == "node" { "/v1/head" } else { "/" };
        assert_eq!(target.send("get", path, None, Vec::new()).await.status, 200, "{} goes on", target.name);
    }
    play.stop().await;
}

async fn bodies(target: &Target) {
    for route in target.routes.iter().filter(|route| route.takes("post")) {
        let path = route.with("x");
        for body in hostile::bodies() {
            let came = target.send("post", &path, body.content_type, body.bytes).await;
            if READS_NOTHING.contains(&path.as_str()) {
                target.must_bear(&path, body.flaw, &came);
            } else {
                target.must_refuse(&path, body.flaw, &came);
            }
        }
    }
}

async fn addresses(target: &Target) {
    // Events go on for as long as one listens; the chain's own tests try them.
    let ends = |route: &&routes::Route| route.takes("get") && route.template != registry::api::EVENTS;
    for route in target.routes.iter().filter(ends) {
        let named = route.template.contains('{');
        for parameter in hostile::parameters().iter().filter(|_| named) {
            let path = route.with(parameter);
            let came = target.send("get", &path, None, Vec::new()).await;
            target.must_bear(&path, "unknown_name", &came);
        }
        for query in hostile::queries() {
            let path = format!("{}?{query}", route.with("x"));
            let came = target.send("get", &path, None, Vec::new()).await;
            target.must_bear(&path, "senseless_query", &came);
        }
    }
    for path in ["/nowhere", "/api/nowhere", "/v1/nowhere", "//", "/%ff"] {
        target.must_bear(path, "no_route", &target.send("get", path, None, Vec::new()).await);
    }
}

async fn methods(target: &Target) {
    for route in &target.routes {
        for method in ["put", "delete", "patch"].into_iter().filter(|method| !route.takes(method)) {
            let path = route.with("x");
            let came = target.send(method, &path, Some("application/json"), b"{}".to_vec()).await;
            target.must_refuse(&path, method, &came);
        }
    }
}

/// Bodies that are announced as too large, and ones that never come: flaw, media type, length. Above the largest limit there is
/// for most: pictures may be eight mebibytes.
const NEVER_SENT: [(&str, &str, usize); 6] = [
    ("too_large", "application/json", (8 << 20) + 1),
    ("too_large", "application/x-www-form-urlencoded", (8 << 20) + 1),
    ("too_large", "application/octet-stream", (8 << 20) + 1),
    ("slow", "application/json", 100),
    ("slow", "application/x-www-form-urlencoded", 100),
    ("slow", "application/octet-stream", 100),
];

/// The service answers by itself.
async fn never_sent(target: &Target, path: String, (flaw, content_type, length): (&str, &str, usize)) {
    let came = announced(target, &path, content_type, length).await;
    if READS_NOTHING.contains(&path.as_str()) {
        target.must_bear(&path, flaw, &came);
    } else {
        target.must_refuse(&path, flaw, &came);
    }
}

/// The answer to a request of which only the head and one byte of the body come.
async fn announced(target: &Target, path: &str, content_type: &str, length: usize) -> Came {
    let address = target.url.strip_prefix("http://").expect("http");
    let mut stream = TcpStream::connect(address).await.expect("connects");
    let mut head = format!("POST {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
    for (name, value) in &target.headers {
        head += &format!("{name}: {}\r\n", value.to_str().expect("text"));
    }
    head += &format!("content-type: {content_type}\r\ncontent-length: {length}\r\n\r\n{{");
    stream.write_all(head.as_bytes()).await.expect("sends");
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(120), stream.read_to_end(&mut answer)).await;
    // A connection that is cut off after the answer is no fault: the body never came.
    drop(read.expect("the service gives up by itself"));
    Came::parse(&answer)
}

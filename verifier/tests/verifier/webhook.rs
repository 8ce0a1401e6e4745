//! Webhooks, against a receiver that verifies: signed by the key that the chain has, tried again, told once to those who look at
//! the id, never anywhere inside, and without claims unless the key may read them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use credentials::key::{PublicKey, Signature};
use registry::{Did, Record, RecordKey};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use verifier::{ApiKey, Config, Scope, Verifier};

use crate::audit::{config, export, key, read, token};
use crate::stack::{Card, Counter, Issuer, Lies, Network, Phone, Reply, TOKEN};

/// A program that is told: it keeps what it was sent, and answers with what it was told to, then with 204.
#[derive(Clone, Default)]
struct Receiver {
    got: Arc<Mutex<Vec<(HeaderMap, String, Bytes)>>>,
    answers: Arc<Mutex<VecDeque<StatusCode>>>,
}

async fn take(State(receiver): State<Receiver>, uri: Uri, headers: HeaderMap, body: Bytes) -> StatusCode {
    receiver.got.lock().unwrap().push((headers, uri.to_string(), body));
    receiver.answers.lock().unwrap().pop_front().unwrap_or(StatusCode::NO_CONTENT)
}

impl Receiver {
    /// Its origin, once it listens.
    async fn listen(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/told", post(take)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        origin
    }

    /// What came, once it is so much.
    async fn got(&self, count: usize) -> Vec<(HeaderMap, String, Bytes)> {
        let enough = async {
            while self.got.lock().unwrap().len() < count {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), enough).await.unwrap();
        self.got.lock().unwrap().clone()
    }
}

/// Verifies a message as any receiver would that knows RFC 9421 and the chain; what it says.
async fn verified(network: &Network, origin: &str, did: &Did, got: &(HeaderMap, String, Bytes)) -> Value {
    let (headers, path, body) = got;
    let header = |name: &str| headers[name].to_str().unwrap();
    let sum = STANDARD.encode(digest(&SHA256, body));
    assert_eq!(header("content-digest"), format!("sha-256=:{sum}:"));
    let input = header("signature-input").strip_prefix("huizheng=").unwrap();
    let (names, parameters) = input.strip_prefix('(').unwrap().split_once(')').unwrap();
    let mut base = String::new();
    for name in names.split(' ') {
        let value = match name.trim_matches('"') {
            "@method" => "POST".to_owned(),
            "@target-uri" => format!("{origin}{path}"),
            name => header(name).to_owned(),
        };
        base += &format!("{name}: {value}\n");
    }
    assert!(
        names.contains("\"@target-uri\"")
            && names.contains("\"content-digest\"")
            && names.contains("\"webhook-id\"")
    );
    base += &format!("\"@signature-params\": {input}");
    let parameter = |name: &str| {
        let found = parameters.split(';').find_map(|one| one.strip_prefix(&format!("{name}=")));
        found.unwrap().trim_matches('"').to_owned()
    };
    assert_eq!((parameter("alg"), parameter("tag")), ("ecdsa-p256-sha256".into(), "huizheng-webhook".into()));
    let age = service::clock::now().seconds() - parameter("created").parse::<i64>().unwrap();
    assert!((0..60).contains(&age));
    let key_id = parameter("keyid");
    let (owner, fragment) = key_id.split_once('#').unwrap();
    assert_eq!(owner, did.to_string());
    let proven = network.client.proven_one(RecordKey::Did(did.clone())).await.unwrap();
    let Some(Record::Did(record)) = proven.record() else { panic!("a DID") };
    let known = record.key(&registry::Slug::new(fragment).unwrap()).unwrap();
    assert!(known.purposes.contains(registry::Purpose::AssertionMethod));
    let registry::PublicKey::P256(point) = &known.key else { panic!("a P-256 key") };
    let signature = header("signature").strip_prefix("huizheng=:").unwrap().strip_suffix(':').unwrap();
    let signature = Signature::from_slice(&STANDARD.decode(signature).unwrap()).unwrap();
    PublicKey::p256(point.as_bytes()).unwrap().verify(base.as_bytes(), &signature).unwrap();
    let event: Value = serde_json::from_slice(body).unwrap();
    assert_eq!(event["id"], header("webhook-id"));
    event
}

fn told(network: &Network, origin: &str, claims: bool) -> Config {
    let mut config = config(network);
    let scopes: &[Scope] = if claims { &[Scope::Ask, Scope::Claims] } else { &[Scope::Ask] };
    let webhooks = vec![
        origin.parse().unwrap(),
        "https://bank.example".parse().unwrap(),
        "https://10.0.0.1".parse().unwrap(),
    ];
    config.tenants[0].api_keys.push(ApiKey { webhooks, ..key("told", scopes) });
    config.policy.account.loopback_webhooks = true;
    config.policy.account.webhook_delay = Duration::from_millis(100);
    config.policy.account.webhook_tries = 3;
    config
}

async fn ask(counter: &Counter, to: &str) -> Reply {
    let wish = json!({"purpose": "open-account", "response_mode": "direct_post", "webhook": to});
    Reply::read(counter.post("/api/requests", &wish, Some(&token("told"))).await).await
}

struct Town {
    network: Network,
    phone: Phone,
    card: Card,
    receiver: Receiver,
    origin: String,
}

impl Town {
    async fn new() -> Self {
        let network = Network::start().await;
        let market = Issuer::register(&network, "Hefei Market Supervision", &["business-licence"]).await;
        let phone = Phone::new();
        let card = market.licence(&phone, 3, 1);
        let receiver = Receiver::default();
        let origin = receiver.listen().await;
        Self { network, phone, card, receiver, origin }
    }

    /// Asks, to be told, and answers; the request's id.
    async fn decided(&self, counter: &Counter) -> String {
        let asked = ask(counter, &format!("{}/told?by=us", self.origin)).await;
        assert_eq!(asked.status, 201, "{}", asked.body);
        let uri = asked.body["request_uri"].as_str().unwrap();
        assert_eq!(self.phone.answer(uri, &self.card, Lies::default()).await.status, 200);
        asked.body["id"].as_str().unwrap().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_decided_is_told_once_signed_and_without_claims() {
    let town = Town::new().await;
    let counter = Counter::of(Verifier::bind(told(&town.network, &town.origin, false)).await.unwrap());
    let id = town.decided(&counter).await;
    let got = town.receiver.got(1).await;
    let event = verified(&town.network, &town.origin, counter.running.did(), &got[0]).await;
    assert_eq!((&event["type"], &event["request"]), (&json!("presentation"), &json!(id)));
    assert_eq!((&event["decision"], &event["state"]), (&json!("accepted"), &json!("answered")));
    assert_eq!(event["checks"].as_array().unwrap().len(), 10);
    assert!(event.get("claims").is_none());
    // Declined is told, too.
    let asked = ask(&counter, &format!("{}/told", town.origin)).await;
    let request = town.phone.fetch(asked.body["request_uri"].as_str().unwrap()).await;
    let state = request.state.clone().unwrap();
    town.phone.post(&request, format!("error=access_denied&state={}", state.expose())).await;
    let got = town.receiver.got(2).await;
    let event = verified(&town.network, &town.origin, counter.running.did(), &got[1]).await;
    assert_eq!((&event["state"], &event["error"]), (&json!("declined"), &json!("access_denied")));
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(town.receiver.got(2).await.len(), 2, "each once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_may_read_claims_is_sent_them() {
    let town = Town::new().await;
    let counter = Counter::of(Verifier::bind(told(&town.network, &town.origin, true)).await.unwrap());
    town.decided(&counter).await;
    let got = town.receiver.got(1).await;
    let event = verified(&town.network, &town.origin, counter.running.did(), &got[0]).await;
    assert!(event["claims"]["business-licence-sd-jwt"]["creditCode"].is_string(), "{event}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_tried_again_with_the_same_id_and_given_up_in_the_end() {
    let town = Town::new().await;
    let counter = Counter::of(Verifier::bind(told(&town.network, &town.origin, false)).await.unwrap());
    town.receiver.answers.lock().unwrap().push_back(StatusCode::SERVICE_UNAVAILABLE);
    town.decided(&counter).await;
    let got = town.receiver.got(2).await;
    assert_eq!(got[0].0["webhook-id"], got[1].0["webhook-id"]);
    verified(&town.network, &town.origin, counter.running.did(), &got[1]).await;

    *town.receiver.answers.lock().unwrap() = vec![StatusCode::FOUND; 9].into();
    town.decided(&counter).await;
    let given_up = async {
        while !read(&export(&counter).await).iter().any(|entry| entry.what == "webhook-given-up") {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), given_up).await.expect("given up");
    assert_eq!(town.receiver.got(5).await.len(), 5, "three tries and no more");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_told_before_a_restart_is_told_after_it_without_claims_that_are_gone() {
    let town = Town::new().await;
    let mut config = told(&town.network, &town.origin, true);
    config.policy.account.webhook_delay = Duration::from_secs(6);
    let counter = Counter::of(Verifier::bind(config.clone()).await.unwrap());
    town.receiver.answers.lock().unwrap().push_back(StatusCode::BAD_GATEWAY);
    town.decided(&counter).await;
    let first = town.receiver.got(1).await[0].0["webhook-id"].clone();
    tokio::time::sleep(Duration::from_millis(200)).await;
    counter.running.shutdown().await;
    let counter = Counter::of(Verifier::bind(config).await.unwrap());
    let got = town.receiver.got(2).await;
    assert_eq!(got[1].0["webhook-id"], first);
    let event = verified(&town.network, &town.origin, counter.running.did(), &got[1]).await;
    assert!(event["decision"] == "accepted" && event.get("claims").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_who_is_not_registered_or_is_inside() {
    let town = Town::new().await;
    let mut config = told(&town.network, &town.origin, false);
    let counter = Counter::of(Verifier::bind(config.clone()).await.unwrap());
    let refused = async |to: &str| {
        let reply = ask(&counter, to).await;
        (reply.status, reply.body["type"].clone())
    };
    let not_allowed = (422, json!("urn:huizheng:problem:webhook-not-allowed"));
    for to in [
        "https://evil.example/",
        "https://bank.example:444/",
        "https://bank.example.evil.example/",
        "http://127.0.0.1:1/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest",
    ] {
        assert_eq!(refused(to).await, not_allowed, "{to}");
    }
    for to in
        ["http://bank.example/", "ftp://bank.example/", "https://u:p@bank.example/", "file:///etc/passwd", ""]
    {
        assert_eq!(refused(to).await.0, 400, "{to}");
    }
    assert_eq!(refused("https://bank.example/told").await.0, 201);
    let wish = json!({"purpose": "open-account", "webhook": format!("{}/told", town.origin)});
    for (who, status) in [(token("teller"), 422), (TOKEN.to_owned(), 422)] {
        assert_eq!(counter.post("/api/requests", &wish, Some(&who)).await.status(), status);
    }
    // Without the setting nothing on this machine is told, registered or not; also what was asked while it was on.
    let id = ask(&counter, &format!("{}/told", town.origin)).await.body["request_uri"]
        .as_str()
        .unwrap()
        .to_owned();
    counter.running.shutdown().await;
    config.policy.account.loopback_webhooks = false;
    let counter = Counter::of(Verifier::bind(config).await.unwrap());
    assert_eq!(ask(&counter, &format!("{}/told", town.origin)).await.status, 422);
    let path = id.split("/requests/").nth(1).unwrap();
    let uri = counter.url(&format!("/requests/{path}"));
    assert_eq!(town.phone.answer(&uri, &town.card, Lies::default()).await.status, 200);
    let given_up = async {
        while !read(&export(&counter).await).iter().any(|entry| entry.what == "webhook-given-up") {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), given_up).await.expect("given up");
    assert!(town.receiver.got.lock().unwrap().is_empty());
}

//! `/requests/{id}/object`: the signed request.

use credentials::jws;
use credentials::key::PublicKey;
use protocol::openid4vp::{AuthorizationRequest, BadRequest, RequestHeader, RequestLink, Session};
use registry::{Record, RecordKey};
use serde_json::{Value, json};
use service::clock;

use crate::stack::{Card, Counter, Lies, Network, Phone, Reply, Stack};

/// The key of a DID URL, from the chain.
async fn resolve(network: &Network, kid: &str) -> PublicKey {
    let kid: registry::KeyId = kid.parse().unwrap();
    let proven = network.client.proven_one(RecordKey::Did(kid.did.clone())).await.unwrap();
    let Some(Record::Did(record)) = proven.record() else { panic!("not registered") };
    PublicKey::from_multikey(&record.key(&kid.fragment).unwrap().key.to_multikey()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_signed_by_the_verifiers_key_on_the_chain_and_follows_the_rules() {
    let network = Network::start().await;
    let counter = Counter::start(&network).await;
    network.register_purpose(counter.running.did(), "open-account").await;
    let asked = counter.ask("open-account").await;
    let link = RequestLink::parse(&asked.link).unwrap();

    let answer = counter.http.get(&asked.request_uri).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/oauth-authz-req+jwt");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let token = jws::Unverified::parse(&answer.text().await.unwrap()).unwrap();
    let mut header = serde_json::to_value(token.header()).unwrap();
    header["alg"] = token.alg().into();
    let header: RequestHeader = serde_json::from_value(header).unwrap();
    assert_eq!(header.alg, "ES256");
    let kid = header.check_did(&link.client_id).unwrap().to_owned();
    let key = resolve(&network, &kid).await;
    let request = token.verify::<AuthorizationRequest>(&key, "oauth-authz-req+jwt").unwrap().claims;

    let now = clock::now().seconds();
    let session = Session { client_id: &link.client_id, wallet_nonce: None, now };
    let checked = request.clone().check(session).unwrap();
    assert_eq!(checked.purpose.as_deref(), Some("open-account"));
    assert_eq!(checked.client_id.as_str(), counter.running.client_id());
    assert!(checked.response_uri.as_str().starts_with(counter.running.base_url()));
    assert_eq!(request.exp.unwrap().0 - request.iat.unwrap().0, 300);
    let formats = serde_json::to_value(checked.client_metadata).unwrap();
    assert_eq!(formats["vp_formats_supported"]["dc+sd-jwt"]["kb-jwt_alg_values"], json!(["ES256", "EdDSA"]));
    // What it asks is registered for it, so an honest wallet will not refuse it.
    let paths: Vec<Value> =
        checked.query.credentials[0].claims.iter().flatten().map(|c| json!(c.path)).collect();
    assert_eq!(paths, [json!(["name"]), json!(["creditCode"])]);
    let late = Session { client_id: &link.client_id, wallet_nonce: None, now: now + 361 };
    assert_eq!(request.check(late), Err(BadRequest::Expired));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallets_nonce_comes_back() {
    let network = Network::start().await;
    let counter = Counter::start(&network).await;
    let asked = counter.ask("open-account").await;
    let form = "application/x-www-form-urlencoded";
    let post = |body: &'static str, media_type: &'static str| {
        counter.http.post(&asked.request_uri).header("content-type", media_type).body(body).send()
    };
    let text = post("wallet_nonce=qPmxiNFCR3QTm19POc8u", form).await.unwrap().text().await.unwrap();
    let token = jws::Unverified::parse(&text).unwrap();
    assert_eq!(token.dangerous_claims()["wallet_nonce"], "qPmxiNFCR3QTm19POc8u");
    assert_eq!(post("", form).await.unwrap().status(), 200);
    assert_eq!(post("{}", "application/json").await.unwrap().status(), 415);
    assert_eq!(post("wallet_nonce=a&wallet_nonce=b", form).await.unwrap().status(), 400);
    assert_eq!(post("wallet_metadata=nonsense", form).await.unwrap().status(), 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_gone_once_answered_or_expired() {
    let stack = Stack::start().await;
    let asked = stack.counter.ask("open-account").await;
    let card: Card = stack.market.licence(&stack.phone, 3, 1);
    assert_eq!(stack.phone.answer(&asked.request_uri, &card, Lies::default()).await.status, 200);
    let reply = Reply::read(stack.counter.http.get(&asked.request_uri).send().await.unwrap()).await;
    assert_eq!((reply.status, reply.error()), (410, "invalid_request_uri"));

    let unknown = stack.counter.url("/requests/AAAAAAAAAAAAAAAAAAAAAA/object");
    let reply = Reply::read(stack.counter.http.get(unknown).send().await.unwrap()).await;
    assert_eq!((reply.status, reply.error()), (404, "invalid_request_uri"));

    let policy = verifier::Policy {
        request_lifetime: std::time::Duration::from_secs(1),
        ..verifier::Policy::default()
    };
    let hasty = Counter::start_with(&stack.network, "hasty", policy).await;
    let asked = hasty.ask("open-account").await;
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let reply = Reply::read(hasty.http.get(&asked.request_uri).send().await.unwrap()).await;
    assert_eq!((reply.status, reply.error()), (410, "invalid_request_uri"));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_has_its_own_nonce_and_state() {
    let network = Network::start().await;
    let counter = Counter::start(&network).await;
    let phone = Phone::new();
    let one = phone.fetch(&counter.ask("open-account").await.request_uri).await;
    let two = phone.fetch(&counter.ask("open-account").await.request_uri).await;
    assert_ne!(one.nonce, two.nonce);
    assert_ne!(one.state, two.state);
    assert!(one.nonce.len() >= 32);
}

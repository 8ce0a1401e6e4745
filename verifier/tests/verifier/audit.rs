//! The log of decisions: every one is in it, none of what was shown is, it hangs together, and the chain vouches for it.

use std::time::Duration;

use registry::{LogAnchorRecord, Record, RecordKey};
use serde_json::{Value, json};
use service::audit::{self, AuditFlaw, Entry, LineFlaw, Who};
use verifier::{AccountPolicy, ApiKey, Config, Policy, RunningVerifier, Scope, StaffAccount, Verifier};

use crate::stack::{Card, Counter, Issuer, Lies, Network, Phone, Stack, TOKEN};

/// A key that a test made up.
pub(crate) fn key(name: &str, scopes: &[Scope]) -> ApiKey {
    ApiKey { account: StaffAccount::new(name, &token(name)), scopes: scopes.to_vec(), webhooks: Vec::new() }
}

pub(crate) fn token(name: &str) -> String {
    format!("the key of {name}, made up by a test")
}

/// A counter whose log is anchored often, with keys.
pub(crate) fn config(network: &Network) -> Config {
    let account =
        AccountPolicy { audit_anchored_every: Duration::from_millis(100), ..AccountPolicy::default() };
    let policy = Policy { account, ..Policy::default() };
    let mut config = Counter::config(network, &network.dir.path().join("audited"), policy);
    config.tenants[0].api_keys = vec![
        key("teller", &[Scope::Ask, Scope::AskAnything, Scope::Verify]),
        key("auditor", &[Scope::Audit]),
    ];
    config
}

/// The whole log, page after page.
pub(crate) async fn export(counter: &Counter) -> String {
    let mut lines = String::new();
    loop {
        let url = counter.url(&format!("/api/audit?after={}", lines.lines().count()));
        let answer = counter.http.get(url).bearer_auth(token("auditor")).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let text = answer.text().await.unwrap();
        if text.is_empty() {
            return lines;
        }
        lines.push_str(&text);
    }
}

pub(crate) fn read(export: &str) -> Vec<Entry> {
    export.lines().map(|line| Entry::read(line.as_bytes()).unwrap()).collect()
}

/// What the chain says, once it covers so many entries.
async fn anchored(network: &Network, verifier: &RunningVerifier, entries: usize) -> LogAnchorRecord {
    let key = RecordKey::LogAnchor(verifier.did().clone(), audit::log_name());
    let covered = async {
        loop {
            match network.client.proven_one(key.clone()).await.unwrap().record() {
                Some(Record::LogAnchor(record)) if record.entries >= entries as u64 => return record.clone(),
                _ => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), covered).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_decision_is_in_the_log_and_the_chain_vouches_for_it() {
    let network = Network::start().await;
    let market = Issuer::register(&network, "Hefei Market Supervision", &["business-licence"]).await;
    let phone = Phone::new();
    let counter = Counter::of(Verifier::bind(config(&network)).await.unwrap());
    let card = market.licence(&phone, 3, 1);

    // A clerk asks, and the answer is accepted; a program asks, and the answer is a lie; another is declined.
    let asked = counter.ask("open-account").await;
    assert_eq!(phone.answer(&asked.request_uri, &card, Lies::default()).await.status, 200);
    let version = counter.read(&asked.id).await["policy"].clone();
    assert!(version.is_null(), "the version is the log's to tell");
    let ask = async |wish: Value| {
        let answer = counter.post("/api/requests", &wish, Some(&token("teller"))).await;
        let body: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        body["request_uri"].as_str().unwrap().to_owned()
    };
    let plain = json!({"purpose": "open-account", "response_mode": "direct_post"});
    let lie = Lies { nonce: Some("another request's nonce"), ..Lies::default() };
    assert_eq!(phone.answer(&ask(plain.clone()).await, &card, lie).await.status, 400);
    let own = json!({
        "purpose": "somebodys-name", "response_mode": "direct_post",
        "dcql": {"credentials": [{"id": "l", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:huizheng:business-licence:1"]}, "claims": [{"path": ["name"]}]}]}
    });
    let request = phone.fetch(&ask(own).await).await;
    let state = request.state.clone().unwrap();
    let declined = format!("error=access_denied&state={}", state.expose());
    assert_eq!(phone.post(&request, declined).await.status, 200);
    // What was received elsewhere.
    let Card::SdJwt(text) = &card else { panic!("a token") };
    let elsewhere = json!({"credential": text, "purpose": "open-account"});
    assert_eq!(counter.post("/api/verify", &elsewhere, Some(&token("teller"))).await.status(), 200);
    let lines = format!("{}\n{}", json!({"credential": text}), json!({"credential": "nonsense"}));
    let batch = counter.http.post(counter.url("/api/verify/batch")).bearer_auth(TOKEN).body(lines);
    assert_eq!(batch.send().await.unwrap().status(), 200);

    let exported = export(&counter).await;
    let entries = read(&exported);
    let words: Vec<_> = entries.iter().map(|entry| entry.what.as_str()).collect();
    assert_eq!(words, ["keys-registered", "decided", "decided", "declined", "verified", "batch-verified"]);
    let accepted = &entries[1];
    assert_eq!(accepted.who, Who::Wallet);
    let said = |entry: &Entry, name: &str| entry.about.get(name).cloned().unwrap_or_default();
    assert_eq!(
        (said(accepted, "result"), said(accepted, "purpose")),
        ("accepted".into(), "open-account".into())
    );
    assert_eq!(
        (said(accepted, "asked-by"), said(accepted, "asked-as")),
        ("counter 3".into(), "clerk".into())
    );
    assert_eq!(said(accepted, "version").len(), 16);
    assert!(said(accepted, "checks").starts_with("issuer_signature.0 issuer_key_valid_when_issued.0 "));
    let presentation = registry::Hash32::of(asked.id.as_bytes()).to_string();
    assert_eq!(said(accepted, "presentation"), presentation[..16]);
    let refused = &entries[2];
    assert_eq!((said(refused, "result"), said(refused, "asked-by")), ("refused".into(), "teller".into()));
    assert!(said(refused, "checks").contains("nonce.0=nonce_wrong"), "{}", said(refused, "checks"));
    assert_eq!((said(&entries[3], "query"), said(&entries[3], "version")), ("own".into(), String::new()));
    assert_eq!(entries[4].who, Who::System { name: "teller".into() });
    assert_eq!(
        (said(&entries[4], "result"), said(&entries[4], "version")),
        ("accepted".into(), said(accepted, "version"))
    );
    assert_eq!(entries[5].who, Who::Staff { name: "counter 3".into() });
    assert_eq!((said(&entries[5], "accepted"), said(&entries[5], "refused")), ("1".into(), "1".into()));

    // Nothing that was shown, no secret, and nothing that came from outside.
    for (_, value) in &market.draft(3, 1).claims {
        let value = value.as_str().unwrap_or_default();
        assert!(value.len() < 4 || !exported.contains(value), "{value} is a claim's");
    }
    for outside in [asked.id.as_str(), "somebodys-name", "access_denied", &market.did.to_string()] {
        assert!(!exported.contains(outside), "{outside}");
    }

    let did = counter.running.did().clone();
    let anchor = anchored(&network, &counter.running, entries.len()).await;
    let audited = audit::check(exported.as_bytes(), &did, Some(&anchor)).unwrap();
    assert_eq!((audited.entries, audited.anchored), (6, Some(6)));
    let whole: Vec<&str> = exported.lines().collect();
    let checked = |lines: &[&str]| {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        audit::check(text.as_bytes(), &did, Some(&anchor)).unwrap_err()
    };
    assert_eq!(checked(&whole[..5]), AuditFlaw::Cut { entries: 5, anchored: 6 });
    let removed = [&whole[..1], &whole[2..]].concat();
    assert_eq!(checked(&removed), AuditFlaw::Line { line: 2, flaw: LineFlaw::Removed { expected: 2 } });
    let inserted = [&whole[..2], &whole[1..]].concat();
    assert_eq!(checked(&inserted), AuditFlaw::Line { line: 3, flaw: LineFlaw::Inserted { expected: 3 } });
    let better = whole[2].replace("refused", "accepted");
    let altered = [&whole[..2], &[better.as_str()], &whole[3..]].concat();
    assert_eq!(checked(&altered), AuditFlaw::Line { line: 3, flaw: LineFlaw::Altered });

    // It goes on after a restart.
    counter.running.shutdown().await;
    let counter = Counter::of(Verifier::bind(config(&network)).await.unwrap());
    let asked = counter.ask("open-account").await;
    phone.answer(&asked.request_uri, &card, Lies::default()).await;
    let more = export(&counter).await;
    assert!(more.starts_with(&exported) && more.lines().count() == 7);
    counter.running.shutdown().await;
    let stopped = async {
        let key = RecordKey::LogAnchor(did.clone(), audit::log_name());
        match network.client.proven_one(key).await.unwrap().record() {
            Some(Record::LogAnchor(record)) => record.entries,
            _ => 0,
        }
    };
    assert_eq!(stopped.await, 7, "what was noted last is anchored when it stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_for_keys_of_its_scope_alone_and_what_is_not_taken_leaves_nothing_in_it() {
    let stack = Stack::start().await;
    let counter = Counter::of(Verifier::bind(config(&stack.network)).await.unwrap());
    let before = export(&counter).await;
    let get = async |token: &str| {
        let answer = counter.http.get(counter.url("/api/audit")).bearer_auth(token).send().await.unwrap();
        answer.status().as_u16()
    };
    assert_eq!(get(&token("teller")).await, 403);
    assert_eq!(get(TOKEN).await, 403, "a clerk is no auditor");
    assert_eq!(get("a guess").await, 401);
    let asked = counter.ask("open-account").await;
    let request = stack.phone.fetch(&asked.request_uri).await;
    let unread = stack.phone.post(&request, "vp_token=nonsense&state=wrong".to_owned()).await;
    assert_eq!(unread.status, 400);
    assert_eq!(export(&counter).await, before);
}

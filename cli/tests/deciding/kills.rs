//! `kill -9` while credentials are decided on: each decision that a wallet was told of is there, with what its policy keeps, and in
//! the audit log exactly once.

use std::time::Duration;

use credentials::jws;
use protocol::openid4vp::AuthorizationRequest;
use serde_json::{Value, json};
use service::audit::{About, Digest, Entry};
use service::outbound;

use crate::process::{Place, Running, huizheng, output};
use crate::stack::{Card, Issuer, Lies, Network, Phone, Reply, TOKEN};

/// How often it is killed; five times as often with `HUIZHENG_LONG` set.
const KILLS: u64 = 4;
/// Wallets that answer at the same time.
const TOGETHER: u64 = 4;
const AUDITOR: &str = "a key for the audit log that a test made up for this";
const ARCHIVE: &str = "a key for what is kept that a test made up for this";

/// What a wallet was told, and what it was not.
#[derive(Default)]
struct Account {
    told: Vec<String>,
    untold: Vec<String>,
}

/// Asks and answers with a licence, until nobody answers any more.
async fn at_work(base: String, phone: Phone, card: Card) -> Account {
    let (http, mut account) = (outbound::client(Duration::from_secs(20)), Account::default());
    let wish = json!({ "purpose": "open-account", "response_mode": "direct_post" }).to_string();
    loop {
        let asked = http.post(format!("{base}/api/requests")).bearer_auth(TOKEN);
        let asked = asked.header("content-type", "application/json").body(wish.clone()).send().await;
        let Some(asked) = read(asked).await else { return account };
        let text = |name: &str| asked.1[name].as_str().unwrap().to_owned();
        let (id, uri) = (text("id"), text("request_uri"));
        let Ok(answer) = http.get(uri).send().await else { return account };
        let Ok(token) = answer.text().await else { return account };
        let token = jws::Unverified::parse(&token).unwrap();
        let request = Value::Object(token.dangerous_claims().clone());
        let request: AuthorizationRequest = serde_json::from_value(request).unwrap();
        let form = phone.response(&request, &card, &Lies::default()).to_form().encode();
        account.untold.push(id.clone());
        let sent = http.post(request.response_uri.unwrap().as_str()).body(form);
        let sent = sent.header("content-type", "application/x-www-form-urlencoded").send().await;
        let Some((status, body)) = read(sent).await else { return account };
        assert_eq!(status, 200, "{body}");
        account.untold.pop();
        account.told.push(id);
    }
}

/// Status and body; none where the answer broke off.
async fn read(answer: reqwest::Result<reqwest::Response>) -> Option<(u16, Value)> {
    let answer = answer.ok()?;
    let status = answer.status().as_u16();
    Some((status, serde_json::from_slice(&answer.bytes().await.ok()?).unwrap()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_that_was_acknowledged_is_there_and_in_the_log_once() {
    let network = Network::start().await;
    let market = Issuer::register(&network, "Hefei Market Supervision", &["business-licence"]).await;
    let keys = "[[tenants.bank.api_keys]]\nname = \"auditor\"\nkey_file = \"auditor.key\"\nscopes = [\"audit\"]\n\
                [[tenants.bank.api_keys]]\nname = \"archive\"\nkey_file = \"archive.key\"\nscopes = [\"claims\"]\n\
                [policy]\naudit_anchored_every_s = 1\nanswered_per_minute = 100000\n";
    let place = Place::make(&network, "keep = { claims = ['creditCode'], for = '30d' }\n", keys);
    let auditor = place.write_secret("auditor.key", AUDITOR);
    place.write_secret("archive.key", ARCHIVE);
    let mut counter = Running::start(&place, &[], "/health/ready").await;
    let did = counter.did().await;
    network.register_keeping(&did, "open-account", 30).await;
    counter.kill();

    let phone = Phone::new();
    let kills = KILLS * if std::env::var_os("HUIZHENG_LONG").is_some() { 5 } else { 1 };
    let (mut told, mut untold) = (Vec::new(), Vec::new());
    for kill in 0..kills {
        let mut counter = Running::start(&place, &[], "/health/ready").await;
        let worker = |n: u64| {
            let index = u32::try_from(kill * TOGETHER + n).unwrap();
            let card = market.licence(&phone, usize::try_from(n).unwrap(), index);
            tokio::spawn(at_work(place.url(""), Phone::new(), card))
        };
        let workers: Vec<_> = (0..TOGETHER).map(worker).collect();
        // Another moment each time, among decisions that take some milliseconds.
        tokio::time::sleep(Duration::from_millis(700 + kill * 137)).await;
        counter.kill();
        for worker in workers {
            let account = worker.await.unwrap();
            told.extend(account.told);
            untold.extend(account.untold);
        }
    }
    println!("{kills} kills, {} decisions told, {} under way", told.len(), untold.len());
    assert!(told.len() > 8, "it had work to do: {}", told.len());

    let counter = Running::start(&place, &[], "/health/ready").await;
    let kept = async |id: &str| {
        let url = place.url(&format!("/api/claims/{id}"));
        let request = outbound::client(Duration::from_secs(20)).get(url).bearer_auth(ARCHIVE);
        Reply::read(request.send().await.unwrap()).await
    };
    let mut decided = told.clone();
    for id in &told {
        assert_eq!(counter.read(id).await["decision"], "accepted");
    }
    for id in untold {
        let stands = counter.read(&id).await;
        // Whole or not at all.
        match stands["state"].as_str().unwrap() {
            "answered" => decided.push(id),
            open => assert_eq!((open, kept(&id).await.status), ("open", 404)),
        }
    }
    for id in &decided {
        let kept = kept(id).await.body;
        let rows = kept["kept"].as_array().unwrap_or_else(|| panic!("nothing is kept of {id}: {kept}"));
        assert_eq!(rows.len(), 1, "{kept}");
        assert!(kept.to_string().contains("creditCode"), "{kept}");
    }

    let audit = place.path("audit.jsonl");
    let exported = output(huizheng(&[
        "verifier",
        "audit",
        "export",
        "--verifier",
        &place.url(""),
        "--token-file",
        &auditor,
        &audit,
    ]));
    assert!(exported.await.status.success());
    let log = std::fs::read_to_string(&audit).unwrap();
    let entries = log.lines().map(|line| Entry::read(line.as_bytes()).unwrap());
    let of_decisions: Vec<_> = entries.filter(|entry| entry.what == "decided").collect();
    for id in &decided {
        let named = Digest::of(id.as_bytes()).text();
        let of_it = of_decisions.iter().filter(|entry| entry.about["presentation"] == named);
        let results: Vec<_> = of_it.map(|entry| entry.about["result"].as_str()).collect();
        assert_eq!(results, ["accepted"], "{id}");
    }
    assert_eq!(of_decisions.len(), decided.len(), "and nothing else");
    // Each second what came since is anchored.
    tokio::time::sleep(Duration::from_secs(4)).await;
    let (folder, did) = (place.path("nobody"), did.to_string());
    let verified = output(huizheng(&[
        "verifier",
        "audit",
        "verify",
        &audit,
        "--did",
        &did,
        "--node",
        &network.node_url,
        "--anchor",
        &place.path("anchor.json"),
        "--data",
        &folder,
    ]));
    let verified = verified.await;
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    assert!(verified.status.success(), "{said}{}", String::from_utf8_lossy(&verified.stdout));
}

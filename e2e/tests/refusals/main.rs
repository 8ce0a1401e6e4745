//! Every flaw of a credential at every place that credentials come in at: the library, the VC-API, a verifier's response
//! endpoint, a wallet that receives. Each is refused everywhere.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that fails, fails")]

mod certificates;
mod mdoc;

use credentials::UnixSeconds;
use credentials::data_integrity::{ParseError, UnverifiedCredential};
use credentials::key::PublicKey;
use credentials::sd_jwt;
use e2e::flaws::{self, MALFORMED, UNREADABLE};
use e2e::{Holder, LICENCE, LICENCE_SD_JWT, LICENCE_VC, Play, Rogue, Stage};
use registry::{KeyId, Record, RecordKey};
use serde_json::{Value, json};

static STAGE: Stage = Stage::new(concat!(env!("CARGO_TARGET_TMPDIR"), "/refusals"));

/// A purpose that takes the licence in both formats.
const WHOLE: &str = "licence-original";
/// Bytes of a body at most.
const LONGEST: usize = 1 << 20;
const NAMES: &[&str] = &["name", "creditCode"];

fn now() -> UnixSeconds {
    UnixSeconds(service::clock::now().seconds())
}

fn licence(company: usize) -> Value {
    testkit::Company::nth(company).business_licence_claims()
}

/// A licence in both formats, and the key that it is bound to.
async fn issued(play: &Play, company: usize) -> (Rogue, [Value; 2]) {
    let market = play.market();
    let (_, offer) = market.offered(LICENCE, &licence(company)).await;
    let rogue = Rogue::default();
    let credentials = rogue.collect(&market, &offer, [LICENCE_SD_JWT, LICENCE_VC]).await;
    (rogue, credentials)
}

/// The issuer's key of this name, by the chain.
async fn key(play: &Play, name: &str) -> PublicKey {
    let id: KeyId = name.parse().expect("a key of the chain");
    let proven = play.stack.client().proven_one(RecordKey::Did(id.did.clone())).await.expect("proven");
    let Some(Record::Did(record)) = proven.record() else { panic!("the issuer is registered") };
    let key = record.key(&id.fragment).expect("the key is registered");
    PublicKey::from_multikey(&key.key.to_multikey()).expect("a key")
}

#[test]
fn whole_credentials() {
    STAGE.play(async |play| {
        let (rogue, [_, credential]) = issued(play, 60).await;
        let method = credential["proof"]["verificationMethod"].as_str().expect("a method").to_owned();
        let key = key(play, &method).await;
        let mut seen = Vec::new();
        for flaw in flaws::whole() {
            let bytes = flaw.of(&credential);
            seen.push((flaw.name, in_the_library(&bytes, &key), flaw.found));
            by_the_vc_api(play, flaw.name, &bytes, Some(flaw.found)).await;
            let made = flaw.of_value(&credential);
            by_the_counter(play, &rogue, flaw.name, &credential, (made, &bytes)).await;
        }
        for (name, found, expected) in seen {
            assert_eq!(found, expected, "{name} in the library");
        }
        // And without a flaw, everywhere.
        let bytes = credential.to_string().into_bytes();
        assert_eq!(in_the_library(&bytes, &key), "nothing");
        assert_eq!(verified(play, &bytes).await.0, 200);
        let counter = play.counter();
        let request = counter.fetch(&counter.ask(WHOLE).await).await;
        let shown = rogue.present(&credential, &counter.client_id(), request.nonce(), NAMES);
        assert_eq!(counter.answer(&request, &shown).await.status, 200);
    });
}

fn in_the_library(bytes: &[u8], key: &PublicKey) -> String {
    match UnverifiedCredential::parse(bytes) {
        Err(ParseError::Json(_)) => UNREADABLE.to_owned(),
        Err(_) => MALFORMED.to_owned(),
        Ok(read) => match read.verify(key, now()) {
            Err(refused) => refused.flaws()[0].id(),
            Ok(_) => "nothing".to_owned(),
        },
    }
}

async fn verified(play: &Play, credential: &[u8]) -> (u16, Value) {
    let url = format!("{}/credentials/verify", play.urls().verifier.url);
    let body = [&br#"{"verifiableCredential":"#[..], credential, b"}"].concat();
    if body.len() > LONGEST {
        return (play.http.announce(&url, "application/json", body.len()).await, Value::Null);
    }
    let answer = play.http.post(&url, None, "application/json", body).await;
    (answer.status, answer.json())
}

async fn by_the_vc_api(play: &Play, name: &str, bytes: &[u8], found: Option<&str>) {
    let (status, answer) = verified(play, bytes).await;
    let expected = if bytes.len() > LONGEST { 413 } else { 400 };
    assert_eq!(status, expected, "{name} by the VC-API: {answer}");
    assert_ne!(answer["verified"], json!(true), "{name} by the VC-API");
    if let Some(found) = found.filter(|found| ![MALFORMED, UNREADABLE].contains(found)) {
        let details = answer["problemDetails"].as_array().expect("details");
        assert!(details.iter().any(|detail| detail["flaw"] == found), "{name} by the VC-API: {answer}");
    }
}

/// Presented by its holder, who signs over whatever is in it.
async fn by_the_counter(
    play: &Play,
    rogue: &Rogue,
    name: &str,
    credential: &Value,
    (made, bytes): (Option<Value>, &[u8]),
) {
    let counter = play.counter();
    let asked = counter.ask(WHOLE).await;
    let request = counter.fetch(&asked).await;
    let shown = made.as_ref().unwrap_or(credential);
    let mut shown = rogue.present(shown, &counter.client_id(), request.nonce(), NAMES);
    if made.is_none() {
        shown["verifiableCredential"][0] = "HERE".into();
    }
    let text = shown.to_string();
    let shown = match text.split_once("\"HERE\"") {
        Some((before, behind)) => [before.as_bytes(), bytes, behind.as_bytes()].concat(),
        None => text.into_bytes(),
    };
    let answer = counter.answer_with_bytes(&request, "ldp_vc", &shown).await;
    assert!(
        [400, 413].contains(&answer.status),
        "{name} at the counter: {} {}",
        answer.status,
        answer.text()
    );
    let decision = counter.decision(&asked).await;
    assert_ne!(decision.verdict(), Some("accepted"), "{name} at the counter");
}

#[test]
fn tokens() {
    STAGE.play(async |play| {
        let (rogue, [credential, _]) = issued(play, 61).await;
        let credential = credential.as_str().expect("an SD-JWT VC");
        let read = sd_jwt::Unverified::parse(credential).expect("reads");
        let key = key(play, read.header().kid.as_deref().expect("a key")).await;
        let counter = play.counter();
        for (name, spoil) in flaws::tokens() {
            let spoiled = spoil(credential);
            assert_ne!(spoiled, credential, "{name}");
            let flawed = match sd_jwt::Unverified::parse(&spoiled) {
                Err(_) => true,
                Ok(read) => !read.check_issuer(&key, now()).flaws().is_empty(),
            };
            assert!(flawed, "{name} in the library");
            by_the_vc_api(play, name, json!(spoiled).to_string().as_bytes(), None).await;

            let asked = counter.ask(WHOLE).await;
            let request = counter.fetch(&asked).await;
            let shown = rogue.present(&json!(credential), &counter.client_id(), request.nonce(), NAMES);
            let shown = json!(spoil(shown.as_str().expect("a text"))).to_string();
            let answer = counter.answer_with_bytes(&request, "dc+sd-jwt", shown.as_bytes()).await;
            assert!([400, 413].contains(&answer.status), "{name} at the counter: {}", answer.text());
            assert_ne!(counter.decision(&asked).await.verdict(), Some("accepted"), "{name} at the counter");
        }
    });
}

#[test]
fn a_wallet_that_receives() {
    STAGE.play(async |play| {
        let holder = Holder::new(play, "receives nothing spoiled").await;
        let market = play.market();
        let mut company = 62;
        let mut spoilings: Vec<(&str, &str, e2e::Spoiling)> = Vec::new();
        for flaw in flaws::whole() {
            let name = flaw.name;
            spoilings.push((name, LICENCE_VC, Box::new(move |c| c.is_object().then(|| flaw.of(c)))));
        }
        for (name, spoil) in flaws::tokens() {
            let spoiled = move |c: &Value| c.as_str().map(|text| json!(spoil(text)).to_string().into_bytes());
            spoilings.push((name, LICENCE_SD_JWT, Box::new(spoiled)));
        }
        for (name, configuration, spoiling) in spoilings {
            let (_, offer) = market.offered(LICENCE, &licence(company)).await;
            company += 1;
            let received = holder.receive_spoiled(&offer, spoiling).await.expect("the other format is good");
            let failed: Vec<_> =
                received.failed.iter().map(|one| one.credential.configuration.as_str()).collect();
            assert_eq!(failed, [configuration], "{name} at the wallet");
        }
    });
}

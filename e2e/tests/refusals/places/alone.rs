//! A credential by itself.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use credentials::data_integrity::{ParseError, UnverifiedCredential};
use credentials::jsonld::Contexts;
use credentials::key::Signer as _;
use credentials::vc_api::Secured;
use credentials::{mdoc, sd_jwt};
use e2e::Answer;
use e2e::flaws::{Flaw, Good, Kind, MALFORMED, UNREADABLE};
use serde_json::{Value, json};
use wallet_core::{ReceiveError, Rejected};

use super::{Ground, Made, bytes_of, ids};
use crate::{claims, now};

pub(super) fn library(good: &Good<'_>, flaw: Option<&Flaw>) -> Made {
    let (bytes, key) = (bytes_of(good, flaw), good.keys.of(good.kind).public_key());
    let text = || serde_json::from_slice::<String>(&bytes).expect("a text");
    match good.kind {
        Kind::SdJwt => match sd_jwt::Unverified::parse(&text()) {
            Err(_) => Made::refused(MALFORMED),
            Ok(read) => ids(read.check_issuer(key, now()).flaws()),
        },
        Kind::Mdoc => match BASE64.decode(text()).ok().map(|bytes| mdoc::Unverified::parse(&bytes)) {
            None | Some(Err(_)) => Made::refused(MALFORMED),
            Some(Ok(read)) => ids(read.check_issuer(mdoc::Trust::Key(key), now()).flaws()),
        },
        Kind::VcSdJwt | Kind::VcJwt => match Secured::read(serde_json::from_slice(&bytes).expect("JSON")) {
            Err(_) => Made::refused(MALFORMED),
            Ok(read) => ids(read.check(&|_| Some(key.clone()), now(), Contexts::pinned()).flaws()),
        },
        _ => match UnverifiedCredential::parse(&bytes) {
            Err(ParseError::Json(_)) => Made::refused(UNREADABLE),
            Err(_) => Made::refused(MALFORMED),
            Ok(read) => ids(read.check(key, now()).flaws()),
        },
    }
}

pub(super) async fn vc_api(ground: &Ground, good: &Good<'_>, flaw: Option<&Flaw>) -> Made {
    let body = around(br#"{"verifiableCredential":"#, &bytes_of(good, flaw));
    vc_api_says(ground, "/credentials/verify", body).await
}

/// What the VC-API answers.
pub(super) async fn vc_api_says(ground: &Ground, path: &str, body: Vec<u8>) -> Made {
    let url = format!("{}{path}", ground.counter.url);
    let http = &ground.play.http;
    if body.len() > 1 << 20 {
        return Made::refused(http.announce(&url, None, "application/json", body.len()).await.to_string());
    }
    let answer = http.post(&url, None, "application/json", body).await;
    match (answer.status, answer.json()) {
        (200, said) if said["verified"] == true => Made::Accepted,
        (400, said) if said["problemDetails"].is_array() => {
            let details = said["problemDetails"].as_array().expect("details");
            Made::by_checks(false, details.iter().map(|detail| &detail["flaw"]))
        }
        _ => problem(&answer),
    }
}

pub(super) async fn verify(ground: &Ground, good: &Good<'_>, flaw: Option<&Flaw>) -> Made {
    let body = around(br#"{"credential":"#, &bytes_of(good, flaw));
    verified(&ground.counter.verify("/api/verify", body).await)
}

pub(super) async fn batch(ground: &Ground, good: &Good<'_>, flaw: Option<&Flaw>) -> Made {
    // A right one before and behind it, which it must not touch.
    let right = around(br#"{"credential":"#, &bytes_of(good, None));
    let body = around(br#"{"id":"x","credential":"#, &bytes_of(good, flaw));
    let lines = [&right[..], b"\n", &body, b"\n", &right].concat();
    let answer = ground.counter.verify("/api/verify/batch", lines).await;
    if answer.status != 200 {
        assert_ne!(answer.json()["line"], json!(1), "not for the line before it");
        return problem(&answer);
    }
    let text = answer.text();
    let told: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((&told[0]["decision"], &told[2]["decision"]), (&json!("accepted"), &json!("accepted")));
    decided(&told[1])
}

pub(super) async fn folder(ground: &Ground, good: &Good<'_>, flaw: Option<&Flaw>) -> Made {
    let bytes = bytes_of(good, flaw);
    let content = serde_json::from_slice::<String>(&bytes).map_or(bytes, String::into_bytes);
    let name = flaw.map_or("good", |flaw| flaw.name);
    let folder = format!("{:?}-{name}", good.kind);
    ground.write(&format!("{folder}/credential"), &content);
    let (folder, anchor) = (ground.path(&folder), ground.path("anchor.json"));
    let node = ground.play.urls().chain.url.clone();
    let ended = ground.command(&["verify", "batch", &folder, "--node", &node, "--anchor", &anchor]).await;
    std::fs::remove_dir_all(folder).expect("removed");
    let text = String::from_utf8(ended.stdout).expect("UTF-8");
    let line = text.lines().next().unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&ended.stderr)));
    let made = decided(&serde_json::from_str(line).expect("JSON"));
    let code = if made == Made::Accepted { 0 } else { 3 };
    assert_eq!(ended.status.code(), Some(code), "{text}");
    made
}

/// A wallet takes it up, from an issuer between which and the wallet it is spoiled.
pub(super) async fn wallet(ground: &Ground, good: &Good<'_>, flaw: Option<&Flaw>) -> Made {
    let kind = good.kind;
    let (desk, keys) = ground.issuer(kind);
    let (keys, name) = (keys.clone(), flaw.map(|flaw| flaw.name));
    let spoiling = move |issued: &Value| {
        // The other format is left as it is.
        is_of(kind, issued).then(|| {
            let good = kind.of(issued, &keys);
            let flaw = kind.flaws().into_iter().find(|flaw| Some(flaw.name) == name);
            bytes_of(&good, flaw.as_ref())
        })
    };
    let (_, offer) = desk.offered(kind.credential_type(), &claims(kind)).await;
    let received = ground.holder.receive_spoiled(&offer, Box::new(spoiling)).await;
    let received = received.expect("the other format is good");
    let failed = received.failed.iter();
    let names: Vec<String> = failed
        .flat_map(|one| {
            assert_eq!(one.credential.configuration.as_str(), kind.configuration());
            why(&one.error)
        })
        .collect();
    if names.is_empty() { Made::Accepted } else { Made::Refused(names) }
}

fn is_of(kind: Kind, issued: &Value) -> bool {
    match (kind, issued.as_str()) {
        (Kind::SdJwt, Some(text)) => text.contains('~'),
        (Kind::Mdoc, Some(text)) => !text.contains('~'),
        (Kind::SdJwt | Kind::Mdoc, None) => false,
        (_, text) => text.is_none(),
    }
}

fn why(error: &ReceiveError) -> Vec<String> {
    match error {
        ReceiveError::Rejected(Rejected::Flawed(refused)) => {
            refused.flaws().iter().map(|flaw| flaw.id()).collect()
        }
        ReceiveError::Rejected(Rejected::NoCredential(_) | Rejected::NoSdJwt(_) | Rejected::NoMdoc) => {
            vec![MALFORMED.to_owned()]
        }
        ReceiveError::Rejected(Rejected::OtherType) => vec!["doc_type_wrong".to_owned()],
        ReceiveError::Rejected(Rejected::KeyOfAnother) => vec!["key_of_another_controller".to_owned()],
        ReceiveError::Unreadable(_) | ReceiveError::Web(_) => vec![UNREADABLE.to_owned()],
        other => vec![format!("{other:?}")],
    }
}

/// What `/api/verify` answers.
pub(super) fn verified(answer: &Answer) -> Made {
    if answer.status == 200 { decided(&answer.json()) } else { problem(answer) }
}

/// What a line or an answer says: the findings of the checks that did not pass.
fn decided(said: &Value) -> Made {
    let checks = said["not_passed"].as_array().unwrap_or_else(|| panic!("{said}"));
    Made::by_checks(said["decision"] == "accepted", checks.iter().map(|check| &check[1]))
}

/// The name of a problem, or the status where no body came.
fn problem(answer: &Answer) -> Made {
    if answer.body.is_empty() {
        return Made::refused(answer.status.to_string());
    }
    let said = answer.json();
    let kind = said["type"].as_str().or(said["error"].as_str()).unwrap_or_default();
    Made::refused(kind.rsplit(':').next().unwrap_or_default())
}

pub(super) fn around(before: &[u8], inside: &[u8]) -> Vec<u8> {
    [before, inside, b"}"].concat()
}

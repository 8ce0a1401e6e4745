//! Several keys in one request: a copy for each, which nothing links.

use std::collections::BTreeSet;

use credentials::key::{Algorithm, Signer};
use credentials::status::{Status, TokenList};
use serde_json::{Value, json};

use crate::http::Answer;
use crate::wallet::Wallet;
use crate::world::{STAFF_TOKEN, World};

const SD_JWT: &str = "business-licence-sd-jwt";

async fn ask(world: &World, token: &str, wallets: &[Wallet]) -> Answer {
    let nonce = world.nonce().await;
    let proofs: Vec<_> = wallets.iter().map(|wallet| wallet.proof(world, &nonce)).collect();
    let body = json!({"credential_configuration_id": SD_JWT, "proofs": {"jwt": proofs}});
    world.http.post_json("/credential", Some(token), &body).await
}

/// The payload that the issuer signed, and the digests in it.
fn payload(credential: &Value) -> Value {
    use base64::Engine as _;
    let text = credential.as_str().unwrap();
    let part = text.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

async fn accredit(world: &World) {
    let action = registry::Action::Accredit {
        did: world.did().parse().unwrap(),
        credential_type: registry::Slug::new("business-licence").unwrap(),
        issuer_name: registry::LocalText::new("合肥市市场监督管理局", "Hefei market supervision"),
        valid_from: registry::UnixMillis(0),
        valid_until: None,
    };
    world.govern(&action).await;
}

#[tokio::test]
async fn a_copy_for_each_key_and_nothing_links_them() {
    let world = World::start().await;
    accredit(&world).await;
    // Long after the accreditation, and not on the hour.
    world.clock.forward(2 * 3600 + 1234);
    let offer = world.collectable(&world.approved().await).await;
    let token = world.token(&offer).await;
    let wallets: Vec<_> = (0..8).map(|_| Wallet::new(Algorithm::Es256)).collect();
    let answer = ask(&world, &token, &wallets).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json();
    let payloads: Vec<_> =
        body["credentials"].as_array().unwrap().iter().map(|one| payload(&one["credential"])).collect();
    assert_eq!(payloads.len(), 8);
    for (payload, wallet) in payloads.iter().zip(&wallets) {
        assert_eq!(payload["cnf"]["jwk"]["x"], json!(wallet.key.public_key().to_jwk().x));
        assert_eq!(payload["iat"].as_i64().unwrap() % 3600, 0, "on the hour, as thousands of others");
        assert_eq!(payload["iat"], payloads[0]["iat"]);
    }
    let distinct = |of: &dyn Fn(&Value) -> String| payloads.iter().map(of).collect::<BTreeSet<_>>().len();
    assert_eq!(distinct(&|payload| payload["status"]["status_list"]["idx"].to_string()), 8, "places");
    assert_eq!(distinct(&|payload| payload["_sd"].to_string()), 8, "salts");

    // What is done to one is done to all, at once.
    let list = world.http.get("/api/credentials", Some(STAFF_TOKEN)).await.json();
    let id = list["credentials"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(list["credentials"].as_array().unwrap().len(), 1, "one credential to the department");
    assert_eq!(world.change(&id, "revoke").await.status, 200);
    let uri = payloads[0]["status"]["status_list"]["uri"].as_str().unwrap();
    let list = payload(&json!(world.http.get(uri, None).await.text()));
    let list = TokenList::from_json(&list["status_list"]).unwrap();
    for payload in &payloads {
        let index = payload["status"]["status_list"]["idx"].as_u64().unwrap();
        assert_eq!(list.status(index).unwrap(), Status::Invalid);
    }
    world.stop().await;
}

#[tokio::test]
async fn the_same_keys_get_the_same_copies_and_others_get_none() {
    let mut world = World::start().await;
    let offer = world.collectable(&world.approved().await).await;
    let token = world.token(&offer).await;
    let wallets: Vec<_> = (0..3).map(|_| Wallet::new(Algorithm::EdDsa)).collect();
    let places = |answer: &Answer| -> Vec<Value> {
        let body = answer.json();
        let all = body["credentials"].as_array().unwrap().iter();
        all.map(|one| payload(&one["credential"])["status"]["status_list"]["idx"].clone()).collect()
    };
    let first = ask(&world, &token, &wallets).await;
    assert_eq!(first.status, 200, "{}", first.text());
    world.restart().await;
    let again = ask(&world, &token, &wallets).await;
    assert_eq!(places(&first), places(&again), "an answer that was lost is given again");
    let fewer = ask(&world, &token, &wallets[..2]).await;
    assert_eq!(fewer.oauth_error(), "credential_request_denied");
    world.stop().await;
}

#[tokio::test]
async fn one_flawed_proof_of_several_and_nothing_is_issued() {
    let world = World::start().await;
    let applied = world.approved().await;
    let offer = world.collectable(&applied).await;
    let token = world.token(&offer).await;
    let (one, two) = (Wallet::new(Algorithm::Es256), Wallet::new(Algorithm::Es256));
    let nonce = world.nonce().await;
    let good = one.proof(&world, &nonce);
    let elsewhere =
        two.sign(&two.header(), &json!({"aud": "https://evil.example", "iat": world.now(), "nonce": nonce}));
    for (name, proofs, code) in [
        ("audience_of_another", [&good, &elsewhere], "invalid_proof"),
        ("the_same_key_twice", [&good, &one.proof(&world, &nonce)], "invalid_proof"),
    ] {
        let body = json!({"credential_configuration_id": SD_JWT, "proofs": {"jwt": proofs}});
        let answer = world.http.post_json("/credential", Some(&token), &body).await;
        assert_eq!(answer.oauth_error(), code, "{name}");
    }
    let list = world.http.get("/api/credentials", Some(STAFF_TOKEN)).await.json();
    assert!(list["credentials"].as_array().unwrap().is_empty());
    world.stop().await;
}

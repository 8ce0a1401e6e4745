//! `routes/deferred.rs`, `routes/notification.rs`, renewal: what comes after a credential request.

use credentials::key::Algorithm;
use serde_json::{Value, json};

use crate::authorize::{LICENCE, code, redeem_with, token};
use crate::dpop::{Prover, ask, form};
use crate::http::Answer;
use crate::wallet::Wallet;
use crate::world::{STAFF_TOKEN, World};

async fn post(world: &World, prover: &Prover, path: &str, token: &str, body: &Value) -> Answer {
    let nonce = prover.nonce(world).await;
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("authorization", format!("DPoP {token}")),
        ("dpop", prover.proof(world, path, Some(token), &nonce)),
    ];
    world.http.post_with(path, &headers, body.to_string()).await
}

async fn refreshed(world: &World, prover: &Prover, refresh: &str) -> Answer {
    let proof = prover.proof(world, "/token", None, &prover.nonce(world).await);
    form(world, "/token", &proof, &[("grant_type", "refresh_token"), ("refresh_token", refresh)]).await
}

async fn request(world: &World, wallet: &Wallet) -> Value {
    let proof = wallet.proof(world, &world.nonce().await);
    json!({"credential_configuration_id": LICENCE, "proofs": {"jwt": [proof]}})
}

fn text(answer: &Answer, name: &str) -> String {
    assert!((200..300).contains(&answer.status), "{}", answer.text());
    answer.json()[name].as_str().unwrap_or_else(|| panic!("no {name}: {}", answer.text())).to_owned()
}

#[tokio::test]
async fn a_credential_is_asked_for_before_it_is_decided_and_fetched_after() {
    let mut world = World::start().await;
    let applied = world.apply("business-licence", testkit::Company::nth(0).business_licence_claims()).await;
    let prover = Prover::new();
    let tokens = redeem_with(&world, &prover, &code(&world, &[]).await, &[]).await;
    let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    let wallet = Wallet::new(Algorithm::Es256);
    let asked = request(&world, &wallet).await;
    let answer = post(&world, &prover, "/credential", &access, &asked).await;
    assert_eq!((answer.status, &answer.json()["interval"]), (202, &json!(10)), "{}", answer.text());
    let transaction = text(&answer, "transaction_id");
    let replayed = post(&world, &prover, "/credential", &access, &asked).await;
    assert_eq!(replayed.oauth_error(), "invalid_nonce", "nonce_replay");

    let body = json!({"transaction_id": transaction});
    let early = post(&world, &prover, "/deferred_credential", &access, &body).await;
    assert_eq!((early.status, text(&early, "transaction_id")), (202, transaction.clone()));

    // Long after, and over a restart: the token is over, the wallet comes back with its key.
    world.approve(&applied).await;
    world.clock.forward(3 * 86_400);
    world.restart().await;
    let late = post(&world, &prover, "/deferred_credential", &access, &body).await;
    assert_eq!(late.oauth_error(), "invalid_token");
    let thief = refreshed(&world, &Prover::new(), &refresh).await;
    assert_eq!(thief.oauth_error(), "invalid_grant", "another key");
    let access = text(&refreshed(&world, &prover, &refresh).await, "access_token");
    let made_up = json!({"transaction_id": "AAAA"});
    let refused = post(&world, &prover, "/deferred_credential", &access, &made_up).await;
    assert_eq!(refused.oauth_error(), "invalid_transaction_id");
    let fetched = post(&world, &prover, "/deferred_credential", &access, &body).await;
    assert_eq!(fetched.status, 200, "{}", fetched.text());
    assert!(fetched.json()["credentials"][0]["credential"].is_string());
    let again = post(&world, &prover, "/deferred_credential", &access, &body).await;
    assert_eq!(again.oauth_error(), "invalid_transaction_id", "it is given once");
    world.stop().await;
}

#[tokio::test]
async fn what_was_rejected_is_refused_for_good() {
    let world = World::start().await;
    let applied = world.apply("business-licence", testkit::Company::nth(0).business_licence_claims()).await;
    let prover = Prover::new();
    let access = token(&world, &prover, &code(&world, &[]).await).await;
    let asked = request(&world, &Wallet::new(Algorithm::EdDsa)).await;
    let body = json!({"transaction_id": text(&post(&world, &prover, "/credential", &access, &asked).await, "transaction_id")});
    let path = format!("/api/applications/{}/reject", applied.id);
    world.http.post_json(&path, Some(STAFF_TOKEN), &json!({"reason": "材料不全"})).await;
    let refused = post(&world, &prover, "/deferred_credential", &access, &body).await;
    assert_eq!(refused.oauth_error(), "credential_request_denied");
    world.stop().await;
}

#[tokio::test]
async fn a_wallet_says_what_became_of_it_and_is_heard_once() {
    let world = World::start().await;
    world.approved().await;
    let prover = Prover::new();
    let access = token(&world, &prover, &code(&world, &[]).await).await;
    let answer =
        post(&world, &prover, "/credential", &access, &request(&world, &Wallet::new(Algorithm::Es256)).await)
            .await;
    let id = text(&answer, "notification_id");
    for _ in 0..2 {
        let said = json!({"notification_id": id, "event": "credential_accepted"});
        assert_eq!(post(&world, &prover, "/notification", &access, &said).await.status, 204);
    }
    let list = world.http.get("/api/credentials", Some(STAFF_TOKEN)).await.json();
    assert_eq!(list["credentials"][0]["notified"], json!(["credential_accepted"]));
    let flaws = [
        (json!({"notification_id": "AAAA", "event": "credential_accepted"}), "invalid_notification_id"),
        (json!({"notification_id": id, "event": "credential_stolen"}), "invalid_notification_request"),
        (json!({"event": "credential_deleted"}), "invalid_notification_request"),
    ];
    for (body, code) in flaws {
        assert_eq!(
            post(&world, &prover, "/notification", &access, &body).await.oauth_error(),
            code,
            "{body}"
        );
    }
    let bare = world.http.post_json("/notification", None, &json!({})).await;
    assert_eq!((bare.status, bare.oauth_error().as_str()), (401, "invalid_token"));
    world.stop().await;
}

#[tokio::test]
async fn a_credential_is_renewed_with_the_key_that_the_wallet_showed() {
    let world = World::start().await;
    world.approved().await;
    let prover = Prover::new();
    let tokens = redeem_with(&world, &prover, &code(&world, &[]).await, &[]).await;
    let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    let first = request(&world, &Wallet::new(Algorithm::Es256)).await;
    assert_eq!(post(&world, &prover, "/credential", &access, &first).await.status, 200);
    world.clock.forward(300 * 86_400);
    let access = text(&refreshed(&world, &prover, &refresh).await, "access_token");
    let fresh = request(&world, &Wallet::new(Algorithm::Es256)).await;
    let renewed = post(&world, &prover, "/credential", &access, &fresh).await;
    assert_eq!(renewed.status, 200, "{}", renewed.text());
    let list = world.http.get("/api/credentials", Some(STAFF_TOKEN)).await.json();
    let standings: Vec<_> =
        list["credentials"].as_array().unwrap().iter().map(|one| one["status"].clone()).collect();
    assert_eq!(standings, [json!("valid"), json!("revoked")], "the one before gives way: {list}");

    world.clock.forward(101 * 86_400);
    let over = refreshed(&world, &prover, &refresh).await;
    assert_eq!(over.oauth_error(), "invalid_grant", "400 days after it was given");
    world.stop().await;
}

#[tokio::test]
async fn a_refresh_token_is_of_use_with_a_proof_alone_and_opens_nothing() {
    let world = World::start().await;
    world.approved().await;
    let prover = Prover::new();
    let tokens = redeem_with(&world, &prover, &code(&world, &[]).await, &[]).await;
    let refresh = text(&tokens, "refresh_token");
    let bare =
        world.http.post_form("/token", &[("grant_type", "refresh_token"), ("refresh_token", &refresh)]).await;
    assert_eq!(bare.oauth_error(), "invalid_dpop_proof");
    let body = request(&world, &Wallet::new(Algorithm::Es256)).await;
    let proof = prover.proof(&world, "/credential", Some(&refresh), &prover.nonce(&world).await);
    assert_eq!(ask(&world, &refresh, &proof, &body).await.oauth_error(), "invalid_token");
    world.stop().await;
}

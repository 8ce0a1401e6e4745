//! Collecting again: the answer was lost, or the phone was. A renewed offer covers what was issued before.

use std::time::Duration;

use credentials::key::Algorithm;
use issuer::Policy;
use protocol::openid4vci::{CredentialOffer, OfferLink};
use serde_json::{Value, json};

use crate::http::Answer;
use crate::wallet::Wallet;
use crate::world::{Applied, STAFF_TOKEN, World};

const SD_JWT: &str = "business-licence-sd-jwt";
const VC: &str = "business-licence-vc";

async fn ask(world: &World, token: &str, wallet: &Wallet, configuration: &str) -> Answer {
    world.ask(token, configuration, &wallet.proof(world, &world.nonce().await)).await
}

/// Both formats, issued on the first offer.
async fn collected(world: &World, wallet: &Wallet) -> Applied {
    let applied = world.approved().await;
    let token = world.token(&world.collectable(&applied).await).await;
    for configuration in [SD_JWT, VC] {
        assert_eq!(ask(world, &token, wallet, configuration).await.status, 200);
    }
    applied
}

async fn credential_of(world: &World, applied: &Applied, configuration: &str) -> Value {
    let path = format!("/api/applications/{}", applied.id);
    let found = world.http.get(&path, Some(STAFF_TOKEN)).await.json();
    world.record(found["credentials"][configuration].as_str().expect("an id")).await
}

#[tokio::test]
async fn after_the_token_expired_a_renewed_offer_gives_the_same_credential_to_the_same_key() {
    let world = World::start().await;
    let wallet = Wallet::new(Algorithm::Es256);
    let applied = collected(&world, &wallet).await;
    let before = credential_of(&world, &applied, SD_JWT).await;
    world.clock.forward(301);
    let path = format!("/api/applications/{}/offer", applied.id);
    assert_eq!(world.http.get(&path, Some(&applied.secret)).await.problem(), "collected", "not by itself");

    let renewed = world.renewed(&applied).await;
    let OfferLink::Value(offer) = OfferLink::parse(&renewed.by_value).unwrap() else { panic!("by value") };
    let CredentialOffer { credential_configuration_ids: covered, .. } = *offer;
    assert_eq!(covered, [SD_JWT, VC], "both, though both were issued");
    let token = world.token(&renewed).await;
    assert_eq!(ask(&world, &token, &wallet, SD_JWT).await.status, 200);
    assert_eq!(credential_of(&world, &applied, SD_JWT).await, before, "the same entry, still valid");
    let all = world.http.get("/api/credentials", Some(STAFF_TOKEN)).await.json();
    assert_eq!(all["credentials"].as_array().unwrap().len(), 2, "no second one");
    world.stop().await;
}

#[tokio::test]
async fn another_key_gets_a_new_credential_after_the_old_one_is_revoked_and_only_once_an_offer() {
    let world = World::start().await;
    let (lost, new) = (Wallet::new(Algorithm::Es256), Wallet::new(Algorithm::Es256));
    let applied = collected(&world, &lost).await;
    let old = credential_of(&world, &applied, SD_JWT).await;
    let token = world.token(&world.renewed(&applied).await).await;
    let answer = ask(&world, &token, &new, SD_JWT).await;
    assert_eq!(answer.status, 200, "{}", answer.text());

    let fresh = credential_of(&world, &applied, SD_JWT).await;
    assert_ne!((&fresh["id"], &fresh["status_index"]), (&old["id"], &old["status_index"]));
    assert_eq!(fresh["status"], "valid");
    let gone = world.record(old["id"].as_str().unwrap()).await;
    assert_eq!(gone["status"], "revoked", "as the chain says it");
    assert!(gone["changes"][0]["by"].is_null(), "not by the staff");
    assert_eq!(credential_of(&world, &applied, VC).await["status"], "valid", "what nobody asked for stays");

    // The same again for the new key; nothing for a third, nor for the old one.
    assert_eq!(ask(&world, &token, &new, SD_JWT).await.status, 200);
    assert_eq!(credential_of(&world, &applied, SD_JWT).await, fresh);
    for wallet in [&Wallet::new(Algorithm::Es256), &lost] {
        assert_eq!(ask(&world, &token, wallet, SD_JWT).await.oauth_error(), "credential_request_denied");
    }
    world.stop().await;
}

#[tokio::test]
async fn what_the_department_suspended_or_revoked_is_not_replaced() {
    let world = World::start().await;
    for change in ["suspend", "revoke"] {
        let applied = collected(&world, &Wallet::new(Algorithm::Es256)).await;
        let old = credential_of(&world, &applied, SD_JWT).await;
        assert_eq!(world.change(old["id"].as_str().unwrap(), change).await.status, 200);
        let token = world.token(&world.renewed(&applied).await).await;
        let answer = ask(&world, &token, &Wallet::new(Algorithm::Es256), SD_JWT).await;
        assert_eq!(answer.oauth_error(), "credential_request_denied", "{change}");
        assert_eq!(credential_of(&world, &applied, SD_JWT).await["id"], old["id"], "{change}");
    }
    world.stop().await;
}

#[tokio::test]
async fn while_the_chain_is_away_nothing_is_replaced_and_afterwards_it_is() {
    let mut world = World::start().await;
    let applied = collected(&world, &Wallet::new(Algorithm::Es256)).await;
    let old = credential_of(&world, &applied, SD_JWT).await;
    let (token, new) = (world.token(&world.renewed(&applied).await).await, Wallet::new(Algorithm::Es256));
    world.stop_chain().await;
    let away = ask(&world, &token, &new, SD_JWT).await;
    assert_eq!((away.status, away.json()["error"].as_str()), (503, Some("temporarily_unavailable")));
    assert_eq!(credential_of(&world, &applied, SD_JWT).await["id"], old["id"], "nothing in its place yet");

    world.start_chain().await;
    let issued = async {
        while ask(&world, &token, &new, SD_JWT).await.status != 200 {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), issued).await.expect("issued once the chain is back");
    assert_eq!(world.record(old["id"].as_str().unwrap()).await["status"], "revoked");
    assert_eq!(credential_of(&world, &applied, SD_JWT).await["status"], "valid");
    world.stop().await;
}

#[tokio::test]
async fn offers_are_counted_and_need_the_applicants_secret() {
    let world = World::with(Policy { offers_per_application: 3, ..Policy::default() }).await;
    let applied = world.approved().await;
    let path = format!("/api/applications/{}/offer", applied.id);
    world.collectable(&applied).await;
    for _ in 0..2 {
        world.renewed(&applied).await;
    }
    let last = world.collectable(&applied).await;
    let refused = world.http.post_json(&path, Some(&applied.secret), &json!({})).await;
    assert_eq!((refused.status, refused.problem().as_str()), (409, "too-many-offers"));
    for stranger in [None, Some(STAFF_TOKEN), Some("guess")] {
        assert_eq!(world.http.post_json(&path, stranger, &json!({})).await.status, 401);
    }
    world.token(&last).await;
    world.stop().await;
}

//! Correcting what was issued: old and new change places, both or neither.

use std::time::Duration;

use serde_json::{Value, json};

use crate::http::Answer;
use crate::world::{STAFF_TOKEN, World};

async fn correct(world: &World, credential: &str, claims: &Value) -> Answer {
    let path = format!("/api/credentials/{credential}/correct");
    world.http.post_json(&path, Some(STAFF_TOKEN), &json!({"claims": claims, "reason": "住所有误"})).await
}

#[tokio::test]
async fn a_correction_revokes_the_old_one_and_has_the_next_version() {
    let world = World::start().await;
    let (_, credential) = world.issued("business-licence-sd-jwt").await;
    let mut claims = testkit::Company::nth(0).business_licence_claims();
    claims["address"] = json!("安徽省合肥市高新区示例大道9号");
    let wrong = correct(&world, &credential, &json!({})).await;
    assert_eq!(wrong.problem(), "claims");
    assert_eq!(world.record(&credential).await["status"], "valid", "nothing was revoked for it");
    let corrected = correct(&world, &credential, &claims).await;
    assert_eq!(corrected.status, 200, "{}", corrected.text());
    let corrected = corrected.json();
    assert_eq!(corrected["revoked"], true);
    let record = world.record(&credential).await;
    assert_eq!((&record["status"], &record["changes"][0]["code"]), (&json!("revoked"), &json!("corrected")));
    let path = format!("/api/applications/{}", corrected["application"].as_str().unwrap());
    let made = world.http.get(&path, corrected["secret"].as_str()).await.json();
    assert_eq!((&made["state"], &made["claims"]["address"]), (&json!("approved"), &claims["address"]));
    let identifier = made["claims"]["licenceIdentifier"].as_str().unwrap();
    assert!(identifier.contains(".002.") && claims["licenceIdentifier"].as_str().unwrap().contains(".001."));
    let offer = world.http.get(&format!("{path}/offer"), corrected["secret"].as_str()).await;
    assert_eq!(offer.status, 200, "{}", offer.text());
    assert_eq!(correct(&world, &credential, &claims).await.problem(), "already-corrected");
    // What was left to collect of the old one is not to be had any more.
    let old = format!("/api/applications/{}", record["application"].as_str().unwrap());
    let page = world.http.get(&old, Some(STAFF_TOKEN)).await.json();
    assert_eq!(page["state"], "issued");
    world.stop().await;
}

#[tokio::test]
async fn while_the_chain_is_away_neither_takes_the_others_place() {
    let mut world = World::start().await;
    let (_, credential) = world.issued("business-licence-sd-jwt").await;
    world.stop_chain().await;
    let claims = testkit::Company::nth(0).business_licence_claims();
    let corrected = correct(&world, &credential, &claims).await.json();
    assert_eq!(corrected["revoked"], false);
    assert_eq!(world.record(&credential).await["status"], "valid");
    let offer = format!("/api/applications/{}/offer", corrected["application"].as_str().unwrap());
    let secret = corrected["secret"].as_str();
    assert_eq!(world.http.get(&offer, secret).await.problem(), "not-yet-revoked");
    world.restart().await;
    assert_eq!(world.http.get(&offer, secret).await.problem(), "not-yet-revoked");
    world.start_chain().await;
    let collectable = async {
        while world.http.get(&offer, secret).await.status != 200 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), collectable).await.expect("once the chain is back");
    assert_eq!(world.record(&credential).await["status"], "revoked");
    world.stop().await;
}

#[tokio::test]
async fn a_code_is_taken_where_the_catalogue_has_it_for_the_change() {
    let world = World::start().await;
    let (_, credential) = world.issued("business-licence-sd-jwt").await;
    let change = |change: &'static str, code: &'static str| {
        let (world, path) = (&world, format!("/api/credentials/{credential}/{change}"));
        async move { world.http.post_json(&path, Some(STAFF_TOKEN), &json!({"code": code, "reason": "x"})).await }
    };
    assert_eq!(change("suspend", "deceased").await.problem(), "unknown-code", "of another type");
    assert_eq!(change("suspend", "deregistered").await.problem(), "unknown-code", "for another change");
    assert_eq!(change("suspend", "lost").await.json()["changes"][0]["code"], "lost");
    assert_eq!(change("reinstate", "found").await.status, 200);
    world.stop().await;
}

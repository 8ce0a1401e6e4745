//! Correcting what was issued: old and new change places, both or neither.

use std::time::Duration;

use credentials::key::Algorithm;
use serde_json::{Value, json};

use crate::authorize::{self, LICENCE};
use crate::dpop::Prover;
use crate::http::Answer;
use crate::pages_console::Clerk;
use crate::review::{act, act_on, example};
use crate::wallet::Wallet;
use crate::world::{Applied, CLERK_TOKEN, STAFF_TOKEN, SUPERVISOR_TOKEN, World};

async fn correct(world: &World, credential: &str, claims: &Value) -> Answer {
    correct_as(world, STAFF_TOKEN, credential, claims).await
}

async fn correct_as(world: &World, token: &str, credential: &str, claims: &Value) -> Answer {
    let path = format!("/api/credentials/{credential}/correct");
    world.http.post_json(&path, Some(token), &json!({"claims": claims, "reason": "住所有误"})).await
}

#[tokio::test]
async fn a_correction_revokes_the_old_one_and_has_the_next_version() {
    let world = World::start().await;
    let applied = world.approved().await;
    let old_token = world.token(&world.collectable(&applied).await).await;
    let proof = Wallet::new(Algorithm::Es256).proof(&world, &world.nonce().await);
    assert_eq!(world.ask(&old_token, LICENCE, &proof).await.status, 200);
    let old = format!("/api/applications/{}", applied.id);
    let found = world.http.get(&old, Some(STAFF_TOKEN)).await.json();
    let credential = found["credentials"][LICENCE].as_str().unwrap().to_owned();
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
    // What was left to collect of the old one is not to be had any more: by no offer, and by no token from before.
    let offer = format!("{old}/offer");
    assert_eq!(world.http.get(&offer, Some(&applied.secret)).await.problem(), "corrected");
    assert_eq!(world.http.post_json(&offer, Some(&applied.secret), &json!({})).await.problem(), "corrected");
    let proof = Wallet::new(Algorithm::Es256).proof(&world, &world.nonce().await);
    let refused = world.ask(&old_token, "business-licence-vc", &proof).await;
    assert_eq!((refused.status, refused.oauth_error().as_str()), (401, "invalid_token"));
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
    // Nor by logging in, for which no offer is needed.
    let prover = Prover::new();
    let token = authorize::token(&world, &prover, &authorize::code(&world, &[]).await).await;
    let proof = Wallet::new(Algorithm::Es256).proof(&world, &world.nonce().await);
    let request = json!({"credential_configuration_id": LICENCE, "proofs": {"jwt": [proof]}});
    let refused = prover.ask(&world, &token, &request).await;
    assert_eq!((refused.status, &refused.json()["error"]), (503, &json!("temporarily_unavailable")));
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

const TALENT: &str = "talent-certificate";

/// A talent certificate, which took two approvals: its application, its record, and the claims with another level.
async fn talent(world: &World) -> (Applied, String, Value) {
    let applied = world.apply(TALENT, example(TALENT)).await;
    assert_eq!(act(world, &applied, "approve", CLERK_TOKEN).await.json()["state"], "in-review");
    assert_eq!(act(world, &applied, "approve", SUPERVISOR_TOKEN).await.json()["state"], "approved");
    let (_, credential) = world.collected(&applied, "talent-certificate-sd-jwt").await;
    let mut claims = example(TALENT);
    claims["level"] = json!("A");
    (applied, credential, claims)
}

/// Asks for a correction as the clerk does; the application that it makes.
async fn asked(world: &World, credential: &str, claims: &Value) -> String {
    let asked = correct_as(world, CLERK_TOKEN, credential, claims).await;
    assert_eq!(asked.status, 200, "{}", asked.text());
    let asked = asked.json();
    assert_eq!((&asked["state"], &asked["revoked"]), (&json!("in-review"), &json!(false)));
    assert!(asked.get("secret").is_none() && asked.get("link").is_none(), "nothing to collect with: {asked}");
    asked["application"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_correction_in_which_nothing_is_different_says_so() {
    let world = World::start().await;
    let (_, credential, _) = talent(&world).await;
    let made = asked(&world, &credential, &example(TALENT)).await;
    let second = Clerk::sign_in_as(&world, SUPERVISOR_TOKEN).await;
    let page = second.see(&format!("/console/applications/{made}")).await;
    assert!(page.contains("内容没有不同") && !page.contains("有哪些不同"), "{page}");
    world.stop().await;
}

#[tokio::test]
async fn where_two_approve_a_correction_waits_for_the_second_and_revokes_then() {
    let world = World::start().await;
    let (old, credential, claims) = talent(&world).await;
    let made = asked(&world, &credential, &claims).await;
    let record = world.record(&credential).await;
    assert_eq!((&record["status"], record.get("pending")), (&json!("valid"), None), "nothing is revoked");
    assert_eq!(correct(&world, &credential, &claims).await.problem(), "correction-waits");

    // Before whoever approves it.
    let clerk = Clerk::sign_in_as(&world, CLERK_TOKEN).await;
    let page = clerk.see(&format!("/console/credentials/{credential}")).await;
    assert!(page.contains("有一份更正等待第二人审核") && page.contains(&made), "{page}");
    assert!(!page.contains(&format!("/console/credentials/{credential}/correct")), "one at a time");
    let page = clerk.see(&format!("/console/applications/{made}")).await;
    for shown in ["住所有误", "C 类", "A 类", "您已审核通过", &old.id] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(!page.contains("退回补正"), "nobody applied for it: {page}");
    assert!(!page.contains(&format!("{made}/approve")), "who corrects does not approve too");
    assert!(!page.contains("同一持证人的其他申请"), "what it corrects is the same matter");
    let second = Clerk::sign_in_as(&world, SUPERVISOR_TOKEN).await;
    let page = second.see(&format!("/console/applications/{made}")).await;
    assert!(page.contains("chen 已审核通过") && page.contains(&format!("{made}/approve")), "{page}");

    assert_eq!(act_on(&world, &made, "approve", CLERK_TOKEN).await.problem(), "same-person");
    assert_eq!(act_on(&world, &made, "return", SUPERVISOR_TOKEN).await.problem(), "departments-own");
    let approved = act_on(&world, &made, "approve", SUPERVISOR_TOKEN).await.json();
    assert_eq!((&approved["state"], &approved["corrects"]), (&json!("approved"), &json!(old.id)));
    let record = world.record(&credential).await;
    assert_eq!(record["status"], "revoked");
    let change = &record["changes"][0];
    assert_eq!(
        (&change["by"], &change["code"], &change["reason"]),
        (&json!("he"), &json!("corrected"), &json!("住所有误"))
    );

    // The holder's page leads to the new one.
    let entered = world.http.get(&old.link, None).await;
    let cookie = ("cookie", entered.header("set-cookie").split(';').next().unwrap().to_owned());
    let page = world.http.get_with(&format!("/applications/{}", old.id), &[cookie]).await.text();
    let secret = page.split(&format!("/applications/{made}?key=")).nth(1).expect("a link");
    let secret = secret.split('"').next().unwrap();
    let offer = world.http.get(&format!("/api/applications/{made}/offer"), Some(secret)).await;
    assert_eq!(offer.status, 200, "{}", offer.text());
    world.stop().await;
}

#[tokio::test]
async fn what_the_second_does_not_approve_leaves_everything_as_it_was() {
    let world = World::start().await;
    let (_, credential, claims) = talent(&world).await;
    let made = asked(&world, &credential, &claims).await;
    assert_eq!(act_on(&world, &made, "reject", SUPERVISOR_TOKEN).await.json()["state"], "rejected");
    let record = world.record(&credential).await;
    assert_eq!((&record["status"], record.get("pending")), (&json!("valid"), None));
    let again = asked(&world, &credential, &claims).await;
    assert_eq!(act_on(&world, &again, "approve", SUPERVISOR_TOKEN).await.json()["state"], "approved");
    assert_eq!(world.record(&credential).await["status"], "revoked");
    world.stop().await;
}

#[tokio::test]
async fn what_was_withdrawn_since_a_correction_was_asked_for_is_not_issued_anew() {
    let world = World::start().await;
    let (_, credential, claims) = talent(&world).await;
    let made = asked(&world, &credential, &claims).await;
    assert_eq!(world.change(&credential, "revoke").await.status, 200);
    assert_eq!(act_on(&world, &made, "approve", SUPERVISOR_TOKEN).await.problem(), "revocation-final");
    let path = format!("/api/applications/{made}");
    assert_eq!(world.http.get(&path, Some(STAFF_TOKEN)).await.json()["state"], "in-review");
    let supervisor = Clerk::sign_in_as(&world, SUPERVISOR_TOKEN).await;
    let page = format!("/console/applications/{made}");
    let csrf = supervisor.csrf(&page).await;
    let refused = supervisor.send(&format!("{page}/approve"), &[("csrf", &csrf)]).await;
    assert_eq!(refused.status, 409);
    assert!(refused.text().contains("被更正的证照已经吊销"), "{}", refused.text());
    assert_eq!(act_on(&world, &made, "reject", SUPERVISOR_TOKEN).await.json()["state"], "rejected");
    world.stop().await;
}

/// The chain takes nothing from this issuer's author any more, as after a recovery that its keys folder was not told of.
async fn shut_out(world: &World) -> [u8; 32] {
    use registry::build::{SoftwareSigner, TxSigner};
    let file = world.config.data_dir.join("keys/author.key");
    let old = SoftwareSigner::from_seed(&std::fs::read(file).unwrap().try_into().unwrap()).unwrap();
    let seed = [9; 32];
    let new = registry::PublicKey::Ed25519(SoftwareSigner::from_seed(&seed).unwrap().public_key());
    let did: registry::Did = world.did().parse().unwrap();
    let proven = world.node_client().proven_one(registry::RecordKey::Did(did.clone())).await.unwrap();
    let Some(registry::Record::Did(record)) = proven.record() else { panic!("no document") };
    let mut keys: Vec<_> = record
        .current_keys()
        .map(|key| registry::DocumentKey {
            fragment: key.fragment.clone(),
            key: key.key,
            purposes: key.purposes,
        })
        .collect();
    keys[0].fragment = registry::Slug::new("key-77").unwrap();
    keys[0].key = new;
    let document = registry::DidDocument { keys, services: vec![] };
    let rotate = registry::Action::DidRotate { document };
    world.node_client().act(&registry::Author::Did(did), &rotate, &[&old]).await.expect("shut out");
    seed
}

#[tokio::test]
async fn a_revocation_that_the_chain_refuses_is_shown_harms_nothing_and_can_be_tried_again() {
    let mut world = World::start().await;
    let (_, credential) = world.issued("business-licence-sd-jwt").await;
    let seed = shut_out(&world).await;
    let claims = testkit::Company::nth(0).business_licence_claims();
    let corrected = correct(&world, &credential, &claims).await.json();
    assert_eq!((&corrected["revoked"], &corrected["refused"]), (&json!(false), &json!([credential])));
    let application = corrected["application"].as_str().unwrap().to_owned();
    let offer = format!("/api/applications/{application}/offer");
    let secret = corrected["secret"].as_str().map(str::to_owned);
    let record = world.record(&credential).await;
    assert_eq!(record["status"], "valid", "nothing is said revoked that is not");
    assert_eq!(
        (&record["refused"]["change"], &record["refused"]["code"]),
        (&json!("revoke"), &json!("not-authorised"))
    );
    assert!(record.get("pending").is_none());
    assert_eq!(world.http.get(&offer, secret.as_deref()).await.problem(), "not-yet-revoked");

    // The desk reads it on both pages.
    let clerk = Clerk::sign_in(&world).await;
    for (path, words) in [
        (format!("/console/applications/{application}"), "链拒绝吊销它"),
        (format!("/console/credentials/{credential}"), "链拒绝了一项变更"),
    ] {
        let page = clerk.see(&path).await;
        assert!(page.contains(words) && page.contains("not-authorised"), "{path}: {page}");
    }
    assert_eq!(world.change(&credential, "revoke").await.problem(), "not-authorised", "still so");

    // The cause is mended; trying again is all it takes.
    world.stop_issuer().await;
    service::files::write_secret(&world.config.data_dir.join("keys/author.key"), &seed).unwrap();
    world.start_issuer().await;
    assert_eq!(world.change(&credential, "revoke").await.status, 200);
    assert!(world.record(&credential).await.get("refused").is_none());
    assert_eq!(
        world.http.get(&offer, secret.as_deref()).await.status,
        200,
        "and the new one can be collected"
    );
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

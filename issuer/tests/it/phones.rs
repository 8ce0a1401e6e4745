//! `routes/phones.rs`, `pages/phone.rs`: what a lost phone collected is revoked, and the phone gets nothing more.

use std::time::Duration;

use credentials::key::Algorithm;
use serde_json::{Value, json};

use crate::dpop::{Prover, form};
use crate::http::Answer;
use crate::pages_console::Clerk;
use crate::wallet::Wallet;
use crate::world::{AUDITOR_TOKEN, Applied, Collectable, STAFF_TOKEN, World};

const SD_JWT: &str = "business-licence-sd-jwt";

/// An offer redeemed with a phone's key, and its token and refresh token.
async fn redeemed(world: &World, phone: &Prover, offer: &Collectable) -> Answer {
    let proof = phone.proof(world, "/token", None, &phone.nonce(world).await);
    let grant = protocol::openid4vci::PRE_AUTHORIZED_CODE;
    let sent = [("grant_type", grant), ("pre-authorized_code", &offer.code), ("tx_code", &offer.tx_code)];
    form(world, "/token", &proof, &sent).await
}

fn text(answer: &Answer, name: &str) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()[name].as_str().expect("text").to_owned()
}

async fn collect(world: &World, phone: &Prover, token: &str) -> Answer {
    let proof = Wallet::new(Algorithm::Es256).proof(world, &world.nonce().await);
    phone.ask(world, token, &json!({"credential_configuration_id": SD_JWT, "proofs": {"jwt": [proof]}})).await
}

/// A company's licence on a phone: its application, its credential, and the phone's refresh token for it.
async fn on(world: &World, phone: &Prover, company: usize) -> (Applied, String, String) {
    let claims = testkit::Company::nth(company).business_licence_claims();
    let applied = world.apply("business-licence", claims).await;
    world.approve(&applied).await;
    let tokens = redeemed(world, phone, &world.collectable(&applied).await).await;
    assert_eq!(collect(world, phone, &text(&tokens, "access_token")).await.status, 200);
    let path = format!("/api/applications/{}", applied.id);
    let found = world.http.get(&path, Some(STAFF_TOKEN)).await.json();
    let credential = found["credentials"][SD_JWT].as_str().expect("an id").to_owned();
    (applied, credential, text(&tokens, "refresh_token"))
}

async fn declare(world: &World, credential: &str) -> Answer {
    let path = format!("/api/credentials/{credential}/phone-lost");
    world.http.post_json(&path, Some(STAFF_TOKEN), &json!({"reason": "本人到场，手机被盗"})).await
}

async fn declare_own(world: &World, applied: &Applied) -> Answer {
    let path = format!("/api/applications/{}/phone-lost", applied.id);
    world.http.post_json(&path, Some(&applied.secret), &json!({})).await
}

async fn status(world: &World, credential: &str) -> String {
    world.record(credential).await["status"].as_str().expect("a status").to_owned()
}

async fn refreshed(world: &World, phone: &Prover, refresh: &str) -> Answer {
    let proof = phone.proof(world, "/token", None, &phone.nonce(world).await);
    form(world, "/token", &proof, &[("grant_type", "refresh_token"), ("refresh_token", refresh)]).await
}

#[tokio::test]
async fn everything_on_the_phone_is_revoked_and_nothing_else() {
    let world = World::start().await;
    let (lost, other) = (Prover::new(), Prover::new());
    let (applied, first, refresh) = on(&world, &lost, 0).await;
    let (_, second, _) = on(&world, &lost, 1).await;
    let (_, elsewhere, _) = on(&world, &other, 2).await;

    let declared = declare(&world, &first).await;
    assert_eq!(declared.status, 200, "{}", declared.text());
    let mut revoked = declared.json()["revoked"].as_array().expect("ids").clone();
    let mut both = vec![json!(first), json!(second)];
    revoked.sort_by_key(Value::to_string);
    both.sort_by_key(Value::to_string);
    assert_eq!(revoked, both);
    for credential in [&first, &second] {
        let record = world.record(credential).await;
        assert_eq!(
            (&record["status"], &record["changes"][0]["code"]),
            (&json!("revoked"), &json!("phone-lost"))
        );
    }
    assert_eq!(status(&world, &elsewhere).await, "valid");

    // The phone gets nothing more: by no token that it had, and by no new code as long as it shows this key.
    let renewing = refreshed(&world, &lost, &refresh).await;
    assert_eq!((renewing.status, renewing.oauth_error().as_str()), (401, "invalid_client"));
    let renewed = world.renewed(&applied).await;
    assert_eq!(redeemed(&world, &lost, &renewed).await.oauth_error(), "invalid_client");
    // And its holder collects on a new one, by the very same offer: no code was used up.
    let new = Prover::new();
    let token = text(&redeemed(&world, &new, &renewed).await, "access_token");
    let collected = collect(&world, &new, &token).await;
    assert_eq!(collected.status, 200, "{}", collected.text());
    assert_eq!(status(&world, &first).await, "revoked");

    // Said again, nothing is left to do; and a stranger can't say it.
    assert_eq!(declare(&world, &second).await.json()["revoked"], json!([]));
    let path = format!("/api/credentials/{elsewhere}/phone-lost");
    for stranger in [None, Some("guess"), Some(applied.secret.as_str())] {
        assert_eq!(world.http.post_json(&path, stranger, &json!({"reason": "x"})).await.status, 401);
    }
    assert_eq!(status(&world, &elsewhere).await, "valid");
    world.stop().await;
}

#[tokio::test]
async fn who_applied_reaches_her_own_alone() {
    let world = World::start().await;
    let phone = Prover::new();
    let (mine, first, _) = on(&world, &phone, 3).await;
    let (_, of_another, refresh) = on(&world, &phone, 4).await;
    let declared = declare_own(&world, &mine).await;
    assert_eq!(declared.status, 200, "{}", declared.text());
    assert_eq!(declared.json()["revoked"], json!([first]));
    assert_eq!(status(&world, &of_another).await, "valid");
    assert_eq!(refreshed(&world, &phone, &refresh).await.oauth_error(), "invalid_client");

    let nothing = world.apply("business-licence", testkit::Company::nth(5).business_licence_claims()).await;
    assert_eq!(declare_own(&world, &nothing).await.problem(), "nothing-collected");
    let path = format!("/api/applications/{}/phone-lost", mine.id);
    assert_eq!(world.http.post_json(&path, Some(STAFF_TOKEN), &json!({})).await.status, 401);
    world.stop().await;
}

#[tokio::test]
async fn while_the_chain_is_away_it_waits_and_the_phone_is_refused_at_once() {
    let mut world = World::start().await;
    let phone = Prover::new();
    let (applied, credential, refresh) = on(&world, &phone, 6).await;
    let early = redeemed(&world, &phone, &world.renewed(&applied).await).await;
    let early = text(&early, "access_token");
    world.stop_chain().await;
    let declared = declare(&world, &credential).await;
    assert_eq!(declared.json()["waiting"], json!([credential]));
    assert_eq!(status(&world, &credential).await, "valid");
    assert_eq!(refreshed(&world, &phone, &refresh).await.oauth_error(), "invalid_client");
    let refused = collect(&world, &phone, &early).await;
    assert_eq!(refused.oauth_error(), "invalid_token", "a token that it had already");
    world.restart().await;
    world.start_chain().await;
    let revoked = async {
        while status(&world, &credential).await != "revoked" {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), revoked).await.expect("revoked once the chain is back");
    world.stop().await;
}

#[tokio::test]
async fn a_clerk_sees_what_is_on_the_phone_first_and_an_applicant_finds_the_way_on_her_page() {
    let world = World::start().await;
    let phone = Prover::new();
    let (_, first, _) = on(&world, &phone, 7).await;
    let (mine, second, _) = on(&world, &phone, 8).await;
    let clerk = Clerk::sign_in(&world).await;
    let path = format!("/console/credentials/{first}/phone");
    assert!(clerk.see(&format!("/console/credentials/{first}")).await.contains(&path));
    let page = clerk.see(&path).await;
    for company in [7, 8] {
        assert!(page.contains(&testkit::Company::nth(company).name), "{page}");
    }
    let csrf = clerk.csrf(&path).await;
    let reason = ("reason", "手机遗失");
    let unconfirmed = clerk.send(&path, &[("csrf", &csrf), reason]).await;
    assert_eq!((unconfirmed.status, status(&world, &second).await.as_str()), (422, "valid"));
    let forged = clerk.send(&path, &[("csrf", "guess"), reason, ("confirmed", "on")]).await;
    assert_eq!((forged.status, status(&world, &second).await.as_str()), (403, "valid"));
    let declared = clerk.send(&path, &[("csrf", &csrf), reason, ("confirmed", "on")]).await;
    assert_eq!(declared.status, 303, "{}", declared.text());
    assert!(clerk.see(declared.header("location")).await.contains("已挂失"));
    assert_eq!(
        (status(&world, &first).await, status(&world, &second).await),
        ("revoked".into(), "revoked".into())
    );
    let log = world.http.get("/api/audit", Some(AUDITOR_TOKEN)).await.text();
    assert!(log.contains("\"phone-lost\"") && log.contains("\"phone-looked-at\""), "{log}");

    let opened = world.http.get(&mine.link.replace(world.base(), ""), None).await;
    let cookie = opened.header("set-cookie").split(';').next().unwrap().to_owned();
    let page = world.http.get_with(&format!("/applications/{}", mine.id), &[("cookie", cookie)]).await.text();
    assert!(page.contains("手机已挂失") && !page.contains("已存入您的钱包"), "{page}");
    world.stop().await;
}

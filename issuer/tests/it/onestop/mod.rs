//! `onestop/`, `routes/presentations.rs`, `pages/presented.rs`: a licence in the place of a form.

mod by_login;
mod pages;
mod refusals;
mod town;

use credentials::key::Algorithm;
use credentials::{jws, sd_jwt};
use issuer::Approval;
use protocol::openid4vp::ResponseMode;
use serde_json::json;

use crate::wallet::Wallet;
use crate::world::STAFF_TOKEN;
use town::{AUTHORITY, Lies, TAX, Town, led_to};

#[tokio::test]
async fn a_licence_becomes_a_tax_confirmation_and_no_field_is_typed() {
    let town = Town::start(Approval::AtOnce).await;
    let card = town.licence().await;
    let asked = town.ask().await;

    // The request is the bureau's own, for its registered purpose, signed with its key on the chain.
    let text = town.http.get(&format!("/presentations/{}/object", asked.id), None).await.text();
    let token = jws::Unverified::parse(&text).unwrap();
    assert!(token.header().kid.as_ref().unwrap().starts_with(&format!("{}#", town.did())));
    assert_eq!(asked.request.client_id.as_str(), format!("decentralized_identifier:{}", town.did()));
    assert_eq!(asked.request.purpose(), Some(TAX));
    assert_eq!(asked.request.response_mode, Some(ResponseMode::DirectPostJwt));
    assert!(asked.link.starts_with("openid4vp://"), "{}", asked.link);
    assert_eq!(town.look(&asked).await["state"], "open");

    let answer = town.post(&asked.request, town.body(&asked.request, &card, &Lies::default())).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let (id, key) = led_to(&answer);
    assert_eq!(town.look(&asked).await["state"], "accepted");
    let application = town.http.get(&format!("/api/applications/{id}"), Some(&key)).await.json();
    assert_eq!(application["state"], "approved");
    let company = testkit::Company::nth(0);
    assert_eq!(
        application["claims"],
        json!({
            "taxpayerNumber": company.credit_code, "name": company.name, "taxAuthority": AUTHORITY,
            "taxpayerKind": "small-scale", "taxTypes": ["vat", "corporate-income"],
        })
    );
    // Whoever showed the code learns nothing of it.
    assert!(!town.look(&asked).await.to_string().contains(&id));

    // Collected as any other.
    let offer = town.http.get(&format!("/api/applications/{id}/offer"), Some(&key)).await.json();
    let link = protocol::openid4vci::OfferLink::parse(offer["offer_uri_by_value"].as_str().unwrap()).unwrap();
    let protocol::openid4vci::OfferLink::Value(by_value) = link else { panic!("by value") };
    let form = [
        ("grant_type", protocol::openid4vci::PRE_AUTHORIZED_CODE),
        ("pre-authorized_code", by_value.pre_authorized().unwrap().code.expose()),
        ("tx_code", offer["tx_code"].as_str().unwrap()),
    ];
    let token =
        town.http.post_form("/token", &form).await.json()["access_token"].as_str().unwrap().to_owned();
    let nonce =
        town.http.post_json("/nonce", None, &json!({})).await.json()["c_nonce"].as_str().unwrap().to_owned();
    let wallet = Wallet::new(Algorithm::Es256);
    let claims = json!({"aud": town.http.base(), "iat": town.world.now(), "nonce": nonce});
    let proof = wallet.sign(&wallet.header(), &claims);
    let body = json!({"credential_configuration_id": "tax-registration-sd-jwt", "proofs": {"jwt": [proof]}});
    let issued = town.http.post_json("/credential", Some(&token), &body).await;
    assert_eq!(issued.status, 200, "{}", issued.text());
    let confirmation = issued.json()["credentials"][0]["credential"].as_str().unwrap().to_owned();
    let confirmation = sd_jwt::Unverified::parse(&confirmation).unwrap();
    assert_eq!(confirmation.dangerous_claims()["taxpayerNumber"], company.credit_code);
    assert_eq!(confirmation.dangerous_claims()["name"], company.name);
    town.stop().await;
}

#[tokio::test]
async fn the_departments_own_record_fills_in_the_rest_and_must_agree() {
    let town = Town::start(Approval::WhenRecorded).await;
    let card = town.licence().await;
    let company = testkit::Company::nth(0);
    let record = |name: &str| {
        json!({"records": [{
            "taxpayerNumber": company.credit_code, "name": name, "taxAuthority": "合肥市蜀山区税务局",
            "taxpayerKind": "general", "taxTypes": ["vat"],
        }]})
    };
    let import = async |name: &str| {
        let answer =
            town.http.post_json("/api/records/tax-registration", Some(STAFF_TOKEN), &record(name)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    };

    const BROUGHT: &str = "导入人：";
    let signed_in = town.http.post_form("/console/sign-in", &[("token", STAFF_TOKEN)]).await;
    let cookie = signed_in.header("set-cookie").split(';').next().unwrap().to_owned();
    let records = async || town.http.get_with("/console/records", &[("cookie", cookie.clone())]).await.text();

    import("合肥别家软件有限公司").await;
    assert!(records().await.contains(BROUGHT));
    let (asked, answer) = town.present(&card, Lies::default()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let seen = town.look(&asked).await;
    assert_eq!(seen["state"], "refused");
    assert_eq!(
        seen["flaws"],
        json!([{"check": "application", "code": "contradicts_records", "claims": ["name"]}])
    );
    assert!(!seen.to_string().contains("软件"), "names, never values: {seen}");
    assert_eq!(town.applications().await.len(), 0);

    import(&company.name).await;
    let (_, answer) = town.present(&card, Lies::default()).await;
    let (id, key) = led_to(&answer);
    let application = town.http.get(&format!("/api/applications/{id}"), Some(&key)).await.json();
    assert_eq!(application["state"], "approved");
    assert_eq!(application["claims"]["taxAuthority"], "合肥市蜀山区税务局");
    assert_eq!(application["claims"]["taxpayerKind"], "general");
    // The record is used: nothing is prepared from it in bulk any more.
    let job = town.http.post_json("/api/jobs", Some(STAFF_TOKEN), &json!({"type": TAX})).await;
    assert_eq!(job.status, 409, "{}", job.text());
    assert!(!records().await.contains(BROUGHT), "it waits no more, for whoever brought it neither");
    town.stop().await;
}

#[tokio::test]
async fn without_a_record_or_with_another_application_a_clerk_decides() {
    let town = Town::start(Approval::WhenRecorded).await;
    let card = town.licence().await;
    let (id, key) = led_to(&town.present(&card, Lies::default()).await.1);
    let at = |path: &str| format!("/api/applications/{id}{path}");
    assert_eq!(town.http.get(&at(""), Some(&key)).await.json()["state"], "submitted");

    // What the licence says stays as it says when the rest goes back to be corrected.
    let back =
        town.http.post_json(&at("/return"), Some(STAFF_TOKEN), &json!({"reason": "which taxes?"})).await;
    assert_eq!(back.status, 200, "{}", back.text());
    let mut claims = town.http.get(&at(""), Some(&key)).await.json()["claims"].clone();
    claims["taxTypes"] = json!(["vat", "stamp"]);
    let mut forged = claims.clone();
    forged["name"] = "合肥别家软件有限公司".into();
    let refused = town.http.post_json(&at("/correct"), Some(&key), &json!({"claims": forged})).await;
    assert_eq!((refused.status, refused.problem().as_str()), (422, "presented-claims"));
    assert_eq!(refused.json()["claims"], json!(["name"]));
    let corrected = town.http.post_json(&at("/correct"), Some(&key), &json!({"claims": claims})).await;
    assert_eq!(corrected.status, 200, "{}", corrected.text());
    let approved = town.http.post_json(&at("/approve"), Some(STAFF_TOKEN), &json!({})).await;
    assert_eq!(approved.json()["state"], "approved");
    town.stop().await;

    let town = Town::start(Approval::AtOnce).await;
    let card = town.licence().await;
    let (first, _) = led_to(&town.present(&card, Lies::default()).await.1);
    let (second, key) = led_to(&town.present(&card, Lies::default()).await.1);
    let second = town.http.get(&format!("/api/applications/{second}"), Some(&key)).await.json();
    assert_eq!(second["state"], "submitted", "one too many, perhaps");
    let first = town.http.get(&format!("/api/applications/{first}"), Some(STAFF_TOKEN)).await.json();
    assert_eq!((&first["state"], &first["alike"]), (&json!("approved"), &json!([second["id"]])));
    town.stop().await;
}

#[tokio::test]
async fn it_is_noted_who_applied_and_that_nobody_decided() {
    let town = Town::start(Approval::AtOnce).await;
    let card = town.licence().await;
    led_to(&town.present(&card, Lies::default()).await.1);
    let lies = Lies { nonce: Some("another"), ..Lies::default() };
    assert_eq!(town.present(&card, lies).await.1.status, 400);
    let log = town.http.get("/api/audit", Some(STAFF_TOKEN)).await.text();
    for what in ["application-presented", "application-approved", "presentation-refused"] {
        assert!(log.contains(what), "{what}: {log}");
    }
    let company = testkit::Company::nth(0);
    assert!(!log.contains(&company.credit_code) && !log.contains(&company.name));
    town.stop().await;
}

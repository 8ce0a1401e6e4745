//! `routes/credential.rs`.

use std::sync::Arc;

use credentials::UnixSeconds;
use credentials::data_integrity::UnverifiedCredential;
use credentials::key::{Algorithm, Signer};
use credentials::sd_jwt;
use protocol::openid4vci::PRE_AUTHORIZED_CODE;
use serde_json::{Value, json};

use crate::wallet::Wallet;
use crate::world::World;

const SD_JWT: &str = "business-licence-sd-jwt";
const VC: &str = "business-licence-vc";

async fn token(world: &World) -> String {
    let offer = world.collectable(&world.approved().await).await;
    world.token(&offer).await
}

#[tokio::test]
async fn an_sd_jwt_vc_is_bound_to_the_holders_key_and_verifies() {
    let world = World::start().await;
    let (token, wallet) = (token(&world).await, Wallet::new(Algorithm::Es256));
    let answer = world.ask(&token, SD_JWT, &wallet.proof(&world, &world.nonce().await)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), "no-store");
    let body = answer.json();
    assert_eq!(body["credentials"].as_array().unwrap().len(), 1);
    assert!(body.get("c_nonce").is_none() && body.get("credential").is_none());

    let text = body["credentials"][0]["credential"].as_str().expect("a text");
    let unverified = sd_jwt::Unverified::parse(text).expect("well-formed");
    assert_eq!(unverified.issuer(), Some(world.did().as_str()));
    assert_eq!(unverified.header().kid.as_deref(), Some(format!("{}#key-3", world.did()).as_str()));
    let verified = unverified
        .verify_issued(&world.issuer_key(Algorithm::Es256), None, UnixSeconds(world.now()))
        .expect("the issuer's signature");
    assert_eq!(verified.holder(), Some(wallet.key.public_key()));
    assert_eq!(verified.vct(), "urn:huizheng:business-licence:1");
    let expected = testkit::Company::nth(0).business_licence_claims();
    assert_eq!(verified.claims()["creditCode"], expected["creditCode"]);
    let status = verified.status().expect("a status");
    let place = status.token.as_ref().expect("a token status list");
    assert_eq!(place.uri, format!("{}/status-lists/0", world.base()));
    assert_eq!(status.registry.as_ref().expect("on the chain").list, format!("{}/status/0", world.did()));
    world.stop().await;
}

#[tokio::test]
async fn a_w3c_credential_has_the_holder_as_subject_and_verifies() {
    let world = World::start().await;
    let (token, wallet) = (token(&world).await, Wallet::new(Algorithm::EdDsa));
    let answer = world.ask(&token, VC, &wallet.proof(&world, &world.nonce().await)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let credential = answer.json()["credentials"][0]["credential"].clone();
    assert!(credential.is_object(), "ldp_vc is an object");
    let unverified = UnverifiedCredential::parse(credential.to_string().as_bytes()).expect("well-formed");
    let verified = unverified
        .verify(&world.issuer_key(Algorithm::EdDsa), UnixSeconds(world.now()))
        .expect("the issuer's signature");
    assert_eq!(verified.issuer(), world.did());
    assert_eq!(credential["credentialSubject"]["id"], wallet.key.public_key().did_key().did);
    assert_eq!(credential["proof"]["cryptosuite"], "eddsa-jcs-2022");
    let status = credential["credentialStatus"].as_array().unwrap();
    let purposes: Vec<_> = status.iter().filter_map(|entry| entry["statusPurpose"].as_str()).collect();
    assert_eq!(purposes, ["revocation", "suspension"]);
    world.stop().await;
}

#[tokio::test]
async fn both_formats_come_on_one_token_each_with_its_own_place() {
    let world = World::start().await;
    let (token, wallet) = (token(&world).await, Wallet::new(Algorithm::Es256));
    for configuration in [SD_JWT, VC] {
        let answer = world.ask(&token, configuration, &wallet.proof(&world, &world.nonce().await)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let list = world.http.get("/api/credentials", Some(crate::world::STAFF_TOKEN)).await.json();
    let records = list["credentials"].as_array().unwrap();
    assert_eq!(records.len(), 2);
    assert_ne!(records[0]["status_index"], records[1]["status_index"]);
    world.stop().await;
}

#[tokio::test]
async fn keys_may_be_named_by_did_key_and_did_jwk() {
    let world = World::start().await;
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
        let wallet = Wallet::new(algorithm);
        for named in [wallet.key.public_key().did_key(), wallet.key.public_key().did_jwk()] {
            let token = token(&world).await;
            let header = json!({"typ": "openid4vci-proof+jwt", "alg": algorithm.jose(), "kid": named.verification_method});
            let proof = wallet.sign_raw(&header, &Wallet::claims(&world, &world.nonce().await));
            let answer = world.ask(&token, VC, &proof).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            let subject = &answer.json()["credentials"][0]["credential"]["credentialSubject"]["id"];
            assert_eq!(*subject, named.did);
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn flawed_proofs_are_refused_by_name_and_change_nothing() {
    let world = World::start().await;
    let (token, wallet, other) =
        (token(&world).await, Wallet::new(Algorithm::Es256), Wallet::new(Algorithm::Es256));
    let nonce = world.nonce().await;
    let jwk = serde_json::to_value(wallet.key.public_key().to_jwk()).unwrap();
    let other_jwk = serde_json::to_value(other.key.public_key().to_jwk()).unwrap();
    let kid = wallet.key.public_key().did_key().verification_method;
    let header = json!({"typ": "openid4vci-proof+jwt", "alg": "ES256", "jwk": jwk});
    let claims = Wallet::claims(&world, &nonce);
    let with = |base: &Value, name: &str, value: Value| {
        let mut changed = base.clone();
        changed[name] = value;
        changed
    };
    let without = |base: &Value, name: &str| {
        let mut changed = base.clone();
        changed.as_object_mut().unwrap().remove(name);
        changed
    };
    let sign = |header: &Value, claims: &Value| wallet.sign_raw(header, claims);
    let private = with(&jwk, "d", json!("AAAA"));
    let cases: Vec<(&str, String, &str)> = vec![
        (
            "aud_of_another_issuer",
            sign(&header, &with(&claims, "aud", json!("http://127.0.0.1:9/"))),
            "invalid_proof",
        ),
        (
            "aud_with_a_slash",
            sign(&header, &with(&claims, "aud", json!(format!("{}/", world.base())))),
            "invalid_proof",
        ),
        (
            "aud_of_several",
            sign(&header, &with(&claims, "aud", json!([world.base(), "https://b.example"]))),
            "invalid_proof",
        ),
        ("aud_missing", sign(&header, &without(&claims, "aud")), "invalid_proof"),
        ("typ_jwt", sign(&with(&header, "typ", json!("JWT")), &claims), "invalid_proof"),
        ("typ_missing", sign(&without(&header, "typ"), &claims), "invalid_proof"),
        ("typ_of_a_presentation", sign(&with(&header, "typ", json!("kb+jwt")), &claims), "invalid_proof"),
        ("alg_none", Wallet::raw(&with(&header, "alg", json!("none")), &claims, &[]), "invalid_proof"),
        ("alg_none_with_a_signature", sign(&with(&header, "alg", json!("none")), &claims), "invalid_proof"),
        ("alg_hs256", Wallet::raw(&with(&header, "alg", json!("HS256")), &claims, &[7; 32]), "invalid_proof"),
        ("alg_of_another_key_type", sign(&with(&header, "alg", json!("EdDSA")), &claims), "invalid_proof"),
        ("key_mismatch", sign(&with(&header, "jwk", other_jwk), &claims), "invalid_proof"),
        ("kid_and_jwk", sign(&with(&header, "kid", json!(kid)), &claims), "invalid_proof"),
        ("no_key", sign(&without(&header, "jwk"), &claims), "invalid_proof"),
        ("x5c", sign(&with(&without(&header, "jwk"), "x5c", json!(["AAAA"])), &claims), "invalid_proof"),
        (
            "kid_of_another_method",
            sign(&with(&without(&header, "jwk"), "kid", json!("did:web:a.example#k")), &claims),
            "invalid_proof",
        ),
        ("private_key_sent", sign(&with(&header, "jwk", private), &claims), "invalid_proof"),
        ("crit_not_understood", sign(&with(&header, "crit", json!(["x"])), &claims), "invalid_proof"),
        ("nonce_missing", sign(&header, &without(&claims, "nonce")), "invalid_proof"),
        ("nonce_made_up", sign(&header, &with(&claims, "nonce", json!("AAAA"))), "invalid_nonce"),
        ("nonce_a_number", sign(&header, &with(&claims, "nonce", json!(1))), "invalid_proof"),
        ("iat_missing", sign(&header, &without(&claims, "iat")), "invalid_proof"),
        ("iat_a_text", sign(&header, &with(&claims, "iat", json!("now"))), "invalid_proof"),
        ("iat_old", sign(&header, &with(&claims, "iat", json!(world.now() - 3600))), "invalid_proof"),
        ("iat_in_future", sign(&header, &with(&claims, "iat", json!(world.now() + 3600))), "invalid_proof"),
        ("claim_twice", twice(&wallet, &header, &claims), "invalid_proof"),
        ("too_long", sign(&header, &with(&claims, "x", json!("x".repeat(8000)))), "invalid_proof"),
        ("not_a_token", "not.a.token".to_owned(), "invalid_proof"),
        ("access_token", token.clone(), "invalid_proof"),
        ("empty", String::new(), "invalid_proof"),
    ];
    for (name, proof, expected) in cases {
        let answer = world.ask(&token, SD_JWT, &proof).await;
        assert_eq!(
            (answer.status, answer.oauth_error().as_str()),
            (400, expected),
            "{name}: {}",
            answer.text()
        );
    }
    let answer = world.ask(&token, SD_JWT, &sign(&header, &claims)).await;
    assert_eq!(answer.status, 200, "the nonce was not used up: {}", answer.text());
    world.stop().await;
}

/// A token in whose claims one name stands twice.
fn twice(wallet: &Wallet, header: &Value, claims: &Value) -> String {
    use base64::Engine as _;
    let part = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let doubled = claims.to_string().replacen('{', "{\"nonce\":\"other\",", 1);
    let input = format!("{}.{}", part(&header.to_string()), part(&doubled));
    let signature = wallet.key.sign(input.as_bytes()).unwrap();
    format!("{input}.{}", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(signature))
}

#[tokio::test]
async fn a_nonce_counts_once_and_not_for_long() {
    let mut world = World::start().await;
    let (first, second) = (token(&world).await, token(&world).await);
    let wallet = Wallet::new(Algorithm::Es256);
    let nonce = world.nonce().await;
    assert_eq!(world.ask(&first, SD_JWT, &wallet.proof(&world, &nonce)).await.status, 200);
    assert_eq!(
        world.ask(&second, SD_JWT, &wallet.proof(&world, &nonce)).await.oauth_error(),
        "invalid_nonce"
    );
    world.restart().await;
    assert_eq!(
        world.ask(&second, SD_JWT, &wallet.proof(&world, &nonce)).await.oauth_error(),
        "invalid_nonce"
    );

    let fresh = world.nonce().await;
    world.clock.forward(301);
    let offer = world.collectable(&world.approved().await).await;
    let third = world.token(&offer).await;
    assert_eq!(world.ask(&third, SD_JWT, &wallet.proof(&world, &fresh)).await.oauth_error(), "invalid_nonce");
    world.stop().await;
}

#[tokio::test]
async fn only_our_living_access_token_opens_the_door() {
    let (world, elsewhere) = (World::start().await, World::start().await);
    let ours = token(&world).await;
    let theirs = token(&elsewhere).await;
    let wallet = Wallet::new(Algorithm::Es256);
    let proof = wallet.proof(&world, &world.nonce().await);
    let body = json!({"credential_configuration_id": SD_JWT, "proofs": {"jwt": [proof]}});

    let without = world.http.post_json("/credential", None, &body).await;
    assert_eq!(
        (without.status, without.header("www-authenticate")),
        (401, "Bearer, DPoP algs=\"ES256 EdDSA\"")
    );
    let in_query = world.http.post_json(&format!("/credential?access_token={ours}"), None, &body).await;
    assert_eq!(in_query.status, 401);
    for (name, wrong) in
        [("of_another_issuer", theirs.as_str()), ("made_up", "AAAA"), ("the_nonce", &world.nonce().await)]
    {
        let answer = world.http.post_json("/credential", Some(wrong), &body).await;
        assert_eq!((answer.status, answer.oauth_error().as_str()), (401, "invalid_token"), "{name}");
        assert_eq!(answer.header("www-authenticate"), "Bearer error=\"invalid_token\"", "{name}");
    }
    let scheme = [("content-type", "application/json".to_owned()), ("authorization", format!("DPoP {ours}"))];
    assert_eq!(world.http.post_with("/credential", &scheme, body.to_string()).await.status, 401);
    world.clock.forward(300);
    let late = wallet.proof(&world, &world.nonce().await);
    assert_eq!(world.ask(&ours, SD_JWT, &late).await.oauth_error(), "invalid_token");
    world.stop().await;
    elsewhere.stop().await;
}

#[tokio::test]
async fn malformed_requests_are_refused_by_name() {
    let world = World::start().await;
    let token = token(&world).await;
    let proof = Wallet::new(Algorithm::Es256).proof(&world, &world.nonce().await);
    let proofs = json!({"jwt": [proof]});
    let cases: Vec<(&str, Value, &str)> = vec![
        (
            "unknown_configuration",
            json!({"credential_configuration_id": "passport", "proofs": proofs}),
            "unknown_credential_configuration",
        ),
        (
            "not_granted",
            json!({"credential_configuration_id": "digital-id-vc", "proofs": proofs}),
            "unknown_credential_configuration",
        ),
        (
            "unknown_identifier",
            json!({"credential_identifier": "passport", "proofs": proofs}),
            "unknown_credential_identifier",
        ),
        (
            "identifier_not_given",
            json!({"credential_identifier": SD_JWT, "proofs": proofs}),
            "invalid_credential_request",
        ),
        (
            "both_names",
            json!({"credential_identifier": SD_JWT, "credential_configuration_id": SD_JWT, "proofs": proofs}),
            "invalid_credential_request",
        ),
        ("no_name", json!({"proofs": proofs}), "invalid_credential_request"),
        (
            "name_a_number",
            json!({"credential_configuration_id": 7, "proofs": proofs}),
            "invalid_credential_request",
        ),
        ("no_proofs", json!({"credential_configuration_id": SD_JWT}), "invalid_proof"),
        ("proofs_empty", json!({"credential_configuration_id": SD_JWT, "proofs": {}}), "invalid_proof"),
        (
            "proofs_of_two_types",
            json!({"credential_configuration_id": SD_JWT, "proofs": {"jwt": ["a"], "attestation": ["b"]}}),
            "invalid_proof",
        ),
        (
            "proof_a_number",
            json!({"credential_configuration_id": SD_JWT, "proofs": {"jwt": [1]}}),
            "invalid_proof",
        ),
        (
            "more_proofs_than_batch_size",
            json!({"credential_configuration_id": SD_JWT, "proofs": {"jwt": vec!["a"; 9]}}),
            "invalid_proof",
        ),
        (
            "attestation",
            json!({"credential_configuration_id": SD_JWT, "proofs": {"attestation": ["a"]}}),
            "invalid_proof",
        ),
        (
            "proofs_a_list",
            json!({"credential_configuration_id": SD_JWT, "proofs": [1]}),
            "invalid_credential_request",
        ),
        (
            "encryption_asked",
            json!({"credential_configuration_id": SD_JWT, "proofs": proofs, "credential_response_encryption": {"jwk": {}, "enc": "A128GCM"}}),
            "invalid_encryption_parameters",
        ),
        ("a_list", json!([1]), "invalid_credential_request"),
    ];
    for (name, body, expected) in cases {
        let answer = world.http.post_json("/credential", Some(&token), &body).await;
        assert_eq!(
            (answer.status, answer.oauth_error().as_str()),
            (400, expected),
            "{name}: {}",
            answer.text()
        );
    }
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for (name, text) in [("not_json", "{"), ("deep", deep.as_str()), ("not_utf8", "\u{fffd}"), ("empty", "")]
    {
        let answer = world.http.post("/credential", Some(&token), "application/json", text.to_owned()).await;
        assert_eq!(
            (answer.status, answer.oauth_error().as_str()),
            (400, "invalid_credential_request"),
            "{name}"
        );
    }
    let form = world.http.post("/credential", Some(&token), "application/x-www-form-urlencoded", "a=b").await;
    assert_eq!((form.status, form.oauth_error().as_str()), (415, "invalid_request"));
    let huge = world.http.post("/credential", Some(&token), "application/json", "[".repeat(2 << 20)).await;
    assert_eq!((huge.status, huge.oauth_error().as_str()), (413, "invalid_request"));
    world.stop().await;
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_and_another_key_gets_nothing() {
    let world = World::start().await;
    let token = token(&world).await;
    let (wallet, thief) = (Wallet::new(Algorithm::Es256), Wallet::new(Algorithm::Es256));
    let first = world.ask(&token, SD_JWT, &wallet.proof(&world, &world.nonce().await)).await.json();
    world.clock.forward(20);
    let again = world.ask(&token, SD_JWT, &wallet.proof(&world, &world.nonce().await)).await.json();
    let body = |answer: &Value| {
        let text = answer["credentials"][0]["credential"].as_str().unwrap().to_owned();
        let unverified = sd_jwt::Unverified::parse(&text).unwrap();
        (unverified.status().cloned(), unverified.times())
    };
    assert_eq!(body(&first), body(&again), "the same place on the list and the same times");
    let stolen = world.ask(&token, SD_JWT, &thief.proof(&world, &world.nonce().await)).await;
    assert_eq!(stolen.oauth_error(), "credential_request_denied");
    world.stop().await;
}

#[tokio::test]
async fn what_was_granted_by_identifier_is_asked_for_by_identifier() {
    let world = World::start().await;
    let offer = world.collectable(&world.approved().await).await;
    let details = json!([{"type": "openid_credential", "credential_configuration_id": VC}]).to_string();
    let form = [
        ("grant_type", PRE_AUTHORIZED_CODE),
        ("pre-authorized_code", &offer.code),
        ("tx_code", &offer.tx_code),
        ("authorization_details", &details),
    ];
    let token =
        world.http.post_form("/token", &form).await.json()["access_token"].as_str().unwrap().to_owned();
    let wallet = Wallet::new(Algorithm::Es256);
    let by_configuration = world.ask(&token, VC, &wallet.proof(&world, &world.nonce().await)).await;
    assert_eq!(by_configuration.oauth_error(), "invalid_credential_request");
    let ask =
        |id: &'static str, proof: String| json!({"credential_identifier": id, "proofs": {"jwt": [proof]}});
    let not_asked_for = ask(SD_JWT, wallet.proof(&world, &world.nonce().await));
    let answer = world.http.post_json("/credential", Some(&token), &not_asked_for).await;
    assert_eq!(answer.oauth_error(), "unknown_credential_identifier");
    let granted = ask(VC, wallet.proof(&world, &world.nonce().await));
    let answer = world.http.post_json("/credential", Some(&token), &granted).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_nonce_twenty_times_at_once_counts_once() {
    let world = Arc::new(World::start().await);
    let nonce = world.nonce().await;
    let mut clients = Vec::new();
    for _ in 0..20 {
        let token = token(&world).await;
        let proof = Wallet::new(Algorithm::Es256).proof(&world, &nonce);
        let world = world.clone();
        clients.push(tokio::spawn(async move { world.ask(&token, SD_JWT, &proof).await }));
    }
    let mut issued = 0;
    for client in clients {
        let answer = client.await.unwrap();
        if answer.status == 200 { issued += 1 } else { assert_eq!(answer.oauth_error(), "invalid_nonce") }
    }
    assert_eq!(issued, 1);
}

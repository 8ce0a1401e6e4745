//! `sealed.rs` and signed metadata: encrypted requests and responses.

use credentials::jwe::{self, DecryptionKey, Enc, EncryptionKey};
use credentials::jws::Unverified;
use credentials::key::{Algorithm, Jwk};
use rand_core::OsRng;
use serde_json::{Value, json};

use crate::wallet::Wallet;
use crate::world::World;

const SD_JWT: &str = "business-licence-sd-jwt";

async fn request(world: &World, encryption: Value) -> Value {
    let proof = Wallet::new(Algorithm::Es256).proof(world, &world.nonce().await);
    json!({
        "credential_configuration_id": SD_JWT, "proofs": {"jwt": [proof]},
        "credential_response_encryption": encryption,
    })
}

#[tokio::test]
async fn requests_and_responses_are_read_by_whom_they_are_for_alone() {
    let mut world = World::start().await;
    let metadata = world.http.get("/.well-known/openid-credential-issuer", None).await.json();
    let said = &metadata["credential_request_encryption"];
    assert_eq!(said["enc_values_supported"], json!(["A256GCM", "A128GCM"]));
    assert_eq!(metadata["credential_response_encryption"]["alg_values_supported"], json!(["ECDH-ES"]));
    let jwk: Jwk = serde_json::from_value(said["jwks"]["keys"][0].clone()).unwrap();
    let issuer = EncryptionKey::from_jwk(&jwk).unwrap();
    let mine = DecryptionKey::generate("mine", &mut OsRng);
    // The key outlives a restart: wallets keep metadata.
    world.restart().await;
    for enc in Enc::ALL {
        let token = world.token(&world.collectable(&world.approved().await).await).await;
        let encryption = json!({"jwk": mine.to_jwk().unwrap(), "enc": enc.name()});
        let body = request(&world, encryption).await.to_string();
        let sealed = jwe::encrypt(body.as_bytes(), &issuer, enc, &mut OsRng).unwrap();
        let answer = world.http.post("/credential", Some(&token), "application/jwt", sealed).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, "application/jwt"),
            "{}",
            answer.text()
        );
        let opened: Value = serde_json::from_slice(&jwe::decrypt(&answer.text(), &mine).unwrap()).unwrap();
        assert!(opened["credentials"][0]["credential"].is_string());
    }
    world.stop().await;
}

#[tokio::test]
async fn encryption_that_is_none_is_refused_by_name() {
    let world = World::start().await;
    let token = world.token(&world.collectable(&world.approved().await).await).await;
    let mine = serde_json::to_value(DecryptionKey::generate("k", &mut OsRng).to_jwk().unwrap()).unwrap();
    let with = |name: &str, value: Value| {
        let mut jwk = mine.clone();
        jwk[name] = value;
        jwk
    };
    let flaws = [
        ("another_enc", json!({"jwk": mine, "enc": "A128CBC-HS256"})),
        ("compressed", json!({"jwk": mine, "enc": "A256GCM", "zip": "DEF"})),
        ("key_for_signing", json!({"jwk": with("use", json!("sig")), "enc": "A256GCM"})),
        ("key_of_another_alg", json!({"jwk": with("alg", json!("RSA-OAEP")), "enc": "A256GCM"})),
        ("key_without_alg", json!({"jwk": with("alg", Value::Null), "enc": "A256GCM"})),
        ("key_off_the_curve", json!({"jwk": with("x", mine["y"].clone()), "enc": "A256GCM"})),
        ("private_key", json!({"jwk": with("d", json!("AAAA")), "enc": "A256GCM"})),
    ];
    for (name, encryption) in flaws {
        let body = request(&world, encryption).await;
        let answer = world.http.post_json("/credential", Some(&token), &body).await;
        assert_eq!(answer.oauth_error(), "invalid_encryption_parameters", "{name}");
    }
    let other = EncryptionKey::from_jwk(&DecryptionKey::generate("o", &mut OsRng).to_jwk().unwrap()).unwrap();
    let stray = jwe::encrypt(b"{}", &other, Enc::A256Gcm, &mut OsRng).unwrap();
    let answer = world.http.post("/credential", Some(&token), "application/jwt", stray).await;
    assert_eq!(answer.oauth_error(), "invalid_encryption_parameters", "to another key");
    world.stop().await;
}

#[tokio::test]
async fn the_metadata_is_signed_for_those_who_ask() {
    let world = World::start().await;
    let path = "/.well-known/openid-credential-issuer";
    let answer = world.http.get_with(path, &[("accept", "application/jwt".to_owned())]).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/jwt"));
    let token = Unverified::parse(&answer.text()).unwrap();
    assert!(token.header().kid.as_deref().unwrap().starts_with(&world.did()));
    let key = world.issuer_key(Algorithm::Es256);
    let claims: Value = token.verify(&key, "openidvci-issuer-metadata+jwt").unwrap().claims;
    assert_eq!((&claims["sub"], &claims["iss"]), (&json!(world.base()), &json!(world.did())));
    let plain = world.http.get(path, None).await.json();
    assert_eq!(claims["credential_configurations_supported"], plain["credential_configurations_supported"]);
    world.stop().await;
}

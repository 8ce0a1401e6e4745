//! Every type of the catalogue in each of its formats: applied for, approved by as many as it takes, collected, and verified
//! with the issuer's key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use credentials::UnixSeconds;
use credentials::catalogue::{Catalogue, CredentialType, Format};
use credentials::data_integrity::{Cryptosuite, UnverifiedCredential};
use credentials::key::{Algorithm, Signer};
use credentials::mdoc::{self, Trust};
use credentials::sd_jwt;
use serde_json::{Map, Value, json};

use crate::wallet::Wallet;
use crate::world::{Applied, SECOND_STAFF_TOKEN, STAFF_TOKEN, World};

/// Claims of an SD-JWT VC that are about the credential (SD-JWT VC §2.2.2.2, RFC 7519).
const ENVELOPE: [&str; 7] = ["iss", "iat", "exp", "cnf", "vct", "status", "_sd_alg"];

/// What is in a credential and until when it counts, once its issuer's signature was verified.
struct Read {
    claims: Map<String, Value>,
    ends: Value,
}

fn read(world: &World, of: &CredentialType, format: Format, credential: &Value, wallet: &Wallet) -> Read {
    let (now, holder) = (UnixSeconds(world.now()), wallet.key.public_key());
    match format {
        Format::SdJwtVc => {
            let unverified = sd_jwt::Unverified::parse(credential.as_str().unwrap()).expect("well-formed");
            let key = world.issuer_key(Algorithm::Es256);
            let verified = unverified.verify_issued(&key, None, now).expect("the issuer's signature");
            assert_eq!((verified.vct(), verified.holder()), (of.vct.as_str(), Some(holder)));
            let mut claims = verified.claims().as_object().unwrap().clone();
            let ends = UnixSeconds(claims["exp"].as_i64().expect("an end")).rfc3339();
            claims.retain(|name, _| !ENVELOPE.contains(&name.as_str()));
            Read { claims, ends: ends.into() }
        }
        Format::LdpVc => {
            let selective = of.cryptosuite == Cryptosuite::EcdsaSd2023;
            let key = world.issuer_key(if selective { Algorithm::Es256 } else { Algorithm::EdDsa });
            let unverified =
                UnverifiedCredential::parse(credential.to_string().as_bytes()).expect("well-formed");
            unverified.verify(&key, now).expect("the issuer's signature");
            assert_eq!(credential["type"][1], of.vc_type);
            let mut claims = credential["credentialSubject"].as_object().unwrap().clone();
            assert_eq!(claims.remove("id"), Some(json!(holder.did_key().did)));
            Read { claims, ends: credential["validUntil"].clone() }
        }
        Format::MsoMdoc => {
            let bytes = BASE64.decode(credential.as_str().unwrap()).expect("base64url");
            let document = mdoc::Unverified::parse(&bytes).expect("well-formed");
            let key = world.issuer_key(Algorithm::Es256);
            let verified = document.verify_issued(Trust::Key(&key), Some(holder), now).expect("the issuer's");
            let object = verified.security_object();
            assert_eq!(Some(object.doc_type.as_str()), of.doc_type());
            let ends = object.valid_until.rfc3339().into();
            let mut claims = of.claims_of_elements(verified.elements());
            // What ISO/IEC 18013-5 asks for beside them is no claim of the catalogue.
            claims.retain(|name, _| of.claim(name).is_some());
            Read { claims, ends }
        }
    }
}

/// Approved by one, or by one and another who supervises.
async fn approve(world: &World, of: &CredentialType, applied: &Applied) {
    let path = format!("/api/applications/{}/approve", applied.id);
    let tokens = [STAFF_TOKEN, SECOND_STAFF_TOKEN];
    let approvals = usize::from(of.desk.approvals());
    for (at, token) in tokens.into_iter().take(approvals).enumerate() {
        let answer = world.http.post_json(&path, Some(token), &json!({})).await;
        let state = if at + 1 == approvals { "approved" } else { "in-review" };
        assert_eq!(answer.json()["state"], state, "{}: {}", of.id, answer.text());
    }
}

#[tokio::test]
async fn every_type_is_issued_in_each_of_its_formats_with_what_was_claimed() {
    let world = World::of_every_type().await;
    let (mut issued, mut two) = (0, 0);
    for of in Catalogue::bundled().unwrap().types() {
        let applied = world.apply(&of.id, of.example()).await;
        approve(&world, of, &applied).await;
        two += usize::from(of.desk.approvals() > 1);
        let token = world.token(&world.collectable(&applied).await).await;
        for format in of.formats.iter().copied() {
            let configuration = of.configuration_id(format);
            let wallet = Wallet::new(Algorithm::Es256);
            let proof = wallet.proof(&world, &world.nonce().await);
            let answer = world.ask(&token, &configuration, &proof).await;
            assert_eq!(answer.status, 200, "{configuration}: {}", answer.text());
            let credential = &answer.json()["credentials"][0]["credential"];
            let read = read(&world, of, format, credential, &wallet);

            let path = format!("/api/applications/{}", applied.id);
            let found = world.http.get(&path, Some(STAFF_TOKEN)).await.json();
            let record = world.record(found["credentials"][&configuration].as_str().unwrap()).await;
            let issued_at = UnixSeconds::parse_rfc3339(record["issued_at"].as_str().unwrap()).unwrap();
            // What follows from the day of issuance is among the claims: ages, first and last days.
            let expected = of.validate_claims(&of.example(), issued_at).expect("right").into_map();
            assert_eq!(read.claims, expected, "{configuration}");
            let claimed = of.example().as_object().unwrap().clone();
            assert_eq!(read.ends, of.ends(&claimed, issued_at).rfc3339(), "{configuration}");
            assert_eq!(record["valid_until"], read.ends, "{configuration}");
            issued += 1;
        }
    }
    assert_eq!((issued, two), (16, 2), "eight types, two formats each, two of which two people approve");
    world.stop().await;
}

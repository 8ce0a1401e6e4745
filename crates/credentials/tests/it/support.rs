//! An issuer, a holder, a verifier, and a business licence in both formats.

use credentials::key::{Algorithm, SelfContained, Signer, SoftwareKey};
use credentials::status::{BitstringEntry, RegistryEntry, StatusRef, TokenEntry};
use credentials::{ClaimPath, Expect, UnixSeconds, catalogue::Catalogue, data_integrity, sd_jwt};
use serde_json::{Map, Value};
use testkit::Company;

pub(crate) const NOW: UnixSeconds = UnixSeconds(testkit::NOW);
pub(crate) const AUDIENCE: &str = "decentralized_identifier:did:hui:anhui:zCounter";
pub(crate) const NONCE: &str = "n-0S6_WzA2Mj";
pub(crate) const MAX_AGE: i64 = 300;

pub(crate) fn key(seed: u64, algorithm: Algorithm) -> SoftwareKey {
    SoftwareKey::generate(algorithm, &mut testkit::rng(seed))
}

/// The same key each time.
pub(crate) fn issuer(algorithm: Algorithm) -> SoftwareKey {
    key(1, algorithm)
}

pub(crate) fn holder() -> SoftwareKey {
    key(2, Algorithm::Es256)
}

pub(crate) fn status() -> StatusRef {
    let list = |purpose: &str| BitstringEntry {
        purpose: purpose.to_owned(),
        credential: format!("https://issuer.example/bitstring/3/{purpose}"),
        index: 4711,
    };
    StatusRef {
        registry: Some(RegistryEntry { list: "did:hui:anhui:zIssuer/status/3".to_owned(), index: 4711 }),
        token: Some(TokenEntry { uri: "https://issuer.example/status-lists/3".to_owned(), index: 4711 }),
        bitstring: vec![list("revocation"), list("suspension")],
    }
}

/// The checked claims of a synthetic business licence, and which of them can be held back.
pub(crate) fn licence() -> (Map<String, Value>, Vec<ClaimPath>) {
    let licence = Catalogue::bundled().unwrap().by_id("business-licence").unwrap();
    let checked = licence.validate_claims(&Company::nth(1).business_licence_claims(), NOW).unwrap();
    let paths = checked.disclosable().to_vec();
    (checked.into_map(), paths)
}

pub(crate) fn sd_jwt_issuance() -> sd_jwt::Issuance {
    let (claims, disclosable) = licence();
    sd_jwt::Issuance {
        issuer: "did:hui:anhui:zIssuer".to_owned(),
        kid: Some("did:hui:anhui:zIssuer#key-2".to_owned()),
        x5c: None,
        vct: "urn:huizheng:business-licence:1".to_owned(),
        claims,
        disclosable,
        holder: Some(holder().public_key().clone()),
        issued_at: NOW,
        not_before: None,
        expires: Some(NOW.plus(86_400)),
        status: Some(StatusRef { bitstring: Vec::new(), ..status() }),
        decoys: 0,
    }
}

/// An SD-JWT VC as issued, ES256.
pub(crate) fn sd_jwt_issued() -> String {
    sd_jwt_issuance().sign(&issuer(Algorithm::Es256), &mut testkit::rng(3)).unwrap()
}

/// Name and credit code, presented.
pub(crate) fn sd_jwt_presented() -> String {
    present(&sd_jwt_issued(), &[ClaimPath::top("name"), ClaimPath::top("creditCode")], &holder())
}

pub(crate) fn present(issued: &str, paths: &[ClaimPath], holder: &SoftwareKey) -> String {
    let card = sd_jwt::Unverified::parse(issued).unwrap();
    card.select(paths).unwrap().bind(AUDIENCE, NONCE, NOW).unwrap().sign(holder).unwrap()
}

/// What the verifier expects, however it is presented.
pub(crate) fn expect() -> Expect<'static> {
    Expect { audience: AUDIENCE, nonce: NONCE, now: NOW, max_age: MAX_AGE }
}

pub(crate) fn vc_holder() -> SelfContained {
    key(2, Algorithm::EdDsa).public_key().did_key()
}

pub(crate) fn vc_issuance() -> data_integrity::Issuance {
    data_integrity::Issuance {
        id: None,
        contexts: vec![data_integrity::CONTEXT_HUIZHENG.to_owned()],
        types: vec!["BusinessLicence".to_owned()],
        issuer: "did:hui:anhui:zIssuer".to_owned(),
        verification_method: "did:hui:anhui:zIssuer#key-1".to_owned(),
        holder: Some(vc_holder().did),
        claims: licence().0,
        issued_at: NOW,
        valid_from: Some(NOW),
        valid_until: Some(NOW.plus(86_400)),
        status: Some(StatusRef { token: None, ..status() }),
    }
}

/// A VCDM credential as issued.
pub(crate) fn vc_issued(algorithm: Algorithm) -> Value {
    vc_issuance().sign(&issuer(algorithm)).unwrap()
}

/// The same, presented.
pub(crate) fn vp_presented() -> Value {
    presenting(vec![vc_issued(Algorithm::EdDsa)], &vc_holder()).sign(&key(2, Algorithm::EdDsa)).unwrap()
}

pub(crate) fn presenting(credentials: Vec<Value>, holder: &SelfContained) -> data_integrity::Presenting<'_> {
    data_integrity::Presenting { holder, credentials, challenge: NONCE, domain: AUDIENCE, created: NOW }
}

pub(crate) fn bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

//! A business licence in both formats, verified.

use std::hint::black_box;

use rand_core::CryptoRngCore;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::{Map, Value};

use super::{Case, envelopes, suites};
use crate::catalogue::{Catalogue, CheckedClaims};
use crate::data_integrity::{self, UnverifiedCredential};
use crate::key::{Algorithm, PublicKey, Signer, SoftwareKey};
use crate::sd_jwt;
use crate::status::{BitstringEntry, RegistryEntry, StatusRef, TokenEntry};
use crate::{ClaimPath, UnixSeconds};

/// What is measured could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the credentials to be measured could not be made")]
pub struct Unprepared;

pub(super) const NOW: UnixSeconds = UnixSeconds(1_772_424_000);
pub(super) const ISSUER: &str = "did:hui:anhui:zQmYtUc4iTCbbfVSDNKvtQqrfyezPPnFvE33wFmutw9PBBk";

/// Every case of this crate.
///
/// # Errors
/// [`Unprepared`], which this crate's tests would notice first.
pub fn cases(rng: &mut impl CryptoRngCore) -> Result<Vec<Case>, Unprepared> {
    let mut cases = vec![eddsa_jcs_2022(rng)?, sd_jwt_kb_es256(rng)?];
    cases.extend(suites::cases(rng)?);
    cases.extend(envelopes::cases(rng)?);
    #[cfg(feature = "bbs")]
    cases.extend(super::bbs::cases(rng)?);
    Ok(cases)
}

pub(super) fn licence() -> Result<CheckedClaims, Unprepared> {
    let catalogue = Catalogue::bundled().map_err(|_| Unprepared)?;
    let licence = catalogue.by_id("business-licence").ok_or(Unprepared)?;
    licence.validate_claims(&licence.example(), NOW).map_err(|_| Unprepared)
}

pub(super) fn status() -> StatusRef {
    let list = |purpose: &str| BitstringEntry {
        purpose: purpose.to_owned(),
        credential: format!("https://issuer.example/bitstring/3/{purpose}"),
        index: 4711,
    };
    StatusRef {
        registry: Some(RegistryEntry { list: format!("{ISSUER}/status/3"), index: 4711 }),
        token: Some(TokenEntry { uri: "https://issuer.example/status-lists/3".to_owned(), index: 4711 }),
        bitstring: vec![list("revocation"), list("suspension")],
    }
}

/// The licence as a VCDM credential: its text, some 1.9 kB.
fn credential(
    claims: Map<String, Value>,
    key: &SoftwareKey,
    holder: &PublicKey,
) -> Result<String, Unprepared> {
    let issuance = data_integrity::Issuance {
        id: None,
        contexts: vec![data_integrity::CONTEXT_HUIZHENG.to_owned()],
        types: vec!["BusinessLicence".to_owned()],
        issuer: ISSUER.to_owned(),
        verification_method: format!("{ISSUER}#key-1"),
        holder: Some(holder.did_key().did),
        claims,
        issued_at: NOW,
        valid_from: Some(NOW),
        valid_until: Some(NOW.plus(86_400)),
        status: Some(status()),
    };
    issuance.sign(key).map(|credential| credential.to_string()).map_err(|_| Unprepared)
}

fn eddsa_jcs_2022(rng: &mut impl CryptoRngCore) -> Result<Case, Unprepared> {
    let key = SoftwareKey::generate(Algorithm::EdDsa, rng);
    let holder = SoftwareKey::generate(Algorithm::Es256, rng);
    let text = credential(licence()?.into_map(), &key, holder.public_key())?;
    let public = key.public_key().clone();
    let run = move || {
        let credential = UnverifiedCredential::parse(black_box(text.as_bytes()));
        credential.is_ok_and(|credential| black_box(credential.verify(&public, NOW)).is_ok())
    };
    // What the suite signs: two hashes.
    let bare = ed25519_dalek::VerifyingKey::from_bytes(
        &key.public_key().to_bytes().try_into().map_err(|_| Unprepared)?,
    )
    .map_err(|_| Unprepared)?;
    let message = [7; 64];
    let signature = ed25519_dalek::Signature::from_slice(&key.sign(&message).map_err(|_| Unprepared)?)
        .map_err(|_| Unprepared)?;
    let floor = move || bare.verify_strict(black_box(&message), &signature).is_ok();
    Ok(Case { name: "verify/eddsa-jcs-2022", run: Box::new(run), floor: Box::new(floor) })
}

fn sd_jwt_kb_es256(rng: &mut impl CryptoRngCore) -> Result<Case, Unprepared> {
    let key = SoftwareKey::generate(Algorithm::Es256, rng);
    let holder = SoftwareKey::generate(Algorithm::Es256, rng);
    let claims = licence()?;
    let issuance = sd_jwt::Issuance {
        issuer: ISSUER.to_owned(),
        kid: Some(format!("{ISSUER}#key-2")),
        x5c: None,
        vct: "urn:huizheng:business-licence:1".to_owned(),
        disclosable: claims.disclosable().to_vec(),
        claims: claims.into_map(),
        holder: Some(holder.public_key().clone()),
        issued_at: NOW,
        not_before: None,
        expires: Some(NOW.plus(86_400)),
        status: Some(status()),
        decoys: 0,
    };
    let issued = issuance.sign(&key, rng).map_err(|_| Unprepared)?;
    let chosen = ["name", "creditCode", "legalRepresentative"].map(ClaimPath::top);
    let (audience, nonce) = ("decentralized_identifier:did:hui:anhui:zCounter", "n-0S6_WzA2Mj");
    let text = sd_jwt::Unverified::parse(&issued)
        .map_err(|_| Unprepared)?
        .select(&chosen)
        .and_then(|selection| selection.bind(audience, nonce, NOW))
        .map_err(|_| Unprepared)?
        .sign(&holder)
        .map_err(|_| Unprepared)?;
    let floor = p256_floor(&[(&text, &key), (text.rsplit('~').next().unwrap_or_default(), &holder)])?;
    let public = key.public_key().clone();
    let run = move || {
        let expect = sd_jwt::Expect { audience, nonce, now: NOW, max_age: 300 };
        let presented = sd_jwt::Unverified::parse(black_box(&text));
        presented.is_ok_and(|presented| black_box(presented.verify_presented(&public, &expect)).is_ok())
    };
    Ok(Case { name: "verify/sd-jwt-kb-es256", run: Box::new(run), floor: Box::new(floor) })
}

/// One bare verification for each token, over what was signed.
fn p256_floor(tokens: &[(&str, &SoftwareKey)]) -> Result<impl Fn() -> bool + 'static, Unprepared> {
    let mut checks = Vec::new();
    for (text, key) in tokens {
        let token = text.split('~').next().unwrap_or_default();
        let (message, _) = token.rsplit_once('.').ok_or(Unprepared)?;
        let signature = key.sign(message.as_bytes()).map_err(|_| Unprepared)?;
        let point = key.public_key().uncompressed().ok_or(Unprepared)?.to_vec();
        checks.push((UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point), message.to_owned(), signature));
    }
    Ok(move || {
        checks
            .iter()
            .all(|(key, message, signature)| key.verify(black_box(message.as_bytes()), signature).is_ok())
    })
}

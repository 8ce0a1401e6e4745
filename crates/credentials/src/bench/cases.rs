//! A business licence in both formats, verified.

use std::hint::black_box;

use rand_core::CryptoRngCore;
use serde_json::{Map, Value};

use super::{Case, envelopes, suites, tokens};
use crate::UnixSeconds;
use crate::catalogue::{Catalogue, CheckedClaims};
use crate::data_integrity::{self, UnverifiedCredential};
use crate::key::{Algorithm, PublicKey, Signer, SoftwareKey};
use crate::sd_jwt;
use crate::status::{BitstringEntry, RegistryEntry, StatusRef, TokenEntry};

/// What is measured could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the credentials to be measured could not be made")]
pub struct Unprepared;

pub(super) const NOW: UnixSeconds = UnixSeconds(1_772_424_000);
/// Ten years, in seconds: another implementation reads the real clock.
pub(super) const LASTING: i64 = 10 * 365 * 86_400;
pub(super) const ISSUER: &str = "did:hui:anhui:zQmYtUc4iTCbbfVSDNKvtQqrfyezPPnFvE33wFmutw9PBBk";

/// Every case of this crate.
///
/// # Errors
/// [`Unprepared`], which this crate's tests would notice first.
pub fn cases(rng: &mut impl CryptoRngCore) -> Result<Vec<Case>, Unprepared> {
    let mut cases = vec![eddsa_jcs_2022(rng)?];
    cases.extend(tokens::cases(rng)?);
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
    let message = vec![7; 64];
    let signature = key.sign(&message).map_err(|_| Unprepared)?;
    let floor = tokens::bare(key.public_key(), message, &signature)?;
    Ok(Case { name: "verify/eddsa-jcs-2022", run: Box::new(run), floor })
}

/// The licence as an SD-JWT VC.
pub(super) fn sd_jwt_issuance(holder: &PublicKey) -> Result<sd_jwt::Issuance, Unprepared> {
    let claims = licence()?;
    Ok(sd_jwt::Issuance {
        issuer: ISSUER.to_owned(),
        kid: Some(format!("{ISSUER}#key-2")),
        x5c: None,
        vct: "urn:huizheng:business-licence:1".to_owned(),
        disclosable: claims.disclosable().to_vec(),
        claims: claims.into_map(),
        holder: Some(holder.clone()),
        issued_at: NOW,
        not_before: None,
        expires: Some(NOW.plus(LASTING)),
        status: Some(status()),
        decoys: 0,
    })
}

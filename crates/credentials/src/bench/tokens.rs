//! The business licence as tokens: `vc+jwt`, and SD-JWT VC with key binding.

use std::hint::black_box;

use ed25519_dalek::{Signature, VerifyingKey};
use rand_core::CryptoRngCore;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

use super::cases::{NOW, Unprepared, sd_jwt_issuance};
use super::{Case, Measured, holding};
use crate::ClaimPath;
use crate::envelope::MediaType;
use crate::key::{Algorithm, PublicKey, Signer, SoftwareKey};
use crate::{sd_jwt, vc_jose};

const AUDIENCE: &str = "decentralized_identifier:did:hui:anhui:zCounter";
const NONCE: &str = "n-0S6_WzA2Mj";

/// Every case of tokens.
pub(super) fn cases(rng: &mut impl CryptoRngCore) -> Result<Vec<Case>, Unprepared> {
    let mut cases = Vec::new();
    vc_jwt(rng, &mut cases)?;
    let es256 = ["issue/sd-jwt-kb-es256", "present/sd-jwt-kb-es256", "verify/sd-jwt-kb-es256"];
    sd_jwt_kb(Algorithm::Es256, es256, rng, &mut cases)?;
    let eddsa = ["issue/sd-jwt-kb-eddsa", "present/sd-jwt-kb-eddsa", "verify/sd-jwt-kb-eddsa"];
    sd_jwt_kb(Algorithm::EdDsa, eddsa, rng, &mut cases)?;
    Ok(cases)
}

fn vc_jwt(rng: &mut impl CryptoRngCore, cases: &mut Vec<Case>) -> Result<(), Unprepared> {
    let key = SoftwareKey::generate(Algorithm::Es256, rng);
    let public = key.public_key().clone();
    let issuance = super::suites::issuance()?;
    let issue =
        move |key: &SoftwareKey| vc_jose::issue(issuance.clone(), key.public_key()).ok()?.sign(key).ok();
    let text = vc_jwt_by(&key)?;
    let floor = verifications(&[(&text, &key)])?;
    let signing = signature(&text, &key)?;
    cases.push(Case {
        name: "issue/vc-jwt",
        run: Box::new(move || issue(&key).is_some()),
        floor: Box::new(signing),
    });
    let holder = SoftwareKey::generate(Algorithm::Es256, rng);
    cases.push(holding::as_jwt("present/vc-jwt", text.clone(), MediaType::VcJwt, holder)?);
    let run = verifying_vc_jwt(text, public);
    cases.push(Case { name: "verify/vc-jwt", run: Box::new(run), floor: Box::new(floor) });
    Ok(())
}

/// The licence as `vc+jwt`.
pub(super) fn vc_jwt_by(key: &SoftwareKey) -> Result<String, Unprepared> {
    let prepared = vc_jose::issue(super::suites::issuance()?, key.public_key()).map_err(|_| Unprepared)?;
    prepared.sign(key).map_err(|_| Unprepared)
}

pub(super) fn verifying_vc_jwt(text: String, key: PublicKey) -> impl Fn() -> bool + Send + Sync + 'static {
    move || {
        let credential = vc_jose::UnverifiedCredential::parse(black_box(&text));
        credential.is_ok_and(|credential| black_box(credential.verify(&key, NOW)).is_ok())
    }
}

fn sd_jwt_kb(
    algorithm: Algorithm,
    [issue_name, present_name, verify_name]: [&'static str; 3],
    rng: &mut impl CryptoRngCore,
    cases: &mut Vec<Case>,
) -> Result<(), Unprepared> {
    let key = SoftwareKey::generate(algorithm, rng);
    let holder = SoftwareKey::generate(algorithm, rng);
    let issuance = sd_jwt_issuance(holder.public_key())?;
    let issued = issuance.clone().sign(&key, rng).map_err(|_| Unprepared)?;
    let text = present(&issued, &holder).ok_or(Unprepared)?;
    let binding = text.rsplit('~').next().unwrap_or_default();
    let floor = verifications(&[(&text, &key), (binding, &holder)])?;
    let (issuing, presenting) = (signature(&text, &key)?, signature(binding, &holder)?);
    let public = key.public_key().clone();
    let run = move || issuance.clone().sign(&key, &mut Counter(0)).is_ok();
    cases.push(Case { name: issue_name, run: Box::new(run), floor: Box::new(issuing) });
    let run = move || present(black_box(&issued), &holder).is_some();
    cases.push(Case { name: present_name, run: Box::new(run), floor: Box::new(presenting) });
    let run = verifying_shown(text, public);
    cases.push(Case { name: verify_name, run: Box::new(run), floor: Box::new(floor) });
    Ok(())
}

/// The licence as SD-JWT VC, three claims of it shown with key binding.
pub(super) fn shown_by(
    key: &SoftwareKey,
    holder: &SoftwareKey,
    rng: &mut impl CryptoRngCore,
) -> Result<String, Unprepared> {
    let issued = sd_jwt_issuance(holder.public_key())?.sign(key, rng).map_err(|_| Unprepared)?;
    present(&issued, holder).ok_or(Unprepared)
}

pub(super) fn verifying_shown(text: String, key: PublicKey) -> impl Fn() -> bool + Send + Sync + 'static {
    move || {
        let expect = sd_jwt::Expect { audience: AUDIENCE, nonce: NONCE, now: NOW, max_age: 300 };
        let presented = sd_jwt::Unverified::parse(black_box(&text));
        presented.is_ok_and(|presented| black_box(presented.verify_presented(&key, &expect)).is_ok())
    }
}

fn present(issued: &str, holder: &SoftwareKey) -> Option<String> {
    let chosen = ["name", "creditCode", "legalRepresentative"].map(ClaimPath::top);
    let selection = sd_jwt::Unverified::parse(issued).ok()?.select(&chosen).ok()?;
    selection.bind(AUDIENCE, NONCE, NOW).ok()?.sign(holder).ok()
}

/// What was signed of a token, or of the token before the first tilde.
fn signed(text: &str) -> Option<&str> {
    Some(text.split('~').next()?.rsplit_once('.')?.0)
}

/// One bare signature.
fn signature(text: &str, key: &SoftwareKey) -> Result<impl Fn() -> bool + 'static, Unprepared> {
    let message = signed(text).ok_or(Unprepared)?.to_owned();
    let twin = SoftwareKey::from_secret_bytes(key.algorithm(), &key.to_secret_bytes());
    let twin = twin.map_err(|_| Unprepared)?;
    Ok(move || twin.sign(black_box(message.as_bytes())).is_ok())
}

/// One bare verification for each token, over what was signed.
fn verifications(
    tokens: &[(&str, &SoftwareKey)],
) -> Result<impl Fn() -> bool + Send + Sync + 'static, Unprepared> {
    let mut checks: Vec<Box<Measured>> = Vec::new();
    for (text, key) in tokens {
        let message = signed(text).ok_or(Unprepared)?.to_owned();
        let signature = key.sign(message.as_bytes()).map_err(|_| Unprepared)?;
        checks.push(bare(key.public_key(), message.into_bytes(), &signature)?);
    }
    Ok(move || checks.iter().all(|check| check()))
}

/// One bare verification by the library that has the fastest: what any implementation must pay.
pub(super) fn bare(key: &PublicKey, message: Vec<u8>, signature: &[u8]) -> Result<Box<Measured>, Unprepared> {
    Ok(match (key.algorithm(), key.uncompressed()) {
        (Algorithm::EdDsa, _) => {
            let bytes = key.to_bytes().try_into().map_err(|_| Unprepared)?;
            let key = VerifyingKey::from_bytes(&bytes).map_err(|_| Unprepared)?;
            let signature = Signature::from_slice(signature).map_err(|_| Unprepared)?;
            Box::new(move || key.verify_strict(black_box(&message), &signature).is_ok())
        }
        (Algorithm::Es256, Some(point)) => {
            let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point.to_vec());
            let signature = signature.to_vec();
            Box::new(move || key.verify(black_box(&message), &signature).is_ok())
        }
        _ => {
            let (key, signature) = (key.clone(), signature.to_vec());
            Box::new(move || key.verify(black_box(&message), &signature).is_ok())
        }
    })
}

/// Salts that are no secret: what is measured is thrown away.
struct Counter(u64);

impl rand_core::RngCore for Counter {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        rand_core::impls::fill_bytes_via_next(self, bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl rand_core::CryptoRng for Counter {}

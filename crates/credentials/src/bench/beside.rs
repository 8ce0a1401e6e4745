//! The same verification for another implementation to do: what it is given, and what doing it here takes in the same run.
//!
//! ssi whole is in a build of its own (`e2e/ssi`, ADR 0049), so it is asked over a pipe. What it does not have (JCS suites, ISO mdoc,
//! SM2) or cannot verify (`bbs-2023` of the draft's present vectors) is not among these.

use rand_core::CryptoRngCore;
use serde_json::{Value, json};

use super::cases::{ISSUER, Unprepared};
use super::{Measured, suites, tokens};
use crate::data_integrity::Cryptosuite;
use crate::jsonld::PINNED;
use crate::key::{Algorithm, PublicKey, Signer, SoftwareKey};

/// One verification to be done elsewhere.
pub struct Beside {
    /// `ssi/verify/eddsa-rdfc-2022`…
    pub name: &'static str,
    /// What is verified, by which key: one line of JSON for `huizheng-ssi`.
    pub given: Value,
    /// The same, here.
    pub ours: Box<Measured>,
}

/// Every verification that ssi has too.
///
/// # Errors
/// [`Unprepared`].
pub fn beside(rng: &mut impl CryptoRngCore) -> Result<Vec<Beside>, Unprepared> {
    let mut all = Vec::new();
    for (name, suite, algorithm) in [
        ("ssi/verify/eddsa-rdfc-2022", Cryptosuite::EddsaRdfc2022, Algorithm::EdDsa),
        ("ssi/verify/ecdsa-rdfc-2019", Cryptosuite::EcdsaRdfc2019, Algorithm::Es256),
    ] {
        let key = SoftwareKey::generate(algorithm, rng);
        let secured = suites::signed(&suites::issuance()?, suite, &key).ok_or(Unprepared)?;
        all.push(proof(name, &secured, key.public_key()));
    }
    let (key, secrets) = suites::selective(rng);
    let issued = suites::signed_selectively(&suites::issuance()?, &key, &secrets).ok_or(Unprepared)?;
    let shown = suites::shown(&issued).ok_or(Unprepared)?;
    all.push(proof("ssi/verify/ecdsa-sd-2023", &shown, key.public_key()));

    let key = SoftwareKey::generate(Algorithm::Es256, rng);
    let token = tokens::vc_jwt_by(&key)?;
    let given = json!({ "form": "jwt", "text": token, "key": key.public_key().to_jwk() });
    let ours = Box::new(tokens::verifying_vc_jwt(token, key.public_key().clone()));
    all.push(Beside { name: "ssi/verify/vc-jwt", given, ours });

    for (name, algorithm) in
        [("ssi/verify/sd-jwt-kb-es256", Algorithm::Es256), ("ssi/verify/sd-jwt-kb-eddsa", Algorithm::EdDsa)]
    {
        let (key, holder) = (SoftwareKey::generate(algorithm, rng), SoftwareKey::generate(algorithm, rng));
        let shown = tokens::shown_by(&key, &holder, rng)?;
        let keys = [key.public_key().to_jwk(), holder.public_key().to_jwk()];
        let given = json!({ "form": "sd-jwt", "text": shown, "key": keys[0], "holder": keys[1] });
        let ours = Box::new(tokens::verifying_shown(shown, key.public_key().clone()));
        all.push(Beside { name, given, ours });
    }
    Ok(all)
}

fn proof(name: &'static str, secured: &Value, key: &PublicKey) -> Beside {
    let contexts: serde_json::Map<_, _> =
        PINNED.iter().map(|pin| (pin.url.to_owned(), Value::from(pin.text))).collect();
    let text = secured.to_string();
    let given = json!({
        "form": "proof", "text": text, "method": format!("{ISSUER}#key-1"), "multikey": key.to_multikey(),
        "contexts": contexts,
    });
    Beside { name, given, ours: Box::new(suites::verifying(text, key.clone())) }
}

//! The business licence under each cryptosuite over RDF: issued, derived, verified.

use std::hint::black_box;

use rand_core::CryptoRngCore;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::{Map, Value};

use super::cases::{ISSUER, LASTING, NOW, Unprepared, licence, status};
use super::{Case, holding};
use crate::data_integrity::sd::{Secrets, derive};
use crate::data_integrity::{CONTEXT_HUIZHENG, Cryptosuite, Issuance, Making, UnverifiedCredential};
use crate::jsonld::Contexts;
use crate::key::{Algorithm, PublicKey, Signer, SoftwareKey};

/// What is always shown where the holder chooses.
pub(super) const MANDATORY: [&str; 4] = ["/issuer", "/validFrom", "/validUntil", "/credentialStatus"];
/// What is shown beside it.
pub(super) const SHOWN: [&str; 3] = ["name", "creditCode", "legalRepresentative"];

/// What the signature suites are measured by.
struct Names {
    issue: &'static str,
    present: &'static str,
    verify: &'static str,
}

macro_rules! names {
    ($suite:literal) => {
        Names {
            issue: concat!("issue/", $suite),
            present: concat!("present/", $suite),
            verify: concat!("verify/", $suite),
        }
    };
}

/// Every case of the suites.
pub(super) fn cases(rng: &mut impl CryptoRngCore) -> Result<Vec<Case>, Unprepared> {
    let mut cases = Vec::new();
    for (suite, algorithm, names) in [
        (Cryptosuite::EddsaJcs2022, Algorithm::EdDsa, names!("eddsa-jcs-2022")),
        (Cryptosuite::EddsaRdfc2022, Algorithm::EdDsa, names!("eddsa-rdfc-2022")),
        (Cryptosuite::EcdsaRdfc2019, Algorithm::Es256, names!("ecdsa-rdfc-2019")),
        #[cfg(feature = "sm2")]
        (Cryptosuite::Sm2Jcs2026, Algorithm::Sm2, names!("sm2-jcs-2026")),
    ] {
        let key = SoftwareKey::generate(algorithm, rng);
        let holder = SoftwareKey::generate(Algorithm::Es256, rng);
        whole(suite, key, holder, &names, &mut cases)?;
    }
    statements(rng, &mut cases)?;
    Ok(cases)
}

pub(super) fn issuance() -> Result<Issuance, Unprepared> {
    Ok(Issuance {
        id: None,
        contexts: vec![CONTEXT_HUIZHENG.to_owned()],
        types: vec!["BusinessLicence".to_owned()],
        issuer: ISSUER.to_owned(),
        verification_method: format!("{ISSUER}#key-1"),
        holder: Some("did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2".to_owned()),
        claims: licence()?.into_map(),
        issued_at: NOW,
        valid_from: Some(NOW),
        valid_until: Some(NOW.plus(LASTING)),
        status: Some(status()),
    })
}

/// A suite that signs the document as one.
fn whole(
    suite: Cryptosuite,
    key: SoftwareKey,
    holder: SoftwareKey,
    names: &Names,
    cases: &mut Vec<Case>,
) -> Result<(), Unprepared> {
    let public = key.public_key().clone();
    let issuance = issuance()?;
    let issue = move |key: &SoftwareKey| signed(&issuance, suite, key);
    let secured = issue(&key).ok_or(Unprepared)?;
    let message = [7; 64];
    let signature = key.sign(&message).map_err(|_| Unprepared)?;
    let (secret, twin) = (key.to_secret_bytes(), key.algorithm());
    let twin = SoftwareKey::from_secret_bytes(twin, &secret).map_err(|_| Unprepared)?;
    cases.push(Case {
        name: names.issue,
        run: Box::new(move || issue(&key).is_some()),
        floor: Box::new(move || twin.sign(black_box(&message)).is_ok()),
    });
    let as_issued = Box::new(|issued| Some(Value::Object(issued)));
    cases.push(holding::with_proof(names.present, &secured, holder, as_issued, None)?);
    // The JCS suite's verification has its own case.
    if suite != Cryptosuite::EddsaJcs2022 {
        cases.push(Case {
            name: names.verify,
            run: Box::new(verifying(secured.to_string(), public.clone())),
            floor: super::tokens::bare(&public, message.to_vec(), &signature)?,
        });
    }
    Ok(())
}

/// The licence, signed as one.
pub(super) fn signed(issuance: &Issuance, suite: Cryptosuite, key: &SoftwareKey) -> Option<Value> {
    let prepared = issuance.clone().prepare_with(key.public_key(), &Making::with(suite)).ok()?;
    prepared.sign(key).ok()
}

/// What signs the licence for a holder who chooses.
pub(super) fn selective(rng: &mut impl CryptoRngCore) -> (SoftwareKey, Secrets) {
    (SoftwareKey::generate(Algorithm::Es256, rng), Secrets::generate(rng))
}

/// The licence, statement by statement.
pub(super) fn signed_selectively(
    issuance: &Issuance,
    key: &SoftwareKey,
    secrets: &Secrets,
) -> Option<Map<String, Value>> {
    let mandatory = MANDATORY.map(str::to_owned).to_vec();
    let prepared =
        issuance.clone().prepare_sd(key.public_key(), mandatory, secrets, Contexts::pinned()).ok()?;
    match prepared.sign(key).ok()? {
        Value::Object(issued) => Some(issued),
        _ => None,
    }
}

/// Three claims of it, and what is mandatory.
pub(super) fn shown(issued: &Map<String, Value>) -> Option<Value> {
    let pointers = SHOWN.map(|name| format!("/credentialSubject/{name}"));
    derive(issued, &pointers, Contexts::pinned()).ok()
}

pub(super) fn verifying(text: String, key: PublicKey) -> impl Fn() -> bool {
    move || {
        let credential = UnverifiedCredential::parse(black_box(text.as_bytes()));
        credential.is_ok_and(|credential| black_box(credential.verify(&key, NOW)).is_ok())
    }
}

/// `ecdsa-sd-2023`: three claims shown beside what is mandatory.
fn statements(rng: &mut impl CryptoRngCore, cases: &mut Vec<Case>) -> Result<(), Unprepared> {
    let (key, secrets) = selective(rng);
    let contexts = Contexts::pinned();
    let public = key.public_key().clone();
    let issuance = issuance()?;
    let issue = move |key: &SoftwareKey| signed_selectively(&issuance, key, &secrets);
    let issued: Map<String, Value> = issue(&key).ok_or(Unprepared)?;
    let shown = shown(&issued).ok_or(Unprepared)?;

    // Two claims more are statements of their own: types, the subject's link.
    let mut bare = issued.clone();
    bare.remove("proof");
    let all = contexts.to_rdf(&bare).map_err(|_| Unprepared)?.len();
    let mut cut = shown.clone();
    let cut = cut.as_object_mut().ok_or(Unprepared)?;
    cut.remove("proof");
    let visible = contexts.to_rdf(cut).map_err(|_| Unprepared)?.len();
    let pointers_to_none: Vec<String> = Vec::new();
    let Value::Object(mut least) = derive(&issued, &pointers_to_none, contexts).map_err(|_| Unprepared)?
    else {
        return Err(Unprepared);
    };
    least.remove("proof");
    let mandatory = contexts.to_rdf(&least).map_err(|_| Unprepared)?.len();

    let message = [7; 96];
    let signature = key.sign(&message).map_err(|_| Unprepared)?;
    let point = public.uncompressed().ok_or(Unprepared)?.to_vec();
    let secret = key.to_secret_bytes();
    let twin = SoftwareKey::from_secret_bytes(Algorithm::Es256, &secret).map_err(|_| Unprepared)?;
    let bare_check = move |times: usize| {
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point.clone());
        move || (0..times).all(|_| key.verify(black_box(&message), &signature).is_ok())
    };
    cases.push(Case {
        name: "issue/ecdsa-sd-2023",
        run: Box::new(move || issue(&key).is_some()),
        floor: Box::new(move || (0..=all - mandatory).all(|_| twin.sign(black_box(&message)).is_ok())),
    });
    let holder = SoftwareKey::generate(Algorithm::Es256, rng);
    let choose = Box::new(|issued: Map<String, Value>| self::shown(&issued));
    let whole = Value::Object(issued.clone());
    let present = holding::with_proof("present/ecdsa-sd-2023", &whole, holder, choose, None)?;
    cases.push(Case {
        name: "derive/ecdsa-sd-2023",
        run: Box::new(move || self::shown(black_box(&issued)).is_some()),
        // There is no signature in it: one check, to compare with.
        floor: Box::new(bare_check(1)),
    });
    cases.push(present);
    cases.push(Case {
        name: "verify/ecdsa-sd-2023",
        run: Box::new(verifying(shown.to_string(), public)),
        floor: Box::new(bare_check(visible - mandatory + 1)),
    });
    Ok(())
}

//! The business licence under each cryptosuite over RDF: issued, derived, verified.

use std::hint::black_box;

use rand_core::CryptoRngCore;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::{Map, Value};

use super::Case;
use super::cases::{ISSUER, NOW, Unprepared, licence, status};
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
    verify: &'static str,
    #[cfg(feature = "ssi")]
    ssi: Option<&'static str>,
}

macro_rules! names {
    ($suite:literal, $ssi:expr) => {
        Names {
            issue: concat!("issue/", $suite),
            verify: concat!("verify/", $suite),
            #[cfg(feature = "ssi")]
            ssi: if $ssi { Some(concat!("ssi/verify/", $suite)) } else { None },
        }
    };
}

/// Every case of the suites.
pub(super) fn cases(rng: &mut impl CryptoRngCore) -> Result<Vec<Case>, Unprepared> {
    let mut cases = Vec::new();
    for (suite, algorithm, names) in [
        (Cryptosuite::EddsaJcs2022, Algorithm::EdDsa, names!("eddsa-jcs-2022", false)),
        (Cryptosuite::EddsaRdfc2022, Algorithm::EdDsa, names!("eddsa-rdfc-2022", true)),
        (Cryptosuite::EcdsaRdfc2019, Algorithm::Es256, names!("ecdsa-rdfc-2019", true)),
        #[cfg(feature = "sm2")]
        (Cryptosuite::Sm2Jcs2026, Algorithm::Sm2, names!("sm2-jcs-2026", false)),
    ] {
        let key = SoftwareKey::generate(algorithm, rng);
        whole(suite, key, &names, &mut cases)?;
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
        valid_until: Some(NOW.plus(86_400)),
        status: Some(status()),
    })
}

/// A suite that signs the document as one.
fn whole(
    suite: Cryptosuite,
    key: SoftwareKey,
    names: &Names,
    cases: &mut Vec<Case>,
) -> Result<(), Unprepared> {
    let public = key.public_key().clone();
    let issuance = issuance()?;
    let issue = move |key: &SoftwareKey| {
        let prepared = issuance.clone().prepare_with(key.public_key(), &Making::with(suite)).ok()?;
        prepared.sign(key).ok()
    };
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
    // The JCS suite's verification has its own case.
    if suite != Cryptosuite::EddsaJcs2022 {
        cases.push(Case {
            name: names.verify,
            run: Box::new(verifying(secured.to_string(), public.clone())),
            floor: super::tokens::bare(&public, message.to_vec(), &signature)?,
        });
    }
    #[cfg(feature = "ssi")]
    if let Some(name) = names.ssi {
        cases.push(second(name, &secured, public)?);
    }
    Ok(())
}

fn verifying(text: String, key: PublicKey) -> impl Fn() -> bool {
    move || {
        let credential = UnverifiedCredential::parse(black_box(text.as_bytes()));
        credential.is_ok_and(|credential| black_box(credential.verify(&key, NOW)).is_ok())
    }
}

/// `ecdsa-sd-2023`: three claims shown beside what is mandatory.
fn statements(rng: &mut impl CryptoRngCore, cases: &mut Vec<Case>) -> Result<(), Unprepared> {
    let key = SoftwareKey::generate(Algorithm::Es256, rng);
    let secrets = Secrets::generate(rng);
    let contexts = Contexts::pinned();
    let public = key.public_key().clone();
    let issuance = issuance()?;
    let issue = move |key: &SoftwareKey| {
        let mandatory = MANDATORY.map(str::to_owned).to_vec();
        let prepared = issuance.clone().prepare_sd(key.public_key(), mandatory, &secrets, contexts).ok()?;
        match prepared.sign(key).ok()? {
            Value::Object(issued) => Some(issued),
            _ => None,
        }
    };
    let issued: Map<String, Value> = issue(&key).ok_or(Unprepared)?;
    let pointers = SHOWN.map(|name| format!("/credentialSubject/{name}")).to_vec();
    let shown = derive(&issued, &pointers, contexts).map_err(|_| Unprepared)?;

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
    cases.push(Case {
        name: "derive/ecdsa-sd-2023",
        run: Box::new(move || derive(black_box(&issued), &pointers, contexts).is_ok()),
        // There is no signature in it: one check, to compare with.
        floor: Box::new(bare_check(1)),
    });
    #[cfg(feature = "ssi")]
    cases.push(second_statements(&shown, public.clone(), bare_check(visible - mandatory + 1))?);
    cases.push(Case {
        name: "verify/ecdsa-sd-2023",
        run: Box::new(verifying(shown.to_string(), public)),
        floor: Box::new(bare_check(visible - mandatory + 1)),
    });
    Ok(())
}

/// The work of the same verification by ssi, from the same text; its floor is ours.
///
/// ssi's own crates for `ecdsa-sd-2023` are not in the build ([`crate::second`]); its JSON-LD and canonicalisation of proof and
/// document are, and the signature checks that come after are the run's own. So that figure is what ssi takes at least.
#[cfg(feature = "ssi")]
fn second_statements(
    shown: &Value,
    key: PublicKey,
    checks: impl Fn() -> bool + Send + Sync + 'static,
) -> Result<Case, Unprepared> {
    let second = crate::second::Second::new(&[]).map_err(|_| Unprepared)?;
    let text = shown.to_string();
    let floor = verifying(text.clone(), key);
    let run = move || {
        let Ok(Value::Object(mut document)) = crate::json::parse(black_box(text.as_bytes())) else {
            return false;
        };
        let Some(Value::Object(mut options)) = document.remove("proof") else { return false };
        options.remove("proofValue");
        options.insert("@context".to_owned(), document.get("@context").cloned().unwrap_or_default());
        let read =
            |part| second.canonical(&Value::Object(part)).is_ok_and(|lines| !black_box(lines).is_empty());
        read(options) && read(document) && checks()
    };
    Ok(Case { name: "ssi/verify/ecdsa-sd-2023", run: Box::new(run), floor: Box::new(floor) })
}

/// The same verification by ssi, from the same text; its floor is ours.
#[cfg(feature = "ssi")]
fn second(name: &'static str, secured: &Value, key: PublicKey) -> Result<Case, Unprepared> {
    let second = crate::second::Second::new(&[]).map_err(|_| Unprepared)?;
    let text = secured.to_string();
    let floor = verifying(text.clone(), key.clone());
    let run = move || {
        let secured = crate::json::parse(black_box(text.as_bytes()));
        secured
            .is_ok_and(|secured| secured.as_object().is_some_and(|it| second.verifies(it, &key) == Ok(true)))
    };
    Ok(Case { name, run: Box::new(run), floor: Box::new(floor) })
}

//! One proof among several, and presentations whoever made them: what is checked, and what is refused.

use credentials::Flaw;
use credentials::data_integrity::{
    Cryptosuite, Making, Prepared, Presenting, Purpose, Reading, UnverifiedCredential, UnverifiedPresentation,
};
use credentials::jsonld::Contexts;
use credentials::jws;
use credentials::key::{Algorithm, PublicKey, SelfContained, Signer};
use serde_json::{Value, json};

use crate::data_integrity_refused::{Change, presented, resigned};
use crate::support::{
    AUDIENCE, NONCE, NOW, issuer, key, presenting, vc_holder, vc_issuance, vc_issued, vp_presented,
};

const SEVERAL: Reading = Reading { vcdm_1_1: false, several_proofs: true };

#[test]
fn a_proof_is_checked_with_its_own_key_alone() {
    let read = UnverifiedCredential::read_as(vc_issued(Algorithm::EdDsa), SEVERAL).unwrap();
    let (right, wrong) = (issuer(Algorithm::EdDsa), key(9, Algorithm::EdDsa));
    let check = |at, key: &PublicKey| read.check_proof_at(at, key, Contexts::pinned());
    assert_eq!(check(0, right.public_key()), Ok(()));
    assert_eq!(check(0, wrong.public_key()), Err(Flaw::SignatureWrong));
    assert_eq!(check(1, right.public_key()), Err(Flaw::ProofChainBroken), "there is no second proof");
    assert_eq!(read.created(), Some(NOW));
    let verified = read.verify(right.public_key(), NOW).unwrap();
    assert_eq!(verified.created(), Some(NOW));
    assert_eq!(verified.key_id(), Some("did:hui:anhui:zIssuer#key-1"));
}

/// A proof that builds on another counts only together with it, also where it stands alone.
#[test]
fn a_chained_proof_alone() {
    let mut issued = vc_issued(Algorithm::EdDsa);
    issued["proof"]["previousProof"] = json!("urn:x:first");
    let read = UnverifiedCredential::read_as(issued, SEVERAL).unwrap();
    let key = issuer(Algorithm::EdDsa);
    assert_eq!(read.check(key.public_key(), NOW).flaws(), [Flaw::ProofChainBroken]);
    assert_eq!(read.check_proof(key.public_key()), Err(Flaw::ProofChainBroken));
}

fn keys(method: &str) -> Option<PublicKey> {
    SelfContained::parse(method).ok().map(|found| found.key)
}

fn flaws_of(presentation: Value, domain: Option<&str>) -> Vec<Flaw> {
    let read = UnverifiedPresentation::read(presentation).unwrap();
    read.check_all(&keys, (NONCE, domain), NOW, Contexts::pinned()).flaws().to_vec()
}

#[test]
fn presentations_whoever_made_them() {
    let shown = vp_presented();
    assert_eq!(shown["holder"], vc_holder().did);
    assert_eq!(flaws_of(shown.clone(), Some(AUDIENCE)), []);
    assert_eq!(flaws_of(shown.clone(), Some("another")), [Flaw::AudienceWrong], "domain_of_another");
    assert_eq!(flaws_of(shown.clone(), None), [Flaw::AudienceWrong], "domain_where_none_is_due");
    let read = UnverifiedPresentation::read(shown.clone()).unwrap();
    assert_eq!(read.check_subject().flaws(), []);
    let another = read.check_all(&keys, ("another", Some(AUDIENCE)), NOW, Contexts::pinned());
    assert_eq!(another.flaws(), [Flaw::NonceWrong], "challenge_of_another_request");
    let nobodys = read.check_all(&|_| None, (NONCE, Some(AUDIENCE)), NOW, Contexts::pinned());
    assert_eq!(nobodys.flaws(), [Flaw::NotBound], "key_not_found");

    // Presented for nobody in particular.
    let holder = vc_holder();
    let presenting = Presenting { domain: "", ..presenting(vec![vc_issued(Algorithm::EdDsa)], &holder) };
    let mut undirected = presenting.sign(&key(2, Algorithm::EdDsa)).unwrap();
    undirected["proof"].as_object_mut().unwrap().remove("domain");
    // The proof was made with a domain, so that only the signature is wrong.
    assert_eq!(flaws_of(undirected, None), [Flaw::KeyBindingSignatureWrong], "domain_stripped");

    // Made by somebody who is not the holder that is named.
    let thief = key(7, Algorithm::EdDsa);
    let thief_did = thief.public_key().did_key();
    let stolen =
        crate::support::presenting(vec![vc_issued(Algorithm::EdDsa)], &thief_did).sign(&thief).unwrap();
    let read = UnverifiedPresentation::read(stolen.clone()).unwrap();
    assert_eq!(flaws_of(stolen.clone(), Some(AUDIENCE)), [], "whoever it is, it answers");
    assert_eq!(read.check_subject().flaws(), [Flaw::HolderIsAnother], "credential_of_another");
    let mut renamed = stolen;
    renamed["holder"] = holder.did.into();
    let flaws = flaws_of(renamed, Some(AUDIENCE));
    assert!(flaws.contains(&Flaw::HolderIsAnother), "holder_another: {flaws:?}");
}

#[test]
fn headers_are_bounded() {
    use base64::Engine as _;
    let base64 = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let token = |length: usize| {
        let header = json!({"alg": "EdDSA", "kid": ""}).to_string().len();
        let header = json!({"alg": "EdDSA", "kid": "x".repeat(length - header)}).to_string();
        assert_eq!(header.len(), length);
        format!("{}.{}.{}", base64.encode(header), base64.encode("{}"), base64.encode([0; 64]))
    };
    assert!(jws::Unverified::parse(&token(32 << 10)).is_ok());
    for length in [(32 << 10) + 1, 64 << 10] {
        assert_eq!(jws::Unverified::parse(&token(length)).err(), Some(jws::ParseError::Form), "{length}");
    }
}

/// A credential's proofs and its own times, checked by whoever finds the keys: each as where it is the only one.
#[test]
fn credentials_whoever_has_the_keys() {
    let right = issuer(Algorithm::EdDsa);
    let known = |method: &str| method.starts_with("did:hui:").then(|| right.public_key().clone());
    let read = |value: Value| UnverifiedCredential::read_as(value, SEVERAL).unwrap();
    let flaws = |value: Value| {
        let read = read(value);
        let mut found = read.check_all(&known, NOW, Contexts::pinned()).flaws().to_vec();
        found.dedup();
        let verified = read.verify_all(&known, NOW, Contexts::pinned());
        assert_eq!(verified.is_ok(), found.is_empty());
        found
    };
    let same: Change = |_| {};
    assert_eq!(flaws(resigned(&right, same, |o| o.expires = Some(NOW.plus(-59)))), []);
    for (name, credential, flaw) in [
        ("proof_expired", resigned(&right, same, |o| o.expires = Some(NOW.plus(-60))), Flaw::ProofExpired),
        (
            "created_in_future",
            resigned(&right, same, |o| o.created = Some(NOW.plus(61))),
            Flaw::CreatedInFuture,
        ),
        (
            "expired",
            resigned(&right, |c| c["validUntil"] = NOW.plus(-60).rfc3339().into(), |_| {}),
            Flaw::Expired,
        ),
        (
            "wrong_proof_purpose",
            resigned(&right, same, |o| o.purpose = Purpose::Authentication),
            Flaw::KeyOfAnotherController,
        ),
        (
            "key_of_another_controller",
            resigned(&right, same, |o| o.verification_method = "did:hui:anhui:zOther#key-1".to_owned()),
            Flaw::KeyOfAnotherController,
        ),
        (
            "key_not_found",
            resigned(&right, same, |o| o.verification_method = "did:web:a.example#1".to_owned()),
            Flaw::KeyOfAnotherController,
        ),
        ("signed_with_other_key", resigned(&key(9, Algorithm::EdDsa), same, |_| {}), Flaw::SignatureWrong),
    ] {
        assert_eq!(flaws(credential), [flaw], "{name}");
    }

    let plain = read(resigned(&right, same, |_| {}));
    let method = "did:hui:anhui:zIssuer#key-1";
    assert_eq!(plain.verification_methods().collect::<Vec<_>>(), [method]);
    assert_eq!(plain.signed_with().collect::<Vec<_>>(), [(method, Some(NOW))]);
    let unanswered = plain.check_answer(Some(NONCE), Some(AUDIENCE));
    assert_eq!(unanswered.flaws(), [Flaw::ChallengeMissing, Flaw::DomainMissing]);
    let answer = read(resigned(&right, same, |o| {
        o.challenge = Some(NONCE.to_owned());
        o.domain = Some(AUDIENCE.to_owned());
    }));
    assert_eq!(answer.check_answer(Some(NONCE), Some(AUDIENCE)).flaws(), []);
    assert_eq!(answer.check_answer(Some("another"), None).flaws(), [Flaw::NonceWrong]);
    assert_eq!(answer.check_answer(None, Some("another")).flaws(), [Flaw::AudienceWrong]);
}

#[test]
fn presentations_refused_whoever_made_them() {
    let holder = key(2, Algorithm::EdDsa);
    for (name, presentation, flaw) in [
        (
            "proof_expired",
            presented(&holder, |_| {}, |o| o.expires = Some(NOW.plus(-60))),
            Flaw::KeyBindingTooOld,
        ),
        (
            "made_in_future",
            presented(&holder, |_| {}, |o| o.created = Some(NOW.plus(61))),
            Flaw::KeyBindingInFuture,
        ),
        (
            "wrong_proof_purpose",
            presented(&holder, |_| {}, |o| o.purpose = Purpose::AssertionMethod),
            Flaw::PresentationPurposeWrong,
        ),
    ] {
        assert_eq!(flaws_of(presentation, Some(AUDIENCE)), [flaw], "{name}");
    }
}

/// Data Integrity 1.0 §4.5: a proof over one of those before it, which need not be the first.
#[test]
fn a_chained_proof_among_others() {
    let right = issuer(Algorithm::EdDsa);
    let (document, options) = vc_issuance().document().unwrap();
    let add = |document: Value, id: &str, previous: &[&str]| {
        let making = Making {
            id: Some(id.to_owned()),
            previous: previous.iter().map(|&id| id.to_owned()).collect(),
            ..Making::with(Cryptosuite::of(Algorithm::EdDsa))
        };
        let document = document.as_object().unwrap().clone();
        Prepared::beside(document, options.clone(), right.public_key(), &making)
            .unwrap()
            .sign(&right)
            .unwrap()
    };
    let two = add(add(Value::Object(document), "urn:x:a", &[]), "urn:x:b", &[]);
    let chained = add(two, "urn:x:c", &["urn:x:b"]);
    let check = |value: &Value| {
        let read = UnverifiedCredential::read_as(value.clone(), SEVERAL).unwrap();
        read.check_proof_at(2, right.public_key(), Contexts::pinned())
    };
    assert_eq!(check(&chained), Ok(()));
    let changed = |change: fn(&mut Value)| {
        let mut value = chained.clone();
        change(&mut value);
        check(&value)
    };
    let broken = Err(Flaw::ProofChainBroken);
    assert_eq!(changed(|c| c["proof"][1]["id"] = "urn:x:d".into()), broken, "previous_missing");
    assert_eq!(changed(|c| c["proof"][0]["id"] = "urn:x:b".into()), broken, "previous_twice");
    assert_eq!(
        changed(|c| c["proof"][1]["created"] = "2020-01-01T00:00:00Z".into()),
        Err(Flaw::SignatureWrong)
    );
    assert_eq!(changed(|c| c["proof"][2]["previousProof"] = "urn:x:a".into()), Err(Flaw::SignatureWrong));
}

/// The signature as it came: the same however much is shown.
#[test]
fn signatures_as_they_came() {
    let signed = vc_issued(Algorithm::EdDsa);
    let digits = signed["proof"]["proofValue"].as_str().unwrap()[1..].to_owned();
    let read = UnverifiedCredential::read(signed).unwrap();
    assert_eq!(read.issuer_signature().map(|bytes| bs58::encode(bytes).into_string()), Some(digits));
}

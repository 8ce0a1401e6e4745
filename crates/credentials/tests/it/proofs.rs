//! One proof among several, and presentations whoever made them: what is checked, and what is refused.

use credentials::Flaw;
use credentials::data_integrity::{Presenting, Reading, UnverifiedCredential, UnverifiedPresentation};
use credentials::jsonld::Contexts;
use credentials::jws;
use credentials::key::{Algorithm, PublicKey, SelfContained, Signer};
use serde_json::{Value, json};

use crate::support::{AUDIENCE, NONCE, NOW, issuer, key, presenting, vc_holder, vc_issued, vp_presented};

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

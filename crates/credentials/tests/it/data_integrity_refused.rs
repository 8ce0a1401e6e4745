//! Credentials and presentations that must be refused, each named by its flaw.

use credentials::data_integrity::{
    ParseError, ProofOptions, Purpose, UnverifiedCredential, UnverifiedPresentation, secure,
};
use credentials::key::{Algorithm, Signer, SoftwareKey};
use credentials::{Flaw, json};
use serde_json::{Value, json};

use crate::support::{
    AUDIENCE, NONCE, NOW, bytes, expect, issuer, key, presenting, vc_holder, vc_issuance, vc_issued,
    vp_presented,
};

/// A change to what is signed or to the result.
pub(crate) type Change = fn(&mut Value);

/// Our credential, changed after it was signed.
fn changed(change: Change) -> Value {
    let mut credential = vc_issued(Algorithm::EdDsa);
    change(&mut credential);
    credential
}

/// Our credential, signed anew by the issuer's key after a change to the document or to the proof's options.
pub(crate) fn resigned(key: &SoftwareKey, change: Change, options: fn(&mut ProofOptions)) -> Value {
    let mut credential = vc_issued(Algorithm::EdDsa);
    credential.as_object_mut().unwrap().remove("proof");
    change(&mut credential);
    let mut with = ProofOptions {
        verification_method: "did:hui:anhui:zIssuer#key-1".to_owned(),
        purpose: Purpose::AssertionMethod,
        created: Some(NOW),
        expires: None,
        challenge: None,
        domain: None,
    };
    options(&mut with);
    secure(credential.as_object().unwrap().clone(), with, key).unwrap()
}

#[test]
fn credentials_refused_by_verification() {
    let same: Change = |_| {};
    let right = issuer(Algorithm::EdDsa);
    let other = key(66, Algorithm::EdDsa);
    let cases: Vec<(&str, Value, Vec<Flaw>)> = vec![
        (
            "claim_changed",
            changed(|c| c["credentialSubject"]["name"] = "别的公司".into()),
            vec![Flaw::SignatureWrong],
        ),
        (
            "claim_added",
            changed(|c| c["credentialSubject"]["extra"] = true.into()),
            vec![Flaw::SignatureWrong],
        ),
        (
            "claim_removed",
            changed(|c| drop(c["credentialSubject"].as_object_mut().unwrap().remove("term"))),
            vec![Flaw::SignatureWrong],
        ),
        (
            "status_removed",
            changed(|c| drop(c.as_object_mut().unwrap().remove("credentialStatus"))),
            vec![Flaw::SignatureWrong],
        ),
        (
            "type_added",
            changed(|c| c["type"].as_array_mut().unwrap().push("Mandate".into())),
            vec![Flaw::SignatureWrong],
        ),
        (
            "proof_option_changed",
            changed(|c| c["proof"]["created"] = "2026-03-02T03:59:59Z".into()),
            vec![Flaw::SignatureWrong],
        ),
        ("proof_option_added", changed(|c| c["proof"]["nonce"] = "x".into()), vec![Flaw::SignatureWrong]),
        ("signed_with_other_key", resigned(&other, same, |_| {}), vec![Flaw::SignatureWrong]),
        (
            "key_of_another_controller",
            resigned(&right, same, |o| o.verification_method = "did:hui:anhui:zOther#key-1".to_owned()),
            vec![Flaw::KeyOfAnotherController],
        ),
        (
            "issuer_replaced",
            changed(|c| c["issuer"] = "did:hui:anhui:zOther".into()),
            vec![Flaw::SignatureWrong, Flaw::KeyOfAnotherController],
        ),
        (
            "wrong_proof_purpose",
            resigned(&right, same, |o| o.purpose = Purpose::Authentication),
            vec![Flaw::ProofPurposeWrong],
        ),
        (
            "proof_expired",
            resigned(&right, same, |o| o.expires = Some(NOW.plus(-60))),
            vec![Flaw::ProofExpired],
        ),
        (
            "created_in_future",
            resigned(&right, same, |o| o.created = Some(NOW.plus(61))),
            vec![Flaw::CreatedInFuture],
        ),
        (
            "expired",
            resigned(&right, |c| c["validUntil"] = "2026-03-02T03:59:00Z".into(), |_| {}),
            vec![Flaw::Expired],
        ),
        (
            "not_yet_valid",
            resigned(&right, |c| c["validFrom"] = "2026-03-02T04:01:01Z".into(), |_| {}),
            vec![Flaw::NotYetValid],
        ),
        (
            "context_injected_at_the_end",
            changed(|c| c["@context"].as_array_mut().unwrap().push("https://evil.example/v1".into())),
            vec![Flaw::ContextInjected],
        ),
        (
            "context_injected_in_between",
            changed(|c| c["@context"].as_array_mut().unwrap().insert(1, "https://evil.example/v1".into())),
            vec![Flaw::ContextInjected],
        ),
        (
            "context_object_injected",
            changed(|c| {
                c["@context"].as_array_mut().unwrap().push(json!({"name": "https://evil.example/#name"}));
            }),
            vec![Flaw::ContextInjected],
        ),
        (
            "context_dropped",
            changed(|c| drop(c["@context"].as_array_mut().unwrap().pop())),
            vec![Flaw::ContextInjected],
        ),
        (
            "context_of_both_replaced",
            changed(|c| {
                c["@context"][1] = "https://evil.example/v1".into();
                c["proof"]["@context"] = c["@context"].clone();
            }),
            vec![Flaw::SignatureWrong],
        ),
        (
            "proof_context_removed",
            changed(|c| drop(c["proof"].as_object_mut().unwrap().remove("@context"))),
            vec![Flaw::SignatureWrong],
        ),
        (
            "cryptosuite_of_another_key",
            changed(|c| c["proof"]["cryptosuite"] = "ecdsa-jcs-2019".into()),
            vec![Flaw::AlgorithmNotOfKey],
        ),
        (
            "cryptosuite_unknown",
            changed(|c| c["proof"]["cryptosuite"] = "none".into()),
            vec![Flaw::AlgorithmNotOfKey],
        ),
        (
            "proof_value_of_zeros",
            changed(|c| c["proof"]["proofValue"] = format!("z{}", "1".repeat(64)).into()),
            vec![Flaw::SignatureWrong],
        ),
    ];
    for (name, credential, flaws) in cases {
        let refused = UnverifiedCredential::parse(&bytes(&credential))
            .unwrap_or_else(|error| panic!("{name}: {error}"))
            .verify(right.public_key(), NOW)
            .expect_err(name);
        assert_eq!(refused.flaws(), flaws, "{name}");
    }
    // An end that is still to come is none yet.
    let whole = resigned(&right, same, |o| o.expires = Some(NOW.plus(-59)));
    UnverifiedCredential::parse(&bytes(&whole)).unwrap().verify(right.public_key(), NOW).unwrap();
}

#[test]
fn credentials_refused_by_the_parser() {
    let cases: Vec<(&str, Value, ParseError)> = vec![
        (
            "proof_missing",
            changed(|c| drop(c.as_object_mut().unwrap().remove("proof"))),
            ParseError::ProofCount,
        ),
        ("proof_null", changed(|c| c["proof"] = Value::Null), ParseError::ProofCount),
        ("no_proofs", changed(|c| c["proof"] = json!([])), ParseError::ProofCount),
        ("two_proofs", changed(|c| c["proof"] = json!([c["proof"], c["proof"]])), ParseError::ProofCount),
        ("proof_chained", changed(|c| c["proof"]["previousProof"] = "urn:x".into()), ParseError::ProofCount),
        (
            "proof_of_another_type",
            changed(|c| c["proof"]["type"] = "Ed25519Signature2020".into()),
            ParseError::ProofType,
        ),
        (
            "proof_value_missing",
            changed(|c| drop(c["proof"].as_object_mut().unwrap().remove("proofValue"))),
            ParseError::ProofValue,
        ),
        (
            "proof_value_truncated",
            changed(|c| {
                let v = c["proof"]["proofValue"].as_str().unwrap();
                c["proof"]["proofValue"] = v[..v.len() - 2].into();
            }),
            ParseError::ProofValue,
        ),
        (
            "proof_value_extended",
            changed(|c| c["proof"]["proofValue"] = format!("z{}", "2".repeat(2_000)).into()),
            ParseError::ProofValue,
        ),
        (
            "proof_value_leading_zero",
            changed(|c| {
                c["proof"]["proofValue"] =
                    c["proof"]["proofValue"].as_str().unwrap().replacen('z', "z1", 1).into();
            }),
            ParseError::ProofValue,
        ),
        (
            "proof_value_in_base64",
            changed(|c| {
                c["proof"]["proofValue"] =
                    c["proof"]["proofValue"].as_str().unwrap().replacen('z', "u", 1).into();
            }),
            ParseError::ProofValue,
        ),
        (
            "proof_value_alphabet",
            changed(|c| c["proof"]["proofValue"] = format!("z{}", "0".repeat(87)).into()),
            ParseError::ProofValue,
        ),
        (
            "verification_method_object",
            changed(|c| c["proof"]["verificationMethod"] = json!({"id": "x"})),
            ParseError::Proof("verificationMethod"),
        ),
        (
            "purpose_missing",
            changed(|c| drop(c["proof"].as_object_mut().unwrap().remove("proofPurpose"))),
            ParseError::Proof("proofPurpose"),
        ),
        (
            "created_without_zone",
            changed(|c| c["proof"]["created"] = "2026-03-02T04:00:00".into()),
            ParseError::Proof("created"),
        ),
        (
            "expires_as_number",
            changed(|c| c["proof"]["expires"] = 1_900_000_000.into()),
            ParseError::Proof("expires"),
        ),
        (
            "context_of_another_version",
            changed(|c| c["@context"][0] = "https://www.w3.org/2018/credentials/v1".into()),
            ParseError::Context,
        ),
        (
            "context_in_front",
            changed(|c| c["@context"].as_array_mut().unwrap().insert(0, "https://evil.example/v1".into())),
            ParseError::Context,
        ),
        (
            "context_a_text",
            changed(|c| c["@context"] = "https://www.w3.org/ns/credentials/v2".into()),
            ParseError::Context,
        ),
        (
            "type_of_a_presentation",
            changed(|c| c["type"] = json!(["VerifiablePresentation"])),
            ParseError::Type,
        ),
        ("type_with_number", changed(|c| c["type"] = json!(["VerifiableCredential", 1])), ParseError::Type),
        (
            "issuer_missing",
            changed(|c| drop(c.as_object_mut().unwrap().remove("issuer"))),
            ParseError::Member("issuer"),
        ),
        (
            "issuer_array",
            changed(|c| c["issuer"] = json!(["did:hui:anhui:zIssuer"])),
            ParseError::Member("issuer"),
        ),
        (
            "subject_missing",
            changed(|c| drop(c.as_object_mut().unwrap().remove("credentialSubject"))),
            ParseError::Member("credentialSubject"),
        ),
        (
            "subjects_none",
            changed(|c| c["credentialSubject"] = json!([])),
            ParseError::Member("credentialSubject"),
        ),
        (
            "previous_proofs_none",
            changed(|c| c["proof"]["previousProof"] = json!([])),
            ParseError::Proof("previousProof"),
        ),
        (
            "subject_a_text",
            changed(|c| c["credentialSubject"] = "x".into()),
            ParseError::Member("credentialSubject"),
        ),
        (
            "subject_id_number",
            changed(|c| c["credentialSubject"]["id"] = 1.into()),
            ParseError::Member("credentialSubject"),
        ),
        (
            "valid_until_number",
            changed(|c| c["validUntil"] = 1_900_000_000.into()),
            ParseError::Member("validUntil"),
        ),
        (
            "valid_from_date_only",
            changed(|c| c["validFrom"] = "2026-03-02".into()),
            ParseError::Member("validFrom"),
        ),
        (
            "status_not_understood",
            changed(|c| c["credentialStatus"] = json!({"type": "StatusList2021Entry"})),
            ParseError::Status(credentials::status::StatusRefError::Unsupported),
        ),
        (
            "status_index_negative",
            changed(|c| c["credentialStatus"][0]["statusListIndex"] = "-1".into()),
            ParseError::Status(credentials::status::StatusRefError::Malformed),
        ),
        (
            "status_index_number",
            changed(|c| c["credentialStatus"][0]["statusListIndex"] = 1.into()),
            ParseError::Status(credentials::status::StatusRefError::Malformed),
        ),
    ];
    for (name, credential, error) in cases {
        assert_eq!(UnverifiedCredential::parse(&bytes(&credential)).map(drop), Err(error), "{name}");
    }
    let text = vc_issued(Algorithm::EdDsa).to_string();
    let twice = text.replacen("{", r#"{"issuer":"did:hui:anhui:zOther","#, 1);
    for (name, text, error) in [
        ("duplicate_json_key", twice, json::Error::DuplicateName),
        ("nested_too_deep", "[".repeat(2_000), json::Error::TooDeep),
        ("cut_off", text[..text.len() - 1].to_owned(), json::Error::Syntax),
        ("too_long", format!("{text}{}", " ".repeat(12 << 20)), json::Error::TooLong),
    ] {
        let result = UnverifiedCredential::parse(text.as_bytes()).map(drop);
        assert_eq!(result, Err(ParseError::Json(error)), "{name}");
    }
}

#[test]
fn issuing_refuses() {
    use credentials::data_integrity::{IssueError, SecureError};
    let key = issuer(Algorithm::EdDsa);
    let mut with_id = vc_issuance();
    with_id.claims.insert("id".to_owned(), "did:example:other".into());
    assert_eq!(with_id.sign(&key), Err(IssueError::ClaimsHaveId));
    let mut another = vc_issuance();
    another.verification_method = "did:hui:anhui:zOther#key-1".to_owned();
    assert_eq!(another.sign(&key), Err(IssueError::KeyOfAnother));
    let secured = vc_issued(Algorithm::EdDsa).as_object().unwrap().clone();
    let (_, options) = presenting(Vec::new(), &vc_holder()).document();
    assert_eq!(secure(secured, options, &key), Err(SecureError::HasProof));
}

/// Our presentation, signed anew by a key after a change.
pub(crate) fn presented(
    key: &SoftwareKey,
    change: impl FnOnce(&mut Value),
    options: impl FnOnce(&mut ProofOptions),
) -> Value {
    let holder = key.public_key().did_key();
    let (document, mut with) = presenting(vec![vc_issued(Algorithm::EdDsa)], &holder).document();
    let mut document = Value::Object(document);
    change(&mut document);
    options(&mut with);
    secure(document.as_object().unwrap().clone(), with, key).unwrap()
}

#[test]
fn presentations_refused_by_verification() {
    let holder = key(2, Algorithm::EdDsa);
    let thief = key(77, Algorithm::EdDsa);
    let same = |_: &mut Value| {};
    let changed = |change: Change| {
        let mut presentation = vp_presented();
        change(&mut presentation);
        presentation
    };
    let cases: Vec<(&str, Value, Vec<Flaw>)> = vec![
        ("challenge_missing", presented(&holder, same, |o| o.challenge = None), vec![Flaw::ChallengeMissing]),
        (
            "challenge_of_another_request",
            presented(&holder, same, |o| o.challenge = Some("replayed".to_owned())),
            vec![Flaw::NonceWrong],
        ),
        (
            "challenge_a_prefix",
            presented(&holder, same, |o| o.challenge = Some(NONCE[..4].to_owned())),
            vec![Flaw::NonceWrong],
        ),
        ("domain_missing", presented(&holder, same, |o| o.domain = None), vec![Flaw::DomainMissing]),
        (
            "domain_of_another",
            presented(&holder, same, |o| {
                o.domain = Some("decentralized_identifier:did:hui:anhui:zOther".to_owned());
            }),
            vec![Flaw::AudienceWrong],
        ),
        (
            "challenge_and_domain_of_another",
            presented(&holder, same, |o| {
                o.domain = Some("x".to_owned());
                o.challenge = Some("y".to_owned());
            }),
            vec![Flaw::NonceWrong, Flaw::AudienceWrong],
        ),
        (
            "challenge_replaced",
            changed(|p| p["proof"]["challenge"] = "x".into()),
            vec![Flaw::KeyBindingSignatureWrong, Flaw::NonceWrong],
        ),
        (
            "made_too_long_ago",
            presented(&holder, same, |o| o.created = Some(NOW.plus(-301))),
            vec![Flaw::KeyBindingTooOld],
        ),
        ("made_at_no_time", presented(&holder, same, |o| o.created = None), vec![Flaw::KeyBindingTooOld]),
        (
            "made_in_future",
            presented(&holder, same, |o| o.created = Some(NOW.plus(61))),
            vec![Flaw::KeyBindingInFuture],
        ),
        (
            "proof_expired",
            presented(&holder, same, |o| o.expires = Some(NOW.plus(-60))),
            vec![Flaw::KeyBindingTooOld],
        ),
        (
            "wrong_proof_purpose",
            presented(&holder, same, |o| o.purpose = Purpose::AssertionMethod),
            vec![Flaw::PresentationPurposeWrong],
        ),
        ("credential_copied_to_another_key", presented(&thief, same, |_| {}), vec![Flaw::HolderIsAnother]),
        (
            "thief_names_the_holder",
            presented(&thief, |p| p["holder"] = vc_holder().did.into(), |_| {}),
            vec![Flaw::HolderIsAnother],
        ),
        (
            "holder_names_another",
            presented(&holder, |p| p["holder"] = "did:web:other.example".into(), |_| {}),
            vec![Flaw::HolderIsAnother],
        ),
        (
            "thief_names_the_holders_key",
            presented(
                &thief,
                |p| p["holder"] = vc_holder().did.into(),
                |o| o.verification_method = vc_holder().verification_method,
            ),
            vec![Flaw::KeyBindingSignatureWrong],
        ),
        (
            "holder_removed",
            changed(|p| drop(p.as_object_mut().unwrap().remove("holder"))),
            vec![Flaw::KeyBindingSignatureWrong],
        ),
        (
            "credential_exchanged",
            changed(|p| p["verifiableCredential"][0]["credentialSubject"]["name"] = "x".into()),
            vec![Flaw::KeyBindingSignatureWrong],
        ),
        (
            "subject_without_id",
            presented(
                &holder,
                |p| {
                    drop(
                        p["verifiableCredential"][0]["credentialSubject"]
                            .as_object_mut()
                            .unwrap()
                            .remove("id"),
                    );
                },
                |_| {},
            ),
            vec![Flaw::NotBound],
        ),
        (
            "second_subject_is_another",
            presented(
                &holder,
                |p| {
                    let s = p["verifiableCredential"][0]["credentialSubject"].clone();
                    p["verifiableCredential"][0]["credentialSubject"] =
                        json!([s, {"id": "did:example:other"}]);
                },
                |_| {},
            ),
            vec![Flaw::HolderIsAnother],
        ),
        (
            "key_not_the_holders_own",
            presented(&holder, same, |o| o.verification_method = "did:hui:anhui:zIssuer#key-1".to_owned()),
            vec![Flaw::NotBound],
        ),
        (
            "cryptosuite_of_another_key",
            changed(|p| p["proof"]["cryptosuite"] = "ecdsa-jcs-2019".into()),
            vec![Flaw::KeyBindingTypeWrong],
        ),
        (
            "context_injected",
            changed(|p| p["@context"].as_array_mut().unwrap().push("https://evil.example/v1".into())),
            vec![Flaw::KeyBindingSignatureWrong],
        ),
        (
            "two_domains",
            changed(|p| p["proof"]["domain"] = json!([AUDIENCE, "x"])),
            vec![Flaw::KeyBindingSignatureWrong, Flaw::AudienceWrong],
        ),
        (
            "no_domains",
            changed(|p| p["proof"]["domain"] = json!([])),
            vec![Flaw::KeyBindingSignatureWrong, Flaw::DomainMissing],
        ),
        (
            // Only the signature is wrong: a list of the one is the one.
            "domain_put_into_a_list",
            changed(|p| p["proof"]["domain"] = json!([AUDIENCE])),
            vec![Flaw::KeyBindingSignatureWrong],
        ),
    ];
    for (name, presentation, flaws) in cases {
        let refused = UnverifiedPresentation::parse(&bytes(&presentation))
            .unwrap_or_else(|error| panic!("{name}: {error}"))
            .verify(&expect())
            .expect_err(name);
        assert_eq!(refused.flaws(), flaws, "{name}");
    }
    let whole = presented(&holder, same, |_| {});
    UnverifiedPresentation::parse(&bytes(&whole)).unwrap().verify(&expect()).unwrap();
}

/// A single credential may stand without a list around it.
#[test]
fn one_credential_without_a_list() {
    let holder = key(2, Algorithm::EdDsa);
    let presentation =
        presented(&holder, |p| p["verifiableCredential"] = p["verifiableCredential"][0].take(), |_| {});
    let read = UnverifiedPresentation::parse(&bytes(&presentation)).unwrap();
    assert_eq!(read.verify(&expect()).unwrap().credentials().len(), 1);
    let mut most = vp_presented();
    most["verifiableCredential"] = vec![vc_issued(Algorithm::EdDsa); 16].into();
    assert_eq!(UnverifiedPresentation::parse(&bytes(&most)).unwrap().credentials().len(), 16);
}

#[test]
fn presentations_refused_by_the_parser() {
    let changed = |change: Change| {
        let mut presentation = vp_presented();
        change(&mut presentation);
        presentation
    };
    for (name, presentation, error) in [
        ("a_credential", vc_issued(Algorithm::EdDsa), ParseError::Type),
        (
            "without_credentials",
            changed(|p| p["verifiableCredential"] = json!([])),
            ParseError::Member("verifiableCredential"),
        ),
        (
            "credentials_missing",
            changed(|p| drop(p.as_object_mut().unwrap().remove("verifiableCredential"))),
            ParseError::Member("verifiableCredential"),
        ),
        (
            "credential_without_proof",
            changed(|p| drop(p["verifiableCredential"][0].as_object_mut().unwrap().remove("proof"))),
            ParseError::ProofCount,
        ),
        (
            "credential_a_text",
            changed(|p| p["verifiableCredential"][0] = "x".into()),
            ParseError::NotAnObject,
        ),
        (
            "enveloped",
            changed(
                |p| p["verifiableCredential"][0] = json!({"@context": ["https://www.w3.org/ns/credentials/v2"], "type": "EnvelopedVerifiableCredential", "id": "data:application/vc+jwt,x"}),
            ),
            ParseError::ProofCount,
        ),
        (
            "too_many",
            changed(|p| {
                let c = p["verifiableCredential"][0].clone();
                p["verifiableCredential"] = Value::Array(vec![c; 17]);
            }),
            ParseError::TooMany,
        ),
        ("holder_number", changed(|p| p["holder"] = 1.into()), ParseError::Member("holder")),
        ("challenge_number", changed(|p| p["proof"]["challenge"] = 1.into()), ParseError::Proof("challenge")),
        ("domain_number", changed(|p| p["proof"]["domain"] = json!([1])), ParseError::Proof("domain")),
    ] {
        assert_eq!(UnverifiedPresentation::parse(&bytes(&presentation)).map(drop), Err(error), "{name}");
    }
}

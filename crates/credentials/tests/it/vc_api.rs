//! VC-API: every mechanism issues what verifies, and nothing else is issued or read.

use credentials::data_integrity::{ParseError, SecureError, UnverifiedCredential, sd};
use credentials::json;
use credentials::jsonld::{Contexts, JsonLdError};
use credentials::key::{SelfContained, Signer, SoftwareKey};
use credentials::vc_api::{
    Check, IssueFailed, IssueRequest, Mechanism, READING, RequestError, VerifyCredentialRequest,
    VerifyPresentationRequest,
};
use serde_json::{Value, json};

use crate::support::{NOW, key};

/// A change to a request.
type Change = fn(&mut Value);

fn instance(mechanism: Mechanism) -> (SelfContained, SoftwareKey) {
    let key = key(7, mechanism.algorithm());
    (key.public_key().did_key(), key)
}

fn issue(mechanism: Mechanism, request: &Value) -> Result<Value, IssueFailed> {
    let (issuer, key) = instance(mechanism);
    let request = IssueRequest::parse(request.to_string().as_bytes()).unwrap();
    mechanism.issue(request, (&issuer, &key), NOW, Contexts::pinned(), &mut testkit::rng(8))
}

fn credential() -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": "urn:uuid:6c8c1f0e-5c37-4ad1-93c7-8b7e6c3a0001",
        "type": ["VerifiableCredential"],
        "credentialSubject": {"id": "urn:uuid:6c8c1f0e-5c37-4ad1-93c7-8b7e6c3a0002", "name": "云帆", "description": "x"},
    })
}

/// The same as VCDM 1.1, whose context has fewer terms.
fn credential_v1() -> Value {
    json!({
        "@context": ["https://www.w3.org/2018/credentials/v1"],
        "type": ["VerifiableCredential"],
        "issuanceDate": "2026-01-01T00:00:00Z",
        "credentialSubject": {"id": "urn:uuid:6c8c1f0e-5c37-4ad1-93c7-8b7e6c3a0002"},
    })
}

#[test]
fn every_mechanism_issues_what_verifies() {
    for mechanism in Mechanism::ALL {
        assert_eq!(Mechanism::named(mechanism.name()), Some(mechanism));
        for credential in [credential(), credential_v1()] {
            let name = mechanism.name();
            let mut request = json!({"credential": credential});
            if mechanism == Mechanism::EcdsaSd2023 {
                request["options"] = json!({"mandatoryPointers": ["/issuer"]});
                if credential.get("issuanceDate").is_some() {
                    request["options"] = json!({"mandatoryPointers": ["/issuer", "/issuanceDate"]});
                }
            }
            let mut issued = issue(mechanism, &request).unwrap();
            if mechanism == Mechanism::EcdsaSd2023 {
                let pointers = ["/credentialSubject".to_owned()];
                issued = sd::derive(issued.as_object().unwrap(), &pointers, Contexts::pinned()).unwrap();
            }
            assert_eq!(issued["proof"]["cryptosuite"], mechanism.cryptosuite().name());
            let (issuer, key) = instance(mechanism);
            assert_eq!(issued["issuer"], issuer.did);
            let read = UnverifiedCredential::read_as(issued, READING).unwrap();
            read.clone()
                .verify_all(&|_| Some(key.public_key().clone()), NOW, Contexts::pinned())
                .expect(name);
            let other = crate::support::key(9, mechanism.algorithm());
            read.verify_all(&|_| Some(other.public_key().clone()), NOW, Contexts::pinned()).expect_err(name);
        }
    }
}

#[test]
fn what_is_not_issued() {
    let rdf = Mechanism::EddsaRdfc2022;
    let cases: Vec<(&str, Mechanism, Change, IssueFailed)> = vec![
        (
            "issuer_another",
            rdf,
            |r| r["credential"]["issuer"] = "did:key:zOther".into(),
            ParseError::Member("issuer").into(),
        ),
        ("proof_there", rdf, |r| r["credential"]["proof"] = json!({}), ParseError::ProofCount.into()),
        ("no_object", rdf, |r| r["credential"] = "eyJ".into(), ParseError::NotAnObject.into()),
        (
            "subject_missing",
            rdf,
            |r| drop(r["credential"].as_object_mut().unwrap().remove("credentialSubject")),
            ParseError::Member("credentialSubject").into(),
        ),
        ("type_missing", rdf, |r| r["credential"]["type"] = json!(["Other"]), ParseError::Type.into()),
        ("context_missing", rdf, |r| r["credential"]["@context"] = json!([]), ParseError::Context.into()),
        (
            "term_undefined",
            rdf,
            |r| r["credential"]["credentialSubject"]["undefined"] = 1.into(),
            SecureError::JsonLd(JsonLdError::TermUndefined).into(),
        ),
        (
            "type_undefined",
            rdf,
            |r| r["credential"]["type"] = json!(["VerifiableCredential", "Undefined"]),
            SecureError::JsonLd(JsonLdError::TermUndefined).into(),
        ),
        (
            "pointers_for_the_whole",
            rdf,
            |r| r["options"] = json!({"mandatoryPointers": ["/issuer"]}),
            IssueFailed::NoPointers,
        ),
        (
            "pointer_to_nothing",
            Mechanism::EcdsaSd2023,
            |r| r["options"] = json!({"mandatoryPointers": ["/nothing"]}),
            SecureError::JsonLd(JsonLdError::Pointer).into(),
        ),
    ];
    for (name, mechanism, change, error) in cases {
        let mut request = json!({"credential": credential()});
        change(&mut request);
        assert_eq!(issue(mechanism, &request).map(drop), Err(error), "{name}");
    }
}

#[test]
fn requests_refused() {
    let shape = Err(RequestError::Shape);
    for (name, body) in [
        ("credential_missing", "{}"),
        ("member_unknown", r#"{"credential":{},"extra":1}"#),
        ("option_unknown", r#"{"credential":{},"options":{"credentialStatus":{"type":"x"}}}"#),
        ("pointers_text", r#"{"credential":{},"options":{"mandatoryPointers":"/issuer"}}"#),
        ("an_array", "[]"),
    ] {
        assert_eq!(IssueRequest::parse(body.as_bytes()).map(drop), shape, "{name}");
    }
    for (name, body) in [
        ("check_unknown", r#"{"verifiableCredential":{},"options":{"checks":["nothing"]}}"#),
        ("challenge_number", r#"{"verifiableCredential":{},"options":{"challenge":1}}"#),
    ] {
        assert_eq!(VerifyCredentialRequest::parse(body.as_bytes()).map(drop), shape, "{name}");
    }
    for (name, body) in [
        ("challenge_missing", r#"{"verifiablePresentation":{},"options":{}}"#),
        ("options_missing", r#"{"verifiablePresentation":{}}"#),
    ] {
        assert_eq!(VerifyPresentationRequest::parse(body.as_bytes()).map(drop), shape, "{name}");
    }
    let twice = r#"{"credential":{},"credential":{}}"#;
    assert_eq!(IssueRequest::parse(twice.as_bytes()).map(drop), Err(json::Error::DuplicateName.into()));
}

#[test]
fn everything_is_checked_unless_less_is_asked_for() {
    assert!(Check::Status.is_among(None) && Check::Binding.is_among(None));
    assert!(!Check::Status.is_among(Some(&[Check::Proof])));
    assert!(Check::Status.is_among(Some(&[Check::Proof, Check::Status])));
}

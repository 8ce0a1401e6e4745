//! VC-API: every mechanism issues what verifies, and nothing else is issued or read.

use credentials::data_integrity::{ParseError, SecureError};

use credentials::jsonld::{Contexts, JsonLdError};
use credentials::key::{PublicKey, SelfContained};
use credentials::vc_api::{
    Check, DeriveFailed, DeriveRequest, Instance, IssueFailed, IssueRequest, Mechanism, RequestError,
    Secured, VerifyCredentialRequest, VerifyPresentationRequest,
};
use credentials::{Flaw, json};
use serde_json::{Value, json};

use crate::support::NOW;

/// A change to a request.
type Change = fn(&mut Value);

fn instance(mechanism: Mechanism, secret: u8) -> Instance {
    Instance::from_secret(mechanism, &[secret; 48]).unwrap()
}

/// What the DID says, as a service looks it up.
fn keys(method: &str) -> Option<PublicKey> {
    SelfContained::parse(method).ok().map(|found| found.key)
}

fn issue(mechanism: Mechanism, request: &Value) -> Result<Value, IssueFailed> {
    let request = IssueRequest::parse(request.to_string().as_bytes()).unwrap();
    instance(mechanism, 7).issue(request, NOW, Contexts::pinned(), &mut testkit::rng(8))
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

fn derived(credential: &Value, pointers: &[&str]) -> Result<Value, DeriveFailed> {
    let request = json!({"verifiableCredential": credential, "options": {"selectivePointers": pointers}});
    let request = DeriveRequest::parse(request.to_string().as_bytes()).unwrap();
    request.derive(Contexts::pinned(), &mut testkit::rng(9))
}

fn flaws(credential: Value) -> Vec<Flaw> {
    let read = Secured::read(credential).unwrap();
    read.check(&keys, NOW, Contexts::pinned()).flaws().to_vec()
}

#[test]
fn every_mechanism_issues_what_verifies() {
    for &mechanism in Mechanism::ALL {
        assert_eq!(Mechanism::named(mechanism.name()), Some(mechanism));
        let name = mechanism.name();
        for credential in [credential(), credential_v1()] {
            let is_v1 = credential.get("issuanceDate").is_some();
            let mut request = json!({"credential": credential});
            if mechanism.discloses_selectively() {
                let always: &[&str] = if is_v1 { &["/issuer", "/issuanceDate"] } else { &["/issuer"] };
                request["options"] = json!({"mandatoryPointers": always});
            }
            let Some(suite) = mechanism.cryptosuite() else {
                if is_v1 {
                    let refused = Err(ParseError::Context.into());
                    assert_eq!(issue(mechanism, &request).map(drop), refused, "{name} holds VCDM 2.0 alone");
                } else {
                    let issued = issue(mechanism, &request).unwrap();
                    assert_eq!(flaws(issued.clone()), [], "{name}");
                    let read = Secured::read(issued).unwrap();
                    assert_eq!(read.content().issuer(), instance(mechanism, 7).did());
                    let of_another = |_: &str| keys(instance(mechanism, 9).verification_method());
                    let found = read.check(&of_another, NOW, Contexts::pinned());
                    assert_eq!(found.flaws(), [Flaw::SignatureWrong], "{name}");
                    let found = read.check(&|_| None, NOW, Contexts::pinned());
                    assert_eq!(found.flaws(), [Flaw::KeyOfAnotherController], "{name}");
                    assert_eq!(
                        read.check_answer(Some("n"), Some("d")).flaws(),
                        [Flaw::ChallengeMissing, Flaw::DomainMissing]
                    );
                }
                continue;
            };
            let mut issued = issue(mechanism, &request).unwrap();
            if mechanism.discloses_selectively() {
                issued = derived(&issued, &["/credentialSubject"]).unwrap();
            }
            assert_eq!(issued["proof"]["cryptosuite"], suite.name());
            assert_eq!(issued["issuer"], instance(mechanism, 7).did());
            assert_eq!(flaws(issued.clone()), [], "{name}");
            let other = instance(mechanism, 9);
            issued["proof"]["verificationMethod"] = other.verification_method().into();
            let wrong = flaws(issued);
            assert!(wrong.contains(&Flaw::SignatureWrong), "{name}: {wrong:?}");
            assert!(wrong.contains(&Flaw::KeyOfAnotherController), "{name}: {wrong:?}");
        }
    }
}

#[test]
fn claims_of_a_token_are_chosen_by_pointers() {
    let mandatory = json!({"mandatoryPointers": ["/credentialSubject/description"]});
    let issued =
        issue(Mechanism::VcSdJwt, &json!({"credential": credential(), "options": mandatory})).unwrap();
    let subject = |credential: Value| {
        let read = Secured::read(credential.clone()).unwrap();
        assert_eq!(flaws(credential), []);
        read.content().dangerous_members()["credentialSubject"].clone()
    };
    assert_eq!(subject(issued.clone()), credential()["credentialSubject"], "the holder has all");
    let none = subject(derived(&issued, &[]).unwrap());
    assert!(none.get("name").is_none() && none.get("description").is_some() && none.get("id").is_some());
    let name = subject(derived(&issued, &["/credentialSubject/name"]).unwrap());
    assert_eq!(name, credential()["credentialSubject"]);
    for pointer in ["", "name", "/nothing", "/credentialSubject/~2", "/type/00", "/type/2"] {
        let refused = derived(&issued, &[pointer]);
        assert_eq!(refused, Err(DeriveFailed::Pointer(JsonLdError::Pointer)), "{pointer:?}");
    }
    for whole in [Mechanism::VcJwt, Mechanism::VcCose] {
        let issued = issue(whole, &json!({"credential": credential()})).unwrap();
        assert_eq!(derived(&issued, &[]), Err(DeriveFailed::Whole));
    }
    assert_eq!(derived(&json!("eyJ"), &[]), Err(DeriveFailed::NotAnObject));
    let proven = issue(Mechanism::EddsaRdfc2022, &json!({"credential": credential()})).unwrap();
    assert!(matches!(derived(&proven, &[]), Err(DeriveFailed::Statements(_))));
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
            "pointers_for_a_plain_token",
            Mechanism::VcJwt,
            |r| r["options"] = json!({"mandatoryPointers": ["/issuer"]}),
            IssueFailed::NoPointers,
        ),
        (
            "pointer_to_nothing_in_a_token",
            Mechanism::VcSdJwt,
            |r| r["options"] = json!({"mandatoryPointers": ["/nothing"]}),
            SecureError::JsonLd(JsonLdError::Pointer).into(),
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

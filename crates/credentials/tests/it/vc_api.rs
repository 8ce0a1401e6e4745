//! VC-API: every mechanism issues what verifies, and nothing else is issued or read.

use credentials::data_integrity::{ParseError, SecureError};

use credentials::jsonld::{Contexts, JsonLdError};
use credentials::key::{PublicKey, SelfContained};
use credentials::vc_api::{
    Check, DeriveFailed, DeriveRequest, Instance, IssueFailed, IssueRequest, Mechanism, RequestError,
    Secured, StatusRequest, VerifyCredentialRequest, VerifyPresentationRequest,
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
        ("an_array_in_its_order", r#"[{"id":"urn:1"},{"mandatoryPointers":[]}]"#),
        ("options_in_their_order", r#"{"credential":{},"options":[["/issuer"]]}"#),
        ("options_null", r#"{"credential":{},"options":null}"#),
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

/// What the issuer says of itself and of the time is in every proof and token.
#[test]
fn issued_by_whom_and_when() {
    for &mechanism in Mechanism::ALL {
        let name = mechanism.name();
        let issuer = instance(mechanism, 7);
        assert_eq!(issuer.mechanism(), mechanism);
        assert!(issuer.verification_method().starts_with(&format!("{}#z", issuer.did())), "{name}");
        let issued = issue(mechanism, &json!({"credential": credential()})).unwrap();
        if let Some(proof) = issued.get("proof") {
            assert_eq!(proof["created"], NOW.rfc3339(), "{name}");
            assert_eq!(proof["proofPurpose"], "assertionMethod", "{name}");
            assert_eq!(proof["verificationMethod"], issuer.verification_method(), "{name}");
            for absent in ["expires", "challenge", "domain", "id", "previousProof"] {
                assert!(proof.get(absent).is_none(), "{name} {absent}");
            }
        }
        let read = Secured::read(issued).unwrap();
        // COSE messages carry no time of their own.
        let at = (mechanism != Mechanism::VcCose).then_some(NOW);
        assert_eq!(read.created(), at, "{name}");
        assert_eq!(read.signed_with(), [(issuer.verification_method().to_owned(), at)], "{name}");
        assert_eq!(read.content().issuer(), issuer.did(), "{name}");
    }
    assert!(Instance::from_secret(Mechanism::VcJwt, &[0xff; 48]).is_none(), "no secret of P-256");
    assert!(Instance::from_secret(Mechanism::EcdsaJcs2019P384, &[0; 48]).is_none(), "no secret of P-384");
    assert_eq!(Mechanism::named("eddsa-rdfc-2021"), None);
}

#[test]
fn kinds_of_keys_as_the_suites_name_them() {
    let kinds: Vec<_> = Mechanism::ALL
        .iter()
        .map(|mechanism| (mechanism.name(), mechanism.key_type(), mechanism.discloses_selectively()))
        .collect();
    for expected in [
        ("eddsa-jcs-2022", "Ed25519", false),
        ("eddsa-rdfc-2022", "Ed25519", false),
        ("ecdsa-jcs-2019-p256", "P-256", false),
        ("ecdsa-jcs-2019-p384", "P-384", false),
        ("ecdsa-rdfc-2019-p256", "P-256", false),
        ("ecdsa-rdfc-2019-p384", "P-384", false),
        ("ecdsa-sd-2023", "P-256", true),
        ("vc-jwt", "P-256", false),
        ("vc-sd-jwt", "P-256", true),
        ("vc-cose", "P-256", false),
        #[cfg(feature = "bbs")]
        ("bbs-2023", "Bls12381G2", true),
    ] {
        assert!(kinds.contains(&expected), "{expected:?}");
    }
}

/// An answer is compared with what was asked, and only with what was asked.
#[test]
fn answers_as_far_as_they_are_asked_for() {
    let proven = Secured::read(issue(Mechanism::EddsaJcs2022, &json!({"credential": credential()})).unwrap());
    let enveloped = Secured::read(issue(Mechanism::VcJwt, &json!({"credential": credential()})).unwrap());
    for (name, read) in [("proofs", proven.unwrap()), ("envelope", enveloped.unwrap())] {
        assert_eq!(read.check_answer(None, None).flaws(), [], "{name}");
        assert_eq!(read.check_answer(Some("n"), None).flaws(), [Flaw::ChallengeMissing], "{name}");
        assert_eq!(read.check_answer(None, Some("d")).flaws(), [Flaw::DomainMissing], "{name}");
    }
}

/// Every proof of a set counts, also the second one beside a proof of BBS.
#[cfg(feature = "bbs")]
#[test]
fn a_proof_of_bbs_vouches_for_no_other() {
    let issued = issue(Mechanism::Bbs2023, &json!({"credential": credential()})).unwrap();
    let shown = derived(&issued, &["/issuer", "/credentialSubject"]).unwrap();
    assert_eq!(flaws(shown.clone()), []);
    let mut set = shown.clone();
    set["proof"] = json!([shown["proof"], shown["proof"]]);
    assert_eq!(flaws(set), [Flaw::ProofChainBroken]);
    let plain = issue(Mechanism::EddsaRdfc2022, &json!({"credential": credential()})).unwrap();
    let mut set = shown;
    set["proof"] = json!([set["proof"], plain["proof"]]);
    assert!(flaws(set).contains(&Flaw::ProofChainBroken));
}

/// Claims that a pointer names, in whole or in part, always show; of several subjects too.
#[test]
fn what_a_token_always_shows() {
    let document = |subject: Value| {
        let mut document = credential();
        document["credentialSubject"] = subject;
        document
    };
    let shown = |subject: Value, mandatory: &[&str], chosen: &[&str]| {
        let request = json!({"credential": document(subject), "options": {"mandatoryPointers": mandatory}});
        let issued = issue(Mechanism::VcSdJwt, &request).unwrap();
        let shown = derived(&issued, chosen).unwrap();
        assert_eq!(flaws(shown.clone()), []);
        Secured::read(shown).unwrap().content().dangerous_members()["credentialSubject"].clone()
    };
    let one = || json!({"id": "urn:a", "name": "x", "parts": {"b": 1, "c": [1, 2]}});
    assert_eq!(shown(one(), &[], &[]), json!({"id": "urn:a"}));
    assert_eq!(shown(one(), &["/credentialSubject/name"], &[]), json!({"id": "urn:a", "name": "x"}));
    for inside in ["/credentialSubject/parts", "/credentialSubject/parts/b", "/credentialSubject/parts/c/1"] {
        assert_eq!(shown(one(), &[inside], &[]), json!({"id": "urn:a", "parts": one()["parts"]}), "{inside}");
    }
    assert_eq!(shown(one(), &["/credentialSubject"], &[]), one());
    assert_eq!(shown(one(), &["/issuer"], &["/credentialSubject/parts"])["parts"], one()["parts"]);
    let two = || json!([{"id": "urn:a", "name": "x"}, {"name": "y", "other": "z"}]);
    assert_eq!(shown(two(), &[], &[]), json!([{"id": "urn:a"}, {}]));
    let shows = shown(two(), &["/credentialSubject/1/other"], &["/credentialSubject/0/name"]);
    assert_eq!(shows, json!([{"id": "urn:a", "name": "x"}, {"other": "z"}]));
    let request = json!({"credential": document(two())});
    let issued = issue(Mechanism::VcSdJwt, &request).unwrap();
    for pointer in [
        "/credentialSubject/2",
        "/credentialSubject/00",
        "/credentialSubject/+1",
        "/credentialSubject/-",
        "/credentialSubject/0/name/x",
        "/type/0/x",
        "/id/x",
    ] {
        let refused = derived(&issued, &[pointer]);
        assert_eq!(refused, Err(DeriveFailed::Pointer(JsonLdError::Pointer)), "{pointer}");
    }
}

#[test]
fn requests_in_full() {
    let parsed = |body: Value| StatusRequest::parse(body.to_string().as_bytes());
    let change = |status: Value| {
        let mut change = json!({"type": "BitstringStatusListEntry", "statusPurpose": "revocation"});
        if !status.is_null() {
            change["status"] = status;
        }
        json!({"credentialId": "urn:1", "credentialStatus": change})
    };
    for (status, expected) in [(json!(null), true), (json!(true), true), (json!(false), false)] {
        let read = parsed(change(status)).unwrap();
        assert_eq!((read.credential_id.as_str(), read.credential_status.status), ("urn:1", expected));
        assert_eq!(read.credential_status.status_purpose, "revocation");
        assert_eq!(read.credential_status.r#type, "BitstringStatusListEntry");
    }
    assert_eq!(parsed(change(json!("false"))).map(drop), Err(RequestError::Shape), "status_in_words");
    let mut more = change(json!(true));
    more["credentialStatus"]["index"] = 1.into();
    assert_eq!(parsed(more).map(drop), Err(RequestError::Shape), "member_unknown");
    let in_its_order = json!({"credentialId": "urn:1", "credentialStatus": ["BitstringStatusListEntry", "revocation", false]});
    assert_eq!(parsed(in_its_order).map(drop), Err(RequestError::Shape), "change_in_its_order");
    let checks = r#"{"verifiableCredential":{},"options":{"checks":["proof","credentialStatus","status","binding"],"domain":"d"}}"#;
    let read = VerifyCredentialRequest::parse(checks.as_bytes()).unwrap().options;
    assert_eq!(read.checks.unwrap(), [Check::Proof, Check::Status, Check::Status, Check::Binding]);
    assert_eq!((read.challenge, read.domain.as_deref()), (None, Some("d")));
    let presentation = r#"{"verifiablePresentation":{},"options":{"challenge":"c"}}"#;
    let read = VerifyPresentationRequest::parse(presentation.as_bytes()).unwrap().options;
    assert_eq!((read.challenge.as_str(), read.domain, read.checks), ("c", None, None));
    for (name, body) in [
        ("pointer_number", r#"{"verifiableCredential":{},"options":{"selectivePointers":[1]}}"#),
        ("mandatory_here", r#"{"verifiableCredential":{},"options":{"mandatoryPointers":[]}}"#),
        ("snake_case", r#"{"verifiable_credential":{}}"#),
    ] {
        assert_eq!(DeriveRequest::parse(body.as_bytes()).map(drop), Err(RequestError::Shape), "{name}");
    }
    assert!(
        DeriveRequest::parse(br#"{"verifiableCredential":{}}"#)
            .unwrap()
            .options
            .selective_pointers
            .is_empty()
    );
}

/// A key by another name than its own is nobody's, though it signed.
#[cfg(feature = "bbs")]
#[test]
fn a_key_of_bbs_goes_by_its_own_name() {
    use credentials::bbs::SecretKey;
    use credentials::data_integrity::{ProofOptions, Purpose, bbs};
    let key = SecretKey::from_material(&[7; 48], b"").unwrap();
    let method = key.public_key().did_key_method();
    let did = method.split('#').next().unwrap().to_owned();
    for (method, expected) in [
        (method.clone(), vec![]),
        (format!("{did}#key-1"), vec![Flaw::KeyOfAnotherController]),
        (did.clone(), vec![Flaw::KeyOfAnotherController]),
    ] {
        let mut document = credential();
        document["issuer"] = did.as_str().into();
        let options = ProofOptions {
            verification_method: method.clone(),
            purpose: Purpose::AssertionMethod,
            created: Some(NOW),
            expires: None,
            challenge: None,
            domain: None,
        };
        let issuing = bbs::Issuing {
            document: document.as_object().unwrap().clone(),
            options,
            mandatory: vec!["/issuer".to_owned()],
            contexts: Contexts::pinned(),
        };
        let issued = issuing.sign(&key, &bbs::LabelKey::generate(&mut testkit::rng(3))).unwrap();
        let shown = derived(&issued, &["/credentialSubject"]).unwrap();
        let found = flaws(shown);
        assert_eq!(found.is_empty(), expected.is_empty(), "{method}: {found:?}");
        assert!(expected.iter().all(|flaw| found.contains(flaw)), "{method}: {found:?}");
    }
}

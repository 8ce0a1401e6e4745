//! `vc+jwt`, `vp+jwt`, `vc+sd-jwt`, `vp+sd-jwt`: issued, presented, verified, in envelopes.

use credentials::data_integrity;
use credentials::envelope::{EnvelopeError, EnvelopedPresentation, MediaType, Presented};
use credentials::key::{Algorithm, PublicKey, SelfContained, Signer, SoftwareKey};
use credentials::sd_jwt::{Concealing, Hash};
use credentials::vc_jose::{
    self, Document, Expect, IssueError, ParseError, PresentationError, Presenting, UnverifiedCredential,
    UnverifiedPresentation,
};
use credentials::{CheckName, ClaimPath, Flaw, Outcome, vc_cose};
use serde_json::{Map, Value, json};

use crate::support::{
    AUDIENCE, MAX_AGE, NONCE, NOW, expect, holder, issuer, key, vc_holder, vc_issuance, vc_issued,
};

pub(crate) fn issued(algorithm: Algorithm) -> String {
    let signer = issuer(algorithm);
    vc_jose::issue(vc_issuance(), signer.public_key()).unwrap().sign(&signer).unwrap()
}

pub(crate) fn issued_sd(holder: Option<&PublicKey>) -> String {
    let disclosable = [
        ClaimPath::members(&["credentialSubject", "name"]),
        ClaimPath::members(&["credentialSubject", "creditCode"]),
        ClaimPath::members(&["credentialSubject", "legalRepresentative"]),
    ];
    let concealing = Concealing { disclosable: &disclosable, hash: Hash::Sha384, decoys: 0, inner_decoys: 2 };
    let signer = issuer(Algorithm::Es256);
    let rng = &mut testkit::rng(5);
    vc_jose::issue_sd(vc_issuance(), &concealing, holder, signer.public_key(), rng)
        .unwrap()
        .sign(&signer)
        .unwrap()
}

pub(crate) fn presenting<'a>(holder: &'a SelfContained) -> Presenting<'a> {
    let credentials = vec![(MediaType::VcJwt, issued(Algorithm::Es256).into_bytes())];
    Presenting { holder, credentials, nonce: NONCE, audience: AUDIENCE, created: NOW }
}

/// The key of [`vc_holder`].
pub(crate) fn holder_key() -> SoftwareKey {
    key(2, Algorithm::EdDsa)
}

#[test]
fn a_credential_is_issued_and_verified() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Es384] {
        let credential = UnverifiedCredential::parse(&issued(algorithm)).unwrap();
        assert_eq!(credential.issuer(), "did:hui:anhui:zIssuer");
        assert_eq!(credential.kid(), Some("did:hui:anhui:zIssuer#key-1"));
        assert!(credential.status().is_some() && credential.holder().is_none());
        assert_eq!((credential.issued_at(), credential.valid_from()), (Some(NOW), Some(NOW)));
        let verified = credential.verify(issuer(algorithm).public_key(), NOW).unwrap();
        assert_eq!(verified.subject()["id"], vc_holder().did.as_str());
        assert_eq!(verified.types(), ["VerifiableCredential", "BusinessLicence"]);
        assert_eq!(verified.findings().outcome(CheckName::Validity), Outcome::Passed);
        assert!(!format!("{verified:?}").contains("合肥"), "Debug shows no claims");
    }
}

#[test]
fn claims_are_chosen_and_bound() {
    let wallet = holder();
    let key = issuer(Algorithm::Es256);
    let text = issued_sd(Some(wallet.public_key()));
    let credential = UnverifiedCredential::parse_sd(&text).unwrap();
    assert_eq!(credential.holder(), Some(wallet.public_key()));
    let whole = credential.clone().verify(key.public_key(), NOW).unwrap();
    assert_eq!(whole.subject()["name"], vc_issuance().claims["name"]);

    let chosen = [ClaimPath::members(&["credentialSubject", "name"])];
    let selection = credential.sd_jwt().unwrap().select(&chosen).unwrap();
    let without = UnverifiedCredential::parse_sd(selection.text()).unwrap();
    let presented = selection.bind(AUDIENCE, NONCE, NOW).unwrap().sign(&wallet).unwrap();
    let presented = UnverifiedCredential::parse_sd(&presented).unwrap();
    let verified = presented.clone().verify_presented(key.public_key(), &expect()).unwrap();
    assert!(verified.subject().get("creditCode").is_none() && verified.subject().get("name").is_some());

    let flaws = |result: Result<vc_jose::VerifiedCredential, credentials::Refused>| {
        result.unwrap_err().flaws().to_vec()
    };
    let missing = without.verify_presented(key.public_key(), &expect());
    assert_eq!(flaws(missing), [Flaw::KeyBindingMissing], "kb_jwt_stripped");
    let bound = presented.verify(key.public_key(), NOW);
    assert_eq!(flaws(bound), [Flaw::KeyBindingForAnotherPresentation], "kb_jwt_where_none_is_due");
    let plain = UnverifiedCredential::parse(&issued(Algorithm::Es256)).unwrap();
    let plain = plain.verify_presented(key.public_key(), &expect());
    assert_eq!(flaws(plain), [Flaw::KeyBindingMissing], "vc_jwt_as_presentation");
}

#[test]
fn what_limits_a_credential_is_never_hidden() {
    let signer = issuer(Algorithm::Es256);
    for name in ["issuer", "validUntil", "credentialStatus", "@context", "type"] {
        let disclosable = [ClaimPath::top(name)];
        let concealing = Concealing { disclosable: &disclosable, ..Concealing::default() };
        let rng = &mut testkit::rng(5);
        let made = vc_jose::issue_sd(vc_issuance(), &concealing, None, signer.public_key(), rng);
        assert_eq!(made.map(drop), Err(IssueError::MustAlwaysShow(ClaimPath::top(name))));
        // And whoever does it all the same isn't read.
        let (document, _) = vc_issuance().document().unwrap();
        let concealed = concealing.conceal(document, &mut testkit::rng(5)).unwrap();
        let header = credentials::jws::Header::typed("vc+sd-jwt");
        let text = concealed.prepare(&header, signer.public_key()).unwrap().sign(&signer).unwrap();
        let refused = ParseError::SdJwt(credentials::sd_jwt::ParseError::MustAlwaysShow);
        assert_eq!(UnverifiedCredential::parse_sd(&text).map(drop), Err(refused), "{name}");
    }
}

/// Every kind of secured credential in one presentation, each verified with its issuer's key.
#[test]
fn a_presentation_of_every_kind() {
    let holder = vc_holder();
    let cose = issuer(Algorithm::Es384);
    let message = vc_cose::issue(vc_issuance(), cose.public_key()).unwrap().sign(&cose).unwrap();
    let mut presenting = presenting(&holder);
    presenting.credentials.push((MediaType::VcSdJwt, issued_sd(Some(&holder.key)).into_bytes()));
    presenting.credentials.push((MediaType::VcCose, message));
    let text = presenting.prepare().unwrap().sign(&holder_key()).unwrap();
    let presentation = UnverifiedPresentation::parse(&text).unwrap();
    assert_eq!(presentation.kid(), Some(holder.verification_method.as_str()));
    let verified = presentation.verify(&expect()).unwrap();
    assert_eq!(verified.holder(), holder.did);
    let algorithms = [Algorithm::Es256, Algorithm::Es256, Algorithm::Es384];
    for (credential, algorithm) in verified.credentials().iter().zip(algorithms) {
        assert_eq!(credential.issuer(), "did:hui:anhui:zIssuer");
        assert_eq!(credential.key_id(), Some("did:hui:anhui:zIssuer#key-1"));
        assert!(credential.check(issuer(algorithm).public_key(), NOW).flaws().is_empty());
        let other = key(9, algorithm);
        assert_eq!(credential.check(other.public_key(), NOW).flaws(), [Flaw::SignatureWrong]);
    }
    assert_eq!(verified.into_credentials().len(), 3);

    // With a proof of its own instead of an envelope.
    let mut document = read_payload(&text);
    document["verifiableCredential"] = json!([vc_issued(Algorithm::EdDsa)]);
    let text = sign_vp(&document, &holder, &holder_key());
    let verified = UnverifiedPresentation::parse(&text).unwrap().verify(&expect()).unwrap();
    assert!(matches!(verified.credentials(), [Presented::DataIntegrity(_)]));
}

pub(crate) fn read_payload(token: &str) -> Value {
    use base64::Engine as _;
    let payload = token.split('.').nth(1).unwrap();
    let base64 = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    serde_json::from_slice(&base64.decode(payload).unwrap()).unwrap()
}

pub(crate) fn sign_vp(document: &Value, holder: &SelfContained, signer: &SoftwareKey) -> String {
    let members = document.as_object().unwrap().clone();
    let kid = Some(holder.verification_method.as_str());
    vc_jose::secure(Document::Presentation, members, kid, signer.public_key()).unwrap().sign(signer).unwrap()
}

#[test]
fn a_presentation_with_hidden_members() {
    let holder = vc_holder();
    let disclosable = [serde_json::from_value(json!(["verifiableCredential", 0])).unwrap()];
    let concealing = Concealing { disclosable: &disclosable, ..Concealing::default() };
    let prepared = presenting(&holder).prepare_sd(&concealing, &mut testkit::rng(1)).unwrap();
    let text = prepared.sign(&holder_key()).unwrap();
    let verified = UnverifiedPresentation::parse_sd(&text).unwrap().verify(&expect()).unwrap();
    assert_eq!(verified.credentials().len(), 1);
    let hidden = format!("{}~", text.split('~').next().unwrap());
    let verified = UnverifiedPresentation::parse_sd(&hidden).unwrap().verify(&expect()).unwrap();
    assert!(verified.credentials().is_empty());
}

#[test]
fn flaws_of_a_presentation_are_named() {
    let holder = vc_holder();
    let check = |text: &str, expect: &Expect<'_>| {
        UnverifiedPresentation::parse(text).unwrap().verify(expect).map(drop).map_err(|r| r.flaws().to_vec())
    };
    let good = presenting(&holder).prepare().unwrap().sign(&holder_key()).unwrap();
    assert_eq!(check(&good, &expect()), Ok(()));
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut document = read_payload(&good);
        change(&mut document);
        sign_vp(&document, &holder, &holder_key())
    };
    let remove = |name: &'static str| move |d: &mut Value| drop(d.as_object_mut().unwrap().remove(name));
    let stranger = key(77, Algorithm::EdDsa);
    let stranger_did = stranger.public_key().did_key();
    for (name, text, flaw) in [
        ("nonce_of_another_request", changed(&|d| d["nonce"] = json!("x")), Flaw::NonceWrong),
        ("nonce_missing", changed(&remove("nonce")), Flaw::ChallengeMissing),
        ("nonce_list", changed(&|d| d["nonce"] = json!([NONCE])), Flaw::NonceWrong),
        ("audience_of_another", changed(&|d| d["aud"] = json!("x")), Flaw::AudienceWrong),
        ("audience_list", changed(&|d| d["aud"] = json!([AUDIENCE, "x"])), Flaw::AudienceWrong),
        ("audience_missing", changed(&remove("aud")), Flaw::DomainMissing),
        ("time_missing", changed(&remove("iat")), Flaw::KeyBindingTooOld),
        ("too_old", changed(&|d| d["iat"] = json!(NOW.0 - MAX_AGE - 1)), Flaw::KeyBindingTooOld),
        ("in_future", changed(&|d| d["iat"] = json!(NOW.0 + 61)), Flaw::KeyBindingInFuture),
        ("expired", changed(&|d| d["exp"] = json!(NOW.0 - 61)), Flaw::KeyBindingTooOld),
        (
            "signed_by_another",
            sign_vp(&read_payload(&good), &holder, &stranger),
            Flaw::KeyBindingSignatureWrong,
        ),
        (
            "credential_copied_to_another_holder",
            sign_vp(
                &{
                    let mut document = read_payload(&good);
                    document["holder"] = stranger_did.did.clone().into();
                    document
                },
                &stranger_did,
                &stranger,
            ),
            Flaw::HolderIsAnother,
        ),
        (
            "holder_not_bound",
            {
                let members = read_payload(&good).as_object().unwrap().clone();
                let kid = Some("did:example:holder#key-1");
                let signer = holder_key();
                let made = vc_jose::secure(Document::Presentation, members, kid, signer.public_key());
                made.unwrap().sign(&signer).unwrap()
            },
            Flaw::NotBound,
        ),
    ] {
        assert_eq!(check(&text, &expect()), Err(vec![flaw]), "{name}");
    }
    // Bound to another key than the presenter's.
    let mut bound = presenting(&holder);
    bound.credentials = vec![(MediaType::VcSdJwt, issued_sd(Some(stranger.public_key())).into_bytes())];
    let text = bound.prepare().unwrap().sign(&holder_key()).unwrap();
    assert_eq!(check(&text, &expect()), Err(vec![Flaw::HolderIsAnother]), "cnf_of_another");
    // Of nobody.
    let mut bearer = presenting(&holder);
    let nobody = data_integrity::Issuance { holder: None, ..vc_issuance() };
    let signer = issuer(Algorithm::Es256);
    let token = vc_jose::issue(nobody, signer.public_key()).unwrap().sign(&signer).unwrap();
    bearer.credentials = vec![(MediaType::VcJwt, token.into_bytes())];
    let text = bearer.prepare().unwrap().sign(&holder_key()).unwrap();
    assert_eq!(check(&text, &expect()), Err(vec![Flaw::NotBound]), "subject_without_id");
}

#[test]
fn what_is_no_envelope_is_not_read() {
    let good = MediaType::VcJwt.envelope(issued(Algorithm::Es256).as_bytes());
    assert!(matches!(Presented::read(&good), Ok(Presented::Jose(_))));
    let id = |id: &str| {
        let mut value = good.clone();
        value["id"] = json!(id);
        Presented::read(&value).map(drop)
    };
    use EnvelopeError as E;
    for (name, outcome, error) in [
        ("not_a_data_url", id("not-a-credential"), E::Malformed),
        ("media_type_unknown", id("data:application/vc,x"), E::MediaType),
        ("media_type_of_a_presentation", id("data:application/vp+jwt,x"), E::MediaType),
        ("token_in_base64", id("data:application/vc+jwt;base64,x"), E::MediaType),
        ("cose_not_base64", id("data:application/vc+cose;base64,?"), E::Malformed),
        ("cose_without_base64", id("data:application/vc+cose,x"), E::MediaType),
        ("legacy_media_type", id("data:application/vc-ld+jwt,x"), E::MediaType),
        (
            "token_of_another_type",
            id(&format!("data:application/vc+sd-jwt,{}~", issued(Algorithm::Es256))),
            E::Jose(ParseError::SdJwt(credentials::sd_jwt::ParseError::TypeWrong)),
        ),
        ("unsecured", Presented::read(&json!({"type": "VerifiableCredential"})).map(drop), E::Malformed),
        ("no_object", Presented::read(&json!("x")).map(drop), E::Malformed),
    ] {
        assert_eq!(outcome, Err(error), "{name}");
    }
    let cose = issuer(Algorithm::Es384);
    let message = vc_cose::issue(vc_issuance(), cose.public_key()).unwrap().sign(&cose).unwrap();
    let padded = MediaType::VcCose.envelope(&message)["id"].as_str().unwrap().to_owned();
    assert_eq!(id(padded.trim_end_matches('=')), Ok(()), "base64 without padding");
    let mut contextless = good.clone();
    contextless["@context"] = json!("https://www.w3.org/2018/credentials/v1");
    assert_eq!(Presented::read(&contextless).map(drop), Err(E::Malformed), "envelope_of_another_context");

    let holder = vc_holder();
    let text = presenting(&holder).prepare().unwrap().sign(&holder_key()).unwrap();
    let enveloped = EnvelopedPresentation::read(&MediaType::VpJwt.envelope(text.as_bytes()));
    let Ok(EnvelopedPresentation::Jose(presentation)) = enveloped else { panic!("not read") };
    presentation.verify(&expect()).unwrap();
    assert_eq!(EnvelopedPresentation::read(&good).map(drop), Err(E::Malformed), "credential_as_presentation");

    let mut many = read_payload(&text);
    many["verifiableCredential"] = Value::Array(vec![good; 17]);
    let many = UnverifiedPresentation::parse(&sign_vp(&many, &holder, &holder_key()));
    assert_eq!(many.map(drop), Err(PresentationError::TooMany), "too_many_credentials");
}

/// Two of the working group's own test files (w3c/vc-jose-cose-test-suite, tests/input), as its reference signed them.
#[test]
fn signed_elsewhere() {
    let text = include_str!("data/vc-jose-cose-minimal.txt").trim();
    let jwk = json!({
        "kty": "EC", "crv": "P-256",
        "x": "WfTi93YuhsQxKbD0ftnjOXJndqhnJ5kgDV-ZDGyrhBQ", "y": "qUd_55EjX0mjKZ6W6mF4UXVYTQ41K6jfdnYFwN5uPyk"
    });
    let key = PublicKey::from_jwk(&serde_json::from_value(jwk).unwrap()).unwrap();
    let credential = UnverifiedCredential::parse(text).unwrap();
    assert_eq!(credential.issuer(), "https://example.issuer/vc-jose-cose");
    let verified = credential.verify(&key, NOW).unwrap();
    assert_eq!(verified.subject()["degree"]["type"], "BachelorDegree");

    let text = include_str!("data/vc-jose-cose-selective.txt").trim();
    let jwk = json!({
        "kty": "EC", "crv": "P-384",
        "x": "PBM13G1rU-NPczSpFO7QGc-uSUHqoDPZSbshgR820ligqFB2yGFbE90VnpTiSswG",
        "y": "x7mdD6reunUlSQ5LoC2GDpLOrjbIMLnt1TEGgxoyXSaKScPPRYY7hTr3geCvEZpf"
    });
    let key = PublicKey::from_jwk(&serde_json::from_value(jwk).unwrap()).unwrap();
    let verified = UnverifiedCredential::parse_sd(text).unwrap().verify(&key, NOW).unwrap();
    assert_eq!(verified.subject()["firstName"], "Jane");
    assert_eq!(verified.types(), ["VerifiableCredential", "IdentityCredential"]);
}

#[test]
fn a_document_that_no_reader_takes_is_not_secured() {
    let signer = issuer(Algorithm::Es256);
    let secure = |value: Value| {
        let members: Map<String, Value> = value.as_object().unwrap().clone();
        vc_jose::secure(Document::Credential, members, None, signer.public_key()).map(drop)
    };
    use data_integrity::ParseError as D;
    let (document, _) = vc_issuance().document().unwrap();
    let with = |name: &str, value: Value| {
        let mut document = document.clone();
        document.insert(name.to_owned(), value);
        Value::Object(document)
    };
    assert_eq!(secure(with("@context", json!([]))), Err(IssueError::Document(D::Context)));
    assert_eq!(secure(with("type", json!("X"))), Err(IssueError::Document(D::Type)));
    assert_eq!(secure(with("issuer", json!(1))), Err(IssueError::Document(D::Member("issuer"))));
    let foreign = json!({"id": "https://status.example/1", "type": "StatusList2021Entry"});
    assert_eq!(secure(with("credentialStatus", foreign)), Ok(()), "another's kind of status");
}

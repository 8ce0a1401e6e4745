//! `vc+cose` and `vp+cose`: issued, presented, verified, refused.

use credentials::cose::{Header, Making};
use credentials::envelope::{MediaType, Presented};
use credentials::key::{Algorithm, PublicKey, Signer};
use credentials::vc_cose::{
    self, Document, ParseError, Presenting, UnverifiedCredential, UnverifiedPresentation,
};
use credentials::{CheckName, Flaw, Outcome, cbor, data_integrity};
use serde_json::{Value, json};

use crate::support::{
    AUDIENCE, MAX_AGE, NONCE, NOW, expect, issuer, key, vc_holder, vc_issuance, vp_presented,
};

fn issued(algorithm: Algorithm) -> Vec<u8> {
    let signer = issuer(algorithm);
    vc_cose::issue(vc_issuance(), signer.public_key()).unwrap().sign(&signer).unwrap()
}

fn presenting(holder: &credentials::key::SelfContained) -> Presenting<'_> {
    let credentials = vec![issued(Algorithm::Es256)];
    Presenting { holder, credentials, nonce: NONCE, audience: AUDIENCE, created: NOW }
}

fn presented(change: impl FnOnce(&mut Presenting<'_>)) -> UnverifiedPresentation {
    let holder = vc_holder();
    let mut presenting = presenting(&holder);
    change(&mut presenting);
    let bytes = presenting.prepare().sign(&key(2, Algorithm::EdDsa)).unwrap();
    UnverifiedPresentation::parse(&bytes).unwrap()
}

#[test]
fn a_credential_is_issued_and_verified() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Es384] {
        let bytes = issued(algorithm);
        let credential = UnverifiedCredential::parse(&bytes).unwrap();
        assert_eq!(credential.issuer(), "did:hui:anhui:zIssuer");
        assert_eq!(credential.kid(), Some("did:hui:anhui:zIssuer#key-1"));
        assert!(credential.status().is_some());
        let verified = credential.verify(issuer(algorithm).public_key(), NOW).unwrap();
        assert_eq!(verified.subject()["id"], vc_holder().did.as_str());
        assert_eq!(verified.types(), ["VerifiableCredential", "BusinessLicence"]);
        assert_eq!(verified.findings().outcome(CheckName::Validity), Outcome::Passed);
    }
}

/// A credential that pycose 1.1.0 signed with the key `11` of the COSE working group's examples.
#[test]
fn another_implementations_credential_verifies() {
    let bytes = hex::decode("d2845830a40126036e6170706c69636174696f6e2f766310736170706c69636174696f6e2f76632b636f736504466b65792d3131a058e77b2240636f6e74657874223a5b2268747470733a2f2f7777772e77332e6f72672f6e732f63726564656e7469616c732f7632225d2c2274797065223a5b2256657269666961626c6543726564656e7469616c225d2c22697373756572223a2268747470733a2f2f756e69766572736974792e6578616d706c652f697373756572732f353635303439222c2276616c696446726f6d223a22323032362d30312d30315430303a30303a30305a222c2263726564656e7469616c5375626a656374223a7b226964223a226469643a6578616d706c653a31222c22646567726565223a22425363227d7d5840fb5e2c0b8caa0b14e42a0f120e9ce2ee3359280a05acc8c810524a061955150042588e7c5ca0ca3b8913f94c5ba66aa04a413b71a235101e84fccf96c1ce445e").unwrap();
    let x = "bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff";
    let y = "20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e";
    let key = PublicKey::p256(&hex::decode(format!("04{x}{y}")).unwrap()).unwrap();
    let verified = UnverifiedCredential::parse(&bytes).unwrap().verify(&key, NOW).unwrap();
    assert_eq!(verified.issuer(), "https://university.example/issuers/565049");
    assert_eq!(verified.subject()["degree"], "BSc");
}

#[test]
fn flaws_of_a_credential_are_named() {
    let key_ = issuer(Algorithm::Es256);
    let check = |bytes: &[u8], now| {
        let credential = UnverifiedCredential::parse(bytes).unwrap();
        credential.verify(key_.public_key(), now).unwrap_err().flaws().to_vec()
    };
    let good = issued(Algorithm::Es256);
    assert_eq!(check(&issued(Algorithm::EdDsa), NOW), [Flaw::AlgorithmNotOfKey], "algorithm_crossed");
    assert_eq!(check(&good, NOW.plus(86_460)), [Flaw::Expired], "expired");
    assert_eq!(check(&good, NOW.plus(-61)), [Flaw::NotYetValid], "not_yet_valid");
    let mut changed = good.clone();
    let name = good.windows(4).position(|four| four == b"name").unwrap();
    changed[name] = b'm';
    assert_eq!(check(&changed, NOW), [Flaw::SignatureWrong], "claim_renamed");
    let (document, _) = vc_issuance().document().unwrap();
    let stranger = vc_cose::secure(
        Document::Credential,
        document,
        Some("did:hui:anhui:zOther#key-1"),
        key_.public_key(),
    );
    let stranger = stranger.unwrap().sign(&key_).unwrap();
    assert_eq!(check(&stranger, NOW), [Flaw::KeyOfAnotherController], "kid_of_another");
}

#[test]
fn what_is_no_credential_is_not_read() {
    let signer = issuer(Algorithm::Es256);
    let make = |header: Header, payload: &str| {
        let making = Making::protected(header);
        making.prepare(payload.as_bytes().to_vec(), signer.public_key()).sign(&signer).unwrap()
    };
    let (document, _) = vc_issuance().document().unwrap();
    let text = Value::Object(document.clone()).to_string();
    let read = |header, text: &str| UnverifiedCredential::parse(&make(header, text)).unwrap_err();
    let typed = || Header::typed(vc_cose::TYP);
    for (name, header) in [
        ("no_type", Header::default()),
        ("type_of_presentation", Header::typed(vc_cose::PRESENTATION_TYP)),
        ("type_of_status_list", Header::typed("application/statuslist+cwt")),
        ("type_without_application", Header::typed("vc+cose")),
        ("content_of_presentation", typed().with_content_type("application/vp")),
        ("content_type_of_another", Header::default().with_content_type("application/json")),
    ] {
        assert_eq!(read(header, &text), ParseError::Type, "{name}");
    }
    let content_only = make(Header::default().with_content_type("application/vc"), &text);
    assert!(UnverifiedCredential::parse(&content_only).is_ok(), "typ is only recommended");
    let document = |change: fn(&mut Value)| {
        let mut value = Value::Object(document.clone());
        change(&mut value);
        read(typed(), &value.to_string())
    };
    let wrong = |error: data_integrity::ParseError| ParseError::Document(error);
    assert_eq!(
        document(|d| d["@context"] = json!(["https://example"])),
        wrong(data_integrity::ParseError::Context)
    );
    assert_eq!(document(|d| d["type"] = json!("Other")), wrong(data_integrity::ParseError::Type));
    assert_eq!(document(|d| d["issuer"] = json!(7)), wrong(data_integrity::ParseError::Member("issuer")));
    assert_eq!(
        document(|d| d["validUntil"] = json!("tomorrow")),
        wrong(data_integrity::ParseError::Member("validUntil"))
    );
    let duplicate = text.replacen('{', r#"{"issuer":"did:example:other","#, 1);
    assert!(matches!(read(typed(), &duplicate), ParseError::Document(data_integrity::ParseError::Json(_))));
    let detached = Making { detached: true, ..Making::protected(typed()) };
    let detached = detached.prepare(text.into_bytes(), signer.public_key()).sign(&signer).unwrap();
    assert_eq!(UnverifiedCredential::parse(&detached).unwrap_err(), ParseError::Detached);
}

#[test]
fn a_presentation_answers_one_request() {
    let verified = presented(|_| ()).verify(&expect()).unwrap();
    assert_eq!(verified.holder(), vc_holder().did);
    let [Presented::Cose(credential)] = verified.credentials() else { panic!("one credential") };
    assert!(credential.check(issuer(Algorithm::Es256).public_key(), NOW).flaws().is_empty());

    let flaws =
        |change: fn(&mut Presenting<'_>)| presented(change).verify(&expect()).unwrap_err().flaws().to_vec();
    assert_eq!(flaws(|p| p.nonce = "another"), [Flaw::NonceWrong], "nonce_of_another_request");
    assert_eq!(flaws(|p| p.audience = "another"), [Flaw::AudienceWrong], "audience_another");
    assert_eq!(flaws(|p| p.created = NOW.plus(-MAX_AGE - 1)), [Flaw::KeyBindingTooOld], "too_old");
    assert_eq!(flaws(|p| p.created = NOW.plus(61)), [Flaw::KeyBindingInFuture], "from_the_future");

    // Somebody else's key, well signed: not the subject of the credential.
    let thief = key(7, Algorithm::EdDsa);
    let thief_did = thief.public_key().did_key();
    let stolen = presenting(&thief_did).prepare().sign(&thief).unwrap();
    let stolen = UnverifiedPresentation::parse(&stolen).unwrap().verify(&expect()).unwrap_err();
    assert_eq!(stolen.flaws(), [Flaw::HolderIsAnother], "credential_of_another");
    // Signed by another key than the one named.
    let holder = vc_holder();
    let forged = presenting(&holder).prepare().sign(&thief).unwrap();
    let forged = UnverifiedPresentation::parse(&forged).unwrap().verify(&expect()).unwrap_err();
    assert_eq!(forged.flaws(), [Flaw::KeyBindingSignatureWrong], "signed_by_another");
}

#[test]
fn a_presentation_without_request_is_refused() {
    let signer = key(2, Algorithm::EdDsa);
    let document = json!({"@context": [data_integrity::CONTEXT_V2], "type": "VerifiablePresentation"});
    let document = document.as_object().unwrap().clone();
    let kid = vc_holder().verification_method;
    let bytes = vc_cose::secure(Document::Presentation, document, Some(&kid), signer.public_key());
    let bytes = bytes.unwrap().sign(&signer).unwrap();
    let presentation = UnverifiedPresentation::parse(&bytes).unwrap();
    assert_eq!(presentation.check_signature(signer.public_key()), Ok(()));
    let flaws = presentation.verify(&expect()).unwrap_err().flaws().to_vec();
    assert_eq!(flaws, [Flaw::KeyBindingTooOld, Flaw::ChallengeMissing, Flaw::DomainMissing]);
    assert_eq!(
        UnverifiedCredential::parse(&bytes).unwrap_err(),
        ParseError::Type,
        "presentation_for_credential"
    );
    let credential = UnverifiedPresentation::parse(&issued(Algorithm::EdDsa));
    assert_eq!(credential.unwrap_err(), ParseError::Type, "credential_for_presentation");
}

#[test]
fn credentials_of_every_form_inside_are_read() {
    let inside = vp_presented()["verifiableCredential"][0].clone();
    let signer = key(2, Algorithm::EdDsa);
    let make = |inside: Value| {
        let document = json!({
            "@context": [data_integrity::CONTEXT_V2],
            "type": "VerifiablePresentation",
            "verifiableCredential": [inside],
        });
        let document = document.as_object().unwrap().clone();
        let prepared = vc_cose::secure(Document::Presentation, document, None, signer.public_key()).unwrap();
        UnverifiedPresentation::parse(&prepared.sign(&signer).unwrap())
    };
    assert!(matches!(make(inside).unwrap().credentials(), [Presented::DataIntegrity(_)]));
    let enveloped = |id: &str| json!({"@context": data_integrity::CONTEXT_V2, "type": "EnvelopedVerifiableCredential", "id": id});
    let jwt = make(enveloped("data:application/vc+jwt,eyJ"));
    assert_eq!(jwt.unwrap_err(), ParseError::Inside, "a credential that can't be read is never passed over");
    let unsecured = make(json!({"type": ["VerifiableCredential"]}));
    assert_eq!(unsecured.unwrap_err(), ParseError::Inside, "unsecured");
    let bad = make(enveloped("data:application/vc+cose;base64,*"));
    assert_eq!(bad.unwrap_err(), ParseError::Inside, "envelope_not_base64");
    let trailing = make(enveloped("data:application/vc+cose;base64,AAA="));
    let error = credentials::cose::ParseError::Cbor(cbor::Error::Trailing);
    assert_eq!(trailing.unwrap_err(), ParseError::Cose(error), "envelope_trailing");
}

/// A presentation by the holder, whose document and protected header were changed before it was signed.
fn presentation(
    document: impl FnOnce(&mut Value),
    header: impl FnOnce(&mut Header),
) -> Result<UnverifiedPresentation, ParseError> {
    let holder = vc_holder();
    let mut inside = json!({
        "@context": [data_integrity::CONTEXT_V2],
        "type": ["VerifiablePresentation"],
        "holder": holder.did,
        "verifiableCredential": [MediaType::VcCose.envelope(&issued(Algorithm::Es256))],
    });
    document(&mut inside);
    let mut protected = Header::typed(vc_cose::PRESENTATION_TYP).with_kid(&holder.verification_method);
    protected.other.push((15.into(), claims()));
    header(&mut protected);
    let signer = key(2, Algorithm::EdDsa);
    let making = Making::protected(protected);
    let prepared = making.prepare(inside.to_string().into_bytes(), signer.public_key());
    UnverifiedPresentation::parse(&prepared.sign(&signer).unwrap())
}

/// RFC 8392 §3.1, RFC 9711 §4.1: `aud`, `iat`, `nonce`.
fn claims() -> cbor::Value {
    cbor::Map::from([(3, AUDIENCE.into()), (6, NOW.0.into()), (10, NONCE.as_bytes().into())]).into()
}

#[test]
fn presentations_refused() {
    let flaws = |read: Result<UnverifiedPresentation, ParseError>| {
        let read = read.unwrap();
        let checked = read.check(&expect()).flaws().to_vec();
        let verified = read.verify(&expect()).map(drop).map_err(|refused| refused.flaws().to_vec());
        assert_eq!(verified, if checked.is_empty() { Ok(()) } else { Err(checked.clone()) });
        checked
    };
    let same = |_: &mut Value| {};
    let good = presentation(same, |_| {}).unwrap();
    assert_eq!(good.kid(), Some(vc_holder().verification_method.as_str()));
    assert_eq!(good.dangerous_members()["holder"], vc_holder().did);
    assert_eq!(flaws(Ok(good)), []);
    let another = presentation(|d| d["holder"] = json!("did:web:other.example"), |_| {});
    assert_eq!(flaws(another), [Flaw::HolderIsAnother], "holder_names_another");
    let missing = [Flaw::KeyBindingTooOld, Flaw::ChallengeMissing, Flaw::DomainMissing];
    let elsewhere = presentation(same, |h| h.other = vec![(99.into(), claims())]);
    assert_eq!(flaws(elsewhere), missing, "claims_under_another_label");
    let behind =
        presentation(same, |h| h.other = vec![(14.into(), cbor::Value::Null), (15.into(), claims())]);
    assert_eq!(flaws(behind), [], "claims_behind_another_label");
    let listed = presentation(
        |d| d["verifiableCredential"][0]["type"] = json!(["EnvelopedVerifiableCredential"]),
        |_| {},
    );
    assert_eq!(flaws(listed), [], "an envelope whose type is a list");
    let unnamed = presentation(same, |h| h.kid = None);
    assert_eq!(flaws(unnamed), [Flaw::NotBound], "kid_missing");
    let of = |count: usize| {
        presentation(
            |d| d["verifiableCredential"] = vec![d["verifiableCredential"][0].clone(); count].into(),
            |_| {},
        )
    };
    assert_eq!(of(17).unwrap_err(), ParseError::Inside, "too_many_credentials");
    assert_eq!(of(16).unwrap().credentials().len(), 16);
    for created in [NOW.plus(60), NOW.plus(-MAX_AGE)] {
        assert!(presented(|p| p.created = created).verify(&expect()).is_ok());
    }
}

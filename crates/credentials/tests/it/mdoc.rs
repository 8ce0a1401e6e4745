//! ISO mdoc: ISO/IEC 18013-5 Annex D, OpenID4VP's own handovers, and what we make verified.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credentials::cbor::{self, Map, Value};
use credentials::cose::{self, Making};
use credentials::key::{Algorithm, KeyError, PublicKey, Signer, SoftwareKey};
use credentials::mdoc::{
    DeviceResponse, Expect, IssueError, MDL, MDL_NAMESPACE, ParseError, ReaderKey, SessionTranscript, Trust,
    Unverified,
};
use credentials::{CheckName, Flaw, Outcome, UnixSeconds};
use serde_json::json;
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::bulk;
use crate::mdoc_support::{
    anchor, chosen, device, document_signer, expect, issuance, issued, presented, response, signer,
    transcript,
};
use crate::support::{NOW, key, status};

fn hex(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

/// OpenID4VP 1.0 §B.2.6.1 and §B.2.6.2: the transcripts of the specification's examples.
#[test]
fn openid4vps_handovers() {
    let jwk = json!({
        "kty": "EC",
        "crv": "P-256",
        "x": "DxiH5Q4Yx3UrukE2lWCErq8N8bqC9CHLLrAwLz5BmE0",
        "y": "XtLM4-3h5o3HUH0MHVJV0kyq0iBlrBwlh8qEDMZ4-Pc",
    });
    let thumbprint = PublicKey::from_jwk(&serde_json::from_value(jwk).unwrap()).unwrap().thumbprint();
    let nonce = "exc7gBkxjx1rdc9udRrveKvSsJIq80avlXeLHhGwqtA";
    let bytes: [u8; 32] = URL_SAFE_NO_PAD.decode(thumbprint).unwrap().try_into().unwrap();
    assert_eq!(hex::encode(bytes), "4283ec927ae0f208daaa2d026a814f2b22dca52cf85ffa8f3f8626c6bd669047");
    let redirect = SessionTranscript::openid4vp(
        "x509_san_dns:example.com",
        nonce,
        Some(&bytes),
        "https://example.com/response",
    );
    assert_eq!(
        hex::encode(redirect.encode()),
        "83f6f682714f70656e494434565048616e646f7665725820048bc053c00442af9b8eed494cefdd9d95240d254b046b11b68013722aad38ac"
    );
    let dc_api = SessionTranscript::openid4vp_dc_api("https://example.com", nonce, Some(&bytes));
    assert_eq!(
        hex::encode(dc_api.encode()),
        "83f6f682764f70656e4944345650444341504948616e646f7665725820fbece366f4212f9762c74cfdbf83b8c69e371d5d68cea09cb4c48ca6daab761a"
    );
}

/// ISO/IEC 18013-5 Annex D.5.3: the response of the example session, at a day when it counted.
#[test]
fn annex_d_verifies_in_its_session() {
    let Some(path) = bulk::vectors("iso18013-5-annex-d.json") else { return };
    let vectors: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let vector = |name: &str| hex(vectors[format!("ISO_18013_5_ANNEX_D_{name}")].as_str().unwrap());
    let now = UnixSeconds::parse_rfc3339("2021-01-01T00:00:00Z").unwrap();
    let transcript = SessionTranscript::parse(&vector("SESSION_TRANSCRIPT_BYTES")).unwrap();
    let reader = vector("EPHEMERAL_READER_KEY_D").try_into().unwrap();
    let reader = ReaderKey::from_secret_bytes(&reader).unwrap();
    let parse = || DeviceResponse::parse(&vector("DEVICE_RESPONSE")).unwrap().documents.remove(0);
    let document = parse();
    // The annex prints the signer's certificate, and no root: so its key is taken.
    assert_eq!(document.issued().certificate().der(), vector("DS_CERT"));
    let issuer = document.issued().certificate().key().clone();
    let expect = Expect { doc_type: MDL, transcript: &transcript, reader: Some(&reader), now };
    let verified = document.verify(Trust::Key(&issuer), &expect).unwrap();
    assert_eq!(verified.element(MDL_NAMESPACE, "family_name").and_then(Value::as_text), Some("Doe"));
    let portrait = vector("DEVICE_RESPONSE_PORTRAIT_DATA");
    assert_eq!(
        verified.element(MDL_NAMESPACE, "portrait").and_then(Value::as_bytes),
        Some(portrait.as_slice())
    );
    assert_eq!(verified.claims()[MDL_NAMESPACE]["issue_date"], "2019-10-20");
    assert_eq!(verified.elements().count(), 6);

    let flaws =
        |expect: &Expect<'_>, trust: Trust<'_>| parse().verify(trust, expect).unwrap_err().flaws().to_vec();
    let later = UnixSeconds::parse_rfc3339("2021-10-02T00:00:00Z").unwrap();
    assert_eq!(flaws(&Expect { now: later, ..expect }, Trust::Key(&issuer)), [Flaw::Expired]);
    let elsewhere = SessionTranscript::openid4vp("x", "y", None, "z");
    let another_session = Expect { transcript: &elsewhere, ..expect };
    assert_eq!(flaws(&another_session, Trust::Key(&issuer)), [Flaw::KeyBindingSignatureWrong]);
    let stranger = ReaderKey::from_secret_bytes(&[7; 32]).unwrap();
    let another_reader = Expect { reader: Some(&stranger), ..expect };
    assert_eq!(flaws(&another_reader, Trust::Key(&issuer)), [Flaw::KeyBindingSignatureWrong]);
    let no_reader = Expect { reader: None, ..expect };
    assert_eq!(flaws(&no_reader, Trust::Key(&issuer)), [Flaw::KeyBindingTypeWrong]);
    let other = key(1, Algorithm::Es256);
    assert_eq!(flaws(&expect, Trust::Key(other.public_key())), [Flaw::KeyOfAnotherController]);
    assert_eq!(flaws(&expect, Trust::Anchors(&[anchor()])), [Flaw::CertificateUntrusted]);
}

#[test]
fn a_licence_is_issued_and_checked() {
    for algorithm in [Algorithm::Es256, Algorithm::Es384, Algorithm::EdDsa] {
        let signer = key(11, algorithm);
        let mut issuance = issuance();
        issuance.x5chain = vec![document_signer(signer.public_key())];
        let bytes = issuance.sign(&signer, &mut testkit::rng(5)).unwrap();
        let document = Unverified::parse(&bytes).unwrap();
        assert_eq!(document.certificate().uris(), ["did:hui:anhui:zIssuer#key-2"]);
        let object = document.security_object();
        assert_eq!((object.doc_type.as_str(), &object.device_key), (MDL, device().public_key()));
        assert_eq!(object.status.as_ref().and_then(|found| found.token.as_ref()), status().token.as_ref());
        let holder = Some(device().public_key().clone());
        for trust in [Trust::Key(signer.public_key()), Trust::Anchors(&[anchor()])] {
            let verified = document.clone().verify_issued(trust, holder.as_ref(), NOW).unwrap();
            assert_eq!(verified.claims()[MDL_NAMESPACE]["family_name"], "张");
            assert_eq!(verified.findings().outcome(CheckName::HolderBinding), Outcome::Passed);
        }
        let other = key(9, Algorithm::Es256);
        let refused = document.verify_issued(Trust::Key(signer.public_key()), Some(other.public_key()), NOW);
        assert_eq!(refused.unwrap_err().flaws(), [Flaw::HolderIsAnother], "bound_to_another_key");
    }
}

/// Salts are fresh, and a digest's id does not follow from its element.
#[test]
fn two_documents_have_nothing_in_common() {
    let order = |seed| {
        let signer = key(11, Algorithm::Es256);
        let bytes = issuance().sign(&signer, &mut testkit::rng(seed)).unwrap();
        let document = Unverified::parse(&bytes).unwrap();
        let digests = document.security_object().digests[MDL_NAMESPACE].clone();
        assert_eq!(
            digests.keys().copied().collect::<Vec<_>>(),
            (0..issuance().name_spaces[0].1.len() as u32).collect::<Vec<_>>()
        );
        digests.into_values().collect::<Vec<_>>()
    };
    let (one, two) = (order(1), order(2));
    assert!(one.iter().all(|digest| digest.len() == 32 && !two.contains(digest)));
}

#[test]
fn what_can_not_be_issued() {
    let refused = |change: fn(&mut credentials::mdoc::Issuance)| {
        let mut issuance = issuance();
        change(&mut issuance);
        issuance.sign(&key(11, Algorithm::Es256), &mut testkit::rng(5)).unwrap_err()
    };
    assert_eq!(refused(|i| i.x5chain.clear()), IssueError::NoCertificate);
    assert_eq!(refused(|i| i.name_spaces.clear()), IssueError::Elements);
    assert_eq!(refused(|i| i.name_spaces[0].1.clear()), IssueError::Elements);
    assert_eq!(refused(|i| i.name_spaces.push(i.name_spaces[0].clone())), IssueError::Elements);
    assert_eq!(
        refused(|i| {
            let again = i.name_spaces[0].1[0].clone();
            i.name_spaces[0].1.push(again);
        }),
        IssueError::Elements
    );
    assert_eq!(refused(|i| i.valid_until = i.valid_from), IssueError::Times);
    assert_eq!(refused(|i| i.valid_from = i.signed.plus(-1)), IssueError::Times);
    assert_eq!(
        refused(|i| i.name_spaces[0].1 = (0..513).map(|n| (n.to_string(), Value::Null)).collect()),
        IssueError::TooMany
    );
}

#[test]
fn exactly_the_chosen_elements_show() {
    let session = transcript();
    let verified = response(&presented()).verify(Trust::Anchors(&[anchor()]), &expect(&session)).unwrap();
    let shown: Vec<_> = verified.elements().map(|(namespace, name, _)| (namespace, name)).collect();
    assert_eq!(shown.len(), chosen().len());
    assert_eq!(verified.element(MDL_NAMESPACE, "family_name").and_then(Value::as_text), Some("张"));
    assert_eq!(verified.element(MDL_NAMESPACE, "given_name"), None);
    assert_eq!(verified.element("another.namespace", "family_name"), None);
    assert!(chosen().iter().all(|element| shown.contains(element)));
    for check in [
        CheckName::IssuerSignature,
        CheckName::Validity,
        CheckName::HolderBinding,
        CheckName::Nonce,
        CheckName::Audience,
    ] {
        assert_eq!(verified.findings().outcome(check), Outcome::Passed, "{check:?}");
    }
    let document = Unverified::parse(&issued()).unwrap();
    // What would be shown can be seen before it is signed.
    let before = document.select(&chosen()).unwrap();
    assert!(before.elements().eq(verified.elements()));
    assert_eq!(document.issuer_uri(), Some("did:hui:anhui:zIssuer#key-2"));
    // The signature as it came: the same however much is shown.
    let whole = cbor::parse(&issued()).unwrap();
    let auth = whole.as_map().unwrap().member("issuerAuth").and_then(Value::as_array).unwrap();
    assert_eq!(auth[3].as_bytes(), Some(document.issuer_signature()));
    let all = document.dangerous_claims();
    assert_eq!(all[MDL_NAMESPACE]["given_name"], "三");
    assert!(all[MDL_NAMESPACE]["portrait"].as_str().unwrap().starts_with("____"), "bytes in base64url");
    // Nothing at all, but that there is a licence.
    let bare = document.select(&[]).unwrap().bind(&session).sign(&device()).unwrap();
    let verified = response(&bare).verify(Trust::Anchors(&[anchor()]), &expect(&session)).unwrap();
    assert_eq!(verified.elements().count(), 0);
    assert!(document.select(&[(MDL_NAMESPACE, "nothing")]).is_err());
    assert!(document.select(&[("another.namespace", "family_name")]).is_err());
    // In two stages; a device that errs is noticed.
    let bind = || document.select(&chosen()).unwrap().bind(&session);
    let signature = device().sign(bind().bytes()).unwrap();
    assert!(
        response(&bind().finish(&signature).unwrap())
            .verify(Trust::Anchors(&[anchor()]), &expect(&session))
            .is_ok()
    );
    assert!(bind().finish(&[7; 64]).is_err());
}

#[test]
fn devices_sign_with_each_algorithm() {
    let session = transcript();
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Es384] {
        let phone = key(12, algorithm);
        let issuance = credentials::mdoc::Issuance { device_key: phone.public_key().clone(), ..issuance() };
        let issued = issuance.sign(&signer(), &mut testkit::rng(5)).unwrap();
        let selection = Unverified::parse(&issued).unwrap().select(&chosen()).unwrap();
        let presented = selection.bind(&session).sign(&phone).unwrap();
        assert!(response(&presented).verify(Trust::Anchors(&[anchor()]), &expect(&session)).is_ok());
    }
}

/// §9.1.2.5: readers take SHA-384 and SHA-512 too, and nothing else for them.
#[test]
fn every_hash_of_the_standard_is_checked() {
    let resigned = |name: &str, digest: &dyn Fn(&[u8]) -> Vec<u8>| {
        let issued = cbor::parse(&issued()).unwrap();
        let issued = issued.as_map().unwrap();
        let items =
            issued.member("nameSpaces").and_then(Value::as_map).unwrap().member(MDL_NAMESPACE).unwrap();
        let digests = items.as_array().unwrap().iter().map(|item| {
            let inside = cbor::parse(item.as_encoded().unwrap()).unwrap();
            let id = inside.as_map().unwrap().member("digestID").unwrap().clone();
            (id, digest(&cbor::encode(item)).into())
        });
        let digests = Map::from([(MDL_NAMESPACE, Map::sorted(digests.collect()).into())]);
        let auth = cose::Unverified::read(issued.member("issuerAuth").unwrap().clone()).unwrap();
        let object = cbor::parse(auth.dangerous_payload().unwrap()).unwrap();
        let mut object =
            cbor::parse(object.as_encoded().unwrap()).unwrap().as_map().unwrap().clone().into_entries();
        object.retain(|(name, _)| !["digestAlgorithm", "valueDigests"].contains(&name.as_text().unwrap()));
        object.push(("digestAlgorithm".into(), name.into()));
        object.push(("valueDigests".into(), digests.into()));
        let payload = cbor::encode(&Value::encoded(cbor::encode(&Map::sorted(object).into())));
        let making = Making { unprotected: auth.unprotected().clone(), ..Making::default() };
        let auth = making.prepare(payload, signer().public_key()).sign_value(&signer()).unwrap();
        let name_spaces = issued.member("nameSpaces").unwrap().clone();
        let document = Map::from([("nameSpaces", name_spaces), ("issuerAuth", auth)]);
        let document = Unverified::parse(&cbor::encode(&document.into())).unwrap();
        document
            .verify_issued(Trust::Anchors(&[anchor()]), None, NOW)
            .map_err(|refused| refused.flaws().to_vec())
    };
    let sha256 = |bytes: &[u8]| Sha256::digest(bytes).to_vec();
    let sha384 = |bytes: &[u8]| Sha384::digest(bytes).to_vec();
    let sha512 = |bytes: &[u8]| Sha512::digest(bytes).to_vec();
    assert!(resigned("SHA-256", &sha256).is_ok());
    assert!(resigned("SHA-384", &sha384).is_ok());
    assert!(resigned("SHA-512", &sha512).is_ok());
    assert_eq!(resigned("SHA-512", &sha256).unwrap_err(), [Flaw::DigestWrong], "hash_crossed");
    let cut_off = |bytes: &[u8]| Sha256::digest(bytes)[..16].to_vec();
    assert_eq!(resigned("SHA-256", &cut_off).unwrap_err(), [Flaw::DigestWrong], "digest_cut_off");
    assert_eq!(resigned("SHA-256", &|_| Vec::new()).unwrap_err(), [Flaw::DigestWrong], "digest_empty");
}

#[test]
fn keys_survive_as_cose_keys() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Es384] {
        let signer = key(3, algorithm);
        let encoded = cbor::encode(&signer.public_key().to_cose_key());
        let read = PublicKey::from_cose_key(&cbor::parse(&encoded).unwrap());
        assert_eq!(read.as_ref(), Ok(signer.public_key()));
        // RFC 9053 §2: the algorithm's number, if it is there, is this key's.
        for (alg, curve) in [(-8, Algorithm::EdDsa), (-7, Algorithm::Es256), (-35, Algorithm::Es384)] {
            let read = PublicKey::from_cose_key(&cose_key_with(&signer, 3, alg.into()));
            let fits = curve == algorithm;
            assert_eq!(read.err(), (!fits).then_some(KeyError::Unsupported), "{algorithm:?} {alg}");
        }
    }
    // One key, one spelling: together the coordinates are as long as they should be.
    let signer = key(3, Algorithm::Es256);
    let coordinates = [-2, -3].map(|name| {
        let public = signer.public_key().to_cose_key();
        public.as_map().unwrap().member(name).unwrap().as_bytes().unwrap().to_vec()
    });
    let both = coordinates.concat();
    let shifted = Map::from([
        (1, 2.into()),
        (-1, 1.into()),
        (-2, both[..31].to_vec().into()),
        (-3, both[31..].to_vec().into()),
    ]);
    let unread = |value: Value| PublicKey::from_cose_key(&value).unwrap_err();
    assert_eq!(unread(shifted.into()), KeyError::Encoding, "coordinates_of_other_lengths");
    assert_eq!(unread(cose_key_with(&signer, 3, "ES256".into())), KeyError::Unsupported, "alg_a_text");
    assert_eq!(unread(cose_key_with(&signer, -4, Value::Bytes(vec![1; 32]))), KeyError::Private);
    assert_eq!(
        unread(cose_key_with(&signer, -1, 8.into())),
        KeyError::Unsupported,
        "curve_of_another_number"
    );
    assert_eq!(unread(Value::Null), KeyError::Encoding);
    assert_eq!(ParseError::from(KeyError::Private), ParseError::Key(KeyError::Private));
}

/// A COSE key with one member set.
fn cose_key_with(signer: &SoftwareKey, name: i64, value: Value) -> Value {
    let public = signer.public_key().to_cose_key();
    let mut entries: Vec<(Value, Value)> = vec![(name.into(), value)];
    entries.extend(public.as_map().unwrap().iter().map(|(name, value)| (name.clone(), value.clone())));
    // Of entries with one key the first stays.
    Map::sorted(entries).into()
}

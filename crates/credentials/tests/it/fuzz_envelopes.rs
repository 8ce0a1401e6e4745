//! The same at the doors of CBOR, COSE, mdoc, certificates, tokens with documents, envelopes, encryption, and what describes keys
//! and types.

use credentials::catalogue::Catalogue;
use credentials::cbor::{self, Value as Cbor};
use credentials::cose::{self, Making};
use credentials::data_integrity::Purpose;
use credentials::envelope::{EnvelopedPresentation, MediaType, Presented};
use credentials::jsonld::Contexts;
use credentials::jwe::{self, DecryptionKey, Enc, EncryptionKey};
use credentials::key::{Algorithm, DidDocument, DidWeb, PublicKey, Signer};
use credentials::mdoc::{DeviceResponse, MDL, SessionTranscript, Trust, Unverified};
use credentials::rdf::{HashAlgorithm, Work};
use credentials::sd_jwt::{self, JsonForm};
use credentials::status::{Bits, Status, StatusRef, TokenList, TokenListClaims};
use credentials::vc_api::{
    DeriveRequest, IssueRequest, StatusRequest, VerifyCredentialRequest, VerifyPresentationRequest,
};
use credentials::x509::Certificate;
use credentials::{vc_cose, vc_jose};
use serde_json::{Value, json};

use crate::fuzz::{fuzz, fuzz_slow, of_json, of_text, same, texts};
use crate::ld_support::object;
use crate::mdoc_support;
use crate::support::{
    AUDIENCE, NONCE, NOW, bytes, expect, holder, issuer, key, sd_jwt_presented, status, vc_holder,
    vc_issuance, vc_issued, vp_presented,
};
use crate::vc_jose as jose;

const KEYS: &[Algorithm] = &[Algorithm::EdDsa, Algorithm::Es256, Algorithm::Es384];

/// What is read has one spelling.
#[test]
fn fuzz_cbor() {
    let seeds = [mdoc_support::issued(), mdoc_support::presented(), cose_issued(Algorithm::Es256)];
    fuzz("cbor", &seeds, |bytes| {
        let Ok(value) = cbor::parse(bytes) else { return false };
        assert_eq!(cbor::encode(&value), bytes);
        true
    });
}

#[test]
fn fuzz_cose() {
    let signers = [Algorithm::EdDsa, Algorithm::Es256].map(issuer);
    let (payload, typ) = (b"what is signed".to_vec(), "application/x+cose");
    let message = |signer: &credentials::key::SoftwareKey| {
        let making = Making::protected(cose::Header::typed(typ));
        making.prepare(payload.clone(), signer.public_key()).sign(signer).unwrap()
    };
    let seeds = signers.each_ref().map(message);
    fuzz("cose", &seeds, |bytes| {
        let Ok(read) = cose::Unverified::parse(bytes) else { return false };
        let mut verified = signers.iter().filter_map(|key| read.clone().verify(key.public_key(), typ).ok());
        // The header that nobody signs may say anything.
        verified.next().is_some_and(|verified| {
            assert_eq!(verified.payload, payload);
            true
        })
    });
}

/// The elements, each as text.
fn elements(document: &Unverified) -> Vec<String> {
    document.dangerous_elements().map(|(space, name, value)| format!("{space} {name} {value:?}")).collect()
}

#[test]
fn fuzz_mdocs() {
    let (issued, key) = (mdoc_support::issued(), mdoc_support::signer());
    let all = elements(&Unverified::parse(&issued).unwrap());
    let trust = || Trust::Key(key.public_key());
    let of_issuer = |document: &Unverified| {
        assert_eq!(document.security_object().doc_type, MDL);
        assert!(elements(document).iter().all(|one| all.contains(one)), "an element that was not signed");
    };
    fuzz("mdoc", std::slice::from_ref(&issued), |bytes| {
        let Ok(read) = Unverified::parse(bytes) else { return false };
        let _ = (read.issuer_uri(), read.dangerous_claims());
        let is_right = read.check_issuer(trust(), NOW).flaws().is_empty();
        if is_right {
            of_issuer(&read);
        }
        is_right
    });
    let transcript = mdoc_support::transcript();
    fuzz_slow("mdoc response", 2, &[mdoc_support::presented()], |bytes| {
        let Ok(read) = DeviceResponse::parse(bytes) else { return false };
        let expect = mdoc_support::expect(&transcript);
        let mut right = 0;
        for document in &read.documents {
            let mut found = document.issued().check_issuer(trust(), NOW);
            found.absorb(document.check_device(&expect));
            if found.flaws().is_empty() {
                of_issuer(document.issued());
                right += 1;
            }
        }
        right == 1 && read.documents.len() == 1
    });
}

#[test]
fn fuzz_session_transcripts() {
    let thumbprint = [7; 32];
    // `SessionTranscriptBytes`: a byte string of less than 256 bytes under tag 24.
    let tagged = |inside: Vec<u8>| {
        let length = u8::try_from(inside.len()).unwrap();
        [&[0xd8, 0x18, 0x58, length][..], &inside].concat()
    };
    let seeds = [
        tagged(mdoc_support::transcript().encode()),
        tagged(
            SessionTranscript::openid4vp_dc_api("https://counter.example", NONCE, Some(&thumbprint)).encode(),
        ),
    ];
    fuzz("session transcript", &seeds, |bytes| {
        let Ok(read) = SessionTranscript::parse(bytes) else { return false };
        assert!(bytes.ends_with(&read.encode()));
        true
    });
}

#[test]
fn fuzz_certificates() {
    let signer = mdoc_support::signer();
    let seeds = [
        mdoc_support::document_signer(signer.public_key()),
        mdoc_support::anchor().der().to_vec(),
        mdoc_support::document_signer(key(11, Algorithm::EdDsa).public_key()),
    ];
    fuzz("certificate", &seeds, |bytes| {
        let Ok(read) = Certificate::parse(bytes) else { return false };
        assert_eq!(read.der(), bytes);
        let _ =
            (read.uris(), read.hosts(), read.authority_key(), read.is_self_signed(), read.is_current(NOW));
        true
    });
}

fn cose_issued(algorithm: Algorithm) -> Vec<u8> {
    let signer = issuer(algorithm);
    vc_cose::issue(vc_issuance(), signer.public_key()).unwrap().sign(&signer).unwrap()
}

fn cose_presented() -> Vec<u8> {
    let holder = vc_holder();
    let credentials = vec![cose_issued(Algorithm::Es256)];
    let presenting =
        vc_cose::Presenting { holder: &holder, credentials, nonce: NONCE, audience: AUDIENCE, created: NOW };
    presenting.prepare().sign(&jose::holder_key()).unwrap()
}

#[test]
fn fuzz_vc_cose() {
    let keys = [Algorithm::EdDsa, Algorithm::Es256].map(issuer);
    let seeds = [Algorithm::EdDsa, Algorithm::Es256].map(cose_issued);
    let original = vc_cose::UnverifiedCredential::parse(&seeds[0]).unwrap().dangerous_members().clone();
    fuzz_slow("vc+cose", 2, &seeds, |bytes| {
        let Ok(read) = vc_cose::UnverifiedCredential::parse(bytes) else { return false };
        let is_right = keys.iter().any(|key| read.check(key.public_key(), NOW).flaws().is_empty());
        assert!(!is_right || *read.dangerous_members() == original);
        is_right
    });
    let presented = cose_presented();
    let original = vc_cose::UnverifiedPresentation::parse(&presented).unwrap().dangerous_members().clone();
    fuzz_slow("vp+cose", 2, &[presented], |bytes| {
        let Ok(read) = vc_cose::UnverifiedPresentation::parse(bytes) else { return false };
        let is_right = read.check(&expect()).flaws().is_empty();
        assert!(!is_right || *read.dangerous_members() == original);
        is_right
    });
}

#[test]
fn fuzz_vc_jose() {
    let keys = KEYS.iter().copied().map(issuer).collect::<Vec<_>>();
    let tokens: Vec<String> = KEYS.iter().copied().map(jose::issued).collect();
    let seeds: Vec<Vec<u8>> = tokens.iter().map(|token| token.clone().into_bytes()).collect();
    let door = |text: &str| {
        let Ok(read) = vc_jose::UnverifiedCredential::parse(text) else { return false };
        let is_right = keys.iter().any(|key| read.check_unbound(key.public_key(), NOW).flaws().is_empty());
        assert!(!is_right || tokens.iter().any(|token| token == text), "{text}");
        is_right
    };
    fuzz_slow("vc+jwt", 2, &seeds, of_text(door));

    let issued = jose::issued_sd(None);
    let parts: Vec<&str> = issued.split('~').collect();
    let issuer_key = issuer(Algorithm::Es256);
    let door = |text: &str| {
        let Ok(read) = vc_jose::UnverifiedCredential::parse_sd(text) else { return false };
        let is_right = read.check_unbound(issuer_key.public_key(), NOW).flaws().is_empty();
        // Disclosures may be left out, and nothing else may happen.
        let is_part = |part: &str| part.is_empty() || parts.contains(&part);
        assert!(!is_right || text.split('~').all(is_part) && text.starts_with(parts[0]), "{text}");
        is_right
    };
    fuzz_slow("vc+sd-jwt", 2, &texts(&[&issued]), of_text(door));

    let presented = jose_presented();
    let door = |text: &str| {
        let Ok(read) = vc_jose::UnverifiedPresentation::parse(text) else { return false };
        let is_right = read.check(&expect()).flaws().is_empty();
        assert!(!is_right || text == presented, "{text}");
        is_right
    };
    fuzz_slow("vp+jwt", 2, &texts(&[&presented]), of_text(door));
}

fn jose_presented() -> String {
    jose::presenting(&vc_holder()).prepare().unwrap().sign(&jose::holder_key()).unwrap()
}

#[test]
fn fuzz_envelopes() {
    let keys = [Algorithm::EdDsa, Algorithm::Es256].map(issuer);
    let enveloped = [
        MediaType::VcJwt.envelope(jose::issued(Algorithm::Es256).as_bytes()),
        MediaType::VcSdJwt.envelope(jose::issued_sd(None).as_bytes()),
        MediaType::VcCose.envelope(&cose_issued(Algorithm::EdDsa)),
        vc_issued(Algorithm::EdDsa),
    ];
    let subject = |read: &Presented| read.content().dangerous_members()["credentialSubject"].clone();
    let whole = subject(&Presented::read(&enveloped[0]).unwrap());
    fuzz_slow(
        "envelope",
        4,
        &enveloped.each_ref().map(bytes),
        of_json(|value| {
            let Ok(read) = Presented::read(&value) else { return false };
            let _ = (read.issuer(), read.key_id(), read.created());
            let is_right = keys.iter().any(|key| read.check(key.public_key(), NOW).flaws().is_empty());
            if is_right {
                // What is told of the subject was signed; a part of it may be held back.
                let told = subject(&read);
                assert!(
                    told.as_object().unwrap().iter().all(|(name, value)| whole[name] == *value),
                    "{told}"
                );
            }
            is_right
        }),
    );
    let presented = [
        MediaType::VpJwt.envelope(jose_presented().as_bytes()),
        MediaType::VpCose.envelope(&cose_presented()),
    ];
    fuzz_slow(
        "enveloped presentation",
        4,
        &presented.each_ref().map(bytes),
        of_json(|value| match EnvelopedPresentation::read(&value) {
            Ok(EnvelopedPresentation::Jose(read)) => read.check(&expect()).flaws().is_empty(),
            Ok(EnvelopedPresentation::Cose(read)) => read.check(&expect()).flaws().is_empty(),
            Err(_) => false,
        }),
    );
}

#[test]
fn fuzz_sd_jwt_in_json() {
    let presented = sd_jwt_presented();
    let flattened = JsonForm::flattened(&presented).unwrap();
    let mut general = flattened.clone();
    let members = general.as_object_mut().unwrap();
    let signature = ["header", "protected", "signature"].map(|name| (name.to_owned(), members.remove(name)));
    let signature: serde_json::Map<String, Value> =
        signature.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    members.insert("signatures".to_owned(), json!([signature]));
    let key = issuer(Algorithm::Es256);
    fuzz_slow("sd-jwt in json", 2, &[bytes(&flattened), bytes(&general)], |text| {
        let Ok(read) = JsonForm::parse(text) else { return false };
        let mut right = 0;
        for compact in read.compact() {
            let Ok(token) = sd_jwt::Unverified::parse(&compact) else { continue };
            if token.verify_presented(key.public_key(), &expect()).is_ok() {
                assert_eq!(compact, presented);
                right += 1;
            }
        }
        right > 0
    });
}

#[test]
fn fuzz_status_lists_in_cbor() {
    let key = issuer(Algorithm::Es256);
    let mut list = TokenList::new(Bits::Two, 256).unwrap();
    list.set(7, Status::Suspended).unwrap();
    fuzz("token list in cbor", &[cbor::encode(&list.to_cbor())], |bytes| {
        let Ok(list) =
            cbor::parse(bytes).map_err(drop).and_then(|it| TokenList::from_cbor(&it).map_err(drop))
        else {
            return false;
        };
        let _ = [0, 7, 255, 256, u64::MAX].map(|index| list.status(index).is_ok());
        assert!(TokenList::from_cbor(&list.to_cbor()).unwrap() == list);
        true
    });
    let uri = "https://issuer.example/status-lists/3";
    let claims = TokenListClaims { sub: uri.to_owned(), iat: NOW, exp: Some(NOW.plus(60)), ttl: Some(60) };
    let signed = list.prepare_cwt(&claims, Some("#key-2"), key.public_key()).sign(&key).unwrap();
    fuzz("token list as cwt", &[signed], |bytes| {
        let Ok((read, told)) = TokenList::verify_cwt(bytes, uri, key.public_key(), NOW) else { return false };
        assert!(read == list && told == claims);
        true
    });
    let seeds = [
        cbor::encode(&StatusRef { bitstring: Vec::new(), ..status() }.to_cbor()),
        cbor::encode(&StatusRef { bitstring: Vec::new(), registry: None, ..status() }.to_cbor()),
    ];
    fuzz("status in cbor", &seeds, |bytes| {
        let Ok(read) =
            cbor::parse(bytes).map_err(drop).and_then(|it| StatusRef::from_cbor(&it).map_err(drop))
        else {
            return false;
        };
        assert_eq!(StatusRef::from_cbor(&read.to_cbor()).as_ref(), Ok(&read));
        true
    });
}

#[test]
fn fuzz_cose_keys() {
    let keys: Vec<PublicKey> = KEYS.iter().map(|algorithm| issuer(*algorithm).public_key().clone()).collect();
    let seeds: Vec<Vec<u8>> = keys.iter().map(|key| cbor::encode(&key.to_cose_key())).collect();
    fuzz("cose key", &seeds, |bytes| {
        let read = |value: &Cbor| PublicKey::from_cose_key(value).ok();
        let Some(key) = cbor::parse(bytes).ok().as_ref().and_then(read) else { return false };
        assert_eq!(read(&key.to_cose_key()), Some(key));
        true
    });
}

#[test]
fn fuzz_did_documents() {
    const DID: &str = "did:web:licences.example";
    let jwk = serde_json::to_value(holder().public_key().to_jwk()).unwrap();
    let multikey = issuer(Algorithm::EdDsa).public_key().to_multikey();
    let (a, b) = (format!("{DID}#a"), format!("{DID}#b"));
    let document = json!({
        "@context": ["https://www.w3.org/ns/did/v1"], "id": DID,
        "verificationMethod": [
            {"id": a, "type": "Multikey", "controller": DID, "publicKeyMultibase": multikey},
            {"id": b, "type": "JsonWebKey", "controller": DID, "publicKeyJwk": jwk},
        ],
        "assertionMethod": [a],
        "authentication": [b, {"id": format!("{DID}#own"), "type": "Multikey", "controller": DID, "publicKeyMultibase": multikey}],
    });
    fuzz("did document", &[bytes(&document)], |text| {
        let Ok(read) = DidDocument::parse(text, DID) else { return false };
        // Another's key never becomes this DID's.
        assert!(read.key("did:web:evil.example#a", Purpose::AssertionMethod).is_none());
        let _ = [Purpose::AssertionMethod, Purpose::Authentication].map(|for_| read.key(&a, for_).is_some());
        true
    });
    let seeds = texts(&[
        "did:web:w3c-ccg.github.io:user:alice",
        "did:web:example.com%3A3000:user:alice#key-1",
        "did:web:example.com",
    ]);
    fuzz(
        "did:web",
        &seeds,
        of_text(|text| {
            let Ok(read) = DidWeb::parse(text) else { return false };
            let url = read.url();
            let (host, path) = url.strip_prefix("https://").unwrap().split_once('/').unwrap();
            assert!(
                host.starts_with(read.host()) && host.contains('.') && !host.contains(['@', '%']),
                "{url}"
            );
            assert!(
                path.ends_with("did.json") && !path.contains("..") && !path.contains(['?', '#', '%']),
                "{url}"
            );
            assert_eq!(DidWeb::parse(read.did()).map(|again| again.url()), Ok(url));
            true
        }),
    );
}

#[test]
fn fuzz_jwes() {
    let key = DecryptionKey::generate("ephemeral", &mut testkit::rng(31));
    let jwk = key.to_jwk().unwrap();
    let to = EncryptionKey::from_jwk(&jwk).unwrap();
    let message = br#"{"vp_token":{}}"#;
    let sealed: Vec<String> = [Enc::A128Gcm, Enc::A256Gcm]
        .map(|enc| jwe::encrypt(message, &to, enc, &mut testkit::rng(32)).unwrap())
        .to_vec();
    let seeds: Vec<Vec<u8>> = sealed.iter().map(|text| text.clone().into_bytes()).collect();
    fuzz(
        "jwe",
        &seeds,
        of_text(|text| {
            let Ok(opened) = jwe::decrypt(text, &key) else { return false };
            assert_eq!(opened.as_slice(), message);
            assert!(sealed.iter().any(|one| one == text), "{text}");
            true
        }),
    );
    fuzz(
        "jwe key",
        &[bytes(&serde_json::to_value(&jwk).unwrap())],
        of_json(|value| {
            let Ok(jwk) = serde_json::from_value(value) else { return false };
            EncryptionKey::from_jwk(&jwk).is_ok_and(|key| key.thumbprint().is_ok())
        }),
    );
}

#[test]
fn fuzz_vc_api_requests() {
    let (credential, presentation) = (vc_issued(Algorithm::EdDsa), vp_presented());
    let (pointers, options) = (json!(["/issuer"]), json!({"challenge": "n-1", "domain": "desk.example"}));
    let issue = json!({"credential": credential, "options": {"mandatoryPointers": pointers}});
    fuzz("vc-api issue", &[bytes(&issue)], |text| IssueRequest::parse(text).is_ok());
    let derive = json!({"verifiableCredential": credential, "options": {"selectivePointers": pointers}});
    fuzz("vc-api derive", &[bytes(&derive)], |text| DeriveRequest::parse(text).is_ok());
    let verify = json!({"verifiableCredential": credential, "options": {"checks": ["proof", "status"]}});
    let plain = json!({"verifiableCredential": credential});
    fuzz("vc-api verify", &[bytes(&verify), bytes(&plain)], |text| {
        VerifyCredentialRequest::parse(text).is_ok()
    });
    let present = json!({"verifiablePresentation": presentation, "options": options});
    fuzz("vc-api present", &[bytes(&present)], |text| VerifyPresentationRequest::parse(text).is_ok());
    let entry = json!({"type": "BitstringStatusListEntry", "statusPurpose": "suspension", "status": true});
    let change = json!({"credentialId": "7", "credentialStatus": entry});
    fuzz("vc-api status", &[bytes(&change)], |text| StatusRequest::parse(text).is_ok());
}

/// Contexts written out in a document, and documents under them.
#[test]
fn fuzz_contexts() {
    let contexts = Contexts::new().dangerous_with_inline();
    let written = json!({
        "@context": {
            "@version": 1.1, "@vocab": "urn:v#", "p": "urn:p#", "id": "@id", "type": "@type",
            "name": "p:name", "day": {"@id": "p:day", "@type": "urn:Day"},
            "of": {"@id": "p:of", "@type": "@id", "@container": "@list"},
            "T": {"@id": "p:T", "@context": {"name": {"@id": "p:title", "@language": "zh"}, "inner": "p:inner"}},
            "raw": {"@id": "p:raw", "@type": "@json", "@protected": true},
        },
        "id": "urn:x", "type": "T", "name": "云", "inner": {"day": "2026-03-02"}, "of": ["urn:a", "urn:b"], "raw": {"a": [1]},
    });
    fuzz_slow(
        "contexts",
        2,
        &[bytes(&written)],
        of_json(|value| {
            let Value::Object(document) = &value else { return false };
            let Ok(dataset) = contexts.to_rdf(document) else { return false };
            let Ok(canonical) = dataset.canonicalize(HashAlgorithm::Sha256, Work::default()) else {
                return false;
            };
            let text = canonical.lines().concat();
            let again = contexts.to_rdf(&object(&value)).unwrap();
            let again = again.canonicalize(HashAlgorithm::Sha256, Work::default()).unwrap();
            assert_eq!(again.lines().concat(), text, "the same, from what was kept");
            true
        }),
    );
    let document = bytes(&json!({"@context": {"a": "urn:a", "b": {"@id": "urn:b", "@type": "@id"}}}));
    fuzz_slow("context document", 4, &[document], |bytes| {
        std::str::from_utf8(bytes).is_ok_and(|text| Contexts::new().with("urn:c", text).is_ok())
    });
}

#[test]
fn fuzz_catalogues() {
    let seeds = texts(&[
        include_str!("../../../../catalogue/business-licence.toml"),
        include_str!("../../../../catalogue/drivers-licence.toml"),
    ]);
    let names =
        |catalogue: &Catalogue| catalogue.types().iter().map(|one| one.id.clone()).collect::<Vec<_>>();
    fuzz_slow(
        "catalogue",
        16,
        &seeds,
        of_text(|text| {
            let Ok(read) = Catalogue::parse(&[text]) else { return false };
            assert_eq!(names(&read).len(), 1);
            let one = &read.types()[0];
            let example = one.example();
            assert!(example.is_object() && same(&example, &one.example()));
            let _ = (one.doc_type(), one.validate_claims(&example, NOW).is_ok());
            true
        }),
    );
}

//! The device's MAC in place of its signature (ISO/IEC 18013-5 §9.1.3.5), made here as a phone would make it.

use credentials::cbor::{self, Map, Value};
use credentials::key::{Algorithm, Signer, SoftwareKey};
use credentials::mdoc::{
    DeviceResponse, Expect, MDL, ParseError, ReaderKey, SessionTranscript, Trust, Unverified,
};
use credentials::{CheckName, Flaw, Outcome};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use crate::mdoc_refused::{edited, insert};
use crate::mdoc_support::{
    anchor, chosen, device, expect, issuance, presented, response, signer, transcript,
};
use crate::support::{AUDIENCE, key};

const READER: [u8; 32] = [7; 32];
const DEVICE_AUTH: &str = "documents/0/deviceSigned/deviceAuth";

/// What may be otherwise than a phone would do it.
struct Making {
    protected: Value,
    unprotected: Value,
    payload: Value,
    doc_type: &'static str,
    tag_length: usize,
}

fn making() -> Making {
    Making {
        protected: Map::from([(1, 5.into())]).into(),
        unprotected: Map::default().into(),
        payload: Value::Null,
        doc_type: MDL,
        tag_length: 32,
    }
}

/// The session's key: the two keys' secret, with the transcript as salt.
fn session_key(device: &SoftwareKey, transcript: &SessionTranscript) -> [u8; 32] {
    let device = p256::SecretKey::from_slice(&device.to_secret_bytes()).unwrap();
    let reader = p256::SecretKey::from_slice(&READER).unwrap().public_key();
    let shared = p256::ecdh::diffie_hellman(device.to_nonzero_scalar(), reader.as_affine());
    let salt = Sha256::digest(cbor::encode(&Value::encoded(transcript.encode())));
    let mut key = [0; 32];
    Hkdf::<Sha256>::new(Some(&salt), shared.raw_secret_bytes()).expand(b"EMacKey", &mut key).unwrap();
    key
}

/// The signed answer, with a MAC in place of the signature.
fn with_mac(making: &Making) -> Vec<u8> {
    let session = transcript();
    let nothing = Value::encoded(cbor::encode(&Map::default().into()));
    let parts = vec![
        "DeviceAuthentication".into(),
        cbor::parse(&session.encode()).unwrap(),
        making.doc_type.into(),
        nothing,
    ];
    let authenticated = cbor::encode(&Value::encoded(cbor::encode(&Value::Array(parts))));
    let protected = cbor::encode(&making.protected);
    let structure =
        vec!["MAC0".into(), protected.clone().into(), Value::Bytes(Vec::new()), authenticated.into()];
    let mut mac = Hmac::<Sha256>::new_from_slice(&session_key(&device(), &session)).unwrap();
    mac.update(&cbor::encode(&Value::Array(structure)));
    let tag = mac.finalize().into_bytes()[..making.tag_length].to_vec();
    let message =
        vec![protected.into(), making.unprotected.clone(), making.payload.clone(), Value::Bytes(tag)];
    edited(&presented(), DEVICE_AUTH, |auth| {
        *auth = Map::from([("deviceMac", Value::Array(message.clone()))]).into();
    })
}

fn reader() -> ReaderKey {
    ReaderKey::from_secret_bytes(&READER).unwrap()
}

fn flaws(bytes: &[u8], expect: &Expect<'_>) -> Vec<Flaw> {
    let verified = response(bytes).verify(Trust::Anchors(&[anchor()]), expect);
    verified.map_or_else(|refused| refused.flaws().to_vec(), |_| Vec::new())
}

#[test]
fn a_mac_binds_to_one_session_and_reader() {
    let (session, reader) = (transcript(), reader());
    let expect = Expect { reader: Some(&reader), ..expect(&session) };
    let good = with_mac(&making());
    assert_eq!(flaws(&good, &expect), []);
    let findings = response(&good).check_device(&expect);
    for check in [CheckName::HolderBinding, CheckName::Nonce, CheckName::Audience] {
        assert_eq!(findings.outcome(check), Outcome::Passed, "{check:?}");
    }
    // A signature still does, whoever the reader is.
    assert_eq!(flaws(&presented(), &expect), []);

    assert_eq!(flaws(&good, &Expect { reader: None, ..expect }), [Flaw::KeyBindingTypeWrong], "no_reader");
    let wrong = [Flaw::KeyBindingSignatureWrong];
    let stranger = ReaderKey::from_secret_bytes(&[8; 32]).unwrap();
    assert_eq!(flaws(&good, &Expect { reader: Some(&stranger), ..expect }), wrong, "another_reader");
    let elsewhere = SessionTranscript::openid4vp(AUDIENCE, "n", None, "https://counter.example/response");
    let another = Expect { transcript: &elsewhere, ..expect };
    assert_eq!(flaws(&good, &another), wrong, "nonce_of_another_request");
    let findings = response(&good).check_device(&another);
    for check in [CheckName::Nonce, CheckName::Audience] {
        assert_ne!(findings.outcome(check), Outcome::Passed, "{check:?} of another session");
    }
    for (name, making) in [
        ("over_another_type", Making { doc_type: "org.iso.7367.1.mVRC", ..making() }),
        ("tag_cut_off", Making { tag_length: 16, ..making() }),
        ("tag_empty", Making { tag_length: 0, ..making() }),
    ] {
        assert_eq!(flaws(&with_mac(&making), &expect), wrong, "{name}");
    }
    let altered =
        edited(&good, &format!("{DEVICE_AUTH}/deviceMac/3"), |tag| *tag = Value::Bytes(vec![0; 32]));
    assert_eq!(flaws(&altered, &expect), wrong, "tag_altered");
    assert!(ReaderKey::from_secret_bytes(&[0; 32]).is_err());
}

/// The shared secret is P-256's: a device with a key of another kind can't make one.
#[test]
fn no_mac_of_another_kind_of_key() {
    let (session, reader) = (transcript(), reader());
    let expect = Expect { reader: Some(&reader), ..expect(&session) };
    let phone = key(12, Algorithm::Es384);
    let issuance = credentials::mdoc::Issuance { device_key: phone.public_key().clone(), ..issuance() };
    let issued = Unverified::parse(&issuance.sign(&signer(), &mut testkit::rng(5)).unwrap()).unwrap();
    let signed = issued.select(&chosen()).unwrap().bind(&session).sign(&phone).unwrap();
    let mac = cbor::parse(&with_mac(&making())).unwrap();
    let mut auth = Value::Null;
    edited(&cbor::encode(&mac), DEVICE_AUTH, |it| auth = it.clone());
    let crossed = edited(&signed, DEVICE_AUTH, |it| *it = auth.clone());
    assert_eq!(flaws(&crossed, &expect), [Flaw::KeyBindingSignatureWrong]);
}

#[test]
fn macs_not_read() {
    let read = |making: &Making| DeviceResponse::parse(&with_mac(making)).map(drop);
    let protected =
        |entries: Vec<(Value, Value)>| Making { protected: Map::sorted(entries).into(), ..making() };
    assert_eq!(read(&making()), Ok(()));
    for (name, making) in [
        ("hmac_cut_to_64_bits", protected(vec![(1.into(), 4.into())])),
        ("hmac_384", protected(vec![(1.into(), 6.into())])),
        ("signature_algorithm", protected(vec![(1.into(), (-7).into())])),
        ("no_algorithm", protected(Vec::new())),
        ("algorithm_under_another_label", protected(vec![(2.into(), 5.into())])),
        ("header_with_more", protected(vec![(1.into(), 5.into()), (4.into(), Value::Bytes(vec![1]))])),
        ("header_no_map", Making { protected: Value::Null, ..making() }),
        (
            "unprotected_header",
            Making { unprotected: Map::from([(4, Value::Bytes(vec![1]))]).into(), ..making() },
        ),
        ("algorithm_unprotected_too", Making { unprotected: Map::from([(1, 5.into())]).into(), ..making() }),
        ("payload_inside", Making { payload: Value::Bytes(vec![1]), ..making() }),
    ] {
        assert_eq!(read(&making), Err(ParseError::DeviceAuthentication), "{name}");
    }
    let both = edited(&with_mac(&making()), DEVICE_AUTH, |auth| {
        insert(auth, "deviceSignature", Value::Null);
    });
    assert_eq!(DeviceResponse::parse(&both).map(drop), Err(ParseError::DeviceAuthentication), "both");
}

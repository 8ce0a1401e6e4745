//! mdocs that must not pass, named by their flaw.

use credentials::cbor::{self, Map, Value};
use credentials::cose::Making;
use credentials::key::{Algorithm, Signer};
use credentials::mdoc::{
    DeviceResponse, Expect, Issuance, MDL, MDL_NAMESPACE, ParseError, SessionTranscript, Trust, Unverified,
};
use credentials::{Flaw, UnixSeconds, cose};

use crate::mdoc_support::{
    anchor, chosen, device, expect, issuance, issued, presented, response, signer, transcript,
};
use crate::support::{AUDIENCE, NOW, key};

/// The value with one member changed, found by the names on the way; a number is a place in an array, and bytes are
/// opened as CBOR.
fn edit(value: &mut Value, path: &[&str], change: &mut dyn FnMut(&mut Value)) {
    let Some((step, rest)) = path.split_first() else { return change(value) };
    match value {
        Value::Map(map) => {
            let mut entries = std::mem::take(map).into_entries();
            let entry = entries.iter_mut().find(|(key, _)| key.as_text() == Some(step)).unwrap();
            edit(&mut entry.1, rest, change);
            *map = Map::sorted(entries);
        }
        Value::Array(list) => edit(&mut list[step.parse::<usize>().unwrap()], rest, change),
        Value::Tag(_, inside) => edit(inside, path, change),
        Value::Bytes(bytes) => {
            let mut inside = cbor::parse(bytes).unwrap();
            edit(&mut inside, path, change);
            *bytes = cbor::encode(&inside);
        }
        _ => assert_eq!(*step, "", "there is nothing at it"),
    }
}

pub(crate) fn edited(bytes: &[u8], path: &str, mut change: impl FnMut(&mut Value)) -> Vec<u8> {
    let mut value = cbor::parse(bytes).unwrap();
    edit(&mut value, &path.split('/').filter(|step| !step.is_empty()).collect::<Vec<_>>(), &mut change);
    cbor::encode(&value)
}

pub(crate) fn insert(map: &mut Value, name: &str, value: Value) {
    let mut entries = map.as_map().unwrap().clone().into_entries();
    entries.retain(|(key, _)| key.as_text() != Some(name));
    entries.push((name.into(), value));
    *map = Map::sorted(entries).into();
}

const DOCUMENT: &str = "documents/0";
const ITEMS: &str = "documents/0/issuerSigned/nameSpaces/org.iso.18013.5.1";
const PAYLOAD: &str = "documents/0/issuerSigned/issuerAuth/2";

#[test]
fn flaws_of_a_presentation_are_named() {
    let session = transcript();
    let change = |path: &str, change: &mut dyn FnMut(&mut Value)| edited(&presented(), path, change);
    let item = format!("{ITEMS}/0");
    let in_object =
        |name: &str, change_: &mut dyn FnMut(&mut Value)| change(&format!("{PAYLOAD}/{name}"), change_);
    let other_items = {
        let mut other = issuance();
        other.name_spaces[0].1.iter_mut().for_each(|(_, value)| *value = "forged".into());
        let other = Unverified::parse(&other.sign(&signer(), &mut testkit::rng(8)).unwrap()).unwrap();
        other.select(&chosen()).unwrap().bind(&session).sign(&device()).unwrap()
    };
    let other_items = cbor::parse(&other_items).unwrap();
    let mut foreign = Value::Null;
    edit(&mut other_items.clone(), &ITEMS.split('/').collect::<Vec<_>>(), &mut |items| {
        foreign = items.clone();
    });
    let cases: Vec<(&str, Vec<u8>, Vec<Flaw>)> = vec![
        (
            "element_value_altered",
            change(&format!("{item}/elementValue"), &mut |value| *value = "李".into()),
            vec![Flaw::DigestWrong],
        ),
        (
            "element_renamed",
            change(&format!("{item}/elementIdentifier"), &mut |value| *value = "age_over_99".into()),
            vec![Flaw::DigestWrong],
        ),
        (
            "salt_altered",
            change(&format!("{item}/random"), &mut |value| *value = Value::Bytes(vec![7; 32])),
            vec![Flaw::DigestWrong],
        ),
        (
            "orphan_element",
            change(&format!("{item}/digestID"), &mut |value| *value = 4711.into()),
            vec![Flaw::StatementUnsigned],
        ),
        (
            "elements_of_another_document",
            change(ITEMS, &mut |items| *items = foreign.clone()),
            vec![Flaw::DigestWrong],
        ),
        (
            "namespace_renamed",
            change("documents/0/issuerSigned/nameSpaces", &mut |spaces| {
                let items = spaces.as_map().unwrap().member(MDL_NAMESPACE).unwrap().clone();
                *spaces = Map::from([("org.iso.18013.5.1.CN", items)]).into();
            }),
            vec![Flaw::StatementUnsigned],
        ),
        (
            "validity_stretched",
            in_object("validityInfo/validUntil", &mut |time| {
                *time = Value::tagged(0, "2099-01-01T00:00:00Z".into());
            }),
            vec![Flaw::SignatureWrong],
        ),
        (
            "digest_altered",
            in_object("valueDigests/org.iso.18013.5.1", &mut |digests| {
                let Value::Map(map) = digests else { panic!("digests") };
                let all = std::mem::take(map).into_entries().into_iter();
                *map = Map::sorted(all.map(|(id, _)| (id, Value::Bytes(vec![7; 32]))).collect());
            }),
            vec![Flaw::SignatureWrong, Flaw::DigestWrong],
        ),
        (
            "device_key_exchanged",
            in_object("deviceKeyInfo/deviceKey", &mut |it| {
                *it = key(9, Algorithm::Es256).public_key().to_cose_key();
            }),
            vec![Flaw::SignatureWrong, Flaw::KeyBindingSignatureWrong],
        ),
        (
            "presented_as_another_type",
            change(&format!("{DOCUMENT}/docType"), &mut |it| *it = "org.iso.23220.photoid.1".into()),
            vec![Flaw::DocTypeWrong, Flaw::KeyBindingSignatureWrong],
        ),
        (
            "issued_as_another_type",
            {
                let other = Issuance { doc_type: "org.iso.23220.photoid.1".to_owned(), ..issuance() };
                let other = Unverified::parse(&other.sign(&signer(), &mut testkit::rng(5)).unwrap()).unwrap();
                let shown = other.select(&chosen()).unwrap().bind(&session).sign(&device()).unwrap();
                edited(&shown, &format!("{DOCUMENT}/docType"), |it| *it = MDL.into())
            },
            vec![Flaw::DocTypeWrong, Flaw::KeyBindingSignatureWrong],
        ),
        (
            "device_adds_elements",
            change(&format!("{DOCUMENT}/deviceSigned/nameSpaces"), &mut |spaces| {
                *spaces = Value::encoded(cbor::encode(
                    &Map::from([("ns", Map::from([("x", 1.into())]).into())]).into(),
                ));
            }),
            vec![Flaw::KeyBindingSignatureWrong, Flaw::DeviceElements],
        ),
        (
            "issuers_signature_as_devices",
            change(&format!("{DOCUMENT}/deviceSigned/deviceAuth/deviceSignature/3"), &mut |it| {
                *it = Value::Bytes(vec![7; 64]);
            }),
            vec![Flaw::KeyBindingSignatureWrong],
        ),
    ];
    for (name, bytes, flaws) in cases {
        let refused = response(&bytes).verify(Trust::Anchors(&[anchor()]), &expect(&session)).unwrap_err();
        assert_eq!(refused.flaws(), flaws, "{name}");
    }
}

#[test]
fn another_session_key_or_time_is_refused() {
    let session = transcript();
    let flaws = |trust: Trust<'_>, expect: &Expect<'_>| {
        response(&presented()).verify(trust, expect).unwrap_err().flaws().to_vec()
    };
    let anchors = [anchor()];
    let trust = Trust::Anchors(&anchors);
    for (name, other) in [
        (
            "nonce_of_another_request",
            SessionTranscript::openid4vp(AUDIENCE, "n", None, "https://counter.example/response"),
        ),
        (
            "client_of_another",
            SessionTranscript::openid4vp("other", "n-0S6_WzA2Mj", None, "https://counter.example/response"),
        ),
        (
            "response_elsewhere",
            SessionTranscript::openid4vp(AUDIENCE, "n-0S6_WzA2Mj", None, "https://evil.example"),
        ),
        (
            "encrypted_to_another",
            SessionTranscript::openid4vp(
                AUDIENCE,
                "n-0S6_WzA2Mj",
                Some(&[7; 32]),
                "https://counter.example/response",
            ),
        ),
        (
            "over_the_browser",
            SessionTranscript::openid4vp_dc_api("https://counter.example", "n-0S6_WzA2Mj", None),
        ),
    ] {
        assert_eq!(flaws(trust, &expect(&other)), [Flaw::KeyBindingSignatureWrong], "{name}");
    }
    let at = |now: UnixSeconds| Expect { now, ..expect(&session) };
    assert_eq!(flaws(trust, &at(NOW.plus(3660))), [Flaw::Expired], "expired");
    assert_eq!(flaws(trust, &at(NOW.plus(-61))), [Flaw::CreatedInFuture], "signed_in_future");
    assert_eq!(
        flaws(trust, &at(NOW.plus(2 * 86_400))),
        [Flaw::CertificateUntrusted, Flaw::Expired],
        "certificate_expired"
    );
    assert_eq!(flaws(Trust::Anchors(&[]), &expect(&session)), [Flaw::CertificateUntrusted], "no_anchor");
    let stranger = key(9, Algorithm::Es256);
    assert_eq!(
        flaws(Trust::Key(stranger.public_key()), &expect(&session)),
        [Flaw::KeyOfAnotherController],
        "key_not_the_certificates"
    );
    let other_type = Expect { doc_type: "org.iso.7367.1.mVRC", ..expect(&session) };
    assert_eq!(flaws(trust, &other_type), [Flaw::DocTypeWrong], "another_type_asked_for");
}

#[test]
fn algorithms_are_not_crossed() {
    // Signed with Ed25519 under a certificate for a P-256 key.
    let ed25519 = key(11, Algorithm::EdDsa);
    let crossed = issuance().sign(&ed25519, &mut testkit::rng(5)).unwrap();
    let refused = Unverified::parse(&crossed).unwrap().verify_issued(Trust::Anchors(&[anchor()]), None, NOW);
    assert_eq!(refused.unwrap_err().flaws(), [Flaw::AlgorithmNotOfKey]);
    // The device's signature names another algorithm than its key's.
    let session = transcript();
    let bytes = edited(&presented(), "documents/0/deviceSigned/deviceAuth/deviceSignature/0", |protected| {
        *protected = Value::Bytes(cbor::encode(&Map::from([(1, (-8).into())]).into()));
    });
    let refused = response(&bytes).verify(Trust::Anchors(&[anchor()]), &expect(&session)).unwrap_err();
    assert_eq!(refused.flaws(), [Flaw::KeyBindingTypeWrong]);
    // A payload beside the one both sides know.
    let bytes = edited(&presented(), "documents/0/deviceSigned/deviceAuth/deviceSignature/2", |payload| {
        *payload = Value::Bytes(vec![1]);
    });
    let refused = response(&bytes).verify(Trust::Anchors(&[anchor()]), &expect(&session)).unwrap_err();
    assert_eq!(refused.flaws(), [Flaw::KeyBindingTypeWrong]);
}

#[test]
fn an_element_held_back_at_issue_is_noticed() {
    let bytes = edited(&issued(), "nameSpaces/org.iso.18013.5.1", |items| {
        let Value::Array(list) = items else { panic!("items") };
        list.pop();
    });
    let document = Unverified::parse(&bytes).unwrap();
    let refused = document.verify_issued(Trust::Anchors(&[anchor()]), None, NOW).unwrap_err();
    assert_eq!(refused.flaws(), [Flaw::StatementCountWrong]);
}

#[test]
fn responses_are_not_read_by_name() {
    let good = presented();
    let parse = |bytes: &[u8]| DeviceResponse::parse(bytes).unwrap_err();
    let change = |path: &str, change: &mut dyn FnMut(&mut Value)| parse(&edited(&good, path, change));
    let first = format!("{ITEMS}/0");
    let cbor_error = |error: cbor::Error| ParseError::Cbor(error);
    let issued = "documents/0/issuerSigned";
    let auth = "documents/0/issuerSigned/issuerAuth";
    let device = "documents/0/deviceSigned";
    let cases: Vec<(&str, ParseError, ParseError)> = vec![
        ("trailing_byte", parse(&[good.clone(), vec![0]].concat()), cbor_error(cbor::Error::Trailing)),
        ("cut_off", parse(&good[..good.len() - 1]), cbor_error(cbor::Error::Truncated)),
        ("version", change("version", &mut |it| *it = "1.1".into()), ParseError::Version),
        ("status", change("status", &mut |it| *it = 10.into()), ParseError::Failed),
        (
            "errors",
            change("", &mut |it| insert(it, "documentErrors", Value::Array(vec![]))),
            ParseError::Failed,
        ),
        ("member_unknown", change("", &mut |it| insert(it, "other", Value::Null)), ParseError::Form),
        ("no_documents", change("documents", &mut |it| *it = Value::Array(vec![])), ParseError::Documents),
        (
            "seventeen_documents",
            change("documents", &mut |it| {
                let Value::Array(list) = it else { panic!("documents") };
                *list = vec![list[0].clone(); 17];
            }),
            ParseError::Documents,
        ),
        (
            "salt_of_15_bytes",
            change(&format!("{first}/random"), &mut |it| *it = Value::Bytes(vec![7; 15])),
            ParseError::Element,
        ),
        (
            "digest_id_negative",
            change(&format!("{first}/digestID"), &mut |it| *it = (-1).into()),
            ParseError::Element,
        ),
        (
            "digest_id_of_2_to_31",
            change(&format!("{first}/digestID"), &mut |it| *it = (1 << 31).into()),
            ParseError::Element,
        ),
        (
            "element_with_more",
            change(&first, &mut |it| {
                let inside = it.as_encoded().unwrap().to_vec();
                let mut inside = cbor::parse(&inside).unwrap();
                insert(&mut inside, "more", Value::Null);
                *it = Value::encoded(cbor::encode(&inside));
            }),
            ParseError::Element,
        ),
        (
            "element_untagged",
            change(&first, &mut |it| *it = Value::Bytes(it.as_encoded().unwrap().to_vec())),
            ParseError::Element,
        ),
        (
            "element_twice",
            change(ITEMS, &mut |it| {
                let Value::Array(list) = it else { panic!("items") };
                list.push(list[0].clone());
            }),
            ParseError::DuplicateElement,
        ),
        (
            "certificate_missing",
            change(&format!("{auth}/1"), &mut |it| *it = Map::default().into()),
            ParseError::Certificate,
        ),
        (
            "certificate_malformed",
            change(&format!("{auth}/1"), &mut |it| *it = Map::from([(33, vec![0x30, 0].into())]).into()),
            ParseError::Certificate,
        ),
        (
            "object_detached",
            change(&format!("{auth}/2"), &mut |it| *it = Value::Null),
            ParseError::SecurityObject,
        ),
        (
            "object_version",
            change(&format!("{PAYLOAD}/version"), &mut |it| *it = "2.0".into()),
            ParseError::Version,
        ),
        (
            "hash_unknown",
            change(&format!("{PAYLOAD}/digestAlgorithm"), &mut |it| *it = "MD5".into()),
            ParseError::SecurityObject,
        ),
        (
            "time_untagged",
            change(&format!("{PAYLOAD}/validityInfo/validUntil"), &mut |it| *it = Value::Null),
            ParseError::SecurityObject,
        ),
        (
            "status_malformed",
            change(&format!("{PAYLOAD}/status"), &mut |it| *it = 1.into()),
            ParseError::Status(credentials::status::StatusRefError::Malformed),
        ),
        (
            "device_key_private",
            change(&format!("{PAYLOAD}/deviceKeyInfo/deviceKey"), &mut |it| {
                let mut entries = it.as_map().unwrap().clone().into_entries();
                entries.push(((-4).into(), Value::Bytes(vec![7; 32])));
                *it = Map::sorted(entries).into();
            }),
            ParseError::Key(credentials::key::KeyError::Private),
        ),
        (
            "issuer_part_unknown_member",
            change(issued, &mut |it| insert(it, "x", Value::Null)),
            ParseError::Form,
        ),
        ("device_part_missing", change(device, &mut |it| *it = Value::Null), ParseError::Form),
        (
            "no_device_authentication",
            change(&format!("{device}/deviceAuth"), &mut |it| *it = Map::default().into()),
            ParseError::DeviceAuthentication,
        ),
        (
            "both_device_authentications",
            change(&format!("{device}/deviceAuth"), &mut |it| insert(it, "deviceMac", Value::Null)),
            ParseError::DeviceAuthentication,
        ),
        (
            "alg_not_protected",
            change(&format!("{auth}/0"), &mut |it| *it = Value::Bytes(vec![])),
            ParseError::Cose(cose::ParseError::AlgorithmNotProtected),
        ),
    ];
    for (name, found, error) in cases {
        assert_eq!(found, error, "{name}");
    }
}

/// Spellings that another reader might take, inside what was signed and outside.
#[test]
fn other_spellings_are_not_read() {
    let good = presented();
    let version = good.windows(8).position(|eight| eight == b"\x67version").unwrap();
    let mut long_text = good.clone();
    long_text.splice(version..=version, [0x78, 7]);
    assert_eq!(DeviceResponse::parse(&long_text).unwrap_err(), ParseError::Cbor(cbor::Error::NotShortest));
    let mut indefinite = good.clone();
    indefinite[0] = 0xbf;
    indefinite.push(0xff);
    assert_eq!(DeviceResponse::parse(&indefinite).unwrap_err(), ParseError::Cbor(cbor::Error::Indefinite));
    let twice = [vec![good[0] + 1], good[1..].to_vec(), b"\x67version\x631.0".to_vec()].concat();
    assert_eq!(DeviceResponse::parse(&twice).unwrap_err(), ParseError::Cbor(cbor::Error::DuplicateKey));
    let huge = [vec![0xbb, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], good[1..].to_vec()].concat();
    assert_eq!(DeviceResponse::parse(&huge).unwrap_err(), ParseError::Cbor(cbor::Error::Truncated));
    let bomb = edited(&good, &format!("{ITEMS}/0/elementValue"), |value| {
        for _ in 0..40 {
            *value = Value::Array(vec![std::mem::replace(value, Value::Null)]);
        }
    });
    assert_eq!(DeviceResponse::parse(&bomb).unwrap_err(), ParseError::Cbor(cbor::Error::TooDeep));
}

/// A status list, a credential and a device's signature are no issuer's signature.
#[test]
fn messages_of_other_kinds_do_not_pass() {
    let session = transcript();
    let making = Making::protected(cose::Header::typed("application/statuslist+cwt"));
    let list = making.prepare(b"list".to_vec(), signer().public_key()).sign_value(&signer()).unwrap();
    let bytes = edited(&presented(), "documents/0/issuerSigned/issuerAuth", |auth| *auth = list.clone());
    assert!(DeviceResponse::parse(&bytes).is_err());
    let mut device_signature = Value::Null;
    edited(&presented(), "documents/0/deviceSigned/deviceAuth/deviceSignature", |it| {
        device_signature = it.clone();
    });
    let bytes = edited(&presented(), "documents/0/issuerSigned/issuerAuth/3", |it| {
        *it = device_signature.as_array().unwrap()[3].clone();
    });
    let refused = response(&bytes).verify(Trust::Anchors(&[anchor()]), &expect(&session)).unwrap_err();
    assert_eq!(refused.flaws(), [Flaw::SignatureWrong]);
    assert_eq!(response(&presented()).doc_type(), MDL);
}

/// What the issuer says of times, and when it had its certificate.
#[test]
fn times_of_issue() {
    let flaws = |change: fn(&mut Issuance)| {
        let mut issuance = issuance();
        change(&mut issuance);
        let document = Unverified::parse(&issuance.sign(&signer(), &mut testkit::rng(5)).unwrap()).unwrap();
        document.check_issuer(Trust::Anchors(&[anchor()]), NOW).flaws().to_vec()
    };
    assert_eq!(flaws(|i| i.valid_from = NOW.plus(61)), [Flaw::NotYetValid], "not_yet_valid");
    assert_eq!(flaws(|i| i.valid_from = NOW.plus(60)), []);
    assert_eq!(flaws(|i| (i.signed, i.valid_from) = (NOW.plus(60), NOW.plus(60))), []);
    let before = |i: &mut Issuance| i.signed = NOW.plus(-86_401);
    assert_eq!(flaws(before), [Flaw::CertificateUntrusted], "signed_before_the_certificate");
    assert_eq!(flaws(|i| i.signed = NOW.plus(-86_400)), []);
}

#[test]
fn a_namespace_held_back_at_issue_is_noticed() {
    let mut more = issuance();
    more.name_spaces.push(("org.iso.18013.5.1.CN".to_owned(), vec![("points".to_owned(), 12.into())]));
    let whole = more.sign(&signer(), &mut testkit::rng(5)).unwrap();
    let verify = |bytes: &[u8]| {
        let document = Unverified::parse(bytes).unwrap();
        let verified = document.verify_issued(Trust::Anchors(&[anchor()]), None, NOW);
        verified.map(drop).map_err(|refused| refused.flaws().to_vec())
    };
    assert_eq!(verify(&whole), Ok(()));
    let without = edited(&whole, "nameSpaces", |spaces| {
        let items = spaces.as_map().unwrap().member(MDL_NAMESPACE).unwrap().clone();
        *spaces = Map::from([(MDL_NAMESPACE, items)]).into();
    });
    assert_eq!(verify(&without), Err(vec![Flaw::StatementCountWrong]));
}

#[test]
fn elements_there_twice() {
    let mut first = Vec::new();
    edited(&issued(), "nameSpaces/org.iso.18013.5.1/0", |item| {
        let inside = cbor::parse(item.as_encoded().unwrap()).unwrap();
        let member = |name: &str| inside.as_map().unwrap().member(name).unwrap().clone();
        first = vec![member("elementIdentifier"), member("digestID")];
    });
    for (name, at) in [("elementIdentifier", 0), ("digestID", 1)] {
        let path = format!("nameSpaces/org.iso.18013.5.1/1/{name}");
        let twice = edited(&issued(), &path, |value| *value = first[at].clone());
        assert_eq!(Unverified::parse(&twice).map(drop), Err(ParseError::DuplicateElement), "{name}");
    }
}

#[test]
fn salts_are_long_enough() {
    let with = |length: usize| {
        let salted = edited(&issued(), "nameSpaces/org.iso.18013.5.1/0/random", |salt| {
            *salt = Value::Bytes(vec![1; length]);
        });
        Unverified::parse(&salted).map(drop)
    };
    assert_eq!(with(15), Err(ParseError::Element));
    assert_eq!(with(16), Ok(()));
    // Those of the issuer are random.
    let mut salts = Vec::new();
    edited(&issued(), "nameSpaces/org.iso.18013.5.1", |items| {
        for item in items.as_array().unwrap() {
            let inside = cbor::parse(item.as_encoded().unwrap()).unwrap();
            salts.push(inside.as_map().unwrap().member("random").unwrap().as_bytes().unwrap().to_vec());
        }
    });
    salts.sort();
    assert!(salts.windows(2).all(|pair| pair[0] != pair[1]));
}

#[test]
fn chains_too_long() {
    let of = |length: usize| {
        let mut issuance = issuance();
        issuance.x5chain = vec![issuance.x5chain[0].clone(); length];
        Unverified::parse(&issuance.sign(&signer(), &mut testkit::rng(5)).unwrap()).map(drop)
    };
    assert_eq!((of(4), of(5)), (Ok(()), Err(ParseError::Certificate)));
}

#[test]
fn documents_with_errors() {
    let bytes = edited(&presented(), DOCUMENT, |document| insert(document, "errors", Map::default().into()));
    assert_eq!(DeviceResponse::parse(&bytes).map(drop), Err(ParseError::Failed));
}

/// RFC 8949 §3.4: what stands under another tag means something else.
#[test]
fn tags_of_other_kinds() {
    let retagged = |path: &str, tag: u64| {
        let bytes = edited(&issued(), path, |value| {
            let Value::Tag(_, inside) = value.clone() else { panic!("a tag") };
            *value = Value::tagged(tag, *inside);
        });
        Unverified::parse(&bytes).map(drop)
    };
    for time in ["signed", "validFrom", "validUntil"] {
        let path = format!("issuerAuth/2/validityInfo/{time}");
        assert_eq!(retagged(&path, 0), Ok(()));
        assert_eq!(retagged(&path, 1004), Err(ParseError::SecurityObject), "{time}");
    }
    assert_eq!(retagged("nameSpaces/org.iso.18013.5.1/0", 24), Ok(()));
    assert_eq!(retagged("nameSpaces/org.iso.18013.5.1/0", 25), Err(ParseError::Element), "item");
}

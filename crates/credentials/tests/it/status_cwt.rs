//! Token Status List as CWT: the draft's examples, and every bound.

use credentials::UnixSeconds;
use credentials::cbor::{self, Map, Value};
use credentials::cose::{self, Header, Making, VerifyError};
use credentials::key::{Algorithm, PublicKey, Signer};
use credentials::status::{
    Bits, MAX_LIST_BYTES, Status, StatusRef, StatusRefError, TOKEN_LIST_CWT, TokenList, TokenListClaims,
    TokenListError,
};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use std::io::Write;

use crate::bulk;
use crate::support::{NOW, issuer, status};

const URI: &str = "https://issuer.example/status-lists/3";

fn hex(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

/// §4.3 and appendix: the examples of one and two bits.
#[test]
fn the_drafts_small_lists() {
    for (bits, bytes, text) in [
        (Bits::One, "b9a3", "a2646269747301636c73744a78dadbb918000217015d"),
        (Bits::Two, "c944f9", "a2646269747302636c73744b78da3be9f2130003df0207"),
    ] {
        let list = TokenList::from_cbor(&cbor::parse(&hex(text)).unwrap()).unwrap();
        assert_eq!(list, TokenList::from_bytes(bits, hex(bytes)).unwrap());
        assert_eq!(hex::encode(cbor::encode(&list.to_cbor())), text);
    }
}

/// §5.2: the list token that the draft prints, with its key.
#[test]
fn the_drafts_token_verifies() {
    let token = hex(
        "d2845820a2012610781a6170706c69636174696f6e2f7374617475736c6973742b637774a1044231325850a502782168747470733a2f2f6578616d706c652e636f6d2f7374617475736c697374732f31061a648c5bea041a8898dfea19fffe19a8c019fffda2646269747301636c73744a78dadbb918000217015d584093fa4d01032b18c35e2fe1101b77fd6cc9440022caa4694450c4e4e9feab4e99d1fa6d9772ce2bf3a12e0323ded7c982c5e101a5e67f0cbc1e2b6f57ce99c279",
    );
    let (uri, made) = ("https://example.com/statuslists/1", UnixSeconds(1_686_920_170));
    let message = cose::Unverified::parse(&token).unwrap();
    assert_eq!(message.kid(), Some(&b"12"[..]));
    let key = draft_key();
    let (list, claims) = TokenList::verify_cwt(&token, uri, &key, made).unwrap();
    assert_eq!(list.as_bytes(), [0xb9, 0xa3]);
    assert_eq!(claims.ttl, Some(43_200));
    assert_eq!(claims.exp, Some(UnixSeconds(2_291_720_170)));
}

/// The key `12` with which the draft's examples are signed.
fn draft_key() -> PublicKey {
    let jwk = serde_json::json!({
        "kty": "EC",
        "crv": "P-256",
        "x": "I3HWm_0Ds1dPMI-IWmf4mBmH-YaeAVbPVu7vB27CxXo",
        "y": "6N_d5Elj9bs1htgV3okJKIdbHEpkgTmAluYKJemzn1M",
    });
    PublicKey::from_jwk(&serde_json::from_value(jwk).unwrap()).unwrap()
}

/// The draft's long lists of all four widths.
#[test]
fn the_drafts_long_lists() {
    let Some(path) = bulk::vectors("token-status-list.json") else { return };
    let cases: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    for case in cases.as_array().unwrap() {
        // The copies end in half a byte too many.
        let text = case["cbor_hex"].as_str().unwrap();
        let bytes = hex(&text[..text.len() / 2 * 2]);
        let list = TokenList::from_cbor(&cbor::parse(&bytes).unwrap()).unwrap();
        assert_eq!(list, TokenList::from_json(&case["json"]).unwrap());
        for (index, value) in case["set"].as_object().unwrap() {
            let expected = Status::from_value(u8::try_from(value.as_u64().unwrap()).unwrap());
            assert_eq!(list.status(index.parse().unwrap()), Ok(expected));
        }
        assert_eq!(TokenList::from_cbor(&list.to_cbor()), Ok(list));
    }
}

fn claims() -> TokenListClaims {
    TokenListClaims { sub: URI.to_owned(), iat: NOW, exp: Some(NOW.plus(600)), ttl: Some(300) }
}

fn list() -> TokenList {
    let mut list = TokenList::new(Bits::Two, 8192).unwrap();
    list.set(4711, Status::Suspended).unwrap();
    list
}

#[test]
fn a_list_is_issued_and_checked() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Es384] {
        let signer = issuer(algorithm);
        let token = list().prepare_cwt(&claims(), Some("did:hui:anhui:zIssuer#key-1"), signer.public_key());
        let token = token.sign(&signer).unwrap();
        let (read, said) = TokenList::verify_cwt(&token, URI, signer.public_key(), NOW).unwrap();
        assert_eq!((read.status(4711), &said), (Ok(Status::Suspended), &claims()));
        assert_eq!(read.status(8192), Err(TokenListError::IndexOutOfRange));
    }
}

#[test]
fn a_list_carries_the_certificates_of_its_key_under_the_signature() {
    let signer = issuer(Algorithm::Es256);
    let chain = vec![vec![0x30, 0x01], vec![0x30, 0x02]];
    for chain in [chain[..1].to_vec(), chain] {
        let token = list().prepare_cwt_with(&claims(), Some("#key-1"), chain.clone(), signer.public_key());
        let token = token.sign(&signer).unwrap();
        assert!(TokenList::verify_cwt(&token, URI, signer.public_key(), NOW).is_ok());
        let message = cose::Unverified::parse(&token).unwrap();
        assert!(message.unprotected().x5chain.is_empty(), "nobody may exchange it");
        assert_eq!(message.verify(signer.public_key(), TOKEN_LIST_CWT).unwrap().protected.x5chain, chain);
    }
}

/// A token whose claims were changed before signing.
fn token(header: Header, change: impl FnOnce(&mut Vec<(Value, Value)>)) -> Vec<u8> {
    let mut entries =
        vec![(2.into(), URI.into()), (6.into(), NOW.0.into()), (65_533.into(), list().to_cbor())];
    change(&mut entries);
    let signer = issuer(Algorithm::Es256);
    let payload = cbor::encode(&Map::sorted(entries).into());
    Making::protected(header).prepare(payload, signer.public_key()).sign(&signer).unwrap()
}

fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn tokens_are_refused_by_name() {
    let typed = || Header::typed(TOKEN_LIST_CWT);
    let with = |name: i64, value: Value| {
        token(typed(), |entries| {
            entries.retain(|(key, _)| *key != Value::from(name));
            entries.push((name.into(), value));
        })
    };
    let without = |name: i64| token(typed(), |entries| entries.retain(|(key, _)| *key != Value::from(name)));
    let lst = |bits: i64, lst: Vec<u8>| {
        with(65_533, Map::from([("bits", bits.into()), ("lst", Value::Bytes(lst))]).into())
    };
    let good = token(typed(), |_| ());
    let untagged = good[1..].to_vec();
    let cwt_tagged = [vec![0xd8, 61], good.clone()].concat();
    let bomb = compressed(&vec![0; MAX_LIST_BYTES + 1]);
    let malformed = TokenListError::Malformed;
    let type_wrong = TokenListError::RefusedMessage(VerifyError::TypeWrong);
    let cases: Vec<(&str, Vec<u8>, TokenListError)> = vec![
        ("typ_missing", token(Header::default(), |_| ()), type_wrong),
        ("typ_of_jwt", token(Header::typed("statuslist+jwt"), |_| ()), type_wrong),
        ("typ_of_credential", token(Header::typed("application/vc+cose"), |_| ()), type_wrong),
        ("typ_without_application", token(Header::typed("statuslist+cwt"), |_| ()), type_wrong),
        ("untagged", untagged, malformed),
        ("tagged_as_cwt", cwt_tagged, TokenListError::Message(cose::ParseError::Form)),
        ("sub_missing", without(2), malformed),
        (
            "sub_of_another_list",
            with(2, "https://issuer.example/status-lists/4".into()),
            TokenListError::SubjectWrong,
        ),
        ("sub_a_number", with(2, 7.into()), malformed),
        ("iat_missing", without(6), malformed),
        ("iat_a_text", with(6, "now".into()), malformed),
        ("iat_in_future", with(6, (NOW.0 + 61).into()), TokenListError::MadeInFuture),
        ("nbf_in_future", with(5, (NOW.0 + 61).into()), TokenListError::MadeInFuture),
        ("nbf_a_text", with(5, "now".into()), malformed),
        ("expired", with(4, (NOW.0 - 60).into()), TokenListError::Expired),
        ("exp_a_text", with(4, "never".into()), malformed),
        ("ttl_zero", with(65_534, 0.into()), malformed),
        ("ttl_negative", with(65_534, (-1).into()), malformed),
        ("list_missing", without(65_533), malformed),
        ("bits_three", lst(3, compressed(&[0])), malformed),
        ("bits_256", lst(256, compressed(&[0])), malformed),
        ("not_zlib", lst(1, vec![1, 2, 3]), malformed),
        ("zlib_cut_off", lst(1, compressed(&[7; 999])[..9].to_vec()), malformed),
        ("bomb", lst(1, bomb), TokenListError::TooLarge),
        ("payload_no_map", with_payload(&Value::Null), malformed),
    ];
    let key = issuer(Algorithm::Es256);
    for (name, token, error) in cases {
        assert_eq!(TokenList::verify_cwt(&token, URI, key.public_key(), NOW), Err(error), "{name}");
    }
    for good in [good.clone(), with(5, NOW.0.into()), with(5, (NOW.0 + 60).into())] {
        assert!(TokenList::verify_cwt(&good, URI, key.public_key(), NOW).is_ok());
    }
    let other = issuer(Algorithm::EdDsa);
    assert_eq!(
        TokenList::verify_cwt(&good, URI, other.public_key(), NOW),
        Err(TokenListError::RefusedMessage(VerifyError::AlgorithmNotOfKey)),
        "algorithm_crossed"
    );
}

fn with_payload(payload: &Value) -> Vec<u8> {
    let signer = issuer(Algorithm::Es256);
    let making = Making::protected(Header::typed(TOKEN_LIST_CWT));
    making.prepare(cbor::encode(payload), signer.public_key()).sign(&signer).unwrap()
}

#[test]
fn references_survive() {
    let reference = StatusRef { bitstring: Vec::new(), ..status() };
    assert_eq!(StatusRef::from_cbor(&reference.to_cbor()), Ok(reference));
    // The draft's example (§6.3): `{"status_list": {"idx": 0, "uri": …}}`.
    let text = "a16b7374617475735f6c697374a26369647800637572697821687474\
        70733a2f2f6578616d706c652e636f6d2f7374617475736c697374732f31";
    let read = StatusRef::from_cbor(&cbor::parse(&hex(text)).unwrap()).unwrap();
    assert_eq!(hex::encode(cbor::encode(&read.to_cbor())), text);
    let refused = |value: Value| StatusRef::from_cbor(&value).unwrap_err();
    let entry =
        |idx: Value| Map::from([("status_list", Map::from([("idx", idx), ("uri", URI.into())]).into())]);
    assert_eq!(refused(Value::Null), StatusRefError::Malformed);
    assert_eq!(refused(Map::default().into()), StatusRefError::Unsupported);
    assert_eq!(refused(entry((-1).into()).into()), StatusRefError::Malformed, "index_negative");
    assert_eq!(refused(entry("0".into()).into()), StatusRefError::Malformed, "index_a_text");
}

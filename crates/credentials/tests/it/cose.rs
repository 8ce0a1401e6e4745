//! COSE_Sign1: the working group's examples (github.com/cose-wg/Examples), and refusals.

use credentials::cbor::{self, Map, Value};
use credentials::cose::{Header, Making, MediaType, ParseError, Unverified, VerifyError};
use credentials::key::{Algorithm, PublicKey, Signer};

use crate::support::{issuer, key};

const CONTENT: &[u8] = b"This is the content.";
const TYP: &str = "application/example+cose";

fn hex(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

/// The key `11` of the examples, P-256.
fn eleven() -> PublicKey {
    let x = "bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff";
    let y = "20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e";
    PublicKey::p256(&hex(&format!("04{x}{y}"))).unwrap()
}

#[test]
fn the_working_groups_examples_verify() {
    let ed25519 = hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    let x =
        "9132723f6292b010619dbe248d698c17b58756c639e7150f81bee4eb8ac37236ad0a1a19d67be32a66263e1e524d129c";
    let y =
        "98cd3078c554d832ac603c4326410ff61662459b41f1f3df5dbcc83598ff7c5ed8411ca735679d1c4cb3009397d9ef2c";
    let cases = [
        (
            "sign-pass-02",
            "D28443A10126A10442313154546869732069732074686520636F6E74656E742E584010729CD711CB3813D8D8E944A8DA7111E7B258C9BDCA6135F7AE1ADBEE9509891267837E1E33BD36C150326AE62755C6BD8E540C3E8F92D7D225E8DB72B8820B",
            eleven(),
            "11aa22bb33cc44dd55006699",
        ),
        (
            "sign-pass-03",
            "8443A10126A10442313154546869732069732074686520636F6E74656E742E58408EB33E4CA31D1C465AB05AAC34CC6B23D58FEF5C083106C4D25A91AEF0B0117E2AF9A291AA32E14AB834DC56ED2A223444547E01F11D3B0916E5A4C345CACB36",
            eleven(),
            "",
        ),
        (
            "eddsa-sig-01",
            "D28445A201270300A10442313154546869732069732074686520636F6E74656E742E58407142FD2FF96D56DB85BEE905A76BA1D0B7321A95C8C4D3607C5781932B7AFB8711497DFA751BF40B58B3BCC32300B1487F3DB34085EEF013BF08F4A44D6FEF0D",
            PublicKey::ed25519(&ed25519.try_into().unwrap()).unwrap(),
            "",
        ),
        (
            "ecdsa-sig-02",
            "D28444A1013822A104445033383454546869732069732074686520636F6E74656E742E58605F150ABD1C7D25B32065A14E05D6CB1F665D10769FF455EA9A2E0ADAB5DE63838DB257F0949C41E13330E110EBA7B912F34E1546FB1366A2568FAA91EC3E6C8D42F4A67A0EDF731D88C9AEAD52258B2E2C4740EF614F02E9D91E9B7B59622A3C",
            PublicKey::p384(&hex(&format!("04{x}{y}"))).unwrap(),
            "",
        ),
    ];
    for (name, text, key, aad) in cases {
        let message = Unverified::parse(&hex(text)).unwrap();
        assert_eq!(message.is_tagged(), name != "sign-pass-03", "{name}");
        assert_eq!(message.dangerous_payload(), Some(CONTENT), "{name}");
        assert_eq!(message.check_signature(&key, &hex(aad), None), Ok(()), "{name}");
        let elsewhere = message.check_signature(&key, b"another context", None);
        assert_eq!(elsewhere, Err(VerifyError::SignatureWrong), "{name}");
        // No typ: never taken for a kind of message.
        assert_eq!(message.verify(&key, TYP).unwrap_err(), VerifyError::TypeWrong, "{name}");
    }
}

#[test]
fn the_working_groups_failures_are_refused() {
    let rest = "A10442313154546869732069732074686520636F6E74656E742E58408EB33E4CA31D1C465AB05AAC34CC6B23D58FEF5C083106C4D25A91AEF0B0117E2AF9A291AA32E14AB834DC56ED2A223444547E01F11D3B0916E5A4C345CACB36";
    let parse = |head: &str| Unverified::parse(&hex(&format!("{head}{rest}")));
    assert_eq!(parse("D903E68443A10126").unwrap_err(), ParseError::Form, "sign-fail-01, another tag");
    let changed = hex(&format!("D28443A10126{}", rest.replace("742E", "742F")));
    let changed = Unverified::parse(&changed).unwrap().check_signature(&eleven(), &[], None);
    assert_eq!(changed, Err(VerifyError::SignatureWrong), "sign-fail-02, payload changed");
    let unknown = parse("D28445A1013903E6").unwrap().check_signature(&eleven(), &[], None);
    assert_eq!(unknown, Err(VerifyError::AlgorithmNotOfKey), "sign-fail-03, unknown algorithm");
    assert_eq!(
        parse("D2844AA10167756E6B6E6F776E").unwrap_err(),
        ParseError::Header,
        "sign-fail-04, alg a text"
    );
    let added = parse("D28445A201260300").unwrap().check_signature(&eleven(), &[], None);
    assert_eq!(added, Err(VerifyError::SignatureWrong), "sign-fail-06, parameter added");
    // `sign-pass-01` has its `alg` where nobody signed it. It is valid COSE, and not taken here.
    let unprotected = "D28441A0A201260442313154546869732069732074686520636F6E74656E742E584087DB0D2E5571843B78AC33ECB2830DF7B6E0A4D5B7376DE336B23C591C90C425317E56127FBE04370097CE347087B233BF722B64072BEB4486BDA4031D27244F";
    assert_eq!(Unverified::parse(&hex(unprotected)).unwrap_err(), ParseError::AlgorithmNotProtected);
}

#[test]
fn what_is_signed_verifies_with_each_algorithm() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Es384] {
        let signer = issuer(algorithm);
        let public = signer.public_key();
        let mut header = Header::typed(TYP).with_kid("did:example:1#key").with_content_type("text/plain");
        header.x5chain = vec![vec![1; 40], vec![2; 40]];
        let making = Making::protected(header.clone());
        let bytes = making.prepare(CONTENT.to_vec(), public).sign(&signer).unwrap();
        let message = Unverified::parse(&bytes).unwrap();
        assert!(message.is_tagged());
        assert_eq!((Some(message.alg()), message.protected()), (algorithm.cose(), &header));
        assert_eq!(message.verify(public, TYP).unwrap().payload, CONTENT);
        // The same in two stages.
        let prepared = making.prepare(CONTENT.to_vec(), public);
        let signature = signer.sign(prepared.bytes()).unwrap();
        assert_eq!(prepared.finish(&signature).unwrap(), bytes);
        assert!(making.prepare(CONTENT.to_vec(), public).finish(&[7; 64]).is_err());

        let making = Making { external_aad: b"aad".to_vec(), detached: true, ..making };
        let detached = making.prepare(CONTENT.to_vec(), public).sign(&signer).unwrap();
        let message = Unverified::parse(&detached).unwrap();
        let check = |aad: &[u8], payload| message.check_signature(public, aad, payload);
        assert_eq!(check(b"aad", Some(CONTENT)), Ok(()));
        assert_eq!(check(b"aad", None), Err(VerifyError::Payload), "payload_missing");
        assert_eq!(check(b"", Some(CONTENT)), Err(VerifyError::SignatureWrong), "aad_missing");
        assert_eq!(check(b"aad", Some(b"another")), Err(VerifyError::SignatureWrong), "payload_another");
        let attached = Unverified::parse(&bytes).unwrap();
        let twice = attached.check_signature(public, &[], Some(CONTENT));
        assert_eq!(twice, Err(VerifyError::Payload), "payload_twice");
    }
}

#[test]
fn another_type_or_key_is_refused() {
    let signer = issuer(Algorithm::Es256);
    let public = signer.public_key();
    let made = |header: Header| {
        let bytes = Making::protected(header).prepare(CONTENT.to_vec(), public).sign(&signer).unwrap();
        Unverified::parse(&bytes).unwrap()
    };
    let message = made(Header::typed(TYP));
    assert!(message.clone().verify(public, "application/EXAMPLE+cose").is_ok());
    for typ in ["application/other+cose", "example+cose"] {
        assert_eq!(message.clone().verify(public, typ).unwrap_err(), VerifyError::TypeWrong, "{typ}");
    }
    let coap = Header { typ: Some(MediaType::Coap(18)), ..Header::default() };
    assert_eq!(made(coap).verify(public, TYP).unwrap_err(), VerifyError::TypeWrong, "typ_as_number");
    let unprotected = Making { unprotected: Header::typed(TYP), ..Making::default() };
    let bytes = unprotected.prepare(CONTENT.to_vec(), public).sign(&signer).unwrap();
    let refused = Unverified::parse(&bytes).unwrap().verify(public, TYP);
    assert_eq!(refused.unwrap_err(), VerifyError::TypeWrong, "typ_not_protected");
    let other = key(9, Algorithm::Es256);
    let refused = message.clone().verify(other.public_key(), TYP);
    assert_eq!(refused.unwrap_err(), VerifyError::SignatureWrong, "another_key");
    let refused = message.verify(issuer(Algorithm::EdDsa).public_key(), TYP);
    assert_eq!(refused.unwrap_err(), VerifyError::AlgorithmNotOfKey, "algorithm_crossed");
}

/// A message of these headers, with a signature of some length.
fn message(protected: &Value, unprotected: Value, signature: usize) -> Result<Unverified, ParseError> {
    let parts = vec![cbor::encode(protected).into(), unprotected, CONTENT.into(), vec![7; signature].into()];
    Unverified::parse(&cbor::encode(&parts.into()))
}

#[test]
fn headers_are_refused_by_name() {
    let alg = || (Value::from(1), Value::from(-7));
    let map = |entries: Vec<(Value, Value)>| Value::from(Map::sorted(entries));
    let crit = |labels: Vec<Value>| (Value::from(2), Value::Array(labels));
    let cases: Vec<(&str, Value, Value, ParseError)> = vec![
        ("no_alg", map(vec![]), map(vec![]), ParseError::AlgorithmNotProtected),
        ("alg_unprotected", map(vec![]), map(vec![alg()]), ParseError::AlgorithmNotProtected),
        ("alg_in_both", map(vec![alg()]), map(vec![alg()]), ParseError::DuplicateLabel),
        (
            "kid_in_both",
            map(vec![alg(), (4.into(), vec![1].into())]),
            map(vec![(4.into(), vec![2].into())]),
            ParseError::DuplicateLabel,
        ),
        ("protected_no_map", Value::Array(vec![]), map(vec![]), ParseError::Header),
        ("unprotected_no_map", map(vec![alg()]), Value::Null, ParseError::Form),
        ("kid_a_text", map(vec![alg(), (4.into(), "1".into())]), map(vec![]), ParseError::Header),
        ("typ_negative", map(vec![alg(), (16.into(), (-1).into())]), map(vec![]), ParseError::Header),
        ("label_of_bytes", map(vec![alg(), (vec![1].into(), 1.into())]), map(vec![]), ParseError::Header),
        (
            "chain_of_one_in_array",
            map(vec![alg(), (33.into(), Value::Array(vec![vec![1].into()]))]),
            map(vec![]),
            ParseError::Header,
        ),
        (
            "crit_unknown",
            map(vec![alg(), crit(vec![99.into()]), (99.into(), 1.into())]),
            map(vec![]),
            ParseError::Critical,
        ),
        (
            "crit_unknown_text",
            map(vec![alg(), crit(vec!["x".into()]), ("x".into(), 1.into())]),
            map(vec![]),
            ParseError::Critical,
        ),
        ("crit_not_there", map(vec![alg(), crit(vec![16.into()])]), map(vec![]), ParseError::Critical),
        ("crit_empty", map(vec![alg(), crit(vec![])]), map(vec![]), ParseError::Critical),
        ("crit_no_list", map(vec![alg(), (2.into(), 1.into())]), map(vec![]), ParseError::Critical),
        (
            "crit_unprotected",
            map(vec![alg()]),
            map(vec![crit(vec![4.into()]), (4.into(), vec![1].into())]),
            ParseError::Critical,
        ),
    ];
    for (name, protected, unprotected, error) in cases {
        assert_eq!(message(&protected, unprotected, 64).unwrap_err(), error, "{name}");
    }
    let known = map(vec![alg(), crit(vec![16.into(), 1.into()]), (16.into(), TYP.into())]);
    assert!(message(&known, map(vec![]), 64).is_ok());
    for length in [0, 63, 65, 95, 128] {
        let refused = message(&map(vec![alg()]), map(vec![]), length).unwrap_err();
        assert_eq!(refused, ParseError::SignatureLength, "signature_of_{length}");
    }
    // A protected header is CBOR of its own, and read as strictly.
    let twice = hex("8444a2012601264000a0404058");
    assert!(matches!(Unverified::parse(&twice), Err(ParseError::Cbor(_))));
    let inside =
        Value::Array(vec![hex("a201260126").into(), map(vec![]), CONTENT.into(), vec![7; 64].into()]);
    assert_eq!(Unverified::read(inside).unwrap_err(), ParseError::Cbor(cbor::Error::DuplicateKey));
    for parts in [3, 5] {
        assert_eq!(Unverified::read(Value::Array(vec![Value::Null; parts])).unwrap_err(), ParseError::Form);
    }
}

/// Of entries with one key the first stays: nothing that others would refuse is written.
#[test]
fn maps_are_made_with_each_key_once() {
    let map = Map::sorted(vec![(1.into(), 2.into()), (0.into(), 3.into()), (1.into(), 4.into())]);
    assert_eq!((map.len(), map.member(1_i64)), (2, Some(&2.into())));
}

//! Status lists and where credentials point.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use credentials::data_integrity::{Issuance, UnverifiedCredential};
use credentials::jws::{self, Header, VerifyError};
use credentials::key::{Algorithm, Signer};
use credentials::status::{
    Bits, BitstringError, BitstringList, MAX_LIST_BYTES, MIN_ENTRIES, Purpose, Status, StatusRef,
    StatusRefError, TokenList, TokenListClaims, TokenListError,
};
use serde_json::{Value, json};
use std::io::Write;

use crate::bulk::vectors;
use crate::support::{NOW, issuer, key, status};

const URI: &str = "https://issuer.example/status-lists/3";

/// Token Status List draft-21 §4.1 and §4.2: 16 entries of one bit, 12 of two.
#[test]
fn examples_of_the_specification() {
    let one = TokenList::from_json(&json!({"bits": 1, "lst": "eNrbuRgAAhcBXQ"})).unwrap();
    assert_eq!(one.as_bytes(), [0xb9, 0xa3]);
    let set: Vec<u64> = (0..16).filter(|index| one.status(*index) == Ok(Status::Invalid)).collect();
    assert_eq!(set, [0, 3, 4, 5, 7, 8, 9, 13, 15]);
    let two = TokenList::from_json(&json!({"bits": 2, "lst": "eNo76fITAAPfAgc"})).unwrap();
    assert_eq!(two.as_bytes(), [0xc9, 0x44, 0xf9]);
    let values: Vec<u8> = (0..12).map(|index| two.status(index).unwrap().value()).collect();
    assert_eq!(values, [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]);
}

/// The larger lists of the specification: 2^20 entries of 1, 2, 4 and 8 bits.
#[test]
fn lists_of_the_specification() {
    let Some(file) = vectors("token-status-list.json") else { return };
    let cases: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    for case in cases.as_array().unwrap() {
        let list = TokenList::from_json(&case["json"]).unwrap();
        let set = case["set"].as_object().unwrap();
        for (index, value) in set {
            let status = list.status(index.parse().unwrap()).unwrap();
            assert_eq!(u64::from(status.value()), value.as_u64().unwrap(), "index {index}");
        }
        let entries = list.entries() as u64;
        let others = (0..entries).filter(|index| list.status(*index) != Ok(Status::Valid)).count();
        assert_eq!(others, set.values().filter(|value| **value != 0).count());
        let bits = Bits::try_from(u8::try_from(case["bits"].as_u64().unwrap()).unwrap()).unwrap();
        let again = TokenList::from_bytes(bits, list.as_bytes().to_vec()).unwrap();
        assert!(TokenList::from_json(&again.to_json()).unwrap() == list);
    }
}

#[test]
fn entries_do_not_touch_each_other() {
    for bits in [Bits::One, Bits::Two, Bits::Four, Bits::Eight] {
        let mut list = TokenList::new(bits, 64).unwrap();
        for index in [0, 3, 7, 8, 63] {
            list.set(index, Status::Invalid).unwrap();
            assert_eq!(list.status(index), Ok(Status::Invalid));
            list.set(index, Status::Valid).unwrap();
            assert!(list.as_bytes().iter().all(|byte| *byte == 0));
        }
        assert_eq!(list.set(64, Status::Valid), Err(TokenListError::IndexOutOfRange));
        assert_eq!(list.status(u64::MAX), Err(TokenListError::IndexOutOfRange), "index_out_of_range");
    }
    let mut list = TokenList::new(Bits::One, 8).unwrap();
    assert_eq!(list.set(0, Status::Suspended), Err(TokenListError::ValueTooLarge));
}

#[test]
fn every_width_survives_json() {
    for (bits, width) in [(Bits::One, 1), (Bits::Two, 2), (Bits::Four, 4), (Bits::Eight, 8)] {
        let mut list = TokenList::new(bits, 64).unwrap();
        list.set(63, Status::Invalid).unwrap();
        assert_eq!(list.to_json()["bits"], width);
        assert_eq!(TokenList::from_json(&list.to_json()), Ok(list));
    }
}

fn claims() -> TokenListClaims {
    TokenListClaims { sub: URI.to_owned(), iat: NOW, exp: Some(NOW.plus(3600)), ttl: Some(300) }
}

#[test]
fn token_list_signed_and_verified() {
    let key = issuer(Algorithm::Es256);
    let mut list = TokenList::new(Bits::Two, 131_072).unwrap();
    list.set(4711, Status::Suspended).unwrap();
    let text = list
        .prepare(claims(), Some("did:hui:anhui:zIssuer#key-2"), key.public_key())
        .unwrap()
        .sign(&key)
        .unwrap();
    let (read, said) = TokenList::verify(&text, URI, key.public_key(), NOW).unwrap();
    assert!(read == list && said == claims());
    assert_eq!(read.status(4711), Ok(Status::Suspended));
}

#[test]
fn token_lists_refused() {
    let key = issuer(Algorithm::Es256);
    let list = TokenList::new(Bits::Two, 16).unwrap();
    let sign = |typ: &str, payload: Value| jws::sign(&Header::typed(typ), &payload, &key).unwrap();
    let payload = |change: fn(&mut Value)| {
        let mut payload = serde_json::to_value(claims()).unwrap();
        payload["status_list"] = TokenList::new(Bits::Two, 16).unwrap().to_json();
        change(&mut payload);
        payload
    };
    let typ = "statuslist+jwt";
    let good = list.prepare(claims(), None, key.public_key()).unwrap().sign(&key).unwrap();
    let other = self::key(9, Algorithm::Es256);
    for (name, text, error) in [
        (
            "typ_of_another_token",
            sign("JWT", payload(|_| {})),
            TokenListError::Refused(VerifyError::TypeWrong),
        ),
        (
            "another_list",
            sign(typ, payload(|p| p["sub"] = "https://issuer.example/status-lists/4".into())),
            TokenListError::SubjectWrong,
        ),
        ("expired", sign(typ, payload(|p| p["exp"] = (NOW.0 - 60).into())), TokenListError::Expired),
        (
            "made_in_future",
            sign(typ, payload(|p| p["iat"] = (NOW.0 + 61).into())),
            TokenListError::MadeInFuture,
        ),
        ("not_yet", sign(typ, payload(|p| p["nbf"] = (NOW.0 + 61).into())), TokenListError::MadeInFuture),
        (
            "nbf_as_string",
            sign(typ, payload(|p| p["nbf"] = "1".into())),
            TokenListError::Refused(VerifyError::ClaimsWrong),
        ),
        (
            "exp_as_string",
            sign(typ, payload(|p| p["exp"] = "1".into())),
            TokenListError::Refused(VerifyError::ClaimsWrong),
        ),
        (
            "sub_missing",
            sign(typ, payload(|p| drop(p.as_object_mut().unwrap().remove("sub")))),
            TokenListError::Refused(VerifyError::ClaimsWrong),
        ),
        (
            "three_bits",
            sign(typ, payload(|p| p["status_list"]["bits"] = 3.into())),
            TokenListError::Refused(VerifyError::ClaimsWrong),
        ),
        (
            "not_zlib",
            sign(typ, payload(|p| p["status_list"]["lst"] = "AAAA".into())),
            TokenListError::Malformed,
        ),
        (
            "not_base64url",
            sign(typ, payload(|p| p["status_list"]["lst"] = "a+/=".into())),
            TokenListError::Malformed,
        ),
        (
            "zlib_bomb",
            sign(typ, json!({"sub": URI, "iat": NOW.0, "status_list": {"bits": 1, "lst": zlib_bomb()}})),
            TokenListError::TooLarge,
        ),
        ("no_jwt", "x".to_owned(), TokenListError::Token(jws::ParseError::Form)),
        (
            "signed_with_other_key",
            list.prepare(claims(), None, other.public_key()).unwrap().sign(&other).unwrap(),
            TokenListError::Refused(VerifyError::SignatureWrong),
        ),
    ] {
        assert_eq!(TokenList::verify(&text, URI, key.public_key(), NOW).map(drop), Err(error), "{name}");
    }
    for time in ["iat", "nbf"] {
        let mut soon = payload(|_| {});
        soon[time] = (NOW.0 + 60).into();
        TokenList::verify(&sign(typ, soon), URI, key.public_key(), NOW).unwrap();
    }
    TokenList::verify(&good, URI, key.public_key(), NOW).unwrap();
    assert_eq!(TokenList::new(Bits::One, usize::MAX).map(drop), Err(TokenListError::TooLarge));
    let largest = |more| TokenList::from_bytes(Bits::Two, vec![0; MAX_LIST_BYTES + more]).map(drop);
    assert_eq!((largest(0), largest(1)), (Ok(()), Err(TokenListError::TooLarge)));
}

/// 64 MiB of zeros in some 64 kB.
fn zlib_bomb() -> String {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&vec![0; 64 << 20]).unwrap();
    BASE64.encode(encoder.finish().unwrap())
}

fn gzipped(length: usize) -> String {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&vec![0; length]).unwrap();
    format!("u{}", BASE64.encode(encoder.finish().unwrap()))
}

/// Bitstring Status List 1.0 §4: an empty list of the smallest size, from another implementation.
#[test]
fn empty_bitstring_of_the_specification() {
    let text = "uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA";
    let list = BitstringList::decode(text).unwrap();
    assert_eq!(list.entries(), MIN_ENTRIES);
    assert!((0..MIN_ENTRIES as u64).all(|index| list.is_set(index) == Ok(false)));
}

/// The two bits on the chain are seen as two lists, the first entry leftmost.
#[test]
fn bitstrings_are_views() {
    let mut list = TokenList::new(Bits::Two, MIN_ENTRIES).unwrap();
    list.set(0, Status::Invalid).unwrap();
    list.set(9, Status::Suspended).unwrap();
    list.set(131_071, Status::Invalid).unwrap();
    let revoked =
        BitstringList::decode(&BitstringList::view(&list, Purpose::Revocation).unwrap().encode()).unwrap();
    let suspended = BitstringList::view(&list, Purpose::Suspension).unwrap();
    let set = |list: &BitstringList| {
        (0..MIN_ENTRIES as u64).filter(|i| list.is_set(*i).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(set(&revoked), [0, 131_071]);
    assert_eq!(set(&suspended), [9]);
    let short = BitstringList::view(&TokenList::new(Bits::Two, 8).unwrap(), Purpose::Revocation).unwrap();
    assert_eq!(short.entries(), MIN_ENTRIES);
    assert_eq!(short.is_set(MIN_ENTRIES as u64), Err(BitstringError::IndexOutOfRange), "index_out_of_range");
}

#[test]
fn bitstrings_refused() {
    for (name, text, error) in [
        ("gzip_bomb", gzipped(64 << 20), BitstringError::TooLarge),
        ("just_too_large", gzipped(MAX_LIST_BYTES + 1), BitstringError::TooLarge),
        ("too_short", gzipped(MIN_ENTRIES / 8 - 1), BitstringError::TooShort),
        ("not_multibase", gzipped(MIN_ENTRIES / 8)[1..].to_owned(), BitstringError::Malformed),
        (
            "multibase_of_another_base",
            gzipped(MIN_ENTRIES / 8).replacen('u', "z", 1),
            BitstringError::Malformed,
        ),
        ("not_gzip", "uAAAA".to_owned(), BitstringError::Malformed),
        ("cut_off", gzipped(MIN_ENTRIES / 8)[..40].to_owned(), BitstringError::Malformed),
        ("empty", String::new(), BitstringError::Malformed),
    ] {
        assert_eq!(BitstringList::decode(&text).map(drop), Err(error), "{name}");
    }
    BitstringList::decode(&gzipped(MIN_ENTRIES / 8)).unwrap();
    BitstringList::decode(&gzipped(MAX_LIST_BYTES)).unwrap();
}

#[test]
fn bitstring_credential() {
    let url = "https://issuer.example/bitstring/3/revocation";
    let mut list = TokenList::new(Bits::Two, MIN_ENTRIES).unwrap();
    list.set(4711, Status::Invalid).unwrap();
    let view = BitstringList::view(&list, Purpose::Revocation).unwrap();
    let did = "did:hui:anhui:zIssuer";
    let issuance = view.issuance(url, Purpose::Revocation, did, &format!("{did}#key-1"), NOW, 3600);
    let key = issuer(Algorithm::EdDsa);
    let credential = UnverifiedCredential::read(issuance.sign(&key).unwrap()).unwrap();
    let verified = credential.verify(key.public_key(), NOW).unwrap();
    let read = BitstringList::from_credential(&verified, url, Purpose::Revocation, did).unwrap();
    assert_eq!((read.is_set(4711), read.is_set(4712)), (Ok(true), Ok(false)));
    let with =
        |url, purpose, issuer| BitstringList::from_credential(&verified, url, purpose, issuer).map(drop);
    assert_eq!(with(url, Purpose::Suspension, did), Err(BitstringError::PurposeWrong), "purpose_of_another");
    assert_eq!(with("https://x.example", Purpose::Revocation, did), Err(BitstringError::SubjectWrong));
    assert_eq!(with(url, Purpose::Revocation, "did:hui:anhui:zOther"), Err(BitstringError::IssuerWrong));
    let licence = UnverifiedCredential::read(crate::support::vc_issued(Algorithm::EdDsa)).unwrap();
    let licence = licence.verify(key.public_key(), NOW).unwrap();
    let result = BitstringList::from_credential(&licence, url, Purpose::Revocation, did).map(drop);
    assert_eq!(result, Err(BitstringError::TypeWrong));
}

/// What makes a credential a status list, one thing at a time.
#[test]
fn bitstring_credentials_of_other_kinds() {
    let url = "https://issuer.example/bitstring/3/revocation";
    let did = "did:hui:anhui:zIssuer";
    let view = BitstringList::view(&TokenList::new(Bits::Two, 8).unwrap(), Purpose::Revocation).unwrap();
    let key = issuer(Algorithm::EdDsa);
    let read = |change: fn(&mut Issuance)| {
        let mut issuance = view.issuance(url, Purpose::Revocation, did, &format!("{did}#key-1"), NOW, 3600);
        change(&mut issuance);
        let credential = UnverifiedCredential::read(issuance.sign(&key).unwrap()).unwrap();
        let verified = credential.verify(key.public_key(), NOW).unwrap();
        BitstringList::from_credential(&verified, url, Purpose::Revocation, did).map(drop)
    };
    fn purposes(issuance: &mut Issuance, of: Value) {
        issuance.claims.insert("statusPurpose".to_owned(), of);
    }
    use BitstringError as E;
    for (name, outcome, expected) in [
        ("of_several_purposes", read(|i| purposes(i, json!(["suspension", "revocation"]))), Ok(())),
        (
            "of_several_other_purposes",
            read(|i| purposes(i, json!(["suspension", "message"]))),
            Err(E::PurposeWrong),
        ),
        ("of_no_purpose", read(|i| drop(i.claims.remove("statusPurpose"))), Err(E::PurposeWrong)),
        ("purpose_number", read(|i| purposes(i, json!(1))), Err(E::PurposeWrong)),
        ("credential_of_another_type", read(|i| i.types = Vec::new()), Err(E::TypeWrong)),
        (
            "subject_of_another_type",
            read(|i| drop(i.claims.insert("type".to_owned(), "BusinessLicence".into()))),
            Err(E::TypeWrong),
        ),
        ("subject_of_no_type", read(|i| drop(i.claims.remove("type"))), Err(E::TypeWrong)),
        ("without_a_list", read(|i| drop(i.claims.remove("encodedList"))), Err(E::Malformed)),
    ] {
        assert_eq!(outcome, expected, "{name}");
    }
}

#[test]
fn references_survive_both_formats() {
    let in_token = StatusRef { bitstring: Vec::new(), ..status() };
    assert_eq!(StatusRef::from_claim(&in_token.to_claim()), Ok(in_token.clone()));
    assert_eq!(
        in_token.to_claim(),
        json!({
            "status_list": {"idx": 4711, "uri": "https://issuer.example/status-lists/3"},
            "registry": {"idx": 4711, "list": "did:hui:anhui:zIssuer/status/3"},
        })
    );
    let mut wide = status().to_credential_status();
    wide[0]["statusSize"] = 2.into();
    assert_eq!(
        StatusRef::from_credential_status(&wide),
        Err(StatusRefError::Unsupported),
        "entries_of_two_bits"
    );
    wide[0]["statusSize"] = 1.into();
    let in_vc = StatusRef { token: None, ..status() };
    assert_eq!(StatusRef::from_credential_status(&wide), Ok(in_vc.clone()), "entries_of_one_bit_by_name");
    assert_eq!(StatusRef::from_credential_status(&in_vc.to_credential_status()), Ok(in_vc));
}

#[test]
fn references_of_credentials_refused() {
    let entries = status().to_credential_status();
    let (bitstring, registry) = (entries[0].clone(), entries[2].clone());
    let with = |index: &str| {
        let mut entry = bitstring.clone();
        entry["statusListIndex"] = index.into();
        entry
    };
    let far = |index: u64| {
        let mut entry = registry.clone();
        entry["statusIndex"] = index.to_string().into();
        entry
    };
    let read = StatusRef::from_credential_status;
    // Which of the two would count?
    assert_eq!(read(&json!([registry, registry])), Err(StatusRefError::Malformed), "two_places_on_the_chain");
    assert_eq!(read(&json!([])), Err(StatusRefError::Malformed), "no_entry");
    assert_eq!(
        read(&json!([bitstring, {"statusPurpose": "revocation"}])),
        Err(StatusRefError::Malformed),
        "no_type"
    );
    for index in ["", "01", "00", "+1", "-1", " 1", "1 ", "1.0", "1e3", "a", "١", "18446744073709551616"] {
        assert_eq!(read(&with(index)), Err(StatusRefError::Malformed), "index {index:?}");
    }
    for index in [0, 1, 10, u64::MAX] {
        assert_eq!(read(&with(&index.to_string())).unwrap().bitstring[0].index, index);
    }
    assert_eq!(read(&far(1 << 32)), Err(StatusRefError::Malformed), "index_beyond_the_chains_lists");
    assert_eq!(read(&far(u32::MAX.into())).unwrap().registry.unwrap().index, u32::MAX);
}

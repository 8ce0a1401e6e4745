//! What holds for any input.

use credentials::catalogue::{CreditCode, IdNumber, LicenceIdentifier};
use credentials::data_integrity::{UnverifiedCredential, UnverifiedPresentation};
use credentials::key::{Algorithm, PublicKey, SelfContained, Signer, SoftwareKey};
use credentials::mdoc::{self, DeviceResponse, Trust};
use credentials::status::{BitstringList, StatusRef, TokenList, TokenListClaims};
use credentials::x509::Certificate;
use credentials::{ClaimPath, UnixSeconds, cbor, cose, json, jws, sd_jwt, vc_cose};
use proptest::prelude::*;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::sync::OnceLock;

use crate::mdoc_support;
use crate::support::{
    NOW, bytes, expect, holder, issuer, licence, present, sd_jwt_issuance, sd_jwt_presented, vc_issued,
    vp_presented,
};

fn once(cell: &'static OnceLock<Vec<u8>>, make: fn() -> Vec<u8>) -> &'static [u8] {
    cell.get_or_init(make)
}

/// A text with one byte changed, put in, or taken out.
fn mutated(text: &[u8], at: prop::sample::Index, how: u8, byte: u8) -> Vec<u8> {
    let at = at.index(text.len());
    let mut text = text.to_vec();
    match how % 3 {
        0 => text[at] ^= byte.max(1),
        1 => text.insert(at, byte),
        _ => drop(text.remove(at)),
    }
    text
}

/// Any JSON within what strict parsing takes.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-(1_i64 << 53)..=1 << 53).prop_map(Value::from),
        any::<f64>()
            .prop_filter("finite, and not read as a whole number too large", |n| n.is_finite()
                && n.fract() != 0.0)
            .prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Any CBOR within what strict parsing takes.
fn any_cbor() -> impl Strategy<Value = cbor::Value> {
    let leaf = prop_oneof![
        Just(cbor::Value::Null),
        any::<bool>().prop_map(cbor::Value::from),
        any::<i64>().prop_map(cbor::Value::from),
        (-300_i64..300).prop_map(cbor::Value::from),
        any::<String>().prop_map(cbor::Value::from),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(cbor::Value::Bytes),
    ];
    leaf.prop_recursive(5, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(cbor::Value::Array),
            prop::collection::vec((inner.clone(), inner.clone()), 0..6)
                .prop_map(|entries| cbor::Map::sorted(entries).into()),
            (any::<u64>(), inner).prop_map(|(tag, inside)| cbor::Value::tagged(tag, inside)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Another spelling of the same JSON may pass; anything else must not.
    #[test]
    fn a_changed_credential_is_refused(at: prop::sample::Index, how: u8, byte: u8) {
        static TEXT: OnceLock<Vec<u8>> = OnceLock::new();
        let text = once(&TEXT, || bytes(&vc_issued(Algorithm::EdDsa)));
        let changed = mutated(text, at, how, byte);
        let key = issuer(Algorithm::EdDsa);
        if let Ok(credential) = UnverifiedCredential::parse(&changed)
            && credential.verify(key.public_key(), NOW).is_ok()
        {
            let same = json::canonical(&json::parse(&changed).unwrap()) == json::canonical(&json::parse(text).unwrap());
            prop_assert!(same);
        }
    }

    #[test]
    fn a_changed_presentation_is_refused(at: prop::sample::Index, how: u8, byte: u8) {
        static TEXT: OnceLock<Vec<u8>> = OnceLock::new();
        let text = once(&TEXT, || bytes(&vp_presented()));
        let changed = mutated(text, at, how, byte);
        if let Ok(presentation) = UnverifiedPresentation::parse(&changed)
            && presentation.verify(&expect()).is_ok()
        {
            let same = json::canonical(&json::parse(&changed).unwrap()) == json::canonical(&json::parse(text).unwrap());
            prop_assert!(same);
        }
    }

    /// Compact tokens have one spelling: any change is refused.
    #[test]
    fn a_changed_sd_jwt_is_refused(at: prop::sample::Index, how: u8, byte: u8) {
        static TEXT: OnceLock<Vec<u8>> = OnceLock::new();
        let text = once(&TEXT, || sd_jwt_presented().into_bytes());
        let changed = mutated(text, at, how, byte);
        prop_assume!(changed != text);
        if let Ok(presented) = std::str::from_utf8(&changed).map_err(drop).and_then(|t| sd_jwt::Unverified::parse(t).map_err(drop)) {
            prop_assert!(presented.verify_presented(issuer(Algorithm::Es256).public_key(), &expect()).is_err());
        }
    }

    /// What the holder chooses is what the verifier sees, and nothing else.
    #[test]
    fn exactly_the_chosen_claims_show(choice in prop::collection::vec(any::<bool>(), 11), decoys in 0_usize..4, seed: u64) {
        let (claims, paths) = licence();
        let issuance = sd_jwt::Issuance { decoys, ..sd_jwt_issuance() };
        let key = issuer(Algorithm::EdDsa);
        let issued = issuance.sign(&key, &mut testkit::rng(seed)).unwrap();
        let chosen: Vec<ClaimPath> = paths.iter().zip(&choice).filter(|(_, yes)| **yes).map(|(path, _)| path.clone()).collect();
        let text = present(&issued, &chosen, &holder());
        let presented = sd_jwt::Unverified::parse(&text).unwrap();
        let verified = presented.verify_presented(key.public_key(), &expect()).unwrap();
        let shown: BTreeSet<_> = verified.disclosed().collect();
        prop_assert_eq!(&shown, &chosen.iter().cloned().collect());
        for (name, value) in &claims {
            let expected = chosen.contains(&ClaimPath::top(name)).then_some(value);
            prop_assert_eq!(verified.claims().get(name), expected);
        }
    }

    /// Any tree of claims, hidden in any places, comes back whole when all is shown.
    #[test]
    fn any_claims_come_back(claims in prop::collection::btree_map("[a-z]{1,4}", any_json(), 1..5), seed: u64, hide in 0_usize..12) {
        let claims: Map<String, Value> = claims.into_iter().filter(|(name, _)| !["iss", "iat", "nbf", "exp", "cnf", "vct"].contains(&name.as_str())).collect();
        let mut places = Vec::new();
        collect(&Value::Object(claims.clone()), &mut Vec::new(), &mut places);
        let disclosable = places.into_iter().enumerate().filter(|(at, _)| (at * 7 + hide) % 3 == 0).map(|(_, place)| ClaimPath(place)).take(hide).collect();
        let issuance = sd_jwt::Issuance { claims: claims.clone(), disclosable, status: None, ..sd_jwt_issuance() };
        let key = issuer(Algorithm::EdDsa);
        // Claims may have reserved names inside, which issuing refuses.
        if let Ok(issued) = issuance.sign(&key, &mut testkit::rng(seed)) {
            let verified = sd_jwt::Unverified::parse(&issued).unwrap().verify_issued(key.public_key(), None, NOW).unwrap();
            for (name, value) in &claims {
                prop_assert_eq!(verified.claims().get(name), Some(value));
            }
        }
    }

    /// CBOR has one spelling for each item: what is read is written as it came, and written CBOR is read back.
    #[test]
    fn cbor_has_one_spelling(bytes in prop::collection::vec(any::<u8>(), 0..64), value in any_cbor()) {
        if let Ok(read) = cbor::parse(&bytes) {
            prop_assert_eq!(cbor::encode(&read), bytes);
        }
        let written = cbor::encode(&value);
        prop_assert_eq!(cbor::parse(&written), Ok(value));
    }

    /// Only the unprotected header could be changed, and in an mdoc it must keep the certificate.
    #[test]
    fn a_changed_mdoc_is_refused(at: prop::sample::Index, how: u8, byte: u8) {
        static TEXT: OnceLock<Vec<u8>> = OnceLock::new();
        let text = once(&TEXT, mdoc_support::presented);
        let changed = mutated(text, at, how, byte);
        prop_assume!(changed != text);
        let session = mdoc_support::transcript();
        if let Ok(response) = DeviceResponse::parse(&changed) {
            for document in response.documents {
                let anchors = [mdoc_support::anchor()];
                prop_assert!(document.verify(Trust::Anchors(&anchors), &mdoc_support::expect(&session)).is_err());
            }
        }
    }

    /// Without an unprotected header every byte counts.
    #[test]
    fn a_changed_cose_message_is_refused(at: prop::sample::Index, how: u8, byte: u8) {
        static CREDENTIAL: OnceLock<Vec<u8>> = OnceLock::new();
        static LIST: OnceLock<Vec<u8>> = OnceLock::new();
        let key = issuer(Algorithm::Es256);
        let credential = once(&CREDENTIAL, || {
            let key = issuer(Algorithm::Es256);
            vc_cose::issue(crate::support::vc_issuance(), key.public_key()).unwrap().sign(&key).unwrap()
        });
        let changed = mutated(credential, at, how, byte);
        // The tag may be left out.
        prop_assume!(changed != credential && changed != credential[1..]);
        if let Ok(credential) = vc_cose::UnverifiedCredential::parse(&changed) {
            prop_assert!(credential.verify(key.public_key(), NOW).is_err());
        }
        let list = once(&LIST, || {
            let key = issuer(Algorithm::Es256);
            let list = TokenList::from_bytes(credentials::status::Bits::Two, vec![27; 64]).unwrap();
            let claims = TokenListClaims { sub: "https://x.example".to_owned(), iat: NOW, exp: None, ttl: None };
            list.prepare_cwt(&claims, None, key.public_key()).sign(&key).unwrap()
        });
        let changed = mutated(list, at, how, byte);
        prop_assume!(changed != list);
        prop_assert!(TokenList::verify_cwt(&changed, "https://x.example", key.public_key(), NOW).is_err());
    }

    /// Canonical JSON reads back as the same value and is its own canonical form.
    #[test]
    fn canonical_is_stable(value in any_json()) {
        let once = json::canonical(&value);
        let read = json::parse(&once).unwrap();
        prop_assert_eq!(json::canonical(&read), once);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), text in "\\PC{0,200}", tilde in "[A-Za-z0-9_.~-]{0,300}") {
        let _ = json::parse(&bytes);
        let _ = UnverifiedCredential::parse(&bytes);
        let _ = UnverifiedPresentation::parse(&bytes);
        let _ = PublicKey::p256(&bytes);
        let _ = cose::Unverified::parse(&bytes);
        let _ = vc_cose::UnverifiedCredential::parse(&bytes);
        let _ = vc_cose::UnverifiedPresentation::parse(&bytes);
        let _ = mdoc::Unverified::parse(&bytes);
        let _ = DeviceResponse::parse(&bytes);
        let _ = mdoc::SessionTranscript::parse(&bytes);
        let _ = Certificate::parse(&bytes);
        for text in [text.as_str(), tilde.as_str()] {
            let _ = jws::Unverified::parse(text);
            let _ = sd_jwt::Unverified::parse(text);
            let _ = PublicKey::from_multikey(text);
            let _ = SelfContained::parse(text);
            let _ = SelfContained::parse(&format!("did:key:z{text}"));
            let _ = SelfContained::parse(&format!("did:jwk:{text}"));
            let _ = UnixSeconds::parse_rfc3339(text);
            let _ = BitstringList::decode(text);
            let _ = BitstringList::decode(&format!("u{text}"));
            let _ = IdNumber::parse(text);
            let _ = CreditCode::parse(text);
            let _ = LicenceIdentifier::parse(text);
            let _ = LicenceIdentifier::parse(&format!("1.2.156.3005.2.{text}"));
        }
        for key in [issuer(Algorithm::EdDsa), issuer(Algorithm::Es256)] {
            prop_assert!(key.public_key().verify(b"m", &bytes).is_err());
        }
    }

    /// CBOR of any shape, also where a part of an mdoc belongs.
    #[test]
    fn arbitrary_cbor_never_panics(value in any_cbor(), member in 0_usize..3) {
        let encoded = cbor::encode(&value);
        let _ = mdoc::Unverified::parse(&encoded);
        let _ = DeviceResponse::parse(&encoded);
        let _ = cose::Unverified::parse(&encoded);
        let _ = PublicKey::from_cose_key(&value);
        let _ = StatusRef::from_cbor(&value);
        let _ = TokenList::from_cbor(&value);
        let _ = value.to_json();
        let document = cbor::parse(&mdoc_support::presented()).unwrap();
        let mut entries = document.as_map().unwrap().clone().into_entries();
        entries[member].1 = value;
        let _ = DeviceResponse::parse(&cbor::encode(&cbor::Map::sorted(entries).into()));
    }

    #[test]
    fn arbitrary_json_never_panics(value in any_json(), other in any_json()) {
        let _ = StatusRef::from_claim(&value);
        let _ = StatusRef::from_credential_status(&value);
        let _ = TokenList::from_json(&value);
        let _ = UnverifiedCredential::read(value.clone());
        let mut credential = vc_issued(Algorithm::EdDsa);
        let members = credential.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        for member in members {
            let before = credential[&member].take();
            credential[&member] = value.clone();
            let _ = UnverifiedCredential::read(credential.clone());
            credential[&member] = before;
        }
        let mut payload = Map::new();
        for name in ["iss", "vct", "iat", "exp", "cnf", "status", "_sd", "_sd_alg", "x"] {
            payload.insert(name.to_owned(), other.clone());
        }
        let token = jws::sign(&jws::Header::typed(sd_jwt::TYP), &Value::Object(payload), &issuer(Algorithm::EdDsa)).unwrap();
        let _ = sd_jwt::Unverified::parse(&format!("{token}~"));
        for credential in credentials::catalogue::Catalogue::bundled().unwrap().types() {
            let _ = credential.validate_claims(&value, NOW);
        }
    }

    /// Times survive the way to text and back.
    #[test]
    fn times_survive(seconds in -62_000_000_000_i64..253_402_207_200) {
        prop_assert_eq!(UnixSeconds::parse_rfc3339(&UnixSeconds(seconds).rfc3339()), Ok(UnixSeconds(seconds)));
    }

    /// Every change to a number of one character is noticed.
    #[test]
    fn mistyped_numbers_are_noticed(at in 0_usize..18, to in "[0-9A-Z]") {
        for (good, passes) in [
            ("91340100MA8TE5T02F", CreditCode::parse as fn(&str) -> _),
            ("91340100MA8HU20060", CreditCode::parse),
        ] {
            let mut changed = good.to_owned();
            changed.replace_range(at..=at, &to);
            prop_assert_eq!(passes(&changed).is_ok(), changed == good);
        }
        let good = "11010519491231002X";
        let mut changed = good.to_owned();
        changed.replace_range(at..=at, &to);
        prop_assert_eq!(IdNumber::parse(&changed).is_ok(), changed == good);
    }

    #[test]
    fn signatures_bind_key_and_message(seed: u64, message in prop::collection::vec(any::<u8>(), 0..64), other: u64) {
        for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
            let key = SoftwareKey::generate(algorithm, &mut testkit::rng(seed));
            let signature = key.sign(&message).unwrap();
            prop_assert!(key.public_key().verify(&message, &signature).is_ok());
            prop_assume!(seed != other);
            let another = SoftwareKey::generate(algorithm, &mut testkit::rng(other));
            prop_assert!(another.public_key().verify(&message, &signature).is_err());
        }
    }
}

fn collect(
    value: &Value,
    here: &mut Vec<credentials::claim::Step>,
    places: &mut Vec<Vec<credentials::claim::Step>>,
) {
    use credentials::claim::Step;
    let mut enter = |step: Step, value: &Value| {
        here.push(step);
        places.push(here.clone());
        collect(value, here, places);
        here.pop();
    };
    match value {
        Value::Object(map) => map.iter().for_each(|(name, value)| enter(Step::Member(name.clone()), value)),
        Value::Array(list) => list.iter().enumerate().for_each(|(at, value)| enter(Step::Element(at), value)),
        _ => {}
    }
}

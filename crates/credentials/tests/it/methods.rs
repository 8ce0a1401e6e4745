//! P-384 in all its texts, and verification methods.

use credentials::key::{
    Algorithm, KeyError, MethodError, PublicKey, SelfContained, SignatureRefused, Signer, SoftwareKey,
    VerificationMethod,
};
use serde_json::{Value, json};

/// RFC 6979 §A.2.6: P-384 with SHA-384 is deterministic; of `s` ours is the lower half's.
#[test]
fn p384_of_rfc_6979() {
    let secret = hex::decode(
        "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d8\
         96d5724e4c70a825f872c9ea60d2edf5",
    )
    .unwrap();
    let key = SoftwareKey::from_secret_bytes(Algorithm::Es384, &secret).unwrap();
    let signature = key.sign(b"sample").unwrap();
    assert_eq!(
        hex::encode(&signature[..48]),
        "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c\
         81a648152e44acf96e36dd1e80fabe46"
    );
    key.public_key().verify(b"sample", &signature).unwrap();
    assert!(key.public_key().verify(b"sample", &signature[..95]).is_err(), "truncated");
    assert!(key.public_key().verify(b"sample", &signature[..64]).is_err(), "of_another_curve");
    assert_eq!(key.to_secret_bytes().as_slice(), secret);
}

/// ECDSA cryptosuites 1.0 §A: the key of its P-384 vectors.
#[test]
fn p384_in_its_texts() {
    let text = "z82LkuBieyGShVBhvtE2zoiD6Kma4tJGFtkAhxR5pfkp5QPw4LutoYWhvQCnGjdVn14kujQ";
    let key = PublicKey::from_multikey(text).unwrap();
    assert_eq!(key.algorithm(), Algorithm::Es384);
    assert_eq!(key.algorithm().jose(), "ES384");
    assert_eq!(key.to_multikey(), text);
    assert_eq!(SelfContained::parse(&format!("did:key:{text}")).unwrap().key, key);
    let jwk = key.to_jwk();
    assert_eq!((jwk.crv.as_deref(), jwk.x.as_ref().map(String::len)), (Some("P-384"), Some(64)));
    assert_eq!(PublicKey::from_jwk(&jwk), Ok(key.clone()));
    assert_eq!(SelfContained::parse(&key.did_jwk().did).unwrap().key, key);
    let mut off_curve = serde_json::to_value(&jwk).unwrap();
    off_curve["y"] = off_curve["x"].clone();
    let off_curve = serde_json::from_value(off_curve).unwrap();
    assert_eq!(PublicKey::from_jwk(&off_curve), Err(KeyError::NotOnCurve));
    assert_eq!(PublicKey::p384(&[2; 33]), Err(KeyError::Encoding));
}

#[test]
fn p384_tokens_and_stages() {
    use credentials::jws;
    let key = crate::support::key(5, Algorithm::Es384);
    let prepared = jws::prepare(&jws::Header::typed("t"), &json!({"a": 1}), key.public_key()).unwrap();
    let signature = key.sign(prepared.bytes()).unwrap();
    let token = prepared.clone().finish(&signature).unwrap();
    let read = jws::Unverified::parse(&token).unwrap();
    assert_eq!(read.alg(), "ES384");
    assert_eq!(read.verify::<Value>(key.public_key(), "t").unwrap().claims["a"], 1);
    assert_eq!(prepared.finish(&signature[..64]), Err(SignatureRefused));
}

#[test]
fn verification_methods() {
    let key = crate::support::key(5, Algorithm::Es384).public_key().clone();
    let method = |kind: &str, more: Value| {
        let mut method = json!({"id": "did:example:a#1", "type": kind, "controller": "did:example:a"});
        method.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        VerificationMethod::read(&method)
    };
    let multikey = json!({"publicKeyMultibase": key.to_multikey()});
    let jwk = json!({"publicKeyJwk": key.to_jwk()});
    for read in [method("Multikey", multikey.clone()), method("JsonWebKey", jwk.clone())] {
        let read = read.unwrap();
        assert_eq!((read.id.as_str(), read.controller.as_str()), ("did:example:a#1", "did:example:a"));
        assert_eq!(read.key, key);
    }
    let with = |one: &Value, name: &str, value: Value| {
        let mut changed = one.clone();
        changed[name] = value;
        changed
    };
    let private = with(&jwk["publicKeyJwk"], "d", "AA".into());
    for (name, read, error) in [
        ("other_type", method("Ed25519VerificationKey2020", multikey.clone()), MethodError::Unsupported),
        ("member_of_the_other_type", method("JsonWebKey", multikey.clone()), MethodError::Malformed),
        (
            "both_members",
            method("Multikey", with(&multikey, "publicKeyJwk", jwk["publicKeyJwk"].clone())),
            MethodError::Malformed,
        ),
        ("no_key", method("Multikey", json!({})), MethodError::Malformed),
        (
            "revoked",
            method("Multikey", with(&multikey, "revoked", "2026-01-01T00:00:00Z".into())),
            MethodError::Ended,
        ),
        (
            "with_an_end",
            method("Multikey", with(&multikey, "expires", "2036-01-01T00:00:00Z".into())),
            MethodError::Ended,
        ),
        (
            "key_malformed",
            method("Multikey", json!({"publicKeyMultibase": "u00"})),
            KeyError::Encoding.into(),
        ),
        ("key_private", method("JsonWebKey", json!({"publicKeyJwk": private})), KeyError::Private.into()),
    ] {
        assert_eq!(read, Err(error), "{name}");
    }
}

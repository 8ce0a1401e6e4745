//! Keys, their texts, and strict verification.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credentials::key::{
    Algorithm, DidKeyError, Jwk, KeyError, PublicKey, SelfContained, Signer, SoftwareKey, es256_from_der,
};
use serde_json::json;

use crate::support::key;

/// RFC 8037 appendix A: an Ed25519 key, its thumbprint, and a signature.
#[test]
fn ed25519_of_rfc_8037() {
    let jwk: Jwk = serde_json::from_value(json!({
        "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    }))
    .unwrap();
    let public = PublicKey::from_jwk(&jwk).unwrap();
    assert_eq!(public.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    let secret = hex::decode("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").unwrap();
    let key = SoftwareKey::from_secret_bytes(Algorithm::EdDsa, &secret).unwrap();
    assert_eq!(key.public_key(), &public);
    let input = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let signature = key.sign(input).unwrap();
    assert_eq!(
        hex::encode(signature),
        "860c98d2297f3060a33f42739672d61b53cf3adefed3d3c672f320dc021b411e\
         9d59b8628dc351e248b88b29468e0e41855b0fb7d83bb15be902bfccb8cd0a02"
    );
    public.verify(input, &signature).unwrap();
}

/// RFC 6979 §A.2.5: P-256 with SHA-256 is deterministic. The RFC's `s` is in the upper half: ours is its mirror.
#[test]
fn p256_of_rfc_6979() {
    let secret = hex::decode("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721").unwrap();
    let key = SoftwareKey::from_secret_bytes(Algorithm::Es256, &secret).unwrap();
    let signature = key.sign(b"sample").unwrap();
    assert_eq!(
        hex::encode(&signature[..32]),
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    );
    // n − f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8
    assert_eq!(
        hex::encode(&signature[32..]),
        "0834e36ad29a83bf2bc9385e491d6099c8fdf9d1ed67aa7ea5f51f93782857a9"
    );
    key.public_key().verify(b"sample", &signature).unwrap();
}

/// ES256 (RFC 7518) does not ask for low `s`, so other issuers' signatures with high `s` verify; ours are low.
#[test]
fn high_s_verifies_but_is_never_made() {
    let key = key(5, Algorithm::Es256);
    let signature = p256::ecdsa::Signature::from_slice(&key.sign(b"m").unwrap()).unwrap();
    assert!(signature.normalize_s().is_none());
    let high =
        p256::ecdsa::Signature::from_scalars(signature.r().to_bytes(), (-*signature.s()).to_bytes()).unwrap();
    key.public_key().verify(b"m", &high.to_bytes()).unwrap();
    assert_eq!(es256_from_der(high.to_der().as_bytes()), Ok(signature.to_bytes().into()));
}

#[test]
fn every_text_leads_back_to_the_key() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
        for seed in 0..8 {
            let key = key(seed, algorithm).public_key().clone();
            assert_eq!(PublicKey::from_multikey(&key.to_multikey()), Ok(key.clone()));
            let jwk = serde_json::to_value(key.to_jwk()).unwrap();
            assert_eq!(PublicKey::from_jwk(&serde_json::from_value(jwk).unwrap()), Ok(key.clone()));
            for did in [key.did_key(), key.did_jwk()] {
                assert_eq!(SelfContained::parse(&did.did).unwrap().key, key);
                assert_eq!(SelfContained::parse(&did.verification_method).unwrap(), did);
            }
        }
    }
}

/// Texts of the did:key specification, and how a SEC 1 key is written.
#[test]
fn known_texts() {
    let ed25519 = "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2";
    let key = SelfContained::parse(ed25519).unwrap();
    assert_eq!(
        key.verification_method,
        format!("{ed25519}#z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2")
    );
    let p256 = SelfContained::parse("did:key:zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv").unwrap();
    assert_eq!(p256.key.algorithm(), Algorithm::Es256);
}

#[test]
fn refused_keys() {
    let ed = |text: &str| PublicKey::ed25519(&hex::decode(text).unwrap().try_into().unwrap()).map(drop);
    // The eight points of small order, and spellings of them that are not canonical (RFC 8032 §5.1.3).
    for small in [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    ] {
        assert_eq!(ed(small), Err(KeyError::SmallOrder), "small_order_key {small}");
    }
    for twisted in [
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0100000000000000000000000000000000000000000000000000000000000080",
    ] {
        assert_eq!(ed(twisted), Err(KeyError::NotOnCurve), "not_canonical {twisted}");
    }
    assert_eq!(ed(&"02".repeat(32)), Err(KeyError::NotOnCurve), "not_on_curve");
    // Every y from p on, as 255 bits hold it: some are points of full order, spelt another time.
    for (beyond, sign) in (0..19).flat_map(|beyond| [(beyond, 0x7f), (beyond, 0xff)]) {
        let mut spelling = [0xff; 32];
        (spelling[0], spelling[31]) = (0xed + beyond, sign);
        let read = PublicKey::ed25519(&spelling);
        assert_eq!(read, Err(KeyError::NotOnCurve), "not_canonical p + {beyond}, {sign:x}");
    }

    let off_curve = [&[4][..], &[7; 64]].concat();
    assert_eq!(PublicKey::p256(&off_curve), Err(KeyError::NotOnCurve));
    assert_eq!(PublicKey::p256(&[0]), Err(KeyError::Encoding), "identity");
    assert_eq!(PublicKey::p256(&[]), Err(KeyError::Encoding));

    let jwk =
        |value: serde_json::Value| PublicKey::from_jwk(&serde_json::from_value(value).unwrap()).map(drop);
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    assert_eq!(jwk(json!({"kty":"OKP","crv":"Ed25519","x":x,"d":x})), Err(KeyError::Private));
    assert_eq!(jwk(json!({"kty":"OKP","crv":"Ed25519","x":x,"alg":"ES256"})), Err(KeyError::Unsupported));
    assert_eq!(jwk(json!({"kty":"OKP","crv":"Ed25519","x":x,"use":"enc"})), Err(KeyError::Unsupported));
    assert_eq!(jwk(json!({"kty":"OKP","crv":"Ed25519","x":x,"y":x})), Err(KeyError::Unsupported));
    assert_eq!(jwk(json!({"kty":"OKP","crv":"Ed25519","x":x,"alg":"EdDSA","use":"sig"})), Ok(()));
    assert_eq!(jwk(json!({"kty":"OKP","crv":"Ed25519","x":x,"alg":"Ed25519"})), Ok(()));
    let mut p256 = serde_json::to_value(key(1, Algorithm::Es256).public_key().to_jwk()).unwrap();
    p256["alg"] = "Ed25519".into();
    assert_eq!(jwk(p256), Err(KeyError::Unsupported), "alg_of_another_curve");
    assert_eq!(jwk(json!({"kty":"oct","k":"AAAA"})), Err(KeyError::Unsupported));
    assert_eq!(jwk(json!({"kty":"EC","crv":"P-256","x":x})), Err(KeyError::Encoding));
    assert_eq!(jwk(json!({"kty":"OKP","crv":"Ed25519","x":format!("{x}=")})), Err(KeyError::Encoding));
    // The same 32 bytes with a stray bit in the last character.
    assert_eq!(
        jwk(json!({"kty":"OKP","crv":"Ed25519","x":x.replace("URo", "URp")})),
        Err(KeyError::Encoding)
    );
}

fn did_jwk_with_a_kid_of(length: usize) -> String {
    let mut jwk = serde_json::to_value(key(1, Algorithm::EdDsa).public_key().to_jwk()).unwrap();
    jwk["kid"] = "a".repeat(length).into();
    format!("did:jwk:{}", URL_SAFE_NO_PAD.encode(jwk.to_string()))
}

#[test]
fn refused_dids() {
    assert!(SelfContained::parse(&did_jwk_with_a_kid_of(100)).is_ok());
    let did = key(1, Algorithm::EdDsa).public_key().did_key().did;
    for (name, text, error) in [
        ("another_method", "did:web:example.com".to_owned(), DidKeyError::OtherMethod),
        ("another_fragment", format!("{did}#key-1"), DidKeyError::UnknownMethod),
        ("query", format!("{did}?accept=x"), DidKeyError::Key(KeyError::Encoding)),
        ("path", format!("{did}/x"), DidKeyError::Key(KeyError::Encoding)),
        ("not_multibase_z", did.replace(":z", ":u"), DidKeyError::Key(KeyError::Encoding)),
        ("leading_zero_byte", did.replace(":z", ":z1"), DidKeyError::Key(KeyError::Unsupported)),
        (
            "secp256k1",
            "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme".to_owned(),
            DidKeyError::Key(KeyError::Unsupported),
        ),
        ("jwk_too_long", did_jwk_with_a_kid_of(1000), DidKeyError::Key(KeyError::Encoding)),
        ("empty_jwk", "did:jwk:".to_owned(), DidKeyError::Key(KeyError::Encoding)),
        ("endless", format!("did:key:z{}", "2".repeat(1_000_000)), DidKeyError::Key(KeyError::Encoding)),
    ] {
        assert_eq!(SelfContained::parse(&text), Err(error), "{name}");
    }
}

#[test]
fn refused_signatures() {
    let key = key(1, Algorithm::EdDsa);
    let signature = key.sign(b"m").unwrap();
    key.public_key().verify(b"m", &signature).unwrap();
    // S + L is the same number modulo the order.
    let order = hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
    let mut carried: [u8; 64] = signature.try_into().unwrap();
    let mut carry = 0;
    for (byte, add) in carried[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    for (name, message, signature) in [
        ("non_canonical_s", b"m", carried.to_vec()),
        ("another_message", b"n", signature.to_vec()),
        ("truncated", b"m", signature[..63].to_vec()),
        ("extended", b"m", [&signature[..], &[0]].concat()),
        ("empty", b"m", Vec::new()),
        ("small_order_r_and_zero_s", b"m", [&[1][..], &[0; 63]].concat()),
    ] {
        assert!(key.public_key().verify(message, &signature).is_err(), "{name}");
    }
    let p256 = crate::support::key(1, Algorithm::Es256);
    for (name, signature) in [("zero", vec![0; 64]), ("ones", vec![255; 64]), ("der", vec![0x30; 70])] {
        assert!(p256.public_key().verify(b"m", &signature).is_err(), "{name}");
    }
}

#[test]
fn secrets_do_not_show() {
    let key = key(1, Algorithm::EdDsa);
    let secret = key.to_secret_bytes();
    let shown = format!("{key:?}");
    assert!(shown.contains("z6Mk") && !shown.contains(&hex::encode(&secret[..4])), "{shown}");
    let again = SoftwareKey::from_secret_bytes(Algorithm::EdDsa, &secret).unwrap();
    assert_eq!(again.public_key(), key.public_key());
}

/// The same key in SEC 1's uncompressed form is another text: one key, one name.
#[test]
fn multikeys_are_compressed() {
    let mut algorithms = vec![Algorithm::Es256, Algorithm::Es384];
    #[cfg(feature = "p521")]
    algorithms.push(Algorithm::Es512);
    #[cfg(feature = "sm2")]
    algorithms.push(Algorithm::Sm2);
    for algorithm in algorithms {
        let public = key(1, algorithm).public_key().clone();
        let (multikey, cose) = (public.to_multikey_bytes(), public.to_cose_key());
        let coordinate = |name: i64| cose.as_map().unwrap().member(name).unwrap().as_bytes().unwrap();
        let uncompressed = [&multikey[..2], &[4], coordinate(-2), coordinate(-3)].concat();
        assert_eq!(PublicKey::from_multikey_bytes(&uncompressed), Err(KeyError::Encoding), "{algorithm:?}");
        assert_eq!(PublicKey::from_multikey_bytes(&multikey), Ok(public), "{algorithm:?}");
    }
}

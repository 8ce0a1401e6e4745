//! P-521: one vector, every text of a key, tokens and envelopes; and where it is not taken.

use credentials::cbor::Map;
use credentials::data_integrity::{Making, ProofOptions, Purpose, SecureError};
use credentials::key::{Algorithm, KeyError, PublicKey, SelfContained, Signer, SoftwareKey};
use credentials::{Flaw, data_integrity, vc_cose, vc_jose};
use serde_json::json;

use crate::support::{NOW, key, vc_issuance};

/// RFC 6979 §A.2.7: key, and the signature of `sample` with SHA-512.
const SECRET: &str = "00fad06daa62ba3b25d2fb40133da757205de67f5bb0018fee8c86e1b68c7e75caa896eb32f1f47c70855836a6d16fcc1466f6d8fbec67db89ec0c08b0e996b83538";
const X: &str = "01894550d0785932e00eaa23b694f213f8c3121f86dc97a04e5a7167db4e5bcd371123d46e45db6b5d5370a7f20fb633155d38ffa16d2bd761dcac474b9a2f5023a4";
const Y: &str = "00493101c962cd4d2fddf782285e64584139c2f91b47f87ff82354d6630f746a28a0db25741b5b34a828008b22acc23f924faafbd4d33f81ea66956dfeaa2bfdfcf5";
const R: &str = "00c328fafcbd79dd77850370c46325d987cb525569fb63c5d3bc53950e6d4c5f174e25a1ee9017b5d450606add152b534931d7d4e8455cc91f9b15bf05ec36e377fa";
const S: &str = "00617cce7cf5064806c467f678d3b4080d6f1cc50af26ca209417308281b68af282623eaa63e5b5c0723d8b8c37ff0777b1a20f8ccb1dccc43997f1ee0e44da4a67a";

fn unhex(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

#[test]
fn the_rfcs_key_signs_and_verifies() {
    let key = SoftwareKey::from_secret_bytes(Algorithm::Es512, &unhex(SECRET)).unwrap();
    let point = [vec![4], unhex(X), unhex(Y)].concat();
    assert_eq!(key.public_key(), &PublicKey::p521(&point).unwrap());
    assert_eq!(PublicKey::p521(&key.public_key().to_bytes()).as_ref(), Ok(key.public_key()));
    let given = [unhex(R), unhex(S)].concat();
    // Nonces are made from key and message, but not by the RFC's steps.
    let ours = key.sign(b"sample").unwrap();
    assert_eq!(ours, key.sign(b"sample").unwrap());
    assert!(key.public_key().verify(b"sample", &ours).is_ok());
    // Neither two messages nor two keys share one.
    let r = |key: &SoftwareKey, message: &[u8]| key.sign(message).unwrap()[..66].to_vec();
    let other = crate::support::key(1, Algorithm::Es512);
    let all = [r(&key, b"sample"), r(&key, b"simple"), r(&other, b"sample"), r(&other, b"simple")];
    assert_eq!(all.iter().collect::<std::collections::HashSet<_>>().len(), 4);
    assert!(key.public_key().verify(b"sample", &given).is_ok());
    let mut changed = given.clone();
    changed[131] ^= 1;
    for (name, message, signature) in [
        ("another_message", &b"simple"[..], given.clone()),
        ("changed", b"sample", changed),
        ("truncated", b"sample", given[..131].to_vec()),
        ("zero", b"sample", vec![0; 132]),
        ("ones", b"sample", vec![255; 132]),
    ] {
        assert!(key.public_key().verify(message, &signature).is_err(), "{name}");
    }
    for (name, sec1, error) in [
        ("off_curve", [vec![4], vec![0; 131], vec![1]].concat(), KeyError::NotOnCurve),
        ("beyond_the_field", [vec![4], vec![255; 132]].concat(), KeyError::NotOnCurve),
        ("of_another_curve", vec![2; 33], KeyError::Encoding),
        ("identity", vec![0], KeyError::Encoding),
    ] {
        assert_eq!(PublicKey::p521(&sec1), Err(error), "{name}");
    }
}

#[test]
fn every_text_leads_back_to_the_key() {
    for seed in 0..4 {
        let key = key(seed, Algorithm::Es512).public_key().clone();
        assert_eq!(PublicKey::from_multikey(&key.to_multikey()), Ok(key.clone()));
        assert_eq!(PublicKey::from_cose_key(&key.to_cose_key()), Ok(key.clone()));
        for (alg, fits) in [(-36, true), (-52, true), (-7, false), (-35, false), (0, false)] {
            let mut entries = key.to_cose_key().as_map().unwrap().clone().into_entries();
            entries.push((3.into(), i64::into(alg)));
            let read = PublicKey::from_cose_key(&Map::sorted(entries).into());
            assert_eq!(read.err(), (!fits).then_some(KeyError::Unsupported), "{alg}");
        }
        let jwk = serde_json::to_value(key.to_jwk()).unwrap();
        assert_eq!((&jwk["crv"], jwk["x"].as_str().map(str::len)), (&json!("P-521"), Some(88)));
        assert_eq!(PublicKey::from_jwk(&serde_json::from_value(jwk.clone()).unwrap()), Ok(key.clone()));
        let mut crossed = jwk;
        crossed["alg"] = json!("ES384");
        let crossed = PublicKey::from_jwk(&serde_json::from_value(crossed).unwrap());
        assert_eq!(crossed, Err(KeyError::Unsupported), "alg_of_another_curve");
        for did in [key.did_key(), key.did_jwk()] {
            assert_eq!(SelfContained::parse(&did.verification_method).unwrap().key, key);
        }
    }
}

#[test]
fn tokens_and_envelopes() {
    let (signer, other) = (key(1, Algorithm::Es512), key(2, Algorithm::Es512));
    let token = vc_jose::issue(vc_issuance(), signer.public_key()).unwrap().sign(&signer).unwrap();
    let read = vc_jose::UnverifiedCredential::parse(&token).unwrap();
    assert_eq!(read.check(signer.public_key(), NOW).flaws(), []);
    assert_eq!(read.check(other.public_key(), NOW).flaws(), [Flaw::SignatureWrong]);
    let crossed = key(1, Algorithm::Es384);
    assert_eq!(read.check(crossed.public_key(), NOW).flaws(), [Flaw::AlgorithmNotOfKey]);
    let message = vc_cose::issue(vc_issuance(), signer.public_key()).unwrap().sign(&signer).unwrap();
    let read = vc_cose::UnverifiedCredential::parse(&message).unwrap();
    assert_eq!(read.check(signer.public_key(), NOW).flaws(), []);
    assert_eq!(read.check(crossed.public_key(), NOW).flaws(), [Flaw::AlgorithmNotOfKey]);
}

/// Data Integrity has no suite for it.
#[test]
fn no_proofs() {
    let signer = key(1, Algorithm::Es512);
    let (document, _) = vc_issuance().document().unwrap();
    for suite in data_integrity::Cryptosuite::ALL {
        let options = ProofOptions {
            verification_method: "did:hui:anhui:zIssuer#key-1".to_owned(),
            purpose: Purpose::AssertionMethod,
            created: None,
            expires: None,
            challenge: None,
            domain: None,
        };
        let making = Making::with(*suite);
        let made = data_integrity::Prepared::beside(document.clone(), options, signer.public_key(), &making);
        assert_eq!(made.map(drop), Err(SecureError::KeyNotOfSuite), "{}", suite.name());
    }
}

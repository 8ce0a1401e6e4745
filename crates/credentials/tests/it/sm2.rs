//! SM2 with SM3: the national standard's example, the profile's texts, signatures of OpenSSL's, and what is refused
//! (docs/profiles/sm2.md).

use credentials::data_integrity::{
    Cryptosuite, Issuance, Making, ParseError, ProofOptions, Purpose, UnverifiedCredential, secure,
};
use credentials::key::{
    Algorithm, Jwk, KeyError, PublicKey, SM2_USER_ID, SelfContained, Signer, SoftwareKey, VerificationMethod,
};
use credentials::{ClaimPath, Flaw, UnixSeconds, sd_jwt};
use serde_json::{Map, Value, json};
use sm2::dsa::signature::Verifier as _;

use crate::ld_support::{Change, object};
use crate::support::{
    NOW, expect, holder, issuer, key, licence, present, sd_jwt_issuance, vc_issuance, vc_issued,
};

/// GB/T 32918.5-2017, appendix A.2: the recommended curve, "message digest", the user id 1234567812345678.
const SECRET: &str = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8";
const X: &str = "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020";
const Y: &str = "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13";
const R: &str = "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3";
const S: &str = "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa";
/// A signature by OpenSSL, see [`signature_of_openssl`].
const OPENSSL: &str = "248479319c783a0fa62e4fbdd52d550c8338bb723aa297c6ebaff1c084ebbc9f\
                       8389d23c09e1c29d567a1331d2029e51c76909d733e44015ec2979af67638ea0";
/// The curve's order (GB/T 32918.5 §2).
const ORDER: &str = "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123";

fn unhex(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

fn standard_key() -> SoftwareKey {
    SoftwareKey::from_secret_bytes(Algorithm::Sm2, &unhex(SECRET)).unwrap()
}

fn sm2_key() -> SoftwareKey {
    issuer(Algorithm::Sm2)
}

#[test]
fn example_of_the_standard() {
    let key = standard_key();
    let public = PublicKey::sm2(&unhex(&format!("04{X}{Y}"))).unwrap();
    assert_eq!(key.public_key(), &public);
    assert_eq!(key.to_secret_bytes().as_slice(), unhex(SECRET));
    let signature = unhex(&format!("{R}{S}"));
    assert_eq!(public.verify(b"message digest", &signature), Ok(()));
    assert!(public.verify(b"Message digest", &signature).is_err());
    let made = key.sign(b"message digest").unwrap();
    assert_eq!(public.verify(b"message digest", &made), Ok(()));
    assert_eq!(made, key.sign(b"message digest").unwrap(), "deterministic");
}

/// GB/T 32905-2016, appendix A.1: the hash that everything here stands on.
#[test]
fn hash_of_the_standard() {
    use sm3::{Digest, Sm3};
    assert_eq!(
        hex::encode(Sm3::digest(b"abc")),
        "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    );
}

/// The user id is part of what is signed: under another one the same signature is wrong, both ways.
#[test]
fn user_id_of_another() {
    use sm2::dsa::signature::Signer as _;
    assert_eq!(SM2_USER_ID, "1234567812345678");
    let theirs = sm2::dsa::SigningKey::from_slice("ALICE123@YAHOO.COM", &unhex(SECRET)).unwrap();
    let signature: sm2::dsa::Signature = theirs.sign(b"message digest");
    assert!(theirs.verifying_key().verify(b"message digest", &signature).is_ok());
    assert!(standard_key().public_key().verify(b"message digest", &signature.to_bytes()).is_err());
    let ours = sm2::dsa::Signature::from_slice(&standard_key().sign(b"message digest").unwrap()).unwrap();
    assert!(theirs.verifying_key().verify(b"message digest", &ours).is_err());
    let default = sm2::dsa::SigningKey::from_slice(SM2_USER_ID, &unhex(SECRET)).unwrap();
    assert!(default.verifying_key().verify(b"message digest", &ours).is_ok());
    // No user id at all is not the default one either.
    let none = sm2::dsa::SigningKey::from_slice("", &unhex(SECRET)).unwrap();
    assert!(none.verifying_key().verify(b"message digest", &ours).is_err());
}

#[test]
fn texts_lead_back_to_the_key() {
    let public = standard_key().public_key().clone();
    let jwk = serde_json::to_value(public.to_jwk()).unwrap();
    assert_eq!(jwk["kty"], "EC");
    assert_eq!(jwk["crv"], "urn:oid:1.2.156.10197.1.301");
    let read = |jwk: Value| PublicKey::from_jwk(&serde_json::from_value::<Jwk>(jwk).unwrap());
    assert_eq!(read(jwk.clone()), Ok(public.clone()));
    for seed in 0..8 {
        let key = key(seed, Algorithm::Sm2).public_key().clone();
        assert_eq!(PublicKey::from_multikey(&key.to_multikey()), Ok(key.clone()));
        assert_eq!(PublicKey::sm2(&key.to_bytes()), Ok(key.clone()));
        for did in [key.did_key(), key.did_jwk()] {
            assert_eq!(SelfContained::parse(&did.verification_method).unwrap(), did);
        }
    }
    // Multicodec 0x1206 as a varint, then the compressed point.
    assert_eq!(hex::encode(public.to_multikey_bytes()), format!("862403{X}"));
    let method = json!({
        "id": "did:hui:anhui:zIssuer#key-3", "type": "Multikey", "controller": "did:hui:anhui:zIssuer",
        "publicKeyMultibase": public.to_multikey(),
    });
    assert_eq!(VerificationMethod::read(&method).unwrap().key, public);

    let mut other = jwk.clone();
    other["crv"] = "P-256".into();
    assert_eq!(read(other), Err(KeyError::NotOnCurve), "curve_confused");
    let mut other = jwk.clone();
    other["crv"] = "SM2".into();
    assert_eq!(read(other), Err(KeyError::Unsupported), "unregistered_short_name");
    let mut other = jwk.clone();
    other["alg"] = "ES256".into();
    assert_eq!(read(other), Err(KeyError::Unsupported), "algorithm_confused");
    let mut other = jwk;
    other["y"] = other["x"].clone();
    assert_eq!(read(other), Err(KeyError::NotOnCurve), "not_on_curve");
}

#[test]
fn keys_refused() {
    let order = unhex(ORDER);
    let mut less_one = order.clone();
    less_one[31] -= 1;
    let mut largest = less_one.clone();
    largest[31] -= 1;
    for (name, secret) in
        [("zero", vec![0; 32]), ("order", order), ("order_less_one", less_one), ("short", vec![1; 31])]
    {
        let made = SoftwareKey::from_secret_bytes(Algorithm::Sm2, &secret);
        assert_eq!(made.err(), Some(KeyError::Encoding), "{name}");
    }
    let key = SoftwareKey::from_secret_bytes(Algorithm::Sm2, &largest).unwrap();
    assert_eq!(key.public_key().verify(b"m", &key.sign(b"m").unwrap()), Ok(()), "the largest key signs");

    let point = unhex(&format!("04{X}{Y}"));
    let with = |at: usize, value: u8| {
        let mut changed = point.clone();
        changed[at] = value;
        PublicKey::sm2(&changed).err()
    };
    assert_eq!(with(0, 6), Some(KeyError::Encoding), "hybrid_form");
    assert_eq!(with(64, 0), Some(KeyError::NotOnCurve), "not_on_curve");
    assert_eq!(PublicKey::sm2(&[0]).err(), Some(KeyError::Encoding), "infinity");
    assert_eq!(PublicKey::sm2(&point[..64]).err(), Some(KeyError::Encoding), "cut_off");
    assert_eq!(PublicKey::p256(&point).err(), Some(KeyError::NotOnCurve), "taken_for_p256");
    assert!(!format!("{:?}", standard_key()).contains(&SECRET[..8]));
}

#[test]
fn signatures_refused() {
    let key = standard_key();
    let good = key.sign(b"m").unwrap();
    let (r, s) = good.split_at(32);
    let order = unhex(ORDER);
    // n − s: where ECDSA has a second signature, SM2 has none.
    let mirrored = {
        let mut borrow = 0_i16;
        let mut out = [0_u8; 32];
        for at in (0..32).rev() {
            let digit = i16::from(order[at]) - i16::from(s[at]) - borrow;
            borrow = i16::from(digit < 0);
            out[at] = u8::try_from(digit.rem_euclid(256)).unwrap();
        }
        out
    };
    let zero = [0; 32];
    let cases: [(&str, &[u8], &[u8]); 8] = [
        ("r_zero", &zero, s),
        ("s_zero", r, &zero),
        ("r_not_below_the_order", &order, s),
        ("s_not_below_the_order", r, &order),
        ("s_mirrored", r, &mirrored),
        ("swapped", s, r),
        // r + s = n, which the standard refuses (GB/T 32918.2 §7.1, B5).
        ("sum_zero", &mirrored, s),
        ("both_zero", &zero, &zero),
    ];
    for (name, r, s) in cases {
        assert!(key.public_key().verify(b"m", &[r, s].concat()).is_err(), "{name}");
    }
    assert!(key.public_key().verify(b"m", &good[..63]).is_err(), "short");
    assert!(key.public_key().verify(b"m", &[&good[..], &[0]].concat()).is_err(), "long");
    assert!(self::key(9, Algorithm::Sm2).public_key().verify(b"m", &good).is_err(), "another_key");
}

fn issuance() -> Issuance {
    vc_issuance()
}

fn flaws(value: Value, key: &PublicKey) -> Vec<Flaw> {
    UnverifiedCredential::read(value).unwrap().check(key, NOW).flaws().to_vec()
}

#[test]
fn credential_issued_and_verified() {
    let issued = vc_issued(Algorithm::Sm2);
    assert_eq!(issued["proof"]["cryptosuite"], "sm2-jcs-2026");
    assert_eq!(issued, vc_issued(Algorithm::Sm2), "deterministic");
    assert_eq!(flaws(issued.clone(), sm2_key().public_key()), []);
    // In two stages, as a module behind a port signs.
    let prepared = issuance().prepare(sm2_key().public_key()).unwrap();
    assert_eq!(prepared.bytes().len(), 64);
    assert!(issuance().prepare(sm2_key().public_key()).unwrap().finish(&[1; 64]).is_err());
    let signature = sm2_key().sign(prepared.bytes()).unwrap();
    assert_eq!(prepared.finish(&signature).unwrap(), issued);
}

#[test]
fn credential_refused_by_flaw() {
    let issued = vc_issued(Algorithm::Sm2);
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut issued = issued.clone();
        change(&mut issued);
        flaws(issued, sm2_key().public_key())
    };
    let cases: [(&str, Flaw, Change<'_>); 6] = [
        ("claim_changed", Flaw::SignatureWrong, &|c| c["credentialSubject"]["name"] = "x".into()),
        ("claim_added", Flaw::SignatureWrong, &|c| c["credentialSubject"]["x"] = "x".into()),
        ("options_changed", Flaw::SignatureWrong, &|c| c["proof"]["created"] = "2026-01-01T00:00:00Z".into()),
        ("other_suite", Flaw::AlgorithmNotOfKey, &|c| c["proof"]["cryptosuite"] = "ecdsa-jcs-2019".into()),
        ("unknown_suite", Flaw::AlgorithmNotOfKey, &|c| c["proof"]["cryptosuite"] = "sm2-jcs-2027".into()),
        ("context_injected", Flaw::ContextInjected, &|c| {
            c["@context"].as_array_mut().unwrap().push("https://example.org/more".into());
        }),
    ];
    for (name, flaw, change) in cases {
        assert_eq!(changed(change).first(), Some(&flaw), "{name}");
    }
    let mut cut = issued.clone();
    cut["proof"]["proofValue"] = format!("z{}", bs58::encode([1; 63]).into_string()).into();
    assert_eq!(UnverifiedCredential::read(cut).err(), Some(ParseError::ProofValue), "proof_value_truncated");
    let mut long = issued.clone();
    long["proof"]["proofValue"] = format!("z{}", bs58::encode([1; 96]).into_string()).into();
    assert_eq!(flaws(long, sm2_key().public_key()), [Flaw::SignatureWrong], "proof_value_of_p384");
    assert_eq!(flaws(issued.clone(), issuer(Algorithm::Es256).public_key()), [Flaw::AlgorithmNotOfKey]);
    assert_eq!(flaws(issued, key(9, Algorithm::Sm2).public_key()), [Flaw::SignatureWrong]);
    // The same key in the hands of another suite.
    let p256 = vc_issued(Algorithm::Es256);
    assert_eq!(flaws(p256, sm2_key().public_key()), [Flaw::AlgorithmNotOfKey]);
    for suite in Cryptosuite::ALL.iter().filter(|suite| **suite != Cryptosuite::Sm2Jcs2026) {
        assert!(issuance().prepare_with(sm2_key().public_key(), &Making::with(*suite)).is_err(), "{suite:?}");
        assert!(!suite.takes(Algorithm::Sm2));
    }
}

fn sd_jwt_issued() -> String {
    sd_jwt_issuance().sign(&sm2_key(), &mut testkit::rng(3)).unwrap()
}

#[test]
fn sd_jwt_issued_presented_and_verified() {
    let chosen = [ClaimPath::top("name"), ClaimPath::top("creditCode")];
    let presented = present(&sd_jwt_issued(), &chosen, &holder());
    let read = sd_jwt::Unverified::parse(&presented).unwrap();
    let verified = read.clone().verify_presented(sm2_key().public_key(), &expect()).unwrap();
    assert_eq!(verified.claims()["name"], licence().0["name"]);
    let refused = read.verify_presented(issuer(Algorithm::Es256).public_key(), &expect());
    assert_eq!(refused.unwrap_err().flaws(), [Flaw::AlgorithmNotOfKey]);
    let header = presented.split('.').next().unwrap();
    let header: Value = {
        use base64::Engine as _;
        let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
        serde_json::from_slice(&engine.decode(header).unwrap()).unwrap()
    };
    assert_eq!(header["alg"], "urn:oid:1.2.156.10197.1.501");
}

/// The holder's key may be one of SM2 as well.
#[test]
fn sd_jwt_bound_to_sm2_key() {
    let bound = key(4, Algorithm::Sm2);
    let mut issuance = sd_jwt_issuance();
    issuance.holder = Some(bound.public_key().clone());
    let issued = issuance.sign(&sm2_key(), &mut testkit::rng(3)).unwrap();
    let chosen = [ClaimPath::top("name")];
    let verdict = |holder: &SoftwareKey| {
        let presented = sd_jwt::Unverified::parse(&present(&issued, &chosen, holder)).unwrap();
        presented.verify_presented(sm2_key().public_key(), &expect()).map(|_| ())
    };
    assert_eq!(verdict(&bound), Ok(()));
    let refused = verdict(&key(5, Algorithm::Sm2)).unwrap_err();
    assert_eq!(refused.flaws(), [Flaw::KeyBindingSignatureWrong]);
    let refused = verdict(&holder()).unwrap_err();
    assert_eq!(refused.flaws(), [Flaw::KeyBindingSignatureWrong]);
}

/// A small credential under the standard's example key, for implementations in other languages.
fn small() -> (Map<String, Value>, ProofOptions) {
    let did = standard_key().public_key().did_key();
    let document = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "issuer": did.did,
        "validFrom": "2026-03-02T04:00:00Z",
        "credentialSubject": { "name": "合肥云帆科技有限公司", "shares": 0.5, "licensed": true, "branches": [1, 2, 30] },
    });
    let options = ProofOptions {
        verification_method: did.verification_method,
        purpose: Purpose::AssertionMethod,
        created: Some(UnixSeconds(1_772_424_000)),
        expires: None,
        challenge: None,
        domain: None,
    };
    (object(&document), options)
}

/// What e2e/interop/sm2.test.mjs checks with a second implementation is what is made here.
#[test]
fn ours_for_others() {
    let (document, options) = small();
    let issued = secure(document, options, &standard_key()).unwrap();
    let committed: Value = serde_json::from_str(include_str!("data/sm2-jcs-2026-ours.json")).unwrap();
    assert_eq!(issued, committed, "{issued}");

    let did = standard_key().public_key().did_key();
    let token = sd_jwt::Issuance {
        issuer: did.did,
        kid: Some(did.verification_method),
        x5c: None,
        vct: "urn:example:licence:1".to_owned(),
        claims: object(&json!({ "name": "合肥云帆科技有限公司" })),
        disclosable: vec![ClaimPath::top("name")],
        holder: None,
        issued_at: UnixSeconds(1_772_424_000),
        not_before: None,
        expires: None,
        status: None,
        decoys: 0,
    };
    let token = token.sign(&standard_key(), &mut testkit::rng(3)).unwrap();
    assert_eq!(token, include_str!("data/sm2-sd-jwt-ours.txt").trim());
}

/// Made by a second implementation: e2e/interop/lib/sm2.mjs, with SM2 of npm's sm-crypto-v2 1.15.1 and SM3 of OpenSSL.
#[test]
fn theirs_for_us() {
    let theirs = include_bytes!("data/sm2-jcs-2026-theirs.json");
    let read = UnverifiedCredential::parse(theirs).unwrap();
    let key = SelfContained::parse(read.verification_method()).unwrap().key;
    assert_eq!(&key, standard_key().public_key());
    assert!(read.verify(&key, NOW).is_ok());
    let changed = String::from_utf8(theirs.to_vec()).unwrap().replace("0.5", "0.6");
    let read = UnverifiedCredential::parse(changed.as_bytes()).unwrap();
    assert_eq!(read.check(&key, NOW).flaws(), [Flaw::SignatureWrong]);

    let token = include_str!("data/sm2-sd-jwt-theirs.txt").trim();
    let verified = sd_jwt::Unverified::parse(token).unwrap().verify_issued(&key, None, NOW).unwrap();
    assert_eq!(verified.claims()["name"], "合肥云帆科技有限公司");
}

/// `openssl pkeyutl -sign -rawin -digest sm3 -pkeyopt distid:1234567812345678` of OpenSSL 3.0.19, with the standard's example key
/// over `made by openssl`; `r ‖ s` out of its DER.
#[test]
fn signature_of_openssl() {
    let signature = unhex(OPENSSL);
    assert_eq!(standard_key().public_key().verify(b"made by openssl", &signature), Ok(()));
}

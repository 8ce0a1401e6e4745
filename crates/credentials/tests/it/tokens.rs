//! Signed JSON tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use credentials::jws::{self, Header, ParseError, Times, Unverified, VerifyError};
use credentials::key::{Algorithm, PublicKey, SignatureRefused, Signer};
use credentials::{Flaw, UnixSeconds, json};
use serde_json::{Value, json};

use crate::support::{NOW, key};

const TYP: &str = "openid4vci-proof+jwt";

fn token() -> String {
    jws::sign(&Header::typed(TYP).with_kid("k"), &json!({"aud": "a"}), &key(1, Algorithm::EdDsa)).unwrap()
}

/// A token with this header and payload, signed for what they are.
fn raw(header: &str, payload: &str) -> String {
    let input = format!("{}.{}", BASE64.encode(header), BASE64.encode(payload));
    let signature = key(1, Algorithm::EdDsa).sign(input.as_bytes()).unwrap();
    format!("{input}.{}", BASE64.encode(signature))
}

fn verify(text: &str, key: &PublicKey) -> Result<Value, VerifyError> {
    Unverified::parse(text).unwrap().verify::<Value>(key, TYP).map(|verified| verified.claims)
}

#[test]
fn made_and_verified_both_ways() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
        let key = key(7, algorithm);
        let prepared = jws::prepare(&Header::typed(TYP), &json!({"aud": "a"}), key.public_key()).unwrap();
        let signature = key.sign(prepared.bytes()).unwrap();
        let staged = prepared.clone().finish(&signature).unwrap();
        assert_eq!(staged, prepared.clone().sign(&key).unwrap(), "signing is deterministic");
        assert_eq!(verify(&staged, key.public_key()), Ok(json!({"aud": "a"})));
        assert_eq!(prepared.finish(&[9; 64]), Err(SignatureRefused), "a faulty device is noticed");
    }
}

/// RFC 7515 appendix A.3: ES256.
#[test]
fn es256_of_rfc_7515() {
    let text = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
                DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let jwk = json!({
        "kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
    });
    let key = PublicKey::from_jwk(&serde_json::from_value(jwk).unwrap()).unwrap();
    let token = Unverified::parse(text).unwrap();
    assert_eq!(token.alg(), "ES256");
    let (input, signature) = token.text().rsplit_once('.').unwrap();
    key.verify(input.as_bytes(), &BASE64.decode(signature).unwrap()).unwrap();
    // It has no type, which no kind of token here goes without.
    assert_eq!(token.clone().verify::<Value>(&key, TYP).map(drop), Err(VerifyError::TypeWrong));
}

#[test]
fn types_are_media_types() {
    for typ in ["openid4vci-proof+jwt", "OpenID4VCI-proof+JWT", "application/openid4vci-proof+jwt"] {
        assert!(Header::typed(typ).is_typed(TYP), "{typ}");
    }
    for typ in
        ["JWT", "", "application/", "openid4vci-proof+jwt ", "application/application/openid4vci-proof+jwt"]
    {
        assert!(!Header::typed(typ).is_typed(TYP), "{typ}");
    }
}

#[test]
fn refused_by_the_parser() {
    let good = token();
    let parts: Vec<&str> = good.split('.').collect();
    let (h, p, s) = (parts[0], parts[1], parts[2]);
    let header = |text: &str| ParseErrorOf(raw(text, "{}"));
    struct ParseErrorOf(String);
    for (name, text, error) in [
        ("two_parts", format!("{h}.{p}"), ParseError::Form),
        ("four_parts", format!("{good}.x"), ParseError::Form),
        ("padded", format!("{h}.{p}.{s}=="), ParseError::Form),
        ("stray_bits", format!("{h}.{p}.{}", stray(s)), ParseError::Form),
        ("standard_alphabet", format!("{h}.{p}.{}", "+".repeat(86)), ParseError::Form),
        ("line_break", format!("{h}.{p}.{s}\n"), ParseError::Form),
        ("signature_truncated", format!("{h}.{p}.{}", &s[..84]), ParseError::SignatureLength),
        ("signature_empty", format!("{h}.{p}."), ParseError::SignatureLength),
        ("too_long", format!("{h}.{}.{s}", "A".repeat(1 << 20)), ParseError::Form),
        ("alg_absent", header("{}").0, ParseError::Header(json::Error::Syntax)),
        ("alg_number", header(r#"{"alg":1}"#).0, ParseError::Header(json::Error::Syntax)),
        ("kid_number", header(r#"{"alg":"EdDSA","kid":1}"#).0, ParseError::Header(json::Error::Syntax)),
        ("header_array", header("[]").0, ParseError::Header(json::Error::Syntax)),
        (
            "alg_twice",
            header(r#"{"alg":"none","alg":"EdDSA"}"#).0,
            ParseError::Header(json::Error::DuplicateName),
        ),
        ("crit_unknown", header(r#"{"alg":"EdDSA","crit":["exp"],"exp":1}"#).0, ParseError::Critical),
        ("crit_empty", header(r#"{"alg":"EdDSA","crit":[]}"#).0, ParseError::Critical),
        ("b64_false", header(r#"{"alg":"EdDSA","b64":false}"#).0, ParseError::Critical),
        ("payload_array", raw(r#"{"alg":"EdDSA"}"#, "[]"), ParseError::Payload(json::Error::Syntax)),
        (
            "payload_twice",
            raw(r#"{"alg":"EdDSA"}"#, r#"{"a":1,"a":2}"#),
            ParseError::Payload(json::Error::DuplicateName),
        ),
        (
            "payload_too_deep",
            raw(r#"{"alg":"EdDSA"}"#, &(r#"{"a":"#.repeat(5000) + "1" + &"}".repeat(5000))),
            ParseError::Payload(json::Error::TooDeep),
        ),
    ] {
        assert_eq!(Unverified::parse(&text).map(drop), Err(error), "{name}");
    }
}

/// The same signature with a bit set that base64url has no room for.
fn stray(signature: &str) -> String {
    let last = signature.chars().last().unwrap();
    let next = char::from(u8::try_from(last).unwrap() + 1);
    format!("{}{next}", &signature[..85])
}

#[test]
fn refused_by_verification() {
    let signer = key(1, Algorithm::EdDsa);
    let right = signer.public_key();
    let alg = |alg: &str| raw(&json!({"alg": alg, "typ": TYP}).to_string(), "{}");
    let good = token();
    assert!(verify(&good, right).is_ok());
    assert!(verify(&alg("EdDSA"), right).is_ok());
    assert!(verify(&alg("Ed25519"), right).is_ok(), "the name of RFC 9864");
    for (name, text, key, error) in [
        ("alg_none", alg("none"), right.clone(), VerifyError::AlgorithmNotOfKey),
        ("alg_hs256_with_public_key", alg("HS256"), right.clone(), VerifyError::AlgorithmNotOfKey),
        ("alg_of_another_key", alg("ES256"), right.clone(), VerifyError::AlgorithmNotOfKey),
        ("alg_in_capitals", alg("EDDSA"), right.clone(), VerifyError::AlgorithmNotOfKey),
        (
            "signed_with_other_key",
            good.clone(),
            key(2, Algorithm::EdDsa).public_key().clone(),
            VerifyError::SignatureWrong,
        ),
        (
            "key_of_other_kind",
            good.clone(),
            key(2, Algorithm::Es256).public_key().clone(),
            VerifyError::AlgorithmNotOfKey,
        ),
        (
            "typ_of_another_token",
            raw(r#"{"alg":"EdDSA","typ":"kb+jwt"}"#, "{}"),
            right.clone(),
            VerifyError::TypeWrong,
        ),
        ("typ_absent", raw(r#"{"alg":"EdDSA"}"#, "{}"), right.clone(), VerifyError::TypeWrong),
    ] {
        assert_eq!(verify(&text, &key), Err(error), "{name}");
    }
}

#[test]
fn claims_of_wrong_types_are_refused() {
    #[derive(serde::Deserialize)]
    struct Proof {
        #[expect(dead_code, reason = "only its type matters")]
        iat: u64,
    }
    let text = raw(&json!({"alg": "EdDSA", "typ": TYP}).to_string(), r#"{"iat":"1"}"#);
    let key = key(1, Algorithm::EdDsa);
    let result = Unverified::parse(&text).unwrap().verify::<Proof>(key.public_key(), TYP);
    assert_eq!(result.map(drop), Err(VerifyError::ClaimsWrong));
}

#[test]
fn times() {
    let of = |value: Value| Times::of(value.as_object().unwrap());
    let at = |value: Value| of(value).unwrap().check(NOW);
    let now = NOW.0;
    assert_eq!(at(json!({})), Ok(()));
    assert_eq!(at(json!({"iat": now, "nbf": now, "exp": now + 1})), Ok(()));
    assert_eq!(at(json!({"iat": now + 60, "nbf": now + 60, "exp": now - 59})), Ok(()), "clocks differ");
    assert_eq!(at(json!({"exp": now - 60})), Err(Flaw::Expired));
    assert_eq!(at(json!({"nbf": now + 61})), Err(Flaw::NotYetValid));
    assert_eq!(at(json!({"iat": now + 61})), Err(Flaw::CreatedInFuture));
    assert_eq!(of(json!({"exp": now as f64 + 0.5})).unwrap().exp, Some(UnixSeconds(now)));
    for wrong in [json!("1883000000"), json!(null), json!(1e300), json!(-1e300), json!([now]), json!(true)] {
        assert!(of(json!({"exp": wrong})).is_err(), "exp_as_string and its like: {wrong}");
        assert!(of(json!({"nbf": wrong})).is_err());
        assert!(of(json!({"iat": wrong})).is_err());
    }
}

/// As an `id_token`: the type is told otherwise, the signature is checked all the same.
#[test]
fn tokens_without_a_type() {
    let verify = |text: &str, key: &PublicKey| Unverified::parse(text).unwrap().verify_untyped(key);
    let right = key(1, Algorithm::EdDsa);
    assert_eq!(verify(&token(), right.public_key()).map(Value::Object), Ok(json!({"aud": "a"})));
    for (name, seed, algorithm, error) in [
        ("signed_with_other_key", 9, Algorithm::EdDsa, VerifyError::SignatureWrong),
        ("key_of_other_kind", 1, Algorithm::Es256, VerifyError::AlgorithmNotOfKey),
    ] {
        assert_eq!(verify(&token(), key(seed, algorithm).public_key()), Err(error), "{name}");
    }
    let none = raw(r#"{"alg":"none"}"#, "{}");
    assert_eq!(verify(&none, right.public_key()), Err(VerifyError::AlgorithmNotOfKey), "alg_none");
}

//! The keys that a provider publishes (RFC 7517), each for one algorithm.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use credentials::key::{Algorithm, Jwk, PublicKey};
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaParameters, RsaPublicKeyComponents,
};
use serde::Deserialize;
use serde_json::Value;

use super::IdTokenAlgorithm;

/// The least public exponent (FIPS 186-5 §A.1.1).
const LEAST_EXPONENT: u64 = 65_537;

/// A key that checks signatures of one algorithm and of no other: what a token says of itself never chooses between two.
#[derive(Clone)]
pub(super) struct ProviderKey {
    kid: Option<String>,
    algorithm: IdTokenAlgorithm,
    key: Key,
}

#[derive(Clone)]
enum Key {
    Curve(PublicKey),
    Rsa { components: RsaPublicKeyComponents<Vec<u8>>, padding: &'static RsaParameters },
}

impl fmt::Debug for ProviderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderKey").field("kid", &self.kid).field("algorithm", &self.algorithm).finish()
    }
}

impl ProviderKey {
    /// Reads one entry of a key set; `None` for keys that are not for us: of other kinds, for encryption, too short. An RSA key
    /// that doesn't say what it is for is for RS256, or for PS256 where the configuration says that this provider signs so.
    pub(super) fn read(entry: Value, configured: Option<IdTokenAlgorithm>) -> Option<Self> {
        let uses: Uses = serde_json::from_value(entry.clone()).ok()?;
        if !uses.checks_signatures() {
            return None;
        }
        let kid = uses.kid.clone();
        if uses.kty == "RSA" {
            let algorithm = match uses.alg.as_deref() {
                Some(named) => IdTokenAlgorithm::named(named)?,
                None if configured == Some(IdTokenAlgorithm::Ps256) => IdTokenAlgorithm::Ps256,
                None => IdTokenAlgorithm::Rs256,
            };
            return Some(Self { kid, algorithm, key: rsa(&uses, algorithm)? });
        }
        let jwk: Jwk = serde_json::from_value(entry).ok()?;
        let key = PublicKey::from_jwk(&jwk).ok()?;
        let algorithm = match key.algorithm() {
            Algorithm::EdDsa => IdTokenAlgorithm::EdDsa,
            Algorithm::Es256 => IdTokenAlgorithm::Es256,
            Algorithm::Es384 => IdTokenAlgorithm::Es384,
            _ => return None,
        };
        Some(Self { kid, algorithm, key: Key::Curve(key) })
    }

    /// Whether it is the key that a token means.
    pub(super) fn is_meant(&self, kid: Option<&str>, algorithm: IdTokenAlgorithm) -> bool {
        self.algorithm == algorithm && kid.is_none_or(|kid| self.kid.as_deref() == Some(kid))
    }

    /// Whether this is its signature of the message.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.key {
            Key::Curve(key) => key.verify(message, signature).is_ok(),
            Key::Rsa { components, padding } => components.verify(padding, message, signature).is_ok(),
        }
    }
}

/// What an entry says that it is, and is for.
#[derive(Deserialize)]
struct Uses {
    kty: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default, rename = "use")]
    usage: Option<String>,
    #[serde(default)]
    key_ops: Option<Vec<String>>,
    #[serde(default)]
    n: Option<String>,
    #[serde(default)]
    e: Option<String>,
    /// Only there when the provider publishes what it must keep: then the key is anybody's.
    #[serde(default)]
    d: Option<serde::de::IgnoredAny>,
}

impl Uses {
    fn checks_signatures(&self) -> bool {
        let for_that = |operations: &Vec<String>| operations.iter().any(|operation| operation == "verify");
        self.usage.as_deref().is_none_or(|usage| usage == "sig")
            && self.key_ops.as_ref().is_none_or(for_that)
            && self.d.is_none()
    }
}

/// RFC 7518 §6.3.1: both numbers big-endian in as few bytes as they need.
fn rsa(uses: &Uses, algorithm: IdTokenAlgorithm) -> Option<Key> {
    let padding: &'static RsaParameters = match algorithm {
        IdTokenAlgorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        IdTokenAlgorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
        IdTokenAlgorithm::Es256 | IdTokenAlgorithm::Es384 | IdTokenAlgorithm::EdDsa => return None,
    };
    let (n, e) = (BASE64.decode(uses.n.as_ref()?).ok()?, BASE64.decode(uses.e.as_ref()?).ok()?);
    // 2048 bits: ring would take seven fewer.
    let long_enough = match n.len() {
        0..256 => false,
        256 => n.first().is_some_and(|first| first & 0x80 != 0),
        257..=1024 => n.first().is_some_and(|first| *first != 0),
        _ => false,
    };
    let exponent = e.iter().try_fold(0_u64, |sum, byte| Some(sum.checked_mul(256)? + u64::from(*byte)))?;
    let usable = e.first() != Some(&0) && exponent >= LEAST_EXPONENT && exponent % 2 == 1;
    (long_enough && usable).then_some(Key::Rsa { components: RsaPublicKeyComponents { n, e }, padding })
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use testkit::RsaKey;

    use super::*;

    fn read(entry: &Value) -> Option<ProviderKey> {
        ProviderKey::read(entry.clone(), None)
    }

    #[test]
    fn the_example_of_rfc_7515_is_right_and_no_other_text_is() {
        let key = read(&RsaKey::nth(0).jwk()).expect("a key");
        let signed = "eyJhbGciOiJSUzI1NiJ9.\
            eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature = BASE64
            .decode(
                "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5\
                 jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1\
                 L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYE\
                 UipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
            )
            .expect("base64url");
        assert!(key.verifies(signed.as_bytes(), &signature));
        assert!(!key.verifies(&signed.as_bytes()[1..], &signature));
        assert!(!read(&RsaKey::nth(1).jwk()).expect("a key").verifies(signed.as_bytes(), &signature));
    }

    #[test]
    fn an_rsa_key_is_for_one_algorithm() {
        let mut entry = RsaKey::nth(0).jwk();
        let algorithm =
            |entry: &Value, configured| ProviderKey::read(entry.clone(), configured).map(|key| key.algorithm);
        assert_eq!(algorithm(&entry, None), Some(IdTokenAlgorithm::Rs256));
        let (ps, es) = (IdTokenAlgorithm::Ps256, IdTokenAlgorithm::Es256);
        assert_eq!(algorithm(&entry, Some(ps)), Some(ps));
        assert_eq!(algorithm(&entry, Some(es)), Some(IdTokenAlgorithm::Rs256), "and so never meant");
        entry["alg"] = json!("PS256");
        assert_eq!(algorithm(&entry, Some(IdTokenAlgorithm::Rs256)), Some(ps), "the key's own word first");
    }

    #[test]
    fn keys_that_are_not_for_us_are_passed_over() {
        let good = RsaKey::nth(0).jwk();
        assert!(read(&good).is_some());
        let with = |name: &str, value: Value| {
            let mut entry = good.clone();
            entry[name] = value;
            entry
        };
        let n = BASE64.decode(good["n"].as_str().expect("text")).expect("base64url");
        let modulus = |bytes: &[u8]| json!(BASE64.encode(bytes));
        let halved: Vec<u8> = std::iter::once(n[0] >> 1).chain(n[1..].iter().copied()).collect();
        for (flaw, entry) in [
            ("key_of_1024_bits", with("n", modulus(&n[..128]))),
            ("key_of_2047_bits", with("n", modulus(&halved))),
            ("key_of_8200_bits", with("n", modulus(&vec![0xff; 1025]))),
            ("modulus_with_a_zero_before", with("n", modulus(&[&[0], n.as_slice()].concat()))),
            ("modulus_padded", with("n", json!(format!("{}==", good["n"].as_str().expect("text"))))),
            ("modulus_missing", with("n", Value::Null)),
            ("modulus_a_number", with("n", json!(65537))),
            ("exponent_of_1", with("e", json!("AQ"))),
            ("exponent_of_3", with("e", json!("Aw"))),
            ("exponent_even", with("e", json!("AQAA"))),
            ("exponent_with_a_zero_before", with("e", json!("AAEAAQ"))),
            ("exponent_of_nine_bytes", with("e", json!("AQAAAAAAAAAB"))),
            ("exponent_missing", with("e", json!(""))),
            ("for_encryption", with("use", json!("enc"))),
            ("for_wrapping_keys", with("key_ops", json!(["wrapKey"]))),
            ("for_rsa_oaep", with("alg", json!("RSA-OAEP"))),
            ("for_sha_1", with("alg", json!("RS1"))),
            ("for_rs512", with("alg", json!("RS512"))),
            ("for_a_shared_secret", with("alg", json!("HS256"))),
            ("for_nothing", with("alg", json!("none"))),
            ("for_a_curve", with("alg", json!("ES256"))),
            ("private", with("d", json!("AQAB"))),
            ("of_a_curve", with("kty", json!("EC"))),
            ("a_shared_secret", json!({"kty": "oct", "k": good["n"]})),
            ("a_list", json!([good])),
        ] {
            assert!(read(&entry).is_none(), "{flaw}");
        }
        assert!(read(&with("key_ops", json!(["verify"]))).is_some());
        assert!(read(&with("use", json!("sig"))).is_some());
    }
}

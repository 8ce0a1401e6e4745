//! Encrypted messages.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use credentials::jwe::{self, DecryptionKey, Enc, EncryptionKey, JweError};
use credentials::key::Jwk;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::json;

fn jwk(value: serde_json::Value) -> Jwk {
    serde_json::from_value(value).unwrap()
}

fn pair(seed: u64) -> (DecryptionKey, EncryptionKey) {
    let key = DecryptionKey::generate("k", &mut ChaCha20Rng::seed_from_u64(seed));
    let public = EncryptionKey::from_jwk(&key.to_jwk().unwrap()).unwrap();
    (key, public)
}

#[test]
fn what_was_encrypted_is_read_by_its_key_alone() {
    let ((mine, public), (other, _)) = (pair(1), pair(2));
    for enc in Enc::ALL {
        let text = jwe::encrypt("张三".as_bytes(), &public, enc, &mut ChaCha20Rng::seed_from_u64(3)).unwrap();
        assert_eq!(jwe::decrypt(&text, &mine).unwrap().as_slice(), "张三".as_bytes());
        assert_eq!(jwe::decrypt(&text, &other).err(), Some(JweError::Sealed));
        let again =
            jwe::encrypt("张三".as_bytes(), &public, enc, &mut ChaCha20Rng::seed_from_u64(4)).unwrap();
        assert_ne!(text, again);
    }
}

/// RFC 7518 appendix C: Bob's key, Alice's ephemeral one; the message is sealed here under the derived key given there.
#[test]
fn the_agreement_of_rfc_7518_appendix_c() {
    let bob = BASE64.decode("VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw").unwrap();
    let bob = DecryptionKey::from_secret_bytes("bob", &bob).unwrap();
    let header = json!({
        "alg": "ECDH-ES", "enc": "A128GCM", "apu": "QWxpY2U", "apv": "Qm9i",
        "epk": {
            "kty": "EC", "crv": "P-256",
            "x": "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
            "y": "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps",
        },
    });
    let protected = BASE64.encode(header.to_string());
    let key = BASE64.decode("VqqN6vgjbSBcIijNcacQGg").unwrap();
    let key = ring::aead::UnboundKey::new(&ring::aead::AES_128_GCM, &key).unwrap();
    let nonce = [7; 12];
    let mut sealed = b"a message".to_vec();
    ring::aead::LessSafeKey::new(key)
        .seal_in_place_append_tag(
            ring::aead::Nonce::assume_unique_for_key(nonce),
            ring::aead::Aad::from(protected.as_bytes()),
            &mut sealed,
        )
        .unwrap();
    let (sealed, tag) = sealed.split_at(sealed.len() - 16);
    let part = |bytes: &[u8]| BASE64.encode(bytes);
    let text = format!("{protected}..{}.{}.{}", part(&nonce), part(sealed), part(tag));
    assert_eq!(jwe::decrypt(&text, &bob).unwrap().as_slice(), b"a message");
}

#[test]
fn each_flaw_by_its_name() {
    let (key, public) = pair(1);
    let text = jwe::encrypt(b"x", &public, Enc::A256Gcm, &mut ChaCha20Rng::seed_from_u64(3)).unwrap();
    let parts: Vec<&str> = text.split('.').collect();
    let header: serde_json::Value = serde_json::from_slice(&BASE64.decode(parts[0]).unwrap()).unwrap();
    let with = |name: &str, value: serde_json::Value| {
        let mut header = header.clone();
        header[name] = value;
        format!("{}.{}", BASE64.encode(header.to_string()), parts[1..].join("."))
    };
    let off_curve =
        json!({"kty": "EC", "crv": "P-256", "x": BASE64.encode([1; 32]), "y": BASE64.encode([1; 32])});
    let flaws = [
        ("cut_off", parts[..4].join("."), JweError::Form),
        ("a_wrapped_key", text.replacen("..", ".AAAA.", 1), JweError::Form),
        ("padded", format!("{text}="), JweError::Form),
        ("rsa", with("alg", json!("RSA-OAEP-256")), JweError::Unsupported),
        ("direct", with("alg", json!("dir")), JweError::Unsupported),
        ("cbc", with("enc", json!("A128CBC-HS256")), JweError::Unsupported),
        ("compressed", with("zip", json!("DEF")), JweError::Unsupported),
        ("critical", with("crit", json!(["x"])), JweError::Unsupported),
        ("no_ephemeral_key", with("epk", json!(null)), JweError::Unsupported),
        ("off_the_curve", with("epk", off_curve), JweError::Key),
        ("weaker_than_it_was", with("enc", json!("A128GCM")), JweError::Sealed),
        ("header_changed", with("kid", json!("other")), JweError::Sealed),
    ];
    for (name, text, flaw) in flaws {
        assert_eq!(jwe::decrypt(&text, &key).err(), Some(flaw), "{name}");
    }
    let mut signing = key.to_jwk().unwrap();
    signing.usage = Some("sig".into());
    assert_eq!(EncryptionKey::from_jwk(&signing).err(), Some(JweError::Key));
    let private = jwk(json!({"kty": "EC", "crv": "P-256", "x": "a", "y": "b", "d": "c"}));
    assert_eq!(EncryptionKey::from_jwk(&private).err(), Some(JweError::Key));
}

//! Encrypted messages.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use credentials::json;
use credentials::jwe::{self, DecryptionKey, Enc, EncryptionKey, JweError};
use credentials::key::{Jwk, Signer as _};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::json;
use sha2::{Digest as _, Sha256};

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
        // Neither the ephemeral key nor the nonce comes twice.
        let part = |text: &str, at: usize| text.split('.').nth(at).unwrap().to_owned();
        assert!([0, 2, 3].iter().all(|at| part(&text, *at) != part(&again, *at)));
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

/// A second hand at sealing, which writes whatever header it is told: the members given on top of the usual ones.
fn sealed(message: &[u8], to: &DecryptionKey, members: &serde_json::Value, parties: [&[u8]; 2]) -> String {
    let to = to.to_jwk().unwrap();
    let bytes = |text: &Option<String>| BASE64.decode(text.as_deref().unwrap()).unwrap();
    let point = [&[4], bytes(&to.x).as_slice(), &bytes(&to.y)].concat();
    let ephemeral = p256::SecretKey::from_slice(&[5; 32]).unwrap();
    let public = p256::PublicKey::from_sec1_bytes(&point).unwrap();
    let agreed = p256::ecdh::diffie_hellman(ephemeral.to_nonzero_scalar(), public.as_affine());
    let mine = p256::EncodedPoint::from(ephemeral.public_key());
    let mine = mine.as_bytes();
    let epk = json!({"kty": "EC", "crv": "P-256", "x": BASE64.encode(&mine[1..33]), "y": BASE64.encode(&mine[33..])});
    let mut header = json!({"alg": "ECDH-ES", "enc": "A256GCM", "epk": epk});
    for (name, value) in members.as_object().unwrap() {
        header[name] = value.clone();
    }
    // Concat KDF, one round: RFC 7518 §4.6.2.
    let word = |number: usize| u32::try_from(number).unwrap().to_be_bytes();
    let mut input = [&word(1)[..], agreed.raw_secret_bytes()].concat();
    for part in [&b"A256GCM"[..], parties[0], parties[1]] {
        input.extend([&word(part.len())[..], part].concat());
    }
    let key = Sha256::digest([input.as_slice(), &word(256)].concat());
    let key = ring::aead::UnboundKey::new(&ring::aead::AES_256_GCM, &key).unwrap();
    let protected = BASE64.encode(header.to_string());
    let mut text = message.to_vec();
    let tag = ring::aead::LessSafeKey::new(key)
        .seal_in_place_separate_tag(
            ring::aead::Nonce::assume_unique_for_key([9; 12]),
            ring::aead::Aad::from(protected.as_bytes()),
            &mut text,
        )
        .unwrap();
    let [nonce, text, tag] = [&[9; 12][..], &text, tag.as_ref()].map(|part| BASE64.encode(part));
    format!("{protected}..{nonce}.{text}.{tag}")
}

/// What is sealed as it should be but for its header: nothing but the header is there to be refused.
#[test]
fn flaws_of_headers_under_a_right_tag() {
    let (key, _) = pair(1);
    let (alice, bob, no_one): (&[u8], &[u8], [&[u8]; 2]) = (b"Alice", b"Bob", [&[], &[]]);
    let opened = |members: serde_json::Value, parties: [&[u8]; 2]| {
        jwe::decrypt(&sealed(b"a message", &key, &members, parties), &key).map(|message| message.to_vec())
    };
    let right = Ok(b"a message".to_vec());
    assert_eq!(opened(json!({}), no_one), right);
    assert_eq!(opened(json!({"kid": "k", "typ": "JWT", "cty": "json", "unknown": [1]}), no_one), right);
    assert_eq!(opened(json!({"apu": "QWxpY2U", "apv": "Qm9i"}), [alice, bob]), right);
    for (name, members, parties) in [
        ("parties_not_told", json!({}), [alice, bob]),
        ("parties_not_meant", json!({"apu": "QWxpY2U", "apv": "Qm9i"}), no_one),
        ("parties_exchanged", json!({"apu": "Qm9i", "apv": "QWxpY2U"}), [alice, bob]),
        ("party_moved", json!({"apu": "QWxpY2VC", "apv": "b2I"}), [alice, bob]),
        ("apu_alone", json!({"apu": "QWxpY2U"}), [alice, bob]),
        ("apv_alone", json!({"apv": "Qm9i"}), [alice, bob]),
        ("meant_for_other_content", json!({"enc": "A128GCM"}), no_one),
    ] {
        assert_eq!(opened(members, parties), Err(JweError::Sealed), "{name}");
    }
    for (name, members) in [
        ("compressed", json!({"zip": "DEF"})),
        ("compressed_by_nothing", json!({"zip": null})),
        ("critical", json!({"crit": ["exp"], "exp": 1})),
        ("critical_nothing", json!({"crit": []})),
        ("critical_null", json!({"crit": null})),
        ("another_agreement", json!({"alg": "ECDH-ES+A256KW"})),
        ("in_small_letters", json!({"alg": "ecdh-es"})),
        ("no_agreement", json!({"alg": null})),
        ("content_in_small_letters", json!({"enc": "a256gcm"})),
        ("another_cipher", json!({"enc": "A192GCM"})),
    ] {
        assert_eq!(opened(members, no_one), Err(JweError::Unsupported), "{name}");
    }
    for (name, members) in [("apu_no_base64", json!({"apu": "*"})), ("apv_padded", json!({"apv": "QQ=="}))] {
        assert_eq!(opened(members, no_one), Err(JweError::Form), "{name}");
    }
}

#[test]
fn each_flaw_by_its_name() {
    let (key, public) = pair(1);
    let text = jwe::encrypt(b"x", &public, Enc::A256Gcm, &mut ChaCha20Rng::seed_from_u64(3)).unwrap();
    let parts: Vec<&str> = text.split('.').collect();
    let header: serde_json::Value = serde_json::from_slice(&BASE64.decode(parts[0]).unwrap()).unwrap();
    let under = |header: &str| format!("{}.{}", BASE64.encode(header), parts[1..].join("."));
    let with = |name: &str, value: serde_json::Value| {
        let mut header = header.clone();
        header[name] = value;
        under(&header.to_string())
    };
    let epk = |change: fn(&mut serde_json::Value)| {
        let mut header = header.clone();
        change(&mut header["epk"]);
        under(&header.to_string())
    };
    // One part changed, as bytes.
    let part = |at: usize, change: fn(&mut Vec<u8>)| {
        let mut bytes = BASE64.decode(parts[at]).unwrap();
        change(&mut bytes);
        let changed = BASE64.encode(bytes);
        let mut parts = parts.clone();
        parts[at] = &changed;
        parts.join(".")
    };
    let off_curve =
        json!({"kty": "EC", "crv": "P-256", "x": BASE64.encode([1; 32]), "y": BASE64.encode([1; 32])});
    let edwards = json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
    let twice = header.to_string().replacen('{', r#"{"enc":"A256GCM","#, 1);
    let flaws = [
        ("cut_off", parts[..4].join("."), JweError::Form),
        ("one_part_more", format!("{text}.AAAA"), JweError::Form),
        ("empty", String::new(), JweError::Form),
        ("a_wrapped_key", text.replacen("..", ".AAAA.", 1), JweError::Form),
        ("padded", format!("{text}="), JweError::Form),
        ("header_padded", text.replacen('.', "=.", 1), JweError::Form),
        ("header_no_json", under("x"), JweError::Form),
        ("header_with_a_name_twice", under(&twice), JweError::Form),
        ("header_a_list", under("[]"), JweError::Unsupported),
        (
            "header_in_its_order",
            under(&json!(["ECDH-ES", "A256GCM", header["epk"]]).to_string()),
            JweError::Unsupported,
        ),
        (
            "ephemeral_key_in_its_order",
            with("epk", json!(["EC", "P-256", header["epk"]["x"], header["epk"]["y"]])),
            JweError::Unsupported,
        ),
        ("rsa", with("alg", json!("RSA-OAEP-256")), JweError::Unsupported),
        ("direct", with("alg", json!("dir")), JweError::Unsupported),
        ("cbc", with("enc", json!("A128CBC-HS256")), JweError::Unsupported),
        ("compressed", with("zip", json!("DEF")), JweError::Unsupported),
        ("critical", with("crit", json!(["x"])), JweError::Unsupported),
        ("no_ephemeral_key", with("epk", json!(null)), JweError::Unsupported),
        ("off_the_curve", with("epk", off_curve), JweError::Key),
        ("ephemeral_key_private", epk(|epk| epk["d"] = "AA".into()), JweError::Key),
        ("ephemeral_key_of_another_curve", epk(|epk| epk["crv"] = "P-384".into()), JweError::Key),
        ("ephemeral_key_of_edwards", with("epk", edwards.clone()), JweError::Key),
        ("ephemeral_key_without_y", epk(|epk| epk["y"] = json!(null)), JweError::Key),
        ("ephemeral_key_short", epk(|epk| epk["x"] = BASE64.encode([1; 31]).into()), JweError::Key),
        ("weaker_than_it_was", with("enc", json!("A128GCM")), JweError::Sealed),
        ("header_changed", with("kid", json!("other")), JweError::Sealed),
        (
            "header_written_otherwise",
            under(&serde_json::to_string_pretty(&header).unwrap()),
            JweError::Sealed,
        ),
        ("nonce_short", part(2, |bytes| bytes.truncate(11)), JweError::Form),
        ("nonce_long", part(2, |bytes| bytes.push(0)), JweError::Form),
        ("nonce_changed", part(2, |bytes| bytes[0] ^= 1), JweError::Sealed),
        ("message_changed", part(3, |bytes| bytes[0] ^= 1), JweError::Sealed),
        ("message_cut_off", part(3, Vec::clear), JweError::Sealed),
        ("message_longer", part(3, |bytes| bytes.push(0)), JweError::Sealed),
        ("tag_short", part(4, |bytes| bytes.truncate(12)), JweError::Form),
        ("tag_long", part(4, |bytes| bytes.push(0)), JweError::Form),
        ("no_tag", part(4, Vec::clear), JweError::Form),
        ("tag_changed_at_its_beginning", part(4, |bytes| bytes[0] ^= 1), JweError::Sealed),
        ("tag_changed_at_its_end", part(4, |bytes| bytes[15] ^= 1), JweError::Sealed),
    ];
    for (name, text, flaw) in flaws {
        assert_eq!(jwe::decrypt(&text, &key).err(), Some(flaw), "{name}");
    }
}

#[test]
fn no_longer_than_json_may_be() {
    let (key, public) = pair(1);
    let of = |length: usize| {
        let text = jwe::encrypt(&vec![7; length], &public, Enc::A128Gcm, &mut ChaCha20Rng::seed_from_u64(3));
        let text = text.unwrap();
        (text.len(), jwe::decrypt(&text, &key).map(|message| message.len()))
    };
    let overhead = of(0).0;
    let longest = (json::MAX_BYTES - overhead) / 4 * 3;
    let (length, opened) = of(longest);
    assert!(length > json::MAX_BYTES - 4 && length <= json::MAX_BYTES);
    assert_eq!(opened, Ok(longest));
    assert_eq!(of(longest + 3).1, Err(JweError::Form));
}

#[test]
fn keys_that_are_not_encrypted_to() {
    let (key, public) = pair(1);
    let ours = key.to_jwk().unwrap();
    assert_eq!(
        (ours.kid.as_deref(), ours.usage.as_deref(), ours.alg.as_deref()),
        (Some("k"), Some("enc"), Some("ECDH-ES"))
    );
    // RFC 7638: the members in the order of their names.
    let [x, y] = [&ours.x, &ours.y].map(|text| text.as_deref().unwrap());
    let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    assert_eq!(key.thumbprint().unwrap().as_slice(), Sha256::digest(members).as_slice());
    assert_eq!(key.thumbprint(), public.thumbprint());
    let as_text = serde_json::to_value(&ours).unwrap();
    let read = |change: fn(&mut serde_json::Value)| {
        let mut changed = as_text.clone();
        change(&mut changed);
        EncryptionKey::from_jwk(&jwk(changed))
    };
    let drop_from = |jwk: &mut serde_json::Value, name: &str| drop(jwk.as_object_mut().unwrap().remove(name));
    assert!(read(|_| ()).is_ok_and(|read| read == public));
    let bare = {
        let mut bare = as_text.clone();
        ["kid", "use", "alg"].iter().for_each(|name| drop_from(&mut bare, name));
        EncryptionKey::from_jwk(&jwk(bare)).unwrap()
    };
    assert_eq!(bare.thumbprint(), public.thumbprint());
    type Change = (&'static str, fn(&mut serde_json::Value));
    let changes: [Change; 6] = [
        ("for_signing", |jwk| jwk["use"] = "sig".into()),
        ("for_wrapping", |jwk| jwk["alg"] = "ECDH-ES+A128KW".into()),
        ("for_signatures", |jwk| jwk["alg"] = "ES256".into()),
        ("private", |jwk| jwk["d"] = "AA".into()),
        ("of_another_curve", |jwk| jwk["crv"] = "P-384".into()),
        ("off_the_curve", |jwk| jwk["x"] = BASE64.encode([1; 32]).into()),
    ];
    for (name, change) in changes {
        assert_eq!(read(change).err(), Some(JweError::Key), "{name}");
    }
    let edwards = crate::support::key(1, credentials::key::Algorithm::EdDsa).public_key().to_jwk();
    assert_eq!(EncryptionKey::from_jwk(&edwards).err(), Some(JweError::Key), "edwards");
    // The key's id goes with what is encrypted to it; of a key without one, none.
    for (to, kid) in [(&public, json!("k")), (&bare, json!(null))] {
        let text = jwe::encrypt(b"x", to, Enc::A256Gcm, &mut ChaCha20Rng::seed_from_u64(3)).unwrap();
        let header = BASE64.decode(text.split('.').next().unwrap()).unwrap();
        let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
        assert_eq!(
            (&header["kid"], &header["alg"], &header["enc"]),
            (&kid, &json!("ECDH-ES"), &json!("A256GCM"))
        );
        assert_eq!(jwe::decrypt(&text, &key).unwrap().as_slice(), b"x");
    }
    assert_eq!(
        format!("{key:?} {public:?}"),
        r#"DecryptionKey { kid: "k", .. } EncryptionKey { kid: Some("k"), .. }"#
    );
}

/// SEC 2 §2.4.2: the order of P-256's base point. A secret is above 0 and below it.
#[test]
fn secrets_at_the_ends() {
    let order = hex::decode("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551").unwrap();
    let less_by = |by: u8| [&order[..31], &[order[31] - by]].concat();
    let small = |n: u8| [&[0; 31][..], &[n]].concat();
    for secret in [small(1), small(2), small(15), small(16), small(17), less_by(1), less_by(2), less_by(16)] {
        let key = DecryptionKey::from_secret_bytes("k", &secret).unwrap();
        let public = EncryptionKey::from_jwk(&key.to_jwk().unwrap()).unwrap();
        let text = jwe::encrypt(b"x", &public, Enc::A256Gcm, &mut ChaCha20Rng::seed_from_u64(3)).unwrap();
        assert_eq!(jwe::decrypt(&text, &key).unwrap().as_slice(), b"x");
    }
    // 1 and n - 1 are one point and its negative.
    let x = |secret: &[u8]| DecryptionKey::from_secret_bytes("k", secret).unwrap().to_jwk().unwrap().x;
    assert_eq!(x(&small(1)), x(&less_by(1)));
    let above = [&order[..31], &[order[31] + 1]].concat();
    for (name, secret) in [
        ("zero", small(0)),
        ("the_order", order.clone()),
        ("above_the_order", above),
        ("all_ones", vec![0xff; 32]),
        ("short", vec![1; 16]),
        ("long", vec![1; 33]),
        ("none", Vec::new()),
    ] {
        assert_eq!(DecryptionKey::from_secret_bytes("k", &secret).err(), Some(JweError::Key), "{name}");
    }
}

#[test]
fn names_of_ciphers() {
    for enc in Enc::ALL {
        assert_eq!((Enc::named(enc.name()), enc.to_string()), (Some(enc), enc.name().to_owned()));
        assert_eq!(serde_json::to_value(enc).unwrap(), enc.name());
    }
    for name in ["A192GCM", "a256gcm", ""] {
        assert_eq!(Enc::named(name), None, "{name}");
    }
}

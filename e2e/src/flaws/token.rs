//! Flaws of tokens, and of what SD-JWTs have behind them: what becomes of the text.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use credentials::key::{Signer as _, SoftwareKey};
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{Flaw, MALFORMED, Spoil, TAKEN, TOO_LONG, with_other_s};

/// Of the issuer's token.
pub(super) fn flaws() -> Vec<Flaw> {
    let flaw = |name, found, spoil| Flaw::new(name, found, Spoil::Token(spoil));
    let (wrong, algorithm) = ("signature_wrong", "algorithm_not_of_key");
    vec![
        flaw("signature_changed", wrong, |text| jwt(text, |parts| flip(&mut parts[2], 10))),
        flaw("signature_with_the_other_s", TAKEN, |text| jwt(text, |parts| other_s(&mut parts[2]))),
        flaw("signature_of_zeros", wrong, |text| jwt(text, |parts| parts[2] = BASE64.encode([0; 64]))),
        flaw("signature_empty", MALFORMED, |text| jwt(text, |parts| parts[2].clear())),
        flaw("signature_padded", MALFORMED, |text| jwt(text, |parts| parts[2].push('='))),
        flaw("signature_not_canonical", MALFORMED, |text| {
            // 64 bytes leave four bits of the last character unused.
            jwt(text, |parts| {
                let last = parts[2].pop().expect("a signature");
                parts[2].push(if last == 'A' || last == 'Q' || last == 'g' { 'B' } else { 'h' });
            })
        }),
        flaw("signature_of_the_other_alphabet", MALFORMED, |text| {
            jwt(text, |parts| parts[2].replace_range(..2, "+/"))
        }),
        flaw("alg_none", algorithm, |text| header(text, |header| header["alg"] = "none".into())),
        flaw("alg_none_and_no_signature", MALFORMED, |text| {
            jwt(&header(text, |header| header["alg"] = "none".into()), |parts| parts[2].clear())
        }),
        flaw("alg_hs256", algorithm, |text| header(text, |header| header["alg"] = "HS256".into())),
        // 32 bytes are no signature of any algorithm that is read.
        Flaw::new("alg_hs256_with_the_public_key", MALFORMED, Spoil::Keyed(by_the_public_key)),
        flaw("alg_of_another_key", algorithm, |text| header(text, |header| header["alg"] = "EdDSA".into())),
        flaw("alg_missing", MALFORMED, |text| {
            header(text, |header| drop(header.as_object_mut().expect("an object").remove("alg")))
        }),
        flaw("typ_missing", MALFORMED, |text| {
            header(text, |header| drop(header.as_object_mut().expect("an object").remove("typ")))
        }),
        flaw("typ_of_another_token", MALFORMED, |text| {
            header(text, |header| header["typ"] = "statuslist+jwt".into())
        }),
        flaw("critical_header_unknown", MALFORMED, |text| {
            header(text, |header| header["crit"] = json!(["x"]))
        }),
        flaw("payload_not_encoded", MALFORMED, |text| header(text, |header| header["b64"] = false.into())),
        flaw("header_name_twice", MALFORMED, |text| {
            jwt(text, |parts| parts[0] = begun(&parts[0], r#""alg":"none","#))
        }),
        flaw("payload_changed", wrong, |text| jwt(text, |parts| parts[1] = begun(&parts[1], r#""x":1,"#))),
        flaw("payload_proto", wrong, |text| {
            jwt(text, |parts| parts[1] = begun(&parts[1], r#""__proto__":{"iss":"x"},"#))
        }),
        flaw("payload_name_twice", MALFORMED, |text| {
            jwt(text, |parts| parts[1] = begun(&parts[1], r#""iat":1,"#))
        }),
        flaw("payload_number_beyond_doubles", MALFORMED, |text| {
            jwt(text, |parts| parts[1] = begun(&parts[1], r#""x":1e400,"#))
        }),
        flaw("payload_lone_surrogate", MALFORMED, |text| {
            jwt(text, |parts| parts[1] = begun(&parts[1], r#""x":"\ud800","#))
        }),
        flaw("payload_nested_20000", MALFORMED, |text| {
            let deep = format!(r#""x":{}{},"#, "[".repeat(20_000), "]".repeat(20_000));
            jwt(text, |parts| parts[1] = begun(&parts[1], &deep))
        }),
        flaw("payload_no_object", MALFORMED, |text| jwt(text, |parts| parts[1] = encoded("[]"))),
        flaw("no_token", MALFORMED, |text| jwt(text, |parts| parts.iter_mut().for_each(String::clear))),
    ]
}

/// Of what stands behind it.
pub(super) fn disclosures() -> Vec<Flaw> {
    let flaw = |name, spoil| Flaw::new(name, MALFORMED, Spoil::Token(spoil));
    vec![
        flaw("disclosure_twice", |text| {
            let first = first(text);
            text.replacen(&format!("~{first}~"), &format!("~{first}~{first}~"), 1)
        }),
        flaw("disclosure_orphan", |text| {
            let orphan = encoded(r#"["c2FsdHNhbHRzYWx0","extra",true]"#);
            text.replacen('~', &format!("~{orphan}~"), 1)
        }),
        flaw("disclosure_changed", |text| {
            let first = first(text);
            let mut parts: Vec<Value> = serde_json::from_str(&decoded(first)).expect("a disclosure");
            parts[2] = "x".into();
            text.replacen(first, &encoded(&Value::from(parts).to_string()), 1)
        }),
        flaw("disclosure_spelt_otherwise", |text| {
            // The same JSON, and another digest.
            let first = first(text);
            text.replacen(first, &encoded(&decoded(first).replacen('[', "[ ", 1)), 1)
        }),
        flaw("disclosure_padded", |text| {
            let first = first(text);
            text.replacen(first, &format!("{first}="), 1)
        }),
        flaw("disclosure_empty", |text| text.replacen('~', "~~", 1)),
        flaw("no_tildes", |text| text.split('~').next().unwrap_or_default().to_owned()),
        flaw("too_long", |text| text.replacen('~', &format!("~{}~", "A".repeat(12 << 20)), 1)).but(TOO_LONG),
    ]
}

fn first(text: &str) -> &str {
    text.split('~').nth(1).expect("a disclosure")
}

/// The token signed again with this key, after a change to what it says.
pub(super) fn resigned(text: &str, change: fn(&mut Value), key: &SoftwareKey) -> String {
    jwt(text, |parts| {
        let mut payload: Value = serde_json::from_str(&decoded(&parts[1])).expect("a payload");
        change(&mut payload);
        parts[1] = encoded(&payload.to_string());
        let signature = key.sign(format!("{}.{}", parts[0], parts[1]).as_bytes()).expect("signed");
        parts[2] = BASE64.encode(signature);
    })
}

/// What an attacker makes of a library that takes whatever key there is for whatever `alg` says: a MAC keyed with the public key,
/// which everybody has.
pub(super) fn by_the_public_key(text: &str, key: &SoftwareKey) -> String {
    jwt(&header(text, |header| header["alg"] = "HS256".into()), |parts| {
        let secret = key.public_key().to_multikey();
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length");
        mac.update(format!("{}.{}", parts[0], parts[1]).as_bytes());
        parts[2] = BASE64.encode(mac.finalize().into_bytes());
    })
}

fn encoded(text: &str) -> String {
    BASE64.encode(text)
}

fn decoded(text: &str) -> String {
    String::from_utf8(BASE64.decode(text).expect("base64url")).expect("UTF-8")
}

/// An object that begins with something more.
fn begun(part: &str, more: &str) -> String {
    encoded(&decoded(part).replacen('{', &format!("{{{more}"), 1))
}

fn other_s(signature: &mut String) {
    let mut bytes = BASE64.decode(&signature).expect("base64url");
    with_other_s(&mut bytes);
    *signature = BASE64.encode(bytes);
}

pub(super) fn flip(text: &mut String, at: usize) {
    let with = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
    text.replace_range(at..=at, with);
}

/// Changes the three parts of the issuer's token; what is behind it stays.
pub(super) fn jwt(text: &str, change: impl Fn(&mut [String; 3])) -> String {
    let (token, rest) = text.find('~').map_or((text, ""), |at| text.split_at(at));
    let mut parts = token.splitn(3, '.').map(str::to_owned);
    let mut parts = [(); 3].map(|()| parts.next().expect("three parts"));
    change(&mut parts);
    format!("{}{rest}", parts.join("."))
}

/// Changes the header of a token.
pub(super) fn header(text: &str, change: impl Fn(&mut Value)) -> String {
    jwt(text, |parts| {
        let mut header: Value = serde_json::from_str(&decoded(&parts[0])).expect("a header");
        change(&mut header);
        parts[0] = encoded(&header.to_string());
    })
}

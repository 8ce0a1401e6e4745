//! Credentials that were issued rightly and spoiled afterwards, each by the name of its flaw: one table for every place
//! that credentials come in at.

pub mod mdoc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};

/// A flaw of a credential with an embedded proof of `eddsa-jcs-2022`.
pub struct Flaw {
    /// Its name.
    pub name: &'static str,
    /// What the library finds: the stable name of the first flaw, [`MALFORMED`] or [`UNREADABLE`].
    pub found: &'static str,
    spoil: Spoil,
}

/// It is JSON, but no credential.
pub const MALFORMED: &str = "malformed";
/// It is not even JSON that is read.
pub const UNREADABLE: &str = "unreadable";

/// A change to a credential.
type Change = fn(&mut Value);

enum Spoil {
    Value(Change),
    Text(fn(String) -> Vec<u8>),
}

impl Flaw {
    /// The credential with this flaw, as JSON is given to a signer; none when the flaw is in the text.
    pub fn of_value(&self, credential: &Value) -> Option<Value> {
        let Spoil::Value(spoil) = self.spoil else { return None };
        let mut spoiled = credential.clone();
        spoil(&mut spoiled);
        Some(spoiled)
    }

    /// The text of the credential with this flaw.
    pub fn of(&self, credential: &Value) -> Vec<u8> {
        match (&self.spoil, self.of_value(credential)) {
            (_, Some(value)) => value.to_string().into_bytes(),
            (Spoil::Text(spoil), None) => spoil(credential.to_string()),
            (Spoil::Value(_), None) => credential.to_string().into_bytes(),
        }
    }
}

/// All of them.
pub fn whole() -> Vec<Flaw> {
    let flaw = |name, found, spoil| Flaw { name, found, spoil: Spoil::Value(spoil) };
    let text = |name, spoil| Flaw { name, found: UNREADABLE, spoil: Spoil::Text(spoil) };
    let wrong = "signature_wrong";
    let mut all: Vec<Flaw> = vec![
        flaw("claim_changed", wrong, |c| c["credentialSubject"]["name"] = "别的公司".into()),
        flaw("claim_added", wrong, |c| c["credentialSubject"]["extra"] = true.into()),
        flaw("claim_removed", wrong, |c| remove(&mut c["credentialSubject"], "term")),
        flaw("claim_proto", wrong, |c| c["credentialSubject"]["__proto__"] = json!({"name": "x"})),
        flaw("member_proto", wrong, |c| c["__proto__"] = json!({"issuer": "x"})),
        flaw("status_removed", wrong, |c| remove(c, "credentialStatus")),
        flaw("validity_prolonged", wrong, |c| c["validUntil"] = "2099-01-01T00:00:00Z".into()),
        flaw("type_added", wrong, |c| c["type"].as_array_mut().expect("types").push("Mandate".into())),
        flaw("proof_option_changed", wrong, |c| spell_otherwise(&mut c["proof"]["created"])),
        flaw("proof_option_added", wrong, |c| c["proof"]["nonce"] = "x".into()),
        flaw("proof_context_removed", wrong, |c| remove(&mut c["proof"], "@context")),
        flaw("proof_value_of_zeros", wrong, |c| set_proof(c, &[0; 64])),
        flaw("proof_value_small_order", wrong, |c| {
            // The neutral element and 0: what a verification that multiplies by the cofactor takes for weak keys.
            let mut bytes = [0; 64];
            bytes[0] = 1;
            set_proof(c, &bytes);
        }),
        flaw("proof_value_s_not_reduced", wrong, |c| {
            let mut bytes = proof(c);
            add_order(&mut bytes[32..]);
            set_proof(c, &bytes);
        }),
        flaw("proof_purpose_changed", wrong, |c| c["proof"]["proofPurpose"] = "authentication".into()),
        flaw("issuer_replaced", wrong, |c| c["issuer"] = json!({"id": "did:hui:anhui:zOther"})),
        flaw("cryptosuite_of_another_key", "algorithm_not_of_key", |c| {
            c["proof"]["cryptosuite"] = "ecdsa-jcs-2019".into();
        }),
        flaw("cryptosuite_none", "algorithm_not_of_key", |c| c["proof"]["cryptosuite"] = "none".into()),
        flaw("context_injected", "context_injected", |c| contexts(c).push("https://evil.example/v1".into())),
        flaw("context_object_injected", "context_injected", |c| {
            contexts(c).push(json!({"name": "https://evil.example/#name"}));
        }),
        flaw("context_dropped", "context_injected", |c| drop(contexts(c).pop())),
    ];
    let malformed: [(&str, Change); 20] = [
        ("proof_missing", |c| remove(c, "proof")),
        ("proof_null", |c| c["proof"] = Value::Null),
        ("no_proofs", |c| c["proof"] = json!([])),
        ("proof_of_another_type", |c| c["proof"]["type"] = "Ed25519Signature2020".into()),
        ("proof_chained_to_nothing", |c| c["proof"]["previousProof"] = "urn:x".into()),
        ("proof_value_missing", |c| remove(&mut c["proof"], "proofValue")),
        ("proof_value_truncated", |c| {
            let bytes = proof(c);
            set_proof(c, &bytes[..63]);
        }),
        ("proof_value_leading_zero", |c| replace_proof(c, |text| text.replacen('z', "z1", 1))),
        ("proof_value_in_base64", |c| replace_proof(c, |text| text.replacen('z', "u", 1))),
        ("proof_value_alphabet", |c| replace_proof(c, |_| format!("z{}", "0".repeat(87)))),
        ("verification_method_object", |c| c["proof"]["verificationMethod"] = json!({"id": "x"})),
        ("purpose_missing", |c| remove(&mut c["proof"], "proofPurpose")),
        ("created_without_zone", |c| c["proof"]["created"] = "2026-03-02T04:00:00".into()),
        ("expires_number", |c| c["proof"]["expires"] = 1_900_000_000.into()),
        ("context_in_front", |c| contexts(c).insert(0, "https://evil.example/v1".into())),
        ("type_with_number", |c| c["type"] = json!(["VerifiableCredential", 1])),
        ("issuer_array", |c| c["issuer"] = json!(["did:hui:anhui:zIssuer"])),
        ("subject_text", |c| c["credentialSubject"] = "x".into()),
        ("valid_until_number", |c| c["validUntil"] = 1_900_000_000.into()),
        ("status_not_understood", |c| c["credentialStatus"] = json!({"type": "StatusList2021Entry"})),
    ];
    all.extend(malformed.map(|(name, spoil)| flaw(name, MALFORMED, spoil)));
    all.extend([
        text("name_twice", |text| begin(&text, br#""issuer":"did:hui:anhui:zOther","#)),
        text("name_twice_escaped", |text| begin(&text, br#""\u0069ssuer":"did:hui:anhui:zOther","#)),
        text("lone_surrogate", |text| begin(&text, br#""x":"\ud800","#)),
        text("number_beyond_doubles", |text| begin(&text, br#""x":1e400,"#)),
        text("number_not_exact", |text| begin(&text, br#""x":9007199254740993,"#)),
        text("not_a_number", |text| begin(&text, br#""x":NaN,"#)),
        text("not_utf8", |text| begin(&text, b"\"x\":\"\xff\",")),
        text("nested_20000", |text| {
            begin(&text, format!("\"x\":{}{},", "[".repeat(20_000), "]".repeat(20_000)).as_bytes())
        }),
        text("too_long", |text| begin(&text, format!("\"x\":\"{}\",", "A".repeat(12 << 20)).as_bytes())),
        text("cut_off", |text| text.as_bytes()[..text.len() - 1].to_vec()),
        text("comment", |text| begin(&text, b"/* x */")),
        text("more_behind", |text| [text.as_bytes(), b"{}"].concat()),
        text("byte_order_mark", |text| ["\u{feff}".as_bytes(), text.as_bytes()].concat()),
    ]);
    all
}

/// What becomes of a token's text.
pub type TokenFlaw = fn(&str) -> String;

/// Flaws of an SD-JWT VC, as issued or as presented: what becomes of its text.
pub fn tokens() -> Vec<(&'static str, TokenFlaw)> {
    vec![
        ("signature_changed", |text| jwt(text, |parts| flip(&mut parts[2], 10))),
        ("signature_empty", |text| jwt(text, |parts| parts[2].clear())),
        ("signature_padded", |text| jwt(text, |parts| parts[2].push('='))),
        ("signature_not_canonical", |text| {
            // 64 bytes leave four bits of the last character unused.
            jwt(text, |parts| {
                let last = parts[2].pop().expect("a signature");
                parts[2].push(if last == 'A' || last == 'Q' || last == 'g' { 'B' } else { 'h' });
            })
        }),
        ("alg_none", |text| header(text, |header| header["alg"] = "none".into())),
        ("alg_hs256", |text| header(text, |header| header["alg"] = "HS256".into())),
        ("alg_of_another_key", |text| header(text, |header| header["alg"] = "EdDSA".into())),
        ("typ_of_another_token", |text| header(text, |header| header["typ"] = "statuslist+jwt".into())),
        ("critical_header_unknown", |text| header(text, |header| header["crit"] = json!(["x"]))),
        ("payload_changed", |text| {
            jwt(text, |parts| parts[1] = encoded(&decoded(&parts[1]).replacen('{', r#"{"x":1,"#, 1)))
        }),
        ("payload_name_twice", |text| {
            jwt(text, |parts| parts[1] = encoded(&decoded(&parts[1]).replacen('{', r#"{"iss":"x","#, 1)))
        }),
        ("payload_nested_20000", |text| {
            let deep = format!(r#"{{"x":{}{},"#, "[".repeat(20_000), "]".repeat(20_000));
            jwt(text, |parts| parts[1] = encoded(&decoded(&parts[1]).replacen('{', &deep, 1)))
        }),
        ("disclosure_twice", |text| {
            let first = text.split('~').nth(1).expect("a disclosure");
            text.replacen(&format!("~{first}~"), &format!("~{first}~{first}~"), 1)
        }),
        ("disclosure_orphan", |text| {
            let orphan = encoded(r#"["c2FsdHNhbHRzYWx0","extra",true]"#);
            text.replacen('~', &format!("~{orphan}~"), 1)
        }),
        ("disclosure_changed", |text| {
            let first = text.split('~').nth(1).expect("a disclosure");
            let mut parts: Vec<Value> = serde_json::from_str(&decoded(first)).expect("a disclosure");
            parts[2] = "x".into();
            text.replacen(first, &encoded(&Value::from(parts).to_string()), 1)
        }),
        ("disclosure_empty", |text| text.replacen('~', "~~", 1)),
        ("no_tildes", |text| text.split('~').next().unwrap_or_default().to_owned()),
        ("no_token", |text| format!("~{}", text.split_once('~').expect("disclosures").1)),
        ("too_long", |text| text.replacen('~', &format!("~{}~", "A".repeat(12 << 20)), 1)),
    ]
}

fn remove(value: &mut Value, name: &str) {
    value.as_object_mut().expect("an object").remove(name);
}

fn contexts(credential: &mut Value) -> &mut Vec<Value> {
    credential["@context"].as_array_mut().expect("contexts")
}

fn begin(text: &str, more: &[u8]) -> Vec<u8> {
    [b"{", more, &text.as_bytes()[1..]].concat()
}

/// The same time with another sign for UTC.
fn spell_otherwise(time: &mut Value) {
    *time = time.as_str().expect("a time").replace('Z', "+00:00").into();
}

fn proof(credential: &Value) -> Vec<u8> {
    let text = credential["proof"]["proofValue"].as_str().expect("a proof value");
    bs58::decode(&text[1..]).into_vec().expect("base58")
}

fn set_proof(credential: &mut Value, bytes: &[u8]) {
    credential["proof"]["proofValue"] = format!("z{}", bs58::encode(bytes).into_string()).into();
}

fn replace_proof(credential: &mut Value, change: fn(&str) -> String) {
    let text = credential["proof"]["proofValue"].as_str().expect("a proof value");
    credential["proof"]["proofValue"] = change(text).into();
}

/// Adds the order of Ed25519's group (RFC 8032 §5.1) to a scalar: the same scalar, in another spelling.
fn add_order(scalar: &mut [u8]) {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut carry = 0;
    for (byte, order) in scalar.iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
}

fn encoded(text: &str) -> String {
    BASE64.encode(text)
}

fn decoded(text: &str) -> String {
    String::from_utf8(BASE64.decode(text).expect("base64url")).expect("UTF-8")
}

fn flip(text: &mut String, at: usize) {
    let with = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
    text.replace_range(at..=at, with);
}

/// Changes the three parts of the issuer's token; what is behind it stays.
fn jwt(text: &str, change: impl Fn(&mut [String; 3])) -> String {
    let (token, rest) = text.split_once('~').expect("disclosures");
    let mut parts = token.splitn(3, '.').map(str::to_owned);
    let mut parts = [(); 3].map(|()| parts.next().expect("three parts"));
    change(&mut parts);
    format!("{}~{rest}", parts.join("."))
}

fn header(text: &str, change: fn(&mut Value)) -> String {
    jwt(text, |parts| {
        let mut header: Value = serde_json::from_str(&decoded(&parts[0])).expect("a header");
        change(&mut header);
        parts[0] = encoded(&header.to_string());
    })
}

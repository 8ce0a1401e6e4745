//! Flaws of a credential with an embedded proof of `eddsa-jcs-2022`, and of its text.

use serde_json::{Value, json};

use super::{
    Change, Flaw, MALFORMED, NO_KEY_FOR_IT, Place, Spoil, UNREADABLE, contexts, proof, remove, replace_proof,
    set_proof, spell_otherwise,
};

/// The VC-API takes chains of proofs, and then this one leads nowhere.
const CHAINED: &[(Place, &str)] =
    &[(Place::VcApi, "proof_chain_broken"), (Place::VcApiPresented, "proof_chain_broken")];

pub(super) fn flaws() -> Vec<Flaw> {
    let wrong = "signature_wrong";
    let flaw = |name, found, spoil| Flaw::new(name, found, Spoil::Value(spoil));
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
        flaw("proof_value_r_not_canonical", wrong, |c| {
            // y = p, which is 0 in another spelling.
            let mut bytes = proof(c);
            bytes[..32].fill(0xff);
            (bytes[0], bytes[31]) = (0xed, 0x7f);
            set_proof(c, &bytes);
        }),
        flaw("proof_purpose_changed", wrong, |c| c["proof"]["proofPurpose"] = "authentication".into()),
        flaw("issuer_replaced", "key_of_another_controller", |c| {
            c["issuer"] = json!({"id": "did:hui:anhui:z11111111111111111111"});
        }),
        flaw("cryptosuite_of_another_key", "algorithm_not_of_key", |c| {
            c["proof"]["cryptosuite"] = "ecdsa-jcs-2019".into();
        }),
        flaw("cryptosuite_none", "algorithm_not_of_key", |c| c["proof"]["cryptosuite"] = "none".into()),
        flaw("context_injected", "context_injected", |c| contexts(c).push("https://evil.example/v1".into())),
        flaw("context_object_injected", "context_injected", |c| {
            contexts(c).push(json!({"name": "https://evil.example/#name"}));
        }),
        flaw("context_dropped", "context_injected", |c| drop(contexts(c).pop())),
        Flaw::new(
            "proof_for_another_purpose",
            "proof_purpose_wrong",
            Spoil::Reproved(|_, options| {
                options.purpose = credentials::data_integrity::Purpose::Authentication;
            }),
        )
        .but(NO_KEY_FOR_IT),
    ];
    let malformed: [(&str, Change); 19] = [
        ("proof_missing", |c| remove(c, "proof")),
        ("proof_null", |c| c["proof"] = Value::Null),
        ("no_proofs", |c| c["proof"] = json!([])),
        ("proof_of_another_type", |c| c["proof"]["type"] = "Ed25519Signature2020".into()),
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
    let chained = |c: &mut Value| c["proof"]["previousProof"] = "urn:x".into();
    all.push(flaw("proof_chained_to_nothing", MALFORMED, chained).but(CHAINED));
    all.extend(texts());
    all
}

/// Of JSON that two parsers could read differently, or that costs a parser dear.
fn texts() -> Vec<Flaw> {
    let text = |name, spoil| Flaw::new(name, UNREADABLE, Spoil::Text(spoil));
    vec![
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
    ]
}

fn begin(text: &str, more: &[u8]) -> Vec<u8> {
    [b"{", more, &text.as_bytes()[1..]].concat()
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

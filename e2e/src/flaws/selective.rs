//! Flaws of a credential with a derived proof of `ecdsa-sd-2023` (ECDSA cryptosuites 1.0 §3.5.7).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use credentials::cbor::{self, Map, Value as Cbor};
use credentials::data_integrity::Purpose;
use serde_json::Value;

use super::{Flaw, MALFORMED, NO_KEY_FOR_IT, Spoil, TAKEN, contexts, remove, replace_proof, with_other_s};

/// The components of a derived proof, by their places.
const SIGNATURE: usize = 0;
const SIGNATURES: usize = 2;
const LABELS: usize = 3;
const MANDATORY: usize = 4;

pub(super) fn flaws() -> Vec<Flaw> {
    let flaw = |name, found, spoil| Flaw::new(name, found, Spoil::Value(spoil));
    let wrong = "signature_wrong";
    vec![
        flaw("statement_altered", "statement_unsigned", |c| {
            c["credentialSubject"]["name"] = "别的公司".into();
        }),
        flaw("statement_left_out", "statement_count_wrong", |c| remove(&mut c["credentialSubject"], "name")),
        flaw("statement_of_an_undefined_term", "term_undefined", |c| {
            c["credentialSubject"]["extra"] = true.into();
        }),
        flaw("signature_with_the_other_s", TAKEN, |c| {
            component(c, SIGNATURE, |part| {
                let mut bytes = part.as_bytes().expect("a signature").to_vec();
                with_other_s(&mut bytes);
                *part = bytes.into();
            });
        }),
        flaw("signature_left_out", "statement_count_wrong", |c| {
            component(c, SIGNATURES, |part| drop(list(part).pop()));
        }),
        flaw("signatures_swapped", "statement_unsigned", |c| {
            component(c, SIGNATURES, |part| list(part).swap(0, 1));
        }),
        flaw("mandatory_altered", wrong, |c| c["validUntil"] = "2099-01-01T00:00:00Z".into()),
        flaw("mandatory_left_out", "statement_count_wrong", |c| remove(c, "validUntil")),
        flaw("mandatory_status_left_out", "label_map_wrong", |c| remove(c, "credentialStatus")),
        flaw("mandatory_said_to_be_chosen", "statement_count_wrong", |c| {
            component(c, MANDATORY, |part| drop(list(part).pop()));
        }),
        flaw("mandatory_none", "statement_count_wrong", |c| {
            component(c, MANDATORY, |part| list(part).clear());
        }),
        flaw("mandatory_beyond_all", "statement_count_wrong", |c| {
            component(c, MANDATORY, |part| list(part).push(999.into()));
        }),
        flaw("label_map_swapped", wrong, |c| component(c, LABELS, rotate_labels)),
        flaw("label_map_empty", "label_map_wrong", |c| {
            component(c, LABELS, |map| *map = Map::default().into());
        }),
        flaw("context_injected", "context_unknown", |c| contexts(c).push("https://evil.example/v1".into())),
        flaw("proof_purpose_changed", wrong, |c| c["proof"]["proofPurpose"] = "authentication".into()),
        flaw("proof_value_padded", MALFORMED, |c| replace_proof(c, |text| format!("{text}="))),
        flaw("proof_value_in_base58", MALFORMED, |c| replace_proof(c, |text| text.replacen('u', "z", 1))),
        flaw("proof_value_of_a_base_proof", MALFORMED, |c| {
            replace_proof(c, |text| changed(text, |bytes| bytes[2] = 0));
        }),
        flaw("proof_value_cut_off", MALFORMED, |c| {
            replace_proof(c, |text| changed(text, |bytes| bytes.truncate(bytes.len() - 1)));
        }),
        Flaw::new(
            "proof_for_another_purpose",
            "proof_purpose_wrong",
            Spoil::Reproved(|_, options| options.purpose = Purpose::Authentication),
        )
        .but(NO_KEY_FOR_IT),
    ]
}

fn changed(text: &str, change: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut bytes = BASE64.decode(&text[1..]).expect("base64url");
    change(&mut bytes);
    format!("u{}", BASE64.encode(bytes))
}

/// Changes one of the five components.
fn component(credential: &mut Value, at: usize, change: impl Fn(&mut Cbor)) {
    replace_proof(credential, |text| {
        changed(text, |bytes| {
            let Ok(Cbor::Array(mut parts)) = cbor::parse(&bytes[3..]) else { panic!("components") };
            change(&mut parts[at]);
            bytes.truncate(3);
            bytes.extend(cbor::encode(&Cbor::Array(parts)));
        })
    });
}

fn list(part: &mut Cbor) -> &mut Vec<Cbor> {
    let Cbor::Array(list) = part else { panic!("a list") };
    list
}

/// Each label for the next one's blank node.
fn rotate_labels(map: &mut Cbor) {
    let Cbor::Map(labels) = std::mem::replace(map, Cbor::Null) else { panic!("labels") };
    let (numbers, mut hmacs): (Vec<Cbor>, Vec<Cbor>) = labels.into_entries().into_iter().unzip();
    assert!(hmacs.len() > 1, "there are labels to swap");
    hmacs.rotate_left(1);
    *map = Map::sorted(numbers.into_iter().zip(hmacs).collect()).into();
}

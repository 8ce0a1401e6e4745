//! Flaws of a credential whose proof is over RDF: `eddsa-rdfc-2022`, `ecdsa-rdfc-2019`.

use credentials::data_integrity::Purpose;
use serde_json::json;

use super::{
    Flaw, MALFORMED, NO_KEY_FOR_IT, Place, Spoil, TAKEN, contexts, proof, remove, replace_proof, set_proof,
    spell_otherwise, with_other_s,
};

/// The VC-API takes contexts that are written out, and then looks at what they say.
const WRITTEN_OUT: &[(Place, &str)] =
    &[(Place::VcApi, "term_protected"), (Place::VcApiPresented, "term_protected")];

pub(super) fn flaws() -> Vec<Flaw> {
    let wrong = "signature_wrong";
    let flaw = |name, found, spoil| Flaw::new(name, found, Spoil::Value(spoil));
    vec![
        flaw("claim_changed", wrong, |c| c["credentialSubject"]["name"] = "别的公司".into()),
        flaw("property_dropped", wrong, |c| remove(&mut c["credentialSubject"], "term")),
        flaw("status_removed", wrong, |c| remove(c, "credentialStatus")),
        // What no context defines, no statement says: it would not be signed.
        flaw("term_undefined", "term_undefined", |c| c["credentialSubject"]["extra"] = true.into()),
        flaw("type_undefined", "term_undefined", |c| {
            c["type"].as_array_mut().expect("types").push("Undefined".into());
        }),
        flaw("member_proto", "term_undefined", |c| c["__proto__"] = json!({"issuer": "x"})),
        flaw("value_null", "value_dropped", |c| c["credentialSubject"]["term"] = json!(null)),
        flaw("context_injected", "context_unknown", |c| contexts(c).push("https://evil.example/v1".into())),
        flaw("context_object_injected", "context_inline", |c| {
            contexts(c).push(json!({"name": "https://evil.example/#name"}));
        })
        .but(WRITTEN_OUT),
        flaw("context_inside", "context_inline", |c| {
            c["credentialSubject"]["@context"] = json!({"name": "https://evil.example/#name"});
        })
        .but(WRITTEN_OUT),
        flaw("context_dropped", "term_undefined", |c| drop(contexts(c).pop())),
        flaw("proof_option_changed", wrong, |c| spell_otherwise(&mut c["proof"]["created"])),
        flaw("proof_purpose_changed", wrong, |c| c["proof"]["proofPurpose"] = "authentication".into()),
        flaw("proof_value_of_zeros", wrong, |c| set_proof(c, &[0; 64])),
        flaw("cryptosuite_over_jcs", wrong, |c| {
            let name = c["proof"]["cryptosuite"].as_str().expect("a suite").replace("rdfc", "jcs");
            c["proof"]["cryptosuite"] = name.into();
        }),
        flaw("cryptosuite_none", "algorithm_not_of_key", |c| c["proof"]["cryptosuite"] = "none".into()),
        flaw("proof_value_truncated", MALFORMED, |c| {
            let bytes = proof(c);
            set_proof(c, &bytes[..63]);
        }),
        flaw("proof_value_leading_zero", MALFORMED, |c| {
            replace_proof(c, |text| text.replacen('z', "z1", 1));
        }),
        flaw("proof_value_in_base64", MALFORMED, |c| replace_proof(c, |text| text.replacen('z', "u", 1))),
        Flaw::new(
            "proof_for_another_purpose",
            "proof_purpose_wrong",
            Spoil::Reproved(|_, options| options.purpose = Purpose::Authentication),
        )
        .but(NO_KEY_FOR_IT),
    ]
}

/// Of `ecdsa-rdfc-2019` beside.
pub(super) fn of_ecdsa() -> Vec<Flaw> {
    let spoil = Spoil::Value(|c| {
        let mut bytes = proof(c);
        with_other_s(&mut bytes);
        set_proof(c, &bytes);
    });
    flaws().into_iter().chain([Flaw::new("proof_value_with_the_other_s", TAKEN, spoil)]).collect()
}

//! What only an issuer can do wrong in an SD-JWT VC: it signs it.

use serde_json::json;

use super::{Flaw, MALFORMED, Spoil, remove};
use crate::rogue::now;

pub(super) fn flaws() -> Vec<Flaw> {
    let flaw = |name, found, spoil| Flaw::new(name, found, Spoil::Resigned(spoil));
    vec![
        flaw("expired", "expired", |p| p["exp"] = (now().0 - 3_600).into()),
        flaw("not_yet_valid", "not_yet_valid", |p| p["nbf"] = (now().0 + 3_600).into()),
        flaw("issued_in_the_future", "created_in_future", |p| p["iat"] = (now().0 + 3_600).into()),
        flaw("exp_text", MALFORMED, |p| p["exp"] = "4102444800".into()),
        flaw("exp_null", MALFORMED, |p| p["exp"] = json!(null)),
        flaw("exp_list", MALFORMED, |p| p["exp"] = json!([4_102_444_800_i64])),
        flaw("nbf_text", MALFORMED, |p| p["nbf"] = "0".into()),
        flaw("nbf_true", MALFORMED, |p| p["nbf"] = true.into()),
        flaw("iat_text", MALFORMED, |p| p["iat"] = "0".into()),
        flaw("digest_twice", MALFORMED, |p| {
            let digests = p["_sd"].as_array_mut().expect("digests");
            digests.push(digests[0].clone());
        }),
        flaw("digest_no_text", MALFORMED, |p| p["_sd"].as_array_mut().expect("digests").push(1.into())),
        flaw("digests_no_list", MALFORMED, |p| p["_sd"] = "x".into()),
        flaw("digests_by_md5", MALFORMED, |p| p["_sd_alg"] = "md5".into()),
        flaw("vct_missing", MALFORMED, |p| remove(p, "vct")),
        flaw("issuer_missing_key_no_did", MALFORMED, |p| p["iss"] = 1.into()),
        flaw("issuer_of_another_key", "key_of_another_controller", |p| {
            p["iss"] = "did:hui:anhui:z11111111111111111111".into();
        }),
        flaw("holder_key_private", MALFORMED, |p| p["cnf"]["jwk"]["d"] = "AA".into()),
        flaw("holder_key_not_on_the_curve", MALFORMED, |p| {
            p["cnf"]["jwk"]["y"] = p["cnf"]["jwk"]["x"].clone();
        }),
        flaw("status_not_understood", MALFORMED, |p| p["status"] = json!({"status_list": {"idx": "1"}})),
    ]
}

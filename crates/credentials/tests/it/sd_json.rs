//! SD-JWT beyond SD-JWT VC: every hash, decoys everywhere, and the form in JSON.

use credentials::jws::Header;
use credentials::key::{Algorithm, PublicKey, Signer};
use credentials::sd_jwt::{Concealing, Hash, IssueError, JsonForm, JsonFormError, Unverified};
use credentials::{ClaimPath, Flaw, UnixSeconds};
use serde_json::{Value, json};

use crate::bulk::vectors;
use crate::sd_jwt::{RFC_TYP, rfc_expect, rfc_issuer};
use crate::support::{AUDIENCE, NONCE, NOW, expect, holder, issuer, key, sd_jwt_presented};

const TYP: &str = "example+sd-jwt";

fn paths(list: &[Value]) -> Vec<ClaimPath> {
    list.iter().map(|path| serde_json::from_value(path.clone()).unwrap()).collect()
}

fn claims() -> Value {
    json!({
        "address": {"city": "合肥", "street": {"name": "示例路", "number": 86}},
        "taxes": [{"code": "a", "rate": 1}, {"code": "b", "rate": 2}],
        "deep": [[1, 2], [3]],
        "cnf": {"jwk": holder().public_key().to_jwk()},
    })
}

fn issued(hash: Hash, decoys: usize, inner_decoys: usize, algorithm: Algorithm) -> String {
    let disclosable = paths(&[
        json!(["address"]),
        json!(["address", "street"]),
        json!(["address", "street", "number"]),
        json!(["taxes", null]),
        json!(["taxes", null, "rate"]),
        json!(["deep", 0]),
        json!(["deep", null, 0]),
    ]);
    let concealing = Concealing { disclosable: &disclosable, hash, decoys, inner_decoys };
    let concealed = concealing.conceal(claims().as_object().unwrap().clone(), &mut testkit::rng(3)).unwrap();
    let key = issuer(algorithm);
    concealed.prepare(&Header::typed(TYP), key.public_key()).unwrap().sign(&key).unwrap()
}

#[test]
fn every_hash_and_decoys_everywhere() {
    for (hash, decoys, inner) in [(Hash::Sha256, 0, 0), (Hash::Sha384, 3, 2), (Hash::Sha512, 1, 5)] {
        let text = issued(hash, decoys, inner, Algorithm::Es384);
        let card = Unverified::parse_plain(&text, TYP).unwrap();
        assert_eq!(card.dangerous_claims(), &claims(), "{hash:?}");
        assert_eq!(card.disclosable().count(), 10);
        let chosen = paths(&[json!(["address", "street", "name"]), json!(["taxes", 1, "code"])]);
        let bound =
            card.select(&chosen).unwrap().bind(AUDIENCE, NONCE, NOW).unwrap().sign(&holder()).unwrap();
        let verified = Unverified::parse_plain(&bound, TYP)
            .unwrap()
            .verify_presented(issuer(Algorithm::Es384).public_key(), &expect())
            .unwrap();
        assert_eq!(verified.claims()["address"], json!({"city": "合肥", "street": {"name": "示例路"}}));
        assert_eq!(verified.claims()["taxes"], json!([{"code": "b"}]));
        assert_eq!(verified.claims()["deep"], json!([[]]), "what is hidden inside the second, too");
    }
    // A binding made with another hash than the issuer's is about nothing.
    let text = issued(Hash::Sha384, 0, 0, Algorithm::Es256);
    let bound = Unverified::parse_plain(&text, TYP).unwrap().select(&[]).unwrap();
    let claims = json!({"aud": AUDIENCE, "nonce": NONCE, "iat": NOW.0, "sd_hash": sha256(bound.text())});
    let token = credentials::jws::sign(&Header::typed("kb+jwt"), &claims, &holder()).unwrap();
    let crossed = Unverified::parse_plain(&format!("{}{token}", bound.text()), TYP).unwrap();
    let refused = crossed.verify_presented(issuer(Algorithm::Es256).public_key(), &expect()).unwrap_err();
    assert_eq!(refused.flaws(), [Flaw::KeyBindingForAnotherPresentation], "sd_hash_of_another_hash");
}

fn sha256(text: &str) -> String {
    use base64::Engine as _;
    use sha2::Digest as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(text))
}

#[test]
fn decoys_stand_where_something_is_hidden() {
    let count = |decoys, inner| {
        let text = issued(Hash::Sha256, decoys, inner, Algorithm::Es256);
        let mut all = String::new();
        for (at, part) in text.split('~').enumerate() {
            use base64::Engine as _;
            let base64 = base64::engine::general_purpose::URL_SAFE_NO_PAD;
            let part = if at == 0 { part.split('.').nth(1).unwrap() } else { part };
            all.push_str(std::str::from_utf8(&base64.decode(part).unwrap()).unwrap());
        }
        // SHA-256 in base64url, in quotes.
        all.split('"').filter(|text| text.len() == 43).count()
    };
    let plain = count(0, 0);
    assert_eq!(count(4, 0), plain + 4);
    // In address, its street, taxes, both taxes, deep, and both of its elements.
    assert_eq!(count(0, 3), plain + 3 * 8);
    let reserved = json!({"_sd_alg": "sha-256"});
    let refused = Concealing::default().conceal(reserved.as_object().unwrap().clone(), &mut testkit::rng(1));
    assert_eq!(refused.map(drop), Err(IssueError::ReservedName("_sd_alg".to_owned())));
}

/// The RFC's own two, whose files have disclosures and key binding where drafts had them. What the issuer signed verifies. The
/// `sd_hash` of their key bindings is that of no compact form of the same parts, in whatever order: refused, by that name.
#[test]
fn rfc_9901_json() {
    let Some(folder) = vectors("sd-jwt-rfc9901") else { return };
    for name in ["json_serialization_flattened", "json_serialization_general"] {
        let read = |file: &str| {
            let text = std::fs::read_to_string(folder.join(name).join(file)).unwrap();
            // Folded inside strings.
            let text: String = text.split_whitespace().collect();
            serde_json::from_str::<Value>(&text).unwrap()
        };
        let mut form = read("sd_jwt_presentation.json");
        let members = form.as_object_mut().unwrap();
        let beside =
            json!({"disclosures": members.remove("disclosures"), "kb_jwt": members.remove("kb_jwt")});
        form["header"] = beside;
        let form = JsonForm::parse(form.to_string().as_bytes()).unwrap();
        let compact = form.compact().next().unwrap();
        let presented = Unverified::parse_plain(&compact, RFC_TYP).unwrap();
        let refused = presented.verify_presented(&rfc_issuer(), &rfc_expect(1_795_414_954)).unwrap_err();
        assert_eq!(refused.flaws(), [Flaw::KeyBindingForAnotherPresentation], "{name}");
        let (unbound, _) = compact.rsplit_once('~').unwrap();
        let shown = Unverified::parse_plain(&format!("{unbound}~"), RFC_TYP).unwrap();
        let verified = shown.verify_issued(&rfc_issuer(), None, UnixSeconds(1_795_414_954)).unwrap();
        assert_eq!(verified.claims(), &read("verified_contents.json"), "{name}");
    }
}

/// RFC 9901 §8: several signatures over one payload, each by a key of its own.
#[test]
fn one_signature_of_several() {
    let presented = sd_jwt_presented();
    let flattened = JsonForm::flattened(&presented).unwrap();
    let form = JsonForm::parse(flattened.to_string().as_bytes()).unwrap();
    assert_eq!(form.compact().collect::<Vec<_>>(), std::slice::from_ref(&presented));

    let second = key(8, Algorithm::Es384);
    let payload = presented.split('.').nth(1).unwrap().to_owned();
    use base64::Engine as _;
    let base64 = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let protected = base64.encode(json!({"alg": "ES384", "typ": "dc+sd-jwt"}).to_string());
    let signature = base64.encode(second.sign(format!("{protected}.{payload}").as_bytes()).unwrap());
    let mut general = json!({"payload": payload, "signatures": [
        {"protected": flattened["protected"], "signature": flattened["signature"], "header": flattened["header"]},
        {"protected": protected, "signature": signature, "header": {"kid": "second"}},
    ]});
    let form = JsonForm::parse(general.to_string().as_bytes()).unwrap();
    let texts: Vec<_> = form.compact().collect();
    let verify = |text: &str, key: &PublicKey| {
        let result = Unverified::parse(text).unwrap().verify_presented(key, &expect());
        result.map(drop).map_err(|refused| refused.flaws().to_vec())
    };
    assert_eq!(verify(&texts[0], issuer(Algorithm::Es256).public_key()), Ok(()));
    let about_the_first = Err(vec![Flaw::KeyBindingForAnotherPresentation]);
    assert_eq!(verify(&texts[1], second.public_key()), about_the_first);

    use JsonFormError as E;
    let parse = |value: &Value| JsonForm::parse(value.to_string().as_bytes()).map(drop);
    let with = |place: &str, value: Value| {
        let mut form = flattened.clone();
        *form.pointer_mut(place.rsplit_once('/').unwrap().0).unwrap() = {
            let mut parent = form.pointer(place.rsplit_once('/').unwrap().0).unwrap().clone();
            parent[place.rsplit_once('/').unwrap().1] = value;
            parent
        };
        parse(&form)
    };
    for (name, outcome, error) in [
        ("unprotected_alg", with("/header/alg", json!("none")), E::Unprotected),
        ("unprotected_crit", with("/header/crit", json!(["b64"])), E::Unprotected),
        ("unprotected_typ", with("/header/typ", json!("dc+sd-jwt")), E::Unprotected),
        ("both_forms", with("/signatures", json!([])), E::Malformed),
        ("payload_object", with("/payload", json!({})), E::Malformed),
        ("payload_with_a_dot", with("/payload", json!("a.b")), E::Malformed),
        ("disclosure_of_two", with("/header/disclosures", json!(["a~b"])), E::Malformed),
        ("disclosures_text", with("/header/disclosures", json!("a")), E::Malformed),
        ("key_binding_with_more", with("/header/kb_jwt", json!("a~b")), E::Malformed),
        ("disclosures_where_drafts_had_them", with("/disclosures", json!([])), E::Misplaced),
        ("key_binding_where_drafts_had_it", with("/kb_jwt", json!("a")), E::Misplaced),
        ("no_signature", parse(&json!({"payload": "a", "signatures": []})), E::Malformed),
        ("nine_signatures", parse(&signed_by(9)), E::Malformed),
        (
            "signature_beside_signatures",
            with("/signatures", signed_by(1)["signatures"].clone()),
            E::Malformed,
        ),
    ] {
        assert_eq!(outcome, Err(error), "{name}");
    }
    general["signatures"][1]["header"] = json!({"disclosures": []});
    assert_eq!(parse(&general), Err(E::Misplaced), "disclosures_beside_the_second");
    general["signatures"][1]["header"] = json!({"kb_jwt": "a"});
    assert_eq!(parse(&general), Err(E::Misplaced), "key_binding_beside_the_second");
    assert_eq!(parse(&signed_by(8)), Ok(()));
    assert_eq!(JsonForm::flattened("no tilde"), None);
    let unbound = crate::support::sd_jwt_issued();
    let flattened = JsonForm::flattened(&unbound).unwrap();
    assert_eq!(flattened["header"].get("kb_jwt"), None);
}

/// One payload with so many signatures.
fn signed_by(count: usize) -> Value {
    json!({"payload": "a", "signatures": vec![json!({"protected": "b", "signature": "c"}); count]})
}

//! SD-JWTs that must be refused, each named by its flaw.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as BASE64};
use credentials::jws::{self, Header, ParseError as TokenError};
use credentials::key::{Algorithm, KeyError, Signer, SoftwareKey};
use credentials::sd_jwt::{DisclosureError, Issuance, KEY_BINDING_TYP, ParseError, TYP, Unverified};
use credentials::status::StatusRefError;
use credentials::x509::Certifying;
use credentials::{ClaimPath, Flaw, json as strict};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::mdoc_support::{certifying, root};
use crate::support::{
    AUDIENCE, NONCE, NOW, expect, holder, issuer, key, present, sd_jwt_issuance, sd_jwt_issued,
    sd_jwt_presented,
};

fn disclosure(parts: &Value) -> String {
    BASE64.encode(parts.to_string())
}

fn digest(text: &str) -> String {
    BASE64.encode(Sha256::digest(text))
}

/// A payload of ours, changed, signed by the issuer.
fn issued(change: impl FnOnce(&mut Value)) -> String {
    let mut payload = json!({
        "iss": "did:hui:anhui:zIssuer",
        "vct": "urn:huizheng:business-licence:1",
        "iat": NOW.0,
        "exp": NOW.0 + 86_400,
        "cnf": {"jwk": holder().public_key().to_jwk()},
    });
    change(&mut payload);
    jws::sign(&Header::typed(TYP), &payload, &issuer(Algorithm::Es256)).unwrap()
}

/// A key binding over this text with these claims changed.
fn bound(text: &str, signer: &SoftwareKey, typ: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut claims = json!({"aud": AUDIENCE, "nonce": NONCE, "iat": NOW.0, "sd_hash": digest(text)});
    change(&mut claims);
    format!("{text}{}", jws::sign(&Header::typed(typ), &claims, signer).unwrap())
}

#[test]
fn a_certificate_must_be_of_the_very_key_and_name_no_other() {
    let signer = issuer(Algorithm::Es256);
    let certificate = |key: &SoftwareKey, uri: Option<&str>| {
        STANDARD.encode(Certifying { uri, ..certifying() }.sign(key.public_key(), &root()).unwrap())
    };
    let named = certifying().uri;
    for (name, x5c, flaw) in [
        ("right", vec![certificate(&signer, named)], None),
        ("right_without_a_name", vec![certificate(&signer, None)], None),
        ("right_by_another_name", vec![certificate(&signer, Some("https://issuer.example"))], None),
        ("of_another_key", vec![certificate(&holder(), named)], Some(Flaw::CertificateOfAnotherKey)),
        (
            "names_another_key",
            vec![certificate(&signer, Some("did:hui:anhui:zIssuer#key-3"))],
            Some(Flaw::CertificateNamesAnotherKey),
        ),
        ("unreadable", vec!["MIIB".to_owned()], Some(Flaw::CertificateUnreadable)),
        ("none_of_them", vec![], Some(Flaw::CertificateUnreadable)),
    ] {
        let certified = Issuance { x5c: Some(x5c), ..sd_jwt_issuance() };
        let text = certified.sign(&signer, &mut testkit::rng(3)).unwrap();
        let found = Unverified::parse(&text).unwrap().check_issuer(signer.public_key(), NOW);
        assert_eq!(found.flaws(), Vec::from_iter(flaw), "{name}");
    }
    // Without a DID URL in the header there is nothing to contradict.
    let certified = Issuance { kid: None, x5c: Some(vec![certificate(&signer, named)]), ..sd_jwt_issuance() };
    let text = certified.sign(&signer, &mut testkit::rng(3)).unwrap();
    assert!(Unverified::parse(&text).unwrap().check_issuer(signer.public_key(), NOW).flaws().is_empty());
}

#[test]
fn refused_by_verification() {
    let issued = sd_jwt_issued();
    let card = Unverified::parse(&issued).unwrap();
    let name = card.select(&[ClaimPath::top("name")]).unwrap().text().to_owned();
    let other_choice = card.select(&[ClaimPath::top("term")]).unwrap().text().to_owned();
    let binding = |change: fn(&mut Value)| bound(&name, &holder(), KEY_BINDING_TYP, change);
    let good = binding(|_| {});
    let kb = good.rsplit_once('~').unwrap().1;
    let thief = key(77, Algorithm::Es256);
    let unbound = self::issued(|p| drop(p.as_object_mut().unwrap().remove("cnf"))) + "~";
    let cases: Vec<(&str, String, Vec<Flaw>)> = vec![
        ("kb_jwt_stripped", name.clone(), vec![Flaw::KeyBindingMissing]),
        (
            "kb_jwt_of_another_choice",
            format!("{other_choice}{kb}"),
            vec![Flaw::KeyBindingForAnotherPresentation],
        ),
        (
            "kb_jwt_of_no_choice",
            format!("{}~{kb}", issued.split('~').next().unwrap()),
            vec![Flaw::KeyBindingForAnotherPresentation],
        ),
        (
            "disclosure_added_after_binding",
            good.replacen(
                '~',
                &format!(
                    "~{}~",
                    issued.split('~').rev().find(|d| !d.is_empty() && !name.contains(d)).unwrap()
                ),
                1,
            ),
            vec![Flaw::KeyBindingForAnotherPresentation],
        ),
        (
            "disclosure_removed_after_binding",
            format!("{}~{kb}", name.split('~').next().unwrap()),
            vec![Flaw::KeyBindingForAnotherPresentation],
        ),
        ("kb_for_another_audience", binding(|c| c["aud"] = "x".into()), vec![Flaw::AudienceWrong]),
        ("kb_for_audiences", binding(|c| c["aud"] = json!([AUDIENCE])), vec![Flaw::AudienceWrong]),
        (
            "kb_without_audience",
            binding(|c| drop(c.as_object_mut().unwrap().remove("aud"))),
            vec![Flaw::AudienceWrong],
        ),
        ("kb_for_another_nonce", binding(|c| c["nonce"] = "x".into()), vec![Flaw::NonceWrong]),
        (
            "kb_without_nonce",
            binding(|c| drop(c.as_object_mut().unwrap().remove("nonce"))),
            vec![Flaw::NonceWrong],
        ),
        (
            "kb_without_hash",
            binding(|c| drop(c.as_object_mut().unwrap().remove("sd_hash"))),
            vec![Flaw::KeyBindingForAnotherPresentation],
        ),
        ("kb_too_old", binding(|c| c["iat"] = (NOW.0 - 301).into()), vec![Flaw::KeyBindingTooOld]),
        ("kb_in_future", binding(|c| c["iat"] = (NOW.0 + 61).into()), vec![Flaw::KeyBindingInFuture]),
        ("kb_expired", binding(|c| c["exp"] = (NOW.0 - 60).into()), vec![Flaw::KeyBindingTooOld]),
        ("kb_not_yet", binding(|c| c["nbf"] = (NOW.0 + 61).into()), vec![Flaw::KeyBindingInFuture]),
        (
            "kb_without_time",
            binding(|c| drop(c.as_object_mut().unwrap().remove("iat"))),
            vec![Flaw::KeyBindingTypeWrong],
        ),
        (
            "kb_iat_as_string",
            binding(|c| c["iat"] = NOW.0.to_string().into()),
            vec![Flaw::KeyBindingTypeWrong],
        ),
        (
            "kb_of_everything_else",
            binding(|c| *c = json!({"aud": "x", "nonce": "y", "iat": 1, "sd_hash": "z"})),
            vec![
                Flaw::KeyBindingForAnotherPresentation,
                Flaw::KeyBindingTooOld,
                Flaw::NonceWrong,
                Flaw::AudienceWrong,
            ],
        ),
        ("kb_typ_of_another_token", bound(&name, &holder(), "JWT", |_| {}), vec![Flaw::KeyBindingTypeWrong]),
        (
            "credential_copied_to_another_key",
            bound(&name, &thief, KEY_BINDING_TYP, |_| {}),
            vec![Flaw::KeyBindingSignatureWrong],
        ),
        (
            "kb_signed_by_the_issuer",
            bound(&name, &issuer(Algorithm::Es256), KEY_BINDING_TYP, |_| {}),
            vec![Flaw::KeyBindingSignatureWrong],
        ),
        (
            "kb_of_another_algorithm",
            bound(&name, &key(2, Algorithm::EdDsa), KEY_BINDING_TYP, |_| {}),
            vec![Flaw::KeyBindingTypeWrong],
        ),
        ("not_bound_to_a_key", bound(&unbound, &holder(), KEY_BINDING_TYP, |_| {}), vec![Flaw::NotBound]),
        (
            "expired",
            self::present(&(self::issued(|p| p["exp"] = (NOW.0 - 60).into()) + "~"), &[], &holder()),
            vec![Flaw::Expired],
        ),
        (
            "not_yet_valid",
            self::present(&(self::issued(|p| p["nbf"] = (NOW.0 + 61).into()) + "~"), &[], &holder()),
            vec![Flaw::NotYetValid],
        ),
        (
            "issued_in_future",
            self::present(&(self::issued(|p| p["iat"] = (NOW.0 + 61).into()) + "~"), &[], &holder()),
            vec![Flaw::CreatedInFuture],
        ),
    ];
    let right = issuer(Algorithm::Es256);
    for (name, text, flaws) in cases {
        let refused = Unverified::parse(&text)
            .unwrap_or_else(|error| panic!("{name}: {error}"))
            .verify_presented(right.public_key(), &expect())
            .expect_err(name);
        assert_eq!(refused.flaws(), flaws, "{name}");
        assert_eq!(refused.findings().flaws(), flaws, "{name}");
    }
    Unverified::parse(&good).unwrap().verify_presented(right.public_key(), &expect()).unwrap();
}

#[test]
fn refused_by_the_issuers_key() {
    let presented = Unverified::parse(&sd_jwt_presented()).unwrap();
    for (name, key, flaw) in [
        ("signed_with_other_key", key(9, Algorithm::Es256), Flaw::SignatureWrong),
        ("key_of_other_kind", key(1, Algorithm::EdDsa), Flaw::AlgorithmNotOfKey),
    ] {
        let refused = presented.clone().verify_presented(key.public_key(), &expect()).expect_err(name);
        assert_eq!(refused.flaws(), [flaw], "{name}");
    }
    let alg = |alg: &str| {
        let token = sd_jwt_presented();
        let (_, rest) = token.split_once('.').unwrap();
        format!("{}.{rest}", BASE64.encode(json!({"alg": alg, "typ": TYP}).to_string()))
    };
    for (name, text) in [("alg_none", alg("none")), ("alg_hs256_with_public_key", alg("HS256"))] {
        let refused = Unverified::parse(&text)
            .unwrap()
            .verify_presented(issuer(Algorithm::Es256).public_key(), &expect())
            .expect_err(name);
        assert_eq!(refused.flaws()[0], Flaw::AlgorithmNotOfKey, "{name}");
    }
}

#[test]
fn refused_for_whose_key_it_is() {
    let right = issuer(Algorithm::Es256);
    let flaws = |kid: &str| {
        let issuance = credentials::sd_jwt::Issuance { kid: Some(kid.to_owned()), ..sd_jwt_issuance() };
        let text = issuance.sign(&right, &mut testkit::rng(1)).unwrap();
        let found = Unverified::parse(&text).unwrap().check_issuer(right.public_key(), NOW);
        found.flaws().to_vec()
    };
    assert_eq!(flaws("did:hui:anhui:zIssuer#key-2"), []);
    assert_eq!(flaws("key-2"), []);
    assert_eq!(flaws("did:hui:anhui:zOther#key-2"), [Flaw::KeyOfAnotherController]);
    assert_eq!(flaws("did:hui:anhui:zIssuer/x#key-2"), [Flaw::KeyOfAnotherController]);
}

#[test]
fn refused_by_the_wallet() {
    let right = issuer(Algorithm::Es256);
    let verify = |text: &str, holder: &SoftwareKey| {
        let result = Unverified::parse(text).unwrap().verify_issued(
            right.public_key(),
            Some(holder.public_key()),
            NOW,
        );
        result.map(drop).map_err(|refused| refused.flaws().to_vec())
    };
    let unbound = issued(|p| drop(p.as_object_mut().unwrap().remove("cnf"))) + "~";
    assert_eq!(verify(&sd_jwt_issued(), &holder()), Ok(()));
    assert_eq!(verify(&sd_jwt_issued(), &key(5, Algorithm::Es256)), Err(vec![Flaw::HolderIsAnother]));
    assert_eq!(verify(&unbound, &holder()), Err(vec![Flaw::NotBound]));
    assert_eq!(verify(&sd_jwt_presented(), &holder()), Err(vec![Flaw::KeyBindingForAnotherPresentation]));
}

#[test]
fn refused_disclosures() {
    let a = disclosure(&json!(["salt", "a", 1]));
    let element = disclosure(&json!(["salt", 1]));
    let with = |sd: Value, rest: &str| issued(|p| p["_sd"] = sd) + "~" + rest;
    let one = |text: &str| with(json!([digest(text)]), &format!("{text}~"));
    let reserved = disclosure(&json!(["salt", "_sd", [digest(&a)]]));
    let dots = disclosure(&json!(["salt", "...", digest(&a)]));
    let child = disclosure(&json!(["salt", "child", 1]));
    let parent = disclosure(&json!(["salt", "parent", {"_sd": [digest(&child)]}]));
    let twin = disclosure(&json!(["other", "a", 2]));
    let many: Vec<String> = (0..513).map(|n| disclosure(&json!(["salt", n.to_string(), 1]))).collect();
    let chain = (0..80).fold((disclosure(&json!(["s", "end", 1])), Vec::new()), |(inner, mut all), n| {
        let outer = disclosure(&json!(["s", n.to_string(), {"_sd": [digest(&inner)]}]));
        all.push(inner);
        (outer, all)
    });
    let deep = with(json!([digest(&chain.0)]), &format!("{}~{}~", chain.0, chain.1.join("~")));
    use DisclosureError as E;
    for (name, text, error) in [
        ("duplicate_disclosure", with(json!([digest(&a)]), &format!("{a}~{a}~")), E::Duplicate),
        ("orphan_disclosure", with(json!([]), &format!("{a}~")), E::Orphan),
        ("orphan_without_digests", issued(|_| {}) + &format!("~{a}~"), E::Orphan),
        ("orphan_whose_parent_is_hidden", with(json!([digest(&parent)]), &format!("{child}~")), E::Orphan),
        ("digest_twice", with(json!([digest(&a), digest(&a)]), &format!("{a}~")), E::DigestTwice),
        (
            "digest_twice_with_another_between",
            with(json!([digest(&twin), digest(&a), digest(&twin)]), ""),
            E::DigestTwice,
        ),
        (
            "digest_twice_with_another_between_greater",
            with(json!([digest(&a), digest(&twin), digest(&a)]), ""),
            E::DigestTwice,
        ),
        ("digest_twice_undisclosed", with(json!([digest(&a), digest(&a)]), ""), E::DigestTwice),
        (
            "digest_twice_apart",
            issued(|p| {
                p["_sd"] = json!([digest(&a)]);
                p["o"] = json!({"_sd": [digest(&a)]});
            }) + &format!("~{a}~"),
            E::DigestTwice,
        ),
        (
            "digest_twice_in_array",
            issued(|p| p["l"] = json!([{"...": digest(&element)}, {"...": digest(&element)}]))
                + &format!("~{element}~"),
            E::DigestTwice,
        ),
        (
            "digest_of_member_in_array",
            issued(|p| p["l"] = json!([{"...": digest(&a)}])) + &format!("~{a}~"),
            E::Orphan,
        ),
        ("digest_of_element_in_object", one(&element), E::Orphan),
        ("reserved_name_disclosed", one(&reserved), E::ReservedName),
        ("reserved_dots_disclosed", one(&dots), E::ReservedName),
        (
            "name_taken",
            issued(|p| {
                p["_sd"] = json!([digest(&a)]);
                p["a"] = json!(0);
            }) + &format!("~{a}~"),
            E::NameTaken,
        ),
        (
            "name_disclosed_twice",
            with(json!([digest(&a), digest(&twin)]), &format!("{a}~{twin}~")),
            E::NameTaken,
        ),
        ("digests_no_array", with(json!("x"), ""), E::DigestsMalformed),
        ("digest_no_text", with(json!([1]), ""), E::DigestsMalformed),
        (
            "element_digest_with_more",
            issued(|p| p["l"] = json!([{"...": digest(&element), "x": 1}])) + "~",
            E::DigestsMalformed,
        ),
        ("element_digest_no_text", issued(|p| p["l"] = json!([{"...": 1}])) + "~", E::DigestsMalformed),
        (
            "element_digest_in_object",
            issued(|p| p["o"] = json!({"...": digest(&element)})) + "~",
            E::DigestsMalformed,
        ),
        ("hash_md5", issued(|p| p["_sd_alg"] = "md5".into()) + "~", E::HashUnsupported),
        ("hash_number", issued(|p| p["_sd_alg"] = 256.into()) + "~", E::HashUnsupported),
        ("disclosure_empty", issued(|_| {}) + "~~", E::Malformed),
        ("disclosure_no_array", one(&disclosure(&json!({"a": 1}))), E::Malformed),
        ("disclosure_of_one", one(&disclosure(&json!(["salt"]))), E::Malformed),
        ("disclosure_of_four", one(&disclosure(&json!(["salt", "a", 1, 2]))), E::Malformed),
        ("disclosure_salt_number", one(&disclosure(&json!([1, "a", 1]))), E::Malformed),
        ("disclosure_name_number", one(&disclosure(&json!(["salt", 1, 1]))), E::Malformed),
        ("disclosure_duplicate_key", one(&BASE64.encode(r#"["s","a",{"b":1,"b":2}]"#)), E::Malformed),
        ("disclosure_padded", one(&format!("{a}==")), E::Malformed),
        ("too_many_disclosures", with(json!([]), &(many.join("~") + "~")), E::TooMany),
        ("disclosures_nested_too_deep", deep, E::TooDeep),
    ] {
        assert_eq!(Unverified::parse(&text).map(drop), Err(ParseError::Disclosure(error)), "{name}");
    }
}

#[test]
fn refused_by_the_parser() {
    let hidden = |name: &str, value: Value| {
        let d = disclosure(&json!(["salt", name, value]));
        issued(|p| {
            p.as_object_mut().unwrap().remove(name);
            p["_sd"] = json!([digest(&d)]);
        }) + &format!("~{d}~")
    };
    let good = sd_jwt_issued();
    let typ =
        |typ: &str| jws::sign(&Header::typed(typ), &json!({}), &issuer(Algorithm::Es256)).unwrap() + "~";
    let token = |p: fn(&mut Value)| issued(p) + "~";
    for (name, text, error) in [
        ("no_tildes", good.split('~').next().unwrap().to_owned(), ParseError::Form),
        ("empty", String::new(), ParseError::Form),
        ("only_tildes", "~~~".to_owned(), ParseError::Token(TokenError::Form)),
        ("too_long", format!("{good}{}~", "A".repeat(1 << 20)), ParseError::Form),
        (
            "last_tilde_missing",
            good.trim_end_matches('~').to_owned(),
            ParseError::KeyBinding(TokenError::Form),
        ),
        ("typ_of_another_token", typ("JWT"), ParseError::TypeWrong),
        ("typ_of_a_key_binding", typ("kb+jwt"), ParseError::TypeWrong),
        ("typ_of_an_older_draft", typ("vc+sd-jwt"), ParseError::TypeWrong),
        ("exp_as_string", token(|p| p["exp"] = "1883000000".into()), ParseError::Time(jws::WrongTime("exp"))),
        ("nbf_as_null", token(|p| p["nbf"] = Value::Null), ParseError::Time(jws::WrongTime("nbf"))),
        (
            "iss_missing",
            token(|p| drop(p.as_object_mut().unwrap().remove("iss"))),
            ParseError::ClaimWrong("iss"),
        ),
        ("iss_array", token(|p| p["iss"] = json!(["x"])), ParseError::ClaimWrong("iss")),
        (
            "vct_missing",
            token(|p| drop(p.as_object_mut().unwrap().remove("vct"))),
            ParseError::ClaimWrong("vct"),
        ),
        ("exp_disclosed", hidden("exp", json!(NOW.0)), ParseError::MustAlwaysShow),
        ("status_disclosed", hidden("status", json!({})), ParseError::MustAlwaysShow),
        (
            "cnf_disclosed",
            hidden("cnf", json!({"jwk": key(9, Algorithm::Es256).public_key().to_jwk()})),
            ParseError::MustAlwaysShow,
        ),
        ("vct_disclosed", hidden("vct", json!("x")), ParseError::MustAlwaysShow),
        (
            "cnf_by_reference",
            token(|p| p["cnf"] = json!({"kid": "x"})),
            ParseError::HolderKey(KeyError::Unsupported),
        ),
        (
            "cnf_private",
            token(|p| p["cnf"]["jwk"]["d"] = "AAAA".into()),
            ParseError::HolderKey(KeyError::Private),
        ),
        (
            "cnf_off_the_curve",
            token(|p| p["cnf"]["jwk"]["x"] = p["cnf"]["jwk"]["y"].clone()),
            ParseError::HolderKey(KeyError::NotOnCurve),
        ),
        (
            "status_not_understood",
            token(|p| p["status"] = json!({"status_attestation": {}})),
            ParseError::Status(StatusRefError::Unsupported),
        ),
        (
            "status_index_as_string",
            token(|p| p["status"] = json!({"status_list": {"idx": "1", "uri": "x"}})),
            ParseError::Status(StatusRefError::Malformed),
        ),
        (
            "status_index_negative",
            token(|p| p["status"] = json!({"status_list": {"idx": -1, "uri": "x"}})),
            ParseError::Status(StatusRefError::Malformed),
        ),
        (
            "nested_too_deep",
            token(|p| p["a"] = (0..70).fold(json!(1), |inner, _| json!([inner]))),
            ParseError::Token(TokenError::Payload(strict::Error::TooDeep)),
        ),
    ] {
        assert_eq!(Unverified::parse(&text).map(drop), Err(error), "{name}");
    }
    // A certificate may name the issuer instead.
    let header = Header { x5c: Some(vec!["MIIB".to_owned()]), ..Header::typed(TYP) };
    let certified = jws::sign(&header, &json!({"vct": "x"}), &issuer(Algorithm::Es256)).unwrap() + "~";
    assert_eq!(Unverified::parse(&certified).unwrap().issuer(), None);
    // A plain SD-JWT may go without issuer and type.
    assert!(Unverified::parse_plain(&typ("example+sd-jwt"), "example+sd-jwt").is_ok());
    assert!(sd_jwt_issuance().status.is_some());
}

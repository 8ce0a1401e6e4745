//! SD-JWT: the examples of RFC 9901, and our own credentials.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use credentials::claim::Step;
use credentials::jws::Times;
use credentials::key::{Algorithm, KeyError, PublicKey, SignatureRefused, Signer};
use credentials::sd_jwt::{Expect, Issuance, IssueError, ParseError, SelectError, Unverified};
use credentials::{CheckName, ClaimPath, Outcome, UnixSeconds};
use serde_json::{Value, json};

use crate::bulk::vectors;
use crate::support::{
    NONCE, NOW, expect, holder, issuer, key, licence, present, sd_jwt_issuance, sd_jwt_issued,
    sd_jwt_presented,
};

pub(crate) const RFC_TYP: &str = "example+sd-jwt";

/// The issuer's key of RFC 9901 appendix B.
pub(crate) fn rfc_issuer() -> PublicKey {
    let jwk = json!({
        "kty": "EC", "crv": "P-256",
        "x": "b28d4MwZMjw8-00CG4xfnn9SLMVMM19SlqZpVb_uNtQ", "y": "Xv5zWwuoaTgdS6hV43yI6gBwTnjukmFQQnJ_kCxzqk8"
    });
    PublicKey::from_jwk(&serde_json::from_value(jwk).unwrap()).unwrap()
}

pub(crate) fn rfc_expect(iat: i64) -> Expect<'static> {
    Expect {
        audience: "https://verifier.example.org",
        nonce: "1234567890",
        now: UnixSeconds(iat),
        max_age: 60,
    }
}

/// RFC 9901 §5: the example of issuance and presentation.
#[test]
fn rfc_9901_simple() {
    let issued = include_str!("data/rfc9901-simple-issuance.txt");
    let card = Unverified::parse_plain(issued, RFC_TYP).unwrap();
    assert_eq!(card.disclosable().count(), 10);
    let verified = card.clone().verify_issued(&rfc_issuer(), None, UnixSeconds(1_683_000_000)).unwrap();
    assert_eq!(verified.claims()["phone_number"], "+1-202-555-0101");
    assert_eq!(verified.claims()["nationalities"], json!(["US", "DE"]));

    // The RFC's own choice, by paths.
    let nationality: ClaimPath = serde_json::from_value(json!(["nationalities", 0])).unwrap();
    let paths = ["given_name", "family_name", "address"].map(ClaimPath::top);
    let selection = card.select(&[paths.to_vec(), vec![nationality]].concat()).unwrap();
    let presented = include_str!("data/rfc9901-simple-presentation.txt");
    let sorted = |text: &str| {
        let mut parts: Vec<String> = text.split('~').map(str::to_owned).collect();
        parts.sort();
        parts
    };
    let without_binding = &presented[..=presented.rfind('~').unwrap()];
    assert_eq!(sorted(selection.text()), sorted(without_binding));

    let presented = Unverified::parse_plain(presented, RFC_TYP).unwrap();
    // When the RFC's example was made, by its key binding.
    let verified = presented.verify_presented(&rfc_issuer(), &rfc_expect(1_795_414_954)).unwrap();
    assert_eq!(verified.claims()["nationalities"], json!(["US"]));
    assert_eq!(verified.claims()["given_name"], "John");
    assert!(verified.claims().get("phone_number").is_none());
}

/// Every example in compact form: what we see is what the RFC says is to be seen.
#[test]
fn rfc_9901_files() {
    let Some(folder) = vectors("sd-jwt-rfc9901") else { return };
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let folder = entry.unwrap().path();
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).ok();
        // Two examples are in JSON: see `sd_json`.
        let Some(presented) = read("sd_jwt_presentation.txt") else { continue };
        let name = folder.file_name().unwrap().to_str().unwrap();
        let text = |text: String| text.split_whitespace().collect::<String>();
        let typ = if name == "arf-pid" { "dc+sd-jwt" } else { RFC_TYP };
        let parse = |text: &str| Unverified::parse_plain(text, typ).unwrap_or_else(|e| panic!("{name}: {e}"));

        let issued = text(read("sd_jwt_issuance.txt").unwrap());
        if name == "w3c-vc_for_slide_deck" {
            // Its holder's key is an RSA key, cut short with dots for the slide.
            let error = Unverified::parse_plain(&issued, typ).map(drop);
            assert_eq!(error, Err(ParseError::HolderKey(KeyError::Unsupported)));
            continue;
        }
        let issued = parse(&issued);
        let now = UnixSeconds(1_700_000_000);
        let full = issued.verify_issued(&rfc_issuer(), None, now).unwrap_or_else(|e| panic!("{name}: {e}"));
        let mut user: Value = serde_json::from_str(&read("user_claims.json").unwrap()).unwrap();
        for member in ["iss", "iat", "exp", "cnf"] {
            if let Some(value) = full.claims().get(member) {
                user[member] = value.clone();
            }
        }
        assert_eq!(full.claims(), &user, "{name}");

        let presented = parse(&text(presented));
        let expected: Value = serde_json::from_str(&read("verified_contents.json").unwrap()).unwrap();
        let verified = if presented.has_key_binding() {
            let binding: Value = serde_json::from_str(&read("kb_jwt_payload.json").unwrap()).unwrap();
            let expect = rfc_expect(binding["iat"].as_i64().unwrap());
            presented.verify_presented(&rfc_issuer(), &expect).unwrap_or_else(|e| panic!("{name}: {e}"))
        } else {
            presented.verify_issued(&rfc_issuer(), None, now).unwrap()
        };
        assert_eq!(verified.claims(), &expected, "{name}");
        count += 1;
    }
    assert_eq!(count, 12);
}

#[test]
fn issued_and_verified_by_the_wallet() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Es384] {
        let issued = sd_jwt_issuance().sign(&issuer(algorithm), &mut testkit::rng(3)).unwrap();
        let card = Unverified::parse(&issued).unwrap();
        assert_eq!(card.issuer(), Some("did:hui:anhui:zIssuer"));
        assert_eq!(card.header().kid.as_deref(), Some("did:hui:anhui:zIssuer#key-2"));
        let wallet = holder();
        let verified =
            card.verify_issued(issuer(algorithm).public_key(), Some(wallet.public_key()), NOW).unwrap();
        for (name, value) in licence().0 {
            assert_eq!(verified.claims()[&name], value, "{name}");
        }
        assert_eq!(verified.vct(), "urn:huizheng:business-licence:1");
        assert_eq!(verified.issuer(), "did:hui:anhui:zIssuer");
        assert_eq!(verified.holder(), Some(wallet.public_key()));
        let times = Times { iat: Some(NOW), nbf: None, exp: Some(NOW.plus(86_400)) };
        assert_eq!(verified.times(), times);
        assert_eq!(verified.status().unwrap().token.as_ref().unwrap().index, 4711);
        assert!(!format!("{verified:?}").contains("合肥"), "Debug shows no claims");
    }
}

#[test]
fn presented_and_verified() {
    let text = sd_jwt_presented();
    let presented = Unverified::parse(&text).unwrap();
    // What it says before anything is checked: who would have to be looked up.
    assert_eq!(presented.vct(), Some("urn:huizheng:business-licence:1"));
    assert_eq!(presented.status().unwrap().token.as_ref().unwrap().index, 4711);
    assert_eq!(presented.dangerous_binding_claims().unwrap()["nonce"], NONCE);
    let signature = text.split('~').next().unwrap().rsplit('.').next().unwrap();
    assert_eq!(BASE64.encode(presented.issuer_signature()), signature);
    let verified = presented.verify_presented(issuer(Algorithm::Es256).public_key(), &expect()).unwrap();
    let mut disclosed: Vec<_> = verified.disclosed().map(|path| path.to_string()).collect();
    disclosed.sort();
    assert_eq!(disclosed, ["creditCode", "name"]);
    let mut members: Vec<_> = verified.claims().as_object().unwrap().keys().collect();
    members.sort();
    assert_eq!(members, ["cnf", "creditCode", "exp", "iat", "iss", "name", "status", "vct"]);
    for (_, outcome) in verified.findings().checks() {
        assert_eq!(outcome, Outcome::Passed);
    }
    assert_eq!(verified.findings().checks().count(), 5);
}

#[test]
fn signed_in_two_stages() {
    let key = issuer(Algorithm::Es256);
    let prepared = sd_jwt_issuance().prepare(key.public_key(), &mut testkit::rng(3)).unwrap();
    let signature = key.sign(prepared.bytes()).unwrap();
    assert_eq!(prepared.finish(&signature).unwrap(), sd_jwt_issued());

    let card = Unverified::parse(&sd_jwt_issued()).unwrap();
    let bind = || card.select(&[]).unwrap().bind("aud", "nonce", NOW).unwrap();
    let signature = holder().sign(bind().bytes()).unwrap();
    assert_eq!(bind().finish(&signature).unwrap(), bind().sign(&holder()).unwrap());
    let wrong = key.sign(bind().bytes()).unwrap();
    assert_eq!(bind().finish(&wrong), Err(SignatureRefused), "the device signed with another key");
}

/// Nested objects and arrays, hidden inside hidden ones.
#[test]
fn nested_claims() {
    let path = |value: Value| serde_json::from_value::<ClaimPath>(value).unwrap();
    let claims = json!({
        "address": {"city": "合肥", "street": {"name": "示例路", "number": 86}},
        "taxTypes": [{"code": "a", "rate": 1}, {"code": "b", "rate": 2}],
        "open": {"hidden": 1, "shown": 2},
    });
    let issued = Issuance {
        claims: claims.as_object().unwrap().clone(),
        disclosable: [
            json!(["address"]),
            json!(["address", "street"]),
            json!(["address", "street", "number"]),
            json!(["taxTypes", null]),
            json!(["taxTypes", null, "rate"]),
            json!(["open", "hidden"]),
        ]
        .map(path)
        .to_vec(),
        decoys: 5,
        ..sd_jwt_issuance()
    }
    .sign(&issuer(Algorithm::EdDsa), &mut testkit::rng(4))
    .unwrap();
    let card = Unverified::parse(&issued).unwrap();
    assert_eq!(card.disclosable().count(), 8);
    let shows = |paths: &[Value]| {
        let paths: Vec<_> = paths.iter().cloned().map(path).collect();
        let text = present(&issued, &paths, &holder());
        let presented = Unverified::parse(&text).unwrap();
        let verified = presented.verify_presented(issuer(Algorithm::EdDsa).public_key(), &expect()).unwrap();
        let mut claims = verified.claims().clone();
        for member in ["iss", "vct", "iat", "exp", "cnf", "status"] {
            claims.as_object_mut().unwrap().remove(member);
        }
        claims
    };
    assert_eq!(shows(&[]), json!({"taxTypes": [], "open": {"shown": 2}}));
    assert_eq!(
        shows(&[json!(["address", "city"])]),
        json!({"address": {"city": "合肥"}, "taxTypes": [], "open": {"shown": 2}})
    );
    assert_eq!(
        shows(&[json!(["address", "street", "name"]), json!(["taxTypes", 1, "code"])]),
        json!({"address": {"city": "合肥", "street": {"name": "示例路"}}, "taxTypes": [{"code": "b"}], "open": {"shown": 2}})
    );
    assert_eq!(shows(&[json!(["address"]), json!(["taxTypes", null]), json!(["open"])]), claims);
    assert_eq!(
        card.select(&[path(json!(["address", "zip"]))]).map(drop),
        Err(SelectError::NoSuchClaim(path(json!(["address", "zip"]))))
    );
}

/// Nothing in what is sent tells what was held back but the number of digests, which decoys blur.
#[test]
fn what_is_held_back_does_not_show() {
    let text = sd_jwt_presented();
    let presented = Unverified::parse(&text).unwrap();
    let claims = presented.dangerous_claims().to_string();
    for (name, value) in
        licence().0.iter().filter(|(name, _)| !["name", "creditCode"].contains(&name.as_str()))
    {
        assert!(!claims.contains(&value.to_string()), "{name}");
    }
    let digests = |decoys| {
        let issued = Issuance { decoys, ..sd_jwt_issuance() }
            .sign(&issuer(Algorithm::EdDsa), &mut testkit::rng(3))
            .unwrap();
        let payload = issued.split('.').nth(1).unwrap().to_owned();
        use base64::Engine as _;
        let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap();
        let payload: Value = serde_json::from_slice(&payload).unwrap();
        let digests: Vec<String> = serde_json::from_value(payload["_sd"].clone()).unwrap();
        assert!(digests.is_sorted(), "the order of digests tells no order of claims");
        digests.len()
    };
    assert_eq!((digests(0), digests(9)), (11, 20));
}

#[test]
fn issuing_refuses() {
    let sign = |issuance: Issuance| issuance.sign(&issuer(Algorithm::EdDsa), &mut testkit::rng(1)).map(drop);
    for name in ["iss", "exp", "cnf", "status", "vct", "_sd", "_sd_alg", "..."] {
        let mut issuance = sd_jwt_issuance();
        issuance.claims.insert(name.to_owned(), json!(1));
        assert_eq!(sign(issuance), Err(IssueError::ReservedName(name.to_owned())));
    }
    let mut nested = sd_jwt_issuance();
    nested.claims.insert("a".to_owned(), json!([{"_sd": []}]));
    assert_eq!(sign(nested), Err(IssueError::ReservedName("_sd".to_owned())));
    for path in [ClaimPath::top("absent"), ClaimPath(Vec::new()), ClaimPath(vec![Step::Every(())])] {
        let issuance = Issuance { disclosable: vec![path.clone()], ..sd_jwt_issuance() };
        assert_eq!(sign(issuance), Err(IssueError::NoSuchClaim(path)));
    }
    let unbound = Issuance { holder: None, ..sd_jwt_issuance() };
    let unbound = unbound.sign(&issuer(Algorithm::EdDsa), &mut testkit::rng(1)).unwrap();
    let selection = Unverified::parse(&unbound).unwrap().select(&[]).unwrap();
    assert_eq!(selection.bind("a", "n", NOW).map(drop), Err(SelectError::NotBound));
}

#[test]
fn the_parts_can_be_asked_apart() {
    let presented = Unverified::parse(&sd_jwt_presented()).unwrap();
    let holder = presented.check_holder(&expect());
    assert!(holder.flaws().is_empty());
    assert_eq!(holder.outcome(CheckName::IssuerSignature), Outcome::Unknown);
    let wrong = presented.check_issuer(key(9, Algorithm::Es256).public_key(), NOW);
    assert_eq!(wrong.flaws().len(), 1);
    assert_eq!(wrong.outcome(CheckName::Validity), Outcome::Passed);
}

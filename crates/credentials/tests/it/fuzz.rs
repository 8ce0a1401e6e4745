//! Damaged and invented input at every door: nothing panics, what is read has one meaning, and what verifies is what was signed.
//!
//! A short run in every test; with `HUIZHENG_LONG=1` a minute a door. A run is repeatable: the same rounds see the same bytes.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use credentials::data_integrity::{Reading, UnverifiedCredential, UnverifiedPresentation, sd};
use credentials::jsonld::Contexts;
use credentials::key::{Algorithm, Jwk, PublicKey, SelfContained, Signer, SoftwareKey, VerificationMethod};
use credentials::rdf::{Dataset, HashAlgorithm, Work};
use credentials::status::{Bits, BitstringList, StatusRef, TokenList, TokenListClaims};
use credentials::{ClaimPath, UnixSeconds, json, jws, sd_jwt};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use testkit::Dice;

use crate::ld_support::object;
use crate::support::{
    NOW, bytes, expect, holder, issuer, licence, sd_jwt_issued, sd_jwt_presented, status, vc_holder,
    vc_issuance, vc_issued, vp_presented,
};

const SHORT: u64 = 4_000;
const LONG: Duration = Duration::from_secs(60);

/// The seeds, which the door must take (say true to), and damaged ones.
pub(crate) fn fuzz(name: &str, seeds: &[Vec<u8>], door: impl Fn(&[u8]) -> bool) {
    fuzz_slow(name, 1, seeds, door);
}

/// [`fuzz`] of a door that takes `times` as long as the others.
#[expect(clippy::disallowed_methods, reason = "how long to go on, not what is tested")]
pub(crate) fn fuzz_slow(name: &str, times: u64, seeds: &[Vec<u8>], door: impl Fn(&[u8]) -> bool) {
    for seed in seeds {
        assert!(door(seed), "{name}: a sound one is taken: {}", String::from_utf8_lossy(seed));
    }
    let long = std::env::var_os("HUIZHENG_LONG").is_some();
    let (began, mut rounds) = (Instant::now(), SHORT / times);
    let mut dice = Dice::named(name);
    let mut round = 0;
    while round < rounds {
        door(&dice.damage(seeds));
        round += 1;
        rounds += u64::from(long && round == rounds && began.elapsed() < LONG);
    }
    println!("{name}: {round} rounds");
}

pub(crate) fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// Only what is text at all.
pub(crate) fn of_text(door: impl Fn(&str) -> bool) -> impl Fn(&[u8]) -> bool {
    move |bytes| std::str::from_utf8(bytes).is_ok_and(&door)
}

pub(crate) fn of_json(door: impl Fn(Value) -> bool) -> impl Fn(&[u8]) -> bool {
    move |bytes| json::parse(bytes).is_ok_and(&door)
}

/// Whether two values have one canonical form: `1` and `1.0` do.
pub(crate) fn same(one: &Value, other: &Value) -> bool {
    json::canonical(one) == json::canonical(other)
}

/// What is read is written canonically, and read again means the same.
#[test]
fn fuzz_json() {
    let seeds = [
        bytes(&vc_issued(Algorithm::EdDsa)),
        r#"{"a":[1,-0.5,1e3,9007199254740992,null,true,"\ud83d\ude00\n\u0000é"],"":{}}"#.as_bytes().to_vec(),
    ];
    fuzz("json", &seeds, |bytes| {
        let Ok(value) = json::parse(bytes) else { return false };
        let text = json::canonical(&value);
        let again = json::parse(&text).unwrap();
        assert_eq!(json::canonical(&again), text);
        true
    });
}

#[test]
fn fuzz_jws() {
    let keys = [Algorithm::EdDsa, Algorithm::Es256].map(issuer);
    let seeds: Vec<Vec<u8>> = keys
        .iter()
        .map(|key| jws::sign(&jws::Header::typed("JWT"), &json!({"sub": "x"}), key).unwrap().into_bytes())
        .collect();
    let signed = seeds.clone();
    let door = of_text(move |text| {
        let Ok(read) = jws::Unverified::parse(text) else { return false };
        assert_eq!(read.text(), text);
        let right = |key: &SoftwareKey| read.clone().verify::<Value>(key.public_key(), "JWT").is_ok();
        let verified = keys.iter().any(right);
        assert!(!verified || signed.iter().any(|one| one == text.as_bytes()), "{text}");
        verified
    });
    fuzz("jws", &seeds, door);
}

#[test]
fn fuzz_sd_jwt() {
    let key = issuer(Algorithm::Es256);
    let (issued, presented) = (sd_jwt_issued(), sd_jwt_presented());
    let (token, all) = issued.split_once('~').unwrap();
    let seeds = texts(&[&issued, &presented]);
    fuzz_slow(
        "sd-jwt",
        2,
        &seeds,
        of_text(|text| {
            let Ok(read) = sd_jwt::Unverified::parse(text) else { return false };
            if read.clone().verify_presented(key.public_key(), &expect()).is_ok() {
                assert_eq!(text, presented, "a presentation is taken as it was made");
                return true;
            }
            let is_issued = read.verify_issued(key.public_key(), None, NOW).is_ok();
            if is_issued {
                // Disclosures may be left out, and nothing else may happen.
                let mut parts = text.split('~');
                assert_eq!(parts.next(), Some(token));
                assert!(parts.all(|part| part.is_empty() || all.split('~').any(|one| one == part)), "{text}");
            }
            is_issued
        }),
    );
}

/// The inside of a disclosure, under a token that names its digest.
#[test]
fn fuzz_disclosures() {
    let wrapped = |inside: &[u8], element: bool| {
        let disclosure = BASE64.encode(inside);
        let digest = BASE64.encode(Sha256::digest(&disclosure));
        let mut claims = json!({"iss": "did:hui:anhui:zIssuer", "vct": "urn:x:1", "_sd_alg": "sha-256"});
        if element {
            claims["list"] = json!([{"...": digest}]);
        } else {
            claims["_sd"] = json!([digest]);
        }
        let header = BASE64.encode(r#"{"alg":"ES256","typ":"dc+sd-jwt"}"#);
        format!("{header}.{}.{}~{disclosure}~", BASE64.encode(claims.to_string()), BASE64.encode([1; 64]))
    };
    let reads = |inside: &[u8], element: bool| sd_jwt::Unverified::parse(&wrapped(inside, element)).ok();
    let member = texts(&[r#"["salt-salt-salt-salt-s","name",{"a":[1,"x"]}]"#, r#"["s","address",null]"#]);
    fuzz("disclosed member", &member, |inside| {
        let Some(read) = reads(inside, false) else { return false };
        // Three elements, of which the second names the claim.
        let list = json::parse(inside).unwrap();
        let [_, Value::String(name), value] = list.as_array().unwrap().as_slice() else {
            panic!("{}", String::from_utf8_lossy(inside));
        };
        assert!(name != "_sd" && name != "..." && name != "iss" && name != "vct");
        // Digests inside lead nowhere and are taken out: only plain values can be compared.
        assert!(value.is_object() || value.is_array() || read.dangerous_claims().get(name) == Some(value));
        true
    });
    let element = texts(&[r#"["salt-salt-salt-salt-s",{"a":[1,"x"]}]"#, r#"["s","address"]"#]);
    fuzz("disclosed element", &element, |inside| {
        let Some(_) = reads(inside, true) else { return false };
        assert_eq!(json::parse(inside).unwrap().as_array().map(Vec::len), Some(2));
        true
    });
}

const ALGORITHMS: &[Algorithm] = &[
    Algorithm::EdDsa,
    Algorithm::Es256,
    Algorithm::Es384,
    #[cfg(feature = "sm2")]
    Algorithm::Sm2,
];

fn keys() -> Vec<PublicKey> {
    ALGORITHMS.iter().copied().map(|algorithm| issuer(algorithm).public_key().clone()).collect()
}

/// One key, one text.
#[test]
fn fuzz_multikeys() {
    let seeds: Vec<Vec<u8>> = keys().iter().map(|key| key.to_multikey().into_bytes()).collect();
    fuzz(
        "multikey",
        &seeds,
        of_text(|text| {
            let Ok(key) = PublicKey::from_multikey(text) else { return false };
            assert_eq!(key.to_multikey(), text);
            true
        }),
    );
    let seeds: Vec<Vec<u8>> = keys().iter().map(PublicKey::to_multikey_bytes).collect();
    fuzz("multikey bytes", &seeds, |bytes| {
        let Ok(key) = PublicKey::from_multikey_bytes(bytes) else { return false };
        assert_eq!(key.to_multikey_bytes(), bytes);
        true
    });
}

#[test]
fn fuzz_dids() {
    let dids = keys().into_iter().flat_map(|key| [key.did_key(), key.did_jwk()]);
    let seeds: Vec<Vec<u8>> =
        dids.flat_map(|did| [did.did.into_bytes(), did.verification_method.into_bytes()]).collect();
    fuzz(
        "did",
        &seeds,
        of_text(|text| {
            let Ok(read) = SelfContained::parse(text) else { return false };
            assert!(read.did == text || read.verification_method == text, "{text}");
            assert_eq!(SelfContained::parse(&read.verification_method), Ok(read));
            true
        }),
    );
}

#[test]
fn fuzz_jwks() {
    let jwks: Vec<Value> = keys().iter().map(|key| serde_json::to_value(key.to_jwk()).unwrap()).collect();
    let seeds: Vec<Vec<u8>> = jwks.iter().map(bytes).collect();
    fuzz(
        "jwk",
        &seeds,
        of_json(|value| {
            let Ok(jwk) = serde_json::from_value::<Jwk>(value) else { return false };
            let Ok(key) = PublicKey::from_jwk(&jwk) else { return false };
            assert_eq!(PublicKey::from_jwk(&key.to_jwk()), Ok(key.clone()));
            assert_eq!((Some(jwk.x), jwk.y), (Some(key.to_jwk().x), key.to_jwk().y));
            true
        }),
    );
    let methods = jwks.iter().zip(keys()).flat_map(|(jwk, key)| {
        let with = |kind: &str, name: &str, value: Value| {
            bytes(&json!({"id": "did:x:y#1", "controller": "did:x:y", "type": kind, name: value}))
        };
        [
            with("JsonWebKey", "publicKeyJwk", jwk.clone()),
            with("Multikey", "publicKeyMultibase", key.to_multikey().into()),
        ]
    });
    let seeds: Vec<Vec<u8>> = methods.collect();
    fuzz("verification method", &seeds, of_json(|value| VerificationMethod::read(&value).is_ok()));
}

/// A document that is read as RDF: its lines, read by another reader, are the same dataset.
#[test]
fn fuzz_json_ld() {
    let mut bare = object(&vc_issued(Algorithm::EdDsa));
    bare.remove("proof");
    let seeds = [bytes(&Value::Object(bare))];
    fuzz_slow(
        "json-ld",
        8,
        &seeds,
        of_json(|value| {
            let Value::Object(document) = value else { return false };
            let Ok(dataset) = Contexts::pinned().to_rdf(&document) else { return false };
            let Ok(canonical) = dataset.canonicalize(HashAlgorithm::Sha256, Work::default()) else {
                return false;
            };
            let text = canonical.lines().concat();
            let (again, _) = crate::nquads::parse(&text);
            let again = again.canonicalize(HashAlgorithm::Sha256, Work::default()).unwrap();
            assert_eq!(again.lines().concat(), text);
            true
        }),
    );
}

/// Any text as a literal: written on one line, and read back the same.
#[test]
fn fuzz_n_quads() {
    let seeds = texts(&["plain", "\"quoted\" \\ back\tslash\n\r\u{0}\u{7f}\u{80}徽é😀", "_:b0 <x> ."]);
    fuzz(
        "n-quads",
        &seeds,
        of_text(|text| {
            let write = |text: &str| {
                let mut dataset = Dataset::new();
                let (subject, predicate) = (dataset.blank(), dataset.iri("urn:x:y"));
                let object = dataset.language_literal(text, "zh-CN");
                dataset.add(subject, predicate, object, None);
                dataset.lines(|_, out| out.push_str("b0"))
            };
            let lines = write(text);
            assert_eq!(lines.len(), 1);
            assert_eq!(lines[0].matches('\n').count(), 1);
            let (again, _) = crate::nquads::parse(&lines[0]);
            assert_eq!(again.lines(|_, out| out.push_str("b0")), lines);
            true
        }),
    );
}

/// Credentials with proofs of every kind: what verifies says what was signed.
#[test]
fn fuzz_credentials() {
    let by = |algorithm| (vc_issued(algorithm), issuer(algorithm).public_key().clone());
    let signed: Vec<_> = ALGORITHMS.iter().copied().map(by).collect();
    let seeds: Vec<Vec<u8>> = signed.iter().map(|(value, _)| bytes(value)).collect();
    let reading = Reading { vcdm_1_1: true, several_proofs: true };
    fuzz_slow(
        "credential",
        2,
        &seeds,
        of_json(|value| {
            let Ok(read) = UnverifiedCredential::read_as(value.clone(), reading) else { return false };
            let verified = signed.iter().find(|(_, key)| read.check(key, NOW).flaws().is_empty());
            assert!(verified.is_none_or(|(original, _)| same(original, &value)), "{value}");
            verified.is_some()
        }),
    );
}

#[test]
fn fuzz_presentations() {
    let original = vp_presented();
    fuzz_slow(
        "presentation",
        4,
        &[bytes(&original)],
        of_json(|value| {
            let Ok(read) = UnverifiedPresentation::read(value.clone()) else { return false };
            let is_right = read.check(&expect()).flaws().is_empty();
            assert!(!is_right || same(&value, &original), "{value}");
            assert!(!is_right || read.verify(&expect()).unwrap().holder() == vc_holder().did);
            is_right
        }),
    );
}

fn contents(secured: &Value) -> Vec<u8> {
    BASE64.decode(&secured["proof"]["proofValue"].as_str().unwrap()[1..]).unwrap()
}

fn with_contents(secured: &Value, bytes: &[u8]) -> Value {
    let mut secured = secured.clone();
    secured["proof"]["proofValue"] = format!("u{}", BASE64.encode(bytes)).into();
    secured
}

fn pointers(list: &[&str]) -> Vec<String> {
    list.iter().map(|&pointer| pointer.to_owned()).collect()
}

/// The CBOR inside base and derived proofs.
#[test]
fn fuzz_ecdsa_sd_proofs() {
    let key = issuer(Algorithm::Es256);
    let secrets = sd::Secrets::generate(&mut testkit::rng(7));
    let issuance = vc_issuance();
    let prepared =
        issuance.prepare_sd(key.public_key(), pointers(&["/issuer"]), &secrets, Contexts::pinned()).unwrap();
    let base = prepared.sign(&key).unwrap();
    let chosen = pointers(&["/credentialSubject/name", "/validUntil"]);
    let shown = sd::derive(&object(&base), &chosen, Contexts::pinned()).unwrap();
    let seeds = [contents(&shown)];
    fuzz_slow("ecdsa-sd-2023 derived", 4, &seeds, |bytes| {
        let Ok(read) = UnverifiedCredential::read(with_contents(&shown, bytes)) else { return false };
        read.check(key.public_key(), NOW).flaws().is_empty()
    });
    let seeds = [contents(&base)];
    fuzz_slow("ecdsa-sd-2023 base", 16, &seeds, |bytes| {
        let changed = with_contents(&base, bytes);
        let Ok(derived) = sd::derive(&object(&changed), &chosen, Contexts::pinned()) else { return false };
        let read = UnverifiedCredential::read(derived).unwrap();
        let _ = read.check(key.public_key(), NOW);
        true
    });
}

#[cfg(feature = "bbs")]
#[test]
fn fuzz_bbs() {
    use credentials::bbs::{Proof, PublicKey, SecretKey, Signature, prove};
    use credentials::data_integrity::bbs::{Issuing, LabelKey, derive};

    let key = SecretKey::generate(&mut testkit::rng(1));
    let messages: [&[u8]; 4] = [b"a", b"b", b"c", b"d"];
    let signature = key.sign(b"header", &messages).unwrap();
    let headers = (b"header".as_slice(), b"".as_slice());
    let proof = prove(key.public_key(), &signature, headers, &messages, &[1], &mut testkit::rng(2)).unwrap();
    fuzz_slow("bbs proof", 4, &[proof.to_bytes()], |bytes| {
        let Some(read) = Proof::from_bytes(bytes) else { return false };
        assert_eq!(read.to_bytes(), bytes);
        true
    });
    fuzz_slow("bbs signature", 4, &[signature.to_bytes().to_vec()], |bytes| {
        let Some(read) = bytes.try_into().ok().and_then(Signature::from_bytes) else { return false };
        assert_eq!(read.to_bytes().as_slice(), bytes);
        true
    });
    fuzz_slow(
        "bbs key",
        4,
        &[key.public_key().did_key_method().into_bytes()],
        of_text(|text| {
            let Ok(read) = PublicKey::from_did_key(text) else { return false };
            let method = read.did_key_method();
            assert!(method == text || method.split('#').next() == Some(text));
            true
        }),
    );

    let (document, options) = vc_issuance().document().unwrap();
    let mandatory = pointers(&["/issuer"]);
    let issuing = Issuing { document, options, mandatory, contexts: Contexts::pinned() };
    let base = issuing.sign(&key, &LabelKey::generate(&mut testkit::rng(7))).unwrap();
    let chosen = pointers(&["/credentialSubject/name", "/validUntil"]);
    let derive = |base: &serde_json::Map<String, Value>| {
        derive(base, &chosen, b"nonce", Contexts::pinned(), &mut testkit::rng(3)).ok()
    };
    let shown = derive(&object(&base)).unwrap();
    let (good_base, good_shown) = (contents(&base), contents(&shown));
    fuzz_slow("bbs-2023 derived", 16, std::slice::from_ref(&good_shown), |bytes| {
        let Ok(read) = UnverifiedCredential::read(with_contents(&shown, bytes)) else { return false };
        let is_right = read.check_bbs(key.public_key(), NOW, Contexts::pinned()).flaws().is_empty();
        assert!(!is_right || bytes == good_shown);
        is_right
    });
    fuzz_slow("bbs-2023 base", 32, std::slice::from_ref(&good_base), |bytes| {
        let derived = derive(&object(&with_contents(&base, bytes)));
        let _ = derived.is_some_and(|shown| UnverifiedCredential::read(shown).is_ok());
        bytes == good_base
    });
}

#[test]
fn fuzz_status_lists() {
    let mut list = TokenList::new(Bits::Two, 256).unwrap();
    list.set(7, credentials::status::Status::Suspended).unwrap();
    let seeds = [bytes(&list.to_json()), br#"{"bits":1,"lst":"eNrbuRgAAhcBXQ"}"#.to_vec()];
    fuzz(
        "token list",
        &seeds,
        of_json(|value| {
            let Ok(list) = TokenList::from_json(&value) else { return false };
            let _ = [0, 7, 255, 256, u64::MAX].map(|index| list.status(index).is_ok());
            assert!(TokenList::from_json(&list.to_json()).unwrap() == list);
            true
        }),
    );
    let encoded = BitstringList::view(
        &TokenList::new(Bits::Two, 1 << 17).unwrap(),
        credentials::status::Purpose::Revocation,
    );
    let seeds = [encoded.unwrap().encode().into_bytes()];
    fuzz_slow(
        "bitstring list",
        4,
        &seeds,
        of_text(|text| {
            let Ok(list) = BitstringList::decode(text) else { return false };
            assert_eq!(BitstringList::decode(&list.encode()).unwrap().entries(), list.entries());
            let _ = list.is_set(u64::MAX);
            true
        }),
    );
    let key = issuer(Algorithm::Es256);
    let uri = "https://issuer.example/status-lists/3";
    let claims = TokenListClaims { sub: uri.to_owned(), iat: NOW, exp: Some(NOW.plus(60)), ttl: None };
    let token = list.prepare(claims, None, key.public_key()).unwrap().sign(&key).unwrap();
    let seeds = texts(&[&token]);
    fuzz(
        "token list token",
        &seeds,
        of_text(|text| {
            let verified = TokenList::verify(text, uri, key.public_key(), NOW).is_ok();
            assert!(!verified || text == token);
            verified
        }),
    );
}

#[test]
fn fuzz_status_references() {
    let seeds = [bytes(&StatusRef { bitstring: Vec::new(), ..status() }.to_claim())];
    fuzz(
        "status claim",
        &seeds,
        of_json(|value| {
            let Ok(read) = StatusRef::from_claim(&value) else { return false };
            assert_eq!(StatusRef::from_claim(&read.to_claim()).as_ref(), Ok(&read));
            true
        }),
    );
    let seeds = [bytes(&StatusRef { token: None, ..status() }.to_credential_status())];
    fuzz(
        "credentialStatus",
        &seeds,
        of_json(|value| {
            let Ok(read) = StatusRef::from_credential_status(&value) else { return false };
            assert_eq!(StatusRef::from_credential_status(&read.to_credential_status()).as_ref(), Ok(&read));
            true
        }),
    );
}

#[test]
fn fuzz_times() {
    let seeds =
        texts(&["2026-03-02T04:00:00Z", "1969-12-31T23:59:59.125+08:00", "0000-01-01T00:00:00-00:00"]);
    fuzz(
        "time",
        &seeds,
        of_text(|text| {
            let Ok(read) = UnixSeconds::parse_rfc3339(text) else { return false };
            assert_eq!(UnixSeconds::parse_rfc3339(&read.rfc3339()), Ok(read), "{text}");
            true
        }),
    );
}

#[test]
fn fuzz_claim_paths() {
    let root = licence().0;
    let root = json!({"licence": root, "list": [1, {"a": [2]}]});
    let seeds = texts(&[r#"["licence","name"]"#, r#"["list",null,"a",0]"#, r#"["list",1]"#, "[]"]);
    fuzz(
        "claim path",
        &seeds,
        of_json(|value| {
            let Ok(path) = serde_json::from_value::<ClaimPath>(value.clone()) else { return false };
            assert_eq!(serde_json::to_value(&path).unwrap(), value);
            let _ = (path.select(&root).len(), path.to_string());
            true
        }),
    );
}

/// Damaged key bindings under a sound credential, so that the holder's part is reached.
#[test]
fn fuzz_key_bindings() {
    let presented = sd_jwt_presented();
    let (bound, binding) = presented.rsplit_once('~').unwrap();
    let key = issuer(Algorithm::Es256);
    fuzz(
        "key binding",
        &texts(&[binding]),
        of_text(|text| {
            let Ok(read) = sd_jwt::Unverified::parse(&format!("{bound}~{text}")) else { return false };
            let verified = read.verify_presented(key.public_key(), &expect()).is_ok();
            assert!(!verified || text == binding);
            verified
        }),
    );
    // Claims of a key binding that is signed by the holder: only the right ones are taken.
    let claims = binding.split('.').nth(1).unwrap();
    let claims = BASE64.decode(claims).unwrap();
    let right: Value = serde_json::from_slice(&claims).unwrap();
    fuzz_slow(
        "key binding claims",
        4,
        std::slice::from_ref(&claims),
        of_json(|value| {
            let Value::Object(changed) = &value else { return false };
            let header = jws::Header::typed("kb+jwt");
            let text = jws::sign(&header, changed, &holder()).unwrap();
            let Ok(read) = sd_jwt::Unverified::parse(&format!("{bound}~{text}")) else { return false };
            let verified = read.verify_presented(key.public_key(), &expect()).is_ok();
            let is_kept = |name: &str| value[name] == right[name];
            assert!(!verified || ["aud", "nonce", "sd_hash"].into_iter().all(is_kept), "{value}");
            verified
        }),
    );
}

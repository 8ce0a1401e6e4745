//! ID tokens by their flaws, and what is remembered of a provider.

use std::sync::{Arc, Mutex};

use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use credentials::key::{Algorithm, Signer, SoftwareKey};
use hmac::{Hmac, Mac};
use rand_core::OsRng;
use serde_json::json;
use sha2::Sha256;
use testkit::RsaKey;

use super::published::ProviderKey;
use super::*;

fn login() -> Login {
    Login {
        state: "s".into(),
        nonce: "n".into(),
        verifier: "v".into(),
        callback: Endpoint::parse("https://issuer.example/authorize/callback").expect("address"),
    }
}

fn right() -> Value {
    json!({
        "iss": "https://op.example", "aud": "us", "nonce": "n", "iat": 990, "exp": 1290, "sub": "1",
    })
}

/// Reads a token of a provider that publishes one key.
fn read(token: &str, published: &Value) -> Result<Map<String, Value>, LoginError> {
    let client = OidcClient::new(Endpoint::parse("https://op.example").expect("address"), "us");
    let key = ProviderKey::read(published.clone(), None).expect("a key");
    IdToken::parse(token)?.believed(&client, &key, &login(), UnixSeconds(1000))
}

fn jwk(key: &SoftwareKey) -> Value {
    serde_json::to_value(key.public_key().to_jwk()).expect("JSON")
}

/// A token whose header says what a test wants, whoever signs it.
fn signed(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let text = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
    let signature = sign(text.as_bytes());
    format!("{text}.{}", BASE64.encode(signature))
}

#[test]
fn each_algorithm_is_taken_by_its_own_key() {
    let rsa = RsaKey::nth(0);
    let ps = {
        let mut entry = rsa.jwk();
        entry["alg"] = json!("PS256");
        entry
    };
    let header = |alg: &str| json!({ "alg": alg });
    assert_eq!(read(&rsa.sign(&header("RS256"), &right()), &rsa.jwk()).expect("right")["sub"], "1");
    read(&rsa.sign(&header("PS256"), &right()), &ps).expect("right");
    for (alg, algorithm) in
        [("ES256", Algorithm::Es256), ("ES384", Algorithm::Es384), ("EdDSA", Algorithm::EdDsa)]
    {
        let key = SoftwareKey::generate(algorithm, &mut OsRng);
        let sign = |text: &[u8]| key.sign(text).expect("signed").to_vec();
        read(&signed(&header(alg), &right(), sign), &jwk(&key)).expect("right");
        read(&signed(&json!({"alg": alg, "typ": "jwt"}), &right(), sign), &jwk(&key)).expect("right");
    }
}

#[test]
fn an_id_token_is_read_strictly() {
    let key = RsaKey::nth(0);
    let with = |name: &str, value: Value| {
        let mut claims = right();
        claims[name] = value;
        claims
    };
    read(&key.sign(&json!({"alg": "RS256"}), &with("azp", json!("us"))), &key.jwk()).expect("right");
    for (flaw, claims) in [
        ("issuer_of_another", with("iss", json!("https://evil.example"))),
        ("audience_of_another", with("aud", json!("them"))),
        ("audience_of_several", with("aud", json!(["us", "them"]))),
        ("asked_for_by_another", with("azp", json!("them"))),
        ("asked_for_by_a_list", with("azp", json!(["us"]))),
        ("nonce_of_another_login", with("nonce", json!("m"))),
        ("nonce_missing", with("nonce", Value::Null)),
        ("expired", with("exp", json!(900))),
        ("no_end", with("exp", Value::Null)),
        ("end_as_text", with("exp", json!("1290"))),
        ("from_the_future", with("iat", json!(1200))),
        ("old", with("iat", json!(100))),
        ("of_nobody", with("sub", json!(""))),
    ] {
        let refused = read(&key.sign(&json!({"alg": "RS256"}), &claims), &key.jwk());
        assert!(matches!(refused, Err(LoginError::Forged(_))), "{flaw}");
    }
}

#[test]
fn no_other_signature_counts_than_the_keys_own() {
    let (key, other) = (RsaKey::nth(0), RsaKey::nth(1));
    let right_token = key.sign(&json!({"alg": "RS256"}), &right());
    let (text, signature) = right_token.rsplit_once('.').expect("parts");
    let bytes = BASE64.decode(signature).expect("base64url");
    let resigned = |bytes: &[u8]| format!("{text}.{}", BASE64.encode(bytes));
    let under = |header: &Value| key.sign(header, &right());
    // The classic: the public key, which everybody has, as the secret of an HMAC.
    let hmac = |secret: &[u8]| {
        signed(&json!({"alg": "HS256"}), &right(), |text| {
            let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length");
            mac.update(text);
            mac.finalize().into_bytes().to_vec()
        })
    };
    let modulus = BASE64.decode(key.jwk()["n"].as_str().expect("text")).expect("base64url");
    let renamed = |alg: &str| {
        let payload = text.split('.').nth(1).expect("a payload");
        format!("{}.{payload}.{signature}", BASE64.encode(json!({ "alg": alg }).to_string()))
    };
    let mut flipped = bytes.clone();
    flipped[100] ^= 1;
    let embedded = other.sign(&json!({"alg": "RS256", "jwk": other.jwk()}), &right());
    let header_twice = BASE64.encode(r#"{"alg":"RS256","alg":"none"}"#);
    for (flaw, token) in [
        ("signed_with_another_key", other.sign(&json!({"alg": "RS256"}), &right())),
        ("signed_with_a_key_that_it_brings", embedded),
        ("signature_changed", resigned(&flipped)),
        ("signature_cut_off", resigned(&bytes[..255])),
        ("signature_of_nothing", resigned(&[])),
        ("signature_of_zeros", resigned(&[0; 256])),
        ("signature_with_a_zero_before", resigned(&[&[0], bytes.as_slice()].concat())),
        ("signature_padded", format!("{right_token}==")),
        ("algorithm_none", signed(&json!({"alg": "none"}), &right(), |_| Vec::new())),
        ("algorithm_none_over_a_signature", renamed("none")),
        ("algorithm_missing", under(&json!({}))),
        ("algorithm_a_list", under(&json!({"alg": ["RS256"]}))),
        ("algorithm_of_a_shared_secret", hmac(&modulus)),
        ("algorithm_of_a_shared_secret_in_json", hmac(key.jwk().to_string().as_bytes())),
        ("algorithm_rs512", under(&json!({"alg": "RS512"}))),
        ("algorithm_in_small_letters", renamed("rs256")),
        ("algorithm_ps256_by_a_key_for_rs256", under(&json!({"alg": "PS256"}))),
        ("algorithm_of_a_curve", renamed("ES256")),
        ("header_critical", under(&json!({"alg": "RS256", "crit": ["exp"]}))),
        ("header_unencoded", under(&json!({"alg": "RS256", "b64": false}))),
        ("header_twice", format!("{header_twice}.{}", right_token.split_once('.').expect("parts").1)),
        ("type_of_an_access_token", under(&json!({"alg": "RS256", "typ": "at+jwt"}))),
        ("type_a_number", under(&json!({"alg": "RS256", "typ": 7}))),
        ("key_named_is_another", under(&json!({"alg": "RS256", "kid": "another"}))),
        ("a_part_too_few", text.to_owned()),
        ("a_part_too_many", format!("{right_token}.{signature}")),
        ("claims_a_list", signed(&json!({"alg": "RS256"}), &json!([]), |_| bytes.clone())),
        ("of_a_key_with_1024_bits", TOO_SHORT.to_owned()),
        ("empty", String::new()),
    ] {
        assert!(matches!(read(&token, &key.jwk()), Err(LoginError::Forged(_))), "{flaw}");
    }
    read(&right_token, &key.jwk()).expect("right");
    // A key of 1024 bits is none, so its tokens, though rightly signed, find nothing to be checked by.
    assert!(ProviderKey::read(json!({"kty": "RSA", "n": TOO_SHORT_KEY, "e": "AQAB"}), None).is_none());
}

/// Rightly signed with RS256 by [`TOO_SHORT_KEY`].
const TOO_SHORT: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL29wLmV4YW1wbGUiLCJhdWQiOiJ1cyIsIm5vbmNlIjoibiIsImlhdCI6OTkwLCJleHAiOjEyOTAsInN1YiI6IjEifQ.GJoQ87O1ktK21O1AjjPpbTL-mHG6uDXnOr_pUsE-rscGpJoI-pnk3sbJh1AM-oIK9FnrGa0mtrJp2BZtLg3z9axnLYWzO69BgonivpONaqCHklHJijtNm_sNaa-eVN_I8CLTZ3QIvuuMPf-lqz1AqPYBsEqxeiDL00K6wtluHpo";
const TOO_SHORT_KEY: &str = "vrLcvbNgJBt_qPDVdVPhlFrnINECfLKybMzcuVWmxow39iBar-FY-gN7ENZvOGGmj_HLNRjLKAOJ8fiW9nFUKh1v97TomfS47sVhUVflndaxA8z0OtktYbr13aTjwsMJisr43F0rFLhSag6rFIQVXvmkk7vjDmkftx-uUocuZqE";

/// A provider whose keys a test changes, and how often it was asked for them.
struct Publishing {
    client: OidcClient,
    keys: Arc<Mutex<Value>>,
    asked: Arc<Mutex<u32>>,
    known: Known,
}

impl Publishing {
    async fn start(keys: Value, description: Value) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let (keys, asked) = (Arc::new(Mutex::new(keys)), Arc::new(Mutex::new(0)));
        let mut about = json!({
            "issuer": address, "authorization_endpoint": format!("{address}/auth"),
            "token_endpoint": format!("{address}/token"), "jwks_uri": format!("{address}/jwks"),
        });
        for (name, value) in description.as_object().expect("an object") {
            about[name] = value.clone();
        }
        let published = {
            let (keys, asked) = (keys.clone(), asked.clone());
            move || async move {
                *asked.lock().expect("not poisoned") += 1;
                Json(json!({ "keys": *keys.lock().expect("not poisoned") }))
            }
        };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(move || async move { Json(about) }))
            .route("/jwks", get(published));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let client = OidcClient::new(Endpoint::parse(&address).expect("an address"), "us");
        Self { client, keys, asked, known: Known::new(outbound::client(Duration::from_secs(5))) }
    }

    async fn finds(&self, kid: Option<&str>, at: i64) -> bool {
        let now = UnixSeconds(at);
        let provider = self.known.provider(&self.client, now).await.expect("a provider");
        let meant = (kid, IdTokenAlgorithm::Rs256);
        self.known.key(&self.client, &provider, meant, now).await.is_ok()
    }

    fn asked(&self) -> u32 {
        *self.asked.lock().expect("not poisoned")
    }

    fn publish(&self, keys: Value) {
        *self.keys.lock().expect("not poisoned") = keys;
    }
}

fn named(place: usize, kid: &str) -> Value {
    let mut entry = RsaKey::nth(place).jwk();
    entry["kid"] = json!(kid);
    entry
}

#[tokio::test]
async fn keys_are_asked_for_once_and_again_when_one_is_unknown_but_not_without_end() {
    let provider = Publishing::start(json!([named(0, "a")]), json!({})).await;
    assert!(provider.finds(Some("a"), 1000).await && provider.finds(Some("a"), 1299).await);
    assert_eq!(provider.asked(), 1, "they are kept");
    provider.publish(json!([named(0, "a"), named(1, "b")]));
    assert!(provider.finds(Some("b"), 1299).await, "a new one is found at once");
    assert_eq!(provider.asked(), 2);
    for _ in 0..5 {
        assert!(!provider.finds(Some("c"), 1300).await);
    }
    assert_eq!(provider.asked(), 2, "tokens that name nothing don't make us ask without end");
    assert!(provider.finds(Some("a"), 1300).await, "and shut nobody out");
    assert!(!provider.finds(Some("c"), 1309).await);
    assert_eq!(provider.asked(), 3);
}

#[tokio::test]
async fn a_key_that_was_taken_out_counts_no_longer_than_it_is_kept() {
    let provider = Publishing::start(json!([named(0, "a")]), json!({})).await;
    assert!(provider.finds(Some("a"), 1000).await);
    provider.publish(json!([named(1, "b")]));
    assert!(provider.finds(Some("a"), 1299).await);
    assert!(!provider.finds(Some("a"), 1300).await);
    assert!(!provider.finds(Some("a"), 900).await, "nor when the clock is set back");
}

#[tokio::test]
async fn a_token_means_one_key_or_none() {
    let provider = Publishing::start(json!([named(0, "a"), named(1, "a"), named(1, "b")]), json!({})).await;
    assert!(!provider.finds(Some("a"), 1000).await, "two of one name");
    assert!(!provider.finds(None, 1000).await, "which of three?");
    assert!(provider.finds(Some("b"), 1000).await);
    provider.publish(json!([RsaKey::nth(0).jwk(), {"kty": "oct", "k": "AAAA"}, "nonsense"]));
    assert!(provider.finds(None, 1400).await, "the only one for this algorithm");
    assert!(!provider.finds(Some("a"), 1400).await, "it has no name");
}

#[tokio::test]
async fn a_provider_says_what_it_signs_with() {
    let says = json!({"id_token_signing_alg_values_supported": ["RS256", "HS256", "Ed25519"]});
    let provider = Publishing::start(json!([]), says).await;
    let described = provider.known.provider(&provider.client, UnixSeconds(1)).await.expect("a provider");
    let signs = |name| described.signs_with(IdTokenAlgorithm::named(name).expect("one of ours"));
    assert!(signs("RS256") && signs("EdDSA") && !signs("PS256") && !signs("ES256"));
    let silent = Publishing::start(json!([]), json!({})).await;
    let described = silent.known.provider(&silent.client, UnixSeconds(1)).await.expect("a provider");
    assert!(described.signs_with(IdTokenAlgorithm::Ps256));
    assert!(IdTokenAlgorithm::named("HS256").is_none() && IdTokenAlgorithm::named("none").is_none());

    let others = Publishing::start(json!([]), json!({"issuer": "https://evil.example"})).await;
    let refused = others.known.provider(&others.client, UnixSeconds(1)).await;
    assert!(matches!(refused, Err(LoginError::Forged(_))));
}

//! `oidc.rs` and `citizens/oidc.rs` over HTTP: an OpenID provider on loopback, right and wrong.

use std::sync::{Arc, Mutex};

use axum::routing::{get, post};
use axum::{Form, Json, Router};
use credentials::jws::{self, Header};
use credentials::key::{Algorithm, Signer, SoftwareKey};
use issuer::{Citizens, IdTokenAlgorithm, OidcConfig, Policy};
use protocol::pkce::CodeChallenge;
use rand_core::OsRng;
use serde_json::{Value, json};

use crate::authorize::{open, push};
use crate::world::World;

/// The PKCE verifiers that came.
type Seen = Arc<Mutex<Vec<String>>>;

/// A provider that says that whoever comes is the first citizen, with what a test changes of that.
pub struct Provider {
    pub address: String,
    /// Put over the claims of the next id_token.
    pub twist: Arc<Mutex<Value>>,
    /// The nonce that the next id_token has.
    pub nonce: Arc<Mutex<String>>,
    /// The verifiers that came.
    pub verifiers: Arc<Mutex<Vec<String>>>,
    /// What it signs with now, and publishes.
    pub signs: Arc<Mutex<Signs>>,
}

/// What a provider signs with.
#[derive(Clone)]
pub enum Signs {
    /// ES256, under a key without a name.
    Curve,
    /// RSA: which key, under which name, and what the header says besides.
    Rsa { place: usize, kid: &'static str, alg: &'static str },
}

impl Provider {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (twist, nonce, verifiers): (Arc<Mutex<Value>>, Arc<Mutex<String>>, Seen) =
            (Arc::new(Mutex::new(json!({}))), Arc::default(), Arc::default());
        let signs = Arc::new(Mutex::new(Signs::Curve));
        let key = Arc::new(SoftwareKey::generate(Algorithm::Es256, &mut OsRng));
        let at = |path: &str| format!("{address}{path}");
        let configuration = json!({
            "issuer": address, "authorization_endpoint": at("/auth"), "token_endpoint": at("/token"),
            "jwks_uri": at("/jwks"),
        });
        let jwks = {
            let (signs, key) = (signs.clone(), key.clone());
            move || async move {
                let unusable = json!({"kty": "RSA", "kid": "other", "n": "AQAB", "e": "AQAB"});
                let mut keys = vec![unusable, serde_json::to_value(key.public_key().to_jwk()).unwrap()];
                if let Signs::Rsa { place, kid, alg } = *signs.lock().unwrap() {
                    let mut published = testkit::RsaKey::nth(place).jwk();
                    published["kid"] = json!(kid);
                    published["alg"] = json!(alg);
                    published["use"] = json!("sig");
                    keys.push(published);
                }
                Json(json!({ "keys": keys }))
            }
        };
        let token = {
            let (twist, nonce, verifiers, issuer) =
                (twist.clone(), nonce.clone(), verifiers.clone(), address.clone());
            let signs = signs.clone();
            move |Form(sent): Form<std::collections::BTreeMap<String, String>>| async move {
                verifiers.lock().unwrap().push(sent["code_verifier"].clone());
                let now = service::clock::now().seconds();
                let person = testkit::Person::nth(0);
                let mut claims = json!({
                    "iss": issuer, "aud": "us", "sub": "1", "iat": now, "exp": now + 300,
                    "nonce": *nonce.lock().unwrap(), "name": person.name, "id_number": person.id_number,
                    "represents": [testkit::Company::nth(0).credit_code],
                });
                for (name, value) in twist.lock().unwrap().as_object().unwrap() {
                    claims[name] = value.clone();
                }
                let token = match *signs.lock().unwrap() {
                    Signs::Curve => jws::sign(&Header::default(), &claims, key.as_ref()).unwrap(),
                    Signs::Rsa { place, kid, alg } => testkit::RsaKey::nth(place)
                        .sign(&json!({"alg": alg, "kid": kid, "typ": "JWT"}), &claims),
                };
                Json(json!({"id_token": token, "access_token": "x", "token_type": "Bearer"}))
            }
        };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(move || async move { Json(configuration) }))
            .route("/jwks", get(jwks))
            .route("/token", post(token));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, twist, nonce, verifiers, signs }
    }
}

/// Logs the first citizen in; whether the issuer took her.
async fn logged_in(world: &World, provider: &Provider) -> bool {
    let opened = open(world, "cn.huizheng.wallet", &push(world, &[]).await).await;
    let cookie = opened.header("set-cookie").split(';').next().unwrap().to_owned();
    let address = url::Url::parse(opened.header("location")).unwrap();
    let of = |name: &str| address.query_pairs().find(|(n, _)| n == name).unwrap().1.into_owned();
    *provider.nonce.lock().unwrap() = of("nonce");
    let back = format!("/authorize/callback?code=c&state={}", of("state"));
    let answer = world.http.get_with(&back, &[("cookie", cookie)]).await;
    (answer.status, answer.header("location")) == (303, "/authorize/consent")
}

#[tokio::test]
async fn a_provider_signs_with_rsa_and_replaces_its_key() {
    let provider = Provider::start().await;
    let config = OidcConfig::new(provider.address.parse().unwrap(), "us");
    let world = World::of(Policy::default(), Citizens::OpenIdConnect(config.clone())).await;
    world.approved().await;
    let sign = |place, kid, alg| *provider.signs.lock().unwrap() = Signs::Rsa { place, kid, alg };
    sign(0, "first", "RS256");
    assert!(logged_in(&world, &provider).await);
    sign(1, "second", "PS256");
    assert!(logged_in(&world, &provider).await, "a key that is new is found at once");
    sign(0, "second", "RS256");
    assert!(!logged_in(&world, &provider).await, "another key under a known name, and no asking without end");
    world.stop().await;

    let mut only = config;
    only.client.id_token_algorithm = Some(IdTokenAlgorithm::Rs256);
    let world = World::of(Policy::default(), Citizens::OpenIdConnect(only)).await;
    world.approved().await;
    sign(1, "second", "PS256");
    assert!(!logged_in(&world, &provider).await, "only RS256 was agreed on");
    sign(1, "second", "RS256");
    assert!(logged_in(&world, &provider).await);
    world.stop().await;
}

#[tokio::test]
async fn a_citizen_logs_in_at_a_provider_and_a_forged_one_does_not() {
    let provider = Provider::start().await;
    let config = OidcConfig::new(provider.address.parse().unwrap(), "us");
    let world = World::of(Policy::default(), Citizens::OpenIdConnect(config)).await;
    world.approved().await;
    let forged = [
        ("right", json!({}), true),
        ("nonce_of_another_login", json!({"nonce": "another"}), false),
        ("for_another_client", json!({"aud": "them"}), false),
        ("of_another_provider", json!({"iss": "https://evil.example"}), false),
        ("expired", json!({"exp": 1}), false),
    ];
    for (name, twist, accepted) in forged {
        let opened = open(&world, "cn.huizheng.wallet", &push(&world, &[]).await).await;
        assert_eq!(opened.status, 303, "{}", opened.text());
        let cookie = opened.header("set-cookie").split(';').next().unwrap().to_owned();
        let address = url::Url::parse(opened.header("location")).unwrap();
        assert!(address.as_str().starts_with(&format!("{}/auth?", provider.address)));
        let of = |name: &str| address.query_pairs().find(|(n, _)| n == name).unwrap().1.into_owned();
        assert_eq!(of("redirect_uri"), format!("{}/authorize/callback", world.base()));
        assert_eq!(of("scope"), "openid profile");
        *provider.nonce.lock().unwrap() = of("nonce");
        *provider.twist.lock().unwrap() = twist;
        let back = format!("/authorize/callback?code=c&state={}", of("state"));
        let stranger = world.http.get_with(&back, &[("cookie", "hz_visit=AAAA".to_owned())]).await;
        assert_eq!(stranger.status, 401, "{name}: another browser");
        let answer = world.http.get_with(&back, &[("cookie", cookie)]).await;
        let led = (answer.status, answer.header("location"));
        assert_eq!(led == (303, "/authorize/consent"), accepted, "{name}: {led:?} {}", answer.text());
        let verifier = provider.verifiers.lock().unwrap().last().unwrap().as_str().into();
        assert_eq!(CodeChallenge::of(&verifier).as_str(), of("code_challenge"), "{name}");
    }
    world.stop().await;
}

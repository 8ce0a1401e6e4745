//! `oidc.rs` and `citizens/oidc.rs` over HTTP: an OpenID provider on loopback, right and wrong.

use std::sync::{Arc, Mutex};

use axum::routing::{get, post};
use axum::{Form, Json, Router};
use credentials::jws::{self, Header};
use credentials::key::{Algorithm, Signer, SoftwareKey};
use issuer::{Citizens, OidcConfig, Policy};
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
}

impl Provider {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (twist, nonce, verifiers): (Arc<Mutex<Value>>, Arc<Mutex<String>>, Seen) =
            (Arc::new(Mutex::new(json!({}))), Arc::default(), Arc::default());
        let key = Arc::new(SoftwareKey::generate(Algorithm::Es256, &mut OsRng));
        let at = |path: &str| format!("{address}{path}");
        let configuration = json!({
            "issuer": address, "authorization_endpoint": at("/auth"), "token_endpoint": at("/token"),
            "jwks_uri": at("/jwks"),
        });
        let rsa = json!({"kty": "RSA", "kid": "other", "n": "AQAB", "e": "AQAB"});
        let jwks = json!({"keys": [rsa, key.public_key().to_jwk()]});
        let token = {
            let (twist, nonce, verifiers, issuer) =
                (twist.clone(), nonce.clone(), verifiers.clone(), address.clone());
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
                let token = jws::sign(&Header::default(), &claims, key.as_ref()).unwrap();
                Json(json!({"id_token": token, "access_token": "x", "token_type": "Bearer"}))
            }
        };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(move || async move { Json(configuration) }))
            .route("/jwks", get(move || async move { Json(jwks) }))
            .route("/token", post(token));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, twist, nonce, verifiers }
    }
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

//! Signing in at an OpenID provider: OpenID Connect Core 1.0 with discovery, authorization code and PKCE. Citizens and the
//! staff go through it alike; who somebody is to us, they read from the claims for themselves.
//!
//! What the provider says is believed only by its signature over our nonce, under a key it publishes now. ES256, ES384 and
//! EdDSA count; RSA and shared secrets do not, so register the client with `id_token_signed_response_alg` of these.

use std::time::Duration;

use credentials::UnixSeconds;
use credentials::jws::{Times, Unverified};
use credentials::key::{Jwk, PublicKey};
use protocol::jwt::Audience;
use protocol::limits::{self, Form, Limits};
use protocol::pkce::{CodeChallenge, S256};
use protocol::{Endpoint, Secret};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use service::outbound;

use crate::login::{Login, LoginError};

/// A client as it is registered at a provider.
#[derive(Clone, Debug)]
pub struct OidcClient {
    /// The provider's issuer identifier.
    pub issuer: Endpoint,
    /// Our client id there.
    pub client_id: String,
    /// Our secret there, sent by `client_secret_post`; none for a public client.
    pub client_secret: Option<Secret>,
    /// Scopes beside `openid`.
    pub scopes: Vec<String>,
}

impl OidcClient {
    /// A public client that asks for `profile`.
    #[must_use]
    pub fn new(issuer: Endpoint, client_id: &str) -> Self {
        Self {
            issuer,
            client_id: client_id.to_owned(),
            client_secret: None,
            scopes: vec!["profile".to_owned()],
        }
    }
}

/// The relying party.
#[derive(Debug)]
pub(crate) struct RelyingParty {
    of: OidcClient,
    client: reqwest::Client,
}

/// The most bytes of an answer.
const LIMIT: usize = 64 << 10;
/// How old a login may be that is told of, in seconds.
const MAX_AGE: i64 = 600;

/// What is needed of OpenID Connect Discovery 1.0 §3.
#[derive(Deserialize)]
struct Provider {
    issuer: Endpoint,
    authorization_endpoint: Endpoint,
    token_endpoint: Endpoint,
    jwks_uri: Endpoint,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

#[derive(Deserialize)]
struct Keys {
    keys: Vec<Value>,
}

impl RelyingParty {
    /// A relying party of this provider.
    pub(crate) fn new(of: OidcClient) -> Self {
        Self { of, client: outbound::client(Duration::from_secs(10)) }
    }

    async fn provider(&self) -> Result<Provider, LoginError> {
        let path = ".well-known/openid-configuration";
        let address = self.of.issuer.join(path).map_err(|error| LoginError::Away(error.to_string()))?;
        let provider: Provider = self.answer(self.client.get(address.as_str())).await?;
        // Discovery §4.3: it must speak for the issuer it was asked of.
        if provider.issuer == self.of.issuer {
            Ok(provider)
        } else {
            Err(LoginError::Forged("the provider's description is of another issuer"))
        }
    }

    async fn answer<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T, LoginError> {
        let away = |error: &dyn std::fmt::Display| LoginError::Away(error.to_string());
        let answer = request.send().await.map_err(|_| LoginError::Away("no connection".to_owned()))?;
        let status = answer.status();
        let body = outbound::body(answer, LIMIT).await.map_err(|error| away(&error))?;
        if !status.is_success() {
            // A refused code is the login's fault, not the provider's.
            let refused = status.is_client_error();
            return Err(if refused { LoginError::Declined } else { away(&status) });
        }
        limits::json(&body, Limits::MESSAGE).map_err(|error| away(&error))
    }

    async fn key(&self, address: &Endpoint, kid: Option<&str>) -> Result<PublicKey, LoginError> {
        let keys: Keys = self.answer(self.client.get(address.as_str())).await?;
        // Keys of kinds that are not for us stand beside ours: they are passed over.
        let read = |value: Value| serde_json::from_value::<Jwk>(value).ok();
        let mut fitting = keys.keys.into_iter().filter_map(read).filter_map(|jwk| {
            let named = kid.is_none_or(|kid| jwk.kid.as_deref() == Some(kid));
            PublicKey::from_jwk(&jwk).ok().filter(|_| named)
        });
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key),
            _ => Err(LoginError::Forged("no one key of the provider's is named")),
        }
    }

    /// The address the browser goes to.
    ///
    /// # Errors
    /// [`LoginError::Away`].
    pub(crate) async fn begin(&self, login: &Login) -> Result<String, LoginError> {
        let provider = self.provider().await?;
        let scope = std::iter::once("openid").chain(self.of.scopes.iter().map(String::as_str));
        let form = Form::default()
            .with("response_type", Some("code"))
            .with("client_id", Some(&self.of.client_id))
            .with("redirect_uri", Some(login.callback.as_str()))
            .with("scope", Some(&scope.collect::<Vec<_>>().join(" ")))
            .with("state", Some(&login.state))
            .with("nonce", Some(&login.nonce))
            .with("code_challenge", Some(CodeChallenge::of(&login.verifier).as_str()))
            .with("code_challenge_method", Some(S256));
        let address = provider.authorization_endpoint.as_str();
        let joint = if address.contains('?') { '&' } else { '?' };
        Ok(format!("{address}{joint}{}", form.encode()))
    }

    /// What the provider says of whoever logged in, by the parameters that the browser came back with. That the `state` is right
    /// was checked.
    ///
    /// # Errors
    /// [`LoginError`].
    pub(crate) async fn finish(
        &self,
        login: &Login,
        answer: &Form,
    ) -> Result<Map<String, Value>, LoginError> {
        // RFC 9207: a provider that names itself must name itself rightly.
        if answer.get("iss").is_some_and(|iss| iss != self.of.issuer.as_str()) {
            return Err(LoginError::Forged("the answer is another provider's"));
        }
        let code =
            answer.get("code").filter(|_| answer.get("error").is_none()).ok_or(LoginError::Declined)?;
        let provider = self.provider().await?;
        let form = Form::default()
            .with("grant_type", Some("authorization_code"))
            .with("code", Some(code))
            .with("redirect_uri", Some(login.callback.as_str()))
            .with("code_verifier", Some(login.verifier.expose()))
            .with("client_id", Some(&self.of.client_id))
            .with("client_secret", self.of.client_secret.as_ref().map(Secret::expose));
        let request = self
            .client
            .post(provider.token_endpoint.as_str())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.encode());
        let Tokens { id_token } = self.answer(request).await?;
        let token = Unverified::parse(&id_token).map_err(|_| LoginError::Forged("the id_token is no JWT"))?;
        let key = self.key(&provider.jwks_uri, token.header().kid.as_deref()).await?;
        let now = UnixSeconds(service::clock::now().seconds());
        believed(&self.of, token, &key, login, now)
    }
}

/// The claims of a token that is to be believed (OpenID Connect Core 1.0 §3.1.3.7).
fn believed(
    client: &OidcClient,
    token: Unverified,
    key: &PublicKey,
    login: &Login,
    now: UnixSeconds,
) -> Result<Map<String, Value>, LoginError> {
    let forged = LoginError::Forged;
    // Providers write `JWT` or nothing; a token of a kind of its own (`at+jwt`, `logout+jwt`) is no id_token.
    let typ = token.header().typ.clone();
    if typ.as_deref().is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT")) {
        return Err(forged("another type of token"));
    }
    let claims: Map<String, Value> =
        token.verify_untyped(key).map_err(|_| forged("the id_token's signature is wrong"))?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(client.issuer.as_str()) {
        return Err(forged("the id_token is of another issuer"));
    }
    let audience: Option<Audience> =
        claims.get("aud").and_then(|aud| serde_json::from_value(aud.clone()).ok());
    if !audience.is_some_and(|audience| audience.is_only(&client.client_id)) {
        return Err(forged("the id_token is for another client"));
    }
    if text("nonce") != Some(login.nonce.as_str()) {
        return Err(forged("the id_token is of another login"));
    }
    let times = Times::of(&claims).map_err(|_| forged("the id_token's times are wrong"))?;
    let issued = times.iat.filter(|_| times.exp.is_some()).ok_or(forged("the id_token has no times"))?;
    times.check(now).map_err(|_| forged("the id_token is not of now"))?;
    if issued.plus(MAX_AGE) < now {
        return Err(forged("the id_token is too old"));
    }
    if text("sub").is_none_or(str::is_empty) {
        return Err(forged("the id_token is of nobody"));
    }
    Ok(claims)
}

#[cfg(test)]
mod tests {
    use credentials::jws::{self, Header};
    use credentials::key::{Algorithm, Signer, SoftwareKey};
    use rand_core::OsRng;
    use serde_json::json;

    use super::*;

    fn login() -> Login {
        Login {
            state: "s".into(),
            nonce: "n".into(),
            verifier: "v".into(),
            callback: Endpoint::parse("https://issuer.example/authorize/callback").expect("address"),
        }
    }

    fn read(
        header: &Header,
        claims: &Value,
        signer: &SoftwareKey,
        key: &PublicKey,
    ) -> Result<Map<String, Value>, LoginError> {
        let client = OidcClient::new(Endpoint::parse("https://op.example").expect("address"), "us");
        let token = Unverified::parse(&jws::sign(header, claims, signer).expect("signed")).expect("a token");
        believed(&client, token, key, &login(), UnixSeconds(1000))
    }

    #[test]
    fn an_id_token_is_read_strictly() {
        let signer = SoftwareKey::generate(Algorithm::Es256, &mut OsRng);
        let key = signer.public_key().clone();
        let right = json!({
            "iss": "https://op.example", "aud": "us", "nonce": "n", "iat": 990, "exp": 1290, "sub": "1",
        });
        let found = read(&Header::default(), &right, &signer, &key).expect("right");
        assert_eq!(found["sub"], "1");
        read(&Header::typed("JWT"), &right, &signer, &key).expect("right");

        let with = |name: &str, value: Value| {
            let mut claims = right.clone();
            claims[name] = value;
            claims
        };
        for (flaw, claims) in [
            ("issuer_of_another", with("iss", json!("https://evil.example"))),
            ("audience_of_another", with("aud", json!("them"))),
            ("audience_of_several", with("aud", json!(["us", "them"]))),
            ("nonce_of_another_login", with("nonce", json!("m"))),
            ("nonce_missing", with("nonce", Value::Null)),
            ("expired", with("exp", json!(900))),
            ("no_end", with("exp", Value::Null)),
            ("end_as_text", with("exp", json!("1290"))),
            ("from_the_future", with("iat", json!(1200))),
            ("old", with("iat", json!(100))),
            ("of_nobody", with("sub", json!(""))),
        ] {
            assert!(
                matches!(read(&Header::default(), &claims, &signer, &key), Err(LoginError::Forged(_))),
                "{flaw}"
            );
        }
        let other = SoftwareKey::generate(Algorithm::Es256, &mut OsRng);
        for (flaw, header, signer, key) in [
            ("another_key", Header::default(), &other, &key),
            ("another_type", Header::typed("at+jwt"), &signer, &key),
            (
                "another_algorithm",
                Header::default(),
                &signer,
                SoftwareKey::generate(Algorithm::EdDsa, &mut OsRng).public_key(),
            ),
        ] {
            assert!(matches!(read(&header, &right, signer, key), Err(LoginError::Forged(_))), "{flaw}");
        }
    }
}

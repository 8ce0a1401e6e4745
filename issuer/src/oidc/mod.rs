//! Signing in at an OpenID provider: OpenID Connect Core 1.0 with discovery, authorization code and PKCE. Citizens and the
//! staff go through it alike; who somebody is to us, they read from the claims for themselves.
//!
//! What the provider says is believed only by its signature over our nonce, under a key that it publishes. RS256, PS256 (RSA of
//! 2048 bits and more), ES256, ES384 and EdDSA count; shared secrets do not. A key is for one algorithm, and a token that names
//! another is refused.

mod algorithm;
mod id_token;
mod known;
mod published;
#[cfg(test)]
mod tests;

use std::time::Duration;

use credentials::UnixSeconds;
use protocol::limits::Form;
use protocol::pkce::{CodeChallenge, S256};
use protocol::{Endpoint, Secret};
use serde::Deserialize;
use serde_json::{Map, Value};
use service::outbound;

use crate::login::{Login, LoginError};
use id_token::IdToken;
use known::Known;

pub use algorithm::IdTokenAlgorithm;

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
    /// What the provider signs our ID tokens with, if only that counts; else whatever it says that it signs with.
    pub id_token_algorithm: Option<IdTokenAlgorithm>,
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
            id_token_algorithm: None,
        }
    }
}

/// The relying party.
#[derive(Debug)]
pub(crate) struct RelyingParty {
    of: OidcClient,
    client: reqwest::Client,
    known: Known,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

impl RelyingParty {
    /// A relying party of this provider.
    pub(crate) fn new(of: OidcClient) -> Self {
        let client = outbound::client(Duration::from_secs(10));
        Self { of, known: Known::new(client.clone()), client }
    }

    /// The address the browser goes to.
    ///
    /// # Errors
    /// [`LoginError::Away`].
    pub(crate) async fn begin(&self, login: &Login) -> Result<String, LoginError> {
        let provider = self.known.provider(&self.of, now()).await?;
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
        let provider = self.known.provider(&self.of, now()).await?;
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
        let Tokens { id_token } = self.known.answer(request).await?;
        let token = IdToken::parse(&id_token)?;
        let algorithm = token.algorithm();
        if self.of.id_token_algorithm.is_some_and(|only| only != algorithm) || !provider.signs_with(algorithm)
        {
            return Err(LoginError::Forged("the id_token is signed in a way that was not agreed on"));
        }
        let key = self.known.key(&self.of, &provider, (token.kid(), algorithm), now()).await?;
        token.believed(&self.of, &key, login, now())
    }
}

fn now() -> UnixSeconds {
    UnixSeconds(service::clock::now().seconds())
}

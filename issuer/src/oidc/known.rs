//! What is known of a provider: its description and its keys, asked for when needed and kept for a short while.
//!
//! A key that the provider takes out counts for as long as what is known is kept, and no longer. A key that it puts in is found
//! at once: a token that names one we don't know makes us ask again, but not more often than [`AGAIN`].

use credentials::UnixSeconds;
use protocol::Endpoint;
use protocol::limits::{self, Limits};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use service::{outbound, trace_context};
use tokio::sync::Mutex;

use super::published::ProviderKey;
use super::{IdTokenAlgorithm, OidcClient};
use crate::login::LoginError;

/// The most bytes of an answer.
const LIMIT: usize = 256 << 10;
/// The most keys that are looked at.
const MOST_KEYS: usize = 64;
/// How long what the provider said is believed, in seconds.
const KEPT: i64 = 300;
/// How long at least between two times that unknown keys make us ask, in seconds.
const AGAIN: i64 = 10;

/// What is needed of OpenID Connect Discovery 1.0 §3.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Provider {
    issuer: Endpoint,
    pub(super) authorization_endpoint: Endpoint,
    pub(super) token_endpoint: Endpoint,
    jwks_uri: Endpoint,
    /// What it signs ID tokens with.
    #[serde(default)]
    id_token_signing_alg_values_supported: Option<Vec<String>>,
}

impl Provider {
    /// Whether it says that it signs so; required of its description, but not everywhere there.
    pub(super) fn signs_with(&self, algorithm: IdTokenAlgorithm) -> bool {
        let named = |list: &Vec<String>| list.iter().any(|n| IdTokenAlgorithm::named(n) == Some(algorithm));
        self.id_token_signing_alg_values_supported.as_ref().is_none_or(named)
    }
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

/// Asks a provider, and remembers.
#[derive(Debug)]
pub(super) struct Known {
    client: reqwest::Client,
    provider: Mutex<Option<(Provider, UnixSeconds)>>,
    keys: Mutex<Option<Keys>>,
}

#[derive(Debug)]
struct Keys {
    all: Vec<ProviderKey>,
    /// When they were asked for.
    at: UnixSeconds,
    /// When a key that is not among them made us ask again.
    again: Option<UnixSeconds>,
}

impl Known {
    pub(super) fn new(client: reqwest::Client) -> Self {
        Self { client, provider: Mutex::new(None), keys: Mutex::new(None) }
    }

    /// The provider's description.
    ///
    /// # Errors
    /// [`LoginError`].
    pub(super) async fn provider(&self, of: &OidcClient, now: UnixSeconds) -> Result<Provider, LoginError> {
        let mut known = self.provider.lock().await;
        if let Some((provider, _)) = known.as_ref().filter(|(_, at)| is_fresh(*at, now)) {
            return Ok(provider.clone());
        }
        let path = ".well-known/openid-configuration";
        let address = of.issuer.join(path).map_err(|error| LoginError::Away(error.to_string()))?;
        let provider: Provider = self.answer(self.client.get(address.as_str())).await?;
        // Discovery §4.3: it must speak for the issuer it was asked of.
        if provider.issuer != of.issuer {
            return Err(LoginError::Forged("the provider's description is of another issuer"));
        }
        *known = Some((provider.clone(), now));
        Ok(provider)
    }

    /// The one key that a token means by what its header says.
    ///
    /// # Errors
    /// [`LoginError::Forged`] when the provider has no such key, or several.
    pub(super) async fn key(
        &self,
        of: &OidcClient,
        provider: &Provider,
        (kid, algorithm): (Option<&str>, IdTokenAlgorithm),
        now: UnixSeconds,
    ) -> Result<ProviderKey, LoginError> {
        let mut known = self.keys.lock().await;
        let kept = known.take().filter(|keys| is_fresh(keys.at, now));
        let (mut keys, just_asked) = match kept {
            Some(keys) => (keys, false),
            None => (Keys { all: self.published(of, provider).await?, at: now, again: None }, true),
        };
        let is_known = keys.all.iter().any(|key| key.is_meant(kid, algorithm));
        let may_ask = !just_asked && keys.again.is_none_or(|last| last.plus(AGAIN) <= now);
        if !is_known && may_ask {
            let all = self.published(of, provider).await;
            keys.again = Some(now);
            match all {
                Ok(all) => keys = Keys { all, at: now, ..keys },
                Err(error) => {
                    *known = Some(keys);
                    return Err(error);
                }
            }
        }
        let mut fitting = keys.all.iter().filter(|key| key.is_meant(kid, algorithm));
        let found = match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key.clone()),
            _ => Err(LoginError::Forged("no one key of the provider's is named")),
        };
        *known = Some(keys);
        found
    }

    async fn published(&self, of: &OidcClient, provider: &Provider) -> Result<Vec<ProviderKey>, LoginError> {
        let set: KeySet = self.answer(self.client.get(provider.jwks_uri.as_str())).await?;
        let keys = set.keys.into_iter().take(MOST_KEYS);
        Ok(keys.filter_map(|entry| ProviderKey::read(entry, of.id_token_algorithm)).collect())
    }

    /// What an answer says.
    ///
    /// # Errors
    /// [`LoginError`].
    pub(super) async fn answer<T: DeserializeOwned>(
        &self,
        request: reqwest::RequestBuilder,
    ) -> Result<T, LoginError> {
        let away = |error: &dyn std::fmt::Display| LoginError::Away(error.to_string());
        let answer = trace_context::pass_on(request)
            .send()
            .await
            .map_err(|_| LoginError::Away("no connection".to_owned()))?;
        let status = answer.status();
        let body = outbound::body(answer, LIMIT).await.map_err(|error| away(&error))?;
        if !status.is_success() {
            // A refused code is the login's fault, not the provider's.
            let refused = status.is_client_error();
            return Err(if refused { LoginError::Declined } else { away(&status) });
        }
        limits::json(&body, Limits::MESSAGE).map_err(|error| away(&error))
    }
}

/// Neither old nor, when the clock was set back, from a time to come.
fn is_fresh(at: UnixSeconds, now: UnixSeconds) -> bool {
    at <= now && now < at.plus(KEPT)
}

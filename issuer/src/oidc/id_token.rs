//! An ID token: taken apart, and believed or not (OpenID Connect Core 1.0 §2, §3.1.3.7).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use credentials::jws::Times;
use credentials::{UnixSeconds, json};
use protocol::jwt::Audience;
use serde_json::{Map, Value};

use super::published::ProviderKey;
use super::{IdTokenAlgorithm, OidcClient};
use crate::login::{Login, LoginError};

/// How old a login may be that is told of, in seconds.
const MAX_AGE: i64 = 600;

/// A token as it came: nothing in it is to be believed.
pub(super) struct IdToken {
    algorithm: IdTokenAlgorithm,
    kid: Option<String>,
    signed: String,
    signature: Vec<u8>,
    claims: Map<String, Value>,
}

impl IdToken {
    /// Takes a compact JWS apart (RFC 7515 §3.1). Keys in its header, and addresses of keys, are not looked at.
    ///
    /// # Errors
    /// [`LoginError::Forged`].
    pub(super) fn parse(text: &str) -> Result<Self, LoginError> {
        let form = LoginError::Forged("the id_token is no JWT");
        let mut parts = text.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(form);
        };
        let object = |part: &str| {
            let bytes = BASE64.decode(part).ok()?;
            match json::parse(&bytes) {
                Ok(Value::Object(object)) => Some(object),
                _ => None,
            }
        };
        let (Some(header), Some(claims), Ok(signature)) =
            (object(header), object(payload), BASE64.decode(signature))
        else {
            return Err(form);
        };
        if header.contains_key("crit") || header.contains_key("b64") {
            return Err(LoginError::Forged("the id_token has a critical header that is not understood"));
        }
        let text_of = |name: &str| match header.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(LoginError::Forged("the id_token is no JWT")),
        };
        // Providers write `JWT` or nothing; a token of a kind of its own (`at+jwt`, `logout+jwt`) is no id_token.
        if text_of("typ")?.is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT")) {
            return Err(LoginError::Forged("another type of token"));
        }
        let algorithm = text_of("alg")?.and_then(IdTokenAlgorithm::named);
        Ok(Self {
            algorithm: algorithm.ok_or(LoginError::Forged("the id_token is signed in no way that counts"))?,
            kid: text_of("kid")?.map(str::to_owned),
            signed: text[..text.rfind('.').unwrap_or_default()].to_owned(),
            signature,
            claims,
        })
    }

    /// The algorithm that it names: it must be one that was agreed on, and finds no other key than one for it.
    pub(super) fn algorithm(&self) -> IdTokenAlgorithm {
        self.algorithm
    }

    /// The key that it names.
    pub(super) fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Its claims, if it is to be believed.
    ///
    /// # Errors
    /// [`LoginError::Forged`].
    pub(super) fn believed(
        self,
        client: &OidcClient,
        key: &ProviderKey,
        login: &Login,
        now: UnixSeconds,
    ) -> Result<Map<String, Value>, LoginError> {
        let forged = LoginError::Forged;
        if !key.is_meant(self.kid(), self.algorithm) || !key.verifies(self.signed.as_bytes(), &self.signature)
        {
            return Err(forged("the id_token's signature is wrong"));
        }
        let claims = self.claims;
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        if text("iss") != Some(client.issuer.as_str()) {
            return Err(forged("the id_token is of another issuer"));
        }
        let audience: Option<Audience> =
            claims.get("aud").and_then(|aud| serde_json::from_value(aud.clone()).ok());
        let is_party = |azp: &Value| azp.as_str() == Some(client.client_id.as_str());
        if !audience.is_some_and(|audience| audience.is_only(&client.client_id))
            || !claims.get("azp").is_none_or(is_party)
        {
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
}

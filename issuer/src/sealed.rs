//! Encrypted requests and responses (OpenID4VCI 1.0 §10): by ECDH-ES on P-256 with AES-GCM.

use axum::response::{IntoResponse, Response};
use credentials::jwe::{self, DecryptionKey, ECDH_ES, Enc, EncryptionKey, JweError};
use credentials::key::Jwk;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use protocol::openid4vci::{CredentialErrorCode, ResponseEncryption};
use rand_core::OsRng;
use serde::Serialize;
use serde_json::Value;
use service::OAuthError;
use zeroize::Zeroizing;

use crate::core::Core;
use crate::seals::Seals;

/// The id of the key that requests are encrypted to.
const KEY_ID: &str = "request-encryption";

/// The key that requests are encrypted to: the same over restarts and in every instance.
pub(crate) fn key(seals: &Seals) -> Result<DecryptionKey, crate::metadata::MetadataError> {
    Ok(DecryptionKey::from_secret_bytes(KEY_ID, seals.encryption_secret().as_slice())?)
}

/// A request's body, decrypted.
pub(crate) fn opened(app: &Core, body: &[u8]) -> Result<Zeroizing<Vec<u8>>, OAuthError> {
    let text = std::str::from_utf8(body).map_err(|_| JweError::Form);
    text.and_then(|text| jwe::decrypt(text, &app.encryption)).map_err(|error| bad(error.to_string()))
}

/// What the wallet wants its answer encrypted to; checked before anything is done.
#[derive(Debug)]
pub(crate) struct Sealing {
    key: EncryptionKey,
    enc: Enc,
}

impl Sealing {
    /// Reads what the wallet asks for.
    pub(crate) fn of(asked: Option<ResponseEncryption>) -> Result<Option<Self>, OAuthError> {
        let Some(asked) = asked else { return Ok(None) };
        if asked.zip.is_some() {
            return Err(bad("responses are not compressed here"));
        }
        let enc = Enc::named(&asked.enc).ok_or_else(|| bad("enc must be A128GCM or A256GCM"))?;
        if asked.jwk.get("alg").and_then(Value::as_str) != Some(ECDH_ES) {
            return Err(bad("the jwk's alg must be ECDH-ES"));
        }
        let jwk: Jwk = serde_json::from_value(Value::Object(asked.jwk)).map_err(|_| bad("jwk is no key"))?;
        let key = EncryptionKey::from_jwk(&jwk).map_err(|_| bad("jwk must be a public key on P-256"))?;
        Ok(Some(Self { key, enc }))
    }
}

/// The answer: encrypted if that was asked for.
pub(crate) fn answer(status: StatusCode, value: &impl Serialize, sealing: Option<&Sealing>) -> Response {
    let Ok(body) = serde_json::to_vec(value).map(Zeroizing::new) else {
        return OAuthError::internal("an answer that is no JSON").into_response();
    };
    let (media_type, body) = match sealing {
        None => ("application/json", body.to_vec()),
        Some(Sealing { key, enc }) => match jwe::encrypt(&body, key, *enc, &mut OsRng) {
            Ok(text) => ("application/jwt", text.into_bytes()),
            Err(error) => return OAuthError::internal(error).into_response(),
        },
    };
    (status, [(CONTENT_TYPE, media_type), (CACHE_CONTROL, "no-store")], body).into_response()
}

fn bad(text: impl Into<std::borrow::Cow<'static, str>>) -> OAuthError {
    OAuthError::new(CredentialErrorCode::InvalidEncryptionParameters.as_str().to_owned()).description(text)
}

//! What is asked, signed (OpenID4VP 1.0 §5.10, RFC 9101).

use credentials::jwe::{DecryptionKey, JweError};
use credentials::jws::{self, CreateError, Header};
use protocol::jwt::NumericDate;
use protocol::openid4vp::{
    AuthorizationRequest, ClientMetadata, REQUEST_TYPE, ResponseMode, VerifierInfo, VpFormats,
};
use protocol::{EndpointError, Secret};
use serde_json::Value;
use service::NoAnswerKey;

use super::{OneStops, Step};
use crate::model::Presentation;

/// Why a request could not be signed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ObjectError {
    /// The address of the response.
    #[error(transparent)]
    Address(#[from] EndpointError),
    /// The key.
    #[error(transparent)]
    Sign(#[from] CreateError),
    /// Its seal has no key to encrypt to: it was asked by a version before, or the store was changed.
    #[error(transparent)]
    NoKey(#[from] NoAnswerKey),
    /// The key to encrypt to.
    #[error(transparent)]
    Key(#[from] JweError),
}

/// The algorithms taken from issuers and holders: those that chains have keys of.
const JOSE: [&str; 2] = ["ES256", "EdDSA"];
const CRYPTOSUITES: [&str; 2] = ["eddsa-jcs-2022", "ecdsa-jcs-2019"];
/// The id of the key that answers are encrypted to among those of its request: there is only one.
pub(super) const KEY_ID: &str = "response";

impl OneStops {
    /// Signs what is asked. `wallet_nonce` is what the wallet posted, if it did.
    pub(crate) fn signed(
        &self,
        asked: &Presentation,
        step: &Step,
        wallet_nonce: Option<String>,
    ) -> Result<String, ObjectError> {
        let nonce = self.seals.presentation_secret(asked.id, "nonce").to_string();
        let response_uri = self.response_uri(asked.id)?;
        let metadata = ClientMetadata {
            vp_formats_supported: Some(VpFormats::new(&JOSE, &CRYPTOSUITES)),
            client_name: Some(self.name.clone()),
            ..ClientMetadata::default()
        };
        let jwk = DecryptionKey::jwk_of(KEY_ID, &self.keys.open(&asked.seal)?.point)?;
        let Value::Object(jwk) = serde_json::to_value(jwk).map_err(|_| JweError::Key)? else {
            return Err(JweError::Key.into());
        };
        let claims = AuthorizationRequest {
            state: Some(Secret::new(self.seals.presentation_secret(asked.id, "state").as_str())),
            response_mode: Some(ResponseMode::DirectPostJwt),
            client_metadata: Some(metadata.with_encryption(jwk)),
            verifier_info: Some(vec![VerifierInfo::for_purpose(step.purpose.as_str())]),
            wallet_nonce,
            iat: Some(NumericDate(asked.asked_at.0)),
            exp: Some(NumericDate(asked.expires_at.0)),
            ..AuthorizationRequest::direct_post(self.client_id(), response_uri, nonce, step.query.clone())
        };
        let signing = self.identity.es256();
        Ok(jws::sign(&Header::typed(REQUEST_TYPE).with_kid(signing.id()), &claims, signing.key())?)
    }
}

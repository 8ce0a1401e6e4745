//! What is asked, signed (OpenID4VP 1.0 §5.10, RFC 9101).

use credentials::jws::{self, CreateError, Header};
use protocol::jwt::NumericDate;
use protocol::openid4vp::{AuthorizationRequest, ClientMetadata, REQUEST_TYPE, VerifierInfo, VpFormats};
use protocol::{EndpointError, Secret};

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
}

/// The algorithms taken from issuers and holders: those that chains have keys of.
const JOSE: [&str; 2] = ["ES256", "EdDSA"];
const CRYPTOSUITES: [&str; 2] = ["eddsa-jcs-2022", "ecdsa-jcs-2019"];

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
        let claims = AuthorizationRequest {
            state: Some(Secret::new(self.seals.presentation_secret(asked.id, "state").as_str())),
            client_metadata: Some(ClientMetadata {
                vp_formats_supported: Some(VpFormats::new(&JOSE, &CRYPTOSUITES)),
                client_name: Some(self.name.clone()),
                ..ClientMetadata::default()
            }),
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

//! The signed request object.

use credentials::jwe::JweError;
use credentials::jws::{self, CreateError};
use protocol::dcql::DcqlQuery;
use protocol::jwt::NumericDate;
use protocol::openid4vp::{AuthorizationRequest, ClientMetadata, ResponseMode, VerifierInfo, VpFormats};
use protocol::{Endpoint, EndpointError, Secret};

use super::record::{Request, RequestId};
use crate::identity::Identity;

/// Why a request could not be signed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ObjectError {
    /// The address of the response.
    #[error(transparent)]
    Address(#[from] EndpointError),
    /// The key.
    #[error(transparent)]
    Sign(#[from] CreateError),
    /// The key to encrypt to.
    #[error(transparent)]
    Key(#[from] JweError),
    /// It is to be known by a DNS name, and its address has none.
    #[error("the base URL has no host name, so there is no x509_san_dns")]
    NoHostName,
}

/// The algorithms taken from issuers and holders.
const JOSE: [&str; 2] = ["ES256", "EdDSA"];
/// The same as COSE numbers, those of RFC 9864 among them.
const COSE: [i64; 4] = [-7, -9, -8, -19];
const CRYPTOSUITES: [&str; 2] = ["eddsa-jcs-2022", "ecdsa-jcs-2019"];

/// Where a request is answered.
pub(crate) fn response_uri(id: &RequestId, base: &Endpoint) -> Result<Endpoint, EndpointError> {
    base.join(&format!("/requests/{id}/response"))
}

/// Signs a request. `wallet_nonce` is what the wallet posted, if it did.
pub(crate) fn signed(
    id: &RequestId,
    request: &Request,
    query: &DcqlQuery,
    wallet_nonce: Option<String>,
    (identity, base, name): (&Identity, &Endpoint, &str),
) -> Result<String, ObjectError> {
    let response_uri = response_uri(id, base)?;
    let manner = &request.manner;
    let client_id = identity.client_id(manner.known_by).ok_or(ObjectError::NoHostName)?.clone();
    let mut metadata = ClientMetadata {
        vp_formats_supported: Some(VpFormats::new(&JOSE, &CRYPTOSUITES).with_mdoc(&COSE)),
        client_name: Some(name.to_owned()),
        ..ClientMetadata::default()
    };
    if manner.encrypted {
        let jwk = identity.sealing().jwk(&request.seal)?;
        let serde_json::Value::Object(jwk) = serde_json::to_value(jwk).map_err(|_| JweError::Key)? else {
            return Err(JweError::Key.into());
        };
        metadata = metadata.with_encryption(jwk);
    }
    let mode = if manner.encrypted { ResponseMode::DirectPostJwt } else { ResponseMode::DirectPost };
    let transactions = &manner.transaction_data;
    let claims = AuthorizationRequest {
        state: Some(Secret::new(&*request.state)),
        response_mode: Some(mode),
        client_metadata: Some(metadata),
        transaction_data: (!transactions.is_empty()).then(|| transactions.clone()),
        verifier_info: Some(vec![VerifierInfo::for_purpose(request.purpose.as_str())]),
        wallet_nonce,
        iat: Some(NumericDate(request.created.seconds())),
        exp: Some(NumericDate(request.expires.seconds())),
        ..AuthorizationRequest::direct_post(client_id, response_uri, request.nonce.clone(), query.clone())
    };
    Ok(jws::sign(&identity.header(manner.known_by), &claims, identity.signer())?)
}

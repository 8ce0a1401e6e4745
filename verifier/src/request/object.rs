//! The signed request object.

use credentials::jws::{self, CreateError, Header};
use protocol::dcql::DcqlQuery;
use protocol::jwt::NumericDate;
use protocol::openid4vp::{AuthorizationRequest, ClientMetadata, REQUEST_TYPE, VerifierInfo, VpFormats};
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
    let client_id = identity.client_id().clone();
    let claims = AuthorizationRequest {
        state: Some(Secret::new(&*request.state)),
        client_metadata: Some(ClientMetadata {
            vp_formats_supported: Some(VpFormats::new(&JOSE, &CRYPTOSUITES).with_mdoc(&COSE)),
            client_name: Some(name.to_owned()),
            ..ClientMetadata::default()
        }),
        verifier_info: Some(vec![VerifierInfo::for_purpose(request.purpose.as_str())]),
        wallet_nonce,
        iat: Some(NumericDate(request.created.seconds())),
        exp: Some(NumericDate(request.expires.seconds())),
        ..AuthorizationRequest::direct_post(client_id, response_uri, request.nonce.clone(), query.clone())
    };
    let (key, kid) = identity.signer();
    Ok(jws::sign(&Header::typed(REQUEST_TYPE).with_kid(kid), &claims, key)?)
}

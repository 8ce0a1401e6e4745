//! The authorization server's metadata (RFC 8414, and OpenID4VCI 1.0 §12.3).

use serde::{Deserialize, Serialize};

use crate::Endpoint;

/// What an authorization server says of itself. Members not named here are ignored on reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationServerMetadata {
    /// Its identifier, equal to the URL the metadata was found with.
    pub issuer: Endpoint,
    /// Where tokens are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint: Option<Endpoint>,
    /// Where holders are authorised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_endpoint: Option<Endpoint>,
    /// Where authorization requests are pushed (RFC 9126).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pushed_authorization_request_endpoint: Option<Endpoint>,
    /// RFC 8414 requires it; empty where there is no authorization endpoint.
    #[serde(default)]
    pub response_types_supported: Vec<String>,
    /// The grants it gives tokens for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grant_types_supported: Vec<String>,
    /// How clients authenticate at the token endpoint; `none` is one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub token_endpoint_auth_methods_supported: Vec<String>,
    /// Algorithms for DPoP proofs (RFC 9449).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dpop_signing_alg_values_supported: Vec<String>,
    /// Challenge methods for PKCE (RFC 7636).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub code_challenge_methods_supported: Vec<String>,
    /// Are requests to the authorization endpoint taken by reference only (RFC 9126 §5)?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub require_pushed_authorization_requests: bool,
    /// Does it name itself in its answers (RFC 9207 §3)?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub authorization_response_iss_parameter_supported: bool,
    /// May a wallet without a client id use a pre-authorized code?
    #[serde(rename = "pre-authorized_grant_anonymous_access_supported", default)]
    pub anonymous_access: bool,
}

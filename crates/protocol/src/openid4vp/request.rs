//! The authorization request, as the signed object that a wallet fetches (§5).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::codes::open_codes;
use crate::dcql::DcqlQuery;
use crate::jwt::{Audience, NumericDate};
use crate::limits::{self, Limits};
use crate::{Endpoint, Secret};

use super::{BadRequest, ClientId, ClientIdPrefix, ClientMetadata, VerifierInfo};

/// The `typ` of a signed request (RFC 9101 §10.8).
pub const REQUEST_TYPE: &str = "oauth-authz-req+jwt";
/// The media type a signed request is served with.
pub const REQUEST_CONTENT_TYPE: &str = "application/oauth-authz-req+jwt";
/// So many certificates a header may carry.
const MAX_CERTIFICATES: usize = 4;
/// The audience of a request to a wallet that was not discovered (§5.8).
pub const SELF_ISSUED: &str = "https://self-issued.me/v2";

open_codes! {
    /// How the response is to be sent (§8.2, §8.3).
    ResponseMode {
        /// Posted to `response_uri`.
        DirectPost = "direct_post",
        /// Encrypted and posted to `response_uri`.
        DirectPostJwt = "direct_post.jwt",
        /// In the fragment of a redirect.
        Fragment = "fragment",
        /// Through the Digital Credentials API.
        DcApi = "dc_api",
        /// Through the Digital Credentials API, encrypted.
        DcApiJwt = "dc_api.jwt",
    }
}

/// The header of a signed request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestHeader {
    /// [`REQUEST_TYPE`].
    pub typ: String,
    /// The signature algorithm.
    pub alg: String,
    /// The DID URL of the key, for `decentralized_identifier`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// Certificates, for `x509_san_dns` and `x509_hash`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x5c: Option<Vec<String>>,
}

/// The claims of a signed request. Read as they come; [`AuthorizationRequest::check`] says whether they are acceptable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// Who asks.
    pub client_id: ClientId,
    /// `vp_token`.
    pub response_type: String,
    /// How to answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_mode: Option<ResponseMode>,
    /// Where to post the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_uri: Option<Endpoint>,
    /// Where to redirect to; not together with `response_uri`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_uri: Option<String>,
    /// To be signed by the holder, so that the answer is of use once and here only.
    pub nonce: String,
    /// To be sent back with the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<Secret>,
    /// What is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dcql_query: Option<DcqlQuery>,
    /// What is asked, by a name agreed on; not supported here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// What the verifier says of itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_metadata: Option<ClientMetadata>,
    /// What others attest of it, and its purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verifier_info: Option<Vec<VerifierInfo>>,
    /// Transactions to be authorised with the answer, each base64url-encoded JSON (§8.4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction_data: Option<Vec<String>>,
    /// The wallet's nonce, if it fetched the request by `POST`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wallet_nonce: Option<String>,
    /// Whom the request is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aud: Option<Audience>,
    /// Another request in this one, which none may have (RFC 9101 §4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Value>,
    /// Where another request would be, which none may say (RFC 9101 §4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_uri: Option<Value>,
    /// Ignored, as the specification demands (§5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iat: Option<NumericDate>,
    /// From when it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<NumericDate>,
    /// Until when it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exp: Option<NumericDate>,
}

impl RequestHeader {
    /// The header of a request signed with a DID's key.
    pub fn of_did(alg: &str, kid: &str) -> Self {
        Self { typ: REQUEST_TYPE.into(), alg: alg.into(), kid: Some(kid.into()), x5c: None }
    }

    /// The certificates in it, DER, the signer's first; between 1 and 4 (RFC 7515 §4.1.6).
    fn certificates(&self) -> Result<Vec<Vec<u8>>, BadRequest> {
        let texts = self.x5c.as_deref().unwrap_or_default();
        if texts.is_empty() || texts.len() > MAX_CERTIFICATES {
            return Err(BadRequest::Certificate);
        }
        let decode = |text: &String| STANDARD.decode(text).map_err(|_| BadRequest::Certificate);
        texts.iter().map(decode).collect()
    }

    /// Checks the header against a client id known by a certificate; what comes back are the certificates, DER, the signer's
    /// first. A DNS name in `client_id` is for the caller to find in it.
    pub fn check_certificate(&self, client_id: &ClientId) -> Result<Vec<Vec<u8>>, BadRequest> {
        self.check_form()?;
        let chain = self.certificates()?;
        match client_id.prefix() {
            ClientIdPrefix::X509Hash(_) if ClientId::of_certificate(&chain[0]) != *client_id => {
                Err(BadRequest::OtherKey)
            }
            ClientIdPrefix::X509Hash(_) | ClientIdPrefix::X509SanDns(_) => Ok(chain),
            _ => Err(BadRequest::ClientIdPrefix),
        }
    }
}

impl AuthorizationRequest {
    /// A request by `direct_post` for what `query` asks.
    pub fn direct_post(client_id: ClientId, response_uri: Endpoint, nonce: String, query: DcqlQuery) -> Self {
        Self {
            client_id,
            response_type: "vp_token".into(),
            response_mode: Some(ResponseMode::DirectPost),
            response_uri: Some(response_uri),
            redirect_uri: None,
            nonce,
            state: None,
            dcql_query: Some(query),
            scope: None,
            client_metadata: None,
            verifier_info: None,
            transaction_data: None,
            wallet_nonce: None,
            aud: Some(SELF_ISSUED.into()),
            request: None,
            request_uri: None,
            iss: None,
            iat: None,
            nbf: None,
            exp: None,
        }
    }

    /// Reads the claims of a signed request.
    pub fn parse(claims: &[u8]) -> Result<Self, BadRequest> {
        Ok(limits::json(claims, Limits::MESSAGE)?)
    }

    /// The registered purpose that it names, the first if several.
    pub fn purpose(&self) -> Option<&str> {
        self.verifier_info.as_deref().unwrap_or_default().iter().find_map(VerifierInfo::purpose)
    }
}

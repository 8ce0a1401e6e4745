//! The token endpoint (§6).

use serde::{Deserialize, Serialize};

use crate::Secret;
use crate::limits::{Form, ParseError};

/// The grant type of a pre-authorized code.
pub const PRE_AUTHORIZED_CODE: &str = "urn:ietf:params:oauth:grant-type:pre-authorized_code";

/// The grant type of an authorization code.
pub const AUTHORIZATION_CODE: &str = "authorization_code";
/// The grant type of a refresh token.
pub const REFRESH_TOKEN: &str = "refresh_token";

/// A token request (§6.1), a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenRequest {
    /// With a pre-authorized code.
    PreAuthorized {
        /// The code from the offer.
        code: Secret,
        /// What the holder typed, if the offer asked for it.
        tx_code: Option<Secret>,
        /// The wallet's id, unless it is anonymous.
        client_id: Option<String>,
    },
    /// With an authorization code (RFC 6749 §4.1.3, RFC 7636 §4.5).
    AuthorizationCode {
        /// The code.
        code: Secret,
        /// Where the code came to.
        redirect_uri: String,
        /// What the challenge was made of; absent: the client does not use PKCE, and is refused.
        code_verifier: Option<Secret>,
        /// The wallet's id.
        client_id: String,
    },
    /// With a refresh token (RFC 6749 §6).
    Refresh {
        /// The token.
        refresh_token: Secret,
        /// The wallet's id, unless it is anonymous.
        client_id: Option<String>,
    },
    /// With another grant: answer `unsupported_grant_type`.
    OtherGrant(String),
}

impl TokenRequest {
    /// Reads the form. An error is answered with `invalid_request`.
    pub fn parse(body: &[u8]) -> Result<Self, ParseError> {
        let form = Form::parse(body)?;
        let client_id = form.get("client_id").map(str::to_owned);
        match form.require("grant_type")? {
            PRE_AUTHORIZED_CODE => Ok(Self::PreAuthorized {
                code: form.require("pre-authorized_code")?.into(),
                tx_code: form.get("tx_code").map(Secret::from),
                client_id,
            }),
            AUTHORIZATION_CODE => Ok(Self::AuthorizationCode {
                code: form.require("code")?.into(),
                redirect_uri: form.require("redirect_uri")?.to_owned(),
                code_verifier: form.get("code_verifier").map(Secret::from),
                client_id: form.require("client_id")?.to_owned(),
            }),
            REFRESH_TOKEN => {
                Ok(Self::Refresh { refresh_token: form.require("refresh_token")?.into(), client_id })
            }
            other => Ok(Self::OtherGrant(other.chars().take(128).collect())),
        }
    }

    /// The form.
    pub fn to_form(&self) -> Form {
        match self {
            Self::PreAuthorized { code, tx_code, client_id } => Form::default()
                .with("grant_type", Some(PRE_AUTHORIZED_CODE))
                .with("pre-authorized_code", Some(code.expose()))
                .with("tx_code", tx_code.as_ref().map(Secret::expose))
                .with("client_id", client_id.as_deref()),
            Self::AuthorizationCode { code, redirect_uri, code_verifier, client_id } => Form::default()
                .with("grant_type", Some(AUTHORIZATION_CODE))
                .with("code", Some(code.expose()))
                .with("redirect_uri", Some(redirect_uri))
                .with("code_verifier", code_verifier.as_ref().map(Secret::expose))
                .with("client_id", Some(client_id)),
            Self::Refresh { refresh_token, client_id } => Form::default()
                .with("grant_type", Some(REFRESH_TOKEN))
                .with("refresh_token", Some(refresh_token.expose()))
                .with("client_id", client_id.as_deref()),
            Self::OtherGrant(grant) => Form::default().with("grant_type", Some(grant)),
        }
    }
}

/// A token (§6.2). Answered with `Cache-Control: no-store`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenResponse {
    /// The access token.
    pub access_token: Secret,
    /// `Bearer` or `DPoP`, in any case (RFC 6749 §5.1).
    pub token_type: String,
    /// How many seconds it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
    /// For a further token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<Secret>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Which credentials it is for, if the server names them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_details: Option<Vec<AuthorizationDetail>>,
}

impl TokenResponse {
    /// A bearer token.
    pub fn bearer(access_token: Secret, expires_in: u64) -> Self {
        Self {
            access_token,
            token_type: "Bearer".to_owned(),
            expires_in: Some(expires_in),
            refresh_token: None,
            scope: None,
            authorization_details: None,
        }
    }

    /// The same, bound to a key (RFC 9449 §5).
    #[must_use]
    pub fn dpop(self) -> Self {
        Self { token_type: "DPoP".to_owned(), ..self }
    }

    /// May it be sent as `Authorization: DPoP`, with a proof of the key?
    pub fn is_dpop(&self) -> bool {
        self.token_type.eq_ignore_ascii_case("DPoP")
    }

    /// May it be sent as `Authorization: Bearer`?
    pub fn is_bearer(&self) -> bool {
        self.token_type.eq_ignore_ascii_case("Bearer")
    }

    /// The credential identifiers to ask with for this configuration; empty: ask with the configuration's own id (§8.2).
    pub fn credential_identifiers(&self, configuration_id: &str) -> &[String] {
        let details = self.authorization_details.as_deref().unwrap_or_default();
        let of_it = |detail: &&AuthorizationDetail| {
            detail.kind == "openid_credential"
                && detail.credential_configuration_id.as_deref() == Some(configuration_id)
        };
        details.iter().find(of_it).map_or(&[], |detail| &detail.credential_identifiers)
    }
}

/// What a token is good for (§5.1.1, §6.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationDetail {
    /// `openid_credential`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The credential configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_configuration_id: Option<String>,
    /// The credentials of it that can be requested by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credential_identifiers: Vec<String>,
}

//! What is asked. Bodies are read strictly ([`json::parse`]); a member or option that is not known is an error, since
//! leaving it out would do something else than was asked for.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::json;

/// Why a body is no request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The JSON.
    #[error(transparent)]
    Json(#[from] json::Error),
    /// A member is missing, unknown, or of a wrong type.
    #[error("a member of the request is missing, not known here, or of a wrong type")]
    Shape,
}

/// `POST /credentials/issue`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssueRequest {
    /// The credential, without a proof.
    pub credential: Value,
    /// How to secure it.
    #[serde(default)]
    pub options: IssueOptions,
}

/// How a credential is to be secured.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct IssueOptions {
    /// JSON pointers to what a holder can't hold back.
    pub mandatory_pointers: Option<Vec<String>>,
}

/// `POST /credentials/derive`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DeriveRequest {
    /// The credential, with its base proof.
    pub verifiable_credential: Value,
    /// What to show.
    #[serde(default)]
    pub options: DeriveOptions,
}

/// What a derived credential shows beside what it must.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DeriveOptions {
    /// JSON pointers.
    #[serde(default)]
    pub selective_pointers: Vec<String>,
}

/// `POST /credentials/verify`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct VerifyCredentialRequest {
    /// The credential.
    pub verifiable_credential: Value,
    /// What to check.
    #[serde(default)]
    pub options: VerifyCredentialOptions,
}

/// What to check of a credential.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifyCredentialOptions {
    /// Only these; everything when left out.
    pub checks: Option<Vec<Check>>,
    /// The challenge that the proof must answer.
    pub challenge: Option<String>,
    /// The domain that the proof must be for.
    pub domain: Option<String>,
}

/// `POST /presentations/verify`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct VerifyPresentationRequest {
    /// The presentation.
    pub verifiable_presentation: Value,
    /// What it must answer.
    pub options: PresentationOptions,
}

/// What a presentation must answer, and what to check of it.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresentationOptions {
    /// Only these; everything when left out.
    pub checks: Option<Vec<Check>>,
    /// The challenge. Without one, a copy could be presented by anyone at any time.
    pub challenge: String,
    /// The domain; without one, the presentation must not have been made for any.
    pub domain: Option<String>,
}

/// What can be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Check {
    /// The proofs, whose they are, and the times. This is always checked.
    #[serde(rename = "proof")]
    Proof,
    /// That it is neither revoked nor suspended.
    #[serde(rename = "credentialStatus", alias = "status")]
    Status,
    /// That whoever presents is the subject.
    #[serde(rename = "binding")]
    Binding,
}

impl Check {
    /// Whether this is to be checked, when these were asked for.
    #[must_use]
    pub fn is_among(self, asked: Option<&[Self]>) -> bool {
        asked.is_none_or(|asked| asked.contains(&self))
    }
}

/// `POST /credentials/status`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct StatusRequest {
    /// Which credential, by the issuer's own id of it.
    pub credential_id: String,
    /// What about it.
    pub credential_status: StatusChange,
}

/// A change of a status.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct StatusChange {
    /// `BitstringStatusListEntry`.
    pub r#type: String,
    /// `revocation`, `suspension`.
    pub status_purpose: String,
    /// Whether it is to be so; true when left out.
    #[serde(default = "yes")]
    pub status: bool,
}

fn yes() -> bool {
    true
}

macro_rules! parsed {
    ($($request:ty),*) => {$(
        impl $request {
            /// Reads a body.
            ///
            /// # Errors
            /// [`RequestError`].
            pub fn parse(body: &[u8]) -> Result<Self, RequestError> {
                read(body)
            }
        }
    )*};
}

parsed!(IssueRequest, DeriveRequest, VerifyCredentialRequest, VerifyPresentationRequest, StatusRequest);

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, RequestError> {
    objects::from_value(&json::parse(body)?).map_err(|_| RequestError::Shape)
}

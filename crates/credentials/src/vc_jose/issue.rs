//! Making tokens.

use rand_core::CryptoRngCore;
use serde_json::{Map, Value, json};

use super::read::{Form, always_shown};
use super::{PRESENTATION_TYP, SD_PRESENTATION_TYP, SD_TYP, TYP};
use crate::ClaimPath;
use crate::claim::Step;
use crate::data_integrity::{self, Issuance};
use crate::jws::{self, CreateError, Header};
use crate::key::{PublicKey, SignError};
use crate::sd_jwt::{self, Concealing};
use crate::status::StatusRefError;
use crate::vcdm::Facts;

/// What is inside a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// A verifiable credential.
    Credential,
    /// A verifiable presentation.
    Presentation,
}

/// Why a token could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// The credential.
    #[error(transparent)]
    Issuance(#[from] data_integrity::IssueError),
    /// The document, which no reader would take.
    #[error(transparent)]
    Document(#[from] data_integrity::ParseError),
    /// A member that limits the credential was to be hidden.
    #[error("{0} must always show")]
    MustAlwaysShow(ClaimPath),
    /// Hiding claims.
    #[error(transparent)]
    Conceal(#[from] sd_jwt::IssueError),
    /// The token.
    #[error(transparent)]
    Create(#[from] CreateError),
}

impl From<SignError> for IssueError {
    fn from(error: SignError) -> Self {
        Self::Create(error.into())
    }
}

impl Document {
    pub(super) const fn typ(self, form: Form) -> &'static str {
        match (self, form) {
            (Self::Credential, Form::Jwt) => TYP,
            (Self::Credential, Form::SdJwt) => SD_TYP,
            (Self::Presentation, Form::Jwt) => PRESENTATION_TYP,
            (Self::Presentation, Form::SdJwt) => SD_PRESENTATION_TYP,
        }
    }

    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::Credential => "vc",
            Self::Presentation => "vp",
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Credential => "VerifiableCredential",
            Self::Presentation => "VerifiablePresentation",
        }
    }

    pub(super) fn header(self, form: Form, kid: Option<&str>) -> Header {
        let mut header = Header::typed(self.typ(form));
        header.kid = kid.map(str::to_owned);
        header.other.insert("cty".to_owned(), self.content_type().into());
        header
    }

    fn check(self, document: &Map<String, Value>) -> Result<(), data_integrity::ParseError> {
        data_integrity::heading(document, self.name(), false)?;
        if self == Self::Credential {
            match Facts::read(document, false) {
                // Another's kind of status is the issuer's to choose.
                Err(data_integrity::ParseError::Status(StatusRefError::Unsupported)) | Ok(_) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Lays out a credential as `vc+jwt` for the issuer's key to sign.
///
/// # Errors
/// [`IssueError::Issuance`], [`IssueError::Create`].
pub fn issue(issuance: Issuance, key: &PublicKey) -> Result<jws::Prepared, IssueError> {
    let issued_at = issuance.issued_at;
    let (mut document, options) = issuance.document()?;
    document.insert("iat".to_owned(), issued_at.0.into());
    let header = Document::Credential.header(Form::Jwt, Some(&options.verification_method));
    Ok(jws::prepare(&header, &Value::Object(document), key)?)
}

/// Lays out a credential as `vc+sd-jwt`, some of its members hideable, bound to the holder's key if there is one.
///
/// # Errors
/// [`IssueError`]; [`IssueError::MustAlwaysShow`] for what limits the credential.
pub fn issue_sd(
    issuance: Issuance,
    concealing: &Concealing<'_>,
    holder: Option<&PublicKey>,
    key: &PublicKey,
    rng: &mut impl CryptoRngCore,
) -> Result<sd_jwt::Prepared, IssueError> {
    let issued_at = issuance.issued_at;
    let (mut document, options) = issuance.document()?;
    document.insert("iat".to_owned(), issued_at.0.into());
    if let Some(holder) = holder {
        document.insert("cnf".to_owned(), json!({ "jwk": holder.to_jwk() }));
    }
    secure_sd(Document::Credential, document, Some(&options.verification_method), concealing, key, rng)
}

/// Lays out any document of VCDM 2.0, with such claims as the token should have, for a key to sign; `kid` names it.
///
/// # Errors
/// [`IssueError::Document`] for what no reader would take.
pub fn secure(
    kind: Document,
    document: Map<String, Value>,
    kid: Option<&str>,
    key: &PublicKey,
) -> Result<jws::Prepared, IssueError> {
    kind.check(&document)?;
    Ok(jws::prepare(&kind.header(Form::Jwt, kid), &Value::Object(document), key)?)
}

/// The same with members that can be hidden.
///
/// # Errors
/// [`IssueError`]; [`IssueError::MustAlwaysShow`] for what limits the document.
pub fn secure_sd(
    kind: Document,
    document: Map<String, Value>,
    kid: Option<&str>,
    concealing: &Concealing<'_>,
    key: &PublicKey,
    rng: &mut impl CryptoRngCore,
) -> Result<sd_jwt::Prepared, IssueError> {
    kind.check(&document)?;
    let limits = |path: &&ClaimPath| match path.0.first() {
        Some(Step::Member(name)) => always_shown(kind).contains(&name.as_str()),
        _ => false,
    };
    if let Some(path) = concealing.disclosable.iter().find(limits) {
        return Err(IssueError::MustAlwaysShow(path.clone()));
    }
    let concealed = concealing.conceal(document, rng)?;
    Ok(concealed.prepare(&kind.header(Form::SdJwt, kid), key)?)
}

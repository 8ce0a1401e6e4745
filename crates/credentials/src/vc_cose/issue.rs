//! Making envelopes.

use serde_json::{Map, Value};

use super::{PRESENTATION_TYP, TYP};
use crate::cose::{Header, Making, Prepared};
use crate::data_integrity::{self, Issuance, IssueError};
use crate::key::PublicKey;
use crate::vcdm::Facts;

/// What is inside an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// A verifiable credential.
    Credential,
    /// A verifiable presentation.
    Presentation,
}

impl Document {
    pub(super) const fn typ(self) -> &'static str {
        match self {
            Self::Credential => TYP,
            Self::Presentation => PRESENTATION_TYP,
        }
    }

    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::Credential => "application/vc",
            Self::Presentation => "application/vp",
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Credential => "VerifiableCredential",
            Self::Presentation => "VerifiablePresentation",
        }
    }

    pub(super) fn header(self, kid: Option<&str>) -> Header {
        let header = Header::typed(self.typ()).with_content_type(self.content_type());
        if let Some(kid) = kid { header.with_kid(kid) } else { header }
    }
}

/// Lays out a credential for the issuer's key to sign. When it was issued is not said; `validFrom` is.
///
/// # Errors
/// [`IssueError::ClaimsHaveId`], [`IssueError::KeyOfAnother`].
pub fn issue(issuance: Issuance, key: &PublicKey) -> Result<Prepared, IssueError> {
    let (document, options) = issuance.document()?;
    Ok(lay_out(Document::Credential, document, Some(&options.verification_method), key))
}

/// Lays out any document of VCDM 2.0 for a key to sign; `kid` names the key.
///
/// # Errors
/// [`data_integrity::ParseError`] for what no reader would take.
pub fn secure(
    kind: Document,
    document: Map<String, Value>,
    kid: Option<&str>,
    key: &PublicKey,
) -> Result<Prepared, data_integrity::ParseError> {
    data_integrity::heading(&document, kind.name(), false)?;
    if kind == Document::Credential {
        Facts::read(&document, false)?;
    }
    Ok(lay_out(kind, document, kid, key))
}

fn lay_out(kind: Document, document: Map<String, Value>, kid: Option<&str>, key: &PublicKey) -> Prepared {
    let payload = Value::Object(document).to_string().into_bytes();
    Making::protected(kind.header(kid)).prepare(payload, key)
}

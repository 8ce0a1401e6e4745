//! From envelope to document.

use serde_json::{Map, Value};

use crate::cose;
use crate::data_integrity;
use crate::json;

use super::issue::Document;

/// Why bytes are no credential or presentation in a COSE envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The envelope.
    #[error(transparent)]
    Cose(#[from] cose::ParseError),
    /// The envelope is of another kind, or does not say of which.
    #[error("the message is of another type")]
    Type,
    /// The document is not inside.
    #[error("the message has no payload")]
    Detached,
    /// The document.
    #[error(transparent)]
    Document(#[from] data_integrity::ParseError),
    /// A credential inside a presentation is neither enveloped nor secured.
    #[error("a credential in the presentation is malformed")]
    Inside,
}

impl From<json::Error> for ParseError {
    fn from(error: json::Error) -> Self {
        Self::Document(error.into())
    }
}

/// An envelope and the document inside.
pub(super) struct Opened {
    pub(super) message: cose::Unverified,
    pub(super) members: Map<String, Value>,
    pub(super) types: Vec<String>,
}

/// The envelope and the members of the document inside, whose heading was checked.
pub(super) fn open(bytes: &[u8], kind: Document) -> Result<Opened, ParseError> {
    let message = cose::Unverified::parse(bytes)?;
    // `typ` only ought to be there; then the content type must say it, protected too.
    let protected = message.protected();
    let content_fits = protected.content_type.as_ref().map(|content| content.is(kind.content_type()));
    let fits = match &protected.typ {
        Some(typ) => typ.is(kind.typ()) && content_fits != Some(false),
        None => content_fits == Some(true),
    };
    if !fits {
        return Err(ParseError::Type);
    }
    let payload = message.dangerous_payload().ok_or(ParseError::Detached)?;
    let Value::Object(members) = json::parse(payload)? else {
        return Err(data_integrity::ParseError::NotAnObject.into());
    };
    let (types, _) = data_integrity::heading(&members, kind.name(), false)?;
    Ok(Opened { message, members, types })
}

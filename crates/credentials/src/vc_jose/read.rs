//! From token to document.

use serde_json::{Map, Value};

use super::issue::Document;
use crate::data_integrity;
use crate::jws::{self, Header, Times, VerifyError, WrongTime};
use crate::key::{PublicKey, controller};
use crate::sd_jwt::{self, Profile};
use crate::{Flaw, json};

/// Which of the two kinds of token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A plain token.
    Jwt,
    /// With selective disclosure.
    SdJwt,
}

/// Why a text is no credential or presentation as a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The token.
    #[error(transparent)]
    Token(#[from] jws::ParseError),
    /// The token with selective disclosure.
    #[error(transparent)]
    SdJwt(#[from] sd_jwt::ParseError),
    /// The token is of another type than expected, or names none.
    #[error("another type of token than expected")]
    TypeWrong,
    /// `cty` says that something else is inside.
    #[error("the token says that another type of content is inside")]
    ContentTypeWrong,
    /// The document.
    #[error(transparent)]
    Document(#[from] data_integrity::ParseError),
    /// A claim that says something else than the document, or must not be there (`vc`, `vp`).
    #[error("the claim {0} contradicts the document, or must not be there")]
    ClaimWrong(&'static str),
    /// A time is no number.
    #[error(transparent)]
    Time(#[from] WrongTime),
}

impl From<json::Error> for ParseError {
    fn from(error: json::Error) -> Self {
        Self::Document(error.into())
    }
}

/// Members that limit a credential, or say what the others mean (§3.2.1): nobody may hide them.
const CREDENTIAL_SHOWS: &[&str] = &[
    "@context",
    "type",
    "issuer",
    "validFrom",
    "validUntil",
    "credentialStatus",
    "credentialSchema",
    "termsOfUse",
    "relatedResource",
    "iss",
    "nbf",
    "exp",
    "cnf",
    "status",
];
/// A presentation is its signer's own: only what ties it to the request must show.
const PRESENTATION_SHOWS: &[&str] =
    &["@context", "iss", "aud", "nonce", "iat", "nbf", "exp", "cnf", "status"];

pub(super) const fn always_shown(kind: Document) -> &'static [&'static str] {
    match kind {
        Document::Credential => CREDENTIAL_SHOWS,
        Document::Presentation => PRESENTATION_SHOWS,
    }
}

/// Either kind of token.
#[derive(Clone)]
pub(super) enum Token {
    Jwt(Box<jws::Unverified>),
    SdJwt(Box<sd_jwt::Unverified>),
}

/// The token around a document, and its own times.
#[derive(Clone)]
pub(super) struct Envelope {
    pub(super) token: Token,
    pub(super) times: Times,
}

/// A token taken apart, its document's heading checked.
pub(super) struct Opened {
    pub(super) envelope: Envelope,
    pub(super) members: Map<String, Value>,
    pub(super) types: Vec<String>,
}

impl Opened {
    pub(super) fn read(text: &str, kind: Document, form: Form) -> Result<Self, ParseError> {
        let typ = kind.typ(form);
        let (token, members, times) = match form {
            Form::Jwt => {
                let mut token = jws::Unverified::parse(text)?;
                if !token.header().is_typed(typ) {
                    return Err(ParseError::TypeWrong);
                }
                let members = token.take_claims();
                let times = Times::beside_document(&members)?;
                (Token::Jwt(Box::new(token)), members, times)
            }
            Form::SdJwt => {
                let profile =
                    Profile { typ, always_shown: always_shown(kind), times: Times::beside_document };
                let token = sd_jwt::Unverified::parse_as(text, &profile)?;
                let Value::Object(members) = token.dangerous_claims().clone() else {
                    return Err(data_integrity::ParseError::NotAnObject.into());
                };
                let times = token.times();
                (Token::SdJwt(Box::new(token)), members, times)
            }
        };
        let inside = token.header().content_type();
        if inside.is_some_and(|inside| !inside.eq_ignore_ascii_case(kind.content_type())) {
            return Err(ParseError::ContentTypeWrong);
        }
        for wrapped in ["vc", "vp"] {
            if members.contains_key(wrapped) {
                return Err(ParseError::ClaimWrong(wrapped));
            }
        }
        let (types, _) = data_integrity::heading(&members, kind.name(), false)?;
        Ok(Self { envelope: Envelope { token, times }, members, types })
    }
}

impl Envelope {
    pub(super) fn check_signature(&self, key: &PublicKey) -> Result<(), Flaw> {
        let token = match &self.token {
            Token::Jwt(token) => token.as_ref(),
            Token::SdJwt(token) => &token.token,
        };
        token.check_signature(key).map_err(|error| match error {
            VerifyError::AlgorithmNotOfKey => Flaw::AlgorithmNotOfKey,
            VerifyError::TypeWrong | VerifyError::SignatureWrong | VerifyError::ClaimsWrong => {
                Flaw::SignatureWrong
            }
        })
    }

    /// A `kid` that is a URL must be a key of the one who signs: whoever looks up the one must not trust the other.
    pub(super) fn check_kid(&self, signer: &str) -> Result<(), Flaw> {
        let kid = self.token.header().kid.as_deref();
        let kid = kid.filter(|kid| kid.starts_with("did:") || kid.contains("://"));
        if kid.is_some_and(|kid| controller(kid) != signer) {
            Err(Flaw::KeyOfAnotherController)
        } else {
            Ok(())
        }
    }
}

impl Token {
    pub(super) fn header(&self) -> &Header {
        match self {
            Self::Jwt(token) => token.header(),
            Self::SdJwt(token) => token.header(),
        }
    }
}

/// Whether a claim, if it is there, is the text that the document has.
pub(super) fn agrees(
    members: &Map<String, Value>,
    claim: &'static str,
    document: Option<&str>,
) -> Result<(), ParseError> {
    match members.get(claim) {
        None => Ok(()),
        Some(Value::String(text)) if Some(text.as_str()) == document => Ok(()),
        Some(_) => Err(ParseError::ClaimWrong(claim)),
    }
}

/// A member that is a text.
pub(super) fn text_of<'m>(members: &'m Map<String, Value>, name: &str) -> Option<&'m str> {
    members.get(name).and_then(Value::as_str)
}

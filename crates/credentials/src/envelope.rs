//! Secured credentials and presentations inside `data:` URLs (VCDM 2.0 §4.13), and whatever else a presentation holds.
//!
//! What is inside is handed out as it came: unverified, each to be verified with its issuer's key.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Value, json};

use crate::data_integrity::{self, CONTEXT_V2};
use crate::key::SelfContained;
use crate::vcdm::Content;
pub use crate::vcdm::MAX_CREDENTIALS;
use crate::{Findings, key::PublicKey};
use crate::{Flaw, UnixSeconds, vc_cose, vc_jose};

/// With padding or without, as others write it; canonical otherwise.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why an object is no secured credential or presentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Neither an envelope nor secured by a proof; or a `data:` URL that can't be read.
    #[error("neither an envelope nor secured")]
    Malformed,
    /// The `data:` URL is of another media type.
    #[error("the envelope's media type is not known")]
    MediaType,
    /// A token.
    #[error(transparent)]
    Jose(#[from] vc_jose::ParseError),
    /// A presentation as a token, or what is inside it.
    #[error("the presentation inside is malformed")]
    Presentation,
    /// A COSE message.
    #[error(transparent)]
    Cose(#[from] vc_cose::ParseError),
    /// A credential with a proof.
    #[error(transparent)]
    DataIntegrity(#[from] data_integrity::ParseError),
}

/// What a `data:` URL may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaType {
    /// `application/vc+jwt`.
    VcJwt,
    /// `application/vc+sd-jwt`.
    VcSdJwt,
    /// `application/vc+cose`, in base64.
    VcCose,
    /// `application/vp+jwt`.
    VpJwt,
    /// `application/vp+sd-jwt`.
    VpSdJwt,
    /// `application/vp+cose`, in base64.
    VpCose,
}

/// A secured credential inside a presentation.
#[derive(Debug, Clone)]
pub enum Presented {
    /// `vc+jwt` or `vc+sd-jwt`.
    Jose(Box<vc_jose::UnverifiedCredential>),
    /// `vc+cose`.
    Cose(Box<vc_cose::UnverifiedCredential>),
    /// With a proof of its own.
    DataIntegrity(Box<data_integrity::UnverifiedCredential>),
}

/// An enveloped presentation.
#[derive(Debug, Clone)]
pub enum EnvelopedPresentation {
    /// `vp+jwt` or `vp+sd-jwt`.
    Jose(Box<vc_jose::UnverifiedPresentation>),
    /// `vp+cose`.
    Cose(Box<vc_cose::UnverifiedPresentation>),
}

impl MediaType {
    const ALL: [Self; 6] =
        [Self::VcJwt, Self::VcSdJwt, Self::VcCose, Self::VpJwt, Self::VpSdJwt, Self::VpCose];

    /// The start of its `data:` URLs.
    const fn prefix(self) -> &'static str {
        match self {
            Self::VcJwt => "data:application/vc+jwt,",
            Self::VcSdJwt => "data:application/vc+sd-jwt,",
            Self::VcCose => "data:application/vc+cose;base64,",
            Self::VpJwt => "data:application/vp+jwt,",
            Self::VpSdJwt => "data:application/vp+sd-jwt,",
            Self::VpCose => "data:application/vp+cose;base64,",
        }
    }

    const fn is_presentation(self) -> bool {
        matches!(self, Self::VpJwt | Self::VpSdJwt | Self::VpCose)
    }

    /// The envelope around a token's text or a message's bytes.
    #[must_use]
    pub fn envelope(self, bytes: &[u8]) -> Value {
        let encoded = match self {
            Self::VcCose | Self::VpCose => BASE64.encode(bytes),
            _ => String::from_utf8_lossy(bytes).into_owned(),
        };
        json!({
            "@context": CONTEXT_V2,
            "id": format!("{}{encoded}", self.prefix()),
            "type": if self.is_presentation() { ENVELOPED_PRESENTATION } else { ENVELOPED_CREDENTIAL },
        })
    }

    /// The media type of an envelope of this type, and what stands after the comma.
    fn open<'v>(value: &'v Value, expected: &str) -> Result<(Self, &'v str), EnvelopeError> {
        let context = match value.get("@context") {
            Some(Value::Array(list)) => list.first(),
            context => context,
        };
        let id = value.get("id").and_then(Value::as_str);
        match id {
            Some(id) if context.is_some_and(|first| first == CONTEXT_V2) && is_of(value, expected) => {
                if !id.starts_with("data:") {
                    return Err(EnvelopeError::Malformed);
                }
                let read = |kind: Self| Some((kind, id.strip_prefix(kind.prefix())?));
                Self::ALL.into_iter().find_map(read).ok_or(EnvelopeError::MediaType)
            }
            _ => Err(EnvelopeError::Malformed),
        }
    }
}

const ENVELOPED_CREDENTIAL: &str = "EnvelopedVerifiableCredential";
const ENVELOPED_PRESENTATION: &str = "EnvelopedVerifiablePresentation";

/// Whether it says that it is an enveloped credential.
pub(crate) fn is_enveloped(value: &Value) -> bool {
    is_of(value, ENVELOPED_CREDENTIAL)
}

fn is_of(value: &Value, expected: &str) -> bool {
    match value.get("type") {
        Some(Value::String(one)) => one == expected,
        Some(Value::Array(types)) => types.iter().any(|one| one == expected),
        _ => false,
    }
}

fn bytes(encoded: &str) -> Result<Vec<u8>, EnvelopeError> {
    BASE64.decode(encoded).map_err(|_| EnvelopeError::Malformed)
}

impl Presented {
    /// Reads an enveloped credential, or one with a proof, from JSON that [`crate::json::parse`] gave.
    ///
    /// # Errors
    /// [`EnvelopeError`].
    pub fn read(value: &Value) -> Result<Self, EnvelopeError> {
        if !is_enveloped(value) {
            if value.get("proof").is_none() {
                return Err(EnvelopeError::Malformed);
            }
            let credential = data_integrity::UnverifiedCredential::read(value.clone())?;
            return Ok(Self::DataIntegrity(Box::new(credential)));
        }
        match MediaType::open(value, ENVELOPED_CREDENTIAL)? {
            (MediaType::VcJwt, text) => Ok(Self::Jose(Box::new(vc_jose::UnverifiedCredential::parse(text)?))),
            (MediaType::VcSdJwt, text) => {
                Ok(Self::Jose(Box::new(vc_jose::UnverifiedCredential::parse_sd(text)?)))
            }
            (MediaType::VcCose, text) => {
                Ok(Self::Cose(Box::new(vc_cose::UnverifiedCredential::parse(&bytes(text)?)?)))
            }
            (MediaType::VpJwt | MediaType::VpSdJwt | MediaType::VpCose, _) => Err(EnvelopeError::MediaType),
        }
    }

    /// What it says of itself. Nothing in it is to be believed.
    #[must_use]
    pub fn content(&self) -> &Content {
        match self {
            Self::Jose(credential) => credential,
            Self::Cose(credential) => credential,
            Self::DataIntegrity(credential) => credential,
        }
    }

    /// The issuer it names, to look up.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.content().issuer()
    }

    /// The key it names, to look up.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        match self {
            Self::Jose(credential) => credential.kid(),
            Self::Cose(credential) => credential.kid(),
            Self::DataIntegrity(credential) => Some(credential.verification_method()),
        }
    }

    /// When it says that it was signed.
    #[must_use]
    pub fn created(&self) -> Option<UnixSeconds> {
        match self {
            Self::Jose(credential) => credential.issued_at(),
            Self::Cose(_) => None,
            Self::DataIntegrity(credential) => credential.created(),
        }
    }

    /// The checks with its issuer's key. A key binding of its own is refused: it was made for another presentation.
    #[must_use]
    pub fn check(&self, issuer_key: &PublicKey, now: UnixSeconds) -> Findings {
        match self {
            Self::Jose(credential) => credential.check_unbound(issuer_key, now),
            Self::Cose(credential) => credential.check(issuer_key, now),
            Self::DataIntegrity(credential) => credential.check(issuer_key, now),
        }
    }

    /// Whether the presenter is its subject, or has the key that it is bound to.
    pub(crate) fn check_holder(&self, holder: &SelfContained) -> Result<(), Flaw> {
        let bound = if let Self::Jose(credential) = self { credential.holder() } else { None };
        match bound {
            Some(key) if *key == holder.key => Ok(()),
            Some(_) => Err(Flaw::HolderIsAnother),
            None => self.content().check_subject(&holder.did),
        }
    }
}

impl EnvelopedPresentation {
    /// Reads an enveloped presentation from JSON that [`crate::json::parse`] gave.
    ///
    /// # Errors
    /// [`EnvelopeError`].
    pub fn read(value: &Value) -> Result<Self, EnvelopeError> {
        let jose = |read: Result<vc_jose::UnverifiedPresentation, vc_jose::PresentationError>| match read {
            Ok(presentation) => Ok(Self::Jose(Box::new(presentation))),
            Err(vc_jose::PresentationError::Parse(error)) => Err(error.into()),
            Err(_) => Err(EnvelopeError::Presentation),
        };
        match MediaType::open(value, ENVELOPED_PRESENTATION)? {
            (MediaType::VpJwt, text) => jose(vc_jose::UnverifiedPresentation::parse(text)),
            (MediaType::VpSdJwt, text) => jose(vc_jose::UnverifiedPresentation::parse_sd(text)),
            (MediaType::VpCose, text) => {
                Ok(Self::Cose(Box::new(vc_cose::UnverifiedPresentation::parse(&bytes(text)?)?)))
            }
            (MediaType::VcJwt | MediaType::VcSdJwt | MediaType::VcCose, _) => Err(EnvelopeError::MediaType),
        }
    }
}

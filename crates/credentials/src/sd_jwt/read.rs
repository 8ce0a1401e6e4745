//! Reading an SD-JWT.

use std::fmt;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::disclosure::{Disclosure, DisclosureError};
use super::process::{Processed, process};
use super::{Hash, MAX_DISCLOSURES, TYP};
use crate::claim::Step;
use crate::jws::{self, Header, Times, WrongTime};
use crate::key::{Jwk, KeyError, PublicKey};
use crate::status::{StatusRef, StatusRefError};
use crate::x509::{Certificate, CertificateError};
use crate::{ClaimPath, json};

/// Claims that must always show, so that nobody can hide what limits a credential (SD-JWT VC §2.2.2.2).
const ALWAYS_SHOWN: &[&str] = &["iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "status"];

/// What makes one kind of SD-JWT.
pub(crate) struct Profile<'a> {
    pub(crate) typ: &'a str,
    /// Members at the top that nobody may hide, nor anything inside them.
    pub(crate) always_shown: &'static [&'static str],
    pub(crate) times: fn(&Map<String, Value>) -> Result<Times, WrongTime>,
}

/// Why a text is no SD-JWT VC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Too long, or without tildes.
    #[error("not an SD-JWT")]
    Form,
    /// The issuer's token.
    #[error("the issuer's token: {0}")]
    Token(jws::ParseError),
    /// The token is of another type than expected.
    #[error("another type of token than expected")]
    TypeWrong,
    /// The disclosures and digests.
    #[error(transparent)]
    Disclosure(#[from] DisclosureError),
    /// A claim that limits the credential was made hideable.
    #[error("a claim that must always show was disclosed selectively")]
    MustAlwaysShow,
    /// `iss` or `vct` missing or no text.
    #[error("the claim {0} is missing or of the wrong type")]
    ClaimWrong(&'static str),
    /// A time is no number.
    #[error(transparent)]
    Time(#[from] WrongTime),
    /// `status`.
    #[error(transparent)]
    Status(#[from] StatusRefError),
    /// `cnf` has no usable key in its `jwk`.
    #[error("the holder's key: {0}")]
    HolderKey(#[from] KeyError),
    /// The key binding after the last tilde.
    #[error("the key binding: {0}")]
    KeyBinding(jws::ParseError),
}

/// An SD-JWT as it came, taken apart. Nothing in it is to be believed.
#[derive(Clone)]
pub struct Unverified {
    pub(crate) token: jws::Unverified,
    /// The text up to and with the last tilde: what a key binding is about.
    pub(super) bound: String,
    pub(super) disclosures: Vec<Disclosure>,
    pub(super) key_binding: Option<jws::Unverified>,
    pub(super) hash: Hash,
    pub(super) content: Content,
    /// The signer's certificate, read when it is first asked for.
    certificate: OnceLock<Result<Certificate, CertificateError>>,
}

/// What the claims say, the disclosed ones in their places.
#[derive(Clone)]
pub(super) struct Content {
    pub(super) claims: Value,
    pub(super) places: Vec<Vec<Step>>,
    pub(super) issuer: Option<String>,
    pub(super) vct: Option<String>,
    pub(super) times: Times,
    pub(super) status: Option<StatusRef>,
    pub(super) holder: Option<PublicKey>,
}

impl Unverified {
    /// Takes an SD-JWT VC apart: `typ` must be `dc+sd-jwt`, `vct` be there, and `iss` or `x5c` say who issued it.
    ///
    /// # Errors
    /// [`ParseError`].
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let parsed = Self::parse_plain(text, TYP)?;
        if parsed.content.issuer.is_none() && parsed.header().x5c.is_none() {
            return Err(ParseError::ClaimWrong("iss"));
        }
        if parsed.content.vct.is_none() {
            return Err(ParseError::ClaimWrong("vct"));
        }
        Ok(parsed)
    }

    /// Takes an SD-JWT of another type apart (RFC 9901 without SD-JWT VC).
    ///
    /// # Errors
    /// [`ParseError`].
    pub fn parse_plain(text: &str, typ: &str) -> Result<Self, ParseError> {
        Self::parse_as(text, &Profile { typ, always_shown: ALWAYS_SHOWN, times: Times::of })
    }

    pub(crate) fn parse_as(text: &str, profile: &Profile<'_>) -> Result<Self, ParseError> {
        if text.len() > json::MAX_BYTES {
            return Err(ParseError::Form);
        }
        let (rest, binding) = text.rsplit_once('~').ok_or(ParseError::Form)?;
        let mut parts = rest.split('~');
        let mut token =
            jws::Unverified::parse(parts.next().unwrap_or_default()).map_err(ParseError::Token)?;
        if !token.header().is_typed(profile.typ) {
            return Err(ParseError::TypeWrong);
        }
        let hash = Hash::of(token.dangerous_claims())?;
        let disclosures = parts
            .enumerate()
            .map(|(at, text)| {
                if at < MAX_DISCLOSURES {
                    Disclosure::parse(text, hash)
                } else {
                    Err(DisclosureError::TooMany)
                }
            })
            .collect::<Result<Vec<_>, _>>()?;
        let key_binding = if binding.is_empty() {
            None
        } else {
            Some(jws::Unverified::parse(binding).map_err(ParseError::KeyBinding)?)
        };
        let content = Content::read(process(token.take_claims(), &disclosures)?, profile)?;
        let bound = text[..=rest.len()].to_owned();
        let certificate = OnceLock::new();
        Ok(Self { token, bound, disclosures, key_binding, hash, content, certificate })
    }

    /// The issuer's signature as it came: the same however much of the credential is shown.
    #[must_use]
    pub fn issuer_signature(&self) -> &[u8] {
        self.token.signature()
    }

    /// The issuer it names (`iss`), to look up.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.content.issuer.as_deref()
    }

    /// The issuer token's header: `kid` or `x5c` name the key to look up.
    #[must_use]
    pub fn header(&self) -> &Header {
        self.token.header()
    }

    /// The certificate of the key that signed it (the first of `x5c`), if one came along. Trust in it must come from elsewhere.
    ///
    /// # Errors
    /// [`CertificateError`] for one that can't be read.
    pub fn certificate(&self) -> Option<Result<&Certificate, CertificateError>> {
        let chain = self.header().x5c.as_ref()?;
        let read = || {
            let der = chain.first().and_then(|text| STANDARD.decode(text).ok());
            Certificate::parse(&der.ok_or(CertificateError::Form)?)
        };
        Some(self.certificate.get_or_init(read).as_ref().map_err(|error| *error))
    }

    /// The claims of the key binding, if there is one; only [`Unverified::check_holder`] says whether the holder signed them.
    #[must_use]
    pub fn dangerous_binding_claims(&self) -> Option<&Map<String, Value>> {
        self.key_binding.as_ref().map(jws::Unverified::dangerous_claims)
    }

    /// The type it names.
    #[must_use]
    pub fn vct(&self) -> Option<&str> {
        self.content.vct.as_deref()
    }

    /// `iat`, `nbf`, `exp`.
    #[must_use]
    pub fn times(&self) -> Times {
        self.content.times
    }

    /// Where its status is.
    #[must_use]
    pub fn status(&self) -> Option<&StatusRef> {
        self.content.status.as_ref()
    }

    /// The key it is bound to (`cnf`).
    #[must_use]
    pub fn holder(&self) -> Option<&PublicKey> {
        self.content.holder.as_ref()
    }

    /// Whether a key binding is attached.
    #[must_use]
    pub fn has_key_binding(&self) -> bool {
        self.key_binding.is_some()
    }

    /// All claims, the disclosed ones in their places, before anything was checked. A wallet reads its own stored
    /// cards so, having verified them when they came.
    #[must_use]
    pub fn dangerous_claims(&self) -> &Value {
        &self.content.claims
    }

    /// The claims that the holder can hold back, each path from the top.
    pub fn disclosable(&self) -> impl Iterator<Item = ClaimPath> + '_ {
        self.content.places.iter().map(|place| ClaimPath(place.clone()))
    }
}

impl Content {
    fn read(Processed { claims, places }: Processed, profile: &Profile<'_>) -> Result<Self, ParseError> {
        let hidden = |place: &Vec<Step>| match place.first() {
            Some(Step::Member(name)) => profile.always_shown.contains(&name.as_str()),
            _ => false,
        };
        if places.iter().any(hidden) {
            return Err(ParseError::MustAlwaysShow);
        }
        let holder = match claims.get("cnf") {
            None => None,
            Some(cnf) => {
                let jwk = cnf.get("jwk").ok_or(KeyError::Unsupported)?;
                let jwk = objects::from_value::<Jwk>(jwk).map_err(|_| KeyError::Encoding)?;
                Some(PublicKey::from_jwk(&jwk)?)
            }
        };
        Ok(Self {
            issuer: text(&claims, "iss")?,
            vct: text(&claims, "vct")?,
            times: (profile.times)(&claims)?,
            status: claims.get("status").map(StatusRef::from_claim).transpose()?,
            holder,
            claims: Value::Object(claims),
            places,
        })
    }
}

impl fmt::Debug for Unverified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("sd_jwt::Unverified")
            .field("vct", &self.content.vct)
            .field("disclosures", &self.disclosures.len())
            .field("key_binding", &self.key_binding.is_some())
            .finish_non_exhaustive()
    }
}

fn text(claims: &Map<String, Value>, name: &'static str) -> Result<Option<String>, ParseError> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(ParseError::ClaimWrong(name)),
    }
}

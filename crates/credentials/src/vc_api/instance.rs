//! Issuers by one mechanism, with a `did:key`.

use rand_core::CryptoRngCore;
use serde_json::{Map, Value};

use super::{IssueRequest, Mechanism, READING, pointers};
use crate::UnixSeconds;
#[cfg(feature = "bbs")]
use crate::bbs::SecretKey;
#[cfg(feature = "bbs")]
use crate::data_integrity::bbs;
use crate::data_integrity::{
    Cryptosuite, Draft, Making, ParseError, Prepared, ProofOptions, Purpose, Reading, SecureError, sd,
};
use crate::envelope::MediaType;
use crate::jsonld::{Contexts, JsonLdError};
use crate::key::{SignError, Signer, SoftwareKey};
use crate::sd_jwt::Concealing;
use crate::{vc_cose, vc_jose};

/// An issuer by one mechanism.
pub struct Instance {
    mechanism: Mechanism,
    did: String,
    verification_method: String,
    key: Key,
}

enum Key {
    Signing(Box<SoftwareKey>),
    #[cfg(feature = "bbs")]
    Bbs(Box<SecretKey>),
}

/// Why nothing was issued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IssueFailed {
    /// What is to be signed is no credential, or another issuer's.
    #[error(transparent)]
    Draft(#[from] ParseError),
    /// It can't be secured.
    #[error(transparent)]
    Secure(#[from] SecureError),
    /// It can't be secured as a token.
    #[error(transparent)]
    Token(#[from] vc_jose::IssueError),
    /// It can't be secured with BBS.
    #[cfg(feature = "bbs")]
    #[error(transparent)]
    Bbs(#[from] bbs::IssueError),
    /// `mandatoryPointers` for a mechanism without selective disclosure.
    #[error("this mechanism has no mandatory pointers")]
    NoPointers,
}

impl From<SignError> for IssueFailed {
    fn from(error: SignError) -> Self {
        Self::Secure(error.into())
    }
}

impl From<JsonLdError> for IssueFailed {
    fn from(error: JsonLdError) -> Self {
        Self::Secure(error.into())
    }
}

impl Instance {
    /// The issuer whose key comes from these secret bytes: as many of the first as its kind of key has. None if they are no key.
    #[must_use]
    pub fn from_secret(mechanism: Mechanism, secret: &[u8; 48]) -> Option<Self> {
        let Some(algorithm) = mechanism.algorithm() else { return Self::of_bbs(mechanism, secret) };
        let key = SoftwareKey::from_secret_bytes(algorithm, secret.get(..algorithm.secret_length())?).ok()?;
        let who = key.public_key().did_key();
        let (did, verification_method) = (who.did, who.verification_method);
        Some(Self { mechanism, did, verification_method, key: Key::Signing(Box::new(key)) })
    }

    #[cfg(feature = "bbs")]
    fn of_bbs(mechanism: Mechanism, secret: &[u8; 48]) -> Option<Self> {
        let key = SecretKey::from_material(secret, b"").ok()?;
        let verification_method = key.public_key().did_key_method();
        let did = crate::key::controller(&verification_method).to_owned();
        Some(Self { mechanism, did, verification_method, key: Key::Bbs(Box::new(key)) })
    }

    #[cfg(not(feature = "bbs"))]
    fn of_bbs(_: Mechanism, _: &[u8; 48]) -> Option<Self> {
        None
    }

    /// How it secures.
    #[must_use]
    pub const fn mechanism(&self) -> Mechanism {
        self.mechanism
    }

    /// Its DID.
    #[must_use]
    pub fn did(&self) -> &str {
        &self.did
    }

    /// Its key, a DID URL.
    #[must_use]
    pub fn verification_method(&self) -> &str {
        &self.verification_method
    }

    /// Signs what is asked for.
    ///
    /// # Errors
    /// [`IssueFailed`].
    pub fn issue(
        &self,
        request: IssueRequest,
        now: UnixSeconds,
        contexts: &Contexts,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Value, IssueFailed> {
        let pointers = request.options.mandatory_pointers;
        if pointers.is_some() && !self.mechanism.discloses_selectively() {
            return Err(IssueFailed::NoPointers);
        }
        let mandatory = pointers.unwrap_or_default();
        let enveloped = self.mechanism.cryptosuite().is_none();
        // Envelopes hold documents of VCDM 2.0 alone.
        let reading = if enveloped { Reading::default() } else { READING };
        let document = Draft::read(request.credential, &self.did, reading)?.into_members();
        match (&self.key, self.mechanism.cryptosuite()) {
            (Key::Signing(key), None) => self.enveloped(document, &mandatory, now, key, rng),
            (Key::Signing(key), Some(Cryptosuite::EcdsaSd2023)) => {
                let issuing = sd::Issuing { document, options: self.options(now), mandatory, contexts };
                Ok(issuing.prepare(key.public_key(), &sd::Secrets::generate(rng))?.sign(key.as_ref())?)
            }
            (Key::Signing(key), Some(cryptosuite)) => {
                let making = Making { cryptosuite, contexts, id: None, previous: Vec::new() };
                let prepared = Prepared::beside(document, self.options(now), key.public_key(), &making)?;
                Ok(prepared.sign(key.as_ref())?)
            }
            #[cfg(feature = "bbs")]
            (Key::Bbs(key), _) => {
                let issuing = bbs::Issuing { document, options: self.options(now), mandatory, contexts };
                Ok(issuing.sign(key, &bbs::LabelKey::generate(rng))?)
            }
        }
    }

    fn options(&self, now: UnixSeconds) -> ProofOptions {
        ProofOptions {
            verification_method: self.verification_method.clone(),
            purpose: Purpose::AssertionMethod,
            created: Some(now),
            expires: None,
            challenge: None,
            domain: None,
        }
    }

    fn enveloped(
        &self,
        mut document: Map<String, Value>,
        mandatory: &[String],
        now: UnixSeconds,
        key: &SoftwareKey,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Value, IssueFailed> {
        let (kind, kid) = (vc_jose::Document::Credential, Some(self.verification_method.as_str()));
        let public = key.public_key();
        if self.mechanism == Mechanism::VcCose {
            let prepared = vc_cose::secure(vc_cose::Document::Credential, document, kid, public)?;
            return Ok(MediaType::VcCose.envelope(&prepared.sign(key)?));
        }
        document.insert("iat".to_owned(), now.0.into());
        if self.mechanism == Mechanism::VcJwt {
            let token = vc_jose::secure(kind, document, kid, public)?.sign(key)?;
            return Ok(MediaType::VcJwt.envelope(token.as_bytes()));
        }
        let disclosable = pointers::hideable(&document, mandatory)?;
        let concealing = Concealing { disclosable: &disclosable, ..Concealing::default() };
        let token = vc_jose::secure_sd(kind, document, kid, &concealing, public, rng)?.sign(key)?;
        Ok(MediaType::VcSdJwt.envelope(token.as_bytes()))
    }
}

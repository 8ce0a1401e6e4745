//! Presenting a choice of claims, bound to the holder's key and the verifier's request.

use std::fmt;

use serde_json::{Map, Value, json};

use super::{Hash, KEY_BINDING_TYP, Unverified};
use crate::jws::{self, CreateError, Header};
use crate::key::{PublicKey, SignError, SignatureRefused, Signer};
use crate::{ClaimPath, UnixSeconds};

/// Why a choice can't be presented.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// The credential has no such claim.
    #[error("the credential has no claim {0}")]
    NoSuchClaim(ClaimPath),
    /// The credential is bound to no key, so nobody can show that it is theirs.
    #[error("the credential is bound to no key")]
    NotBound,
    /// Making the key binding.
    #[error(transparent)]
    Create(#[from] CreateError),
}

/// A credential with the chosen disclosures only: `<token>~<disclosure>~…~`.
#[derive(Clone)]
pub struct Selection {
    text: String,
    disclosed: Vec<ClaimPath>,
    holder: Option<PublicKey>,
    hash: Hash,
}

impl Unverified {
    /// Chooses the claims to show. A path shows everything at and below it, and what it stands in; claims that
    /// always show need no path. A key binding that was attached is left off.
    ///
    /// # Errors
    /// [`SelectError::NoSuchClaim`].
    pub fn select(&self, paths: &[ClaimPath]) -> Result<Selection, SelectError> {
        if let Some(path) = paths.iter().find(|path| path.select(&self.content.claims).is_empty()) {
            return Err(SelectError::NoSuchClaim(path.clone()));
        }
        let mut selection = Selection {
            text: format!("{}~", self.token.text()),
            disclosed: Vec::new(),
            holder: self.content.holder.clone(),
            hash: self.hash,
        };
        for (disclosure, place) in self.disclosures.iter().zip(&self.content.places) {
            if paths.iter().any(|path| path.touches(place)) {
                selection.text.push_str(&disclosure.text);
                selection.text.push('~');
                selection.disclosed.push(ClaimPath(place.clone()));
            }
        }
        Ok(selection)
    }
}

impl Selection {
    /// The text without key binding. Present [`Selection::bind`]'s instead.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The claims that will show beside those that always do.
    #[must_use]
    pub fn disclosed(&self) -> &[ClaimPath] {
        &self.disclosed
    }

    /// Lays out the key binding for a verifier's request, for the holder's key to sign.
    ///
    /// # Errors
    /// [`SelectError::NotBound`].
    pub fn bind(self, audience: &str, nonce: &str, now: UnixSeconds) -> Result<ToBind, SelectError> {
        self.bind_with(audience, nonce, now, Map::new())
    }

    /// The same with further claims, which the holder signs too: hashes of transaction data (OpenID4VP 1.0 §B.3.3.1). None
    /// of them can take the place of the others.
    ///
    /// # Errors
    /// [`SelectError::NotBound`].
    pub fn bind_with(
        self,
        audience: &str,
        nonce: &str,
        now: UnixSeconds,
        further: Map<String, Value>,
    ) -> Result<ToBind, SelectError> {
        let holder = self.holder.ok_or(SelectError::NotBound)?;
        let own = [
            ("aud", json!(audience)),
            ("nonce", json!(nonce)),
            ("iat", json!(now.0)),
            ("sd_hash", json!(self.hash.digest(&self.text))),
        ];
        let mut claims = further;
        claims.extend(own.map(|(name, value)| (name.to_owned(), value)));
        let token = jws::prepare(&Header::typed(KEY_BINDING_TYP), &claims, &holder)?;
        Ok(ToBind { text: self.text, token })
    }
}

/// A presentation that only lacks the holder's signature.
pub struct ToBind {
    text: String,
    token: jws::Prepared,
}

impl ToBind {
    /// The bytes for the holder's key to sign.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.token.bytes()
    }

    /// The presentation: `<token>~<disclosure>~…~<key binding>`.
    ///
    /// # Errors
    /// [`SignatureRefused`] when this is not the holder key's signature of [`ToBind::bytes`].
    pub fn finish(self, signature: &[u8]) -> Result<String, SignatureRefused> {
        Ok(self.text + &self.token.finish(signature)?)
    }

    /// The presentation, signed at once.
    ///
    /// # Errors
    /// [`SignError`] from the key.
    pub fn sign(self, signer: &dyn Signer) -> Result<String, SignError> {
        Ok(self.text + &self.token.sign(signer)?)
    }
}

impl fmt::Debug for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Selection").field("disclosed", &self.disclosed).finish_non_exhaustive()
    }
}

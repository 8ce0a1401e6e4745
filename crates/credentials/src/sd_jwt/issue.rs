//! Issuing an SD-JWT VC.

use rand_core::CryptoRngCore;
use serde_json::{Map, Value, json};

use super::disclosure::{DIGEST_OF_ELEMENT, DIGESTS};
use super::hash::HASH_NAME;
use super::{Concealing, TYP};
use crate::jws::{self, CreateError, Header};
use crate::key::{PublicKey, SignError, SignatureRefused, Signer};
use crate::status::StatusRef;
use crate::{ClaimPath, UnixSeconds};

/// Claims that the token itself has; a credential's own claims can't take these names (SD-JWT VC §2.2.2).
const RESERVED: &[&str] = &[
    "iss",
    "iat",
    "nbf",
    "exp",
    "cnf",
    "vct",
    "vct#integrity",
    "status",
    DIGESTS,
    HASH_NAME,
    DIGEST_OF_ELEMENT,
];

/// A credential to be issued.
#[derive(Clone)]
pub struct Issuance {
    /// Who issues: a DID or an HTTPS URL.
    pub issuer: String,
    /// The issuer's key, as a DID URL.
    pub kid: Option<String>,
    /// The issuer's certificate chain, base64 DER.
    pub x5c: Option<Vec<String>>,
    /// The type: `urn:huizheng:business-licence:1`.
    pub vct: String,
    /// The claims about the subject.
    pub claims: Map<String, Value>,
    /// Which claims the holder may hold back, anywhere in the tree; the rest always shows.
    pub disclosable: Vec<ClaimPath>,
    /// The key that the credential is bound to.
    pub holder: Option<PublicKey>,
    /// When it is issued.
    pub issued_at: UnixSeconds,
    /// From when it counts.
    pub not_before: Option<UnixSeconds>,
    /// From when it counts no more.
    pub expires: Option<UnixSeconds>,
    /// Where its status is.
    pub status: Option<StatusRef>,
    /// So many false digests at the top, to hide how many claims there are.
    pub decoys: usize,
}

/// Why a credential could not be issued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// A claim has a name that is the token's.
    #[error("the claim name {0} is reserved")]
    ReservedName(String),
    /// A path names no claim that is there.
    #[error("there is no claim {0} to make disclosable")]
    NoSuchClaim(ClaimPath),
    /// More disclosures than a reader takes.
    #[error("too many disclosable claims")]
    TooMany,
    /// Making the token.
    #[error(transparent)]
    Create(#[from] CreateError),
}

impl From<SignError> for IssueError {
    fn from(error: SignError) -> Self {
        Self::Create(error.into())
    }
}

/// A credential that only lacks its signature.
pub struct Prepared {
    pub(super) token: jws::Prepared,
    pub(super) disclosures: Vec<String>,
}

impl Issuance {
    /// Hides the disclosable claims and lays out the token for `key` to sign.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn prepare(self, key: &PublicKey, rng: &mut impl CryptoRngCore) -> Result<Prepared, IssueError> {
        if let Some(name) = self.claims.keys().find(|name| RESERVED.contains(&name.as_str())) {
            return Err(IssueError::ReservedName(name.clone()));
        }
        let concealing =
            Concealing { disclosable: &self.disclosable, decoys: self.decoys, ..Concealing::default() };
        let mut concealed = concealing.conceal(self.claims, rng)?;
        concealed.say("iss", self.issuer);
        concealed.say("vct", self.vct);
        concealed.say("iat", self.issued_at.0);
        for (name, time) in [("nbf", self.not_before), ("exp", self.expires)] {
            if let Some(UnixSeconds(seconds)) = time {
                concealed.say(name, seconds);
            }
        }
        if let Some(holder) = self.holder {
            concealed.say("cnf", json!({ "jwk": holder.to_jwk() }));
        }
        if let Some(status) = self.status.filter(|status| !status.is_empty()) {
            concealed.say("status", status.to_claim());
        }
        let header = Header { kid: self.kid, x5c: self.x5c, ..Header::typed(TYP) };
        Ok(concealed.prepare(&header, key)?)
    }

    /// The credential, signed at once: `<token>~<disclosure>~…~`.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn sign(self, signer: &dyn Signer, rng: &mut impl CryptoRngCore) -> Result<String, IssueError> {
        Ok(self.prepare(signer.public_key(), rng)?.sign(signer)?)
    }
}

impl Prepared {
    /// The bytes to sign.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.token.bytes()
    }

    /// The credential, signed at once: `<token>~<disclosure>~…~`.
    ///
    /// # Errors
    /// [`SignError`] from the key.
    pub fn sign(self, signer: &dyn Signer) -> Result<String, SignError> {
        Ok(join(&self.token.sign(signer)?, &self.disclosures))
    }

    /// The credential: `<token>~<disclosure>~…~`.
    ///
    /// # Errors
    /// [`SignatureRefused`] when this is not the key's signature of [`Prepared::bytes`].
    pub fn finish(self, signature: &[u8]) -> Result<String, SignatureRefused> {
        Ok(join(&self.token.finish(signature)?, &self.disclosures))
    }
}

fn join(token: &str, disclosures: &[String]) -> String {
    let mut text = format!("{token}~");
    for disclosure in disclosures {
        text.push_str(disclosure);
        text.push('~');
    }
    text
}

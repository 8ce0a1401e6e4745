//! Who this issuer is: its keys, and the DID they make.
//!
//! The DID follows from the key files alone, so a start that broke off goes on where it was, and a folder that is moved
//! stays the same issuer.

use std::fmt;
use std::path::Path;

use credentials::key::{Algorithm, Signer, SoftwareKey};
use rand_core::OsRng;
use registry::build::{DidPlan, SoftwareSigner, TxSigner, organisation_document, recovery_commitment};
use registry::{Did, PublicKey, Slug};
use zeroize::Zeroizing;

use crate::keys::{KeyError, KeyFolder};

/// Fragments of the DID's keys, as `organisation_document` gives them: the author's, then the signing keys in order.
const EDDSA_KEY: &str = "key-2";
const ES256_KEY: &str = "key-3";

/// The keys and the DID.
pub(crate) struct Identity {
    did: Did,
    plan: DidPlan,
    author: SoftwareSigner,
    eddsa: SoftwareKey,
    es256: SoftwareKey,
    eddsa_id: String,
    es256_id: String,
    seal_root: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("did", &self.did).finish_non_exhaustive()
    }
}

/// Why there is no usable identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// A key file.
    #[error(transparent)]
    File(#[from] KeyError),
    /// A key file holds bytes that make no key: restore it from a backup.
    #[error("the key file `{0}` holds no usable key; restore it from a backup")]
    Unusable(&'static str),
}

impl Identity {
    /// The identity in this folder; made if there is none.
    pub(crate) fn open(dir: &Path, network: &Slug) -> Result<Self, IdentityError> {
        let folder = KeyFolder::open(dir)?;
        let secret = |name: &'static str| folder.secret(name, &mut OsRng);
        let ledger_key = |name, seed: Zeroizing<[u8; 32]>| {
            SoftwareSigner::from_seed(&seed).map_err(|_| IdentityError::Unusable(name))
        };
        let author = ledger_key("author.key", secret("author.key")?)?;
        let recovery = ledger_key("recovery.key", secret("recovery.key")?)?;
        let signing_key = |name, algorithm, secret: Zeroizing<[u8; 32]>| {
            SoftwareKey::from_secret_bytes(algorithm, secret.as_slice())
                .map_err(|_| IdentityError::Unusable(name))
        };
        let eddsa = signing_key("signing-ed25519.key", Algorithm::EdDsa, secret("signing-ed25519.key")?)?;
        let es256 = signing_key("signing-p256.key", Algorithm::Es256, secret("signing-p256.key")?)?;
        let mut salt = [0u8; 16];
        salt.copy_from_slice(&secret("did.salt")?[..16]);
        let signing = [registered(&eddsa, "signing-ed25519.key")?, registered(&es256, "signing-p256.key")?];
        let plan = DidPlan {
            document: organisation_document(&author.public_key(), &signing, Vec::new()),
            salt,
            recovery_commitment: recovery_commitment(&recovery.public_key()),
        };
        let did = plan.did(network);
        let (eddsa_id, es256_id) = (format!("{did}#{EDDSA_KEY}"), format!("{did}#{ES256_KEY}"));
        let seal_root = secret("seals.key")?;
        Ok(Self { did, plan, author, eddsa, es256, eddsa_id, es256_id, seal_root })
    }

    /// The DID.
    pub(crate) fn did(&self) -> &Did {
        &self.did
    }

    /// What registers it.
    pub(crate) fn plan(&self) -> &DidPlan {
        &self.plan
    }

    /// What authors its transactions.
    pub(crate) fn author(&self) -> &SoftwareSigner {
        &self.author
    }

    /// The key that signs with Ed25519, and its DID URL.
    pub(crate) fn eddsa(&self) -> (&SoftwareKey, &str) {
        (&self.eddsa, &self.eddsa_id)
    }

    /// The key that signs on P-256, and its DID URL.
    pub(crate) fn es256(&self) -> (&SoftwareKey, &str) {
        (&self.es256, &self.es256_id)
    }

    /// The secret that codes, tokens and nonces are sealed with.
    pub(crate) fn seal_root(&self) -> &Zeroizing<[u8; 32]> {
        &self.seal_root
    }
}

/// A signing key as the chain writes it.
fn registered(key: &SoftwareKey, name: &'static str) -> Result<PublicKey, IdentityError> {
    let bytes = key.public_key().to_bytes();
    let made = match key.algorithm() {
        Algorithm::EdDsa => bytes.try_into().ok().and_then(|bytes| PublicKey::ed25519(&bytes).ok()),
        Algorithm::Es256 => bytes.try_into().ok().and_then(|bytes| PublicKey::p256(&bytes).ok()),
        // The chain has no other keys.
        _ => None,
    };
    made.ok_or(IdentityError::Unusable(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_folder_is_the_same_issuer_and_its_document_has_the_keys_it_signs_with() {
        let dir = tempfile::tempdir().expect("dir");
        let network = Slug::new("anhui").expect("name");
        let first = Identity::open(dir.path(), &network).expect("made");
        let again = Identity::open(dir.path(), &network).expect("read");
        assert_eq!(first.did(), again.did());
        for (key, id) in [first.eddsa(), first.es256()] {
            let fragment = id.rsplit('#').next().expect("fragment");
            let keys = &first.plan().document.keys;
            let found = keys.iter().find(|key| key.fragment.as_str() == fragment).expect("in the document");
            assert_eq!(found.key.to_multikey(), key.public_key().to_multikey());
        }
        let other = tempfile::tempdir().expect("dir");
        assert_ne!(Identity::open(other.path(), &network).expect("made").did(), first.did());
    }
}

//! Who this issuer is: its keys, and the DID they make.
//!
//! The DID follows from the key files alone, so a start that broke off goes on where it was, and a folder that is moved
//! stays the same issuer.

use std::fmt;
use std::path::Path;

use credentials::key::{Algorithm, Signer, SoftwareKey};
use registry::{Did, PublicKey, Slug};
use service::secrets::SecretFolder;
use service::{Organisation, OrganisationError};
use zeroize::Zeroizing;

use crate::certificates::Certificates;

/// The keys and the DID.
pub(crate) struct Identity {
    organisation: Organisation,
    eddsa: SoftwareKey,
    es256: SoftwareKey,
    eddsa_id: String,
    es256_id: String,
    certificates: Certificates,
    seal_root: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("did", self.did()).finish_non_exhaustive()
    }
}

impl Identity {
    /// The identity in this folder; made if there is none.
    pub(crate) fn open(dir: &Path, network: &Slug) -> Result<Self, OrganisationError> {
        let folder = SecretFolder::open(dir)?;
        let signing_key = |name: &'static str, algorithm| {
            let key = SoftwareKey::from_secret_bytes(algorithm, folder.secret(name)?.as_slice());
            key.map_err(|_| OrganisationError::Unusable(name))
        };
        let eddsa = signing_key("signing-ed25519.key", Algorithm::EdDsa)?;
        let es256 = signing_key("signing-p256.key", Algorithm::Es256)?;
        let signing = [registered(&eddsa, "signing-ed25519.key")?, registered(&es256, "signing-p256.key")?];
        let organisation = Organisation::open(&folder, network, &signing)?;
        let (eddsa_id, es256_id) = (organisation.key_id(0), organisation.key_id(1));
        let root = signing_key("mdoc-root-p256.key", Algorithm::Es256)?;
        let certificates = Certificates::new(root, organisation.did())
            .map_err(|_| OrganisationError::Unusable("mdoc-root-p256.key"))?;
        let seal_root = folder.secret("seals.key")?;
        Ok(Self { organisation, eddsa, es256, eddsa_id, es256_id, certificates, seal_root })
    }

    /// The DID.
    pub(crate) fn did(&self) -> &Did {
        self.organisation.did()
    }

    /// Who acts on the chain.
    pub(crate) fn organisation(&self) -> &Organisation {
        &self.organisation
    }

    /// The key that signs with Ed25519, and its DID URL.
    pub(crate) fn eddsa(&self) -> (&SoftwareKey, &str) {
        (&self.eddsa, &self.eddsa_id)
    }

    /// The key that signs on P-256, and its DID URL.
    pub(crate) fn es256(&self) -> (&SoftwareKey, &str) {
        (&self.es256, &self.es256_id)
    }

    /// What certifies the key on P-256, for mdocs.
    pub(crate) fn certificates(&self) -> &Certificates {
        &self.certificates
    }

    /// The secret that codes, tokens and nonces are sealed with.
    pub(crate) fn seal_root(&self) -> &Zeroizing<[u8; 32]> {
        &self.seal_root
    }
}

/// A signing key as the chain writes it.
fn registered(key: &SoftwareKey, name: &'static str) -> Result<PublicKey, OrganisationError> {
    let bytes = key.public_key().to_bytes();
    let made = match key.algorithm() {
        Algorithm::EdDsa => bytes.try_into().ok().and_then(|bytes| PublicKey::ed25519(&bytes).ok()),
        Algorithm::Es256 => bytes.try_into().ok().and_then(|bytes| PublicKey::p256(&bytes).ok()),
        // The chain has no other keys.
        _ => None,
    };
    made.ok_or(OrganisationError::Unusable(name))
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
            let keys = &first.organisation().document().keys;
            let found = keys.iter().find(|key| key.fragment.as_str() == fragment).expect("in the document");
            assert_eq!(found.key.to_multikey(), key.public_key().to_multikey());
        }
        let other = tempfile::tempdir().expect("dir");
        assert_ne!(Identity::open(other.path(), &network).expect("made").did(), first.did());
    }
}

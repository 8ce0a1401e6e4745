//! Who this verifier is: its keys, and the DID they make.
//!
//! The DID follows from the key files alone, so a start that broke off goes on where it was, and a folder that is moved
//! stays the same verifier.

use std::fmt;
use std::path::Path;

use credentials::key::Signer;
use protocol::openid4vp::ClientId;
use registry::{Did, PublicKey, Slug};
use service::secrets::SecretFolder;
use service::{Organisation, OrganisationError};

use crate::signer::RequestSigner;

/// The keys and the DID.
pub(crate) struct Identity {
    organisation: Organisation,
    client_id: ClientId,
    signing: RequestSigner,
    kid: String,
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
        let unusable = || OrganisationError::Unusable("signing-p256.key");
        let signing = RequestSigner::new(&*folder.secret("signing-p256.key")?).map_err(|_| unusable())?;
        let public = signing.public_key().to_bytes().try_into().ok();
        let public = public.and_then(|bytes| PublicKey::p256(&bytes).ok()).ok_or_else(unusable)?;
        let organisation = Organisation::open(&folder, network, &[public])?;
        let client_id = ClientId::of_did(&organisation.did().to_string());
        let kid = organisation.key_id(0);
        Ok(Self { organisation, client_id, signing, kid })
    }

    /// The DID.
    pub(crate) fn did(&self) -> &Did {
        self.organisation.did()
    }

    /// Who acts on the chain.
    pub(crate) fn organisation(&self) -> &Organisation {
        &self.organisation
    }

    /// Who it is to wallets: also the audience of what they present.
    pub(crate) fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// The key that signs requests, and its DID URL.
    pub(crate) fn signer(&self) -> (&RequestSigner, &str) {
        (&self.signing, &self.kid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_folder_is_the_same_verifier_and_its_document_has_the_key_it_signs_with() {
        let dir = tempfile::tempdir().expect("dir");
        let network = Slug::new("anhui").expect("name");
        let first = Identity::open(dir.path(), &network).expect("made");
        let again = Identity::open(dir.path(), &network).expect("read");
        assert_eq!(first.did(), again.did());
        let (key, kid) = first.signer();
        let fragment = kid.rsplit('#').next().expect("fragment");
        let keys = &first.organisation().document().keys;
        let found = keys.iter().find(|key| key.fragment.as_str() == fragment).expect("in it");
        assert_eq!(found.key.to_multikey(), key.public_key().to_multikey());
        assert_eq!(first.client_id().did(), Some(first.did().to_string().as_str()));
    }
}

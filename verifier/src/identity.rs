//! Who this verifier is: its keys, and the DID they make.
//!
//! The DID follows from the key files alone, so a start that broke off goes on where it was, and a folder that is moved
//! stays the same verifier.

use std::fmt;
use std::path::Path;

use credentials::key::Signer;
use protocol::openid4vp::ClientId;
use registry::build::{DidPlan, SoftwareSigner, TxSigner, organisation_document, recovery_commitment};
use registry::{Author, Did, PublicKey, RecordKey, Slug};
use service::NodeClient;
use service::node::SubmitError;

use crate::keys::{KeyError, KeyFolder};
use crate::signer::RequestSigner;

/// The fragment of the key that requests are signed with: the first after the author's.
const REQUEST_KEY: &str = "key-2";

/// The keys and the DID.
pub(crate) struct Identity {
    did: Did,
    client_id: ClientId,
    plan: DidPlan,
    author: SoftwareSigner,
    signing: RequestSigner,
    kid: String,
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
        let ledger_key = |name| {
            let seed = folder.secret(name)?;
            SoftwareSigner::from_seed(&seed).map_err(|_| IdentityError::Unusable(name))
        };
        let (author, recovery) = (ledger_key("author.key")?, ledger_key("recovery.key")?);
        let unusable = || IdentityError::Unusable("signing-p256.key");
        let signing = RequestSigner::new(&*folder.secret("signing-p256.key")?).map_err(|_| unusable())?;
        let public = signing.public_key().to_bytes().try_into().ok();
        let public = public.and_then(|bytes| PublicKey::p256(&bytes).ok()).ok_or_else(unusable)?;
        let mut salt = [0u8; 16];
        salt.copy_from_slice(&folder.secret("did.salt")?[..16]);
        let plan = DidPlan {
            document: organisation_document(&author.public_key(), &[public], Vec::new()),
            salt,
            recovery_commitment: recovery_commitment(&recovery.public_key()),
        };
        let did = plan.did(network);
        let client_id = ClientId::of_did(&did.to_string());
        let kid = format!("{did}#{REQUEST_KEY}");
        Ok(Self { did, client_id, plan, author, signing, kid })
    }

    /// The DID.
    pub(crate) fn did(&self) -> &Did {
        &self.did
    }

    /// Who it is to wallets: also the audience of what they present.
    pub(crate) fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// The key that signs requests, and its DID URL.
    pub(crate) fn signer(&self) -> (&RequestSigner, &str) {
        (&self.signing, &self.kid)
    }

    /// Registers the DID unless the chain has it.
    pub(crate) async fn register(&self, node: &NodeClient) -> Result<(), SubmitError> {
        if node.proven_one(RecordKey::Did(self.did.clone())).await?.record().is_some() {
            return Ok(());
        }
        let author = Author::Did(self.did.clone());
        match node.act(&author, &self.plan.clone().into_action(), &[&self.author]).await {
            // Another start was quicker, or an answer was lost.
            Err(SubmitError::Rejected { code, .. }) if code == "did-exists" => Ok(()),
            done => done.map(drop),
        }
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
        let found =
            first.plan.document.keys.iter().find(|key| key.fragment.as_str() == fragment).expect("in it");
        assert_eq!(found.key.to_multikey(), key.public_key().to_multikey());
        assert_eq!(first.client_id().did(), Some(first.did().to_string().as_str()));
    }
}

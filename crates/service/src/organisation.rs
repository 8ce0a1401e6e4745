//! An organisation as a service holds it: the keys it acts with on the chain, and the DID they make.
//!
//! The DID is self-certifying: its id is the digest of its first keys and a salt, so a restart from the same folder is
//! the same organisation.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use registry::api::SubmitResponse;
use registry::build::{DidPlan, SoftwareSigner, TxSigner, organisation_document, recovery_commitment};
use registry::{Action, Author, Did, DidDocument, PublicKey, RecordKey, Slug};

use crate::NodeClient;
use crate::node::SubmitError;
use crate::secrets::{SecretError, SecretFolder};

/// The number in the fragment of the first signing key; `key-1` is the one that authors transactions.
const FIRST_SIGNING_KEY: usize = 2;

/// The keys that author its transactions, and its DID.
pub struct Organisation {
    did: Did,
    plan: DidPlan,
    author: RwLock<Arc<SoftwareSigner>>,
}

/// Why there is no usable organisation in a folder.
#[derive(Debug, thiserror::Error)]
pub enum OrganisationError {
    /// A key file.
    #[error(transparent)]
    File(#[from] SecretError),
    /// A key file holds bytes that make no key: restore it from a backup.
    #[error("the key file `{0}` holds no usable key; restore it from a backup")]
    Unusable(&'static str),
}

impl fmt::Debug for Organisation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Organisation").field("did", &self.did).finish_non_exhaustive()
    }
}

impl Organisation {
    /// The organisation whose keys are in this folder (`author.key`, `recovery.key`, `did.salt`; made if there are none)
    /// and which signs with these keys.
    ///
    /// # Errors
    /// [`OrganisationError`].
    pub fn open(
        folder: &SecretFolder,
        network: &Slug,
        signing: &[PublicKey],
    ) -> Result<Self, OrganisationError> {
        let ledger_key = |name| {
            let seed = folder.secret(name)?;
            SoftwareSigner::from_seed(&seed).map_err(|_| OrganisationError::Unusable(name))
        };
        let (author, recovery) = (ledger_key("author.key")?, ledger_key("recovery.key")?);
        let mut salt = [0; 16];
        salt.copy_from_slice(&folder.secret("did.salt")?[..16]);
        let plan = DidPlan {
            document: organisation_document(&author.public_key(), signing, Vec::new()),
            salt,
            recovery_commitment: recovery_commitment(&recovery.public_key()),
        };
        Ok(Self { did: plan.did(network), plan, author: RwLock::new(Arc::new(author)) })
    }

    /// The organisation that this registration made (`DidCreate`), with the key that authors its transactions now. Its keys may
    /// have changed since.
    ///
    /// # Errors
    /// [`OrganisationError`].
    pub fn registered(
        network: &Slug,
        registration: Action,
        author: SoftwareSigner,
    ) -> Result<Self, OrganisationError> {
        let Action::DidCreate { document, salt, recovery_commitment } = registration else {
            return Err(OrganisationError::Unusable("did.json"));
        };
        let plan = DidPlan { document, salt, recovery_commitment };
        Ok(Self { did: plan.did(network), plan, author: RwLock::new(Arc::new(author)) })
    }

    /// Acts with this key from now on.
    pub fn act_with(&self, author: SoftwareSigner) {
        *self.author.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(author);
    }

    /// What registers it, with public keys only; [`Organisation::registered`] reads it.
    #[must_use]
    pub fn registration(&self) -> Action {
        self.plan.clone().into_action()
    }

    /// The DID.
    #[must_use]
    pub fn did(&self) -> &Did {
        &self.did
    }

    /// The document it registers.
    #[must_use]
    pub fn document(&self) -> &DidDocument {
        &self.plan.document
    }

    /// The DID URL of a signing key, by its place among those given to [`Organisation::open`].
    #[must_use]
    pub fn key_id(&self, place: usize) -> String {
        format!("{}#key-{}", self.did, FIRST_SIGNING_KEY + place)
    }

    /// Registers the DID unless the chain has it; final when it returns.
    ///
    /// # Errors
    /// [`SubmitError`].
    pub async fn register(&self, node: &NodeClient) -> Result<(), SubmitError> {
        if node.proven_one(RecordKey::Did(self.did.clone())).await?.record().is_some() {
            return Ok(());
        }
        match self.act(node, &self.plan.clone().into_action()).await {
            // Another start was quicker, or an answer was lost.
            Err(SubmitError::Rejected { code, .. }) if code == "did-exists" => Ok(()),
            done => done.map(drop),
        }
    }

    /// Acts on the chain in its own name; final when it returns.
    ///
    /// # Errors
    /// [`SubmitError`].
    pub async fn act(&self, node: &NodeClient, action: &Action) -> Result<SubmitResponse, SubmitError> {
        let author = self.author.read().unwrap_or_else(PoisonError::into_inner).clone();
        let signer: &(dyn TxSigner + Send + Sync) = author.as_ref();
        node.act(&Author::Did(self.did.clone()), action, &[signer]).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_folder_is_the_same_organisation_and_its_keys_are_named_as_the_chain_names_them() {
        let dir = tempfile::tempdir().expect("dir");
        let folder = SecretFolder::open(dir.path()).expect("a folder");
        let network = Slug::new("anhui").expect("a slug");
        let signing = [1, 2]
            .map(|n| PublicKey::Ed25519(SoftwareSigner::from_seed(&[n; 32]).expect("a key").public_key()));
        let first = Organisation::open(&folder, &network, &signing).expect("made");
        assert_eq!(Organisation::open(&folder, &network, &signing).expect("read").did(), first.did());
        for (place, key) in signing.iter().enumerate() {
            let id = first.key_id(place);
            let fragment = id.rsplit('#').next().expect("a fragment");
            let found = first.document().keys.iter().find(|known| known.fragment.as_str() == fragment);
            assert_eq!(found.expect("in the document").key, *key);
        }
        let other = tempfile::tempdir().expect("dir");
        let other = SecretFolder::open(other.path()).expect("a folder");
        assert_ne!(Organisation::open(&other, &network, &signing).expect("made").did(), first.did());
    }
}

//! An organisation as a service holds it: the keys it acts with on the chain, and the DID they make.
//!
//! The DID is self-certifying: its id is the digest of its first keys, a salt and the digest of its recovery key. What registered
//! it is noted beside the keys (`did.json`, public) when they are made. From then on neither the first keys nor the recovery key
//! are read: keys are replaced, and the recovery key is put away.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use registry::api::SubmitResponse;
use registry::build::{DidPlan, SoftwareSigner, TxSigner, organisation_document, recovery_commitment};
use registry::{Action, Author, Did, DidDocument, PublicKey, RecordKey, Slug};
use zeroize::Zeroizing;

use crate::node::SubmitError;
use crate::secrets::{SecretError, SecretFolder};
use crate::{KeyFiles, NodeClient};

/// What registered the DID.
const REGISTRATION: &str = "did.json";
/// The file of the key that puts others in the place of all that were stolen or lost. It is made with the DID, never read again,
/// and belongs elsewhere.
pub const RECOVERY_KEY: &str = "recovery.key";
/// The first author's key.
const AUTHOR: &str = "author.key";

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
    /// The DID of the organisation that was noted in this folder, whichever keys are there; none if none was made there.
    ///
    /// # Errors
    /// [`OrganisationError`].
    pub fn did_in(folder: &SecretFolder, network: &Slug) -> Result<Option<Did>, OrganisationError> {
        Ok(plan(folder)?.map(|plan| plan.did(network)))
    }

    /// The organisation that was noted in this folder, acting with its newest author's key; none if none was made there.
    ///
    /// # Errors
    /// [`OrganisationError`]; a key that is lost is never made anew.
    pub fn noted(folder: &SecretFolder, network: &Slug) -> Result<Option<Self>, OrganisationError> {
        let Some(plan) = plan(folder)? else { return Ok(None) };
        let newest = KeyFiles::AUTHOR.names(folder)?.pop();
        let newest = newest.map(|name| folder.existing(&KeyFiles::AUTHOR.file(&name))).transpose()?.flatten();
        let author = signer(&*newest.ok_or(OrganisationError::Unusable(AUTHOR))?, AUTHOR)?;
        Ok(Some(Self { did: plan.did(network), plan, author: RwLock::new(Arc::new(author)) }))
    }

    /// The organisation that signs with these keys and whose others are in this folder: `author.key`, [`RECOVERY_KEY`] and
    /// `did.salt`, made if there are none. It is noted there, last of all.
    ///
    /// # Errors
    /// [`OrganisationError`].
    pub fn open(
        folder: &SecretFolder,
        network: &Slug,
        signing: &[PublicKey],
    ) -> Result<Self, OrganisationError> {
        let author = signer(&*folder.secret(AUTHOR)?, AUTHOR)?;
        let mut salt = [0; 16];
        salt.copy_from_slice(&folder.secret("did.salt")?[..16]);
        let plan = DidPlan {
            document: organisation_document(&author.public_key(), signing, Vec::new()),
            salt,
            recovery_commitment: recovery_commitment(&recovery_key(folder)?.public_key()),
        };
        let registration = serde_json::to_vec(&plan.clone().into_action());
        folder
            .put_note(REGISTRATION, &registration.map_err(|_| OrganisationError::Unusable(REGISTRATION))?)?;
        Ok(Self { did: plan.did(network), plan, author: RwLock::new(Arc::new(author)) })
    }

    /// Acts with this key from now on.
    pub fn act_with(&self, author: SoftwareSigner) {
        *self.author.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(author);
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

/// What was noted.
fn plan(folder: &SecretFolder) -> Result<Option<DidPlan>, OrganisationError> {
    let Some(noted) = folder.note(REGISTRATION)? else { return Ok(None) };
    match serde_json::from_slice(&noted) {
        Ok(Action::DidCreate { document, salt, recovery_commitment }) => {
            Ok(Some(DidPlan { document, salt, recovery_commitment }))
        }
        _ => Err(OrganisationError::Unusable(REGISTRATION)),
    }
}

fn signer(seed: &[u8; 32], file: &'static str) -> Result<SoftwareSigner, OrganisationError> {
    SoftwareSigner::from_seed(seed).map_err(|_| OrganisationError::Unusable(file))
}

/// Written as `huizheng key` writes keys, so that it can go under a passphrase, or on paper.
fn recovery_key(folder: &SecretFolder) -> Result<SoftwareSigner, OrganisationError> {
    let mut seed = Zeroizing::new([0; 32]);
    match folder.note(RECOVERY_KEY)?.map(Zeroizing::new) {
        // As earlier versions wrote it.
        Some(bytes) if bytes.len() == seed.len() => seed.copy_from_slice(&bytes),
        Some(text) => hex::decode_to_slice(text.trim_ascii(), seed.as_mut())
            .map_err(|_| OrganisationError::Unusable(RECOVERY_KEY))?,
        None => {
            getrandom::getrandom(seed.as_mut()).map_err(|_| SecretError::Random)?;
            folder.put_note(RECOVERY_KEY, Zeroizing::new(hex::encode(*seed)).as_bytes())?;
        }
    }
    signer(&seed, RECOVERY_KEY)
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
        for (fragment, key) in ["key-2", "key-3"].into_iter().zip(&signing) {
            let found = first.document().keys.iter().find(|known| known.fragment.as_str() == fragment);
            assert_eq!(found.expect("in the document").key, *key);
        }
        let other = tempfile::tempdir().expect("dir");
        let other = SecretFolder::open(other.path()).expect("a folder");
        assert_ne!(Organisation::open(&other, &network, &signing).expect("made").did(), first.did());
    }

    #[test]
    fn it_stays_the_same_without_its_first_keys_and_never_makes_one_anew() {
        let dir = tempfile::tempdir().expect("dir");
        let folder = SecretFolder::open(dir.path()).expect("a folder");
        let network = Slug::new("anhui").expect("a slug");
        assert!(Organisation::noted(&folder, &network).expect("read").is_none());
        let did = Organisation::open(&folder, &network, &[]).expect("made").did().clone();
        let text = std::fs::read_to_string(dir.path().join(RECOVERY_KEY)).expect("a file of its own");
        assert!(
            text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()),
            "as `huizheng key` reads it"
        );

        folder.erase(RECOVERY_KEY).expect("put away");
        let noted = Organisation::noted(&folder, &network).expect("read").expect("noted");
        assert_eq!(*noted.did(), did);
        assert!(!dir.path().join(RECOVERY_KEY).exists());

        drop(folder.secret("author.key-4.key").expect("made"));
        folder.erase(AUTHOR).expect("erased");
        let noted = Organisation::noted(&folder, &network).expect("read").expect("noted");
        assert_eq!(*noted.did(), did);
        folder.erase("author.key-4.key").expect("lost");
        let lost = Organisation::noted(&folder, &network);
        assert!(matches!(lost, Err(OrganisationError::Unusable(AUTHOR))), "{lost:?}");
    }

    #[test]
    fn a_folder_whose_recovery_key_an_earlier_version_wrote_is_the_same_organisation() {
        let dir = tempfile::tempdir().expect("dir");
        let folder = SecretFolder::open(dir.path()).expect("a folder");
        let network = Slug::new("anhui").expect("a slug");
        let seed = folder.secret(RECOVERY_KEY).expect("32 bytes");
        let recovery = SoftwareSigner::from_seed(&seed).expect("a key").public_key();
        let opened = Organisation::open(&folder, &network, &[]).expect("made");
        assert_eq!(opened.plan.recovery_commitment, recovery_commitment(&recovery));
    }
}

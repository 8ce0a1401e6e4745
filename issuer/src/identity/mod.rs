//! Who this issuer is: its keys, and the DID they make.
//!
//! The DID follows from the first keys alone, so a start that broke off goes on where it was, and a folder that is moved
//! stays the same issuer. What registered it is noted beside the keys (`did.json`, public): keys are replaced, and then erased.

mod slot;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use credentials::UnixSeconds;
use credentials::key::{Signer, SoftwareKey};
use credentials::x509::MakeError;
use registry::build::SoftwareSigner;
use registry::{Did, PublicKey, Slug};
use service::secrets::SecretFolder;
use service::{Organisation, OrganisationError};
use zeroize::Zeroizing;

use crate::certificates::Certificates;
pub(crate) use service::keyfiles::number;
pub(crate) use slot::Slot;

/// The keys and the DID.
pub(crate) struct Identity {
    folder: SecretFolder,
    organisation: Organisation,
    /// Which key authors, and from when.
    author: RwLock<(Slug, UnixSeconds)>,
    ed25519: RwLock<Arc<SigningKey>>,
    p256: RwLock<Arc<SigningKey>>,
    root: RwLock<Arc<Root>>,
    seal_root: Zeroizing<[u8; 32]>,
}

/// A key that signs.
pub(crate) struct SigningKey {
    key: SoftwareKey,
    name: Slug,
    id: String,
    since: UnixSeconds,
}

/// The key that certifies, with what it makes.
pub(crate) struct Root {
    certificates: Certificates,
    name: Slug,
    since: UnixSeconds,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("did", self.did()).finish_non_exhaustive()
    }
}

impl SigningKey {
    pub(crate) fn key(&self) -> &SoftwareKey {
        &self.key
    }

    /// Its fragment in the DID document.
    pub(crate) fn name(&self) -> &Slug {
        &self.name
    }

    /// Its DID URL.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// From when the chain has it: nothing it signs may say that it is older. 0 for the first, which is as old as the DID.
    pub(crate) fn since(&self) -> UnixSeconds {
        self.since
    }
}

impl Root {
    pub(crate) fn certificates(&self) -> &Certificates {
        &self.certificates
    }

    pub(crate) fn name(&self) -> &Slug {
        &self.name
    }
}

impl Identity {
    /// The identity in this folder; made if there is none.
    pub(crate) fn open(dir: &Path, network: &Slug) -> Result<Self, OrganisationError> {
        let folder = SecretFolder::open(dir)?;
        let organisation = organisation(&folder, network)?;
        let author = RwLock::new((newest(&folder, Slot::Author)?, UnixSeconds(0)));
        let did = organisation.did().clone();
        let newest = |slot: Slot| {
            let newest = newest(&folder, slot)?;
            let secret = folder.existing(&slot.file(&newest))?;
            let secret = secret.ok_or(OrganisationError::Unusable(slot.code()))?;
            Ok::<_, OrganisationError>((key_of(slot, &secret)?, newest))
        };
        // Which of several counts is said by the store, or by the chain: `keys` switches to it.
        let signing = |slot| {
            let (key, name) = newest(slot)?;
            Ok::<_, OrganisationError>(RwLock::new(Arc::new(signing_key(&did, key, name))))
        };
        let (ed25519, p256) = (signing(Slot::Ed25519)?, signing(Slot::P256)?);
        let (root, name) = newest(Slot::MdocRoot)?;
        let root = RwLock::new(Arc::new(root_of(root, &did, name)?));
        let seal_root = folder.secret("seals.key")?;
        Ok(Self { folder, organisation, author, ed25519, p256, root, seal_root })
    }

    /// The DID.
    pub(crate) fn did(&self) -> &Did {
        self.organisation.did()
    }

    /// Who acts on the chain.
    pub(crate) fn organisation(&self) -> &Organisation {
        &self.organisation
    }

    /// The key that signs with Ed25519.
    pub(crate) fn eddsa(&self) -> Arc<SigningKey> {
        self.ed25519.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The key that signs on P-256.
    pub(crate) fn es256(&self) -> Arc<SigningKey> {
        self.p256.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What certifies the key on P-256.
    pub(crate) fn root(&self) -> Arc<Root> {
        self.root.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The certificates of a key that signs, as `x5c` has them.
    pub(crate) fn x5c(&self, signing: &SigningKey) -> Result<Vec<String>, MakeError> {
        self.root().certificates().x5c(signing.key.public_key(), &signing.id)
    }

    /// The same as `x5chain` has it: DER.
    pub(crate) fn x5chain(&self, signing: &SigningKey) -> Result<Vec<Vec<u8>>, MakeError> {
        let certificate = self.root().certificates().certificate(signing.key.public_key(), &signing.id)?;
        Ok(vec![certificate.to_vec()])
    }

    /// The name of the key that is in a slot here.
    pub(crate) fn in_slot(&self, slot: Slot) -> Slug {
        match slot {
            Slot::Author => self.authoring().0,
            Slot::Ed25519 => self.eddsa().name.clone(),
            Slot::P256 => self.es256().name.clone(),
            Slot::MdocRoot => self.root().name.clone(),
        }
    }

    /// From when the key in a slot counts, as [`Identity::switch`] was told; 0 for the first.
    pub(crate) fn since(&self, slot: Slot) -> UnixSeconds {
        match slot {
            Slot::Author => self.authoring().1,
            Slot::Ed25519 => self.eddsa().since,
            Slot::P256 => self.es256().since,
            Slot::MdocRoot => self.root().since,
        }
    }

    fn authoring(&self) -> (Slug, UnixSeconds) {
        self.author.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The secret that codes, tokens and nonces are sealed with.
    pub(crate) fn seal_root(&self) -> &Zeroizing<[u8; 32]> {
        &self.seal_root
    }

    /// Makes a key of this name, or finds the one that was made: on disk for good when it returns. It is not used yet.
    pub(crate) fn stage(&self, slot: Slot, name: &Slug) -> Result<PublicKey, OrganisationError> {
        let secret = self.folder.secret(&slot.file(name))?;
        registered(&key_of(slot, &secret)?).ok_or(OrganisationError::Unusable(slot.code()))
    }

    /// The public part of a key of this name, if its file is here.
    pub(crate) fn holds(&self, slot: Slot, name: &Slug) -> Result<Option<PublicKey>, OrganisationError> {
        let Some(secret) = self.folder.existing(&slot.file(name))? else { return Ok(None) };
        Ok(registered(&key_of(slot, &secret)?))
    }

    /// Signs with this key from now on. `false` if its file is not here: then nothing changes.
    pub(crate) fn switch(
        &self,
        slot: Slot,
        name: &Slug,
        since: UnixSeconds,
    ) -> Result<bool, OrganisationError> {
        let Some(secret) = self.folder.existing(&slot.file(name))? else { return Ok(false) };
        if slot == Slot::Author {
            self.organisation.act_with(signer(&secret)?);
            *self.author.write().unwrap_or_else(PoisonError::into_inner) = (name.clone(), since);
            return Ok(true);
        }
        let key = key_of(slot, &secret)?;
        let put = |place: &RwLock<Arc<SigningKey>>, key| {
            let key = SigningKey { since, ..signing_key(self.did(), key, name.clone()) };
            *place.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(key);
        };
        match slot {
            Slot::Author => {}
            Slot::Ed25519 => put(&self.ed25519, key),
            Slot::P256 => put(&self.p256, key),
            Slot::MdocRoot => {
                let root = Arc::new(Root { since, ..root_of(key, self.did(), name.clone())? });
                *self.root.write().unwrap_or_else(PoisonError::into_inner) = root;
            }
        }
        Ok(true)
    }

    /// Erases a key's file, if it is here.
    pub(crate) fn erase(&self, slot: Slot, name: &Slug) -> Result<(), OrganisationError> {
        if self.folder.existing(&slot.file(name))?.is_some() {
            self.folder.erase(&slot.file(name))?;
            tracing::info!(slot = slot.code(), key = %name, "a retired key was erased");
        }
        Ok(())
    }
}

/// The name of the key of a slot that was made last.
fn newest(folder: &SecretFolder, slot: Slot) -> Result<Slug, OrganisationError> {
    slot.files().names(folder)?.pop().ok_or(OrganisationError::Unusable(slot.code()))
}

fn signer(seed: &Zeroizing<[u8; 32]>) -> Result<SoftwareSigner, OrganisationError> {
    SoftwareSigner::from_seed(seed).map_err(|_| OrganisationError::Unusable(Slot::Author.code()))
}

/// As it was registered, or will be.
fn organisation(folder: &SecretFolder, network: &Slug) -> Result<Organisation, OrganisationError> {
    if let Some(organisation) = Organisation::noted(folder, network)? {
        return Ok(organisation);
    }
    for slot in Slot::ALL {
        let names = slot.files().names(folder)?;
        if !names.is_empty() && !names.iter().any(|name| name.as_str() == slot.first()) {
            // Its first key is gone: without the note it would become another issuer.
            return Err(OrganisationError::Unusable("did.json"));
        }
    }
    let mut signing = Vec::new();
    for slot in Slot::SIGNING {
        let first = Slug::new(slot.first()).map_err(|_| OrganisationError::Unusable(slot.code()))?;
        let key = key_of(slot, &folder.secret(&slot.file(&first))?)?;
        signing.push(registered(&key).ok_or(OrganisationError::Unusable(slot.code()))?);
    }
    drop(folder.secret("mdoc-root-p256.key")?);
    Organisation::open(folder, network, &signing)
}

fn key_of(slot: Slot, secret: &Zeroizing<[u8; 32]>) -> Result<SoftwareKey, OrganisationError> {
    let key = SoftwareKey::from_secret_bytes(slot.algorithm(), secret.as_slice());
    key.map_err(|_| OrganisationError::Unusable(slot.code()))
}

fn signing_key(did: &Did, key: SoftwareKey, name: Slug) -> SigningKey {
    SigningKey { key, id: format!("{did}#{name}"), name, since: UnixSeconds(0) }
}

fn root_of(key: SoftwareKey, did: &Did, name: Slug) -> Result<Root, OrganisationError> {
    let certificates = Certificates::new(key, did);
    Ok(Root {
        certificates: certificates.map_err(|_| OrganisationError::Unusable(Slot::MdocRoot.code()))?,
        name,
        since: UnixSeconds(0),
    })
}

/// A signing key as the chain writes it.
fn registered(key: &SoftwareKey) -> Option<PublicKey> {
    use credentials::key::Algorithm;
    let bytes = key.public_key().to_bytes();
    match key.algorithm() {
        Algorithm::EdDsa => PublicKey::ed25519(&bytes.try_into().ok()?).ok(),
        Algorithm::Es256 => PublicKey::p256(&bytes.try_into().ok()?).ok(),
        // The chain has no other keys.
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network() -> Slug {
        Slug::new("anhui").expect("name")
    }

    #[test]
    fn the_same_folder_is_the_same_issuer_and_its_document_has_the_keys_it_signs_with() {
        let dir = tempfile::tempdir().expect("dir");
        let first = Identity::open(dir.path(), &network()).expect("made");
        let again = Identity::open(dir.path(), &network()).expect("read");
        assert_eq!(first.did(), again.did());
        for key in [first.eddsa(), first.es256()] {
            let fragment = key.id().rsplit('#').next().expect("fragment");
            let keys = &first.organisation().document().keys;
            let found = keys.iter().find(|key| key.fragment.as_str() == fragment).expect("in the document");
            assert_eq!(found.key.to_multikey(), key.key().public_key().to_multikey());
        }
        let other = tempfile::tempdir().expect("dir");
        assert_ne!(Identity::open(other.path(), &network()).expect("made").did(), first.did());
    }

    #[test]
    fn a_folder_from_before_the_did_was_noted_is_the_same_issuer() {
        let dir = tempfile::tempdir().expect("dir");
        let did = Identity::open(dir.path(), &network()).expect("made").did().clone();
        std::fs::remove_file(dir.path().join("did.json")).expect("removed");
        assert_eq!(*Identity::open(dir.path(), &network()).expect("read").did(), did);
        assert!(dir.path().join("did.json").exists());
    }

    #[test]
    fn keys_change_and_go_and_it_stays_the_same_issuer() {
        let dir = tempfile::tempdir().expect("dir");
        let identity = Identity::open(dir.path(), &network()).expect("made");
        let (did, old) = (identity.did().clone(), identity.es256());
        let next = Slug::new("key-4").expect("name");
        assert!(!identity.switch(Slot::P256, &next, UnixSeconds(9)).expect("read"), "there is no such key");
        let staged = identity.stage(Slot::P256, &next).expect("made");
        assert_eq!(identity.stage(Slot::P256, &next).expect("found"), staged);
        assert_eq!(identity.es256().id(), old.id(), "not used yet");
        assert!(identity.switch(Slot::P256, &next, UnixSeconds(9)).expect("switched"));
        identity.erase(Slot::P256, old.name()).expect("erased");
        assert_eq!((identity.es256().name(), identity.es256().since()), (&next, UnixSeconds(9)));
        assert_eq!(identity.holds(Slot::P256, old.name()).expect("read"), None);
        let again = Identity::open(dir.path(), &network()).expect("read");
        assert_eq!((again.did(), again.es256().name()), (&did, &next));
        assert_eq!(again.eddsa().id(), identity.eddsa().id(), "the others stay");
        std::fs::remove_file(dir.path().join("did.json")).expect("removed");
        let refused = Identity::open(dir.path(), &network());
        assert!(matches!(refused, Err(OrganisationError::Unusable("did.json"))), "not another issuer");
    }

    #[test]
    fn the_author_changes_and_it_stays_the_same_issuer() {
        let dir = tempfile::tempdir().expect("dir");
        let identity = Identity::open(dir.path(), &network()).expect("made");
        let did = identity.did().clone();
        let (first, next) = (Slug::new("key-1").expect("name"), Slug::new("key-4").expect("name"));
        assert_eq!(identity.in_slot(Slot::Author), first);
        let staged = identity.stage(Slot::Author, &next).expect("made");
        assert_eq!(identity.in_slot(Slot::Author), first, "not used yet");
        assert!(identity.switch(Slot::Author, &next, UnixSeconds(9)).expect("switched"));
        identity.erase(Slot::Author, &first).expect("erased");
        let again = Identity::open(dir.path(), &network()).expect("read");
        assert_eq!((again.did(), again.in_slot(Slot::Author)), (&did, next.clone()));
        assert_eq!(again.holds(Slot::Author, &next).expect("read"), Some(staged));
        assert!(!dir.path().join("author.key").exists());
    }

    #[test]
    fn a_lost_key_is_never_replaced_by_itself() {
        let dir = tempfile::tempdir().expect("dir");
        drop(Identity::open(dir.path(), &network()).expect("made"));
        std::fs::remove_file(dir.path().join("signing-p256.key")).expect("removed");
        assert!(matches!(Identity::open(dir.path(), &network()), Err(OrganisationError::Unusable("p256"))));
    }
}

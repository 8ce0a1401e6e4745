//! `huizheng registry recover`: an organisation's DID taken back with its recovery key.
//!
//! All keys so far are retired, a thief's among them, and new ones are made in the organisation's folder, in files that are named
//! after them: its service takes those up that the chain says count. Each try makes keys of its own, since nobody can tell which
//! of those that lie there a thief has read.

use std::path::{Path, PathBuf};

use chain::keys;
use credentials::key::{Algorithm, Signer as _, SoftwareKey};
use registry::build::{SoftwareSigner, TxSigner, recovery_commitment};
use registry::{
    Action, Author, Did, DidDocument, DidRecord, DocumentKey, Ed25519Key, PublicKey, Purpose, Purposes,
    Record, RecordKey, Slug, Transaction,
};
use service::node::SubmitError;
use service::secrets::SecretFolder;
use service::{KeyFiles, NodeClient, Organisation};

use super::organisation::{did_record, print_keys, read_did, read_keys};
use super::{CORRECT, draft, report};
use crate::args::{KeyGiven, RecoverArgs};
use crate::fault::{Done, Fault, OrFault};
use crate::keyfile;
use crate::term;

const NAME_FOLDER: &str = "name the folder of its keys, restored from its back-up if it was lost";
/// What the files of new keys begin with. Their names are never a first key's, so what that is called doesn't matter.
const ED25519: KeyFiles = KeyFiles::new("signing-ed25519", "");
const P256: KeyFiles = KeyFiles::new("signing-p256", "");

/// The chain takes no more in a document.
const MOST_KEYS: usize = 16;

/// Recovers, or drafts it.
pub(super) async fn run(client: &NodeClient, args: RecoverArgs) -> Done {
    let did = args.did;
    let record = did_record(client, &did).await?;
    let recovery_key = public(&args.recovery_key)?;
    must_fit(&record, &recovery_key)?;
    let signer = signer(&args.recovery_key, args.draft.is_some())?;
    let folder = folder_of(&args.keys, &did, &args.assertion_keys)?;
    let next = next_key(&args.next_recovery_key, &recovery_key)?;

    let first = first_version(client, &record).await?;
    let mut new_keys = NewKeys::after(&record, folder)?;
    let keys = match read_keys(&args.assertion_keys)? {
        signing if signing.is_empty() => new_keys.like(&first)?,
        signing => new_keys.beside(&signing)?,
    };
    let document = DidDocument { keys, services: first.services };
    let action =
        Action::DidRecover { recovery_key, document, recovery_commitment: recovery_commitment(&next) };
    let author = Author::Did(did.clone());
    let signers: Vec<&(dyn TxSigner + Send + Sync)> = signer.iter().map(|key| key as _).collect();
    if let Some(file) = &args.draft {
        return drafted(client, file, (author, action), &signers).await;
    }
    let done = match client.act(&author, &action, &signers).await {
        Err(error @ SubmitError::Rejected { .. }) => {
            new_keys.forget()?;
            return Err(error).or_fault(CORRECT);
        }
        done => done.or_fault("see with `registry show did/…` whether it counts; if not, do it again")?,
    };
    report(&action, &done);
    print_keys(client, &did, &args.keys).await?;
    if let KeyGiven::File(file) = &args.next_recovery_key {
        term::say_line(format!("put {} away; the one before is used up", file.display()));
    }
    Ok(())
}

/// Writes down what is to be signed and submitted elsewhere.
async fn drafted(
    client: &NodeClient,
    file: &Path,
    (author, action): (Author, Action),
    signers: &[&(dyn TxSigner + Send + Sync)],
) -> Done {
    let nonce = client.next_nonce(&author).await.or_fault("is the node running?")?;
    draft::begin(file, Transaction::unsigned(client.anchor().chain_id, author, nonce, action), signers)?;
    let then = if signers.is_empty() { "sign, with the recovery key" } else { "submit" };
    term::say_line(format!("{} is drafted; next: huizheng registry {then}", file.display()));
    Ok(())
}

/// The public key of a key that is there.
fn public(given: &KeyGiven) -> Done<Ed25519Key> {
    match given {
        KeyGiven::Public(key) => Ok(*key),
        KeyGiven::File(file) => Ok(keys::describe(file).or_fault("name the recovery key's file")?.public),
    }
}

fn must_fit(record: &DidRecord, key: &Ed25519Key) -> Done {
    let did = &record.did;
    if record.deactivated.is_some() {
        let todo = "make another with `huizheng org create`, and let governance accredit that";
        return Err(Fault::new(format!("{did} was ended for good"), todo));
    }
    if recovery_commitment(key) != record.recovery_commitment {
        let todo = "find the file that was put away when the DID was made, or recovered last";
        return Err(Fault::new(format!("{key} is not the recovery key of {did}"), todo));
    }
    Ok(())
}

/// Who signs now: nobody, where only a draft is made and the key is elsewhere.
fn signer(given: &KeyGiven, drafts: bool) -> Done<Option<SoftwareSigner>> {
    match given {
        KeyGiven::File(file) => keyfile::load(file).map(Some),
        KeyGiven::Public(_) if drafts => Ok(None),
        KeyGiven::Public(_) => {
            let todo = "name its file, or let --draft write what is to be signed where it is";
            Err(Fault::new("a public key signs nothing", todo))
        }
    }
}

/// The organisation's folder, which must be this DID's.
fn folder_of(folder: &Path, did: &Did, assertion_keys: &[PathBuf]) -> Done<SecretFolder> {
    let missing = || Fault::new(format!("{} has no organisation's keys", folder.display()), NAME_FOLDER);
    if !folder.is_dir() {
        return Err(missing());
    }
    let opened = SecretFolder::open(folder).or_fault(NAME_FOLDER)?;
    let signs_elsewhere = folder.join("did").exists();
    let known = if signs_elsewhere {
        read_did(folder)?
    } else {
        Organisation::did_in(&opened, did.network()).or_fault(NAME_FOLDER)?.ok_or_else(missing)?
    };
    if known != *did {
        return Err(Fault::new(format!("{} is the folder of {known}", folder.display()), NAME_FOLDER));
    }
    if signs_elsewhere && assertion_keys.is_empty() {
        let todo = "name its next public keys with --assertion-key";
        return Err(Fault::new(format!("{} has no keys that sign", folder.display()), todo));
    }
    Ok(opened)
}

fn next_key(given: &KeyGiven, used_up: &Ed25519Key) -> Done<Ed25519Key> {
    let next = match given {
        KeyGiven::File(file) if !file.exists() => {
            keys::load_or_create(file).or_fault("name a file that can be written")?.public_key()
        }
        given => public(given)?,
    };
    if next == *used_up {
        return Err(Fault::new("a recovery key is used once", "name another file with --next-recovery-key"));
    }
    Ok(next)
}

/// The DID as it was registered: whatever a thief did, this shows which kinds of keys it needs.
async fn first_version(client: &NodeClient, record: &DidRecord) -> Done<DidRecord> {
    if record.version == 1 {
        return Ok(record.clone());
    }
    let key = RecordKey::DidVersion(record.did.clone(), 1);
    match client.proven_one(key).await.or_fault("is the node running?")?.record() {
        Some(Record::Did(first)) => Ok(first.clone()),
        _ => Err(Fault::new("the chain has no first version of it", "ask another node with --node")),
    }
}

/// Keys being made in an organisation's folder.
struct NewKeys {
    folder: SecretFolder,
    /// Names that no key has, here or on the chain.
    names: std::vec::IntoIter<Slug>,
    /// The files so far.
    made: Vec<String>,
}

impl NewKeys {
    fn after(record: &DidRecord, folder: SecretFolder) -> Done<Self> {
        let files = folder.names().or_fault(NAME_FOLDER)?;
        let lies_there =
            |name: &Slug| [KeyFiles::AUTHOR, ED25519, P256].iter().any(|of| files.contains(&of.file(name)));
        let names: Vec<_> =
            record.free_fragments().filter(|name| !lies_there(name)).take(MOST_KEYS).collect();
        Ok(Self { folder, names: names.into_iter(), made: Vec::new() })
    }

    /// One for each of the DID's first, for the same purposes.
    fn like(&mut self, first: &DidRecord) -> Done<Vec<DocumentKey>> {
        first
            .current_keys()
            .map(|key| {
                let files = match key.key {
                    PublicKey::Ed25519(_) if key.purposes.contains(Purpose::CapabilityInvocation) => {
                        KeyFiles::AUTHOR
                    }
                    PublicKey::Ed25519(_) => ED25519,
                    PublicKey::P256(_) => P256,
                };
                self.make(files, key.purposes)
            })
            .collect()
    }

    /// The author's, beside those that sign and are elsewhere.
    fn beside(&mut self, signing: &[PublicKey]) -> Done<Vec<DocumentKey>> {
        let author = self.make(KeyFiles::AUTHOR, Purposes::of(&[Purpose::CapabilityInvocation]))?;
        let purposes = Purposes::of(&[Purpose::AssertionMethod, Purpose::Authentication]);
        let signing =
            signing.iter().map(|key| Ok(DocumentKey { fragment: self.name()?, key: *key, purposes }));
        std::iter::once(Ok(author)).chain(signing).collect()
    }

    fn make(&mut self, files: KeyFiles, purposes: Purposes) -> Done<DocumentKey> {
        let fragment = self.name()?;
        let file = files.file(&fragment);
        let secret = self.folder.secret(&file).or_fault("let its owner write into the folder of keys")?;
        self.made.push(file);
        let algorithm = if files == P256 { Algorithm::Es256 } else { Algorithm::EdDsa };
        let key = SoftwareKey::from_secret_bytes(algorithm, secret.as_slice()).or_fault("try again")?;
        let key = key.public_key().to_multikey().parse().or_fault("try again")?;
        Ok(DocumentKey { fragment, key, purposes })
    }

    fn name(&mut self) -> Done<Slug> {
        self.names.next().ok_or_else(|| Fault::new("a DID has no more than 16 keys", "give fewer"))
    }

    /// Takes them away again: the chain refused them.
    fn forget(&self) -> Done {
        self.made.iter().try_for_each(|file| self.folder.erase(file)).or_fault("remove the new keys by hand")
    }
}

//! Making transactions: plan a DID, fill in an action, sign.
//!
//! ```
//! use registry::build::{DidPlan, SoftwareSigner, TxSigner, organisation_document, recovery_commitment};
//! use registry::{Action, Author, Hash32, Slug, Transaction};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let chain_id = Hash32::ZERO;
//! let author = SoftwareSigner::from_seed(&[1; 32])?;
//! let recovery = SoftwareSigner::from_seed(&[2; 32])?;
//! let document = organisation_document(&author.public_key(), &[], vec![]);
//! let plan = DidPlan { document, salt: [3; 16], recovery_commitment: recovery_commitment(&recovery.public_key()) };
//! let did = plan.did(&Slug::new("anhui")?);
//! let create = Transaction::unsigned(chain_id, Author::Did(did), 0, plan.into_action()).signed_by(&author)?;
//! # let _ = create;
//! # Ok(())
//! # }
//! ```

mod signer;

pub use signer::{SignerError, SoftwareSigner, TxSigner, ValidatorSigner};

use crate::action::{Action, DidDocument, DocumentKey};
use crate::did::Did;
use crate::encoding::to_vec;
use crate::hash::Hash32;
use crate::key::{Ed25519Key, PublicKey};
use crate::purposes::{Purpose, Purposes};
use crate::record::Service;
use crate::text::Slug;
use crate::transaction::{Transaction, TxSignature};

/// The three things a DID is derived from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DidPlan {
    /// The first document.
    pub document: DidDocument,
    /// Random, so that the same keys can have several DIDs.
    pub salt: [u8; 16],
    /// See [`recovery_commitment`].
    pub recovery_commitment: Hash32,
}

impl DidPlan {
    /// The DID this makes on a network.
    #[must_use]
    pub fn did(&self, network: &Slug) -> Did {
        did_of(network, &self.document, &self.salt, &self.recovery_commitment)
    }

    /// The action that registers it: its author is [`DidPlan::did`], its nonce 0.
    #[must_use]
    pub fn into_action(self) -> Action {
        let Self { document, salt, recovery_commitment } = self;
        Action::DidCreate { document, salt, recovery_commitment }
    }
}

/// The digest of a recovery key that the chain keeps until the key is used.
#[must_use]
pub fn recovery_commitment(key: &Ed25519Key) -> Hash32 {
    Hash32::tagged("huizheng/recovery/1", &[key.as_bytes()])
}

pub(crate) fn did_of(
    network: &Slug,
    document: &DidDocument,
    salt: &[u8; 16],
    recovery_commitment: &Hash32,
) -> Did {
    let digest =
        Hash32::tagged("huizheng/did/1", &[&to_vec(&(network, document, salt, recovery_commitment))]);
    Did::from_digest(network.clone(), &digest)
}

/// An organisation's usual document: `key-1` authors transactions, and each further key (`key-2`, …) signs credentials
/// and requests.
#[must_use]
pub fn organisation_document(
    author: &Ed25519Key,
    signing: &[PublicKey],
    services: Vec<Service>,
) -> DidDocument {
    let author = (PublicKey::Ed25519(*author), Purposes::of(&[Purpose::CapabilityInvocation]));
    let signs = Purposes::of(&[Purpose::AssertionMethod, Purpose::Authentication]);
    let keys = std::iter::once(author).chain(signing.iter().map(|key| (*key, signs)));
    let keys = keys
        .zip(1_u32..)
        .filter_map(|((key, purposes), at)| {
            let fragment = Slug::new(&format!("key-{at}")).ok()?;
            Some(DocumentKey { fragment, key, purposes })
        })
        .collect();
    DidDocument { keys, services }
}

impl Transaction {
    /// The same transaction with one more signature. Several departments sign one after another, in any order, and may
    /// send the bytes to each other in between.
    ///
    /// # Errors
    /// [`SignerError`], from the signer.
    pub fn signed_by(mut self, signer: &dyn TxSigner) -> Result<Self, SignerError> {
        let signature = signer.sign(&self.signing_bytes())?;
        self.signatures.push(TxSignature { key: signer.public_key(), signature });
        Ok(self)
    }
}

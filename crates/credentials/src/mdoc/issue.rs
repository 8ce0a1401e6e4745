//! Issuing an mdoc.

use rand_core::CryptoRngCore;

use super::MAX_ELEMENTS;
use super::item::Item;
use super::mso::{Hash, SecurityObject};
use crate::UnixSeconds;
use crate::cbor::{self, Map, Value};
use crate::cose::{self, Header, Making};
use crate::key::{PublicKey, SignError, SignatureRefused, Signer};
use crate::status::StatusRef;

/// A namespace and its elements: names and values.
pub type Elements = (String, Vec<(String, Value)>);

/// A document to be issued.
#[derive(Clone)]
pub struct Issuance {
    /// Its type: [`super::MDL`].
    pub doc_type: String,
    /// Its elements.
    pub name_spaces: Vec<Elements>,
    /// The key that it is bound to.
    pub device_key: PublicKey,
    /// When it is signed.
    pub signed: UnixSeconds,
    /// From when it counts; not before it is signed.
    pub valid_from: UnixSeconds,
    /// From when it counts no more.
    pub valid_until: UnixSeconds,
    /// Where its status is; entries in Bitstring Status Lists have no place in an mdoc and are left out.
    pub status: Option<StatusRef>,
    /// The certificate of the issuer's key and those up to an anchor, DER; the anchor itself left out (§9.1.2.4).
    pub x5chain: Vec<Vec<u8>>,
}

/// Why a document could not be issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// There is no element, a namespace without one, or a name twice.
    #[error("elements are missing or there twice")]
    Elements,
    /// More elements than a reader takes.
    #[error("too many elements")]
    TooMany,
    /// No certificate: no reader could find the key.
    #[error("the issuer's certificate is missing")]
    NoCertificate,
    /// It would count before it is signed, or never.
    #[error("the times contradict each other")]
    Times,
    /// The key.
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// A document that only lacks its issuer's signature.
pub struct Prepared {
    message: cose::Prepared,
    name_spaces: Value,
}

impl Issuance {
    /// Salts and digests the elements, in random order, and lays out the document for `key` to sign.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn prepare(self, key: &PublicKey, rng: &mut impl CryptoRngCore) -> Result<Prepared, IssueError> {
        if self.x5chain.is_empty() {
            return Err(IssueError::NoCertificate);
        }
        if self.valid_from < self.signed || self.valid_until <= self.valid_from {
            return Err(IssueError::Times);
        }
        let namespaces = sorted::count_distinct(self.name_spaces.iter().map(|(namespace, _)| namespace));
        if namespaces == 0 || namespaces != self.name_spaces.len() {
            return Err(IssueError::Elements);
        }
        if self.name_spaces.iter().map(|(_, elements)| elements.len()).sum::<usize>() > MAX_ELEMENTS {
            return Err(IssueError::TooMany);
        }
        let (mut digests, mut name_spaces) = (super::Digests::new(), Vec::new());
        for (namespace, elements) in self.name_spaces {
            let names = sorted::count_distinct(elements.iter().map(|(name, _)| name));
            if names == 0 || names != elements.len() {
                return Err(IssueError::Elements);
            }
            // A digest's id must not tell which element it is of.
            let ids = shuffled(elements.len(), rng);
            let items: Vec<Item> = elements
                .into_iter()
                .zip(ids)
                .map(|((name, value), id)| Item::salted(id, name, value, rng))
                .collect();
            let digest = |item: &Item| (item.digest_id, Hash::Sha256.digest(&item.bytes));
            digests.insert(namespace.clone(), items.iter().map(digest).collect());
            name_spaces.push((namespace.into(), Value::Array(items.iter().map(Item::to_value).collect())));
        }
        let object = SecurityObject {
            doc_type: self.doc_type,
            digests,
            device_key: self.device_key,
            signed: self.signed,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            status: self.status.filter(|status| status.token.is_some() || status.registry.is_some()),
            hash: Hash::Sha256,
        };
        let unprotected = Header { x5chain: self.x5chain, ..Header::default() };
        let message = Making { unprotected, ..Making::default() }.prepare(object.encode(), key);
        Ok(Prepared { message, name_spaces: Map::sorted(name_spaces).into() })
    }

    /// The document, signed at once: the CBOR of `IssuerSigned`.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn sign(self, signer: &dyn Signer, rng: &mut impl CryptoRngCore) -> Result<Vec<u8>, IssueError> {
        let Prepared { message, name_spaces } = self.prepare(signer.public_key(), rng)?;
        Ok(issuer_signed(name_spaces, message.sign_value(signer)?))
    }
}

impl Prepared {
    /// The bytes to sign.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.message.bytes()
    }

    /// The document: the CBOR of `IssuerSigned`.
    ///
    /// # Errors
    /// [`SignatureRefused`] when this is not the key's signature of [`Prepared::bytes`].
    pub fn finish(self, signature: &[u8]) -> Result<Vec<u8>, SignatureRefused> {
        Ok(issuer_signed(self.name_spaces, self.message.finish_value(signature)?))
    }
}

fn issuer_signed(name_spaces: Value, auth: Value) -> Vec<u8> {
    cbor::encode(&Map::from([("nameSpaces", name_spaces), ("issuerAuth", auth)]).into())
}

/// The numbers from 0 to `count` in random order (Fisher and Yates).
fn shuffled(count: usize, rng: &mut impl CryptoRngCore) -> Vec<u32> {
    let mut ids: Vec<u32> = (0..u32::try_from(count).unwrap_or(u32::MAX)).collect();
    for last in (1..ids.len()).rev() {
        // 64 random bits for at most 512 places: the bias is beyond notice.
        let at = usize::try_from(rng.next_u64() % (last as u64 + 1)).unwrap_or(0);
        ids.swap(last, at);
    }
    ids
}

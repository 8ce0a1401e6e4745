//! DIDs of the method `hui`, and URLs to keys within them.

use std::fmt;
use std::io::{self, Read, Write};
use std::str::FromStr;

use borsh::{BorshDeserialize, BorshSerialize};

use crate::hash::Hash32;
use crate::text::{Slug, SlugError};

/// An organisation's DID: `did:hui:<network>:z<base58>`, where the base58 part is 20 bytes of a digest over its first
/// document, a salt and its recovery commitment. So a DID certifies its own beginning: nobody can register another's.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Did {
    network: Slug,
    id: [u8; 20],
}

/// The text is not a `did:hui` DID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DidError {
    /// Another method, or no DID at all.
    #[error("not a DID of the method hui")]
    Method,
    /// The network's name is not one.
    #[error("the network in the DID: {0}")]
    Network(#[from] SlugError),
    /// The last part is not `z` and the base58 of 20 bytes.
    #[error("the identifier in the DID is not z and base58 of 20 bytes")]
    Id,
    /// A DID URL without `#`, or with a fragment that is not a name.
    #[error("the DID URL has no usable #fragment")]
    Fragment,
}

impl Did {
    /// The DID of what is first registered under it: `digest` covers the first document, salt and recovery commitment.
    #[must_use]
    pub(crate) fn from_digest(network: Slug, digest: &Hash32) -> Self {
        let mut id = [0; 20];
        for (to, from) in id.iter_mut().zip(digest.0) {
            *to = from;
        }
        Self { network, id }
    }

    /// The network's name, for instance `anhui`.
    #[must_use]
    pub fn network(&self) -> &Slug {
        &self.network
    }

    /// The URL of this DID's key `fragment` (without `#`).
    #[must_use]
    pub fn key(&self, fragment: &Slug) -> KeyId {
        KeyId { did: self.clone(), fragment: fragment.clone() }
    }
}

impl fmt::Display for Did {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "did:hui:{}:z{}", self.network, bs58::encode(self.id).into_string())
    }
}

impl fmt::Debug for Did {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Did {
    type Err = DidError;

    fn from_str(text: &str) -> Result<Self, DidError> {
        let rest = text.strip_prefix("did:hui:").ok_or(DidError::Method)?;
        let (network, id) = rest.split_once(':').ok_or(DidError::Id)?;
        let encoded = id.strip_prefix('z').ok_or(DidError::Id)?;
        let mut buffer = [0; 24];
        let length = bs58::decode(encoded).onto(&mut buffer[..]).map_err(|_| DidError::Id)?;
        let id = buffer.get(..length).and_then(|b| b.try_into().ok()).ok_or(DidError::Id)?;
        Ok(Self { network: Slug::new(network)?, id })
    }
}

crate::text_serde!(Did);

impl BorshSerialize for Did {
    fn serialize<W: Write>(&self, writer: &mut W) -> io::Result<()> {
        self.network.serialize(writer)?;
        writer.write_all(&self.id)
    }
}

impl BorshDeserialize for Did {
    fn deserialize_reader<R: Read>(reader: &mut R) -> io::Result<Self> {
        Ok(Self { network: Slug::deserialize_reader(reader)?, id: <[u8; 20]>::deserialize_reader(reader)? })
    }
}

/// The URL of one key: `did:hui:…#key-1`. What a proof's `verificationMethod` and a JWT's `kid` name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct KeyId {
    /// Whose key.
    pub did: Did,
    /// Which one, without `#`.
    pub fragment: Slug,
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.did, self.fragment)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for KeyId {
    type Err = DidError;

    fn from_str(text: &str) -> Result<Self, DidError> {
        let (did, fragment) = text.split_once('#').ok_or(DidError::Fragment)?;
        Ok(Self { did: did.parse()?, fragment: Slug::new(fragment).map_err(|_| DidError::Fragment)? })
    }
}

crate::text_serde!(KeyId);

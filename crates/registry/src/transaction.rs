//! Transactions: what an author wants done, signed.

use std::fmt;
use std::str::FromStr;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use crate::action::Action;
use crate::did::{Did, DidError};
use crate::encoding::{base64url_array, to_vec};
use crate::hash::Hash32;
use crate::key::Ed25519Key;

/// The longest encoding of a transaction, in bytes.
pub const MAX_TRANSACTION_BYTES: usize = 64 * 1024;
/// The most signatures a transaction carries.
pub const MAX_SIGNATURES: usize = 64;

const SIGNING_DOMAIN: &[u8] = b"huizheng/transaction/1\0";

/// On whose behalf a transaction acts. Text: the DID, or `governance`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub enum Author {
    /// An organisation: signed by a key that its DID has for `capabilityInvocation`.
    Did(Did),
    /// The governing departments together: signed by as many as their threshold says.
    Governance,
}

impl fmt::Display for Author {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Did(did) => did.fmt(f),
            Self::Governance => f.write_str("governance"),
        }
    }
}

impl fmt::Debug for Author {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Author {
    type Err = DidError;

    fn from_str(text: &str) -> Result<Self, DidError> {
        if text == "governance" { Ok(Self::Governance) } else { text.parse().map(Self::Did) }
    }
}

crate::text_serde!(Author);

/// An author's wish, with the signatures that came with it, unchecked. [`Transaction::verify`] checks them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transaction {
    /// The chain it is for.
    pub chain_id: Hash32,
    /// On whose behalf.
    pub author: Author,
    /// The author's next nonce: 0 for its first transaction.
    pub nonce: u64,
    /// What to do.
    pub action: Action,
    /// Signatures over [`Transaction::signing_bytes`].
    pub signatures: Vec<TxSignature>,
}

/// A signature and the key that made it. Whether that key may act for the author is the state's to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct TxSignature {
    /// The key.
    pub key: Ed25519Key,
    /// Its Ed25519 signature.
    #[serde(with = "base64url_array")]
    pub signature: [u8; 64],
}

/// A transaction that cannot even be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransactionError {
    /// Longer than [`MAX_TRANSACTION_BYTES`].
    #[error("the transaction is longer than 64 KiB")]
    TooLong,
    /// Not the encoding of a transaction, or bytes after it.
    #[error("the bytes are not a transaction")]
    Malformed,
    /// No signature, or more than [`MAX_SIGNATURES`].
    #[error("a transaction carries 1 to 64 signatures")]
    SignatureCount,
    /// A signature does not fit its key and this transaction.
    #[error("signature {0} does not verify: sign exactly the signing bytes of this transaction")]
    Signature(usize),
}

impl TransactionError {
    /// The error's stable name, as problem documents carry it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "transaction-too-long",
            Self::Malformed => "transaction-malformed",
            Self::SignatureCount => "signature-count",
            Self::Signature(_) => "signature-invalid",
        }
    }
}

impl Transaction {
    /// A transaction still to be signed.
    #[must_use]
    pub fn unsigned(chain_id: Hash32, author: Author, nonce: u64, action: Action) -> Self {
        Self { chain_id, author, nonce, action, signatures: Vec::new() }
    }

    /// What is signed: a domain, then everything but the signatures.
    #[must_use]
    pub fn signing_bytes(&self) -> Vec<u8> {
        let mut bytes = SIGNING_DOMAIN.to_vec();
        bytes.extend(to_vec(&(&self.chain_id, &self.author, self.nonce, &self.action)));
        bytes
    }

    /// The encoding that is submitted and kept in blocks.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        to_vec(self)
    }

    /// Reads [`Transaction::to_bytes`], bounded.
    ///
    /// # Errors
    /// [`TransactionError::TooLong`], [`TransactionError::Malformed`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TransactionError> {
        if bytes.len() > MAX_TRANSACTION_BYTES {
            return Err(TransactionError::TooLong);
        }
        borsh::from_slice(bytes).map_err(|_| TransactionError::Malformed)
    }

    /// The transaction's name: a digest of all of it, signatures included.
    #[must_use]
    pub fn hash(&self) -> Hash32 {
        hash_of(&self.to_bytes())
    }

    /// The name of the transaction that these bytes encode, if they encode one: to recognise it without reading it.
    #[must_use]
    pub fn hash_of_bytes(bytes: &[u8]) -> Hash32 {
        hash_of(bytes)
    }

    /// Checks every signature against the key beside it. Needs no state, so it can be done anywhere, in any order.
    ///
    /// # Errors
    /// [`TransactionError`], the same for the same bytes always.
    pub fn verify(self) -> Result<VerifiedTransaction, TransactionError> {
        let bytes = self.to_bytes();
        if bytes.len() > MAX_TRANSACTION_BYTES {
            return Err(TransactionError::TooLong);
        }
        if self.signatures.is_empty() || self.signatures.len() > MAX_SIGNATURES {
            return Err(TransactionError::SignatureCount);
        }
        let message = self.signing_bytes();
        for (at, TxSignature { key, signature }) in self.signatures.iter().enumerate() {
            if !key.verifies(&message, signature) {
                return Err(TransactionError::Signature(at));
            }
        }
        let hash = hash_of(&bytes);
        Ok(VerifiedTransaction { transaction: self, hash, encoded_len: bytes.len() })
    }
}

fn hash_of(bytes: &[u8]) -> Hash32 {
    Hash32::tagged("huizheng/transaction-hash/1", &[bytes])
}

/// A transaction whose signatures all verify under the keys beside them. The state machine takes nothing else.
#[derive(Debug, Clone)]
pub struct VerifiedTransaction {
    transaction: Transaction,
    hash: Hash32,
    encoded_len: usize,
}

impl VerifiedTransaction {
    /// Takes the signatures on trust. Only for transactions read back from a block whose own certificate was checked:
    /// its validators verified them, and its transaction root covers them.
    #[must_use]
    pub fn dangerous_from_certified_block(transaction: Transaction) -> Self {
        let bytes = transaction.to_bytes();
        Self { transaction, hash: hash_of(&bytes), encoded_len: bytes.len() }
    }

    /// The transaction.
    #[must_use]
    pub fn transaction(&self) -> &Transaction {
        &self.transaction
    }

    /// Its name, see [`Transaction::hash`].
    #[must_use]
    pub fn hash(&self) -> Hash32 {
        self.hash
    }

    /// How many bytes [`Transaction::to_bytes`] has.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        self.encoded_len
    }

    /// Gives the transaction back.
    #[must_use]
    pub fn into_inner(self) -> Transaction {
        self.transaction
    }
}

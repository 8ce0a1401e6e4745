//! Who holds a private key: software here, a hardware module elsewhere.

use ed25519_dalek::{Signer, SigningKey};
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use crate::block::{Block, CertifiedBlock};
use crate::key::{Ed25519Key, KeyError};
use crate::validators::{Certificate, CertificateSignature, VoteKind, vote_bytes};

/// The signer could not sign; nothing was signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the key's holder could not sign: {0}")]
pub struct SignerError(pub String);

/// Holds one Ed25519 key and signs with it.
pub trait TxSigner: Send + Sync {
    /// Its public key.
    fn public_key(&self) -> Ed25519Key;

    /// Its signature over exactly these bytes (RFC 8032, pure Ed25519).
    ///
    /// # Errors
    /// [`SignerError`] when the key's holder is not reachable or refuses.
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerError>;
}

/// A key in this process's memory, wiped when dropped.
pub struct SoftwareSigner {
    secret: SigningKey,
    public: Ed25519Key,
}

impl SoftwareSigner {
    /// A new key.
    ///
    /// # Errors
    /// [`KeyError::Ed25519`] never happens with a random source that is one.
    pub fn generate(random: &mut dyn CryptoRngCore) -> Result<Self, KeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        random.fill_bytes(seed.as_mut());
        Self::from_seed(&seed)
    }

    /// The key of a 32-byte seed (RFC 8032, section 5.1.5).
    ///
    /// # Errors
    /// [`KeyError::Ed25519`] when its public key is not usable, which no honest seed leads to.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, KeyError> {
        let secret = SigningKey::from_bytes(seed);
        let public = Ed25519Key::new(secret.verifying_key().as_bytes())?;
        Ok(Self { secret, public })
    }

    /// The seed, to be written to a place that keeps it secret.
    #[must_use]
    pub fn seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.secret.to_bytes())
    }
}

impl TxSigner for SoftwareSigner {
    fn public_key(&self) -> Ed25519Key {
        self.public
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerError> {
        Ok(self.secret.sign(message).to_bytes())
    }
}

impl std::fmt::Debug for SoftwareSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SoftwareSigner").field("public", &self.public).finish_non_exhaustive()
    }
}

/// Signs blocks as the only validator, position 0 of its set.
pub trait ValidatorSigner: TxSigner {
    /// The block with a certificate of this validator's precommit.
    ///
    /// # Errors
    /// [`SignerError`], from the signer.
    fn certify(&self, block: Block) -> Result<CertifiedBlock, SignerError> {
        let header = &block.header;
        let block_id = header.id();
        let vote = vote_bytes(VoteKind::Precommit, &header.chain_id, header.height, 0, Some(&block_id));
        let signatures = vec![CertificateSignature { validator: 0, signature: self.sign(&vote)? }];
        let certificate = Certificate { height: header.height, round: 0, block_id, signatures };
        Ok(CertifiedBlock { block, certificate })
    }
}

impl<T: TxSigner + ?Sized> ValidatorSigner for T {}

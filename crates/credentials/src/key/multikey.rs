//! Multikey: the text form of keys in DID documents and `did:key`.

use super::{Algorithm, KeyError, PublicKey};

/// Multicodec `ed25519-pub` and `p256-pub`, as varints.
const ED25519: [u8; 2] = [0xed, 0x01];
const P256: [u8; 2] = [0x80, 0x24];
/// 2 bytes prefix and 33 bytes key are 48 characters of base58 at most.
const LONGEST: usize = 64;

impl PublicKey {
    /// `z6Mk…` for Ed25519, `zDn…` for P-256: multibase base58btc of the multicodec key (Controlled Identifiers
    /// 1.0 §2.2.2).
    #[must_use]
    pub fn to_multikey(&self) -> String {
        let prefix = match self.algorithm() {
            Algorithm::EdDsa => ED25519,
            Algorithm::Es256 => P256,
        };
        let mut bytes = prefix.to_vec();
        bytes.extend_from_slice(&self.to_bytes());
        format!("z{}", bs58::encode(bytes).into_string())
    }

    /// Reads a Multikey text.
    ///
    /// # Errors
    /// [`KeyError`]; [`KeyError::Unsupported`] for keys of other kinds.
    pub fn from_multikey(text: &str) -> Result<Self, KeyError> {
        let digits = text.strip_prefix('z').filter(|t| t.len() <= LONGEST).ok_or(KeyError::Encoding)?;
        let bytes = bs58::decode(digits).into_vec().map_err(|_| KeyError::Encoding)?;
        let (prefix, key) = bytes.split_first_chunk::<2>().ok_or(KeyError::Encoding)?;
        match *prefix {
            ED25519 => Self::ed25519(key.try_into().map_err(|_| KeyError::Encoding)?),
            P256 if key.len() == 33 => Self::p256(key),
            P256 => Err(KeyError::Encoding),
            _ => Err(KeyError::Unsupported),
        }
    }
}

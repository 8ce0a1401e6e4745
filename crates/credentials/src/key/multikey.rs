//! Multikey: the text form of keys in DID documents and `did:key`.

use super::{Algorithm, KeyError, PublicKey};

/// Multicodec `ed25519-pub`, `p256-pub` and `p384-pub`, as varints.
const ED25519: [u8; 2] = [0xed, 0x01];
const P256: [u8; 2] = [0x80, 0x24];
const P384: [u8; 2] = [0x81, 0x24];
/// `p521-pub`: 0x1202.
#[cfg(feature = "p521")]
const P521: [u8; 2] = [0x82, 0x24];
/// `sm2-pub`, a draft entry of the multicodec table: 0x1206.
#[cfg(feature = "sm2")]
const SM2: [u8; 2] = [0x86, 0x24];
/// 2 bytes prefix and 67 bytes key are 95 characters of base58 at most.
const LONGEST: usize = 96;

impl PublicKey {
    /// `z6Mk…` for Ed25519, `zDn…` for P-256, `z82…` for P-384: multibase base58btc of the multicodec key (Controlled Identifiers
    /// 1.0 §2.2.2).
    #[must_use]
    pub fn to_multikey(&self) -> String {
        format!("z{}", bs58::encode(self.to_multikey_bytes()).into_string())
    }

    /// The bytes inside a Multikey text: the multicodec prefix and the key.
    #[must_use]
    pub fn to_multikey_bytes(&self) -> Vec<u8> {
        let prefix = match self.algorithm() {
            Algorithm::EdDsa => ED25519,
            Algorithm::Es256 => P256,
            Algorithm::Es384 => P384,
            #[cfg(feature = "p521")]
            Algorithm::Es512 => P521,
            #[cfg(feature = "sm2")]
            Algorithm::Sm2 => SM2,
        };
        let mut bytes = prefix.to_vec();
        bytes.extend_from_slice(&self.to_bytes());
        bytes
    }

    /// Reads a Multikey text.
    ///
    /// # Errors
    /// [`KeyError`]; [`KeyError::Unsupported`] for keys of other kinds.
    pub fn from_multikey(text: &str) -> Result<Self, KeyError> {
        let digits = text.strip_prefix('z').filter(|t| t.len() <= LONGEST).ok_or(KeyError::Encoding)?;
        let bytes = bs58::decode(digits).into_vec().map_err(|_| KeyError::Encoding)?;
        Self::from_multikey_bytes(&bytes)
    }

    /// Reads the bytes inside a Multikey text.
    ///
    /// # Errors
    /// [`KeyError`]; [`KeyError::Unsupported`] for keys of other kinds.
    pub fn from_multikey_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let (prefix, key) = bytes.split_first_chunk::<2>().ok_or(KeyError::Encoding)?;
        match *prefix {
            ED25519 => Self::ed25519(key.try_into().map_err(|_| KeyError::Encoding)?),
            P256 if key.len() == 33 => Self::p256(key),
            P384 if key.len() == 49 => Self::p384(key),
            P256 | P384 => Err(KeyError::Encoding),
            #[cfg(feature = "p521")]
            P521 if key.len() == 67 => Self::p521(key),
            #[cfg(feature = "p521")]
            P521 => Err(KeyError::Encoding),
            #[cfg(feature = "sm2")]
            SM2 if key.len() == 33 => Self::sm2(key),
            #[cfg(feature = "sm2")]
            SM2 => Err(KeyError::Encoding),
            _ => Err(KeyError::Unsupported),
        }
    }
}

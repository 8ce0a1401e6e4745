//! Public keys as the chain keeps them, and what each may be used for.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Write};
use std::str::FromStr;

use borsh::{BorshDeserialize, BorshSerialize};
use ed25519_dalek::{Signature, VerifyingKey};

use crate::text::invalid;

/// The bytes or text are not a public key this chain takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not a point on the curve, or a point of small order, under which anything can be made to verify.
    #[error("not a usable Ed25519 public key")]
    Ed25519,
    /// Not 33 bytes starting with 02 or 03.
    #[error("not a compressed P-256 public key")]
    P256,
    /// Not `z` and base58 of a known key type.
    #[error("not an Ed25519 or P-256 Multikey")]
    Multikey,
}

/// An Ed25519 public key that was decompressed and checked not to be of small order when it was made.
/// Text: Multikey (`z6Mk…`). Borsh: the 32 bytes.
#[derive(Clone, Copy)]
pub struct Ed25519Key(VerifyingKey);

impl Ed25519Key {
    /// Checks the 32 bytes.
    ///
    /// # Errors
    /// [`KeyError::Ed25519`].
    pub fn new(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::Ed25519)?;
        if key.is_weak() { Err(KeyError::Ed25519) } else { Ok(Self(key)) }
    }

    /// The 32 bytes (RFC 8032, section 5.1.2).
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Whether `signature` is this key's over `message`, by the strict rules: canonical `s`, no small-order points.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }
}

impl PartialEq for Ed25519Key {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Ed25519Key {}

impl PartialOrd for Ed25519Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ed25519Key {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl Hash for Ed25519Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl BorshSerialize for Ed25519Key {
    fn serialize<W: Write>(&self, writer: &mut W) -> io::Result<()> {
        writer.write_all(self.as_bytes())
    }
}

impl BorshDeserialize for Ed25519Key {
    fn deserialize_reader<R: Read>(reader: &mut R) -> io::Result<Self> {
        Self::new(&BorshDeserialize::deserialize_reader(reader)?).map_err(invalid)
    }
}

impl fmt::Display for Ed25519Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        PublicKey::Ed25519(*self).fmt(f)
    }
}

impl fmt::Debug for Ed25519Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Ed25519Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        match text.parse()? {
            PublicKey::Ed25519(key) => Ok(key),
            PublicKey::P256(_) => Err(KeyError::Ed25519),
        }
    }
}

crate::text_serde!(Ed25519Key);

/// A compressed P-256 public key: 02 or 03 and 32 bytes. Whether it lies on the curve is checked by whoever verifies
/// with it: the chain takes no P-256 signatures, so it needs no P-256 arithmetic.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize)]
pub struct P256Key([u8; 33]);

impl P256Key {
    /// Checks the form.
    ///
    /// # Errors
    /// [`KeyError::P256`].
    pub fn new(bytes: &[u8; 33]) -> Result<Self, KeyError> {
        if matches!(bytes.first(), Some(2 | 3)) { Ok(Self(*bytes)) } else { Err(KeyError::P256) }
    }

    /// The 33 bytes (SEC 1, section 2.3.3, compressed).
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 33] {
        &self.0
    }
}

impl BorshDeserialize for P256Key {
    fn deserialize_reader<R: Read>(reader: &mut R) -> io::Result<Self> {
        Self::new(&BorshDeserialize::deserialize_reader(reader)?).map_err(invalid)
    }
}

impl fmt::Debug for P256Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        PublicKey::P256(*self).fmt(f)
    }
}

/// A public key in a DID document. Text and JSON: Multikey (Controlled Identifiers 1.0, section 2.2.2): `z`, then
/// base58btc of the multicodec prefix and the key: `z6Mk…` for Ed25519, `zDn…` for P-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub enum PublicKey {
    /// Ed25519.
    Ed25519(Ed25519Key),
    /// P-256.
    P256(P256Key),
}

const ED25519_PREFIX: [u8; 2] = [0xed, 0x01];
const P256_PREFIX: [u8; 2] = [0x80, 0x24];

impl PublicKey {
    /// An Ed25519 key from its 32 bytes.
    ///
    /// # Errors
    /// [`KeyError::Ed25519`].
    pub fn ed25519(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        Ed25519Key::new(bytes).map(Self::Ed25519)
    }

    /// A P-256 key from its 33 compressed bytes.
    ///
    /// # Errors
    /// [`KeyError::P256`].
    pub fn p256(bytes: &[u8; 33]) -> Result<Self, KeyError> {
        P256Key::new(bytes).map(Self::P256)
    }

    /// The key's own bytes: 32 for Ed25519, 33 (compressed) for P-256.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Ed25519(key) => key.as_bytes(),
            Self::P256(key) => key.as_bytes(),
        }
    }

    /// The Multikey text.
    #[must_use]
    pub fn to_multikey(&self) -> String {
        let prefix = match self {
            Self::Ed25519(_) => ED25519_PREFIX,
            Self::P256(_) => P256_PREFIX,
        };
        let bytes = [prefix.as_slice(), self.as_bytes()].concat();
        format!("z{}", bs58::encode(bytes).into_string())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_multikey())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let encoded = text.strip_prefix('z').ok_or(KeyError::Multikey)?;
        let mut buffer = [0; 40];
        let length = bs58::decode(encoded).onto(&mut buffer[..]).map_err(|_| KeyError::Multikey)?;
        let (prefix, key) =
            buffer.get(..length).and_then(|b| b.split_first_chunk::<2>()).ok_or(KeyError::Multikey)?;
        match (*prefix, key.len()) {
            (ED25519_PREFIX, 32) => Self::ed25519(key.try_into().map_err(|_| KeyError::Multikey)?),
            (P256_PREFIX, 33) => Self::p256(key.try_into().map_err(|_| KeyError::Multikey)?),
            _ => Err(KeyError::Multikey),
        }
    }
}

crate::text_serde!(PublicKey);

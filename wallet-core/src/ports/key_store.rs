//! Keys that live in the device.

use std::fmt;

use async_trait::async_trait;
use credentials::key::{Algorithm, PublicKey};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// How well keys are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protection {
    /// In a secure element or trusted environment: they can't be copied.
    Hardware,
    /// In a file of this program: whoever has the file and its secret has the keys.
    Software,
}

/// A key's name in its store. Means nothing elsewhere.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyHandle(pub String);

impl fmt::Debug for KeyHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A key that was just made.
#[derive(Debug, Clone)]
pub struct HeldKey {
    /// Its name.
    pub handle: KeyHandle,
    /// Its public half.
    pub public: PublicKey,
}

/// Why the key store did not do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyStoreError {
    /// There is no such key any more: the device was reset or its lock screen removed. What was bound to it must be
    /// issued again.
    #[error("the key is gone")]
    Gone,
    /// The holder did not unlock it (biometrics or screen lock): ask again.
    #[error("the device's user declined")]
    Declined,
    /// The device has no keys of this algorithm.
    #[error("the device has no keys of this kind")]
    Unsupported,
    /// The device failed; trying again may help.
    #[error("the key store failed")]
    Failed,
}

/// Makes, uses and deletes the holder's keys. Private keys never leave it.
#[async_trait]
pub trait HolderKeyStore: Send + Sync {
    /// How well it keeps them; shown to the holder.
    fn protection(&self) -> Protection;

    /// Makes a new key.
    ///
    /// # Errors
    /// [`KeyStoreError`].
    async fn generate(&self, algorithm: Algorithm) -> Result<HeldKey, KeyStoreError>;

    /// Signs these bytes (hashing them as the algorithm says): `R ‖ S` or `r ‖ s`, 64 bytes, not DER.
    ///
    /// # Errors
    /// [`KeyStoreError`].
    async fn sign(&self, key: &KeyHandle, message: &[u8]) -> Result<[u8; 64], KeyStoreError>;

    /// An attestation by the wallet's provider that these keys are this device's, with the issuer's nonce in it
    /// (OpenID4VCI 1.0 appendix D): a JWT. A device without a provider has none.
    ///
    /// # Errors
    /// [`KeyStoreError::Unsupported`] unless implemented.
    async fn attest(&self, _keys: &[HeldKey], _nonce: Option<&str>) -> Result<String, KeyStoreError> {
        Err(KeyStoreError::Unsupported)
    }

    /// Deletes a key; one that is gone already is no error.
    ///
    /// # Errors
    /// [`KeyStoreError`].
    async fn delete(&self, key: &KeyHandle) -> Result<(), KeyStoreError>;

    /// Encrypts a short secret so that only this device can read it again.
    ///
    /// # Errors
    /// [`KeyStoreError`].
    async fn wrap(&self, secret: &[u8]) -> Result<Vec<u8>, KeyStoreError>;

    /// Decrypts what [`HolderKeyStore::wrap`] gave.
    ///
    /// # Errors
    /// [`KeyStoreError::Gone`] when it was wrapped by another device or changed since.
    async fn unwrap(&self, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyStoreError>;
}

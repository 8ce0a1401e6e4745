//! A secret that the device gives back to its owner's face or finger alone.

use async_trait::async_trait;
use zeroize::Zeroizing;

use super::KeyStoreError;

/// Guards one short secret by the device's biometrics. The key behind it is in hardware, is used only right after the owner
/// was recognised, and is destroyed when a face or finger is added: on Android a key with
/// `setUserAuthenticationRequired` and `setInvalidatedByBiometricEnrollment`, by strong biometrics only; on iOS a keychain item
/// or key with `.biometryCurrentSet`.
#[async_trait]
pub trait Biometrics: Send + Sync {
    /// Makes a new key in the place of one before, and encrypts the secret so that only [`Biometrics::release`] can read it. The
    /// device may ask its owner.
    ///
    /// # Errors
    /// [`KeyStoreError::Unsupported`] when the device has no strong biometrics, or nobody is enrolled;
    /// [`KeyStoreError::Declined`].
    async fn guard(&self, secret: &[u8]) -> Result<Vec<u8>, KeyStoreError>;

    /// Asks for the owner's face or finger, and decrypts what [`Biometrics::guard`] gave.
    ///
    /// # Errors
    /// [`KeyStoreError::Gone`] when the enrolled set has changed since, or the key was made anew;
    /// [`KeyStoreError::Declined`] when the owner was not recognised or turned away.
    async fn release(&self, guarded: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyStoreError>;

    /// Deletes the key; one that is gone already is no error.
    ///
    /// # Errors
    /// [`KeyStoreError`].
    async fn forget(&self) -> Result<(), KeyStoreError>;
}

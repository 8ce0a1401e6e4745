//! The device's face or finger.

use std::sync::Arc;

use async_trait::async_trait;
use wallet_core::ports::{self as core_ports, KeyStoreError, Zeroizing};

use super::keys::HolderKeyError;

/// Guards one short secret by the device's biometrics, so that they open the wallet beside its PIN. The app implements it
/// where it wants that. The key behind it is in hardware, is used only right after the owner was recognised, and is destroyed
/// when a face or finger is added: on Android a key with `setUserAuthenticationRequired` and
/// `setInvalidatedByBiometricEnrollment`, by strong biometrics only; on iOS a keychain item with `.biometryCurrentSet`.
#[uniffi::export(foreign)]
#[async_trait]
pub trait Biometrics: Send + Sync {
    /// Makes a new key in the place of one before, and encrypts the secret so that only `release` can read it.
    /// `Unsupported` when the device has no strong biometrics, or nobody is enrolled.
    async fn protect(&self, secret: Vec<u8>) -> Result<Vec<u8>, HolderKeyError>;

    /// Asks for the owner's face or finger, and decrypts what `protect` gave. `Gone` when the enrolled set has changed since;
    /// `Declined` when the owner was not recognised or turned away.
    async fn release(&self, guarded: Vec<u8>) -> Result<Vec<u8>, HolderKeyError>;

    /// Deletes the key; one that is gone already is no error.
    async fn forget(&self) -> Result<(), HolderKeyError>;
}

/// The app's biometrics, as the core sees them.
pub(crate) struct DeviceBiometrics(pub(crate) Arc<dyn Biometrics>);

#[async_trait]
impl core_ports::Biometrics for DeviceBiometrics {
    async fn guard(&self, secret: &[u8]) -> Result<Vec<u8>, KeyStoreError> {
        Ok(self.0.protect(secret.to_vec()).await?)
    }

    async fn release(&self, guarded: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyStoreError> {
        Ok(Zeroizing::new(self.0.release(guarded.to_vec()).await?))
    }

    async fn forget(&self) -> Result<(), KeyStoreError> {
        Ok(self.0.forget().await?)
    }
}

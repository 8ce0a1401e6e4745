//! The device's key store.

use std::sync::Arc;

use async_trait::async_trait;
use uniffi::UnexpectedUniFFICallbackError;
use wallet_core::ports::{
    self as core_ports, Algorithm, HeldKey, KeyHandle, KeyStoreError, PublicKey, Zeroizing,
};

/// What a key signs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum KeyAlgorithm {
    /// ECDSA on P-256 with SHA-256 (ES256): what phones keep in hardware. A wallet asks for it first.
    P256,
    /// Ed25519 (EdDSA): in software on most phones.
    Ed25519,
}

/// How well keys are kept. The app shows it to the holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum KeyProtection {
    /// In a secure element or a trusted environment: they can't be copied.
    Hardware,
    /// In a file of this program: whoever has the file and its secret has the keys.
    Software,
}

/// A key that was just made.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct HolderKey {
    /// Its name in the key store; the wallet gives it back to sign with or delete the key.
    pub handle: String,
    /// Its public half. P-256: the point as SEC 1 §2.3.3 writes it, 33 bytes compressed or 65 uncompressed.
    /// Ed25519: 32 bytes (RFC 8032).
    pub public_key: Vec<u8>,
}

/// Why the key store did not do it. Any other exception counts as `Failed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum HolderKeyError {
    /// There is no such key any more (the device was reset, its lock screen removed), or what was to be unwrapped
    /// belongs to another device.
    #[error("the key is gone")]
    Gone,
    /// The holder did not unlock it by biometrics or screen lock.
    #[error("the device's user declined")]
    Declined,
    /// The device has no keys of this algorithm. Asked for the other one next.
    #[error("the device has no keys of this kind")]
    Unsupported,
    /// The device failed; trying again may help.
    #[error("the key store failed")]
    Failed,
}

impl From<UnexpectedUniFFICallbackError> for HolderKeyError {
    fn from(_: UnexpectedUniFFICallbackError) -> Self {
        Self::Failed
    }
}

/// Makes, uses and deletes the holder's keys; private keys never leave it. The app implements it: on Android with its
/// Keystore, on iOS with the Secure Enclave.
#[uniffi::export(foreign)]
#[async_trait]
pub trait HolderKeyStore: Send + Sync {
    /// How well it keeps them. Must not throw.
    fn protection(&self) -> KeyProtection;

    /// Makes a new key.
    async fn generate(&self, algorithm: KeyAlgorithm) -> Result<HolderKey, HolderKeyError>;

    /// Signs these bytes, hashing them as the algorithm says (P-256: SHA-256; Ed25519: as it is).
    ///
    /// The signature is **raw**: 64 bytes, `r ‖ s` (P-256, IEEE P1363) or `R ‖ S` (Ed25519). Android's Keystore gives
    /// DER for P-256, which is to be turned first.
    async fn sign(&self, handle: String, message: Vec<u8>) -> Result<Vec<u8>, HolderKeyError>;

    /// An attestation by the app's provider that these keys are this device's, with the issuer's nonce in it (OpenID4VCI
    /// 1.0 appendix D): a JWT. `Unsupported` where there is no provider; issuers that demand one then give nothing.
    async fn attest(&self, keys: Vec<HolderKey>, nonce: Option<String>) -> Result<String, HolderKeyError>;

    /// Deletes a key; one that is gone already is no error.
    async fn delete(&self, handle: String) -> Result<(), HolderKeyError>;

    /// Encrypts a short secret (about a hundred bytes), so that only this device can read it again.
    async fn wrap(&self, secret: Vec<u8>) -> Result<Vec<u8>, HolderKeyError>;

    /// Decrypts what `wrap` gave; `Gone` when it was wrapped by another device or changed since.
    async fn unwrap(&self, wrapped: Vec<u8>) -> Result<Vec<u8>, HolderKeyError>;
}

/// The app's key store, as the core sees it.
pub(crate) struct DeviceKeys(pub(crate) Arc<dyn HolderKeyStore>);

#[async_trait]
impl core_ports::HolderKeyStore for DeviceKeys {
    fn protection(&self) -> core_ports::Protection {
        match self.0.protection() {
            KeyProtection::Hardware => core_ports::Protection::Hardware,
            KeyProtection::Software => core_ports::Protection::Software,
        }
    }

    async fn generate(&self, algorithm: Algorithm) -> Result<HeldKey, KeyStoreError> {
        let made = self.0.generate(algorithm.try_into()?).await?;
        let public = match algorithm {
            Algorithm::Es256 => PublicKey::p256(&made.public_key),
            Algorithm::EdDsa => {
                let bytes = made.public_key.as_slice().try_into().map_err(|_| KeyStoreError::Failed)?;
                PublicKey::ed25519(bytes)
            }
            _ => return Err(KeyStoreError::Failed),
        };
        Ok(HeldKey { handle: KeyHandle(made.handle), public: public.map_err(|_| KeyStoreError::Failed)? })
    }

    async fn sign(&self, key: &KeyHandle, message: &[u8]) -> Result<[u8; 64], KeyStoreError> {
        let signature = self.0.sign(key.0.clone(), message.to_vec()).await?;
        signature.try_into().map_err(|_| KeyStoreError::Failed)
    }

    async fn attest(&self, keys: &[HeldKey], nonce: Option<&str>) -> Result<String, KeyStoreError> {
        let keys = keys.iter().map(HolderKey::from).collect();
        Ok(self.0.attest(keys, nonce.map(str::to_owned)).await?)
    }

    async fn delete(&self, key: &KeyHandle) -> Result<(), KeyStoreError> {
        Ok(self.0.delete(key.0.clone()).await?)
    }

    async fn wrap(&self, secret: &[u8]) -> Result<Vec<u8>, KeyStoreError> {
        Ok(self.0.wrap(secret.to_vec()).await?)
    }

    async fn unwrap(&self, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyStoreError> {
        Ok(Zeroizing::new(self.0.unwrap(wrapped.to_vec()).await?))
    }
}

/// Devices are asked for the kinds of key that a wallet binds credentials to.
impl TryFrom<Algorithm> for KeyAlgorithm {
    type Error = KeyStoreError;

    fn try_from(algorithm: Algorithm) -> Result<Self, KeyStoreError> {
        match algorithm {
            Algorithm::Es256 => Ok(Self::P256),
            Algorithm::EdDsa => Ok(Self::Ed25519),
            _ => Err(KeyStoreError::Failed),
        }
    }
}

impl From<&HeldKey> for HolderKey {
    fn from(HeldKey { handle, public }: &HeldKey) -> Self {
        Self { handle: handle.0.clone(), public_key: public.to_bytes() }
    }
}

impl From<core_ports::Protection> for KeyProtection {
    fn from(protection: core_ports::Protection) -> Self {
        match protection {
            core_ports::Protection::Hardware => Self::Hardware,
            core_ports::Protection::Software => Self::Software,
        }
    }
}

impl From<HolderKeyError> for KeyStoreError {
    fn from(error: HolderKeyError) -> Self {
        match error {
            HolderKeyError::Gone => Self::Gone,
            HolderKeyError::Declined => Self::Declined,
            HolderKeyError::Unsupported => Self::Unsupported,
            HolderKeyError::Failed => Self::Failed,
        }
    }
}

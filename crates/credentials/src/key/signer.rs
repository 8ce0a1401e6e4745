//! Making signatures: with a key at hand, or with one that lives in a device and answers later.

use super::{Algorithm, PublicKey, Signature};

/// The key could not sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// There is no such key any more: the device was reset, or it was deleted.
    #[error("the key is gone")]
    KeyGone,
    /// The device's user or policy declined.
    #[error("signing was declined")]
    Declined,
    /// The device or module failed; trying again may help.
    #[error("the key's device failed")]
    DeviceFailed,
}

/// A private key somewhere that signs at once.
///
/// Everything that is signed can also be made in two stages: `prepare` gives the bytes to sign and `finish` takes
/// the signature, for key stores that answer later.
pub trait Signer: Send + Sync {
    /// The public half.
    fn public_key(&self) -> &PublicKey;

    /// Signs these bytes (hashing them as the algorithm says) and gives `R ‖ S` or `r ‖ s`.
    ///
    /// # Errors
    /// [`SignError`] from the device behind.
    fn sign(&self, message: &[u8]) -> Result<Signature, SignError>;

    /// What it signs with.
    fn algorithm(&self) -> Algorithm {
        self.public_key().algorithm()
    }
}

/// A signature that came back from a device does not match what it was asked to sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the device's signature does not match its key")]
pub struct SignatureRefused;

/// The end of every two-stage signing: `s` brought to the lower half for ECDSA, and the signature checked, so that
/// a faulty device is noticed here and not by the one who verifies.
pub(crate) fn finished(
    key: &PublicKey,
    message: &[u8],
    signature: &[u8],
) -> Result<Signature, SignatureRefused> {
    let signature = match key.algorithm() {
        Algorithm::EdDsa => Signature::from_slice(signature).ok_or(SignatureRefused)?,
        Algorithm::Es256 => low_s(signature)?.into(),
        Algorithm::Es384 => low_s_384(signature)?,
        #[cfg(feature = "p521")]
        Algorithm::Es512 => low_s_521(signature)?,
        #[cfg(feature = "sm2")]
        Algorithm::Sm2 => Signature::from_slice(signature).ok_or(SignatureRefused)?,
    };
    key.verify(message, &signature).map_err(|_| SignatureRefused)?;
    Ok(signature)
}

/// A P-256 signature of 64 bytes with `s` in the lower half from the DER form that phones' key stores give.
///
/// # Errors
/// [`SignatureRefused`] when the bytes are no such signature.
pub fn es256_from_der(der: &[u8]) -> Result<[u8; 64], SignatureRefused> {
    let signature = p256::ecdsa::Signature::from_der(der).map_err(|_| SignatureRefused)?;
    low_s(&signature.to_bytes())
}

fn low_s(signature: &[u8]) -> Result<[u8; 64], SignatureRefused> {
    let signature = p256::ecdsa::Signature::from_slice(signature).map_err(|_| SignatureRefused)?;
    Ok(signature.normalize_s().unwrap_or(signature).to_bytes().into())
}

fn low_s_384(signature: &[u8]) -> Result<Signature, SignatureRefused> {
    let signature = p384::ecdsa::Signature::from_slice(signature).map_err(|_| SignatureRefused)?;
    let low = signature.normalize_s().unwrap_or(signature);
    Signature::from_slice(&low.to_bytes()).ok_or(SignatureRefused)
}

#[cfg(feature = "p521")]
fn low_s_521(signature: &[u8]) -> Result<Signature, SignatureRefused> {
    let signature = p521::ecdsa::Signature::from_slice(signature).map_err(|_| SignatureRefused)?;
    let low = signature.normalize_s().unwrap_or(signature);
    Signature::from_slice(&low.to_bytes()).ok_or(SignatureRefused)
}

//! Signing on P-521.
//!
//! The library draws the nonces of its signatures at random, and this crate must not. So they come from the key and the message, as
//! RFC 6979 has it for the other curves, though not by its exact steps: HMAC-SHA-512 under the private key gives a key for each
//! message, and HMAC-SHA-512 under that one the random bytes, of which the library takes the first that are a scalar.

use ::p521::ecdsa::signature::hazmat::RandomizedPrehashSigner as _;
use ::p521::ecdsa::{Signature, SigningKey};
use hmac::{Hmac, Mac};
use rand_core::{CryptoRng, RngCore};
use sha2::{Digest, Sha512};
use zeroize::Zeroizing;

use super::SignError;

/// The signature of a message, `s` in the lower half.
pub(super) fn sign(key: &SigningKey, message: &[u8]) -> Result<Signature, SignError> {
    let hash = Sha512::digest(message);
    let secret = Zeroizing::new(key.to_bytes());
    let of_message =
        Zeroizing::new(<[u8; 64]>::from(keyed(&secret)?.chain_update(hash).finalize().into_bytes()));
    let mut nonces = Nonces { mac: keyed(of_message.as_ref())?, used: 0 };
    let made = key.sign_prehash_with_rng(&mut nonces, &hash);
    let signature: Signature = made.map_err(|_| SignError::DeviceFailed)?;
    Ok(signature.normalize_s().unwrap_or(signature))
}

struct Nonces {
    mac: Hmac<Sha512>,
    used: u64,
}

/// HMAC takes keys of any length; that it says so is not left to chance.
fn keyed(key: &[u8]) -> Result<Hmac<Sha512>, SignError> {
    Hmac::new_from_slice(key).map_err(|_| SignError::DeviceFailed)
}

impl RngCore for Nonces {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        for part in bytes.chunks_mut(64) {
            self.used += 1;
            let block = self.mac.clone().chain_update(self.used.to_be_bytes()).finalize().into_bytes();
            let block = Zeroizing::new(<[u8; 64]>::from(block));
            part.copy_from_slice(&block[..part.len()]);
        }
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Nonces {}

//! Authenticated encryption: XChaCha20-Poly1305 with random nonces, everything that a ciphertext belongs to as
//! associated data.

use std::ops::Deref;

use chacha20poly1305::{
    XChaCha20Poly1305,
    aead::{Aead, AeadInPlace, KeyInit, Payload},
};
use zeroize::{Zeroize, Zeroizing};

use crate::ports::{NoRandomness, Randomness};

/// A secret key of 32 bytes, wiped when dropped.
pub(crate) type SecretKey = Zeroizing<[u8; 32]>;

const NONCE: usize = 24;
const TAG: usize = 16;

/// The ciphertext is not of this key and place, or was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotAuthentic;

/// `nonce ‖ ciphertext ‖ tag`.
pub(crate) fn seal(
    key: &SecretKey,
    place: &[u8],
    plain: &[u8],
    random: &dyn Randomness,
) -> Result<Vec<u8>, NoRandomness> {
    let mut nonce = [0; NONCE];
    random.fill(&mut nonce)?;
    let cipher = XChaCha20Poly1305::new(key.as_slice().into());
    // Fails only for texts beyond 256 GiB.
    let sealed =
        cipher.encrypt((&nonce).into(), Payload { msg: plain, aad: place }).map_err(|_| NoRandomness)?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// What was opened, wiped when dropped.
///
/// Not a [`Zeroizing`] vector or box: these are wiped byte by byte, which took a fifth of the time that a page of cards takes, and a
/// vector once more for all the room it has.
pub(crate) struct Plain(Box<[u8]>);

impl Deref for Plain {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        <[u8]>::zeroize(&mut self.0);
    }
}

/// Opens what [`seal`] gave for the same key and place.
pub(crate) fn open(key: &SecretKey, place: &[u8], sealed: &[u8]) -> Result<Plain, NotAuthentic> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or(NotAuthentic)?;
    let (sealed, tag) = sealed.split_last_chunk::<TAG>().ok_or(NotAuthentic)?;
    let cipher = XChaCha20Poly1305::new(key.as_slice().into());
    let mut text = Plain(sealed.into());
    let opened = cipher.decrypt_in_place_detached(nonce.into(), place, &mut text.0, tag.into());
    opened.map(|()| text).map_err(|_| NotAuthentic)
}

/// A key for one use, from a key for many (HKDF with SHA-256, RFC 5869).
pub(crate) fn derive(key: &[u8], salt: &[u8], purpose: &str) -> SecretKey {
    let mut derived = SecretKey::default();
    // 32 bytes are within what HKDF gives.
    let expanded =
        hkdf::Hkdf::<sha2::Sha256>::new(Some(salt), key).expand(purpose.as_bytes(), derived.as_mut());
    debug_assert!(expanded.is_ok(), "32 bytes are within HKDF's reach");
    derived
}

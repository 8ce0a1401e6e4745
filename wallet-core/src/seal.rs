//! Authenticated encryption: XChaCha20-Poly1305 with random nonces, everything that a ciphertext belongs to as
//! associated data.

use chacha20poly1305::{
    XChaCha20Poly1305,
    aead::{Aead, AeadInPlace, KeyInit, Payload},
};
use zeroize::Zeroizing;

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

/// Opens what [`seal`] gave for the same key and place.
///
/// A box and not a vector, which is wiped twice: once for what is in it, and once for all the room it has.
pub(crate) fn open(
    key: &SecretKey,
    place: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Box<[u8]>>, NotAuthentic> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or(NotAuthentic)?;
    let (sealed, tag) = sealed.split_last_chunk::<TAG>().ok_or(NotAuthentic)?;
    let cipher = XChaCha20Poly1305::new(key.as_slice().into());
    let mut text = Zeroizing::new(Box::<[u8]>::from(sealed));
    let opened = cipher.decrypt_in_place_detached(nonce.into(), place, &mut text, tag.into());
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

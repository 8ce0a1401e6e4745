//! AES-GCM: by ring for services, by RustCrypto's crate for phones, as [signatures](crate::key) are checked. Both are
//! tested to be each other's counterpart.

#[cfg(not(feature = "ring"))]
pub(super) use portable::{open, seal};
#[cfg(feature = "ring")]
pub(super) use quick::{open, seal};

pub(super) const NONCE_BYTES: usize = 12;
pub(super) const TAG_BYTES: usize = 16;

#[cfg(feature = "ring")]
mod quick {
    use ring::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

    use super::super::{Enc, JweError};
    use super::{NONCE_BYTES, TAG_BYTES};

    fn cipher(enc: Enc, key: &[u8]) -> Result<LessSafeKey, JweError> {
        let algorithm = match enc {
            Enc::A128Gcm => &AES_128_GCM,
            Enc::A256Gcm => &AES_256_GCM,
        };
        UnboundKey::new(algorithm, key).map(LessSafeKey::new).map_err(|_| JweError::Sealed)
    }

    /// Encrypts where it is; the tag.
    pub(in crate::jwe) fn seal(
        (enc, key): (Enc, &[u8]),
        nonce: [u8; NONCE_BYTES],
        aad: &[u8],
        message: &mut [u8],
    ) -> Result<[u8; TAG_BYTES], JweError> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = cipher(enc, key)?.seal_in_place_separate_tag(nonce, Aad::from(aad), message);
        tag.ok().and_then(|tag| tag.as_ref().try_into().ok()).ok_or(JweError::Form)
    }

    /// Decrypts where it is: the message with its tag behind it, and then without.
    pub(in crate::jwe) fn open(
        (enc, key): (Enc, &[u8]),
        nonce: [u8; NONCE_BYTES],
        aad: &[u8],
        message: &mut Vec<u8>,
    ) -> Result<(), JweError> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        let opened = cipher(enc, key)?.open_in_place(nonce, Aad::from(aad), message);
        let length = opened.map_err(|_| JweError::Sealed)?.len();
        message.truncate(length);
        Ok(())
    }
}

#[cfg(any(test, not(feature = "ring")))]
mod portable {
    use aes_gcm::aead::{AeadInPlace, KeyInit};
    use aes_gcm::{Aes128Gcm, Aes256Gcm};

    use super::super::{Enc, JweError};
    use super::{NONCE_BYTES, TAG_BYTES};

    /// Encrypts where it is; the tag.
    pub(in crate::jwe) fn seal(
        (enc, key): (Enc, &[u8]),
        nonce: [u8; NONCE_BYTES],
        aad: &[u8],
        message: &mut [u8],
    ) -> Result<[u8; TAG_BYTES], JweError> {
        let tag = match enc {
            Enc::A128Gcm => cipher::<Aes128Gcm>(key)?.encrypt_in_place_detached(&nonce.into(), aad, message),
            Enc::A256Gcm => cipher::<Aes256Gcm>(key)?.encrypt_in_place_detached(&nonce.into(), aad, message),
        };
        tag.map(Into::into).map_err(|_| JweError::Form)
    }

    /// Decrypts where it is: the message with its tag behind it, and then without.
    pub(in crate::jwe) fn open(
        (enc, key): (Enc, &[u8]),
        nonce: [u8; NONCE_BYTES],
        aad: &[u8],
        message: &mut Vec<u8>,
    ) -> Result<(), JweError> {
        let length = message.len().checked_sub(TAG_BYTES).ok_or(JweError::Sealed)?;
        let tag: [u8; TAG_BYTES] = message.split_off(length).try_into().map_err(|_| JweError::Sealed)?;
        let (nonce, tag) = (nonce.into(), tag.into());
        let opened = match enc {
            Enc::A128Gcm => cipher::<Aes128Gcm>(key)?.decrypt_in_place_detached(&nonce, aad, message, &tag),
            Enc::A256Gcm => cipher::<Aes256Gcm>(key)?.decrypt_in_place_detached(&nonce, aad, message, &tag),
        };
        opened.map_err(|_| JweError::Sealed)
    }

    fn cipher<C: KeyInit>(key: &[u8]) -> Result<C, JweError> {
        C::new_from_slice(key).map_err(|_| JweError::Sealed)
    }
}

#[cfg(all(test, feature = "ring"))]
mod tests {
    use proptest::prelude::*;

    use super::super::Enc;
    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn what_one_seals_the_other_opens(
            key in proptest::array::uniform32(any::<u8>()),
            nonce in proptest::array::uniform12(any::<u8>()),
            aad in proptest::collection::vec(any::<u8>(), 0..80),
            message in proptest::collection::vec(any::<u8>(), 0..300),
            changed in any::<usize>(),
        ) {
            for (enc, key) in [(Enc::A128Gcm, &key[..16]), (Enc::A256Gcm, &key[..])] {
                let (mut quickly, mut portably) = (message.clone(), message.clone());
                let tag = quick::seal((enc, key), nonce, &aad, &mut quickly).unwrap();
                prop_assert_eq!(portable::seal((enc, key), nonce, &aad, &mut portably).unwrap(), tag);
                prop_assert_eq!(&quickly, &portably);
                let whole = [quickly, tag.to_vec()].concat();
                let (mut quickly, mut portably) = (whole.clone(), whole.clone());
                quick::open((enc, key), nonce, &aad, &mut quickly).unwrap();
                portable::open((enc, key), nonce, &aad, &mut portably).unwrap();
                prop_assert_eq!(&quickly, &message);
                prop_assert_eq!(&portably, &message);

                let mut wrong = whole.clone();
                wrong[changed % whole.len()] ^= 1;
                prop_assert!(quick::open((enc, key), nonce, &aad, &mut wrong.clone()).is_err());
                prop_assert!(portable::open((enc, key), nonce, &aad, &mut wrong).is_err());
                let mut short = whole[..changed % whole.len()].to_vec();
                prop_assert!(portable::open((enc, key), nonce, &aad, &mut short).is_err());
            }
        }
    }
}

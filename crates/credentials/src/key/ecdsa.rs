//! ECDSA signatures checked: by ring for services, which check thousands a second; by RustCrypto's crates for phones,
//! where ring's tables weigh more than its speed. Both are tested to say the same.

#[cfg(not(feature = "ring"))]
pub(super) use portable::{p256, p384};
#[cfg(feature = "ring")]
pub(super) use quick::{p256, p384};

#[cfg(feature = "ring")]
mod quick {
    use ring::signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, UnparsedPublicKey};

    use super::super::BadSignature;

    /// Over SHA-256 of the message, by the uncompressed point.
    pub(in crate::key) fn p256(
        point: &[u8; 65],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), BadSignature> {
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
        key.verify(message, signature).map_err(|_| BadSignature)
    }

    /// Over SHA-384 of the message, by the uncompressed point.
    pub(in crate::key) fn p384(
        point: &[u8; 97],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), BadSignature> {
        let key = UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point);
        key.verify(message, signature).map_err(|_| BadSignature)
    }
}

#[cfg(any(test, not(feature = "ring")))]
mod portable {
    use p256::ecdsa::signature::Verifier as _;

    use super::super::BadSignature;

    /// Over SHA-256 of the message, by the uncompressed point.
    pub(in crate::key) fn p256(
        point: &[u8; 65],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), BadSignature> {
        let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(|_| BadSignature)?;
        let signature = p256::ecdsa::Signature::from_slice(signature).map_err(|_| BadSignature)?;
        key.verify(message, &signature).map_err(|_| BadSignature)
    }

    /// Over SHA-384 of the message, by the uncompressed point.
    pub(in crate::key) fn p384(
        point: &[u8; 97],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), BadSignature> {
        let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(|_| BadSignature)?;
        let signature = p384::ecdsa::Signature::from_slice(signature).map_err(|_| BadSignature)?;
        key.verify(message, &signature).map_err(|_| BadSignature)
    }
}

#[cfg(all(test, feature = "ring"))]
mod tests {
    use p256::ecdsa::signature::Signer as _;
    use proptest::prelude::*;

    use super::*;

    /// A signature as one of its many wrong forms; the first two are right.
    fn changed(signature: &[u8], negated: &[u8], how: usize, byte: usize) -> (Vec<u8>, bool) {
        let half = signature.len() / 2;
        let mut bytes = signature.to_vec();
        match how {
            0 => return (bytes, true),
            // Both halves of s are taken.
            1 => return (negated.to_vec(), true),
            2 => bytes[byte % (2 * half)] ^= 1,
            3 => bytes[..half].fill(0),
            4 => bytes[half..].fill(0),
            5 => bytes[..half].fill(0xff),
            6 => bytes[half..].fill(0xff),
            7 => bytes.truncate(byte % (2 * half)),
            8 => bytes.push(0),
            _ => bytes.rotate_left(half),
        }
        (bytes, false)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn both_say_the_same(
            secret in proptest::array::uniform32(1u8..),
            message in proptest::collection::vec(any::<u8>(), 0..200),
            how in 0usize..10,
            byte in any::<usize>(),
        ) {
            let key = p256::ecdsa::SigningKey::from_slice(&secret);
            prop_assume!(key.is_ok());
            let key = key.unwrap();
            let point = key.verifying_key().to_encoded_point(false).as_bytes().try_into().unwrap();
            let signature: p256::ecdsa::Signature = key.sign(&message);
            let (r, s) = signature.split_scalars();
            let negated = p256::ecdsa::Signature::from_scalars(r, -*s).unwrap();
            let (bytes, right) = changed(&signature.to_bytes(), &negated.to_bytes(), how, byte);
            prop_assert_eq!(quick::p256(&point, &message, &bytes).is_ok(), right);
            prop_assert_eq!(portable::p256(&point, &message, &bytes).is_ok(), right);

            let key = p384::ecdsa::SigningKey::from_slice(&[&secret[..], &secret[..16]].concat()).unwrap();
            let point = key.verifying_key().to_encoded_point(false).as_bytes().try_into().unwrap();
            let signature: p384::ecdsa::Signature = key.sign(&message);
            let (r, s) = signature.split_scalars();
            let negated = p384::ecdsa::Signature::from_scalars(r, -*s).unwrap();
            let (bytes, right) = changed(&signature.to_bytes(), &negated.to_bytes(), how, byte);
            prop_assert_eq!(quick::p384(&point, &message, &bytes).is_ok(), right);
            prop_assert_eq!(portable::p384(&point, &message, &bytes).is_ok(), right);
        }
    }
}

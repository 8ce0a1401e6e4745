//! Ed25519 signatures, checked as strictly as [`VerifyingKey::verify_strict`] does, for less.
//!
//! That one decompresses `R` to ask whether it is of small order, and then compares it, compressed, with the point that it
//! should be. What is equal to a compressed point is its one canonical spelling; so the eight spellings of small order can be
//! compared as they stand, which saves a tenth of the work.

use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};

use super::BadSignature;

/// The points of small order in their canonical spellings, the bit of the sign left out.
const SMALL_ORDER: [[u8; 32]; 5] = [
    // y = 1, -1, 0.
    spelling(1, 0, 0),
    spelling(0xec, 0xff, 0x7f),
    spelling(0, 0, 0),
    // The points of order 8.
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
        0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];

const fn spelling(first: u8, between: u8, last: u8) -> [u8; 32] {
    let mut bytes = [between; 32];
    bytes[0] = first;
    bytes[31] = last;
    bytes
}

/// Whether `signature` is the key's, whose point is not of small order (RFC 8032 §5.1.7): `S` canonical, `R` canonical and not of
/// small order, no cofactor.
pub(super) fn verify(key: &VerifyingKey, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
    let signature: &[u8; 64] = signature.try_into().map_err(|_| BadSignature)?;
    let mut r: [u8; 32] = *signature.first_chunk().ok_or(BadSignature)?;
    r[31] &= 0x7f;
    if SMALL_ORDER.contains(&r) {
        return Err(BadSignature);
    }
    key.verify(message, &Signature::from_bytes(signature)).map_err(|_| BadSignature)
}

/// Whether y is below p = 2²⁵⁵ − 19, as its one canonical spelling is (RFC 8032 §5.1.3).
pub(super) fn is_reduced(bytes: &[u8; 32]) -> bool {
    let top = bytes[31] & 0x7f == 0x7f && bytes[1..31].iter().all(|byte| *byte == 0xff);
    !top || bytes[0] < 0xed
}

#[cfg(test)]
mod tests {
    use super::*;
    use curve25519_dalek::constants::{ED25519_BASEPOINT_TABLE, EIGHT_TORSION};
    use curve25519_dalek::edwards::EdwardsPoint;
    use curve25519_dalek::scalar::Scalar;
    use sha2::{Digest, Sha512};

    /// `k = H(R ‖ A ‖ M)`.
    fn challenge(r: &[u8; 32], key: &EdwardsPoint, message: &[u8]) -> Scalar {
        let hash =
            Sha512::new().chain_update(r).chain_update(key.compress().as_bytes()).chain_update(message);
        Scalar::from_bytes_mod_order_wide(&hash.finalize().into())
    }

    /// Signatures that fulfil the equation with any `R` and any part of small order in the key: both checks agree on each.
    #[test]
    fn agrees_with_the_strict_check_of_the_library() {
        let secret = Scalar::from_bytes_mod_order([7; 32]);
        let (mut taken, mut refused) = (0, 0);
        for of_key in EIGHT_TORSION {
            let key = &secret * ED25519_BASEPOINT_TABLE + of_key;
            let verifying = VerifyingKey::from_bytes(key.compress().as_bytes()).unwrap();
            for of_r in EIGHT_TORSION {
                for nonce in [Scalar::ZERO, Scalar::ONE, Scalar::from(9_u8)] {
                    for message in 0_u8..16 {
                        let r = (&nonce * ED25519_BASEPOINT_TABLE + of_r).compress().to_bytes();
                        let s = nonce + challenge(&r, &key, &[message]) * secret;
                        let signature = [r, s.to_bytes()].concat();
                        let library = verifying
                            .verify_strict(&[message], &Signature::from_slice(&signature).unwrap())
                            .map_err(|_| BadSignature);
                        assert_eq!(verify(&verifying, &[message], &signature), library);
                        let plain = verifying.verify(&[message], &Signature::from_slice(&signature).unwrap());
                        taken += u32::from(library.is_ok());
                        refused += u32::from(plain.is_ok() && library.is_err());
                    }
                }
            }
        }
        assert!(taken > 100 && refused > 50, "{taken} taken, {refused} refused by strictness alone");
    }

    #[test]
    fn only_y_below_p_is_reduced() {
        for (first, reduced) in [(0xec, true), (0xed, false), (0xff, false)] {
            for last in [0x7f, 0xff] {
                assert_eq!(is_reduced(&spelling(first, 0xff, last)), reduced);
            }
            assert!(is_reduced(&spelling(first, 0xff, 0x7e)) && is_reduced(&spelling(first, 0xfe, 0x7f)));
        }
    }

    #[test]
    fn the_table_has_every_point_of_small_order() {
        for point in EIGHT_TORSION {
            let mut spelling = point.compress().to_bytes();
            spelling[31] &= 0x7f;
            assert!(SMALL_ORDER.contains(&spelling));
        }
        for spelling in SMALL_ORDER {
            assert!(VerifyingKey::from_bytes(&spelling).unwrap().is_weak());
        }
    }
}

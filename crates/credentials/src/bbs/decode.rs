//! Points and scalars from outside, in their only encodings.

use blstrs::{G1Affine, Scalar};
use group::prime::PrimeCurveAffine;

/// A compressed point of G1: on the curve, of the prime-order subgroup, not the identity.
pub(super) fn point(bytes: &[u8; 48]) -> Option<G1Affine> {
    let point = Option::<G1Affine>::from(G1Affine::from_compressed(bytes))?;
    let is_identity: bool = point.is_identity().into();
    (!is_identity && point.to_compressed() == *bytes).then_some(point)
}

/// A scalar of 32 bytes, big-endian: below the order, not zero.
pub(super) fn scalar(bytes: &[u8; 32]) -> Option<Scalar> {
    Option::<Scalar>::from(Scalar::from_bytes_be(bytes)).filter(|scalar| *scalar != Scalar::from(0))
}

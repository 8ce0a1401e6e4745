//! Multiples of P-256's base point by a table, for whoever makes a key for every message: a quarter of what the multiple of any
//! point takes. A phone, which makes a key now and then, is better off without.

use p256::elliptic_curve::PrimeField as _;
use p256::elliptic_curve::subtle::{ConditionallySelectable as _, ConstantTimeEq as _};
use p256::{AffinePoint, ProjectivePoint, Scalar};
use zeroize::Zeroizing;

/// Digits of a scalar, in base 16.
const DIGITS: usize = 64;

/// For each digit of a scalar, the sixteen points that it can stand for: 72 KiB.
pub struct BasePointTable(Vec<[AffinePoint; 16]>);

impl BasePointTable {
    /// Makes the table, which takes some milliseconds.
    #[must_use]
    pub fn new() -> Self {
        let mut unit = ProjectivePoint::GENERATOR;
        let rows = (0..DIGITS).map(|_| {
            let (mut row, mut sum) = ([AffinePoint::IDENTITY; 16], ProjectivePoint::IDENTITY);
            for point in &mut row {
                *point = sum.to_affine();
                sum += unit;
            }
            unit = sum;
            row
        });
        Self(rows.collect())
    }

    /// The base point so many times. Every entry of every row is looked at, so that neither time nor memory tells the scalar.
    pub(super) fn times(&self, scalar: &Scalar) -> ProjectivePoint {
        let bytes = Zeroizing::new(<[u8; 32]>::from(scalar.to_repr()));
        let digits = bytes.iter().rev().flat_map(|byte| [byte & 15, byte >> 4]);
        let mut sum = ProjectivePoint::IDENTITY;
        for (row, digit) in self.0.iter().zip(digits) {
            let mut chosen = AffinePoint::IDENTITY;
            for (value, point) in (0u8..).zip(row) {
                chosen.conditional_assign(point, value.ct_eq(&digit));
            }
            sum += chosen;
        }
        sum
    }
}

impl Default for BasePointTable {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for BasePointTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BasePointTable")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_multiplies_as_the_curve_does() {
        let table = BasePointTable::new();
        let mut power = Scalar::ONE;
        let mut scalars = vec![Scalar::ZERO, Scalar::ONE, -Scalar::ONE, -Scalar::from(2u64)];
        for _ in 0..64 {
            scalars.extend([power, -power, power * Scalar::from(0xdead_beef_u64) + Scalar::from(7u64)]);
            power *= Scalar::from(16u64);
        }
        for scalar in scalars {
            assert_eq!(table.times(&scalar), ProjectivePoint::GENERATOR * scalar);
        }
    }
}

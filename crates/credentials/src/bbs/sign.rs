//! Signatures over lists of messages (draft §3.5.1, §3.5.2, §3.6.1, §3.6.2).

use std::fmt;

use blstrs::{Bls12, G1Affine, G1Projective, G2Affine, G2Prepared, G2Projective, Scalar};
use ff::Field;
use group::prime::PrimeCurveAffine;
use group::{Curve, Group};
use pairing::{MillerLoopResult, MultiMillerLoop};

use super::generators::{Generators, p1};
use super::hash::{API_ID, messages, tag, to_scalar};
use super::{BbsError, MAX_HEADER, PublicKey, SecretKey, decode};
use crate::key::BadSignature;

/// A signature: 80 bytes, `A ‖ e`. Who has it can make proofs; it is for the holder alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    pub(super) a: G1Affine,
    pub(super) e: Scalar,
}

impl Signature {
    /// Reads a signature in its only encoding (draft §4.2.4.2).
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 80]) -> Option<Self> {
        let (a, e) = bytes.split_at(48);
        Some(Self { a: decode::point(a.try_into().ok()?)?, e: decode::scalar(e.try_into().ok()?)? })
    }

    /// The 80 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 80] {
        let mut bytes = [0; 80];
        bytes[..48].copy_from_slice(&self.a.to_compressed());
        bytes[48..].copy_from_slice(&self.e.to_bytes_be());
        bytes
    }
}

impl SecretKey {
    /// Signs a header and messages. Deterministic.
    ///
    /// # Errors
    /// [`BbsError::TooMuch`]; [`BbsError::SignatureWrong`] once in 2^255.
    pub fn sign(&self, header: &[u8], list: &[&[u8]]) -> Result<Signature, BbsError> {
        let signed = Signed::new(self.public_key(), header, messages(list.iter().copied()))?;
        let mut input = zeroize::Zeroizing::new(self.to_bytes().to_vec());
        signed.messages.iter().for_each(|message| input.extend(message.to_bytes_be()));
        input.extend(signed.domain.to_bytes_be());
        let e = to_scalar(&input, &tag(b"H2S_"));
        let inverse = Option::<Scalar>::from((self.scalar() + e).invert()).ok_or(BbsError::SignatureWrong)?;
        Ok(Signature { a: (signed.b() * inverse).to_affine(), e })
    }
}

impl PublicKey {
    /// Whether this key signed this header and these messages.
    ///
    /// # Errors
    /// [`BadSignature`], for whatever reason.
    pub fn verify(&self, header: &[u8], list: &[&[u8]], signature: &Signature) -> Result<(), BadSignature> {
        let signed = Signed::new(self, header, messages(list.iter().copied())).map_err(|_| BadSignature)?;
        self.check(signature, signed.b())
    }

    pub(super) fn check(&self, signature: &Signature, b: G1Projective) -> Result<(), BadSignature> {
        let key = G2Projective::from(self.point) + G2Affine::generator() * signature.e;
        if are_inverse(&signature.a, key.to_affine(), &b.to_affine()) { Ok(()) } else { Err(BadSignature) }
    }
}

/// Whether `e(a, key) = e(b, generator)`.
pub(super) fn are_inverse(a: &G1Affine, key: G2Affine, b: &G1Affine) -> bool {
    let (key, generator) = (G2Prepared::from(key), G2Prepared::from(-G2Affine::generator()));
    let product = Bls12::multi_miller_loop(&[(a, &key), (b, &generator)]).final_exponentiation();
    product.is_identity().into()
}

/// What a signature covers.
pub(super) struct Signed {
    pub(super) messages: Vec<Scalar>,
    pub(super) domain: Scalar,
    pub(super) generators: Generators,
}

impl Signed {
    pub(super) fn new(key: &PublicKey, header: &[u8], messages: Vec<Scalar>) -> Result<Self, BbsError> {
        let generators = Generators::of(messages.len()).ok_or(BbsError::TooMuch)?;
        let domain = domain(key, &generators, header).ok_or(BbsError::TooMuch)?;
        Ok(Self { messages, domain, generators })
    }

    /// `B`: what the issuer's key is applied to. In constant time, for the messages may be anybody's.
    pub(super) fn b(&self) -> G1Projective {
        let messages = self.generators.messages().iter().zip(&self.messages);
        messages.fold(p1() + self.generators.q1().point * self.domain, |sum, (generator, message)| {
            sum + generator.point * message
        })
    }
}

/// `calculate_domain` (draft §4.2.3): key, number of messages, generators and header in one scalar.
pub(super) fn domain(key: &PublicKey, generators: &Generators, header: &[u8]) -> Option<Scalar> {
    if header.len() > MAX_HEADER {
        return None;
    }
    let count = generators.messages().len();
    let mut input = Vec::with_capacity(96 + 8 + 48 * (count + 1) + API_ID.len() + 8 + header.len());
    input.extend_from_slice(key.to_bytes());
    input.extend_from_slice(&(count as u64).to_be_bytes());
    input.extend_from_slice(&generators.q1().bytes);
    generators.messages().iter().for_each(|generator| input.extend_from_slice(&generator.bytes));
    input.extend_from_slice(API_ID);
    input.extend_from_slice(&(header.len() as u64).to_be_bytes());
    input.extend_from_slice(header);
    Some(to_scalar(&input, &tag(b"H2S_")))
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bbs::Signature(80 bytes)")
    }
}

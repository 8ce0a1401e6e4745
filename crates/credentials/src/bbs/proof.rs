//! Proofs of a signature that show some of its messages (draft §3.5.3, §3.5.4, §3.7).

use std::fmt;

use blstrs::{G1Affine, G1Projective, Scalar};
use ff::Field;
use group::Curve;
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use super::generators::{Generators, p1};
use super::hash::{WIDE, messages, reduced, tag, to_scalar};
use super::sign::{Signed, are_inverse, domain};
use super::{BbsError, MAX_HEADER, MAX_MESSAGES, PublicKey, Signature, decode};
use crate::key::BadSignature;

/// Three points and four scalars, and one more scalar for each message that is hidden.
const SHORTEST: usize = 3 * 48 + 4 * 32;

/// A proof: `Ā ‖ B̄ ‖ D ‖ ê ‖ r̂1 ‖ r̂3 ‖ m̂… ‖ c`.
#[derive(Clone, PartialEq, Eq)]
pub struct Proof {
    a_bar: G1Affine,
    b_bar: G1Affine,
    d: G1Affine,
    e: Scalar,
    r1: Scalar,
    r3: Scalar,
    hidden: Vec<Scalar>,
    challenge: Scalar,
}

/// What a proof is shown with.
#[derive(Clone, Copy)]
pub struct Disclosed<'p> {
    /// The header that the issuer signed.
    pub header: &'p [u8],
    /// What the holder ties the proof to.
    pub presentation_header: &'p [u8],
    /// The messages shown, in their order.
    pub messages: &'p [&'p [u8]],
    /// Their numbers among all messages, from 0, rising.
    pub indexes: &'p [usize],
}

impl Proof {
    /// Reads a proof in its only encoding (draft §4.2.4.4).
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.len() < SHORTEST || bytes.len() > SHORTEST + 32 * MAX_MESSAGES {
            return None;
        }
        let (points, scalars) = bytes.split_at(3 * 48);
        let (scalars, rest) = scalars.as_chunks::<32>();
        if !rest.is_empty() {
            return None;
        }
        let mut points = points.as_chunks::<48>().0.iter().map(decode::point);
        let (a_bar, b_bar, d) = (points.next()??, points.next()??, points.next()??);
        let scalars = scalars.iter().map(decode::scalar).collect::<Option<Vec<_>>>()?;
        let ([e, r1, r3], rest) = scalars.split_first_chunk()?;
        let (challenge, hidden) = rest.split_last()?;
        let (hidden, challenge) = (hidden.to_vec(), *challenge);
        Some(Self { a_bar, b_bar, d, e: *e, r1: *r1, r3: *r3, hidden, challenge })
    }

    /// The bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SHORTEST + 32 * self.hidden.len());
        [&self.a_bar, &self.b_bar, &self.d].iter().for_each(|point| bytes.extend(point.to_compressed()));
        let scalars = [self.e, self.r1, self.r3].into_iter().chain(self.hidden.iter().copied());
        scalars.chain([self.challenge]).for_each(|scalar| bytes.extend(scalar.to_bytes_be()));
        bytes
    }

    /// How many messages it hides.
    #[must_use]
    pub fn hidden(&self) -> usize {
        self.hidden.len()
    }
}

/// A proof that shows the messages of these numbers (from 0, rising). The signature is checked first: a proof of a wrong one
/// would not verify.
///
/// # Errors
/// [`BbsError`].
pub fn prove(
    key: &PublicKey,
    signature: &Signature,
    (header, presentation_header): (&[u8], &[u8]),
    list: &[&[u8]],
    shown: &[usize],
    rng: &mut impl CryptoRngCore,
) -> Result<Proof, BbsError> {
    let signed = Signed::new(key, header, messages(list.iter().copied()))?;
    if presentation_header.len() > MAX_HEADER {
        return Err(BbsError::TooMuch);
    }
    let hidden = others(shown, list.len()).ok_or(BbsError::Indexes)?;
    key.check(signature, signed.b()).map_err(|_| BbsError::SignatureWrong)?;
    signed.show(signature, presentation_header, (shown, &hidden), rng)
}

impl Signed {
    /// The proof, of a signature that was checked: one of another would not verify.
    fn show(
        &self,
        signature: &Signature,
        presentation_header: &[u8],
        (shown, hidden): (&[usize], &[usize]),
        rng: &mut impl CryptoRngCore,
    ) -> Result<Proof, BbsError> {
        let b = self.b();
        let mut random = || Secret::random(rng);
        let (r1, r2, e, r1_tilde, r3_tilde) = (random(), random(), random(), random(), random());
        let tildes: Vec<Secret> = hidden.iter().map(|_| random()).collect();
        let r3 = Secret(Option::from(r2.0.invert()).ok_or(BbsError::SignatureWrong)?);

        let d = b * r2.0;
        let a_bar = signature.a * (r1.0 * r2.0);
        let b_bar = d * r1.0 - a_bar * signature.e;
        let t1 = a_bar * e.0 + d * r1_tilde.0;
        let generators = self.generators.messages();
        let t2 = hidden
            .iter()
            .zip(&tildes)
            .fold(d * r3_tilde.0, |sum, (number, tilde)| sum + generators[*number].point * tilde.0);
        let points = [a_bar, b_bar, d, t1, t2].map(|point| point.to_affine());
        let visible = shown.iter().map(|number| (*number, self.messages[*number]));
        let challenge = challenge(&points, visible, self.domain, presentation_header);

        let [a_bar, b_bar, d, ..] = points;
        let answers = hidden.iter().zip(&tildes);
        Ok(Proof {
            a_bar,
            b_bar,
            d,
            e: e.0 + signature.e * challenge,
            r1: r1_tilde.0 - r1.0 * challenge,
            r3: r3_tilde.0 - r3.0 * challenge,
            hidden: answers.map(|(number, tilde)| tilde.0 + self.messages[*number] * challenge).collect(),
            challenge,
        })
    }
}

impl PublicKey {
    /// Whether a signature of this key over this header stands behind the proof, with these messages at these numbers among as
    /// many as the proof says.
    ///
    /// # Errors
    /// [`BadSignature`], for whatever reason.
    pub fn verify_proof(&self, proof: &Proof, disclosed: &Disclosed<'_>) -> Result<(), BadSignature> {
        let Disclosed { header, presentation_header, indexes, .. } = *disclosed;
        let total = proof.hidden.len() + indexes.len();
        if disclosed.messages.len() != indexes.len() || presentation_header.len() > MAX_HEADER {
            return Err(BadSignature);
        }
        let hidden = others(indexes, total).ok_or(BadSignature)?;
        let generators = Generators::of(total).ok_or(BadSignature)?;
        let domain = domain(self, &generators, header).ok_or(BadSignature)?;
        let shown = messages(disclosed.messages.iter().copied());

        let c = proof.challenge;
        let t1 = G1Projective::multi_exp(
            &[proof.b_bar, proof.a_bar, proof.d].map(G1Projective::from),
            &[c, proof.e, proof.r1],
        );
        // Everything here is known to everybody: no need for constant time.
        let mut points = vec![p1(), generators.q1().point, proof.d.into()];
        let mut scalars = vec![c, c * domain, proof.r3];
        let parts = indexes.iter().zip(shown.iter().map(|message| c * message));
        for (number, scalar) in parts.chain(hidden.iter().zip(proof.hidden.iter().copied())) {
            points.push(generators.messages()[*number].point);
            scalars.push(scalar);
        }
        let t2 = G1Projective::multi_exp(&points, &scalars);
        let points = [proof.a_bar, proof.b_bar, proof.d, t1.to_affine(), t2.to_affine()];
        let visible = indexes.iter().copied().zip(shown);
        if challenge(&points, visible, domain, presentation_header) != c {
            return Err(BadSignature);
        }
        if are_inverse(&proof.a_bar, self.point, &proof.b_bar) { Ok(()) } else { Err(BadSignature) }
    }
}

/// The numbers below `total` that are not among these, which must rise.
fn others(numbers: &[usize], total: usize) -> Option<Vec<usize>> {
    let rising = numbers.windows(2).all(|pair| pair[0] < pair[1]);
    let within = numbers.last().is_none_or(|last| *last < total);
    (rising && within).then(|| (0..total).filter(|number| numbers.binary_search(number).is_err()).collect())
}

/// `ProofChallengeCalculate` (draft §3.7.4).
fn challenge(
    points: &[G1Affine; 5],
    visible: impl ExactSizeIterator<Item = (usize, Scalar)>,
    domain: Scalar,
    presentation_header: &[u8],
) -> Scalar {
    let mut input = Vec::with_capacity(1024);
    input.extend((visible.len() as u64).to_be_bytes());
    for (number, message) in visible {
        input.extend((number as u64).to_be_bytes());
        input.extend(message.to_bytes_be());
    }
    points.iter().for_each(|point| input.extend(point.to_compressed()));
    input.extend(domain.to_bytes_be());
    input.extend((presentation_header.len() as u64).to_be_bytes());
    input.extend(presentation_header);
    to_scalar(&input, &tag(b"H2S_"))
}

/// A scalar that gives the hidden away to who knows it: overwritten when dropped.
struct Secret(Scalar);

impl Secret {
    /// 48 bytes of randomness, reduced (draft §4.2.1).
    fn random(rng: &mut impl CryptoRngCore) -> Self {
        let mut wide = Zeroizing::new([0; WIDE]);
        rng.fill_bytes(wide.as_mut());
        Self(reduced(&wide))
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0 = Scalar::ZERO;
        // Seen by something, so not left out.
        std::hint::black_box(&mut self.0);
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("bbs::Proof").field("hidden", &self.hidden.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::SecretKey;
    use super::*;

    /// Every part of such a proof fits the others; only the pairing tells whose signature is behind it.
    #[test]
    fn a_proof_of_somebody_elses_signature() {
        let (issuer, thief) =
            (SecretKey::generate(&mut testkit::rng(1)), SecretKey::generate(&mut testkit::rng(2)));
        let list = [b"name".as_slice(), b"term"];
        let key = issuer.public_key();
        let signed = Signed::new(key, b"header", messages(list)).unwrap();
        // As either would sign it in the issuer's name.
        let by = |signer: &SecretKey| {
            let e = Scalar::from(7);
            Signature { a: (signed.b() * (signer.scalar() + e).invert().unwrap()).to_affine(), e }
        };
        let verify = |signature: &Signature, presentation_header: &[u8]| {
            let choice = ([0].as_slice(), [1].as_slice());
            let proof = signed.show(signature, presentation_header, choice, &mut testkit::rng(3)).unwrap();
            let disclosed =
                Disclosed { header: b"header", presentation_header, messages: &list[..1], indexes: &[0] };
            key.verify_proof(&proof, &disclosed)
        };
        assert_eq!(verify(&by(&issuer), b"nonce"), Ok(()));
        assert_eq!(verify(&by(&thief), b"nonce"), Err(BadSignature));
        assert_eq!(verify(&by(&issuer), &[0; MAX_HEADER]), Ok(()));
        assert_eq!(verify(&by(&issuer), &[0; MAX_HEADER + 1]), Err(BadSignature), "header_too_long");
    }
}

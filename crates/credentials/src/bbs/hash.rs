//! From bytes to scalars (draft §4.2, RFC 9380 §5.3.1).

use blstrs::Scalar;
use sha2::{Digest, Sha256};

/// `api_id`: the suite's name and `H2G_HM2S_` (draft §4.1, §7.2.2).
pub(super) const API_ID: &[u8] = b"BBS_BLS12381G1_XMD:SHA-256_SSWU_RO_H2G_HM2S_";
/// `expand_len`: so many bytes make a scalar without a bias that could be noticed.
pub(super) const WIDE: usize = 48;

/// A domain separation tag of this suite.
pub(super) fn tag(suffix: &[u8]) -> Vec<u8> {
    [API_ID, suffix].concat()
}

/// `hash_to_scalar` (draft §4.2.2).
pub(super) fn to_scalar(message: &[u8], tag: &[u8]) -> Scalar {
    reduced(&expand(message, tag))
}

/// `messages_to_scalars` (draft §4.1.2).
pub(super) fn messages<'m>(messages: impl IntoIterator<Item = &'m [u8]>) -> Vec<Scalar> {
    let tag = tag(b"MAP_MSG_TO_SCALAR_AS_HASH_");
    messages.into_iter().map(|message| to_scalar(message, &tag)).collect()
}

/// `expand_message_xmd` with SHA-256 to 48 bytes, tags being shorter than 256 bytes.
pub(super) fn expand(message: &[u8], tag: &[u8]) -> [u8; WIDE] {
    let tag_length = [u8::try_from(tag.len()).unwrap_or(u8::MAX)];
    let hash = |parts: &[&[u8]]| {
        let mut hash = Sha256::new();
        parts.iter().for_each(|part| hash.update(part));
        hash.chain_update(tag).chain_update(tag_length).finalize()
    };
    // A block of zeros, the message, the length in two bytes, a zero.
    let first = hash(&[&[0; 64], message, &[0, 48, 0]]);
    let one = hash(&[&first, &[1]]);
    let mixed: Vec<u8> = first.iter().zip(&one).map(|(a, b)| a ^ b).collect();
    let two = hash(&[&mixed, &[2]]);
    let mut wide = [0; WIDE];
    wide[..32].copy_from_slice(&one);
    wide[32..].copy_from_slice(&two[..16]);
    wide
}

/// A number of 48 bytes, big-endian, modulo the order of the group.
pub(super) fn reduced(wide: &[u8; WIDE]) -> Scalar {
    let two_to_128 = number(1 << 127) + number(1 << 127);
    let (limbs, _) = wide.as_chunks::<16>();
    limbs.iter().fold(number(0), |sum, limb| sum * two_to_128 + number(u128::from_be_bytes(*limb)))
}

fn number(value: u128) -> Scalar {
    let mut bytes = [0; 32];
    bytes[16..].copy_from_slice(&value.to_be_bytes());
    // Below the order, which has 255 bits.
    Scalar::from_bytes_be(&bytes).unwrap_or_else(|| Scalar::from(0))
}

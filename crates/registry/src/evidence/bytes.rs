//! Bytes in their one form: numbers are LEB128 in their shortest form, bit maps have no spare bits set.

use crate::evidence::EvidenceBytesError::{self, Malformed};
use crate::evidence::Seal;
use crate::hash::Hash32;
use crate::proof::{CompactProof, EMPTY, PathEnd};
use crate::time::UnixMillis;
use crate::validators::CertificateSignature;

pub(crate) fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// The bits, first at the most significant, spare bits zero.
pub(super) fn put_bits(out: &mut Vec<u8>, bits: &[bool]) {
    out.extend(bits.chunks(8).map(|eight| {
        let set = eight.iter().enumerate().filter(|(_, bit)| **bit);
        set.fold(0, |byte, (at, _)| byte | 0x80_u8 >> at)
    }));
}

pub(super) fn put_proof(out: &mut Vec<u8>, proof: &CompactProof) {
    out.push(proof.siblings.len() as u8);
    let map: Vec<bool> = proof.siblings.iter().map(Option::is_some).collect();
    put_bits(out, &map);
    out.extend(proof.siblings.iter().flatten().flat_map(|hash| hash.0));
    match &proof.end {
        PathEnd::Found => {}
        PathEnd::Empty => out.push(0),
        PathEnd::Other { key_hash, value_hash } => {
            out.push(1);
            out.extend(key_hash.0);
            out.extend(value_hash.0);
        }
    }
}

pub(super) fn put_seal(out: &mut Vec<u8>, seal: &Seal) {
    put_block(out, seal);
    out.push(u8::from(seal.next_validators_hash.is_some()));
    out.extend(seal.next_validators_hash.iter().flat_map(|hash| hash.0));
    put_signed(out, seal);
}

pub(crate) fn put_block(out: &mut Vec<u8>, seal: &Seal) {
    put_number(out, seal.height);
    put_number(out, seal.time.0);
    out.extend(seal.links.0);
}

pub(crate) fn put_signed(out: &mut Vec<u8>, seal: &Seal) {
    put_number(out, u64::from(seal.round));
    let mut map = vec![0; seal.signatures.last().map_or(0, |s| usize::from(s.validator) / 8 + 1)];
    for at in seal.signatures.iter().map(|s| usize::from(s.validator)) {
        if let Some(byte) = map.get_mut(at / 8) {
            *byte |= 1_u8 << (at % 8);
        }
    }
    out.push(map.len() as u8);
    out.extend(map);
    out.extend(seal.signatures.iter().flat_map(|s| s.signature));
}

/// Bytes still to be read.
pub(crate) struct Input<'a>(pub(crate) &'a [u8]);

impl<'a> Input<'a> {
    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], EvidenceBytesError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], EvidenceBytesError> {
        self.take(N)?.try_into().map_err(|_| Malformed)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, EvidenceBytesError> {
        self.array().map(|[byte]| byte)
    }

    pub(crate) fn hash(&mut self) -> Result<Hash32, EvidenceBytesError> {
        self.array().map(Hash32)
    }

    /// The hash of a subtree that is not empty: an empty one is said by a bit, never by its hash.
    pub(super) fn sibling(&mut self) -> Result<Hash32, EvidenceBytesError> {
        self.hash().and_then(|hash| if hash == EMPTY { Err(Malformed) } else { Ok(hash) })
    }

    pub(crate) fn end<T>(&self, whole: T) -> Result<T, EvidenceBytesError> {
        if self.0.is_empty() { Ok(whole) } else { Err(Malformed) }
    }

    fn flag(&mut self) -> Result<bool, EvidenceBytesError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed),
        }
    }

    /// LEB128, shortest form.
    pub(crate) fn number(&mut self) -> Result<u64, EvidenceBytesError> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            if part << shift >> shift != part {
                return Err(Malformed);
            }
            number |= part << shift;
            if byte & 0x80 == 0 {
                return if byte == 0 && shift > 0 { Err(Malformed) } else { Ok(number) };
            }
        }
        Err(Malformed)
    }

    /// A length, at most `limit`, and that many bytes.
    pub(crate) fn bytes(&mut self, limit: usize) -> Result<&'a [u8], EvidenceBytesError> {
        let length = usize::try_from(self.number()?).map_err(|_| Malformed)?;
        if length > limit { Err(Malformed) } else { self.take(length) }
    }

    pub(super) fn proof(&mut self, membership: bool) -> Result<CompactProof, EvidenceBytesError> {
        let depth = usize::from(self.byte()?);
        let mut map = Bits::new(self.take(depth.div_ceil(8))?);
        let mut siblings = Vec::with_capacity(depth);
        for _ in 0..depth {
            siblings.push(if map.next()? { Some(self.sibling()?) } else { None });
        }
        map.end()?;
        let end = if membership {
            PathEnd::Found
        } else if self.flag()? {
            PathEnd::Other { key_hash: self.hash()?, value_hash: self.hash()? }
        } else {
            PathEnd::Empty
        };
        Ok(CompactProof { siblings, end })
    }

    pub(super) fn seal(
        &mut self,
        chain_tag: [u8; 2],
        validators_tag: [u8; 2],
    ) -> Result<Seal, EvidenceBytesError> {
        let (height, time, links) = self.block()?;
        let next_validators_hash = if self.flag()? { Some(self.hash()?) } else { None };
        let (round, signatures) = self.signed()?;
        Ok(Seal { chain_tag, validators_tag, height, time, links, next_validators_hash, round, signatures })
    }

    pub(crate) fn block(&mut self) -> Result<(u64, UnixMillis, Hash32), EvidenceBytesError> {
        Ok((self.number()?, UnixMillis(self.number()?), self.hash()?))
    }

    pub(crate) fn signed(&mut self) -> Result<(u32, Vec<CertificateSignature>), EvidenceBytesError> {
        let round = u32::try_from(self.number()?).map_err(|_| Malformed)?;
        let length = usize::from(self.byte()?);
        let map = self.take(length)?;
        if length > 32 || map.last() == Some(&0) {
            return Err(Malformed);
        }
        let mut signatures = Vec::new();
        for validator in 0..=u8::MAX {
            let byte = map.get(usize::from(validator / 8)).copied().unwrap_or(0);
            if byte >> (validator % 8) & 1 == 1 {
                signatures.push(CertificateSignature { validator, signature: self.array()? });
            }
        }
        Ok((round, signatures))
    }
}

/// Bits still to be read.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn next(&mut self) -> Result<bool, EvidenceBytesError> {
        let byte = self.bytes.get(self.at / 8).ok_or(Malformed)?;
        let bit = byte & (0x80 >> (self.at % 8)) != 0;
        self.at += 1;
        Ok(bit)
    }

    /// All bytes were needed, and the spare bits are zero.
    pub(super) fn end(mut self) -> Result<(), EvidenceBytesError> {
        if self.at.div_ceil(8) != self.bytes.len() {
            return Err(Malformed);
        }
        while self.at < self.bytes.len() * 8 {
            if self.next()? {
                return Err(Malformed);
            }
        }
        Ok(())
    }
}

//! The CBOR inside proof values: definite lengths, nothing after the end. That numbers and lengths are written the shortest way
//! and names in order is checked by writing it again.

use std::collections::BTreeMap;

use minicbor::{Decoder, Encoder};
use zeroize::Zeroizing;

use super::value::{Base, Derived};
use crate::bbs::{MAX_HEADER, Proof, PublicKey, Signature};

pub(super) fn read_base(bytes: &[u8]) -> Option<Base> {
    let mut read = Reader::new(bytes)?;
    let base = Base {
        signature: Signature::from_bytes(read.bytes()?.try_into().ok()?)?,
        header: read.bytes()?.try_into().ok()?,
        key: PublicKey::from_bytes(read.bytes()?.try_into().ok()?).ok()?,
        label_key: Zeroizing::new(read.bytes()?.try_into().ok()?),
        mandatory: read.list(|read| read.0.str().ok().map(str::to_owned))?,
    };
    read.is_at_end().then_some(base)
}

pub(super) fn read_derived(bytes: &[u8]) -> Option<Derived> {
    let mut read = Reader::new(bytes)?;
    let derived = Derived {
        proof: Proof::from_bytes(read.bytes()?)?,
        labels: read.labels()?,
        mandatory: read.list(Reader::number)?,
        shown: read.list(Reader::number)?,
        presentation_header: read.bytes().filter(|bytes| bytes.len() <= MAX_HEADER)?.to_vec(),
    };
    read.is_at_end().then_some(derived)
}

pub(super) fn write_base(base: &Base) -> Vec<u8> {
    written(|out| {
        out.array(5)?.bytes(&base.signature.to_bytes())?.bytes(&base.header)?;
        out.bytes(base.key.to_bytes())?.bytes(base.label_key.as_ref())?;
        out.array(base.mandatory.len() as u64)?;
        base.mandatory.iter().try_for_each(|pointer| out.str(pointer).map(drop))
    })
}

pub(super) fn write_derived(derived: &Derived) -> Vec<u8> {
    written(|out| {
        out.array(5)?.bytes(&derived.proof.to_bytes())?;
        out.map(derived.labels.len() as u64)?;
        for (number, place) in &derived.labels {
            out.u32(*number)?.u32(*place)?;
        }
        for list in [&derived.mandatory, &derived.shown] {
            out.array(list.len() as u64)?;
            list.iter().try_for_each(|number| out.u64(*number as u64).map(drop))?;
        }
        out.bytes(&derived.presentation_header).map(drop)
    })
}

type Written = Result<(), minicbor::encode::Error<std::convert::Infallible>>;

fn written(write: impl FnOnce(&mut Encoder<Vec<u8>>) -> Written) -> Vec<u8> {
    let mut out = Encoder::new(Vec::with_capacity(1024));
    // Writing to memory can't fail.
    let _ = write(&mut out);
    out.into_writer()
}

struct Reader<'b>(Decoder<'b>);

impl<'b> Reader<'b> {
    /// Within the array of five that everything stands in.
    fn new(bytes: &'b [u8]) -> Option<Self> {
        let mut decoder = Decoder::new(bytes);
        (decoder.array().ok()? == Some(5)).then_some(Self(decoder))
    }

    fn is_at_end(&self) -> bool {
        self.0.position() == self.0.input().len()
    }

    fn bytes(&mut self) -> Option<&'b [u8]> {
        self.0.bytes().ok()
    }

    fn number(&mut self) -> Option<usize> {
        self.0.u64().ok()?.try_into().ok()
    }

    fn list<T>(&mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let length = self.0.array().ok()??;
        // Not allocated beforehand: the length is whatever was written.
        (0..length).map(|_| read(self)).collect()
    }

    fn labels(&mut self) -> Option<BTreeMap<u32, u32>> {
        let length = self.0.map().ok()??;
        let mut labels = BTreeMap::new();
        for _ in 0..length {
            if labels.insert(self.0.u32().ok()?, self.0.u32().ok()?).is_some() {
                return None;
            }
        }
        Some(labels)
    }
}

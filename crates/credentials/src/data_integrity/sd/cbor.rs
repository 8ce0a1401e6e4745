//! The CBOR inside proof values, in its only accepted form: definite lengths, nothing after the end.

use std::collections::BTreeMap;

use minicbor::{Decoder, Encoder};
use zeroize::Zeroizing;

use super::value::{Base, Derived, statement_key};
use crate::key::Signature;

pub(super) fn read_base(bytes: &[u8]) -> Option<Base> {
    let mut read = Reader::new(bytes)?;
    let base = Base {
        signature: read.signature()?,
        key: statement_key(read.bytes()?)?,
        hmac_key: Zeroizing::new(read.bytes()?.try_into().ok()?),
        signatures: read.list(Reader::signature)?,
        mandatory: read.list(Reader::text)?,
    };
    read.is_at_end().then_some(base)
}

pub(super) fn read_derived(bytes: &[u8]) -> Option<Derived> {
    let mut read = Reader::new(bytes)?;
    let derived = Derived {
        signature: read.signature()?,
        key: statement_key(read.bytes()?)?,
        signatures: read.list(Reader::signature)?,
        labels: read.labels()?,
        mandatory: read.list(Reader::number)?,
    };
    read.is_at_end().then_some(derived)
}

pub(super) fn write_base(base: &Base) -> Vec<u8> {
    written(|out| {
        out.array(5)?;
        out.bytes(&base.signature)?.bytes(&base.key.to_multikey_bytes())?.bytes(base.hmac_key.as_ref())?;
        signatures(out, &base.signatures)?;
        out.array(base.mandatory.len() as u64)?;
        base.mandatory.iter().try_for_each(|pointer| out.str(pointer).map(drop))
    })
}

pub(super) fn write_derived(derived: &Derived) -> Vec<u8> {
    written(|out| {
        out.array(5)?;
        out.bytes(&derived.signature)?.bytes(&derived.key.to_multikey_bytes())?;
        signatures(out, &derived.signatures)?;
        out.map(derived.labels.len() as u64)?;
        for (number, label) in &derived.labels {
            out.u32(*number)?.bytes(label)?;
        }
        out.array(derived.mandatory.len() as u64)?;
        derived.mandatory.iter().try_for_each(|number| out.u64(*number as u64).map(drop))
    })
}

type Written = Result<(), minicbor::encode::Error<std::convert::Infallible>>;

fn signatures(out: &mut Encoder<Vec<u8>>, list: &[Signature]) -> Written {
    out.array(list.len() as u64)?;
    list.iter().try_for_each(|signature| out.bytes(signature).map(drop))
}

fn written(write: impl FnOnce(&mut Encoder<Vec<u8>>) -> Written) -> Vec<u8> {
    let mut out = Encoder::new(Vec::with_capacity(4096));
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

    fn signature(&mut self) -> Option<Signature> {
        <[u8; 64]>::try_from(self.bytes()?).ok().map(Signature::from)
    }

    fn text(&mut self) -> Option<String> {
        self.0.str().ok().map(str::to_owned)
    }

    fn number(&mut self) -> Option<usize> {
        self.0.u64().ok()?.try_into().ok()
    }

    fn list<T>(&mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let length = self.0.array().ok()??;
        // Not allocated beforehand: the length is whatever was written.
        (0..length).map(|_| read(self)).collect()
    }

    fn labels(&mut self) -> Option<BTreeMap<u32, [u8; 32]>> {
        let length = self.0.map().ok()??;
        let mut labels = BTreeMap::new();
        for _ in 0..length {
            let (number, label) = (self.0.u32().ok()?, self.bytes()?.try_into().ok()?);
            if labels.insert(number, label).is_some() {
                return None;
            }
        }
        Some(labels)
    }
}

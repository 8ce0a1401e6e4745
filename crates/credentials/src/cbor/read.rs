//! Reading CBOR strictly. By hand and not with a library, for the spelling itself is what is judged.

use super::{Map, Value};

/// Items may stand inside each other this deep.
pub const MAX_DEPTH: usize = 32;

/// The longest input that is read: 1 MiB.
pub const MAX_BYTES: usize = 1 << 20;

/// So many items are read: each takes more memory than the byte it can be written with.
pub const MAX_ITEMS: usize = 1 << 16;

/// Why bytes are not taken as CBOR. Carries nothing of them: they may be personal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Longer than [`MAX_BYTES`].
    #[error("the CBOR is too long")]
    TooLong,
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("the CBOR is nested too deep")]
    TooDeep,
    /// More items than [`MAX_ITEMS`].
    #[error("the CBOR has too many items")]
    TooMany,
    /// It ends too early, or a length reaches beyond the end.
    #[error("the CBOR ends too early")]
    Truncated,
    /// Something stands after the end.
    #[error("something stands after the CBOR")]
    Trailing,
    /// A number or length could be written shorter.
    #[error("a number or length is not in its shortest form")]
    NotShortest,
    /// An indefinite length.
    #[error("an indefinite length")]
    Indefinite,
    /// A key stands twice in one map.
    #[error("a key stands twice in one map")]
    DuplicateKey,
    /// Text that is not UTF-8.
    #[error("a text is not UTF-8")]
    NotUtf8,
    /// A number beyond 64 bits with a sign.
    #[error("a number is too large")]
    NumberTooLarge,
    /// Floating point, `undefined`, a simple value, or reserved: no format here has them.
    #[error("a kind of item that is not taken")]
    Unsupported,
}

/// Reads one item from the whole input.
///
/// # Errors
/// [`Error`], which names the first flaw.
pub fn parse(bytes: &[u8]) -> Result<Value, Error> {
    if bytes.len() > MAX_BYTES {
        return Err(Error::TooLong);
    }
    let mut reader = Reader { all: bytes, at: 0, items: 0 };
    let value = reader.item(0)?;
    if reader.at == bytes.len() { Ok(value) } else { Err(Error::Trailing) }
}

struct Reader<'b> {
    all: &'b [u8],
    at: usize,
    items: usize,
}

impl<'b> Reader<'b> {
    fn item(&mut self, depth: usize) -> Result<Value, Error> {
        self.items += 1;
        if self.items > MAX_ITEMS {
            return Err(Error::TooMany);
        }
        let first = self.take(1)?[0];
        let (major, info) = (first >> 5, first & 0x1f);
        if major == 7 {
            return match info {
                20 => Ok(Value::Bool(false)),
                21 => Ok(Value::Bool(true)),
                22 => Ok(Value::Null),
                31 => Err(Error::Indefinite),
                _ => Err(Error::Unsupported),
            };
        }
        let argument = self.argument(info)?;
        match major {
            0 => Ok(Value::Integer(signed(argument)?)),
            1 => Ok(Value::Integer(!signed(argument)?)),
            2 => Ok(Value::Bytes(self.content(argument)?.to_vec())),
            3 => {
                let text = std::str::from_utf8(self.content(argument)?).map_err(|_| Error::NotUtf8)?;
                Ok(Value::Text(text.to_owned()))
            }
            4 => self.array(argument, deeper(depth)?),
            5 => self.map(argument, deeper(depth)?),
            _ => Ok(Value::tagged(argument, self.item(deeper(depth)?)?)),
        }
    }

    fn array(&mut self, length: u64, depth: usize) -> Result<Value, Error> {
        // Each item takes a byte at least: nothing is set aside for a length that can't be.
        let length = self.at_most(length, 1)?;
        let mut list = Vec::new();
        for _ in 0..length {
            list.push(self.item(depth)?);
        }
        Ok(Value::Array(list))
    }

    fn map(&mut self, length: u64, depth: usize) -> Result<Value, Error> {
        let length = self.at_most(length, 2)?;
        let (mut entries, mut keys) = (Vec::new(), Vec::new());
        for _ in 0..length {
            let start = self.at;
            let key = self.item(depth)?;
            keys.push(&self.all[start..self.at]);
            entries.push((key, self.item(depth)?));
        }
        // Every item has one spelling, so equal keys have equal bytes.
        sorted::sort(&mut keys);
        if keys.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Error::DuplicateKey);
        }
        Ok(Value::Map(Map::from_unique(entries)))
    }

    /// The number that follows the first byte or is inside it.
    fn argument(&mut self, info: u8) -> Result<u64, Error> {
        let (length, least) = match info {
            0..=23 => return Ok(u64::from(info)),
            24 => (1, 24),
            25 => (2, 1 << 8),
            26 => (4, 1 << 16),
            27 => (8, 1 << 32),
            31 => return Err(Error::Indefinite),
            _ => return Err(Error::Unsupported),
        };
        let argument = self.take(length)?.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte));
        if argument < least { Err(Error::NotShortest) } else { Ok(argument) }
    }

    fn at_most(&self, length: u64, each: usize) -> Result<usize, Error> {
        let length = usize::try_from(length).map_err(|_| Error::Truncated)?;
        let fits = length.checked_mul(each).is_some_and(|least| least <= self.all.len() - self.at);
        if fits { Ok(length) } else { Err(Error::Truncated) }
    }

    fn content(&mut self, length: u64) -> Result<&'b [u8], Error> {
        self.take(self.at_most(length, 1)?)
    }

    fn take(&mut self, length: usize) -> Result<&'b [u8], Error> {
        let taken = self.all[self.at..].get(..length).ok_or(Error::Truncated)?;
        self.at += length;
        Ok(taken)
    }
}

fn signed(argument: u64) -> Result<i64, Error> {
    i64::try_from(argument).map_err(|_| Error::NumberTooLarge)
}

fn deeper(depth: usize) -> Result<usize, Error> {
    if depth == MAX_DEPTH { Err(Error::TooDeep) } else { Ok(depth + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cbor::encode;

    fn hex(text: &str) -> Vec<u8> {
        hex::decode(text).unwrap()
    }

    /// RFC 8949 appendix A, what of it these formats have.
    #[test]
    fn reads_and_writes_the_rfcs_examples() {
        for text in [
            "00",
            "01",
            "0a",
            "17",
            "1818",
            "1819",
            "1864",
            "1903e8",
            "1a000f4240",
            "1b000000e8d4a51000",
            "20",
            "29",
            "3863",
            "3903e7",
            "f4",
            "f5",
            "f6",
            "c074323031332d30332d32315432303a30343a30305a",
            "c11a514b67b0",
            "d74401020304",
            "d818456449455446",
            "40",
            "4401020304",
            "60",
            "6161",
            "6449455446",
            "62225c",
            "62c3bc",
            "63e6b0b4",
            "64f0908591",
            "80",
            "83010203",
            "8301820203820405",
            "98190102030405060708090a0b0c0d0e0f101112131415161718181819",
            "a0",
            "a201020304",
            "a26161016162820203",
            "826161a161626163",
            "a56161614161626142616361436164614461656145",
        ] {
            let value = parse(&hex(text)).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(hex::encode(encode(&value)), text);
        }
    }

    #[test]
    fn refuses_by_name() {
        let deep = |n: usize| [vec![0x81; n], vec![0]].concat();
        let tags = [vec![0xc0; MAX_DEPTH + 1], vec![0]].concat();
        let many = [hex("9a00010000"), vec![0; 1 << 16]].concat();
        let cases: &[(&str, Vec<u8>, Error)] = &[
            ("empty", vec![], Error::Truncated),
            ("trailing_byte", hex("0000"), Error::Trailing),
            ("number_with_leading_zeros", hex("1817"), Error::NotShortest),
            ("number_in_two_bytes", hex("1900ff"), Error::NotShortest),
            ("number_in_four_bytes", hex("1a0000ffff"), Error::NotShortest),
            ("number_in_eight_bytes", hex("1b00000000ffffffff"), Error::NotShortest),
            ("length_of_bytes_too_long", hex("580100"), Error::NotShortest),
            ("length_of_array_too_long", hex("980100"), Error::NotShortest),
            ("length_of_map_too_long", hex("b8010000"), Error::NotShortest),
            ("tag_too_long", hex("d81700"), Error::NotShortest),
            ("indefinite_bytes", hex("5f42010243030405ff"), Error::Indefinite),
            ("indefinite_text", hex("7f657374726561646d696e67ff"), Error::Indefinite),
            ("indefinite_array", hex("9fff"), Error::Indefinite),
            ("indefinite_map", hex("bf61610161629f0203ffff"), Error::Indefinite),
            ("break_alone", hex("ff"), Error::Indefinite),
            ("duplicate_key", hex("a2616101616102"), Error::DuplicateKey),
            ("duplicate_key_not_beside", hex("a3616101616202616103"), Error::DuplicateKey),
            ("duplicate_key_nested", hex("81a201000101"), Error::DuplicateKey),
            ("not_utf8", hex("61ff"), Error::NotUtf8),
            ("surrogate", hex("63eda080"), Error::NotUtf8),
            ("number_beyond_63_bits", hex("1b8000000000000000"), Error::NumberTooLarge),
            ("negative_beyond_63_bits", hex("3b8000000000000000"), Error::NumberTooLarge),
            ("half_float", hex("f90000"), Error::Unsupported),
            ("double_float", hex("fb3ff199999999999a"), Error::Unsupported),
            ("undefined", hex("f7"), Error::Unsupported),
            ("simple_value", hex("f0"), Error::Unsupported),
            ("simple_value_false_again", hex("f814"), Error::Unsupported),
            ("reserved_length", hex("1c"), Error::Unsupported),
            ("bytes_cut_off", hex("4401"), Error::Truncated),
            ("bytes_of_2_to_62", hex("5b4000000000000000"), Error::Truncated),
            ("text_of_2_to_63", hex("7b8000000000000000"), Error::Truncated),
            ("array_of_2_to_62", hex("9b400000000000000000"), Error::Truncated),
            ("map_of_2_to_63", hex("bb80000000000000000000"), Error::Truncated),
            ("argument_cut_off", hex("1a0001"), Error::Truncated),
            ("nested_too_deep", deep(MAX_DEPTH + 1), Error::TooDeep),
            ("nested_20000", deep(20_000), Error::TooDeep),
            ("tags_too_deep", tags, Error::TooDeep),
            ("too_many_items", many, Error::TooMany),
            ("too_long", [hex("5a00100000"), vec![0; MAX_BYTES]].concat(), Error::TooLong),
        ];
        for (name, bytes, error) in cases {
            assert_eq!(parse(bytes), Err(*error), "{name}");
        }
        assert!(parse(&deep(MAX_DEPTH)).is_ok());
        assert_eq!(parse(&hex("1b7fffffffffffffff")), Ok(Value::Integer(i64::MAX)));
        assert_eq!(parse(&hex("3b7fffffffffffffff")), Ok(Value::Integer(i64::MIN)));
    }

    #[test]
    fn maps_are_written_in_the_one_order() {
        let map = Map::sorted(
            [Value::from("aa"), 100.into(), (-1).into(), "z".into(), 10.into(), false.into(), "b".into()]
                .map(|key| (key, Value::Null))
                .to_vec(),
        );
        // RFC 8949 §4.2.1's own example, without the array.
        let keys: Vec<_> = map.iter().map(|(key, _)| hex::encode(encode(key))).collect();
        assert_eq!(keys, ["0a", "1864", "20", "6162", "617a", "626161", "f4"]);
    }
}

//! One CBOR item.

use std::fmt;

use super::{TAG_ENCODED, encode};

/// A CBOR item. It may be personal, so `Debug` shows only what kind of item it is.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// A whole number.
    Integer(i64),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Text.
    Text(String),
    /// A list.
    Array(Vec<Value>),
    /// Names and values.
    Map(Map),
    /// A tagged item.
    Tag(u64, Box<Value>),
    /// True or false.
    Bool(bool),
    /// `null`.
    Null,
}

/// The entries of a map, no key twice, in the order in which they were sent.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Map(Vec<(Value, Value)>);

impl Value {
    /// Bytes that hold this CBOR: tag 24.
    #[must_use]
    pub fn encoded(inside: Vec<u8>) -> Self {
        Self::Tag(TAG_ENCODED, Box::new(Self::Bytes(inside)))
    }

    /// A tagged item.
    #[must_use]
    pub fn tagged(tag: u64, inside: Self) -> Self {
        Self::Tag(tag, Box::new(inside))
    }

    /// The number.
    #[must_use]
    pub const fn as_integer(&self) -> Option<i64> {
        if let Self::Integer(number) = self { Some(*number) } else { None }
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    /// The text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The list.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Self]> {
        if let Self::Array(list) = self { Some(list) } else { None }
    }

    /// The map.
    #[must_use]
    pub const fn as_map(&self) -> Option<&Map> {
        if let Self::Map(map) = self { Some(map) } else { None }
    }

    /// What stands under this tag.
    #[must_use]
    pub fn untagged(&self, expected: u64) -> Option<&Self> {
        match self {
            Self::Tag(tag, inside) if *tag == expected => Some(inside),
            _ => None,
        }
    }

    /// The CBOR inside tagged bytes, not read yet.
    #[must_use]
    pub fn as_encoded(&self) -> Option<&[u8]> {
        self.untagged(TAG_ENCODED)?.as_bytes()
    }
}

impl Map {
    /// Entries in the order of RFC 8949 §4.2.1: by the bytes of their encoded keys. Of entries with the same key the
    /// first stays.
    #[must_use]
    pub fn sorted(entries: Vec<(Value, Value)>) -> Self {
        let mut spelt: Vec<_> = entries.into_iter().map(|entry| (encode(&entry.0), entry)).collect();
        sorted::sort_by(&mut spelt, |(a, _), (b, _)| a.cmp(b));
        let mut entries: Vec<_> = spelt.into_iter().map(|(_, entry)| entry).collect();
        entries.dedup_by(|later, first| later.0 == first.0);
        Self(entries)
    }

    /// The entries, of which the caller knows that no key is there twice.
    pub(crate) const fn from_unique(entries: Vec<(Value, Value)>) -> Self {
        Self(entries)
    }

    /// The value under a key, a text or a number.
    #[must_use]
    pub fn member(&self, key: impl Into<Value>) -> Option<&Value> {
        let key = key.into();
        self.0.iter().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// The entries in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&Value, &Value)> + '_ {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// The entries in their order, taken out.
    #[must_use]
    pub fn into_entries(self) -> Vec<(Value, Value)> {
        self.0
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl From<Vec<Value>> for Value {
    fn from(list: Vec<Value>) -> Self {
        Self::Array(list)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

/// Sorted as [`Map::sorted`] does.
impl<K: Into<Value>, const N: usize> From<[(K, Value); N]> for Map {
    fn from(entries: [(K, Value); N]) -> Self {
        Self::sorted(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(_) => f.write_str("Integer"),
            Self::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()),
            Self::Text(text) => write!(f, "Text({})", text.len()),
            Self::Array(list) => f.debug_list().entries(list).finish(),
            Self::Map(map) => map.fmt(f),
            Self::Tag(tag, inside) => write!(f, "{tag}({inside:?})"),
            Self::Bool(_) => f.write_str("Bool"),
            Self::Null => f.write_str("Null"),
        }
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Map({})", self.len())
    }
}

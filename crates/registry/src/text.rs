//! Checked text: short names, and words in both languages.

use std::fmt;
use std::io::{self, Read, Write};
use std::str::FromStr;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

/// Serde as the type's text form: `Display` out, `FromStr` in.
#[macro_export]
#[doc(hidden)]
macro_rules! text_serde {
    ($type:ty) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text =
                    <std::borrow::Cow<'de, str> as serde::Deserialize<'de>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

/// A short machine name: network, credential type, purpose id, or key fragment. 1 to 40 characters of `a-z`, `0-9`
/// and `-`, starting with a letter. Never needs escaping in a URL, a DID or a record key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slug(Box<str>);

/// The text is not a [`Slug`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to 40 characters of a-z, 0-9 and '-', and starts with a letter")]
pub struct SlugError;

impl Slug {
    /// Checks and keeps the text.
    ///
    /// # Errors
    /// [`SlugError`] when a character or the length is not allowed.
    pub fn new(text: &str) -> Result<Self, SlugError> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let starts = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
        if starts && text.len() <= 40 && text.bytes().all(allowed) {
            Ok(Self(text.into()))
        } else {
            Err(SlugError)
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Slug {
    type Err = SlugError;

    fn from_str(text: &str) -> Result<Self, SlugError> {
        Self::new(text)
    }
}

impl TryFrom<&str> for Slug {
    type Error = SlugError;

    fn try_from(text: &str) -> Result<Self, SlugError> {
        Self::new(text)
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

text_serde!(Slug);

/// One length byte, then the characters: a slug is at most 40.
impl BorshSerialize for Slug {
    fn serialize<W: Write>(&self, writer: &mut W) -> io::Result<()> {
        let length = u8::try_from(self.0.len()).map_err(io::Error::other)?;
        writer.write_all(&[length])?;
        writer.write_all(self.0.as_bytes())
    }
}

impl BorshDeserialize for Slug {
    fn deserialize_reader<R: Read>(reader: &mut R) -> io::Result<Self> {
        let mut buffer = [0; 40];
        let length = usize::from(u8::deserialize_reader(reader)?);
        let Some(bytes) = buffer.get_mut(..length) else { return Err(invalid(SlugError)) };
        reader.read_exact(bytes)?;
        std::str::from_utf8(bytes)
            .ok()
            .and_then(|text| Self::new(text).ok())
            .ok_or_else(|| invalid(SlugError))
    }
}

/// An undecodable value, as borsh reports it.
pub(crate) fn invalid(error: impl std::error::Error + Send + Sync + 'static) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// The same words in Chinese and English, as people see them. Transactions are refused when one is empty or longer
/// than the place allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct LocalText {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl LocalText {
    /// Both words.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }

    /// The word for a language tag: Chinese for `zh…`, else English.
    #[must_use]
    pub fn in_language(&self, tag: &str) -> &str {
        if tag.starts_with("zh") { &self.zh } else { &self.en }
    }

    /// Both present, at most `limit` characters each, and without control characters.
    #[must_use]
    pub fn is_within(&self, limit: usize) -> bool {
        [&self.zh, &self.en].into_iter().all(|text| {
            let count = text.chars().take(limit + 1).count();
            (1..=limit).contains(&count) && !text.chars().any(char::is_control) && text.trim() == text
        })
    }
}

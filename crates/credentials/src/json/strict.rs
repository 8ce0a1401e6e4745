//! Reading JSON strictly.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Arrays and objects may stand inside each other this deep.
pub const MAX_DEPTH: usize = 64;

/// The longest text that is read: 1 MiB.
pub const MAX_BYTES: usize = 1 << 20;

/// The integers up to which every whole number is an IEEE double (RFC 8785 §3.2.2.3, I-JSON).
const MAX_EXACT: u64 = 1 << 53;

/// From here on the canonical form has an exponent, by which others tell a double from a whole number (ECMAScript, `Number::toString`).
const EXPONENT_FROM: f64 = 1e21;

/// Why a text is not taken as JSON. Carries nothing of the text: it may be personal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Longer than [`MAX_BYTES`].
    #[error("the JSON is too long")]
    TooLong,
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("the JSON is nested too deep")]
    TooDeep,
    /// A name stands twice in one object.
    #[error("a name stands twice in one JSON object")]
    DuplicateName,
    /// A whole number beyond ±2^53, which other parsers would round, or a double that is written canonically as one: `1e20`.
    #[error("a number is not exact as an IEEE double")]
    NumberNotExact,
    /// Not JSON at all, or not UTF-8, or a number beyond the range of doubles, or a lone surrogate.
    #[error("not JSON")]
    Syntax,
}

/// Reads one JSON value from the whole text.
///
/// # Errors
/// [`Error`], which names the first flaw.
pub fn parse(text: &[u8]) -> Result<Value, Error> {
    if text.len() > MAX_BYTES {
        return Err(Error::TooLong);
    }
    let (flaw, has_large) = (Cell::new(Error::Syntax), Cell::new(false));
    // All at once is quicker than string by string.
    let text = std::str::from_utf8(text).map_err(|_| Error::Syntax)?;
    let mut parser = serde_json::Deserializer::from_str(text);
    let strict = Strict { depth: 0, flaw: &flaw, has_large: &has_large };
    let value = strict.deserialize(&mut parser).map_err(|_| flaw.get())?;
    parser.end().map_err(|_| Error::Syntax)?;
    if has_large.get() && has_long_integer(text) { Err(Error::NumberNotExact) } else { Ok(value) }
}

/// Builds a value and remembers why it stopped, which the parser's own error can't carry.
#[derive(Clone, Copy)]
struct Strict<'f> {
    depth: usize,
    flaw: &'f Cell<Error>,
    /// A double so large was there that it may have been spelt as a whole number.
    has_large: &'f Cell<bool>,
}

impl Strict<'_> {
    fn refuse<E: serde::de::Error>(self, error: Error) -> E {
        self.flaw.set(error);
        E::custom(error)
    }

    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(self.refuse(Error::TooDeep));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        if value > MAX_EXACT {
            return Err(self.refuse(Error::NumberNotExact));
        }
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        if value.unsigned_abs() > MAX_EXACT {
            return Err(self.refuse(Error::NumberNotExact));
        }
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        // All of them are whole numbers.
        if value.abs() > MAX_EXACT as f64 {
            if value.abs() < EXPONENT_FROM {
                return Err(self.refuse(Error::NumberNotExact));
            }
            self.has_large.set(true);
        }
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom(Error::Syntax))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let inside = self.deeper()?;
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(inside)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inside = self.deeper()?;
        let mut map = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(inside)?;
            if map.insert(name, value).is_some() {
                return Err(self.refuse(Error::DuplicateName));
            }
        }
        Ok(Value::Object(map))
    }
}

/// Whether a whole number of more digits than 2^53 has is spelt out somewhere in this JSON, outside of texts.
fn has_long_integer(json: &str) -> bool {
    const DIGITS: usize = 16;
    let (mut in_text, mut escaped, mut digits, mut is_whole) = (false, false, 0, false);
    for byte in json.bytes().chain([b' ']) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'0'..=b'9' => {
                is_whole |= digits == 0;
                digits += 1;
            }
            b'.' | b'e' | b'E' | b'+' | b'-' if digits > 0 => is_whole = false,
            _ => {
                if is_whole && digits > DIGITS {
                    return true;
                }
                (digits, is_whole) = (0, false);
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_two_parsers_could_see_differently() {
        let deep = |n: usize| "[".repeat(n) + &"]".repeat(n);
        let cases: &[(&str, String, Error)] = &[
            ("duplicate_name", r#"{"a":1,"a":1}"#.into(), Error::DuplicateName),
            ("duplicate_name_escaped", r#"{"a":1,"\u0061":1}"#.into(), Error::DuplicateName),
            ("duplicate_name_nested", r#"{"b":[{"a":1,"c":2,"a":1}]}"#.into(), Error::DuplicateName),
            ("nested_too_deep", deep(MAX_DEPTH + 1), Error::TooDeep),
            ("nested_20000", deep(20_000), Error::TooDeep),
            ("integer_not_exact", "9007199254740993".into(), Error::NumberNotExact),
            ("negative_not_exact", "-9007199254740993".into(), Error::NumberNotExact),
            ("double_written_as_integer", "1e20".into(), Error::NumberNotExact),
            ("double_written_as_negative_integer", "[-1.5e20]".into(), Error::NumberNotExact),
            ("integer_beyond_64_bits", "100000000000000000000".into(), Error::NumberNotExact),
            ("integer_as_large_as_a_double", "[1e30,1000000000000000000001]".into(), Error::NumberNotExact),
            (
                "integer_after_a_quote",
                r#"["a\"b",1E30,1000000000000000000001]"#.into(),
                Error::NumberNotExact,
            ),
            ("integer_at_the_end", "-1000000000000000000001".into(), Error::NumberNotExact),
            ("number_beyond_doubles", "1e400".into(), Error::Syntax),
            ("lone_surrogate", r#""\ud800""#.into(), Error::Syntax),
            ("trailing_text", "{} {}".into(), Error::Syntax),
            ("not_a_number", "NaN".into(), Error::Syntax),
            ("comment", "{}//".into(), Error::Syntax),
            ("byte_order_mark", "\u{feff}{}".into(), Error::Syntax),
            ("empty", String::new(), Error::Syntax),
            ("too_long", " ".repeat(MAX_BYTES) + "1", Error::TooLong),
        ];
        for (name, text, error) in cases {
            assert_eq!(parse(text.as_bytes()), Err(*error), "{name}");
        }
        assert_eq!(parse(b"\"\xff\""), Err(Error::Syntax), "not_utf8");
        assert!(parse(deep(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(parse(br#"{"__proto__":1}"#), Ok(serde_json::json!({"__proto__": 1})));
        // What is read is read again as it is written canonically.
        for text in [
            "9007199254740992",
            "-9.007199254740992e15",
            "1e21",
            "-1e+300",
            "[1000000000000000000001.0]",
            "[1,1e30,9007199254740992]",
            r#"["1000000000000000000001\"2000000000000000000002",1E30]"#,
            "1.0000000000000000000001e40",
        ] {
            let value = parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"));
            let written = crate::json::canonical(&value);
            assert_eq!(parse(&written).map(|again| crate::json::canonical(&again)), Ok(written), "{text}");
        }
        for beyond in [9_007_199_254_740_994.0_f64, 1e16, 9.99e20] {
            let written = crate::json::canonical(&serde_json::json!(beyond));
            assert_eq!(parse(&written), Err(Error::NumberNotExact));
            assert_eq!(parse(format!("{beyond:e}").as_bytes()), Err(Error::NumberNotExact));
        }
    }
}

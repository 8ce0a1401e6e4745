//! Reading JSON and forms that somebody else wrote: bounded in size and depth, and errors that repeat nothing of the content.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{BTreeMap, HashSet};
use std::fmt;

use percent_encoding::percent_decode;
use serde::Serialize;
use serde::de::{DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess, Visitor};

/// Whole numbers up to this one are all IEEE doubles (RFC 8259 §6).
const MAX_EXACT: u64 = 1 << 53;

/// How much is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes at most.
    pub bytes: usize,
    /// Objects and arrays inside each other at most.
    pub depth: usize,
}

impl Limits {
    /// For every message of these protocols: 1 MiB, 64 deep.
    pub const MESSAGE: Self = Self { bytes: 1 << 20, depth: 64 };
}

/// Why a message can't be read. Nothing of the message's content is in it, so it can be logged and answered with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// It is too long.
    #[error("the message is longer than {limit} bytes")]
    TooLarge {
        /// Bytes at most.
        limit: usize,
    },
    /// It is nested too deeply.
    #[error("the message is nested deeper than {limit}")]
    TooDeep {
        /// Levels at most.
        limit: usize,
    },
    /// It is not JSON.
    #[error("the message is not JSON: line {line}, column {column}")]
    NotJson {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// A name stands twice in one object: two readers could take it for two different messages.
    #[error("a name stands twice in one JSON object")]
    RepeatedName,
    /// A whole number beyond ±2^53, which other readers would round.
    #[error("a number is not exact as an IEEE double")]
    NumberNotExact,
    /// A member that must be there is not.
    #[error("{0}")]
    Missing(String),
    /// A member has a value of the wrong type or form.
    #[error("a value has the wrong type or form: line {line}, column {column}")]
    WrongShape {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// It is not `application/x-www-form-urlencoded`.
    #[error("the message is not a form")]
    NotAForm,
    /// A parameter of a form appears twice (RFC 6749 §3.1 forbids it).
    #[error("the parameter `{0}` appears more than once")]
    Repeated(String),
    /// A parameter's value can't be read.
    #[error("the parameter `{0}` has a value that can't be read")]
    BadParameter(&'static str),
    /// A parameter is missing.
    #[error("the parameter `{0}` is missing")]
    MissingParameter(&'static str),
}

/// Reads JSON into `T` within `limits`.
pub fn json<T: DeserializeOwned>(bytes: &[u8], limits: Limits) -> Result<T, ParseError> {
    if bytes.len() > limits.bytes {
        return Err(ParseError::TooLarge { limit: limits.bytes });
    }
    if depth(bytes) > limits.depth {
        return Err(ParseError::TooDeep { limit: limits.depth });
    }
    let value = objects::from_slice(bytes).map_err(|error| describe(&error))?;
    ambiguity(bytes).map_or(Ok(value), Err)
}

/// Reads an already parsed value, or object, into `T`.
pub fn value<T: DeserializeOwned>(value: &impl Serialize) -> Result<T, ParseError> {
    objects::from_value(value).map_err(|error| match describe(&error) {
        // Not a place in what the sender wrote.
        ParseError::WrongShape { .. } => ParseError::WrongShape { line: 0, column: 0 },
        other => other,
    })
}

// serde's messages quote offending values, which may be personal: only a missing field's name, which is ours, is kept.
fn describe(error: &serde_json::Error) -> ParseError {
    let (line, column) = (error.line(), error.column());
    if !error.is_data() {
        return ParseError::NotJson { line, column };
    }
    let text = error.to_string();
    match text.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
        Some(field) => ParseError::Missing(format!("the member `{field}` is missing")),
        None => ParseError::WrongShape { line, column },
    }
}

// How deep brackets outside strings are nested. Counts before anything is built, so that nothing deep is ever built.
fn depth(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0usize, 0usize);
    let (mut in_string, mut escaped) = (false, false);
    for byte in bytes {
        match (in_string, escaped, byte) {
            (true, true, _) => escaped = false,
            (true, false, b'\\') => escaped = true,
            (true, false, b'"') => in_string = false,
            (true, false, _) => {}
            (false, _, b'"') => in_string = true,
            (false, _, b'{' | b'[') => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            (false, _, b'}' | b']') => depth = depth.saturating_sub(1),
            (false, ..) => {}
        }
    }
    deepest
}

// Of JSON that was read already: what in it could two readers take for two different things?
fn ambiguity(bytes: &[u8]) -> Option<ParseError> {
    let found = Cell::new(None);
    // What can't be read was refused before; here only names and numbers count.
    let _ = Unambiguous(&found).deserialize(&mut serde_json::Deserializer::from_slice(bytes));
    found.into_inner()
}

/// Walks through a value, builds nothing, and stops at the first name that stands twice in one object, or number that is no
/// IEEE double.
#[derive(Clone, Copy)]
struct Unambiguous<'f>(&'f Cell<Option<ParseError>>);

impl Unambiguous<'_> {
    fn stop<E: serde::de::Error>(self, because: ParseError) -> E {
        let error = E::custom(&because);
        self.0.set(Some(because));
        error
    }

    fn number<E: serde::de::Error>(self, is_exact: bool) -> Result<(), E> {
        if is_exact { Ok(()) } else { Err(self.stop(ParseError::NumberNotExact)) }
    }
}

impl<'de> DeserializeSeed<'de> for Unambiguous<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unambiguous<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<(), E> {
        self.number(number.unsigned_abs() <= MAX_EXACT)
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<(), E> {
        self.number(number <= MAX_EXACT)
    }

    /// From 2^53 to 1e21 a double may have been spelt as a whole number, and is by canonical JSON (RFC 8785).
    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<(), E> {
        let size = number.abs();
        self.number(size <= 9_007_199_254_740_992.0 || size >= 1e21)
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut names: HashSet<Cow<'de, str>> = HashSet::new();
        while let Some(name) = members.next_key()? {
            if !names.insert(name) {
                return Err(self.stop(ParseError::RepeatedName));
            }
            members.next_value_seed(self)?;
        }
        Ok(())
    }
}

/// The parameters of a form or of a link's query, each at most once.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Form(BTreeMap<String, String>);

impl Form {
    /// Reads `application/x-www-form-urlencoded`, at most 64 parameters in at most 1 MiB.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        if bytes.len() > Limits::MESSAGE.bytes {
            return Err(ParseError::TooLarge { limit: Limits::MESSAGE.bytes });
        }
        // Else U+FFFD would stand in the place of what was sent.
        percent_decode(bytes).decode_utf8().map_err(|_| ParseError::NotAForm)?;
        let pairs: Vec<(String, String)> =
            serde_urlencoded::from_bytes(bytes).map_err(|_| ParseError::NotAForm)?;
        let mut form = BTreeMap::new();
        for (name, value) in pairs {
            if form.len() == MAX_PARAMETERS {
                return Err(ParseError::NotAForm);
            }
            if form.contains_key(&name) {
                // A name is the sender's text: cut, so that an error stays short.
                return Err(ParseError::Repeated(name.chars().take(64).collect()));
            }
            form.insert(name, value);
        }
        Ok(Self(form))
    }

    /// A parameter. An empty value counts as absent (RFC 6749 §3.1).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A parameter that must be there.
    pub fn require(&self, name: &'static str) -> Result<&str, ParseError> {
        self.get(name).ok_or(ParseError::MissingParameter(name))
    }

    /// Adds a parameter; `None` adds nothing.
    #[must_use]
    pub fn with(mut self, name: &str, value: Option<&str>) -> Self {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), value.to_owned());
        }
        self
    }

    /// Everything, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// `application/x-www-form-urlencoded`.
    pub fn encode(&self) -> String {
        let mut out = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in &self.0 {
            out.append_pair(name, value);
        }
        out.finish()
    }
}

const MAX_PARAMETERS: usize = 64;

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{Form, Limits, ParseError, depth, json};

    #[test]
    fn brackets_inside_strings_do_not_count() {
        assert_eq!(depth(br#"{"a":"[[[[","b":["\"{"]}"#), 2);
        assert_eq!(depth(b""), 0);
    }

    #[test]
    fn too_deep_is_refused_before_it_is_built() {
        let text = format!("{}{}", "[".repeat(65), "]".repeat(65));
        assert_eq!(json::<Value>(text.as_bytes(), Limits::MESSAGE), Err(ParseError::TooDeep { limit: 64 }));
        let text = format!("{}{}", "[".repeat(64), "]".repeat(64));
        assert!(json::<Value>(text.as_bytes(), Limits::MESSAGE).is_ok());
    }

    #[test]
    fn a_name_that_stands_twice_is_refused_wherever_it_is() {
        for text in [r#"{"a":1,"a":1}"#, r#"[{"x":{"b":[],"c":1,"b":2}}]"#, r#"{"a":1,"\u0061":2}"#] {
            assert_eq!(
                json::<Value>(text.as_bytes(), Limits::MESSAGE),
                Err(ParseError::RepeatedName),
                "{text}"
            );
        }
        assert!(json::<Value>(br#"{"a":{"a":1},"b":[{"a":1},{"a":2}]}"#, Limits::MESSAGE).is_ok());
    }

    #[test]
    fn a_number_that_others_would_round_is_refused_wherever_it_is() {
        let read = |number: &str| json::<Value>(format!(r#"{{"x":[{number}]}}"#).as_bytes(), Limits::MESSAGE);
        for number in
            ["9007199254740993", "-9007199254740993", "18446744073709551615", "18446744073709551617", "1e20"]
        {
            assert_eq!(read(number), Err(ParseError::NumberNotExact), "{number}");
        }
        for number in ["9007199254740992", "-9007199254740992", "1e21", "-1e300", "0.1", "1e-7"] {
            assert!(read(number).is_ok(), "{number}");
        }
        assert!(read("1e400").is_err());
    }

    #[test]
    fn an_error_repeats_no_value() {
        let error = json::<Vec<u8>>(br#"["11010519491231002X"]"#, Limits::MESSAGE).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("1101"));
    }

    #[test]
    fn a_repeated_parameter_is_refused() {
        assert_eq!(Form::parse(b"a=1&b=2&a=1"), Err(ParseError::Repeated("a".into())));
        // What is not text: cut off within a letter, a surrogate, bytes as they are.
        for bytes in [&b"a=%E4%B8"[..], b"%ED%A0%80=1", b"a=1&b=\xff"] {
            assert_eq!(Form::parse(bytes), Err(ParseError::NotAForm));
        }
    }

    #[test]
    fn a_form_survives_the_round_trip() {
        let form = Form::default().with("a b", Some("1&=+ 二")).with("none", None);
        assert_eq!(Form::parse(form.encode().as_bytes()), Ok(form));
    }

    #[test]
    fn a_form_does_not_show_its_values() {
        assert_eq!(format!("{:?}", Form::default().with("tx_code", Some("493536"))), r#"{"tx_code"}"#);
    }
}

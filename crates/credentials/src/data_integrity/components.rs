//! The proof values of selective disclosure: `u` and base64url of three bytes that say which, then a list of five components in
//! CBOR (ECDSA cryptosuites 1.0 §3.5.2, §3.5.7; BBS cryptosuites §3.3.1, §3.3.6).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

use crate::cbor::{self, Map, Value};

/// Three bytes: a CBOR tag, as if the list stood under it.
pub(super) type Kind = [u8; 3];

/// The kind and the CBOR after it.
pub(super) fn open(text: &str) -> Option<(Kind, Vec<u8>)> {
    let mut bytes = BASE64.decode(text.strip_prefix('u')?).ok()?;
    let kind = *bytes.first_chunk::<3>()?;
    bytes.drain(..3);
    Some((kind, bytes))
}

/// The components, each in its one shortest spelling.
pub(super) fn five(bytes: &[u8]) -> Option<[Value; 5]> {
    match cbor::parse(bytes).ok()? {
        Value::Array(list) => list.try_into().ok(),
        _ => None,
    }
}

/// The text of a proof value.
pub(super) fn write(kind: Kind, components: [Value; 5]) -> String {
    let list = Value::Array(components.into());
    format!("u{}", BASE64.encode([kind.as_slice(), &cbor::encode(&list)].concat()))
}

/// Bytes of exactly this length.
pub(super) fn fixed<const N: usize>(value: &Value) -> Option<[u8; N]> {
    value.as_bytes()?.try_into().ok()
}

/// A list of what `each` reads.
pub(super) fn list<T>(value: &Value, each: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    value.as_array()?.iter().map(each).collect()
}

/// The number of a statement.
pub(super) fn number(value: &Value) -> Option<usize> {
    usize::try_from(value.as_integer()?).ok()
}

/// A JSON pointer.
pub(super) fn pointer(value: &Value) -> Option<String> {
    value.as_text().map(str::to_owned)
}

/// What stands for the numbers of canonical labels.
pub(super) fn labels<T>(value: &Value, each: impl Fn(&Value) -> Option<T>) -> Option<BTreeMap<u32, T>> {
    let label =
        |(name, value): (&Value, &Value)| Some((u32::try_from(name.as_integer()?).ok()?, each(value)?));
    sorted::collect_some(value.as_map()?.iter().map(label))
}

/// Numbers of statements.
pub(super) fn write_numbers(numbers: &[usize]) -> Value {
    // No list is as long as numbers of 63 bits reach.
    Value::Array(
        numbers.iter().map(|number| Value::Integer(i64::try_from(*number).unwrap_or(i64::MAX))).collect(),
    )
}

/// JSON pointers.
pub(super) fn write_pointers(pointers: &[String]) -> Value {
    Value::Array(pointers.iter().map(|pointer| pointer.as_str().into()).collect())
}

/// Labels by their numbers, rising.
pub(super) fn write_labels<T>(labels: &BTreeMap<u32, T>, each: impl Fn(&T) -> Value) -> Value {
    Map::from_unique(labels.iter().map(|(number, label)| (i64::from(*number).into(), each(label))).collect())
        .into()
}

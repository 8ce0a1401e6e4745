//! Writing JSON canonically: RFC 8785, the JSON Canonicalization Scheme.

use serde_json::{Map, Number, Value};

/// The canonical bytes of a value (RFC 8785).
///
/// Every number is written as the IEEE double nearest to it, as ECMAScript writes it.
#[must_use]
pub fn canonical(value: &Value) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    canonical_into(value, &mut out);
    out
}

/// Appends the canonical bytes of a value.
pub fn canonical_into(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => write_number(number, out),
        Value::String(text) => write_string(text, out),
        Value::Array(list) => {
            out.push(b'[');
            for (at, element) in list.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                canonical_into(element, out);
            }
            out.push(b']');
        }
        Value::Object(map) => canonical_without(map, "", out),
    }
}

/// Appends the canonical bytes of an object as if it had no member of that name (and no member `""` is ever left
/// out: the empty name leaves everything in).
pub(crate) fn canonical_without(map: &Map<String, Value>, left_out: &str, out: &mut Vec<u8>) {
    let members = map.iter().filter(|(name, _)| left_out.is_empty() || *name != left_out);
    out.push(b'{');
    // The map is in the order of UTF-8 already, unless another crate of the build chose the order of insertion; and
    // for ASCII that is the order of UTF-16, which is what is due.
    let names = map.keys();
    if names.clone().zip(names.skip(1)).all(|(a, b)| a < b) && map.keys().all(|name| name.is_ascii()) {
        write_members(members, out);
    } else {
        let mut sorted: Vec<_> = members.collect();
        sorted::sort_by(&mut sorted, |(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
        write_members(sorted.into_iter(), out);
    }
    out.push(b'}');
}

fn write_members<'v>(members: impl Iterator<Item = (&'v String, &'v Value)>, out: &mut Vec<u8>) {
    for (at, (name, value)) in members.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_string(name, out);
        out.push(b':');
        canonical_into(value, out);
    }
}

fn write_number(number: &Number, out: &mut Vec<u8>) {
    // Whole numbers that a double holds exactly read the same in both forms, up to 21 digits.
    const EXACT: u64 = 1 << 53;
    if let Some(whole) = number.as_i64().filter(|n| n.unsigned_abs() <= EXACT) {
        out.extend_from_slice(itoa::Buffer::new().format(whole).as_bytes());
        return;
    }
    // `as_f64` is `None` for no number that serde_json makes without its `arbitrary_precision`.
    let double = number.as_f64().unwrap_or(f64::NAN);
    if double.is_finite() {
        out.extend_from_slice(ryu_js::Buffer::new().format_finite(double).as_bytes());
    } else {
        out.extend_from_slice(b"null");
    }
}

fn write_string(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    out.push(b'"');
    // Nearly every string needs no escape. Asked without stopping early, the question is a few vector instructions.
    if bytes.iter().fold(false, |any, byte| any | needs_escape(*byte)) {
        write_escaped(bytes, out);
    } else {
        out.extend_from_slice(bytes);
    }
    out.push(b'"');
}

const fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

fn write_escaped(bytes: &[u8], out: &mut Vec<u8>) {
    let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble & 15)];
    for &byte in bytes {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x09 => out.extend_from_slice(b"\\t"),
            0x0a => out.extend_from_slice(b"\\n"),
            0x0c => out.extend_from_slice(b"\\f"),
            0x0d => out.extend_from_slice(b"\\r"),
            control if control < 0x20 => {
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(control >> 4), digit(control)]);
            }
            plain => out.push(plain),
        }
    }
}

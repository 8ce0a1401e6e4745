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
    let members = || map.iter().filter(|(name, _)| left_out.is_empty() || *name != left_out);
    out.push(b'{');
    let mut first = true;
    let mut write = |name: &String, value: &Value| {
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
        write_string(name, out);
        out.push(b':');
        canonical_into(value, out);
    };
    // The map is ordered by UTF-8 already unless another crate chose insertion order; for ASCII the orders agree.
    if members().zip(members().skip(1)).all(|((a, _), (b, _))| a < b && a.is_ascii() && b.is_ascii()) {
        for (name, value) in members() {
            write(name, value);
        }
    } else {
        let mut sorted: Vec<_> = members().collect();
        sorted.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
        for (name, value) in sorted {
            write(name, value);
        }
    }
    out.push(b'}');
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
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut written = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[written..at]);
        written = at + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x09 => out.extend_from_slice(b"\\t"),
            0x0a => out.extend_from_slice(b"\\n"),
            0x0c => out.extend_from_slice(b"\\f"),
            0x0d => out.extend_from_slice(b"\\r"),
            _ => {
                let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble & 15)];
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte)]);
            }
        }
    }
    out.extend_from_slice(&bytes[written..]);
    out.push(b'"');
}

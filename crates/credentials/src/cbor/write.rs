//! Writing CBOR.

use super::Value;

/// The shortest spelling of an item (RFC 8949 §4.2.1), maps in the order that they have.
#[must_use]
pub fn encode(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out, value);
    out
}

fn write(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Integer(number) => {
            // −1 − n for the negative ones, which is the complement.
            let (major, argument) = if *number < 0 { (1, !*number) } else { (0, *number) };
            head(out, major, argument.unsigned_abs());
        }
        Value::Bytes(bytes) => {
            head(out, 2, bytes.len() as u64);
            out.extend_from_slice(bytes);
        }
        Value::Text(text) => {
            head(out, 3, text.len() as u64);
            out.extend_from_slice(text.as_bytes());
        }
        Value::Array(list) => {
            head(out, 4, list.len() as u64);
            for item in list {
                write(out, item);
            }
        }
        Value::Map(map) => {
            head(out, 5, map.len() as u64);
            for (key, value) in map.iter() {
                write(out, key);
                write(out, value);
            }
        }
        Value::Tag(tag, inside) => {
            head(out, 6, *tag);
            write(out, inside);
        }
        Value::Bool(false) => out.push(0xf4),
        Value::Bool(true) => out.push(0xf5),
        Value::Null => out.push(0xf6),
    }
}

/// The major type and its argument, as short as can be.
#[expect(clippy::cast_possible_truncation, reason = "each range was checked")]
fn head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let major = major << 5;
    match argument {
        0..=23 => out.push(major | argument as u8),
        24..=0xff => out.extend([major | 24, argument as u8]),
        0x100..=0xffff => {
            out.push(major | 25);
            out.extend((argument as u16).to_be_bytes());
        }
        0x1_0000..=0xffff_ffff => {
            out.push(major | 26);
            out.extend((argument as u32).to_be_bytes());
        }
        _ => {
            out.push(major | 27);
            out.extend(argument.to_be_bytes());
        }
    }
}

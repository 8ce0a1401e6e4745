//! RFC 8785.

use std::fmt::Write as _;

use credentials::json::{canonical, parse};
use serde_json::{Number, Value};
use sha2::{Digest, Sha256};

use crate::bulk::vectors;

/// RFC 8785 §3.2.2 and §3.2.3, and the README of its test data.
#[test]
fn examples_of_the_specification() {
    let input = r#"{
        "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
        "literals": [null, true, false]
    }"#;
    let output = "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\
                  \"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}";
    assert_eq!(String::from_utf8(canonical(&parse(input.as_bytes()).unwrap())).unwrap(), output);

    // The order is that of UTF-16 units: the smiley's surrogates come before U+FB33, unlike in UTF-8.
    let input = r#"{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh",
        "1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}"#;
    let canonical = String::from_utf8(canonical(&parse(input.as_bytes()).unwrap())).unwrap();
    let order = ["Carriage Return", "One", "Control", "Diaeresis", "Euro", "Emoji", "Hebrew"];
    let places: Vec<_> = order.iter().map(|word| canonical.find(word).unwrap()).collect();
    assert!(places.is_sorted(), "{canonical}");
}

/// RFC 8785 appendix B.
#[test]
fn numbers_of_the_specification() {
    for (bits, text) in [
        (0x0000_0000_0000_0000_u64, "0"),
        (0x8000_0000_0000_0000, "0"),
        (0x0000_0000_0000_0001, "5e-324"),
        (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
        (0x4340_0000_0000_0000, "9007199254740992"),
        (0xc340_0000_0000_0000, "-9007199254740992"),
        (0x4430_0000_0000_0000, "295147905179352830000"),
        (0x44b5_2d02_c7e1_4af6, "1e+23"),
        (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
        (0x444b_1ae4_d6e2_ef50, "1e+21"),
        (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
        (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
        (0x41b3_de43_5555_5557, "333333333.33333343"),
        (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
        (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
    ] {
        assert_eq!(number(f64::from_bits(bits)), text, "{bits:x}");
    }
}

/// The deterministic sequence of RFC 8785's test data, after its fixed values: 0x0010000000000000 and the 1,999
/// after it, then doubles out of a SHA-256 chain. The digest was worked out by two other implementations over
/// exactly this stretch; see `numbers_of_the_test_data` for the published one.
fn sequence(statics: &[u64]) -> impl Iterator<Item = u64> + '_ {
    let serial = (0..2000).map(|n| 0x0010_0000_0000_0000_u64 + n);
    let mut block = [0_u8; 32];
    let mut waiting: Vec<u64> = Vec::new();
    let random = std::iter::from_fn(move || {
        loop {
            if waiting.is_empty() {
                block = Sha256::digest(block).into();
                waiting = block.chunks(8).rev().map(|b| u64::from_le_bytes(b.try_into().unwrap())).collect();
            }
            let bits = waiting.pop()?;
            let value = f64::from_bits(bits);
            if value != 0.0 && value.is_finite() {
                return Some(bits);
            }
        }
    });
    statics.iter().copied().chain(serial).chain(random)
}

/// The published digests of the first 1,000 to 100,000 lines of `es6testfile`.
#[test]
fn numbers_of_the_test_data() {
    let Some(readme) = vectors("jcs/README.md") else { return };
    let readme = std::fs::read_to_string(readme).unwrap();
    let list = readme.split("staticU64s = new BigUint64Array([").nth(1).unwrap().split("])").next().unwrap();
    let statics: Vec<u64> = list
        .split(',')
        .filter_map(|word| word.trim().strip_prefix("0x")?.strip_suffix('n'))
        .map(|hex| u64::from_str_radix(hex, 16).unwrap())
        .collect();
    let mut text = String::new();
    let mut lines = 0;
    let mut values = sequence(&statics);
    for (digest, count) in [
        ("be18b62b6f69cdab33a7e0dae0d9cfa869fda80ddc712221570f9f40a5878687", 1_000),
        ("b9f7a8e75ef22a835685a52ccba7f7d6bdc99e34b010992cbc5864cd12be6892", 10_000),
        ("22776e6d4b49fa294a0d0f349268e5c28808fe7e0cb2bcbe28f63894e494d4c7", 100_000),
    ] {
        while lines < count {
            let bits = values.next().unwrap();
            writeln!(text, "{bits:x},{}", number(f64::from_bits(bits))).unwrap();
            lines += 1;
        }
        assert_eq!(hex::encode(Sha256::digest(&text)), digest, "{count} lines");
    }
}

#[test]
fn files_of_the_test_data() {
    let Some(folder) = vectors("jcs") else { return };
    let mut count = 0;
    for entry in std::fs::read_dir(folder.join("input")).unwrap() {
        let path = entry.unwrap().path();
        let expected = std::fs::read(folder.join("output").join(path.file_name().unwrap())).unwrap();
        let value = parse(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(canonical(&value), expected, "{}", path.display());
        count += 1;
    }
    assert_eq!(count, 6);
}

/// Doubles keep their value through reading, which takes exact parsing.
#[test]
fn reading_and_writing_agree() {
    let values = sequence(&[]).take(20_000).map(|bits| number(f64::from_bits(bits)));
    for text in values.filter(|text| text.parse::<f64>().unwrap().abs() < 1e15 || text.contains(['.', 'e'])) {
        assert_eq!(String::from_utf8(canonical(&parse(text.as_bytes()).unwrap())).unwrap(), text);
    }
}

fn number(value: f64) -> String {
    String::from_utf8(canonical(&Value::Number(Number::from_f64(value).unwrap()))).unwrap()
}

/// RFC 8785 §3.2.2.2: each control character has one spelling, and nothing else is escaped.
#[test]
fn control_characters() {
    let written = |text: &str| String::from_utf8(canonical(&Value::String(text.to_owned()))).unwrap();
    for control in 0..0x20_u8 {
        let expected = match control {
            0x08 => "\\b".to_owned(),
            0x09 => "\\t".to_owned(),
            0x0a => "\\n".to_owned(),
            0x0c => "\\f".to_owned(),
            0x0d => "\\r".to_owned(),
            other => format!("\\u{other:04x}"),
        };
        assert_eq!(written(&char::from(control).to_string()), format!("\"{expected}\""));
    }
    assert_eq!(written("\" /\u{7f}\u{80}"), "\"\\\" /\u{7f}\u{80}\"");
}

/// Whole numbers that no double holds are written as the nearest (§3.2.2.3).
#[test]
fn whole_numbers_beyond_doubles() {
    for (number, text) in [
        (9_007_199_254_740_993_i64, "9007199254740992"),
        (-9_007_199_254_740_995, "-9007199254740996"),
        (i64::MAX, "9223372036854776000"),
    ] {
        assert_eq!(String::from_utf8(canonical(&Value::from(number))).unwrap(), text);
    }
}

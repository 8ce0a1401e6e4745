//! A token's text as bytes: what is base64url in it goes as the bytes it stands for, JSON apart from signatures and
//! digests, since only JSON can be squeezed.
//!
//! ```text
//! segments: number | each: how 1, length number
//! JSON of all segments, one after the other: squeezed
//! everything else, one after the other
//! ```

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};

use super::{
    MessageError,
    bytes::{Input, put_number},
    squeeze,
};

/// More than any presentation has disclosures.
const MAX_SEGMENTS: usize = 512;
/// The segment's own text, not base64url.
const PLAIN: u8 = 0;
/// JSON, in base64url.
const JSON: u8 = 1;
/// Other bytes, in base64url.
const RAW: u8 = 2;
/// What stands before a segment, beside the above.
const SEPARATORS: [(u8, Option<char>); 3] = [(0, None), (4, Some('.')), (8, Some('~'))];

/// Any text, short if it is tokens joined by `.` and `~`.
pub(super) fn put(out: &mut Vec<u8>, text: &str) {
    let (mut heads, mut json, mut other) = (Vec::new(), Vec::new(), Vec::new());
    let mut count = 0;
    let mut rest = Some((0, text));
    while let Some((separator, here)) = rest {
        // Beyond the most there can be, the last segment takes all that is left as it is.
        let end = if count + 1 < MAX_SEGMENTS { here.find(['.', '~']) } else { None };
        let (segment, after) = here.split_at(end.unwrap_or(here.len()));
        let (how, bytes) = match BASE64.decode(segment) {
            Ok(bytes) if bytes.starts_with(b"{") || bytes.starts_with(b"[") => (JSON, bytes),
            Ok(bytes) => (RAW, bytes),
            Err(_) => (PLAIN, segment.as_bytes().to_vec()),
        };
        heads.push(separator | how);
        put_number(&mut heads, bytes.len());
        if how == JSON {
            json.extend(bytes);
        } else {
            other.extend(bytes);
        }
        count += 1;
        let mut following = after.chars();
        rest = following.next().map(|mark| (if mark == '.' { 4 } else { 8 }, following.as_str()));
    }
    put_number(out, count);
    out.extend(heads);
    squeeze::put(out, &json);
    out.extend(other);
}

/// Reads [`put`]'s.
pub(super) fn read(input: &mut Input<'_>) -> Result<String, MessageError> {
    let count = input.count(MAX_SEGMENTS)?;
    let mut heads = Vec::with_capacity(count);
    for _ in 0..count {
        heads.push((input.byte()?, input.number()?));
    }
    let json = squeeze::read(input)?;
    let mut json = Input(&json);
    let mut text = String::new();
    for (head, length) in heads {
        let (_, mark) =
            SEPARATORS.iter().find(|(bits, _)| *bits == head & !3).ok_or(MessageError::Segment)?;
        text.extend(mark);
        match head & 3 {
            PLAIN => {
                let plain = std::str::from_utf8(input.take(length)?).map_err(|_| MessageError::Text)?;
                text.push_str(plain);
            }
            JSON => BASE64.encode_string(json.take(length)?, &mut text),
            RAW => BASE64.encode_string(input.take(length)?, &mut text),
            _ => return Err(MessageError::Segment),
        }
    }
    if json.0.is_empty() { Ok(text) } else { Err(MessageError::Segment) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_comes_back_as_it_was() {
        let long = "a.".repeat(2000);
        // Base64url with spare bits set stands for the same bytes as another: it is kept as it is.
        for text in ["", "~", "..", "a.b~c~", "eyJhIjoxfQ.eyJhIjoxfQ.AAAA~", "eyJhIjoxfR", "中文~a b", &long]
        {
            let mut out = Vec::new();
            put(&mut out, text);
            let mut input = Input(&out);
            assert_eq!(read(&mut input).unwrap(), text);
            assert!(input.0.is_empty());
        }
    }
}

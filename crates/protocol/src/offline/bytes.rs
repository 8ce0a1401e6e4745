//! Numbers and strings as bytes, in one spelling.

use super::MessageError;

/// LEB128, the shortest form.
pub(super) fn put_number(out: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

pub(super) fn put_string(out: &mut Vec<u8>, bytes: &[u8]) {
    put_number(out, bytes.len());
    out.extend(bytes);
}

/// Bytes still to be read.
pub(super) struct Input<'a>(pub(super) &'a [u8]);

impl<'a> Input<'a> {
    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], MessageError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(MessageError::Cut)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, MessageError> {
        self.take(1).map(|taken| taken.first().copied().unwrap_or_default())
    }

    /// At most 21 bits: nothing here is larger.
    pub(super) fn number(&mut self) -> Result<usize, MessageError> {
        let mut number = 0;
        for shift in [0, 7, 14] {
            let byte = self.byte()?;
            number |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return if byte == 0 && shift > 0 { Err(MessageError::Number) } else { Ok(number) };
            }
        }
        Err(MessageError::Number)
    }

    pub(super) fn string(&mut self) -> Result<&'a [u8], MessageError> {
        let length = self.number()?;
        self.take(length)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, MessageError> {
        std::str::from_utf8(self.string()?).map_err(|_| MessageError::Text)
    }

    /// How many of something follow, `most` at most.
    pub(super) fn count(&mut self, most: usize) -> Result<usize, MessageError> {
        self.number()
            .and_then(|count| if count <= most { Ok(count) } else { Err(MessageError::TooMany { most }) })
    }
}

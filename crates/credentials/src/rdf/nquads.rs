//! Canonical N-Quads: the one way to write a literal (RDFC-1.0 §5, canonical form of N-Quads).

/// Writes a text in quotes.
pub(super) fn quote(text: &str, out: &mut String) {
    out.push('"');
    if text.bytes().fold(false, |any, byte| any | needs_escape(byte)) {
        for c in text.chars() {
            escape(c, out);
        }
    } else {
        out.push_str(text);
    }
    out.push('"');
}

const fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\' || byte == 0x7f
}

fn escape(c: char, out: &mut String) {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let short = match c {
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{c}' => 'f',
        '\r' => 'r',
        '"' | '\\' => c,
        '\0'..='\u{1f}' | '\u{7f}' => {
            out.push_str("\\u00");
            let code = c as usize;
            out.push(DIGITS[code >> 4]);
            out.push(DIGITS[code & 15]);
            return;
        }
        plain => {
            out.push(plain);
            return;
        }
    };
    out.push('\\');
    out.push(short);
}

#[cfg(test)]
mod tests {
    #[test]
    fn escapes_only_what_must_be() {
        let mut out = String::new();
        super::quote("\0\u{1}\u{8}\t\n\u{b}\u{c}\r\u{1f} \"\\\u{7f}\u{80}é徽", &mut out);
        assert_eq!(out, "\"\\u0000\\u0001\\b\\t\\n\\u000B\\f\\r\\u001F \\\"\\\\\\u007F\u{80}é徽\"");
    }

    /// One alone among others that need nothing.
    #[test]
    fn each_that_must_be_is_escaped_alone() {
        for c in '\0'..='\u{a0}' {
            let must_be = c < ' ' || matches!(c, '"' | '\\' | '\u{7f}');
            for text in [format!("a{c}b"), c.to_string()] {
                let mut out = String::new();
                super::quote(&text, &mut out);
                assert_eq!(out != format!("\"{text}\""), must_be, "{text:?}");
            }
        }
    }
}

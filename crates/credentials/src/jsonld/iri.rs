//! Whether a text is an absolute IRI.

use super::JsonLdError;

/// Takes absolute IRIs (RFC 3987 §2.2) as N-Quads can hold them.
pub(super) fn check(iri: &str) -> Result<(), JsonLdError> {
    let Some((scheme, rest)) = iri.split_once(':') else { return Err(JsonLdError::IriRelative) };
    if scheme == "_" {
        return Err(JsonLdError::BlankNodeLabel);
    }
    let mut letters = scheme.bytes();
    let scheme_fits = letters.next().is_some_and(|b| b.is_ascii_alphabetic())
        && letters.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    if !scheme_fits {
        return Err(JsonLdError::IriRelative);
    }
    if rest.bytes().fold(false, |any, byte| any | is_forbidden(byte)) || !rest.is_ascii() && !is_ucs(rest) {
        return Err(JsonLdError::IriMalformed);
    }
    if rest.contains('%') && !percents_fit(rest) || rest.bytes().filter(|b| *b == b'#').count() > 1 {
        return Err(JsonLdError::IriMalformed);
    }
    // Brackets belong to IPv6 addresses alone.
    let brackets = rest.contains(['[', ']']);
    if brackets && !rest.starts_with("//") { Err(JsonLdError::IriMalformed) } else { Ok(()) }
}

const fn is_forbidden(byte: u8) -> bool {
    byte <= b' '
        || byte == 0x7f
        || matches!(byte, b'<' | b'>' | b'"' | b'{' | b'}' | b'|' | b'\\' | b'^' | b'`')
}

fn percents_fit(text: &str) -> bool {
    text.split('%').skip(1).all(|after| {
        after.as_bytes().first_chunk::<2>().is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

/// `ucschar` of RFC 3987, private characters and controls left out.
fn is_ucs(text: &str) -> bool {
    text.chars().all(|c| {
        c.is_ascii()
            || matches!(c, '\u{a0}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{ffef}')
            || (('\u{10000}'..'\u{e0000}').contains(&c) && (c as u32) & 0xfffe != 0xfffe)
            || matches!(c, '\u{e1000}'..='\u{efffd}')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_and_clean() {
        for good in [
            "urn:a",
            "did:hui:anhui:zX/status/3",
            "https://例子.example/é?a=b#c",
            "data:image/png;base64,iVBO+/==",
            "http://[::1]/x",
            "a:",
            "urn:%e5%be%bd",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for (bad, error) in [
            ("", JsonLdError::IriRelative),
            ("a", JsonLdError::IriRelative),
            ("/a:b", JsonLdError::IriRelative),
            (":a", JsonLdError::IriRelative),
            ("1a:b", JsonLdError::IriRelative),
            ("_:b0", JsonLdError::BlankNodeLabel),
            ("urn:a b", JsonLdError::IriMalformed),
            ("urn:<a>", JsonLdError::IriMalformed),
            ("urn:a\n", JsonLdError::IriMalformed),
            ("urn:%zz", JsonLdError::IriMalformed),
            ("urn:%a", JsonLdError::IriMalformed),
            ("urn:a#b#c", JsonLdError::IriMalformed),
            ("urn:\u{202e}\u{e000}", JsonLdError::IriMalformed),
            ("urn:[a]", JsonLdError::IriMalformed),
        ] {
            assert_eq!(check(bad), Err(error), "{bad:?}");
        }
    }

    #[test]
    fn characters_at_their_ends() {
        let of = |c: char| check(&format!("urn:a{c}b"));
        for c in ('\u{0}'..=' ').chain("<>\"{}|\\^`\u{7f}[]".chars()) {
            assert_eq!(of(c), Err(JsonLdError::IriMalformed), "{c:?}");
        }
        for c in "!~_;=?/@:&'()*+,-.$".chars() {
            assert_eq!(of(c), Ok(()), "{c:?}");
        }
        let inside = "\u{a0}\u{d7ff}\u{f900}\u{fdcf}\u{fdf0}\u{ffef}\u{10000}\u{1fffd}\u{20000}\u{dfffd}\u{e1000}\u{efffd}";
        for c in inside.chars() {
            assert_eq!(of(c), Ok(()), "{c:?}");
        }
        let outside = "\u{80}\u{9f}\u{e000}\u{f8ff}\u{fdd0}\u{fdef}\u{fff0}\u{ffff}\u{1fffe}\u{1ffff}\u{dfffe}\u{dffff}\u{e0000}\u{e0fff}\u{efffe}\u{f0000}\u{10fffd}";
        for c in outside.chars() {
            assert_eq!(of(c), Err(JsonLdError::IriMalformed), "{c:?}");
        }
        assert_eq!(check("urn:é\u{9f}"), Err(JsonLdError::IriMalformed), "one_among_others");
        for bad in ["urn:%zz%e5", "urn:%e5%zz", "urn:%ez", "urn:%ze", "urn:%e", "urn:%", "urn:#a#"] {
            assert_eq!(check(bad), Err(JsonLdError::IriMalformed), "{bad}");
        }
        for good in ["urn:%e5%be", "a+b-c.d1:x", "A:x", "http://[::1]/#a"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in ["a_b:x", "a b:x", "é:x", "a/b:x", "+a:x", ":x", "aé:x"] {
            assert_eq!(check(bad), Err(JsonLdError::IriRelative), "{bad}");
        }
    }
}

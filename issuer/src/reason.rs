//! A reason that somebody gives: short, and in words.

use serde::Deserialize;

/// Characters of a reason at most.
const LONGEST: usize = 200;

/// 1 to 200 characters, without white space around and without control characters but line breaks.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Reason(String);

/// The text is no reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a reason has 1 to 200 characters")]
pub(crate) struct BadReason;

impl TryFrom<String> for Reason {
    type Error = BadReason;

    fn try_from(text: String) -> Result<Self, BadReason> {
        let text = text.trim();
        let fits = !text.is_empty() && text.chars().count() <= LONGEST;
        let clean = !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r'));
        if fits && clean { Ok(Self(text.to_owned())) } else { Err(BadReason) }
    }
}

impl From<Reason> for String {
    fn from(reason: Reason) -> Self {
        reason.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_has_words_and_an_end() {
        assert_eq!(Reason::try_from("  遗失 ".to_owned()).map(String::from), Ok("遗失".to_owned()));
        for bad in ["", "  ", "a\u{0}b", &"长".repeat(201)] {
            assert!(Reason::try_from(bad.to_owned()).is_err());
        }
    }
}

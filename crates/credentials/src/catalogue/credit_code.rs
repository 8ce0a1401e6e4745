//! Unified social credit codes: GB 32100-2015.

use std::fmt;

use super::Problem;

const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

/// A credit code of right form and check character.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CreditCode(String);

impl CreditCode {
    /// Reads a code of 18 characters.
    ///
    /// # Errors
    /// [`Problem::CreditCodeForm`], [`Problem::CreditCodeCheck`].
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let (body, check) = text.split_at_checked(17).ok_or(Problem::CreditCodeForm)?;
        let expected = Self::check_character(body).ok_or(Problem::CreditCodeForm)?;
        let mut rest = check.chars();
        match (rest.next(), rest.next()) {
            (Some(found), None) if found == expected => Ok(Self(text.to_owned())),
            (Some(found), None) if value(found).is_some() => Err(Problem::CreditCodeCheck),
            _ => Err(Problem::CreditCodeForm),
        }
    }

    /// The check character of 17 characters of the alphabet, of which the 3rd to 8th are digits.
    ///
    /// `(31 − Σ mod 31) mod 31`: a sum that 31 divides gives `0`. Without the outer `mod` it would give a value
    /// that no character stands for.
    #[must_use]
    pub fn check_character(body: &str) -> Option<char> {
        let values = body.chars().map(value).collect::<Option<Vec<_>>>()?;
        let division = body.get(2..8)?;
        if values.len() != WEIGHTS.len() || !division.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let sum: usize = values.iter().zip(WEIGHTS).map(|(value, weight)| value * weight).sum();
        Some(char::from(ALPHABET[(31 - sum % 31) % 31]))
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn value(c: char) -> Option<usize> {
    ALPHABET.iter().position(|a| char::from(*a) == c)
}

impl fmt::Debug for CreditCode {
    /// Hidden: a sole trader's code points at a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CreditCode(…)")
    }
}

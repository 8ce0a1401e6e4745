//! Resident ID numbers: GB 11643, check character by ISO 7064 MOD 11-2.

use std::fmt;

use super::{Date, Problem};

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK: &[u8; 11] = b"10X98765432";

/// A resident ID number of right form, with a real birth date and the right check character. Its division is not
/// looked up: old numbers carry divisions that were abolished.
#[derive(Clone, PartialEq, Eq)]
pub struct IdNumber {
    text: String,
    birth_date: Date,
}

/// What the sequence of an ID number says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sex {
    /// An odd sequence.
    Male,
    /// An even sequence.
    Female,
}

impl IdNumber {
    /// Reads a number of 18 characters.
    ///
    /// # Errors
    /// [`Problem::IdNumberForm`], [`Problem::IdNumberBirthDate`], [`Problem::IdNumberCheck`].
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let (body, check) = text.split_at_checked(17).ok_or(Problem::IdNumberForm)?;
        if !body.bytes().all(|b| b.is_ascii_digit()) || !matches!(check.as_bytes(), [b'0'..=b'9' | b'X']) {
            return Err(Problem::IdNumberForm);
        }
        let day = format!("{}-{}-{}", &body[6..10], &body[10..12], &body[12..14]);
        let birth_date = Date::parse(&day).map_err(|_| Problem::IdNumberBirthDate)?;
        if Self::check_character(body) != check.chars().next() {
            return Err(Problem::IdNumberCheck);
        }
        Ok(Self { text: text.to_owned(), birth_date })
    }

    /// The check character of 17 digits.
    #[must_use]
    pub fn check_character(body: &str) -> Option<char> {
        let digits = body.chars().map(|c| c.to_digit(10)).collect::<Option<Vec<_>>>()?;
        let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
        (digits.len() == WEIGHTS.len()).then(|| char::from(CHECK[(sum % 11) as usize]))
    }

    /// The birth date inside.
    #[must_use]
    pub fn birth_date(&self) -> Date {
        self.birth_date
    }

    /// The sex that the sequence says.
    #[must_use]
    pub fn sex(&self) -> Sex {
        if self.text.as_bytes()[16] % 2 == 1 { Sex::Male } else { Sex::Female }
    }

    /// The number, to be put into a credential.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl Sex {
    /// `male`, `female`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Male => "male",
            Self::Female => "female",
        }
    }
}

impl fmt::Debug for IdNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdNumber(…)")
    }
}

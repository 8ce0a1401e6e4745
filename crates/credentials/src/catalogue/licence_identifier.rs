//! E-licence identifiers: GB/T 36904, check character by ISO 7064 MOD 37,36.

use std::fmt;

use super::{CreditCode, Problem};

const ROOT: &str = "1.2.156.3005.2.";
const ALPHABET: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// An e-licence identifier of right form and check character:
/// `1.2.156.3005.2.<type>.<issuer>.<serial>.<version>.<check>`.
#[derive(Clone, PartialEq, Eq)]
pub struct LicenceIdentifier(String);

impl LicenceIdentifier {
    /// Reads an identifier. The type is 18 characters of a credit code and 3 digits; the issuer a credit code or a
    /// division code of six digits; the serial 1 to 64 characters; the version three digits.
    ///
    /// # Errors
    /// [`Problem::LicenceIdentifierForm`], [`Problem::LicenceIdentifierCheck`].
    pub fn parse(text: &str) -> Result<Self, Problem> {
        const FORM: Problem = Problem::LicenceIdentifierForm;
        let parts: Vec<&str> = text.strip_prefix(ROOT).ok_or(FORM)?.split('.').collect();
        let [kind, issuer, serial, version, check] = parts.as_slice() else { return Err(FORM) };
        let digits =
            |text: &str, length: usize| text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
        let (ministry, number) = kind.split_at_checked(18).ok_or(FORM)?;
        // Ministries' codes seen in use don't all carry a check character of their own kind: only the form counts.
        let kind_fits = ministry.bytes().all(|b| value(char::from(b)).is_some()) && digits(number, 3);
        let issuer_fits = digits(issuer, 6) || CreditCode::parse(issuer).is_ok();
        if !kind_fits || !issuer_fits || !(1..=64).contains(&serial.len()) || !digits(version, 3) {
            return Err(FORM);
        }
        let expected =
            Self::check_character(&[kind, issuer, serial, version].map(|part| *part)).ok_or(FORM)?;
        let mut rest = check.chars();
        match (rest.next(), rest.next()) {
            (Some(found), None) if found == expected => Ok(Self(text.to_owned())),
            (Some(found), None) if value(found).is_some() => Err(Problem::LicenceIdentifierCheck),
            _ => Err(FORM),
        }
    }

    /// The check character over these parts, one after the other (ISO 7064 MOD 37,36).
    #[must_use]
    pub fn check_character(parts: &[&str]) -> Option<char> {
        let mut product = 36;
        for c in parts.iter().flat_map(|part| part.chars()) {
            let sum = (product + value(c)?) % 36;
            product = if sum == 0 { 36 } else { sum } * 2 % 37;
        }
        Some(char::from(ALPHABET[(37 - product) % 36]))
    }

    /// The same licence in its next version; none after 999.
    #[must_use]
    pub fn next_version(&self) -> Option<Self> {
        let parts: Vec<&str> = self.0.strip_prefix(ROOT)?.split('.').collect();
        let [kind, issuer, serial, version, _] = parts.as_slice() else { return None };
        let next = version.parse::<u16>().ok()?.checked_add(1).filter(|next| *next <= 999)?;
        let version = format!("{next:03}");
        let check = Self::check_character(&[kind, issuer, serial, &version])?;
        Some(Self(format!("{ROOT}{kind}.{issuer}.{serial}.{version}.{check}")))
    }

    /// The identifier.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn value(c: char) -> Option<usize> {
    ALPHABET.iter().position(|a| char::from(*a) == c)
}

impl fmt::Debug for LicenceIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LicenceIdentifier(…)")
    }
}

//! Checking the claims of a credential before it is issued.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value};

use super::mdoc::JPEG;
use super::types::{Claim, CredentialType, Derived, Kind, Part};
use super::{ClaimError, CreditCode, Date, IdNumber, LicenceIdentifier, Problem};
use crate::{ClaimPath, UnixSeconds};

const LONGEST_TEXT: usize = 200;
const LONGEST_LATIN_TEXT: usize = 150;
const LONGEST_LONG_TEXT: usize = 2_000;
const LARGEST_PICTURE: usize = 48 << 10;
const MOST_FEN: u64 = 1 << 53;
/// The value of a term that has no end.
const LONG_TERM: &str = "long-term";

/// Claims that passed the checks of their type, the derived ones worked out.
#[derive(Clone, PartialEq)]
pub struct CheckedClaims {
    claims: Map<String, Value>,
    disclosable: Vec<ClaimPath>,
}

impl CheckedClaims {
    /// The claims.
    #[must_use]
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// The claims, to be put into a credential.
    #[must_use]
    pub fn into_map(self) -> Map<String, Value> {
        self.claims
    }

    /// Those of them that the holder may hold back.
    #[must_use]
    pub fn disclosable(&self) -> &[ClaimPath] {
        &self.disclosable
    }
}

impl fmt::Debug for CheckedClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.claims.keys()).finish()
    }
}

impl CredentialType {
    /// Checks the claims of an application, as of `now`, and works out the derived ones. Check again when issuing:
    /// ages and days of issue depend on the day.
    ///
    /// # Errors
    /// Everything that is wrong, in the order of the type's claims, unknown claims last.
    pub fn validate_claims(
        &self,
        claims: &Value,
        now: UnixSeconds,
    ) -> Result<CheckedClaims, Vec<ClaimError>> {
        let nothing = Map::new();
        let given = claims.as_object().unwrap_or(&nothing);
        let mut errors = Vec::new();
        let mut checked = Map::new();
        for claim in &self.claims {
            match check(claim, given, now).and_then(|value| self.check_for_mdoc(claim, value)) {
                Ok(Some(value)) => {
                    checked.insert(claim.name.clone(), value.clone());
                }
                Ok(None) => {}
                Err(problem) => errors.push(ClaimError { claim: claim.name.clone(), problem }),
            }
        }
        for name in given.keys().filter(|name| self.claim(name).is_none()) {
            // The name was made up by the sender: it is cut, and never echoed at length.
            let claim = name.chars().filter(char::is_ascii_graphic).take(64).collect();
            errors.push(ClaimError { claim, problem: Problem::Unknown });
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        for claim in &self.claims {
            if let Some(value) =
                claim.derived.as_ref().and_then(|derived| self.derive(derived, &checked, now))
            {
                checked.insert(claim.name.clone(), value);
            }
        }
        let disclosable = self
            .claims
            .iter()
            .filter(|claim| claim.selectively_disclosable && checked.contains_key(&claim.name))
            .map(Claim::path)
            .collect();
        Ok(CheckedClaims { claims: checked, disclosable })
    }

    /// What an mdoc can carry is asked for with the application: issuing is too late to refuse it.
    fn check_for_mdoc<'v>(
        &self,
        claim: &Claim,
        value: Option<&'v Value>,
    ) -> Result<Option<&'v Value>, Problem> {
        let text = value.and_then(Value::as_str).unwrap_or_default();
        let is_latin = || text.chars().all(|c| c <= '\u{ff}') && text.chars().count() <= LONGEST_LATIN_TEXT;
        if claim.latin && !is_latin() {
            return Err(Problem::NotLatin);
        }
        if self.mdoc.is_some() && claim.kind == Kind::Image && !text.is_empty() && !text.starts_with(JPEG) {
            return Err(Problem::NotAJpeg);
        }
        Ok(value)
    }

    fn derive(&self, derived: &Derived, claims: &Map<String, Value>, now: UnixSeconds) -> Option<Value> {
        match derived {
            Derived::AgeOver { years, from } => {
                let birth = Date::parse(claims.get(from)?.as_str()?).ok()?;
                let age = birth.years_until(Date::in_china(now));
                Some(Value::Bool(i64::from(age) >= i64::from(*years)))
            }
            Derived::IssueDate => Some(Date::in_china(now).to_string().into()),
            Derived::ExpiryDate => Some(Date::in_china(self.valid_until(now)).to_string().into()),
        }
    }

    /// When a credential of this type that is issued now stops counting.
    #[must_use]
    pub fn valid_until(&self, now: UnixSeconds) -> UnixSeconds {
        now.plus(i64::from(self.validity_days) * 86_400)
    }

    /// As [`CredentialType::valid_until`], or earlier: with the end, in China, of the day that a claim of
    /// [`Kind::DayAhead`] names.
    #[must_use]
    pub fn ends(&self, claims: &Map<String, Value>, now: UnixSeconds) -> UnixSeconds {
        let named = self.claims.iter().filter(|claim| claim.kind == Kind::DayAhead).filter_map(|claim| {
            let day = Date::parse(claims.get(&claim.name)?.as_str()?).ok()?;
            Some(day.end_in_china())
        });
        named.fold(self.valid_until(now), UnixSeconds::min)
    }
}

fn check<'v>(
    claim: &Claim,
    given: &'v Map<String, Value>,
    now: UnixSeconds,
) -> Result<Option<&'v Value>, Problem> {
    let value = match (given.get(&claim.name), &claim.derived) {
        (None, Some(_)) => return Ok(None),
        (Some(_), Some(_)) => return Err(Problem::Derived),
        // A form sends what was left empty as an empty text.
        (None, None) => None,
        (Some(value), None) => Some(value).filter(|value| value.as_str() != Some("")),
    };
    let Some(value) = value else {
        return if claim.required { Err(Problem::Missing) } else { Ok(None) };
    };
    check_value(claim, value)?;
    if let Some(agreement) = &claim.agrees_with {
        check_agreement(value, given.get(&agreement.claim), agreement.part)?;
    }
    if claim.kind == Kind::Date && value.as_str() > Some(Date::in_china(now).to_string().as_str()) {
        return Err(Problem::InFuture);
    }
    if claim.kind == Kind::DayAhead && value.as_str() < Some(Date::in_china(now).to_string().as_str()) {
        return Err(Problem::Past);
    }
    Ok(Some(value))
}

fn check_value(claim: &Claim, value: &Value) -> Result<(), Problem> {
    let text = || value.as_str().ok_or(Problem::WrongType);
    match claim.kind {
        Kind::Text => {
            let text = text()?;
            check_text(text, LONGEST_TEXT, false)?;
            let fits = claim.pattern.as_deref().is_none_or(|pattern| has_form(text, pattern));
            if fits { Ok(()) } else { Err(Problem::FormWrong) }
        }
        Kind::LongText => check_text(text()?, LONGEST_LONG_TEXT, true),
        Kind::Date | Kind::DayAhead => Date::parse(text()?).map(drop),
        Kind::Term => match text()? {
            LONG_TERM => Ok(()),
            day => Date::parse(day).map(drop),
        },
        Kind::IdNumber => IdNumber::parse(text()?).map(drop),
        Kind::CreditCode => CreditCode::parse(text()?).map(drop),
        Kind::LicenceIdentifier => LicenceIdentifier::parse(text()?).map(drop),
        Kind::MoneyFen => match value {
            Value::Number(_) => {
                value.as_u64().filter(|fen| *fen <= MOST_FEN).map(drop).ok_or(Problem::AmountWrong)
            }
            _ => Err(Problem::WrongType),
        },
        Kind::Image => check_picture(text()?),
        Kind::Enum => {
            let text = text()?;
            claim.values.iter().find(|choice| choice.value == text).map(drop).ok_or(Problem::NotAChoice)
        }
        Kind::Choices => check_choices(claim, value.as_array().ok_or(Problem::WrongType)?),
        Kind::Commitment => {
            let text = text()?;
            let small_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            if text.len() == 64 && text.bytes().all(small_hex) { Ok(()) } else { Err(Problem::FormWrong) }
        }
        Kind::Bool => value.as_bool().map(drop).ok_or(Problem::WrongType),
    }
}

fn check_text(text: &str, longest: usize, lines: bool) -> Result<(), Problem> {
    let unfit = |c: char| (c.is_control() && !(lines && c == '\n')) || is_invisible(c);
    if text.trim().is_empty() || text.chars().count() > longest || text.contains(unfit) {
        return Err(Problem::TextUnfit);
    }
    Ok(())
}

/// Whether a text has the form that a pattern shows, see [`Claim::pattern`].
fn has_form(text: &str, pattern: &str) -> bool {
    let fits = |(c, form): (char, char)| match form {
        'A' => c.is_ascii_uppercase(),
        '9' => c.is_ascii_digit(),
        other => c == other,
    };
    text.chars().count() == pattern.chars().count() && text.chars().zip(pattern.chars()).all(fits)
}

fn check_choices(claim: &Claim, chosen: &[Value]) -> Result<(), Problem> {
    if chosen.is_empty() {
        return Err(Problem::Missing);
    }
    for (at, value) in chosen.iter().enumerate() {
        if claim.choice_label(value).is_none() || chosen[..at].contains(value) {
            return Err(Problem::NotAChoice);
        }
    }
    Ok(())
}

/// Characters that turn or hide what stands beside them, so that a card would show something else than it says.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn check_picture(url: &str) -> Result<(), Problem> {
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
    const JPEG: &[u8] = b"\xff\xd8\xff";
    let (digits, magic) =
        match (url.strip_prefix("data:image/png;base64,"), url.strip_prefix("data:image/jpeg;base64,")) {
            (Some(digits), _) => (digits, PNG),
            (None, Some(digits)) => (digits, JPEG),
            (None, None) => return Err(Problem::NotAPicture),
        };
    if digits.len() / 4 * 3 > LARGEST_PICTURE {
        return Err(Problem::PictureTooLarge);
    }
    let bytes = BASE64.decode(digits).map_err(|_| Problem::NotAPicture)?;
    if bytes.starts_with(magic) { Ok(()) } else { Err(Problem::NotAPicture) }
}

fn check_agreement(value: &Value, other: Option<&Value>, part: Part) -> Result<(), Problem> {
    // A wrong ID number is reported where it stands.
    let Some(Ok(number)) = other.and_then(Value::as_str).map(IdNumber::parse) else { return Ok(()) };
    let says = match part {
        Part::BirthDate => number.birth_date().to_string(),
        Part::Sex => number.sex().name().to_owned(),
    };
    if value.as_str() == Some(says.as_str()) { Ok(()) } else { Err(Problem::Contradicts) }
}

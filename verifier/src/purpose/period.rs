//! How long something is kept, as a policy writes it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A period in one unit: `30d`, `12h`, `90m`. From a minute to ten years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Period {
    number: u32,
    unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Minutes,
    Hours,
    Days,
}

/// The text is no period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a period as `30d`, `12h` or `90m`: from a minute to 3650 days")]
pub struct NoPeriod;

impl Period {
    /// How long it is.
    #[must_use]
    pub fn length(self) -> Duration {
        let seconds = match self.unit {
            Unit::Minutes => 60,
            Unit::Hours => 3600,
            Unit::Days => 86_400,
        };
        Duration::from_secs(seconds * u64::from(self.number))
    }
}

impl FromStr for Period {
    type Err = NoPeriod;

    fn from_str(text: &str) -> Result<Self, NoPeriod> {
        const LONGEST: Duration = Duration::from_secs(3650 * 86_400);
        let unit = match text.as_bytes().last() {
            Some(b'm') => Unit::Minutes,
            Some(b'h') => Unit::Hours,
            Some(b'd') => Unit::Days,
            _ => return Err(NoPeriod),
        };
        let digits = &text[..text.len() - 1];
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
        let number = digits.parse().ok().filter(|_| is_number).ok_or(NoPeriod)?;
        let period = Self { number, unit };
        if period.length() <= LONGEST { Ok(period) } else { Err(NoPeriod) }
    }
}

impl TryFrom<String> for Period {
    type Error = NoPeriod;

    fn try_from(text: String) -> Result<Self, NoPeriod> {
        text.parse()
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.to_string()
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Minutes => 'm',
            Unit::Hours => 'h',
            Unit::Days => 'd',
        };
        write!(f, "{}{unit}", self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_read_in_one_spelling() {
        for (text, seconds) in [("30d", 2_592_000), ("12h", 43_200), ("1m", 60), ("3650d", 315_360_000)] {
            let period: Period = text.parse().expect("a period");
            assert_eq!((period.length().as_secs(), period.to_string().as_str()), (seconds, text));
        }
        for wrong in
            ["", "d", "0d", "030d", "-1d", "+1d", "1.5d", "30", "30s", "3651d", "99999999999d", "30 d", "三d"]
        {
            assert_eq!(wrong.parse::<Period>(), Err(NoPeriod), "{wrong}");
        }
    }
}

//! Days of the calendar.

use std::fmt;

use super::Problem;
use crate::UnixSeconds;

/// A day of the Gregorian calendar that exists, `YYYY-MM-DD`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(jiff::civil::Date);

impl Date {
    /// Reads `YYYY-MM-DD`.
    ///
    /// # Errors
    /// [`Problem::NoSuchDay`].
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let bytes = text.as_bytes();
        let shape = bytes.len() == 10
            && bytes.iter().enumerate().all(|(at, b)| match at {
                4 | 7 => *b == b'-',
                _ => b.is_ascii_digit(),
            });
        if !shape {
            return Err(Problem::NoSuchDay);
        }
        text.parse().map(Self).map_err(|_| Problem::NoSuchDay)
    }

    /// The day in China (UTC+8, no summer time) at a time: what an authority there writes on a licence.
    #[must_use]
    pub fn in_china(now: UnixSeconds) -> Self {
        const EIGHT_HOURS: i64 = 8 * 3600;
        Self(now.plus(EIGHT_HOURS).date().parse().unwrap_or(jiff::civil::Date::MIN))
    }

    /// The second after the day's last one in China.
    #[must_use]
    pub fn end_in_china(self) -> UnixSeconds {
        let days = self
            .0
            .since(jiff::civil::Date::constant(1970, 1, 1))
            .map_or(0, |span| i64::from(span.get_days()));
        UnixSeconds((days + 1) * 86_400 - 8 * 3600)
    }

    /// How many whole years have passed from this day to another; 29 February's are full on 1 March.
    #[must_use]
    pub fn years_until(self, other: Self) -> i32 {
        let (from, to) = (self.0, other.0);
        let before = (to.month(), to.day()) < (from.month(), from.day());
        i32::from(to.year()) - i32::from(from.year()) - i32::from(before)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), self.0.month(), self.0.day())
    }
}

impl fmt::Debug for Date {
    /// Hidden: most dates here are birth dates.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Date(…)")
    }
}

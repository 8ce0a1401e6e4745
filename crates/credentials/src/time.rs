//! Times: seconds since 1970 UTC inside, RFC 3339 text at the edges.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Seconds since 1970-01-01T00:00:00Z, leap seconds not counted: what JWTs call a NumericDate (RFC 7519 §2).
///
/// As JSON it is a whole number. [`UnixSeconds::rfc3339`] gives the form that VCDM uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixSeconds(pub i64);

/// The text is no RFC 3339 time with a time zone, or lies outside the years 0 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 time with a time zone")]
pub struct TimeError;

/// 0000-01-01T00:00:00Z and 9999-12-30T22:00:00Z, the last that the library has in every time zone.
const EARLIEST: i64 = -62_167_219_200;
const LATEST: i64 = 253_402_207_200;

impl UnixSeconds {
    /// `2026-03-01T08:00:00Z`: always UTC, whole seconds. Times beyond the years 0 to 9999 are clamped to them.
    #[must_use]
    pub fn rfc3339(self) -> String {
        self.timestamp().to_string()
    }

    /// Reads an `xsd:dateTimeStamp` (VCDM 2.0 §4.9: the time zone is required). Fractions are cut off.
    ///
    /// # Errors
    /// [`TimeError`] when the text is anything else.
    pub fn parse_rfc3339(text: &str) -> Result<Self, TimeError> {
        // The shape is checked first: the library also reads other profiles of ISO 8601.
        let bytes = text.as_bytes();
        let shape = bytes.len() >= 20
            && bytes.len() <= 35
            && bytes[..19].iter().enumerate().all(|(at, byte)| match at {
                4 | 7 => *byte == b'-',
                10 => *byte == b'T',
                13 | 16 => *byte == b':',
                _ => byte.is_ascii_digit(),
            });
        if !shape {
            return Err(TimeError);
        }
        let zone = text[19..].trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
        let zone_ok = zone == "Z" || (zone.len() == 6 && zone.as_bytes()[3] == b':');
        if !zone_ok {
            return Err(TimeError);
        }
        let parsed: jiff::Timestamp = text.parse().map_err(|_| TimeError)?;
        // Seconds before the time, also when it lies before 1970 and has a fraction.
        let seconds = parsed.as_second() - i64::from(parsed.subsec_nanosecond() < 0);
        // A zone can shift the year 0 out of the range, and then it could not be written any more.
        if (EARLIEST..=LATEST).contains(&seconds) { Ok(Self(seconds)) } else { Err(TimeError) }
    }

    /// The calendar date in UTC as `YYYY-MM-DD`.
    #[must_use]
    pub fn date(self) -> String {
        self.rfc3339().chars().take(10).collect()
    }

    /// This time and so many seconds, stopping at the ends of the range.
    #[must_use]
    pub const fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    fn timestamp(self) -> jiff::Timestamp {
        let clamped = self.0.clamp(EARLIEST, LATEST);
        jiff::Timestamp::from_second(clamped).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

impl fmt::Display for UnixSeconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2023-02-24T23:36:38Z", 1_677_281_798),
            ("2023-02-25T07:36:38+08:00", 1_677_281_798),
            ("2023-02-24T23:36:38.999Z", 1_677_281_798),
            ("1969-12-31T23:59:59.5Z", -1),
            ("0000-01-01T08:00:00+08:00", EARLIEST),
            ("9999-12-30T22:00:00Z", LATEST),
        ] {
            assert_eq!(UnixSeconds::parse_rfc3339(text), Ok(UnixSeconds(seconds)), "{text}");
        }
        assert_eq!(UnixSeconds(1_677_281_798).rfc3339(), "2023-02-24T23:36:38Z");
        assert_eq!(UnixSeconds(1_677_281_798).date(), "2023-02-24");
        assert_eq!(UnixSeconds(i64::MAX).date(), "9999-12-30");
    }

    #[test]
    fn refuses_what_is_no_timestamp() {
        for text in [
            "",
            "2023-02-24",
            "2023-02-24T23:36:38",
            "2023-02-30T23:36:38Z",
            "2023-02-24 23:36:38Z",
            "2023-02-24T23:36:38Z[Asia/Shanghai]",
            "2023-02-24T23:36:38+08:00[Asia/Shanghai]",
            "2023-02-24T25:36:38Z",
            "+002023-02-24T23:36:38Z",
            "２023-02-24T23:36:38Z",
            "2023-02-24T23:36:38.Z",
            "2023-02-24T23:36:38.0000000000000001Z",
            "2023-02-24T23:36:38+0800",
            "2023-02-24T23:36:38+08",
            "2023-02-24T23:36:38+8:00",
            "2023-02-24T23:36:38+08:00:00",
            "2023-02-24T23:36:38+080000",
            "2023-02-24T23:36:38z",
            "2023-02-24T23:36:38Z[UTC]",
            "2023-02-24T23:36:38z[UTC]",
            "0000-01-01T07:59:59+08:00",
        ] {
            assert_eq!(UnixSeconds::parse_rfc3339(text), Err(TimeError), "{text}");
        }
    }
}

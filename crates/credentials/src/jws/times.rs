//! The times in a token's claims.

use serde_json::{Map, Value};

use crate::{Flaw, UnixSeconds};

/// Clocks may differ by so many seconds.
pub const LEEWAY: i64 = 60;

/// A time claim is there but is no number, or beyond reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the time claim {0} is no number of seconds")]
pub struct WrongTime(pub &'static str);

/// `iat`, `nbf`, `exp` (RFC 7519 §4.1), each if present.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Times {
    /// Issued at.
    pub iat: Option<UnixSeconds>,
    /// Not before.
    pub nbf: Option<UnixSeconds>,
    /// Expires: from this second on it counts no more.
    pub exp: Option<UnixSeconds>,
}

impl Times {
    /// Reads the times; a time as text is refused, not ignored.
    ///
    /// # Errors
    /// [`WrongTime`] names the claim.
    pub fn of(claims: &Map<String, Value>) -> Result<Self, WrongTime> {
        Ok(Self { iat: time(claims, "iat")?, nbf: time(claims, "nbf")?, exp: time(claims, "exp")? })
    }

    /// The same for tokens that carry a document of VCDM 2.0: there `iat` limits nothing beside `validFrom`, and some
    /// issuers, those of the W3C's own test files among them, write it as `validFrom` is written.
    ///
    /// # Errors
    /// [`WrongTime`] names the claim.
    pub(crate) fn beside_document(claims: &Map<String, Value>) -> Result<Self, WrongTime> {
        let iat = match claims.get("iat") {
            Some(Value::String(text)) => {
                Some(UnixSeconds::parse_rfc3339(text).map_err(|_| WrongTime("iat"))?)
            }
            _ => time(claims, "iat")?,
        };
        Ok(Self { iat, nbf: time(claims, "nbf")?, exp: time(claims, "exp")? })
    }

    /// Whether now lies within, give or take [`LEEWAY`].
    ///
    /// # Errors
    /// [`Flaw::Expired`], [`Flaw::NotYetValid`], [`Flaw::CreatedInFuture`].
    pub fn check(&self, now: UnixSeconds) -> Result<(), Flaw> {
        if self.exp.is_some_and(|exp| now >= exp.plus(LEEWAY)) {
            return Err(Flaw::Expired);
        }
        if self.nbf.is_some_and(|nbf| now.plus(LEEWAY) < nbf) {
            return Err(Flaw::NotYetValid);
        }
        if self.iat.is_some_and(|iat| now.plus(LEEWAY) < iat) {
            return Err(Flaw::CreatedInFuture);
        }
        Ok(())
    }
}

fn time(claims: &Map<String, Value>, name: &'static str) -> Result<Option<UnixSeconds>, WrongTime> {
    // The years 1900 to 9999: room for sums, and none for tricks with overflow.
    const RANGE: std::ops::Range<f64> = -2_208_988_800.0..253_402_300_800.0;
    let Some(value) = claims.get(name) else { return Ok(None) };
    let seconds = value.as_f64().filter(|s| RANGE.contains(s)).ok_or(WrongTime(name))?;
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked; fractions are cut off")]
    Ok(Some(UnixSeconds(seconds.floor() as i64)))
}

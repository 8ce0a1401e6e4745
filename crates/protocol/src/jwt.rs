//! What the JWTs of these protocols have in common.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Number;

/// Seconds since 1970-01-01T00:00:00Z. A fraction, which RFC 7519 §2 allows, is cut off on reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct NumericDate(pub i64);

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = Number::deserialize(deserializer)?;
        if let Some(whole) = number.as_i64() {
            return Ok(Self(whole));
        }
        // Below 2^53 a double holds whole seconds exactly; no date is above it.
        match number.as_f64() {
            #[expect(clippy::cast_possible_truncation, reason = "cutting off the fraction is the purpose")]
            Some(real) if real.abs() < 9_007_199_254_740_992.0 => Ok(Self(real.floor() as i64)),
            _ => Err(serde::de::Error::custom("not a date")),
        }
    }
}

/// `aud`: one text or a list of texts (RFC 7519 §4.1.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// One.
    One(String),
    /// A list.
    Many(Vec<String>),
}

impl Audience {
    /// Is it exactly this one party? A list that names others too is not.
    pub fn is_only(&self, party: &str) -> bool {
        match self {
            Self::One(one) => one == party,
            Self::Many(many) => matches!(many.as_slice(), [one] if one == party),
        }
    }
}

impl From<&str> for Audience {
    fn from(text: &str) -> Self {
        Self::One(text.to_owned())
    }
}

/// Is it an algorithm of the kind a signature here may have: asymmetric and not `none`?
///
/// Which of them a key may be used with is for whoever holds the key to say; this keeps out only what never is right.
pub(crate) fn is_signature_algorithm(alg: &str) -> bool {
    !alg.is_empty() && !alg.eq_ignore_ascii_case("none") && !alg.to_ascii_uppercase().starts_with("HS")
}

#[cfg(test)]
mod tests {
    use super::{Audience, NumericDate, is_signature_algorithm};

    #[test]
    fn dates_are_numbers_and_nothing_else() {
        assert_eq!(serde_json::from_str::<NumericDate>("1744743394").unwrap(), NumericDate(1_744_743_394));
        assert_eq!(serde_json::from_str::<NumericDate>("1744743394.9").unwrap(), NumericDate(1_744_743_394));
        for wrong in ["\"1744743394\"", "null", "true", "1e300", "[]", "{}"] {
            assert!(serde_json::from_str::<NumericDate>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_audience_of_several_is_nobodys_alone() {
        assert!(Audience::from("a").is_only("a"));
        assert!(Audience::Many(vec!["a".into()]).is_only("a"));
        assert!(!Audience::Many(vec!["a".into(), "b".into()]).is_only("a"));
        assert!(!Audience::Many(vec![]).is_only("a"));
    }

    #[test]
    fn none_and_shared_secrets_are_no_signatures() {
        for alg in ["none", "None", "nOnE", "", "HS256", "hs512"] {
            assert!(!is_signature_algorithm(alg), "{alg}");
        }
        assert!(is_signature_algorithm("ES256") && is_signature_algorithm("EdDSA"));
    }
}

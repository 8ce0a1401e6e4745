//! Values that are literals or names (JSON-LD 1.1 API §5.3.2, §8.2.2).

use serde_json::{Map, Number, Value};

use super::JsonLdError;
use super::active::{Active, Expanded, Place};
use super::keyword::Keyword;
use super::term::{Coercion, Term};
use super::walk::{Spot, Walk};
use crate::json;
use crate::rdf::Node;

const RDF_JSON: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON";
const XSD_STRING: &str = "http://www.w3.org/2001/XMLSchema#string";
const XSD_BOOLEAN: &str = "http://www.w3.org/2001/XMLSchema#boolean";
const XSD_INTEGER: &str = "http://www.w3.org/2001/XMLSchema#integer";
const XSD_DOUBLE: &str = "http://www.w3.org/2001/XMLSchema#double";

impl Walk<'_> {
    /// A text, number or truth value as the value of a term.
    pub(super) fn scalar(
        &mut self,
        value: &Value,
        term: Option<&Term>,
        active: &Active,
    ) -> Result<Node, JsonLdError> {
        let coercion = term.map_or(&Coercion::Plain, |term| &term.coercion);
        let place = match coercion {
            Coercion::Id => Some(Place::Document),
            Coercion::Vocab => Some(Place::Vocabulary),
            _ => None,
        };
        match (value, coercion) {
            (Value::String(text), _) if let Some(place) = place => {
                match active.expand(text, place, self.contexts.may_fall_back)? {
                    Expanded::Iri(iri) => Ok(self.out.iri(&iri)),
                    Expanded::Keyword(_) => Err(JsonLdError::TermUndefined),
                }
            }
            (_, Coercion::Datatype(datatype)) => self.literal(value, Some(datatype)),
            (Value::String(text), _) => {
                let said = term.and_then(|term| term.language.as_ref());
                let language = match said {
                    Some(language) => language.as_deref(),
                    None => active.language.as_deref(),
                };
                if active.has_direction {
                    return Err(JsonLdError::KeywordRefused);
                }
                match language {
                    Some(language) => self.in_language(text, language),
                    None => Ok(self.out.literal(text, XSD_STRING)),
                }
            }
            _ => self.literal(value, None),
        }
    }

    /// `{"@value": …}`.
    pub(super) fn value_object(
        &mut self,
        map: &Map<String, Value>,
        active: &Active,
        spot: Spot<'_>,
    ) -> Result<Node, JsonLdError> {
        spot.must_be_whole()?;
        let (mut value, mut kind, mut language) = (None, None, None);
        for (name, member) in map {
            let place = match active.keyword(name) {
                Some(Keyword::Value) => &mut value,
                Some(Keyword::Type) => &mut kind,
                Some(Keyword::Language) => &mut language,
                // A direction would not be signed.
                Some(Keyword::Direction | Keyword::Other) => return Err(JsonLdError::KeywordRefused),
                Some(Keyword::Context) => return Err(JsonLdError::ContextInside),
                _ => return Err(JsonLdError::ValueMalformed),
            };
            if place.replace(member).is_some() {
                return Err(JsonLdError::ValueMalformed);
            }
        }
        match (value.ok_or(JsonLdError::ValueMalformed)?, kind, language) {
            (Value::String(text), None, Some(Value::String(language))) => self.in_language(text, language),
            (value, Some(Value::String(kind)), None) => {
                match active.expand(kind, Place::Vocabulary, self.contexts.may_fall_back)? {
                    Expanded::Keyword(Keyword::Json) => self.json(value, spot),
                    Expanded::Keyword(_) => Err(JsonLdError::ValueMalformed),
                    Expanded::Iri(datatype) => self.literal(value, Some(&datatype)),
                }
            }
            (value, None, None) => self.literal(value, None),
            _ => Err(JsonLdError::ValueMalformed),
        }
    }

    /// A value that is JSON and stays JSON: one literal, whatever is inside.
    pub(super) fn json(&mut self, value: &Value, spot: Spot<'_>) -> Result<Node, JsonLdError> {
        spot.must_be_whole()?;
        let text = String::from_utf8(json::canonical(value)).map_err(|_| JsonLdError::ValueMalformed)?;
        Ok(self.out.literal(&text, RDF_JSON))
    }

    fn in_language(&mut self, text: &str, language: &str) -> Result<Node, JsonLdError> {
        // Some processors write tags in lower case and some don't, so only one spelling is the same to all.
        let fits = language.starts_with(|c: char| c.is_ascii_lowercase())
            && language.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits { Ok(self.out.language_literal(text, language)) } else { Err(JsonLdError::ValueMalformed) }
    }

    fn literal(&mut self, value: &Value, datatype: Option<&str>) -> Result<Node, JsonLdError> {
        let (text, usual) = match value {
            Value::String(text) => return Ok(self.out.literal(text, datatype.unwrap_or(XSD_STRING))),
            Value::Bool(true) => ("true".to_owned(), XSD_BOOLEAN),
            Value::Bool(false) => ("false".to_owned(), XSD_BOOLEAN),
            Value::Number(number) => number_text(number, datatype)?,
            Value::Null => return Err(JsonLdError::ValueDropped),
            Value::Array(_) | Value::Object(_) => return Err(JsonLdError::ValueMalformed),
        };
        Ok(self.out.literal(&text, datatype.unwrap_or(usual)))
    }
}

/// Whole numbers below 10^21 as they are, others as canonical doubles (§8.2.2 step 10, XSD 1.1 §3.3.5).
fn number_text(number: &Number, datatype: Option<&str>) -> Result<(String, &'static str), JsonLdError> {
    const BIG: f64 = 1e21;
    let double = number.as_f64().filter(|double| double.is_finite()).ok_or(JsonLdError::ValueMalformed)?;
    let is_whole = double.fract() == 0.0 && double.abs() < BIG;
    if is_whole && datatype != Some(XSD_DOUBLE) {
        let text = match number.as_i64() {
            Some(whole) => itoa::Buffer::new().format(whole).to_owned(),
            // Without the sign of a negative zero.
            None => format!("{:.0}", double + 0.0),
        };
        return Ok((text, XSD_INTEGER));
    }
    let text = format!("{double:.15E}");
    let (digits, exponent) = text.split_once('E').unwrap_or((&text, "0"));
    let digits = digits.trim_end_matches('0');
    let zero = if digits.ends_with('.') { "0" } else { "" };
    Ok((format!("{digits}{zero}E{exponent}"), XSD_DOUBLE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_their_only_form() {
        let text =
            |json: &str, datatype| number_text(&serde_json::from_str(json).unwrap(), datatype).unwrap().0;
        for (json, expected) in [
            ("0", "0"),
            ("-0.0", "0"),
            ("5", "5"),
            ("5.0", "5"),
            ("-12", "-12"),
            ("1e3", "1000"),
            ("9007199254740992", "9007199254740992"),
            ("1e20", "100000000000000000000"),
            ("1e21", "1.0E21"),
            ("-1e20", "-100000000000000000000"),
            ("-1e21", "-1.0E21"),
            ("1.5", "1.5E0"),
            ("0.1", "1.0E-1"),
            ("-123.456", "-1.23456E2"),
            ("1e-7", "1.0E-7"),
            ("5.3e22", "5.3E22"),
        ] {
            assert_eq!(text(json, None), expected, "{json}");
        }
        assert_eq!(text("1", Some(XSD_DOUBLE)), "1.0E0");
        assert_eq!(text("100", Some(XSD_DOUBLE)), "1.0E2");
    }
}

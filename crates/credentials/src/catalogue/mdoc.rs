//! How a type of credential is written as an mdoc, as data.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::types::{CredentialType, Text};
use super::{CheckedClaims, Kind};
use crate::cbor::{Map, Value};
use crate::mdoc::Elements;

/// A day as text (RFC 8943).
pub(super) const TAG_DAY: u64 = 1004;
/// What pictures begin with: mobile driving licences have JPEG (ISO/IEC 18013-5 §7.2.1).
pub(super) const JPEG: &str = "data:image/jpeg;base64,";

/// The mdoc that a type of credential becomes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MdocForm {
    /// Its document type: `org.iso.18013.5.1.mDL`.
    pub doc_type: String,
    /// The namespace of those elements that name no other: `org.iso.18013.5.1`.
    pub namespace: String,
    /// Its elements.
    pub elements: Vec<MdocElement>,
    /// For each class of vehicles here, the categories of ISO/IEC 18013-1 that it allows; a class without any is driven
    /// only where it is known.
    #[serde(default)]
    pub categories: BTreeMap<String, Vec<Category>>,
}

/// An element and where its value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MdocElement {
    /// Its name: `family_name`.
    pub element: String,
    /// Its namespace, if not the form's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The value's source.
    pub from: Source,
    /// What it is called, where it is no claim's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Text>,
}

/// Where the value of an element comes from. Claims are named; an element whose claim is left out is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Source {
    /// The same text in every document.
    Always(String),
    /// The text of a claim.
    Text(String),
    /// A claim of kind `date`, as a day.
    Day(String),
    /// A claim of kind `image`, as the picture's bytes.
    Picture(String),
    /// A claim of kind `bool`.
    Bool(String),
    /// A claim of kind `enum`, as a number for each of its values.
    Number {
        /// The claim.
        claim: String,
        /// The numbers.
        numbers: BTreeMap<String, i64>,
    },
    /// `driving_privileges` (§7.2.4): the categories of a class of vehicles.
    Privileges {
        /// The claim with the class, of kind `enum`.
        class: String,
        /// The claim with the day from which it may be driven.
        since: String,
        /// The claim with the last day.
        until: String,
    },
}

/// A category of vehicles of ISO/IEC 18013-1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// Its code: `B`.
    pub code: String,
    /// A restriction, as ISO/IEC 18013-1 codes it: `78`, automatic transmission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restriction: Option<String>,
}

/// A claim's value has no form in an mdoc.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the claim {0} can't be put into an mdoc")]
pub struct NotForMdoc(pub String);

impl CredentialType {
    /// The elements of an mdoc with these claims, by namespace; none for a type that is never one.
    ///
    /// # Errors
    /// [`NotForMdoc`] for a picture that is no JPEG.
    pub fn mdoc_elements(&self, claims: &CheckedClaims) -> Result<Option<Vec<Elements>>, NotForMdoc> {
        let Some(form) = &self.mdoc else { return Ok(None) };
        let mut spaces: Vec<Elements> = Vec::new();
        for element in &form.elements {
            let Some(value) = form.value(&element.from, claims.as_map())? else { continue };
            let (space, value) = (form.namespace_of(element), (element.element.clone(), value));
            match spaces.iter_mut().find(|(name, _)| name == space) {
                Some((_, elements)) => elements.push(value),
                None => spaces.push((space.to_owned(), vec![value])),
            }
        }
        Ok(Some(spaces))
    }

    /// What is wrong with the form: claims that are not there or of another kind, values without a number or class.
    pub(super) fn mdoc_inconsistency(&self) -> Option<String> {
        let form = self.mdoc.as_ref()?;
        let is_kind = |name: &str, kind: Kind| self.claim(name).is_some_and(|claim| claim.kind == kind);
        let has_all = |name: &str, known: &dyn Fn(&str) -> bool| {
            self.claim(name).is_some_and(|claim| claim.values.iter().all(|choice| known(&choice.value)))
        };
        let is_right = |from: &Source| match from {
            Source::Always(_) => true,
            Source::Text(name) => self
                .claim(name)
                .is_some_and(|claim| !matches!(claim.kind, Kind::Bool | Kind::Choices | Kind::MoneyFen)),
            Source::Day(name) => is_kind(name, Kind::Date),
            Source::Picture(name) => is_kind(name, Kind::Image),
            Source::Bool(name) => is_kind(name, Kind::Bool),
            Source::Number { claim, numbers } => {
                is_kind(claim, Kind::Enum) && has_all(claim, &|value| numbers.contains_key(value))
            }
            Source::Privileges { class, since, until } => {
                is_kind(class, Kind::Enum)
                    && is_kind(since, Kind::Date)
                    && is_kind(until, Kind::Date)
                    && has_all(class, &|value| form.categories.contains_key(value))
            }
        };
        let wrong = form.elements.iter().enumerate().find(|(at, element)| {
            let same = |other: &MdocElement| other.element == element.element;
            // What is no claim's value is shown by its own name and label.
            let shows = match element.claim() {
                Some(_) => element.label.is_none(),
                None => element.label.is_some() && self.claim(&element.element).is_none(),
            };
            !is_right(&element.from) || !shows || form.elements[..*at].iter().any(same)
        });
        if let Some((_, wrong)) = wrong {
            return Some(format!("the element {} is there twice or fits no claim", wrong.element));
        }
        let once = |name: &str| form.elements.iter().filter(|one| one.claim() == Some(name)).count() == 1;
        let lost = self.claims.iter().find(|claim| !once(&claim.name));
        lost.map(|claim| format!("{} must be the value of exactly one element", claim.name))
    }
}

impl MdocForm {
    fn value(
        &self,
        from: &Source,
        claims: &serde_json::Map<String, Json>,
    ) -> Result<Option<Value>, NotForMdoc> {
        let text = |name: &String| claims.get(name).and_then(Json::as_str);
        Ok(match from {
            Source::Always(value) => Some(value.as_str().into()),
            Source::Text(name) => text(name).map(Value::from),
            Source::Day(name) => text(name).map(day),
            Source::Bool(name) => claims.get(name).and_then(Json::as_bool).map(Value::from),
            Source::Number { claim, numbers } => {
                text(claim).and_then(|value| numbers.get(value)).map(|number| (*number).into())
            }
            Source::Picture(name) => match text(name) {
                None => None,
                Some(url) => {
                    let bytes = url.strip_prefix(JPEG).and_then(|encoded| BASE64.decode(encoded).ok());
                    Some(Value::Bytes(bytes.ok_or_else(|| NotForMdoc(name.clone()))?))
                }
            },
            Source::Privileges { class, since, until } => text(class).map(|class| {
                let categories = self.categories.get(class).map(Vec::as_slice).unwrap_or_default();
                let privilege = |category: &Category| privilege(category, text(since), text(until));
                Value::Array(categories.iter().map(privilege).collect())
            }),
        })
    }
}

fn day(text: &str) -> Value {
    Value::tagged(TAG_DAY, text.into())
}

fn privilege(category: &Category, since: Option<&str>, until: Option<&str>) -> Value {
    let mut entries: Vec<(Value, Value)> =
        vec![("vehicle_category_code".into(), category.code.as_str().into())];
    entries.extend(since.map(|since| ("issue_date".into(), day(since))));
    entries.extend(until.map(|until| ("expiry_date".into(), day(until))));
    if let Some(code) = &category.restriction {
        let code = Map::from([("code", code.as_str().into())]);
        entries.push(("codes".into(), Value::Array(vec![code.into()])));
    }
    Map::sorted(entries).into()
}

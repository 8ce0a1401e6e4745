//! From the elements of an mdoc back to the claims that they tell.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value as Json};

use super::mdoc::{JPEG, MdocElement, MdocForm, Source, TAG_DAY};
use super::types::{CredentialType, Text};
use crate::cbor::Value;

impl MdocElement {
    /// The claim whose value it is; none for what stands in every document, or is put together from several claims.
    #[must_use]
    pub fn claim(&self) -> Option<&str> {
        match &self.from {
            Source::Always(_) | Source::Privileges { .. } => None,
            Source::Text(name) | Source::Day(name) | Source::Picture(name) | Source::Bool(name) => Some(name),
            Source::Number { claim, .. } => Some(claim),
        }
    }

    /// The claims that whoever sees it learns of; none for what stands in every document.
    #[must_use]
    pub fn tells(&self) -> Vec<&str> {
        match &self.from {
            Source::Privileges { class, since, until } => vec![class, since, until],
            _ => self.claim().into_iter().collect(),
        }
    }

    fn read(&self, value: &Value) -> Option<Json> {
        match &self.from {
            Source::Always(_) | Source::Privileges { .. } => None,
            Source::Text(_) => value.as_text().map(Json::from),
            Source::Day(_) => value.untagged(TAG_DAY)?.as_text().map(Json::from),
            Source::Picture(_) => Some(format!("{JPEG}{}", BASE64.encode(value.as_bytes()?)).into()),
            Source::Bool(_) => match value {
                Value::Bool(value) => Some((*value).into()),
                _ => None,
            },
            Source::Number { numbers, .. } => {
                let number = value.as_integer()?;
                numbers.iter().find(|(_, known)| **known == number).map(|(name, _)| name.as_str().into())
            }
        }
    }
}

impl MdocForm {
    /// The namespace of one of its elements.
    #[must_use]
    pub fn namespace_of<'f>(&'f self, element: &'f MdocElement) -> &'f str {
        element.namespace.as_deref().unwrap_or(&self.namespace)
    }

    /// The element of this namespace and name.
    #[must_use]
    pub fn element(&self, namespace: &str, name: &str) -> Option<&MdocElement> {
        self.elements.iter().find(|one| one.element == name && self.namespace_of(one) == namespace)
    }

    /// The elements that tell of these claims and of no others: what to ask for who may see these claims.
    pub fn telling<'f>(&'f self, claims: &'f [String]) -> impl Iterator<Item = &'f MdocElement> {
        self.elements.iter().filter(|one| {
            let tells = one.tells();
            !tells.is_empty() && tells.iter().all(|told| claims.iter().any(|claim| claim == told))
        })
    }
}

impl CredentialType {
    /// What these elements (namespace, name, value) say, as claims where they are values of claims. Others stand under the
    /// element's name, and such that the type does not know under namespace and name. A value of another form than
    /// the claim has is handed on as JSON, for [`CredentialType::validate_claims`] to refuse.
    pub fn claims_of_elements<'e>(
        &self,
        elements: impl Iterator<Item = (&'e str, &'e str, &'e Value)>,
    ) -> Map<String, Json> {
        let form = self.mdoc.as_ref();
        let read = |(namespace, name, value): (&str, &str, &Value)| {
            let element = form.and_then(|form| form.element(namespace, name));
            match element.map(|element| (element, element.claim())) {
                None => (format!("{namespace}.{name}"), value.to_json()),
                Some((_, None)) => (name.to_owned(), value.to_json()),
                Some((element, Some(claim))) => {
                    (claim.to_owned(), element.read(value).unwrap_or_else(|| value.to_json()))
                }
            }
        };
        sorted::collect(elements.map(read))
    }

    /// The claims that whoever sees this element of its mdoc learns of. An element that the type does not know goes by
    /// namespace and name, which are no claim's.
    #[must_use]
    pub fn told_by_element(&self, namespace: &str, name: &str) -> Vec<String> {
        match self.mdoc.as_ref().and_then(|form| form.element(namespace, name)) {
            Some(element) => element.tells().into_iter().map(str::to_owned).collect(),
            None => vec![format!("{namespace}.{name}")],
        }
    }

    /// What a claim, or an element of its mdoc that is no claim's value, is called.
    #[must_use]
    pub fn label_of(&self, name: &str) -> Option<&Text> {
        self.claim(name).map(|claim| &claim.label).or_else(|| self.own_element(name)?.label.as_ref())
    }

    /// The same for a path in its dotted form: of a claim, or of an element of its mdoc (`namespace.name`).
    #[must_use]
    pub fn label_of_path(&self, path: &str) -> Option<&Text> {
        let form = self.mdoc.as_ref();
        let is_it = |form: &MdocForm, one: &MdocElement| {
            path.strip_prefix(form.namespace_of(one)).and_then(|rest| rest.strip_prefix('.'))
                == Some(one.element.as_str())
        };
        let element = form.and_then(|form| form.elements.iter().find(|one| is_it(form, one)));
        element.map_or_else(|| self.label_of(path), |one| self.label_of(one.claim().unwrap_or(&one.element)))
    }

    /// For people: the value of an element that is no claim's. Categories of vehicles as `B (78), 2012-06-08 – 2032-03-01`.
    #[must_use]
    pub fn element_in_words(&self, name: &str, value: &Json) -> Option<String> {
        match &self.own_element(name)?.from {
            Source::Always(_) => value.as_str().map(str::to_owned),
            Source::Privileges { .. } => {
                let categories: Vec<String> = value.as_array()?.iter().map(privilege).collect();
                Some(if categories.is_empty() { "–".to_owned() } else { categories.join("; ") })
            }
            _ => None,
        }
    }

    fn own_element(&self, name: &str) -> Option<&MdocElement> {
        self.mdoc.as_ref()?.elements.iter().find(|one| one.element == name && one.claim().is_none())
    }
}

fn privilege(of: &Json) -> String {
    let text = |name: &str| of.get(name).and_then(Json::as_str);
    let codes = of.get("codes").and_then(Json::as_array).into_iter().flatten();
    let codes: Vec<&str> = codes.filter_map(|code| code.get("code")?.as_str()).collect();
    let codes = if codes.is_empty() { String::new() } else { format!(" ({})", codes.join(", ")) };
    let category = text("vehicle_category_code").unwrap_or("?");
    match (text("issue_date"), text("expiry_date")) {
        (Some(since), Some(until)) => format!("{category}{codes}, {since} – {until}"),
        _ => format!("{category}{codes}"),
    }
}

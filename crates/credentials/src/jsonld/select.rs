//! Parts of a document, chosen by JSON pointers (RFC 6901).

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::JsonLdError;

/// What of a value is chosen. An object that is chosen in part keeps its id and types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Selection {
    Nothing,
    Everything,
    /// Some members, or some elements by their decimal index.
    Some(BTreeMap<String, Selection>),
}

static NOTHING: Selection = Selection::Nothing;
static EVERYTHING: Selection = Selection::Everything;

impl Selection {
    pub(crate) fn everything() -> Self {
        Self::Everything
    }

    /// The parts that the pointers name; nothing when there are none.
    ///
    /// # Errors
    /// [`JsonLdError::Pointer`] for a text that is no pointer, or names nothing in the document.
    pub(crate) fn of(document: &Map<String, Value>, pointers: &[String]) -> Result<Self, JsonLdError> {
        let mut selection = Self::Nothing;
        for pointer in pointers {
            let path = parse(pointer)?;
            let (first, rest) = path.split_first().ok_or(JsonLdError::Pointer)?;
            let mut value = document.get(first).ok_or(JsonLdError::Pointer)?;
            for name in rest {
                value = step(value, name).ok_or(JsonLdError::Pointer)?;
            }
            selection.add(&path);
        }
        Ok(selection)
    }

    fn add(&mut self, path: &[String]) {
        let Some((name, rest)) = path.split_first() else {
            *self = Self::Everything;
            return;
        };
        if *self == Self::Nothing {
            *self = Self::Some(BTreeMap::new());
        }
        if let Self::Some(parts) = self {
            parts.entry(name.clone()).or_insert(Self::Nothing).add(rest);
        }
    }

    pub(super) fn member(&self, name: &str) -> &Self {
        match self {
            Self::Nothing => &NOTHING,
            Self::Everything => &EVERYTHING,
            Self::Some(parts) => parts.get(name).unwrap_or(&NOTHING),
        }
    }

    pub(super) fn element(&self, at: usize) -> &Self {
        match self {
            Self::Some(parts) => parts.get(itoa::Buffer::new().format(at)).unwrap_or(&NOTHING),
            whole => whole,
        }
    }

    /// The document with only what is chosen (ECDSA cryptosuites 1.0 §3.4.13, `selectJsonLd`).
    pub(crate) fn cut(&self, document: &Map<String, Value>) -> Map<String, Value> {
        let mut cut = self.cut_object(document);
        if let Some(context) = document.get("@context") {
            cut.insert("@context".to_owned(), context.clone());
        }
        cut
    }

    fn cut_object(&self, map: &Map<String, Value>) -> Map<String, Value> {
        let stays = |name: &str| matches!(name, "id" | "type" | "@id" | "@type");
        map.iter()
            .filter_map(|(name, value)| match self.member(name) {
                _ if stays(name) => Some((name.clone(), value.clone())),
                Self::Nothing => None,
                part => Some((name.clone(), part.cut_value(value))),
            })
            .collect()
    }

    fn cut_value(&self, value: &Value) -> Value {
        match (self, value) {
            (Self::Some(_), Value::Object(map)) => Value::Object(self.cut_object(map)),
            (Self::Some(_), Value::Array(list)) => Value::Array(
                list.iter()
                    .enumerate()
                    .filter_map(|(at, value)| match self.element(at) {
                        Self::Nothing => None,
                        part => Some(part.cut_value(value)),
                    })
                    .collect(),
            ),
            _ => value.clone(),
        }
    }
}

fn step<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    match value {
        Value::Object(map) => map.get(name),
        Value::Array(list) => {
            let is_plain = name == "0" || !name.starts_with(['0', '+']);
            list.get(name.parse::<usize>().ok().filter(|_| is_plain)?)
        }
        _ => None,
    }
}

/// The names in a pointer.
pub(crate) fn parse(pointer: &str) -> Result<Vec<String>, JsonLdError> {
    let path = pointer.strip_prefix('/').ok_or(JsonLdError::Pointer)?;
    path.split('/').map(unescape).collect()
}

fn unescape(part: &str) -> Result<String, JsonLdError> {
    let mut out = String::with_capacity(part.len());
    let mut parts = part.split('~');
    out.push_str(parts.next().unwrap_or_default());
    for after in parts {
        let (code, rest) = after.split_at_checked(1).ok_or(JsonLdError::Pointer)?;
        out.push(match code {
            "0" => '~',
            "1" => '/',
            _ => return Err(JsonLdError::Pointer),
        });
        out.push_str(rest);
    }
    Ok(out)
}

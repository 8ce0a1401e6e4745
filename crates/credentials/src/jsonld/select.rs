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
        sorted::collect(map.iter().filter_map(|(name, value)| match self.member(name) {
            _ if stays(name) => Some((name.clone(), value.clone())),
            Self::Nothing => None,
            part => Some((name.clone(), part.cut_value(value))),
        }))
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::jsonld::Contexts;
    use crate::rdf::{HashAlgorithm, Work};

    fn object(value: Value) -> Map<String, Value> {
        let Value::Object(map) = value else { unreachable!("tests write objects") };
        map
    }

    fn selected(document: &Map<String, Value>, pointers: &[&str]) -> Result<Selection, JsonLdError> {
        let pointers: Vec<String> = pointers.iter().map(|pointer| (*pointer).to_owned()).collect();
        Selection::of(document, &pointers)
    }

    #[test]
    fn pointers_of_rfc_6901() {
        for (pointer, names) in [
            ("/", vec![""]),
            ("/a", vec!["a"]),
            ("/a/b", vec!["a", "b"]),
            ("/a~1b", vec!["a/b"]),
            ("/m~0n", vec!["m~n"]),
            ("/~01", vec!["~1"]),
            ("/~0~1x/é~1", vec!["~/x", "é/"]),
        ] {
            assert_eq!(parse(pointer).unwrap(), names, "{pointer}");
        }
        for bad in ["", "a", "/~", "/a~", "/~2", "/~~0", "/~é"] {
            assert_eq!(parse(bad), Err(JsonLdError::Pointer), "{bad}");
        }
        let document = object(json!({"list": ["x", "y"], "a/b": {"": 1}, "text": "x"}));
        for good in ["/list", "/list/0", "/list/1", "/a~1b", "/a~1b/"] {
            assert!(selected(&document, &[good]).is_ok(), "{good}");
        }
        for bad in
            ["/list/2", "/list/00", "/list/01", "/list/+1", "/list/-", "/list/x", "/text/0", "/none", "/a"]
        {
            assert_eq!(selected(&document, &[bad]), Err(JsonLdError::Pointer), "{bad}");
        }
        assert_eq!(selected(&document, &[]), Ok(Selection::Nothing));
        assert_eq!(selected(&document, &["/list", "/none"]), Err(JsonLdError::Pointer), "one_among_others");
    }

    /// What is cut out is what was chosen, with the ids and types on the way, and nothing more.
    #[test]
    fn cut_to_what_was_chosen() {
        let document = object(json!({
            "@context": "urn:c", "id": "urn:1", "type": "T", "a": {"id": "urn:2", "@type": "U", "x": 1, "y": 2},
            "list": [{"@id": "urn:3", "x": 1, "y": 2}, "second", [{"type": "V", "z": 3}]], "b": {"c": {"d": 1, "e": 2}},
        }));
        let cut = |pointers: &[&str]| Value::Object(selected(&document, pointers).unwrap().cut(&document));
        let head = || json!({"@context": "urn:c", "id": "urn:1", "type": "T"});
        let with = |name: &str, value: Value| {
            let mut whole = head();
            whole[name] = value;
            whole
        };
        assert_eq!(cut(&[]), head());
        assert_eq!(cut(&["/a/x"]), with("a", json!({"id": "urn:2", "@type": "U", "x": 1})));
        assert_eq!(cut(&["/a"]), with("a", document["a"].clone()));
        assert_eq!(cut(&["/a/x", "/a"]), with("a", document["a"].clone()), "a part and then the whole");
        assert_eq!(cut(&["/a", "/a/x"]), with("a", document["a"].clone()), "the whole and then a part");
        assert_eq!(cut(&["/list/1"]), with("list", json!(["second"])));
        assert_eq!(cut(&["/list/0/y"]), with("list", json!([{"@id": "urn:3", "y": 2}])));
        assert_eq!(
            cut(&["/list/2/0/z", "/list/1"]),
            with("list", json!(["second", [{"type": "V", "z": 3}]]))
        );
        assert_eq!(cut(&["/b/c/e"]), with("b", json!({"c": {"e": 2}})));
        assert_eq!(Value::Object(Selection::everything().cut(&document)), Value::Object(document.clone()));
        let bare = object(json!({"a": 1}));
        assert_eq!(selected(&bare, &["/a"]).unwrap().cut(&bare), bare, "without contexts none is added");
    }

    /// Of the statements too: nothing that was not chosen, and nothing of a value that can't be divided.
    #[test]
    fn statements_of_what_was_chosen() {
        let context = r#"{"@context": {"id": "@id", "type": "@type", "p": "urn:p", "q": "urn:q", "raw": {"@id": "urn:raw", "@type": "@json"}, "list": {"@id": "urn:l", "@container": "@list"}, "T": "urn:T", "U": "urn:U"}}"#;
        let contexts = Contexts::new().with("urn:c", context).unwrap();
        let document = object(json!({
            "@context": "urn:c", "id": "urn:1", "p": ["x", "y", {"id": "urn:2", "p": "z", "q": "w"}],
            "q": {"@set": ["s", "t"]}, "raw": {"a": 1}, "list": ["m", "n"], "urn:v": {"@value": "v", "@language": "en"}, "urn:w": {"@list": ["o"]},
        }));
        let of = |document: &Map<String, Value>, pointers: &[&str]| -> Result<String, JsonLdError> {
            let dataset = contexts.to_rdf_of(document, &selected(document, pointers)?)?;
            let canonical = dataset.canonicalize(HashAlgorithm::Sha256, Work::default()).unwrap();
            Ok(canonical.lines().concat().replace(" .\n", "; "))
        };
        let said = |pointers: &[&str]| of(&document, pointers);
        let text = |text: &str| -> Result<String, JsonLdError> { Ok(text.to_owned()) };
        assert_eq!(said(&[]), text(""));
        assert_eq!(said(&["/p/0"]), text("<urn:1> <urn:p> \"x\"; "));
        assert_eq!(said(&["/p/1", "/p/0"]), text("<urn:1> <urn:p> \"x\"; <urn:1> <urn:p> \"y\"; "));
        assert_eq!(said(&["/p/2/q"]), text("<urn:1> <urn:p> <urn:2>; <urn:2> <urn:q> \"w\"; "));
        assert_eq!(said(&["/q/@set/1"]), text("<urn:1> <urn:q> \"t\"; "));
        assert_eq!(said(&["/q"]), text("<urn:1> <urn:q> \"s\"; <urn:1> <urn:q> \"t\"; "));
        assert_eq!(said(&["/urn:v"]), text("<urn:1> <urn:v> \"v\"@en; "));
        assert!(said(&["/list"]).is_ok_and(|said| said.matches("; ").count() == 5));
        // An object that is chosen in part keeps its types.
        let typed =
            object(json!({"@context": "urn:c", "id": "urn:1", "type": ["T", "U"], "p": "x", "q": "y"}));
        let shown = of(&typed, &["/p"]).unwrap();
        assert!(
            shown.contains("<urn:T>") && shown.contains("<urn:U>") && !shown.contains("urn:q"),
            "{shown}"
        );
        for part in ["/raw/a", "/list/0", "/urn:v/@value", "/urn:v/@language", "/urn:w/@list/0"] {
            assert_eq!(said(&[part]), Err(JsonLdError::Pointer), "{part}");
        }
    }
}

//! What a context says about a term.

use std::sync::Arc;

use serde_json::Value;

use super::keyword::Keyword;

/// What a term stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    Keyword(Keyword),
    Iri(Box<str>),
    /// Defined as nothing: not even `@vocab` applies.
    Nothing,
}

/// How the term's values are read (`@type` in the definition).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Coercion {
    /// Nothing said, or `@none`.
    Plain,
    Id,
    Vocab,
    Json,
    Datatype(Box<str>),
}

/// `@container`. Sets are how values are read anyway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Container {
    pub(super) list: bool,
    pub(super) graph: bool,
    /// A map by id, type, language or index: such terms may be defined, not used.
    pub(super) map: bool,
}

/// A term's definition.
#[derive(Debug, Clone)]
pub(super) struct Term {
    pub(super) meaning: Meaning,
    pub(super) coercion: Coercion,
    pub(super) container: Container,
    /// Some: the definition says the language, or that there is none.
    pub(super) language: Option<Option<Box<str>>>,
    /// The definition's own context.
    pub(super) scope: Option<Arc<Value>>,
    /// It may stand before a colon.
    pub(super) is_prefix: bool,
    pub(super) is_protected: bool,
    /// It uses what is left out here (`@reverse`, `@nest`, `@index`, `@direction`): it may be defined, not used.
    pub(super) is_unusable: bool,
}

impl Term {
    /// About how much memory it takes, in bytes.
    pub(super) fn weight(&self) -> usize {
        let meaning = match &self.meaning {
            Meaning::Iri(iri) => iri.len(),
            Meaning::Keyword(_) | Meaning::Nothing => 0,
        };
        let datatype = match &self.coercion {
            Coercion::Datatype(iri) => iri.len(),
            Coercion::Plain | Coercion::Id | Coercion::Vocab | Coercion::Json => 0,
        };
        let language = self.language.iter().flatten().map(|language| language.len()).sum::<usize>();
        size_of::<Self>() + meaning + datatype + language + self.scope.as_deref().map_or(0, weight)
    }

    /// Equal but for protection (JSON-LD 1.1 API §4.2.2 step 27).
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        self.meaning == other.meaning
            && self.coercion == other.coercion
            && self.container == other.container
            && self.language == other.language
            && self.scope == other.scope
            && self.is_prefix == other.is_prefix
            && self.is_unusable == other.is_unusable
    }
}

/// About how much memory a context takes before it is processed, in bytes.
fn weight(value: &Value) -> usize {
    let inside = match value {
        Value::String(text) => text.len(),
        Value::Array(list) => list.iter().map(weight).sum(),
        Value::Object(members) => members.iter().map(|(name, value)| 24 + name.len() + weight(value)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    };
    size_of::<Value>() + inside
}

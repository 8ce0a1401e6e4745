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

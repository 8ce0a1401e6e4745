//! An active context, and what texts mean under it (JSON-LD 1.1 API §5.2, IRI expansion).

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::JsonLdError;
use super::iri;
use super::keyword::{Keyword, has_keyword_form};
use super::term::{Meaning, Term};

/// Definitions in force. Never changed once made.
#[derive(Clone, Default)]
pub(super) struct Active {
    pub(super) terms: HashMap<Arc<str>, Arc<Term>>,
    pub(super) vocab: Option<Arc<str>>,
    pub(super) language: Option<Arc<str>>,
    /// A default text direction was set, which RDF can't hold.
    pub(super) has_direction: bool,
    /// What holds again one level deeper: this one came with a type.
    pub(super) previous: Option<Arc<Active>>,
    /// Its number among the contexts kept for a list; `None` when it is not kept.
    pub(super) kept: Option<u32>,
}

/// A text under a context.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Expanded<'t> {
    Keyword(Keyword),
    Iri(Cow<'t, str>),
}

/// Where a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A member's name, a type, a value of `@type: @vocab`: terms count.
    Vocabulary,
    /// An id: terms don't count.
    Document,
}

impl Active {
    pub(super) fn term(&self, name: &str) -> Option<&Arc<Term>> {
        self.terms.get(name)
    }

    /// The keyword that a member's name is or stands for.
    pub(super) fn keyword(&self, name: &str) -> Option<Keyword> {
        match self.terms.get(name).map(|term| &term.meaning) {
            Some(Meaning::Keyword(keyword)) => Some(*keyword),
            Some(_) => None,
            None => Keyword::read(name),
        }
    }

    /// About how much memory it takes, in bytes, beside the one that it was made of: their common definitions are shared.
    pub(super) fn weight_on(&self, below: &Self) -> usize {
        const PLACE: usize = 40;
        let own = |(name, term): (&Arc<str>, &Arc<Term>)| match below.terms.get(name) {
            Some(same) if Arc::ptr_eq(same, term) => PLACE,
            _ => PLACE + name.len() + term.weight(),
        };
        self.terms.iter().map(own).sum()
    }

    pub(super) fn has_protected_terms(&self) -> bool {
        self.terms.values().any(|term| term.is_protected)
    }

    /// What a text in a document means; `may_fall_back` allows `@vocab`.
    pub(super) fn expand<'t>(
        &'t self,
        text: &'t str,
        place: Place,
        may_fall_back: bool,
    ) -> Result<Expanded<'t>, JsonLdError> {
        if place == Place::Vocabulary
            && let Some(term) = self.terms.get(text)
        {
            return match &term.meaning {
                Meaning::Keyword(keyword) => Ok(Expanded::Keyword(*keyword)),
                Meaning::Iri(iri) => Ok(Expanded::Iri(Cow::Borrowed(iri))),
                Meaning::Nothing => Err(JsonLdError::TermUndefined),
            };
        }
        if let Some(keyword) = self.keyword(text) {
            return Ok(Expanded::Keyword(keyword));
        }
        if has_keyword_form(text) {
            return Err(JsonLdError::KeywordRefused);
        }
        if let Some(expanded) = self.compact(text) {
            iri::check(&expanded)?;
            return Ok(Expanded::Iri(expanded));
        }
        match (place, &self.vocab) {
            (Place::Document, _) => Err(JsonLdError::IriRelative),
            (Place::Vocabulary, None) => Err(JsonLdError::TermUndefined),
            (Place::Vocabulary, Some(_)) if !may_fall_back => Err(JsonLdError::VocabFallback),
            (Place::Vocabulary, Some(vocab)) => {
                let expanded = format!("{vocab}{text}");
                iri::check(&expanded)?;
                Ok(Expanded::Iri(Cow::Owned(expanded)))
            }
        }
    }

    /// What a text with a colon stands for: `prefix:rest`, or itself.
    pub(super) fn compact<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        let (prefix, rest) = text.split_once(':').filter(|(prefix, _)| !prefix.is_empty())?;
        if prefix != "_"
            && !rest.starts_with("//")
            && let Some(term) = self.terms.get(prefix)
            && term.is_prefix
            && let Meaning::Iri(iri) = &term.meaning
        {
            return Some(Cow::Owned(format!("{iri}{rest}")));
        }
        Some(Cow::Borrowed(text))
    }
}

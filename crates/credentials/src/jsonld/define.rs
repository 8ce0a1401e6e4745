//! Creating term definitions (JSON-LD 1.1 API §4.2).

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::JsonLdError;
use super::active::Active;
use super::iri;
use super::keyword::{Keyword, has_keyword_form};
use super::term::{Coercion, Container, Meaning, Term};

const MALFORMED: JsonLdError = JsonLdError::ContextMalformed;
/// A chain of terms that define each other may be this long.
const MAX_CHAIN: usize = 32;
/// So many terms may be in force at once: several times what published contexts define.
const MAX_TERMS: usize = 2048;
/// What a term stands for may be this long, in bytes. With a long prefix, a few characters would say as much each time.
const LONGEST_IRI: usize = 512;

/// One context being turned into definitions on top of others.
pub(super) struct Definer<'c> {
    pub(super) active: Active,
    pub(super) local: &'c Map<String, Value>,
    /// Terms begun (`false`) and done (`true`).
    pub(super) defined: HashMap<&'c str, bool>,
    pub(super) protects: bool,
    pub(super) may_override: bool,
}

impl<'c> Definer<'c> {
    pub(super) fn define(&mut self, term: &'c str, depth: usize) -> Result<(), JsonLdError> {
        match self.defined.get(term) {
            Some(true) => return Ok(()),
            Some(false) => return Err(MALFORMED),
            None if depth > MAX_CHAIN => return Err(MALFORMED),
            None => {}
        }
        self.defined.insert(term, false);
        let value = self.local.get(term).ok_or(MALFORMED)?;
        if term == "@type" {
            // Only says that types are a set, which they are.
            self.defined.insert(term, true);
            return Ok(());
        }
        if term.is_empty() || Keyword::read(term).is_some() {
            return Err(MALFORMED);
        }
        if has_keyword_form(term) {
            return Ok(());
        }
        let previous = self.active.terms.remove(term);
        let new = match value {
            Value::Null => Term { meaning: Meaning::Nothing, ..self.blank() },
            Value::String(id) => self.simple(term, id, depth)?,
            Value::Object(map) => self.expanded(term, map, depth)?,
            _ => return Err(MALFORMED),
        };
        let new = match previous {
            Some(previous) if previous.is_protected && !self.may_override => {
                if !previous.says_the_same(&new) {
                    return Err(JsonLdError::TermProtected);
                }
                previous
            }
            _ => Arc::new(new),
        };
        if self.active.terms.len() >= MAX_TERMS {
            return Err(JsonLdError::TooMuchWork);
        }
        self.active.terms.insert(Arc::from(term), new);
        self.defined.insert(term, true);
        Ok(())
    }

    fn blank(&self) -> Term {
        Term {
            meaning: Meaning::Nothing,
            coercion: Coercion::Plain,
            container: Container::default(),
            language: None,
            scope: None,
            is_prefix: false,
            is_protected: self.protects,
            is_unusable: false,
        }
    }

    fn simple(&mut self, term: &'c str, id: &'c str, depth: usize) -> Result<Term, JsonLdError> {
        let meaning = if id == term { self.implied(term, depth)? } else { self.meaning(id, depth)? };
        let is_prefix = match &meaning {
            Meaning::Iri(iri) => {
                !term.contains([':', '/']) && iri.ends_with([':', '/', '?', '#', '[', ']', '@'])
            }
            _ => false,
        };
        Ok(Term { meaning, is_prefix, ..self.blank() })
    }

    fn expanded(
        &mut self,
        term: &'c str,
        map: &'c Map<String, Value>,
        depth: usize,
    ) -> Result<Term, JsonLdError> {
        let mut new = self.blank();
        for (name, value) in map {
            match (name.as_str(), value) {
                ("@id", Value::Null | Value::String(_)) => {}
                ("@protected", Value::Bool(protects)) => new.is_protected = *protects,
                ("@prefix", Value::Bool(is_prefix)) => new.is_prefix = *is_prefix,
                ("@type", Value::String(kind)) => new.coercion = self.coercion(kind, depth)?,
                ("@container", value) => new.container = container(value)?,
                ("@context", value) => new.scope = Some(Arc::new(value.clone())),
                ("@language", Value::Null) => new.language = Some(None),
                ("@language", Value::String(language)) => new.language = Some(Some(language.as_str().into())),
                ("@reverse" | "@nest" | "@index" | "@direction", _) => new.is_unusable = true,
                _ => return Err(MALFORMED),
            }
        }
        new.meaning = match map.get("@id") {
            Some(Value::Null) => Meaning::Nothing,
            Some(Value::String(id)) if id != term => self.meaning(id, depth)?,
            _ if map.contains_key("@reverse") => Meaning::Nothing,
            _ => self.implied(term, depth)?,
        };
        if matches!(new.meaning, Meaning::Keyword(_)) && new.scope.is_some() {
            return Err(MALFORMED);
        }
        Ok(new)
    }

    /// What `@id` in a definition says.
    fn meaning(&mut self, id: &'c str, depth: usize) -> Result<Meaning, JsonLdError> {
        if let Some(keyword) = Keyword::read(id) {
            // Terms may stand for keywords, but not for the contexts themselves.
            return if keyword == Keyword::Context { Err(MALFORMED) } else { Ok(Meaning::Keyword(keyword)) };
        }
        if has_keyword_form(id) {
            return Ok(Meaning::Nothing);
        }
        if self.local.contains_key(id) {
            self.define(id, depth + 1)?;
        }
        if let Some(term) = self.active.terms.get(id) {
            return Ok(term.meaning.clone());
        }
        self.absolute(id, depth)
    }

    /// What a term means whose definition doesn't say.
    fn implied(&mut self, term: &'c str, depth: usize) -> Result<Meaning, JsonLdError> {
        if term.find(':').is_some_and(|at| at > 0) {
            return self.absolute(term, depth);
        }
        let vocab = self.active.vocab.as_deref().ok_or(MALFORMED)?;
        of_length(format!("{vocab}{term}")).map(Meaning::Iri)
    }

    fn absolute(&mut self, text: &'c str, depth: usize) -> Result<Meaning, JsonLdError> {
        if let Some((prefix, _)) = text.split_once(':')
            && prefix != text
            && self.local.contains_key(prefix)
        {
            self.define(prefix, depth + 1)?;
        }
        let iri = match self.active.compact(text) {
            Some(iri) => iri.into_owned(),
            None => format!("{}{text}", self.active.vocab.as_deref().ok_or(MALFORMED)?),
        };
        iri::check(&iri).map_err(|_| MALFORMED)?;
        of_length(iri).map(Meaning::Iri)
    }

    fn coercion(&mut self, kind: &'c str, depth: usize) -> Result<Coercion, JsonLdError> {
        Ok(match kind {
            "@id" => Coercion::Id,
            "@vocab" => Coercion::Vocab,
            "@json" => Coercion::Json,
            "@none" => Coercion::Plain,
            _ => match self.meaning(kind, depth)? {
                Meaning::Iri(iri) => Coercion::Datatype(iri),
                _ => return Err(MALFORMED),
            },
        })
    }

    /// `@vocab` of a context.
    pub(super) fn vocab(&mut self, value: &Value) -> Result<(), JsonLdError> {
        self.active.vocab = match value {
            Value::Null => None,
            Value::String(text) => {
                let iri = match self.active.terms.get(text.as_str()).map(|term| &term.meaning) {
                    Some(Meaning::Iri(iri)) => iri.to_string(),
                    Some(_) => return Err(MALFORMED),
                    None => self.active.compact(text).ok_or(MALFORMED)?.into_owned(),
                };
                iri::check(&iri).map_err(|_| MALFORMED)?;
                Some(of_length(iri)?.into())
            }
            _ => return Err(MALFORMED),
        };
        Ok(())
    }
}

fn of_length(iri: String) -> Result<Box<str>, JsonLdError> {
    if iri.len() > LONGEST_IRI { Err(MALFORMED) } else { Ok(iri.into()) }
}

fn container(value: &Value) -> Result<Container, JsonLdError> {
    let names = match value {
        Value::Array(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut container = Container::default();
    for name in names {
        match name.as_str() {
            Some("@set") => {}
            Some("@list") => container.list = true,
            Some("@graph") => container.graph = true,
            Some("@id" | "@index" | "@language" | "@type") => container.map = true,
            _ => return Err(MALFORMED),
        }
    }
    Ok(container)
}

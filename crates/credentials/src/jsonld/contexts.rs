//! The contexts that documents may name.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use serde_json::{Map, Value};

use super::pinned::PINNED;
use super::scope::{Compiled, Scope};
use super::walk::Walk;
use super::{JsonLdError, Selection};
use crate::json;
use crate::rdf::Dataset;

/// A document may name so many contexts.
const MAX_LIST: usize = 8;
/// So many different lists are kept processed.
const KEPT_LISTS: usize = 32;
/// A list whose canonical text is longer is not kept. Lists of URLs are a tenth of it; what is written out in a document may
/// be as long as the document.
const LONGEST_KEPT: usize = 16 << 10;

/// Context documents by URL, and what processing lists of them gave.
///
/// Processing is most of the cost of JSON-LD, and the same for every document that names the same list: it is done
/// once for each exact list, and the results are shared by all threads. [`Contexts::pinned`] serves nearly everyone.
pub struct Contexts {
    documents: HashMap<String, Arc<Value>>,
    takes_inline: bool,
    pub(super) may_fall_back: bool,
    lists: Mutex<HashMap<Vec<u8>, Arc<Compiled>>>,
}

impl Contexts {
    /// The pinned contexts ([`PINNED`](super::PINNED)) and no others.
    #[must_use]
    pub fn pinned() -> &'static Self {
        static CONTEXTS: LazyLock<Contexts> = LazyLock::new(Contexts::new);
        &CONTEXTS
    }

    /// The pinned contexts, to be added to.
    #[must_use]
    pub fn new() -> Self {
        let document = |text: &str| json::parse(text.as_bytes()).ok().map(Arc::new);
        let documents =
            PINNED.iter().filter_map(|pin| Some((pin.url.to_owned(), document(pin.text)?))).collect();
        Self { documents, takes_inline: false, may_fall_back: false, lists: Mutex::default() }
    }

    /// Adds a context document under its URL, or puts it in the place of another.
    ///
    /// # Errors
    /// [`JsonLdError::ContextMalformed`] for a text that is no JSON object with `@context`.
    pub fn with(mut self, url: &str, text: &str) -> Result<Self, JsonLdError> {
        let document = json::parse(text.as_bytes()).map_err(|_| JsonLdError::ContextMalformed)?;
        if document.get("@context").is_none() {
            return Err(JsonLdError::ContextMalformed);
        }
        self.documents.insert(url.to_owned(), Arc::new(document));
        self.lists = Mutex::default();
        Ok(self)
    }

    /// Takes contexts written out in documents too. Whoever signs such a document decides what its terms mean; use it
    /// where terms are never read, as for test vectors.
    #[must_use]
    pub fn dangerous_with_inline(mut self) -> Self {
        self.takes_inline = true;
        self
    }

    /// Lets `@vocab` define what no term does. A typing error in a member's name then looks like a new member.
    #[must_use]
    pub fn dangerous_with_vocab_fallback(mut self) -> Self {
        self.may_fall_back = true;
        self
    }

    /// The RDF dataset of a document (JSON-LD 1.1 API §8.1, after expansion).
    ///
    /// # Errors
    /// [`JsonLdError`].
    pub fn to_rdf(&self, document: &Map<String, Value>) -> Result<Dataset, JsonLdError> {
        let context = document.get("@context").ok_or(JsonLdError::TermUndefined)?;
        self.to_rdf_under(context, document)
    }

    /// The same with these contexts, whatever the document's own are.
    pub(crate) fn to_rdf_under(
        &self,
        context: &Value,
        document: &Map<String, Value>,
    ) -> Result<Dataset, JsonLdError> {
        Walk::run(self, context, document, &Selection::everything())
    }

    /// The part of [`Contexts::to_rdf`]'s dataset that comes from the selected parts of the document. Blank nodes have
    /// the same numbers in both.
    pub(crate) fn to_rdf_of(
        &self,
        document: &Map<String, Value>,
        selection: &Selection,
    ) -> Result<Dataset, JsonLdError> {
        let context = document.get("@context").ok_or(JsonLdError::TermUndefined)?;
        Walk::run(self, context, document, selection)
    }

    /// What a document's `@context` puts into force.
    pub(super) fn scope(&self, context: &Value) -> Result<Scope, JsonLdError> {
        self.list(&[context])
    }

    /// Lists of contexts, one on top of the other.
    fn list(&self, lists: &[&Value]) -> Result<Scope, JsonLdError> {
        let mut key = Vec::with_capacity(128);
        lists.iter().for_each(|list| json::canonical_into(list, &mut key));
        let keeps = key.len() <= LONGEST_KEPT;
        let mut kept = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(list) = kept.get(&key) {
            return Ok(list.clone().scope());
        }
        drop(kept);
        let mut documents = Vec::new();
        for list in lists {
            documents.extend(self.documents_of(list)?);
        }
        let list = Compiled::new(documents.into_iter(), lists.len() > 1, keeps)?;
        if !keeps {
            return Ok(list.scope());
        }
        kept = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_LISTS {
            // Whoever sends ever new lists must not fill the memory. Those in use come back at once.
            kept.clear();
        }
        kept.insert(key, list.clone());
        Ok(list.scope())
    }

    /// What a list of contexts inside a document puts into force, where the list `outside` is.
    pub(super) fn scope_inside(
        &self,
        scope: &Scope,
        outside: &Value,
        context: &Value,
    ) -> Result<Scope, JsonLdError> {
        if scope.is_empty() {
            // An embedded credential of VCDM 2.0: nothing from outside counts.
            return self.scope(context);
        }
        if !scope.is_root() {
            return Err(JsonLdError::ContextInside);
        }
        if outside == context {
            return Ok(scope.clone());
        }
        if scope.list.is_inner {
            // A third list would stand on the second alone, and what the first protects could be said anew.
            return Err(JsonLdError::ContextInside);
        }
        self.list(&[outside, context])
    }

    fn documents_of<'c>(&'c self, context: &'c Value) -> Result<Vec<&'c Value>, JsonLdError> {
        let list = match context {
            Value::Array(list) if list.len() <= MAX_LIST => list.as_slice(),
            Value::Array(_) => return Err(JsonLdError::ContextList),
            one => std::slice::from_ref(one),
        };
        let repeats = list.iter().enumerate().any(|(at, one)| list.iter().take(at).any(|other| other == one));
        if repeats {
            return Err(JsonLdError::ContextList);
        }
        list.iter().map(|one| self.document(one)).collect()
    }

    fn document<'c>(&'c self, context: &'c Value) -> Result<&'c Value, JsonLdError> {
        match context {
            Value::String(url) => self
                .documents
                .get(url)
                .and_then(|document| document.get("@context"))
                .ok_or(JsonLdError::ContextUnknown),
            // Wrapped once more, as a context document is: JSON-LD does not say so, but the W3C's test suites have it.
            Value::Object(members) if self.takes_inline => {
                Ok(members.get("@context").filter(|_| members.len() == 1).unwrap_or(context))
            }
            Value::Object(_) => Err(JsonLdError::ContextInline),
            _ => Err(JsonLdError::ContextMalformed),
        }
    }
}

impl Default for Contexts {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Contexts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contexts").field("documents", &self.documents.keys()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::scope::Mode;
    use super::*;

    #[test]
    fn ever_new_lists_do_not_fill_the_memory() {
        let contexts = Contexts::new().dangerous_with_inline();
        let mut most = 0;
        for n in 0..3 * KEPT_LISTS {
            assert!(contexts.scope(&json!({(format!("t{n}")): "urn:t"})).is_ok());
            most = most.max(contexts.lists.lock().unwrap().len());
        }
        assert_eq!(most, KEPT_LISTS);
    }

    /// A context with so many characters.
    fn of_length(length: usize) -> Value {
        let mut context = json!({"a": {"@id": "urn:a", "@context": {"b": "urn:b"}}});
        for n in 0.. {
            let left = length - context.to_string().len();
            let taken = if left > 400 { 200 } else { left };
            // `,"t000":"urn:"`, and as many letters as are due.
            context[format!("t{n:03}")] = format!("urn:{}", "x".repeat(taken - 14)).into();
            if taken == left {
                break;
            }
        }
        context
    }

    #[test]
    fn a_long_list_is_not_kept_nor_what_its_terms_bring() {
        for (length, is_kept) in [(LONGEST_KEPT, true), (LONGEST_KEPT + 1, false)] {
            let contexts = Contexts::new().dangerous_with_inline();
            let context = of_length(length);
            assert_eq!(context.to_string().len(), length);
            let scope = contexts.scope(&context).unwrap();
            assert_eq!(contexts.lists.lock().unwrap().len(), usize::from(is_kept), "{length}");
            let term = scope.active.term("a").unwrap();
            let made = || scope.with(term, Mode::Property, &mut 99).unwrap().active;
            assert_eq!(Arc::ptr_eq(&made(), &made()), is_kept, "{length}");
            let again = contexts.scope(&context).unwrap();
            assert_eq!(Arc::ptr_eq(&again.active, &scope.active), is_kept, "{length}");
        }
    }
}

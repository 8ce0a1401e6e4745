//! From a document to its dataset, in one walk: expansion, node map and RDF (JSON-LD 1.1 API §5.1, §7.2, §8.1) at
//! once.

use serde_json::{Map, Value};

use super::{Contexts, JsonLdError, Selection};
use crate::json::MAX_DEPTH;
use crate::rdf::{Dataset, Node};

/// A document may need so many contexts of terms that were not needed before.
const EFFORT: u32 = 256;

/// The walk's state.
pub(super) struct Walk<'w> {
    pub(super) contexts: &'w Contexts,
    pub(super) out: Dataset,
    pub(super) effort: u32,
}

/// Where in the dataset something goes: `None` when it was not selected.
#[derive(Clone, Copy)]
pub(super) struct Spot<'s> {
    pub(super) graph: Option<Node>,
    pub(super) selection: &'s Selection,
    pub(super) depth: usize,
}

impl Spot<'_> {
    pub(super) fn is_selected(&self) -> bool {
        !matches!(self.selection, Selection::Nothing)
    }

    pub(super) fn member(self, name: &str) -> Self {
        Self { selection: self.selection.member(name), ..self }
    }

    pub(super) fn element(self, at: usize) -> Self {
        Self { selection: self.selection.element(at), ..self }
    }

    /// For values that can't be divided.
    pub(super) fn must_be_whole(&self) -> Result<(), JsonLdError> {
        if matches!(self.selection, Selection::Some(_)) { Err(JsonLdError::Pointer) } else { Ok(()) }
    }

    /// One level deeper in the document.
    pub(super) fn deeper(self) -> Result<Self, JsonLdError> {
        if self.depth > MAX_DEPTH {
            return Err(JsonLdError::TooDeep);
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

impl<'w> Walk<'w> {
    pub(super) fn run(
        contexts: &'w Contexts,
        context: &Value,
        document: &Map<String, Value>,
        selection: &Selection,
    ) -> Result<Dataset, JsonLdError> {
        let mut walk = Walk { contexts, out: Dataset::new(), effort: EFFORT };
        let scope = contexts.scope(context)?;
        let spot = Spot { graph: None, selection, depth: 0 };
        let said = walk.node(document, &scope, context, spot)?;
        // Only an id: nothing was said.
        if said.is_reference { Err(JsonLdError::ValueDropped) } else { Ok(walk.out) }
    }

    /// Adds a quad unless its place was not selected.
    pub(super) fn add(&mut self, subject: Node, predicate: Node, object: Node, spot: Spot<'_>) {
        if spot.is_selected() {
            self.out.add(subject, predicate, object, spot.graph);
        }
    }
}

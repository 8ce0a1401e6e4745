//! Putting contexts on top of each other (JSON-LD 1.1 API §4.1), and keeping the results.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::JsonLdError;
use super::active::Active;
use super::define::Definer;
use super::term::Term;

/// A list keeps so many contexts that its terms bring; the documents of one list need a handful.
const KEPT: u32 = 128;
/// And so many bytes of them, about.
const KEPT_BYTES: usize = 4 << 20;
/// A context costs one more of the effort for each so many terms: it is made of a copy of the one around it.
const TERMS_AT_ONCE: usize = 512;

/// How a term's own context is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Mode {
    /// For the values of a member: it may redefine protected terms.
    Property,
    /// For an object of a type: it holds for this object, not for those inside.
    Type,
}

/// A list of contexts, processed, and what its terms' own contexts made of it so far.
pub(super) struct Compiled {
    root: Arc<Active>,
    /// It stands on top of another list.
    pub(super) is_inner: bool,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    next: u32,
    bytes: usize,
    /// By context, by the definition whose own context is applied (it lives as long as the context), and how.
    made: HashMap<(u32, usize, Mode), Arc<Active>>,
}

/// A context in force, and the list that it belongs to.
#[derive(Clone)]
pub(super) struct Scope {
    pub(super) list: Arc<Compiled>,
    pub(super) active: Arc<Active>,
}

impl Compiled {
    /// Processes a list of context documents, which may be two lists one on top of the other; whether what its terms bring is kept
    /// is `keeps`.
    pub(super) fn new<'v>(
        documents: impl Iterator<Item = &'v Value>,
        is_inner: bool,
        keeps: bool,
    ) -> Result<Arc<Self>, JsonLdError> {
        let mut active = Active::default();
        for document in documents {
            active = apply(active, document, false)?;
        }
        active.kept = keeps.then_some(0);
        let kept = Mutex::new(Kept { next: 1, ..Kept::default() });
        Ok(Arc::new(Self { root: Arc::new(active), is_inner, kept }))
    }

    pub(super) fn scope(self: Arc<Self>) -> Scope {
        Scope { active: self.root.clone(), list: self }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Scope {
    /// This context with a term's own applied. `effort` counts down what had to be processed anew.
    pub(super) fn with(&self, term: &Arc<Term>, mode: Mode, effort: &mut u32) -> Result<Self, JsonLdError> {
        let Some(local) = &term.scope else { return Ok(self.clone()) };
        let place = self.active.kept.map(|number| (number, Arc::as_ptr(local) as usize, mode));
        if let Some(place) = place
            && let Some(active) = self.list.kept().made.get(&place)
        {
            return Ok(Self { list: self.list.clone(), active: active.clone() });
        }
        let cost = u32::try_from(1 + self.active.terms.len() / TERMS_AT_ONCE).unwrap_or(u32::MAX);
        *effort = effort.checked_sub(cost).ok_or(JsonLdError::TooMuchWork)?;
        let mut active = apply(Active::clone(&self.active), local, mode == Mode::Property)?;
        if mode == Mode::Type && active.previous.is_none() {
            active.previous = Some(self.active.clone());
        }
        Ok(Self { list: self.list.clone(), active: self.keep(place, active) })
    }

    /// Whoever is first keeps: what two threads made at once must be one, for [`Kept::made`] knows terms by their address, and
    /// a context that nobody keeps would give its terms' addresses to others.
    fn keep(&self, place: Option<(u32, usize, Mode)>, mut active: Active) -> Arc<Active> {
        let mut kept = self.list.kept();
        active.kept = None;
        let Some(place) = place else { return Arc::new(active) };
        if let Some(first) = kept.made.get(&place) {
            return first.clone();
        }
        let bytes = kept.bytes + active.weight_on(&self.active);
        if kept.next >= KEPT || bytes > KEPT_BYTES {
            return Arc::new(active);
        }
        kept.bytes = bytes;
        active.kept = Some(kept.next);
        kept.next += 1;
        let active = Arc::new(active);
        kept.made.insert(place, active.clone());
        active
    }

    /// The context for an object inside: one that came with a type ends.
    pub(super) fn inside(&self) -> Self {
        match &self.active.previous {
            Some(previous) => Self { list: self.list.clone(), active: previous.clone() },
            None => self.clone(),
        }
    }

    /// Whether this is the list's context, without any that a term brought.
    pub(super) fn is_root(&self) -> bool {
        Arc::ptr_eq(&self.active, &self.list.root)
    }

    /// Whether nothing is defined: a document's own list of contexts may begin here.
    pub(super) fn is_empty(&self) -> bool {
        let Active { terms, vocab, language, has_direction, .. } = &*self.active;
        terms.is_empty() && vocab.is_none() && language.is_none() && !has_direction
    }
}

/// §4.1.2 for contexts without `@import`, `@base` and URLs.
fn apply(mut active: Active, context: &Value, may_override: bool) -> Result<Active, JsonLdError> {
    let local = match context {
        Value::Null if active.has_protected_terms() && !may_override => {
            return Err(JsonLdError::TermProtected);
        }
        Value::Null => return Ok(Active::default()),
        Value::Array(list) => {
            for one in list {
                active = apply(active, one, may_override)?;
            }
            return Ok(active);
        }
        Value::Object(local) => local,
        _ => return Err(JsonLdError::ContextMalformed),
    };
    let protects = match local.get("@protected") {
        None => false,
        Some(Value::Bool(protects)) => *protects,
        Some(_) => return Err(JsonLdError::ContextMalformed),
    };
    let mut definer = Definer { active, local, defined: HashMap::new(), protects, may_override };
    for (name, value) in local {
        match (name.as_str(), value) {
            ("@protected", _) => {}
            ("@version", Value::Number(number)) if number.as_f64() == Some(1.1) => {}
            ("@vocab", value) => definer.vocab(value)?,
            ("@language", Value::Null) => definer.active.language = None,
            ("@language", Value::String(language)) => {
                definer.active.language = Some(language.as_str().into());
            }
            ("@direction", value) => definer.active.has_direction = !value.is_null(),
            ("@version" | "@language" | "@base" | "@import" | "@propagate", _) => {
                return Err(JsonLdError::ContextMalformed);
            }
            _ => {}
        }
    }
    for name in local.keys().filter(|name| !is_setting(name)) {
        definer.define(name, 0)?;
    }
    Ok(definer.active)
}

fn is_setting(name: &str) -> bool {
    matches!(name, "@protected" | "@version" | "@vocab" | "@language" | "@direction")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_two_threads_made_at_once_is_kept_once() {
        let scope = Compiled::new([json!({"a": "urn:a"})].iter(), false, true).unwrap().scope();
        let place = Some((0, 4711, Mode::Type));
        let first = scope.keep(place, Active::clone(&scope.active));
        let second = scope.keep(place, Active::clone(&scope.active));
        assert!(Arc::ptr_eq(&first, &second));
        assert_eq!((first.kept, scope.list.kept().next), (Some(1), 2));
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let scope = Compiled::new([json!({"a": "urn:a"})].iter(), false, true).unwrap().scope();
        for n in 0..2 * KEPT {
            let made = scope.keep(Some((0, n as usize, Mode::Type)), Active::clone(&scope.active));
            assert_eq!(made.kept, (n + 1 < KEPT).then_some(n + 1));
        }
        assert_eq!(scope.keep(None, Active::clone(&scope.active)).kept, None);
        assert_eq!(scope.list.kept().made.len(), KEPT as usize - 1);
    }

    #[test]
    fn large_contexts_are_kept_up_to_a_weight() {
        let scope = Compiled::new([json!({})].iter(), false, true).unwrap().scope();
        let inner = json!({"b": format!("urn:{}", "y".repeat(1_000))});
        let term = |n: u32| (format!("t{n}"), json!({"@id": "urn:t", "@context": inner}));
        let large = Value::Object((0..200).map(term).collect());
        let large = apply(Active::default(), &large, false).unwrap();
        // The contexts of its terms count too; of what stood there before only the place.
        let weight = large.weight_on(&scope.active);
        assert!((200_000..400_000).contains(&weight), "{weight}");
        assert!(large.weight_on(&large) < weight / 10);
        for n in 0..KEPT as usize {
            scope.keep(Some((0, n, Mode::Property)), Active::clone(&large));
        }
        let kept = scope.list.kept();
        assert_eq!((kept.made.len(), kept.bytes), (KEPT_BYTES / weight, KEPT_BYTES / weight * weight));
    }

    #[test]
    fn a_context_of_many_terms_costs_more() {
        let many = |terms: usize| {
            let mut many: serde_json::Map<_, _> =
                (1..terms).map(|n| (format!("t{n}"), json!("urn:t"))).collect();
            many.insert("a".to_owned(), json!({"@id": "urn:a", "@context": {"a": "urn:b"}}));
            Compiled::new([Value::Object(many)].iter(), false, false).unwrap().scope()
        };
        for (terms, cost) in [(1, 1), (TERMS_AT_ONCE - 1, 1), (TERMS_AT_ONCE, 2), (4 * TERMS_AT_ONCE, 5)] {
            let scope = many(terms);
            let term = scope.active.term("a").unwrap();
            let mut effort = cost;
            assert!(scope.with(term, Mode::Property, &mut effort).is_ok(), "{terms}");
            assert_eq!(effort, 0, "{terms}");
            let short = scope.with(term, Mode::Property, &mut (cost - 1)).map(drop);
            assert_eq!(short, Err(JsonLdError::TooMuchWork), "{terms}");
        }
    }
}

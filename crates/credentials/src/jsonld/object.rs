//! Objects of a document that are nodes of the dataset, and their members.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::JsonLdError;
use super::active::{Active, Expanded, Place};
use super::keyword::Keyword;
use super::scope::{Mode, Scope};
use super::term::{Coercion, Term};
use super::walk::{Spot, Walk};
use crate::rdf::Node;

const RDF_TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
const RDF_FIRST: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#first";
const RDF_REST: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#rest";
const RDF_NIL: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#nil";

/// What an object said.
pub(super) struct Said {
    pub(super) subject: Node,
    /// Nothing but its id.
    pub(super) is_reference: bool,
}

impl Walk<'_> {
    /// An object as a node; `scope` has its own contexts applied already. `list` is the list of contexts it is under.
    pub(super) fn node(
        &mut self,
        members: &Map<String, Value>,
        scope: &Scope,
        list: &Value,
        spot: Spot<'_>,
    ) -> Result<Said, JsonLdError> {
        let spot = spot.deeper()?;
        let outside = &*scope.active;
        let scope = &self.scope_of_types(members, scope)?;
        let active = &*scope.active;
        let subject = self.subject(members, active)?;
        let mut is_reference = true;
        for (name, value) in members {
            if name == "@context" {
                continue;
            }
            match active.expand(name, Place::Vocabulary, self.contexts.may_fall_back)? {
                Expanded::Keyword(Keyword::Id) => continue,
                Expanded::Keyword(Keyword::Type) => self.types(subject, value, outside, spot)?,
                Expanded::Keyword(_) => return Err(JsonLdError::KeywordRefused),
                Expanded::Iri(iri) => {
                    let term = active.term(name);
                    if term.is_some_and(|term| term.is_unusable || term.container.map) {
                        return Err(JsonLdError::KeywordRefused);
                    }
                    let predicate = self.out.iri(&iri);
                    let member = Member { term, scope, list, in_list: false };
                    self.member(subject, predicate, value, &member, spot.member(name))?;
                }
            }
            is_reference = false;
        }
        Ok(Said { subject, is_reference })
    }

    /// §5.1.2 steps 10 and 11: each type's own context, in the order of their names.
    fn scope_of_types(
        &mut self,
        members: &Map<String, Value>,
        outside: &Scope,
    ) -> Result<Scope, JsonLdError> {
        let mut scope = outside.clone();
        let mut names: Vec<_> =
            members.iter().filter(|(name, _)| outside.active.keyword(name) == Some(Keyword::Type)).collect();
        sorted::sort_by(&mut names, |(a, _), (b, _)| a.cmp(b));
        for (_, value) in names {
            let mut types: Vec<&str> = match value {
                Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
                one => one.as_str().into_iter().collect(),
            };
            sorted::sort(&mut types);
            for name in types {
                if let Some(term) = outside.active.term(name) {
                    scope = scope.with(term, Mode::Type, &mut self.effort)?;
                }
            }
        }
        Ok(scope)
    }

    fn subject(&mut self, members: &Map<String, Value>, active: &Active) -> Result<Node, JsonLdError> {
        let mut ids = members.iter().filter(|(name, _)| active.keyword(name) == Some(Keyword::Id));
        match (ids.next(), ids.next()) {
            (None, _) => Ok(self.out.blank()),
            (Some((_, Value::String(id))), None) => match active.expand(id, Place::Document, false)? {
                Expanded::Iri(iri) => Ok(self.out.iri(&iri)),
                Expanded::Keyword(_) => Err(JsonLdError::IriRelative),
            },
            _ => Err(JsonLdError::IriRelative),
        }
    }

    fn types(
        &mut self,
        subject: Node,
        value: &Value,
        active: &Active,
        spot: Spot<'_>,
    ) -> Result<(), JsonLdError> {
        let list = match value {
            Value::Array(list) if list.is_empty() => return Err(JsonLdError::ValueDropped),
            Value::Array(list) => list.as_slice(),
            one => std::slice::from_ref(one),
        };
        let predicate = self.out.iri(RDF_TYPE);
        for one in list {
            let name = one.as_str().ok_or(JsonLdError::TermUndefined)?;
            match active.expand(name, Place::Vocabulary, self.contexts.may_fall_back)? {
                Expanded::Iri(iri) => {
                    let class = self.out.iri(&iri);
                    self.add(subject, predicate, class, spot);
                }
                Expanded::Keyword(_) => return Err(JsonLdError::KeywordRefused),
            }
        }
        Ok(())
    }

    /// A member's values, each linked to the subject.
    fn member(
        &mut self,
        subject: Node,
        predicate: Node,
        value: &Value,
        member: &Member<'_>,
        spot: Spot<'_>,
    ) -> Result<(), JsonLdError> {
        match value {
            _ if member.is_json() || member.is_list() => {
                let object = self.resource(value, member, spot)?;
                self.add(subject, predicate, object, spot);
            }
            Value::Array(list) if list.is_empty() => return Err(JsonLdError::ValueDropped),
            Value::Array(list) => {
                let spot = spot.deeper()?;
                for (at, one) in list.iter().enumerate() {
                    self.member(subject, predicate, one, member, spot.element(at))?;
                }
            }
            Value::Object(map) if member.keyword_in(map) == Some(Keyword::Set) => {
                let (name, [value]) = (map.keys().next(), &map.values().collect::<Vec<_>>()[..]) else {
                    return Err(JsonLdError::ValueMalformed);
                };
                let spot = spot.member(name.map_or("", String::as_str)).deeper()?;
                self.member(subject, predicate, value, member, spot)?;
            }
            _ => {
                let object = self.resource(value, member, spot)?;
                self.add(subject, predicate, object, spot);
            }
        }
        Ok(())
    }

    /// The node, literal or list that a single value is.
    fn resource(&mut self, value: &Value, member: &Member<'_>, spot: Spot<'_>) -> Result<Node, JsonLdError> {
        if member.is_json() {
            return self.json(value, spot);
        }
        if member.is_list() {
            let list = match value {
                Value::Array(list) => list.as_slice(),
                Value::Object(map) if member.keyword_in(map) == Some(Keyword::List) => {
                    return self.list_object(map, member, spot);
                }
                one => std::slice::from_ref(one),
            };
            return self.list(list, member, spot);
        }
        match value {
            Value::Null | Value::Array(_) => Err(JsonLdError::ValueDropped),
            Value::Object(map) => match member.keyword_in(map) {
                Some(Keyword::Value) => {
                    let scope = member.scope_of_scalars(&mut self.effort)?;
                    self.value_object(map, &scope.active, spot)
                }
                Some(Keyword::List) => self.list_object(map, member, spot),
                _ => self.object(map, member, spot),
            },
            // The value would be the name of a graph, and be gone.
            _ if member.is_graph() => Err(JsonLdError::ValueDropped),
            scalar => {
                let scope = member.scope_of_scalars(&mut self.effort)?;
                self.scalar(scalar, member.term.map(|term| &**term), &scope.active)
            }
        }
    }

    fn object(
        &mut self,
        map: &Map<String, Value>,
        member: &Member<'_>,
        spot: Spot<'_>,
    ) -> Result<Node, JsonLdError> {
        let is_reference = map.len() == 1 && member.keyword_in(map) == Some(Keyword::Id);
        let outside = if is_reference { member.scope.clone() } else { member.scope.inside() };
        let mut scope = member.own(outside, &mut self.effort)?;
        let mut list = member.list;
        if let Some(context) = map.get("@context") {
            scope = self.contexts.scope_inside(&scope, list, context)?;
            list = context;
        }
        if !member.is_graph() {
            return Ok(self.node(map, &scope, list, spot)?.subject);
        }
        let graph = self.out.blank();
        let said = self.node(map, &scope, list, Spot { graph: Some(graph), ..spot })?;
        if said.is_reference { Err(JsonLdError::ValueDropped) } else { Ok(graph) }
    }

    fn list_object(
        &mut self,
        map: &Map<String, Value>,
        member: &Member<'_>,
        spot: Spot<'_>,
    ) -> Result<Node, JsonLdError> {
        let [value] = &map.values().collect::<Vec<_>>()[..] else { return Err(JsonLdError::ValueMalformed) };
        let list = match value {
            Value::Array(list) => list.as_slice(),
            one => std::slice::from_ref(*one),
        };
        self.list(list, member, spot)
    }

    /// An ordered list, as `rdf:first` and `rdf:rest`. It is one value: either all of it is selected or nothing.
    fn list(&mut self, list: &[Value], member: &Member<'_>, spot: Spot<'_>) -> Result<Node, JsonLdError> {
        spot.must_be_whole()?;
        let spot = spot.deeper()?;
        let (first, rest) = (self.out.iri(RDF_FIRST), self.out.iri(RDF_REST));
        let mut tail = self.out.iri(RDF_NIL);
        for one in list.iter().rev() {
            // A list in a list needs `@list` or another array.
            let object = match one {
                Value::Array(inner) if member.is_list() => self.list(inner, member, spot)?,
                one => self.resource(one, &Member { in_list: true, ..*member }, spot)?,
            };
            let cell = self.out.blank();
            self.add(cell, first, object, spot);
            self.add(cell, rest, tail, spot);
            tail = cell;
        }
        Ok(tail)
    }
}

/// A member of an object: its term, and the contexts that it stands under.
#[derive(Clone, Copy)]
struct Member<'m> {
    term: Option<&'m Arc<Term>>,
    scope: &'m Scope,
    list: &'m Value,
    /// Its values stand in a list already.
    in_list: bool,
}

impl Member<'_> {
    fn is_json(&self) -> bool {
        self.term.is_some_and(|term| term.coercion == Coercion::Json)
    }

    fn is_list(&self) -> bool {
        !self.in_list && self.term.is_some_and(|term| term.container.list)
    }

    fn is_graph(&self) -> bool {
        self.term.is_some_and(|term| term.container.graph)
    }

    /// What kind of object this is, by its members.
    fn keyword_in(&self, map: &Map<String, Value>) -> Option<Keyword> {
        let kinds = || map.keys().filter_map(|name| self.scope.active.keyword(name));
        kinds()
            .find(|kind| matches!(kind, Keyword::Value | Keyword::List | Keyword::Set))
            .or_else(|| kinds().next())
    }

    /// The term's own context on top of `outside`.
    fn own(&self, outside: Scope, effort: &mut u32) -> Result<Scope, JsonLdError> {
        match self.term.filter(|term| term.scope.is_some()) {
            Some(term) => outside.with(term, Mode::Property, effort),
            None => Ok(outside),
        }
    }

    fn scope_of_scalars(&self, effort: &mut u32) -> Result<Scope, JsonLdError> {
        self.own(self.scope.clone(), effort)
    }
}

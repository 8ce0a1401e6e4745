//! A dataset: quads of terms.

use std::fmt;
use std::ops::Range;

use super::nquads;

const XSD_STRING: &str = "http://www.w3.org/2001/XMLSchema#string";

/// A term of a [`Dataset`], of no meaning in another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    /// A blank node by its number, from 0 on.
    Blank(u32),
    /// An IRI or a literal: where its text lies.
    Text {
        /// The first byte.
        from: u32,
        /// The byte after the last.
        to: u32,
    },
}

#[derive(Clone, Copy)]
pub(super) struct Quad {
    pub(super) subject: Node,
    pub(super) predicate: Node,
    pub(super) object: Node,
    pub(super) graph: Option<Node>,
}

/// Quads, in the order in which they were added; one added twice counts once. It holds personal values and shows
/// none of them in `Debug`.
#[derive(Clone, Default)]
pub struct Dataset {
    terms: String,
    pub(super) quads: Vec<Quad>,
    pub(super) blanks: u32,
}

impl Dataset {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self { terms: String::with_capacity(4096), quads: Vec::with_capacity(64), blanks: 0 }
    }

    /// A new blank node. Only those that stand in a quad are seen by canonicalisation.
    pub fn blank(&mut self) -> Node {
        self.blanks += 1;
        Node::Blank(self.blanks - 1)
    }

    /// An IRI. It must be absolute and free of what N-Quads can't hold; this is not checked here.
    pub fn iri(&mut self, iri: &str) -> Node {
        self.term(|out| {
            out.push('<');
            out.push_str(iri);
            out.push('>');
        })
    }

    /// A literal with a datatype (an IRI).
    pub fn literal(&mut self, value: &str, datatype: &str) -> Node {
        self.term(|out| {
            nquads::quote(value, out);
            if datatype != XSD_STRING {
                out.push_str("^^<");
                out.push_str(datatype);
                out.push('>');
            }
        })
    }

    /// A literal with a language tag.
    pub fn language_literal(&mut self, value: &str, language: &str) -> Node {
        self.term(|out| {
            nquads::quote(value, out);
            out.push('@');
            out.push_str(language);
        })
    }

    /// Adds a quad; without `graph` it belongs to the default graph.
    pub fn add(&mut self, subject: Node, predicate: Node, object: Node, graph: Option<Node>) {
        self.quads.push(Quad { subject, predicate, object, graph });
    }

    /// How many blank nodes were made.
    pub(crate) fn blanks(&self) -> u32 {
        self.blanks
    }

    /// How many quads were added.
    #[must_use]
    pub fn len(&self) -> usize {
        self.quads.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.quads.is_empty()
    }

    /// The quads as sorted lines of N-Quads, each with its line feed, blank nodes written `_:` and as `label` says.
    #[must_use]
    pub fn lines(&self, label: impl Fn(u32, &mut String)) -> Vec<String> {
        let mut lines: Vec<String> = self
            .quads
            .iter()
            .map(|quad| {
                let mut line = String::with_capacity(192);
                self.write(quad, &label, &mut line);
                line
            })
            .collect();
        sorted::sort(&mut lines);
        lines.dedup();
        lines
    }

    /// Leaves of quads added more than once only the first.
    pub(super) fn without_repetitions(&self) -> Vec<Quad> {
        let text = |node: Node| match node {
            Node::Blank(number) => (number, ""),
            Node::Text { .. } => (u32::MAX, self.text(node)),
        };
        let key =
            |quad: &Quad| (text(quad.subject), text(quad.predicate), text(quad.object), quad.graph.map(text));
        let mut order: Vec<&Quad> = self.quads.iter().collect();
        sorted::sort_by(&mut order, |a, b| key(a).cmp(&key(b)));
        order.dedup_by(|a, b| key(a) == key(b));
        order.into_iter().copied().collect()
    }

    /// One line of N-Quads.
    pub(super) fn write(&self, quad: &Quad, label: &impl Fn(u32, &mut String), out: &mut String) {
        let mut say = |node: Node| {
            match node {
                Node::Blank(number) => {
                    out.push_str("_:");
                    label(number, out);
                }
                Node::Text { .. } => out.push_str(self.text(node)),
            }
            out.push(' ');
        };
        say(quad.subject);
        say(quad.predicate);
        say(quad.object);
        if let Some(graph) = quad.graph {
            say(graph);
        }
        out.push_str(".\n");
    }

    /// A term's text in N-Quads; nothing for blank nodes.
    pub(super) fn text(&self, node: Node) -> &str {
        match node {
            Node::Blank(_) => "",
            Node::Text { from, to } => self.terms.get(range(from, to)).unwrap_or_default(),
        }
    }

    fn term(&mut self, write: impl FnOnce(&mut String)) -> Node {
        let place = |terms: &String| u32::try_from(terms.len()).unwrap_or(u32::MAX);
        let from = place(&self.terms);
        write(&mut self.terms);
        Node::Text { from, to: place(&self.terms) }
    }
}

fn range(from: u32, to: u32) -> Range<usize> {
    from as usize..to as usize
}

impl fmt::Debug for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dataset").field("quads", &self.quads.len()).finish_non_exhaustive()
    }
}

//! Reading N-Quads, for tests.

use std::collections::HashMap;

use credentials::rdf::{Dataset, Node};

/// The dataset of a text in N-Quads, and its blank nodes by their labels.
pub(crate) fn parse(text: &str) -> (Dataset, HashMap<String, u32>) {
    let mut reader = Reader { dataset: Dataset::new(), blanks: HashMap::new() };
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mut rest = line;
        let mut terms = Vec::new();
        while !rest.starts_with('.') {
            let (node, after) = reader.term(rest);
            terms.push(node);
            rest = after.trim_start();
        }
        reader.dataset.add(terms[0], terms[1], terms[2], terms.get(3).copied());
    }
    (reader.dataset, reader.blanks)
}

struct Reader {
    dataset: Dataset,
    blanks: HashMap<String, u32>,
}

impl Reader {
    fn term<'t>(&mut self, text: &'t str) -> (Node, &'t str) {
        if let Some(text) = text.strip_prefix('<') {
            let (iri, rest) = text.split_once('>').unwrap();
            (self.dataset.iri(&unescape(iri)), rest)
        } else if let Some(text) = text.strip_prefix("_:") {
            let (label, rest) = text.split_once(' ').unwrap();
            (self.blank(label), rest)
        } else {
            let text = text.strip_prefix('"').unwrap();
            let mut escaped = false;
            let end = text.find(|c| {
                let end = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                end
            });
            let (value, rest) = text.split_at(end.unwrap());
            let (value, rest) = (unescape(value), &rest[1..]);
            if let Some(rest) = rest.strip_prefix("^^<") {
                let (datatype, rest) = rest.split_once('>').unwrap();
                (self.dataset.literal(&value, &unescape(datatype)), rest)
            } else if let Some(rest) = rest.strip_prefix('@') {
                let (language, rest) = rest.split_once(' ').unwrap();
                (self.dataset.language_literal(&value, language), rest)
            } else {
                (self.dataset.literal(&value, "http://www.w3.org/2001/XMLSchema#string"), rest)
            }
        }
    }

    fn blank(&mut self, label: &str) -> Node {
        if let Some(number) = self.blanks.get(label) {
            return Node::Blank(*number);
        }
        let node = self.dataset.blank();
        let Node::Blank(number) = node else { unreachable!("a new blank node is blank") };
        self.blanks.insert(label.to_owned(), number);
        node
    }
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let (kind, mut after) = after.split_at(1);
        match kind {
            "u" | "U" => {
                let length = if kind == "u" { 4 } else { 8 };
                out.push(char::from_u32(u32::from_str_radix(&after[..length], 16).unwrap()).unwrap());
                after = &after[length..];
            }
            "t" => out.push('\t'),
            "n" => out.push('\n'),
            "r" => out.push('\r'),
            "b" => out.push('\u{8}'),
            "f" => out.push('\u{c}'),
            plain => out.push_str(plain),
        }
        rest = after;
    }
    out + rest
}

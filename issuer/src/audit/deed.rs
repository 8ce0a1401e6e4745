//! What an entry can say: a fixed word for what was done, and names of what it was done to.

use std::collections::BTreeMap;

use registry::Slug;

use crate::model::{Id, StatusIndex};

/// Something that was done.
#[derive(Clone, Debug)]
pub(crate) struct Deed {
    what: &'static str,
    about: BTreeMap<&'static str, String>,
}

/// What may stand in an entry: the issuer's own names and numbers, and words of the program. No text that came from outside
/// is one, so nothing about a person gets in.
pub(crate) trait About: Copy {
    /// As the entry has it.
    fn text(self) -> String;
}

impl About for Id {
    fn text(self) -> String {
        self.to_string()
    }
}

impl About for StatusIndex {
    fn text(self) -> String {
        format!("{}/{}", self.list, self.index)
    }
}

impl About for &'static str {
    fn text(self) -> String {
        self.to_owned()
    }
}

/// The name of an account or of a department's system, which an admin gave it.
#[derive(Clone, Copy)]
pub(crate) struct Account<'a>(pub(crate) &'a str);

impl About for Account<'_> {
    fn text(self) -> String {
        self.0.to_owned()
    }
}

/// The name of one of the issuer's own keys, as the chain has it.
#[derive(Clone, Copy)]
pub(crate) struct OwnKey<'a>(pub(crate) &'a Slug);

impl About for OwnKey<'_> {
    fn text(self) -> String {
        self.0.to_string()
    }
}

impl About for u32 {
    fn text(self) -> String {
        self.to_string()
    }
}

impl About for u64 {
    fn text(self) -> String {
        self.to_string()
    }
}

impl Deed {
    /// `what` in a word, for instance `application-approved`.
    pub(crate) fn new(what: &'static str) -> Self {
        Self { what, about: BTreeMap::new() }
    }

    /// What it was done to, or how.
    pub(crate) fn about(mut self, name: &'static str, about: impl About) -> Self {
        self.about.insert(name, about.text());
        self
    }

    pub(super) fn into_parts(self) -> (&'static str, BTreeMap<String, String>) {
        (self.what, self.about.into_iter().map(|(name, about)| (name.to_owned(), about)).collect())
    }
}

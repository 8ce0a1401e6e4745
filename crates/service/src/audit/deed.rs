//! What an entry can say: a fixed word for what was done, and names of what it was done to.

use std::collections::BTreeMap;

use registry::{Hash32, Slug};

/// Something that was done.
#[derive(Clone, Debug)]
pub struct Deed {
    what: &'static str,
    about: BTreeMap<&'static str, String>,
}

/// What may stand in an entry: a service's own names and numbers, and words of the program. No text that came from outside
/// is one, so nothing about a person gets in; whoever makes a type one answers for that.
pub trait About: Copy {
    /// As the entry has it.
    fn text(self) -> String;
}

impl About for &'static str {
    fn text(self) -> String {
        self.to_owned()
    }
}

/// The name of an account or of a program's key, which an admin gave it.
#[derive(Clone, Copy, Debug)]
pub struct Account<'a>(pub &'a str);

impl About for Account<'_> {
    fn text(self) -> String {
        self.0.to_owned()
    }
}

/// A name that the service's settings or the chain have: of a key, of a policy.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a>(pub &'a Slug);

impl About for Named<'_> {
    fn text(self) -> String {
        self.0.to_string()
    }
}

/// What came from outside, or is a secret, by its digest: sixteen hexadecimal digits of its SHA-256. Whoever has it can find the entry.
#[derive(Clone, Copy, Debug)]
pub struct Digest(Hash32);

impl Digest {
    /// Of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Hash32::of(bytes))
    }
}

impl About for Digest {
    fn text(self) -> String {
        self.0.to_string().chars().take(16).collect()
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
    #[must_use]
    pub fn new(what: &'static str) -> Self {
        Self { what, about: BTreeMap::new() }
    }

    /// What it was done to, or how.
    #[must_use]
    pub fn about(mut self, name: &'static str, about: impl About) -> Self {
        self.about.insert(name, about.text());
        self
    }

    pub(super) fn into_parts(self) -> (&'static str, BTreeMap<String, String>) {
        (self.what, self.about.into_iter().map(|(name, about)| (name.to_owned(), about)).collect())
    }
}

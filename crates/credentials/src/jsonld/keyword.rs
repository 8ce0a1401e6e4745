//! JSON-LD's keywords.

/// A keyword that a member can be an alias of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keyword {
    Context,
    Direction,
    Id,
    Json,
    Language,
    List,
    None,
    Set,
    Type,
    Value,
    Vocab,
    /// One that documents here don't use.
    Other,
}

impl Keyword {
    pub(super) fn read(text: &str) -> Option<Self> {
        Some(match text.strip_prefix('@')? {
            "context" => Self::Context,
            "direction" => Self::Direction,
            "id" => Self::Id,
            "json" => Self::Json,
            "language" => Self::Language,
            "list" => Self::List,
            "none" => Self::None,
            "set" => Self::Set,
            "type" => Self::Type,
            "value" => Self::Value,
            "vocab" => Self::Vocab,
            "base" | "container" | "default" | "embed" | "explicit" | "graph" | "import" | "included"
            | "index" | "nest" | "omitDefault" | "prefix" | "preserve" | "propagate" | "protected"
            | "requireAll" | "reverse" | "version" => Self::Other,
            _ => return None,
        })
    }
}

/// Whether a text looks like a keyword (`@` and letters), so that it may not be defined.
pub(super) fn has_keyword_form(text: &str) -> bool {
    text.strip_prefix('@')
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphabetic()))
}

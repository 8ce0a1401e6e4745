//! What is wrong with a document.

/// Why a document has no reliable RDF form. Carries nothing of the document: it may be personal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum JsonLdError {
    /// A context that is not among the pinned ones: add its text to the [`Contexts`](super::Contexts).
    #[error("a context is not among the pinned ones")]
    ContextUnknown,
    /// A context written out in the document: its author could redefine any term.
    #[error("a context is written out in the document")]
    ContextInline,
    /// `@context` inside the document, other than the list of an embedded credential.
    #[error("there is a context inside the document")]
    ContextInside,
    /// More contexts than are taken, or one of them twice.
    #[error("the list of contexts is too long or repeats itself")]
    ContextList,
    /// A context defines terms in a way that is not allowed or not understood.
    #[error("a context is malformed")]
    ContextMalformed,
    /// A context gives another meaning to a term that one before it protects.
    #[error("a context redefines a protected term")]
    TermProtected,
    /// A member, type or value that no context defines: it would not be signed.
    #[error("a term is not defined by the contexts")]
    TermUndefined,
    /// A member or type that only `@vocab` would give a meaning: a typing error looks the same.
    #[error("a term is only defined by falling back on @vocab")]
    VocabFallback,
    /// An id, type or value that is no absolute IRI.
    #[error("an IRI is relative")]
    IriRelative,
    /// An IRI with characters that IRIs don't have.
    #[error("an IRI is malformed")]
    IriMalformed,
    /// A label for a blank node where an id belongs.
    #[error("an id is the label of a blank node")]
    BlankNodeLabel,
    /// `null`, an empty array, or an object without content: it would not be signed.
    #[error("a member has no value that could be signed")]
    ValueDropped,
    /// A member of JSON-LD's own that is not taken, `@reverse` for example.
    #[error("a keyword of JSON-LD is not taken here")]
    KeywordRefused,
    /// An object with `@value`, `@list` or `@set` that does not follow their rules.
    #[error("a value object is malformed")]
    ValueMalformed,
    /// Nested too deep.
    #[error("the document is nested too deep")]
    TooDeep,
    /// So many combinations of contexts, or blank nodes so alike, that it takes too much work.
    #[error("the document takes too much work")]
    TooMuchWork,
    /// A JSON pointer that names nothing in the document, or only a part of a value that can't be divided.
    #[error("a JSON pointer does not fit the document")]
    Pointer,
}

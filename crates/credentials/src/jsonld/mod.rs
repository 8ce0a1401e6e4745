//! JSON-LD 1.1 for what credentials need: from a document straight to RDF, and nothing lost on the way.
//!
//! Plain JSON-LD processing drops what it does not understand, and a signature does not cover what was dropped. Here
//! every member of a document becomes part of the dataset or the document is refused with a [`JsonLdError`] that
//! names the flaw. Contexts come from [`Contexts`], never from the network, and are processed once for each list of
//! them.
//!
//! Left out, and refused by name: `@reverse`, `@nest`, `@included`, `@index`, `@graph` in documents, maps by id,
//! language, type or index, text direction, labels for blank nodes.

mod active;
mod contexts;
mod define;
mod error;
mod iri;
mod keyword;
mod object;
mod pinned;
mod scope;
mod select;
mod term;
mod value;
mod walk;

pub use contexts::Contexts;
pub use error::JsonLdError;
pub use pinned::{PINNED, PinnedContext};
pub(crate) use select::{Selection, parse as pointer_names};

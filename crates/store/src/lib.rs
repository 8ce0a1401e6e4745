//! Typed tables on an embedded store that loses nothing it acknowledged.
//!
//! ```
//! use store::{Store, StoreError, Table};
//!
//! const VISITS: Table<str, u64> = Table::new("visits");
//!
//! let store = Store::in_memory()?;
//! let now = store.write(|tx| {
//!     let next = tx.get(&VISITS, "hall")?.unwrap_or(0) + 1;
//!     tx.put(&VISITS, "hall", &next)?;
//!     Ok::<_, StoreError>(next)
//! })?;
//! assert_eq!(store.get(&VISITS, "hall")?, Some(now));
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is promised
//!
//! - One thread runs every write closure, one after another. A closure sees all earlier writes and its own; its
//!   `Err` (or panic) undoes what it did and nothing else.
//! - [`Store::write`] and [`Store::write_async`] answer only after the write has been flushed and `fdatasync`ed.
//!   Writes that wait together share one sync (group commit).
//! - What is seen through one [scope](Store::scoped) is never read or written through another.
//! - A read sees each commit whole or not at all, but may see one whose sync is still under way; [`Store::read_durable`] does not.
//! - A database that was emptied, cut short or exchanged is refused by name when opened, never taken for a new one.
//! - After the disk has refused a sync, nothing more is written: what it kept is unknown until the next open.

mod backend;
mod chained;
mod dump;
mod error;
mod key;
mod lock;
mod marker;
mod open;
mod range;
mod scope;
mod store;
mod table;
mod tx;
mod writer;

#[cfg(feature = "postgres")]
pub use backend::postgres::Server;
pub use chained::{Chained, Head};
pub use dump::{DumpError, check_dump};
pub use error::{OpenError, StoreError};
pub use key::{Key, KeyFor, PrefixOf};
pub use lock::LockedFile;
pub use open::Options;
pub use range::Range;
pub use store::{Store, View, Writing};
pub use table::{BytesTable, Codec, Json, Raw, Table};
pub use tx::Tx;

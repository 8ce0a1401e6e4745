//! What can go wrong, by operation. No variant carries a key or a value: either may be personal.

use std::path::PathBuf;

use thiserror::Error;

/// Why a store could not be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Another process (or another handle in this one) has it open: close that one first.
    #[error("the store in {} is open elsewhere", path.display())]
    InUse {
        /// The store's folder.
        path: PathBuf,
    },
    /// The marker says data was here, and the database is empty. Restore a backup, or remove the folder by hand
    /// to begin anew.
    #[error("the store in {} held data and is empty now: restore it or remove the folder", path.display())]
    Emptied {
        /// The store's folder.
        path: PathBuf,
    },
    /// The database has lost commits that were acknowledged. Restore a backup, or [`crate::Options::accept_loss`].
    #[error("the store in {} has lost its last {lost} commits", path.display())]
    CutShort {
        /// The store's folder.
        path: PathBuf,
        /// How many acknowledged commits are missing at least.
        lost: u64,
    },
    /// The marker and the database belong to two different stores: put back the folder as one piece.
    #[error("the marker and the database in {} belong to different stores", path.display())]
    Exchanged {
        /// The store's folder.
        path: PathBuf,
    },
    /// The marker file itself is unreadable. Restore it, or [`crate::Options::accept_loss`].
    #[error("the generation marker in {} is damaged", path.display())]
    MarkerDamaged {
        /// The store's folder.
        path: PathBuf,
    },
    /// The database can't be read even without its snapshots: restore a backup.
    #[error("the database in {} is damaged: {reason}", path.display())]
    Damaged {
        /// The store's folder.
        path: PathBuf,
        /// What the engine said.
        reason: String,
    },
    /// The database server can't be reached, refuses the sign-in, or its answer can't be used: check the address, the
    /// account and its rights.
    #[error("the database server: {reason}")]
    Unreachable {
        /// What was refused; never the password.
        reason: String,
    },
    /// The address of the database server would carry the rows over a network in the clear.
    #[error("the database server is not on this machine: give the certificate authority it is known by")]
    Unprotected,
    /// The tables were made by a newer version of this software: upgrade this instance.
    #[error("the database's tables have format {found}, and this software knows {known}")]
    Newer {
        /// The format in the database.
        found: i32,
        /// The format this software writes.
        known: i32,
    },
    /// The folder or the disk refused: check permissions and space.
    #[error("can't open the store in {}", path.display())]
    Io {
        /// The store's folder.
        path: PathBuf,
        /// The system's own error.
        #[source]
        source: std::io::Error,
    },
}

/// Why a read or a write failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StoreError {
    /// A stored value isn't what its table says: the schema changed without a migration, or data is damaged.
    #[error("a value in table {table} can't be decoded")]
    Undecodable {
        /// The table's name.
        table: &'static str,
    },
    /// A value can't be written as JSON (a map with non-text keys, for instance): a programming error.
    #[error("a value for table {table} can't be encoded")]
    Unencodable {
        /// The table's name.
        table: &'static str,
    },
    /// The encoded key is longer than 1,024 bytes.
    #[error("a key for table {table} is too long")]
    KeyTooLong {
        /// The table's name.
        table: &'static str,
    },
    /// The encoded value is longer than 16 MiB.
    #[error("a value for table {table} is too large")]
    ValueTooLarge {
        /// The table's name.
        table: &'static str,
    },
    /// The disk or the engine refused. After a failed commit a store on a disk stays closed for
    /// writing: reopen it. A store on a server goes on once the server does.
    #[error("the store failed: {0}")]
    Failed(String),
    /// The closure given to a write panicked; what it did was undone.
    #[error("a write panicked and was undone")]
    Panicked,
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

//! What whoever can read a verifier's keys may have of it, whether it runs or not: a back-up, its journals.
//!
//! An embedded store is one process's. So while the verifier runs, it is asked at its operators' address, by a token that only
//! whoever reads the keys can make; while it doesn't, the store is opened. A database is read beside the instances.

pub mod backup;
pub mod journal;
mod routes;
mod token;

use std::net::SocketAddr;
use std::path::PathBuf;

use service::backup::BackupFault;
use service::secrets::SecretError;
use store::{DumpError, OpenError, Options, Store, StoreError};

use crate::config::Config;
use crate::row_key::{SealFailed, SealedRowError};

pub(crate) use routes::{Operated, router};
pub(crate) use token::OperatorKey;

/// Why an operator does not get what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum OperateError {
    /// There is nothing yet.
    #[error("there are no keys in {}; nothing ran here yet", .0.display())]
    NoKeys(PathBuf),
    /// There is no such organisation.
    #[error("the settings have no tenant `{0}`")]
    NoTenant(String),
    /// The verifier runs, and can't be asked.
    #[error(
        "the verifier runs and its store can't be read beside it: set `operators`, or stop it for the while"
    )]
    NoOperators,
    /// The verifier runs, and does not answer as it should.
    #[error("the running verifier did not answer: {0}")]
    Refused(String),
    /// The folder of the back-up.
    #[error(transparent)]
    Folder(#[from] BackupFault),
    /// Something is where the restored verifier would be.
    #[error("{} holds data; restore where nothing is", .0.display())]
    InTheWay(PathBuf),
    /// The keys.
    #[error(transparent)]
    Keys(#[from] service::OrganisationError),
    /// A tenant's address.
    #[error("base_url: {0}")]
    Address(#[from] protocol::EndpointError),
    /// A key.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A row was altered, or the keys are others.
    #[error("a row of the journal does not open: it was altered, or the keys are others")]
    Altered,
    /// The store.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The store's rows.
    #[error(transparent)]
    Dump(#[from] DumpError),
    /// Reading or writing the store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<SealedRowError> for OperateError {
    fn from(error: SealedRowError) -> Self {
        match error {
            SealedRowError::Seal(SealFailed::Open | SealFailed::Random) => Self::Altered,
            SealedRowError::Store(error) => Self::Store(error),
        }
    }
}

/// How a verifier's store is reached.
enum Reach {
    /// It is open here.
    Open(Store),
    /// The verifier has it, and is asked with this token.
    Asked { operators: SocketAddr, token: String },
}

impl Reach {
    /// By the settings; the verifier's keys must be there.
    async fn of(config: &Config) -> Result<Self, OperateError> {
        let keys = config.data_dir.join(KEYS);
        if !keys.is_dir() {
            return Err(OperateError::NoKeys(keys));
        }
        match opened(config).await {
            Ok(store) => Ok(Self::Open(store)),
            Err(OpenError::InUse { .. }) => {
                let operators = config.operators.ok_or(OperateError::NoOperators)?;
                let until = service::clock::now().seconds().saturating_add(60);
                Ok(Self::Asked { operators, token: OperatorKey::open(&keys)?.token(until) })
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The store's folder.
const STORE: &str = "store";
/// The keys' folder.
const KEYS: &str = "keys";

async fn opened(config: &Config) -> Result<Store, OpenError> {
    let (database, folder) = (config.database.clone(), config.data_dir.join(STORE));
    let open = move || match database {
        Some(server) => Store::postgres(&server),
        None => Store::persistent(folder, &Options::default()),
    };
    // Waits for disk or server: not on a thread that others need.
    let opened = tokio::task::spawn_blocking(open).await;
    opened.unwrap_or_else(|error| {
        Err(OpenError::Io { path: config.data_dir.join(STORE), source: std::io::Error::other(error) })
    })
}

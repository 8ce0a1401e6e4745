//! A back-up of an issuer, taken while it runs, and an issuer from a back-up.
//!
//! ```text
//! FOLDER/keys/…      the key files: the DID follows from them
//! FOLDER/store       every row of one state, as `store` writes it
//! FOLDER/backup.json when, whose, how many rows, and each file's SHA-256; written last
//! ```
//!
//! An embedded store is one process's. So while the issuer runs, it is asked at its operators' address, by a token that only
//! whoever reads the keys can make; while it doesn't, the store is opened. A database is read beside the instances.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use service::backup::{BackupFault, BackupFolder, Files};
use store::{DumpError, OpenError, Options, Range, Store, StoreError, check_dump};

use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::identity::Identity;
use crate::seals::Seals;
use crate::tables::{LISTS, ListFill};

/// What a back-up says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// When it was begun, in seconds since 1970.
    pub at: u64,
    /// Whose it is.
    pub did: String,
    /// Rows of the store.
    pub rows: u64,
    /// Each file by its path in the folder, with its SHA-256 in hexadecimal.
    pub files: Files,
}

/// Why there is no back-up, or no issuer from one.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is no issuer to back up.
    #[error("there are no keys in {}; nothing ran here yet", .0.display())]
    NoKeys(PathBuf),
    /// The issuer runs, and can't be asked.
    #[error(
        "the issuer runs and its store can't be read beside it: set `operators`, or stop it for the back-up"
    )]
    NoOperators,
    /// The folder of the back-up.
    #[error(transparent)]
    Folder(#[from] BackupFault),
    /// Something is where the restored issuer would be.
    #[error("{} holds data; restore where nothing is", .0.display())]
    InTheWay(PathBuf),
    /// The keys.
    #[error(transparent)]
    Keys(#[from] service::OrganisationError),
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

/// The store's folder.
const STORE: &str = "store";
/// The keys' folder.
const KEYS: &str = "keys";
/// Numbers of status lists that are left out after a restore: those that were opened since are not opened again.
const GAP: u32 = 1000;

/// Backs an issuer up into a folder that is made, and says what is in it.
///
/// # Errors
/// [`BackupError`]; a folder without its manifest is no back-up.
pub async fn back_up(config: &Config, to: &Path) -> Result<Manifest, BackupError> {
    let keys = config.data_dir.join(KEYS);
    if !keys.is_dir() {
        return Err(BackupError::NoKeys(keys));
    }
    let at = SystemClock.now_ms() / 1000;
    let identity = Identity::open(&keys, &config.anchor.network)?;
    let folder = BackupFolder::make(to)?;
    match opened(config) {
        Ok(store) => {
            folder.write_store(|out| store.dump(out).map(|_| ()).map_err(BackupError::from))?;
            store.close();
        }
        Err(OpenError::InUse { .. }) => {
            let operators = config.operators.ok_or(BackupError::NoOperators)?;
            let until = i64::try_from(at).unwrap_or_default() + 60;
            let token = Seals::new(identity.seal_root()).operator_token(until);
            folder.fetch_store(operators, &token).await?;
        }
        Err(error) => return Err(error.into()),
    }
    // After the rows: a key that one of them names is in the folder before it, and none is ever taken out.
    folder.take_keys(&keys)?;
    let rows = check_dump(&mut folder.rows()?)?;
    Ok(folder.finish(|files| Manifest { at, did: identity.did().to_string(), rows, files })?)
}

/// Puts an issuer where the configuration says, from a back-up that is found whole first.
///
/// The chain alone says which credentials are revoked, so nothing is revoked or reinstated by this. Entries of status lists
/// that were given out since are not known here: the lists that are known are closed, and the next one has a number far on.
///
/// # Errors
/// [`BackupError`]; what was there is left as it is.
pub fn restore(config: &Config, from: &Path) -> Result<Manifest, BackupError> {
    let backup = BackupFolder::of(from);
    let manifest = backup.whole(|manifest: &Manifest| &manifest.files)?;
    check_dump(&mut backup.rows()?)?;

    let keys = config.data_dir.join(KEYS);
    let folder = config.data_dir.join(STORE);
    if let Some(there) = [&keys, &folder].into_iter().find(|path| path.exists()) {
        return Err(BackupError::InTheWay(there.clone()));
    }
    let store = opened(config)?;
    store.fill(&mut backup.rows()?)?;
    store.write(|tx| {
        let newest = tx.page(&LISTS, &Range::all().reversed(), 1)?;
        if let Some((number, fill)) = newest.into_iter().next() {
            tx.put(&LISTS, number.saturating_add(GAP), &ListFill { used: fill.length, ..fill })?;
        }
        Ok::<_, StoreError>(())
    })?;
    store.close();
    backup.put_keys(&keys)?;
    Ok(manifest)
}

fn opened(config: &Config) -> Result<Store, OpenError> {
    match &config.database {
        Some(server) => Store::postgres(server),
        None => Store::persistent(config.data_dir.join(STORE), &Options::default()),
    }
}

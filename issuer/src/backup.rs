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

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use service::{files, outbound};
use sha2::{Digest, Sha256};
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
    pub files: BTreeMap<String, String>,
}

/// Why there is no back-up, or no issuer from one.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The folder to write is there.
    #[error("{} is there already; name a folder that is to be made", .0.display())]
    Exists(PathBuf),
    /// There is no issuer to back up.
    #[error("there are no keys in {}; nothing ran here yet", .0.display())]
    NoKeys(PathBuf),
    /// The issuer runs, and can't be asked.
    #[error(
        "the issuer runs and its store can't be read beside it: set `operators`, or stop it for the back-up"
    )]
    NoOperators,
    /// The issuer runs, and did not give its store.
    #[error("the running issuer did not give its store: {0}")]
    Refused(String),
    /// A file of the back-up is not what it was.
    #[error("the back-up is not whole: {0}")]
    Damaged(String),
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
    /// The file system.
    #[error("{}: {reason}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: std::io::Error,
    },
}

/// The manifest's name.
const MANIFEST: &str = "backup.json";
/// The store's name.
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
    if to.exists() {
        return Err(BackupError::Exists(to.to_owned()));
    }
    let at = SystemClock.now_ms() / 1000;
    let identity = Identity::open(&keys, &config.anchor.network)?;
    files::private_folder(to).and_then(|()| files::private_folder(&to.join(KEYS))).map_err(io(to))?;
    let path = to.join(STORE);
    files::write_secret(&path, b"").map_err(io(&path))?;
    match opened(config) {
        Ok(store) => {
            let mut out = BufWriter::new(File::create(&path).map_err(io(&path))?);
            store.dump(&mut out)?;
            out.flush().map_err(io(&path))?;
            store.close();
        }
        Err(OpenError::InUse { .. }) => ask_the_running_one(config, &identity, at, &path).await?,
        Err(error) => return Err(error.into()),
    }
    File::open(&path).and_then(|file| file.sync_all()).map_err(io(&path))?;
    // After the rows: a key that one of them names is in the folder before it, and none is ever taken out.
    for key in fs::read_dir(&keys).map_err(io(&keys))? {
        let key = key.map_err(io(&keys))?.path();
        let bytes = zeroize::Zeroizing::new(fs::read(&key).map_err(io(&key))?);
        if let Some(name) = key.file_name() {
            files::write_secret(&to.join(KEYS).join(name), &bytes).map_err(io(&key))?;
        }
    }
    let rows = check_dump(&mut reader(&path)?)?;
    let manifest = Manifest { at, did: identity.did().to_string(), rows, files: digests(to)? };
    let json =
        serde_json::to_vec_pretty(&manifest).map_err(|error| BackupError::Damaged(error.to_string()))?;
    files::write_secret(&to.join(MANIFEST), &json).map_err(io(to))?;
    Ok(manifest)
}

/// Puts an issuer where the configuration says, from a back-up that is found whole first.
///
/// The chain alone says which credentials are revoked, so nothing is revoked or reinstated by this. Entries of status lists
/// that were given out since are not known here: the lists that are known are closed, and the next one has a number far on.
///
/// # Errors
/// [`BackupError`]; what was there is left as it is.
pub fn restore(config: &Config, from: &Path) -> Result<Manifest, BackupError> {
    let path = from.join(MANIFEST);
    let damaged = |what: String| BackupError::Damaged(what);
    let manifest: Manifest = serde_json::from_slice(&fs::read(&path).map_err(io(&path))?)
        .map_err(|error| damaged(error.to_string()))?;
    for (name, digest) in digests(from)? {
        if manifest.files.get(&name) != Some(&digest) {
            return Err(damaged(format!("{name} was changed or is not of it")));
        }
    }
    if let Some(name) = manifest.files.keys().find(|name| !from.join(name).is_file()) {
        return Err(damaged(format!("{name} is missing")));
    }
    check_dump(&mut reader(&from.join(STORE))?)?;

    let keys = config.data_dir.join(KEYS);
    let folder = config.data_dir.join(STORE);
    if let Some(there) = [&keys, &folder].into_iter().find(|path| path.exists()) {
        return Err(BackupError::InTheWay(there.clone()));
    }
    let store = opened(config)?;
    store.fill(&mut reader(&from.join(STORE))?)?;
    store.write(|tx| {
        let newest = tx.page(&LISTS, &Range::all().reversed(), 1)?;
        if let Some((number, fill)) = newest.into_iter().next() {
            tx.put(&LISTS, number.saturating_add(GAP), &ListFill { used: fill.length, ..fill })?;
        }
        Ok::<_, StoreError>(())
    })?;
    store.close();
    files::private_folder(&keys).map_err(io(&keys))?;
    for name in manifest.files.keys().filter_map(|name| name.strip_prefix("keys/")) {
        let bytes = fs::read(from.join(KEYS).join(name)).map_err(io(&keys))?;
        files::write_secret(&keys.join(name), &zeroize::Zeroizing::new(bytes)).map_err(io(&keys))?;
    }
    Ok(manifest)
}

fn opened(config: &Config) -> Result<Store, OpenError> {
    match &config.database {
        Some(server) => Store::postgres(server),
        None => Store::persistent(config.data_dir.join(STORE), &Options::default()),
    }
}

/// The store of the issuer that has it open.
async fn ask_the_running_one(
    config: &Config,
    identity: &Identity,
    at: u64,
    path: &Path,
) -> Result<(), BackupError> {
    let operators = config.operators.ok_or(BackupError::NoOperators)?;
    let until = i64::try_from(at).unwrap_or_default() + 60;
    let token = Seals::new(identity.seal_root()).operator_token(until);
    let request = outbound::listening_client(Duration::from_secs(600))
        .post(format!("http://{operators}/backup"))
        .bearer_auth(token);
    let refused = |error: &dyn std::fmt::Display| BackupError::Refused(error.to_string());
    let mut answer = request.send().await.map_err(|_| refused(&"no answer at the operators' address"))?;
    if !answer.status().is_success() {
        return Err(refused(&answer.status()));
    }
    let mut out = BufWriter::new(File::create(path).map_err(io(path))?);
    while let Some(bytes) = answer.chunk().await.map_err(|_| refused(&"it broke off"))? {
        out.write_all(&bytes).map_err(io(path))?;
    }
    out.flush().map_err(io(path))
}

/// The SHA-256 of each file of a back-up but the manifest.
fn digests(folder: &Path) -> Result<BTreeMap<String, String>, BackupError> {
    let mut names = vec![STORE.to_owned()];
    let keys = folder.join(KEYS);
    for key in fs::read_dir(&keys).map_err(io(&keys))? {
        let name = key.map_err(io(&keys))?.file_name();
        names.push(format!("{KEYS}/{}", name.to_string_lossy()));
    }
    let digest = |name: String| {
        let path = folder.join(&name);
        let (mut file, mut sum, mut buffer) = (reader(&path)?, Sha256::new(), [0; 64 * 1024]);
        loop {
            match file.read(&mut buffer).map_err(io(&path))? {
                0 => return Ok((name, hex::encode(sum.finalize()))),
                read => sum.update(&buffer[..read]),
            }
        }
    };
    names.into_iter().map(digest).collect()
}

fn reader(path: &Path) -> Result<BufReader<File>, BackupError> {
    Ok(BufReader::new(File::open(path).map_err(io(path))?))
}

fn io(path: &Path) -> impl Fn(std::io::Error) -> BackupError + use<> {
    let path = path.to_owned();
    move |reason| BackupError::Io { path: path.clone(), reason }
}

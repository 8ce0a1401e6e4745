//! A back-up as a folder: a service's keys, the rows of its store, and a manifest with each file's SHA-256, written last.
//!
//! ```text
//! FOLDER/keys/…      the key files, as they are
//! FOLDER/store       every row of one state of the store
//! FOLDER/backup.json whose it is, and what is in it
//! ```
//!
//! How rows are written and read is the store's, what the manifest says beside its files the service's.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use http::header;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use tokio::io::AsyncReadExt;

use crate::layers::Large;
use crate::{files, outbound, random};

/// Where a running service gives its store to whoever has a token of its operators.
pub const PATH: &str = "/backup";
/// The longest that may take: a whole store is written before it is sent.
pub const PATIENCE: Duration = Duration::from_secs(600);

/// The limits of [`PATH`], for the layers of whoever serves it.
#[must_use]
pub fn limits(path: &str) -> Option<Large> {
    let limits = Large { body_limit: 1024, body_timeout: Duration::from_secs(10), timeout: PATIENCE };
    (path == PATH).then_some(limits)
}

/// The manifest's name.
const MANIFEST: &str = "backup.json";
/// The store's name.
const STORE: &str = "store";
/// The keys' folder.
const KEYS: &str = "keys";
/// Bytes that are sent at once.
const PIECE: usize = 64 * 1024;

/// Each file by its path in the folder, with its SHA-256 in hexadecimal.
pub type Files = BTreeMap<String, String>;

/// The folder of one back-up.
#[derive(Clone, Debug)]
pub struct BackupFolder(PathBuf);

/// Why a back-up can't be written or read.
#[derive(Debug, thiserror::Error)]
pub enum BackupFault {
    /// The folder to write is there.
    #[error("{} is there already; name a folder that is to be made", .0.display())]
    Exists(PathBuf),
    /// A file of the back-up is not what it was.
    #[error("the back-up is not whole: {0}")]
    Damaged(String),
    /// The running service did not give its store.
    #[error("the running service did not give its store: {0}")]
    Refused(String),
    /// The file system.
    #[error("{}: {reason}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: io::Error,
    },
}

impl BackupFolder {
    /// A new one, which only its owner enters, with an empty file for the store.
    ///
    /// # Errors
    /// [`BackupFault::Exists`] or [`BackupFault::Io`].
    pub fn make(path: &Path) -> Result<Self, BackupFault> {
        if path.exists() {
            return Err(BackupFault::Exists(path.to_owned()));
        }
        files::private_folder(path)
            .and_then(|()| files::private_folder(&path.join(KEYS)))
            .and_then(|()| files::write_secret(&path.join(STORE), b""))
            .map_err(io(path))?;
        Ok(Self(path.to_owned()))
    }

    /// One that is there.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// The file of the store's rows.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.0.join(STORE)
    }

    /// The same, to be read.
    ///
    /// # Errors
    /// [`BackupFault::Io`].
    pub fn rows(&self) -> Result<BufReader<File>, BackupFault> {
        reader(&self.store())
    }

    /// Writes the store's rows, durably.
    ///
    /// # Errors
    /// What `write` says, or [`BackupFault::Io`].
    pub fn write_store<E: From<BackupFault>>(
        &self,
        write: impl FnOnce(&mut dyn Write) -> Result<(), E>,
    ) -> Result<(), E> {
        let path = self.store();
        let mut out = BufWriter::new(File::create(&path).map_err(io(&path))?);
        write(&mut out)?;
        let file = out.into_inner().map_err(|error| io(&path)(error.into_error()))?;
        file.sync_all().map_err(io(&path))?;
        Ok(())
    }

    /// Fetches the store's rows from the service that runs and gives them out at its operators' address.
    ///
    /// # Errors
    /// [`BackupFault::Refused`] or [`BackupFault::Io`].
    pub async fn fetch_store(&self, operators: SocketAddr, token: &str) -> Result<(), BackupFault> {
        let refused = |error: &dyn std::fmt::Display| BackupFault::Refused(error.to_string());
        let request = outbound::listening_client(PATIENCE).post(format!("http://{operators}{PATH}"));
        let mut answer = request
            .bearer_auth(token)
            .send()
            .await
            .map_err(|_| refused(&"no answer at the operators' address"))?;
        if !answer.status().is_success() {
            return Err(refused(&answer.status()));
        }
        let path = self.store();
        let mut out = BufWriter::new(File::create(&path).map_err(io(&path))?);
        while let Some(bytes) = answer.chunk().await.map_err(|_| refused(&"it broke off"))? {
            out.write_all(&bytes).map_err(io(&path))?;
        }
        let file = out.into_inner().map_err(|error| io(&path)(error.into_error()))?;
        file.sync_all().map_err(io(&path))
    }

    /// Copies the keys: everything in a folder and those below it.
    ///
    /// # Errors
    /// [`BackupFault::Io`].
    pub fn take_keys(&self, keys: &Path) -> Result<(), BackupFault> {
        files::copy_folder(keys, &self.0.join(KEYS)).map_err(io(keys))
    }

    /// Puts the keys in place.
    ///
    /// # Errors
    /// [`BackupFault::Io`].
    pub fn put_keys(&self, keys: &Path) -> Result<(), BackupFault> {
        files::copy_folder(&self.0.join(KEYS), keys).map_err(io(keys))
    }

    /// Writes the manifest that `made` makes of the files: now it is a back-up.
    ///
    /// # Errors
    /// [`BackupFault`].
    pub fn finish<M: Serialize>(self, made: impl FnOnce(Files) -> M) -> Result<M, BackupFault> {
        let manifest = made(self.files()?);
        let json =
            serde_json::to_vec_pretty(&manifest).map_err(|error| BackupFault::Damaged(error.to_string()))?;
        files::write_secret(&self.0.join(MANIFEST), &json).map_err(io(&self.0))?;
        Ok(manifest)
    }

    /// The manifest, once every file is found to be what it says.
    ///
    /// # Errors
    /// [`BackupFault::Damaged`] names the file that was changed, is missing, or is too many.
    pub fn whole<M: DeserializeOwned>(&self, files: impl Fn(&M) -> &Files) -> Result<M, BackupFault> {
        let path = self.0.join(MANIFEST);
        let manifest: M = serde_json::from_slice(&fs::read(&path).map_err(io(&path))?)
            .map_err(|error| BackupFault::Damaged(error.to_string()))?;
        let (said, found) = (files(&manifest), self.files()?);
        if let Some((name, _)) = found.iter().find(|(name, digest)| said.get(*name) != Some(digest)) {
            return Err(BackupFault::Damaged(format!("{name} was changed or is not of it")));
        }
        match said.keys().find(|name| !found.contains_key(*name)) {
            Some(name) => Err(BackupFault::Damaged(format!("{name} is missing"))),
            None => Ok(manifest),
        }
    }

    /// Every file but the manifest.
    fn files(&self) -> Result<Files, BackupFault> {
        let mut files = Files::new();
        files.insert(STORE.to_owned(), digest(&self.store())?);
        digests(&self.0.join(KEYS), KEYS, &mut files)?;
        Ok(files)
    }
}

/// A file in this folder that has no name any more: gone from the disk when it is closed, whatever happens.
///
/// # Errors
/// What the system says.
pub fn nameless_file(folder: &Path) -> io::Result<File> {
    let path = folder.join(format!("backup-{}.part", random::hex(8)));
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let file = options.open(&path)?;
    fs::remove_file(&path)?;
    Ok(file)
}

/// A file as an answer, from its beginning.
///
/// # Errors
/// What the system says.
pub fn answer_with(mut file: File) -> io::Result<Response> {
    file.rewind()?;
    let file = tokio::fs::File::from_std(file);
    let pieces = futures_util::stream::try_unfold(file, |mut file| async move {
        let mut piece = vec![0; PIECE];
        let read = file.read(&mut piece).await?;
        piece.truncate(read);
        Ok::<_, io::Error>((read > 0).then(|| (Bytes::from(piece), file)))
    });
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], Body::from_stream(pieces)).into_response())
}

/// The digests of all files in a folder and those below it, under `name`.
fn digests(folder: &Path, name: &str, files: &mut Files) -> Result<(), BackupFault> {
    for entry in fs::read_dir(folder).map_err(io(folder))? {
        let path = entry.map_err(io(folder))?.path();
        let name = format!("{name}/{}", path.file_name().unwrap_or_default().to_string_lossy());
        if path.is_dir() {
            digests(&path, &name, files)?;
        } else {
            files.insert(name, digest(&path)?);
        }
    }
    Ok(())
}

fn digest(path: &Path) -> Result<String, BackupFault> {
    let (mut file, mut sum, mut buffer) = (reader(path)?, Sha256::new(), vec![0; PIECE]);
    loop {
        match file.read(&mut buffer).map_err(io(path))? {
            0 => return Ok(hex::encode(sum.finalize())),
            read => sum.update(&buffer[..read]),
        }
    }
}

fn reader(path: &Path) -> Result<BufReader<File>, BackupFault> {
    Ok(BufReader::new(File::open(path).map_err(io(path))?))
}

fn io(path: &Path) -> impl Fn(io::Error) -> BackupFault + use<> {
    let path = path.to_owned();
    move |reason| BackupFault::Io { path: path.clone(), reason }
}

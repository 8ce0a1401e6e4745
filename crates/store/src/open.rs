//! Opening a store on disk: whose it is, whether it is whole, and what to do with what a crash left behind.
//!
//! ```text
//! FOLDER/lock         held while open
//! FOLDER/generation   the marker, see `marker`
//! FOLDER/sled/        the engine's own files
//! FOLDER/set-aside/   damaged snapshots, kept for whoever wants to look
//! ```

use std::{
    fs::{self, File, TryLockError},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    backend::sled::{SEQUENCE_KEY, Sled},
    error::OpenError,
    lock::LockedFile,
    marker::{Generation, Marker},
};

const GENERATION_KEY: &[u8] = b"\0generation";

/// How to open a store.
#[derive(Debug, Clone)]
pub struct Options {
    /// Memory for the engine's cache, in bytes. 32 MiB unless told.
    pub cache_bytes: u64,
    /// Opens a database that lost acknowledged commits, or whose marker is damaged, with what is left. Only for a
    /// person who has been told what is lost, and for data that can be made again.
    pub accept_loss: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { cache_bytes: 32 * 1024 * 1024, accept_loss: false }
    }
}

/// The marker is the last thing that making a store writes.
pub(crate) fn exists(path: &Path) -> bool {
    path.join("generation").exists()
}

/// Without a marker there was never a store, whatever lies there of one.
pub(crate) fn remove_unfinished(path: &Path) -> io::Result<()> {
    if exists(path) {
        return Ok(());
    }
    let gone = |removed: io::Result<()>| match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    gone(fs::remove_dir_all(path.join("sled")))?;
    gone(fs::remove_dir_all(path.join("set-aside")))?;
    gone(fs::remove_file(path.join("lock")))
}

pub(crate) fn open(path: &Path, options: &Options) -> Result<Sled, OpenError> {
    let place = Place { path };
    fs::create_dir_all(path.join("sled")).map_err(place.io())?;
    let lock = place.lock()?;
    let marked = match Marker::read(&path.join("generation")) {
        Ok(marked) => marked,
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            if !options.accept_loss {
                return Err(OpenError::MarkerDamaged { path: path.to_owned() });
            }
            None
        }
        Err(error) => return Err(place.io()(error)),
    };

    place.remove_unfinished_snapshots().map_err(place.io())?;
    let tree = place.engine(options, marked.is_none())?;
    let found: Option<Generation> = place.meta(&tree, GENERATION_KEY)?;
    let sequence = place.meta(&tree, SEQUENCE_KEY)?.map_or(0, u64::from_be_bytes);
    let generation = match (found, &marked) {
        (None, None) if tree.is_empty() => place.begin(&tree)?,
        (None, None) => return Err(place.damaged("it has data and no generation")),
        (None, Some(_)) => return Err(OpenError::Emptied { path: path.to_owned() }),
        (Some(found), Some(marked)) if found != marked.generation => {
            return Err(OpenError::Exchanged { path: path.to_owned() });
        }
        (Some(found), _) => found,
    };
    if let Some(lost) =
        marked.and_then(|marked| marked.sequence.checked_sub(sequence)).filter(|lost| *lost > 0)
    {
        if !options.accept_loss {
            return Err(OpenError::CutShort { path: path.to_owned(), lost });
        }
        tracing::warn!(lost, "a store is opened without commits it had acknowledged");
    }

    let data = place.settle().map_err(place.io())?;
    let marker = Marker::create(&path.join("generation"), generation, sequence).map_err(place.io())?;
    Ok(Sled::new(tree, data, marker, sequence, lock))
}

/// The engine says it in words alone.
fn is_locked(error: &sled::Error) -> bool {
    matches!(error, sled::Error::Io(error) if error.to_string().contains("could not acquire lock"))
}

struct Place<'a> {
    path: &'a Path,
}

impl Place<'_> {
    fn io(&self) -> impl Fn(io::Error) -> OpenError + use<> {
        let path = self.path.to_owned();
        move |source| OpenError::Io { path: path.clone(), source }
    }

    fn damaged(&self, reason: &str) -> OpenError {
        OpenError::Damaged { path: self.path.to_owned(), reason: reason.to_owned() }
    }

    fn lock(&self) -> Result<LockedFile, OpenError> {
        let file = File::create(self.path.join("lock")).map_err(self.io())?;
        match LockedFile::of(file) {
            Ok(locked) => Ok(locked),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: self.path.to_owned() }),
            Err(TryLockError::Error(error)) => Err(self.io()(error)),
        }
    }

    /// A snapshot only shortens the engine's recovery; the log is the truth. Unfinished ones are of no use, and keep
    /// the engine from opening.
    fn remove_unfinished_snapshots(&self) -> io::Result<()> {
        for file in self.snapshots()? {
            if file.extension().is_some_and(|extension| extension == "generating") {
                tracing::warn!("removing an unfinished snapshot");
                fs::remove_file(file)?;
            }
        }
        Ok(())
    }

    fn engine(&self, options: &Options, new: bool) -> Result<sled::Db, OpenError> {
        let refusal = match self.try_engine(options) {
            Ok(tree) => return Ok(tree),
            Err(refusal) => refusal,
        };
        let snapshots = self.snapshots().map_err(self.io())?;
        if new {
            // The marker is written last, so nothing was ever acknowledged here.
            tracing::warn!("setting aside a database whose creation was interrupted");
            self.set_aside(&[self.path.join("sled")]).map_err(self.io())?;
            fs::create_dir_all(self.path.join("sled")).map_err(self.io())?;
        } else if snapshots.is_empty() {
            return Err(self.damaged(&refusal));
        } else {
            tracing::warn!("setting aside a damaged snapshot and reading the log");
            self.set_aside(&snapshots).map_err(self.io())?;
        }
        self.try_engine(options).map_err(|refusal| self.damaged(&refusal))
    }

    /// The engine panics on some damage; that is a refusal like any other.
    ///
    /// A lock of its own is nobody's but ours to have, since the folder's is taken: if it is held, it is by a process that is being
    /// started from another thread, which has every open file for a moment.
    fn try_engine(&self, options: &Options) -> Result<sled::Db, String> {
        const MOMENT: Duration = Duration::from_millis(10);
        let config = sled::Config::new()
            .path(self.path.join("sled"))
            .cache_capacity(options.cache_bytes)
            .flush_every_ms(None);
        let mut waited = 0;
        loop {
            match catch_unwind(AssertUnwindSafe(|| config.open())) {
                Ok(Ok(tree)) => return Ok(tree),
                Ok(Err(error)) if is_locked(&error) && waited < 500 => {
                    waited += 1;
                    std::thread::sleep(MOMENT);
                }
                Ok(Err(error)) => return Err(error.to_string()),
                Err(_) => return Err("the engine panicked".to_owned()),
            }
        }
    }

    fn meta<const N: usize>(&self, tree: &sled::Db, key: &[u8]) -> Result<Option<[u8; N]>, OpenError> {
        match tree.get(key) {
            Ok(None) => Ok(None),
            Ok(Some(bytes)) => match bytes.as_ref().try_into() {
                Ok(bytes) => Ok(Some(bytes)),
                Err(_) => Err(self.damaged("its own notes are cut")),
            },
            Err(error) => Err(self.damaged(&error.to_string())),
        }
    }

    fn begin(&self, tree: &sled::Db) -> Result<Generation, OpenError> {
        let mut generation = Generation::default();
        getrandom::getrandom(&mut generation)
            .map_err(|error| self.io()(io::Error::other(error.to_string())))?;
        tree.insert(GENERATION_KEY, &generation)
            .and_then(|_| tree.flush())
            .map_err(|error| self.damaged(&error.to_string()))?;
        Ok(generation)
    }

    /// Syncs every file and folder the engine has made, which it doesn't; hands out the one it writes to.
    fn settle(&self) -> io::Result<File> {
        let folder = self.path.join("sled");
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                File::open(entry.path())?.sync_all()?;
            }
        }
        File::open(&folder)?.sync_all()?;
        File::open(self.path)?.sync_all()?;
        if let Some(parent) = self.path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            File::open(parent)?.sync_all()?;
        }
        File::open(folder.join("db"))
    }

    fn snapshots(&self) -> io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(self.path.join("sled"))? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with("snap.") {
                found.push(entry.path());
            }
        }
        Ok(found)
    }

    fn set_aside(&self, files: &[PathBuf]) -> io::Result<()> {
        let aside = self.path.join("set-aside");
        fs::create_dir_all(&aside)?;
        let taken = fs::read_dir(&aside)?.count();
        for (number, file) in (taken..).zip(files) {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            fs::rename(file, aside.join(format!("{number:04}-{name}")))?;
        }
        Ok(())
    }
}

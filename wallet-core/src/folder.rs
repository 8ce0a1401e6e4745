//! A wallet's folder, and what lies beside it while a wallet is made, restored or erased: there is a whole wallet or none.

use std::{
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
};

/// Where a wallet is made.
pub(crate) fn making(path: &Path) -> PathBuf {
    beside(path, "making")
}

/// Where a wallet is restored.
pub(crate) fn restoring(path: &Path) -> PathBuf {
    beside(path, "restoring")
}

/// Where a wallet is that is being erased.
pub(crate) fn erased(path: &Path) -> PathBuf {
    beside(path, "erased")
}

/// Removes what lies beside and is not finished.
pub(crate) fn remove_unfinished(path: &Path) -> io::Result<()> {
    let restoring = restoring(path);
    [erased(path), making(&restoring), restoring, making(path)].iter().try_for_each(|folder| remove(folder))
}

/// Removes a folder with all that is in it. One that is not there is no error.
pub(crate) fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Renames a folder to the wallet's name, on the disk when this returns.
pub(crate) fn put_in_place(from: &Path, to: &Path) -> io::Result<()> {
    // What a store that was never whole left there, and an empty folder, are in nobody's way. Anything else is.
    if !store::Store::exists(to) {
        store::Store::remove_unfinished(to)?;
    }
    match fs::remove_dir(to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::rename(from, to)?;
    sync_folder_of(to)
}

/// Renames a wallet's folder: from here on there is no wallet, whatever happens.
pub(crate) fn put_aside(path: &Path) -> io::Result<()> {
    let aside = erased(path);
    remove(&aside)?;
    match fs::rename(path, &aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => sync_folder_of(path),
    }
}

fn beside(path: &Path, word: &str) -> PathBuf {
    let mut name = path.file_name().map_or_else(Default::default, OsStr::to_os_string);
    name.push(format!(".{word}"));
    path.with_file_name(name)
}

fn sync_folder_of(path: &Path) -> io::Result<()> {
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

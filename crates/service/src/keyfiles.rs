//! How the files of an organisation's keys are named, so that each says which key of the DID document it holds.

use registry::Slug;

use crate::secrets::{SecretError, SecretFolder};

/// The files of one place for a key: `author.key` holds the first that was there, `author.key-7.key` the one that the DID
/// document calls `key-7`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyFiles {
    stem: &'static str,
    first: &'static str,
}

impl KeyFiles {
    /// Of the keys that author transactions.
    pub const AUTHOR: Self = Self::new("author", "key-1");

    /// Files that begin with `stem`; the DID's first document calls the first one's key `first`.
    #[must_use]
    pub const fn new(stem: &'static str, first: &'static str) -> Self {
        Self { stem, first }
    }

    /// The file of the key of this name.
    #[must_use]
    pub fn file(&self, name: &Slug) -> String {
        let Self { stem, first } = self;
        if name.as_str() == *first { format!("{stem}.key") } else { format!("{stem}.{name}.key") }
    }

    /// The name of the key in this file, if it is one of these files.
    #[must_use]
    pub fn named(&self, file: &str) -> Option<Slug> {
        let rest = file.strip_prefix(self.stem)?.strip_suffix(".key")?;
        let name = if rest.is_empty() { self.first } else { rest.strip_prefix('.')? };
        Slug::new(name).ok()
    }

    /// The names of the keys that lie in a folder, oldest first.
    ///
    /// # Errors
    /// [`SecretError::Io`].
    pub fn names(&self, folder: &SecretFolder) -> Result<Vec<Slug>, SecretError> {
        let mut names: Vec<_> = folder.names()?.iter().filter_map(|file| self.named(file)).collect();
        names.sort_by_key(number);
        Ok(names)
    }
}

/// The number at the end of a key's name: later ones are larger.
#[must_use]
pub fn number(name: &Slug) -> u32 {
    name.as_str().rsplit('-').next().and_then(|digits| digits.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Slug {
        Slug::new(text).expect("a name")
    }

    #[test]
    fn a_file_says_which_key_it_holds() {
        let files = KeyFiles::new("signing-p256", "key-3");
        for (key, file) in [("key-3", "signing-p256.key"), ("key-7", "signing-p256.key-7.key")] {
            assert_eq!((files.file(&name(key)).as_str(), files.named(file)), (file, Some(name(key))));
        }
        for other in ["author.key", "signing-p256", "signing-p256..key", "signing-p256.KEY.key", "did.json"] {
            assert_eq!(files.named(other), None, "{other}");
        }
    }

    #[test]
    fn the_keys_in_a_folder_come_in_the_order_in_which_they_were_made() {
        let dir = tempfile::tempdir().expect("dir");
        let folder = SecretFolder::open(dir.path()).expect("a folder");
        for file in ["author.key-10.key", "author.key", "author.key-9.key", "recovery.key"] {
            drop(folder.secret(file).expect("made"));
        }
        let names = KeyFiles::AUTHOR.names(&folder).expect("read");
        assert_eq!(names, ["key-1", "key-9", "key-10"].map(name));
    }
}

//! The governing departments' keys.

use std::path::{Path, PathBuf};

use chain::keys::{self, KeyFileError};
use registry::build::{SoftwareSigner, TxSigner};
use registry::{GenesisGovernance, LocalText, Member};
use service::files;

use crate::fault::Done;
use crate::keyfile;

/// How many departments must agree.
const THRESHOLD: u16 = 2;

/// The departments of the demo's chain: the file of each one's key, and its names.
const DEPARTMENTS: [(&str, &str, &str); 3] = [
    ("data-resources", "安徽省数据资源管理局", "Anhui Data Resources Administration"),
    ("public-security", "安徽省公安厅", "Anhui Public Security Department"),
    ("market-supervision", "安徽省市场监督管理局", "Anhui Market Supervision Administration"),
];

/// The governing departments' keys, all in one hand: right for a demo and for tests. In earnest each department keeps
/// its own and signs with `--key`.
#[derive(Debug)]
pub struct Governance {
    keys: Vec<SoftwareSigner>,
}

/// Why governance can't sign.
#[derive(Debug, thiserror::Error)]
pub enum GovernanceError {
    /// A key file can't be used.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// The folder can't be made.
    #[error("{}: {reason}", path.display())]
    Folder {
        /// Which folder.
        path: PathBuf,
        /// What the system said.
        reason: std::io::Error,
    },
    /// A key file is not there. It is never made anew for a chain that exists.
    #[error("{}: there is no such key file", .0.display())]
    Missing(PathBuf),
}

impl Governance {
    /// The keys in a folder, made where there are none: for a new chain.
    pub fn create(folder: &Path) -> Result<Self, GovernanceError> {
        files::private_folder(folder)
            .map_err(|reason| GovernanceError::Folder { path: folder.to_owned(), reason })?;
        let paths = DEPARTMENTS.map(|(name, ..)| path_of(folder, name));
        Ok(Self { keys: paths.iter().map(|path| keys::load_or_create(path)).collect::<Result<_, _>>()? })
    }

    /// The keys in a folder that [`Governance::create`] made.
    pub fn open(folder: &Path) -> Result<Self, GovernanceError> {
        let read = |(name, ..): (&str, &str, &str)| match path_of(folder, name) {
            path if path.exists() => Ok(keys::load_or_create(&path)?),
            path => Err(GovernanceError::Missing(path)),
        };
        Ok(Self { keys: DEPARTMENTS.into_iter().map(read).collect::<Result<_, GovernanceError>>()? })
    }

    /// The keys in these files, under passphrases or not.
    pub fn of_files(paths: &[PathBuf]) -> Done<Self> {
        Ok(Self { keys: paths.iter().map(|path| keyfile::load(path)).collect::<Done<_>>()? })
    }

    /// Who governs at first: these departments, two of which must agree.
    pub fn genesis(&self) -> GenesisGovernance {
        let member = |((_, zh, en), key): (&(&str, &str, &str), &SoftwareSigner)| Member {
            name: LocalText::new(*zh, *en),
            key: key.public_key(),
        };
        GenesisGovernance {
            members: DEPARTMENTS.iter().zip(&self.keys).map(member).collect(),
            threshold: THRESHOLD,
        }
    }

    /// Those who sign.
    pub fn signers(&self) -> Vec<&(dyn TxSigner + Send + Sync)> {
        self.keys.iter().map(|key| key as _).collect()
    }
}

fn path_of(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.key"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_are_made_once_and_never_silently_again() {
        let dir = tempfile::tempdir().expect("dir");
        let folder = dir.path().join("governance");
        assert!(matches!(Governance::open(&folder), Err(GovernanceError::Missing(_))));
        let made = Governance::create(&folder).expect("made").genesis();
        assert_eq!(made.members.len(), 3);
        assert_eq!(Governance::open(&folder).expect("opened").genesis(), made);
        assert_eq!(Governance::create(&folder).expect("again").genesis(), made);
    }
}

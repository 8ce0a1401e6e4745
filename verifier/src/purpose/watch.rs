//! Reading the files again when they change. A folder is looked at every so often, since what a file system tells of changes
//! differs from one to the next, and says nothing at all on some that are mounted.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use credentials::catalogue::Catalogue;
use tokio::sync::watch;

use super::book::Policies;
use super::config::{PurposeConfig, PurposeError};
use super::query::Purpose;

/// How often it looks.
const PERIOD: Duration = Duration::from_secs(1);

/// Puts the files of a folder in force whenever they change and can be used.
pub(crate) struct Watcher {
    pub(crate) dir: PathBuf,
    pub(crate) policies: Arc<Policies>,
    pub(crate) catalogue: &'static Catalogue,
}

/// The files as they are: names, sizes and times.
type Looks = Vec<(PathBuf, u64, Option<SystemTime>)>;

impl Watcher {
    /// Looks until it is stopped. What is in force when it begins was read from the same folder.
    pub(crate) async fn run(self, mut stopped: watch::Receiver<bool>) {
        let mut seen = looks(&self.dir);
        loop {
            tokio::select! {
                () = tokio::time::sleep(PERIOD) => {}
                _ = stopped.wait_for(|stop| *stop) => return,
            }
            let now = looks(&self.dir);
            if now != seen {
                seen = now;
                self.read();
            }
        }
    }

    /// All of the files or none: half a change is in force for nobody.
    fn read(&self) {
        match load(&self.dir, self.catalogue) {
            Ok(purposes) => {
                tracing::info!(count = purposes.len(), "new policies are in force");
                self.policies.replace(purposes);
            }
            Err(error) => {
                tracing::error!(%error, "the policies were changed and can't be used: those before stay in force");
                self.policies.blame(error.to_string());
            }
        }
    }
}

/// Every policy of a folder, checked.
pub(crate) fn load(dir: &Path, catalogue: &Catalogue) -> Result<Vec<Purpose>, PurposeError> {
    let configs = PurposeConfig::load_dir(dir)?;
    for (at, config) in configs.iter().enumerate() {
        if configs[..at].iter().any(|other| other.id == config.id) {
            return Err(PurposeError::Twice(config.id.clone()));
        }
    }
    if configs.is_empty() {
        return Err(PurposeError::None(dir.to_owned()));
    }
    configs.into_iter().map(|config| Purpose::new(config, catalogue)).collect()
}

fn looks(dir: &Path) -> Looks {
    let entries = std::fs::read_dir(dir).into_iter().flatten().filter_map(Result::ok);
    let mut looks: Looks = entries
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "toml"))
        .filter_map(|entry| {
            let about = entry.metadata().ok()?;
            Some((entry.path(), about.len(), about.modified().ok()))
        })
        .collect();
    looks.sort();
    looks
}

#[cfg(test)]
mod tests {
    use super::*;
    use registry::Slug;

    const GOOD: &str = "id = 'a'\ntitle = { zh = '甲', en = 'A' }\n[[asks]]\ncredential_type = 'digital-id'\nclaims = ['name']\n";

    #[test]
    fn a_changed_policy_holds_and_a_wrong_one_does_not() {
        let dir = tempfile::tempdir().expect("dir");
        let catalogue = Catalogue::bundled().expect("reads");
        let write = |text: &str| std::fs::write(dir.path().join("a.toml"), text).expect("written");
        write(GOOD);
        let policies = Arc::new(Policies::new(load(dir.path(), catalogue).expect("reads")));
        let id = Slug::new("a").expect("a name");
        let first = policies.current(&id).expect("there").version.clone();
        let watcher = Watcher { dir: dir.path().to_owned(), policies: policies.clone(), catalogue };

        write(&GOOD.replace("['name']", "['name', 'sex']"));
        watcher.read();
        let second = policies.current(&id).expect("there").version.clone();
        assert_ne!(first, second);
        assert!(policies.version(&id, &first).is_some(), "open requests are judged by it");
        assert_eq!(policies.fault(), None);

        for (wrong, says) in [
            (GOOD.replace("'name'", "'shoeSize'"), "digital-id has no claim `shoeSize`"),
            (GOOD.replace("title", "tittle"), "unknown field `tittle`"),
            (GOOD.replace("'digital-id'", "'passport'"), "the catalogue has no `passport`"),
            (format!("evidence_max_age = 0\n{GOOD}"), "`evidence_max_age` must be at least 1"),
            (format!("status_max_age = 0\n{GOOD}"), "`status_max_age` must be at least 1"),
            (
                format!("evidence_max_age = 60\nstatus_max_age = 61\n{GOOD}"),
                "status_max_age is longer than evidence_max_age",
            ),
            (format!("{GOOD}[mandate]\nmatter = 'tax'\n"), "[mandate] needs creditCode"),
            (format!("{GOOD}values = {{ sex = ['male'] }}\n"), "add it there"),
            (format!("unknown = 'accepted'\n{GOOD}"), "unknown variant `accepted`"),
            (GOOD.replace("[[asks]]", "[[asks]]\nrequired = false"), "must not be empty"),
        ] {
            write(&wrong);
            watcher.read();
            let fault = policies.fault().expect("named");
            assert!(fault.contains(says), "{fault}");
            assert_eq!(policies.current(&id).expect("stays").version, second);
        }
        std::fs::write(dir.path().join("b.toml"), GOOD).expect("written");
        write(GOOD);
        watcher.read();
        assert!(policies.fault().expect("named").contains("there twice"));
    }
}

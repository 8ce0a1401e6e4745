//! A back-up of a verifier, taken while it runs, and a verifier from a back-up.
//!
//! ```text
//! FOLDER/keys/…      the key files, a folder for each tenant: the DIDs follow from them
//! FOLDER/store       every row of one state, as `store` writes it
//! FOLDER/backup.json when, whose, how many rows, and each file's SHA-256; written last
//! ```
//!
//! What was proven of the chain is not in it: it costs nothing to get again.

use std::collections::BTreeMap;
use std::path::Path;

use protocol::Endpoint;
use registry::Slug;
use serde::{Deserialize, Serialize};
use service::backup::{BackupFolder, Files};
use service::clock;
use store::{StoreError, check_dump};

use super::{KEYS, OperateError, Reach, STORE, opened};
use crate::config::Config;
use crate::identity::Identity;
use crate::{request, sessions};

/// What a back-up says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// When it was begun, in seconds since 1970.
    pub at: i64,
    /// The organisations that it is of, by their ids in the settings, with their DIDs.
    pub tenants: BTreeMap<Slug, String>,
    /// Rows of the store.
    pub rows: u64,
    /// Each file by its path in the folder, with its SHA-256 in hexadecimal.
    pub files: Files,
}

/// Backs a verifier up into a folder that is made, and says what is in it.
///
/// # Errors
/// [`OperateError`]; a folder without its manifest is no back-up.
pub async fn back_up(config: &Config, to: &Path) -> Result<Manifest, OperateError> {
    let at = clock::now().seconds();
    let reach = Reach::of(config).await?;
    let keys = config.data_dir.join(KEYS);
    let tenants = tenants(config)?;
    let folder = BackupFolder::make(to)?;
    match reach {
        Reach::Open(store) => {
            folder.write_store(|out| store.dump(out).map(|_| ()).map_err(OperateError::from))?;
            store.close();
        }
        Reach::Asked { operators, token } => folder.fetch_store(operators, &token).await?,
    }
    folder.take_keys(&keys)?;
    let rows = check_dump(&mut folder.rows()?)?;
    Ok(folder.finish(|files| Manifest { at, tenants, rows, files })?)
}

/// Puts a verifier where the configuration says, from a back-up that is found whole first.
///
/// Requests that were open then are not taken up again, since nobody can tell whether they were answered afterwards; clerks sign in
/// anew. What was to be forgotten since is forgotten at the first start.
///
/// # Errors
/// [`OperateError`]; what was there is left as it is.
pub async fn restore(config: &Config, from: &Path) -> Result<Manifest, OperateError> {
    let backup = BackupFolder::of(from);
    let manifest = backup.whole(|manifest: &Manifest| &manifest.files)?;
    check_dump(&mut backup.rows()?)?;
    let (keys, folder) = (config.data_dir.join(KEYS), config.data_dir.join(STORE));
    if let Some(there) = [&keys, &folder].into_iter().find(|path| path.exists()) {
        return Err(OperateError::InTheWay(there.clone()));
    }
    let store = opened(config).await?;
    store.fill(&mut backup.rows()?)?;
    for tenant in manifest.tenants.keys() {
        let store = store.scoped(tenant.as_str()).ok_or(StoreError::Closed)?;
        request::forget_open(&store)?;
        sessions::end_all(&store)?;
    }
    store.close();
    backup.put_keys(&keys)?;
    Ok(manifest)
}

/// The DIDs of the tenants that ran.
fn tenants(config: &Config) -> Result<BTreeMap<Slug, String>, OperateError> {
    // Neither where it is reached nor which of its keys count changes anything of the DID.
    let anywhere = Endpoint::parse("http://127.0.0.1")?;
    let keys = config.data_dir.join(KEYS);
    let ran = config.tenants.iter().map(|tenant| &tenant.id).filter(|id| keys.join(id.as_str()).is_dir());
    ran.map(|id| {
        let identity = Identity::open(&keys.join(id.as_str()), &config.anchor.network, &anywhere, None)?;
        Ok((id.clone(), identity.did().to_string()))
    })
    .collect()
}

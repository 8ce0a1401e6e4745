//! Beginning from a snapshot, when a folder has no chain.

use std::path::Path;

use chain::snapshot::{self, InstallError};
use registry::Genesis;

use crate::fault::{Done, OrFault};
use crate::term;

/// Begins the chain in a folder from the newest snapshot that one of these nodes has, when there is none in it, or when
/// it shall begin `anew`. When nobody has one, it begins with block 1.
pub(crate) async fn begin(folder: &Path, genesis: &Genesis, nodes: &[String], anew: bool) -> Done {
    if nodes.is_empty() || (snapshot::is_begun(folder) && !anew) {
        return Ok(());
    }
    match snapshot::install(folder, genesis, nodes, service::clock::now(), 0).await {
        Ok(installed) => {
            let (height, from) = (installed.height, installed.from);
            term::say_line(format!("begins from the snapshot of block {height}, checked, from {from}"));
            Ok(())
        }
        Err(error @ InstallError::Nobody(_)) if anew => Err(error).or_fault("name nodes that have one"),
        Err(InstallError::Nobody(_)) => Ok(()),
        Err(error @ InstallError::File(_)) => Err(error).or_fault("free the disk, then start again"),
    }
}

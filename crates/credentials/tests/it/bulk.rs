//! Where the specifications' bulk vectors are, if they are there.

use std::path::PathBuf;

/// A folder or file of the bulk vectors: below `$HUIZHENG_VECTORS`, or beside the checkout. Says so when it is not
/// there; the small vectors restated in these tests prove the core without it.
pub(crate) fn vectors(path: &str) -> Option<PathBuf> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors"));
    let found = std::env::var_os("HUIZHENG_VECTORS").map_or_else(beside, PathBuf::from).join(path);
    if found.exists() {
        Some(found)
    } else {
        eprintln!("bulk vectors {path} are not there: set HUIZHENG_VECTORS to their folder to run them");
        None
    }
}

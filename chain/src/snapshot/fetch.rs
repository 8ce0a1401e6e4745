//! Fetching a snapshot from nodes that nobody trusts, and beginning a chain from it.

use std::path::Path;
use std::time::Duration;

use registry::api::{self, OCTETS, SNAPSHOT};
use registry::snapshot::{MAX_CHUNK_BYTES, MAX_MANIFEST_BYTES, Manifest, SnapshotError, SnapshotReader};
use registry::{BlockError, CertifiedBlock, Genesis, UnixMillis};
use reqwest::Client;
use service::outbound;

use crate::book::MAX_RECORD;
use crate::snapshot::file::{Unfinished, check_block};
use crate::snapshot::{SnapshotFileError, base_path};
use service::files::create_folder;

/// How long one answer may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How old a snapshot may be. What matters comes after it: the blocks that follow are checked one by one.
const MAX_AGE: Duration = Duration::from_secs(90 * 24 * 3600);

/// What a chain begins from now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// The block whose state it is; the next one is the first that is fetched.
    pub height: u64,
    /// The node it came from.
    pub from: String,
    /// Who was asked before, and why nothing was taken from it.
    pub refused: Vec<Refused>,
}

/// A node from which nothing was taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{url}: {reason}")]
pub struct Refused {
    /// Its base URL.
    pub url: String,
    /// Why.
    pub reason: FetchRefusal,
}

/// Why nothing is taken from a node.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchRefusal {
    /// Nobody answers there, or too much.
    #[error("it doesn't answer")]
    Unreachable,
    /// It has made no snapshot yet, or no longer has the one it named.
    #[error("it has no snapshot")]
    None,
    /// Its answer is none that a node gives.
    #[error("it doesn't answer as a node of this version does ({0})")]
    Nonsense(u16),
    /// Its snapshot is not newer than what is here.
    #[error("its snapshot is of block {height}, and block {have} is here")]
    NotNewer {
        /// Of its snapshot.
        height: u64,
        /// Of the chain here.
        have: u64,
    },
    /// Its snapshot is not the chain's state: it is damaged or lies.
    #[error("its snapshot is refused: {0}")]
    Snapshot(SnapshotError),
    /// The block it gives is not that of the snapshot.
    #[error("its snapshot's block is refused: {0}")]
    Block(BlockError),
}

/// Why a chain begins from no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// Nothing could be taken from anybody.
    #[error("no snapshot can be had{}", .0.iter().map(|refused| format!("; {refused}")).collect::<String>())]
    Nobody(Vec<Refused>),
    /// It cannot be written here.
    #[error(transparent)]
    File(#[from] SnapshotFileError),
}

/// Begins the chain in `folder` from the newest snapshot that one of these nodes hands out and that verifies from the
/// genesis on; `have` is the height of the chain that is there already, 0 for none. Whoever lies is passed over.
///
/// Interrupted at any moment it leaves the folder as it was; call it again. Call it before the chain is opened.
///
/// # Errors
/// [`InstallError`].
pub async fn install(
    folder: &Path,
    genesis: &Genesis,
    nodes: &[String],
    now: UnixMillis,
    have: u64,
) -> Result<Installed, InstallError> {
    let folder_error = |source| SnapshotFileError::Io { path: folder.to_owned(), source };
    create_folder(folder).map_err(folder_error)?;
    let http = outbound::client(TIMEOUT);
    let mut refused = Vec::new();
    let mut offers = Vec::new();
    for url in nodes {
        match manifest(&http, url, genesis, now, have).await {
            Ok(reader) => offers.push((url, reader)),
            Err(reason) => refuse(&mut refused, url, reason),
        }
    }
    // The newest first.
    offers.sort_by_key(|(_, reader)| std::cmp::Reverse(reader.manifest().header.height));
    for (url, reader) in offers {
        let height = reader.manifest().header.height;
        match take(&http, url, reader, &base_path(folder)).await {
            Ok(()) => return Ok(Installed { height, from: url.clone(), refused }),
            Err(Failure::Theirs(reason)) => refuse(&mut refused, url, reason),
            Err(Failure::Ours(error)) => return Err(error.into()),
        }
    }
    Err(InstallError::Nobody(refused))
}

fn refuse(refused: &mut Vec<Refused>, url: &str, reason: FetchRefusal) {
    tracing::warn!(%url, %reason, "nothing is taken from this node");
    refused.push(Refused { url: url.to_owned(), reason });
}

enum Failure {
    Theirs(FetchRefusal),
    Ours(SnapshotFileError),
}

impl From<FetchRefusal> for Failure {
    fn from(reason: FetchRefusal) -> Self {
        Self::Theirs(reason)
    }
}

impl From<SnapshotFileError> for Failure {
    fn from(error: SnapshotFileError) -> Self {
        Self::Ours(error)
    }
}

/// The manifest a node offers, its signatures checked.
async fn manifest(
    http: &Client,
    url: &str,
    genesis: &Genesis,
    now: UnixMillis,
    have: u64,
) -> Result<SnapshotReader, FetchRefusal> {
    let bytes = fetch(http, &format!("{url}{SNAPSHOT}"), MAX_MANIFEST_BYTES).await?;
    let manifest = Manifest::from_bytes(&bytes).map_err(FetchRefusal::Snapshot)?;
    let height = manifest.header.height;
    if height <= have {
        return Err(FetchRefusal::NotNewer { height, have });
    }
    SnapshotReader::open(manifest, &genesis.anchor(), now, MAX_AGE).map_err(FetchRefusal::Snapshot)
}

/// Fetches everything, checks it, and makes it what the chain begins from.
async fn take(http: &Client, url: &str, mut reader: SnapshotReader, base: &Path) -> Result<(), Failure> {
    let height = reader.manifest().header.height;
    let bytes = fetch(http, &format!("{url}{}", api::block_path(height)), MAX_RECORD).await?;
    let block: CertifiedBlock = borsh::from_slice(&bytes).map_err(|_| FetchRefusal::Nonsense(200))?;
    check_block(&block, &reader).map_err(FetchRefusal::Block)?;
    let mut unfinished = Unfinished::begin(base, reader.manifest().clone(), url.to_owned(), block)?;
    while let Some(chunk) = reader.wants() {
        let path = api::snapshot_chunk_path(height, chunk);
        let bytes = fetch(http, &format!("{url}{path}"), MAX_CHUNK_BYTES + 1).await?;
        reader.take(&bytes).map_err(FetchRefusal::Snapshot)?;
        unfinished.add(&bytes)?;
    }
    reader.finish().map_err(FetchRefusal::Snapshot)?;
    unfinished.finish()?;
    Ok(())
}

async fn fetch(http: &Client, url: &str, limit: usize) -> Result<Vec<u8>, FetchRefusal> {
    let answer = http.get(url).header("accept", OCTETS).send().await;
    let answer = answer.map_err(|_| FetchRefusal::Unreachable)?;
    match answer.status().as_u16() {
        200 => outbound::body(answer, limit).await.map_err(|_| FetchRefusal::Unreachable),
        404 | 410 => Err(FetchRefusal::None),
        status => Err(FetchRefusal::Nonsense(status)),
    }
}

//! `huizheng follow`: a checked copy of another node's chain, for reading.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chain::follower::{self, FollowError};
use chain::snapshot::SnapshotConfig;
use chain::{FollowerConfig, FollowerLedger, Ledger, Node, NodeConfig};
use clap::Args;
use registry::{Anchor, Genesis};
use url::Url;

use crate::fault::{Done, Fault, OrFault};
use crate::term::{self, Ink, Paint};

/// It hands out a snapshot after so many blocks, as validators do.
const SNAPSHOT_EVERY: u64 = 1_000;

/// `huizheng follow …`
#[derive(Debug, Clone, Args)]
pub struct FollowArgs {
    /// The node to follow.
    pub url: Url,
    /// The trust anchor as JSON, from somebody you trust; needed the first time.
    #[arg(long, value_name = "FILE")]
    pub anchor: Option<PathBuf>,
    /// Where to answer [0 as port takes any free one].
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7180")]
    pub addr: SocketAddr,
}

/// Follows until Ctrl-C, or until a block does not verify.
pub async fn run(data: &Path, args: FollowArgs) -> Done {
    let upstream = args.url.as_str().trim_end_matches('/').to_owned();
    let folder = data.join("follower");
    let genesis = match &args.anchor {
        Some(file) => Some(anchored_genesis(&folder, file, &upstream).await?),
        None if folder.join("genesis.json").exists() => None,
        None => {
            return Err(Fault::new(
                "there is no chain to go on with here",
                "name the trust anchor with --anchor FILE; take it from somebody you trust, not from the node",
            ));
        }
    };
    if let Some(genesis) = &genesis {
        crate::network::begin(&folder, genesis, std::slice::from_ref(&upstream), false).await?;
    }
    let snapshots = Some(SnapshotConfig { folder: folder.clone(), every: SNAPSHOT_EVERY });
    let ledger = FollowerLedger::open(FollowerConfig { folder, upstream: upstream.clone() }, genesis);
    let ledger = Arc::new(ledger.or_fault("name another folder with --data, or restore this one")?);
    let failure = ledger.failure();
    let config = NodeConfig { snapshots, ..NodeConfig::new(args.addr) };
    let node = Node::bind(config, Arc::clone(&ledger) as Arc<dyn Ledger>);
    let node = node.await.or_fault("choose another address with --addr")?;
    let paint = Paint::stdout();
    let height = ledger.tip().header.height;
    term::say(format!(
        "following {upstream} from block {height}\n{} {}\n",
        node.base_url(),
        paint.text(Ink::Faint, "(Ctrl-C ends it; everything is kept)"),
    ));
    let failed = tokio::select! {
        () = service::server::shutdown_signal() => None,
        error = failure => Some(error),
    };
    node.shutdown().await;
    match failed {
        None => Ok(()),
        Some(error) => Err(stopped(&error)),
    }
}

fn stopped(error: &FollowError) -> Fault {
    let todo = match error {
        FollowError::Block { .. } => {
            "tell whoever runs that node, and follow another; what was taken is sound"
        }
        FollowError::Disk { .. } => "free the disk and start again",
    };
    Fault::new(error.to_string(), todo)
}

/// The genesis that the node claims, if it is that of the pinned chain; the one in the folder, if there is one.
async fn anchored_genesis(folder: &Path, file: &Path, upstream: &str) -> Done<Genesis> {
    let todo = "name the trust anchor's JSON with --anchor FILE";
    let bytes = std::fs::read(file).or_fault(format!("{} can't be read; {todo}", file.display()))?;
    let anchor: Anchor = serde_json::from_slice(&bytes).or_fault(todo)?;
    let kept = std::fs::read(folder.join("genesis.json")).ok();
    let kept = kept.and_then(|bytes| serde_json::from_slice::<Genesis>(&bytes).ok());
    let genesis = match kept {
        Some(genesis) => genesis,
        None => follower::genesis(upstream).await.or_fault("check the node's address")?,
    };
    if follower::is_of(&genesis, &anchor) {
        Ok(genesis)
    } else {
        Err(Fault::new(
            format!("{upstream} is a node of another chain than {}", file.display()),
            "check the address and the anchor; with the wrong one, nothing that is shown could be trusted",
        ))
    }
}

//! `huizheng node`: one validator, until it is told to stop.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use chain::snapshot::SnapshotConfig;
use chain::{Ledger, NetworkConfig, NetworkLedger, Node, NodeConfig};

use super::home::Home;
use crate::fault::{Done, OrFault};
use crate::term;

/// Runs the validator in a folder. `with_parent`: until standard input ends, too. `anew`: begins again from a snapshot.
pub async fn run(home: &Path, with_parent: bool, anew: bool) -> Done {
    let home = Home::read(home)?;
    let config = NetworkConfig::new(&home.folder, home.settings.name.clone(), home.peers());
    for name in home.unprotected() {
        tracing::warn!(%name, "this key has no passphrase: `huizheng key protect` gives it one");
    }
    let Home { folder, genesis, validator, network, settings } = home;
    super::begin(&folder, &genesis, &settings.snapshots_from, anew).await?;
    let ledger = NetworkLedger::open(config, Some(genesis), Arc::new(validator), &network).await;
    let ledger: Arc<dyn Ledger> =
        Arc::new(ledger.or_fault("look at the node's folder and ports; --log info shows more")?);
    let every = settings.snapshot_every;
    let snapshots = (every > 0).then_some(SnapshotConfig { folder, every });
    let node = Node::bind(NodeConfig { snapshots, ..NodeConfig::new(settings.http) }, ledger).await;
    let node = node.or_fault("stop the other program, or change `http` in node.toml")?;
    term::say_line(format!("{} answers at {}", settings.name, node.base_url()));
    tokio::select! {
        () = service::server::shutdown_signal() => {}
        () = parent_is_gone(), if with_parent => {}
    }
    node.shutdown().await;
    Ok(())
}

/// Whoever started this node holds the other end of its standard input.
async fn parent_is_gone() {
    let (gone, told) = tokio::sync::oneshot::channel::<()>();
    // A thread that nobody waits for: one of the runtime's own would keep a node that is told to stop from ending.
    std::thread::spawn(move || {
        let (mut input, mut byte) = (std::io::stdin().lock(), [0]);
        while matches!(input.read(&mut byte), Ok(count) if count > 0) {}
        drop(gone);
    });
    _ = told.await;
}

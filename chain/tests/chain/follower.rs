//! A node that follows another: takes what verifies, and nothing else.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chain::follower::FollowError;
use chain::solo::{BlockFlaw, OpenError};
use chain::{FollowerConfig, FollowerLedger, Ledger};
use registry::api::{self, HeadResponse, frame_blocks};
use registry::build::ValidatorSigner;
use registry::{
    BlockError, CertificateError, CertifiedBlock, Genesis, Hash32, RecordKey, TransactionError, UnixMillis,
    transaction_root, verify,
};
use service::{Layers, Server};

use crate::fixture::{VALIDATOR, create, genesis, open, signer};
use crate::running::{Running, node, problem};

const LONG: Duration = Duration::from_secs(60);

fn follow(folder: &std::path::Path, upstream: &str) -> FollowerLedger {
    let config = FollowerConfig { folder: folder.to_owned(), upstream: upstream.to_owned() };
    FollowerLedger::open(config, Some(genesis())).unwrap()
}

async fn reaches(ledger: &dyn Ledger, height: u64) {
    let mut tips = ledger.follow();
    let reached = tips.wait_for(|tip| tip.header.height >= height);
    tokio::time::timeout(LONG, reached).await.unwrap().unwrap();
}

#[tokio::test]
async fn it_catches_up_follows_live_and_serves_what_it_checked() {
    let upstream = node().await;
    for n in 1..=150 {
        upstream.done(&create(n).1).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let ledger = Arc::new(follow(folder.path(), &upstream.node.base_url()));
    let follower = Running::serve(Arc::clone(&ledger) as Arc<dyn Ledger>, folder, |config| config).await;
    reaches(ledger.as_ref(), 151).await;
    let (did, transaction) = create(200);
    let done = upstream.done(&transaction).await;
    reaches(ledger.as_ref(), done.height).await;

    let theirs: HeadResponse = upstream.read(api::HEAD).await;
    assert_eq!(follower.read::<HeadResponse>(api::HEAD).await, theirs);
    assert_eq!(follower.read::<api::SubmitResponse>(&api::transaction_path(&done.hash)).await, done);
    let proven = ledger.tip().prove(&RecordKey::Did(did));
    let proven = verify(&proven, &genesis().anchor(), theirs.time, Duration::from_secs(1)).unwrap();
    assert!(proven.record().is_some());
    let refused = problem(follower.submit(&create(201).1).await, 503, api::FOLLOWS_ONLY).await;
    assert_eq!(refused["upstream"], upstream.node.base_url());
    assert_eq!(follower.get(api::READY).await.status(), StatusCode::OK.as_u16());
}

#[tokio::test]
async fn a_follower_of_a_follower_ends_up_with_the_same_chain() {
    let upstream = node().await;
    upstream.done(&create(1).1).await;
    let folder = tempfile::tempdir().unwrap();
    let first = Arc::new(follow(folder.path(), &upstream.node.base_url()));
    let between = Running::serve(Arc::clone(&first) as Arc<dyn Ledger>, folder, |config| config).await;
    let folder = tempfile::tempdir().unwrap();
    let second = follow(folder.path(), &between.node.base_url());
    let done = upstream.done(&create(2).1).await;
    reaches(&second, done.height).await;
    assert_eq!(second.tip().header, upstream.node.ledger().tip().header);
}

#[tokio::test]
async fn killed_and_started_again_it_goes_on() {
    let upstream = node().await;
    let folder = tempfile::tempdir().unwrap();
    for n in 1..=20 {
        let ledger = follow(folder.path(), &upstream.node.base_url());
        let done = upstream.done(&create(n).1).await;
        if n % 2 == 0 {
            // Dropped wherever it is.
            drop(ledger);
            continue;
        }
        reaches(&ledger, done.height).await;
        assert!(ledger.transaction(&done.hash).is_some());
        ledger.shutdown().await;
    }
    // A block that was half written when the power went.
    let log = folder.path().join("blocks.log");
    let bytes = std::fs::read(&log).unwrap();
    std::fs::remove_dir_all(folder.path().join("index")).unwrap();
    std::fs::write(&log, &bytes[..bytes.len() - 7]).unwrap();
    let ledger = follow(folder.path(), &upstream.node.base_url());
    reaches(&ledger, upstream.node.ledger().tip().header.height).await;
    assert_eq!(ledger.tip().header, upstream.node.ledger().tip().header);
    let other = Genesis { time: UnixMillis(5), ..genesis() };
    drop(ledger);
    let config = FollowerConfig { folder: folder.path().to_owned(), upstream: upstream.node.base_url() };
    assert!(matches!(FollowerLedger::open(config, Some(other)), Err(OpenError::OtherGenesis)));
}

/// Blocks 1 to 4 of a chain, the last three with a transaction each.
async fn blocks() -> Vec<CertifiedBlock> {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    for n in 1..=3 {
        ledger.submit(create(n).1).await.unwrap();
    }
    let mut blocks = Vec::new();
    for height in 1..=4 {
        blocks.push(ledger.block(height).await.unwrap().unwrap());
    }
    blocks
}

/// A node that hands out exactly these.
async fn serve(blocks: Vec<CertifiedBlock>) -> service::Running {
    type Blocks = Arc<Mutex<Vec<CertifiedBlock>>>;
    async fn row(State(blocks): State<Blocks>, Path(from): Path<usize>) -> Response {
        let blocks = blocks.lock().unwrap();
        match blocks.get(from - 1..).unwrap_or_default() {
            [] => StatusCode::NOT_FOUND.into_response(),
            blocks => frame_blocks(blocks).into_response(),
        }
    }
    let router = Router::new().route("/v1/blocks/{from}", get(row)).with_state(Arc::new(Mutex::new(blocks)));
    Server::bind(([127, 0, 0, 1], 0).into(), Layers::default().wrap(router)).await.unwrap()
}

/// What the follower says of a chain whose third block was changed like this; it must have taken the first two.
async fn refusal(change: impl FnOnce(&mut CertifiedBlock)) -> BlockFlaw {
    let mut blocks = blocks().await;
    change(&mut blocks[2]);
    let liar = serve(blocks.clone()).await;
    let folder = tempfile::tempdir().unwrap();
    let ledger = follow(folder.path(), &liar.base_url());
    let failure = tokio::time::timeout(LONG, ledger.failure()).await.unwrap();
    assert_eq!(ledger.tip().header, blocks[1].block.header, "what verified was taken, and nothing else");
    assert!(!ledger.is_ready());
    let FollowError::Block { height, flaw, .. } = &*failure else { unreachable!("{failure}") };
    assert_eq!(*height, 3);
    *flaw
}

/// Signed by the real validator: what only the follower's own execution can find.
fn certify(block: &mut CertifiedBlock) {
    *block = signer(VALIDATOR).certify(block.block.clone()).unwrap();
}

#[tokio::test]
async fn a_wrong_state_root_is_refused_though_the_validator_signed_it() {
    let flaw = refusal(|block| {
        block.block.header.state_root = Hash32::of(b"another state");
        certify(block);
    });
    assert_eq!(flaw.await, BlockFlaw::StateRoot);
}

#[tokio::test]
async fn a_forged_certificate_is_refused() {
    let flaw = refusal(|block| block.certificate.signatures[0].signature[9] ^= 1).await;
    assert_eq!(flaw, BlockFlaw::Block(BlockError::Certificate(CertificateError::Signature(0))));
    let flaw = refusal(|block| block.certificate.signatures.clear()).await;
    let none = CertificateError::QuorumTooSmall { have: 0, total: 1 };
    assert_eq!(flaw, BlockFlaw::Block(BlockError::Certificate(none)));
}

#[tokio::test]
async fn a_dropped_transaction_is_refused() {
    let flaw = refusal(|block| block.block.transactions.clear()).await;
    assert_eq!(flaw, BlockFlaw::Block(BlockError::Transactions));
}

#[tokio::test]
async fn another_chains_block_is_refused() {
    let flaw = refusal(|block| {
        block.block.header.chain_id = Hash32::of(b"another chain");
        certify(block);
    });
    assert_eq!(flaw.await, BlockFlaw::Block(BlockError::WrongChain));
}

#[tokio::test]
async fn a_block_out_of_its_place_is_refused() {
    let flaw = refusal(|block| {
        block.block.header.previous = Hash32::of(b"another block");
        certify(block);
    });
    assert_eq!(flaw.await, BlockFlaw::Order);
    let flaw = refusal(|block| {
        block.block.header.time = UnixMillis(1);
        certify(block);
    });
    assert_eq!(flaw.await, BlockFlaw::Order);
}

#[tokio::test]
async fn a_transaction_nobody_signed_is_refused_though_the_validator_took_it() {
    let flaw = refusal(|block| {
        block.block.transactions[0].signatures[0].signature[3] ^= 1;
        block.block.header.tx_root =
            transaction_root(block.block.transactions.iter().map(registry::Transaction::hash));
        certify(block);
    });
    assert_eq!(flaw.await, BlockFlaw::Transaction(TransactionError::Signature(0)));
}

#[tokio::test]
async fn the_genesis_is_believed_only_under_the_anchor() {
    let upstream = node().await;
    let claimed = chain::follower::genesis(&upstream.node.base_url()).await.unwrap();
    assert!(chain::follower::is_of(&claimed, &genesis().anchor()));
    let other = Genesis { time: UnixMillis(5), ..genesis() };
    assert!(!chain::follower::is_of(&claimed, &other.anchor()));
    let addr = upstream.node.addr();
    upstream.node.shutdown().await;
    chain::follower::genesis(&format!("http://{addr}")).await.unwrap_err();
}

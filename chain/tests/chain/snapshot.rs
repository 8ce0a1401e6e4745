//! Nodes that begin from another's snapshot: with the chain's state, from a node that lies with nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chain::snapshot::{FetchRefusal, InstallError, Installed, SnapshotConfig, install};
use chain::solo::OpenError;
use chain::{BlockReadError, FollowerConfig, FollowerLedger, Ledger, NodeConfig};
use registry::api::{self, OCTETS, SNAPSHOT, block_path, snapshot_chunk_path};
use registry::snapshot::{Manifest, SnapshotError};
use registry::{BlockError, CertificateError, CertifiedBlock, Genesis, RecordKey, UnixMillis, verify};
use service::{Layers, Server};

use crate::fixture::{create, genesis, list, open, transaction};
use crate::running::{Running, problem};

const LONG: Duration = Duration::from_secs(60);

fn now() -> UnixMillis {
    service::clock::now()
}

/// A node that makes a snapshot after every so many blocks.
async fn making(every: u64) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let snapshots = Some(SnapshotConfig { folder: folder.path().to_owned(), every });
    let ledger: Arc<dyn Ledger> = Arc::new(open(folder.path()));
    Running::serve(ledger, folder, |config| NodeConfig { snapshots, ..config }).await
}

/// Its newest snapshot's manifest, once it is of this height or later.
async fn newest(running: &Running, height: u64) -> Manifest {
    let wait = async {
        loop {
            let request = running.client.get(running.url(SNAPSHOT)).header("accept", OCTETS);
            let answer = request.send().await.unwrap();
            if answer.status() == StatusCode::OK.as_u16() {
                let manifest = Manifest::from_bytes(&answer.bytes().await.unwrap()).unwrap();
                if manifest.header.height >= height {
                    return manifest;
                }
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LONG, wait).await.unwrap()
}

fn follow(folder: &std::path::Path, upstream: &str, genesis: Option<Genesis>) -> FollowerLedger {
    let config = FollowerConfig { folder: folder.to_owned(), upstream: upstream.to_owned() };
    FollowerLedger::open(config, genesis).unwrap()
}

async fn reaches(ledger: &dyn Ledger, height: u64) {
    let mut tips = ledger.follow();
    let reached = tips.wait_for(|tip| tip.header.height >= height);
    tokio::time::timeout(LONG, reached).await.unwrap().unwrap();
}

async fn begin(folder: &std::path::Path, nodes: &[String]) -> Result<Installed, InstallError> {
    install(folder, &genesis(), nodes, now(), 0).await
}

#[tokio::test]
async fn a_node_begins_from_a_snapshot_and_takes_only_the_blocks_after_it() {
    let upstream = making(10).await;
    problem(upstream.get(SNAPSHOT).await, 404, "not-found").await;
    for n in 1..=25 {
        upstream.done(&create(n).1).await;
    }
    let manifest = newest(&upstream, 11).await;
    let from = manifest.header.height;
    let url = upstream.node.base_url();
    let folder = tempfile::tempdir().unwrap();
    let installed = begin(folder.path(), std::slice::from_ref(&url)).await.unwrap();
    assert_eq!(installed, Installed { height: from, from: url.clone(), refused: vec![] });

    let last = upstream.done(&create(30).1).await;
    let nowhere = "http://127.0.0.1:9".to_owned();
    let ledger = follow(folder.path(), &nowhere, Some(genesis()));
    assert_eq!(ledger.tip().header, manifest.header, "it is there before anybody was asked");
    drop(ledger);
    // Then the blocks after it, and over restarts, with and without its index.
    for n in 31..=34 {
        let ledger = follow(folder.path(), &url, None);
        reaches(&ledger, last.height).await;
        let done = upstream.done(&create(n).1).await;
        reaches(&ledger, done.height).await;
        assert_eq!(ledger.tip().state.root(), upstream.node.ledger().tip().state.root());
        drop(ledger);
        if n % 2 == 0 {
            std::fs::remove_dir_all(folder.path().join("index")).unwrap();
        }
    }
    // A record from before the snapshot is proven as ever.
    let ledger = Arc::new(follow(folder.path(), &url, None));
    let proven = ledger.tip().prove(&RecordKey::Did(create(3).0));
    let proven = verify(&proven, &genesis().anchor(), ledger.tip().header.time, LONG).unwrap();
    assert!(proven.record().is_some());

    // Earlier blocks are refused by name, with where the chain begins here and who may have more.
    let refused = ledger.block(from - 1).await.unwrap_err();
    assert!(matches!(refused, BlockReadError::Pruned { first, .. } if first == from), "{refused}");
    assert!(ledger.block(from).await.unwrap().is_some());
    let listed = ledger.blocks(u64::MAX, 1000).await.unwrap();
    assert_eq!(listed.last().map(|block| block.height), Some(from));
    let tip = ledger.tip().header.height;
    let follower = Running::serve(ledger, folder, |config| config).await;
    for path in [block_path(from - 1), api::block_range_path(from - 1, 5)] {
        let gone = problem(follower.get(&path).await, 410, api::BLOCK_PRUNED).await;
        assert_eq!((&gone["first"], &gone["elsewhere"]), (&from.into(), &url.clone().into()));
    }
    assert_eq!(follower.get(&format!("/blocks/{}", from - 1)).await.status(), 410);
    assert_eq!(follower.get(&format!("/blocks/{from}")).await.status(), 200);
    assert!(tip > last.height);
}

#[tokio::test]
async fn a_node_that_is_far_behind_begins_again_and_one_that_is_not_is_left_alone() {
    let upstream = making(10).await;
    let url = upstream.node.base_url();
    let folder = tempfile::tempdir().unwrap();
    for n in 1..=3 {
        upstream.done(&create(n).1).await;
    }
    let ledger = follow(folder.path(), &url, Some(genesis()));
    reaches(&ledger, 3).await;
    let have = ledger.tip().header.height;
    drop(ledger);
    for n in 4..=25 {
        upstream.done(&create(n).1).await;
    }
    let from = newest(&upstream, 11).await.header.height;
    let installed = install(folder.path(), &genesis(), std::slice::from_ref(&url), now(), have).await;
    assert_eq!(installed.unwrap().height, from);
    let ledger = follow(folder.path(), &url, None);
    reaches(&ledger, upstream.node.ledger().tip().header.height).await;
    assert!(ledger.block(1).await.is_err(), "the old blocks are gone");
    let have = ledger.tip().header.height;
    drop(ledger);
    let again = install(folder.path(), &genesis(), &[url], now(), have).await.unwrap_err();
    let InstallError::Nobody(refused) = again else { unreachable!("{again}") };
    assert!(matches!(refused[0].reason, FetchRefusal::NotNewer { .. }));
}

#[tokio::test]
async fn a_snapshot_of_a_block_that_is_there_shortens_the_log_and_loses_nothing() {
    let upstream = making(10).await;
    let url = upstream.node.base_url();
    for n in 1..=14 {
        upstream.done(&create(n).1).await;
    }
    let from = newest(&upstream, 10).await.header.height;
    let folder = tempfile::tempdir().unwrap();
    let tip = upstream.node.ledger().tip().header.clone();
    let ledger = follow(folder.path(), &url, Some(genesis()));
    reaches(&ledger, tip.height).await;
    drop(ledger);
    let log = folder.path().join("blocks.log");
    let long = std::fs::metadata(&log).unwrap().len();
    begin(folder.path(), std::slice::from_ref(&url)).await.unwrap();
    for _ in 0..2 {
        let ledger = follow(folder.path(), "http://127.0.0.1:9", None);
        assert_eq!(ledger.tip().header, tip, "the blocks after it were kept");
        assert!(ledger.block(from - 1).await.is_err());
        for height in from..=tip.height {
            let block = ledger.block(height).await.unwrap();
            assert_eq!(block, upstream.node.ledger().block(height).await.unwrap(), "block {height}");
        }
    }
    assert!(std::fs::metadata(&log).unwrap().len() < long);
    // A log that is lost is missed, here as on any chain: nobody goes back behind what was on disk unnoticed.
    std::fs::remove_file(&log).unwrap();
    let config = FollowerConfig { folder: folder.path().to_owned(), upstream: url };
    assert!(matches!(FollowerLedger::open(config, None), Err(OpenError::BlocksMissing { .. })));
}

/// What a node would answer, to be changed.
type Answers = HashMap<String, Vec<u8>>;

async fn answers(upstream: &Running, manifest: &Manifest) -> Answers {
    let height = manifest.header.height;
    let chunks = (0..manifest.chunks.len()).map(|chunk| snapshot_chunk_path(height, chunk));
    let paths = [SNAPSHOT.to_owned(), block_path(height)].into_iter().chain(chunks);
    let mut answers = Answers::new();
    for path in paths {
        let answer = upstream.client.get(upstream.url(&path)).header("accept", OCTETS).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answers.insert(path, answer.bytes().await.unwrap().to_vec());
    }
    answers
}

async fn serve(answers: Answers) -> service::Running {
    async fn answer(State(answers): State<Arc<Mutex<Answers>>>, path: Uri) -> Response {
        let found = answers.lock().unwrap().get(path.path()).cloned();
        found.map_or(StatusCode::NOT_FOUND.into_response(), IntoResponse::into_response)
    }
    let router = Router::new().route("/{*path}", get(answer)).with_state(Arc::new(Mutex::new(answers)));
    Server::bind(([127, 0, 0, 1], 0).into(), Layers::default().wrap(router)).await.unwrap()
}

#[tokio::test]
async fn lying_nodes_are_refused_by_name_and_another_is_asked() {
    let upstream = making(10).await;
    let (did, first) = create(1);
    upstream.done(&first).await;
    for number in 0..12 {
        upstream.done(&transaction(&did, 1, u64::from(number) + 1, list(number))).await;
    }
    let manifest = newest(&upstream, 10).await;
    let height = manifest.header.height;
    let truth = answers(&upstream, &manifest).await;
    let with_manifest = |change: fn(&mut Manifest)| {
        let mut manifest = manifest.clone();
        change(&mut manifest);
        let mut answers = truth.clone();
        answers.insert(SNAPSHOT.to_owned(), manifest.to_bytes());
        answers
    };
    let with_bytes = |path: String, change: fn(&mut Vec<u8>)| {
        let mut answers = truth.clone();
        change(answers.get_mut(&path).unwrap());
        answers
    };
    let chunk = snapshot_chunk_path(height, 0);
    let other_block: CertifiedBlock = upstream.node.ledger().block(2).await.unwrap().unwrap();
    let mut exchanged = truth.clone();
    exchanged.insert(block_path(height), borsh::to_vec(&other_block).unwrap());
    let snapshot = FetchRefusal::Snapshot;
    let lies = [
        (
            "a root of its own",
            with_manifest(|m| m.header.state_root.0[0] ^= 1),
            snapshot(SnapshotError::OtherBlock),
        ),
        (
            "a signature of its own",
            with_manifest(|m| m.certificate.signatures[0].signature[1] ^= 1),
            snapshot(SnapshotError::Certificate(CertificateError::Signature(0))),
        ),
        (
            "another chain",
            with_manifest(|m| m.header.chain_id.0[0] ^= 1),
            snapshot(SnapshotError::WrongChain),
        ),
        (
            "another number of records",
            with_manifest(|m| m.records += 1),
            snapshot(SnapshotError::Count { have: manifest.records, said: manifest.records + 1 }),
        ),
        (
            "no manifest",
            with_bytes(SNAPSHOT.to_owned(), |b| b.truncate(9)),
            snapshot(SnapshotError::ManifestMalformed),
        ),
        (
            "a changed chunk",
            with_bytes(chunk, |b| b[40] ^= 1),
            snapshot(SnapshotError::ChunkDamaged { chunk: 0 }),
        ),
        ("another block", exchanged, FetchRefusal::Block(BlockError::OtherBlock)),
        ("no block", with_bytes(block_path(height), |b| b.truncate(100)), FetchRefusal::Nonsense(200)),
    ];
    let good = upstream.node.base_url();
    let folder = tempfile::tempdir().unwrap();
    for (name, answers, reason) in lies {
        let liar = serve(answers).await;
        let refused = begin(folder.path(), &[liar.base_url()]).await.unwrap_err();
        let InstallError::Nobody(refused) = refused else { unreachable!("{refused}") };
        assert_eq!((&refused[0].url, &refused[0].reason), (&liar.base_url(), &reason), "{name}");
        assert!(!folder.path().join("base.snapshot").exists(), "{name}: nothing of it is used");
        // What was left unfinished is in nobody's way, and the next node is asked.
        let installed = begin(folder.path(), &[liar.base_url(), good.clone()]).await.unwrap();
        assert_eq!((installed.height, installed.from, installed.refused.len()), (height, good.clone(), 1));
        std::fs::remove_file(folder.path().join("base.snapshot")).unwrap();
    }
    let nowhere = "http://127.0.0.1:9".to_owned();
    let refused = begin(folder.path(), &[nowhere]).await.unwrap_err();
    assert!(
        matches!(refused, InstallError::Nobody(refused) if refused[0].reason == FetchRefusal::Unreachable)
    );
}

#[tokio::test]
async fn interrupted_at_any_byte_it_leaves_the_folder_as_it_was() {
    let upstream = making(5).await;
    for n in 1..=6 {
        upstream.done(&create(n).1).await;
    }
    newest(&upstream, 5).await;
    let url = upstream.node.base_url();
    let whole = {
        let folder = tempfile::tempdir().unwrap();
        begin(folder.path(), std::slice::from_ref(&url)).await.unwrap();
        std::fs::read(folder.path().join("base.snapshot")).unwrap()
    };
    for length in (0..whole.len()).step_by(331) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("base.unfinished"), &whole[..length]).unwrap();
        let ledger = follow(folder.path(), "http://127.0.0.1:9", Some(genesis()));
        assert_eq!(ledger.tip().header.height, 0, "cut at {length}");
        drop(ledger);
        let installed = begin(folder.path(), std::slice::from_ref(&url)).await.unwrap();
        let ledger = follow(folder.path(), "http://127.0.0.1:9", None);
        assert_eq!(ledger.tip().header.height, installed.height, "cut at {length}");
    }
    // One that was whole once and is not any more is noticed, at whichever byte.
    for at in (0..whole.len()).step_by(97) {
        let folder = tempfile::tempdir().unwrap();
        let mut damaged = whole.clone();
        damaged[at] ^= 0x20;
        std::fs::write(folder.path().join("base.snapshot"), damaged).unwrap();
        let config = FollowerConfig { folder: folder.path().to_owned(), upstream: url.clone() };
        let opened = FollowerLedger::open(config, Some(genesis()));
        assert!(matches!(opened, Err(OpenError::Base(_))), "byte {at}");
    }
}

#[tokio::test]
async fn two_snapshots_are_kept_and_old_states_are_let_go() {
    let upstream = making(4).await;
    let mut weak = Vec::new();
    for n in 1..=30 {
        upstream.done(&create(n).1).await;
        weak.push(Arc::downgrade(&upstream.node.ledger().tip()));
        if n % 5 == 0 {
            newest(&upstream, n - 4).await;
        }
    }
    // The one before is removed once the newest is there.
    let kept = || std::fs::read_dir(upstream.folder.path().join("snapshots")).unwrap().count();
    let settled = async {
        while kept() != 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LONG, settled).await.unwrap();
    // Only the newest state lives on: no older version of the tree is held by anything.
    let gone = async {
        while weak.iter().filter(|tip| tip.upgrade().is_some()).count() > 1 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LONG, gone).await.unwrap();
}

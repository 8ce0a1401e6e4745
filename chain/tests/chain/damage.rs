//! What can happen to a node's folder, and what opening it then does.

use std::fs;
use std::path::Path;

use chain::solo::{LogError, OpenError};
use chain::{Ledger, SoloLedger};
use registry::Hash32;

use crate::fixture::{config, create, open, try_open};

/// A folder with three blocks of one transaction each after the first, closed. Gives the log's length before and after
/// the last block, and the last two block ids.
async fn folder() -> (tempfile::TempDir, [usize; 2], [Hash32; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let length = || fs::metadata(log(folder.path())).unwrap().len() as usize;
    let (mut lengths, mut ids) = ([0; 2], [Hash32::ZERO; 2]);
    for n in 1..=3 {
        lengths[0] = length();
        ids[0] = ledger.tip().header.id();
        ledger.submit(create(n).1).await.unwrap();
    }
    lengths[1] = length();
    ids[1] = ledger.tip().header.id();
    drop(ledger);
    (folder, lengths, ids)
}

fn log(folder: &Path) -> std::path::PathBuf {
    folder.join("blocks.log")
}

/// The id of the block before the one that opening makes.
async fn last_before_opening(ledger: &SoloLedger) -> Hash32 {
    ledger.tip().header.previous
}

fn copy_of(folder: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    copy_into(folder, copy.path());
    copy
}

fn copy_into(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_into(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[tokio::test]
async fn a_log_torn_in_its_last_record_is_cut_there() {
    let (folder, [before, after], [previous, last]) = folder().await;
    fs::remove_dir_all(folder.path().join("index")).unwrap();
    let bytes = fs::read(log(folder.path())).unwrap();
    assert_eq!(bytes.len(), after);
    let within = [0, 1, 4, 8, 23, 24, 25, 200].map(|at| before + at);
    for length in within.into_iter().chain([after - 1, after]) {
        fs::write(log(folder.path()), &bytes[..length]).unwrap();
        let ledger = open(folder.path());
        let expected = if length == after { last } else { previous };
        assert_eq!(last_before_opening(&ledger).await, expected, "cut at {length} of {after}");
        assert_eq!(ledger.transaction(&create(3).1.hash()).is_some(), length == after);
        drop(ledger);
        fs::remove_dir_all(folder.path().join("index")).unwrap();
    }
}

#[tokio::test]
async fn a_last_record_of_garbage_is_cut_too() {
    let (folder, [before, after], [previous, _]) = folder().await;
    let bytes = fs::read(log(folder.path())).unwrap();
    for (name, damage) in [("zeros", 0x00_u8), ("ones", 0xff)] {
        for from in [before, before + 4, before + 8, before + 24, after - 1] {
            let _ = fs::remove_dir_all(folder.path().join("index"));
            let mut damaged = bytes.clone();
            let changed = if damaged[from] == damage { damage ^ 0x55 } else { damage };
            damaged[from..].fill(changed);
            fs::write(log(folder.path()), &damaged).unwrap();
            let ledger = open(folder.path());
            assert_eq!(last_before_opening(&ledger).await, previous, "{name} from {from}");
            drop(ledger);
        }
    }
}

#[tokio::test]
async fn a_last_block_that_was_indexed_is_put_back() {
    let (folder, [before, after], [_, last]) = folder().await;
    let bytes = fs::read(log(folder.path())).unwrap();
    for length in [before, before + 1, (before + after) / 2, after - 1] {
        let copy = copy_of(folder.path());
        fs::write(log(copy.path()), &bytes[..length]).unwrap();
        let ledger = open(copy.path());
        assert_eq!(last_before_opening(&ledger).await, last, "cut at {length}");
        assert!(ledger.transaction(&create(3).1.hash()).is_some());
        ledger.submit(create(4).1).await.unwrap();
    }
}

#[tokio::test]
async fn more_missing_than_can_be_put_back_is_refused() {
    let (folder, [before, _], _) = folder().await;
    let bytes = fs::read(log(folder.path())).unwrap();
    fs::write(log(folder.path()), &bytes[..before - 10]).unwrap();
    match try_open(config(folder.path())) {
        Err(OpenError::BlocksMissing { log: 2, index: 4 }) => {}
        other => panic!("{:?}", other.err()),
    }
    fs::remove_dir_all(folder.path().join("index")).unwrap();
    let ledger = open(folder.path());
    assert_eq!(ledger.tip().header.height, 3, "without the index the loss is accepted");
}

#[tokio::test]
async fn damage_before_the_last_record_is_never_cut() {
    let (folder, [before, after], _) = folder().await;
    fs::remove_dir_all(folder.path().join("index")).unwrap();
    let bytes = fs::read(log(folder.path())).unwrap();
    for at in (40..before).step_by(37) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        fs::write(log(folder.path()), &damaged).unwrap();
        match try_open(config(folder.path())) {
            Err(OpenError::Log(LogError::Damaged { .. })) => {}
            other => panic!("byte {at}: {:?}", other.err()),
        }
        assert_eq!(fs::metadata(log(folder.path())).unwrap().len(), after as u64, "nothing is cut");
        let _ = fs::remove_dir_all(folder.path().join("index"));
    }
}

#[tokio::test]
async fn another_file_in_the_logs_place_is_refused() {
    let (folder, _, _) = folder().await;
    let bytes = fs::read(log(folder.path())).unwrap();
    let mut other_chain = bytes.clone();
    other_chain[20] ^= 1;
    fs::write(log(folder.path()), &other_chain).unwrap();
    assert!(matches!(try_open(config(folder.path())), Err(OpenError::Log(LogError::OtherChain))));
    let mut other_file = bytes;
    other_file[0] ^= 1;
    fs::write(log(folder.path()), &other_file).unwrap();
    assert!(matches!(try_open(config(folder.path())), Err(OpenError::Log(LogError::OtherFile))));
}

#[tokio::test]
async fn an_index_that_is_gone_old_or_damaged_is_built_again() {
    let (folder, _, [_, last]) = folder().await;
    let old = copy_of(&folder.path().join("index"));
    {
        let ledger = open(folder.path());
        ledger.submit(create(4).1).await.unwrap();
    }
    let state = {
        let ledger = open(folder.path());
        ledger.tip().header.state_root
    };
    let index = folder.path().join("index");
    let check = |name: &str| {
        let ledger = open(folder.path());
        assert_eq!(ledger.tip().header.state_root, state, "{name}");
        let (did, _) = create(4);
        assert_eq!(ledger.tip().nonce(&registry::Author::Did(did)).unwrap(), 1, "{name}");
    };
    fs::remove_dir_all(&index).unwrap();
    check("gone");
    fs::remove_dir_all(&index).unwrap();
    copy_into(old.path(), &index);
    check("old");
    let database = |index: &Path| {
        let files = fs::read_dir(index.join("sled")).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|path| path.is_file()).max_by_key(|path| fs::metadata(path).unwrap().len()).unwrap()
    };
    let file = database(&index);
    let length = fs::metadata(&file).unwrap().len();
    fs::OpenOptions::new().write(true).open(&file).unwrap().set_len(length / 3).unwrap();
    check("cut short");
    fs::remove_dir_all(index.join("sled")).unwrap();
    check("emptied");
    fs::write(index.join("generation"), "nonsense").unwrap();
    check("marker damaged");
    let ledger = open(folder.path());
    let heights = 1..=ledger.tip().header.height;
    for height in heights {
        let block = ledger.block(height).await.unwrap().unwrap();
        assert_eq!(block.block.header.height, height, "every block is found again");
        if height == 4 {
            assert_eq!(block.certificate.block_id, last);
        }
    }
}

#[tokio::test]
async fn a_copy_made_while_the_node_writes_is_a_backup() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = std::sync::Arc::new(open(folder.path()));
    ledger.submit(create(1).1).await.unwrap();
    let writing = {
        let ledger = std::sync::Arc::clone(&ledger);
        tokio::spawn(async move {
            for n in 2..200 {
                ledger.submit(create(n).1).await.unwrap();
            }
        })
    };
    let acknowledged = ledger.tip().header.clone();
    // As docs/operations.md says: the log alone, with whatever is being written at its end.
    let backup = tempfile::tempdir().unwrap();
    fs::copy(log(folder.path()), log(backup.path())).unwrap();
    writing.await.unwrap();
    let restored = open(backup.path());
    assert!(restored.tip().header.height > acknowledged.height, "opening adds a block");
    let block = restored.block(acknowledged.height).await.unwrap().unwrap();
    assert_eq!(block.block.header, acknowledged, "all that was acknowledged before the copy");
    assert_eq!(restored.tip().state.root(), restored.tip().header.state_root);
}

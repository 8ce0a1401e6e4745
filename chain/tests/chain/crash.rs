//! A node killed under load, again and again: nothing it acknowledged is lost, and nothing is there twice.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use chain::Ledger;
use registry::Transaction;

use crate::fixture::{create, list, open, transaction};

const FOLDER: &str = "CHAIN_CRASH_FOLDER";
const RUN: &str = "CHAIN_CRASH_RUN";
const RUNS: u64 = 12;

/// Not a test: what the killed process runs, when the test below starts it with a folder.
#[test]
fn child() {
    let (Ok(folder), Ok(run)) = (std::env::var(FOLDER), std::env::var(RUN)) else { return };
    let run: u64 = run.parse().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let ledger = Arc::new(open(Path::new(&folder)));
        for task in 0..8 {
            let ledger = Arc::clone(&ledger);
            tokio::spawn(async move {
                let n = run * 100 + task;
                let (did, first) = create(n);
                let mut next = first;
                for number in 0.. {
                    let done = ledger.submit(next).await.unwrap();
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "done {} {} {} .", done.hash, done.height, done.index).unwrap();
                    out.flush().unwrap();
                    drop(out);
                    next = transaction(&did, n, u64::from(number) + 1, list(number));
                }
            });
        }
        tokio::time::sleep(Duration::from_secs(60)).await;
    });
}

#[tokio::test]
async fn killed_under_load_loses_nothing_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged: HashMap<String, (u64, usize)> = HashMap::new();
    for run in 1..=RUNS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crash::child", "--nocapture"])
            .env(FOLDER, folder.path())
            .env(RUN, run.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let wanted = 40 + 13 * usize::try_from(run).unwrap();
        let mut seen = 0;
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        while seen < wanted {
            let line = lines.next().unwrap().unwrap();
            seen += usize::from(remember(&mut acknowledged, &line));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it said before it died counts, but for a line cut in the middle.
        for line in lines.map_while(Result::ok) {
            remember(&mut acknowledged, &line);
        }
        check(folder.path(), &acknowledged).await;
    }
}

fn remember(acknowledged: &mut HashMap<String, (u64, usize)>, line: &str) -> bool {
    let Some(at) = line.find("done ") else { return false };
    let parts: Vec<_> = line[at..].split(' ').collect();
    let [_, hash, height, index, "."] = parts[..] else { return false };
    let (Ok(height), Ok(index)) = (height.parse(), index.parse()) else { return false };
    hash.len() == 64 && acknowledged.insert(hash.to_owned(), (height, index)).is_none()
}

async fn check(folder: &Path, acknowledged: &HashMap<String, (u64, usize)>) {
    let ledger = open(folder);
    let mut found: HashMap<String, (u64, usize)> = HashMap::new();
    for height in 1..=ledger.tip().header.height {
        let block = ledger.block(height).await.unwrap().unwrap();
        for (index, hash) in block.block.transactions.iter().map(Transaction::hash).enumerate() {
            let before = found.insert(hash.to_string(), (height, index));
            assert!(before.is_none(), "{hash} is in the chain twice");
        }
    }
    for (hash, place) in acknowledged {
        assert_eq!(found.get(hash), Some(place), "{hash} was acknowledged and is not where it was");
    }
}

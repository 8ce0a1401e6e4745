//! Nothing acknowledged is lost: the process killed at any change to a file, that change half done, and the power
//! cut there, with any of what had not been synced on the disk or not.
//!
//! The child is this same test program, run with a disk of our own under it (`crash/disk.c`). With `HUIZHENG_LONG` set
//! it works long enough to fill and reuse the engine's segments, and the power is cut at many more places.

#![expect(clippy::unwrap_used, clippy::panic, reason = "this is test code")]
#![cfg(target_os = "linux")]

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

use store::{BytesTable, Options, Store, StoreError, Table};

const NOTES: Table<u64, String> = Table::new("notes");
const LARGE: BytesTable<u64> = BytesTable::new("large");
const KEYS: u64 = 40;

fn is_long() -> bool {
    std::env::var_os("HUIZHENG_LONG").is_some()
}

/// The value that round `round` writes; long enough that segments fill and pages are rewritten.
fn note(round: u64) -> String {
    format!("{round:06}").repeat(400)
}

fn work(path: &Path, rounds: u64, relaxed_between: bool) {
    let store = Store::persistent(path, &Options { cache_bytes: 1024 * 1024, ..Options::default() }).unwrap();
    let begin = store.get(&NOTES, u64::MAX).unwrap().map_or(0, |note| note[..6].parse::<u64>().unwrap() + 1);
    for round in begin..begin + rounds {
        if relaxed_between {
            store.write_relaxed(move |tx| tx.put(&NOTES, 1_000_000 + round % 7, &note(round))).unwrap();
        }
        store
            .write(move |tx| {
                tx.put(&NOTES, round % KEYS, &note(round))?;
                tx.put(&NOTES, u64::MAX, &note(round))?;
                if round % 3 == 0 {
                    tx.put(&LARGE, round % 9, &note(round).repeat(6).into_bytes())?;
                } else {
                    tx.remove(&LARGE, round % 9)?;
                }
                Ok::<_, StoreError>(())
            })
            .unwrap();
        println!("acknowledged {round}");
        std::io::stdout().flush().unwrap();
    }
}

/// What the child runs; nothing when run as a test.
#[test]
fn child() {
    let Ok(path) = std::env::var("STORE_CRASH_CHILD") else { return };
    let rounds = if is_long() { 700 } else { 60 };
    work(Path::new(&path), rounds, std::env::var("STORE_CRASH_RELAXED").is_ok());
}

fn disk() -> &'static Path {
    static DISK: OnceLock<PathBuf> = OnceLock::new();
    DISK.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/crash/disk.c");
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("disk-{}.so", std::process::id()));
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(&library)
            .arg(source)
            .args(["-lpthread", "-ldl"])
            .status();
        assert!(built.unwrap().success(), "the C compiler builds the disk");
        library
    })
}

/// The last round the child said was acknowledged, and whether it ended by itself.
fn run_child(path: &Path, environment: &[(&str, String)]) -> (Option<u64>, bool) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture", "--test-threads=1"])
        .env("STORE_CRASH_CHILD", path)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut last = None;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        if let Some((_, round)) = line.unwrap().split_once("acknowledged ") {
            last = Some(round.parse().unwrap());
        }
    }
    (last, child.wait().unwrap().success())
}

/// Everything up to `acknowledged` is there, and whole commits only.
fn check(path: &Path, acknowledged: Option<u64>, what: &str) {
    let store = match Store::persistent(path, &Options::default()) {
        Ok(store) => store,
        Err(error) => panic!("{what}: does not open: {error}"),
    };
    let newest = store.get(&NOTES, u64::MAX).unwrap().map(|note| note[..6].parse::<u64>().unwrap());
    assert!(newest >= acknowledged, "{what}: acknowledged {acknowledged:?}, found {newest:?}");
    let Some(newest) = newest else { return };
    for round in newest.saturating_sub(KEYS - 1)..=newest {
        let found = store.get(&NOTES, round % KEYS).unwrap();
        assert!(found.as_ref() == Some(&note(round)), "{what}: round {round} of {newest} is not whole");
    }
    for round in newest.saturating_sub(8)..=newest {
        let expected = (round % 3 == 0).then(|| note(round).repeat(6).into_bytes());
        assert!(store.get(&LARGE, round % 9).unwrap() == expected, "{what}: large value of round {round}");
    }
}

fn cut_power_at_every(step: usize, relaxed: bool) {
    let mut crash_at = 1;
    loop {
        let folder = tempfile::tempdir().unwrap();
        let (root, shadow) = (folder.path().join("root"), folder.path().join("shadow"));
        fs::create_dir(&root).unwrap();
        fs::create_dir(&shadow).unwrap();
        let mut environment = vec![
            ("LD_PRELOAD", disk().display().to_string()),
            ("DISK_ROOT", root.display().to_string()),
            ("DISK_SHADOW", shadow.display().to_string()),
            ("DISK_CRASH_AT", crash_at.to_string()),
            ("DISK_SEED", crash_at.to_string()),
        ];
        if relaxed {
            environment.push(("STORE_CRASH_RELAXED", "1".to_owned()));
        }
        let (acknowledged, finished) = run_child(&root.join("store"), &environment);
        if finished {
            assert!(crash_at > 100, "the disk saw the changes: {crash_at}");
            return;
        }
        check(&root.join("store"), acknowledged, &format!("killed at change {crash_at}"));
        check(&shadow.join("store"), acknowledged, &format!("power cut at change {crash_at}"));
        crash_at += step;
    }
}

#[test]
fn a_crash_or_power_cut_at_any_change_loses_nothing_acknowledged() {
    cut_power_at_every(if is_long() { 17 } else { 4 }, false);
}

#[test]
fn nor_does_a_crash_with_relaxed_writes_between() {
    cut_power_at_every(if is_long() { 23 } else { 9 }, true);
}

#[test]
fn crashed_again_and_again_it_goes_on_from_what_it_had() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let mut acknowledged = None;
    for turn in 0..12_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--nocapture", "--test-threads=1"])
            .env("STORE_CRASH_CHILD", &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();
        let mut left = 3 + turn * 5 % 17;
        for line in BufReader::new(stdout).lines() {
            if let Some((_, round)) = line.unwrap().split_once("acknowledged ") {
                acknowledged = Some(round.parse().unwrap());
                left = left.saturating_sub(1);
                if left == 0 {
                    // On Unix this is SIGKILL.
                    child.kill().unwrap();
                }
            }
        }
        child.wait().unwrap();
        check(&path, acknowledged, &format!("turn {turn}"));
    }
    assert!(acknowledged > Some(50));
}

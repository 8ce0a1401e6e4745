//! Both engines show the contract, and the persistent one what it says about opening.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "this is test code")]

mod contract;

use std::{fs, path::Path};

use store::{OpenError, Options, Store, StoreError, Table};

const NOTES: Table<str, String> = Table::new("notes");

fn open(path: &Path) -> Store {
    Store::persistent(path, &Options::default()).unwrap()
}

fn write(store: &Store, key: &'static str, note: &str) {
    let note = note.to_owned();
    store.write(move |tx| tx.put(&NOTES, key, &note)).unwrap();
}

#[test]
fn memory_shows_the_contract() {
    contract::check(&Store::in_memory().unwrap());
}

#[test]
fn sled_shows_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    contract::check(&open(&folder.path().join("a")));
    contract::check_reopening(|| open(&folder.path().join("b")));
}

/// As a process does that is being started from another thread: it has the engine's files for a moment, lock and all.
#[test]
fn a_lock_of_the_engines_that_lingers_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    write(&open(folder.path()), "a", "kept");
    let lingers = fs::File::open(folder.path().join("sled/db")).unwrap();
    lingers.lock().unwrap();
    let ends = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(200));
        drop(lingers);
    });
    let again = open(folder.path());
    assert_eq!(again.get(&NOTES, "a").unwrap().as_deref(), Some("kept"));
    ends.join().unwrap();
}

#[test]
fn no_value_ever_goes_to_a_file_that_nobody_syncs() {
    let folder = tempfile::tempdir().unwrap();
    contract::check(&open(folder.path()));
    assert_eq!(fs::read_dir(folder.path().join("sled/blobs")).unwrap().count(), 0);
}

#[test]
fn a_second_handle_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path());
    let second = Store::persistent(folder.path(), &Options::default());
    assert!(matches!(second, Err(OpenError::InUse { .. })));
    drop(first);
    open(folder.path());
}

#[test]
fn an_emptied_database_is_not_taken_for_new() {
    let folder = tempfile::tempdir().unwrap();
    write(&open(folder.path()), "a", "kept");
    fs::remove_dir_all(folder.path().join("sled")).unwrap();
    let refused = Store::persistent(folder.path(), &Options::default());
    assert!(matches!(refused, Err(OpenError::Emptied { .. })));
}

#[test]
fn a_database_cut_short_is_noticed_at_every_length() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    for note in 0..50 {
        write(&store, "a", &note.to_string().repeat(100));
    }
    drop(store);
    let data = folder.path().join("sled/db");
    let whole = fs::read(&data).unwrap();
    let used = whole.iter().rposition(|byte| *byte != 0).unwrap();
    for tenth in 0..10 {
        for file in fs::read_dir(folder.path().join("sled")).unwrap() {
            let file = file.unwrap().path();
            if file.file_name().unwrap().to_string_lossy().starts_with("snap.") {
                fs::remove_file(file).unwrap();
            }
        }
        fs::write(&data, &whole[..used * tenth / 10]).unwrap();
        let refused = Store::persistent(folder.path(), &Options::default()).err();
        assert!(
            matches!(
                refused,
                Some(OpenError::Emptied { .. } | OpenError::CutShort { .. } | OpenError::Damaged { .. })
            ),
            "{tenth} tenths: {refused:?}"
        );
    }
}

#[test]
fn accepting_loss_opens_what_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    write(&store, "a", "first");
    drop(store);
    let backup = fs::read(folder.path().join("sled/db")).unwrap();
    write(&open(folder.path()), "a", "second");
    fs::write(folder.path().join("sled/db"), backup).unwrap();
    let refused = Store::persistent(folder.path(), &Options::default()).err();
    assert!(matches!(refused, Some(OpenError::CutShort { lost: 1, .. })), "{refused:?}");
    let accepting = Options { accept_loss: true, ..Options::default() };
    let store = Store::persistent(folder.path(), &accepting).unwrap();
    assert_eq!(store.get(&NOTES, "a").unwrap().as_deref(), Some("first"));
    drop(store);
    open(folder.path());
}

#[test]
fn a_marker_of_another_store_is_refused() {
    let one = tempfile::tempdir().unwrap();
    let two = tempfile::tempdir().unwrap();
    write(&open(one.path()), "a", "one");
    write(&open(two.path()), "a", "two");
    fs::copy(one.path().join("generation"), two.path().join("generation")).unwrap();
    let refused = Store::persistent(two.path(), &Options::default());
    assert!(matches!(refused, Err(OpenError::Exchanged { .. })));
}

#[test]
fn a_damaged_marker_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    write(&open(folder.path()), "a", "kept");
    let marker = folder.path().join("generation");
    let mut bytes = fs::read(&marker).unwrap();
    bytes[9] ^= 1;
    fs::write(&marker, bytes).unwrap();
    let refused = Store::persistent(folder.path(), &Options::default());
    assert!(matches!(refused, Err(OpenError::MarkerDamaged { .. })));
}

#[test]
fn damaged_and_unfinished_snapshots_are_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    write(&open(folder.path()), "a", "kept");
    drop(open(folder.path()));
    let sled = folder.path().join("sled");
    let mut snapshots = 0;
    for file in fs::read_dir(&sled).unwrap() {
        let file = file.unwrap().path();
        if file.file_name().unwrap().to_string_lossy().starts_with("snap.") {
            let bytes = fs::read(&file).unwrap();
            fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
            snapshots += 1;
        }
    }
    assert!(snapshots > 0, "the engine writes one when it opens a database");
    fs::write(sled.join("snap.00000000000000FF.generating"), b"half").unwrap();
    let store = open(folder.path());
    assert_eq!(store.get(&NOTES, "a").unwrap().as_deref(), Some("kept"));
    assert_eq!(fs::read_dir(folder.path().join("set-aside")).unwrap().count(), snapshots);
    assert!(!sled.join("snap.00000000000000FF.generating").exists());
}

#[test]
fn a_lost_marker_is_made_again_from_the_database() {
    let folder = tempfile::tempdir().unwrap();
    write(&open(folder.path()), "a", "kept");
    fs::remove_file(folder.path().join("generation")).unwrap();
    assert_eq!(open(folder.path()).get(&NOTES, "a").unwrap().as_deref(), Some("kept"));
    assert!(folder.path().join("generation").exists());
}

#[test]
fn a_creation_that_was_interrupted_begins_again() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("sled")).unwrap();
    fs::write(folder.path().join("sled/conf"), b"torn while writing").unwrap();
    write(&open(folder.path()), "a", "kept");
    assert_eq!(open(folder.path()).get(&NOTES, "a").unwrap().as_deref(), Some("kept"));
}

#[test]
fn a_closed_store_refuses_writes_and_still_reads() {
    let store = Store::in_memory().unwrap();
    write(&store, "a", "kept");
    store.close();
    let refused = store.write(|tx| tx.put(&NOTES, "a", &String::new()));
    assert_eq!(refused, Err(StoreError::Closed));
    assert_eq!(store.get(&NOTES, "a").unwrap().as_deref(), Some("kept"));
}

#[test]
fn a_value_of_another_shape_is_named_by_its_table_only() {
    const NUMBERS: Table<str, u64> = Table::new("notes");
    let store = Store::in_memory().unwrap();
    write(&store, "a", "personal");
    let refused = store.get(&NUMBERS, "a").unwrap_err();
    assert_eq!(refused, StoreError::Undecodable { table: "notes" });
    assert!(!refused.to_string().contains("personal"));
}

#[tokio::test]
async fn async_writes_need_no_runtime_of_their_own_and_share_syncs() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let writes: Vec<_> = (0..500_u32)
        .map(|number| store.write_async(move |tx| tx.put(&NOTES, number.to_string(), &number.to_string())))
        .collect();
    for write in writes {
        write.await.unwrap();
    }
    assert_eq!(store.page(&NOTES, &store::Range::all(), 1000).unwrap().len(), 500);
}

#[test]
fn the_last_handle_may_go_inside_a_write() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let inner = store.clone();
    let write = store.write_async(move |tx| {
        let held = inner;
        tx.put(&NOTES, "a", &"kept".to_owned())?;
        drop(held);
        Ok::<_, StoreError>(())
    });
    drop(store);
    drop(write);
}

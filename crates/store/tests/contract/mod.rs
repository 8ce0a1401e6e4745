//! The behaviour every backend must show, to be called from its tests.
//!
//! Each check panics with what it missed. They need an empty store and leave rows behind.

use store::{BytesTable, Range, Store, StoreError, Table};

const COUNTS: Table<str, u64> = Table::new("contract-counts");
const EVENTS: Table<(String, u64), String> = Table::new("contract-events");
const BLOBS: BytesTable<[u8]> = BytesTable::new("contract-blobs");

/// Every check that one open store can show.
pub(crate) fn check(store: &Store) {
    reads_back(store);
    keeps_order(store);
    pages(store);
    sees_own_writes(store);
    undoes_what_failed(store);
    separates_tables(store);
    separates_scopes(store);
    keeps_large_values(store);
    serialises_writers(store);
}

/// What is written and closed is there when opened again. `open` opens the same data each time.
pub(crate) fn check_reopening(open: impl Fn() -> Store) {
    for round in 0..3_u64 {
        let store = open();
        let before = store.get(&COUNTS, "rounds").expect("read");
        assert_eq!(before, (round > 0).then_some(round), "round {round} finds what the one before left");
        put(&store, "rounds", round + 1);
    }
}

fn put(store: &Store, key: &'static str, value: u64) {
    store.write(move |tx| tx.put(&COUNTS, key, &value)).expect("write");
}

fn reads_back(store: &Store) {
    assert_eq!(store.get(&COUNTS, "absent"), Ok(None));
    put(store, "one", 1);
    put(store, "one", 2);
    assert_eq!(store.get(&COUNTS, "one"), Ok(Some(2)), "the later write stands");
    store.write(|tx| tx.remove(&COUNTS, "one")).expect("remove");
    assert_eq!(store.get(&COUNTS, "one"), Ok(None), "a removed row is gone");
}

fn keeps_order(store: &Store) {
    let numbers = [0, 1, 255, 256, 65_536, u64::MAX];
    store
        .write(move |tx| {
            for number in numbers.iter().rev() {
                tx.put(&EVENTS, ("order", *number), &String::new())?;
            }
            Ok::<_, StoreError>(())
        })
        .expect("write");
    let page = store.page(&EVENTS, &Range::prefix(("order",)), 100).expect("page");
    let found: Vec<u64> = page.into_iter().map(|((_, number), _)| number).collect();
    assert_eq!(found, numbers, "rows come in the order of their keys");
}

fn pages(store: &Store) {
    store
        .write(|tx| {
            for number in 0..10 {
                tx.put(&EVENTS, ("pages", number), &number.to_string())?;
                tx.put(&EVENTS, ("pages\0", number), &String::new())?;
            }
            Ok::<_, StoreError>(())
        })
        .expect("write");
    let ask = |range: Range<(String, u64)>, limit| -> Vec<u64> {
        let page = store.page(&EVENTS, &range, limit).expect("page");
        page.into_iter().map(|((_, number), _)| number).collect()
    };
    let all = || Range::prefix(("pages",));
    assert_eq!(ask(all(), 3), [0, 1, 2]);
    assert_eq!(ask(all().after(("pages", 2)), 3), [3, 4, 5]);
    assert_eq!(ask(all().from(("pages", 8)), 9), [8, 9]);
    assert_eq!(ask(all().reversed(), 2), [9, 8]);
    assert_eq!(ask(all().reversed().after(("pages", 8)), 2), [7, 6]);
    assert_eq!(ask(all().reversed().from(("pages", 1)), 9), [1, 0]);
    assert_eq!(ask(all().after(("pages", 9)), 9), [0_u64; 0], "behind the last there is nothing");
    assert_eq!(ask(Range::prefix(("pages",)).after(("zzz", 0)), 9), [0_u64; 0], "an inverted range is empty");
}

fn sees_own_writes(store: &Store) {
    store
        .write(|tx| {
            tx.put(&COUNTS, "own/a", &1)?;
            tx.put(&COUNTS, "own/b", &2)?;
            tx.remove(&COUNTS, "own/a")?;
            assert_eq!(tx.get(&COUNTS, "own/a")?, None);
            assert!(tx.contains(&COUNTS, "own/b")?);
            assert_eq!(tx.page(&COUNTS, &Range::prefix("own/"), 9)?, [("own/b".to_owned(), 2)]);
            Ok::<_, StoreError>(())
        })
        .expect("write");
    store
        .write(|tx| {
            tx.put(&COUNTS, "own/c", &3)?;
            tx.remove(&COUNTS, "own/b")?;
            let page = tx.page(&COUNTS, &Range::prefix("own/").reversed(), 1)?;
            assert_eq!(page, [("own/c".to_owned(), 3)], "a hidden row doesn't use up the page");
            Ok::<_, StoreError>(())
        })
        .expect("write");
}

fn undoes_what_failed(store: &Store) {
    #[derive(Debug, PartialEq)]
    enum Refusal {
        Mine,
        Store(StoreError),
    }
    impl From<StoreError> for Refusal {
        fn from(error: StoreError) -> Self {
            Self::Store(error)
        }
    }
    put(store, "undo", 1);
    let refused = store.write(|tx| {
        tx.put(&COUNTS, "undo", &2)?;
        tx.remove(&COUNTS, "undo")?;
        tx.put(&COUNTS, "undo/new", &3)?;
        Err::<(), _>(Refusal::Mine)
    });
    assert_eq!(refused, Err(Refusal::Mine));
    let panicked = store.write(|tx| {
        tx.put(&COUNTS, "undo", &4)?;
        if tx.contains(&COUNTS, "undo")? {
            panic!("on purpose");
        }
        Ok::<(), Refusal>(())
    });
    assert_eq!(panicked, Err(Refusal::Store(StoreError::Panicked)));
    assert_eq!(store.get(&COUNTS, "undo"), Ok(Some(1)), "a refused write changed nothing");
    assert_eq!(store.get(&COUNTS, "undo/new"), Ok(None), "a refused write added nothing");
}

fn separates_tables(store: &Store) {
    const NEAR: Table<str, u64> = Table::new("contract-count");
    put(store, "s", 1);
    assert_eq!(store.get(&NEAR, "s"), Ok(None), "a name that begins another's is its own table");
    assert!(store.page(&NEAR, &Range::all(), 9).expect("page").is_empty());
}

fn separates_scopes(store: &Store) {
    let of = |name: &str| store.scoped(name).expect("a name");
    let (a, ab) = (of("a"), of("ab"));
    for (scope, value) in [(store, 1), (&a, 2), (&ab, 3)] {
        put(scope, "scoped", value);
        let undone = scope.write(|tx| {
            tx.put(&COUNTS, "scoped", &9)?;
            Err::<(), _>(StoreError::Closed)
        });
        assert_eq!(undone, Err(StoreError::Closed));
    }
    for (scope, value) in [(store, 1), (&a, 2), (&ab, 3)] {
        assert_eq!(scope.get(&COUNTS, "scoped"), Ok(Some(value)), "each has its own");
        let read = scope.read(|view| view.get(&COUNTS, "scoped"));
        assert_eq!(read, Ok(Some(value)));
    }
    let all = |scope: &Store| scope.page(&COUNTS, &Range::all(), 100).expect("page");
    assert_eq!((all(&a), all(&ab)), (vec![("scoped".to_owned(), 2)], vec![("scoped".to_owned(), 3)]));
    assert!(
        all(store).iter().all(|(key, value)| key != "scoped" || *value == 1),
        "none is seen from outside"
    );
    let seen = a.write(|tx| {
        tx.remove(&COUNTS, "scoped")?;
        tx.page(&COUNTS, &Range::all(), 9)
    });
    assert_eq!(seen, Ok(vec![]), "what a closure writes is its scope's, too");
    assert_eq!(ab.get(&COUNTS, "scoped"), Ok(Some(3)));
    assert!(store.scoped("no name").is_none());
}

fn keeps_large_values(store: &Store) {
    for length in [0, 4095, 4096, 4097, 100_000, 1_000_000, 9_000, 5] {
        let value: Vec<u8> = (0..length).map(|at: u32| at.to_le_bytes()[0] ^ at.to_le_bytes()[1]).collect();
        let written = value.clone();
        store.write(move |tx| tx.put(&BLOBS, b"large".as_slice(), &written)).expect("write");
        let read = store.get(&BLOBS, b"large".as_slice()).expect("read");
        assert!(read.as_deref() == Some(&value), "{length} bytes come back as they were");
    }
    let rows = store.page(&BLOBS, &Range::all(), 9).expect("page");
    assert_eq!(rows.len(), 1, "pieces of values are not rows");
    let refused = store.write(|tx| tx.put(&BLOBS, b"huge".as_slice(), &vec![0; 17 * 1024 * 1024]));
    assert_eq!(refused, Err(StoreError::ValueTooLarge { table: "contract-blobs" }));
    let refused = store.write(|tx| tx.put(&BLOBS, [0; 2000].as_slice(), &[0]));
    assert_eq!(refused, Err(StoreError::KeyTooLong { table: "contract-blobs" }));
}

fn serialises_writers(store: &Store) {
    put(store, "shared", 0);
    let writers: Vec<_> = (0..8)
        .map(|_| {
            let store = store.clone();
            std::thread::spawn(move || {
                for _ in 0..25 {
                    store
                        .write(|tx| {
                            let now = tx.get(&COUNTS, "shared")?.unwrap_or_default();
                            tx.put(&COUNTS, "shared", &(now + 1))
                        })
                        .expect("write");
                }
            })
        })
        .collect();
    for writer in writers {
        writer.join().expect("join");
    }
    assert_eq!(store.get(&COUNTS, "shared"), Ok(Some(200)), "no increment was lost");
}

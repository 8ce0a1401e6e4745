//! A store as one file, and back: every row of every table in one state, whichever engine holds them.
//!
//! ```text
//! "huizheng-store/1\n"
//! for each row, in key order:  length of the key (u32, big-endian) · key · length of the value (u32) · value
//! end:                         FFFFFFFF · number of rows (u64) · CRC-32 of all bytes before it (u32)
//! ```

use std::io::{self, Read, Write};

use crc32fast::Hasher;

use crate::range::Span;
use crate::{Store, StoreError};

const MAGIC: &[u8] = b"huizheng-store/1\n";
const END: u32 = u32::MAX;
/// Keys and values are smaller than this; what says otherwise is no dump.
const LONGEST: u32 = 17 << 20;
/// Rows that are read, or written, at once.
const TOGETHER: usize = 256;
/// Names of tables begin with printable ASCII; what the engines keep for themselves does not.
const TABLES: (u8, u8) = (0x20, 0x7f);

/// Why a store was not written to a file, or not read from one.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file.
    #[error("the file can't be read or written: {0}")]
    Io(#[from] io::Error),
    /// It is no dump, or was cut short or changed.
    #[error("the file is no whole copy of a store: {0}")]
    Damaged(&'static str),
    /// The store to fill has rows.
    #[error("the store holds data already; restore into an empty one")]
    NotEmpty,
}

/// Every row of every table.
pub(crate) fn all_tables() -> Span {
    Span { from: vec![TABLES.0], until: Some(vec![TABLES.1]), reversed: false }
}

impl Store {
    /// Writes every row, all of one state, and says how many there are. Commits wait meanwhile where the engine keeps no states
    /// apart, so `out` should be a file.
    ///
    /// # Errors
    /// [`DumpError::Store`] or [`DumpError::Io`]; what was written by then is no whole dump.
    pub fn dump(&self, out: &mut dyn Write) -> Result<u64, DumpError> {
        self.read(|view| {
            let mut out = Summed { inner: out, sum: Hasher::new() };
            out.write_all(MAGIC)?;
            let (mut rows, mut from) = (0u64, vec![TABLES.0]);
            loop {
                let span = Span { from, until: Some(vec![TABLES.1]), reversed: false };
                let page = view.rows(&span, TOGETHER)?;
                for (key, value) in &page {
                    for part in [key, value] {
                        out.write_all(&length(part)?.to_be_bytes())?;
                        out.write_all(part)?;
                    }
                    rows += 1;
                }
                match page.into_iter().next_back() {
                    // The next key there can be.
                    Some((last, _)) => from = [last.as_slice(), &[0]].concat(),
                    None => break,
                }
            }
            out.write_all(&END.to_be_bytes())?;
            out.write_all(&rows.to_be_bytes())?;
            let sum = out.sum.clone().finalize();
            out.inner.write_all(&sum.to_be_bytes())?;
            out.inner.flush()?;
            Ok(rows)
        })
    }

    /// Fills an empty store from a dump that [`check_dump`] found whole, and says how many rows there are. A fault leaves a store
    /// that is filled in part: throw it away.
    ///
    /// # Errors
    /// [`DumpError`].
    pub fn fill(&self, dump: &mut dyn Read) -> Result<u64, DumpError> {
        if !self.is_empty()? {
            return Err(DumpError::NotEmpty);
        }
        let mut batch = Vec::new();
        let put = |batch: Vec<(Vec<u8>, Vec<u8>)>| {
            self.write(move |tx| {
                batch.into_iter().for_each(|(key, value)| tx.put_row(key, value));
                Ok::<_, StoreError>(())
            })
        };
        let rows = rows_of(dump, &mut |key, value| {
            batch.push((key, value));
            if batch.len() >= TOGETHER {
                put(std::mem::take(&mut batch)).map_err(DumpError::from)
            } else {
                Ok(())
            }
        })?;
        put(batch)?;
        Ok(rows)
    }
}

/// Whether this is a whole dump, and of how many rows.
///
/// # Errors
/// [`DumpError::Damaged`] or [`DumpError::Io`].
pub fn check_dump(dump: &mut dyn Read) -> Result<u64, DumpError> {
    rows_of(dump, &mut |_, _| Ok(()))
}

fn rows_of(
    dump: &mut dyn Read,
    row: &mut dyn FnMut(Vec<u8>, Vec<u8>) -> Result<(), DumpError>,
) -> Result<u64, DumpError> {
    let mut dump = Summed { inner: dump, sum: Hasher::new() };
    let mut magic = [0; MAGIC.len()];
    dump.read_whole(&mut magic)?;
    if magic != MAGIC {
        return Err(DumpError::Damaged("it begins otherwise"));
    }
    let (mut rows, mut before) = (0u64, Vec::new());
    loop {
        let length = dump.number()?;
        if length == END {
            break;
        }
        let key = dump.part(length)?;
        let length = dump.number()?;
        let value = dump.part(length)?;
        let in_tables = key.first().is_some_and(|first| (TABLES.0..TABLES.1).contains(first));
        if !in_tables || (rows > 0 && key <= before) {
            return Err(DumpError::Damaged("its rows are not those of tables, in order"));
        }
        before.clone_from(&key);
        rows += 1;
        row(key, value)?;
    }
    let mut count = [0; 8];
    dump.read_whole(&mut count)?;
    let sum = dump.sum.clone().finalize();
    if u64::from_be_bytes(count) != rows || dump.number()? != sum {
        return Err(DumpError::Damaged("its sum is another"));
    }
    match dump.inner.read(&mut [0])? {
        0 => Ok(rows),
        _ => Err(DumpError::Damaged("something follows its end")),
    }
}

/// Bytes that go by, and their sum.
struct Summed<T> {
    inner: T,
    sum: Hasher,
}

impl Summed<&mut dyn Write> {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.update(bytes);
        self.inner.write_all(bytes)
    }
}

impl Summed<&mut dyn Read> {
    fn read_whole(&mut self, into: &mut [u8]) -> Result<(), DumpError> {
        self.inner.read_exact(into).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => DumpError::Damaged("it is cut short"),
            _ => DumpError::Io(error),
        })?;
        self.sum.update(into);
        Ok(())
    }

    fn number(&mut self) -> Result<u32, DumpError> {
        let mut bytes = [0; 4];
        self.read_whole(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    }

    fn part(&mut self, length: u32) -> Result<Vec<u8>, DumpError> {
        if length > LONGEST {
            return Err(DumpError::Damaged("a row is longer than rows are"));
        }
        let mut part = vec![0; usize::try_from(length).unwrap_or_default()];
        self.read_whole(&mut part)?;
        Ok(part)
    }
}

fn length(part: &[u8]) -> Result<u32, DumpError> {
    u32::try_from(part.len())
        .ok()
        .filter(|length| *length <= LONGEST)
        .ok_or(DumpError::Damaged("a row is too long"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BytesTable, Options, Range, Table};

    const NAMES: Table<str, String> = Table::new("names");
    const FILES: BytesTable<u64> = Table::new("files");

    fn filled() -> Store {
        let store = Store::in_memory().expect("store");
        let written = store.write(|tx| {
            for n in 0..700u64 {
                tx.put(&NAMES, format!("name {n}").as_str(), &format!("value {n}"))?;
            }
            tx.put(&FILES, 7, &vec![0xff; 100_000])?;
            tx.put(&FILES, 8, &[])
        });
        written.map_err(|error: StoreError| error).expect("written");
        store
    }

    #[test]
    fn a_store_on_disk_is_filled_from_a_dump_and_dumps_the_same() {
        let mut dump = Vec::new();
        assert_eq!(filled().dump(&mut dump).expect("dumped"), 702);
        assert_eq!(check_dump(&mut dump.as_slice()).expect("whole"), 702);
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::persistent(folder.path(), &Options::default()).expect("opens");
        assert_eq!(store.fill(&mut dump.as_slice()).expect("filled"), 702);
        assert_eq!(store.get(&FILES, 7).expect("read"), Some(vec![0xff; 100_000]));
        assert_eq!(store.page(&NAMES, &Range::all(), 1000).expect("read").len(), 700);
        let mut again = Vec::new();
        store.dump(&mut again).expect("dumped");
        assert!(again == dump, "whichever engine holds the rows");
        assert!(matches!(store.fill(&mut dump.as_slice()), Err(DumpError::NotEmpty)));
    }

    #[test]
    fn what_is_cut_changed_or_added_to_is_no_dump() {
        let mut dump = Vec::new();
        filled().dump(&mut dump).expect("dumped");
        let refused = |bytes: &[u8]| matches!(check_dump(&mut &bytes[..]), Err(DumpError::Damaged(_)));
        for at in (0..dump.len()).step_by(997).chain(dump.len() - 20..dump.len()) {
            assert!(refused(&dump[..at]), "cut at {at}");
            let mut changed = dump.clone();
            changed[at] ^= 1;
            assert!(refused(&changed), "changed at {at}");
        }
        assert!(refused(&[dump.as_slice(), b"x"].concat()));
        assert!(refused(b""));
    }
}

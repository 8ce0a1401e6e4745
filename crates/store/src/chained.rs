//! Rows that are only ever appended, each made of what the one before came to.

use serde::{Serialize, de::DeserializeOwned};

use crate::{Range, Store, StoreError, Table, Tx};

/// Rows by number, from 1 on, and one row that says how far they have come; declared as a constant, as a [`Table`] is.
///
/// `H` is what a row comes to and the next one is made of: a hash, where the rows must vouch for each other.
pub struct Chained<R, H> {
    rows: Table<u64, R>,
    head: Table<str, Head<H>>,
    name: &'static str,
}

/// How far rows have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Head<H> {
    /// How many there are.
    pub entries: u64,
    /// What the last came to; before the first, what they were begun with.
    pub hash: H,
}

impl<R, H> Chained<R, H> {
    /// In the tables of these names.
    #[must_use]
    pub const fn new(rows: &'static str, head: &'static str) -> Self {
        Self { rows: Table::new(rows), head: Table::new(head), name: rows }
    }
}

impl<R, H> Chained<R, H>
where
    R: Serialize + DeserializeOwned,
    H: Serialize + DeserializeOwned,
{
    /// Begins with what the first row is made of, unless it was begun.
    ///
    /// # Errors
    /// As the store; also where there are rows and nothing that says how far they have come: they would be written over.
    pub fn begin(&self, tx: &mut Tx<'_>, first: H) -> Result<(), StoreError> {
        match tx.contains(&self.head, self.name)? {
            true => Ok(()),
            false if !tx.page(&self.rows, &Range::all(), 1)?.is_empty() => Err(self.lost()),
            false => tx.put(&self.head, self.name, &Head { entries: 0, hash: first }),
        }
    }

    /// Appends the row that `made` makes of its number and of what the one before came to; with what it comes to itself.
    ///
    /// # Errors
    /// As the store; also where nothing says how far the rows have come.
    pub fn append(&self, tx: &mut Tx<'_>, made: impl FnOnce(u64, H) -> (R, H)) -> Result<(), StoreError> {
        let Head { entries, hash } = tx.get(&self.head, self.name)?.ok_or_else(|| self.lost())?;
        let number = entries + 1;
        let (row, hash) = made(number, hash);
        tx.put(&self.rows, number, &row)?;
        tx.put(&self.head, self.name, &Head { entries: number, hash })
    }

    /// How far the rows have come; none before [`begin`](Self::begin).
    ///
    /// # Errors
    /// As the store.
    pub fn head(&self, store: &Store) -> Result<Option<Head<H>>, StoreError> {
        store.get(&self.head, self.name)
    }

    /// At most `limit` rows after number `after`, in order.
    ///
    /// # Errors
    /// As the store.
    pub fn page(&self, store: &Store, after: u64, limit: usize) -> Result<Vec<R>, StoreError> {
        self.rows_in(store, &Range::all().after(after), limit)
    }

    /// At most `limit` rows before number `before`, newest first.
    ///
    /// # Errors
    /// As the store.
    #[cfg(feature = "backwards")]
    pub fn newest(&self, store: &Store, before: Option<u64>, limit: usize) -> Result<Vec<R>, StoreError> {
        let range = Range::all().reversed();
        let range = if let Some(before) = before { range.after(before) } else { range };
        self.rows_in(store, &range, limit)
    }

    fn rows_in(&self, store: &Store, range: &Range<u64>, limit: usize) -> Result<Vec<R>, StoreError> {
        Ok(store.page(&self.rows, range, limit)?.into_iter().map(|(_, row)| row).collect())
    }

    fn lost(&self) -> StoreError {
        StoreError::Failed(format!(
            "how far `{}` has come is gone: restore the store from a backup",
            self.name
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: Chained<(u64, u64), u64> = Chained::new("log", "log-head");

    /// Each row is its number and all numbers before it, added up.
    fn append(store: &Store, fails: bool) -> Result<(), StoreError> {
        store.write(move |tx| {
            LOG.append(tx, |number, sum| ((number, sum), sum + number))?;
            if fails { Err(StoreError::Failed("given up".into())) } else { Ok(()) }
        })
    }

    #[test]
    fn a_write_that_is_undone_leaves_no_row_and_no_gap() {
        let store = Store::in_memory().expect("store");
        assert!(append(&store, false).is_err(), "not begun");
        assert_eq!(LOG.head(&store).expect("read"), None);
        for _ in 0..2 {
            store.write(|tx| LOG.begin(tx, 100)).expect("begun, and begun already");
        }
        for _ in 0..3 {
            append(&store, false).expect("appended");
            append(&store, true).expect_err("given up");
        }
        assert_eq!(LOG.page(&store, 0, 10).expect("read"), [(1, 100), (2, 101), (3, 103)]);
        assert_eq!(LOG.page(&store, 1, 1).expect("read"), [(2, 101)]);
        assert_eq!(LOG.head(&store).expect("read"), Some(Head { entries: 3, hash: 106 }));
        // Rows whose head was taken away are neither begun anew nor silently appended to.
        store.write(|tx| tx.remove(&LOG.head, LOG.name)).expect("removed");
        assert!(matches!(store.write(|tx| LOG.begin(tx, 0)), Err(StoreError::Failed(_))));
        assert!(matches!(append(&store, false), Err(StoreError::Failed(_))));
    }
}

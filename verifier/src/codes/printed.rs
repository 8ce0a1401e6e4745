//! Places that a request was printed for.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use registry::{Slug, UnixMillis};
use serde::{Deserialize, Serialize};
use store::{Range, Store, StoreError, Table};

/// By purpose and place: until when it can be answered.
const PRINTED: Table<(String, String), UnixMillis> = Table::new("printed");
/// How long what is printed can be answered.
pub(super) const LIVES: Duration = Duration::from_secs(90 * 86_400);
/// So many places are listed.
const MOST: usize = 200;

/// The name of a place: 1 to 32 letters, digits, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Place(String);

/// The text names no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a place's name is 1 to 32 letters, digits, hyphens and underscores")]
pub(crate) struct NoPlace;

/// A request on paper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Printed {
    pub(crate) purpose: Slug,
    pub(crate) place: Place,
    pub(crate) until: UnixMillis,
}

impl Place {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Place {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let takes = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let fits = (1..=32).contains(&text.len()) && text.bytes().all(takes);
        if fits { Ok(Self(text.to_owned())) } else { Err(NoPlace) }
    }
}

impl TryFrom<String> for Place {
    type Error = NoPlace;

    fn try_from(text: String) -> Result<Self, NoPlace> {
        text.parse()
    }
}

impl From<Place> for String {
    fn from(place: Place) -> Self {
        place.0
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Printed {
    /// Notes that it was printed. When this returns, it is on the disk.
    pub(crate) async fn note(self, store: &Store) -> Result<(), StoreError> {
        let key = (self.purpose.to_string(), self.place.0);
        store.write_async(move |tx| tx.put(&PRINTED, key, &self.until)).await
    }

    /// Those that can still be answered.
    pub(crate) fn all(store: &Store, now: UnixMillis) -> Result<Vec<Self>, StoreError> {
        let rows = store.page(&PRINTED, &Range::all(), MOST)?;
        let read = |((purpose, place), until): ((String, String), UnixMillis)| {
            Some(Self { purpose: Slug::new(&purpose).ok()?, place: place.parse().ok()?, until })
        };
        Ok(rows.into_iter().filter_map(read).filter(|printed| now < printed.until).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_a_plain_name() {
        assert!("desk-3".parse::<Place>().is_ok());
        for wrong in ["", "a b", "门", "a.b", &"x".repeat(33)] {
            assert_eq!(wrong.parse::<Place>(), Err(NoPlace), "{wrong}");
        }
    }

    #[tokio::test]
    async fn what_was_printed_is_listed_until_it_ends() {
        let store = Store::in_memory().expect("opens");
        let printed = Printed {
            purpose: Slug::new("open-account").expect("name"),
            place: "desk-3".parse().expect("name"),
            until: UnixMillis(1000),
        };
        printed.clone().note(&store).await.expect("written");
        assert_eq!(Printed::all(&store, UnixMillis(999)).expect("read"), [printed]);
        assert_eq!(Printed::all(&store, UnixMillis(1000)).expect("read"), []);
    }
}

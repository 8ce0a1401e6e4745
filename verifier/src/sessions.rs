//! Which clerks have the counter open: sessions in the store, so that every instance knows them and a restart ends none.
//!
//! The store has the SHA-256 of a session's id alone. A session ends when nobody used it for a working day, when its clerk signs out, and
//! when the settings name her no more or give her another token.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use http::{HeaderMap, HeaderValue};
use registry::UnixMillis;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use service::{Session, SessionCookie, StaffAccount, random};
use store::{Range, Store, StoreError, Table, Tx};

/// Sessions by the SHA-256 of their id.
const SESSIONS: Table<[u8; 32], Record> = Table::new("sessions");
/// The sessions of a clerk, by name.
const SESSIONS_OF: Table<(String, [u8; 32]), ()> = Table::new("sessions-of");
/// Sessions of one clerk at once; the oldest give way.
const MOST: usize = 20;
/// How long a counter stays open without being used: a working day.
const IDLE: Duration = Duration::from_secs(12 * 60 * 60);
/// How old a use may be before it is written down again: not every page costs a write.
const SEEN_GRAIN: Duration = Duration::from_secs(60);

/// What is kept of a session.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Record {
    clerk: String,
    /// A digest of the digest of the token that it was begun with.
    token: [u8; 32],
    seen: UnixMillis,
}

/// Ends every session of a store that is being restored: who signed out since is not signed in again.
pub(crate) fn end_all(store: &Store) -> Result<(), StoreError> {
    loop {
        let page = store.page(&SESSIONS_OF, &Range::all(), 10 * MOST)?;
        if page.is_empty() {
            return Ok(());
        }
        store.write(move |tx| page.into_iter().try_for_each(|((clerk, id), ())| end(tx, &clerk, id)))?;
    }
}

/// The sessions of one tenant's counter.
pub(crate) struct ClerkSessions {
    store: Store,
    cookie: SessionCookie,
    /// The clerks that the settings name, and their tokens as sessions know them.
    clerks: Vec<(String, [u8; 32])>,
}

impl ClerkSessions {
    pub(crate) fn new(store: Store, clerks: &[StaffAccount], base_url: &str) -> Self {
        let token = |clerk: &StaffAccount| (clerk.name.clone(), sha256(&clerk.token_sha256));
        let cookie = SessionCookie::of_desk("counter", base_url);
        Self { store, cookie, clerks: clerks.iter().map(token).collect() }
    }

    /// Begins a session of a clerk, always under a fresh id, so that none can be fixed beforehand. The value is for `Set-Cookie`.
    pub(crate) async fn begin(&self, clerk: &str, now: UnixMillis) -> Result<HeaderValue, StoreError> {
        let id = random::token(32);
        let (key, token) = (sha256(id.as_bytes()), self.token_of(clerk).unwrap_or_default());
        let record = Record { clerk: clerk.to_owned(), token, seen: now };
        let begun = self.store.write_async(move |tx| {
            let mut others = Vec::new();
            for ((_, other), ()) in
                tx.page(&SESSIONS_OF, &Range::prefix((record.clerk.as_str(),)), 4 * MOST)?
            {
                others.push((tx.get(&SESSIONS, other)?.map_or(UnixMillis(0), |record| record.seen), other));
            }
            others.sort_unstable();
            let over = others.len().saturating_sub(MOST - 1);
            for (at, (seen, other)) in others.into_iter().enumerate() {
                if at < over || seen.after(IDLE) <= now {
                    end(tx, &record.clerk, other)?;
                }
            }
            tx.put(&SESSIONS_OF, (record.clerk.as_str(), key), &())?;
            tx.put(&SESSIONS, key, &record)
        });
        begun.await?;
        Ok(self.cookie.set(&id))
    }

    /// Whose session this request belongs to, if it is alive and its clerk is still one.
    pub(crate) async fn find(
        &self,
        headers: &HeaderMap,
        now: UnixMillis,
    ) -> Result<Option<Session<String>>, StoreError> {
        let Some(id) = self.cookie.id(headers) else { return Ok(None) };
        let key = sha256(id.as_bytes());
        let Some(record) = self.store.get(&SESSIONS, key)? else { return Ok(None) };
        if record.seen.after(IDLE) <= now || self.token_of(&record.clerk) != Some(record.token) {
            self.store.write_async(move |tx| end(tx, &record.clerk, key)).await?;
            return Ok(None);
        }
        if record.seen.after(SEEN_GRAIN) <= now {
            let seen = self.store.write_async(move |tx| match tx.get(&SESSIONS, key)? {
                Some(record) => tx.put(&SESSIONS, key, &Record { seen: now, ..record }),
                // Ended since it was read: it stays so.
                None => Ok(()),
            });
            seen.await?;
        }
        let csrf = BASE64.encode(sha256(format!("csrf of {id}").as_bytes()));
        Ok(Some(Session { value: record.clerk, csrf }))
    }

    /// Ends the session of this request. The value is for `Set-Cookie`.
    pub(crate) async fn end(&self, headers: &HeaderMap) -> Result<HeaderValue, StoreError> {
        if let Some(key) = self.cookie.id(headers).map(|id| sha256(id.as_bytes())) {
            let ended = self.store.write_async(move |tx| match tx.get(&SESSIONS, key)? {
                Some(record) => end(tx, &record.clerk, key),
                None => Ok(()),
            });
            ended.await?;
        }
        Ok(self.cookie.cleared())
    }

    fn token_of(&self, clerk: &str) -> Option<[u8; 32]> {
        self.clerks.iter().find(|(name, _)| name == clerk).map(|(_, token)| *token)
    }
}

fn end(tx: &mut Tx<'_>, clerk: &str, key: [u8; 32]) -> Result<(), StoreError> {
    tx.remove(&SESSIONS_OF, (clerk, key))?;
    tx.remove(&SESSIONS, key)
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000;

    fn sessions(store: &Store, token: &str) -> ClerkSessions {
        let clerks = [StaffAccount::new("li", token), StaffAccount::new("wu", "token of wu")];
        ClerkSessions::new(store.clone(), &clerks, "http://127.0.0.1:1")
    }

    fn sent(set_cookie: &HeaderValue) -> HeaderMap {
        let pair = set_cookie.to_str().expect("ascii").split(';').next().expect("a pair");
        HeaderMap::from_iter([(http::header::COOKIE, pair.parse().expect("a header"))])
    }

    #[tokio::test]
    async fn a_session_is_known_to_every_instance_and_ends_with_its_clerk() {
        let store = Store::in_memory().expect("a store");
        let (one, other) = (sessions(&store, "token of li"), sessions(&store, "token of li"));
        let li = sent(&one.begin("li", UnixMillis(0)).await.expect("begun"));
        let wu = sent(&one.begin("wu", UnixMillis(0)).await.expect("begun"));
        let found = other.find(&li, UnixMillis(HOUR)).await.expect("read").expect("alive");
        assert_eq!(found.value, "li");
        assert_eq!(one.find(&li, UnixMillis(HOUR)).await.expect("read").expect("alive").csrf, found.csrf);
        assert_ne!(one.find(&wu, UnixMillis(HOUR)).await.expect("read").expect("alive").csrf, found.csrf);

        // It was used after an hour, so it is not idle after twelve and a half.
        assert!(one.find(&li, UnixMillis(12 * HOUR + HOUR / 2)).await.expect("read").is_some());
        assert!(one.find(&wu, UnixMillis(13 * HOUR)).await.expect("read").is_none(), "idle since one");
        let rotated = sessions(&store, "another token of li");
        assert!(rotated.find(&li, UnixMillis(13 * HOUR)).await.expect("read").is_none(), "another token");
        assert!(one.find(&li, UnixMillis(13 * HOUR)).await.expect("read").is_none(), "and that ended it");
        let again = sent(&one.begin("li", UnixMillis(0)).await.expect("begun"));
        other.end(&again).await.expect("ended");
        assert!(one.find(&again, UnixMillis(1)).await.expect("read").is_none());
    }

    #[tokio::test]
    async fn the_oldest_of_a_clerk_give_way_and_nobody_elses() {
        let store = Store::in_memory().expect("a store");
        let sessions = sessions(&store, "token of li");
        let wu = sent(&sessions.begin("wu", UnixMillis(0)).await.expect("begun"));
        let mut all = Vec::new();
        for n in 1..=MOST as u64 + 2 {
            all.push(sent(&sessions.begin("li", UnixMillis(n)).await.expect("begun")));
        }
        for (n, one) in all.iter().enumerate() {
            let found = sessions.find(one, UnixMillis(100)).await.expect("read");
            assert_eq!(found.is_some(), n >= 2, "{n}");
        }
        assert!(sessions.find(&wu, UnixMillis(100)).await.expect("read").is_some());
        assert_eq!(store.page(&SESSIONS, &Range::all(), 100).expect("rows").len(), MOST + 1);
    }
}

//! Who is signed in to the console: sessions in the store, so that every instance knows them and a restart ends none.
//!
//! The store has the SHA-256 of a session's id alone: whoever reads a backup can't go on with anybody's session. A session
//! ends when it is idle, when it is old, when its member signs out, when the account is closed or gets another password, and
//! when the configuration takes away what it was begun by.

use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use service::{Problem, random, session};
use sha2::{Digest, Sha256};
use store::{Range, StoreError, Table, Tx};

use super::{Accounts, digest_of};
use crate::clock::Moment;
use crate::model::Member;
use crate::tables::ACCOUNTS;
use credentials::UnixSeconds;

/// Sessions by the SHA-256 of their id.
const SESSIONS: Table<[u8; 32], SessionRecord> = Table::new("staff-sessions");
/// The sessions of an account, by name.
const SESSIONS_OF: Table<(String, [u8; 32]), ()> = Table::new("staff-sessions-of");
/// Sessions of one account at once; the oldest give way.
const MOST: usize = 20;
/// How many seconds a use may be old before it is written down again: not every page costs a write.
const SEEN_GRAIN: i64 = 60;

/// What is kept of a session.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SessionRecord {
    name: String,
    basis: Basis,
    began: UnixSeconds,
    seen: UnixSeconds,
}

/// What a session was begun by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Basis {
    /// The token of an account of the configuration, told by a digest of its digest: another token ends the session.
    Token(String),
    /// A password, and nothing of which one it was: such a session ends.
    #[serde(rename = "password")]
    SomePassword,
    /// A sign-in at this OpenID provider.
    Provider(String),
    /// The password of an account that was made here, told by a digest of its record: no session by another counts, also where it
    /// was checked before the other was set.
    #[serde(rename = "password-record")]
    Password(String),
}

/// A member of the staff who is signed in.
#[derive(Clone)]
pub(crate) struct StaffSession {
    /// Who it is, with the roles of this moment.
    pub(crate) member: Member,
    /// What the session was begun by.
    pub(crate) basis: Basis,
    /// Put this in every form.
    pub(crate) csrf: String,
}

impl StaffSession {
    /// Refuses a form that another site made the browser send.
    pub(crate) fn check_csrf(&self, sent: &str) -> Result<(), Problem> {
        session::check_csrf(&self.csrf, sent)
    }
}

impl Accounts {
    /// Begins a session, always under a fresh id, so that none can be fixed beforehand. The value is for `Set-Cookie`.
    pub(crate) async fn begin_session(
        &self,
        name: String,
        basis: Basis,
        now: Moment,
    ) -> Result<HeaderValue, StoreError> {
        let id = random::token(32);
        let (key, periods) = (key_of(&id), self.periods);
        let record = SessionRecord { name, basis, began: now.seconds, seen: now.seconds };
        let begun = self.store.write_async(move |tx| {
            let mut alive = Vec::new();
            for other in of(tx, &record.name)? {
                match tx.get(&SESSIONS, other)? {
                    Some(found) if periods.is_alive(&found, now.seconds) => alive.push((found.seen, other)),
                    _ => end(tx, &record.name, other)?,
                }
            }
            alive.sort_unstable();
            for (_, oldest) in alive.iter().rev().skip(MOST - 1) {
                end(tx, &record.name, *oldest)?;
            }
            tx.put(&SESSIONS_OF, (record.name.as_str(), key), &())?;
            tx.put(&SESSIONS, key, &record)
        });
        begun.await?;
        Ok(self.cookie.set(&id))
    }

    /// Who sends this request, if the session is alive and the account still stands.
    pub(crate) async fn session(
        &self,
        headers: &HeaderMap,
        now: Moment,
    ) -> Result<Option<StaffSession>, StoreError> {
        let Some(id) = self.cookie.id(headers) else { return Ok(None) };
        let key = key_of(id);
        let Some(record) = self.store.get(&SESSIONS, key)? else { return Ok(None) };
        let member = match self.periods.is_alive(&record, now.seconds) {
            true => self.member_by(&record.name, &record.basis)?,
            false => None,
        };
        let Some(member) = member else {
            self.store.write_async(move |tx| end(tx, &record.name, key)).await?;
            return Ok(None);
        };
        if record.seen.plus(SEEN_GRAIN) <= now.seconds {
            let seen = self.store.write_async(move |tx| match tx.get(&SESSIONS, key)? {
                Some(record) => tx.put(&SESSIONS, key, &SessionRecord { seen: now.seconds, ..record }),
                // Ended since it was read: it stays so.
                None => Ok(()),
            });
            seen.await?;
        }
        Ok(Some(StaffSession { member, basis: record.basis, csrf: csrf_of(id) }))
    }

    /// Ends the session of this request. The value is for `Set-Cookie`.
    pub(crate) async fn end_session(&self, headers: &HeaderMap) -> Result<HeaderValue, StoreError> {
        if let Some(key) = self.cookie.id(headers).map(key_of) {
            let ended = self.store.write_async(move |tx| match tx.get(&SESSIONS, key)? {
                Some(record) => end(tx, &record.name, key),
                None => Ok(()),
            });
            ended.await?;
        }
        Ok(self.cookie.cleared())
    }

    /// The basis of a sign-in by the token of this account of the configuration.
    pub(crate) fn by_its_token(&self, name: &str) -> Option<Basis> {
        let account = self.configured.iter().find(|account| account.token.name == name)?;
        Some(Basis::Token(digest_of(&hex::encode(account.token.token_sha256))))
    }

    /// The member of this name, if what it signed in by is still good for that.
    fn member_by(&self, name: &str, basis: &Basis) -> Result<Option<Member>, StoreError> {
        let configured = self.configured.iter().find(|account| account.token.name == name);
        match (basis, configured) {
            (Basis::Token(_), Some(account)) if self.by_its_token(name).as_ref() == Some(basis) => {
                Ok(Some(Member { name: name.to_owned(), roles: account.roles }))
            }
            // A name that the configuration took since is another's.
            (Basis::Token(_), _) | (_, Some(_)) | (Basis::SomePassword, None) => Ok(None),
            (Basis::Password(record), None) => {
                let found = self.store.get(&ACCOUNTS, name)?;
                let found = found.filter(|account| {
                    !account.closed && account.provider.is_none() && account.password.digest() == *record
                });
                Ok(found.map(|account| Member { name: account.name, roles: account.roles }))
            }
            (Basis::Provider(issuer), None) => {
                let found = self.store.get(&ACCOUNTS, name)?;
                let stands = self.provider_issuer() == Some(issuer.as_str());
                let found = found.filter(|account| {
                    stands && !account.closed && account.provider.as_deref() == Some(issuer)
                });
                Ok(found.map(|account| Member { name: account.name, roles: account.roles }))
            }
        }
    }
}

/// How long sessions live.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Periods {
    /// Seconds without a request after which a session ends.
    pub(crate) idle: i64,
    /// Seconds after which it ends however it is used.
    pub(crate) lifetime: i64,
}

impl Periods {
    fn is_alive(self, record: &SessionRecord, now: UnixSeconds) -> bool {
        now < record.seen.plus(self.idle) && now < record.began.plus(self.lifetime)
    }
}

/// Ends every session of an account, in the write that closes it or gives it another password.
pub(super) fn end_all(tx: &mut Tx<'_>, name: &str) -> Result<(), StoreError> {
    for key in of(tx, name)? {
        end(tx, name, key)?;
    }
    Ok(())
}

fn of(tx: &Tx<'_>, name: &str) -> Result<Vec<[u8; 32]>, StoreError> {
    // Never more than `MOST`, for each beginning takes away what is over it.
    let page = tx.page(&SESSIONS_OF, &Range::prefix((name,)), 4 * MOST)?;
    Ok(page.into_iter().map(|((_, key), ())| key).collect())
}

fn end(tx: &mut Tx<'_>, name: &str, key: [u8; 32]) -> Result<(), StoreError> {
    tx.remove(&SESSIONS_OF, (name, key))?;
    tx.remove(&SESSIONS, key)
}

/// Ids are random, so a fast digest is enough to know them by.
fn key_of(id: &str) -> [u8; 32] {
    Sha256::digest(id).into()
}

/// Follows from the id, so that the store has nothing that makes a form pass.
fn csrf_of(id: &str) -> String {
    hex::encode(&Sha256::new().chain_update("huizheng/csrf/1:").chain_update(id).finalize()[..16])
}

#[cfg(test)]
mod tests {
    use credentials::UnixSeconds;
    use http::header;
    use store::Store;

    use super::super::tests::seals;
    use super::*;
    use crate::config::StaffAccount;
    use crate::model::{Role, Roles};

    const IDLE: i64 = 1800;
    const LIFETIME: i64 = 12 * 3600;

    fn at(seconds: i64) -> Moment {
        Moment { ms: seconds.unsigned_abs() * 1000, seconds: UnixSeconds(seconds) }
    }

    fn root() -> Member {
        Member { name: "root".into(), roles: Roles::of(&[Role::Admin]) }
    }

    fn on(store: &Store, token: &str) -> Accounts {
        let root = StaffAccount::new("root", token, Roles::of(&[Role::Admin]));
        let periods = Periods { idle: IDLE, lifetime: LIFETIME };
        Accounts::new(store.clone(), vec![root], "https://desk.example", periods, None, seals())
    }

    async fn begun(accounts: &Accounts, name: &str, basis: Basis, now: i64) -> HeaderMap {
        let cookie = accounts.begin_session(name.to_owned(), basis, at(now)).await.expect("begun");
        let pair = cookie.to_str().expect("text").split(';').next().expect("a pair").to_owned();
        HeaderMap::from_iter([(header::COOKIE, pair.parse().expect("a header"))])
    }

    async fn seen(accounts: &Accounts, headers: &HeaderMap, now: i64) -> Option<String> {
        accounts.session(headers, at(now)).await.expect("read").map(|session| session.member.name)
    }

    #[tokio::test]
    async fn a_session_is_known_to_every_instance_until_it_ends() {
        let store = crate::audit::kept();
        let (one, other) = (on(&store, "a long random token"), on(&store, "a long random token"));
        let by_token = one.by_its_token("root").expect("an account");
        let headers = begun(&one, "root", by_token.clone(), 1000).await;
        assert_eq!(seen(&other, &headers, 1001).await.as_deref(), Some("root"));
        let csrf = |session: Option<StaffSession>| session.expect("alive").csrf;
        let (here, there) = (one.session(&headers, at(1002)).await, other.session(&headers, at(1002)).await);
        assert_eq!(csrf(here.expect("read")), csrf(there.expect("read")), "a form passes at either");
        one.end_session(&headers).await.expect("ended");
        assert_eq!(seen(&other, &headers, 1003).await, None);

        let headers = begun(&one, "root", by_token, 1000).await;
        let rotated = on(&store, "another long random token");
        assert_eq!(seen(&rotated, &headers, 1001).await, None, "its token is no longer one");
    }

    #[tokio::test]
    async fn a_session_ends_when_it_is_idle_and_when_it_is_old() {
        let store = crate::audit::kept();
        let accounts = on(&store, "a long random token");
        let by_token = || accounts.by_its_token("root").expect("an account");
        let idle = begun(&accounts, "root", by_token(), 0).await;
        assert!(seen(&accounts, &idle, IDLE - 1).await.is_some());
        assert!(seen(&accounts, &idle, 2 * IDLE - 2).await.is_some(), "used in between");
        assert!(seen(&accounts, &idle, 4 * IDLE).await.is_none());
        assert!(seen(&accounts, &idle, 2 * IDLE).await.is_none(), "and is gone for good");

        let busy = begun(&accounts, "root", by_token(), 0).await;
        for now in (0..LIFETIME).step_by(1000) {
            assert!(seen(&accounts, &busy, now).await.is_some(), "at {now}");
        }
        assert!(seen(&accounts, &busy, LIFETIME).await.is_none());
    }

    #[tokio::test]
    async fn closing_an_account_or_another_password_ends_its_sessions() {
        let store = crate::audit::kept();
        let accounts = on(&store, "a long random token");
        let roles = Roles::of(&[Role::Clerk]);
        let password = accounts.create("li".into(), roles, &root(), at(1)).await.expect("made").secret;
        let (_, by_password) = accounts.sign_in("li", password, at(2)).await.expect("right");
        let headers = begun(&accounts, "li", by_password.clone(), 2).await;
        assert!(seen(&accounts, &headers, 3).await.is_some());
        let of_old = begun(&accounts, "li", Basis::SomePassword, 3).await;
        assert!(seen(&accounts, &of_old, 3).await.is_none(), "of which password is not known");
        let password = accounts.reset("li".into(), &root(), at(3)).await.expect("reset").secret;
        assert!(seen(&accounts, &headers, 4).await.is_none());
        let late = begun(&accounts, "li", by_password, 4).await;
        assert!(seen(&accounts, &late, 5).await.is_none(), "by the password from before the reset");
        let (_, by_password) = accounts.sign_in("li", password, at(5)).await.expect("right");
        let headers = begun(&accounts, "li", by_password, 5).await;
        assert!(seen(&accounts, &headers, 5).await.is_some());
        accounts.close("li".into(), &root(), at(5)).await.expect("closed");
        assert!(seen(&accounts, &headers, 6).await.is_none());
    }

    #[tokio::test]
    async fn an_account_has_so_many_sessions_and_no_more_and_no_id_is_stored() {
        let store = crate::audit::kept();
        let accounts = on(&store, "a long random token");
        let by_token = || accounts.by_its_token("root").expect("an account");
        let first = begun(&accounts, "root", by_token(), 0).await;
        for n in 0..MOST {
            begun(&accounts, "root", by_token(), 1 + i64::try_from(n).expect("small")).await;
        }
        assert!(seen(&accounts, &first, 30).await.is_none(), "the oldest gave way");
        let kept = store.page(&SESSIONS, &Range::all(), 100).expect("read");
        assert_eq!(kept.len(), MOST);
        let id = first[header::COOKIE].to_str().expect("text").split('=').nth(1).expect("an id").to_owned();
        assert!(!format!("{kept:?}").contains(&id));
    }
}

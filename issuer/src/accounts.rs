//! Who of the staff is who, and what they may do: accounts from the configuration by token, accounts made here by password,
//! and keys of departments' systems.
//!
//! Roles are looked up with every request, so a role that is taken away, or an account that is closed, counts at once.

mod change;
mod confirm;
mod password;
mod provided;
mod sessions;

use std::sync::Arc;

use credentials::UnixSeconds;
use rand_core::{OsRng, RngCore};
use serde::{Deserialize, Serialize};
use service::{SessionCookie, StaffTokens};
use sha2::{Digest, Sha256};
use store::{Range, Store, StoreError};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::audit::{Account, Deed, Note as _, Noting};
use crate::clock::Moment;
use crate::config::StaffAccount;
use crate::model::{Member, Roles};
use crate::seals::Seals;
use crate::tables::{ACCOUNTS, API_KEYS};
pub(crate) use change::{ChangeRefused, FEWEST};
pub(crate) use confirm::{Asked, Part, Told};
pub(crate) use password::Hashed;
pub use provided::StaffLogin;
pub(crate) use provided::{NotLetIn, Provider};
pub(crate) use sessions::{Basis, Periods, StaffSession};

/// Wrong passwords in a row after which an account is locked.
const WRONG_PASSWORDS: u8 = 5;
/// Passwords that are checked at once: each takes 19 MiB and a thread.
const CHECKED_AT_ONCE: usize = 4;
/// How long it is locked, in seconds.
const LOCKED_FOR: i64 = 15 * 60;
/// Accounts and keys that are listed at most.
const LISTED: usize = 500;

/// An account that was made here.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AccountRecord {
    pub(crate) name: String,
    pub(crate) roles: Roles,
    pub(crate) password: Hashed,
    /// Wrong passwords in a row.
    pub(crate) wrong: u8,
    /// Until when nobody is let in.
    pub(crate) locked_until: UnixSeconds,
    pub(crate) closed: bool,
    pub(crate) made_by: String,
    pub(crate) made_at: UnixSeconds,
    /// The issuer of the OpenID provider whose member this is, who then has no password here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) provider: Option<String>,
    /// Its password, while that waits for a second admin; nobody has the whole of it until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) asked: Option<Asked>,
}

/// A key for a department's system. Its one scope is to bring records of these types.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ApiKey {
    pub(crate) name: String,
    pub(crate) credential_types: Vec<String>,
    pub(crate) closed: bool,
    pub(crate) made_by: String,
    pub(crate) made_at: UnixSeconds,
}

/// All of them. Clones share it.
pub(crate) struct Accounts {
    store: Store,
    configured: Vec<StaffAccount>,
    tokens: StaffTokens,
    cookie: SessionCookie,
    periods: Periods,
    provider: Option<Provider>,
    seals: Arc<Seals>,
    checking: Arc<Semaphore>,
}

/// Why nobody was let in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignInRefused {
    /// Name or password is wrong, or there is no such account, or it is closed.
    #[error("the name or the password is wrong")]
    Wrong,
    /// Too many wrong passwords.
    #[error("the account is locked for a while")]
    Locked,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// As many passwords are being checked as may be at once.
    #[error("too many passwords are being checked")]
    Busy,
    /// The hash could not be made.
    #[error("the password can't be checked")]
    Hash,
}

/// Why no account was made, or changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AccountRefused {
    /// The name is empty, too long or has characters that it should not.
    #[error("a name has 1 to 40 characters, none of them control characters")]
    Name,
    /// There is one of that name.
    #[error("there is an account of that name")]
    Taken,
    /// There is none of that name that was made here.
    #[error("there is no such account here")]
    Unknown,
    /// No role was named.
    #[error("an account has at least one role")]
    NoRole,
    /// Nothing of it waits for a second admin.
    #[error("no account of that name waits for a second admin")]
    NothingAsked,
    /// Whoever asked can't be the second too.
    #[error("you asked for this account: another admin confirms it")]
    SamePerson,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The hash could not be made.
    #[error("the password can't be hashed")]
    Hash,
}

impl Accounts {
    pub(crate) fn new(
        store: Store,
        configured: Vec<StaffAccount>,
        base_url: &str,
        periods: Periods,
        provider: Option<Provider>,
        seals: Arc<Seals>,
    ) -> Self {
        let tokens = StaffTokens::new(configured.iter().map(|account| account.token.clone()).collect());
        let cookie = SessionCookie::of_desk("desk", base_url);
        let checking = Arc::new(Semaphore::new(CHECKED_AT_ONCE));
        Self { store, configured, tokens, cookie, periods, provider, seals, checking }
    }

    /// Tokens, and wrong sign-ins.
    pub(crate) fn tokens(&self) -> &StaffTokens {
        &self.tokens
    }

    /// The member whose token this is.
    pub(crate) fn by_token(&self, token: &str) -> Option<Member> {
        let name = self.tokens.by_token(token)?;
        let account = self.configured.iter().find(|account| account.token.name == name)?;
        Some(Member { name: name.to_owned(), roles: account.roles })
    }

    /// Lets a member in who knows the password. Five wrong ones in a row lock the account for a quarter of an hour, for the
    /// right one too. An unknown name takes as long as a wrong password. The basis is that of the password which was checked.
    pub(crate) async fn sign_in(
        &self,
        name: &str,
        password: Zeroizing<String>,
        now: Moment,
    ) -> Result<(Member, Basis), SignInRefused> {
        let permit = Arc::clone(&self.checking).try_acquire_owned().map_err(|_| SignInRefused::Busy)?;
        let found = self.store.get(&ACCOUNTS, name)?;
        let found = found.filter(|account| !account.closed && account.provider.is_none());
        let hashed = found.as_ref().map_or_else(Hashed::nobodys, |account| account.password.clone());
        // Held until the hash is made, also when whoever asked is gone.
        let right = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            hashed.is(&password)
        });
        let right = right.await.map_err(|_| SignInRefused::Hash)?;
        let Some(AccountRecord { name, password: checked, .. }) = found else {
            return Err(SignInRefused::Wrong);
        };
        // Judged in the write, so that many who guess at once are counted one by one.
        let judged = self.store.write_async(move |tx| {
            let Some(mut account) = tx.get(&ACCOUNTS, name.as_str())? else {
                return Ok::<_, StoreError>(Err(SignInRefused::Wrong));
            };
            if now.seconds < account.locked_until {
                return Ok(Err(SignInRefused::Locked));
            }
            if !account.password.is_same_as(&checked) {
                return Ok(Err(SignInRefused::Wrong));
            }
            let outcome = if right {
                account.wrong = 0;
                let member = Member { name: account.name.clone(), roles: account.roles };
                Ok((member, Basis::Password(checked.digest())))
            } else {
                account.wrong = account.wrong.saturating_add(1);
                if account.wrong >= WRONG_PASSWORDS {
                    account.wrong = 0;
                    account.locked_until = now.seconds.plus(LOCKED_FOR);
                }
                Err(SignInRefused::Wrong)
            };
            tx.put(&ACCOUNTS, name.as_str(), &account)?;
            Ok(outcome)
        });
        judged.await?
    }

    /// Makes an account and its first password, which is told once: one half of it where two admins are asked for.
    pub(crate) async fn create(
        &self,
        name: String,
        roles: Roles,
        by: &Member,
        now: Moment,
    ) -> Result<Told, AccountRefused> {
        check_name(&name)?;
        if roles == Roles::default() {
            return Err(AccountRefused::NoRole);
        }
        if self.configured.iter().any(|account| account.token.name == name) {
            return Err(AccountRefused::Taken);
        }
        let (told, hashed, asked) = self.fresh_password(roles, &by.name).await?;
        let account = AccountRecord {
            name,
            roles,
            password: hashed,
            wrong: 0,
            locked_until: UnixSeconds(0),
            closed: false,
            made_by: by.name.clone(),
            made_at: now.seconds,
            provider: None,
            asked,
        };
        let noting = Noting::by(&by.actor(), now);
        let made = self.store.write_async(move |tx| {
            if tx.contains(&ACCOUNTS, account.name.as_str())? {
                return Err(AccountRefused::Taken);
            }
            tx.put(&ACCOUNTS, account.name.as_str(), &account)?;
            Ok(noting.note(tx, Deed::new("account-made").about("account", Account(&account.name)))?)
        });
        made.await?;
        Ok(told)
    }

    /// Gives an account a new password, told once, opens it if it was locked, and ends its sessions. It is told as a first one is.
    pub(crate) async fn reset(&self, name: String, by: &Member, now: Moment) -> Result<Told, AccountRefused> {
        let noting = Noting::by(&by.actor(), now);
        // Nobody's roles change.
        let roles = self.store.get(&ACCOUNTS, name.as_str())?.ok_or(AccountRefused::Unknown)?.roles;
        let (told, hashed, asked) = self.fresh_password(roles, &by.name).await?;
        let reset = self.store.write_async(move |tx| {
            let account = tx.get(&ACCOUNTS, name.as_str())?.filter(|account| account.provider.is_none());
            let mut account = account.ok_or(AccountRefused::Unknown)?;
            sessions::end_all(tx, &name)?;
            account.password = hashed;
            account.asked = asked;
            account.wrong = 0;
            account.locked_until = UnixSeconds(0);
            tx.put(&ACCOUNTS, name.as_str(), &account)?;
            let deed = Deed::new("account-password-reset").about("account", Account(&name));
            Ok::<_, AccountRefused>(noting.note(tx, deed)?)
        });
        reset.await?;
        Ok(told)
    }

    /// Closes an account for good, and with it its sessions. What was done with it keeps its name.
    pub(crate) async fn close(&self, name: String, by: &Member, now: Moment) -> Result<(), AccountRefused> {
        let noting = Noting::by(&by.actor(), now);
        let closed = self.store.write_async(move |tx| {
            let mut account = tx.get(&ACCOUNTS, name.as_str())?.ok_or(AccountRefused::Unknown)?;
            account.closed = true;
            sessions::end_all(tx, &name)?;
            tx.put(&ACCOUNTS, name.as_str(), &account)?;
            let deed = Deed::new("account-closed").about("account", Account(&name));
            Ok::<_, AccountRefused>(noting.note(tx, deed)?)
        });
        closed.await
    }

    /// The accounts of the configuration, by name and roles.
    pub(crate) fn configured(&self) -> impl Iterator<Item = (&str, Roles)> {
        self.configured.iter().map(|account| (account.token.name.as_str(), account.roles))
    }

    /// The accounts that were made here.
    pub(crate) fn made(&self) -> Result<Vec<AccountRecord>, StoreError> {
        Ok(self
            .store
            .page(&ACCOUNTS, &Range::all(), LISTED)?
            .into_iter()
            .map(|(_, account)| account)
            .collect())
    }

    /// Makes a key for a department's system, which is told once.
    pub(crate) async fn create_key(
        &self,
        name: String,
        credential_types: Vec<String>,
        by: &Member,
        now: Moment,
    ) -> Result<Told, AccountRefused> {
        check_name(&name)?;
        let secret = Zeroizing::new(format!("hz_{}", random_text(32).as_str()));
        let digest = digest_of(&secret);
        let key =
            ApiKey { name, credential_types, closed: false, made_by: by.name.clone(), made_at: now.seconds };
        let noting = Noting::by(&by.actor(), now);
        let made = self.store.write_async(move |tx| {
            tx.put(&API_KEYS, digest.as_str(), &key)?;
            noting.note(tx, Deed::new("api-key-made").about("system", Account(&key.name)))
        });
        made.await?;
        Ok(Told::whole(secret))
    }

    /// The key that this is, if it is open.
    pub(crate) fn key(&self, secret: &str) -> Result<Option<ApiKey>, StoreError> {
        Ok(self.store.get(&API_KEYS, digest_of(secret).as_str())?.filter(|key| !key.closed))
    }

    /// Every key, with what names it.
    pub(crate) fn keys(&self) -> Result<Vec<(String, ApiKey)>, StoreError> {
        self.store.page(&API_KEYS, &Range::all(), LISTED)
    }

    /// Closes a key for good.
    pub(crate) async fn close_key(
        &self,
        digest: String,
        by: &Member,
        now: Moment,
    ) -> Result<(), AccountRefused> {
        let noting = Noting::by(&by.actor(), now);
        let closed = self.store.write_async(move |tx| {
            let mut key = tx.get(&API_KEYS, digest.as_str())?.ok_or(AccountRefused::Unknown)?;
            key.closed = true;
            tx.put(&API_KEYS, digest.as_str(), &key)?;
            let deed = Deed::new("api-key-closed").about("system", Account(&key.name));
            Ok::<_, AccountRefused>(noting.note(tx, deed)?)
        });
        closed.await
    }
}

/// So many random bytes as text.
fn random_text(bytes: usize) -> Zeroizing<String> {
    use base64::Engine as _;
    let mut random = Zeroizing::new(vec![0; bytes]);
    OsRng.fill_bytes(&mut random);
    Zeroizing::new(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&random))
}

/// Keys are random, so a fast digest is enough to know them by.
fn digest_of(secret: &str) -> String {
    Sha256::digest(secret).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn check_name(name: &str) -> Result<(), AccountRefused> {
    let fits = !name.trim().is_empty() && name.trim() == name && name.chars().count() <= 40;
    if fits && !name.chars().any(char::is_control) { Ok(()) } else { Err(AccountRefused::Name) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Role;

    pub(super) fn at(seconds: i64) -> Moment {
        Moment { ms: seconds.unsigned_abs() * 1000, seconds: UnixSeconds(seconds) }
    }

    pub(super) fn accounts() -> Accounts {
        let store = crate::audit::kept();
        let root = StaffAccount::new("root", "a long random token", Roles::of(&[Role::Admin]));
        let periods = Periods { idle: 60, lifetime: 600 };
        Accounts::new(store, vec![root], "http://127.0.0.1", periods, None, seals())
    }

    pub(super) fn seals() -> Arc<Seals> {
        Arc::new(Seals::new(&Zeroizing::new([7; 32])))
    }

    pub(super) fn root() -> Member {
        Member { name: "root".into(), roles: Roles::of(&[Role::Admin]) }
    }

    fn text(password: &str) -> Zeroizing<String> {
        Zeroizing::new(password.to_owned())
    }

    #[tokio::test]
    async fn five_wrong_passwords_lock_an_account_for_a_quarter_of_an_hour() {
        let accounts = accounts();
        let roles = Roles::of(&[Role::Clerk]);
        let password = accounts.create("li".into(), roles, &root(), at(1)).await.expect("made").secret;
        assert_eq!(accounts.sign_in("li", password.clone(), at(2)).await.expect("right").0.roles, roles);
        for _ in 0..5 {
            let refused = accounts.sign_in("li", text("guess"), at(3)).await;
            assert!(matches!(refused, Err(SignInRefused::Wrong)));
        }
        let refused = accounts.sign_in("li", password.clone(), at(4)).await;
        assert!(matches!(refused, Err(SignInRefused::Locked)), "the right one too");
        assert!(accounts.sign_in("li", password, at(3 + LOCKED_FOR)).await.is_ok());
        let new = accounts.reset("li".into(), &root(), at(3)).await.expect("reset").secret;
        accounts.close("li".into(), &root(), at(3)).await.expect("closed");
        let refused = accounts.sign_in("li", new, at(4 + LOCKED_FOR)).await;
        assert!(matches!(refused, Err(SignInRefused::Wrong)), "closed");
        assert!(matches!(accounts.sign_in("nobody", text("x"), at(5)).await, Err(SignInRefused::Wrong)));
    }

    #[tokio::test]
    async fn names_are_given_once_and_are_names() {
        let accounts = accounts();
        let roles = Roles::of(&[Role::Clerk]);
        let root = root();
        let made = |name: &str, roles| accounts.create(name.to_owned(), roles, &root, at(1));
        assert!(made("li", roles).await.is_ok());
        assert!(matches!(made("li", roles).await, Err(AccountRefused::Taken)));
        assert!(matches!(made("root", roles).await, Err(AccountRefused::Taken)));
        assert!(matches!(made("wu", Roles::default()).await, Err(AccountRefused::NoRole)));
        for name in ["", " li", "a\nb", &"长".repeat(41)] {
            assert!(matches!(made(name, roles).await, Err(AccountRefused::Name)), "{name:?}");
        }
        assert!(!format!("{:?}", accounts.made().expect("read")).contains("hash"), "nothing secret in Debug");
    }

    #[tokio::test]
    async fn a_key_opens_until_it_is_closed() {
        let accounts = accounts();
        let types = vec!["business-licence".to_owned()];
        let key =
            accounts.create_key("registry".into(), types.clone(), &root(), at(1)).await.expect("made").secret;
        assert_eq!(accounts.key(&key).expect("read").expect("open").credential_types, types);
        assert!(accounts.key("hz_guess").expect("read").is_none());
        let (digest, _) = accounts.keys().expect("read").remove(0);
        accounts.close_key(digest, &root(), at(2)).await.expect("closed");
        assert!(accounts.key(&key).expect("read").is_none());
    }
}

//! Who of the staff asks: by bearer token in an API, by session on the pages.

use std::fmt;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use crate::rate::{Limited, RateLimiter};
use crate::session::{SessionCookie, Sessions};

/// Wrong sign-ins from one client in five minutes before it must wait.
const WRONG_SIGN_INS: u32 = 10;

/// One account of the staff.
#[derive(Clone)]
pub struct StaffAccount {
    /// Shown beside what was done with it.
    pub name: String,
    /// SHA-256 of the account's token. The token must be random (32 bytes or more), which is why no slow hash is needed.
    pub token_sha256: [u8; 32],
}

impl StaffAccount {
    /// An account with this token.
    pub fn new(name: impl Into<String>, token: &str) -> Self {
        Self { name: name.into(), token_sha256: Sha256::digest(token).into() }
    }
}

impl fmt::Debug for StaffAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaffAccount").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The accounts, and how often each client was wrong.
pub struct StaffTokens {
    accounts: Vec<StaffAccount>,
    wrong: RateLimiter,
}

/// The accounts and their sessions, in which pages know `T` of whoever signed in.
pub struct Staff<T> {
    tokens: StaffTokens,
    sessions: Sessions<T>,
}

impl fmt::Debug for StaffTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaffTokens").field("accounts", &self.accounts).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Staff<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Staff").field("tokens", &self.tokens).finish_non_exhaustive()
    }
}

impl StaffTokens {
    /// These accounts.
    #[must_use]
    pub fn new(accounts: Vec<StaffAccount>) -> Self {
        Self { accounts, wrong: RateLimiter::new(WRONG_SIGN_INS, Duration::from_secs(300)) }
    }

    /// The name of the account whose token this is. Takes the same time for every wrong token.
    #[must_use]
    pub fn by_token(&self, token: &str) -> Option<&str> {
        let given: [u8; 32] = Sha256::digest(token).into();
        let (mut found, mut at) = (Choice::from(0), 0u32);
        for (index, account) in (0u32..).zip(&self.accounts) {
            let same = account.token_sha256.ct_eq(&given);
            at.conditional_assign(&index, same);
            found |= same;
        }
        let account = self.accounts.get(usize::try_from(at).ok()?)?;
        bool::from(found).then_some(&account.name)
    }

    /// Whether this client may try at all, for a check that costs something. Counts nothing.
    ///
    /// # Errors
    /// [`Limited`] once there were too many wrong sign-ins.
    pub fn may_try(&self, client: &str) -> Result<(), Limited> {
        self.wrong.look(client, Instant::now())
    }

    /// Counts a wrong sign-in of this client.
    ///
    /// # Errors
    /// [`Limited`] once there were too many.
    pub fn wrong_sign_in(&self, client: &str) -> Result<(), Limited> {
        self.wrong.check(client, Instant::now())
    }
}

impl<T: Clone> Staff<T> {
    /// Sessions end after `idle` without a request; for the cookie see [`SessionCookie::of_desk`].
    #[must_use]
    pub fn new(accounts: Vec<StaffAccount>, desk: &str, base_url: &str, idle: Duration) -> Self {
        let sessions = Sessions::new("", idle).with(SessionCookie::of_desk(desk, base_url));
        Self { tokens: StaffTokens::new(accounts), sessions }
    }

    /// See [`StaffTokens::by_token`].
    #[must_use]
    pub fn by_token(&self, token: &str) -> Option<&str> {
        self.tokens.by_token(token)
    }

    /// The sessions of the pages.
    #[must_use]
    pub fn sessions(&self) -> &Sessions<T> {
        &self.sessions
    }

    /// See [`StaffTokens::wrong_sign_in`].
    ///
    /// # Errors
    /// [`Limited`] once there were too many.
    pub fn wrong_sign_in(&self, client: &str) -> Result<(), Limited> {
        self.tokens.wrong_sign_in(client)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_its_accounts_and_nobody_elses() {
        let accounts = vec![StaffAccount::new("li", "token of li"), StaffAccount::new("wu", "token of wu")];
        let open =
            |accounts| Staff::<()>::new(accounts, "desk", "http://127.0.0.1:1", Duration::from_secs(1));
        let staff = open(accounts);
        assert_eq!(staff.by_token("token of li"), Some("li"));
        assert_eq!(staff.by_token("token of wu"), Some("wu"));
        assert_eq!(staff.by_token("token of l"), None);
        assert_eq!(staff.by_token(""), None);
        assert_eq!(open(vec![]).by_token(""), None);
        assert!(!format!("{staff:?}").contains("token of"));
    }
}

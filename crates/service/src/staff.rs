//! Who of the staff asks: by bearer token in an API, by session on the pages.

use std::fmt;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use crate::rate::{Limited, RateLimiter};
use crate::session::Sessions;

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

/// The accounts and their sessions, in which pages know `T` of whoever signed in.
pub struct Staff<T> {
    accounts: Vec<StaffAccount>,
    sessions: Sessions<T>,
    wrong: RateLimiter,
}

impl<T> fmt::Debug for Staff<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Staff").field("accounts", &self.accounts).finish_non_exhaustive()
    }
}

impl<T: Clone> Staff<T> {
    /// Sessions end after `idle` without a request. `desk` (letters) and `base_url` tell their cookie from those of other
    /// services on the same host.
    #[must_use]
    pub fn new(accounts: Vec<StaffAccount>, desk: &str, base_url: &str, idle: Duration) -> Self {
        let digest = Sha256::digest(base_url);
        let name = format!("hz_{desk}_{:02x}{:02x}{:02x}", digest[0], digest[1], digest[2]);
        let sessions = Sessions::new(name, idle).at(base_url);
        Self { accounts, sessions, wrong: RateLimiter::new(WRONG_SIGN_INS, Duration::from_secs(300)) }
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

    /// The sessions of the pages.
    #[must_use]
    pub fn sessions(&self) -> &Sessions<T> {
        &self.sessions
    }

    /// Counts a wrong sign-in of this client.
    ///
    /// # Errors
    /// [`Limited`] once there were too many.
    pub fn wrong_sign_in(&self, client: &str) -> Result<(), Limited> {
        self.wrong.check(client, Instant::now())
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

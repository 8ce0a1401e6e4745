//! Who asks: by bearer token in the API, by session at the counter.

use std::fmt;
use std::time::{Duration, Instant};

use service::rate::Limited;
use service::{RateLimiter, Session, Sessions};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::config::StaffAccount;

/// How long a counter stays open without being used: a working day.
const IDLE: Duration = Duration::from_secs(12 * 60 * 60);
/// Wrong sign-ins from one address in five minutes before it must wait.
const WRONG_SIGN_INS: u32 = 10;

/// The name of whoever asks.
pub(crate) type Clerk = String;

/// The accounts and their sessions.
pub(crate) struct Staff {
    accounts: Vec<StaffAccount>,
    sessions: Sessions<Clerk>,
    wrong: RateLimiter,
}

impl fmt::Debug for Staff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Staff").field("accounts", &self.accounts).finish_non_exhaustive()
    }
}

impl Staff {
    /// `base_url` tells this verifier's session cookie from that of another service on the same host.
    pub(crate) fn new(accounts: Vec<StaffAccount>, base_url: &str) -> Self {
        let digest = Sha256::digest(base_url);
        let name = format!("hz_counter_{:02x}{:02x}{:02x}", digest[0], digest[1], digest[2]);
        let sessions = Sessions::new(name, IDLE).at(base_url);
        Self { accounts, sessions, wrong: RateLimiter::new(WRONG_SIGN_INS, Duration::from_secs(300)) }
    }

    /// Whose token this is. Looks at every account, whichever it is.
    pub(crate) fn by_token(&self, token: &str) -> Option<Clerk> {
        let given: [u8; 32] = Sha256::digest(token).into();
        let mut found = None;
        for account in &self.accounts {
            if bool::from(account.token_sha256.ct_eq(&given)) {
                found = Some(&account.name);
            }
        }
        found.cloned()
    }

    /// The sessions of the counter.
    pub(crate) fn sessions(&self) -> &Sessions<Clerk> {
        &self.sessions
    }

    /// Counts a sign-in from this address; an error once there were too many.
    pub(crate) fn count_sign_in(&self, peer: &str) -> Result<(), Limited> {
        self.wrong.check(peer, Instant::now())
    }
}

/// A signed-in clerk on a page.
pub(crate) type ClerkSession = Session<Clerk>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_its_accounts_and_nobody_elses() {
        let accounts = vec![StaffAccount::new("li", "token of li"), StaffAccount::new("wu", "token of wu")];
        let staff = Staff::new(accounts, "http://127.0.0.1:1");
        assert_eq!(staff.by_token("token of wu").as_deref(), Some("wu"));
        assert_eq!(staff.by_token("token of l"), None);
        assert_eq!(staff.by_token(""), None);
        assert_eq!(Staff::new(vec![], "x").by_token(""), None);
        assert!(!format!("{staff:?}").contains("token of"));
    }
}

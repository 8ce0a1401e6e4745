//! Who of the staff asks: by bearer token in the API, by session in the console.

use std::fmt;
use std::time::{Duration, Instant};

use service::{RateLimiter, Session, Sessions};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use crate::config::StaffAccount;
use crate::model::Actor;

/// How long a console stays signed in without being used.
const IDLE: Duration = Duration::from_secs(30 * 60);
/// Wrong sign-ins from one address before it must wait.
const WRONG_SIGN_INS: u32 = 10;

/// The accounts and their sessions.
pub(crate) struct Staff {
    accounts: Vec<StaffAccount>,
    sessions: Sessions<Actor>,
    wrong: RateLimiter,
}

impl fmt::Debug for Staff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Staff").field("accounts", &self.accounts).finish_non_exhaustive()
    }
}

impl Staff {
    /// `base_url` tells this issuer's session cookie from that of another one on the same host.
    pub(crate) fn new(accounts: Vec<StaffAccount>, base_url: &str) -> Self {
        let digest = Sha256::digest(base_url);
        let name = format!("hz_desk_{:02x}{:02x}{:02x}", digest[0], digest[1], digest[2]);
        let sessions = Sessions::new(name, IDLE).at(base_url);
        Self { accounts, sessions, wrong: RateLimiter::new(WRONG_SIGN_INS, Duration::from_secs(300)) }
    }

    /// The account whose token this is. Takes the same time for every wrong token.
    pub(crate) fn by_token(&self, token: &str) -> Option<Actor> {
        let given: [u8; 32] = Sha256::digest(token).into();
        let (mut found, mut at) = (Choice::from(0), 0u32);
        for (index, account) in (0u32..).zip(&self.accounts) {
            let same = account.token_sha256.ct_eq(&given);
            at.conditional_assign(&index, same);
            found |= same;
        }
        let account = self.accounts.get(usize::try_from(at).ok()?)?;
        bool::from(found).then(|| Actor::Staff { name: account.name.clone() })
    }

    /// The sessions of the console.
    pub(crate) fn sessions(&self) -> &Sessions<Actor> {
        &self.sessions
    }

    /// Counts a wrong sign-in from this address; an error once there were too many.
    pub(crate) fn wrong_sign_in(&self, peer: &str) -> Result<(), service::rate::Limited> {
        self.wrong.check(peer, Instant::now())
    }
}

/// A signed-in member of staff on a page.
pub(crate) type StaffSession = Session<Actor>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_its_accounts_and_nobody_elses() {
        let accounts = vec![StaffAccount::new("li", "token of li"), StaffAccount::new("wu", "token of wu")];
        let staff = Staff::new(accounts, "http://127.0.0.1:1");
        assert_eq!(staff.by_token("token of wu"), Some(Actor::Staff { name: "wu".into() }));
        assert_eq!(staff.by_token("token of l"), None);
        assert_eq!(staff.by_token(""), None);
        assert_eq!(Staff::new(vec![], "x").by_token(""), None);
        assert!(!format!("{staff:?}").contains("token of"));
    }
}

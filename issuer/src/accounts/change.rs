//! A member's own new password.

use store::StoreError;
use zeroize::Zeroizing;

use super::sessions::end_all;
use super::{Accounts, Basis, Hashed, SignInRefused};
use crate::audit::{Deed, Note as _, Noting};
use crate::clock::Moment;
use crate::model::Actor;
use crate::tables::ACCOUNTS;

/// How few characters a password has that a person chose. NIST SP 800-63B-4 §3.1.1.2 asks for eight beside a second factor
/// and fifteen alone; in between, with an account that locks itself.
pub(crate) const FEWEST: usize = 12;
/// And how many: argon2 reads all of them.
const MOST: usize = 128;

/// Why a password stays as it is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChangeRefused {
    /// The old one is wrong, or the account is locked.
    #[error(transparent)]
    Old(#[from] SignInRefused),
    /// The new one is too short, too long, or is the account's name.
    #[error("a password has {FEWEST} to {MOST} characters and is not the account's name")]
    Weak,
    /// The new one is the old one.
    #[error("the new password is the old one")]
    Same,
    /// It was changed by somebody else meanwhile.
    #[error("the password was changed meanwhile")]
    Meanwhile,
}

impl Accounts {
    /// Gives an account the password that its member chose, and ends all its sessions; the basis is for a new one. The old
    /// password is asked for, and a wrong one counts as in [`Accounts::sign_in`].
    pub(crate) async fn change_password(
        &self,
        name: String,
        old: Zeroizing<String>,
        new: Zeroizing<String>,
        now: Moment,
    ) -> Result<Basis, ChangeRefused> {
        let store = |error| ChangeRefused::Old(SignInRefused::Store(error));
        let before = self.store.get(&ACCOUNTS, name.as_str()).map_err(store)?;
        let before = before.ok_or(SignInRefused::Wrong)?.password;
        self.sign_in(&name, old.clone(), now).await?;
        if !(FEWEST..=MOST).contains(&new.chars().count()) || new.to_lowercase() == name.to_lowercase() {
            return Err(ChangeRefused::Weak);
        }
        if *old == *new {
            return Err(ChangeRefused::Same);
        }
        let hashed = tokio::task::spawn_blocking(move || Hashed::of(&new)).await;
        let hashed = hashed.ok().flatten().ok_or(SignInRefused::Hash)?;
        let basis = Basis::Password(hashed.digest());
        let noting = Noting::by(&Actor::staff(&name), now);
        let changed = self.store.write_async(move |tx| {
            let found = tx.get(&ACCOUNTS, name.as_str())?.filter(|account| !account.closed);
            let Some(mut account) = found.filter(|account| account.password.is_same_as(&before)) else {
                return Ok::<_, StoreError>(false);
            };
            account.password = hashed;
            end_all(tx, &name)?;
            tx.put(&ACCOUNTS, name.as_str(), &account)?;
            noting.note(tx, Deed::new("password-changed"))?;
            Ok(true)
        });
        // Whoever is locked out by an admin's new password doesn't get back in by the old one.
        if changed.await.map_err(store)? { Ok(basis) } else { Err(ChangeRefused::Meanwhile) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sessions::Periods;
    use super::super::tests::seals;
    use super::*;
    use crate::model::{Member, Role, Roles};
    use credentials::UnixSeconds;

    const NAME: &str = "wang-xiaoming";

    #[tokio::test]
    async fn a_member_who_knows_the_old_password_chooses_the_new_one() {
        let periods = Periods { idle: 60, lifetime: 60 };
        let accounts =
            Accounts::new(crate::audit::kept(), vec![], "http://127.0.0.1", periods, None, seals());
        let root = Member { name: "root".into(), roles: Roles::of(&[Role::Admin]) };
        let now = Moment { ms: 1000, seconds: UnixSeconds(1) };
        let first = accounts.create(NAME.into(), Roles::of(&[Role::Clerk]), &root, now).await;
        let first = first.expect("made").secret;
        let text = |text: &str| Zeroizing::new(text.to_owned());
        let change = |old: &Zeroizing<String>, new: &str| {
            accounts.change_password(NAME.into(), old.clone(), text(new), now)
        };
        let long = "长".repeat(MOST + 1);
        for weak in ["short", "elevenchars", "", long.as_str(), "WANG-xiaoming"] {
            assert!(matches!(change(&first, weak).await, Err(ChangeRefused::Weak)), "{weak}");
        }
        assert!(matches!(change(&first, &first).await, Err(ChangeRefused::Same)));
        let refused = change(&text("guess"), "a password of her own").await;
        assert!(matches!(refused, Err(ChangeRefused::Old(SignInRefused::Wrong))));
        change(&first, "a password of her own").await.expect("changed");
        let refused = change(&first, "another password of hers").await;
        assert!(matches!(refused, Err(ChangeRefused::Old(SignInRefused::Wrong))), "the old one is gone");
        accounts.sign_in(NAME, text("a password of her own"), now).await.expect("counts");
        for _ in 0..5 {
            drop(change(&text("guess"), "another password of hers").await);
        }
        let refused = change(&text("a password of her own"), "another password of hers").await;
        assert!(matches!(refused, Err(ChangeRefused::Old(SignInRefused::Locked))), "guesses lock here too");
    }
}

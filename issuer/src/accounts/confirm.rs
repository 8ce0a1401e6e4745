//! Passwords that take two admins. Whoever made the account of an admin or a supervisor alone, or set such a member's password, would
//! know it, and could be the second person too wherever two are asked for (ADR 0054): so each of two admins is told one half.

use rand_core::{OsRng, RngCore as _};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{AccountRefused, Accounts, Hashed, random_text};
use crate::audit::{Account, Deed, Note as _, Noting};
use crate::clock::Moment;
use crate::model::{Member, Role, Roles};
use crate::tables::ACCOUNTS;

/// The roles that can be the second of two.
const SECONDS: Roles = Roles::of(&[Role::Supervisor, Role::Admin]);

/// A password of which the second half was told to nobody yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Asked {
    /// The admin who was told the first.
    pub(crate) by: String,
    /// What the second is made of, together with the issuer's secret: the store alone gives neither half.
    seed: [u8; 16],
}

/// A secret that is shown once.
pub(crate) struct Told {
    pub(crate) secret: Zeroizing<String>,
    pub(crate) part: Part,
}

/// How much of a secret was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Whole,
    FirstHalf,
    SecondHalf,
}

impl Told {
    pub(super) fn whole(secret: Zeroizing<String>) -> Self {
        Self { secret, part: Part::Whole }
    }
}

impl Accounts {
    /// A fresh password for an account with these roles, which this admin asks for: what she is told of it, and what is kept.
    pub(super) async fn fresh_password(
        &self,
        roles: Roles,
        admin: &str,
    ) -> Result<(Told, Hashed, Option<Asked>), AccountRefused> {
        let (told, whole, asked) = if roles.meets(SECONDS) {
            let mut seed = [0; 16];
            OsRng.fill_bytes(&mut seed);
            let first = random_text(9);
            let whole = Zeroizing::new([first.as_str(), &self.seals.password_half(&seed)].concat());
            let asked = Asked { by: admin.to_owned(), seed };
            (Told { secret: first, part: Part::FirstHalf }, whole, Some(asked))
        } else {
            let whole = random_text(15);
            (Told::whole(whole.clone()), whole, None)
        };
        let hashed = tokio::task::spawn_blocking(move || Hashed::of(&whole)).await;
        Ok((told, hashed.ok().flatten().ok_or(AccountRefused::Hash)?, asked))
    }

    /// Confirms an account of an admin or a supervisor, or its new password, and tells the second half of that, once.
    pub(crate) async fn confirm(
        &self,
        name: String,
        by: &Member,
        now: Moment,
    ) -> Result<Told, AccountRefused> {
        let noting = Noting::by(&by.actor(), now);
        let by = by.name.clone();
        let confirmed = self.store.write_async(move |tx| {
            let found = tx.get(&ACCOUNTS, name.as_str())?.filter(|account| !account.closed);
            let mut account = found.ok_or(AccountRefused::NothingAsked)?;
            let asked = account.asked.take().ok_or(AccountRefused::NothingAsked)?;
            if asked.by == by {
                return Err(AccountRefused::SamePerson);
            }
            tx.put(&ACCOUNTS, name.as_str(), &account)?;
            noting.note(tx, Deed::new("account-confirmed").about("account", Account(&name)))?;
            Ok(asked)
        });
        let secret = self.seals.password_half(&confirmed.await?.seed);
        Ok(Told { secret, part: Part::SecondHalf })
    }
}

#[cfg(test)]
mod tests {
    use super::super::SignInRefused;
    use super::super::tests::{accounts, at, root};
    use super::*;

    fn admin(name: &str) -> Member {
        Member { name: name.to_owned(), roles: Roles::of(&[Role::Admin]) }
    }

    fn joined(first: &Told, second: &Told) -> Zeroizing<String> {
        assert_eq!((first.part, second.part), (Part::FirstHalf, Part::SecondHalf));
        Zeroizing::new([first.secret.as_str(), &second.secret].concat())
    }

    #[tokio::test]
    async fn of_a_second_persons_password_no_admin_is_told_more_than_half() {
        for role in [Role::Supervisor, Role::Admin] {
            let accounts = accounts();
            let roles = Roles::of(&[Role::Auditor, role]);
            let confirm = async |by: &str| accounts.confirm("wu".into(), &admin(by), at(2)).await;
            let wrong = async |password: &Zeroizing<String>| {
                matches!(accounts.sign_in("wu", password.clone(), at(2)).await, Err(SignInRefused::Wrong))
            };
            let first = accounts.create("wu".into(), roles, &root(), at(1)).await.expect("made");
            assert!(wrong(&first.secret).await);
            assert!(matches!(confirm("root").await, Err(AccountRefused::SamePerson)));
            let second = confirm("chen").await.expect("another");
            assert!(matches!(confirm("chen").await, Err(AccountRefused::NothingAsked)), "told once");
            assert!(wrong(&first.secret).await && wrong(&second.secret).await);
            let whole = joined(&first, &second);
            assert_eq!(accounts.sign_in("wu", whole.clone(), at(2)).await.expect("both").0.roles, roles);

            // A new password is new in both halves, whoever asks.
            let first = accounts.reset("wu".into(), &admin("chen"), at(3)).await.expect("reset");
            assert!(wrong(&whole).await);
            assert!(matches!(confirm("chen").await, Err(AccountRefused::SamePerson)));
            let second = confirm("root").await.expect("another");
            accounts.sign_in("wu", joined(&first, &second), at(3)).await.expect("both");

            accounts.reset("wu".into(), &root(), at(4)).await.expect("reset");
            accounts.close("wu".into(), &root(), at(4)).await.expect("closed");
            assert!(matches!(confirm("chen").await, Err(AccountRefused::NothingAsked)), "closed");
        }
    }

    #[tokio::test]
    async fn a_clerk_and_an_auditor_take_one_admin() {
        let accounts = accounts();
        let roles = Roles::of(&[Role::Clerk, Role::Auditor]);
        let told = accounts.create("qian".into(), roles, &root(), at(1)).await.expect("made");
        assert_eq!(told.part, Part::Whole);
        accounts.sign_in("qian", told.secret, at(2)).await.expect("at once");
        let refused = accounts.confirm("qian".into(), &admin("chen"), at(2)).await;
        assert!(matches!(refused, Err(AccountRefused::NothingAsked)));
    }
}

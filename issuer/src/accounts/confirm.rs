//! Accounts that take two admins: whoever made an admin or a supervisor alone, or set such a member's password, could be the second
//! person too wherever two are asked for (ADR 0054).

use store::StoreError;

use super::{AccountRecord, Accounts};
use crate::audit::{Account, Deed, Note as _, Noting};
use crate::clock::Moment;
use crate::model::{Member, Role, Roles};
use crate::tables::ACCOUNTS;

/// The roles that can be the second of two.
const SECONDS: Roles = Roles::of(&[Role::Supervisor, Role::Admin]);

/// Why an account is not confirmed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfirmRefused {
    /// There is none of that name that waits.
    #[error("no account of that name waits for a second admin")]
    Nothing,
    /// Whoever asked for it can't be the second too.
    #[error("you asked for this account: another admin confirms it")]
    SamePerson,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AccountRecord {
    /// Somebody knows its password who is not its member: where that could make one person two, it waits for another.
    pub(super) fn is_asked_by(&mut self, admin: &str) {
        self.asked_by = self.roles.meets(SECONDS).then(|| admin.to_owned());
    }
}

impl Accounts {
    /// Confirms an account of an admin or a supervisor, or its new password: from here on its member signs in.
    pub(crate) async fn confirm(&self, name: String, by: &Member, now: Moment) -> Result<(), ConfirmRefused> {
        let noting = Noting::by(&by.actor(), now);
        let by = by.name.clone();
        let confirmed = self.store.write_async(move |tx| {
            let found = tx.get(&ACCOUNTS, name.as_str())?.filter(|account| !account.closed);
            let mut account = found.ok_or(ConfirmRefused::Nothing)?;
            match account.asked_by.take() {
                None => return Err(ConfirmRefused::Nothing),
                Some(first) if first == by => return Err(ConfirmRefused::SamePerson),
                Some(_) => {}
            }
            tx.put(&ACCOUNTS, name.as_str(), &account)?;
            Ok(noting.note(tx, Deed::new("account-confirmed").about("account", Account(&name)))?)
        });
        confirmed.await
    }
}

#[cfg(test)]
mod tests {
    use super::super::SignInRefused;
    use super::super::tests::{accounts, at, root, text};
    use super::*;

    fn admin(name: &str) -> Member {
        Member { name: name.to_owned(), roles: Roles::of(&[Role::Admin]) }
    }

    #[tokio::test]
    async fn who_could_be_a_second_person_takes_two_admins() {
        for role in [Role::Supervisor, Role::Admin] {
            let accounts = accounts();
            let roles = Roles::of(&[Role::Auditor, role]);
            let confirm = |by: &'static str| {
                let accounts = &accounts;
                async move { accounts.confirm("wu".into(), &admin(by), at(2)).await }
            };
            let first = accounts.create("wu".into(), roles, &root(), at(1)).await.expect("made");
            let refused = accounts.sign_in("wu", text("guess"), at(2)).await;
            assert!(matches!(refused, Err(SignInRefused::Wrong)), "a stranger does not learn that it waits");
            let refused = accounts.sign_in("wu", first.clone(), at(2)).await;
            assert!(matches!(refused, Err(SignInRefused::Unconfirmed)));
            assert!(matches!(confirm("root").await, Err(ConfirmRefused::SamePerson)));
            confirm("chen").await.expect("another");
            assert_eq!(accounts.sign_in("wu", first, at(2)).await.expect("confirmed").0.roles, roles);
            assert!(matches!(confirm("chen").await, Err(ConfirmRefused::Nothing)), "once");

            // Whoever sets her password knows it.
            let second = accounts.reset("wu".into(), &admin("chen"), at(3)).await.expect("reset");
            let refused = accounts.sign_in("wu", second.clone(), at(3)).await;
            assert!(matches!(refused, Err(SignInRefused::Unconfirmed)));
            assert!(matches!(confirm("chen").await, Err(ConfirmRefused::SamePerson)));
            confirm("root").await.expect("another");
            accounts.sign_in("wu", second, at(3)).await.expect("confirmed");

            accounts.reset("wu".into(), &root(), at(4)).await.expect("reset");
            accounts.close("wu".into(), &root(), at(4)).await.expect("closed");
            assert!(matches!(confirm("chen").await, Err(ConfirmRefused::Nothing)), "closed");
        }
    }

    #[tokio::test]
    async fn a_clerk_and_an_auditor_take_one() {
        let accounts = accounts();
        let roles = Roles::of(&[Role::Clerk, Role::Auditor]);
        let password = accounts.create("qian".into(), roles, &root(), at(1)).await.expect("made");
        accounts.sign_in("qian", password, at(2)).await.expect("at once");
        let refused = accounts.confirm("qian".into(), &admin("chen"), at(2)).await;
        assert!(matches!(refused, Err(ConfirmRefused::Nothing)));
    }
}

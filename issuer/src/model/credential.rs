//! A credential that was issued, and how its status may change.

use credentials::UnixSeconds;
use serde::{Deserialize, Serialize};

use super::{Actor, Id, Personal};

/// The issuer's record of a credential. The credential itself is not kept: the application's claims, this record and
/// the keys make it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialRecord {
    /// Its name; never inside the credential, which nothing should link to another.
    pub id: Id,
    /// The application it was issued on.
    pub application: Id,
    /// The catalogue's id of its type.
    pub credential_type: String,
    /// The credential configuration (`business-licence-sd-jwt`).
    pub configuration: String,
    /// The same line as on the application.
    pub holder: Personal<String>,
    /// Thumbprint (RFC 7638) of the key it is bound to.
    pub holder_key: String,
    /// The phone that collected it, as this department knows it: thumbprint (RFC 7638) of the key that its token was bound
    /// to. `None` if the wallet showed none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Its place on a status list.
    pub status: StatusIndex,
    /// Further copies of it, issued at the same time: what is done to one is done to all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<CredentialCopy>,
    /// When it was issued.
    pub issued_at: UnixSeconds,
    /// When it ends.
    pub valid_until: Option<UnixSeconds>,
    /// Its status, as it is final on the chain.
    pub standing: Standing,
    /// A change that was asked for and is not final yet.
    pub pending: Option<Pending>,
    /// The changes that are final, oldest first.
    pub changes: Vec<Pending>,
    /// What wallets said became of it, oldest first; each event once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notified: Vec<Notified>,
    /// The last change that was asked for, if the chain refused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<RefusedChange>,
}

/// The code of a revocation because the phone was declared lost: its holder may collect again.
pub const PHONE_LOST: &str = "phone-lost";

/// What a wallet said became of a credential (OpenID4VCI 1.0 §11).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notified {
    /// The event, by its name there.
    pub event: String,
    /// When it was said.
    pub at: UnixSeconds,
}

/// A copy of a credential: bound to a key of its own, at a place of its own, so that nobody who sees two can tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialCopy {
    /// Thumbprint (RFC 7638) of the key it is bound to.
    pub holder_key: String,
    /// Its place on a status list: the same list as the credential's.
    pub status: StatusIndex,
}

/// A place on one of this issuer's status lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StatusIndex {
    /// The list's number.
    pub list: u32,
    /// The entry.
    pub index: u32,
}

/// A credential's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It counts.
    Valid,
    /// It doesn't count for now.
    Suspended,
    /// It never counts again.
    Revoked,
}

/// What can be done to a credential's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// For good.
    Revoke,
    /// Until reinstated.
    Suspend,
    /// Ends a suspension.
    Reinstate,
}

/// A change with who, when and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// What.
    pub change: Change,
    /// Who asked for it.
    pub by: Actor,
    /// When it was asked for.
    pub at: UnixSeconds,
    /// The catalogue's code of why, if one was named.
    #[serde(default)]
    pub code: Option<String>,
    /// Why, in words; kept with the department.
    pub reason: Personal<String>,
}

/// A change that the chain refused: nothing was changed, and somebody must see to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedChange {
    /// What was asked for.
    pub change: Change,
    /// The chain's name for the reason.
    pub code: String,
    /// When it was refused.
    pub at: UnixSeconds,
}

/// Why a status can't be changed so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeRefused {
    /// Revocation is final: issue a new credential instead.
    #[error("this credential was revoked, and that is final")]
    Revoked,
    /// It already stands so; nothing to do.
    #[error("this credential already has that status")]
    Already,
    /// Another change is on its way to the chain: wait for it.
    #[error("another change of this credential is not final yet")]
    Busy,
}

impl Change {
    /// Every change, in the order in which pages offer them.
    pub const ALL: [Self; 3] = [Self::Suspend, Self::Reinstate, Self::Revoke];

    /// Its stable text, as in addresses (`revoke`).
    pub fn code(self) -> &'static str {
        match self {
            Self::Revoke => "revoke",
            Self::Suspend => "suspend",
            Self::Reinstate => "reinstate",
        }
    }

    /// The change with this text.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|change| change.code() == code)
    }

    /// The status it leads to.
    pub fn leads_to(self) -> Standing {
        match self {
            Self::Revoke => Standing::Revoked,
            Self::Suspend => Standing::Suspended,
            Self::Reinstate => Standing::Valid,
        }
    }
}

impl Standing {
    /// Its stable text (`valid`).
    pub fn code(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Suspended => "suspended",
            Self::Revoked => "revoked",
        }
    }

    /// Whether a change can be made from here: the one place where these rules are.
    pub fn allows(self, change: Change) -> Result<(), ChangeRefused> {
        match (self, change) {
            (Self::Revoked, _) => Err(ChangeRefused::Revoked),
            (Self::Valid, Change::Reinstate) | (Self::Suspended, Change::Suspend) => {
                Err(ChangeRefused::Already)
            }
            (Self::Valid | Self::Suspended, Change::Revoke)
            | (Self::Valid, Change::Suspend)
            | (Self::Suspended, Change::Reinstate) => Ok(()),
        }
    }
}

impl CredentialRecord {
    /// The key and the place of each copy, the first one's first.
    pub fn places(&self) -> impl Iterator<Item = (&str, StatusIndex)> {
        let first = (self.holder_key.as_str(), self.status);
        std::iter::once(first).chain(self.copies.iter().map(|copy| (copy.holder_key.as_str(), copy.status)))
    }

    /// Writes down that a change is wanted. It counts only when [`CredentialRecord::settle`] follows.
    pub fn ask(&mut self, pending: Pending) -> Result<(), ChangeRefused> {
        self.standing.allows(pending.change)?;
        if self.pending.is_some() {
            return Err(ChangeRefused::Busy);
        }
        self.pending = Some(pending);
        self.refused = None;
        Ok(())
    }

    /// The change that was asked for is final on the chain.
    pub fn settle(&mut self) {
        if let Some(done) = self.pending.take() {
            self.standing = done.change.leads_to();
            self.changes.push(done);
        }
    }

    /// Whether its holder may have a new one in its place: revoked, or being so, by who applied or because the phone was lost,
    /// and not because the department withdrew it.
    pub fn is_given_up(&self) -> bool {
        let revoked = match self.standing {
            Standing::Revoked => self.changes.last(),
            Standing::Valid | Standing::Suspended => self.pending.as_ref(),
        };
        let its_holders =
            |last: &Pending| last.by == Actor::Applicant || last.code.as_deref() == Some(PHONE_LOST);
        revoked.is_some_and(|last| last.change == Change::Revoke && its_holders(last))
    }

    /// The chain refused the change: nothing happened. It can be asked for again.
    pub fn refuse(&mut self, code: &str, at: UnixSeconds) {
        if let Some(Pending { change, .. }) = self.pending.take() {
            self.refused = Some(RefusedChange { change, code: code.to_owned(), at });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::OsRng;

    fn record() -> CredentialRecord {
        CredentialRecord {
            id: Id::new(1, &mut OsRng),
            application: Id::new(1, &mut OsRng),
            credential_type: "digital-id".into(),
            configuration: "digital-id-vc".into(),
            holder: Personal("张三".into()),
            holder_key: "thumbprint".into(),
            phone: None,
            status: StatusIndex { list: 0, index: 7 },
            copies: vec![],
            issued_at: UnixSeconds(1),
            valid_until: None,
            standing: Standing::Valid,
            pending: None,
            changes: vec![],
            notified: vec![],
            refused: None,
        }
    }

    fn asked(change: Change) -> Pending {
        let by = Actor::Staff { name: "li".into() };
        Pending { change, by, at: UnixSeconds(5), code: None, reason: Personal("lost".into()) }
    }

    #[test]
    fn a_change_counts_only_once_it_is_settled() {
        let mut record = record();
        record.ask(asked(Change::Revoke)).expect("allowed");
        assert_eq!(record.standing, Standing::Valid);
        assert_eq!(record.ask(asked(Change::Suspend)), Err(ChangeRefused::Busy));
        record.settle();
        assert_eq!(record.standing, Standing::Revoked);
        assert_eq!(record.changes.len(), 1);
    }

    #[test]
    fn what_each_standing_allows() {
        use {Change::*, ChangeRefused as No, Standing as S};
        let table = [
            (S::Valid, Revoke, Ok(())),
            (S::Valid, Suspend, Ok(())),
            (S::Valid, Reinstate, Err(No::Already)),
            (S::Suspended, Revoke, Ok(())),
            (S::Suspended, Suspend, Err(No::Already)),
            (S::Suspended, Reinstate, Ok(())),
            (S::Revoked, Revoke, Err(No::Revoked)),
            (S::Revoked, Suspend, Err(No::Revoked)),
            (S::Revoked, Reinstate, Err(No::Revoked)),
        ];
        for (from, change, expected) in table {
            assert_eq!(from.allows(change), expected, "{from:?} {change:?}");
        }
    }

    #[test]
    fn only_who_applied_gives_up_a_credential() {
        for (by, given_up) in [(Actor::Applicant, true), (Actor::Staff { name: "li".into() }, false)] {
            let mut record = record();
            record.ask(Pending { by, ..asked(Change::Revoke) }).expect("allowed");
            assert_eq!(record.is_given_up(), given_up, "on its way");
            record.settle();
            assert_eq!(record.is_given_up(), given_up, "settled");
        }
        let mut lost = record();
        lost.ask(Pending { code: Some(PHONE_LOST.into()), ..asked(Change::Revoke) }).expect("allowed");
        assert!(lost.is_given_up(), "a clerk who takes note of a loss withdraws nothing");
        let mut suspended = record();
        suspended.ask(asked(Change::Suspend)).expect("allowed");
        suspended.settle();
        assert!(!record().is_given_up() && !suspended.is_given_up());
    }

    #[test]
    fn a_refused_change_changes_nothing_and_can_be_asked_for_again() {
        let mut record = record();
        record.ask(asked(Change::Suspend)).expect("allowed");
        record.refuse("not-authorised", UnixSeconds(6));
        assert_eq!((record.standing, record.changes.len()), (Standing::Valid, 0));
        assert_eq!(record.refused.as_ref().map(|refused| refused.change), Some(Change::Suspend));
        record.ask(asked(Change::Suspend)).expect("allowed again");
        assert_eq!(record.refused, None);
    }
}

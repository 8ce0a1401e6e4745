//! Issuing: a key proof is checked, a place reserved, a credential signed.

mod kinds;
mod proof;
mod reserve;
mod sign;

use std::sync::Arc;

use protocol::Endpoint;
use serde_json::Value;
use store::{Store, StoreError};

use crate::clock::Moment;
use crate::identity::Identity;
use crate::model::Id;
use crate::model::{Actor, Change, ChangeRefused};
use crate::seals::Seals;
use crate::status::{ChangeError, Keeper, Served, Statuses, Why};
use crate::tables::CLAIMS;

pub(crate) use kinds::{CredentialKind, Kinds};
pub(crate) use proof::ProofRefused;
pub(crate) use reserve::{Named, ReserveError};
pub(crate) use sign::SignFailed;

/// Issues credentials. Clones share it.
#[derive(Clone)]
pub(crate) struct Issuance {
    pub(crate) store: Store,
    pub(crate) seals: Arc<Seals>,
    pub(crate) identity: Arc<Identity>,
    pub(crate) served: Served,
    pub(crate) keeper: Keeper,
    pub(crate) statuses: Statuses,
    pub(crate) kinds: Arc<Kinds>,
    /// Our identifier, which proofs must be made for.
    pub(crate) issuer: Endpoint,
}

/// Why nothing was issued.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IssueError {
    /// No credential of that name is issued here.
    #[error("no such credential is issued here")]
    UnknownCredential,
    /// The key proof.
    #[error(transparent)]
    Proof(#[from] ProofRefused),
    /// The grant, the nonce, the status list.
    #[error(transparent)]
    Reserve(#[from] ReserveError),
    /// It could not be signed.
    #[error(transparent)]
    Sign(#[from] SignFailed),
    /// The credential that it replaces is not revoked yet: the chain is away, or is just being told. It will be.
    #[error("the credential that it replaces is not revoked yet")]
    NotYetReplaced,
    /// The chain refuses to revoke the credential that it replaces.
    #[error("the credential that it replaces can't be revoked ({code})")]
    CanNotReplace {
        /// The chain's name for the reason.
        code: String,
    },
}

impl From<StoreError> for IssueError {
    fn from(error: StoreError) -> Self {
        Self::Reserve(error.into())
    }
}

impl Issuance {
    /// Issues the credential `named` to whoever made the proof, under the grant of a redeemed offer.
    ///
    /// One durable write, between checking and signing. A wallet that lost the answer asks again with the same key and
    /// gets the same credential, signed anew. With another key it needs a renewed offer, and what was issued before is
    /// revoked on the chain, finally, before anything takes its place.
    pub(crate) async fn issue(
        &self,
        offer: Id,
        named: Named,
        proof: &str,
        now: Moment,
    ) -> Result<Value, IssueError> {
        let kind = self.kinds.get(named.configuration()).ok_or(IssueError::UnknownCredential)?;
        let holder = proof::check(proof, &self.issuer, &self.seals, now)?;
        let wanted = reserve::Wanted {
            offer,
            named,
            nonce: holder.nonce,
            holder_key: holder.key.thumbprint(),
            of: kind.of,
        };
        let (record, fill) = match reserve::reserve(&self.store, wanted.clone(), now).await {
            Err(ReserveError::Replaces(before)) => {
                self.give_up(before, now).await?;
                reserve::reserve(&self.store, wanted, now).await?
            }
            reserved => reserved?,
        };
        if let Some(fill) = fill {
            self.keeper.gave_out(fill);
        }
        let claims = self.store.get(&CLAIMS, record.application.key())?.ok_or(ReserveError::Token)?;
        Ok(sign::sign(self, kind, &record, claims, holder)?)
    }
    /// Revokes what is about to be replaced. Final on the chain when it returns `Ok`.
    async fn give_up(&self, before: Id, now: Moment) -> Result<(), IssueError> {
        let reason = Why::words("replaced by a new one that the applicant collected");
        match self.statuses.change(before, Change::Revoke, Actor::Applicant, reason, now).await {
            // Revoked meanwhile: whether by the applicant's other request or by the department, `reserve` sees.
            Ok(_) | Err(ChangeError::Refused(ChangeRefused::Revoked)) => Ok(()),
            Err(ChangeError::Queued | ChangeError::Refused(ChangeRefused::Busy | ChangeRefused::Already)) => {
                Err(IssueError::NotYetReplaced)
            }
            Err(ChangeError::ChainRefuses { code }) => Err(IssueError::CanNotReplace { code }),
            Err(ChangeError::Unknown) => Err(ReserveError::Token.into()),
            Err(ChangeError::Store(error)) => Err(error.into()),
        }
    }
}

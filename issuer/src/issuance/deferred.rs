//! Credentials that take time: asked for while a clerk still decides (OpenID4VCI 1.0 §9).

use credentials::key::{Jwk, PublicKey};
use rand_core::OsRng;
use serde::{Deserialize, Serialize};

use super::proof::HolderProof;
use super::{Granted, Issuance, IssueError, Issued, Named, ReserveError};
use crate::clock::Moment;
use crate::model::Id;
use crate::seals::{Later, Nonce};
use crate::tables::{DEFERRED, NONCES_USED};

/// Seconds after which a wallet may ask again.
pub(crate) const INTERVAL: u64 = 10;

/// What was asked for, to be issued once it is decided.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Deferred {
    /// The offer that the access token stood for.
    offer: Id,
    named: Named,
    holders: Vec<Holder>,
}

/// A key that was proven.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Holder {
    jwk: Jwk,
    did: String,
}

impl Issuance {
    /// Keeps what was asked for; durable when it returns the `transaction_id`. The nonces are used up.
    pub(super) async fn defer(
        &self,
        offer: Id,
        named: Named,
        holders: &[HolderProof],
        nonces: Vec<Nonce>,
        now: Moment,
    ) -> Result<Issued, IssueError> {
        let holder = |proof: &HolderProof| Holder { jwk: proof.key.to_jwk(), did: proof.did.clone() };
        let deferred = Deferred { offer, named, holders: holders.iter().map(holder).collect() };
        let id = Id::new(now.ms, &mut OsRng);
        self.store
            .write_async(move |tx| {
                for nonce in &nonces {
                    if tx.contains(&NONCES_USED, nonce.key)? {
                        return Err(ReserveError::NonceUsed);
                    }
                    tx.put(&NONCES_USED, nonce.key, &())?;
                }
                Ok(tx.put(&DEFERRED, id.key(), &deferred)?)
            })
            .await?;
        Ok(Issued::Deferred { transaction_id: self.seals.later(Later::Transaction, id) })
    }

    /// Issues what was deferred, if it is decided by now. It is given once: whoever lost the answer asks the credential
    /// endpoint with the same keys.
    pub(crate) async fn fetch(
        &self,
        granted: Granted,
        transaction_id: &str,
        now: Moment,
    ) -> Result<Issued, IssueError> {
        let id = self.seals.open_later(Later::Transaction, transaction_id).ok_or(IssueError::Transaction)?;
        let found = self.store.get(&DEFERRED, id.key())?.filter(|found| found.offer == granted.offer);
        let found = found.ok_or(IssueError::Transaction)?;
        let proof = |holder: Holder| {
            let key = PublicKey::from_jwk(&holder.jwk).map_err(|_| IssueError::Transaction)?;
            Ok(HolderProof { key, attestation: None, did: holder.did, nonce: None })
        };
        let holders = found.holders.into_iter().map(proof).collect::<Result<Vec<_>, IssueError>>()?;
        match self.issue_to(granted, found.named, holders, now).await {
            Err(IssueError::Reserve(ReserveError::Undecided)) => {
                Ok(Issued::Deferred { transaction_id: transaction_id.to_owned() })
            }
            Ok(issued) => {
                self.store.write_async(move |tx| tx.remove(&DEFERRED, id.key())).await?;
                Ok(issued)
            }
            Err(error) => Err(error),
        }
    }
}

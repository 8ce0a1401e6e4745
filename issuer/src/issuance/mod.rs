//! Issuing: a key proof is checked, a place reserved, a credential signed.

mod deferred;
mod draft;
mod hearing;
mod kinds;
mod proof;
mod reserve;
mod sign;

use std::sync::Arc;
use std::time::Duration;

use credentials::UnixSeconds;
use credentials::catalogue::Format;
use credentials::key::PublicKey;
use protocol::Endpoint;
use protocol::openid4vci::BadProof;
use serde_json::Value;
use store::{Store, StoreError};

use crate::attestation::{self, AttestationRefused};
use crate::clock::Moment;
use crate::config::Policy;
use crate::identity::{Identity, SigningKey, Slot};
use crate::ledger::Ledger;
use crate::model::{Actor, Change, ChangeRefused, CredentialRecord, Id, StatusIndex};
use crate::seals::{Later, Nonce, Seals};
use crate::status::{ChangeError, Keeper, Served, Statuses, Why};
use crate::tables::CLAIMS;

pub(crate) use deferred::{Deferred, INTERVAL};
pub(crate) use hearing::{Heard, Hearing};
pub(crate) use kinds::{CredentialKind, Kinds};
use proof::HolderProof;
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
    pub(crate) ledger: Ledger,
    pub(crate) hearing: Hearing,
    pub(crate) policy: Policy,
    /// Our identifier, which proofs must be made for.
    pub(crate) issuer: Endpoint,
}

/// How keys are shown.
#[derive(Clone, Debug)]
pub(crate) enum GivenProofs {
    /// By a JWT of each.
    Jwts(Vec<String>),
    /// By one attestation of all.
    Attestation(String),
}

/// What an access token stands for.
#[derive(Clone, Debug)]
pub(crate) struct Granted {
    /// The offer that was redeemed for it.
    pub(crate) offer: Id,
    /// The phone that it was given to, if that showed a key.
    pub(crate) phone: Option<String>,
}

/// What a credential request comes to.
#[derive(Debug)]
pub(crate) enum Issued {
    /// Here they are, one for each key.
    Now {
        /// The credentials.
        credentials: Vec<Value>,
        /// By which the wallet says what became of them.
        notification_id: String,
    },
    /// A clerk still decides.
    Deferred {
        /// To ask with later.
        transaction_id: String,
    },
}

/// Why nothing was issued.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IssueError {
    /// No credential of that name is issued here.
    #[error("no such credential is issued here")]
    UnknownCredential,
    /// No credential takes time under this name, for this token.
    #[error("the transaction_id is unknown, or was fetched")]
    Transaction,
    /// The key proof.
    #[error(transparent)]
    Proof(#[from] ProofRefused),
    /// Who should vouch for the keys.
    #[error(transparent)]
    Attestation(#[from] AttestationRefused),
    /// The grant, the nonce, the status list.
    #[error(transparent)]
    Reserve(#[from] ReserveError),
    /// It could not be signed.
    #[error(transparent)]
    Sign(#[from] SignFailed),
    /// The department is not accredited for the type: it would count nowhere.
    #[error("this issuer is not accredited for the credential type")]
    Unaccredited,
    /// The chain has not been heard for longer than the policy lets pass.
    #[error("the chain has been away for too long")]
    ChainAway,
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
    /// Issues the credential `named` to whoever made the proofs, a copy for each, under the grant of a redeemed offer.
    ///
    /// One durable write before anything leaves, see `draft`. A wallet that lost the answer asks again with the same key and
    /// gets the same credential, signed anew. With other keys it needs a renewed offer, and what was issued before is
    /// revoked on the chain, finally, before anything takes its place.
    pub(crate) async fn issue(
        &self,
        granted: Granted,
        named: Named,
        proofs: &GivenProofs,
        now: Moment,
    ) -> Result<Issued, IssueError> {
        if self.kinds.get(named.configuration()).is_none() {
            return Err(IssueError::UnknownCredential);
        }
        let holders = match proofs {
            GivenProofs::Jwts(texts) => self.proven(texts, now).await?,
            GivenProofs::Attestation(text) => self.attested(text, now).await?,
        };
        self.issue_to(granted, named, holders, now).await
    }

    /// The keys of proofs. If this issuer asks for attestations each is vouched for, and so are the other keys that its attestation
    /// names (OpenID4VCI 1.0 appendix F.1): one proof is enough for all of them, as far as so many copies are given at once.
    async fn proven(&self, texts: &[String], now: Moment) -> Result<Vec<HolderProof>, IssueError> {
        let attested = self.policy.key_attestation;
        let mut holders = proof::check_all(texts, attested, &self.issuer, &self.seals, now)?;
        let mut beside: Vec<PublicKey> = Vec::new();
        for holder in holders.iter().filter(|_| attested) {
            let text = holder.attestation.as_deref().ok_or(AttestationRefused::Missing)?;
            let vouched = attestation::keys(&self.ledger, text, now).await?;
            if !vouched.keys.contains(&holder.key) {
                return Err(ProofRefused::NotVouchedFor.into());
            }
            beside.extend(vouched.keys);
        }
        for key in beside {
            if self.gives(holders.len() + 1) && !holders.iter().any(|holder| holder.key == key) {
                holders.push(HolderProof::vouched_for(key, None));
            }
        }
        Ok(holders)
    }

    /// Whether so many copies are given at once.
    fn gives(&self, copies: usize) -> bool {
        u32::try_from(copies).is_ok_and(|copies| copies <= self.policy.batch_size)
    }

    /// The keys of an attestation, which is a proof of itself by our nonce in it.
    async fn attested(&self, text: &str, now: Moment) -> Result<Vec<HolderProof>, IssueError> {
        if !self.policy.key_attestation {
            return Err(ProofRefused::Form.into());
        }
        let vouched = attestation::keys(&self.ledger, text, now).await?;
        let nonce = vouched.nonce.as_deref().ok_or(BadProof::NoNonce).map_err(ProofRefused::from)?;
        let nonce = self.seals.open_nonce(nonce, now.seconds.0).ok_or(ProofRefused::Nonce)?;
        let mut holders: Vec<HolderProof> = Vec::with_capacity(vouched.keys.len());
        for key in vouched.keys {
            if holders.iter().any(|before| before.key == key) {
                return Err(ProofRefused::SameKey.into());
            }
            holders.push(HolderProof::vouched_for(key, Some(nonce)));
        }
        if self.gives(holders.len()) { Ok(holders) } else { Err(ProofRefused::TooMany.into()) }
    }

    /// Issues to keys that were proven, or keeps what was asked for until it is decided.
    async fn issue_to(
        &self,
        Granted { offer, phone }: Granted,
        named: Named,
        holders: Vec<HolderProof>,
        now: Moment,
    ) -> Result<Issued, IssueError> {
        let kind = self.kinds.get(named.configuration()).ok_or(IssueError::UnknownCredential)?;
        let mut nonces: Vec<Nonce> = Vec::new();
        for nonce in holders.iter().filter_map(|holder| holder.nonce) {
            if !nonces.contains(&nonce) {
                nonces.push(nonce);
            }
        }
        let slot = sign::slot(kind);
        let signing = self.signing(slot);
        let mut keys = vec![(slot, signing.name().clone())];
        if kind.format == Format::MsoMdoc {
            keys.push((Slot::MdocRoot, self.identity.root().name().clone()));
        }
        let issued_at = self.date(kind, now).await?.max(signing.since());
        let wanted = reserve::Wanted {
            offer,
            phone,
            named: named.clone(),
            nonces: nonces.clone(),
            holder_keys: holders.iter().map(|holder| holder.key.thumbprint()).collect(),
            issued_at,
            of: kind.of,
            keys,
        };
        let (draft, made) = self.draft(kind, &wanted, &holders, &signing, now)?.unzip();
        let reserved = match reserve::reserve(&self.store, wanted.clone(), draft, now).await {
            Err(ReserveError::Replaces(before)) => {
                self.give_up(before, now).await?;
                reserve::reserve(&self.store, wanted, None, now).await?
            }
            Err(ReserveError::Undecided) if !nonces.is_empty() => {
                return self.defer(offer, named, &holders, nonces, now).await;
            }
            reserved => reserved?,
        };
        if let Some(fill) = reserved.fill {
            self.keeper.gave_out(fill);
        }
        let record = reserved.record;
        let credentials = match made.filter(|_| reserved.as_drafted) {
            Some(made) => made,
            None => self.sign_reserved(kind, &record, &holders, &signing, now).await?,
        };
        Ok(Issued::Now { credentials, notification_id: self.seals.later(Later::Notification, record.id) })
    }

    /// Signs what is reserved, and notes the signatures.
    async fn sign_reserved(
        &self,
        kind: &CredentialKind,
        record: &CredentialRecord,
        holders: &[HolderProof],
        signing: &SigningKey,
        now: Moment,
    ) -> Result<Vec<Value>, IssueError> {
        let claims = self.store.get(&CLAIMS, record.application.key())?.ok_or(ReserveError::Token)?;
        let places: Vec<_> = record.places().map(|(_, place)| place).collect();
        let one = |(holder, place): (&HolderProof, &StatusIndex)| {
            sign::sign(self, kind, record, *place, claims.clone(), holder, signing)
        };
        let made = holders.iter().zip(&places).map(one).collect::<Result<Vec<_>, _>>()?;
        let signed: Vec<_> = places.iter().copied().zip(&made).collect();
        let noted = sign::noted(kind, record.id, &signed, now);
        let key = signing.name().to_string();
        // Durable before they leave.
        self.store.write_async(move |tx| draft::note(tx, &key, &noted, now)).await?;
        Ok(made)
    }

    fn signing(&self, slot: Slot) -> Arc<SigningKey> {
        match slot {
            Slot::Ed25519 => self.identity.eddsa(),
            Slot::P256 | Slot::MdocRoot | Slot::Author => self.identity.es256(),
        }
    }

    /// The time to write into credentials: so coarse that it tells nobody which of them were issued together, and not
    /// before our key and our accreditation began, for what is older does not count. As it is while neither is known.
    ///
    /// Nothing is issued that is known not to count, and nothing when that has not been known for too long.
    async fn date(&self, kind: &CredentialKind, now: Moment) -> Result<UnixSeconds, IssueError> {
        let of = kind.of.id.as_str();
        let (accredited, since) = match self.hearing.ask(of, now).await? {
            Some(basis) => (basis.is_accredited(), basis.since()),
            None => {
                let patience = i64::try_from(self.policy.issue_without_chain.as_secs()).unwrap_or(i64::MAX);
                let last = self.hearing.last(of)?.filter(|last| now.seconds.0 - last.at.0 < patience);
                (last.ok_or(IssueError::ChainAway)?.accredited, None)
            }
        };
        if !accredited && !self.policy.issue_unaccredited {
            return Err(IssueError::Unaccredited);
        }
        let grain = i64::try_from(self.policy.issuance_time_grain.as_secs()).unwrap_or(0);
        let Some(since) = since.filter(|_| grain > 1) else { return Ok(now.seconds) };
        let since = UnixSeconds(since.after(Duration::from_millis(999)).seconds());
        let coarse = UnixSeconds(now.seconds.0.div_euclid(grain) * grain);
        Ok(coarse.max(since).min(now.seconds))
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

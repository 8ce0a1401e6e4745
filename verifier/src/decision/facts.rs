//! The chain's facts that a decision needs, all from one block.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use credentials::catalogue::{Catalogue, CredentialType};
use credentials::key::PublicKey;
use credentials::status::StatusRef;
use registry::{Did, EvidenceError, KeyId, Proven, Record, RecordKey, SignatureTag, Slug, StatusListId};
use service::NodeClient;
use service::node::NodeError;

use super::base::Base;
use super::check::SeenBlock;
use super::credential::Received;

/// What a credential names, read as the chain writes it. What can't be read is none.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) issuer: Option<Did>,
    pub(crate) key: Option<KeyId>,
    pub(crate) credential_type: Option<Slug>,
    pub(crate) entry: Option<(StatusListId, u32)>,
    /// Which signature of its issuer it carries.
    pub(crate) signature: Option<SignatureTag>,
}

impl Named {
    pub(super) fn of(base: Option<Base<'_>>, credential_type: Option<&CredentialType>) -> Self {
        Self {
            issuer: base.and_then(|base| base.issuer().parse().ok()),
            key: base.and_then(Base::key).and_then(|key| key.parse().ok()),
            credential_type: credential_type.and_then(|kind| Slug::new(&kind.id).ok()),
            entry: base.and_then(Base::status).and_then(entry_of),
            signature: base.and_then(Base::issuer_signature).map(SignatureTag::of),
        }
    }

    /// The status entry of an issuer's credential, whatever type it is of and whichever key signed it.
    pub(crate) fn in_credential(issuer: &str, status: &StatusRef) -> Self {
        let entry = entry_of(status);
        Self { issuer: issuer.parse().ok(), key: None, credential_type: None, entry, signature: None }
    }

    /// The records that say whether it counts.
    fn records(&self) -> impl Iterator<Item = RecordKey> {
        let did = self.issuer.clone().map(RecordKey::Did);
        let trust = match (&self.issuer, &self.credential_type) {
            (Some(did), Some(name)) => Some(RecordKey::Trust(did.clone(), name.clone())),
            _ => None,
        };
        // A list of somebody else's says nothing of this issuer's credentials: it isn't even looked at.
        let own = self.entry.as_ref().filter(|(list, _)| Some(&list.owner) == self.issuer.as_ref());
        let list = own.map(|(list, _)| RecordKey::StatusList(list.clone()));
        let chunk = own.map(|(list, index)| RecordKey::chunk_of(list, *index));
        [did, trust, list, chunk].into_iter().flatten()
    }

    /// The record that says whether its issuer stands by its signature, where that is asked: its key was compromised.
    fn kept(&self, facts: &Facts) -> Option<RecordKey> {
        let (did, key) = (self.issuer.as_ref()?, self.key.as_ref()?);
        let (list, index) = self.entry.as_ref().filter(|(list, _)| list.owner == *did)?;
        let Some(Record::Did(record)) = facts.get(&RecordKey::Did(did.clone()))?.record() else {
            return None;
        };
        record.key(&key.fragment)?.compromised_since?;
        Some(RecordKey::kept_of(list, *index))
    }
}

fn entry_of(status: &StatusRef) -> Option<(StatusListId, u32)> {
    let entry = status.registry.as_ref()?;
    Some((entry.list.parse().ok()?, entry.index))
}

/// Proven facts, of one block but for what is only asked when a key was compromised; none of them when the chain can't be reached.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    proven: BTreeMap<RecordKey, Arc<Proven>>,
    /// Why some could not be had, if they could not.
    missing: Option<Missing>,
    /// Whether no node confirmed them just now.
    unconfirmed: bool,
}

/// Why facts are missing, if some are; of two reasons the later one says more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Missing {
    /// No node answers, or nothing was brought along.
    #[default]
    Unreachable,
    /// What came proves nothing: it is forged, of another chain, or about something else.
    NotBelieved,
    /// What was brought along is signed by validators that are not known here: they changed since.
    Validators,
    /// What came is older than facts may be: the node is behind, or this machine's clock is ahead.
    TooOld,
    /// What came is from the future: this machine's clock is behind.
    Future,
}

impl Missing {
    const ALL: [Self; 5] =
        [Self::Unreachable, Self::NotBelieved, Self::Validators, Self::TooOld, Self::Future];

    /// Whether a check's reason is that facts are missing.
    pub(super) fn is(reason: &str) -> bool {
        Self::ALL.iter().any(|missing| missing.code() == reason)
    }

    fn of(error: &NodeError) -> Self {
        match error {
            NodeError::Unreachable { .. } | NodeError::Refused { .. } => Self::Unreachable,
            NodeError::Evidence(EvidenceError::TooOld { .. }) => Self::TooOld,
            NodeError::Evidence(EvidenceError::FromTheFuture { .. }) => Self::Future,
            NodeError::Evidence(_) | NodeError::HandOver(_) | NodeError::Nonsense { .. } => Self::NotBelieved,
        }
    }

    /// Why honest evidence that was brought along may prove nothing here; none where no honest phone carries such.
    pub(crate) fn brought(error: &EvidenceError) -> Option<Self> {
        match error {
            EvidenceError::TooOld { .. } => Some(Self::TooOld),
            EvidenceError::FromTheFuture { .. } => Some(Self::Future),
            // Who signed before the anchor is as little known as who signs by now.
            EvidenceError::OtherValidators | EvidenceError::BeforeAnchor => Some(Self::Validators),
            // No block is dated after the one that handed over.
            EvidenceError::AfterHandOver
            | EvidenceError::WrongChain
            | EvidenceError::Record
            | EvidenceError::Proof(_)
            | EvidenceError::Certificate(_) => None,
        }
    }

    /// What a check that needs them says, by a stable name.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Unreachable => "chain_unreachable",
            Self::NotBelieved => "chain_not_believed",
            Self::Validators => "validators_unknown",
            Self::TooOld => "chain_too_old",
            Self::Future => "chain_from_the_future",
        }
    }
}

impl Facts {
    /// Fetches what is needed to decide on these credentials. When that fails, there are no facts, which makes what
    /// rests on them unknown.
    pub(crate) async fn about(received: &[Received], catalogue: &Catalogue, node: &NodeClient) -> Self {
        Self::of_all(received.iter().map(|one| one.named(catalogue)), node).await
    }

    /// The same for one credential.
    pub(crate) async fn of(named: &Named, node: &NodeClient) -> Self {
        Self::at(named.records().collect(), node).await
    }

    /// What the chain says of all of these, asked for together; those that can't be had are not among them.
    pub(crate) async fn of_all(named: impl IntoIterator<Item = Named>, node: &NodeClient) -> Self {
        let named: Vec<_> = named.into_iter().collect();
        let facts = Self::at(named.iter().flat_map(Named::records).collect(), node).await;
        let kept: BTreeSet<_> = named.iter().filter_map(|named| named.kept(&facts)).collect();
        if kept.is_empty() { facts } else { facts.and(Self::at(kept, node).await) }
    }

    /// What was proven before of what these credentials name, at most so long ago, whether a node answers now or not.
    pub(crate) async fn known(
        received: &[Received],
        catalogue: &Catalogue,
        node: &NodeClient,
        max_age: Duration,
    ) -> Self {
        let named: Vec<_> = received.iter().map(|one| one.named(catalogue)).collect();
        let keys: Vec<_> = named.iter().flat_map(Named::records).collect();
        let facts = Self::new(node.known(&keys, max_age).await);
        let kept: Vec<_> = named.iter().filter_map(|named| named.kept(&facts)).collect();
        facts.and(Self::new(node.known(&kept, max_age).await))
    }

    fn and(mut self, more: Self) -> Self {
        self.proven.extend(more.proven);
        // What the second question could not find out is what is missing.
        Self { missing: more.missing, unconfirmed: self.unconfirmed || more.unconfirmed, ..self }
    }

    async fn at(keys: BTreeSet<RecordKey>, node: &NodeClient) -> Self {
        let keys: Vec<RecordKey> = keys.into_iter().collect();
        match node.told(&keys).await {
            Ok(told) => Self { unconfirmed: !told.is_confirmed, ..Self::new(told.proven) },
            Err(error) => {
                tracing::warn!(%error, "deciding without the chain");
                Self { missing: Some(Missing::of(&error)), ..Self::none() }
            }
        }
    }

    /// Why what is not there is not there.
    pub(super) fn missing(&self) -> &'static str {
        self.missing.unwrap_or_default().code()
    }

    /// Whether the register has another time than this machine: what its nodes say is from later than now, or none of them knows
    /// anything as young as it must be.
    pub(super) fn doubt_the_clock(&self) -> bool {
        matches!(self.missing, Some(Missing::TooOld | Missing::Future))
    }

    /// Whether no node could tell just now: they are missing, or of before.
    pub(crate) fn are_unconfirmed(&self) -> bool {
        self.unconfirmed
    }

    /// None: nobody answered in time.
    pub(crate) fn none() -> Self {
        Self { proven: BTreeMap::new(), missing: Some(Missing::Unreachable), unconfirmed: true }
    }

    pub(crate) fn new(proven: impl IntoIterator<Item = impl Into<Arc<Proven>>>) -> Self {
        let facts =
            proven.into_iter().map(Into::into).map(|proven: Arc<Proven>| (proven.key().clone(), proven));
        Self { proven: facts.collect(), missing: None, unconfirmed: false }
    }

    /// The same, where others could not be had for this reason, if there is one.
    pub(crate) fn lacking(self, missing: Option<Missing>) -> Self {
        Self { missing: self.missing.max(missing), ..self }
    }

    /// These and others; of two about the same the newer.
    pub(crate) fn newer_of(mut self, others: Self) -> Self {
        for (key, proven) in others.proven {
            match self.proven.get(&key) {
                Some(known) if known.time() > proven.time() => {}
                _ => _ = self.proven.insert(key, proven),
            }
        }
        self.lacking(others.missing)
    }

    pub(crate) fn get(&self, key: &RecordKey) -> Option<&Proven> {
        self.proven.get(key).map(AsRef::as_ref)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.proven.len()
    }

    /// The oldest block that a fact is from.
    pub(crate) fn block(&self) -> Option<SeenBlock> {
        oldest(self.proven.values().map(AsRef::as_ref))
    }

    /// The oldest block that a fact about this is from.
    pub(crate) fn block_of(&self, named: &Named) -> Option<SeenBlock> {
        oldest(named.records().filter_map(|key| self.get(&key)))
    }
}

fn oldest<'p>(proven: impl IntoIterator<Item = &'p Proven>) -> Option<SeenBlock> {
    let oldest = proven.into_iter().min_by_key(|proven| proven.time())?;
    Some(SeenBlock { height: oldest.height(), time: oldest.time() })
}

/// Keys of the chain that were met, as the formats take them, and how many are kept at most. Working out the second coordinate of a
/// P-256 point takes a quarter of the time of checking a signature, and issuers sign with few keys.
static MET: LazyLock<Mutex<HashMap<registry::PublicKey, PublicKey>>> = LazyLock::new(Mutex::default);
const MET_AT_MOST: usize = 1024;

/// A key of the chain as the formats take it; none for a P-256 point that isn't one.
pub(crate) fn usable(key: &registry::PublicKey) -> Option<PublicKey> {
    let met = || MET.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = met().get(key) {
        return Some(known.clone());
    }
    let read = match key {
        registry::PublicKey::Ed25519(key) => PublicKey::ed25519(key.as_bytes()).ok(),
        registry::PublicKey::P256(key) => PublicKey::p256(key.as_bytes()).ok(),
    }?;
    let mut met = met();
    if met.len() >= MET_AT_MOST {
        met.clear();
    }
    met.insert(*key, read.clone());
    Some(read)
}

//! What is taken along of the register while there is a network: the validators' hand-overs, and evidence of what stands there of
//! some issuers, in a file.
//!
//! Nobody believes it because it is here: whenever it is opened, all of it is verified from the pinned anchor on.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use credentials::catalogue::Catalogue;
use registry::api::{self, HandOversResponse, MAX_HAND_OVERS, MAX_KEYS};
use registry::{
    Anchor, CHUNK_ENTRIES, Did, EvidenceBundle, EvidenceError, HandOver, HandOverError, KEPT_ENTRIES,
    LightClient, Proven, Record, RecordKey, Slug, StatusListId, StatusListRecord, UnixMillis,
};
use serde::{Deserialize, Serialize};
use service::NodeClient;
use service::node::NodeError;

use super::ANY_AGE;
use crate::decision::Facts;

const VERSION: u8 = 1;

/// What is known of the register with no network: the pinned anchor, and what a snapshot proves from there.
#[derive(Clone)]
pub struct Register {
    pub(super) light: LightClient,
    pub(super) facts: Facts,
}

impl fmt::Debug for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Register").field("height", &self.light.height()).finish_non_exhaustive()
    }
}

/// A snapshot as its file has it, in JSON: unverified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    version: u8,
    /// Those after the anchor's block.
    hand_overs: Vec<HandOver>,
    /// Evidence, in base64url; each of one block.
    bundles: Vec<String>,
}

/// Why a snapshot can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// It is something else, or of another version.
    #[error("this is no snapshot of the register that this version reads")]
    Unreadable,
    /// The validators can't be followed.
    #[error("the snapshot's validators can't be followed: {0}")]
    HandOver(#[from] HandOverError),
    /// It proves nothing.
    #[error("the snapshot proves nothing: {0}")]
    Evidence(#[from] EvidenceError),
}

/// Why no snapshot was made.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotFetchError {
    /// The node.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// There is no such organisation.
    #[error("the register has no {0}")]
    Unknown(Did),
    /// It may not ask for that.
    #[error("the register has no purpose `{1}` of {0}")]
    UnknownPurpose(Did, Slug),
    /// The node answered for different blocks.
    #[error("the node went away meanwhile")]
    Torn,
}

impl From<LightClient> for Register {
    fn from(light: LightClient) -> Self {
        Self { light, facts: Facts::new(Vec::<Proven>::new()) }
    }
}

impl Register {
    /// What a snapshot proves from this anchor on, however old it is: from when each fact is, goes along with it.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn open(snapshot: &[u8], anchor: Anchor, now: UnixMillis) -> Result<Self, SnapshotError> {
        let snapshot = Snapshot::parse(snapshot)?;
        let mut light = LightClient::new(anchor);
        let mut hand_overs = snapshot.hand_overs;
        // A newer anchor than the snapshot was made with knows those before it.
        hand_overs.retain(|one| one.claimed_height() > light.height());
        light.follow(&hand_overs, now, None)?;
        let mut proven = Vec::new();
        for bundle in &snapshot.bundles {
            let bundle = read(bundle).ok_or(SnapshotError::Unreadable)?;
            proven.extend(light.verify_bundle(&bundle, now, ANY_AGE)?);
        }
        Ok(Self { light, facts: Facts::new(proven) })
    }

    /// The time of the oldest block that it has a fact of; none where it has none.
    #[must_use]
    pub fn evidence_of(&self) -> Option<UnixMillis> {
        self.facts.block().map(|block| block.time)
    }

    /// Of how many records it says what stands there, or that nothing does.
    #[must_use]
    pub fn records(&self) -> usize {
        self.facts.len()
    }
}

impl Snapshot {
    /// Fetches what decisions on these issuers' credentials rest on: their DIDs, what they are accredited for, their status lists
    /// whole; of lists those that are numbered on from 0 or 1.
    ///
    /// # Errors
    /// [`SnapshotFetchError`].
    pub async fn fetch(
        issuers: &[Did],
        catalogue: &Catalogue,
        node: &NodeClient,
    ) -> Result<Self, SnapshotFetchError> {
        let mut taken = Taken { node, bundles: Vec::new() };
        for issuer in issuers {
            taken.issuer(issuer, catalogue).await?;
        }
        let bundles = taken.bundles;
        // Last, so that whoever signed any of it is known.
        let hand_overs = hand_overs(node).await?;
        Ok(Self { version: VERSION, hand_overs, bundles })
    }

    /// The same with what phones know a counter by that asks for these purposes: see [`Snapshot::of_counter`].
    ///
    /// # Errors
    /// [`SnapshotFetchError`].
    pub async fn and_counter(
        self,
        counter: &Did,
        purposes: &[Slug],
        node: &NodeClient,
    ) -> Result<Self, SnapshotFetchError> {
        let mut taken = Taken { node, bundles: self.bundles };
        for purpose in purposes {
            let keys =
                vec![RecordKey::Did(counter.clone()), RecordKey::Purpose(counter.clone(), purpose.clone())];
            let records = taken.records(keys).await?;
            if !records.iter().any(|record| matches!(record, Record::Did(_))) {
                return Err(SnapshotFetchError::Unknown(counter.clone()));
            }
            if !records.iter().any(|record| matches!(record, Record::Purpose(_))) {
                return Err(SnapshotFetchError::UnknownPurpose(counter.clone(), purpose.clone()));
            }
        }
        let bundles = taken.bundles;
        let hand_overs = hand_overs(node).await?;
        Ok(Self { hand_overs, bundles, ..self })
    }

    /// Reads a file's bytes. Nothing in it is verified: [`Register::open`] does.
    ///
    /// # Errors
    /// [`SnapshotError::Unreadable`].
    pub fn parse(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let snapshot: Self = serde_json::from_slice(bytes).map_err(|_| SnapshotError::Unreadable)?;
        if snapshot.version == VERSION { Ok(snapshot) } else { Err(SnapshotError::Unreadable) }
    }

    /// The evidence of a counter and a purpose of its, to be stapled to its requests; none where it was not taken along.
    #[must_use]
    pub fn of_counter(&self, counter: &Did, purpose: &Slug) -> Option<Vec<u8>> {
        let keys = [RecordKey::Did(counter.clone()), RecordKey::Purpose(counter.clone(), purpose.clone())];
        let mut bundles = self.bundles.iter().filter_map(|bundle| read(bundle));
        let is_it = |bundle: &EvidenceBundle| {
            bundle.keys().count() == keys.len() && bundle.keys().all(|key| keys.contains(key))
        };
        bundles.rfind(is_it).map(|bundle| bundle.to_bytes())
    }

    /// The file's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

fn read(bundle: &str) -> Option<EvidenceBundle> {
    EvidenceBundle::from_bytes(&BASE64.decode(bundle).ok()?).ok()
}

/// A snapshot that is being made.
struct Taken<'n> {
    node: &'n NodeClient,
    bundles: Vec<String>,
}

impl Taken<'_> {
    async fn issuer(&mut self, did: &Did, catalogue: &Catalogue) -> Result<(), SnapshotFetchError> {
        let types = catalogue.types().iter().filter_map(|kind| Slug::new(&kind.id).ok());
        let trust = types.map(|kind| RecordKey::Trust(did.clone(), kind));
        let keys = [RecordKey::Did(did.clone())].into_iter().chain(trust).collect();
        let records = self.records(keys).await?;
        let of_did = records.iter().find_map(|record| match record {
            Record::Did(record) => Some(record),
            _ => None,
        });
        let of_did = of_did.ok_or_else(|| SnapshotFetchError::Unknown(did.clone()))?;
        let is_compromised = of_did.keys.iter().any(|key| key.compromised_since.is_some());
        for number in 0.. {
            let list = StatusListId { owner: did.clone(), number };
            let found = self.records(vec![RecordKey::StatusList(list)]).await?;
            match found.into_iter().next() {
                Some(Record::StatusList(list)) => self.list(&list, is_compromised).await?,
                // Who begins with 1 has none before it.
                _ if number == 0 => {}
                _ => break,
            }
        }
        Ok(())
    }

    /// A whole list; and which of its signatures still count, where a key was stolen.
    async fn list(
        &mut self,
        list: &StatusListRecord,
        is_compromised: bool,
    ) -> Result<(), SnapshotFetchError> {
        let StatusListRecord { list, length, .. } = list;
        let chunks =
            (0..length.div_ceil(CHUNK_ENTRIES)).map(|part| RecordKey::StatusChunk(list.clone(), part));
        let parts = if is_compromised { length.div_ceil(KEPT_ENTRIES) } else { 0 };
        let kept = (0..parts).map(|part| RecordKey::Kept(list.clone(), part));
        self.records(chunks.chain(kept).collect()).await.map(drop)
    }

    /// What stands at these keys; that nothing does is evidence too.
    async fn records(&mut self, keys: Vec<RecordKey>) -> Result<Vec<Record>, SnapshotFetchError> {
        let mut records = Vec::new();
        for keys in keys.chunks(MAX_KEYS) {
            let facts = self.node.facts(keys).await?;
            records.extend(facts.iter().filter_map(|fact| fact.proven.record().cloned()));
            let evidence: Vec<_> = facts.into_iter().map(|fact| fact.evidence).collect();
            let bundle = EvidenceBundle::of(&evidence).ok_or(SnapshotFetchError::Torn)?;
            self.bundles.push(BASE64.encode(bundle.to_bytes()));
        }
        Ok(records)
    }
}

/// All hand-overs after the anchor's block.
async fn hand_overs(node: &NodeClient) -> Result<Vec<HandOver>, NodeError> {
    let mut all: Vec<HandOver> = Vec::new();
    loop {
        let from = all.last().map_or(node.anchor().height, HandOver::claimed_height);
        let answer: HandOversResponse = node.read(&api::hand_overs_path(from)).await?;
        let is_last = answer.hand_overs.len() < MAX_HAND_OVERS;
        all.extend(answer.hand_overs);
        if is_last {
            return Ok(all);
        }
    }
}

//! The chain as this issuer uses it: register the DID, open status lists, set entries, read them back proven.

use std::sync::Arc;

use registry::api::SubmitResponse;
use registry::{
    Action, CHUNK_BYTES, CHUNK_ENTRIES, Did, DidDocument, DidRecord, KeptSignature, Proven, Record,
    RecordKey, Slug, Status, StatusChange, StatusListId, UnixMillis,
};
use service::node::{NodeError, SubmitError};
use service::{NodeClient, Organisation};

use store::Store;
use tokio::sync::{OwnedRwLockWriteGuard, RwLock};

use crate::audit::{self, Owner};
use crate::identity::{Identity, Slot};
use crate::keys::may_sign;
use crate::model::Standing;
use crate::tables::KEYS;

/// The issuer's end of the chain. Clones share it.
#[derive(Clone)]
pub(crate) struct Ledger {
    node: NodeClient,
    identity: Arc<Identity>,
    store: Store,
    /// Held while something is sent, and alone while the author's key changes.
    sending: Arc<RwLock<()>>,
}

/// Nothing else is sent while this is held.
pub(crate) struct Alone(#[expect(dead_code, reason = "it is held")] OwnedRwLockWriteGuard<()>);

/// A status list as proven at one moment: two bits an entry, packed as the chain packs them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListBits {
    /// The bytes, `length / 4` of them.
    pub(crate) bytes: Vec<u8>,
    /// The block time at which they were so.
    pub(crate) time: UnixMillis,
}

/// What the chain says of what is signed here as a credential type.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Basis {
    /// Since when the department is accredited for it; `None` when it isn't now.
    accredited: Option<UnixMillis>,
    /// Since when all its signing keys count; `None` when one doesn't.
    keys: Option<UnixMillis>,
}

impl Basis {
    /// Whether the department is accredited for the type now.
    pub(crate) fn is_accredited(&self) -> bool {
        self.accredited.is_some()
    }

    /// Since when what is signed counts; `None` when it doesn't now.
    pub(crate) fn since(&self) -> Option<UnixMillis> {
        self.accredited.zip(self.keys).map(|(accredited, keys)| accredited.max(keys))
    }
}

/// How the chain is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Health {
    /// The newest block's height.
    pub(crate) height: u64,
    /// Its time.
    pub(crate) time: UnixMillis,
}

impl Ledger {
    pub(crate) fn new(node: NodeClient, identity: Arc<Identity>, store: Store) -> Self {
        Self { node, identity, store, sending: Arc::default() }
    }

    /// The chain's client, to judge what is presented by.
    pub(crate) fn node(&self) -> &NodeClient {
        &self.node
    }

    /// Who this issuer is on the chain.
    pub(crate) fn did(&self) -> &Did {
        self.identity.did()
    }

    /// Registers the DID unless the chain has it.
    pub(crate) async fn register(&self) -> Result<(), SubmitError> {
        self.identity.organisation().register(&self.node).await
    }

    /// Opens a status list; one that is open already is fine.
    pub(crate) async fn open_list(&self, number: u32, length: u32) -> Result<(), SubmitError> {
        match self.act(&Action::StatusListCreate { number, length }).await {
            Err(SubmitError::Rejected { code, .. }) if code == "list-exists" => Ok(()),
            done => done.map(drop),
        }
    }

    /// Sets entries of one list, all or none; final when it returns. Setting what is set already changes nothing.
    pub(crate) async fn set(
        &self,
        number: u32,
        changes: Vec<StatusChange>,
    ) -> Result<SubmitResponse, SubmitError> {
        self.act(&Action::StatusUpdate { number, changes }).await
    }

    /// The DID's document as proven; none before it is registered.
    pub(crate) async fn document(&self) -> Result<Option<DidRecord>, NodeError> {
        Ok(self.document_proven().await?.0)
    }

    /// The same, with the height and time of the block that proves it.
    pub(crate) async fn document_proven(&self) -> Result<(Option<DidRecord>, (u64, UnixMillis)), NodeError> {
        let proven = self.node.proven_one(RecordKey::Did(self.identity.did().clone())).await?;
        let record = match proven.record() {
            Some(Record::Did(record)) => Some(record.clone()),
            _ => None,
        };
        Ok((record, (proven.height(), proven.time())))
    }

    /// Replaces the DID's document; final when it returns.
    pub(crate) async fn rotate(&self, document: DidDocument) -> Result<SubmitResponse, SubmitError> {
        self.act(&Action::DidRotate { document }).await
    }

    /// Waits until nothing is being sent, and lets nothing be sent until it is dropped: what the old author's key signed would
    /// be refused once the new one counts.
    pub(crate) async fn alone(&self) -> Alone {
        Alone(self.sending.clone().write_owned().await)
    }

    /// Replaces the DID's document while nothing else is sent; final when it returns.
    pub(crate) async fn rotate_alone(
        &self,
        _: &Alone,
        document: DidDocument,
    ) -> Result<SubmitResponse, SubmitError> {
        self.send(&Action::DidRotate { document }).await
    }

    /// Declares a key compromised; final when it returns.
    pub(crate) async fn declare(&self, key: Slug, since: UnixMillis) -> Result<SubmitResponse, SubmitError> {
        self.act(&Action::DidDeclareCompromised { fragment: key, since }).await
    }

    /// Stands by signatures of a list's credentials; final when it returns.
    pub(crate) async fn keep(
        &self,
        number: u32,
        kept: Vec<KeptSignature>,
    ) -> Result<SubmitResponse, SubmitError> {
        self.act(&Action::KeepSigned { number, kept }).await
    }

    /// The accreditation for a credential type as proven; no record if there never was one.
    pub(crate) async fn accreditation(&self, credential_type: &Slug) -> Result<Arc<Proven>, NodeError> {
        self.node.proven_one(RecordKey::Trust(self.identity.did().clone(), credential_type.clone())).await
    }

    /// How the chain is, as its node says: unproven, for the console only.
    pub(crate) async fn health(&self) -> Result<Health, NodeError> {
        let head = self.node.head().await?;
        Ok(Health { height: head.height, time: head.time })
    }

    /// Whether the DID is accredited for a credential type now.
    pub(crate) async fn accredited(
        &self,
        credential_type: &Slug,
        now: UnixMillis,
    ) -> Result<bool, NodeError> {
        let key = RecordKey::Trust(self.identity.did().clone(), credential_type.clone());
        let proven = self.node.proven_one(key).await?;
        Ok(registry::history::accredited_at(&proven, self.identity.did(), credential_type, now).is_ok())
    }

    /// What the chain says at these keys, proven.
    pub(crate) async fn proven(&self, keys: &[RecordKey]) -> Result<Vec<Arc<Proven>>, NodeError> {
        self.node.proven(keys).await
    }

    /// What the chain says of what we sign as this credential type.
    pub(crate) async fn basis(&self, credential_type: &str, now: UnixMillis) -> Result<Basis, NodeError> {
        let did = self.identity.did();
        let Ok(credential_type) = Slug::new(credential_type) else { return Ok(Basis::default()) };
        let keys = [RecordKey::Trust(did.clone(), credential_type), RecordKey::Did(did.clone())];
        let proven = self.node.proven(&keys).await?;
        let accredited = match proven.first().and_then(|proven| proven.record()) {
            Some(Record::Trust(trust)) => {
                trust.intervals.iter().find(|interval| interval.covers(now)).map(|interval| interval.from)
            }
            _ => None,
        };
        let keys = match proven.get(1).and_then(|proven| proven.record()) {
            Some(Record::Did(document)) => {
                let signing =
                    document.current_keys().filter(|key| Slot::SIGNING.iter().any(|s| s.takes(key)));
                let sound = document.current_keys().all(|key| key.compromised_since.is_none());
                signing.map(|key| key.from).max().filter(|_| sound)
            }
            _ => None,
        };
        Ok(Basis { accredited, keys })
    }

    /// All of a list's bits.
    pub(crate) async fn bits(&self, number: u32, length: u32) -> Result<ListBits, NodeError> {
        let list = self.list(number);
        let keys: Vec<_> =
            (0..length / CHUNK_ENTRIES).map(|chunk| RecordKey::StatusChunk(list.clone(), chunk)).collect();
        let mut bytes = Vec::with_capacity(keys.len() * CHUNK_BYTES);
        let mut oldest: Option<UnixMillis> = None;
        for proven in self.node.proven(&keys).await? {
            match proven.record() {
                Some(Record::StatusChunk(chunk)) => bytes.extend_from_slice(&chunk.bits),
                // A chunk that is proven absent was never changed.
                _ => bytes.resize(bytes.len() + CHUNK_BYTES, 0),
            }
            oldest = Some(oldest.map_or(proven.time(), |oldest| oldest.min(proven.time())));
        }
        Ok(ListBits { bytes, time: oldest.unwrap_or_default() })
    }

    /// The chain's name of a list.
    pub(crate) fn list(&self, number: u32) -> StatusListId {
        StatusListId { owner: self.identity.did().clone(), number }
    }

    async fn act(&self, action: &Action) -> Result<SubmitResponse, SubmitError> {
        let _held = self.sending.read().await;
        self.send(action).await
    }

    async fn send(&self, action: &Action) -> Result<SubmitResponse, SubmitError> {
        let by = self.identity.in_slot(Slot::Author);
        match self.identity.organisation().act(&self.node, action).await {
            // The store knows of another author's key, which this instance lacks or is about to use: to be sent again then.
            Err(SubmitError::Rejected { code, .. })
                if code == "not-authorised"
                    && self
                        .store
                        .get(&KEYS, Slot::Author.code())
                        .is_ok_and(|row| !may_sign(row.as_ref(), Slot::Author, &by)) =>
            {
                tracing::warn!(key = %by, "the author's key is not the one that counts");
                Err(SubmitError::Busy)
            }
            done => done,
        }
    }
}

impl Owner for Ledger {
    fn head(&self) -> Result<Option<audit::Head>, Box<dyn std::error::Error>> {
        Ok(audit::head(&self.store)?)
    }

    fn organisation(&self) -> &Organisation {
        self.identity.organisation()
    }

    fn node(&self) -> &NodeClient {
        &self.node
    }
}

/// A standing as the chain writes it.
pub(crate) fn as_status(standing: Standing) -> Status {
    match standing {
        Standing::Valid => Status::Valid,
        Standing::Suspended => Status::Suspended,
        Standing::Revoked => Status::Revoked,
    }
}

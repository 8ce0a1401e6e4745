//! A chain of one validator whose state is whatever the test puts there, with evidence as a node gives it.

use std::{collections::BTreeMap, sync::Arc};

use credentials::key::{Signer, SoftwareKey};
use registry::{
    Anchor, Block, CertifiedBlock, Did, DidRecord, Evidence, EvidenceBundle, Genesis, GenesisGovernance,
    HandOver, Hash32, Header, Interval, LocalText, Member, Purpose, PurposeRecord, Purposes, Record,
    RecordKey, Slug, State, Status, StatusChunk, StatusListId, StatusListRecord, TrustRecord, UnixMillis,
    Validator, ValidatorSet, VerificationKey,
    api::{BUNDLE, EVIDENCE, EvidenceRequest, HAND_OVERS, HandOversResponse, MAX_HAND_OVERS},
    build::{DidPlan, SoftwareSigner, TxSigner, ValidatorSigner, organisation_document, recovery_commitment},
};
use testkit::FixedClock;
use wallet_core::ports::{HttpRequest, HttpResponse};

pub(crate) struct Chain {
    clock: Arc<FixedClock>,
    genesis: Genesis,
    /// Who signs the block at `height`.
    validator: SoftwareSigner,
    height: u64,
    pub(crate) hand_overs: Vec<HandOver>,
    records: BTreeMap<RecordKey, Record>,
    /// How far behind the clock the newest block is, in milliseconds.
    pub(crate) lag: u64,
}

/// The keys of an organisation and its DID.
pub(crate) fn organisation(
    network: &Slug,
    seed: u8,
    keys: &[&SoftwareKey],
) -> (Did, Vec<registry::PublicKey>) {
    let author = SoftwareSigner::from_seed(&[seed; 32]).unwrap();
    let keys: Vec<registry::PublicKey> =
        keys.iter().map(|key| key.public_key().to_multikey().parse().unwrap()).collect();
    let document = organisation_document(&author.public_key(), &keys, vec![]);
    let plan = DidPlan {
        document,
        salt: [seed; 16],
        recovery_commitment: recovery_commitment(&author.public_key()),
    };
    (plan.did(network), keys)
}

impl Chain {
    pub(crate) fn new(clock: Arc<FixedClock>) -> Self {
        let validator = SoftwareSigner::from_seed(&[200; 32]).unwrap();
        let member = SoftwareSigner::from_seed(&[201; 32]).unwrap();
        let genesis = Genesis {
            network: Slug::new("anhui").unwrap(),
            time: UnixMillis(1_000),
            governance: GenesisGovernance {
                members: vec![Member { name: text("数据局", "Data bureau"), key: member.public_key() }],
                threshold: 1,
            },
            validators: set(&validator),
        };
        let (records, hand_overs) = (BTreeMap::new(), Vec::new());
        Self { clock, genesis, validator, height: 7, hand_overs, records, lag: 0 }
    }

    pub(crate) fn network(&self) -> Slug {
        self.genesis.network.clone()
    }

    pub(crate) fn anchor(&self) -> Anchor {
        self.genesis.anchor()
    }

    pub(crate) fn put(&mut self, record: Record) {
        self.records.insert(record.key(), record);
    }

    pub(crate) fn remove(&mut self, key: &RecordKey) {
        self.records.remove(key);
    }

    pub(crate) fn record(&mut self, key: &RecordKey) -> &mut Record {
        self.records.get_mut(key).unwrap()
    }

    /// Registers a DID whose keys `key-2`, `key-3`… assert and authenticate.
    pub(crate) fn register(&mut self, did: &Did, keys: &[registry::PublicKey]) {
        let purposes = Purposes::of(&[Purpose::AssertionMethod, Purpose::Authentication]);
        let keys = keys.iter().zip(2..).map(|(key, at)| VerificationKey {
            fragment: Slug::new(&format!("key-{at}")).unwrap(),
            key: *key,
            purposes,
            from: UnixMillis(2_000),
            until: None,
            compromised_since: None,
        });
        self.put(Record::Did(DidRecord {
            did: did.clone(),
            version: 1,
            created: UnixMillis(2_000),
            from: UnixMillis(2_000),
            until: None,
            deactivated: None,
            keys: keys.collect(),
            services: vec![],
            recovery_commitment: Hash32::ZERO,
        }));
    }

    pub(crate) fn accredit(&mut self, did: &Did, kind: &str) {
        self.put(Record::Trust(TrustRecord {
            did: did.clone(),
            credential_type: Slug::new(kind).unwrap(),
            issuer_name: text("示例市监局", "Hefei market supervision"),
            intervals: vec![always()],
        }));
    }

    pub(crate) fn open_list(&mut self, did: &Did) -> StatusListId {
        let list = StatusListId { owner: did.clone(), number: 1 };
        self.put(Record::StatusList(StatusListRecord {
            list: list.clone(),
            length: registry::DEFAULT_LIST_LENGTH,
            created: UnixMillis(2_000),
        }));
        list
    }

    pub(crate) fn set_status(&mut self, did: &Did, index: u32, status: Status) {
        let list = StatusListId { owner: did.clone(), number: 1 };
        let key = RecordKey::chunk_of(&list, index);
        let mut chunk = match self.records.get(&key) {
            Some(Record::StatusChunk(chunk)) => chunk.clone(),
            _ => StatusChunk::new(list, StatusListId::chunk_of(index)),
        };
        let (byte, shift) = ((index % 2048 / 4) as usize, 2 * (index % 4));
        chunk.bits[byte] = (chunk.bits[byte] & !(3 << shift)) | ((status as u8) << shift);
        self.put(Record::StatusChunk(chunk));
    }

    /// Evidence, and the hand-overs after a block: a wallet asks for nothing else.
    pub(crate) fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let url = request.url.as_str();
        if let Some((_, from)) = url.split_once(&format!("{HAND_OVERS}?from=")) {
            let from: u64 = from.parse().unwrap();
            let after = self.hand_overs.iter().filter(|one| one.claimed_height() > from);
            let response = HandOversResponse { hand_overs: after.take(MAX_HAND_OVERS).cloned().collect() };
            return super::ok("application/json", serde_json::to_vec(&response).unwrap());
        }
        assert!(url.ends_with(EVIDENCE), "the wallet asks for evidence and hand-overs only");
        assert!(request.headers.contains(&("accept".to_owned(), BUNDLE.to_owned())));
        let asked: EvidenceRequest = serde_json::from_slice(&request.body).unwrap();
        super::ok(BUNDLE, self.bundle(&asked.keys).to_bytes())
    }

    pub(crate) fn bundle(&self, keys: &[RecordKey]) -> EvidenceBundle {
        let single: Vec<_> = keys.iter().map(|key| self.prove(key)).collect();
        EvidenceBundle::of(&single).unwrap()
    }

    /// What is asked from now on stands in the next block.
    pub(crate) fn next_block(&mut self) {
        self.height += 1;
    }

    /// From the next block on another validator signs: a new one each time.
    pub(crate) fn hand_over(&mut self) {
        let seed = u8::try_from(self.hand_overs.len()).unwrap() + 1;
        let next = SoftwareSigner::from_seed(&[seed; 32]).unwrap();
        self.height += 1;
        let set = set(&next);
        let header = Header { next_validators_hash: set.hash(), ..self.header(Hash32::ZERO) };
        let block = self.validator.certify(Block { header, transactions: vec![] }).unwrap();
        self.hand_overs.push(HandOver::of(&block.block.header, block.certificate, &set).unwrap());
        self.validator = next;
        self.height += 1;
    }

    pub(crate) fn prove(&self, key: &RecordKey) -> Evidence {
        let state = State::empty().with(self.records.values());
        let block = Block { header: self.header(state.root()), transactions: vec![] };
        let CertifiedBlock { block, certificate } = self.validator.certify(block).unwrap();
        let bytes = state.bytes(key).map(<[u8]>::to_vec);
        Evidence::new(key.clone(), bytes, state.prove(key), &block.header, certificate)
    }

    fn header(&self, state_root: Hash32) -> Header {
        let validators_hash = set(&self.validator).hash();
        Header {
            chain_id: self.genesis.chain_id(),
            height: self.height,
            // Later blocks are a little later, so that a block never has the time of the one before.
            time: UnixMillis(self.clock.millis() - self.lag + self.height - 7),
            previous: Hash32::ZERO,
            tx_root: Hash32::ZERO,
            state_root,
            validators_hash,
            next_validators_hash: validators_hash,
        }
    }
}

fn set(only: &SoftwareSigner) -> ValidatorSet {
    ValidatorSet::new(vec![Validator { key: only.public_key(), power: 1 }]).unwrap()
}

pub(crate) fn purpose(did: &Did, id: &str, asks: Vec<registry::Ask>) -> Record {
    Record::Purpose(PurposeRecord {
        did: did.clone(),
        purpose: Slug::new(id).unwrap(),
        verifier_name: text("合肥示例银行", "Hefei example bank"),
        purpose_name: text("企业开户", "Opening a company account"),
        legal_basis: registry::LegalBasis::Consent,
        legal_text: text("账户管理规则（示例）", "Account rules (example)"),
        asks,
        retention_days: 30,
        intervals: vec![always()],
    })
}

pub(crate) fn text(zh: &str, en: &str) -> LocalText {
    LocalText::new(zh, en)
}

pub(crate) fn always() -> Interval {
    Interval { from: UnixMillis(2_000), until: None, withdrawn: None }
}

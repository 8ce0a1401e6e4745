//! A small chain to try things on: four validators, three departments of which two must agree, and organisations.

use std::time::Duration;

use registry::build::{DidPlan, SoftwareSigner, TxSigner, organisation_document, recovery_commitment};
use registry::{
    Action, Author, Block, BlockContext, Certificate, CertificateSignature, Did, DidDocument, Evidence,
    EvidenceBundle, Genesis, GenesisGovernance, HandOver, Header, LocalText, Member, Proven, Receipt, Record,
    RecordKey, Slug, State, Transaction, TxError, UnixMillis, Validator, ValidatorSet, VoteKind, execute,
    transaction_root, verify, vote_bytes,
};

pub(crate) struct World {
    pub(crate) genesis: Genesis,
    /// Who signs the newest block.
    pub(crate) validators: ValidatorSet,
    pub(crate) departments: Vec<SoftwareSigner>,
    pub(crate) state: State,
    pub(crate) head: Header,
}

pub(crate) struct Organisation {
    pub(crate) did: Did,
    pub(crate) author: SoftwareSigner,
    pub(crate) recovery: SoftwareSigner,
}

pub(crate) fn signer(n: u8) -> SoftwareSigner {
    SoftwareSigner::from_seed(&[n; 32]).unwrap()
}

pub(crate) fn slug(text: &str) -> Slug {
    Slug::new(text).unwrap()
}

pub(crate) fn text(words: &str) -> LocalText {
    LocalText::new(format!("{words}（中）"), words)
}

pub(crate) fn member(key: &SoftwareSigner, name: &str) -> Member {
    Member { name: text(name), key: key.public_key() }
}

pub(crate) const START: UnixMillis = UnixMillis(1_780_000_000_000);

impl World {
    pub(crate) fn new() -> Self {
        let validators = validators(&[(200, 1), (201, 1), (202, 1), (203, 1)]);
        let departments: Vec<_> = (100..103).map(signer).collect();
        let genesis = Genesis {
            network: slug("anhui"),
            time: START,
            governance: GenesisGovernance {
                members: departments.iter().map(|key| member(key, "Department")).collect(),
                threshold: 2,
            },
            validators: validators.clone(),
        };
        genesis.check().unwrap();
        let (state, head) = (genesis.state(), genesis.header());
        Self { genesis, validators, departments, state, head }
    }

    pub(crate) fn now(&self) -> UnixMillis {
        self.head.time
    }

    /// Executes one block, a second after the one before.
    pub(crate) fn block(&mut self, transactions: Vec<Transaction>) -> Vec<Receipt> {
        self.block_after(Duration::from_secs(1), transactions)
    }

    pub(crate) fn block_after(&mut self, wait: Duration, transactions: Vec<Transaction>) -> Vec<Receipt> {
        let time = self.head.time.after(wait);
        let height = self.head.height + 1;
        let verified: Vec<_> = transactions.into_iter().map(|t| t.verify().unwrap()).collect();
        let chain_id = self.genesis.chain_id();
        let context = BlockContext { chain_id, network: self.genesis.network.clone(), height, time };
        let executed = execute(&self.state, context, &verified);
        self.head = Header {
            height,
            time,
            previous: self.head.id(),
            tx_root: transaction_root(verified.iter().map(registry::VerifiedTransaction::hash)),
            state_root: executed.state.root(),
            validators_hash: self.head.next_validators_hash,
            next_validators_hash: executed.state.validators().unwrap().validators.hash(),
            chain_id,
        };
        self.validators = self.state.validators().unwrap().validators;
        self.state = executed.state;
        executed.receipts
    }

    pub(crate) fn run(&mut self, transaction: Transaction) -> Receipt {
        self.block(vec![transaction]).remove(0)
    }

    /// Signed by these departments, with governance's next nonce.
    pub(crate) fn governance(&self, action: Action, departments: &[usize]) -> Transaction {
        let nonce = self.nonce(&Author::Governance);
        let unsigned = Transaction::unsigned(self.genesis.chain_id(), Author::Governance, nonce, action);
        departments.iter().fold(unsigned, |t, at| t.signed_by(&self.departments[*at]).unwrap())
    }

    pub(crate) fn decide(&mut self, action: Action) -> Receipt {
        let transaction = self.governance(action, &[0, 2]);
        self.run(transaction)
    }

    pub(crate) fn nonce(&self, author: &Author) -> u64 {
        match self.state.record(&RecordKey::Nonce(author.clone())).unwrap() {
            Some(Record::Nonce(record)) => record.next,
            None => 0,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn transaction(&self, did: &Did, signer: &SoftwareSigner, action: Action) -> Transaction {
        let author = Author::Did(did.clone());
        let nonce = self.nonce(&author);
        Transaction::unsigned(self.genesis.chain_id(), author, nonce, action).signed_by(signer).unwrap()
    }

    pub(crate) fn act(&mut self, org: &Organisation, action: Action) -> Receipt {
        let transaction = self.transaction(&org.did, &org.author, action);
        self.run(transaction)
    }

    pub(crate) fn organisation(&mut self, n: u8) -> Organisation {
        let (plan, org) = plan(n);
        self.act(&org, plan.into_action()).unwrap();
        org
    }

    pub(crate) fn certificate(&self, signers: &[usize]) -> Certificate {
        let block_id = self.head.id();
        let vote = vote_bytes(VoteKind::Precommit, &self.head.chain_id, self.head.height, 0, Some(&block_id));
        let signatures = signers
            .iter()
            .map(|at| CertificateSignature {
                validator: u8::try_from(*at).unwrap(),
                signature: validator(&self.validators, *at).sign(&vote).unwrap(),
            })
            .collect();
        Certificate { height: self.head.height, round: 0, block_id, signatures }
    }

    pub(crate) fn evidence(&self, key: &RecordKey) -> Evidence {
        let bytes = self.state.bytes(key).map(<[u8]>::to_vec);
        let all: Vec<_> = (0..self.validators.as_slice().len()).collect();
        let certificate = self.certificate(&all).trimmed(&self.validators);
        Evidence::new(key.clone(), bytes, self.state.prove(key), &self.head, certificate)
    }

    pub(crate) fn bundle(&self, keys: &[RecordKey]) -> EvidenceBundle {
        let single: Vec<_> = keys.iter().map(|key| self.evidence(key)).collect();
        EvidenceBundle::of(&single).unwrap()
    }

    /// Changes the validators in a block of its own.
    pub(crate) fn hand_over(&mut self, next: &ValidatorSet) -> HandOver {
        self.decide(Action::UpdateValidators { validators: next.as_slice().to_vec() }).unwrap();
        let all: Vec<_> = (0..self.validators.as_slice().len()).collect();
        let certificate = self.certificate(&all).trimmed(&self.validators);
        HandOver::of(&self.head, certificate, next).unwrap()
    }

    pub(crate) fn proven(&self, key: &RecordKey) -> Proven {
        let evidence = Evidence::from_bytes(&self.evidence(key).to_bytes()).unwrap();
        verify(&evidence, &self.genesis.anchor(), self.now(), Duration::from_secs(60)).unwrap()
    }

    pub(crate) fn record(&self, key: &RecordKey) -> Option<Record> {
        self.state.record(key).unwrap()
    }
}

/// A set of the signers with these numbers, with these powers.
pub(crate) fn validators(of: &[(u8, u64)]) -> ValidatorSet {
    let validator = |(n, power): &(u8, u64)| Validator { key: signer(*n).public_key(), power: *power };
    ValidatorSet::new(of.iter().map(validator).collect()).unwrap()
}

/// The signer at a place of a set made by [`validators`]: its number is above 199.
pub(crate) fn validator(set: &ValidatorSet, at: usize) -> SoftwareSigner {
    let key = set.as_slice()[at].key;
    (200..=255).map(signer).find(|signer| signer.public_key() == key).unwrap()
}

pub(crate) fn plan(n: u8) -> (DidPlan, Organisation) {
    let (author, recovery) = (signer(n), signer(n + 50));
    let document = organisation_document(&author.public_key(), &[], vec![]);
    let commitment = recovery_commitment(&recovery.public_key());
    let plan = DidPlan { document, salt: [n; 16], recovery_commitment: commitment };
    let did = plan.did(&slug("anhui"));
    (plan, Organisation { did, author, recovery })
}

pub(crate) fn document(keys: &[(&str, &SoftwareSigner)]) -> DidDocument {
    let mut out = organisation_document(&keys[0].1.public_key(), &[], vec![]);
    let first = out.keys[0].clone();
    out.keys = keys
        .iter()
        .map(|(fragment, key)| registry::DocumentKey {
            fragment: slug(fragment),
            key: registry::PublicKey::Ed25519(key.public_key()),
            ..first.clone()
        })
        .collect();
    out
}

pub(crate) fn block_of(world: &World, transactions: Vec<Transaction>) -> Block {
    Block { header: world.head.clone(), transactions }
}

pub(crate) fn refused(code: &str, receipt: Receipt) -> TxError {
    let error = receipt.err().unwrap();
    assert_eq!(error.code(), code, "{error}");
    let json = serde_json::to_value(&error).unwrap();
    assert_eq!(json["code"], code, "the JSON name is the code");
    error
}

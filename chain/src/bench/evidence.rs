//! Evidence of a 300-byte record among 100,000 under four validators.

use std::hint::black_box;
use std::time::Duration;

use registry::build::{TxSigner, organisation_document, recovery_commitment};
use registry::{
    Author, Certificate, CertificateSignature, DidRecord, Evidence, EvidenceBundle, Genesis, Header,
    NonceRecord, PublicKey, Record, Service, State, UnixMillis, VerificationKey, VoteKind, verify,
    verify_bundle, vote_bytes,
};

use crate::Tip;
use crate::bench::{BenchError, Measure, genesis, micros, signature_check, signer, time_per_call};
use crate::news::News;

const RECORDS: u64 = 100_000;
const RECORD_BYTES: usize = 300;
const VALIDATORS: u64 = 4;
const QUORUM: f64 = 3.0;
const SAMPLES: u64 = 64;

/// `evidence/verify` (decoding included; floor: the quorum's raw signature checks) and `evidence/bytes` (floor: the
/// record, a hash for each level of a full tree, the quorum's signatures).
///
/// # Errors
/// [`BenchError`].
pub fn evidence(budget: Duration) -> Result<Vec<Measure>, BenchError> {
    let (records, state) = populate()?;
    let (tip, genesis) = signed(state)?;
    let all: Vec<Vec<u8>> = records.iter().map(|record| tip.prove(&record.key()).to_bytes()).collect();
    let bytes = all.iter().map(Vec::len).sum::<usize>() as f64 / all.len() as f64;
    let anchor = genesis.anchor();
    let now = tip.header.time;
    let check = |bytes: &[u8]| {
        let evidence = Evidence::from_bytes(bytes).map_err(|error| BenchError::Unsound(error.to_string()))?;
        let proven = verify(&evidence, &anchor, now, Duration::from_secs(1));
        proven.map_err(|error| BenchError::Unsound(error.to_string()))
    };
    all.iter().try_for_each(|bytes| check(bytes).map(drop))?;
    let mut next = all.iter().cycle();
    let took = time_per_call(budget / 2, || {
        drop(black_box(next.next().map(|bytes| check(black_box(bytes)))));
    });
    let floor = micros(signature_check(budget / 2)?) * QUORUM;
    let least = RECORD_BYTES as f64 + (RECORDS as f64).log2() * 32.0 + QUORUM * 64.0;
    Ok(vec![
        Measure::new("evidence/verify", micros(took), "µs", floor),
        Measure::new("evidence/bytes", bytes, "B", least),
    ])
}

/// The bundle of these records among 100,000 others under four validators: what a phone carries of them where many use the chain.
///
/// # Errors
/// [`BenchError`].
pub fn bundle_among_many(records: &[Record]) -> Result<EvidenceBundle, BenchError> {
    let (tip, genesis) = signed(populate()?.1.with(records))?;
    let evidence: Vec<Evidence> = records.iter().map(|record| tip.prove(&record.key())).collect();
    let unsound = |text: String| BenchError::Unsound(text);
    let bundle = EvidenceBundle::of(&evidence).ok_or_else(|| unsound("evidence of no bundle".to_owned()))?;
    let proven = verify_bundle(&bundle, &genesis.anchor(), tip.header.time, Duration::from_secs(1));
    let proven = proven.map_err(|error| unsound(error.to_string()))?;
    match proven.iter().all(|fact| fact.record().is_some_and(|record| records.contains(record))) {
        true => Ok(bundle),
        false => Err(unsound("a record that is not there".to_owned())),
    }
}

/// A block with this state, signed by a quorum of the validators.
fn signed(state: State) -> Result<(Tip, Genesis), BenchError> {
    let validators = (1..=VALIDATORS).map(signer).collect::<Result<Vec<_>, _>>()?;
    let genesis = genesis(&validators, &signer(99)?)?;
    let header = Header {
        height: 2_000_000,
        time: UnixMillis(1_790_000_000_000),
        state_root: state.root(),
        ..genesis.header()
    };
    let block_id = header.id();
    let vote = vote_bytes(VoteKind::Precommit, &header.chain_id, header.height, 0, Some(&block_id));
    let signatures = validators
        .iter()
        .zip(0..)
        .map(|(signer, validator)| Ok(CertificateSignature { validator, signature: signer.sign(&vote)? }));
    let signatures = signatures.collect::<Result<_, BenchError>>()?;
    let certificate = Certificate { height: header.height, round: 0, block_id, signatures };
    let certificate = certificate.trimmed(&genesis.validators);
    Ok((Tip { header, certificate, state, news: News::default() }, genesis))
}

/// A state of 100,000 records, and some of them that are 300 bytes long.
fn populate() -> Result<(Vec<Record>, State), BenchError> {
    let samples = (0..SAMPLES).map(|n| sample(n, RECORD_BYTES)).collect::<Result<Vec<_>, _>>()?;
    let like = |record: &Record, n: u64| {
        // Only their number and places matter: any bytes at random keys.
        (registry::Hash32::tagged("huizheng/bench-key/1", &[&n.to_le_bytes()]), record.to_bytes())
    };
    let filler = Record::Nonce(NonceRecord { author: Author::Governance, next: 1 });
    let others = (SAMPLES..RECORDS).map(|n| like(&filler, n));
    Ok((samples.clone(), State::empty().with_bytes(others).with(samples.iter())))
}

/// An organisation's record with two signing keys, made `length` bytes long by its service's address.
fn sample(n: u64, length: usize) -> Result<Record, BenchError> {
    let (author, signing) = (signer(1000 + n)?, signer(100_000 + n)?);
    let keys = [PublicKey::Ed25519(signing.public_key()), PublicKey::p256(&[2; 33])?];
    let slug = |text| registry::Slug::new(text).map_err(|error| BenchError::Unsound(error.to_string()));
    let service = Service { fragment: slug("vci")?, kind: "OpenID4VCI".into(), endpoint: String::new() };
    let document = organisation_document(&author.public_key(), &keys, vec![service]);
    let commitment = recovery_commitment(&author.public_key());
    let plan = registry::build::DidPlan { document, salt: [0; 16], recovery_commitment: commitment };
    let from = UnixMillis(1_780_000_000_000);
    let held = plan.document.keys.iter().map(|key| VerificationKey {
        fragment: key.fragment.clone(),
        key: key.key,
        purposes: key.purposes,
        from,
        until: None,
        compromised_since: None,
    });
    let mut record = DidRecord {
        did: plan.did(&slug("bench")?),
        version: 1,
        created: from,
        from,
        until: None,
        deactivated: None,
        keys: held.collect(),
        services: plan.document.services.clone(),
        recovery_commitment: commitment,
    };
    let short = length.saturating_sub(Record::Did(record.clone()).to_bytes().len());
    if let Some(service) = record.services.first_mut() {
        service.endpoint = "x".repeat(short);
    }
    let record = Record::Did(record);
    let bytes = record.to_bytes().len();
    if bytes == length { Ok(record) } else { Err(BenchError::Unsound(format!("a record of {bytes} bytes"))) }
}

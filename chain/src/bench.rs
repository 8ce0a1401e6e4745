//! Measurements, each beside a floor measured in the same run: what it could not do without.

mod evidence;
mod load;
mod network;
mod solo;

use std::hint::black_box;
use std::time::{Duration, Instant};

use registry::build::{SignerError, SoftwareSigner, TxSigner};
use registry::{
    Genesis, GenesisGovernance, KeyError, LocalText, Member, Slug, UnixMillis, Validator, ValidatorSet,
};
use serde::Serialize;

pub use evidence::{bundle_among_many, evidence};
pub use network::network;
pub use solo::{disk_per_idle_block, node_rss_mb, solo_tx_per_s};

/// One measured value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measure {
    /// What was measured, for instance `evidence/verify`.
    pub name: &'static str,
    /// How much.
    pub value: f64,
    /// Of what: `µs`, `tx/s`, `B`.
    pub unit: &'static str,
    /// The same of what it cannot do without.
    pub floor: f64,
    /// Value over floor.
    pub ratio: f64,
}

impl Measure {
    fn new(name: &'static str, value: f64, unit: &'static str, floor: f64) -> Self {
        Self { name, value, unit, floor, ratio: value / floor }
    }
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// A key could not be made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Something could not be signed.
    #[error(transparent)]
    Sign(#[from] SignerError),
    /// The chain could not be opened.
    #[error(transparent)]
    Open(#[from] crate::solo::OpenError),
    /// A validator could not be started.
    #[error(transparent)]
    Network(#[from] crate::network::NetworkError),
    /// A block could not be read.
    #[error(transparent)]
    Read(#[from] crate::BlockReadError),
    /// The folder cannot be used.
    #[error("the folder cannot be used: {0}")]
    Io(#[from] std::io::Error),
    /// A transaction was refused.
    #[error(transparent)]
    Submit(#[from] crate::SubmitError),
    /// What was made to be measured is not sound.
    #[error("the benchmark made something unsound: {0}")]
    Unsound(String),
}

/// Signers with keys that depend on `n` alone.
fn signer(n: u64) -> Result<SoftwareSigner, KeyError> {
    let digest = registry::Hash32::tagged("huizheng/bench/1", &[&n.to_le_bytes()]);
    SoftwareSigner::from_seed(&digest.0)
}

/// A chain of these validators.
fn genesis(validators: &[SoftwareSigner], department: &SoftwareSigner) -> Result<Genesis, BenchError> {
    let unsound = |error: &dyn std::error::Error| BenchError::Unsound(error.to_string());
    let member = Member { name: LocalText::new("部门", "Department"), key: department.public_key() };
    let validators = validators.iter().map(|v| Validator { key: v.public_key(), power: 1 }).collect();
    Ok(Genesis {
        network: Slug::new("bench").map_err(|error| unsound(&error))?,
        time: UnixMillis(1_780_000_000_000),
        governance: GenesisGovernance { members: vec![member], threshold: 1 },
        validators: ValidatorSet::new(validators).map_err(|error| unsound(&error))?,
    })
}

/// The shortest of several equal rounds, per call: what the machine does when nothing else disturbs it.
fn time_per_call(budget: Duration, mut call: impl FnMut()) -> Duration {
    const ROUNDS: u32 = 8;
    let warm = Instant::now();
    call();
    let once = warm.elapsed().max(Duration::from_nanos(100));
    let calls = (budget.as_nanos() / u128::from(ROUNDS) / once.as_nanos()).clamp(1, 1_000_000);
    let calls = u32::try_from(calls).unwrap_or(1);
    let round = || {
        let start = Instant::now();
        (0..calls).for_each(|_| call());
        start.elapsed() / calls
    };
    std::iter::repeat_with(round).take(ROUNDS as usize).min().unwrap_or(once)
}

/// One raw, strict Ed25519 check of a vote-sized message.
fn signature_check(budget: Duration) -> Result<Duration, BenchError> {
    let signer = signer(0)?;
    let message = [5_u8; 93];
    let (key, signature) = (signer.public_key(), signer.sign(&message)?);
    Ok(time_per_call(budget, || {
        black_box(black_box(&key).verifies(black_box(&message), black_box(&signature)));
    }))
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

//! Random bytes.

use rand_core::{CryptoRng, RngCore};

/// The system gave no random bytes. Nothing was made without them; try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system gave no random bytes")]
pub struct NoRandomness;

/// A source of random bytes fit for keys.
pub trait Randomness: Send + Sync {
    /// Fills `bytes`.
    ///
    /// # Errors
    /// [`NoRandomness`]; then `bytes` are not to be used.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness>;
}

/// The operating system's.
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        getrandom::getrandom(bytes).map_err(|_| NoRandomness)
    }
}

/// Any cryptographic generator, behind a lock: for tests that must see the same bytes again.
impl<R: RngCore + CryptoRng + Send> Randomness for std::sync::Mutex<R> {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        self.lock().map_err(|_| NoRandomness)?.try_fill_bytes(bytes).map_err(|_| NoRandomness)
    }
}

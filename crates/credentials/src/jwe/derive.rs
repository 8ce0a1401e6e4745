//! From an agreed secret to the content key: Concat KDF with SHA-256 (RFC 7518 §4.6.2, NIST SP 800-56A).

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::Enc;

/// The key for the content. 256 bits at most, so one round is all.
pub(super) fn content_key(shared: &[u8], enc: Enc, apu: &[u8], apv: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut hash = Sha256::new();
    hash.update(1u32.to_be_bytes());
    hash.update(shared);
    for part in [enc.name().as_bytes(), apu, apv] {
        hash.update(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        hash.update(part);
    }
    hash.update(u32::try_from(enc.key_bytes() * 8).unwrap_or(u32::MAX).to_be_bytes());
    let mut key = Zeroizing::new(hash.finalize().to_vec());
    key.truncate(enc.key_bytes());
    key
}

//! Unguessable text from the system's random source.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// `bytes` random bytes in lower-case hex.
pub fn hex(bytes: usize) -> String {
    hex::encode(random(bytes))
}

/// `bytes` random bytes in base64url without padding: 32 make a token that can't be guessed.
pub fn token(bytes: usize) -> String {
    URL_SAFE_NO_PAD.encode(random(bytes))
}

#[expect(clippy::panic, reason = "without a random source nothing here may go on; a panic becomes a 500")]
fn random(bytes: usize) -> Vec<u8> {
    let mut out = vec![0; bytes];
    if let Err(error) = getrandom::getrandom(&mut out) {
        panic!("the system's random source failed: {error}");
    }
    out
}

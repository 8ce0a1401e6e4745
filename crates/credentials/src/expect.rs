//! What a verifier expects, however credentials are presented.

use crate::UnixSeconds;

/// What a verifier expects of a presentation.
#[derive(Debug, Clone, Copy)]
pub struct Expect<'a> {
    /// The nonce of this one request (Data Integrity's `challenge`).
    pub nonce: &'a str,
    /// Who the verifier is to the holder: its client id (Data Integrity's `domain`).
    pub audience: &'a str,
    /// Now.
    pub now: UnixSeconds,
    /// How old the presentation may be, in seconds.
    pub max_age: i64,
}

//! BBS signatures on BLS12-381 with SHA-256 (draft-irtf-cfrg-bbs-signatures, suite `BBS_BLS12381G1_XMD:SHA-256_SSWU_RO_`).
//! **Experimental**: the draft is not yet an RFC.
//!
//! The issuer signs a list of messages and a header with [`SecretKey::sign`]. Whoever has the signature makes a proof
//! with [`prove`] that shows some of the messages; [`PublicKey::verify_proof`] checks it. A proof hides the signature itself:
//! two of them share no bytes, and whoever sees both, the issuer included, can't tell that they come from one signature.
//!
//! The arithmetic is blst's, through blstrs. Everything that comes from outside is checked here: points are canonical, of the
//! right subgroup and not the identity, scalars canonical and not zero, lists of at most [`MAX_MESSAGES`].

mod decode;
mod generators;
mod hash;
mod key;
mod proof;
mod sign;

pub use key::{PublicKey, SecretKey};
pub use proof::{Disclosed, Proof, prove};
pub use sign::Signature;

/// The most messages under one signature.
pub const MAX_MESSAGES: usize = 512;
/// The longest header or presentation header, in bytes.
pub const MAX_HEADER: usize = 1024;

/// Why nothing can be signed or proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BbsError {
    /// More messages than [`MAX_MESSAGES`], or a header longer than [`MAX_HEADER`].
    #[error("more than can be signed at once")]
    TooMuch,
    /// The numbers of the messages to be shown do not rise, or go beyond the messages.
    #[error("the numbers of the messages do not rise")]
    Indexes,
    /// The signature is not the one of these messages.
    #[error("the signature does not match the messages")]
    SignatureWrong,
}

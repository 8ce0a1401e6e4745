//! X.509 certificates, as far as the issuers of mdocs and verifiers need them (RFC 5280; ISO/IEC 18013-5 Annex B).
//!
//! A certificate here only names a key. Trust in it comes from an anchor that the caller gives to [`check_chain`], or
//! from elsewhere: this system's issuers name their DID in it, and the chain says which keys that has.

mod certificate;
mod chain;
mod make;
mod oid;

pub use certificate::{Certificate, CertificateError};
pub use chain::{ChainError, check_chain};
pub use make::{Certifying, MakeError, Prepared};
pub use oid::{ANY_PURPOSE, MDOC_SIGNER};

/// So many certificates may stand between a signature and its anchor.
pub const MAX_CHAIN: usize = 4;

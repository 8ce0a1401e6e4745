//! Signed JSON tokens: JWS in compact form with a JSON payload (RFC 7515, RFC 7519, RFC 8725).
//!
//! The key decides the algorithm. The caller says which `typ` it expects, so that no kind of token can be taken for
//! another. Critical header parameters are refused, for none is understood.

mod create;
mod header;
mod read;
mod times;

pub use create::{CreateError, Prepared, prepare, sign};
pub use header::Header;
pub use read::{ParseError, Unverified, Verified, VerifyError};
pub use times::{LEEWAY, Times, WrongTime};

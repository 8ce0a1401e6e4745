//! OpenID4VCI 1.0, OpenID4VP 1.0 and DCQL: the messages, their rules and their error codes.
//!
//! Pure: no I/O, no clock, no randomness but what is passed in. Nothing here signs or verifies: JWTs appear as the
//! structures of their headers and claims, and whoever holds the keys puts them in and takes them out.
//!
//! - [`openid4vci`]: offers, metadata, tokens, nonces, credential requests and their key proofs.
//! - [`openid4vp`]: signed requests, the links that lead to them, responses.
//! - [`dcql`]: what a verifier asks, which credentials answer it, and whether what came answers it and no more.
//! - [`offline`]: what wallet and counter show each other as QR codes, with no network.
//! - [`dpop`], [`pkce`], [`redirect_uri`]: what binds codes and tokens to whoever asked for them.
//! - [`limits`]: reading JSON and forms that somebody else wrote.

mod codes;
pub mod dcql;
pub mod dpop;
pub mod endpoint;
pub mod format;
pub mod jwt;
pub mod limits;
pub mod offline;
pub mod openid4vci;
pub mod openid4vp;
pub mod pkce;
pub mod redirect_uri;
pub mod secret;

pub use endpoint::{Endpoint, EndpointError};
pub use format::Format;
pub use limits::{Form, Limits, ParseError};
pub use redirect_uri::RedirectUri;
pub use secret::Secret;

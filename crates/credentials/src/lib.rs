//! Credential formats, proofs, status lists and the catalogue of credential types.
//!
//! Pure: no I/O, no clock, no ambient randomness. The time and the random source are arguments.
//!
//! - [`key`]: public keys (Ed25519, P-256, P-384; P-521 and SM2 with the features `p521` and `sm2`), their texts (JWK, Multikey, `did:key`, `did:jwk`), signing.
//! - [`jws`]: signed JSON tokens, compact form.
//! - [`cbor`], [`cose`]: strict CBOR, and signed CBOR messages (COSE_Sign1).
//! - [`sd_jwt`]: SD-JWT (RFC 9901) with key binding, and SD-JWT VC (`dc+sd-jwt`).
//! - [`data_integrity`]: VCDM 2.0 credentials and presentations: `eddsa-jcs-2022`, `eddsa-rdfc-2022`, `ecdsa-jcs-2019`,
//!   `ecdsa-rdfc-2019`, `ecdsa-sd-2023`; `bbs-2023` with the feature `bbs`, `sm2-jcs-2026` with the feature `sm2`.
//! - [`vc_jose`]: the same as signed tokens: `vc+jwt`, `vp+jwt`, `vc+sd-jwt`, `vp+sd-jwt`.
//! - [`vc_cose`]: VCDM 2.0 credentials and presentations in COSE envelopes.
//! - [`vcdm`]: what such documents say, however they are secured.
//! - [`envelope`]: what presentations hold: secured credentials in `data:` URLs, or with proofs.
//! - [`mdoc`], [`x509`]: ISO mdoc, and the certificates of those who issue it.
//! - [`jsonld`]: documents to RDF without losing anything, under pinned contexts.
//! - [`rdf`]: datasets and their canonical form (RDFC-1.0), with bounded work.
//! - [`status`]: Token Status List, Bitstring Status List, and where a credential says its status is.
//! - [`catalogue`]: the types of credentials as data, and the checks of their claims.
//! - [`vc_api`]: what the W3C CCG's VC-API asks of services.
//! - [`findings`]: what a verification found, check by check.
//! - `bbs` (with the feature of that name): BBS signatures, for `bbs-2023`. Experimental.
//! - `bench` (with the feature of that name): what issuing and verifying cost beside the bare signature operations.
//! - `second` (with the feature `ssi`): ssi's opinion beside ours.
//! - [`json`]: strict parsing and canonical writing (RFC 8785).
//!
//! What is read from outside is `Unverified…`; only a successful `verify` makes it `Verified…`. A verification here
//! answers for signatures, integrity, times and binding. Whether the issuer was accredited, its key valid at the
//! time, and the status good, is decided by the caller from the chain's facts.

#[cfg(feature = "bbs")]
pub mod bbs;
#[cfg(feature = "bench")]
pub mod bench;
pub mod catalogue;
pub mod cbor;
pub mod claim;
pub mod cose;
pub mod data_integrity;
pub mod envelope;
mod expect;
pub mod findings;
pub mod json;
pub mod jsonld;
pub mod jwe;
pub mod jws;
pub mod key;
pub mod mdoc;
pub mod rdf;
pub mod sd_jwt;
#[cfg(feature = "ssi")]
pub mod second;
pub mod status;
mod time;
pub mod vc_api;
pub mod vc_cose;
pub mod vc_jose;
pub mod vcdm;
pub mod x509;

pub use claim::ClaimPath;
pub use expect::Expect;
pub use findings::{CheckName, Findings, Flaw, Outcome, Refused};
pub use time::{TimeError, UnixSeconds};

//! The crate as its users see it: vectors of the specifications, refusals by name, properties.

#![expect(clippy::unwrap_used, reason = "the helpers of tests may fail as tests do")]

#[cfg(feature = "bbs")]
mod bbs;
#[cfg(feature = "bbs")]
mod bbs_2023;
mod bulk;
mod catalogue;
mod catalogue_limits;
mod cose;
mod data_integrity;
mod data_integrity_refused;
mod did_web;
mod fuzz;
mod fuzz_envelopes;
mod jcs;
mod jsonld;
mod jsonld_contexts;
mod jwe;
mod keys;
mod ld_support;
mod mdoc;
mod mdoc_mac;
mod mdoc_refused;
mod mdoc_support;
mod methods;
mod nquads;
#[cfg(feature = "p521")]
mod p521;
mod proofs;
mod properties;
mod rdf_canon;
mod rdf_suites;
mod sd_2023;
mod sd_json;
mod sd_jwt;
mod sd_jwt_refused;
#[cfg(feature = "ssi")]
mod second;
#[cfg(feature = "sm2")]
mod sm2;
mod status;
mod status_cwt;
mod support;
mod tokens;
mod vc_api;
mod vc_cose;
mod vc_jose;
mod vc_jose_refused;
mod x509;
mod x509_refused;

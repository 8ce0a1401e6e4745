//! The crate as its users see it: vectors of the specifications, refusals by name, properties.

#![expect(clippy::unwrap_used, reason = "the helpers of tests may fail as tests do")]

mod bulk;
mod catalogue;
mod data_integrity;
mod data_integrity_refused;
mod jcs;
mod keys;
mod nquads;
mod properties;
mod rdf_canon;
mod sd_jwt;
mod sd_jwt_refused;
mod status;
mod support;
mod tokens;

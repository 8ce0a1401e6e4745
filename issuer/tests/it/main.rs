//! The issuer over HTTP, with a real chain and a real store. One file for each file of routes and pages.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test that can't go on says why and stops"
)]

mod access;
mod applications;
mod attestation;
mod audit;
mod author_key;
mod authorize;
mod backup;
mod batch;
mod bulk;
mod certificates;
mod collect_again;
mod credential;
mod credentials_api;
mod discovery;
mod dpop;
mod every_type;
mod http;
mod instances;
mod keys;
mod later;
mod limits;
mod lists;
mod mdoc;
mod nonce;
mod offers;
mod onestop;
mod openapi;
mod operators;
mod pages_console;
mod pages_keys;
mod pages_portal;
mod password;
mod phones;
mod provider;
mod reissue;
mod restart;
mod review;
mod sealed;
mod settings;
mod staff_provider;
mod token;
mod vc_api;
mod wallet;
mod without_chain;
mod world;

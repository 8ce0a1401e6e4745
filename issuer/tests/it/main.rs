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
mod bulk;
mod collect_again;
mod credential;
mod credentials_api;
mod discovery;
mod http;
mod limits;
mod lists;
mod nonce;
mod offers;
mod pages_console;
mod pages_portal;
mod reissue;
mod restart;
mod review;
mod token;
mod vc_api;
mod wallet;
mod world;

//! The verifier from outside: a real chain, real signatures, real HTTP.
#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test builds on must hold")]

mod answers;
mod api;
mod audit;
mod backup;
mod claims;
mod codes;
mod faults;
mod forgetting;
mod haip;
mod health;
mod instances;
mod journal;
mod mdoc;
mod object;
mod offline;
mod openapi;
mod pages;
mod policy;
mod refusals;
mod response;
mod settings;
mod stack;
mod start;
mod tenants;
mod vc_api;
mod verify;
mod webhook;
mod without_node;

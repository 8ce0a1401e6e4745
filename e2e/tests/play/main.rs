//! Stories of the whole system, right ones and wrong ones. All but the restart happen on one stage, at the same time.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that fails, fails")]

mod issuance;
mod keys;
mod login;
mod lost;
mod onestop;
mod phone;
mod presentation;
mod restart;
mod status;
mod story;
mod trust;

use e2e::{Play, Stage};

static STAGE: Stage = Stage::new(concat!(env!("CARGO_TARGET_TMPDIR"), "/play"));

fn play(test: impl AsyncFnOnce(&'static Play)) {
    STAGE.play(test);
}

/// The claims of an application for a business licence.
fn licence(company: usize) -> serde_json::Value {
    testkit::Company::nth(company).business_licence_claims()
}

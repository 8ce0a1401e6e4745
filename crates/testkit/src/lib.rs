//! For tests only: fixed clock, seeded randomness and damage, synthetic people and companies.
//!
//! Everybody here is made up. The same number gives the same person, company or random bytes each time, so that a
//! test that fails, fails again. Check characters are worked out here and not by the code under test.

mod alerts;
mod balancer;
mod captured;
mod check_characters;
mod clock;
mod company;
mod described;
mod dice;
mod pem;
mod person;
mod portrait;
mod ports;
mod postgres;
mod rsa;
mod settings;

pub use alerts::Alerts;
pub use balancer::Balancer;
pub use captured::{Captured, texts};
pub use check_characters::{
    credit_code_check, id_number_check, licence_identifier_check, organisation_check,
};
pub use clock::FixedClock;
pub use company::Company;
pub use described::Described;
pub use dice::{Dice, rounds};
pub use pem::pem;
pub use person::Person;
pub use portrait::portrait_png;
pub use ports::free_ports;
pub use postgres::Postgres;
pub use rsa::RsaKey;
pub use settings::every_setting;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// Noon in China on 2 March 2026, in seconds since 1970: when tests happen.
pub const NOW: i64 = 1_772_424_000;

/// Random bytes that are the same for the same seed.
#[must_use]
pub fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

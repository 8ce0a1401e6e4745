//! The encrypted store: what the wallet keeps, readable only with the device and the PIN.

mod attempts;
mod biometrics;
mod error;
mod header;
mod keys;
mod records;
mod repair;
mod stock;
mod unlock;

pub use biometrics::BiometricsRefused;
pub(crate) use error::NotUnlocked;
pub use error::VaultError;
pub(crate) use header::PinCost;
pub(crate) use records::{Sealed, Vault, VaultTx, number_key};
pub(crate) use repair::GoesWith;
pub use unlock::PinTooWeak;
pub(crate) use unlock::check_pin;

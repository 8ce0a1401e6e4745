//! What the wallet needs of the device it runs on: keys, HTTP, the time, random bytes. Nothing else reaches out.

mod biometrics;
mod clock;
mod http;
mod key_store;
mod random;

use std::sync::Arc;

pub use biometrics::Biometrics;
pub use clock::Clock;
// What the ports speak of, for those who implement them.
pub use credentials::key::{Algorithm, KeyError, PublicKey};
#[cfg(test)]
pub(crate) use http::NoNetwork;
pub use http::{HttpClient, HttpError, HttpRequest, HttpResponse, Method};
pub use key_store::{HeldKey, HolderKeyStore, KeyHandle, KeyStoreError, Protection};
pub use protocol::Endpoint;
pub use random::{NoRandomness, Randomness, SystemRandomness};
pub use registry::UnixMillis;
pub use zeroize::Zeroizing;

/// The device, as the wallet sees it.
#[derive(Clone)]
pub struct Ports {
    /// Where keys live and sign.
    pub keys: Arc<dyn HolderKeyStore>,
    /// How requests leave.
    pub http: Arc<dyn HttpClient>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where salts, nonces and ids come from.
    pub random: Arc<dyn Randomness>,
    /// What opens the wallet beside its PIN, if the device has it and the app wants it.
    pub biometrics: Option<Arc<dyn Biometrics>>,
}

impl Ports {
    /// The device with the system's own randomness.
    #[must_use]
    pub fn new(keys: Arc<dyn HolderKeyStore>, http: Arc<dyn HttpClient>, clock: Arc<dyn Clock>) -> Self {
        Self { keys, http, clock, random: Arc::new(SystemRandomness), biometrics: None }
    }

    /// The same, with biometrics.
    #[must_use]
    pub fn with_biometrics(self, biometrics: Arc<dyn Biometrics>) -> Self {
        Self { biometrics: Some(biometrics), ..self }
    }
}

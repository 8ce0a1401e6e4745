//! What the wallet needs of the device, as the app implements it. Each foreign trait has beside it the adapter by which
//! the core uses it.

mod biometrics;
mod clock;
mod http;
mod keys;

use std::sync::Arc;

use wallet_core::ports::Ports;

pub use biometrics::Biometrics;
pub use clock::Clock;
pub use http::{HttpClient, HttpError, HttpHeader, HttpMethod, HttpRequest, HttpResponse};
pub use keys::{HolderKey, HolderKeyError, HolderKeyStore, KeyAlgorithm, KeyProtection};

/// The device, as the core sees it.
pub(crate) fn device(
    keys: Arc<dyn HolderKeyStore>,
    http: Arc<dyn HttpClient>,
    clock: Option<Arc<dyn Clock>>,
    biometrics: Option<Arc<dyn Biometrics>>,
) -> Ports {
    let ports = Ports::new(
        Arc::new(keys::DeviceKeys(keys)),
        Arc::new(http::DeviceHttp(http)),
        Arc::new(clock::DeviceClock(clock)),
    );
    match biometrics {
        Some(biometrics) => ports.with_biometrics(Arc::new(biometrics::DeviceBiometrics(biometrics))),
        None => ports,
    }
}

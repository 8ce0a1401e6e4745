//! Opening a wallet by face or finger: switched on by its holder, with her PIN.

use std::sync::Arc;

use wallet_core::ports::Zeroizing;

use crate::{
    config::WalletConfig,
    error::WalletError,
    ports::{Biometrics, Clock, HolderKeyStore, HttpClient, device},
    wallet::Wallet,
};

#[uniffi::export]
impl Wallet {
    /// Opens a wallet by the device's biometrics, once `enrol_biometrics` has switched that on. `UseAnotherWay` (not switched on,
    /// changed since, or wrong PINs were tried) and `Cancelled`: ask for the PIN.
    #[uniffi::constructor(default(clock = None))]
    pub async fn open_by_biometrics(
        folder: String,
        config: WalletConfig,
        keys: Arc<dyn HolderKeyStore>,
        http: Arc<dyn HttpClient>,
        biometrics: Arc<dyn Biometrics>,
        clock: Option<Arc<dyn Clock>>,
    ) -> Result<Self, WalletError> {
        let ports = device(keys, http, clock, Some(biometrics));
        let opened = wallet_core::Wallet::open_by_biometrics(folder, ports, config.try_into()?);
        Ok(Self::holding(opened.await?))
    }

    /// Lets the device's biometrics open this wallet from now on, beside the PIN, which counts as a try. The wallet must have
    /// been opened with `biometrics`.
    pub async fn enrol_biometrics(&self, pin: String) -> Result<(), WalletError> {
        let pin = Zeroizing::new(pin);
        Ok(self.unlocked()?.enrol_biometrics(&pin).await?)
    }

    /// Whether biometrics open it, unless they have changed since.
    pub async fn has_biometrics(&self) -> Result<bool, WalletError> {
        Ok(self.unlocked()?.has_biometrics()?)
    }

    /// Lets only the PIN open it from now on.
    pub async fn forget_biometrics(&self) -> Result<(), WalletError> {
        Ok(self.unlocked()?.forget_biometrics().await?)
    }
}

//! Opening a wallet by face or finger: switched on by its holder, with her PIN.

use std::path::Path;

use crate::{
    Wallet,
    config::WalletConfig,
    error::OpenError,
    ports::Ports,
    vault::{Vault, VaultError},
};

impl Wallet {
    /// Lets the device's biometrics open this wallet from now on, beside the PIN. The PIN counts as a try.
    ///
    /// # Errors
    /// [`OpenError`] as for opening; [`OpenError::Biometrics`] when the device has none.
    pub async fn enrol_biometrics(&self, pin: &str) -> Result<(), OpenError> {
        let context = self.context();
        Ok(context.vault.enrol(pin, &context.ports).await?)
    }

    /// Whether biometrics open it, unless they have changed since.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn has_biometrics(&self) -> Result<bool, VaultError> {
        self.context().vault.is_enrolled()
    }

    /// Lets only the PIN open it from now on.
    ///
    /// # Errors
    /// [`OpenError::Vault`].
    pub async fn forget_biometrics(&self) -> Result<(), OpenError> {
        let context = self.context();
        Ok(context.vault.unenrol(&context.ports).await?)
    }

    /// Opens a wallet by the device's biometrics.
    ///
    /// # Errors
    /// [`OpenError`]. [`OpenError::Biometrics`], and [`OpenError::Keys`] with
    /// [`KeyStoreError::Declined`](crate::ports::KeyStoreError::Declined): ask for the PIN.
    pub async fn open_by_biometrics(
        path: impl AsRef<Path>,
        ports: Ports,
        config: WalletConfig,
    ) -> Result<Self, OpenError> {
        let vault = Vault::unlock_by_biometrics(path.as_ref(), &ports, config.wipe_after).await;
        Self::opened(path.as_ref(), vault, ports, config).await
    }
}

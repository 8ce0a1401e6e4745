//! Opening what is damaged.

use std::sync::Arc;

use wallet_core::ports::Zeroizing;

use crate::{
    config::WalletConfig,
    error::WalletError,
    ports::{Biometrics, Clock, HolderKeyStore, HttpClient, device},
    wallet::Wallet,
};

/// A damaged wallet with what of it could be read, and what could not.
#[derive(Clone, uniffi::Record)]
pub struct RecoveredWallet {
    /// The wallet, open. From now on it opens as usual.
    pub wallet: Arc<Wallet>,
    /// Cards that are there and whole.
    pub cards: u64,
    /// Cards that could not be read: collect them again.
    pub cards_lost: u64,
    /// Entries of the log that could not be read.
    pub log_entries_lost: u64,
    /// Other records that could not be read: evidence, what is fetched anew.
    pub others_lost: u64,
    /// Records are missing altogether, or are older than they were: how many and which, nobody can tell.
    pub incomplete: bool,
}

/// Opens a wallet that is damaged (`RestoreWallet`), for a holder who has no backup. What is unreadable is removed: make a copy of
/// the folder first. `RestoreWallet` again when not even its keys are there.
#[uniffi::export(default(clock = None, biometrics = None))]
pub async fn recover_wallet(
    folder: String,
    pin: String,
    config: WalletConfig,
    keys: Arc<dyn HolderKeyStore>,
    http: Arc<dyn HttpClient>,
    clock: Option<Arc<dyn Clock>>,
    biometrics: Option<Arc<dyn Biometrics>>,
) -> Result<RecoveredWallet, WalletError> {
    let pin = Zeroizing::new(pin);
    let ports = device(keys, http, clock, biometrics);
    let (wallet, recovered) = wallet_core::Wallet::recover(folder, &pin, ports, config.try_into()?).await?;
    Ok(RecoveredWallet {
        wallet: Arc::new(Wallet::holding(wallet)),
        cards: recovered.cards as u64,
        cards_lost: recovered.cards_lost as u64,
        log_entries_lost: recovered.log_entries_lost as u64,
        others_lost: recovered.others_lost as u64,
        incomplete: recovered.incomplete,
    })
}

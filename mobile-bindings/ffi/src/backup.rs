//! What the holder takes with her, and takes away: backup, restoration, export, erasure.

use std::{sync::Arc, time::SystemTime};

use wallet_core::ports::{SystemRandomness, Zeroizing};

use crate::{
    config::WalletConfig,
    error::WalletError,
    ports::{Biometrics, Clock, HolderKeyStore, HttpClient, device},
    text::{LocalText, each},
    time,
    wallet::Wallet,
};

/// A card of a backup that its issuer must give anew: its key was the other device's. Personal.
#[derive(Clone, uniffi::Record)]
pub struct CardToCollect {
    /// Its id.
    pub id: String,
    /// The catalogue's id of its type.
    pub kind: String,
    /// What its type is called.
    pub label: LocalText,
    /// Whose it is.
    pub holder_line: String,
    /// The issuer's registered name.
    pub issuer_name: LocalText,
    /// Where it can be collected by logging in; none: ask the issuer for an offer.
    pub collect_at: Option<String>,
}

/// What came of a restoration. Together it names everything that was in the backup.
#[derive(Clone, uniffi::Record)]
pub struct RestoredWallet {
    /// The wallet, open.
    pub wallet: Arc<Wallet>,
    /// When the backup was made.
    pub made: SystemTime,
    /// The cards, each to be collected again.
    pub to_collect: Vec<CardToCollect>,
    /// Entries of the log that are there again.
    pub log_entries: u64,
    /// Addresses of issuers who were still preparing something: ask them anew.
    pub waiting: Vec<String>,
}

/// A passphrase for backups that nobody guesses: 24 letters and digits, to be written down.
#[uniffi::export]
pub fn new_backup_code() -> Result<String, WalletError> {
    Ok(wallet_core::Wallet::new_backup_code(&SystemRandomness).map_err(wallet_core::BackupError::from)?)
}

/// Makes a wallet of a backup, with a PIN of its own. All or nothing: ended in the middle it can be begun again. A wrong
/// passphrase is `EnterPinAgain`.
#[expect(clippy::too_many_arguments, reason = "all of them are needed, and platforms name them")]
#[uniffi::export(default(clock = None, biometrics = None))]
pub async fn restore_wallet(
    folder: String,
    pin: String,
    config: WalletConfig,
    keys: Arc<dyn HolderKeyStore>,
    http: Arc<dyn HttpClient>,
    backup: Vec<u8>,
    passphrase: String,
    clock: Option<Arc<dyn Clock>>,
    biometrics: Option<Arc<dyn Biometrics>>,
) -> Result<RestoredWallet, WalletError> {
    let (pin, passphrase) = (Zeroizing::new(pin), Zeroizing::new(passphrase));
    let (ports, config) = (device(keys, http, clock, biometrics), config.try_into()?);
    let (wallet, restored) =
        wallet_core::Wallet::restore(folder, &pin, ports, config, &backup, &passphrase).await?;
    Ok(RestoredWallet {
        wallet: Arc::new(Wallet::holding(wallet)),
        made: time::from_millis(restored.made.0),
        to_collect: each(restored.to_collect),
        log_entries: restored.log_entries as u64,
        waiting: restored.waiting.iter().map(|issuer| issuer.as_str().to_owned()).collect(),
    })
}

/// Deletes a wallet that can't be opened any more: its PIN was forgotten, or it is damaged. Keys in the device stay; they are of no
/// use to anyone. Ask twice: nobody can undo it, and nobody is asked for the PIN.
#[uniffi::export]
pub async fn erase_locked_wallet(folder: String) -> Result<(), WalletError> {
    Ok(wallet_core::Wallet::erase_locked(folder)?)
}

#[uniffi::export]
impl Wallet {
    /// Everything that the wallet keeps, as one encrypted file. Device keys are not in it. A passphrase that could be
    /// guessed is `ChooseAnotherPin`: twelve characters of five kinds at least.
    pub async fn back_up(&self, passphrase: String) -> Result<Vec<u8>, WalletError> {
        let passphrase = Zeroizing::new(passphrase);
        Ok(self.unlocked()?.back_up(&passphrase)?)
    }

    /// The cards of a backup that are still to be collected again.
    pub async fn to_collect(&self) -> Result<Vec<CardToCollect>, WalletError> {
        Ok(each(self.unlocked()?.to_collect()?))
    }

    /// Forgets a card that is not to be collected again. False if there is none of this id.
    pub async fn forget_to_collect(&self, id: String) -> Result<bool, WalletError> {
        Ok(self.unlocked()?.forget_to_collect(&id).await?)
    }

    /// Everything that the wallet keeps about its holder, as JSON (PIPL art. 45). In clear: it is hers to guard.
    pub async fn export_all(&self) -> Result<String, WalletError> {
        Ok(self.unlocked()?.export()?.to_string())
    }

    /// Deletes everything: the folder and the keys in the device (PIPL art. 47). The wallet is locked then.
    pub async fn erase(&self) -> Result<(), WalletError> {
        let busy = || WalletError::TryAgain { reason: "the wallet is still at work".to_owned() };
        let wallet = self.taken().ok_or(WalletError::OpenWallet)?;
        Ok(Arc::into_inner(wallet).ok_or_else(busy)?.erase().await?)
    }
}

impl From<wallet_core::ToCollect> for CardToCollect {
    fn from(card: wallet_core::ToCollect) -> Self {
        Self {
            id: card.id,
            kind: card.kind,
            label: card.label.into(),
            holder_line: card.holder_line,
            issuer_name: card.issuer_name.into(),
            collect_at: card.collect_at.map(|issuer| issuer.as_str().to_owned()),
        }
    }
}

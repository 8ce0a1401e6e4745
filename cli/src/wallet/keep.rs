//! What the holder can take with her, and take away: backup, restoration, export, erasure.

use std::path::Path;

use wallet_core::ports::SystemRandomness;
use wallet_core::{BackupError, BadBackup, OpenError, RestoreError, ToCollect, Wallet, WalletConfig};

use super::{not_made, not_opened, pin};
use crate::device;
use crate::fault::{Done, Fault, OrFault};
use crate::term::{self, Ink, Paint, plain, table};

/// Backups that are read, in bytes; the core's own limit is below it.
const MOST: u64 = 1 << 30;

/// Writes everything into one encrypted file, under a code that is made for it and shown once.
pub(super) fn back_up(wallet: &Wallet, file: &Path) -> Done {
    let new = "name a file that is not there yet";
    if file.exists() {
        return Err(Fault::new(format!("{} is there already", file.display()), new));
    }
    let code = Wallet::new_backup_code(&SystemRandomness).or_fault("try again")?;
    let bytes = wallet.back_up(&code).map_err(|error| not_backed_up(&error))?;
    service::files::write_secret(file, &bytes).or_fault(new)?;
    let paint = Paint::stdout();
    term::say_line(format!("{} everything is in {}", paint.text(Ink::Good, "✓"), file.display()));
    term::say_line(
        "  Its code, which nobody can tell you again. Write it down, and keep it apart from the file:",
    );
    term::say_line(format!("  {}", paint.text(Ink::Strong, &code)));
    Ok(())
}

/// Makes a wallet of a backup, and says what is to be collected again.
pub(super) async fn restore(folder: &Path, file: &Path, config: WalletConfig) -> Done<Vec<ToCollect>> {
    let length = std::fs::metadata(file).or_fault("name the backup's file")?.len();
    if length > MOST {
        return Err(Fault::new(format!("{} is too long for a backup", file.display()), "name another file"));
    }
    let bytes = std::fs::read(file).or_fault("name the backup's file")?;
    let code = pin::backup_code()?;
    let pin = pin::choose()?;
    let ports = device::ports(folder).or_fault("name another folder with --data")?;
    let restored = Wallet::restore(folder.join(device::VAULT), &pin, ports, config, &bytes, &code).await;
    let (wallet, restored) = restored.map_err(|error| not_restored(&error))?;
    let paint = Paint::stdout();
    let ready = format!("the wallet is ready; {} entries of the log are back", restored.log_entries);
    term::say_line(format!("{} {ready}", paint.text(Ink::Good, "✓")));
    for issuer in &restored.waiting {
        term::say_line(format!("  {} was still preparing something: ask there anew", issuer.host()));
    }
    drop(wallet);
    Ok(restored.to_collect)
}

/// Opens a damaged wallet with what of it can be read, and says what can't.
pub(super) async fn recover(folder: &Path, pin: &str, config: WalletConfig) -> Done {
    let (vault, kept) = (folder.join(device::VAULT), folder.join("damaged"));
    if kept.exists() {
        let text = format!("{} has a damaged wallet from before", kept.display());
        return Err(Fault::new(text, "move it elsewhere"));
    }
    let ports = || device::ports(folder).or_fault("check the folder's rights");
    match Wallet::open(&vault, pin, ports()?, config.clone()).await {
        Ok(_) => return Err(Fault::new("this wallet is not damaged", "use it as it is")),
        Err(OpenError::Damaged(_)) => {}
        Err(error) => return Err(not_opened(&error)),
    }
    service::files::copy_folder(&vault, &kept)
        .or_fault("free some space: what is damaged is kept as it was")?;
    let recovered = Wallet::recover(&vault, pin, ports()?, config).await;
    let (_, recovered) = recovered.map_err(|error| not_opened(&error))?;
    let paint = Paint::stdout();
    term::say_line(format!("{} cards that can be read: {}", paint.text(Ink::Good, "✓"), recovered.cards));
    for (lost, what) in [
        (recovered.cards_lost, "cards lost, to be collected again where they were issued"),
        (recovered.log_entries_lost, "entries of the log lost"),
        (recovered.others_lost, "records lost of what is fetched anew"),
    ] {
        if lost > 0 {
            term::say_line(format!("  {what}: {lost}"));
        }
    }
    if recovered.incomplete {
        term::say_line("  More is missing, or older than it was: how much and what, nobody can tell.");
    }
    term::say_line(format!("  As it was, encrypted: {}", kept.display()));
    Ok(())
}

/// The cards that are still to be issued to this device.
pub(super) fn to_collect(wallet: &Wallet) -> Done {
    say_to_collect(&wallet.to_collect().or_fault("restore the folder from a backup")?);
    Ok(())
}

pub(super) fn say_to_collect(cards: &[ToCollect]) {
    if cards.is_empty() {
        term::say_line("Nothing is to be collected.");
        return;
    }
    let row = |card: &ToCollect| {
        vec![
            plain(&format!("{} {}", card.label.zh, card.label.en)),
            plain(&card.holder_line),
            plain(&card.issuer_name.zh),
            card.collect_at.as_ref().map_or_else(|| "ask for an offer".to_owned(), ToString::to_string),
        ]
    };
    let rows = cards.iter().map(row).collect::<Vec<_>>();
    term::say(table(Paint::stdout(), &["card", "holder", "issuer", "collect at"], &rows));
    term::say_line(
        "Collect with `huizheng wallet login ADDRESS`, or by a new offer from the application's page.",
    );
    term::say_line(
        "If the old phone is lost, have each of these departments declare it lost: what is on it still counts.",
    );
}

/// Everything the wallet keeps about its holder, in clear.
pub(super) fn export(wallet: &Wallet, file: &Path) -> Done {
    let new = "name a file that is not there yet";
    if file.exists() {
        return Err(Fault::new(format!("{} is there already", file.display()), new));
    }
    let all = wallet.export().or_fault("restore the folder from a backup")?;
    let text = serde_json::to_vec_pretty(&all).or_fault("")?;
    service::files::write_secret(file, &text).or_fault(new)?;
    term::say_line(format!(
        "{} in {}. It is in clear: guard it.",
        "everything the wallet keeps is",
        file.display()
    ));
    Ok(())
}

/// Deletes everything, after asking.
pub(super) async fn erase(wallet: Wallet, yes: bool) -> Done {
    if !yes && !term::ask("Delete every card, the log and all keys? Nothing brings them back but a backup.")?
    {
        return Err(Fault::new("nothing was deleted", ""));
    }
    wallet.erase().await.map_err(|error| not_restored(&error))?;
    term::say_line("Deleted. What others were shown, they must be asked to delete.");
    Ok(())
}

fn not_backed_up(error: &BackupError) -> Fault {
    let todo = match error {
        BackupError::Weak => "choose a longer one",
        BackupError::TooLarge => "delete cards that are not needed",
        BackupError::Cost => "close other programs",
        BackupError::Vault(_) | BackupError::Randomness(_) => "check the folder's rights and space",
    };
    Fault::new(error.to_string(), todo)
}

fn not_restored(error: &RestoreError) -> Fault {
    let todo = match error {
        RestoreError::Backup(BadBackup::WrongPassphrase) => "enter the code again, as it was written down",
        RestoreError::Backup(BadBackup::OtherChain) => "name the backup's chain with --node and --anchor",
        RestoreError::Backup(BadBackup::Version(_)) => "use a newer version of this program",
        RestoreError::Backup(BadBackup::NotABackup | BadBackup::Cost | BadBackup::Content) => {
            "name the backup's file"
        }
        RestoreError::Create(error) => return not_made(error),
        RestoreError::Open(error) => return not_opened(error),
        RestoreError::Folder(_) => "check the folder's rights and space",
    };
    Fault::new(error.to_string(), todo)
}

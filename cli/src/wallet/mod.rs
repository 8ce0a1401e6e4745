//! `huizheng wallet`: a real wallet for the terminal.

mod card;
mod keep;
mod later;
mod offline;
mod pin;
mod present;
mod receive;
mod words;

use std::path::{Path, PathBuf};

use protocol::Endpoint;
use registry::Anchor;
use service::files;
use service::node::fetch_anchor;
use wallet_core::{CreateError, OpenError, Wallet, WalletConfig};

use crate::args::{NodeArgs, WalletArgs, WalletCommand};
use crate::device;
use crate::fault::{Done, Fault, OrFault};
use crate::govern;
use crate::term::{self, Ink, Paint};

/// Runs `huizheng wallet …`.
pub async fn run(data: &Path, args: WalletArgs) -> Done {
    let folder = data.join("wallet");
    match args.command {
        WalletCommand::Init => init(data, &folder, &args.node).await,
        WalletCommand::Receive { offer, tx_code, yes } => {
            receive::run(&open(&folder).await?, &offer, tx_code, yes).await
        }
        WalletCommand::List { json } => card::list(&open(&folder).await?, json).await,
        WalletCommand::Show { card, json } => card::show(&open(&folder).await?, &card, json).await,
        WalletCommand::Present { request, yes } => present::run(&open(&folder).await?, &request, yes).await,
        WalletCommand::Log { complain: Some(entry), .. } => card::complain(&open(&folder).await?, &entry),
        WalletCommand::Log { delete: Some(entry), .. } => {
            card::delete_entry(&open(&folder).await?, &entry).await
        }
        WalletCommand::Log { search, json, .. } => card::log(&open(&folder).await?, search, json),
        WalletCommand::Login { place, only, answer } => {
            later::login(&open(&folder).await?, &place, &only, answer).await
        }
        WalletCommand::Waiting => later::waiting(&open(&folder).await?),
        WalletCommand::PickUp => later::pick_up(&open(&folder).await?).await,
        WalletCommand::GiveUp { number, yes } => later::give_up(&open(&folder).await?, number, yes).await,
        WalletCommand::Renew { card } => later::renew(&open(&folder).await?, &card).await,
        WalletCommand::Delete { card, yes } => card::delete(&open(&folder).await?, &card, yes).await,
        WalletCommand::Offline { codes, yes, print, svg } => {
            let shown = match svg {
                Some(folder) => offline::Shown::Drawn(folder),
                None if print => offline::Shown::Printed,
                None => offline::Shown::Here,
            };
            offline::run(&open(&folder).await?, &codes, yes, shown).await
        }
        WalletCommand::Backup { file } => keep::back_up(&open(&folder).await?, &file),
        WalletCommand::Restore { file } => {
            let home = new_home(data, &folder, &args.node).await?;
            let to_collect = keep::restore(&folder, &file, config(&home)?).await?;
            keep::say_to_collect(&to_collect);
            Ok(())
        }
        WalletCommand::Recover => {
            let pin = pin::ask()?;
            keep::recover(&folder, &pin, config(&home(&folder)?)?).await
        }
        WalletCommand::ToCollect => keep::to_collect(&open(&folder).await?),
        WalletCommand::Export { file } => keep::export(&open(&folder).await?, &file),
        WalletCommand::Erase { yes } => keep::erase(open(&folder).await?, yes).await,
    }
}

/// What the wallet was told when it was made: its chain, and a node to ask.
#[derive(serde::Serialize, serde::Deserialize)]
struct Home {
    node: String,
    anchor: Anchor,
}

/// Pins the chain that a new wallet will believe.
async fn new_home(data: &Path, folder: &Path, node: &NodeArgs) -> Done<Home> {
    if Wallet::exists(folder.join(device::VAULT)) {
        return Err(Fault::new(
            format!("{} has a wallet already", folder.display()),
            "see its cards with `huizheng wallet list`",
        ));
    }
    let client = govern::connect(data, node).await?;
    let url = node.node.clone().unwrap_or_else(|| govern::node_url(data));
    // Pinned now: from here on the wallet believes this chain only.
    let home = Home { node: url.trim_end_matches('/').to_owned(), anchor: client.anchor().clone() };
    if home.anchor
        != fetch_anchor(&home.node)
            .await
            .or_fault("start the chain with `huizheng`, or name it with --node")?
    {
        return Err(Fault::new(
            "the node is of another chain than the trust anchor",
            "check --node and --anchor",
        ));
    }
    // Before the wallet: interrupted in between, it can be made again.
    let text = serde_json::to_vec_pretty(&home).or_fault("")?;
    files::private_folder(folder).or_fault("name another folder with --data")?;
    files::write_public(&home_path(folder), &text).or_fault("name another folder with --data")?;
    Ok(home)
}

async fn init(data: &Path, folder: &Path, node: &NodeArgs) -> Done {
    let home = new_home(data, folder, node).await?;
    let pin = pin::choose()?;
    let ports = device::ports(folder).or_fault("name another folder with --data")?;
    let made = Wallet::create(folder.join(device::VAULT), &pin, ports, config(&home)?).await;
    drop(made.map_err(|error| not_made(&error))?);
    let paint = Paint::stdout();
    term::say_line(format!("{} the wallet is ready in {}", paint.text(Ink::Good, "✓"), folder.display()));
    term::say_line(format!(
        "  {}",
        paint.text(Ink::Faint, "its keys are kept by software, in the same folder")
    ));
    Ok(())
}

async fn open(folder: &Path) -> Done<Wallet> {
    let home = home(folder)?;
    let pin = pin::ask()?;
    let ports = device::ports(folder).or_fault("check the folder's rights")?;
    let opened = Wallet::open(folder.join(device::VAULT), &pin, ports, config(&home)?).await;
    opened.map_err(|error| not_opened(&error))
}

/// What the wallet in this folder was told when it was made.
fn home(folder: &Path) -> Done<Home> {
    let none =
        || Fault::new(format!("{} has no wallet", folder.display()), "make one with `huizheng wallet init`");
    if !Wallet::exists(folder.join(device::VAULT)) {
        return Err(none());
    }
    let text = std::fs::read(home_path(folder)).map_err(|_| none())?;
    serde_json::from_slice(&text).map_err(|error| {
        let todo = "make a new wallet in another folder with --data";
        Fault::new(format!("{}: {error}", home_path(folder).display()), todo)
    })
}

fn config(home: &Home) -> Done<WalletConfig> {
    let node =
        Endpoint::parse(&home.node).or_fault("the node's address must be https, or http on loopback")?;
    Ok(WalletConfig::new(home.anchor.clone(), node))
}

fn home_path(folder: &Path) -> PathBuf {
    folder.join("home.json")
}

fn not_made(error: &CreateError) -> Fault {
    let todo = match error {
        CreateError::PinTooWeak(_) => "choose another PIN",
        CreateError::Exists => "see its cards with `huizheng wallet list`",
        CreateError::InUse => "close the other program first",
        CreateError::Keys(_) | CreateError::Folder(_) | CreateError::Vault(_) => {
            "name another folder with --data"
        }
    };
    Fault::new(error.to_string(), todo)
}

fn not_opened(error: &OpenError) -> Fault {
    let todo = match error {
        OpenError::NoWallet => "make one with `huizheng wallet init`",
        OpenError::WrongPin { .. } => "enter it again",
        OpenError::Wait { .. } => "wait, then enter the right one",
        OpenError::Biometrics(_) => "open it by its PIN",
        OpenError::Wiped => "make a new one with `huizheng wallet init`, or restore a backup",
        OpenError::InUse => "close the other program first",
        OpenError::OtherChain => "this folder's chain is another one; name the right folder with --data",
        OpenError::PinTooWeak(_) => "choose another PIN",
        OpenError::Damaged(_) => "restore a backup, or open what can be read with `huizheng wallet recover`",
        OpenError::Keys(_) | OpenError::Vault(_) => "restore the folder from a backup",
    };
    Fault::new(error.to_string(), todo)
}

//! `huizheng registry` and `huizheng org`: what departments decide, as real signed transactions.

mod draft;
mod governance;
mod grants;
mod node;
mod organisation;
mod recover;
mod snapshot;
mod validators;

pub use governance::{Governance, GovernanceError};
pub use grants::{ensure_accredited, ensure_purpose, read_purpose};
pub use node::connect;
pub(crate) use node::node_url;
pub use organisation::run as run_org;

use std::path::Path;

use registry::{Action, Author, Transaction};
use service::NodeClient;

use crate::args::{RegistryArgs, RegistryCommand, SignArgs};
use crate::fault::{Done, Fault, OrFault};
use crate::term::{self, Ink, Paint};

const NAME_KEYS: &str = "name the departments' key files with --key";
const CORRECT: &str = "the chain keeps what it had; correct it and try again";

/// Runs `huizheng registry …`.
pub async fn run(data: &Path, args: RegistryArgs) -> Done {
    // Signing needs no chain: a department does it where its key is.
    if let RegistryCommand::Sign { file, keys } = &args.command {
        return draft::sign(file, &Governance::of_files(keys)?.signers());
    }
    let client = connect(data, &args.node).await?;
    match args.command {
        RegistryCommand::Show { key } => show(&client, key).await,
        RegistryCommand::Snapshot { issuers, counter, purposes, out } => {
            let counter = counter.as_ref().map(|counter| (counter, purposes.as_slice()));
            snapshot::run(&client, &issuers, counter, &out).await
        }
        RegistryCommand::Accredit { did, credential_type, name_zh, name_en, from, until, sign } => {
            let action = Action::Accredit {
                did,
                credential_type,
                issuer_name: registry::LocalText::new(name_zh, name_en),
                valid_from: from.unwrap_or_else(service::clock::now),
                valid_until: until,
            };
            govern(&client, data, &sign, &action).await
        }
        RegistryCommand::Withdraw { did, credential_type, sign } => {
            govern(&client, data, &sign, &Action::WithdrawAccreditation { did, credential_type }).await
        }
        RegistryCommand::RegisterPurpose { file, did, sign } => {
            let draft = read_purpose(&file, did)?;
            govern(&client, data, &sign, &Action::RegisterPurpose(draft)).await
        }
        RegistryCommand::WithdrawPurpose { did, purpose, sign } => {
            govern(&client, data, &sign, &Action::WithdrawPurpose { did, purpose }).await
        }
        RegistryCommand::AddValidator { validator, power, sign } => {
            let action = validators::with(&client, validator, power).await?;
            govern(&client, data, &sign, &action).await
        }
        RegistryCommand::ReplaceValidator { old, new, sign } => {
            let action = validators::replaced(&client, old, new).await?;
            govern(&client, data, &sign, &action).await
        }
        RegistryCommand::RemoveValidator { validator, sign } => {
            let action = validators::without(&client, validator).await?;
            govern(&client, data, &sign, &action).await
        }
        RegistryCommand::Recover(args) => recover::run(&client, args).await,
        RegistryCommand::Sign { .. } => Ok(()),
        RegistryCommand::Submit { file } => {
            let transaction = draft::read(&file)?;
            let done = client.submit(&transaction).await.or_fault(CORRECT)?;
            report(&transaction.action, &done);
            Ok(())
        }
    }
}

async fn show(client: &NodeClient, key: registry::RecordKey) -> Done {
    let proven = client.proven_one(key).await.or_fault("is the node running, and the anchor its own?")?;
    let paint = Paint::stdout();
    let text = match proven.record() {
        Some(record) => serde_json::to_string_pretty(record).or_fault("")?,
        None => return Err(Fault::new(format!("nothing stands at {}", proven.key()), "check the key")),
    };
    term::say_line(text);
    let proof = format!("proven by block {} of {}", proven.height(), proven.time());
    eprintln!("{}", paint.text(Ink::Faint, proof));
    Ok(())
}

async fn govern(client: &NodeClient, data: &Path, sign: &SignArgs, action: &Action) -> Done {
    let governance = if sign.keys.is_empty() {
        Governance::open(&data.join("governance")).or_fault(NAME_KEYS)?
    } else {
        Governance::of_files(&sign.keys)?
    };
    if let Some(file) = &sign.draft {
        let nonce = client.next_nonce(&Author::Governance).await.or_fault("is the node running?")?;
        let chain_id = client.anchor().chain_id;
        let draft = Transaction::unsigned(chain_id, Author::Governance, nonce, action.clone());
        draft::begin(file, draft, &governance.signers())?;
        term::say_line(format!("{} waits for the others: huizheng registry sign", file.display()));
        return Ok(());
    }
    let signers = governance.signers();
    let done = client.act(&Author::Governance, action, &signers).await.or_fault(CORRECT)?;
    report(action, &done);
    Ok(())
}

/// Says that a transaction is final.
pub(crate) fn report(action: &Action, done: &registry::api::SubmitResponse) {
    let paint = Paint::stdout();
    term::say_line(format!("{} {} is final", paint.text(Ink::Good, "done"), action.name()));
    let block = format!("{} at {}", done.height, done.time);
    term::say(term::pairs(paint, 2, &[("block", block), ("transaction", done.hash.to_string())]));
}

//! `huizheng chain`: what this chain looks like from another one. In programs built with the feature `evm`.

mod block;

use std::path::{Path, PathBuf};
use std::time::Duration;

use chain::notary::evm::{AccountKey, EvmNotary};
use chain::notary::{self, Mark, Notary, NotaryError};
use clap::{Args, Subcommand};
use service::NodeClient;
use zeroize::Zeroizing;

use crate::args::NodeArgs;
use crate::fault::{Done, Fault, OrFault};
use crate::govern::connect;
use crate::term::{self, Ink, Paint};

/// `huizheng chain …`
#[derive(Debug, Args)]
pub struct ChainArgs {
    /// Which chain of ours.
    #[command(flatten)]
    pub node: NodeArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: ChainCommand,
}

/// What is done with a notary: a contract on an EVM chain (Besu, FISCO BCOS, Ethereum).
#[derive(Debug, Subcommand)]
pub enum ChainCommand {
    /// Put the notary's contract on the other chain; prints its address.
    DeployNotary {
        /// The other chain's JSON-RPC address.
        #[arg(long, value_name = "URL")]
        rpc: String,
        /// The file with the account's private key, 64 hexadecimal characters.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
    },
    /// Write the newest block's id into the notary's contract.
    Notarise {
        /// Which contract.
        #[command(flatten)]
        book: BookArgs,
        /// The file with the account's private key, 64 hexadecimal characters.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// Go on, and write every so many seconds.
        #[arg(long, value_name = "SECONDS")]
        every: Option<u64>,
    },
    /// Check that a block of ours is the one that was written down.
    VerifyAnchor {
        /// Which contract.
        #[command(flatten)]
        book: BookArgs,
        /// Whose book: the account that wrote it.
        #[arg(long, value_name = "ADDRESS")]
        notary: String,
        /// The block's height [default: the newest in the book].
        #[arg(long, value_name = "N")]
        height: Option<u64>,
    },
}

/// A contract on the other chain.
#[derive(Debug, Args)]
pub struct BookArgs {
    /// The other chain's JSON-RPC address.
    #[arg(long, value_name = "URL")]
    pub rpc: String,
    /// The contract's address.
    #[arg(long, value_name = "ADDRESS")]
    pub contract: String,
}

const RETRY: &str = "check the address and that the node runs, then try again";

/// Runs `huizheng chain …`.
pub async fn run(data: &Path, args: ChainArgs) -> Done {
    match args.command {
        ChainCommand::DeployNotary { rpc, key } => {
            let address = EvmNotary::deploy(&rpc, &read_key(&key)?).await.or_fault(RETRY)?;
            term::say_line(address);
            Ok(())
        }
        ChainCommand::Notarise { book, key, every } => {
            let client = connect(data, &args.node).await?;
            let notary = EvmNotary::writer(&book.rpc, &book.contract, &read_key(&key)?).or_fault("")?;
            match every {
                None => write(&client, &notary).await,
                Some(seconds) => keep_writing(&client, &notary, Duration::from_secs(seconds.max(1))).await,
            }
        }
        ChainCommand::VerifyAnchor { book, notary, height } => {
            let client = connect(data, &args.node).await?;
            let notary = EvmNotary::reader(&book.rpc, &book.contract, &notary).or_fault("")?;
            verify(&client, &notary, height).await
        }
    }
}

async fn write(client: &NodeClient, notary: &EvmNotary) -> Done {
    let head = client.head().await.or_fault("is our node running?")?;
    // The head is what the node says; what is written down is a block whose certificate was checked.
    let mark = block::verified(client, head.height).await?;
    match notary.write(&mark).await {
        Ok(entry) => {
            let paint = Paint::stdout();
            let done = paint.text(Ink::Good, "written");
            term::say_line(format!("{done} block {} into the book of {}", mark.height, notary.owner()));
            let there = format!("{} in block {}", entry.transaction, entry.block);
            term::say(term::pairs(paint, 2, &[("block id", mark.block_id.to_string()), ("there", there)]));
            Ok(())
        }
        Err(NotaryError::NotAscending { newest }) if newest == mark.height => {
            term::say_line(format!("block {newest} is written down already"));
            Ok(())
        }
        Err(error) => Err(error).or_fault(RETRY),
    }
}

async fn keep_writing(client: &NodeClient, notary: &EvmNotary, every: Duration) -> Done {
    let mut stop = std::pin::pin!(tokio::signal::ctrl_c());
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = &mut stop => return Ok(()),
            _ = ticks.tick() => {
                // Either chain may be away for a while; the next turn writes a later block, which covers this one.
                if let Err(fault) = write(client, notary).await {
                    eprintln!("{}", fault.render(Paint::stderr()));
                }
            }
        }
    }
}

async fn verify(client: &NodeClient, notary: &EvmNotary, height: Option<u64>) -> Done {
    let chain_id = client.anchor().chain_id;
    let height = match height {
        Some(height) => height,
        None => notary.newest(&chain_id).await.or_fault(RETRY)?.ok_or_else(|| {
            Fault::new("the book has nothing about this chain", "check --contract, --notary and --anchor")
        })?,
    };
    let mark: Mark = block::verified(client, height).await?;
    notary::check(notary, &mark)
        .await
        .or_fault("ask the departments that run the chain, with both answers at hand")?;
    let paint = Paint::stdout();
    term::say_line(format!(
        "{} block {height} is the one that was written down",
        paint.text(Ink::Good, "verified")
    ));
    term::say(term::pairs(paint, 2, &[("block id", mark.block_id.to_string()), ("notary", notary.owner())]));
    Ok(())
}

fn read_key(path: &Path) -> Done<AccountKey> {
    let todo = "give a file with the account's private key, 64 hexadecimal characters";
    let text = std::fs::read_to_string(path).map(Zeroizing::new);
    let text = text.map_err(|error| Fault::new(format!("{}: {error}", path.display()), todo))?;
    AccountKey::from_hex(&text).ok_or_else(|| Fault::new(format!("{} holds no key", path.display()), todo))
}

//! `huizheng verifier audit export` and `verify`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use crate::audit;
use crate::fault::Done;

/// `huizheng verifier audit …`
#[derive(Debug, Args)]
pub struct AuditArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: AuditCommand,
}

/// The audit log of a counter: which decisions were made by which policy, and when. No value that was shown is in it.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Write all its entries to a file, one line of JSON each.
    Export {
        /// The counter's address.
        #[arg(long, value_name = "URL")]
        verifier: String,
        /// A file whose first line is a key for the scope `audit`.
        #[arg(long, value_name = "FILE")]
        token_file: PathBuf,
        /// The file to write.
        file: PathBuf,
    },
    /// Check an export against what the chain says: finds what was taken out, put in, altered or cut off.
    Verify(audit::VerifyArgs),
}

/// Runs it.
pub(super) async fn run(data: &Path, args: AuditArgs) -> Done {
    match args.command {
        AuditCommand::Export { verifier, token_file, file } => {
            audit::export(&verifier, &token_file, &file).await
        }
        AuditCommand::Verify(args) => audit::verify(data, &args).await,
    }
}

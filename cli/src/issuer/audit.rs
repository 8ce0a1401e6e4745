//! `huizheng issuer audit export` and `verify`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use crate::audit;
use crate::fault::Done;

/// `huizheng issuer audit …`
#[derive(Debug, Args)]
pub struct AuditArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: AuditCommand,
}

/// The audit log of an issuer: who did what, and when.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Write all its entries to a file, one line of JSON each.
    Export {
        /// The issuer's address.
        #[arg(long, value_name = "URL")]
        issuer: String,
        /// A file whose first line is a token of the staff.
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
        AuditCommand::Export { issuer, token_file, file } => audit::export(&issuer, &token_file, &file).await,
        AuditCommand::Verify(args) => audit::verify(data, &args).await,
    }
}

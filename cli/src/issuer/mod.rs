//! `huizheng issuer`: a department's issuer, by its own settings, and the audit log of one that runs elsewhere.

mod audit;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use issuer::{Config, Issuer, settings};

use crate::fault::{Done, OrFault};
use crate::term;

/// `huizheng issuer …`
#[derive(Debug, Args)]
pub struct IssuerArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: IssuerCommand,
}

/// A department's issuer.
#[derive(Debug, Subcommand)]
pub enum IssuerCommand {
    /// Print a settings file with every setting explained.
    Config,
    /// Run an issuer, until it is told to stop.
    Run {
        /// Its settings.
        #[arg(long, value_name = "FILE", default_value = "issuer.toml")]
        config: PathBuf,
    },
    /// The audit log of an issuer that runs: export it, verify it.
    Audit(audit::AuditArgs),
}

/// Does it.
///
/// # Errors
/// [`crate::fault::Fault`] says what to do.
pub async fn run(data: &Path, args: IssuerArgs) -> Done {
    match args.command {
        IssuerCommand::Config => {
            term::say(settings::EXAMPLE);
            Ok(())
        }
        IssuerCommand::Run { config } => {
            let todo = "`huizheng issuer config` prints a file with every setting explained";
            let config = Config::load(&config, std::env::vars()).or_fault(todo)?;
            let issuer =
                Issuer::bind(config).await.or_fault("mend it and start again; --log info shows more")?;
            term::say_line(format!("{} answers at {}", issuer.did(), issuer.base_url()));
            service::server::shutdown_signal().await;
            issuer.shutdown().await;
            Ok(())
        }
        IssuerCommand::Audit(args) => audit::run(data, args).await,
    }
}

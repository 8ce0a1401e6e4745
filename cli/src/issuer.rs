//! `huizheng issuer`: a department's issuer, by its own settings.

use std::path::PathBuf;

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
}

/// Does it.
///
/// # Errors
/// [`crate::fault::Fault`] says what to do.
pub async fn run(args: IssuerArgs) -> Done {
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
    }
}

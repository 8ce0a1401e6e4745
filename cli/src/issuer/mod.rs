//! `huizheng issuer`: a department's issuer, by its own settings, and the audit log of one that runs elsewhere.

mod audit;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use issuer::{Config, Issuer, backup, settings};

use crate::fault::{Done, OrFault};
use crate::{keyfile, term};

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
    /// Back an issuer up, while it runs or while it doesn't: keys and store, into a folder that is made.
    Backup {
        /// Its settings.
        #[arg(long, value_name = "FILE", default_value = "issuer.toml")]
        config: PathBuf,
        /// The folder to make. What is in it is as secret as the issuer's own.
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
    },
    /// Put an issuer where its settings say, from a back-up.
    Restore {
        /// Its settings.
        #[arg(long, value_name = "FILE", default_value = "issuer.toml")]
        config: PathBuf,
        /// The back-up.
        #[arg(long, value_name = "DIR")]
        from: PathBuf,
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
            let mut config = Config::load(&config, std::env::vars()).or_fault(todo)?;
            config.judge = crate::judge::by_counter();
            let keys = config.data_dir.join("keys");
            let issuer =
                Issuer::bind(config).await.or_fault("mend it and start again; --log info shows more")?;
            keyfile::remind(&keys);
            term::say_line(format!("{} answers at {}", issuer.did(), issuer.base_url()));
            service::server::shutdown_signal().await;
            issuer.shutdown().await;
            Ok(())
        }
        IssuerCommand::Backup { config, to } => {
            let config = Config::load(&config, std::env::vars()).or_fault("name the issuer's settings")?;
            let made = backup::back_up(&config, &to).await.or_fault("nothing was changed")?;
            term::say_line(format!("{} rows of {} are in {}", made.rows, made.did, to.display()));
            Ok(())
        }
        IssuerCommand::Restore { config, from } => {
            let config = Config::load(&config, std::env::vars()).or_fault("name the issuer's settings")?;
            let restored = backup::restore(&config, &from).or_fault("nothing that was there was changed")?;
            term::say_line(format!("{} rows of {} are in place", restored.rows, restored.did));
            Ok(())
        }
        IssuerCommand::Audit(args) => audit::run(data, args).await,
    }
}

//! `huizheng verifier`: a verifier, by its own settings, and what it can be held to.

mod audit;
pub(crate) mod journal;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use verifier::operate::backup::{self, Manifest};
use verifier::{Config, Verifier, settings};

use crate::fault::{Done, OrFault};
use crate::{keyfile, term};

/// What to do when settings can't be read.
const EXPLAINED: &str = "`huizheng verifier config` prints a file with every setting explained";

/// `huizheng verifier …`
#[derive(Debug, Args)]
pub struct VerifierArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: VerifierCommand,
}

/// A verifier: it asks, wallets answer, it decides.
#[derive(Debug, Subcommand)]
pub enum VerifierCommand {
    /// Print a settings file with every setting explained, or check one.
    Config {
        /// Check these settings, the files they name and the policies, without starting anything.
        #[arg(long, value_name = "FILE")]
        check: Option<PathBuf>,
    },
    /// Run a verifier, until it is told to stop.
    Run {
        /// Its settings.
        #[arg(long, value_name = "FILE", default_value = "verifier.toml")]
        config: PathBuf,
    },
    /// Back a verifier up, while it runs or while it doesn't: keys and store, into a folder that is made.
    Backup {
        /// Its settings.
        #[arg(long, value_name = "FILE", default_value = "verifier.toml")]
        config: PathBuf,
        /// The folder to make. What is in it is as secret as the verifier's own.
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
    },
    /// Put a verifier where its settings say, from a back-up.
    Restore {
        /// Its settings.
        #[arg(long, value_name = "FILE", default_value = "verifier.toml")]
        config: PathBuf,
        /// The back-up.
        #[arg(long, value_name = "DIR")]
        from: PathBuf,
    },
    /// The audit log of a verifier that runs: export it, verify it.
    Audit(audit::AuditArgs),
    /// The journal of decisions made with no network: list it, check again what it says.
    Journal(journal::JournalArgs),
}

/// Does it.
///
/// # Errors
/// [`crate::fault::Fault`] says what to do.
pub async fn run(data: &Path, args: VerifierArgs) -> Done {
    match args.command {
        VerifierCommand::Config { check: None } => {
            term::say(settings::EXAMPLE);
            Ok(())
        }
        VerifierCommand::Config { check: Some(file) } => {
            let config = Config::load(&file, std::env::vars()).or_fault(EXPLAINED)?;
            Verifier::check(&config).or_fault(EXPLAINED)?;
            for tenant in &config.tenants {
                let policies: Vec<_> = tenant.purposes.iter().map(|policy| policy.id.as_str()).collect();
                term::say_line(format!("{} asks for {}", tenant.id, policies.join(", ")));
            }
            term::say_line(format!("{} can be used", file.display()));
            Ok(())
        }
        VerifierCommand::Run { config } => {
            let config = Config::load(&config, std::env::vars()).or_fault(EXPLAINED)?;
            let keys = config.data_dir.join("keys");
            let verifier =
                Verifier::bind(config).await.or_fault("mend it and start again; --log info shows more")?;
            for tenant in verifier.tenants() {
                keyfile::remind(&keys.join(tenant.id.as_str()));
                term::say_line(format!("{} is {} and answers at {}", tenant.id, tenant.did, tenant.base_url));
            }
            service::server::shutdown_signal().await;
            verifier.shutdown().await;
            Ok(())
        }
        VerifierCommand::Backup { config, to } => {
            let config = Config::load(&config, std::env::vars()).or_fault("name the verifier's settings")?;
            let made = backup::back_up(&config, &to).await.or_fault("nothing was changed")?;
            say_rows(&made, &format!("are in {}", to.display()));
            Ok(())
        }
        VerifierCommand::Restore { config, from } => {
            let config = Config::load(&config, std::env::vars()).or_fault("name the verifier's settings")?;
            let restored =
                backup::restore(&config, &from).await.or_fault("nothing that was there was changed")?;
            say_rows(&restored, "are in place");
            Ok(())
        }
        VerifierCommand::Audit(args) => audit::run(data, args).await,
        VerifierCommand::Journal(args) => journal::run(data, args).await,
    }
}

fn say_rows(manifest: &Manifest, are: &str) {
    let whose: Vec<_> = manifest.tenants.iter().map(|(id, did)| format!("{id} ({did})")).collect();
    term::say_line(format!("{} rows of {} {are}", manifest.rows, whose.join(", ")));
}

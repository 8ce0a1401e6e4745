//! `huizheng issuer audit export` and `verify`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use issuer::audit::{self, AuditFlaw};
use registry::{Did, Record, RecordKey};
use zeroize::Zeroizing;

use crate::args::NodeArgs;
use crate::fault::{Done, Fault, OrFault};
use crate::term::{self, Ink, Paint};

/// How long an issuer may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

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
    Verify {
        /// The export.
        file: PathBuf,
        /// Whose log it is.
        #[arg(long)]
        did: Did,
        /// Which chain.
        #[command(flatten)]
        node: NodeArgs,
    },
}

/// Runs it.
pub(super) async fn run(data: &Path, args: AuditArgs) -> Done {
    match args.command {
        AuditCommand::Export { issuer, token_file, file } => export(&issuer, &token_file, &file).await,
        AuditCommand::Verify { file, did, node } => verify(data, &file, &did, &node).await,
    }
}

async fn export(issuer: &str, token_file: &Path, path: &Path) -> Done {
    let named = |path: &Path| path.display().to_string();
    let token = std::fs::read_to_string(token_file).map(Zeroizing::new);
    let token = token.or_fault(format!("{} should hold a token of the staff", named(token_file)))?;
    let token = Zeroizing::new(token.lines().next().unwrap_or_default().trim().to_owned());
    let client = service::outbound::client(PATIENCE);
    let issuer = issuer.trim_end_matches('/');
    let todo = "choose a file that isn't there yet, in a folder that is";
    let mut file = std::fs::File::create_new(path).or_fault(todo)?;
    let mut after = 0;
    loop {
        let answer = client.get(format!("{issuer}/api/audit?after={after}")).bearer_auth(token.as_str());
        let answer = answer.send().await.or_fault("is the issuer running there?")?;
        let answer = answer.error_for_status().or_fault("is it the token of an auditor there?")?;
        let lines = answer.bytes().await.or_fault("begin again: the answer broke off")?;
        file.write_all(&lines).or_fault("make room and begin again")?;
        let count = lines.iter().filter(|byte| **byte == b'\n').count() as u64;
        if count == 0 {
            break;
        }
        after += count;
    }
    file.sync_all().or_fault("make room and begin again")?;
    term::say_line(format!("{after} entries are in {}", named(path)));
    Ok(())
}

async fn verify(data: &Path, path: &Path, did: &Did, node: &NodeArgs) -> Done {
    let export = std::fs::read(path).or_fault(format!("{} should be an export", path.display()))?;
    let client = crate::govern::connect(data, node).await?;
    let key = RecordKey::LogAnchor(did.clone(), audit::log_name());
    let todo = "is the node running, and the anchor its own?";
    let proven = client.proven_one(key).await.or_fault(todo)?;
    let anchor = match proven.record() {
        Some(Record::LogAnchor(record)) => Some(record),
        _ => None,
    };
    let audited =
        audit::check(&export, did, anchor).map_err(|flaw| Fault::new(flaw.to_string(), advice(&flaw)))?;
    let Some(anchor) = anchor else {
        return Err(Fault::new(
            "its hashes agree with each other, but the chain has no anchor of this log",
            "ask the issuer to let it be anchored; until then whoever keeps it could have written it anew",
        ));
    };
    let paint = Paint::stdout();
    term::say_line(format!("{} the log is whole", paint.text(Ink::Good, "done")));
    let since = audited.entries - anchor.entries;
    let vouched = format!("{} entries, until {}, by block {}", anchor.entries, anchor.at, proven.height());
    let pairs = [
        ("entries", audited.entries.to_string()),
        ("anchored", vouched),
        ("since then", format!("{since} entries that hang together, which the chain can't vouch for yet")),
        ("head", audited.head.to_string()),
    ];
    term::say(term::pairs(paint, 2, &pairs));
    Ok(())
}

/// What an auditor does about it.
fn advice(flaw: &AuditFlaw) -> &'static str {
    match flaw {
        AuditFlaw::OtherLog | AuditFlaw::OtherAnchor => "name the issuer's own DID with --did",
        AuditFlaw::Cut { .. } => "export it again; if the end stays away, the issuer's log was tampered with",
        AuditFlaw::Line { .. } | AuditFlaw::Rewritten { .. } => {
            "keep this file: compare it with an export from the issuer itself, and with earlier ones"
        }
    }
}

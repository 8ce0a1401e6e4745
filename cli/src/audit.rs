//! Audit logs of services: exporting them, and checking an export against what the chain says.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use registry::{Did, Record, RecordKey};
use service::audit::AuditFlaw;
use zeroize::Zeroizing;

use crate::args::NodeArgs;
use crate::fault::{Done, Fault, OrFault};
use crate::term::{self, Ink, Paint};

/// How long a service may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is checked, and against what.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The export.
    file: PathBuf,
    /// Whose log it is.
    #[arg(long)]
    did: Did,
    /// Which chain.
    #[command(flatten)]
    node: NodeArgs,
}

/// Writes all entries of the log of the service at this address to a file that isn't there yet.
pub(crate) async fn export(service: &str, token_file: &Path, path: &Path) -> Done {
    let named = |path: &Path| path.display().to_string();
    let token = std::fs::read_to_string(token_file).map(Zeroizing::new);
    let token = token.or_fault(format!("{} should hold a token", named(token_file)))?;
    let token = Zeroizing::new(token.lines().next().unwrap_or_default().trim().to_owned());
    let todo = "choose a file that isn't there yet, in a folder that is";
    let mut file = std::fs::File::create_new(path).or_fault(todo)?;
    let written = write_entries(service.trim_end_matches('/'), &token, &mut file).await;
    if written.is_err() {
        // What broke off must not be taken for an export.
        _ = std::fs::remove_file(path);
    }
    term::say_line(format!("{} entries are in {}", written?, named(path)));
    Ok(())
}

/// Writes the entries, a page after the other; how many.
async fn write_entries(service: &str, token: &str, file: &mut std::fs::File) -> Done<u64> {
    let client = service::outbound::client(PATIENCE);
    let mut after = 0;
    loop {
        let answer = client.get(format!("{service}/api/audit?after={after}")).bearer_auth(token);
        let answer = answer.send().await.or_fault("is the service running there?")?;
        let answer = answer.error_for_status().or_fault("is it a token that may read the log there?")?;
        let lines = answer.bytes().await.or_fault("begin again: the answer broke off")?;
        file.write_all(&lines).or_fault("make room and begin again")?;
        let count = lines.iter().filter(|byte| **byte == b'\n').count() as u64;
        if count == 0 {
            break;
        }
        after += count;
    }
    file.sync_all().or_fault("make room and begin again")?;
    Ok(after)
}

/// Checks an export: finds what was taken out, put in, altered or cut off.
pub(crate) async fn verify(data: &Path, args: &VerifyArgs) -> Done {
    let VerifyArgs { file: path, did, node } = args;
    let export = std::fs::read(path).or_fault(format!("{} should be an export", path.display()))?;
    let client = crate::govern::connect(data, node).await?;
    let key = RecordKey::LogAnchor(did.clone(), service::audit::log_name());
    let todo = "is the node running, and the anchor its own?";
    let proven = client.proven_one(key).await.or_fault(todo)?;
    let anchor = match proven.record() {
        Some(Record::LogAnchor(record)) => Some(record),
        _ => None,
    };
    let audited = service::audit::check(&export, did, anchor)
        .map_err(|flaw| Fault::new(flaw.to_string(), advice(&flaw)))?;
    let Some(anchor) = anchor else {
        return Err(Fault::new(
            "its hashes agree with each other, but the chain has no anchor of this log",
            "ask whoever runs the service to let it be anchored; until then whoever keeps it could have written it anew",
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
        AuditFlaw::OtherLog | AuditFlaw::OtherAnchor => "name the service's own DID with --did",
        AuditFlaw::Cut { .. } => "export it again; if the end stays away, the log was tampered with",
        AuditFlaw::Line { .. } | AuditFlaw::Rewritten { .. } => {
            "keep this file: compare it with an export from the service itself, and with earlier ones"
        }
    }
}

//! Every file of a folder.

use std::path::Path;
use std::time::{Duration, Instant};

use credentials::catalogue::Catalogue;
use registry::Anchor;
use serde::Serialize;
use service::{NodeClient, NodeConfig};
use url::Url;
use verifier::PurposeConfig;
use verifier::batch::{self, Verdict, Verified};

use super::ending;
use crate::fault::{Done, Fault, OrFault};
use crate::term;

/// The largest file that is read: above any credential.
const LARGEST: u64 = 1 << 20;
/// What to do when a policy can't be used.
const POLICY: &str = "mend the policy";
/// So many files are looked at.
const MOST: usize = 100_000;

#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    #[serde(flatten)]
    verified: &'a Verified,
}

/// The last line.
#[derive(Serialize)]
struct Summary {
    files: usize,
    accepted: usize,
    refused: usize,
    cannot_tell: usize,
    seconds: f64,
}

/// Prints a JSON line for each file, in the order of the names.
pub(super) async fn run(folder: &Path, policy: Option<&Path>, node: &Url, anchor: Anchor) -> Done {
    let policy = policy.map(PurposeConfig::load).transpose().or_fault(POLICY)?;
    let files = read(folder)?;
    let catalogue = Catalogue::bundled().or_fault("this build is broken; report it")?;
    let node = NodeClient::new(NodeConfig {
        timeout: Duration::from_secs(30),
        ..NodeConfig::new(node.as_str().trim_end_matches('/'), anchor)
    });
    let start = Instant::now();
    let (names, contents): (Vec<String>, Vec<Vec<u8>>) = files.into_iter().unzip();
    let verified = match &policy {
        Some(policy) => {
            batch::verify_by_policy(&contents, policy, catalogue, &node).await.or_fault(POLICY)?
        }
        None => batch::verify(&contents, catalogue, &node).await,
    };
    let took = start.elapsed();
    for (file, verified) in names.iter().zip(&verified) {
        term::say_line(serde_json::to_string(&Line { file, verified }).or_fault("")?);
    }
    let count = |verdict| verified.iter().filter(|one| one.decision == verdict).count();
    let (accepted, refused, unknown) =
        (count(Verdict::Accepted), count(Verdict::Refused), count(Verdict::CannotTell));
    let summary = Summary {
        files: names.len(),
        accepted,
        refused,
        cannot_tell: unknown,
        seconds: (took.as_secs_f64() * 1000.0).round() / 1000.0,
    };
    term::say_line(serde_json::to_string(&summary).or_fault("")?);
    let verdict = match (refused, unknown) {
        (0, 0) => Verdict::Accepted,
        (0, _) => Verdict::CannotTell,
        _ => Verdict::Refused,
    };
    let what = format!("of {} files {refused} are refused, and {unknown} can't be told", names.len());
    ending(verdict, what, "each line says why")
}

fn read(folder: &Path) -> Done<Vec<(String, Vec<u8>)>> {
    let todo = "name a folder of credentials, each a file";
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).or_fault(todo)? {
        let entry = entry.or_fault(todo)?;
        let about = entry.metadata().or_fault(todo)?;
        if !about.is_file() {
            continue;
        }
        if files.len() == MOST {
            return Err(Fault::new(format!("more than {MOST} files"), "verify them in several folders"));
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        // What is too large is no credential: read as nothing, and refused as such.
        let content = match about.len() {
            0..=LARGEST => std::fs::read(entry.path()).or_fault(todo)?,
            _ => Vec::new(),
        };
        files.push((name, content));
    }
    files.sort();
    Ok(files)
}

//! `huizheng verify`: credentials that were received elsewhere, in a folder; answers shown as QR codes, with no network.

mod ask;
mod batch;
pub(crate) mod codes;
mod offline;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use registry::Anchor;
use url::Url;
use verifier::Verdict;

use crate::fault::{Done, Fault, OrFault};

/// `huizheng verify …`
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// An answer shown as QR codes, read with no network: files with the codes' texts, a line each, and pictures of the codes
    /// (PNG, JPEG).
    #[arg(long, value_name = "FILE", num_args = 1.., requires_all = ["anchor", "request"])]
    pub offline: Vec<PathBuf>,
    /// With --offline: the counter's own request, as a JWS, as the codes' texts, or as a picture of a code.
    #[arg(long, value_name = "FILE")]
    pub request: Option<PathBuf>,
    /// With --offline: the policy, a TOML file, that the answer must meet. The request must have been made by it
    /// (`verify ask --policy`).
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// With --offline: what `huizheng registry snapshot` wrote while there was a network. Of it and what the phone brings along
    /// the newer counts.
    #[arg(long, value_name = "FILE", requires = "offline")]
    pub snapshot: Option<PathBuf>,
    /// With --offline: how old the register's facts may be, in hours.
    #[arg(long, value_name = "HOURS", default_value_t = 24)]
    pub max_age: u32,
    /// With --offline: the language of the decision.
    #[arg(long, value_name = "LANG", default_value = "en", env = "HUIZHENG_LANG")]
    pub lang: Language,
    /// With --offline: the decision as JSON.
    #[arg(long, requires = "offline")]
    pub json: bool,
    /// With --offline: note the decision in this journal, encrypted, to be checked again when there is a network. A one-way code
    /// that was accepted before is refused.
    #[arg(long, value_name = "FILE", requires = "offline")]
    pub journal: Option<PathBuf>,
    /// With --journal: the file with the journal's key; made if there is none [default: FILE.key beside the journal].
    #[arg(long, value_name = "FILE", requires = "journal")]
    pub journal_key: Option<PathBuf>,
    /// The trust anchor as JSON, from somebody you trust.
    #[arg(long, global = true, value_name = "FILE")]
    pub anchor: Option<PathBuf>,
    /// What else to verify.
    #[command(subcommand)]
    pub command: Option<VerifyCommand>,
}

/// A language for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// Simplified Chinese.
    Zh,
    /// English.
    En,
}

impl Language {
    /// The one of the two that is in it.
    fn pick<'t>(self, zh: &'t str, en: &'t str) -> &'t str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}

/// How a process ends that verified something.
fn ending(verdict: Verdict, what: String, todo: &str) -> Done {
    let code = match verdict {
        Verdict::Accepted => return Ok(()),
        Verdict::Refused => 3,
        Verdict::CannotTell => 4,
    };
    Err(Fault::new(what, todo).exiting(code))
}

/// What can be verified.
#[derive(Debug, Subcommand)]
pub enum VerifyCommand {
    /// Every file of a folder, each a credential: SD-JWT VC, W3C credential, or mdoc.
    Batch {
        /// The folder.
        folder: PathBuf,
        /// A policy, a TOML file, that each must meet by itself.
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
        /// The chain's node. It need not be trusted.
        #[arg(long, value_name = "URL")]
        node: Url,
    },
    /// Make a counter's request as QR codes, to be answered with no network: prints their texts, a line each.
    Ask(ask::AskArgs),
}

/// Does it.
///
/// # Errors
/// [`Fault`] says what to do.
pub async fn run(args: VerifyArgs) -> Done {
    if let Some(VerifyCommand::Ask(ask)) = args.command {
        let anchor = args.anchor.as_deref().map(read_anchor).transpose()?;
        return ask::run(ask, anchor);
    }
    match (&args.command, args.offline.as_slice()) {
        (Some(VerifyCommand::Batch { folder, policy, node }), []) => {
            batch::run(folder, policy.as_deref(), node, anchor(&args)?).await
        }
        (None, [_, ..]) => offline::run(&args.offline, &args, anchor(&args)?),
        _ => Err(Fault::new(
            "there is nothing to verify",
            "name a folder with `verify batch DIR`, or a file with --offline FILE",
        )),
    }
}

fn anchor(args: &VerifyArgs) -> Done<Anchor> {
    let file = args.anchor.as_ref().ok_or_else(|| Fault::new("there is no trust anchor", ANCHOR))?;
    read_anchor(file)
}

/// What to do for a trust anchor.
const ANCHOR: &str =
    "name the trust anchor's JSON with --anchor FILE; take it from somebody you trust, not from the node";

fn read_anchor(file: &Path) -> Done<Anchor> {
    let bytes = std::fs::read(file).or_fault(ANCHOR)?;
    serde_json::from_slice(&bytes).or_fault(ANCHOR)
}

//! `huizheng verifier journal list` and `recheck`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Serialize;
use verifier::Verdict;
use verifier::offline::journal::{self, Decided, Journal, JournalError, Rechecked};

use crate::args::NodeArgs;
use crate::fault::{Done, Fault, OrFault};
use crate::term::{self, Ink, Paint};

/// `huizheng verifier journal …`
#[derive(Debug, Args)]
pub struct JournalArgs {
    /// The journal, as `huizheng verify --offline … --journal` wrote it.
    #[arg(long, global = true, value_name = "FILE", default_value = "journal")]
    pub journal: PathBuf,
    /// The file with its key [default: FILE.key beside the journal].
    #[arg(long, global = true, value_name = "FILE")]
    pub journal_key: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: JournalCommand,
}

/// The journal of decisions made with no network.
#[derive(Debug, Subcommand)]
pub enum JournalCommand {
    /// Show every decision, and what was found of it since.
    List {
        /// As lines of JSON.
        #[arg(long)]
        json: bool,
    },
    /// With a network again: look at every decision once more, each once, and say what does not hold any more.
    Recheck {
        /// Which chain.
        #[command(flatten)]
        node: NodeArgs,
    },
}

/// A decision as a line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    number: u64,
    #[serde(flatten)]
    decided: &'a Decided,
    #[serde(skip_serializing_if = "Option::is_none")]
    rechecked: Option<&'a Rechecked>,
}

/// Runs it.
pub(super) async fn run(data: &Path, args: JournalArgs) -> Done {
    if !args.journal.exists() {
        return Err(Fault::new(
            format!("there is no journal at {}", args.journal.display()),
            "name it with --journal FILE",
        ));
    }
    let mut journal = open(&args.journal, args.journal_key.as_deref())?;
    match args.command {
        JournalCommand::List { json } => list(&journal, json),
        JournalCommand::Recheck { node } => {
            let client = crate::govern::connect(data, &node).await?;
            recheck(&mut journal, &client).await
        }
    }
}

/// The journal in this file; begun if there is none.
pub(crate) fn open(file: &Path, key_file: Option<&Path>) -> Done<Journal> {
    let beside = || {
        let mut name = file.as_os_str().to_owned();
        name.push(".key");
        PathBuf::from(name)
    };
    let key_file = key_file.map_or_else(beside, Path::to_owned);
    let key =
        journal::key_in(&key_file).or_fault("name the file with the journal's key with --journal-key")?;
    let journal = Journal::open(file, &key);
    journal.map_err(|error| {
        let todo = match error {
            JournalError::OtherKey => "name the file with this journal's key with --journal-key",
            JournalError::Altered { .. } => {
                "keep the file: somebody or a disk changed it; begin a new journal in another"
            }
            JournalError::Busy => "wait for the other to end",
            JournalError::NoJournal | JournalError::TooLarge { .. } => "name another file",
            JournalError::Io(_) | JournalError::Failed | JournalError::Random => "mend it and try again",
        };
        Fault::new(error.to_string(), todo)
    })
}

fn list(journal: &Journal, json: bool) -> Done {
    let paint = Paint::stdout();
    for noted in journal.noted() {
        let (number, decided, rechecked) = (noted.number, noted.decided, noted.rechecked);
        if json {
            let line = Line { number, decided, rechecked };
            term::say_line(serde_json::to_string(&line).or_fault("")?);
            continue;
        }
        let (ink, word) = match decided.decision {
            Verdict::Accepted => (Ink::Good, "accepted"),
            Verdict::Refused => (Ink::Bad, "refused"),
            Verdict::CannotTell => (Ink::Unsure, "cannot tell"),
        };
        let since = match rechecked {
            None => paint.text(Ink::Unsure, "not checked again yet"),
            Some(found) if found.flags.is_empty() => format!("checked again {}", found.at),
            Some(found) => paint.text(Ink::Bad, flags(found)),
        };
        term::say_line(format!("{number:>6}  {}  {}  {since}", decided.at, paint.text(ink, word)));
    }
    Ok(())
}

async fn recheck(journal: &mut Journal, client: &service::NodeClient) -> Done {
    let paint = Paint::stdout();
    let found = journal.recheck(client).await.or_fault("what was found before is noted; run it again")?;
    let flagged: Vec<_> = found.looked_at.iter().filter(|one| !one.flags.is_empty()).collect();
    for one in &flagged {
        term::say_line(format!("{:>6}  {}", one.entry, paint.text(Ink::Bad, flags(one))));
    }
    let looked = found.looked_at.len();
    term::say_line(format!(
        "{looked} decisions checked again, {} of them do not hold any more",
        flagged.len()
    ));
    if found.left > 0 {
        return Err(Fault::new(
            format!("{} could not be checked: the chain doesn't say enough", found.left),
            "is the node running, and the anchor its own? run it again then",
        ));
    }
    Ok(())
}

fn flags(found: &Rechecked) -> String {
    let one = |flag: &journal::Flag| format!("{} {}", flag.check.id(), flag.code);
    found.flags.iter().map(one).collect::<Vec<_>>().join(", ")
}

//! `huizheng verifier journal list` and `recheck`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Serialize;
use verifier::offline::journal::{self, Decided, Finding, Flag, Journal, JournalError, Rechecked, Rechecks};
use verifier::{Config, Verdict, operate};

use crate::args::NodeArgs;
use crate::fault::{Done, Fault, OrFault};
use crate::term::{self, Ink, Paint};

/// What to do when a verifier's journal can't be had.
const MEND: &str = "mend it and try again";

/// `huizheng verifier journal …`
#[derive(Debug, Args)]
pub struct JournalArgs {
    /// The journal, as `huizheng verify --offline … --journal` wrote it.
    #[arg(long, global = true, value_name = "FILE", default_value = "journal")]
    pub journal: PathBuf,
    /// The file with its key [default: FILE.key beside the journal].
    #[arg(long, global = true, value_name = "FILE")]
    pub journal_key: Option<PathBuf>,
    /// The settings of a verifier, whose own journal is meant instead of a file; whether it runs or not.
    #[arg(long, global = true, value_name = "FILE", conflicts_with_all = ["journal", "journal_key"])]
    pub config: Option<PathBuf>,
    /// Which of its organisations; needed where it has several.
    #[arg(long, global = true, value_name = "ID", requires = "config")]
    pub tenant: Option<String>,
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
    if let Some(config) = &args.config {
        return of_verifier(config, args.tenant, args.command).await;
    }
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

/// The same of a verifier's own journal.
async fn of_verifier(config: &Path, tenant: Option<String>, command: JournalCommand) -> Done {
    let config = Config::load(config, std::env::vars()).or_fault("name the verifier's settings")?;
    let tenant = match (tenant, &config.tenants[..]) {
        (Some(tenant), _) => tenant,
        (None, [only]) => only.id.to_string(),
        (None, _) => {
            return Err(Fault::new("the verifier serves several organisations", "name one with --tenant ID"));
        }
    };
    match command {
        JournalCommand::List { json } => {
            let entries = operate::journal::list(&config, &tenant).await.or_fault(MEND)?;
            entries.iter().try_for_each(|entry| {
                say(entry, (entry.number, &entry.decided, entry.rechecked.as_ref()), json)
            })
        }
        // The settings name the node.
        JournalCommand::Recheck { .. } => {
            told(&operate::journal::recheck(&config, &tenant).await.or_fault(MEND)?)
        }
    }
}

fn list(journal: &Journal, json: bool) -> Done {
    journal.noted().try_for_each(|noted| {
        let (number, decided, rechecked) = (noted.number, noted.decided, noted.rechecked);
        say(&Line { number, decided, rechecked }, (number, decided, rechecked), json)
    })
}

/// Says one decision: as JSON `line`, or in words.
fn say(
    line: &impl Serialize,
    (number, decided, rechecked): (u64, &Decided, Option<&Rechecked>),
    json: bool,
) -> Done {
    if json {
        term::say_line(serde_json::to_string(line).or_fault("")?);
        return Ok(());
    }
    let paint = Paint::stdout();
    let (ink, word) = match decided.decision {
        Verdict::Accepted => (Ink::Good, "accepted"),
        Verdict::Refused => (Ink::Bad, "refused"),
        Verdict::CannotTell => (Ink::Unsure, "cannot tell"),
    };
    let since = match rechecked.map(|found| (found, found.finding())) {
        None => paint.text(Ink::Unsure, "not checked again yet"),
        Some((found, Finding::Holds)) => format!("checked again {}", found.at),
        Some((found, Finding::Fails)) => paint.text(Ink::Bad, flags(&found.flags)),
        Some((found, Finding::CannotTell)) => {
            paint.text(Ink::Unsure, format!("cannot tell: {}", flags(&found.untold)))
        }
    };
    term::say_line(format!("{number:>6}  {}  {}  {since}", decided.at, paint.text(ink, word)));
    Ok(())
}

async fn recheck(journal: &mut Journal, client: &service::NodeClient) -> Done {
    told(&journal.recheck(client).await.or_fault("what was found before is noted; run it again")?)
}

fn told(found: &Rechecks) -> Done {
    let paint = Paint::stdout();
    let flagged: Vec<_> = found.looked_at.iter().filter(|one| !one.flags.is_empty()).collect();
    for one in &flagged {
        term::say_line(format!("{:>6}  {}", one.entry, paint.text(Ink::Bad, flags(&one.flags))));
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

fn flags(flags: &[Flag]) -> String {
    let one = |flag: &Flag| format!("{} {}", flag.check.id(), flag.code);
    flags.iter().map(one).collect::<Vec<_>>().join(", ")
}

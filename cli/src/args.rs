//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use registry::{Did, Ed25519Key, RecordKey, Slug, UnixMillis};
use url::Url;

use crate::follow::FollowArgs;

/// What scripts can rely on.
const EXIT_CODES: &str = "Exit codes: 0 done; 1 it failed, and standard error says why and what to do; \
    2 the command line can't be read; of `verify`: 3 refused, 4 nobody can tell.";

/// Where a wallet's PIN comes from.
const PIN: &str = "The PIN is asked for on the terminal; where there is none, HUIZHENG_PIN gives it.";

/// Where a key file's passphrase comes from.
const PASSPHRASE: &str = "The passphrase is asked for on the terminal; where there is none, it is the first line of the \
    file that HUIZHENG_PASSPHRASE_FILE names, or of systemd's credential `passphrase`.";

/// Digital identity and e-certificates: a chain, issuers, a phone and a counter, on this machine.
///
/// Without a command it runs the demo.
#[derive(Debug, Parser)]
#[command(name = "huizheng", version, about, propagate_version = true, after_help = EXIT_CODES)]
pub struct Cli {
    /// The folder everything is kept in.
    #[arg(long, global = true, value_name = "DIR", default_value = "data", env = "HUIZHENG_DATA")]
    pub data: PathBuf,
    /// What to log to standard error: `warn`, `info,chain=debug`.
    #[arg(long, global = true, value_name = "FILTER", default_value = "warn", env = "HUIZHENG_LOG")]
    pub log: String,
    /// How log lines look: for people, or one JSON object a line.
    #[arg(long, global = true, value_name = "FORMAT", default_value = "human", env = "HUIZHENG_LOG_FORMAT")]
    pub log_format: LogFormat,
    /// Tell an OpenTelemetry collector of each request, by OTLP over HTTP: `http://127.0.0.1:4318`.
    #[arg(long, global = true, value_name = "URL", env = "HUIZHENG_OTLP")]
    pub otlp: Option<url::Url>,
    /// How to run the demo.
    #[command(flatten)]
    pub demo: DemoArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

impl From<LogFormat> for service::telemetry::Format {
    fn from(format: LogFormat) -> Self {
        match format {
            LogFormat::Human => Self::Human,
            LogFormat::Json => Self::Json,
        }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the chain, five departments, a phone and a counter (the default).
    Demo(DemoArgs),
    /// A wallet in the terminal.
    #[command(after_help = PIN)]
    Wallet(WalletArgs),
    /// What the chain says, and what its governing departments decide.
    Registry(Box<RegistryArgs>),
    /// An organisation's own identifier on the chain.
    Org(OrgArgs),
    /// What this chain looks like from another one: notarise its blocks there, and check them.
    #[cfg(feature = "evm")]
    Chain(crate::outward::ChainArgs),
    /// Keep a checked copy of a node's chain and serve it, for reading only.
    Follow(FollowArgs),
    /// A department's issuer, by its own settings, and its audit log.
    Issuer(crate::issuer::IssuerArgs),
    /// A verifier, by its own settings; its audit log, and its journal of decisions made with no network.
    Verifier(crate::verifier::VerifierArgs),
    /// Verify credentials in a folder, or an answer shown as QR codes with no network.
    Verify(crate::verify::VerifyArgs),
    /// A chain of several validators.
    Network(NetworkArgs),
    /// Run one validator.
    Node(NodeRunArgs),
    /// The keys in files: of validators, of departments, of organisations.
    #[command(after_help = PASSPHRASE)]
    Key(KeyArgs),
    /// Secure and verify credentials in files.
    Vc(crate::vc::VcArgs),
    /// Measure, each value beside its floor from the same run.
    Bench(BenchArgs),
}

fn named(host: &str) -> Result<Url, url::ParseError> {
    Url::parse(&format!("http://{host}"))
}

/// How to run the demo.
#[derive(Debug, Clone, Default, Args)]
pub struct DemoArgs {
    /// Play the whole story over HTTP, check every step, and end.
    #[arg(long, conflicts_with = "headless")]
    pub story: bool,
    /// Print nothing but write the addresses to the file named by --urls once all is ready.
    #[arg(long, requires = "urls")]
    pub headless: bool,
    /// Where to write the addresses, identifiers, trust anchor and staff token as JSON.
    #[arg(long, value_name = "FILE")]
    pub urls: Option<PathBuf>,
    /// The first of eight ports in a row [default: 7100; 0 takes any free ones].
    #[arg(long, value_name = "N")]
    pub port_base: Option<u16>,
    /// Run the chain on this many validators that decide together, instead of one alone.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=16))]
    pub network: Option<u16>,
    /// Run only the counter of a demo that ran in this folder before, without chain, issuers and phone: as it is when the
    /// network is gone.
    #[arg(long, conflicts_with_all = ["story", "network", "vc_api"])]
    pub only_counter: bool,
    /// Let issuers and counter answer the W3C CCG's VC-API too: for test suites.
    #[arg(long)]
    pub vc_api: bool,
    /// A host whose did:web the counter looks up for the VC-API; several times for several.
    #[arg(long, value_name = "HOST", requires = "vc_api")]
    pub did_web: Vec<String>,
    /// The name in the counter's address in place of 127.0.0.1, for wallets that know counters by x509_san_dns.
    #[arg(long, value_name = "HOST", value_parser = named, conflicts_with_all = ["story", "only_counter"])]
    pub counter_name: Option<Url>,
}

/// `huizheng network …`
#[derive(Debug, Args)]
pub struct NetworkArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: NetworkCommand,
}

/// A chain of several validators.
#[derive(Debug, Subcommand)]
pub enum NetworkCommand {
    /// Write the genesis, and a folder for each validator.
    Init {
        /// How many validators.
        #[arg(long, value_name = "N", default_value_t = 4)]
        validators: u16,
        /// The network's folder.
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        /// The first of two ports for each validator.
        #[arg(long, value_name = "N", default_value_t = 26_100)]
        port_base: u16,
    },
    /// Make a folder for one more validator of a network.
    Join {
        /// A folder with the network's genesis.json and network.toml.
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        /// The new validator's folder.
        #[arg(long, value_name = "DIR")]
        home: PathBuf,
        /// The first of its two ports.
        #[arg(long, value_name = "N")]
        port: u16,
    },
    /// Run all validators of a network on this machine, and show how they are.
    Up {
        /// The network's folder.
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
    },
}

/// `huizheng node`
#[derive(Debug, Args)]
pub struct NodeRunArgs {
    /// The validator's folder, as `network init` or `network join` made it.
    #[arg(long, value_name = "DIR")]
    pub home: PathBuf,
    /// Stop when standard input ends, so that no validator outlives whoever started it.
    #[arg(long)]
    pub with_parent: bool,
    /// Begin again from another node's snapshot, though there are blocks: when the others no longer have the next ones.
    #[arg(long)]
    pub anew: bool,
}

/// `huizheng key …`
#[derive(Debug, Args)]
pub struct KeyArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: KeyCommand,
}

/// What is done with a key file.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make a key in a file that is not there yet.
    New {
        /// The key file.
        file: PathBuf,
    },
    /// The public key, and whether the file has a passphrase.
    Show {
        /// The key file.
        file: PathBuf,
    },
    /// Put the key under a passphrase, or under another one.
    Protect {
        /// The key file.
        file: PathBuf,
    },
    /// Take the passphrase away.
    Unprotect {
        /// The key file.
        file: PathBuf,
    },
}

/// `huizheng wallet …`
#[derive(Debug, Args)]
pub struct WalletArgs {
    /// Which chain the wallet will belong to; only `init` asks.
    #[command(flatten)]
    pub node: NodeArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: WalletCommand,
}

/// What a wallet does. The PIN is asked for on the terminal, or comes from HUIZHENG_PIN.
#[derive(Debug, Subcommand)]
pub enum WalletCommand {
    /// Make the wallet and choose its PIN.
    Init,
    /// Take the credential that an offer link leads to.
    Receive {
        /// The link under the offer's QR code.
        offer: String,
        /// The code that the issuer gave you beside it.
        #[arg(long, value_name = "CODE")]
        tx_code: Option<String>,
        /// Don't ask, take it.
        #[arg(long)]
        yes: bool,
    },
    /// The cards in the wallet.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// One card with all its values.
    Show {
        /// The card's number in the list, or its id.
        card: String,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Answer a counter's request: shows who asks for what, then asks you.
    Present {
        /// The link under the counter's QR code.
        request: String,
        /// Don't ask, agree.
        #[arg(long)]
        yes: bool,
    },
    /// What left the wallet, to whom and why.
    Log {
        /// Only entries with this in a name, a purpose or a claim.
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        /// Draft a complaint to the regulator from an entry of this id.
        #[arg(long, value_name = "ENTRY", conflicts_with = "json")]
        complain: Option<String>,
        /// Delete the entry of this id.
        #[arg(long, value_name = "ENTRY", conflicts_with_all = ["json", "search", "complain"])]
        delete: Option<String>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Collect by logging in at an issuer's, in a browser.
    Login {
        /// The issuer's address, or an offer's link.
        place: String,
        /// What to collect: credential configurations of one type [default: asks].
        #[arg(long = "only", value_name = "CONFIGURATION")]
        only: Vec<String>,
        /// The address that the browser came back with, where nobody is asked.
        #[arg(long, value_name = "URL", hide = true)]
        answer: Option<String>,
    },
    /// What issuers take time for.
    Waiting,
    /// Fetch what issuers said takes time.
    PickUp,
    /// Wait no more for what an issuer takes time for, or for what stopped on its way.
    GiveUp {
        /// Its number in the list of what is waited for.
        number: usize,
        /// Don't ask, give up.
        #[arg(long)]
        yes: bool,
    },
    /// Renew a card before it expires.
    Renew {
        /// The card's number in the list, or its id.
        card: String,
    },
    /// Delete a card and its keys; of a damaged one, what is left of it.
    Delete {
        /// The card's number in the list, or its id.
        card: String,
        /// Don't ask, delete.
        #[arg(long)]
        yes: bool,
    },
    /// Answer a counter that has no network: reads its code from pictures, draws the answer here.
    Offline {
        /// Pictures of the counter's code, one of each part; or files of its texts, one a line.
        #[arg(required = true, value_name = "FILE")]
        codes: Vec<PathBuf>,
        /// Don't ask, agree.
        #[arg(long)]
        yes: bool,
        /// Print the answer's texts, one a line, for another program to draw.
        #[arg(long)]
        print: bool,
        /// Draw the answer as SVG into this folder, a file for each part.
        #[arg(long, value_name = "DIR", conflicts_with = "print")]
        svg: Option<PathBuf>,
    },
    /// Write everything into one encrypted file, and show its code.
    Backup {
        /// The file to make.
        file: PathBuf,
    },
    /// Make a wallet of a backup. Its code is asked for, or comes from HUIZHENG_BACKUP_CODE.
    Restore {
        /// The backup's file.
        file: PathBuf,
    },
    /// Open a damaged wallet with what of it can be read. It stays as it was in a folder beside it.
    Recover,
    /// The cards of a backup that are still to be issued to this device.
    ToCollect,
    /// Write everything the wallet keeps into a file, in clear.
    Export {
        /// The file to make.
        file: PathBuf,
    },
    /// Delete everything: cards, log, keys.
    Erase {
        /// Don't ask, delete.
        #[arg(long)]
        yes: bool,
    },
}

/// Which chain to talk to.
#[derive(Debug, Clone, Args)]
pub struct NodeArgs {
    /// The node's base URL [default: the one in the data folder, else http://127.0.0.1:7100].
    #[arg(long, global = true, value_name = "URL")]
    pub node: Option<String>,
    /// The trust anchor as JSON [default: the one in the data folder, else what the node says].
    #[arg(long, global = true, value_name = "FILE")]
    pub anchor: Option<PathBuf>,
}

/// `huizheng registry …`
#[derive(Debug, Args)]
pub struct RegistryArgs {
    /// Which chain.
    #[command(flatten)]
    pub node: NodeArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: RegistryCommand,
}

/// Who signs for governance.
#[derive(Debug, Clone, Args)]
pub struct SignArgs {
    /// A governing department's key file; give as many as its threshold needs [default: those in the data folder].
    #[arg(long = "key", value_name = "FILE")]
    pub keys: Vec<PathBuf>,
    /// Write the decision with these signatures to a file, for the other departments to sign, instead of submitting it.
    #[arg(long, value_name = "FILE")]
    pub draft: Option<PathBuf>,
}

/// How an organisation recovers.
#[derive(Debug, Args)]
pub struct RecoverArgs {
    /// The organisation.
    pub did: Did,
    /// The folder of its keys: an issuer's `keys`, a verifier's `keys/ID`, or what `org create` made.
    #[arg(long, value_name = "DIR")]
    pub keys: PathBuf,
    /// The recovery key's file; for a draft its public key is enough, which `huizheng key show` says.
    #[arg(long, value_name = "FILE|KEY")]
    pub recovery_key: KeyGiven,
    /// The next recovery key, for this one is used up: a file, made if there is none; or its public key, where it was made with
    /// `huizheng key new` elsewhere.
    #[arg(long, value_name = "FILE|KEY")]
    pub next_recovery_key: KeyGiven,
    /// A public key, as JWK file, that signs; for an organisation whose signing keys are not in that folder.
    #[arg(long = "assertion-key", value_name = "JWK FILE")]
    pub assertion_keys: Vec<PathBuf>,
    /// Write the recovery to a file, to be signed where the recovery key is, instead of submitting it.
    #[arg(long, value_name = "FILE")]
    pub draft: Option<PathBuf>,
}

/// A key as the command line gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyGiven {
    /// Its file.
    File(PathBuf),
    /// The public key alone.
    Public(Ed25519Key),
}

impl From<&str> for KeyGiven {
    fn from(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::File(text.into()), Self::Public)
    }
}

/// What the chain says and what governance decides.
#[derive(Debug, Subcommand)]
pub enum RegistryCommand {
    /// The record at a key, proven: did/DID, trust/DID/TYPE, verifier/DID/PURPOSE, governance.
    Show {
        /// The record's key.
        key: RecordKey,
    },
    /// Write what decisions on some issuers' credentials rest on into a file, with the proofs: for `huizheng verify --offline
    /// --snapshot`. It is verified again there.
    Snapshot {
        /// An issuer; several times for several.
        #[arg(long = "issuer", value_name = "DID", required_unless_present = "counter")]
        issuers: Vec<Did>,
        /// The counter itself: what phones with no network know it by when it asks (`verify ask --snapshot`).
        #[arg(long, value_name = "DID", requires = "purposes")]
        counter: Option<Did>,
        /// With --counter: a purpose that it asks for; several times for several.
        #[arg(long = "purpose", value_name = "ID", requires = "counter")]
        purposes: Vec<Slug>,
        /// The file to write.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Accredit an organisation to issue a credential type.
    Accredit {
        /// The organisation.
        did: Did,
        /// The credential type, for instance business-licence.
        credential_type: Slug,
        /// Its name in Chinese, as people will see it.
        #[arg(long, value_name = "NAME")]
        name_zh: String,
        /// Its name in English.
        #[arg(long, value_name = "NAME")]
        name_en: String,
        /// From when, RFC 3339 [default: now].
        #[arg(long, value_name = "TIME")]
        from: Option<UnixMillis>,
        /// Until when, RFC 3339 [default: no end].
        #[arg(long, value_name = "TIME")]
        until: Option<UnixMillis>,
        /// Who signs.
        #[command(flatten)]
        sign: SignArgs,
    },
    /// End an organisation's accreditation for a credential type.
    Withdraw {
        /// The organisation.
        did: Did,
        /// The credential type.
        credential_type: Slug,
        /// Who signs.
        #[command(flatten)]
        sign: SignArgs,
    },
    /// Register what a verifier may ask, and why, from a TOML or JSON file.
    RegisterPurpose {
        /// The file; the fields are those of the record that `registry show verifier/…` prints.
        file: PathBuf,
        /// The organisation, where the file doesn't name it.
        #[arg(long)]
        did: Option<Did>,
        /// Who signs.
        #[command(flatten)]
        sign: SignArgs,
    },
    /// Make a key a validator's; who has it decides from the next block on.
    AddValidator {
        /// The key, as `network join` says it.
        validator: Ed25519Key,
        /// Its weight.
        #[arg(long, default_value_t = 1)]
        power: u64,
        /// Who signs.
        #[command(flatten)]
        sign: SignArgs,
    },
    /// Replace a validator's key.
    ReplaceValidator {
        /// The key that goes.
        old: Ed25519Key,
        /// The key that comes, with the same weight.
        new: Ed25519Key,
        /// Who signs.
        #[command(flatten)]
        sign: SignArgs,
    },
    /// End a validator.
    RemoveValidator {
        /// Its key.
        validator: Ed25519Key,
        /// Who signs.
        #[command(flatten)]
        sign: SignArgs,
    },
    /// Add a signature to what was drafted with --draft elsewhere, a department's to a decision or the recovery key's to a
    /// recovery; shows it first.
    Sign {
        /// The draft.
        file: PathBuf,
        /// The key's file.
        #[arg(long = "key", value_name = "FILE", required = true)]
        keys: Vec<PathBuf>,
    },
    /// Submit a draft that was signed by all who must.
    Submit {
        /// The draft.
        file: PathBuf,
    },
    /// Take an organisation's DID back with its recovery key, when the key that acts for it was stolen or lost. All its keys so
    /// far are retired; new ones are made in its folder.
    Recover(RecoverArgs),
    /// End a verifier's purpose.
    WithdrawPurpose {
        /// The organisation.
        did: Did,
        /// The purpose.
        purpose: Slug,
        /// Who signs.
        #[command(flatten)]
        sign: SignArgs,
    },
}

/// `huizheng org …`
#[derive(Debug, Args)]
pub struct OrgArgs {
    /// Which chain.
    #[command(flatten)]
    pub node: NodeArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: OrgCommand,
}

/// An organisation's own identifier.
#[derive(Debug, Subcommand)]
pub enum OrgCommand {
    /// Create a DID. Its chain and recovery keys are made and kept in a folder of their own.
    Create {
        /// A public key, as JWK file, that signs credentials or requests; the first becomes key-2.
        #[arg(long = "assertion-key", value_name = "JWK FILE", required = true)]
        assertion_keys: Vec<PathBuf>,
        /// The folder for its keys [default: organisations/TIME in the data folder].
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Replace the keys that sign; those left out are retired.
    Rotate {
        /// The folder that `create` made.
        folder: PathBuf,
        /// The public keys from now on, as JWK files.
        #[arg(long = "assertion-key", value_name = "JWK FILE", required = true)]
        assertion_keys: Vec<PathBuf>,
    },
    /// End the DID for good.
    Deactivate {
        /// The folder that `create` made.
        folder: PathBuf,
        /// Don't ask.
        #[arg(long)]
        yes: bool,
    },
}

/// `huizheng bench …`
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// `credentials`, `chain`, `wallet`, `flow`, `issuer` or `verifier` [default: all].
    pub group: Option<String>,
    /// How long each measurement runs.
    #[arg(long, default_value_t = 3.0, value_name = "S")]
    pub seconds: f64,
    /// How many licences the bulk issuances of `issuer` prepare and wallets then collect, and what memory so many credentials
    /// take [default: 100,000 where that group is named; else 20,000]. 1,000,000 takes three quarters of an hour and 14 GB of disk.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub records: Option<u64>,
    /// The repository's `mobile-bindings`: `wallet` measures calls through them too, and weighs the library that apps get. Where that is not
    /// built yet it takes ten minutes more.
    #[arg(long, value_name = "FOLDER")]
    pub bindings: Option<PathBuf>,
    /// Over how many verifications memory is watched; a million takes some two minutes.
    #[arg(long, default_value_t = 50_000, value_name = "N")]
    pub verifications: u64,
    /// `huizheng-ssi`, built from e2e/ssi: `credentials` then measures ssi's verification beside ours (`ssi/verify/…`).
    #[arg(long, value_name = "FILE")]
    pub ssi: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn which_chain_can_be_said_at_the_end_too() {
        for line in ["registry show governance", "org create --assertion-key k.jwk", "wallet init"] {
            let words = format!("huizheng {line} --node http://127.0.0.1:1 --anchor a.json");
            let cli = Cli::parse_from(words.split(' '));
            let node = match cli.command {
                Some(Command::Registry(args)) => args.node,
                Some(Command::Org(args)) => args.node,
                Some(Command::Wallet(args)) => args.node,
                _ => unreachable!("{line}"),
            };
            assert_eq!(node.node.as_deref(), Some("http://127.0.0.1:1"), "{line}");
            assert_eq!(node.anchor, Some(PathBuf::from("a.json")), "{line}");
        }
    }

    #[test]
    fn a_key_is_given_by_its_file_or_as_it_is() {
        let key = "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
        assert_eq!(KeyGiven::from(key), KeyGiven::Public(key.parse().expect("a key")));
        assert_eq!(KeyGiven::from("safe/recovery.key"), KeyGiven::File("safe/recovery.key".into()));
    }

    #[test]
    fn help_says_what_scripts_and_newcomers_need() {
        let help = |words: &str| {
            let shown = Cli::try_parse_from(words.split(' ')).expect_err("help is shown");
            shown.to_string()
        };
        assert!(help("huizheng --help").contains("Exit codes: 0 done; 1 it failed"));
        assert!(help("huizheng wallet --help").contains("HUIZHENG_PIN"));
    }

    #[test]
    fn no_command_is_the_demo_and_data_goes_anywhere() {
        let cli = Cli::parse_from(["huizheng", "demo", "--story", "--data", "/tmp/x"]);
        assert!(matches!(cli.command, Some(Command::Demo(DemoArgs { story: true, .. }))));
        assert_eq!(cli.data, PathBuf::from("/tmp/x"));
        assert!(Cli::parse_from(["huizheng", "--port-base", "0"]).command.is_none());
        Cli::try_parse_from(["huizheng", "demo", "--headless"]).expect_err("needs --urls");
    }
}

//! `huizheng vc`: credentials and presentations in files, secured and verified by themselves, without services. The
//! W3C's test suite for JOSE and COSE (w3c/vc-jose-cose-test-suite) drives it as it stands.

mod issue;
mod key;
mod path;
mod present;
mod status;
mod verify;

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use credentials::UnixSeconds;
use serde_json::{Value, json};

use crate::fault::{Done, Fault, OrFault};
use service::files::write_public;

/// `huizheng vc …`
#[derive(Debug, Args)]
pub struct VcArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: VcCommand,
}

/// What is done with one file.
#[derive(Debug, Subcommand)]
pub enum VcCommand {
    /// Secure a credential or presentation.
    Issue {
        /// What, with which key, where to.
        #[command(flatten)]
        files: Files,
        /// What can be held back, as JSON: `["credentialSubject.name", "list[0]"]`.
        #[arg(long, value_name = "JSON")]
        sd: Option<String>,
        /// So many false digests in each place that hides something.
        #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=32))]
        decoys: u8,
        /// What digests are made with.
        #[arg(long, value_enum, default_value_t)]
        hash: HashName,
    },
    /// Choose what to show of a credential with selective disclosure, bound to the holder's key.
    Present {
        /// What, with which key, where to.
        #[command(flatten)]
        files: Files,
        /// What to show, as JSON: `["credentialSubject.name"]`.
        #[arg(long, value_name = "JSON", default_value = "[]")]
        show: String,
        /// The verifier's request.
        #[command(flatten)]
        request: Request,
    },
    /// Verify a credential or presentation.
    Verify {
        /// What, with which key, where to.
        #[command(flatten)]
        files: Files,
        /// The keys of those who issued what a presentation holds. Without any, what is inside is only read.
        #[arg(long, value_name = "FILE")]
        issuer_key: Vec<PathBuf>,
        /// The request that a presentation must answer.
        #[command(flatten)]
        request: Request,
    },
    /// Verify a status list that somebody fetched, and say what it says of one credential. Nothing is fetched here.
    Status(status::ListArgs),
}

/// What every command has.
#[derive(Debug, Args)]
pub struct Files {
    /// The document as JSON, or the secured one: a token, or COSE in base64.
    #[arg(long, value_name = "FILE")]
    pub input: PathBuf,
    /// The key: a JWK, or a verification method with `publicKeyJwk` or `secretKeyJwk`.
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// What the file is, and how it is secured.
    #[arg(long, value_enum)]
    pub feature: Feature,
    /// Where to write `{"result": …, "data": …}`.
    #[arg(long, value_name = "FILE")]
    pub output: PathBuf,
    /// The time to go by, as `2026-03-01T08:00:00Z` [default: now].
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
}

/// A verifier's request.
#[derive(Debug, Args)]
pub struct Request {
    /// Its nonce.
    #[arg(long, requires = "audience")]
    pub nonce: Option<String>,
    /// The verifier: its client id.
    #[arg(long, requires = "nonce")]
    pub audience: Option<String>,
}

/// What is secured, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Feature {
    /// `vc+jwt`.
    CredentialJose,
    /// `vc+sd-jwt`.
    #[value(name = "credential_sdjwt")]
    CredentialSdJwt,
    /// `vc+cose`.
    CredentialCose,
    /// `vp+jwt`.
    PresentationJose,
    /// `vp+sd-jwt`.
    #[value(name = "presentation_sdjwt")]
    PresentationSdJwt,
    /// `vp+cose`.
    PresentationCose,
}

/// A hash of disclosures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum HashName {
    /// SHA-256.
    #[default]
    #[value(name = "sha-256")]
    Sha256,
    /// SHA-384.
    #[value(name = "sha-384")]
    Sha384,
    /// SHA-512.
    #[value(name = "sha-512")]
    Sha512,
}

/// Why there is no `success`.
enum Unsuccessful {
    /// Refused: `failure`.
    Refused(String),
    /// A kind of key that is not supported: `indeterminate`.
    Unsupported(String),
    /// A file or argument that can't be read: `error`.
    Unreadable(String),
}

type Outcome = Result<Value, Unsuccessful>;

impl Unsuccessful {
    fn refused(error: impl std::fmt::Display) -> Self {
        Self::Refused(error.to_string())
    }

    const fn result(&self) -> &'static str {
        match self {
            Self::Refused(_) => "failure",
            Self::Unsupported(_) => "indeterminate",
            Self::Unreadable(_) => "error",
        }
    }

    fn into_why(self) -> String {
        match self {
            Self::Refused(why) | Self::Unsupported(why) | Self::Unreadable(why) => why,
        }
    }
}

/// Runs `huizheng vc …`. The result is in the file also when it is no success.
///
/// # Errors
/// [`Fault`] unless the result is `success`.
pub fn run(args: VcArgs) -> Done {
    let (output, outcome) = match args.command {
        VcCommand::Issue { files, sd, decoys, hash } => {
            let outcome = issue::run(&files, sd.as_deref(), decoys.into(), hash);
            (files.output, outcome)
        }
        VcCommand::Present { files, show, request } => {
            let outcome = present::run(&files, &show, &request);
            (files.output, outcome)
        }
        VcCommand::Verify { files, issuer_key, request } => {
            let outcome = verify::run(&files, &issuer_key, &request);
            (files.output, outcome)
        }
        VcCommand::Status(list) => {
            let outcome = status::run(&list);
            (list.output, outcome)
        }
    };
    let (line, done) = match outcome {
        Ok(data) => (json!({ "result": "success", "data": data }), Ok(())),
        Err(why) => {
            let (result, why) = (why.result(), why.into_why());
            let todo = format!("{} says the same", output.display());
            (json!({ "result": result, "data": why }), Err(Fault::new(format!("{result}: {why}"), todo)))
        }
    };
    let todo = format!("{} can't be written; name another file", output.display());
    write_public(&output, line.to_string().as_bytes()).or_fault(todo)?;
    done
}

impl Files {
    fn now(&self) -> Result<UnixSeconds, Unsuccessful> {
        now(self.at.as_deref())
    }

    fn input(&self) -> Result<String, Unsuccessful> {
        Ok(read(&self.input)?.trim().to_owned())
    }
}

/// The time to go by.
fn now(at: Option<&str>) -> Result<UnixSeconds, Unsuccessful> {
    match at {
        None => {
            let seconds = service::clock::now().0 / 1000;
            Ok(UnixSeconds(i64::try_from(seconds).unwrap_or(i64::MAX)))
        }
        Some(text) => UnixSeconds::parse_rfc3339(text)
            .map_err(|error| Unsuccessful::Unreadable(format!("--at: {error}"))),
    }
}

fn read(path: &Path) -> Result<String, Unsuccessful> {
    let unreadable = |why: String| Unsuccessful::Unreadable(format!("{}: {why}", path.display()));
    let bytes = fs::read(path).map_err(|error| unreadable(error.to_string()))?;
    String::from_utf8(bytes).map_err(|_| unreadable("no text".to_owned()))
}

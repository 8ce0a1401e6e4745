//! What a status list says of one credential.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use credentials::data_integrity::UnverifiedCredential;
use credentials::status::{BitstringList, Purpose, TokenList};
use serde_json::json;

use super::key::KeyFile;
use super::{Outcome, Unsuccessful, now, read};

/// Which list, and which entry of it.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// The list: a token, or a credential as JSON.
    #[arg(long, value_name = "FILE")]
    pub input: PathBuf,
    /// The list's issuer's key: a JWK, or a verification method with `publicKeyJwk`.
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// What kind of list it is.
    #[arg(long, value_enum)]
    pub kind: ListKind,
    /// Where the credential says that its list is.
    #[arg(long)]
    pub uri: String,
    /// The credential's place in it.
    #[arg(long, value_name = "N")]
    pub index: u64,
    /// Of a Bitstring Status List: the credential's issuer, whose list it must be.
    #[arg(long, required_if_eq("kind", "bitstring"))]
    pub issuer: Option<String>,
    /// Of a Bitstring Status List: what a set bit means.
    #[arg(long, value_enum, default_value_t)]
    pub purpose: BitPurpose,
    /// Where to write `{"result": …, "data": …}`.
    #[arg(long, value_name = "FILE")]
    pub output: PathBuf,
    /// The time to go by, as `2026-03-01T08:00:00Z` [default: now].
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
}

/// A kind of status list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListKind {
    /// Token Status List, as a JWT.
    Token,
    /// Bitstring Status List, as a credential with an embedded proof.
    Bitstring,
}

/// What a set bit means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum BitPurpose {
    /// Revoked, for good.
    #[default]
    Revocation,
    /// Does not count for now.
    Suspension,
}

/// The entry, once the list is verified: `{"status": "valid"}`, or whether the bit is set.
pub(super) fn run(args: &ListArgs) -> Outcome {
    let key = KeyFile::read(&args.key)?;
    let now = now(args.at.as_deref())?;
    let input = read(&args.input)?;
    let input = input.trim();
    match args.kind {
        ListKind::Token => {
            let (list, _) =
                TokenList::verify(input, &args.uri, &key.public, now).map_err(Unsuccessful::refused)?;
            let status = list.status(args.index).map_err(Unsuccessful::refused)?;
            Ok(json!({ "status": status, "value": status.value() }))
        }
        ListKind::Bitstring => {
            let credential = UnverifiedCredential::parse(input.as_bytes()).map_err(Unsuccessful::refused)?;
            let credential =
                credential.verify(&key.public, now).map_err(|refused| super::verify::flaws(&refused))?;
            let purpose = match args.purpose {
                BitPurpose::Revocation => Purpose::Revocation,
                BitPurpose::Suspension => Purpose::Suspension,
            };
            let issuer = args.issuer.as_deref().unwrap_or_default();
            let list = BitstringList::from_credential(&credential, &args.uri, purpose, issuer);
            let is_set = list.and_then(|list| list.is_set(args.index)).map_err(Unsuccessful::refused)?;
            Ok(json!({ "purpose": purpose, "set": is_set }))
        }
    }
}

//! Transactions that a holder authorises with an answer (§8.4).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::dcql::{DcqlQuery, QueryId};
use crate::limits::{self, Limits, ParseError};

/// The only hash algorithm here: what a wallet takes when nothing is said (§B.3.3.1), by its name in the IANA registry.
pub const SHA_256: &str = "sha-256";
/// The claim of a key binding that carries the hashes, in the order of the request (§B.3.3.1).
pub const HASHES_CLAIM: &str = "transaction_data_hashes";
/// The claim beside it that says how they are made.
pub const HASHES_ALG_CLAIM: &str = "transaction_data_hashes_alg";
/// A transaction of this system: a title and some lines that the holder reads and confirms, see [`Confirmation`].
pub const CONFIRMATION: &str = "huizheng.confirm";

/// One transaction of a request, as it came and read.
#[derive(Clone, PartialEq, Eq)]
pub struct TransactionData {
    text: String,
    kind: String,
    credential_ids: Vec<QueryId>,
    details: Map<String, Value>,
}

/// What [`CONFIRMATION`] says, in both languages. Personal: `Debug` shows how many lines it has.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// What is done: "Open a business account".
    pub title: Words,
    /// Its particulars, at most 12.
    #[serde(default)]
    pub lines: Vec<Line>,
}

/// A particular of a transaction. Personal: `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What it is.
    pub label: Words,
    /// Its value, as the holder reads it.
    pub value: String,
}

impl fmt::Debug for Confirmation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Confirmation").field("lines", &self.lines.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Line(…)")
    }
}

/// Words in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// Why transaction data is not taken. A wallet answers with `invalid_transaction_data`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTransaction {
    /// Not base64url of an object with `type` and `credential_ids`.
    #[error("transaction data is not base64url of an object: {0}")]
    Unreadable(#[from] ParseError),
    /// Not base64url.
    #[error("transaction data is not base64url")]
    Encoding,
    /// None where the list is there, or more than 8.
    #[error("transaction_data has between 1 and {MOST} entries")]
    Count,
    /// It names no credential, or one that is not asked for.
    #[error("transaction data must name credentials that are asked for")]
    Credential,
    /// It is to be hashed in a way that is not known here.
    #[error("transaction data can only be hashed with {SHA_256}")]
    Hash,
    /// A type that this wallet can't show to its holder.
    #[error("transaction data of a type that is not known here")]
    Type,
    /// Its words are missing, too long, or have control characters: the holder could not read what she authorises.
    #[error("transaction data whose words can't be shown")]
    Words,
}

/// So many transactions a request may have.
const MOST: usize = 8;
const MOST_LINES: usize = 12;
const LONGEST: usize = 200;

#[derive(Deserialize)]
struct Raw {
    #[serde(rename = "type")]
    kind: String,
    credential_ids: Vec<QueryId>,
    #[serde(default)]
    transaction_data_hashes_alg: Option<Vec<String>>,
    #[serde(flatten)]
    details: Map<String, Value>,
}

impl TransactionData {
    /// Reads one entry of `transaction_data`.
    pub fn parse(text: &str) -> Result<Self, BadTransaction> {
        let bytes = BASE64.decode(text).map_err(|_| BadTransaction::Encoding)?;
        let raw: Raw = limits::json(&bytes, Limits::MESSAGE)?;
        let algorithms = raw.transaction_data_hashes_alg;
        if algorithms.is_some_and(|names| !names.iter().any(|name| name == SHA_256)) {
            return Err(BadTransaction::Hash);
        }
        Ok(Self {
            text: text.to_owned(),
            kind: raw.kind,
            credential_ids: raw.credential_ids,
            details: raw.details,
        })
    }

    /// Reads `transaction_data` of a request with this query.
    pub fn parse_all(texts: &[String], query: &DcqlQuery) -> Result<Vec<Self>, BadTransaction> {
        if texts.is_empty() || texts.len() > MOST {
            return Err(BadTransaction::Count);
        }
        let all = texts.iter().map(|text| Self::parse(text)).collect::<Result<Vec<_>, _>>()?;
        let is_asked = |id: &QueryId| query.credential(id).is_some();
        match all.iter().all(|one| !one.credential_ids.is_empty() && one.credential_ids.iter().all(is_asked))
        {
            true => Ok(all),
            false => Err(BadTransaction::Credential),
        }
    }

    /// An entry that has these words confirmed with any of these credentials.
    pub fn confirming(words: &Confirmation, credential_ids: &[QueryId]) -> Result<Self, BadTransaction> {
        words.check()?;
        let entry = serde_json::json!({
            "type": CONFIRMATION, "credential_ids": credential_ids, "title": words.title, "lines": words.lines,
        });
        Self::parse(&BASE64.encode(entry.to_string()))
    }

    /// The entry as it travels.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What kind of transaction it is.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The credential queries with which it may be authorised, any one of them.
    pub fn credential_ids(&self) -> &[QueryId] {
        &self.credential_ids
    }

    /// What is confirmed, if it is of this system's type.
    pub fn confirmation(&self) -> Result<Confirmation, BadTransaction> {
        if self.kind != CONFIRMATION {
            return Err(BadTransaction::Type);
        }
        let words: Confirmation = limits::value(&self.details)?;
        words.check()?;
        Ok(words)
    }

    /// Its SHA-256, base64url: of the text as it came, not of what it decodes to (§B.3.3.1).
    pub fn hash(&self) -> String {
        BASE64.encode(Sha256::digest(&self.text))
    }

    /// The claims by which a key binding authorises these.
    pub fn claims(authorised: &[&Self]) -> Map<String, Value> {
        let hashes: Vec<Value> = authorised.iter().map(|one| one.hash().into()).collect();
        let mut claims = Map::new();
        if !hashes.is_empty() {
            claims.insert(HASHES_CLAIM.to_owned(), hashes.into());
            claims.insert(HASHES_ALG_CLAIM.to_owned(), SHA_256.into());
        }
        claims
    }

    /// Whether the claims of a key binding authorise this transaction.
    pub fn is_in(&self, claims: &Map<String, Value>) -> bool {
        let algorithm = claims.get(HASHES_ALG_CLAIM).and_then(Value::as_str);
        let hashes = claims.get(HASHES_CLAIM).and_then(Value::as_array);
        let own = self.hash();
        algorithm.is_none_or(|name| name == SHA_256)
            && hashes.is_some_and(|all| all.iter().any(|hash| hash.as_str() == Some(&own)))
    }
}

impl Confirmation {
    /// Whether a person can read it.
    pub fn check(&self) -> Result<(), BadTransaction> {
        let readable = |text: &str| {
            !text.trim().is_empty() && text.chars().count() <= LONGEST && !text.chars().any(is_invisible)
        };
        let both = |words: &Words| readable(&words.zh) && readable(&words.en);
        let lines = self.lines.iter().all(|line| both(&line.label) && readable(&line.value));
        match both(&self.title) && lines && self.lines.len() <= MOST_LINES {
            true => Ok(()),
            false => Err(BadTransaction::Words),
        }
    }
}

/// Control characters, and those that turn or hide what stands beside them: what is read would not be what is signed.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

// What a holder authorises can be personal.
impl std::fmt::Debug for TransactionData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TransactionData").field("kind", &self.kind).finish_non_exhaustive()
    }
}

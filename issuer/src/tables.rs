//! The issuer's tables. Their names are in every stored key, so they never change without a migration.

use credentials::UnixSeconds;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::{BytesTable, StoreError, Table, Tx};

use crate::accounts::{AccountRecord, ApiKey};
use crate::attachments::Attachment;
use crate::issuance::{Deferred, Heard};
use crate::keys::{Compromise, KeyRow, OldRoot, Replacement, Signed};
use crate::model::{Application, Authorization, CredentialRecord, Id, Job, Offer, Presentation, Record};
use crate::status::Claim;

/// Applications by name, which is by time.
pub(crate) const APPLICATIONS: Table<u128, Application> = Table::new("applications");
/// Applications by state, then time; what a queue shows.
pub(crate) const BY_STATE: Table<(String, u128), ()> = Table::new("applications-by-state");
/// What was claimed, by application: the one table with people's data beside the holder line.
pub(crate) const CLAIMS: Table<u128, Map<String, Value>> = Table::new("claims");
/// Offers by name.
pub(crate) const OFFERS: Table<u128, Offer> = Table::new("offers");
/// Authorizations by name, which is by time.
pub(crate) const AUTHORIZATIONS: Table<u128, Authorization> = Table::new("authorizations");
/// Presentations by name, which is by time.
pub(crate) const PRESENTATIONS: Table<u128, Presentation> = Table::new("presentations");
/// Credentials that were asked for before they were decided, by name, which is by time.
pub(crate) const DEFERRED: Table<u128, Deferred> = Table::new("deferred");
/// Nonces and DPoP proofs that were used, by their end; see `seals::Nonce`.
pub(crate) const NONCES_USED: Table<[u8; 20], ()> = Table::new("nonces-used");
/// Credentials by name, which is by time.
pub(crate) const CREDENTIALS: Table<u128, CredentialRecord> = Table::new("credentials");
/// Credentials with a change that is not final yet, and whose it is to carry; empty but for moments, and after a crash.
pub(crate) const PENDING: Table<u128, Option<Claim>> = Table::new("status-pending");
/// Entries of status lists that are given out, and to which credential. Never removed: no entry is used twice.
pub(crate) const ENTRIES: Table<(u32, u32), Id> = Table::new("status-entries");
/// The status lists that are open on the chain, by number.
pub(crate) const LISTS: Table<u32, ListFill> = Table::new("status-lists");
/// The DIDs of ours that are known to be on the chain: later starts need no chain.
pub(crate) const REGISTERED: Table<str, bool> = Table::new("registered");

/// What the chain was last heard to say of each credential type.
pub(crate) const HEARD: Table<str, Heard> = Table::new("chain-heard");

/// Applications by a holder's mark (`Application::marks`), then time.
pub(crate) const BY_MARK: Table<(String, u128), ()> = Table::new("applications-by-mark");
/// Approved applications by a holder's mark and their type, then time: however many strangers apply under somebody's number, hers
/// is found. Those that were approved before there was this table are in `BY_MARK` alone.
pub(crate) const READY: Table<(String, String, u128), ()> = Table::new("applications-ready");
/// What was attached to applications: application, then attachment.
pub(crate) const ATTACHMENTS: Table<(u128, u128), Attachment> = Table::new("attachments");
/// The attachments' bytes, sealed.
pub(crate) const ATTACHED: BytesTable<u128> = Table::new("attached");
/// Accounts of the staff that were made here, by name.
pub(crate) const ACCOUNTS: Table<str, AccountRecord> = Table::new("accounts");
/// Keys of departments' systems, by the SHA-256 of the key in hexadecimal.
pub(crate) const API_KEYS: Table<str, ApiKey> = Table::new("api-keys");
/// Records by name, which is by time.
pub(crate) const RECORDS: Table<u128, Record> = Table::new("records");
/// Records that nothing was prepared from yet, by type, then name.
pub(crate) const RECORDS_WAITING: Table<(String, u128), ()> = Table::new("records-waiting");
/// The one record of a holder and type, by the mark.
pub(crate) const RECORD_OF: Table<str, Id> = Table::new("record-of");
/// How many records wait, by type.
pub(crate) const RECORDS_LEFT: Table<str, u64> = Table::new("records-left");
/// How many of them were brought by whom: type, whether an account or a system, name. Those that came before there was this
/// table are in `RECORDS_LEFT` alone.
pub(crate) const RECORDS_BROUGHT: Table<(String, String, String), u64> = Table::new("records-brought");
/// Bulk issuances by name, which is by time.
pub(crate) const JOBS: Table<u128, Job> = Table::new("jobs");
/// What a job prepared: job, then application.
pub(crate) const PREPARED: Table<(u128, u128), ()> = Table::new("jobs-prepared");
/// The keys that count, by slot; none while it is the first.
pub(crate) const KEYS: Table<str, KeyRow> = Table::new("keys");
/// What was asked for the author's key, under its slot.
pub(crate) const REPLACEMENTS: Table<str, Replacement> = Table::new("key-replacements");
/// Declarations that a key was compromised, by the key's name.
pub(crate) const COMPROMISED: Table<str, Compromise> = Table::new("compromised-keys");
/// Every signature on a credential that left, by its key's name, then time.
pub(crate) const SIGNED: Table<(String, u128), Signed> = Table::new("signed");
/// Roots of mdocs that were replaced, by name.
pub(crate) const MDOC_ROOTS: Table<str, OldRoot> = Table::new("mdoc-roots");
/// What each phone collected: the phone (`CredentialRecord::phone`), then the credential's name.
pub(crate) const ON_PHONE: Table<(String, u128), ()> = Table::new("credentials-by-phone");
/// Phones that were declared lost, and when. Never removed: a phone that is found again shows a new key.
pub(crate) const PHONES_LOST: Table<str, UnixSeconds> = Table::new("phones-lost");
/// How many credentials were issued, suspended …: for the overview.
pub(crate) const COUNTS: Table<str, u64> = Table::new("counts");

/// Adds to a count, or takes away.
pub(crate) fn count(tx: &mut Tx<'_>, name: &str, by: i64) -> Result<(), StoreError> {
    let now = tx.get(&COUNTS, name)?.unwrap_or_default();
    tx.put(&COUNTS, name, &now.saturating_add_signed(by))
}

/// How much of a status list is given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ListFill {
    /// Entries on the list.
    pub(crate) length: u32,
    /// Entries given out.
    pub(crate) used: u32,
}

//! The issuer's tables. Their names are in every stored key, so they never change without a migration.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::Table;

use crate::issuance::Deferred;
use crate::model::{Application, Authorization, CredentialRecord, Id, Offer};
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
/// Applications by whom they are of, then by name: a keyed digest of an ID number or a credit code; see `citizens`.
pub(crate) const BY_HOLDER: Table<(String, u128), ()> = Table::new("applications-by-holder");
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

/// How much of a status list is given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ListFill {
    /// Entries on the list.
    pub(crate) length: u32,
    /// Entries given out.
    pub(crate) used: u32,
}

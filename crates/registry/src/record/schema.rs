//! Registered schemas of credential types.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use crate::hash::Hash32;
use crate::text::{LocalText, Slug};
use crate::time::UnixMillis;

/// Which schema a credential type has: its digest and where it can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct SchemaRecord {
    /// The credential type, for instance `business-licence`.
    pub credential_type: Slug,
    /// What people call it.
    pub name: LocalText,
    /// SHA-256 of the schema document.
    pub digest: Hash32,
    /// Where the document can be read; what is read there must have the digest.
    pub url: String,
    /// Counts from 1; each registration of the same type adds one.
    pub version: u32,
    /// Block time from which this version holds.
    pub from: UnixMillis,
}

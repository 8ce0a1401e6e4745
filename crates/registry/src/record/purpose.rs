//! Verifiers' registered purposes: who may ask for which claims, and why.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use crate::did::Did;
use crate::record::Interval;
use crate::text::{LocalText, Slug};

/// What an organisation may ask of holders for one purpose. A wallet refuses a request that asks for more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct PurposeRecord {
    /// The organisation that asks.
    pub did: Did,
    /// The purpose's id, for instance `open-account`.
    pub purpose: Slug,
    /// The organisation's name, as shown to holders.
    pub verifier_name: LocalText,
    /// What it is for, as shown to holders.
    pub purpose_name: LocalText,
    /// Whether the holder's consent or the law allows it.
    pub legal_basis: LegalBasis,
    /// The rule it rests on, as shown to holders.
    pub legal_text: LocalText,
    /// The most it may ask.
    pub asks: Vec<Ask>,
    /// How long the organisation keeps what it is shown; 0 when it keeps nothing.
    pub retention_days: u32,
    /// The registrations, oldest first.
    pub intervals: Vec<Interval>,
}

/// Why asking is allowed at all.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, BorshSerialize, BorshDeserialize,
)]
#[serde(rename_all = "kebab-case")]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum LegalBasis {
    /// The holder agrees.
    Consent = 0,
    /// A law or regulation says so.
    Statutory = 1,
}

/// Claims of one credential type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ask {
    /// The credential type, for instance `digital-id`.
    pub credential_type: Slug,
    /// The claims, by their names in the catalogue; each at most once.
    pub claims: Vec<String>,
}

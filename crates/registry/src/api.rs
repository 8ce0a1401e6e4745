//! What a node's HTTP API takes and answers. Shared by the node, the services' client and the wallet.
//!
//! | request | answer |
//! |---|---|
//! | `POST` [`TRANSACTIONS`], a transaction's bytes | [`SubmitResponse`], once it is final |
//! | `GET` [`transaction_path`] | [`SubmitResponse`], while the node remembers it |
//! | `GET` [`evidence_path`] | evidence bytes; as JSON [`EvidenceView`] |
//! | `POST` [`EVIDENCE`], [`EvidenceRequest`] | [`EvidenceResponse`], all of one block; with `Accept:` [`BUNDLE`] the bytes of an [`EvidenceBundle`](crate::EvidenceBundle) |
//! | `GET` [`hand_overs_path`] | [`HandOversResponse`]; with `Accept:` [`OCTETS`] its borsh encoding |
//! | `GET` [`SNAPSHOT`], from a node that makes snapshots | [`Manifest`](crate::snapshot::Manifest); with `Accept:` [`OCTETS`] its bytes |
//! | `GET` [`snapshot_chunk_path`] | a chunk's bytes |
//! | `GET` [`identifier_path`] | [`ResolutionResult`](crate::ResolutionResult) |
//! | `GET` [`block_path`] | [`BlockView`]; as octets the block's borsh encoding |
//! | `GET` [`block_range_path`] | consecutive blocks, see [`frame_blocks`] |
//! | `GET` [`blocks_path`] | [`BlocksResponse`] |
//! | `GET` [`HEAD`] | [`HeadResponse`] |
//! | `GET` [`GENESIS`] | [`Genesis`](crate::Genesis) |
//! | `GET` [`ANCHOR`] | [`Anchor`](crate::Anchor) |
//! | `GET` [`nonce_path`] | [`NonceResponse`] |
//! | `GET` [`EVENTS`] | server-sent events, see [`events`] |
//!
//! Refusals are `application/problem+json` (RFC 9457), see [`ProblemView`].

mod blocks;
pub mod events;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

pub use blocks::{BlockFrameError, frame_blocks, unframe_blocks};

use crate::block::{CertifiedBlock, Header};
use crate::did::Did;
use crate::evidence::Evidence;
use crate::hand_over::HandOver;
use crate::hash::Hash32;
use crate::record::{Record, RecordKey};
use crate::text::Slug;
use crate::time::UnixMillis;
use crate::transaction::{Author, Transaction};
use crate::validators::Certificate;

/// Media type of a transaction and of evidence.
pub const OCTETS: &str = "application/octet-stream";
/// Media type of several records' evidence in one, see [`EvidenceBundle`](crate::EvidenceBundle).
pub const BUNDLE: &str = "application/vnd.huizheng.bundle";
/// Media type of a DID Resolution result.
pub const DID_RESOLUTION: &str = "application/did-resolution";
/// Where transactions are submitted.
pub const TRANSACTIONS: &str = "/v1/transactions";
/// Where several records' evidence is asked for.
pub const EVIDENCE: &str = "/v1/evidence";
/// Where the validators' hand-overs are read.
pub const HAND_OVERS: &str = "/v1/handovers";
/// Where a snapshot's manifest is read.
pub const SNAPSHOT: &str = "/v1/snapshot";
/// Where DIDs are resolved.
pub const IDENTIFIERS: &str = "/v1/identifiers";
/// Where blocks are read.
pub const BLOCKS: &str = "/v1/blocks";
/// The newest block's header.
pub const HEAD: &str = "/v1/head";
/// The chain's genesis.
pub const GENESIS: &str = "/v1/genesis";
/// The chain's trust anchor.
pub const ANCHOR: &str = "/v1/anchor";
/// Where next nonces are read.
pub const NONCES: &str = "/v1/nonces";
/// Server-sent events: new blocks, and what they changed.
pub const EVENTS: &str = "/v1/events";
/// What the node counts and measures, as Prometheus reads it.
pub const METRICS: &str = "/metrics";
/// The description of this interface (OpenAPI 3.1).
pub const OPENAPI: &str = "/openapi.json";
/// Answers 200 while the process runs.
pub const LIVE: &str = "/health/live";
/// Answers 200 while the node takes transactions (a follower: blocks) and its newest block is fresh, else 503.
pub const READY: &str = "/health/ready";
/// The most keys one [`EvidenceRequest`] asks for.
pub const MAX_KEYS: usize = 64;
/// The most hand-overs one [`HandOversResponse`] lists.
pub const MAX_HAND_OVERS: usize = 100;
/// The most blocks one [`BlocksResponse`] lists.
pub const MAX_BLOCKS: u64 = 100;

/// `GET`: what became of a transaction.
#[must_use]
pub fn transaction_path(hash: &Hash32) -> String {
    format!("{TRANSACTIONS}/{hash}")
}

/// `GET`: evidence of one record. A key's text needs no escaping.
#[must_use]
pub fn evidence_path(key: &RecordKey) -> String {
    format!("{EVIDENCE}/{key}")
}

/// `GET`: the hand-overs after block `from`.
#[must_use]
pub fn hand_overs_path(from: u64) -> String {
    format!("{HAND_OVERS}?from={from}")
}

/// `GET`: one chunk, from 0, of the snapshot of block `height`.
#[must_use]
pub fn snapshot_chunk_path(height: u64, chunk: usize) -> String {
    format!("{SNAPSHOT}/{height}/{chunk}")
}

/// `GET`: a DID's resolution, now.
#[must_use]
pub fn identifier_path(did: &Did) -> String {
    format!("{IDENTIFIERS}/{did}")
}

/// `GET`: a DID's resolution as of `time`.
#[must_use]
pub fn identifier_path_at(did: &Did, time: UnixMillis) -> String {
    format!("{IDENTIFIERS}/{did}?versionTime={time}")
}

/// `GET`: one block.
#[must_use]
pub fn block_path(height: u64) -> String {
    format!("{BLOCKS}/{height}")
}

/// `GET`, octets: at most `count` consecutive blocks from height `from` upwards, see [`frame_blocks`].
#[must_use]
pub fn block_range_path(from: u64, count: u64) -> String {
    format!("{BLOCKS}/{from}?count={count}")
}

/// `GET`: at most `limit` block headers from height `from` downwards.
#[must_use]
pub fn blocks_path(from: u64, limit: u64) -> String {
    format!("{BLOCKS}?from={from}&limit={limit}")
}

/// `GET`: an author's next nonce.
#[must_use]
pub fn nonce_path(author: &Author) -> String {
    format!("{NONCES}/{author}")
}

/// A transaction became final.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubmitResponse {
    /// Its hash.
    pub hash: Hash32,
    /// The block it is in.
    pub height: u64,
    /// Its place in the block, from 0.
    pub index: u32,
    /// The block's time.
    pub time: UnixMillis,
}

/// Asks for evidence of several records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceRequest {
    /// Where they stand; at most [`MAX_KEYS`].
    pub keys: Vec<RecordKey>,
}

/// Evidence of several records, in the order asked for, all from one block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceResponse {
    /// In base64url.
    pub evidence: Vec<Evidence>,
}

/// Hand-overs after the block asked for, the oldest first. When there are [`MAX_HAND_OVERS`], ask for those after the last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct HandOversResponse {
    /// In base64url.
    pub hand_overs: Vec<HandOver>,
}

/// Evidence for people: the record can be read, and the evidence checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceView {
    /// Where it stands.
    pub key: RecordKey,
    /// What stands there; null when nothing does.
    pub record: Option<Record>,
    /// The block in which this is so.
    pub height: u64,
    /// That block's time.
    pub time: UnixMillis,
    /// The evidence, in base64url.
    pub evidence: Evidence,
}

/// One block, readable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockView {
    /// Its id.
    pub id: Hash32,
    /// Its header.
    pub header: Header,
    /// Its certificate.
    pub certificate: Certificate,
    /// Its transactions, each with its hash.
    pub transactions: Vec<TransactionView>,
}

/// One transaction, readable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionView {
    /// Its hash.
    pub hash: Hash32,
    /// The transaction.
    pub transaction: Transaction,
}

impl From<CertifiedBlock> for BlockView {
    fn from(CertifiedBlock { block, certificate }: CertifiedBlock) -> Self {
        let view = |transaction: Transaction| TransactionView { hash: transaction.hash(), transaction };
        let transactions = block.transactions.into_iter().map(view).collect();
        Self { id: block.header.id(), header: block.header, certificate, transactions }
    }
}

/// Block headers, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlocksResponse {
    /// At most [`MAX_BLOCKS`].
    pub blocks: Vec<BlockSummary>,
}

/// One block in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockSummary {
    /// Its id.
    pub id: Hash32,
    /// Its height.
    pub height: u64,
    /// Its time.
    pub time: UnixMillis,
    /// How many transactions it has.
    pub transactions: usize,
}

/// Where the chain is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HeadResponse {
    /// The chain.
    pub chain_id: Hash32,
    /// Its network's name.
    pub network: Slug,
    /// The newest block's height.
    pub height: u64,
    /// Its time.
    pub time: UnixMillis,
    /// Its id.
    pub block_id: Hash32,
    /// The state after it.
    pub state_root: Hash32,
}

/// An author's next nonce.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NonceResponse {
    /// Whose.
    pub author: Author,
    /// What its next transaction must carry.
    pub next: u64,
}

/// Prefix of every problem's `type`.
pub const PROBLEM_PREFIX: &str = "urn:huizheng:problem:";

/// A refusal, as a client reads it. The code is the last part of `type`: for a transaction
/// [`TxError::code`](crate::TxError::code) or [`TransactionError::code`](crate::TransactionError::code), else one of
/// the codes in this module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemView {
    /// `urn:huizheng:problem:<code>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What kind of refusal it is, for people.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What was wrong this time.
    #[serde(default)]
    pub detail: Option<String>,
    /// With [`TRANSACTION_KNOWN`]: where the transaction is.
    #[serde(default)]
    pub known: Option<SubmitResponse>,
}

impl ProblemView {
    /// The code.
    #[must_use]
    pub fn code(&self) -> &str {
        self.kind.strip_prefix(PROBLEM_PREFIX).unwrap_or(&self.kind)
    }
}

/// 409: this very transaction is final already; `known` says where. A client that lost the first answer can go on.
pub const TRANSACTION_KNOWN: &str = "transaction-known";
/// 409: the chain is run by one node alone, whose validator can't change.
pub const VALIDATORS_FIXED: &str = "validators-fixed";
/// 503: too many transactions wait; nothing was taken, try again shortly.
pub const BUSY: &str = "node-busy";
/// 503: the disk failed while the transaction was written. It is final or gone: submit the same bytes again.
pub const OUTCOME_UNKNOWN: &str = "outcome-unknown";
/// 503: the node cannot write any more and takes nothing until it is restarted.
pub const STOPPED: &str = "node-stopped";
/// 503: the newest block is older than it should be: the chain or its network stands still.
pub const STALE: &str = "tip-stale";
/// 503: this node only follows the chain; `upstream` names one to send transactions to.
pub const FOLLOWS_ONLY: &str = "node-follows-only";
/// 410: the node began from a snapshot and never had the block; `first` is the first it has, `elsewhere` a node that may
/// have it, or null.
pub const BLOCK_PRUNED: &str = "block-pruned";
/// 503: as many listen to events as the node allows; try again later, or ask now and then.
pub const TOO_MANY_LISTENERS: &str = "too-many-listeners";

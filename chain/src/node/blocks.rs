//! Reading the chain: its head, its beginning, its blocks, its nonces.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use registry::api::{
    BlockView, BlocksResponse, HeadResponse, MAX_BLOCKS, NonceResponse, OCTETS, frame_blocks,
};
use registry::{Anchor, Author, Genesis};
use serde::Deserialize;
use service::Problem;
use service::extract::{Path, Query};

use crate::ledger::Ledger;
use crate::node::{accepts, malformed, refusal};

const DEFAULT_BLOCKS: u64 = 20;
/// An answer of this many bytes takes no further block.
const HEAVY: usize = 4 * 1024 * 1024;

/// Which blocks to list.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    from: Option<u64>,
    limit: Option<u64>,
}

/// `GET /v1/blocks`: from `from` (the tip unless told) downwards.
pub(super) async fn list(
    State(ledger): State<Arc<dyn Ledger>>,
    Query(page): Query<Page>,
) -> Result<Json<BlocksResponse>, Problem> {
    let limit = page.limit.unwrap_or(DEFAULT_BLOCKS);
    if !(1..=MAX_BLOCKS).contains(&limit) {
        return Err(
            Problem::bad_request("limit", "Ask for 1 to 100 blocks at once").with("limit", MAX_BLOCKS)
        );
    }
    let limit = usize::try_from(limit).unwrap_or(1);
    let blocks = ledger.blocks(page.from.unwrap_or(u64::MAX), limit).await.map_err(Problem::internal)?;
    Ok(Json(BlocksResponse { blocks }))
}

/// How many blocks to hand out in a row.
#[derive(Debug, Deserialize)]
pub(super) struct Row {
    count: Option<u64>,
}

/// `GET /v1/blocks/{height}`: JSON, or bytes when asked for; with `count`, bytes of the blocks from there upwards.
pub(super) async fn one(
    State(ledger): State<Arc<dyn Ledger>>,
    Path(height): Path<String>,
    Query(row): Query<Row>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let height = height.parse().map_err(|_| malformed("height-malformed", "a height is a plain number"))?;
    let missing =
        || Problem::not_found("There is no such block").detail("Blocks are counted from 1 up to the head");
    if let Some(count) = row.count {
        let blocks = in_a_row(ledger.as_ref(), height, count).await?;
        if blocks.is_empty() {
            return Err(missing());
        }
        return Ok(([(header::CONTENT_TYPE, OCTETS)], blocks).into_response());
    }
    let block = ledger.block(height).await.map_err(refusal::of_read)?.ok_or_else(missing)?;
    if accepts(&headers, OCTETS) {
        let bytes = borsh::to_vec(&block).map_err(Problem::internal)?;
        return Ok(([(header::CONTENT_TYPE, OCTETS)], bytes).into_response());
    }
    Ok(Json(BlockView::from(block)).into_response())
}

/// At most `count` blocks from `from` upwards, framed; fewer when they are heavy, at least one when there is one.
async fn in_a_row(ledger: &dyn Ledger, from: u64, count: u64) -> Result<Vec<u8>, Problem> {
    if !(1..=MAX_BLOCKS).contains(&count) {
        return Err(
            Problem::bad_request("limit", "Ask for 1 to 100 blocks at once").with("limit", MAX_BLOCKS)
        );
    }
    let mut bytes = Vec::new();
    for height in from..from.saturating_add(count) {
        let Some(block) = ledger.block(height).await.map_err(refusal::of_read)? else { break };
        bytes.extend(frame_blocks([&block]));
        if bytes.len() >= HEAVY {
            break;
        }
    }
    Ok(bytes)
}

/// `GET /v1/head`.
pub(super) async fn head(State(ledger): State<Arc<dyn Ledger>>) -> Json<HeadResponse> {
    Json(ledger.tip().head(ledger.genesis()))
}

/// `GET /v1/genesis`.
pub(super) async fn genesis(State(ledger): State<Arc<dyn Ledger>>) -> Json<Genesis> {
    Json(ledger.genesis().clone())
}

/// `GET /v1/anchor`: for setup. Whoever asks a node for the anchor trusts that node.
pub(super) async fn anchor(State(ledger): State<Arc<dyn Ledger>>) -> Json<Anchor> {
    Json(ledger.genesis().anchor())
}

/// `GET /v1/nonces/{author}`.
pub(super) async fn nonce(
    State(ledger): State<Arc<dyn Ledger>>,
    Path(author): Path<String>,
) -> Result<Json<NonceResponse>, Problem> {
    let author: Author = author.parse().map_err(|error| malformed("author-malformed", error))?;
    let next = ledger.tip().nonce(&author).map_err(Problem::internal)?;
    Ok(Json(NonceResponse { author, next }))
}

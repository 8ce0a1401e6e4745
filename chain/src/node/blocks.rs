//! Reading the chain: its head, its beginning, its blocks, its nonces.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use registry::api::{BlockView, BlocksResponse, HeadResponse, MAX_BLOCKS, NonceResponse};
use registry::{Anchor, Author, Genesis};
use serde::Deserialize;
use service::Problem;
use service::extract::{Path, Query};

use crate::ledger::Ledger;
use crate::node::malformed;

const DEFAULT_BLOCKS: u64 = 20;

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

/// `GET /v1/blocks/{height}`.
pub(super) async fn one(
    State(ledger): State<Arc<dyn Ledger>>,
    Path(height): Path<String>,
) -> Result<Json<BlockView>, Problem> {
    let height = height.parse().map_err(|_| malformed("height-malformed", "a height is a plain number"))?;
    let block = ledger.block(height).await.map_err(Problem::internal)?;
    let missing =
        || Problem::not_found("There is no such block").detail("Blocks are counted from 1 up to the head");
    Ok(Json(BlockView::from(block.ok_or_else(missing)?)))
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

//! Lists of blocks.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use registry::api::BlockSummary;
use serde::Deserialize;
use service::Problem;
use service::extract::Query;
use service::ui::{Markup, Page, Table, heading, html};

use crate::explorer::parts::{hash, instant, number, pager};
use crate::explorer::{Explorer, View, words};

/// Blocks on a page.
const PAGE: usize = 25;

/// Where a page of blocks begins.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Place {
    from: Option<u64>,
}

impl<S: Send + Sync> FromRequestParts<S> for Place
where
    Explorer: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // An address typed by hand that makes no sense shows the newest blocks.
        Ok(Query::<Self>::from_request_parts(parts, state)
            .await
            .map_or_else(|_| Self::default(), |query| query.0))
    }
}

/// `GET /blocks`, newest first; from the height in `from` downwards.
pub(super) async fn page(view: View, place: Place) -> Result<Page, Problem> {
    let t = view.t;
    let tip = view.tip.header.height;
    let from = place.from.unwrap_or(tip).clamp(1, tip);
    let list = list(&view, from).await?;
    let step = PAGE as u64;
    let newer =
        (from < tip).then(|| (format!("/blocks?from={}", (from + step).min(tip)), t.get("blocks.newer")));
    let older = from.checked_sub(step).filter(|from| *from > 0);
    let older = older.map(|from| (format!("/blocks?from={from}"), t.get("blocks.older")));
    let newest = (from == tip).then_some("/live/blocks");
    let body = html! {
        (heading(t.get("nav.blocks"), t.get("blocks.lead")))
        div data-live-events=[newest] { (list) }
        (pager(newer, older))
    };
    Ok(super::page(&view, t.get("nav.blocks"), body))
}

/// `GET /live/blocks`: the newest page's list.
pub(super) async fn fragment(view: View) -> Result<Markup, Problem> {
    list(&view, view.tip.header.height).await
}

async fn list(view: &View, from: u64) -> Result<Markup, Problem> {
    let blocks = view.ledger.blocks(from, PAGE).await.map_err(Problem::internal)?;
    let to = blocks.last().map_or(from, |block| block.height);
    let caption = view.t.with("blocks.range", &[("from", &number(from)), ("to", &number(to))]);
    table(view, &caption, &blocks).await
}

/// Blocks with what happened in each: in words where it is one thing, else how many.
pub(super) async fn table(view: &View, caption: &str, blocks: &[BlockSummary]) -> Result<Markup, Problem> {
    let t = view.t;
    let columns = [t.get("block.height"), t.get("block.time"), t.get("block.content"), t.get("block.id")];
    let mut table = Table::new(caption, columns);
    for block in blocks {
        let content = match block.transactions {
            0 => html! { span.quiet { (t.get("block.heartbeat")) } },
            1 => only(view, block.height).await?,
            count => html! { (t.with("block.count", &[("count", &number(count as u64))])) },
        };
        table = table.row([
            html! { a href={ "/blocks/" (block.height) } { (number(block.height)) } },
            instant(view, block.time),
            content,
            hash(&block.id),
        ]);
    }
    Ok(html! { div.blocks { (table.render()) } })
}

async fn only(view: &View, height: u64) -> Result<Markup, Problem> {
    let block = view.ledger.block(height).await.map_err(Problem::internal)?;
    let transaction = block.as_ref().and_then(|block| block.block.transactions.first());
    Ok(transaction.map_or_else(Markup::default, |transaction| words::sentence(view, transaction)))
}

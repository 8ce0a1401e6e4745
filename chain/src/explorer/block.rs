//! One block: its transactions in words, and what the validators signed.

use registry::CertifiedBlock;
use service::Problem;
use service::extract::Path;
use service::ui::{Icon, Markup, Page, details, empty, facts, heading, html, panel};

use crate::explorer::parts::{copied, hash, instant, number, pager};
use crate::explorer::{View, words};

/// How many transactions of a block are shown.
const MOST: usize = 500;

/// `GET /blocks/{height}`.
pub(super) async fn page(view: View, Path(height): Path<String>) -> Result<Page, Problem> {
    let block = find(&view, &height).await?;
    let t = view.t;
    let header = &block.block.header;
    let height = header.height;
    let title = t.with("block.number", &[("height", &number(height))]);
    let newer =
        (height < view.tip.header.height).then(|| (format!("/blocks/{}", height + 1), t.get("block.next")));
    let older = (height > 1).then(|| (format!("/blocks/{}", height - 1), t.get("block.previous")));
    let known = [
        (t.get("block.time"), instant(&view, header.time)),
        (t.get("block.id"), copied(&view, &header.id().to_string())),
        (t.get("block.signers"), signers(&view, &block)),
    ];
    let roots = [
        (t.get("block.previous_id"), previous(&block)),
        (t.get("block.tx_root"), code(header.tx_root)),
        (t.get("block.state_root"), code(header.state_root)),
        (t.get("block.validators"), code(header.validators_hash)),
        (t.get("block.next_validators"), code(header.next_validators_hash)),
    ];
    let body = html! {
        (heading(&title, &content(&view, &block)))
        @if block.block.transactions.is_empty() {
            (empty(Icon::Clock, t.get("block.heartbeat"), t.get("block.heartbeat_text"), Markup::default()))
        } @else {
            (panel(t.get("block.transactions"), transactions(&view, &block)))
        }
        (panel(t.get("block.signed"), html! {
            (facts(known))
            (details(t.get("block.header"), facts(roots)))
            p { a href={ "/v1/blocks/" (height) } { (t.get("block.json")) } }
        }))
        (pager(newer, older))
    };
    Ok(super::page(&view, &title, body))
}

/// The block at a height written in an address.
pub(super) async fn find(view: &View, height: &str) -> Result<CertifiedBlock, Problem> {
    let missing = || Problem::not_found(view.t.get("block.none")).detail(view.t.get("block.none_text"));
    let height = height.parse().map_err(|_| missing())?;
    view.ledger.block(height).await.map_err(crate::node::refused_read)?.ok_or_else(missing)
}

fn content(view: &View, block: &CertifiedBlock) -> String {
    match block.block.transactions.len() {
        0 | 1 => String::new(),
        count => view.t.with("block.count", &[("count", &number(count as u64))]),
    }
}

fn transactions(view: &View, block: &CertifiedBlock) -> Markup {
    let height = block.block.header.height;
    html! {
        ol.said {
            @for (index, transaction) in block.block.transactions.iter().take(MOST).enumerate() {
                li {
                    p { (words::sentence(view, transaction)) }
                    p.small { a href={ "/blocks/" (height) "/" (index) } { (view.t.get("transaction.more")) } " " (hash(&transaction.hash())) }
                }
            }
        }
        @if block.block.transactions.len() > MOST { p.quiet { (view.t.with("block.more", &[("shown", &MOST.to_string())])) } }
    }
}

fn signers(view: &View, block: &CertifiedBlock) -> Markup {
    let validators = view.ledger.validators_at(block.block.header.height);
    let signed = block.certificate.signatures.len().to_string();
    let all = validators.map_or(0, |set| set.as_slice().len()).to_string();
    html! {
        (view.t.with("block.signed_by", &[("signed", &signed), ("all", &all)]))
    }
}

fn previous(block: &CertifiedBlock) -> Markup {
    let header = &block.block.header;
    html! {
        @if header.height > 1 { a href={ "/blocks/" (header.height - 1) } { code { (header.previous) } } }
        @else { code { (header.previous) } }
    }
}

fn code(hash: registry::Hash32) -> Markup {
    html! { code { (hash) } }
}

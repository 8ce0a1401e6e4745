//! One transaction: what it did, who signed it, and all of it as JSON.

use axum::response::Redirect;
use registry::{Author, Ed25519Key, Hash32, Record, RecordKey, Transaction};
use service::Problem;
use service::extract::Path;
use service::ui::{Markup, Page, State, badge, details, facts, heading, html, panel};

use crate::explorer::parts::{block as block_link, copied, instant, organisation, short};
use crate::explorer::{View, block, words};

/// `GET /transactions/{hash}`: leads to where it is.
pub(super) async fn by_hash(view: View, Path(hash): Path<String>) -> Result<Redirect, Problem> {
    let found = hash.parse::<Hash32>().ok().and_then(|hash| view.ledger.transaction(&hash));
    let found = found.ok_or_else(|| missing(&view))?;
    Ok(Redirect::to(&format!("/blocks/{}/{}", found.height, found.index)))
}

/// `GET /blocks/{height}/{index}`.
pub(super) async fn page(view: View, Path((height, index)): Path<(String, String)>) -> Result<Page, Problem> {
    let found = block::find(&view, &height).await?;
    let header = &found.block.header;
    let index: usize = index.parse().map_err(|_| missing(&view))?;
    let transaction = found.block.transactions.get(index).ok_or_else(|| missing(&view))?;
    let t = view.t;
    let json = serde_json::to_string_pretty(transaction).map_err(Problem::internal)?;
    let known = [
        (t.get("transaction.state"), badge(State::Valid, t.get("transaction.final"))),
        (t.get("transaction.block"), block_link(&view, header.height)),
        (t.get("block.time"), instant(&view, header.time)),
        (t.get("transaction.nonce"), html! { (transaction.nonce) }),
        (t.get("transaction.hash"), copied(&view, &transaction.hash().to_string())),
        (t.get("transaction.signatures"), signatures(&view, transaction)?),
    ];
    let body = html! {
        (heading(t.get("transaction.title"), ""))
        p.lead { (words::sentence(&view, transaction)) }
        (panel("", facts(known)))
        (panel("", details(t.get("transaction.json"), html! { pre.json tabindex="0" { code { (json) } } })))
    };
    Ok(super::page(&view, t.get("transaction.title"), body))
}

fn missing(view: &View) -> Problem {
    Problem::not_found(view.t.get("transaction.none")).detail(view.t.get("transaction.none_text"))
}

fn signatures(view: &View, transaction: &Transaction) -> Result<Markup, Problem> {
    let governance = match view.record(&RecordKey::Governance)? {
        Some(Record::Governance(record)) if transaction.author == Author::Governance => Some(record),
        _ => None,
    };
    let name = |key: &Ed25519Key| {
        let member = governance.as_ref()?.member(key)?;
        Some(member.name.in_language(view.lang().code()).to_owned())
    };
    Ok(html! {
        ul.members { @for signature in &transaction.signatures { li {
            @match (name(&signature.key), &transaction.author) {
                (Some(name), _) => span { (name) },
                (None, Author::Did(did)) => span { (organisation(view, did)) },
                (None, Author::Governance) => span.quiet { (view.t.get("transaction.former_member")) },
            }
            (short(&signature.key.to_string()))
        } } }
    })
}

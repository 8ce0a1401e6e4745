//! The first page: where the chain is, what was decided last, who validates and who governs.

use registry::{Record, RecordKey};
use service::Problem;
use service::ui::{Markup, Page, Tone, heading, html, notice, panel};

use crate::explorer::parts::{copied, instant, number, record_link, say};
use crate::explorer::{View, blocks, search, validators};

/// How many blocks it lists, and how far back it looks for some in which anything was decided.
const LATEST: usize = 8;
const LOOKED_AT: usize = 500;

/// `GET /`.
pub(super) async fn page(view: View) -> Result<Page, Problem> {
    let t = view.t;
    let network = view.ledger.genesis().network.to_string();
    let body = html! {
        (heading(&t.with("overview.title", &[("network", &network)]), t.get("overview.lead")))
        (search::form(&view, ""))
        @if let Some(upstream) = view.ledger.upstream() {
            (notice(Tone::Info, t.get("overview.follower"), &t.with("overview.follower_of", &[("upstream", upstream)])))
        }
        div.stack data-live-events="/live/overview" { (live(&view).await?) }
        div.grid.wide-grid {
            (panel(t.get("validators.title"), validators::table(&view).await?))
            (panel(t.get("governance.title"), governance(&view)?))
        }
        (panel(t.get("chain.title"), html! {
            p { (t.get("chain.id_text")) }
            (copied(&view, &view.tip.header.chain_id.to_string()))
            p.row { a href="/v1/anchor" { (t.get("chain.anchor")) } a href="/v1/genesis" { (t.get("chain.genesis")) }
                a href="/docs" { (t.get("docs.title")) } }
        }))
    };
    Ok(super::page(&view, t.get("nav.overview"), body))
}

/// `GET /live/overview`: the part that changes with every block.
pub(super) async fn fragment(view: View) -> Result<Markup, Problem> {
    live(&view).await
}

async fn live(view: &View) -> Result<Markup, Problem> {
    let t = view.t;
    let header = &view.tip.header;
    let latest = view.ledger.blocks(header.height, LOOKED_AT).await.map_err(Problem::internal)?;
    let decided = latest.iter().filter(|block| block.transactions > 0).take(LATEST).cloned();
    let (decided, plain): (Vec<_>, _) = (decided.collect(), latest.get(..LATEST).unwrap_or(&latest));
    let (caption, shown) = match decided.as_slice() {
        [] => (t.get("blocks.latest"), plain),
        decided => (t.get("blocks.decided"), decided),
    };
    let issuers = view.keys("trust/").len();
    Ok(html! {
        dl.stats {
            div { dt { (t.get("stat.height")) } dd { a href={ "/blocks/" (header.height) } { (number(header.height)) } } }
            div { dt { (t.get("stat.time")) } dd.moment { (instant(view, header.time)) } }
            div { dt { (t.get("stat.organisations")) } dd { a href="/organisations" { (number(view.dids().len() as u64)) } } }
            div { dt { (t.get("stat.accreditations")) } dd { a href="/types" { (number(issuers as u64)) } } }
        }
        (blocks::table(view, caption, shown).await?)
        p { a href="/blocks" { (t.get("blocks.all")) } }
    })
}

fn governance(view: &View) -> Result<Markup, Problem> {
    let t = view.t;
    let Some(Record::Governance(record)) = view.record(&RecordKey::Governance)? else {
        return Ok(html! { p { (t.get("governance.none")) } });
    };
    let values = [
        ("threshold", html! { strong { (record.threshold) } }),
        ("members", html! { (record.members.len()) }),
    ];
    Ok(html! {
        p { (say(view, "governance.rule", &values)) }
        ul.members { @for member in &record.members { li {
            span { (member.name.in_language(view.lang().code())) }
            (super::parts::short(&member.key.to_string()))
        } } }
        (record_link(view, &RecordKey::Governance))
    })
}

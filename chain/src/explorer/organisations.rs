//! Every organisation on the chain.

use registry::{Did, RecordKey};
use serde::Deserialize;
use service::Problem;
use service::extract::Query;
use service::ui::{Icon, Markup, Page, State, Table, badge, empty, heading, html};

use crate::explorer::View;
use crate::explorer::parts::{credential_type, day, organisation, pager, short};

/// Organisations on a page.
const PAGE: usize = 50;

/// Where a page begins: after this DID.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Place {
    after: Option<Did>,
}

/// `GET /organisations`.
pub(super) async fn page(view: View, Query(place): Query<Place>) -> Result<Page, Problem> {
    let t = view.t;
    let dids = view.dids();
    let all = dids.len();
    let rest: Vec<Did> =
        dids.into_iter().filter(|did| place.after.as_ref().is_none_or(|after| did > after)).collect();
    let shown = rest.get(..PAGE.min(rest.len())).unwrap_or_default();
    let older = (rest.len() > PAGE).then(|| shown.last()).flatten();
    let older = older.map(|last| (format!("/organisations?after={last}"), t.get("more")));
    let newer = place.after.is_some().then(|| ("/organisations".to_owned(), t.get("from_start")));
    let body = html! {
        (heading(t.get("nav.organisations"), t.get("organisations.lead")))
        @if all == 0 { (empty(Icon::Building, t.get("organisations.none"), t.get("organisations.none_text"), Markup::default())) }
        @else { (table(&view, shown, all)?) (pager(newer, older)) }
    };
    Ok(super::page(&view, t.get("nav.organisations"), body))
}

/// Organisations with what each may do.
pub(super) fn table(view: &View, dids: &[Did], all: usize) -> Result<Markup, Problem> {
    let t = view.t;
    let caption = t.with("organisations.count", &[("count", &all.to_string())]);
    let columns = [
        t.get("organisation.name"),
        t.get("organisation.may"),
        t.get("organisation.since"),
        t.get("organisation.did"),
    ];
    let mut table = Table::new(caption, columns);
    for did in dids {
        let Some(record) = view.did(did)? else { continue };
        let state = record.deactivated.map(|_| badge(State::Revoked, t.get("organisation.deactivated")));
        table = table.row([
            html! { (organisation(view, did)) @if let Some(state) = state { " " (state) } },
            may(view, did)?,
            day(view, record.created),
            html! { span title=(did) { (short(did.to_string().rsplit(':').next().unwrap_or_default())) } },
        ]);
    }
    Ok(table.render())
}

/// What the organisation may issue and for what it may ask, now.
fn may(view: &View, did: &Did) -> Result<Markup, Problem> {
    let (t, now) = (view.t, view.now());
    let of = format!("{did}/");
    let issues = view.accreditations(&of)?;
    let issues: Vec<_> =
        issues.iter().filter(|record| record.intervals.iter().any(|i| i.covers(now))).collect();
    let asks = view.keys(&format!("verifier/{of}"));
    let asks = asks.iter().filter(|key| matches!(key, RecordKey::Purpose(..))).count();
    Ok(html! {
        @if !issues.is_empty() {
            div { (t.get("organisation.issues")) " "
                @for (index, record) in issues.iter().enumerate() {
                    @if index > 0 { (t.get("comma")) }
                    (credential_type(view, &record.credential_type))
                }
            }
        }
        @if asks > 0 { div { (t.with("organisation.asks", &[("count", &asks.to_string())])) } }
        @if issues.is_empty() && asks == 0 { span.quiet { (t.get("organisation.nothing")) } }
    })
}

//! One organisation: its keys, what it may issue and ask, and its history.

mod history;
mod keys;

use registry::{Did, DidRecord, RecordKey};
use service::Problem;
use service::extract::Path;
use service::ui::{Markup, Page, Table, Tone, facts, heading, html, notice, panel};

use crate::explorer::View;
use crate::explorer::parts::{copied, credential_type, day, periods, record_link, standing};
use crate::explorer::verifiers;

/// `GET /organisations/{did}`.
pub(super) async fn page(view: View, Path(did): Path<String>) -> Result<Page, Problem> {
    let t = view.t;
    let missing = || Problem::not_found(t.get("organisation.none")).detail(t.get("organisation.none_text"));
    let did: Did = did.parse().map_err(|_| missing())?;
    let record = view.did(&did)?.ok_or_else(missing)?;
    let name = view.name(&did).unwrap_or_else(|| t.get("organisation.unnamed").to_owned());
    let purposes = view.purposes(&format!("{did}/"))?;
    let body = html! {
        (heading(&name, ""))
        @if let Some(since) = record.deactivated {
            (notice(Tone::Bad, t.get("organisation.deactivated"),
                &t.with("organisation.deactivated_text", &[("day", &service::dates::day_of(view.lang(), since))])))
        }
        (panel("", identity(&view, &record)))
        section.stack #issues { h2 { (t.get("organisation.issues_title")) } (accreditations(&view, &did)?) }
        section.stack #asks { h2 { (t.get("organisation.asks_title")) }
            @if purposes.is_empty() { p.quiet { (t.get("organisation.asks_nothing")) } }
            @else { div.grid { @for purpose in &purposes { (verifiers::purpose(&view, purpose, false)) } } }
        }
        section.stack #keys { h2 { (t.get("keys.title")) } p { (t.get("keys.lead")) } (keys::table(&view, &record)) }
        (lists(&view, &did)?)
        section.stack #history { h2 { (t.get("history.title")) } (history::timeline(&view, &record)?) }
    };
    Ok(super::page(&view, &name, body))
}

fn identity(view: &View, record: &DidRecord) -> Markup {
    let t = view.t;
    let key = RecordKey::Did(record.did.clone());
    let services = html! { @for service in &record.services { div { (service.kind) ": " code { (service.endpoint) } } } };
    html! {
        (facts([
            (t.get("organisation.did"), copied(view, &record.did.to_string())),
            (t.get("organisation.since"), day(view, record.created)),
            (t.get("organisation.version"), html! { (record.version) }),
        ]))
        @if !record.services.is_empty() { (facts([(t.get("organisation.services"), services)])) }
        p.row {
            (record_link(view, &key))
            a href={ "/v1/identifiers/" (record.did) } { (t.get("organisation.resolution")) }
        }
    }
}

fn accreditations(view: &View, did: &Did) -> Result<Markup, Problem> {
    let t = view.t;
    let records = view.accreditations(&format!("{did}/"))?;
    if records.is_empty() {
        return Ok(html! { p.quiet { (t.get("organisation.issues_nothing")) } });
    }
    let columns = [t.get("type.title"), t.get("grant.state"), t.get("grant.period"), t.get("record.proof")];
    let table =
        records.iter().fold(Table::new(t.get("organisation.issues_caption"), columns), |table, record| {
            let key = RecordKey::Trust(record.did.clone(), record.credential_type.clone());
            table.row([
                credential_type(view, &record.credential_type),
                standing(view, &record.intervals),
                periods(view, &record.intervals),
                record_link(view, &key),
            ])
        });
    Ok(table.render())
}

fn lists(view: &View, did: &Did) -> Result<Markup, Problem> {
    let t = view.t;
    let lists = super::status_lists::of(view, &format!("status/{did}/"))?;
    if lists.is_empty() {
        return Ok(Markup::default());
    }
    Ok(
        html! { section.stack #lists { h2 { (t.get("nav.status_lists")) } (super::status_lists::table(view, &lists, false)) } },
    )
}

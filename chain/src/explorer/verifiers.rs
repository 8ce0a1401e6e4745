//! Who may ask citizens for what, and on what legal basis.

use registry::{LegalBasis, PurposeRecord, RecordKey};
use service::Problem;
use service::ui::{Icon, Markup, Page, empty, facts, heading, html, kept_for};

use crate::explorer::View;
use crate::explorer::parts::{credential_type, organisation, periods, record_link, standing};

/// `GET /verifiers`.
pub(super) async fn page(view: View) -> Result<Page, Problem> {
    let t = view.t;
    let purposes = view.purposes("")?;
    let body = html! {
        (heading(t.get("nav.verifiers"), t.get("verifiers.lead")))
        @if purposes.is_empty() {
            (empty(Icon::Scan, t.get("verifiers.none"), t.get("verifiers.none_text"), Markup::default()))
        } @else {
            div.grid { @for record in &purposes { (purpose(&view, record, true)) } }
        }
    };
    Ok(super::page(&view, t.get("nav.verifiers"), body))
}

/// One purpose as a panel, with whose it is where the page does not say.
pub(super) fn purpose(view: &View, record: &PurposeRecord, with_owner: bool) -> Markup {
    let (t, tag) = (view.t, view.lang().code());
    let basis = match record.legal_basis {
        LegalBasis::Consent => t.get("purpose.consent"),
        LegalBasis::Statutory => t.get("purpose.statutory"),
    };
    let asks = html! { @for ask in &record.asks {
        div { (credential_type(view, &ask.credential_type)) }
        ul.tags { @for claim in &ask.claims { li { code { (claim) } } } }
    } };
    let key = RecordKey::Purpose(record.did.clone(), record.purpose.clone());
    let who = with_owner.then(|| (t.get("purpose.who"), organisation(view, &record.did)));
    let rest = [
        (t.get("purpose.asks"), asks),
        (
            t.get("purpose.basis"),
            html! { div { (basis) } div.quiet { (record.legal_text.in_language(tag)) } },
        ),
        (t.get("purpose.kept"), html! { (kept_for(view.lang(), record.retention_days)) }),
        (t.get("grant.period"), periods(view, &record.intervals)),
    ];
    html! {
        section.panel.purpose {
            div.row.apart { h3 { (record.purpose_name.in_language(tag)) } (standing(view, &record.intervals)) }
            (facts(who.into_iter().chain(rest)))
            (record_link(view, &key))
        }
    }
}

//! One record as JSON, with the evidence that shows it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use registry::{Record, RecordKey};
use service::Problem;
use service::extract::Path;
use service::ui::{Icon, Page, empty, facts, heading, html, icon, panel};

use crate::explorer::View;
use crate::explorer::parts::{block, copied, instant, organisation};

/// `GET /records/{key}`.
pub(super) async fn page(view: View, Path(key): Path<String>) -> Result<Page, Problem> {
    let t = view.t;
    let missing = || Problem::not_found(t.get("record.no_key")).detail(t.get("record.no_key_text"));
    let key: RecordKey = key.parse().map_err(|_| missing())?;
    let record = view.record(&key)?;
    let evidence = view.tip.prove(&key).to_bytes();
    let size = evidence.len().to_string();
    let evidence = URL_SAFE_NO_PAD.encode(evidence);
    let header = &view.tip.header;
    let mut known = vec![(t.get("record.key"), copied(&view, &key.to_string()))];
    if let Some(did) = owner(&key) {
        known.push((t.get("record.owner"), organisation(&view, did)));
    }
    known.push((
        t.get("record.as_of"),
        html! { (block(&view, header.height)) ", " (instant(&view, header.time)) },
    ));
    let body = html! {
        (heading(t.get("record.title"), t.get("record.lead")))
        (panel("", facts(known)))
        @match &record {
            Some(record) => (panel(t.get("record.json"), json(&view, record)?)),
            None => (panel("", empty(Icon::Document, t.get("record.absent"), t.get("record.absent_text"), html! {}))),
        }
        (panel(t.get("record.evidence"), html! {
            p { (icon(Icon::Shield)) " " (t.with("record.evidence_text", &[("bytes", &size)])) }
            (copied(&view, &evidence))
            p.row { a href={ "/v1/evidence/" (key) } download { (t.get("record.download")) } }
        }))
    };
    Ok(super::page(&view, t.get("record.title"), body))
}

fn json(view: &View, record: &Record) -> Result<service::ui::Markup, Problem> {
    let json = serde_json::to_string_pretty(record).map_err(Problem::internal)?;
    Ok(html! { pre.json tabindex="0" aria-label=(view.t.get("record.json")) { code { (json) } } })
}

fn owner(key: &RecordKey) -> Option<&registry::Did> {
    match key {
        RecordKey::Did(did)
        | RecordKey::DidVersion(did, _)
        | RecordKey::Trust(did, _)
        | RecordKey::Purpose(did, _)
        | RecordKey::LogAnchor(did, _) => Some(did),
        RecordKey::StatusList(list) | RecordKey::StatusChunk(list, _) | RecordKey::Kept(list, _) => {
            Some(&list.owner)
        }
        RecordKey::Nonce(registry::Author::Did(did)) => Some(did),
        RecordKey::Schema(_)
        | RecordKey::Nonce(registry::Author::Governance)
        | RecordKey::Governance
        | RecordKey::Validators => None,
    }
}

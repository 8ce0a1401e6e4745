//! Status lists: how many entries say something, never whose.

use registry::{CHUNK_ENTRIES, Record, RecordKey, Status, StatusListRecord};
use service::Problem;
use service::ui::{Icon, Markup, Page, Table, empty, heading, html};

use crate::explorer::View;
use crate::explorer::parts::{day, number, organisation, record_link};

/// A list and how many of its entries are not valid.
pub(super) struct Counted {
    pub(super) record: StatusListRecord,
    revoked: u64,
    suspended: u64,
}

/// `GET /status-lists`.
pub(super) async fn page(view: View) -> Result<Page, Problem> {
    let t = view.t;
    let lists = of(&view, "status/")?;
    let body = html! {
        (heading(t.get("nav.status_lists"), t.get("lists.lead")))
        @if lists.is_empty() {
            (empty(Icon::List, t.get("lists.none"), t.get("lists.none_text"), Markup::default()))
        } @else { (table(&view, &lists, true)) }
    };
    Ok(super::page(&view, t.get("nav.status_lists"), body))
}

/// The lists whose keys begin so.
pub(super) fn of(view: &View, prefix: &str) -> Result<Vec<Counted>, Problem> {
    let mut lists: Vec<Counted> = Vec::new();
    // A list's own key comes before those of its chunks, in the order of text: `…/3` before `…/3/0`.
    for key in view.keys(prefix) {
        match (&key, view.record(&key)?) {
            (RecordKey::StatusList(_), Some(Record::StatusList(record))) => {
                lists.push(Counted { record, revoked: 0, suspended: 0 });
            }
            (RecordKey::StatusChunk(id, chunk), Some(Record::StatusChunk(bits))) => {
                let Some(list) = lists.iter_mut().find(|list| list.record.list == *id) else { continue };
                for index in chunk * CHUNK_ENTRIES..(chunk + 1) * CHUNK_ENTRIES {
                    match bits.status(index) {
                        Some(Status::Revoked) => list.revoked += 1,
                        Some(Status::Suspended) => list.suspended += 1,
                        Some(Status::Valid) | None => {}
                    }
                }
            }
            _ => {}
        }
    }
    Ok(lists)
}

/// A row for each list, with whose it is where the page does not say.
pub(super) fn table(view: &View, lists: &[Counted], with_owner: bool) -> Markup {
    let t = view.t;
    let owner = with_owner.then(|| t.get("lists.owner"));
    let columns =
        [t.get("lists.number"), t.get("lists.revoked"), t.get("lists.suspended"), t.get("lists.length")];
    let columns = owner.into_iter().chain(columns).chain([t.get("lists.created"), t.get("record.proof")]);
    let table = lists.iter().fold(Table::new(t.get("lists.caption"), columns), |table, list| {
        let id = &list.record.list;
        let owner = with_owner.then(|| organisation(view, &id.owner));
        let cells = [
            html! { (id.number) },
            html! { (number(list.revoked)) },
            html! { (number(list.suspended)) },
            html! { (number(u64::from(list.record.length))) },
            day(view, list.record.created),
            record_link(view, &RecordKey::StatusList(id.clone())),
        ];
        table.row(owner.into_iter().chain(cells))
    });
    table.render()
}

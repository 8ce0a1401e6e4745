//! The audit log, newest first, for whoever audits the department.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use credentials::UnixSeconds;
use serde::Deserialize;
use service::Problem;
use service::extract::Query;
use service::ui::{Icon, Markup, Page, Table, Visitor, empty, heading, html};

use super::console::SignedIn;
use super::frame::{console, moment};
use crate::audit::{self, Entry, Who};
use crate::core::{App, texts};

/// Rows on one page.
const ROWS: usize = 50;

pub(super) fn router() -> Router<App> {
    Router::new().route("/console/audit", get(log))
}

#[derive(Deserialize)]
struct LogQuery {
    before: Option<u64>,
}

async fn log(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Query(query): Query<LogQuery>,
) -> Result<Page, Problem> {
    let t = texts(visitor.lang);
    let entries = audit::ENTRIES.newest(&app.store, query.before, ROWS).map_err(Problem::internal)?;
    let more = entries.last().map(|last| last.n).filter(|number| *number > 1);
    let title = t.get("audit.title");
    let columns =
        ["audit.number", "audit.at", "audit.who", "audit.what", "audit.about"].map(|key| t.get(key));
    let row = |table: Table, entry: &Entry| {
        table.row([
            html! { (entry.n) },
            html! { (moment(visitor.lang, UnixSeconds(entry.at))) },
            html! { (who(&visitor, entry)) },
            html! { (what(&visitor, entry)) },
            about(entry),
        ])
    };
    Ok(console(&app, &visitor, &session, title).body(html! {
        (heading(title, t.get("audit.lead")))
        @if entries.is_empty() { (empty(Icon::Document, t.get("audit.none"), t.get("audit.none-text"), html! {})) }
        @else { (entries.iter().fold(Table::new(title, columns).named_above(), row).render()) }
        @if let Some(number) = more {
            p { a.button.quiet href={ "/console/audit?before=" (number) } { (t.get("queue.more")) } }
        }
    }))
}

fn who<'a>(visitor: &Visitor, entry: &'a Entry) -> &'a str {
    let t = texts(visitor.lang);
    match &entry.who {
        Who::Staff { name } | Who::System { name } => name,
        Who::Applicant => t.get("audit.applicant"),
        Who::Wallet => t.get("audit.wallet"),
        Who::Stranger => t.get("audit.stranger"),
        // The service itself; an issuer's log has no verifier's acts.
        Who::Issuer | Who::Verifier => t.get("audit.issuer"),
    }
}

/// In words.
fn what<'a>(visitor: &Visitor, entry: &'a Entry) -> &'a str {
    texts(visitor.lang).find(&format!("audit.{}", entry.what)).unwrap_or(&entry.what)
}

/// What it was done to: what has a page of its own as a link.
fn about(entry: &Entry) -> Markup {
    html! {
        @for (name, value) in &entry.about {
            @match name.as_str() {
                "application" => a href={ "/console/applications/" (value) } { code { (value) } },
                "credential" => a href={ "/console/credentials/" (value) } { code { (value) } },
                _ => span { (name) " " code { (value) } },
            }
            " "
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use service::Lang;

    use crate::audit::has_words;
    use crate::core::STRINGS;

    /// What the sources note by name. A word that is chosen first and noted after is looked for when it is noted.
    fn words(folder: &Path, found: &mut Vec<String>) {
        for file in std::fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").path()) {
            if file.is_dir() {
                words(&file, found);
                continue;
            }
            let source = std::fs::read_to_string(&file).expect("text");
            // Put together, so that this very line is none of them.
            for call in source.split(concat!("Deed", "::new(")).skip(1) {
                let argument = call.split(')').next().unwrap_or_default();
                found.extend(argument.split('"').skip(1).step_by(2).map(str::to_owned));
            }
        }
    }

    #[test]
    fn every_act_has_words_in_both_languages() {
        let mut found = Vec::new();
        words(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut found);
        assert!(found.len() > 40, "{found:?}");
        for word in found.iter().map(String::as_str).chain(["presentation-declined", "correction-asked"]) {
            assert!(has_words(word), "{word}");
            for lang in [Lang::Zh, Lang::En] {
                let text = STRINGS.of(lang).find(&format!("audit.{word}")).unwrap_or_default();
                assert!(!text.is_empty() && text.is_ascii() == (lang == Lang::En), "{word}: {text}");
            }
        }
        assert!(!has_words("nothing-of-ours"));
    }
}

//! What was decided without the node, and what was found of it since.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use service::audit::{Noting, Who};
use service::extract::{Form, Path, Query};
use service::ui::{
    Icon, Markup, State as Badge, Table, Tone, Visitor, Width, badge, csrf_field, empty, heading, html,
    link_button, notice,
};
use service::{Lang, Problem, clock, dates};

use super::look::Look;
use super::request::private;
use super::session::{Clerk, ClerkSession, frame};
use crate::core::{App, Core};
use crate::decision::{Check, Verdict, texts};
use crate::journal::Entry;
use crate::offline::journal::{Finding, Rechecked};

/// Decisions on one page.
const ON_A_PAGE: usize = 50;
/// Where it is.
pub(super) const PATH: &str = "/offline";

pub(super) fn router() -> Router<App> {
    Router::new().route("/offline", get(list)).route("/offline/{number}/seen-to", post(see_to))
}

#[derive(Deserialize)]
struct Before {
    /// Decisions from before this number.
    before: Option<u64>,
}

async fn list(
    State(app): State<App>,
    visitor: Visitor,
    Clerk(session): Clerk,
    Query(Before { before }): Query<Before>,
) -> Result<Response, Problem> {
    let (lang, t) = (visitor.lang, texts(visitor.lang));
    let entries = app.account.journal.newest(before, ON_A_PAGE).map_err(Problem::internal)?;
    let older = entries.last().filter(|_| entries.len() == ON_A_PAGE).map(|(number, _)| *number);
    let title = t.get("offline.title");
    let columns = ["offline.when", "offline.what", "offline.who", "offline.decision", "offline.since"];
    let table = Table::new(t.get("offline.caption"), columns.map(|name| t.get(name)));
    let table = entries.iter().fold(table, |table, (number, entry)| {
        table.row([
            when(lang, *number, entry),
            what(&app, lang, entry),
            who(lang, entry),
            decision(lang, entry),
            since(lang, *number, entry, &session),
        ])
    });
    let page = frame(&app, &visitor, Some(&session), title).width(Width::Wide).body(html! {
        (heading(title, t.get("offline.lead")))
        @if entries.is_empty() {
            (empty(Icon::Tick, t.get("offline.none"), t.get("offline.none_text"), html! {}))
        } @else {
            div.journal { (table.render()) }
        }
        div.row {
            @if let Some(older) = older {
                (link_button(t.get("offline.older"), &format!("{PATH}?before={older}"), true))
            }
            (link_button(t.get("counter.home"), "/", true))
        }
    });
    Ok(private(page))
}

/// What the counter's first page says: something decided without the node does not hold, or can't be told.
pub(super) fn flagged(app: &Core, lang: Lang) -> Result<Markup, Problem> {
    let t = texts(lang);
    let count = match app.account.journal.flagged().map_err(Problem::internal)? {
        Some(0) => return Ok(html! {}),
        Some(count) => count.to_string(),
        None => t.get("offline.many").to_owned(),
    };
    Ok(html! {
        a.flagged href=(PATH) data-flagged=(count) {
            (notice(Tone::Unsure, &t.with("offline.flagged", &[("n", &count)]), t.get("offline.flagged_text")))
        }
    })
}

fn when(lang: Lang, number: u64, entry: &Entry) -> Markup {
    html! {
        time datetime=(entry.decided.at) { (dates::moment(lang, entry.decided.at)) }
        br;
        span.quiet.small { (texts(lang).with("offline.number", &[("n", &number.to_string())])) }
    }
}

/// The purpose, and what was shown for it.
fn what(app: &Core, lang: Lang, entry: &Entry) -> Markup {
    let id = entry.decided.policy.as_ref().map(|(id, _)| id);
    let policy = id.and_then(|id| app.purpose(id));
    let title = match (&policy, id) {
        (Some(policy), _) => lang.pick(&policy.title.zh, &policy.title.en),
        (None, Some(id)) => id.as_str(),
        (None, None) => texts(lang).get("offline.own_query"),
    };
    let types = entry.decided.credentials.iter().filter_map(|one| one.credential_type.as_ref());
    let labels = types.filter_map(|id| app.catalogue.by_id(id.as_str()));
    let labels: Vec<&str> = labels.map(|kind| lang.pick(&kind.label.zh, &kind.label.en)).collect();
    html! { (title) br; span.quiet.small { (labels.join(lang.pick("、", ", "))) } }
}

/// Who asked, where, and how the audit log names it: by that the papers of the case are found.
fn who(lang: Lang, entry: &Entry) -> Markup {
    let place = entry.place.as_ref().map(|place| format!(" · {place}")).unwrap_or_default();
    html! {
        (entry.asked_by) (place)
        br;
        span.quiet.small { (texts(lang).get("offline.log")) " " code { (entry.presentation) } }
    }
}

fn decision(lang: Lang, entry: &Entry) -> Markup {
    let (state, look) = match entry.decided.decision {
        Verdict::Accepted => (Badge::Accepted, Look::Accepted),
        Verdict::Refused => (Badge::Refused, Look::Refused),
        Verdict::CannotTell => (Badge::CannotTell, Look::CannotTell),
    };
    badge(state, look.title(lang))
}

/// What was found since, and what to do.
fn since(lang: Lang, number: u64, entry: &Entry, session: &ClerkSession) -> Markup {
    let t = texts(lang);
    let Some(found) = &entry.rechecked else {
        return html! { span data-found="waiting" { (badge(Badge::Waiting, t.get("offline.waiting"))) } };
    };
    let finding = found.finding();
    html! {
        span data-found=(finding.id()) { (said(lang, entry, found)) }
        br;
        span.quiet.small {
            @if found.untold.iter().any(|flag| flag.code == "not_in_time") { (t.get("offline.not_in_time")) }
            @else { (t.with("offline.found", &[("time", &dates::moment(lang, found.at))])) }
        }
        @match (&entry.seen_to, finding) {
            (Some((by, at)), _) => {
                br;
                span.quiet.small data-seen-to {
                    (t.with("offline.seen_to_by", &[("who", by), ("time", &dates::moment(lang, *at))]))
                }
            }
            (None, Finding::Holds) => {}
            (None, Finding::Fails | Finding::CannotTell) => {
                form method="post" action={ (PATH) "/" (number) "/seen-to" } data-once {
                    (csrf_field(&session.csrf))
                    button.button.quiet.small type="submit" {
                        (t.get("offline.seen_to"))
                        span.sr { " " (t.with("offline.number", &[("n", &number.to_string())])) }
                    }
                }
            }
        }
    }
}

fn said(lang: Lang, entry: &Entry, found: &Rechecked) -> Markup {
    let t = texts(lang);
    match (found.finding(), entry.decided.decision) {
        (Finding::Holds, Verdict::Accepted) => badge(Badge::Valid, t.get("offline.holds")),
        (Finding::Holds, Verdict::Refused) => badge(Badge::Done, t.get("offline.was_refused")),
        (Finding::Holds, Verdict::CannotTell) => badge(Badge::Done, t.get("offline.would_hold")),
        (Finding::CannotTell, _) => badge(Badge::CannotTell, t.get("look.cannot_tell")),
        (Finding::Fails, _) => html! {
            @for flag in &found.flags {
                @let look = Look::of_failed(&Check::failed(flag.check, flag.code.clone()));
                span class={ "badge " (look.tone()) } { (look.sign()) span { (look.title(lang)) } }
                " "
            }
        },
    }
}

#[derive(Deserialize)]
struct Plain {
    csrf: String,
}

async fn see_to(
    State(app): State<App>,
    Clerk(session): Clerk,
    Path(number): Path<u64>,
    Form(Plain { csrf }): Form<Plain>,
) -> Result<Response, Problem> {
    session.check_csrf(&csrf)?;
    let by = session.value;
    let noting = Noting::by(Who::Staff { name: by.clone() }, clock::now());
    // Whoever comes second finds it seen to, and sees by whom.
    let _ = app.account.journal.see_to(number, by, noting).await.map_err(Problem::internal)?;
    Ok(Redirect::to(PATH).into_response())
}

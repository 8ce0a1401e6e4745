//! The holder's own log: what came, what left, what was refused; to export and to delete.

use axum::response::{IntoResponse, Redirect, Response};
use http::header;
use maud::{Markup, html};
use registry::LocalText;
use serde::Deserialize;
use service::extract::{Form, Query};
use service::ui::{Field, Icon, Kind, Page, State, badge, copy, csrf_field, empty, icon, link_button};
use service::{Lang, Problem, dates};
use wallet_core::{Event, LogEntry, LogQuery, Outcome};

use super::frame::{Screen, Tab};
use super::state::Holder;
use super::words::{self, texts};

/// Entries on the page.
const PAGE: usize = 50;
/// Entries in an export.
const EXPORT: usize = 10_000;

#[derive(Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    q: String,
}

pub(super) async fn page(holder: Holder, Query(Search { q }): Query<Search>) -> Result<Page, Problem> {
    let lang = holder.visitor.lang;
    let t = texts(lang);
    let wanted = q.trim();
    let query = LogQuery { text: (!wanted.is_empty()).then(|| wanted.to_owned()), ..LogQuery::default() };
    let entries = holder.wallet.search_log(&query, None, PAGE).map_err(Problem::internal)?;
    let search = html! {
        form.stack role="search" method="get" action="/log" {
            (Field::new("q", t.get("log.search")).kind(Kind::Text).value(wanted).render(lang))
            button.button.quiet.small type="submit" { (t.get("log.find")) }
        }
    };
    let body = if entries.is_empty() && !wanted.is_empty() {
        html! { (search) (empty(Icon::List, t.get("log.not_found"), "", html! {})) }
    } else if entries.is_empty() {
        empty(Icon::List, t.get("log.none"), t.get("log.none_todo"), html! {})
    } else {
        html! {
            div.heading { h2 { (t.get("log.heading")) } p.lead { (t.get("log.lead")) } }
            (search)
            section.panel { @for entry in &entries { (draw(lang, &holder.session.csrf, entry)) } }
            (link_button(t.get("log.export"), "/log/export", true))
        }
    };
    Ok(Screen::new(&holder.visitor, t.get("log.title")).tab(Tab::Log).body(body))
}

pub(super) async fn export(holder: Holder) -> Result<Response, Problem> {
    let entries = holder.wallet.log(None, EXPORT).map_err(Problem::internal)?;
    let text = serde_json::to_vec_pretty(&entries).map_err(Problem::internal)?;
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"huizheng-log.json\""),
    ];
    Ok((headers, text).into_response())
}

#[derive(Deserialize)]
pub(super) struct Entry {
    csrf: String,
    entry: String,
}

pub(super) async fn delete(holder: Holder, Form(sent): Form<Entry>) -> Result<Redirect, Problem> {
    holder.session.check_csrf(&sent.csrf)?;
    holder.wallet.delete_log_entry(&sent.entry).await.map_err(Problem::internal)?;
    Ok(Redirect::to("/log"))
}

#[derive(Deserialize)]
pub(super) struct Which {
    entry: String,
}

/// A complaint's draft, to be copied, completed and sent by whoever complains.
pub(super) async fn complaint(holder: Holder, Query(Which { entry }): Query<Which>) -> Result<Page, Problem> {
    let lang = holder.visitor.lang;
    let t = texts(lang);
    let draft = holder.wallet.draft_complaint(&entry).map_err(Problem::internal)?;
    let draft = draft.ok_or_else(|| Problem::not_found(t.get("log.no_complaint")))?;
    let body = lang.pick(&draft.body.zh, &draft.body.en);
    Ok(Screen::new(&holder.visitor, t.get("log.complaint")).back("/log").tab(Tab::Log).body(html! {
        div.heading {
            h2 { (lang.pick(&draft.subject.zh, &draft.subject.en)) }
            p.lead { (t.get("log.complaint_lead")) }
        }
        section.panel { @for line in body.lines() { p { (line) } } }
        (copy(lang, body, t.get("log.copy")))
    }))
}

fn draw(lang: Lang, csrf: &str, entry: &LogEntry) -> Markup {
    let t = texts(lang);
    let said = Said::of(lang, &entry.event);
    html! {
        article.log-entry {
            span class={ "check-sign " (said.state.class()) } { (icon(said.sign)) }
            div {
                h3 { span { (said.title) } (badge(said.state, said.word)) }
                p.quiet.small { (dates::moment(lang, entry.at)) @if !said.why.is_empty() { " · " (said.why) } }
                @if !said.claims.is_empty() {
                    ul.tags { @for claim in &said.claims { li { (claim) } } }
                }
                @if entry.is_cause_for_complaint() {
                    a.small href={ "/log/complaint?entry=" (entry.id) } { (t.get("log.complain")) }
                }
                details.more {
                    summary { (t.get("log.delete_open")) }
                    form method="post" action="/log/delete" {
                        (csrf_field(csrf))
                        input type="hidden" name="entry" value=(entry.id);
                        button.button.quiet.small type="submit" { (t.get("log.delete")) }
                    }
                }
            }
        }
    }
}

/// An entry in words.
struct Said {
    sign: Icon,
    state: State,
    word: &'static str,
    title: String,
    why: String,
    claims: Vec<String>,
}

impl Said {
    fn of(lang: Lang, event: &Event) -> Self {
        let t = texts(lang);
        let text = |text: &LocalText| lang.pick(&text.zh, &text.en).to_owned();
        match event {
            Event::Received { label, issuer_name, .. } => Self {
                sign: Icon::Card,
                state: State::Valid,
                word: t.get("log.received"),
                title: text(label),
                why: text(issuer_name),
                claims: Vec::new(),
            },
            Event::Presented { asked, shared, outcome } => Self {
                sign: Icon::Out,
                state: match outcome {
                    Outcome::Delivered => State::Done,
                    Outcome::Sent | Outcome::Shown => State::CannotTell,
                    Outcome::Rejected { .. } => State::Refused,
                },
                word: match outcome {
                    Outcome::Delivered => t.get("log.delivered"),
                    Outcome::Sent => t.get("log.sent"),
                    Outcome::Shown => t.get("log.shown"),
                    Outcome::Rejected { .. } => t.get("log.rejected"),
                },
                title: text(&asked.verifier_name),
                why: text(&asked.purpose_name),
                claims: shared.iter().flat_map(|shared| shared.labels.iter().map(text)).collect(),
            },
            Event::Declined { asked } => Self {
                sign: Icon::Shield,
                state: State::Done,
                word: t.get("log.declined"),
                title: text(&asked.verifier_name),
                why: text(&asked.purpose_name),
                claims: Vec::new(),
            },
            Event::Refused { name, reason, client_id, .. } => Self {
                sign: Icon::Shield,
                state: State::Refused,
                word: t.get("log.refused"),
                title: name.as_ref().map_or_else(|| short(client_id), text),
                why: words::refusal_reason(lang, reason).to_owned(),
                claims: Vec::new(),
            },
            Event::Deleted { label, issuer_name } => Self {
                sign: Icon::Bin,
                state: State::Done,
                word: t.get("log.deleted"),
                title: text(label),
                why: text(issuer_name),
                claims: Vec::new(),
            },
        }
    }
}

fn short(client_id: &str) -> String {
    let mut text: String = client_id.chars().take(28).collect();
    if text.len() < client_id.len() {
        text.push('…');
    }
    text
}

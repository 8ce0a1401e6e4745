//! The issuer's keys, for admins: which one signs, replacing one, saying that one was stolen.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use registry::UnixMillis;
use serde::Deserialize;
use service::extract::{Form, Path};
use service::ui::{
    Choice, Field, Kind, Markup, State as Badge, Table, Tone, Visitor, badge, button, csrf_field,
    danger_button, form, heading, html, notice, panel,
};
use service::{Lang, Problem, dates};

use super::author_key;
use super::console::{SignedIn, StaffSession};
use super::frame::console;
use crate::core::{App, Core, texts};
use crate::identity::Slot;
use crate::keys::{Compromise, KeyState, KeyView, KeysView, Progress, Wish};
use crate::model::Role;
use crate::reason::Reason;
use crate::routes::{named, rotated};

/// Pages write China's time, and forms take it.
const ZONE: &str = "+08:00";

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/console/keys", get(list))
        .route("/console/keys/{key}/rotate", post(rotate))
        .route("/console/keys/compromised", post(ask))
        .route("/console/keys/{key}/compromised/approve", post(approve))
        .route("/console/keys/{key}/compromised/withdraw", post(withdraw))
}

#[derive(Deserialize)]
struct Sent {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    key: String,
    /// `YYYY-MM-DD`.
    #[serde(default)]
    date: String,
    /// `HH:MM`, as pages write times.
    #[serde(default)]
    time: String,
    #[serde(default)]
    keep: String,
    #[serde(default)]
    reason: String,
    /// What was seen of what is approved.
    #[serde(default)]
    wish: String,
}

async fn list(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
) -> Result<Response, Problem> {
    page(&app, &visitor, &session, &html! {}).await
}

async fn rotate(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Path(slot): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    session.check_csrf(&sent.csrf)?;
    done(&app, &visitor, &session, rotated(&app, &slot, &session.member).await.map(drop)).await
}

async fn ask(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    session.check_csrf(&sent.csrf)?;
    let t = texts(visitor.lang);
    let since = format!("{}T{}:00{ZONE}", sent.date, sent.time).parse::<UnixMillis>();
    let (Ok(since), Ok(reason)) = (since, Reason::try_from(sent.reason)) else {
        return refused(&app, &visitor, &session, t.get("keys.incomplete")).await;
    };
    let wish = Wish { key: named(&sent.key)?, since, keep: sent.keep == "keep", reason: reason.into() };
    let asked = app.keys.ask(wish, session.member.actor(), app.now()).await;
    done(&app, &visitor, &session, asked.map(drop).map_err(Problem::from)).await
}

async fn approve(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Path(key): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    session.check_csrf(&sent.csrf)?;
    let approved = app.keys.approve(named(&key)?, sent.wish, session.member.actor(), app.now()).await;
    done(&app, &visitor, &session, approved.map(drop).map_err(Problem::from)).await
}

async fn withdraw(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Path(key): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    session.check_csrf(&sent.csrf)?;
    let withdrawn = app.keys.take_back(named(&key)?, session.member.actor(), app.now()).await;
    done(&app, &visitor, &session, withdrawn.map_err(Problem::from)).await
}

/// Back to the page, or the page with why not.
pub(super) async fn done(
    app: &Core,
    visitor: &Visitor,
    session: &StaffSession,
    outcome: Result<(), Problem>,
) -> Result<Response, Problem> {
    let t = texts(visitor.lang);
    let Err(problem) = outcome else { return Ok(Redirect::to("/console/keys").into_response()) };
    let text = match problem.code() {
        "key-changing" => t.get("keys.refused-busy"),
        "key-change-queued" => t.get("keys.refused-queued"),
        "chain-unreachable" => t.get("keys.refused-away"),
        "compromise-date" => t.get("keys.refused-date"),
        "already" => t.get("keys.refused-already"),
        "same-person" => t.get("keys.refused-same"),
        "another-wish" => t.get("keys.refused-another"),
        _ => return Err(problem),
    };
    let mut response = refused(app, visitor, session, text).await?;
    if problem.code() == "another-wish" {
        *response.status_mut() = problem.status();
    }
    Ok(response)
}

pub(super) async fn refused(
    app: &Core,
    visitor: &Visitor,
    session: &StaffSession,
    text: &str,
) -> Result<Response, Problem> {
    let mut response = page(app, visitor, session, &notice(Tone::Bad, "", text)).await?;
    *response.status_mut() = http::StatusCode::UNPROCESSABLE_ENTITY;
    Ok(response)
}

async fn page(
    app: &Core,
    visitor: &Visitor,
    session: &StaffSession,
    told: &Markup,
) -> Result<Response, Problem> {
    let (lang, t) = (visitor.lang, texts(visitor.lang));
    let may = session.member.roles.has(Role::Admin);
    let view = app.keys.view().await?;
    let open = view.declarations.iter().filter(|one| one.progress == Progress::Asked);
    Ok(console(app, visitor, session, t.get("keys.title"))
        .body(html! {
            (heading(t.get("keys.title"), t.get("keys.lead")))
            (told)
            @if !view.heard { (notice(Tone::Unsure, t.get("overview.chain-away"), t.get("keys.away"))) }
            @if let Some(wish) = &view.replacement { (author_key::request(lang, session, may, wish)) }
            @for one in open { (request(lang, session, may, one)) }
            (panel(t.get("keys.table"), html! {
                (table(lang, &view))
                @if let Some((height, time)) = view.block {
                    p.quiet { (t.with("keys.as-of", &[("height", &height.to_string()), ("time", &dates::moment(lang, time))])) }
                }
            }))
            @if may {
                (panel(t.get("keys.rotate"), html! {
                    p { (t.get("keys.rotate-text")) }
                    div.row { @for slot in Slot::BY_ONE {
                        form method="post" action={ "/console/keys/" (slot.code()) "/rotate" } data-once {
                            (csrf_field(&session.csrf))
                            button.button.quiet type="submit" { (t.with("keys.rotate-one", &[("slot", slot_word(lang, slot))])) }
                        }
                    } }
                }))
                (panel(t.get("keys.declare"), declare(lang, session, &view)))
                @if view.replacement.is_none() { (author_key::ask_for(lang, session)) }
            }
            @if view.declarations.iter().any(|one| one.progress != Progress::Asked) {
                (panel(t.get("keys.declared"), declared(lang, &view.declarations)))
            }
        })
        .into_response())
}

fn table(lang: Lang, view: &KeysView) -> Markup {
    let t = texts(lang);
    let columns = [t.get("keys.use"), t.get("keys.key"), t.get("keys.from"), t.get("queue.state")];
    let row = |table: Table, key: &KeyView| {
        table.row([
            html! { (slot_word(lang, key.slot)) },
            html! { code { (key.name) } @if let Some(public) = &key.public { div.quiet { code { (public) } } } },
            html! { @if let Some(from) = key.from { (dates::moment(lang, from)) } @else { "—" } },
            state(lang, key.state),
        ])
    };
    view.keys.iter().fold(Table::new(t.get("keys.table"), columns), row).render()
}

fn state(lang: Lang, state: KeyState) -> Markup {
    let t = texts(lang);
    match state {
        KeyState::InUse => badge(Badge::Valid, t.get("keys.in-use")),
        KeyState::Changing => badge(Badge::Waiting, t.get("keys.changing")),
        KeyState::Elsewhere => badge(Badge::CannotTell, t.get("keys.elsewhere")),
        KeyState::Retired(at) => html! {
            (badge(Badge::Expired, t.get("keys.retired"))) div.quiet { (dates::moment(lang, at)) }
        },
        KeyState::Compromised(at) => html! {
            (badge(Badge::Revoked, t.get("keys.compromised"))) div.quiet { (dates::moment(lang, at)) }
        },
    }
}

/// What one asked and another must approve.
fn request(lang: Lang, session: &StaffSession, may: bool, one: &Compromise) -> Markup {
    let t = texts(lang);
    let who = one.asked_by.name().unwrap_or_default();
    let values = [("key", one.key.as_str()), ("since", &dates::moment(lang, one.since)), ("who", who)];
    let small = |what: &str, markup: Markup| {
        html! { form method="post" action={ "/console/keys/" (one.key) "/compromised/" (what) } data-once {
            (csrf_field(&session.csrf)) (markup)
        } }
    };
    panel(
        t.get("keys.asked"),
        html! {
            p { (t.with("keys.asked-text", &values)) }
            p { (policy(lang, one.keep)) }
            p.quiet { (one.reason.as_str()) }
            @if may { div.row {
                @if who == session.member.name { p.quiet { (t.get("keys.other-must")) } }
                @else { (small("approve", html! {
                    input type="hidden" name="wish" value=(one.wish()); (danger_button(t.get("keys.approve")))
                })) }
                (small("withdraw", html! { button.button.quiet type="submit" { (t.get("keys.withdraw")) } }))
            } }
        },
    )
}

fn declare(lang: Lang, session: &StaffSession, view: &KeysView) -> Markup {
    let t = texts(lang);
    let choice = |value: &str, label: String| Choice { value: value.to_owned(), label };
    let keys = view
        .keys
        .iter()
        .filter(|key| key.slot != Slot::Author && !matches!(key.state, KeyState::Compromised(_)))
        .map(|key| choice(key.name.as_str(), format!("{} · {}", key.name, slot_word(lang, key.slot))));
    let policies =
        [("keep", true), ("none", false)].map(|(value, keep)| choice(value, policy(lang, keep).to_owned()));
    html! {
        p { (t.get("keys.declare-text")) }
        (form("/console/keys/compromised", &session.csrf, html! { div.stack {
            (Field::new("key", t.get("keys.key")).kind(Kind::Select(keys.collect())).render(lang))
            (Field::new("date", t.get("keys.since-date")).kind(Kind::Date).half().render(lang))
            (Field::new("time", t.get("keys.since-time")).value("00:00").hint(t.get("keys.since-hint")).half().render(lang))
            (Field::new("keep", t.get("keys.policy")).kind(Kind::Radio(policies.to_vec())).value("keep").render(lang))
            (Field::new("reason", t.get("credential.reason")).kind(Kind::Lines).render(lang))
            (button(t.get("keys.ask")))
        } }))
    }
}

fn declared(lang: Lang, all: &[Compromise]) -> Markup {
    let t = texts(lang);
    let columns = [
        t.get("keys.key"),
        t.get("keys.since"),
        t.get("keys.policy"),
        t.get("keys.who"),
        t.get("queue.state"),
    ];
    let row = |table: Table, one: &Compromise| {
        let name = |by: Option<&crate::model::Actor>| by.and_then(|by| by.name()).unwrap_or("—").to_owned();
        let done = match one.progress {
            Progress::Done => badge(Badge::Done, t.get("keys.done")),
            Progress::Asked | Progress::Approved | Progress::Declared => {
                badge(Badge::Waiting, t.get("keys.under-way"))
            }
        };
        let count = [("kept", one.kept.to_string()), ("left", one.left_out.to_string())];
        let count = count.each_ref().map(|(name, count)| (*name, count.as_str()));
        table.row([
            html! { code { (one.key) } },
            html! { (dates::moment(lang, one.since)) },
            html! { (policy(lang, one.keep)) @if one.keep { div.quiet { (t.with("keys.counted", &count)) } } },
            html! { (name(Some(&one.asked_by))) " · " (name(one.approved_by.as_ref())) },
            done,
        ])
    };
    let shown = all.iter().filter(|one| one.progress != Progress::Asked);
    shown.fold(Table::new(t.get("keys.declared"), columns), row).render()
}

fn policy(lang: Lang, keep: bool) -> &'static str {
    let t = texts(lang);
    if keep { t.get("keys.policy-keep") } else { t.get("keys.policy-none") }
}

fn slot_word(lang: Lang, slot: Slot) -> &'static str {
    let t = texts(lang);
    match slot {
        Slot::Author => t.get("keys.slot-author"),
        Slot::Ed25519 => t.get("keys.slot-ed25519"),
        Slot::P256 => t.get("keys.slot-p256"),
        Slot::MdocRoot => t.get("keys.slot-mdoc-root"),
    }
}

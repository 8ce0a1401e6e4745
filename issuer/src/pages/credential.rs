//! One issued credential before a clerk: its status, and changing it.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use credentials::catalogue::ReasonCode;
use http::StatusCode;
use serde::Deserialize;
use service::extract::{Form, Path, Query};
use service::ui::{
    Field, Kind, Markup, Page, Tone, Visitor, button, danger_button, facts, form, heading, html, link_button,
    notice, panel, toast,
};
use service::{Lang, Problem};

use super::console::{ConsoleForm, SignedIn, StaffSession};
use super::frame::{console, day, format_name, moment, type_name};
use super::issued::status;
use crate::access;
use crate::audit::Deed;
use crate::core::{App, Core, texts};
use crate::model::{Change, ChangeRefused, CredentialRecord, Id, Pending, Standing};
use crate::reason::Reason;
use crate::routes::known_code;
use crate::status::{ChangeError, Why};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/console/credentials/{id}", get(credential))
        .route("/console/credentials/{id}/{change}", post(change))
}

#[derive(Deserialize)]
struct DoneQuery {
    done: Option<String>,
}

async fn credential(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Path(id): Path<Id>,
    Query(query): Query<DoneQuery>,
) -> Result<Page, Problem> {
    let done = query.done.as_deref().and_then(Change::from_code);
    let page = page(&app, &visitor, &session, id, "", done)?;
    app.note(&session.member, Deed::new("credential-read").about("credential", id)).await?;
    Ok(page)
}

async fn change(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Path((id, change)): Path<(Id, String)>,
    Form(sent): Form<ConsoleForm>,
) -> Result<Response, Problem> {
    sent.check(&session)?;
    let t = texts(visitor.lang);
    let change = Change::from_code(&change).ok_or_else(|| unknown(visitor.lang))?;
    let refuse = |status: StatusCode, text: &str| {
        Ok((status, page(&app, &visitor, &session, id, text, None)?).into_response())
    };
    if change == Change::Revoke && sent.confirmed.is_none() {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, t.get("credential.revoke-unconfirmed"));
    }
    let Ok(reason) = Reason::try_from(sent.reason) else {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, t.get("credential.reason-missing"));
    };
    let found = app.statuses.find(id).map_err(Problem::internal)?.ok_or_else(|| unknown(visitor.lang))?;
    let code = known_code(&app, &found.credential_type, change, sent.code)?;
    if code.is_none() && !codes_for(&app, &found.credential_type, change).is_empty() {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, t.get("credential.code-missing"));
    }
    let why = Why { code, text: reason.into() };
    match app.statuses.change(id, change, session.member.actor(), why, app.now()).await {
        Ok(_) => {
            Ok(Redirect::to(&format!("/console/credentials/{id}?done={}", change.code())).into_response())
        }
        Err(ChangeError::Refused(reason)) => refuse(
            StatusCode::CONFLICT,
            match reason {
                ChangeRefused::Revoked => t.get("refused.revoked"),
                ChangeRefused::Already => t.get("refused.already"),
                ChangeRefused::Busy => t.get("refused.busy"),
            },
        ),
        Err(ChangeError::Queued) => refuse(StatusCode::SERVICE_UNAVAILABLE, t.get("credential.queued")),
        Err(error @ (ChangeError::Unknown | ChangeError::ChainRefuses { .. } | ChangeError::Store(_))) => {
            Err(error.into())
        }
    }
}

fn page(
    app: &Core,
    visitor: &Visitor,
    session: &StaffSession,
    id: Id,
    error: &str,
    done: Option<Change>,
) -> Result<Page, Problem> {
    let (lang, t) = (visitor.lang, texts(visitor.lang));
    let record = app.statuses.find(id).map_err(Problem::internal)?.ok_or_else(|| unknown(lang))?;
    let title = type_name(app, lang, &record.credential_type);
    let application = app.desk.find(record.application).map_err(Problem::internal)?;
    let correction = application.and_then(|application| application.being_corrected_by);
    Ok(console(app, visitor, session, title).body(html! {
        p { a href="/console/credentials" { "← " (t.get("credential.back")) } }
        div.row.apart { (heading(title, record.holder.as_str())) div { (status(lang, &record, app.now().seconds)) } }
        @if !error.is_empty() { div.notice.bad role="alert" { p { (error) } } }
        @if let Some(change) = done { (toast(done_text(lang, change))) }
        @if let Some(pending) = &record.pending {
            (notice(Tone::Unsure, t.get("credential.pending-title"), &t.with("credential.pending-text", &[
                ("name", pending.by.name().unwrap_or_default()),
                ("time", &moment(lang, pending.at)),
                ("change", change_word(lang, pending.change)),
            ])))
        }
        @if let Some(correction) = correction { (super::correct::waits(lang, correction)) }
        @if let Some(refused) = &record.refused {
            (notice(Tone::Bad, t.get("credential.refused-title"), &t.with("credential.refused-text", &[
                ("change", change_word(lang, refused.change)),
                ("code", &refused.code),
                ("time", &moment(lang, refused.at)),
            ])))
        }
        div.split {
            div.stack {
                (panel("", known(app, lang, &record)))
                (panel(t.get("credential.changes"), changes(lang, &record)))
            }
            @if session.member.roles.meets(access::DESK) {
                (change_forms(app, lang, session, &record, correction.is_none()))
            }
        }
    }))
}

fn known(app: &Core, lang: Lang, record: &CredentialRecord) -> Markup {
    let t = texts(lang);
    let place = [("list", &*record.status.list.to_string()), ("index", &*record.status.index.to_string())];
    let ends =
        record.valid_until.map_or_else(|| t.get("credential.no-end").to_owned(), |ends| day(lang, ends));
    html! {
        (facts([
            (t.get("credentials.format"), html! { (format_name(app, lang, &record.configuration)) }),
            (t.get("credentials.issued-at"), html! { (moment(lang, record.issued_at)) }),
            (t.get("credential.valid-until"), html! { (ends) }),
            (t.get("credential.place"), html! { span.figures { (t.with("credential.place-text", &place)) } }),
        ]))
        p { a href={ "/console/applications/" (record.application) } { (t.get("credential.application")) } }
    }
}

fn changes(lang: Lang, record: &CredentialRecord) -> Markup {
    let t = texts(lang);
    html! {
        @if record.changes.is_empty() { p.quiet { (t.get("credential.no-changes")) } }
        ol.stack { @for change in &record.changes { li {
            (t.with("credential.changed", &[
                ("name", change.by.name().unwrap_or_default()),
                ("change", change_word(lang, change.change)),
                ("reason", &reason_words(lang, change)),
            ]))
            " " span.quiet { (moment(lang, change.at)) }
        } } }
    }
}

/// A form for each change that the standing allows. Nothing to do on a dead credential but to read why.
fn change_forms(
    app: &Core,
    lang: Lang,
    session: &StaffSession,
    record: &CredentialRecord,
    may_be_corrected: bool,
) -> Markup {
    let t = texts(lang);
    if record.standing == Standing::Revoked {
        return notice(Tone::Bad, t.get("credential.dead-title"), t.get("credential.dead-text"));
    }
    if record.pending.is_some() {
        return html! {};
    }
    let allowed = Change::ALL.into_iter().filter(|change| record.standing.allows(*change).is_ok());
    panel(
        t.get("credential.change"),
        html! {
            p.quiet { (t.get("credential.change-text")) }
            @for change in allowed { (change_form(app, lang, session, record, change)) }
            @if may_be_corrected {
                (link_button(t.get("correct.link"), &format!("/console/credentials/{}/correct", record.id), true))
            }
            (link_button(t.get("phone.link"), &format!("/console/credentials/{}/phone", record.id), true))
        },
    )
}

fn change_form(
    app: &Core,
    lang: Lang,
    session: &StaffSession,
    record: &CredentialRecord,
    change: Change,
) -> Markup {
    let (t, id) = (texts(lang), record.id);
    let codes = codes_for(app, &record.credential_type, change);
    let code_id = format!("code-{}", change.code());
    let word = change_word(lang, change);
    let text = match change {
        Change::Suspend => t.get("credential.suspend-text"),
        Change::Reinstate => t.get("credential.reinstate-text"),
        Change::Revoke => t.get("credential.revoke-text"),
    };
    let action = format!("/console/credentials/{id}/{}", change.code());
    // Ids on a page are one of a kind: the reason's field is named apart for each form, and sent under one name.
    let reason_id = format!("reason-{}", change.code());
    html! {
        details.more open[change != Change::Revoke] {
            summary { (word) }
            div.more-body {
                (form(&action, &session.csrf, html! { div.stack {
                    p { (text) }
                    @if !codes.is_empty() { div.field {
                        label for=(code_id) { (t.get("credential.code")) }
                        // None is chosen beforehand: what stands in the record is what somebody meant.
                        select id=(code_id) name="code" required {
                            option value="" { (t.get("credential.code-choose")) }
                            @for reason in &codes {
                                option value=(reason.code) { (lang.pick(&reason.label.zh, &reason.label.en)) }
                            }
                        }
                    } }
                    div.field {
                        label for=(reason_id) { (t.get("credential.reason")) }
                        p.hint id={ (reason_id) "-hint" } { (t.get("credential.reason-text")) }
                        textarea id=(reason_id) name="reason" rows="2" required maxlength="200"
                            aria-describedby={ (reason_id) "-hint" } {}
                    }
                    @if change == Change::Revoke {
                        (Field::new("confirmed", t.get("credential.revoke-confirm")).kind(Kind::Check).render(lang))
                        (danger_button(word))
                    } @else { (button(word)) }
                } }))
            }
        }
    }
}

/// The reasons of the catalogue for a change of a type's credentials.
fn codes_for(app: &Core, credential_type: &str, change: Change) -> Vec<&'static ReasonCode> {
    let of = app.kinds.credential_type(credential_type);
    let codes = of.into_iter().flat_map(|of| &of.desk.reasons);
    codes
        .filter_map(|code| ReasonCode::by_code(code))
        .filter(|reason| reason.changes.iter().any(|known| known == change.code()))
        .collect()
}

/// A change's reason: the code's words first, if one was named.
fn reason_words(lang: Lang, change: &Pending) -> String {
    let named = change.code.as_deref().and_then(ReasonCode::by_code);
    match named {
        Some(reason) => {
            format!("{} · {}", lang.pick(&reason.label.zh, &reason.label.en), change.reason.as_str())
        }
        None => change.reason.0.clone(),
    }
}

fn change_word(lang: Lang, change: Change) -> &'static str {
    let t = texts(lang);
    match change {
        Change::Suspend => t.get("credential.suspend"),
        Change::Reinstate => t.get("credential.reinstate"),
        Change::Revoke => t.get("credential.revoke"),
    }
}

fn done_text(lang: Lang, change: Change) -> &'static str {
    let t = texts(lang);
    match change {
        Change::Suspend => t.get("credential.done-suspend"),
        Change::Reinstate => t.get("credential.done-reinstate"),
        Change::Revoke => t.get("credential.done-revoke"),
    }
}

fn unknown(lang: Lang) -> Problem {
    Problem::not_found(texts(lang).get("credential.unknown"))
}

//! One application before a clerk: what was claimed, and the decision.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use credentials::catalogue::CredentialType;
use http::{StatusCode, header};
use serde_json::{Map, Value};
use service::extract::{Form, Path};
use service::ui::{
    Field, Kind, Markup, Page, Tone, Visitor, button, danger_button, facts, form, heading, html, notice,
    panel,
};
use service::{Lang, Problem};

use super::console::{ConsoleForm, SignedIn, StaffSession};
use super::frame::{application_badge, console, format_name, moment, type_name};
use super::values::{label, shown};
use crate::access;
use crate::attachments::{self, Attachment};
use crate::audit::Deed;
use crate::core::{App, Core, texts};
use crate::desk::{DecideError, Decision};
use crate::model::{
    Actor, Application, ChangeRefused, DecisionRefused, Event, Happening, Id, State as Standing,
};
use crate::reason::Reason;
use crate::routes::{approval, decided};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/console/applications/{id}", get(review))
        .route("/console/applications/{id}/attachments/{attachment}", get(attachment))
        .route("/console/applications/{id}/take", post(take))
        .route("/console/applications/{id}/return", post(send_back))
        .route("/console/applications/{id}/approve", post(approve))
        .route("/console/applications/{id}/reject", post(reject))
}

async fn review(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Path(id): Path<Id>,
) -> Result<Page, Problem> {
    page(&app, &visitor, &session, id, "").await
}

async fn approve(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Path(id): Path<Id>,
    Form(sent): Form<ConsoleForm>,
) -> Result<Response, Problem> {
    sent.check(&session)?;
    let decision = approval(&app, id)?;
    decide(&app, &visitor, &session, id, decision, Some(sent.seen)).await
}

async fn take(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Path(id): Path<Id>,
    Form(sent): Form<ConsoleForm>,
) -> Result<Response, Problem> {
    sent.check(&session)?;
    decide(&app, &visitor, &session, id, Decision::Take, None).await
}

async fn send_back(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Path(id): Path<Id>,
    Form(sent): Form<ConsoleForm>,
) -> Result<Response, Problem> {
    let decision = |note: Reason| Decision::SendBack { note: note.into() };
    decide_with_words(&app, &visitor, &session, id, sent, "review.note-missing", decision).await
}

/// An attachment, to be saved: never shown in a page of ours, and whatever opens it runs nothing of it here.
async fn attachment(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Path((id, attachment)): Path<(Id, Id)>,
) -> Result<Response, Problem> {
    let found = attachments::open(&app.store, &app.seals, id, attachment)?;
    let (found, bytes) = found.ok_or_else(|| unknown(visitor.lang))?;
    let deed = Deed::new("attachment-read").about("application", id).about("attachment", attachment);
    app.note(&session.member, deed).await?;
    let disposition = format!("attachment; filename=\"{}\"", found.kind.file_name());
    let headers = [
        (header::CONTENT_TYPE, found.kind.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox; frame-ancestors 'none'".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    Ok((headers, bytes).into_response())
}

async fn reject(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Path(id): Path<Id>,
    Form(sent): Form<ConsoleForm>,
) -> Result<Response, Problem> {
    let decision = |reason: Reason| Decision::Reject { reason: reason.into() };
    decide_with_words(&app, &visitor, &session, id, sent, "review.reason-missing", decision).await
}

/// A decision that says why; without words the page comes again and asks for them.
async fn decide_with_words(
    app: &Core,
    visitor: &Visitor,
    session: &StaffSession,
    id: Id,
    sent: ConsoleForm,
    missing: &str,
    decision: impl FnOnce(Reason) -> Decision,
) -> Result<Response, Problem> {
    sent.check(session)?;
    match Reason::try_from(sent.reason) {
        Ok(words) => decide(app, visitor, session, id, decision(words), Some(sent.seen)).await,
        Err(_) => {
            let page = page(app, visitor, session, id, texts(visitor.lang).get(missing)).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
}

/// Does something with the application, if it is still what was read where that matters.
async fn decide(
    app: &Core,
    visitor: &Visitor,
    session: &StaffSession,
    id: Id,
    decision: Decision,
    seen: Option<usize>,
) -> Result<Response, Problem> {
    match decided(app, id, decision, seen, session.member.clone()).await {
        Ok(_) => Ok(Redirect::to(&format!("/console/applications/{id}")).into_response()),
        Err(DecideError::Refused(refused)) => {
            let t = texts(visitor.lang);
            let text = match &refused {
                DecisionRefused::Decided(before) => {
                    t.with("review.already", &[("name", before.by.name().unwrap_or_default())])
                }
                DecisionRefused::WithApplicant | DecisionRefused::NothingToCorrect => {
                    t.get("review.with-applicant").to_owned()
                }
                DecisionRefused::SentSince => t.get("review.sent-since").to_owned(),
                DecisionRefused::SamePerson => t.get("review.same-person").to_owned(),
                DecisionRefused::NeedsSupervisor => t.get("review.needs-supervisor").to_owned(),
                DecisionRefused::DepartmentsOwn => t.get("review.departments-own").to_owned(),
            };
            Ok((StatusCode::CONFLICT, page(app, visitor, session, id, &text).await?).into_response())
        }
        Err(DecideError::Corrects(refused)) => {
            let t = texts(visitor.lang);
            let text = match refused {
                ChangeRefused::Revoked => t.get("review.revoked-since"),
                ChangeRefused::Already | ChangeRefused::Busy => t.get("refused.busy"),
            };
            Ok((StatusCode::CONFLICT, page(app, visitor, session, id, text).await?).into_response())
        }
        Err(DecideError::Unknown) => Err(unknown(visitor.lang)),
        Err(DecideError::Store(error)) => Err(Problem::internal(error)),
    }
}

/// What keeps a correction from being collected: a credential before it that is not revoked yet, or that the chain refuses to
/// revoke. The way to try again is on that credential's page.
fn left_to_revoke(app: &Core, lang: Lang, application: &Application) -> Result<Markup, store::StoreError> {
    let t = texts(lang);
    let mut left = Vec::new();
    for id in application.corrects.iter().flat_map(|correction| &correction.revokes) {
        left.extend(
            app.statuses.find(*id)?.filter(|record| record.standing != crate::model::Standing::Revoked),
        );
    }
    let refused = left.iter().any(|record| record.pending.is_none());
    Ok(html! { @if !left.is_empty() {
        div.notice.bad[refused].unsure[!refused] role="status" {
            p { strong { (t.get("review.left-title")) } }
            p { (if refused { t.get("review.left-refused") } else { t.get("review.left-waits") }) }
            ul { @for record in &left { li {
                a href={ "/console/credentials/" (record.id) } { (format_name(app, lang, &record.configuration)) }
                @if let Some(refused) = &record.refused { " " code { (refused.code) } }
            } } }
        }
    } })
}

/// The page. It shows every claim, whatever it was asked for, so each time is noted.
async fn page(
    app: &Core,
    visitor: &Visitor,
    session: &StaffSession,
    id: Id,
    error: &str,
) -> Result<Page, Problem> {
    let (lang, t) = (visitor.lang, texts(visitor.lang));
    let found = app.desk.find(id).map_err(Problem::internal)?.ok_or_else(|| unknown(lang))?;
    app.note(&session.member, Deed::new("application-read").about("application", id)).await?;
    let claims = app.desk.claims(id).map_err(Problem::internal)?.unwrap_or_default();
    let alike = app.desk.alike(&found).map_err(Problem::internal)?;
    let attached = attachments::list(&app.store, id).map_err(Problem::internal)?;
    let title = type_name(app, lang, &found.credential_type);
    Ok(console(app, visitor, session, title).body(html! {
        p { a href="/console" { "← " (t.get("review.back")) } }
        div.row.apart { (heading(title, found.holder.as_str())) (application_badge(lang, &found)) }
        @if !error.is_empty() { div.notice.bad role="alert" { p { (error) } } }
        @if let Some(note) = found.note() {
            (notice(Tone::Unsure, t.get("review.with-applicant"), &t.with("review.note-was", &[("note", note)])))
        }
        (left_to_revoke(app, lang, &found).map_err(Problem::internal)?)
        @if let Some(correction) = found.being_corrected_by { (super::correct::waits(lang, correction)) }
        @if !alike.is_empty() {
            section.panel.unsure { h2 { (t.get("review.alike")) } p { (t.get("review.alike-text")) }
                (super::queue::table(app, lang, &alike)) }
        }
        div.split {
            div.stack {
                (panel(t.get("review.claims"), claimed(app, lang, &found, &claims)))
                @if let Some(correction) = &found.corrects {
                    (super::correct::of_application(app, lang, &found, correction, &claims).map_err(Problem::internal)?)
                }
                @if let Some(presented) = &found.presented { (super::presented::of_application(lang, &found, presented)) }
                @if !attached.is_empty() { (panel(t.get("review.attachments"), attachment_list(lang, id, &attached))) }
            }
            div.stack {
                @if found.state.is_open() && session.member.roles.meets(access::DESK) {
                    (decision_forms(app, lang, session, &found))
                }
                @if found.state.is_collectable() { (issued(app, lang, &found)) }
                (panel(t.get("review.history"), history(app, lang, &found.history)))
            }
        }
    }))
}

fn claimed(app: &Core, lang: Lang, application: &Application, claims: &Map<String, Value>) -> Markup {
    let of = app.kinds.credential_type(&application.credential_type);
    let known = of.into_iter().flat_map(CredentialType::asked);
    facts(known.filter_map(|claim| Some((label(lang, claim), shown(lang, claim, claims.get(&claim.name)?)))))
}

fn decision_forms(app: &Core, lang: Lang, session: &StaffSession, found: &Application) -> Markup {
    let (t, id) = (texts(lang), found.id);
    let of = app.kinds.credential_type(&found.credential_type);
    let two = of.is_none_or(|of| of.desk.approvals() > 1);
    let first = found.endorsement().map(|event| &event.by);
    let is_own = first.is_some_and(|first| *first == Actor::staff(&session.member.name));
    // What is decided is what this page shows.
    let seen = html! { input type="hidden" name="seen" value=(found.times_sent()); };
    let reason =
        Field::new("reason", t.get("review.reason")).kind(Kind::Lines).hint(t.get("review.reject-text"));
    panel(
        t.get("review.decide"),
        html! {
            @if found.state == Standing::Submitted {
                (form(&format!("/console/applications/{id}/take"), &session.csrf, html! {
                    button.button.quiet type="submit" { (t.get("review.take")) }
                }))
            }
            @match &first {
                Some(_) if is_own => p.quiet { (t.get("review.second-after-you")) },
                Some(first) => {
                    p.quiet { (t.with("review.second-of-two", &[("name", first.name().unwrap_or_default())])) }
                }
                None => @if two { p.quiet { (t.get("review.first-of-two")) } },
            }
            @if !is_own { (form(&format!("/console/applications/{id}/approve"), &session.csrf, html! {
                (seen) div.stack { p { (t.get("review.approve-text")) } (button(t.get("review.approve"))) }
            })) }
            // Nobody applied for a correction: there is nobody to send it back to.
            @if found.corrects.is_none() { details.more {
                summary { (t.get("review.return")) }
                div.more-body { (form(&format!("/console/applications/{id}/return"), &session.csrf, html! { (seen) div.stack {
                    div.field {
                        label for="return-note" { (t.get("review.note")) }
                        p.hint #return-note-hint { (t.get("review.note-hint")) }
                        textarea #return-note name="reason" rows="3" required maxlength="200"
                            aria-describedby="return-note-hint" {}
                    }
                    (button(t.get("review.return-send")))
                } })) }
            } }
            (form(&format!("/console/applications/{id}/reject"), &session.csrf, html! {
                (seen) div.stack { (reason.render(lang)) (danger_button(t.get("review.reject"))) }
            }))
        },
    )
}

/// What was attached: to be saved and looked at, under names of ours.
fn attachment_list(lang: Lang, application: Id, attached: &[Attachment]) -> Markup {
    let t = texts(lang);
    html! { ul.stack { @for (number, one) in (1..).zip(attached) { li {
        a href={ "/console/applications/" (application) "/attachments/" (one.id) } download {
            (t.with("review.attachment", &[("number", &number.to_string())]))
        }
        " " span.quiet { (one.kind.name()) " · " (one.bytes.div_ceil(1024)) " KB"
            @if !one.name.is_empty() { " · " (one.name.as_str()) } }
    } } } }
}

fn issued(app: &Core, lang: Lang, application: &Application) -> Markup {
    let t = texts(lang);
    panel(
        t.get("review.issued"),
        html! {
            @if application.issued.is_empty() { p.quiet { (t.get("review.none-issued")) } }
            ul.stack { @for (configuration, credential) in &application.issued {
                li { a href={ "/console/credentials/" (credential) } { (format_name(app, lang, configuration)) } }
            } }
        },
    )
}

fn history(app: &Core, lang: Lang, events: &[Event]) -> Markup {
    html! { ol.stack { @for event in events {
        li { (happened(app, lang, event)) " " span.quiet { (moment(lang, event.at)) } }
    } } }
}

fn happened(app: &Core, lang: Lang, event: &Event) -> String {
    let t = texts(lang);
    let name = match &event.by {
        Actor::Staff { name } | Actor::System { name } => name.as_str(),
        Actor::Issuer => t.get("happening.rule"),
        Actor::Applicant => "",
    };
    match &event.what {
        Happening::Submitted => t.get("happening.submitted").to_owned(),
        Happening::Taken => t.with("happening.taken", &[("name", name)]),
        Happening::Returned { note } => {
            t.with("happening.returned", &[("name", name), ("note", note.as_str())])
        }
        Happening::Corrected => t.get("happening.corrected").to_owned(),
        Happening::Endorsed => t.with("happening.endorsed", &[("name", name)]),
        Happening::Prepared => t.with("happening.prepared", &[("name", name)]),
        Happening::Reissued => t.with("happening.reissued", &[("name", name)]),
        Happening::Approved => t.with("happening.approved", &[("name", name)]),
        Happening::Rejected { reason } => {
            t.with("happening.rejected", &[("name", name), ("reason", reason.as_str())])
        }
        Happening::Issued { configuration } => {
            t.with("happening.issued", &[("format", format_name(app, lang, configuration))])
        }
    }
}

fn unknown(lang: Lang) -> Problem {
    Problem::not_found(texts(lang).get("application.unknown"))
}

//! One bulk issuance: its progress as it is, and what it prepared, in two halves that are given out apart.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::stream;
use http::{StatusCode, header};
use serde_json::json;
use service::extract::{Form, Path, Query};
use service::ui::{Markup, Page, Seen, Tone, Visitor, csrf_field, facts, heading, html, news, notice, panel};
use service::{Lang, Problem};

use super::console::{ConsoleForm, SignedIn, StaffSession};
use super::frame::{console, day, moment, type_name};
use super::records::job_badge;
use crate::access;
use crate::bulk::HandOutRefused;
use crate::core::{App, texts};
use crate::model::{Half, Id, Job, JobState};
use crate::records::csv;
use crate::routes::half;

/// How often listeners are told.
const TELL_EVERY: Duration = Duration::from_millis(250);

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/console/jobs/{id}", get(job))
        .route("/console/jobs/{id}/progress", get(progress))
        .route("/console/jobs/{id}/events", get(events))
        .route("/console/jobs/{id}/links.csv", post(links))
        .route("/console/jobs/{id}/codes.csv", post(codes))
}

async fn job(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Path(id): Path<Id>,
) -> Result<Page, Problem> {
    let job = found(&app, visitor.lang, id).await?;
    Ok(page(&app, &visitor, &session, &job, &html! {}))
}

fn page(app: &App, visitor: &Visitor, session: &StaffSession, job: &Job, result: &Markup) -> Page {
    let (lang, t, id) = (visitor.lang, texts(visitor.lang), job.id);
    let title = t.with("jobs.title", &[("type", type_name(app, lang, &job.credential_type))]);
    let refused = if app.bulk.takes_two(job) { "jobs.refused-two" } else { "jobs.refused" };
    console(app, visitor, session, &title).body(html! {
        p { a href="/console/records" { "← " (t.get("jobs.back")) } }
        (heading(&title, ""))
        (result)
        @if job.state == JobState::Running {
            div.live data-live={ "/console/jobs/" (id) "/progress" } data-live-seen=(version(job)) data-live-seconds="5"
                data-live-events={ "/console/jobs/" (id) "/events" } aria-live="polite" { (progress_of(lang, job)) }
        } @else { (progress_of(lang, job)) }
        (panel("", facts([
            (t.get("records.begun"), html! { (moment(lang, job.at)) }),
            (t.get("jobs.by"), html! { (job.by.name().unwrap_or_default()) }),
            (t.get("jobs.offers-until"), html! { (day(lang, job.offers_until)) }),
            (t.get(refused), html! { span.figures { (job.refused) } }),
        ])))
        @if job.state == JobState::Done && session.member.roles.meets(access::HEADS) {
            (panel(t.get("jobs.hand-out"), halves(app, lang, session, job)))
        }
    })
}

/// Both halves, each with who was handed it, and a button for whoever may be.
fn halves(app: &App, lang: Lang, session: &StaffSession, job: &Job) -> Markup {
    let (t, id, two) = (texts(lang), job.id, app.bulk.takes_two(job));
    let by = session.member.actor();
    let is_mine = |half: Half| job.handed.to(half).contains(&by);
    html! {
        p { (t.get("jobs.hand-out-text")) }
        @if two { p { (t.get("jobs.hand-out-two")) } }
        @for (half, name) in [(Half::Links, "links"), (Half::Codes, "codes")] {
            @let handed: Vec<_> = job.handed.to(half).iter().filter_map(|to| to.name()).collect();
            @if !handed.is_empty() {
                p.quiet { (t.with(&format!("jobs.{name}-handed"), &[("names", &handed.join(lang.pick("、", ", ")))])) }
            }
        }
        div.row {
            @for (half, name) in [(Half::Links, "links"), (Half::Codes, "codes")] {
                @if !two || !is_mine(half.other()) {
                    form method="post" action={ "/console/jobs/" (id) "/" (name) ".csv" } {
                        (csrf_field(&session.csrf)) button.button.quiet type="submit" { (t.get(&format!("jobs.{name}"))) }
                    }
                }
            }
        }
        @if two && (is_mine(Half::Links) || is_mine(Half::Codes)) { p { (t.get("jobs.other-half")) } }
    }
}

async fn progress(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(_): SignedIn,
    Path(id): Path<Id>,
    Query(seen): Query<Seen>,
) -> Result<Response, Problem> {
    let job = found(&app, visitor.lang, id).await?;
    Ok(news(&seen, &version(&job), job.state == JobState::Done, || progress_of(visitor.lang, &job)))
}

/// Server-sent events: one whenever the job has moved, and the last when it is done.
async fn events(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(_): SignedIn,
    Path(id): Path<Id>,
) -> Result<impl IntoResponse, Problem> {
    found(&app, visitor.lang, id).await?;
    let told = stream::unfold(Some((app, String::new())), move |state| async move {
        let (app, seen) = state?;
        loop {
            let job = app.bulk.find(id).await.ok().flatten()?;
            let now = version(&job);
            if now != seen {
                let over = job.state == JobState::Done;
                let data =
                    json!({ "total": job.total, "done": job.done, "refused": job.refused, "over": over });
                let event = Event::default().event("progress").data(data.to_string());
                return Some((Ok::<_, Infallible>(event), (!over).then_some((app, now))));
            }
            tokio::time::sleep(TELL_EVERY).await;
        }
    });
    Ok(Sse::new(told).keep_alive(KeepAlive::default()))
}

async fn links(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Path(id): Path<Id>,
    Form(sent): Form<ConsoleForm>,
) -> Result<Response, Problem> {
    sent.check(&session)?;
    hand_out(app, &visitor, &session, id, Half::Links).await
}

async fn codes(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Path(id): Path<Id>,
    Form(sent): Form<ConsoleForm>,
) -> Result<Response, Problem> {
    sent.check(&session)?;
    hand_out(app, &visitor, &session, id, Half::Codes).await
}

/// A file for a spreadsheet, page by page as it is read, so that a hundred thousand rows need no room.
async fn hand_out(
    app: App,
    visitor: &Visitor,
    session: &StaffSession,
    id: Id,
    what: Half,
) -> Result<Response, Problem> {
    let job = found(&app, visitor.lang, id).await?;
    match app.bulk.hand_out(id, what, session.member.actor(), app.now()).await {
        Ok(()) => {}
        Err(HandOutRefused::OtherHalfIsYours) => {
            let result = notice(Tone::Bad, "", texts(visitor.lang).get("jobs.other-half"));
            return Ok((StatusCode::FORBIDDEN, page(&app, visitor, session, &job, &result)).into_response());
        }
        Err(error) => return Err(error.into()),
    }
    let (name, column) = match what {
        Half::Links => ("links.csv", "link"),
        Half::Codes => ("codes.csv", "code"),
    };
    let head = format!("\u{feff}application,holder,{column}\r\n");
    let pages = stream::unfold(Some((Some(head), None)), move |state| {
        let app = app.clone();
        async move {
            let (head, after) = state?;
            if let Some(head) = head {
                return Some((Ok(head), Some((None, after))));
            }
            match half(&app, id, after, what) {
                Ok((rows, next)) => {
                    let line = |(application, holder, value): (Id, String, String)| {
                        format!("{application},{},{}\r\n", csv::written(&holder), csv::written(&value))
                    };
                    let text: String = rows.into_iter().map(line).collect();
                    Some((Ok(text), next.map(|next| (None, Some(next)))))
                }
                // The answer breaks off, which a client sees.
                Err(_) => Some((Err(std::io::Error::other("the store failed")), None)),
            }
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, Body::from_stream(pages)).into_response())
}

async fn found(app: &App, lang: Lang, id: Id) -> Result<Job, Problem> {
    let job = app.bulk.find(id).await.map_err(Problem::internal)?;
    job.ok_or_else(|| Problem::not_found(texts(lang).get("jobs.unknown")))
}

/// What listeners compare. The state counts by itself: between the last batch and the end nothing moves but the state, and whoever
/// looked just then must still hear of the end.
fn version(job: &Job) -> String {
    let state = if job.state == JobState::Done { "done" } else { "running" };
    format!("{}-{}-{}-{state}", job.done, job.refused, job.left())
}

fn progress_of(lang: Lang, job: &Job) -> Markup {
    let t = texts(lang);
    let figures =
        [("done", job.done.to_string()), ("total", job.total.to_string()), ("left", job.left().to_string())];
    let figures: Vec<_> = figures.iter().map(|(name, figure)| (*name, figure.as_str())).collect();
    html! { section.panel.stack.progress {
        div.row.apart { h2 { (t.get("jobs.progress")) } (job_badge(lang, job)) }
        progress max=(job.total.max(1)) value=(job.done + job.refused) aria-label=(t.get("jobs.progress")) {}
        p.figures { (t.with("jobs.figures", &figures)) }
        @if job.state == JobState::Running { p.quiet { (t.get("jobs.leave")) } }
    } }
}

#[cfg(test)]
mod tests {
    use credentials::UnixSeconds;

    use super::*;
    use crate::model::{Actor, Handed};

    /// A listener that saw the last batch, and not yet the end, would else wait for a change that never comes.
    #[test]
    fn the_end_of_a_job_is_news_to_who_saw_its_last_batch() {
        let id = Id::new(1_772_424_000_000, &mut rand_core::OsRng);
        let job = Job {
            id,
            credential_type: "mandate".to_owned(),
            by: Actor::staff("he"),
            at: UnixSeconds(1_772_424_000),
            up_to: id,
            total: 2,
            done: 2,
            refused: 0,
            offers_until: UnixSeconds(1_772_424_060),
            state: JobState::Running,
            worked_at_ms: 1_772_424_000_000,
            handed: Handed::default(),
        };
        let over = Job { state: JobState::Done, ..job.clone() };
        assert_ne!(version(&job), version(&over));
    }
}

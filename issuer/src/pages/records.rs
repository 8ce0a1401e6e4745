//! Records and bulk issuance before the staff: import a file, begin a job, see those there were.

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use http::StatusCode;
use service::extract::{Form, Multipart, Path};
use service::ui::{
    Icon, Markup, Page, State as Badge, Table, Tone, Visitor, badge, button, csrf_field, details, empty,
    form, heading, html, notice, panel,
};
use service::{Lang, Problem};

use super::console::{ConsoleForm, SignedIn, StaffSession};
use super::frame::{console, moment, type_name};
use crate::access;
use crate::bulk::BeginRefused;
use crate::core::{App, Core, texts};
use crate::model::{Actor, Job, JobState};
use crate::records::{self, Report};
use crate::routes::{LARGEST_FILE, import_csv, offers_live};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/console/records", get(overview))
        .route("/console/records/{type}/import", post(import).layer(DefaultBodyLimit::max(LARGEST_FILE)))
        .route("/console/records/{type}/issue", post(issue))
}

async fn overview(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
) -> Result<Page, Problem> {
    page(&app, &visitor, &session, &html! {})
}

async fn import(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Path(of): Path<String>,
    Multipart(mut sent): Multipart,
) -> Result<Page, Problem> {
    let lang = visitor.lang;
    let unreadable = |error: axum::extract::multipart::MultipartError| {
        Problem::new(error.status(), "form", texts(lang).get("apply.unreadable"))
    };
    let (mut csrf, mut file) = (String::new(), None);
    while let Some(field) = sent.next_field().await.map_err(unreadable)? {
        match field.name() {
            Some("csrf") => csrf = field.text().await.map_err(unreadable)?,
            Some("file") => file = Some(field.bytes().await.map_err(unreadable)?),
            _ => {}
        }
    }
    session.check_csrf(&csrf)?;
    let result = match import_csv(&app, &of, session.member.actor(), file.unwrap_or_default()).await {
        Ok(report) => reported(lang, &report),
        Err(problem) => {
            let text = problem.title().to_owned();
            notice(Tone::Bad, texts(lang).get("records.file-refused"), &text)
        }
    };
    page(&app, &visitor, &session, &result)
}

async fn issue(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Path(of): Path<String>,
    Form(sent): Form<ConsoleForm>,
) -> Result<Response, Problem> {
    sent.check(&session)?;
    let t = texts(visitor.lang);
    match app.bulk.begin(&of, session.member.actor(), offers_live(&app), app.now()).await {
        Ok(job) => Ok(Redirect::to(&format!("/console/jobs/{}", job.id)).into_response()),
        Err(BeginRefused::Running(id)) => Ok(Redirect::to(&format!("/console/jobs/{id}")).into_response()),
        Err(BeginRefused::NothingWaits) => {
            let result = notice(Tone::Unsure, "", t.get("records.nothing-waits"));
            Ok(page(&app, &visitor, &session, &result)?.into_response())
        }
        Err(BeginRefused::BroughtByYou) => {
            let result = notice(Tone::Bad, "", t.get("records.brought-by-you"));
            Ok((StatusCode::FORBIDDEN, page(&app, &visitor, &session, &result)?).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

fn page(app: &Core, visitor: &Visitor, session: &StaffSession, result: &Markup) -> Result<Page, Problem> {
    let (lang, t) = (visitor.lang, texts(visitor.lang));
    let waiting = records::waiting(&app.store).map_err(Problem::internal)?;
    let jobs = app.bulk.list().map_err(Problem::internal)?;
    let by = session.member.actor();
    Ok(console(app, visitor, session, t.get("records.title")).body(html! {
        (heading(t.get("records.title"), t.get("records.lead")))
        (result)
        @for of in app.kinds.types() {
            @let left = waiting.get(&of.id).copied().unwrap_or_default();
            @let brought = records::sources(&app.store, &of.id).map_err(Problem::internal)?;
            @let two = of.desk.approvals() > 1;
            section.panel {
                div.row.apart {
                    h2 { (lang.pick(&of.label.zh, &of.label.en)) }
                    span.figures { (t.with("records.waiting", &[("count", &left.to_string())])) }
                }
                @if session.member.roles.meets(access::DESK) {
                    form.stack method="post" enctype="multipart/form-data" action={ "/console/records/" (of.id) "/import" } {
                        (csrf_field(&session.csrf))
                        (file_field(lang, &of.id))
                        button.button.quiet type="submit" { (t.get("records.import")) }
                    }
                    (details(t.get("records.columns"), html! {
                        p { (t.get("records.columns-text")) }
                        p { code { (of.asked().map(|claim| claim.name.as_str()).collect::<Vec<_>>().join(",")) } }
                    }))
                }
                @if !brought.is_empty() { p { (t.with("records.brought", &[("names", &names(lang, &brought))])) } }
                @if two && left > 0 { p.quiet { (t.get("records.two")) } }
                @if two && brought.iter().any(|(source, _)| *source == by) && session.member.roles.meets(access::HEADS) {
                    p { (t.get("records.brought-by-you")) }
                } @else if left > 0 && session.member.roles.meets(access::HEADS) {
                    (form(&format!("/console/records/{}/issue", of.id), &session.csrf, html! {
                        div.stack { p { (t.get("records.issue-text")) } (button(t.get("records.issue"))) }
                    }))
                }
            }
        }
        @if jobs.is_empty() { (empty(Icon::List, t.get("records.no-jobs"), t.get("records.no-jobs-text"), html! {})) }
        @else { (panel(t.get("records.jobs"), job_table(app, lang, &jobs))) }
    }))
}

/// Who brought what waits, and how much of it.
fn names(lang: Lang, brought: &[(Actor, u64)]) -> String {
    let t = texts(lang);
    let one = |(source, count): &(Actor, u64)| {
        let word =
            if matches!(source, Actor::System { .. }) { "records.by-system" } else { "records.by-staff" };
        t.with(word, &[("name", source.name().unwrap_or_default()), ("count", &count.to_string())])
    };
    brought.iter().map(one).collect::<Vec<_>>().join(lang.pick("、", ", "))
}

/// A file field whose id is one of a kind on a page with several.
fn file_field(lang: Lang, of: &str) -> Markup {
    let t = texts(lang);
    let id = format!("file-{of}");
    html! { div.field {
        label for=(id) { (t.get("records.file")) }
        p.hint id={ (id) "-hint" } { (t.get("records.file-hint")) }
        input id=(id) name="file" type="file" accept=".csv,text/csv" required aria-describedby={ (id) "-hint" };
    } }
}

fn reported(lang: Lang, report: &Report) -> Markup {
    let t = texts(lang);
    let tone = if report.refused == 0 { Tone::Good } else { Tone::Unsure };
    let figures = [
        ("added", report.added.to_string()),
        ("replaced", report.replaced.to_string()),
        ("refused", report.refused.to_string()),
    ];
    let figures: Vec<_> = figures.iter().map(|(name, figure)| (*name, figure.as_str())).collect();
    let columns = [t.get("records.line"), t.get("records.claim"), t.get("records.problem")];
    let row = |table: Table, problem: &records::RowProblem| {
        table.row([
            html! { span.figures { (problem.line) } },
            html! { (problem.claim.as_deref().unwrap_or("—")) },
            html! { (words(lang, &problem.code).map_or_else(|| html! { code { (problem.code) } }, |words| html! { (words) })) },
        ])
    };
    html! {
        div role="status" { (notice(tone, t.get("records.imported"), &t.with("records.report", &figures))) }
        @if !report.problems.is_empty() {
            (report.problems.iter().fold(Table::new(t.get("records.problems"), columns), row).render())
        }
    }
}

/// What a row's flaw is in words; the catalogue's own codes stand as they are.
fn words(lang: Lang, code: &str) -> Option<&'static str> {
    let t = texts(lang);
    match code {
        "encoding" => Some(t.get("records.flaw-encoding")),
        "columns" | "too_many_columns" => Some(t.get("records.flaw-columns")),
        "cell_too_long" => Some(t.get("records.flaw-long")),
        "quotes" => Some(t.get("records.flaw-quotes")),
        "formula" => Some(t.get("records.flaw-formula")),
        "already_prepared" => Some(t.get("records.flaw-prepared")),
        _ => None,
    }
}

fn job_table(app: &Core, lang: Lang, jobs: &[Job]) -> Markup {
    let t = texts(lang);
    let columns =
        [t.get("records.begun"), t.get("queue.type"), t.get("records.prepared"), t.get("queue.state")];
    let row = |table: Table, job: &Job| {
        table.row([
            html! { a href={ "/console/jobs/" (job.id) } { (moment(lang, job.at)) } },
            html! { (type_name(app, lang, &job.credential_type)) },
            html! { span.figures { (job.done) " / " (job.total) } },
            job_badge(lang, job),
        ])
    };
    jobs.iter().fold(Table::new(t.get("records.jobs"), columns), row).render()
}

pub(super) fn job_badge(lang: Lang, job: &Job) -> Markup {
    let t = texts(lang);
    match job.state {
        JobState::Running => badge(Badge::Waiting, t.get("records.running")),
        JobState::Done => badge(Badge::Done, t.get("records.done")),
    }
}

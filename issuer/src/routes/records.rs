//! Records and bulk issuance over JSON: for a department's own system, and for the staff.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, State};
use axum::routing::{get, post};
use axum::{Json as Answer, Router};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use service::Problem;
use service::extract::{Bearer, Json, Path, Query};

use super::callers::StaffCaller;
use super::offers::link_by_reference;
use crate::bulk::{BeginRefused, HandOutRefused};
use crate::core::{App, Core};
use crate::model::{Actor, Half, Id, Job, JobState};
use crate::records::{FileRefused, Import, Report};

/// Bytes of a CSV file at most.
pub(crate) const LARGEST_FILE: usize = 64 << 20;
/// Records in one request at most.
const TOGETHER: usize = 1000;
/// Prepared applications in one answer.
const PAGE: usize = 1000;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/api/records/{type}", post(bring))
        .route("/api/records/{type}/csv", post(bring_csv).layer(DefaultBodyLimit::max(LARGEST_FILE)))
        .route("/api/jobs", post(begin))
        .route("/api/jobs/{id}", get(job))
        .route("/api/jobs/{id}/prepared", get(prepared))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Records {
    records: Vec<Map<String, Value>>,
}

async fn bring(
    State(app): State<App>,
    Path(of): Path<String>,
    bearer: Bearer,
    Json(Records { records }): Json<Records>,
) -> Result<Answer<Report>, Problem> {
    let source = source(&app, &bearer, &of)?;
    if records.is_empty() || records.len() > TOGETHER {
        return Err(Problem::unprocessable("too-many-records", "Send 1 to 1,000 records in a request"));
    }
    let report = in_the_background(&app, &of, source, move |import| Ok(import.json(records)));
    Ok(Answer(report.await?))
}

async fn bring_csv(
    State(app): State<App>,
    Path(of): Path<String>,
    bearer: Bearer,
    body: axum::body::Bytes,
) -> Result<Answer<Report>, Problem> {
    let source = source(&app, &bearer, &of)?;
    Ok(Answer(import_csv(&app, &of, source, body).await?))
}

/// Imports a CSV file.
pub(crate) async fn import_csv(
    app: &App,
    of: &str,
    source: Actor,
    file: axum::body::Bytes,
) -> Result<Report, Problem> {
    in_the_background(app, of, source, move |import| import.csv(&file)).await
}

async fn in_the_background(
    app: &App,
    of: &str,
    source: Actor,
    work: impl FnOnce(Import<'_>) -> Result<Result<Report, store::StoreError>, FileRefused> + Send + 'static,
) -> Result<Report, Problem> {
    let of = app.kinds.credential_type(of).ok_or_else(unknown_type)?;
    let (app, now) = (Arc::clone(app), app.now());
    let task = tokio::task::spawn_blocking(move || {
        work(Import { store: &app.store, seals: &app.seals, of, source: &source, now })
    });
    let done = task.await.map_err(Problem::internal)?;
    done.map_err(|refused| Problem::unprocessable("file", refused.to_string()))?.map_err(Problem::internal)
}

/// Who brings records: a member of the staff, or a system whose key is for this type.
fn source(app: &Core, Bearer(token): &Bearer, of: &str) -> Result<Actor, Problem> {
    if let Some(member) = app.accounts.by_token(token) {
        return Ok(member.actor());
    }
    let key = app.accounts.key(token).map_err(Problem::internal)?;
    let key = key.ok_or_else(|| Problem::unauthorized("That is neither a staff token nor an API key"))?;
    if key.credential_types.iter().any(|known| known == of) {
        Ok(Actor::system(key.name))
    } else {
        Err(Problem::forbidden("scope", "This key is for records of other types"))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Begin {
    #[serde(rename = "type")]
    of: String,
}

#[derive(Serialize)]
struct JobView {
    id: Id,
    #[serde(rename = "type")]
    of: String,
    state: &'static str,
    total: u64,
    done: u64,
    refused: u64,
    offers_until: String,
}

impl From<Job> for JobView {
    fn from(job: Job) -> Self {
        Self {
            id: job.id,
            of: job.credential_type,
            state: match job.state {
                JobState::Running => "running",
                JobState::Done => "done",
            },
            total: job.total,
            done: job.done,
            refused: job.refused,
            offers_until: job.offers_until.rfc3339(),
        }
    }
}

async fn begin(
    State(app): State<App>,
    StaffCaller(by): StaffCaller,
    Json(Begin { of }): Json<Begin>,
) -> Result<(StatusCode, Answer<JobView>), Problem> {
    let job = app.bulk.begin(&of, by.actor(), offers_live(&app), app.now()).await?;
    Ok((StatusCode::CREATED, Answer(job.into())))
}

/// Seconds for which prepared offers count.
pub(crate) fn offers_live(app: &Core) -> i64 {
    i64::try_from(app.policy.prepared_offer_lifetime.as_secs()).unwrap_or(i64::MAX)
}

async fn job(State(app): State<App>, _: StaffCaller, Path(id): Path<Id>) -> Result<Answer<JobView>, Problem> {
    Ok(Answer(app.bulk.find(id).await.map_err(Problem::internal)?.ok_or_else(unknown_job)?.into()))
}

#[derive(Deserialize)]
struct After {
    after: Option<Id>,
    /// `links` or `codes`: never both in one answer, for whoever has both collects.
    what: String,
}

#[derive(Serialize)]
struct PreparedView {
    application: Id,
    holder: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
}

#[derive(Serialize)]
struct PreparedList {
    prepared: Vec<PreparedView>,
    /// Give it as `after` to read on; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Id>,
}

async fn prepared(
    State(app): State<App>,
    StaffCaller(by): StaffCaller,
    Path(id): Path<Id>,
    Query(After { after, what }): Query<After>,
) -> Result<Answer<PreparedList>, Problem> {
    let what = Half::from_code(&what)
        .ok_or_else(|| Problem::bad_request("half", "Ask for `links` or for `codes`"))?;
    app.bulk.hand_out(id, what, by.actor(), app.now()).await?;
    let (rows, next) = half(&app, id, after, what)?;
    let prepared = rows.into_iter().map(|(application, holder, value)| {
        let (link, code) = match what {
            Half::Links => (Some(value), None),
            Half::Codes => (None, Some(value)),
        };
        PreparedView { application, holder, link, code }
    });
    Ok(Answer(PreparedList { prepared: prepared.collect(), next }))
}

/// An application, its holder, and the link or the code.
pub(crate) type HalfRow = (Id, String, String);

/// A page of a job's applications with one half of each: application, holder, link or code; and where to read on. Whom it is handed
/// to must be noted before ([`crate::bulk::Bulk::hand_out`]).
pub(crate) fn half(
    app: &Core,
    job: Id,
    after: Option<Id>,
    what: Half,
) -> Result<(Vec<HalfRow>, Option<Id>), Problem> {
    let ids = app.bulk.prepared(job, after, PAGE).map_err(Problem::internal)?;
    let next = ids.last().copied().filter(|_| ids.len() == PAGE);
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids {
        let Some(found) = app.desk.find(id).map_err(Problem::internal)? else { continue };
        let offer =
            found.offer.map_or(Ok(None), |offer| app.offers.find(offer)).map_err(Problem::internal)?;
        // What its holder has taken into her own hands is no longer the department's to hand out.
        let Some(offer) = offer.filter(|offer| offer.is_open(app.now().seconds) && found.offers == 1) else {
            continue;
        };
        let value = match what {
            Half::Links => link_by_reference(app, &offer)?,
            Half::Codes => app.seals.tx_code(offer.id).to_string(),
        };
        rows.push((id, found.holder.0, value));
    }
    Ok((rows, next))
}

impl From<BeginRefused> for Problem {
    fn from(error: BeginRefused) -> Self {
        match error {
            BeginRefused::UnknownType => unknown_type(),
            BeginRefused::NothingWaits => Self::conflict("nothing-waits", "No record of this type waits"),
            BeginRefused::Running(id) => {
                Self::conflict("job-running", "A bulk issuance of this type is running")
                    .with("job", id.to_string())
            }
            BeginRefused::BroughtByYou => Self::forbidden(
                "brought-by-you",
                "Two people approve this type, and you brought some of the records that wait",
            )
            .detail("Let another supervisor begin, or somebody else bring those records again."),
            BeginRefused::Store(error) => Self::internal(error),
        }
    }
}

impl From<HandOutRefused> for Problem {
    fn from(error: HandOutRefused) -> Self {
        match error {
            HandOutRefused::UnknownJob => unknown_job(),
            HandOutRefused::OtherHalfIsYours => Self::forbidden(
                "other-half-is-yours",
                "Two people approve this type, and you were handed the other half",
            )
            .detail("Whoever has links and codes collects: let another supervisor hand out this half."),
            HandOutRefused::Store(error) => Self::internal(error),
        }
    }
}

fn unknown_type() -> Problem {
    Problem::not_found("This department does not issue that credential type")
}

fn unknown_job() -> Problem {
    Problem::not_found("There is no such bulk issuance")
}

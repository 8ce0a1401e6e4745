//! Applications over JSON: submit, follow, collect; the staff's list and decisions.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json as Answer, Router};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use service::Problem;
use service::extract::{Bearer, Json, Path, Query};

use super::callers::{Caller, StaffCaller, applicant, caller};
use super::offers::{link_by_reference, link_by_value};
use crate::client::Client;
use crate::collect;
use crate::core::{App, Core};
use crate::desk::{DecideError, Decision};
use crate::model::{Application, Happening, Id, Offer, State as Standing};
use crate::offers::CollectError;
use crate::reason::Reason;

/// Applications in one answer at most.
const PAGE: usize = 100;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/api/applications", post(submit).get(list))
        .route("/api/applications/{id}", get(find))
        .route("/api/applications/{id}/approve", post(approve))
        .route("/api/applications/{id}/reject", post(reject))
        .route("/api/applications/{id}/offer", get(offer).post(renew))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Submission {
    #[serde(rename = "type")]
    credential_type: String,
    claims: Map<String, Value>,
}

#[derive(Serialize)]
struct Submitted {
    id: Id,
    state: &'static str,
    /// Shows that the application is the applicant's: `Authorization: Bearer`.
    secret: String,
    /// The page on which to follow it.
    link: String,
}

async fn submit(
    State(app): State<App>,
    client: Client,
    Json(sent): Json<Submission>,
) -> Result<Response, Problem> {
    let submitted = collect::submit(&app, &client, &sent.credential_type, sent.claims).await?;
    let answer = Submitted {
        id: submitted.application.id,
        state: submitted.application.state.code(),
        secret: submitted.secret.to_string(),
        link: submitted.link,
    };
    let location = format!("/api/applications/{}", answer.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Answer(answer)).into_response())
}

#[derive(Serialize)]
struct View {
    id: Id,
    #[serde(rename = "type")]
    credential_type: String,
    state: &'static str,
    submitted_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Credential configurations that were collected.
    issued: Vec<String>,
    /// Credentials by configuration, for the staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    credentials: Option<std::collections::BTreeMap<String, Id>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    claims: Option<Map<String, Value>>,
}

fn view(application: Application, caller: Caller) -> View {
    let decision = application.decision();
    let reason = decision.and_then(|event| match &event.what {
        Happening::Rejected { reason } => Some(reason.0.clone()),
        Happening::Submitted | Happening::Approved | Happening::Issued { .. } => None,
    });
    // An applicant is told when and why, not which clerk it was.
    let decided_by = decision.and_then(|event| event.by.name()).map(str::to_owned);
    View {
        id: application.id,
        state: application.state.code(),
        submitted_at: application.submitted_at().rfc3339(),
        decided_at: decision.map(|event| event.at.rfc3339()),
        decided_by: decided_by.filter(|_| caller == Caller::Staff),
        reason,
        issued: application.issued.keys().cloned().collect(),
        credentials: (caller == Caller::Staff).then_some(application.issued),
        credential_type: application.credential_type,
        claims: None,
    }
}

async fn find(State(app): State<App>, Path(id): Path<Id>, bearer: Bearer) -> Result<Answer<View>, Problem> {
    let caller = caller(&app, &bearer, id)?;
    let application = app.desk.find(id).map_err(Problem::internal)?.ok_or_else(unknown)?;
    let claims = app.desk.claims(id).map_err(Problem::internal)?;
    Ok(Answer(View { claims, ..view(application, caller) }))
}

#[derive(Deserialize)]
struct ListQuery {
    state: Option<String>,
    before: Option<Id>,
}

#[derive(Serialize)]
struct List {
    applications: Vec<View>,
    /// Give it as `before` to read on; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Id>,
}

async fn list(
    State(app): State<App>,
    _: StaffCaller,
    Query(query): Query<ListQuery>,
) -> Result<Answer<List>, Problem> {
    let state = match query.state.as_deref() {
        None => None,
        Some(code) => Some(Standing::from_code(code).ok_or_else(|| {
            Problem::bad_request("unknown-state", "The states are submitted, approved and rejected")
        })?),
    };
    let found = app.desk.list(state, query.before, PAGE).map_err(Problem::internal)?;
    let next = (found.len() == PAGE).then(|| found.last().map(|last| last.id)).flatten();
    Ok(Answer(List {
        applications: found.into_iter().map(|found| view(found, Caller::Staff)).collect(),
        next,
    }))
}

async fn approve(
    State(app): State<App>,
    Path(id): Path<Id>,
    StaffCaller(by): StaffCaller,
) -> Result<Answer<View>, Problem> {
    let decided = app.desk.decide(id, Decision::Approve, by, app.now()).await.map_err(undecided)?;
    Ok(Answer(view(decided, Caller::Staff)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rejection {
    reason: Reason,
}

async fn reject(
    State(app): State<App>,
    Path(id): Path<Id>,
    StaffCaller(by): StaffCaller,
    Json(Rejection { reason }): Json<Rejection>,
) -> Result<Answer<View>, Problem> {
    let decision = Decision::Reject { reason: reason.into() };
    let decided = app.desk.decide(id, decision, by, app.now()).await.map_err(undecided)?;
    Ok(Answer(view(decided, Caller::Staff)))
}

#[derive(Serialize)]
struct OfferView {
    /// The link to show as a QR code or to open: the offer by reference.
    offer_uri: String,
    /// The same with the offer inside.
    offer_uri_by_value: String,
    /// What the holder enters on the phone.
    tx_code: String,
    /// When the offer stops counting.
    expires: String,
}

async fn offer(
    State(app): State<App>,
    Path(id): Path<Id>,
    bearer: Bearer,
) -> Result<Answer<OfferView>, Problem> {
    applicant(&app, &bearer, id)?;
    offer_view(&app, &collect::offer(&app, id, false).await?)
}

async fn renew(
    State(app): State<App>,
    Path(id): Path<Id>,
    bearer: Bearer,
) -> Result<Answer<OfferView>, Problem> {
    applicant(&app, &bearer, id)?;
    offer_view(&app, &collect::offer(&app, id, true).await?)
}

fn offer_view(app: &Core, offer: &Offer) -> Result<Answer<OfferView>, Problem> {
    Ok(Answer(OfferView {
        offer_uri: link_by_reference(app, offer)?,
        offer_uri_by_value: link_by_value(app, offer),
        tx_code: app.seals.tx_code(offer.id).to_string(),
        expires: offer.expires_at.rfc3339(),
    }))
}

impl From<CollectError> for Problem {
    fn from(error: CollectError) -> Self {
        match error {
            CollectError::Unknown => unknown(),
            CollectError::NotApproved(state) => {
                Self::conflict("not-approved", "The application is not approved").with("state", state.code())
            }
            CollectError::Collected => {
                Self::conflict("collected", "Everything on this application was collected").detail(
                    "If it was lost on the way, ask for a new offer (POST): it replaces what was issued.",
                )
            }
            CollectError::TooMany => Self::conflict(
                "too-many-offers",
                "So many offers were made on this application that no more will be; ask the department",
            ),
            CollectError::Store(error) => Self::internal(error),
        }
    }
}

fn undecided(error: DecideError) -> Problem {
    match error {
        DecideError::Unknown => unknown(),
        DecideError::Decided(before) => {
            Problem::conflict("already-decided", "This application was already decided")
                .with("state", before.state.code())
                .with("decided_at", before.at.rfc3339())
                .with("decided_by", before.by.name())
        }
        DecideError::Store(error) => Problem::internal(error),
    }
}

fn unknown() -> Problem {
    Problem::not_found("There is no such application")
}

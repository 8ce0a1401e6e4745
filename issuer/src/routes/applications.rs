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
use crate::attachments::{self, AttachRefused};
use crate::audit::Deed;
use crate::client::Client;
use crate::collect;
use crate::core::{App, Core};
use crate::desk::{DecideError, Decision};
use crate::model::{
    Application, ChangeRefused, DecisionRefused, Happening, Id, Member, Offer, State as Standing,
};
use crate::offers::CollectError;
use crate::reason::Reason;
use crate::reissue;
use crate::status::ChangeError;

/// Applications in one answer at most.
const PAGE: usize = 100;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/api/applications", post(submit).get(list))
        .route("/api/applications/{id}", get(find))
        .route("/api/applications/{id}/take", post(take))
        .route("/api/applications/{id}/return", post(send_back))
        .route("/api/applications/{id}/correct", post(correct))
        .route("/api/applications/{id}/attachments", post(attach))
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
    /// How often the applicant sent it: what a decision names as `seen`.
    sent: usize,
    /// What the applicant is to correct.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// Credential configurations that were collected.
    issued: Vec<String>,
    /// Credentials by configuration, for the staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    credentials: Option<std::collections::BTreeMap<String, Id>>,
    /// The application that it corrects, for the staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    corrects: Option<Id>,
    /// Other applications of the same type with the same holder's identifier, for the staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    alike: Option<Vec<Id>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    claims: Option<Map<String, Value>>,
}

fn view(application: Application, caller: Caller) -> View {
    let decision = application.decision();
    let reason = decision.and_then(|event| match &event.what {
        Happening::Rejected { reason } => Some(reason.0.clone()),
        _ => None,
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
        sent: application.times_sent(),
        note: application.note().map(str::to_owned),
        issued: application.issued.keys().cloned().collect(),
        corrects: application.corrects.filter(|_| caller == Caller::Staff).map(|correction| correction.of),
        credentials: (caller == Caller::Staff).then_some(application.issued),
        credential_type: application.credential_type,
        alike: None,
        claims: None,
    }
}

async fn find(State(app): State<App>, Path(id): Path<Id>, bearer: Bearer) -> Result<Answer<View>, Problem> {
    let caller = caller(&app, &bearer, id)?;
    let application = app.desk.find(id).map_err(Problem::internal)?.ok_or_else(unknown)?;
    let claims = app.desk.claims(id).map_err(Problem::internal)?;
    let alike = app.desk.alike(&application).map_err(Problem::internal)?;
    if let Some(member) = app.accounts.by_token(&bearer.0).filter(|_| caller == Caller::Staff) {
        app.note(&member, Deed::new("application-read").about("application", id)).await?;
    }
    let alike = (caller == Caller::Staff).then(|| alike.into_iter().map(|other| other.id).collect());
    Ok(Answer(View { claims, alike, ..view(application, caller) }))
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
            Problem::bad_request(
                "unknown-state",
                "The states are submitted, in-review, needs-correction, approved, rejected and issued",
            )
        })?),
    };
    let found = app.desk.list(state, query.before, PAGE).map_err(Problem::internal)?;
    let next = (found.len() == PAGE).then(|| found.last().map(|last| last.id)).flatten();
    Ok(Answer(List {
        applications: found.into_iter().map(|found| view(found, Caller::Staff)).collect(),
        next,
    }))
}

/// What whoever decides had read.
#[derive(Deserialize)]
struct Seen {
    /// How often the application had been sent: `sent` of what was read. Without it, whatever it says now is decided.
    seen: Option<usize>,
}

async fn approve(
    State(app): State<App>,
    Path(id): Path<Id>,
    Query(Seen { seen }): Query<Seen>,
    StaffCaller(by): StaffCaller,
) -> Result<Answer<View>, Problem> {
    let decision = approval(&app, id)?;
    Ok(Answer(view(decided(&app, id, decision, seen, by).await?, Caller::Staff)))
}

/// Does something with an application, and carries out the revocations that an approved correction asks for.
pub(crate) async fn decided(
    app: &Core,
    id: Id,
    decision: Decision,
    seen: Option<usize>,
    by: Member,
) -> Result<Application, DecideError> {
    let now = app.now();
    let application = app.desk.decide(id, decision, seen, by, now).await?;
    if application.state == Standing::Approved
        && let Some(correction) = &application.corrects
    {
        // What the chain doesn't take now is made later, and shown until then.
        reissue::carry_out(&app.statuses, &correction.revokes, now).await;
    }
    Ok(application)
}

/// An approval under the rules of the application's type.
pub(crate) fn approval(app: &Core, id: Id) -> Result<Decision, Problem> {
    let found = app.desk.find(id).map_err(Problem::internal)?.ok_or_else(unknown)?;
    let of = app.kinds.credential_type(&found.credential_type);
    Ok(Decision::Approve { approvals: of.map_or(2, |of| of.desk.approvals()) })
}

async fn take(
    State(app): State<App>,
    Path(id): Path<Id>,
    StaffCaller(by): StaffCaller,
) -> Result<Answer<View>, Problem> {
    Ok(Answer(view(decided(&app, id, Decision::Take, None, by).await?, Caller::Staff)))
}

async fn send_back(
    State(app): State<App>,
    Path(id): Path<Id>,
    Query(Seen { seen }): Query<Seen>,
    StaffCaller(by): StaffCaller,
    Json(Rejection { reason }): Json<Rejection>,
) -> Result<Answer<View>, Problem> {
    let decision = Decision::SendBack { note: reason.into() };
    Ok(Answer(view(decided(&app, id, decision, seen, by).await?, Caller::Staff)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CorrectedClaims {
    claims: Map<String, Value>,
}

async fn correct(
    State(app): State<App>,
    Path(id): Path<Id>,
    bearer: Bearer,
    Json(CorrectedClaims { claims }): Json<CorrectedClaims>,
) -> Result<Answer<View>, Problem> {
    applicant(&app, &bearer, id)?;
    Ok(Answer(view(collect::correct(&app, id, claims).await?, Caller::Applicant)))
}

#[derive(Serialize)]
struct Attached {
    id: Id,
    media_type: &'static str,
    bytes: usize,
}

/// The body is the file itself; what it is is judged by what is in it.
async fn attach(
    State(app): State<App>,
    Path(id): Path<Id>,
    bearer: Bearer,
    body: axum::body::Bytes,
) -> Result<Response, Problem> {
    applicant(&app, &bearer, id)?;
    let kept = attachments::attach(&app.store, &app.seals, id, "", &body, app.now()).await?;
    let answer = Attached { id: kept.id, media_type: kept.kind.media_type(), bytes: kept.bytes };
    Ok((StatusCode::CREATED, Answer(answer)).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rejection {
    reason: Reason,
}

async fn reject(
    State(app): State<App>,
    Path(id): Path<Id>,
    Query(Seen { seen }): Query<Seen>,
    StaffCaller(by): StaffCaller,
    Json(Rejection { reason }): Json<Rejection>,
) -> Result<Answer<View>, Problem> {
    let decision = Decision::Reject { reason: reason.into() };
    Ok(Answer(view(decided(&app, id, decision, seen, by).await?, Caller::Staff)))
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
            CollectError::NotYetRevoked => Self::conflict(
                "not-yet-revoked",
                "What this corrects is not revoked yet; it can be collected once it is",
            ),
            CollectError::Corrected => {
                Self::conflict("corrected", "The department corrected this and issued it anew")
            }
            CollectError::TooMany => Self::conflict(
                "too-many-offers",
                "So many offers were made on this application that no more will be; ask the department",
            ),
            CollectError::Store(error) => Self::internal(error),
        }
    }
}

impl From<DecideError> for Problem {
    fn from(error: DecideError) -> Self {
        let refused = match error {
            DecideError::Unknown => return unknown(),
            DecideError::Store(error) => return Self::internal(error),
            DecideError::Corrects(refused) => {
                let problem = Self::from(ChangeError::Refused(refused));
                return match refused {
                    ChangeRefused::Revoked => {
                        problem.detail("What this corrects was revoked since: reject it.")
                    }
                    ChangeRefused::Already | ChangeRefused::Busy => problem,
                };
            }
            DecideError::Refused(refused) => refused,
        };
        match refused {
            DecisionRefused::Decided(before) => {
                Self::conflict("already-decided", "This application was already decided")
                    .with("state", before.state.code())
                    .with("decided_at", before.at.rfc3339())
                    .with("decided_by", before.by.name())
            }
            DecisionRefused::WithApplicant => {
                Self::conflict("with-applicant", "This application is with the applicant, to be corrected")
            }
            DecisionRefused::SentSince => {
                Self::conflict("sent-since", "The applicant sent this again since it was read")
                    .detail("Read it anew, and decide what it says now.")
            }
            DecisionRefused::SamePerson => {
                Self::conflict("same-person", "Two people approve this, and you were the first")
            }
            DecisionRefused::NeedsSupervisor => {
                Self::forbidden("needs-supervisor", "The second to approve this must be a supervisor")
            }
            DecisionRefused::NothingToCorrect => {
                Self::conflict("nothing-to-correct", "This application waits for no correction")
            }
            DecisionRefused::DepartmentsOwn => {
                Self::conflict("departments-own", "The department made this to correct what it issued")
                    .detail("Nobody applied for it, so it goes back to nobody: reject it, and correct anew.")
            }
        }
    }
}

impl From<AttachRefused> for Problem {
    fn from(error: AttachRefused) -> Self {
        match error {
            AttachRefused::Unknown => unknown(),
            AttachRefused::Closed => {
                Self::conflict("attachments-closed", "This application takes no attachments any more")
            }
            AttachRefused::Kind => {
                Self::unprocessable("attachment-kind", "An attachment is a PDF, a PNG or a JPEG")
            }
            AttachRefused::Size => Self::unprocessable(
                "attachment-size",
                "An attachment has at most 900 KB, and at least one byte",
            ),
            AttachRefused::TooMany => {
                Self::conflict("attachments-full", "An application has at most five attachments")
            }
            AttachRefused::Sealed => Self::internal("an attachment can't be sealed or opened"),
            AttachRefused::Store(error) => Self::internal(error),
        }
    }
}

fn unknown() -> Problem {
    Problem::not_found("There is no such application")
}

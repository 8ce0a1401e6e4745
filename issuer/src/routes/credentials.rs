//! Issued credentials over JSON, for the staff: list, look, revoke, suspend, reinstate.

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json as Answer, Router};
use credentials::UnixSeconds;
use credentials::catalogue::ReasonCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use service::Problem;
use service::extract::{Json, Path, Query};

use super::callers::StaffCaller;
use crate::audit::Deed;
use crate::core::{App, Core};
use crate::model::{
    Application, Change, ChangeRefused, CredentialRecord, Id, Member, Pending, RefusedChange,
};
use crate::reason::Reason;
use crate::reissue::{self, ReissueRefused, Revocations};
use crate::status::{ChangeError, Why};
use crate::{collect, marks};

/// Credentials in one answer at most.
const PAGE: usize = 100;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/api/credentials", get(list))
        .route("/api/credentials/{id}", get(find))
        .route("/api/credentials/{id}/correct", post(correct))
        .route("/api/credentials/{id}/{change}", post(change))
}

#[derive(Serialize)]
struct View {
    id: Id,
    application: Id,
    #[serde(rename = "type")]
    credential_type: String,
    configuration: String,
    status: &'static str,
    /// A change that is not final yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pending: Option<ChangeView>,
    changes: Vec<ChangeView>,
    issued_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<String>,
    status_list: u32,
    status_index: u32,
    /// The last change that was asked for, if the chain refused it: nothing was changed, and it can be asked for again.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<RefusedView>,
    /// Copies that were issued at once, each at a place of its own; the first one's is the above.
    copies: usize,
    /// What wallets said became of it.
    notified: Vec<String>,
}

#[derive(Serialize)]
struct RefusedView {
    change: &'static str,
    /// The chain's name for the reason.
    code: String,
    at: String,
}

impl From<RefusedChange> for RefusedView {
    fn from(refused: RefusedChange) -> Self {
        Self { change: refused.change.code(), code: refused.code, at: refused.at.rfc3339() }
    }
}

#[derive(Serialize)]
struct ChangeView {
    change: &'static str,
    at: String,
    by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    reason: String,
}

impl From<Pending> for ChangeView {
    fn from(change: Pending) -> Self {
        Self {
            change: change.change.code(),
            at: change.at.rfc3339(),
            by: change.by.name().map(str::to_owned),
            code: change.code,
            reason: change.reason.0,
        }
    }
}

impl From<CredentialRecord> for View {
    fn from(record: CredentialRecord) -> Self {
        Self {
            id: record.id,
            application: record.application,
            credential_type: record.credential_type,
            configuration: record.configuration,
            status: record.standing.code(),
            pending: record.pending.map(Into::into),
            changes: record.changes.into_iter().map(Into::into).collect(),
            issued_at: record.issued_at.rfc3339(),
            valid_until: record.valid_until.map(UnixSeconds::rfc3339),
            status_list: record.status.list,
            status_index: record.status.index,
            refused: record.refused.map(Into::into),
            copies: 1 + record.copies.len(),
            notified: record.notified.into_iter().map(|said| said.event).collect(),
        }
    }
}

#[derive(Deserialize)]
struct ListQuery {
    before: Option<Id>,
}

#[derive(Serialize)]
struct List {
    credentials: Vec<View>,
    /// Give it as `before` to read on; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Id>,
}

async fn list(
    State(app): State<App>,
    _: StaffCaller,
    Query(query): Query<ListQuery>,
) -> Result<Answer<List>, Problem> {
    let found = app.statuses.list(query.before, PAGE).map_err(Problem::internal)?;
    let next = (found.len() == PAGE).then(|| found.last().map(|last| last.id)).flatten();
    Ok(Answer(List { credentials: found.into_iter().map(Into::into).collect(), next }))
}

async fn find(
    State(app): State<App>,
    Path(id): Path<Id>,
    StaffCaller(by): StaffCaller,
) -> Result<Answer<View>, Problem> {
    let found = app.statuses.find(id).map_err(Problem::internal)?.ok_or_else(unknown)?;
    app.note(&by, Deed::new("credential-read").about("credential", id)).await?;
    Ok(Answer(found.into()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    /// One of the catalogue's codes that the type and the change know.
    #[serde(default)]
    code: Option<String>,
    reason: Reason,
}

/// Answers once the change is final on the chain.
async fn change(
    State(app): State<App>,
    Path((id, change)): Path<(Id, String)>,
    StaffCaller(by): StaffCaller,
    Json(Wish { code, reason }): Json<Wish>,
) -> Result<Answer<View>, Problem> {
    let change = Change::from_code(&change)
        .ok_or_else(|| Problem::not_found("The changes are revoke, suspend and reinstate"))?;
    let found = app.statuses.find(id).map_err(Problem::internal)?.ok_or_else(unknown)?;
    let code = known_code(&app, &found.credential_type, change, code)?;
    let why = Why { code, text: reason.into() };
    let changed = app.statuses.change(id, change, by.actor(), why, app.now()).await?;
    Ok(Answer(changed.into()))
}

/// A code of the catalogue that is a reason for this change of a credential of this type.
pub(crate) fn known_code(
    app: &Core,
    credential_type: &str,
    change: Change,
    code: Option<String>,
) -> Result<Option<String>, Problem> {
    let Some(code) = code.filter(|code| !code.is_empty()) else { return Ok(None) };
    let of = app.kinds.credential_type(credential_type);
    let reason = of.filter(|of| of.desk.reasons.contains(&code)).and_then(|_| ReasonCode::by_code(&code));
    match reason.filter(|reason| reason.changes.iter().any(|known| known == change.code())) {
        Some(_) => Ok(Some(code)),
        None => Err(Problem::unprocessable("unknown-code", "That is no reason for this change of this type")),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Correction {
    /// All claims, the wrong ones put right; e-licence identifiers are given their next version here.
    claims: Map<String, Value>,
    reason: Reason,
}

#[derive(Serialize)]
struct CorrectionView {
    /// The application that takes the old one's place.
    application: Id,
    /// Where that stands: approved, or in review where the type takes two approvals. Then nothing is revoked before the second,
    /// and whoever corrected is handed nothing to collect with.
    state: &'static str,
    /// Its secret, to be given to the holder.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    /// The page on which the holder collects the new credential.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    /// Whether everything before is revoked, finally. If not, it will be, and nothing can be collected until then.
    revoked: bool,
    /// The credentials that the chain refuses to revoke; nothing happened to them. Once somebody revokes each, the new one
    /// can be collected.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refused: Vec<Id>,
}

async fn correct(
    State(app): State<App>,
    Path(id): Path<Id>,
    StaffCaller(by): StaffCaller,
    Json(Correction { claims, reason }): Json<Correction>,
) -> Result<Answer<CorrectionView>, Problem> {
    let (made, revocations) = corrected(&app, id, claims, by, reason).await?;
    let (application, state) = (made.id, made.state.code());
    let Some(Revocations { all: revoked, refused }) = revocations else {
        let (secret, link, revoked, refused) = (None, None, false, Vec::new());
        return Ok(Answer(CorrectionView { application, state, secret, link, revoked, refused }));
    };
    let secret = app.seals.applicant_secret(application).to_string();
    let link = Some(format!("{}/applications/{application}?key={secret}", app.base));
    Ok(Answer(CorrectionView { application, state, secret: Some(secret), link, revoked, refused }))
}

/// Corrects a credential: both its revocation and what takes its place are noted when it returns; says what became of the
/// revocation. `None` where a second person must approve first: then only what would take its place is noted.
pub(crate) async fn corrected(
    app: &Core,
    id: Id,
    mut claims: Map<String, Value>,
    by: Member,
    reason: Reason,
) -> Result<(Application, Option<Revocations>), Problem> {
    let now = app.now();
    let record = app.statuses.find(id).map_err(Problem::internal)?.ok_or_else(unknown)?;
    let of = app.kinds.credential_type(&record.credential_type).ok_or_else(unknown)?;
    if !reissue::next_version(of, &mut claims) {
        return Err(Problem::unprocessable("version", "The licence identifier has no next version"));
    }
    let claims = collect::checked(of, claims, now)?;
    let marks = marks::of(&app.seals, of, &claims);
    let made = reissue::made(of, collect::holder_of(of, &claims), marks, &by, now);
    let made = reissue::correct(&app.store, id, made, claims, by, reason.into(), now).await?;
    let revocations = match &made.corrects {
        Some(correction) if made.state.is_collectable() => {
            Some(reissue::carry_out(&app.statuses, &correction.revokes, now).await)
        }
        _ => None,
    };
    Ok((made, revocations))
}

impl From<ReissueRefused> for Problem {
    fn from(error: ReissueRefused) -> Self {
        match error {
            ReissueRefused::Unknown => unknown(),
            ReissueRefused::Status(refused) => ChangeError::Refused(refused).into(),
            ReissueRefused::Again(by) => {
                Self::conflict("already-corrected", "This credential was corrected before")
                    .with("application", by.to_string())
            }
            ReissueRefused::Waits(by) => {
                Self::conflict("correction-waits", "A correction of this waits for its second approval")
                    .detail("Approve or reject that one first.")
                    .with("application", by.to_string())
            }
            ReissueRefused::Store(error) => Self::internal(error),
        }
    }
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Unknown => unknown(),
            ChangeError::Refused(ChangeRefused::Revoked) => {
                Self::conflict("revocation-final", "This credential was revoked, and that is final")
            }
            ChangeError::Refused(ChangeRefused::Already) => {
                Self::conflict("already", "The credential already has that status")
            }
            ChangeError::Refused(ChangeRefused::Busy) => Self::conflict(
                "change-pending",
                "Another change of this credential is not final yet; wait a moment",
            ),
            ChangeError::ChainRefuses { code } => {
                Self::conflict(code, "The chain refuses the change; nothing was changed")
            }
            ChangeError::Queued => Self::unavailable(
                "change-queued",
                "The chain can't be reached; the change is noted and will be made once it can",
            )
            .detail("Until then the credential keeps its present status."),
            ChangeError::Store(error) => Self::internal(error),
        }
    }
}

fn unknown() -> Problem {
    Problem::not_found("There is no such credential")
}

//! Issued credentials over JSON, for the staff: list, look, revoke, suspend, reinstate.

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json as Answer, Router};
use credentials::UnixSeconds;
use serde::{Deserialize, Serialize};
use service::Problem;
use service::extract::{Json, Path, Query};

use super::callers::StaffCaller;
use crate::core::App;
use crate::model::{Change, ChangeRefused, CredentialRecord, Id, Pending};
use crate::reason::Reason;
use crate::status::ChangeError;

/// Credentials in one answer at most.
const PAGE: usize = 100;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/api/credentials", get(list))
        .route("/api/credentials/{id}", get(find))
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
    /// Copies that were issued at once, each at a place of its own; the first one's is the above.
    copies: usize,
    /// What wallets said became of it.
    notified: Vec<String>,
}

#[derive(Serialize)]
struct ChangeView {
    change: &'static str,
    at: String,
    by: Option<String>,
    reason: String,
}

impl From<Pending> for ChangeView {
    fn from(change: Pending) -> Self {
        Self {
            change: change.change.code(),
            at: change.at.rfc3339(),
            by: change.by.name().map(str::to_owned),
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

async fn find(State(app): State<App>, Path(id): Path<Id>, _: StaffCaller) -> Result<Answer<View>, Problem> {
    let found = app.statuses.find(id).map_err(Problem::internal)?.ok_or_else(unknown)?;
    Ok(Answer(found.into()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    reason: Reason,
}

/// Answers once the change is final on the chain.
async fn change(
    State(app): State<App>,
    Path((id, change)): Path<(Id, String)>,
    StaffCaller(by): StaffCaller,
    Json(Wish { reason }): Json<Wish>,
) -> Result<Answer<View>, Problem> {
    let change = Change::from_code(&change)
        .ok_or_else(|| Problem::not_found("The changes are revoke, suspend and reinstate"))?;
    let changed = app.statuses.change(id, change, by, reason.into(), app.now()).await?;
    Ok(Answer(changed.into()))
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

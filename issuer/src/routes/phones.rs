//! Lost phones over JSON: for the staff, by a credential on the phone; for who applied, by the application.

use axum::extract::State;
use axum::routing::post;
use axum::{Json as Answer, Router};
use serde::{Deserialize, Serialize};
use service::Problem;
use service::extract::{Bearer, Json, Path};

use super::callers::{StaffCaller, applicant};
use crate::core::App;
use crate::model::Id;
use crate::phones::{self, Declared, LostRefused};
use crate::reason::Reason;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/api/credentials/{id}/phone-lost", post(by_staff))
        .route("/api/applications/{id}/phone-lost", post(by_applicant))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    reason: Reason,
}

#[derive(Serialize)]
struct View {
    /// Revoked, finally.
    revoked: Vec<Id>,
    /// To be revoked once the chain is there.
    waiting: Vec<Id>,
    /// Refused by the chain: nothing happened to them.
    refused: Vec<Id>,
}

impl From<Declared> for View {
    fn from(Declared { revoked, waiting, refused }: Declared) -> Self {
        Self { revoked, waiting, refused }
    }
}

async fn by_staff(
    State(app): State<App>,
    Path(id): Path<Id>,
    StaffCaller(by): StaffCaller,
    Json(Wish { reason }): Json<Wish>,
) -> Result<Answer<View>, Problem> {
    Ok(Answer(phones::lost(&app, id, by.actor(), reason.into()).await?.into()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

async fn by_applicant(
    State(app): State<App>,
    Path(id): Path<Id>,
    bearer: Bearer,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Answer<View>, Problem> {
    applicant(&app, &bearer, id)?;
    Ok(Answer(phones::lost_by_applicant(&app, id).await?.into()))
}

impl From<LostRefused> for Problem {
    fn from(error: LostRefused) -> Self {
        match error {
            LostRefused::Unknown => Self::not_found("There is no such credential"),
            LostRefused::NothingCollected => {
                Self::conflict("nothing-collected", "Nothing was collected on a phone yet")
            }
            LostRefused::Store(error) => Self::internal(error),
        }
    }
}

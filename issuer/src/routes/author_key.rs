//! Replacing the author's key over JSON, for two admins: one asks, another approves.

use axum::extract::State;
use axum::routing::post;
use axum::{Json as Answer, Router};
use registry::Slug;
use serde::{Deserialize, Serialize};
use service::Problem;
use service::extract::Json;

use super::callers::StaffCaller;
use crate::core::App;
use crate::keys::Replacement;
use crate::reason::Reason;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/api/keys/author/replace", post(ask))
        .route("/api/keys/author/replace/approve", post(approve))
        .route("/api/keys/author/replace/withdraw", post(withdraw))
}

/// What was asked and is not done.
#[derive(Serialize)]
pub(super) struct ReplacementAnswer {
    /// The key that is to go.
    replaces: Slug,
    reason: String,
    asked_by: Option<String>,
    /// Seconds since 1970.
    asked_at: i64,
    /// Who approved; then it is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_by: Option<String>,
}

impl From<Replacement> for ReplacementAnswer {
    fn from(wish: Replacement) -> Self {
        Self {
            replaces: wish.replaces,
            reason: wish.reason.0,
            asked_by: wish.asked_by.name().map(str::to_owned),
            asked_at: wish.asked_at.0,
            approved_by: wish.approved_by.as_ref().and_then(|by| by.name()).map(str::to_owned),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    reason: Reason,
}

async fn ask(
    State(app): State<App>,
    StaffCaller(by): StaffCaller,
    Json(Asked { reason }): Json<Asked>,
) -> Result<Answer<ReplacementAnswer>, Problem> {
    Ok(Answer(app.keys.ask_to_replace(reason.into(), by.actor(), app.now()).await?.into()))
}

#[derive(Serialize)]
struct Replaced {
    /// The new key's name.
    key: Slug,
}

/// Answers once the new key counts.
async fn approve(State(app): State<App>, StaffCaller(by): StaffCaller) -> Result<Answer<Replaced>, Problem> {
    Ok(Answer(Replaced { key: app.keys.approve_replacement(by.actor(), app.now()).await? }))
}

async fn withdraw(
    State(app): State<App>,
    StaffCaller(by): StaffCaller,
) -> Result<Answer<serde_json::Value>, Problem> {
    app.keys.take_back_replacement(by.actor(), app.now()).await?;
    Ok(Answer(serde_json::json!({})))
}

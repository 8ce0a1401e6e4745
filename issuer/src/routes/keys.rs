//! The issuer's keys over JSON, for admins: look, replace, say that one was stolen.

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json as Answer, Router};
use registry::{Slug, UnixMillis};
use serde::{Deserialize, Serialize};
use service::Problem;
use service::extract::{Json, Path};

use super::author_key::ReplacementAnswer;
use super::callers::StaffCaller;
use crate::core::{App, Core};
use crate::identity::Slot;
use crate::keys::{Compromise, KeyState, KeyView, KeysError, Wish};
use crate::model::Member;
use crate::reason::Reason;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/api/keys", get(list))
        .route("/api/keys/{key}/rotate", post(rotate))
        .route("/api/keys/{key}/compromised", post(ask))
        .route("/api/keys/{key}/compromised/approve", post(approve))
        .route("/api/keys/{key}/compromised/withdraw", post(withdraw))
}

#[derive(Serialize)]
struct KeysAnswer {
    keys: Vec<KeyAnswer>,
    declarations: Vec<Declaration>,
    /// What was asked for the author's key and is not done.
    #[serde(skip_serializing_if = "Option::is_none")]
    replacement: Option<ReplacementAnswer>,
    /// The block by which the chain was asked; absent when it does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    block: Option<Block>,
}

#[derive(Serialize)]
struct Block {
    height: u64,
    time: UnixMillis,
}

#[derive(Serialize)]
struct KeyAnswer {
    slot: &'static str,
    key: Slug,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<UnixMillis>,
    /// Until when it signed, or from when on it was not ours alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<UnixMillis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    public: Option<String>,
}

/// A declaration that a key was compromised.
#[derive(Serialize)]
struct Declaration {
    key: Slug,
    since: UnixMillis,
    /// Whether what it signed before is kept.
    keep: bool,
    reason: String,
    state: &'static str,
    /// What is sent to approve it, and says that this was seen.
    wish: String,
    asked_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_by: Option<String>,
    /// Signatures that are named on the chain as ours, and those that were looked at and are not.
    kept: u64,
    left_out: u64,
}

impl From<KeyView> for KeyAnswer {
    fn from(key: KeyView) -> Self {
        let until = match key.state {
            KeyState::Retired(at) | KeyState::Compromised(at) => Some(at),
            KeyState::InUse | KeyState::Changing | KeyState::Elsewhere => None,
        };
        let (slot, state) = (key.slot.code(), key.state.code());
        Self { slot, key: key.name, state, from: key.from, until, public: key.public }
    }
}

impl From<Compromise> for Declaration {
    fn from(one: Compromise) -> Self {
        Self {
            wish: one.wish(),
            key: one.key,
            since: one.since,
            keep: one.keep,
            reason: one.reason.0,
            state: one.progress.code(),
            asked_by: one.asked_by.name().map(str::to_owned),
            approved_by: one.approved_by.as_ref().and_then(|by| by.name()).map(str::to_owned),
            kept: one.kept,
            left_out: one.left_out,
        }
    }
}

async fn list(State(app): State<App>, _: StaffCaller) -> Result<Answer<KeysAnswer>, Problem> {
    let view = app.keys.view().await?;
    Ok(Answer(KeysAnswer {
        keys: view.keys.into_iter().map(Into::into).collect(),
        declarations: view.declarations.into_iter().map(Into::into).collect(),
        replacement: view.replacement.map(Into::into),
        block: view.block.map(|(height, time)| Block { height, time }),
    }))
}

#[derive(Serialize)]
struct Rotated {
    slot: &'static str,
    /// The new key's name.
    key: Slug,
}

/// Answers once the new key counts. The slot is `p256`, `ed25519` or `mdoc-root`; the author's takes two, see `author_key`.
async fn rotate(
    State(app): State<App>,
    Path(slot): Path<String>,
    StaffCaller(by): StaffCaller,
) -> Result<Answer<Rotated>, Problem> {
    let (slot, key) = rotated(&app, &slot, &by).await?;
    Ok(Answer(Rotated { slot: slot.code(), key }))
}

/// Replaces the key in a slot.
pub(crate) async fn rotated(app: &Core, slot: &str, by: &Member) -> Result<(Slot, Slug), Problem> {
    let slot = Slot::from_code(slot)
        .ok_or_else(|| Problem::not_found("The keys that can be replaced are p256, ed25519 and mdoc-root"))?;
    Ok((slot, app.keys.rotate(slot, by.actor(), app.now()).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    since: UnixMillis,
    keep: bool,
    reason: Reason,
}

async fn ask(
    State(app): State<App>,
    Path(key): Path<String>,
    StaffCaller(by): StaffCaller,
    Json(Asked { since, keep, reason }): Json<Asked>,
) -> Result<Answer<Declaration>, Problem> {
    let wish = Wish { key: named(&key)?, since, keep, reason: reason.into() };
    Ok(Answer(app.keys.ask(wish, by.actor(), app.now()).await?.into()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Approved {
    /// The declaration's `wish`.
    wish: String,
}

/// Answers once it is declared on the chain.
async fn approve(
    State(app): State<App>,
    Path(key): Path<String>,
    StaffCaller(by): StaffCaller,
    Json(Approved { wish }): Json<Approved>,
) -> Result<Answer<Declaration>, Problem> {
    Ok(Answer(app.keys.approve(named(&key)?, wish, by.actor(), app.now()).await?.into()))
}

async fn withdraw(
    State(app): State<App>,
    Path(key): Path<String>,
    StaffCaller(by): StaffCaller,
) -> Result<Answer<serde_json::Value>, Problem> {
    app.keys.take_back(named(&key)?, by.actor(), app.now()).await?;
    Ok(Answer(serde_json::json!({})))
}

/// A key's name: `key-3`, `root-1`.
pub(crate) fn named(key: &str) -> Result<Slug, Problem> {
    Slug::new(key).map_err(|_| KeysError::Unknown.into())
}

impl From<KeysError> for Problem {
    fn from(error: KeysError) -> Self {
        match error {
            KeysError::Unknown => Self::not_found("There is no such key, or nothing to do about it"),
            KeysError::ByTwo => {
                Self::conflict("takes-two", "Two admins replace this key: ask at /api/keys/author/replace")
            }
            KeysError::Busy => Self::conflict("key-changing", "Another change of this key is under way"),
            KeysError::Away(error) => error.into(),
            KeysError::Queued => Self::unavailable(
                "key-change-queued",
                "The chain does not answer; the change is noted and will be made",
            )
            .detail("While a new key is noted, nothing is signed in its place."),
            KeysError::ChainRefuses { code } => {
                Self::conflict(code, "The chain refuses the change; the keys are as before")
            }
            KeysError::Date => {
                Self::unprocessable("compromise-date", "The date lies ahead, or after the key was retired")
            }
            KeysError::Already => Self::conflict(
                "already",
                "That is declared already, or on its way; what waits is withdrawn first",
            ),
            KeysError::AnotherWish => {
                Self::conflict("another-wish", "What waits is not what you saw; look at it again")
                    .detail("Send the `wish` of what waits now, as GET /api/keys says it, or withdraw it.")
            }
            KeysError::SamePerson => {
                Self::conflict("same-person", "Somebody else must approve what you asked for")
            }
            KeysError::Files(error) => Self::internal(error),
            KeysError::Store(error) => Self::internal(error),
        }
    }
}

//! The claims that policies say are kept: what there is, reading it, deleting it before its time. For keys of a scope of its own.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use service::extract::{Path, Query};
use service::{Problem, clock};

use crate::access::{Caller, Scope};
use crate::core::App;
use crate::kept::Record;
use crate::request::RequestId;
use crate::row_key::SealedRowError;

#[derive(Deserialize)]
pub(super) struct After {
    /// `next` of the page before.
    after: Option<RequestId>,
}

#[derive(Serialize)]
struct List {
    /// Without claims.
    kept: Vec<Record>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(After { after }): Query<After>,
) -> Result<Response, Problem> {
    caller.must_have(Scope::Claims)?;
    let (kept, next) = app.account.kept.list(after.as_ref(), clock::now()).map_err(Problem::internal)?;
    Ok(private(Answer(List { kept, next })))
}

pub(super) async fn read(
    State(app): State<App>,
    Path(id): Path<RequestId>,
    caller: Caller,
) -> Result<Response, Problem> {
    caller.must_have(Scope::Claims)?;
    let kept = app.account.kept.read(&id, caller.noting(), clock::now()).await.map_err(internal)?;
    match kept.is_empty() {
        true => Err(nothing()),
        false => Ok(private(Answer(List { kept, next: None }))),
    }
}

pub(super) async fn delete(
    State(app): State<App>,
    Path(id): Path<RequestId>,
    caller: Caller,
) -> Result<StatusCode, Problem> {
    caller.must_have(Scope::Claims)?;
    match app.account.kept.delete(&id, caller.noting()).await.map_err(Problem::internal)? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(nothing()),
    }
}

fn private(answer: impl IntoResponse) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], answer).into_response()
}

fn nothing() -> Problem {
    Problem::not_found("Nothing is kept of such a request")
}

fn internal(error: SealedRowError) -> Problem {
    match error {
        SealedRowError::Seal(error) => Problem::internal(error),
        SealedRowError::Store(error) => Problem::internal(error),
    }
}

//! Issuing and deriving.

use axum::Json as Answer;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use credentials::data_integrity::SecureError;
use credentials::jsonld::JsonLdError;
use credentials::vc_api::{DeriveRequest, IssueFailed, IssueRequest, Mechanism};
use http::StatusCode;
use rand_core::OsRng;
use serde_json::{Value, json};
use service::Problem;
use service::extract::{JsonBytes, Path};

use super::{VcApi, unreadable};

pub(super) async fn issue(
    State(api): State<VcApi>,
    Path(name): Path<String>,
    JsonBytes(body): JsonBytes,
) -> Result<Response, Problem> {
    let mechanism = Mechanism::named(&name)
        .ok_or_else(|| Problem::not_found("There is no such instance; GET /instances lists them"))?;
    let now = api.app.now().seconds;
    let issued = at_work(move || {
        let request = IssueRequest::parse(&body).map_err(unreadable)?;
        let instance =
            api.instances.of(mechanism).ok_or_else(|| Problem::internal("an instance is missing"))?;
        instance.issue(request, now, &api.contexts, &mut OsRng).map_err(|error| not_issued(&error))
    });
    Ok(created(&issued.await?))
}

pub(super) async fn derive(
    State(api): State<VcApi>,
    JsonBytes(body): JsonBytes,
) -> Result<Response, Problem> {
    let derived = at_work(move || {
        let request = DeriveRequest::parse(&body).map_err(unreadable)?;
        request.derive(&api.contexts, &mut OsRng).map_err(|error| not_derived(error.to_string()))
    });
    Ok(created(&derived.await?))
}

/// Signing many statements takes long: not on a thread that others need.
async fn at_work(work: impl FnOnce() -> Result<Value, Problem> + Send + 'static) -> Result<Value, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(Problem::internal)?
}

fn created(credential: &Value) -> Response {
    (StatusCode::CREATED, Answer(json!({"verifiableCredential": credential}))).into_response()
}

fn not_issued(error: &IssueFailed) -> Problem {
    let kind = match error {
        IssueFailed::Secure(SecureError::Sign(error)) => return Problem::internal(*error),
        IssueFailed::Secure(SecureError::JsonLd(error)) if *error != JsonLdError::Pointer => {
            "https://w3id.org/security#DATA_LOSS_DETECTION_ERROR"
        }
        _ => "https://w3id.org/security#PROOF_GENERATION_ERROR",
    };
    Problem::bad_request("not-issued", "This can't be issued")
        .detail(error.to_string())
        .with("problemDetails", [json!({"type": kind, "title": error.to_string()})])
}

fn not_derived(why: String) -> Problem {
    Problem::bad_request("not-derived", "Nothing can be derived from this").detail(why)
}

//! What is answered.

use std::fmt::Display;

use axum::Json as Answer;
use axum::response::{IntoResponse, Response};
use credentials::vc_api::RequestError;
use credentials::{CheckName, Findings, Flaw};
use serde::Serialize;
use serde_json::json;
use service::Problem;

/// The errors of Data Integrity 1.0 §4.7 are named under it.
const SECURITY: &str = "https://w3id.org/security#";

/// One thing that is wrong (VC-API, `ProblemDetails`). Names the flaw, never a value that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Detail {
    r#type: String,
    title: String,
    /// The flaw's stable name.
    flaw: String,
}

impl Detail {
    /// A check that failed, or could not be made, by its stable name.
    pub(super) fn named(flaw: impl Into<String>, title: impl Into<String>) -> Self {
        Self { r#type: format!("{SECURITY}PROOF_VERIFICATION_ERROR"), title: title.into(), flaw: flaw.into() }
    }
}

impl From<&Flaw> for Detail {
    fn from(flaw: &Flaw) -> Self {
        let error = match (flaw, flaw.check()) {
            (Flaw::JsonLd(_), _) => "DATA_LOSS_DETECTION_ERROR",
            (_, CheckName::Nonce) => "INVALID_CHALLENGE_ERROR",
            (_, CheckName::Audience) => "INVALID_DOMAIN_ERROR",
            _ => "PROOF_VERIFICATION_ERROR",
        };
        Self { r#type: format!("{SECURITY}{error}"), title: flaw.to_string(), flaw: flaw.id() }
    }
}

/// Every flaw among the findings, each once.
pub(super) fn details<'f>(all: impl IntoIterator<Item = &'f Findings>) -> Vec<Detail> {
    let mut details: Vec<Detail> = Vec::new();
    for detail in all.into_iter().flat_map(Findings::flaws).map(Detail::from) {
        if !details.contains(&detail) {
            details.push(detail);
        }
    }
    details
}

/// 200 if nothing is wrong, else 400.
pub(super) fn answer(details: &[Detail]) -> Response {
    if details.is_empty() {
        return Answer(json!({"verified": true, "problemDetails": []})).into_response();
    }
    refusal().with("problemDetails", details).into_response()
}

/// A document that can't be read as one.
pub(super) fn malformed(error: impl Display) -> Problem {
    let detail = json!({
        "type": format!("{SECURITY}PARSING_ERROR"),
        "title": error.to_string(),
        "flaw": "malformed",
    });
    refusal().detail(error.to_string()).with("problemDetails", [detail])
}

/// A body that is no request.
pub(super) fn unreadable(error: RequestError) -> Problem {
    Problem::bad_request("invalid-request", "The request can't be read")
        .detail(error.to_string())
        .with("verified", false)
}

fn refusal() -> Problem {
    Problem::bad_request("not-verified", "This does not verify").with("verified", false)
}

//! Changing the status of what the department issued, in VC-API's words.

use axum::Json as Answer;
use axum::extract::State;
use credentials::vc_api::StatusRequest;
use serde::Serialize;
use service::Problem;
use service::extract::{Bearer, JsonBytes};

use super::{VcApi, unreadable};
use crate::access;
use crate::model::{Change, Id};
use crate::status::Why;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Changed {
    credential_id: Id,
    status: &'static str,
}

/// Answers once the change is final on the chain.
pub(super) async fn change(
    State(api): State<VcApi>,
    Bearer(token): Bearer,
    JsonBytes(body): JsonBytes,
) -> Result<Answer<Changed>, Problem> {
    let by = api.app.accounts.by_token(&token).filter(|member| member.roles.meets(access::DESK));
    let by = by.ok_or_else(|| Problem::unauthorized("That is no token of the staff"))?.actor();
    let request = StatusRequest::parse(&body).map_err(unreadable)?;
    let id = request.credential_id.parse().map_err(|_| Problem::not_found("There is no such credential"))?;
    let wish = request.credential_status;
    let change = match (wish.r#type.as_str(), wish.status_purpose.as_str(), wish.status) {
        ("BitstringStatusListEntry", "revocation", true) => Change::Revoke,
        ("BitstringStatusListEntry", "suspension", true) => Change::Suspend,
        ("BitstringStatusListEntry", "suspension", false) => Change::Reinstate,
        _ => {
            return Err(Problem::bad_request("status-unknown", "There is no such status here")
                .detail("BitstringStatusListEntry is taken, with revocation (final) and suspension"));
        }
    };
    let why = Why::words("VC-API");
    let changed = api.app.statuses.change(id, change, by, why, api.app.now()).await?;
    Ok(Answer(Changed { credential_id: changed.id, status: changed.standing.code() }))
}

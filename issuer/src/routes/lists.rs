//! Status lists: Token Status List (draft-ietf-oauth-status-list §8) and Bitstring Status List 1.0.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use credentials::status::Purpose;
use service::Problem;
use service::extract::Path;

use super::answers::public;
use crate::core::App;
use crate::status::ServedError;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/status-lists/{number}", get(token_list))
        .route("/bitstring/{number}/{purpose}", get(bitstring))
}

async fn token_list(State(app): State<App>, Path(number): Path<u32>) -> Result<Response, Problem> {
    let view = app.served.view(number, app.now()).await.map_err(refused)?;
    Ok(public("application/statuslist+jwt", app.policy.list_ttl.as_secs(), view.token.clone()))
}

async fn bitstring(
    State(app): State<App>,
    Path((number, purpose)): Path<(u32, String)>,
) -> Result<Response, Problem> {
    let purpose = [Purpose::Revocation, Purpose::Suspension]
        .into_iter()
        .find(|known| known.name() == purpose)
        .ok_or_else(|| Problem::not_found("There is no status list of that purpose"))?;
    let view = app.served.view(number, app.now()).await.map_err(refused)?;
    Ok(public("application/vc", app.policy.list_ttl.as_secs(), view.bitstring(purpose).to_owned()))
}

fn refused(error: ServedError) -> Problem {
    match error {
        ServedError::Unknown => Problem::not_found("There is no status list of that number"),
        ServedError::Chain(error) => error.into(),
        ServedError::Store(error) => Problem::internal(error),
        ServedError::Unmade(error) => Problem::internal(error),
    }
}

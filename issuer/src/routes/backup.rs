//! The store for a back-up, at the operators' address, to whoever has this issuer's keys.

use std::fs::File;
use std::io::BufWriter;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use service::extract::Bearer;
use service::{Problem, backup};

use crate::audit::{Deed, Note as _, Noting};
use crate::core::{App, Core};

pub(super) fn router() -> Router<App> {
    Router::new().route(backup::PATH, post(give))
}

/// One state of the store. It is written to a file without a name first, so that no slow reader holds up commits.
async fn give(State(app): State<App>, Bearer(token): Bearer) -> Result<Response, Problem> {
    if !app.seals.is_operator_token(&token, app.now().seconds.0) {
        return Err(Problem::unauthorized("That token was not made with this issuer's keys, or is over"));
    }
    let noting = Noting::by_issuer(app.now());
    noting.note_alone(&app.store, Deed::new("backed-up")).await.map_err(Problem::internal)?;
    let written = tokio::task::spawn_blocking(move || dumped(&app)).await.map_err(Problem::internal)?;
    backup::answer_with(written.map_err(Problem::internal)?).map_err(Problem::internal)
}

fn dumped(app: &Core) -> Result<File, store::DumpError> {
    let mut out = BufWriter::new(backup::nameless_file(&app.folder)?);
    app.store.dump(&mut out)?;
    Ok(out.into_inner().map_err(std::io::IntoInnerError::into_error)?)
}

//! What a verifier that runs gives at its operators' address to whoever can read its keys.

use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use axum::{Json, Router};
use registry::Slug;
use serde::Deserialize;
use service::audit::{Deed, Noting};
use service::extract::{Bearer, Path, Query};
use service::{Problem, backup, clock};
use store::Store;

use super::OperatorKey;
use super::journal::{JournalEntry, TOGETHER};
use crate::core::App;
use crate::offline::journal::Rechecks;
use crate::routes::Apps;

/// The verifier as its operators have it.
pub(crate) struct Operated {
    pub(crate) apps: Apps,
    /// Of all tenants.
    pub(crate) store: Store,
    pub(crate) folder: PathBuf,
    pub(crate) key: OperatorKey,
}

type Of = State<Arc<Operated>>;

pub(crate) fn router(operated: Operated) -> Router {
    Router::new()
        .route(backup::PATH, post(give))
        .route("/journal/{tenant}", post(list))
        .route("/journal/{tenant}/recheck", post(recheck))
        .with_state(Arc::new(operated))
}

impl Operated {
    fn check(&self, Bearer(token): &Bearer) -> Result<(), Problem> {
        match self.key.takes(token, clock::now().seconds()) {
            true => Ok(()),
            false => {
                Err(Problem::unauthorized("That token was not made with this verifier's keys, or is over"))
            }
        }
    }

    fn tenant(&self, id: &Slug) -> Result<&App, Problem> {
        let found = self.apps.iter().find(|app| app.tenant == *id);
        found.ok_or_else(|| Problem::not_found("There is no such tenant"))
    }

    /// One state of the store. It is written to a file without a name first, so that no slow reader holds up commits.
    fn dumped(&self) -> Result<File, store::DumpError> {
        let mut out = BufWriter::new(backup::nameless_file(&self.folder)?);
        self.store.dump(&mut out)?;
        Ok(out.into_inner().map_err(std::io::IntoInnerError::into_error)?)
    }
}

async fn give(State(operated): Of, token: Bearer) -> Result<Response, Problem> {
    operated.check(&token)?;
    for app in operated.apps.iter() {
        let noting = Noting::by_verifier(clock::now());
        app.account.note(noting, Deed::new("backed-up")).await.map_err(Problem::internal)?;
    }
    let written = tokio::task::spawn_blocking(move || operated.dumped()).await.map_err(Problem::internal)?;
    backup::answer_with(written.map_err(Problem::internal)?).map_err(Problem::internal)
}

#[derive(Deserialize)]
struct After {
    after: u64,
}

async fn list(
    State(operated): Of,
    Path(tenant): Path<Slug>,
    Query(After { after }): Query<After>,
    token: Bearer,
) -> Result<Json<Vec<JournalEntry>>, Problem> {
    operated.check(&token)?;
    let page = operated.tenant(&tenant)?.account.journal.after(after, TOGETHER).map_err(Problem::internal)?;
    Ok(Json(page.into_iter().map(JournalEntry::of).collect()))
}

async fn recheck(
    State(operated): Of,
    Path(tenant): Path<Slug>,
    token: Bearer,
) -> Result<Json<Rechecks>, Problem> {
    operated.check(&token)?;
    Ok(Json(operated.tenant(&tenant)?.recheck().await.map_err(Problem::internal)?.told()))
}

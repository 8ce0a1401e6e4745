//! Claims are in the memory of the instance that judged them, and nowhere else. What another instance is asked for, it fetches from
//! there: by the operators' address, sealed under a key that only instances with the same keys can make.

use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use registry::Slug;
use serde::Deserialize;
use service::extract::Path;
use service::{Problem, clock, outbound};

use crate::core::{App, Core};
use crate::decision::Shown;
use crate::request::{Found, RequestId};
use crate::routes::Apps;

/// How long another instance may take, and how much it may answer with: about what one answer may show.
const PATIENCE: Duration = Duration::from_secs(2);
const LARGEST: usize = 4 << 20;

/// How this instance asks others, and where others reach it.
pub(crate) struct Peers {
    http: reqwest::Client,
    own: Option<String>,
}

impl Peers {
    pub(crate) fn new(own: Option<String>) -> Self {
        Self { http: outbound::client(PATIENCE), own }
    }
}

/// Why claims did not come.
#[derive(Debug, thiserror::Error)]
enum NotBrought {
    #[error("the instance that has the claims does not answer")]
    Away,
    #[error("the instance no longer has the claims")]
    Gone,
    #[error("what came is not from an instance with the same keys")]
    Sealed,
}

impl Core {
    /// Sees to it that the claims which were shown in answer to a request are in this instance's memory, if any instance still has
    /// them.
    pub(crate) async fn bring(&self, id: &RequestId, found: &Found) {
        let Some(answered) = &found.answered else { return };
        let Some(there) = answered.held_at.as_ref().filter(|there| Some(*there) != self.peers.own.as_ref())
        else {
            return;
        };
        if self.memory.get(id).is_some() {
            return;
        }
        match self.fetch(there, id, &found.request.seal).await {
            // They go when those of the other instance go; at once if they were cleared while they came.
            Ok(shown) => {
                self.memory.keep(id, shown, answered.at);
                if !matches!(self.find(id, clock::now()), Ok(Some(_))) {
                    self.memory.forget(id);
                }
            }
            Err(error) => tracing::debug!(%error, "claims are not brought"),
        }
    }

    async fn fetch(&self, there: &str, id: &RequestId, seal: &str) -> Result<Vec<Shown>, NotBrought> {
        let url = format!("{}/peers/{}/{id}", there.trim_end_matches('/'), self.tenant);
        let answer = self.peers.http.post(url).send().await.map_err(|_| NotBrought::Away)?;
        if answer.status() != StatusCode::OK {
            return Err(NotBrought::Gone);
        }
        let sealed = outbound::body(answer, LARGEST).await.map_err(|_| NotBrought::Away)?;
        let opened = self.identity.sealing().open_shown(seal, &sealed).ok_or(NotBrought::Sealed)?;
        serde_json::from_slice(&opened).map_err(|_| NotBrought::Sealed)
    }
}

#[derive(Deserialize)]
struct Asked {
    tenant: Slug,
    id: RequestId,
}

/// For other instances, at the operators' address. Whoever else asks gets what nobody without the keys can open.
pub(crate) fn router() -> Router<Apps> {
    Router::new().route("/peers/{tenant}/{id}", post(handed_over))
}

async fn handed_over(State(apps): State<Apps>, Path(asked): Path<Asked>) -> Result<Bytes, Problem> {
    let gone = || Problem::not_found("There is nothing of that here");
    let app: &App = apps.iter().find(|app| app.tenant == asked.tenant).ok_or_else(gone)?;
    let found = app.find(&asked.id, clock::now()).map_err(Problem::internal)?.ok_or_else(gone)?;
    let shown = app.memory.get(&asked.id).ok_or_else(gone)?;
    let bytes = zeroize::Zeroizing::new(serde_json::to_vec(&*shown).map_err(Problem::internal)?);
    let sealed = app.identity.sealing().seal_shown(&found.request.seal, &bytes);
    Ok(sealed.ok_or_else(|| Problem::internal("nothing can be sealed"))?.into())
}

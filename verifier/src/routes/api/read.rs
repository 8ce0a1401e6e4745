//! Reading what came of a request, at once or when it comes.

use std::convert::Infallible;
use std::time::Duration;

use axum::Json as Answer;
use axum::extract::{Extension, State};
use axum::http::header;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream, StreamExt};
use protocol::Secret;
use registry::{LocalText, Slug};
use serde::{Deserialize, Serialize};
use service::extract::{Path, Query};
use service::server::Stopping;
use service::{Problem, clock};
use tokio::sync::broadcast;

use super::view::{View, view};
use crate::access::{Caller, Scope};
use crate::core::{App, Core};
use crate::request::{Found, RequestId};

#[derive(Deserialize)]
pub(super) struct Coming {
    /// What the browser came back with, for a request on the same device.
    response_code: Option<Secret>,
}

#[derive(Serialize)]
struct Policies {
    policies: Vec<Policy>,
    /// Why the newest files are not in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
}

#[derive(Serialize)]
struct Policy {
    id: Slug,
    title: LocalText,
    version: String,
}

pub(super) async fn policies(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    caller.must(Scope::Ask)?;
    let one = |policy: std::sync::Arc<crate::purpose::Purpose>| Policy {
        id: policy.id.clone(),
        title: policy.title.clone(),
        version: policy.version.clone(),
    };
    let policies = app.policies.all().into_iter().map(one).collect();
    Ok(Answer(Policies { policies, fault: app.policies.fault() }).into_response())
}

pub(super) async fn read(
    State(app): State<App>,
    Path(id): Path<RequestId>,
    Query(coming): Query<Coming>,
    caller: Caller,
) -> Result<Response, Problem> {
    let now = clock::now();
    let found = find(&app, &id, &caller)?;
    check_code(&app, &found, &coming)?;
    app.bring(&id, &found).await;
    Ok(([(header::CACHE_CONTROL, "no-store")], Answer(view(&app, &id, found, now))).into_response())
}

/// The state now, and once more when it is the last.
pub(super) async fn events(
    State(app): State<App>,
    Path(id): Path<RequestId>,
    Query(coming): Query<Coming>,
    Extension(mut stopping): Extension<Stopping>,
    caller: Caller,
) -> Result<impl IntoResponse, Problem> {
    // Before the first look, so that no answer falls between the two.
    let answered = app.answered.subscribe();
    let found = find(&app, &id, &caller)?;
    // Whoever asked on the same device comes back with the code; what comes while one waits would come without it.
    if found.request.manner.return_to.is_some() {
        must_have_come_back(&app, &found, &coming)?;
    }
    let waiting = Waiting { app, id, answered, first: true };
    // Whoever listens does not keep the counter from stopping.
    let states = states(waiting).take_until(async move { stopping.wait().await });
    let events = Sse::new(states).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)));
    Ok(([(header::CACHE_CONTROL, "no-store")], events))
}

struct Waiting {
    app: App,
    id: RequestId,
    answered: broadcast::Receiver<RequestId>,
    first: bool,
}

impl Waiting {
    /// The next state worth telling; none when the request is forgotten.
    async fn next(&mut self) -> Option<View> {
        if !std::mem::take(&mut self.first) {
            self.wait().await?;
        }
        let now = clock::now();
        let found = self.app.find(&self.id, now).ok().flatten()?;
        self.app.bring(&self.id, &found).await;
        Some(view(&self.app, &self.id, found, now))
    }

    /// Until it is answered or has run out.
    async fn wait(&mut self) -> Option<()> {
        let found = self.app.desk.find(&self.id, clock::now()).ok().flatten()?;
        let left = found.request.expires.0.saturating_sub(clock::now().0);
        let until = tokio::time::Instant::now() + Duration::from_millis(left.saturating_add(10));
        loop {
            match tokio::time::timeout_at(until, self.answered.recv()).await {
                Ok(Ok(id)) if id != self.id => {}
                // Its own, the time, or more at once than were remembered: look.
                Ok(Ok(_)) | Err(_) => return Some(()),
                Ok(Err(broadcast::error::RecvError::Lagged(_))) => {
                    if self.app.desk.find(&self.id, clock::now()).ok()??.answered.is_some() {
                        return Some(());
                    }
                }
                Ok(Err(broadcast::error::RecvError::Closed)) => return None,
            }
        }
    }
}

fn states(waiting: Waiting) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(Some(waiting), |waiting| async {
        let mut waiting = waiting?;
        let view = waiting.next().await?;
        let is_last = view.state != "open";
        let event = Event::default().event("state").json_data(&view).unwrap_or_default();
        Some((Ok(event), (!is_last).then_some(waiting)))
    })
}

fn find(app: &Core, id: &RequestId, caller: &Caller) -> Result<Found, Problem> {
    caller.must(Scope::Ask)?;
    let found = app.find(id, clock::now()).map_err(Problem::internal)?;
    let found = found.filter(|found| caller.may_see(&found.request));
    found.ok_or_else(|| Problem::not_found("There is no such request, or it is forgotten"))
}

/// The result of a request on the same device is for whoever comes back from it: without the code, somebody else's answer
/// could be slipped into a session, or somebody's answer taken out of it (OpenID4VP 1.0 §13.3, §14.2).
fn check_code(app: &Core, found: &Found, coming: &Coming) -> Result<(), Problem> {
    if found.request.manner.return_to.is_none() || found.answered.is_none() {
        return Ok(());
    }
    must_have_come_back(app, found, coming)
}

fn must_have_come_back(app: &Core, found: &Found, coming: &Coming) -> Result<(), Problem> {
    let code = app.identity.sealing().response_code(&found.request.seal);
    match &coming.response_code {
        Some(given) if given.matches(code.expose()) => Ok(()),
        _ => Err(Problem::forbidden(
            "response-code",
            "Read this with the response_code that the browser came back with",
        )),
    }
}

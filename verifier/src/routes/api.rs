//! The interface for programs: ask, and read the decision.

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json as Answer, Router};
use protocol::dcql::DcqlQuery;
use registry::{LocalText, Slug, UnixMillis};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use service::extract::{Bearer, Json, Path};
use service::{Lang, Problem, clock};

use crate::core::{App, Core};
use crate::decision::{self, CheckId, Decision, Outcome as CheckOutcome, Verdict};
use crate::request::{Found, Outcome, RequestId};

pub(super) fn router() -> Router<App> {
    Router::new().route("/api/requests", post(ask)).route("/api/requests/{id}", get(read))
}

/// The name of someone with a token of the staff; 401 for anyone else.
struct Caller(String);

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Bearer(token) = Bearer::from_request_parts(parts, app).await?;
        let clerk = app.staff.by_token(&token);
        clerk
            .map(|name| Self(name.to_owned()))
            .ok_or_else(|| Problem::unauthorized("That is no token of this counter"))
    }
}

/// What to ask.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    /// A configured purpose; or, with `dcql`, any: what is registered is for the wallet to look up.
    purpose: Slug,
    /// What to ask instead of what the purpose's configuration says.
    dcql: Option<DcqlQuery>,
}

#[derive(Serialize)]
struct Asked {
    id: String,
    /// For the QR code, or to open on the same device.
    link: String,
    request_uri: String,
    /// RFC 3339.
    expires: UnixMillis,
}

async fn ask(
    State(app): State<App>,
    Caller(clerk): Caller,
    Json(wish): Json<Wish>,
) -> Result<Response, Problem> {
    match &wish.dcql {
        Some(query) => query.validate().map_err(|error| {
            Problem::unprocessable("invalid-query", "The query is not valid DCQL").detail(error.to_string())
        })?,
        None if app.purpose(&wish.purpose).is_none() => {
            return Err(Problem::unprocessable("unknown-purpose", "This counter has no such purpose"));
        }
        None => {}
    }
    let asked = app.desk.ask(wish.purpose, wish.dcql, clerk, clock::now()).await;
    let (id, request) = asked.map_err(Problem::internal)?;
    let (Some(link), Some(uri)) = (app.link(&id), app.request_uri(&id)) else {
        return Err(Problem::internal("the base URL makes no request URI"));
    };
    let answer = Asked { id: id.to_string(), link, request_uri: uri.to_string(), expires: request.expires };
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Answer(answer)).into_response())
}

#[derive(Serialize)]
struct View {
    id: String,
    purpose: Slug,
    /// `open`, `answered`, `declined` or `expired`.
    state: &'static str,
    created: UnixMillis,
    expires: UnixMillis,
    #[serde(skip_serializing_if = "Option::is_none")]
    answered: Option<UnixMillis>,
    /// When nothing of it will remain.
    forgotten: UnixMillis,
    /// The wallet's error code, when declined.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(flatten)]
    decision: Option<DecisionView>,
}

#[derive(Serialize)]
struct DecisionView {
    decision: Verdict,
    /// The decision in one sentence.
    reason: LocalText,
    checks: Vec<CheckView>,
    /// The claims asked for of what was genuine, by credential query, then by name; empty once they are no longer kept.
    claims: Map<String, Value>,
}

#[derive(Serialize)]
struct CheckView {
    id: CheckId,
    /// The credential query it is about; absent when it is about the answer as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<String>,
    outcome: CheckOutcome,
    /// What was found, by a stable name.
    code: String,
    title: LocalText,
    finding: LocalText,
    evidence: Vec<EvidenceView>,
}

#[derive(Serialize)]
struct EvidenceView {
    label: LocalText,
    value: String,
}

async fn read(State(app): State<App>, Path(id): Path<RequestId>, _: Caller) -> Result<Response, Problem> {
    let now = clock::now();
    let found = app.desk.find(&id, now).map_err(Problem::internal)?;
    let found = found.ok_or_else(|| Problem::not_found("There is no such request, or it is forgotten"))?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Answer(view(&app, &id, found, now))).into_response())
}

fn view(app: &Core, id: &RequestId, found: Found, now: UnixMillis) -> View {
    let answered = found.answered.as_ref().map(|answered| answered.at);
    let (state, error, decision) = match found.answered.map(|answered| answered.outcome) {
        Some(Outcome::Decided(decision)) => ("answered", None, Some(decision_view(app, id, &decision))),
        Some(Outcome::Declined { code }) => ("declined", Some(code), None),
        None if found.request.expires <= now => ("expired", None, None),
        None => ("open", None, None),
    };
    View {
        id: id.to_string(),
        purpose: found.request.purpose,
        state,
        created: found.request.created,
        expires: found.request.expires,
        answered,
        forgotten: found.forgotten,
        error,
        decision,
    }
}

fn decision_view(app: &Core, id: &RequestId, decision: &Decision) -> DecisionView {
    let both = |text: &dyn Fn(Lang) -> String| LocalText { zh: text(Lang::Zh), en: text(Lang::En) };
    let client_id = app.identity.client_id().as_str();
    let checks = decision.checks.iter().map(|check| {
        let [zh, en] = [Lang::Zh, Lang::En].map(|lang| decision::evidence(lang, decision, check, client_id));
        let evidence = zh
            .into_iter()
            .zip(en)
            .map(|((zh, _), (en, value))| EvidenceView { label: LocalText { zh, en }, value });
        CheckView {
            id: check.id,
            credential: decision.subject(check).map(|subject| subject.query.to_string()),
            outcome: check.outcome,
            code: check.reason.clone(),
            title: both(&|lang| decision::title(lang, decision, check)),
            finding: both(&|lang| decision::finding(lang, decision, check)),
            evidence: evidence.collect(),
        }
    });
    let mut claims = Map::new();
    for shown in app.memory.get(id).iter().flat_map(|shown| shown.iter()) {
        claims.insert(shown.query.to_string(), Value::Object(shown.claims.iter().cloned().collect()));
    }
    DecisionView {
        decision: decision.verdict,
        reason: both(&|lang| decision::reason(lang, decision)),
        checks: checks.collect(),
        claims,
    }
}

//! Asking.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use protocol::Endpoint;
use protocol::dcql::{DcqlQuery, QueryId};
use protocol::openid4vp::{Confirmation, RequestUriMethod, ResponseMode, TransactionData};
use registry::{Slug, UnixMillis};
use serde::{Deserialize, Serialize};
use service::extract::Json;
use service::{Problem, clock};

use crate::access::{Caller, Scope};
use crate::core::{App, AskedBy, Core};
use crate::decision::{FORMATS, unanswerable};
use crate::identity::KnownBy;
use crate::request::{Manner, Wish};
use crate::webhook::Allowed;

/// What to ask, and how.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    /// A policy; or, with `dcql`, any: what is registered is for the wallet to look up.
    purpose: Slug,
    /// What to ask instead of what the policy says.
    dcql: Option<DcqlQuery>,
    /// `direct_post` or `direct_post.jwt`, if another than configured.
    response_mode: Option<ResponseMode>,
    /// How the verifier proves who it is, if otherwise than configured.
    client_id_prefix: Option<KnownBy>,
    /// `post`: the wallet adds a nonce of its own.
    #[serde(default)]
    request_uri_method: RequestUriMethod,
    /// On the same device: where the browser goes on, with a `response_code` that the result is read with.
    return_to: Option<Endpoint>,
    /// What the holder is to authorise.
    #[serde(default)]
    transaction_data: Vec<Transaction>,
    /// Where the program is told what came of it.
    webhook: Option<Endpoint>,
}

/// One transaction.
#[derive(Deserialize)]
struct Transaction {
    /// The credential queries with which it may be authorised.
    credential_ids: Vec<QueryId>,
    /// What is read and authorised.
    #[serde(flatten)]
    words: Confirmation,
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

pub(super) async fn ask(
    State(app): State<App>,
    caller: Caller,
    Json(body): Json<Body>,
) -> Result<Response, Problem> {
    caller.must(Scope::Ask)?;
    app.limits.ask(&caller.name)?;
    let policy = match &body.dcql {
        Some(query) => {
            caller.must(Scope::AskAnything)?;
            check(query)?;
            None
        }
        None => Some(app.purpose(&body.purpose).ok_or_else(unknown_purpose)?),
    };
    let version = policy.as_ref().map(|policy| policy.version.clone());
    let asked_by = match (&body.dcql, policy) {
        (Some(query), _) => AskedBy::Query(query),
        (None, Some(policy)) => AskedBy::Policy(policy),
        (None, None) => return Err(unknown_purpose()),
    };
    let manner =
        Manner { webhook: webhook(&app, &caller, body.webhook.as_ref())?, ..manner(&app, &body, &asked_by)? };
    drop(asked_by);
    let Body { purpose, dcql: query, .. } = body;
    let seal = app.identity.sealing().seal(manner.encrypted).map_err(Problem::internal)?;
    let wish = Wish { purpose, version, query, manner, seal, asked_by: caller.name };
    let (id, request) = app.desk.ask(wish, clock::now()).await.map_err(Problem::internal)?;
    app.metrics.asked(&app.tenant);
    let (Some(link), Some(uri)) = (app.link(&id, &request), app.request_uri(&id)) else {
        return Err(Problem::internal("the base URL makes no request URI"));
    };
    let answer = Asked { id: id.to_string(), link, request_uri: uri.to_string(), expires: request.expires };
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Answer(answer)).into_response())
}

fn manner(app: &Core, body: &Body, query: &DcqlQuery) -> Result<Manner, Problem> {
    let known_by = body.client_id_prefix.unwrap_or(app.policy.known_by);
    if app.identity.client_id(known_by).is_none() {
        return Err(Problem::unprocessable("no-host-name", "This verifier has no host name to be known by"));
    }
    let encrypted = match &body.response_mode {
        None => app.policy.encrypted_responses,
        Some(ResponseMode::DirectPostJwt) => true,
        Some(ResponseMode::DirectPost) => false,
        Some(_) => {
            return Err(Problem::unprocessable(
                "invalid-response-mode",
                "Answers come by direct_post or direct_post.jwt",
            ));
        }
    };
    let make = |one: &Transaction| TransactionData::confirming(&one.words, &one.credential_ids);
    let transactions = body.transaction_data.iter().map(make).collect::<Result<Vec<_>, _>>();
    let transaction_data = transactions
        .map(|all| all.iter().map(|one| one.text().to_owned()).collect::<Vec<_>>())
        .and_then(|texts| match texts.is_empty() {
            true => Ok(texts),
            false => TransactionData::parse_all(&texts, query).map(|_| texts),
        })
        .map_err(|error| {
            Problem::unprocessable("invalid-transaction-data", "The transaction data can't be asked for")
                .detail(error.to_string())
        })?;
    Ok(Manner {
        known_by,
        encrypted,
        by_post: body.request_uri_method == RequestUriMethod::Post,
        return_to: body.return_to.clone(),
        transaction_data,
        screen: None,
        webhook: None,
        place: None,
    })
}

/// Where to tell: only at an origin that is registered for the caller's key, and never inside.
fn webhook(app: &Core, caller: &Caller, to: Option<&Endpoint>) -> Result<Option<Endpoint>, Problem> {
    let Some(to) = to else { return Ok(None) };
    let refused = |why: &str| {
        Problem::unprocessable("webhook-not-allowed", "This address can't be told").detail(why.to_owned())
    };
    let program = caller.program().ok_or_else(|| refused("only a program's key has webhooks"))?;
    let loopback = app.policy.account.loopback_webhooks;
    Allowed::check(to, app.keys.webhooks(program), loopback).map_err(|why| refused(&why.to_string()))?;
    Ok(Some(to.clone()))
}

/// That a query follows DCQL's rules, and that an answer can meet it here.
pub(super) fn check(query: &DcqlQuery) -> Result<(), Problem> {
    query.validate().map_err(|error| invalid_query(&error.to_string()))?;
    let Some(why) = unanswerable(query) else { return Ok(()) };
    Err(Problem::unprocessable("unanswerable-query", "No answer to this query can be accepted here")
        .detail(why.to_string())
        .with("formats", FORMATS))
}

fn invalid_query(why: &str) -> Problem {
    Problem::unprocessable("invalid-query", "The query is not valid DCQL").detail(why)
}

fn unknown_purpose() -> Problem {
    Problem::unprocessable("unknown-purpose", "This counter has no such purpose")
}

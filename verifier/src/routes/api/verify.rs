//! Verifying what was received elsewhere: one credential, many, or a presentation.

use std::sync::Arc;
use std::time::Duration;

use axum::Json as Answer;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use credentials::json;
use registry::Slug;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service::audit::Deed;
use service::extract::{JsonBytes, Query};
use service::{Large, Problem};

use super::presented::Presented;
use crate::access::{Caller, Scope};
use crate::account;
use crate::batch::{self, Verified};
use crate::core::{App, Core};
use crate::purpose::Purpose;

/// So many credentials come in one batch at most.
const MOST: usize = 10_000;
/// The largest batch, and how long it may take to come, and to be verified as well.
pub(crate) const BATCH: Large =
    Large { body_limit: 64 << 20, body_timeout: Duration::from_secs(60), timeout: Duration::from_secs(60) };
/// The address of batches.
pub(crate) const BATCH_PATH: &str = "/api/verify/batch";

/// What came from elsewhere. Which of the two it is, whether `credential` is there says.
enum Received {
    Alone(Alone),
    Presented(Box<Presented>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Alone {
    /// An SD-JWT VC or an mdoc in base64url as text; a W3C credential as an object. Of its holder's part nothing is checked.
    credential: Value,
    /// The policy that it must meet, too.
    purpose: Option<Slug>,
}

impl Received {
    fn of(body: &[u8]) -> Option<Self> {
        let body = once_each(body)?;
        match body.get("credential") {
            Some(_) => serde_json::from_value(body).ok().map(Self::Alone),
            None => serde_json::from_value(body).ok().map(Self::Presented),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct ByPolicy {
    purpose: Option<Slug>,
}

/// A line of a batch.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    /// Whatever the caller knows it by.
    #[serde(default)]
    id: Option<String>,
    credential: Value,
}

#[derive(Serialize)]
struct Told<'a> {
    id: Option<&'a str>,
    #[serde(flatten)]
    verified: &'a Verified,
}

pub(super) async fn one(
    State(app): State<App>,
    caller: Caller,
    JsonBytes(body): JsonBytes,
) -> Result<Response, Problem> {
    caller.must(Scope::Verify)?;
    // What is wrong with it would repeat what somebody showed.
    let received = Received::of(&body).ok_or_else(|| {
        Problem::bad_request("invalid-request", "The request can't be read").detail(
            "send an object with a credential, or with a presentation, its nonce and its audience, in JSON that says everything once",
        )
    })?;
    match received {
        Received::Alone(alone) => {
            let policy = policy(&app, alone.purpose.as_ref())?;
            let bytes = [as_bytes(alone.credential)];
            let verified = batch::verify_by(&bytes, policy.as_deref(), app.catalogue, &app.node).await;
            let verified =
                verified.into_iter().next().ok_or_else(|| Problem::internal("nothing was verified"))?;
            answer(&app, &caller, account::verified(&verified, policy.as_deref()), &verified).await
        }
        Received::Presented(presented) => {
            let (found, policy) = presented.judge(&app).await?;
            let deed = account::verified(&found.verified, policy.as_deref()).about("of", "presentation");
            answer(&app, &caller, deed, &found).await
        }
    }
}

/// Answers once it is in the log.
async fn answer(
    app: &Core,
    caller: &Caller,
    deed: Deed,
    found: &impl Serialize,
) -> Result<Response, Problem> {
    app.account.note(caller.noting(), deed).await.map_err(Problem::internal)?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Answer(found)).into_response())
}

/// JSON lines in, JSON lines out, in the same order.
pub(super) async fn many(
    State(app): State<App>,
    caller: Caller,
    Query(by): Query<ByPolicy>,
    body: Bytes,
) -> Result<Response, Problem> {
    caller.must(Scope::Verify)?;
    let policy = policy(&app, by.purpose.as_ref())?;
    let (mut ids, mut credentials) = (Vec::new(), Vec::new());
    for (number, line) in body.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty()) {
        if ids.len() == MOST {
            return Err(Problem::unprocessable("too-many", "A batch has at most 10,000 credentials"));
        }
        let line: Line = strictly(line).ok_or_else(|| {
            Problem::bad_request("invalid-line", "A line is not an object with id and credential")
                .with("line", number + 1)
        })?;
        ids.push(line.id);
        credentials.push(as_bytes(line.credential));
    }
    if ids.is_empty() {
        return Err(Problem::bad_request("empty", "Send a line for each credential, one at least"));
    }
    let verified = batch::verify_by(&credentials, policy.as_deref(), app.catalogue, &app.node).await;
    let deed = account::batch_verified(&verified, policy.as_deref());
    app.account.note(caller.noting(), deed).await.map_err(Problem::internal)?;
    let mut lines = Vec::new();
    for (id, verified) in ids.iter().zip(&verified) {
        serde_json::to_writer(&mut lines, &Told { id: id.as_deref(), verified })
            .map_err(Problem::internal)?;
        lines.push(b'\n');
    }
    let headers = [(header::CONTENT_TYPE, "application/x-ndjson"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, lines).into_response())
}

/// As strictly as what is presented is read: of a name that stands twice, or a number that is not exact, two readers could take
/// two different credentials.
fn once_each(text: &[u8]) -> Option<Value> {
    json::parse(text).ok().filter(Value::is_object)
}

fn strictly<T: DeserializeOwned>(text: &[u8]) -> Option<T> {
    serde_json::from_value(once_each(text)?).ok()
}

pub(super) fn policy(app: &Core, id: Option<&Slug>) -> Result<Option<Arc<Purpose>>, Problem> {
    let unknown = || Problem::unprocessable("unknown-purpose", "This counter has no such purpose");
    id.map(|id| app.purpose(id).ok_or_else(unknown)).transpose()
}

fn as_bytes(credential: Value) -> Vec<u8> {
    match credential {
        Value::String(text) => text.into_bytes(),
        other => other.to_string().into_bytes(),
    }
}

//! Taking an answer: read it, fetch the chain's facts, judge, record.

use protocol::openid4vp::{AuthorizationResponse, BadResponse};
use registry::UnixMillis;
use store::StoreError;

use crate::core::Core;
use crate::decision::{Asked, BadPresentation, Decision, Facts, Received, judge};
use crate::request::{AnswerError, Found, Outcome, RequestId, response_uri};

/// Why an answer is not taken. The first four leave the request as it was.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// There is no such request, or it is forgotten.
    #[error("there is no such request")]
    Unknown,
    /// It ran out.
    #[error("the request has expired")]
    Expired,
    /// It was answered before.
    #[error("the request was answered already")]
    Used,
    /// It can't be read, or is not for this request.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// It was read, judged, recorded, and is not genuine.
    #[error("the presentation is refused: {0}")]
    NotGenuine(String),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is wrong with an answer that can't be judged.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Malformed {
    /// The form.
    #[error(transparent)]
    Response(#[from] BadResponse),
    /// A presentation.
    #[error(transparent)]
    Presentation(#[from] BadPresentation),
    /// `state` is not the request's.
    #[error("state is not the one of the request")]
    State,
    /// It is encrypted, which was not asked for.
    #[error("an encrypted response was not asked for")]
    Encrypted,
}

impl From<AnswerError> for Refusal {
    fn from(error: AnswerError) -> Self {
        match error {
            AnswerError::Unknown => Self::Unknown,
            AnswerError::Used => Self::Used,
            AnswerError::Store(error) => Self::Store(error),
        }
    }
}

impl Core {
    /// Takes the answer to a request, the body of a `direct_post`. When this returns, the decision is on the disk.
    pub(crate) async fn take(&self, id: &RequestId, body: &[u8], now: UnixMillis) -> Result<(), Refusal> {
        let found = self.desk.find(id, now)?.ok_or(Refusal::Unknown)?;
        if found.answered.is_some() {
            return Err(Refusal::Used);
        }
        if found.request.expires <= now {
            return Err(Refusal::Expired);
        }
        match AuthorizationResponse::parse(body).map_err(Malformed::from)? {
            AuthorizationResponse::Encrypted(_) => Err(Malformed::Encrypted.into()),
            AuthorizationResponse::Refused { error, state, .. } => {
                check_state(&found, state.as_ref())?;
                let outcome = Outcome::Declined { code: error.to_string() };
                Ok(self.desk.answer(id, outcome, now, || {}).await?)
            }
            AuthorizationResponse::Presented { vp_token, state } => {
                check_state(&found, state.as_ref())?;
                let query = self.query_of(&found.request).ok_or(Refusal::Unknown)?;
                let received = Received::all(vp_token, query).map_err(Malformed::from)?;
                let facts = Facts::about(&received, self.catalogue, &self.node).await;
                let response_uri = response_uri(id, &self.base).map_err(|_| Refusal::Unknown)?;
                let asked = Asked {
                    query,
                    nonce: &found.request.nonce,
                    response_uri: response_uri.as_str(),
                    client_id: self.identity.client_id().as_str(),
                    binding_max_age: seconds(self.policy.binding_max_age),
                    now,
                };
                let judged = judge(&received, asked, self.catalogue, &facts);
                let refused = refused(&judged.decision);
                let (memory, kept) = (self.memory.clone(), id.clone());
                let keep = move || memory.keep(&kept, judged.shown, now);
                self.desk.answer(id, Outcome::Decided(judged.decision), now, keep).await?;
                refused.map_or(Ok(()), |names| Err(Refusal::NotGenuine(names)))
            }
        }
    }
}

fn check_state(found: &Found, state: Option<&protocol::Secret>) -> Result<(), Malformed> {
    match state {
        Some(state) if state.matches(&found.request.state) => Ok(()),
        _ => Err(Malformed::State),
    }
}

/// The checks by which an answer is not genuine, named; none when it is.
fn refused(decision: &Decision) -> Option<String> {
    let names: Vec<String> =
        decision.not_genuine().map(|check| format!("{} ({})", check.id.id(), check.reason)).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

fn seconds(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

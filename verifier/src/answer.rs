//! Taking an answer: read it, fetch the chain's facts, judge, record.

use std::time::Duration;

use credentials::jwe::{self, DecryptionKey, JweError};
use protocol::openid4vp::{AuthorizationResponse, BadResponse, TransactionData};
use protocol::{Endpoint, Format};
use registry::UnixMillis;
use store::{StoreError, Tx};

use crate::account::Taken;
use crate::codes::OneWay;
use crate::core::{AskedBy, Core};
use crate::decision::{Asked, BadPresentation, Decision, Facts, Judged, Received, Terms, Verdict, judge_by};
use crate::offline::journal::Decided;
use crate::request::{AnswerError, Found, Outcome, Request, RequestId, response_uri};
use crate::row_key::SealFailed;

/// Why an answer is not taken. The first five leave the request as it was.
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
    /// It came by codes, which carry nothing of what was to be authorised.
    #[error("what is to be authorised is answered over the network alone")]
    Authorises,
    /// It can't be read, or is not for this request.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// It was read, judged, recorded, and is not genuine.
    #[error("the presentation is refused: {0}")]
    NotGenuine(String),
    /// It is a one-way code that was accepted for another request meanwhile. Nothing is recorded.
    #[error("the code was accepted before")]
    Spent,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What its policy keeps can't be sealed.
    #[error(transparent)]
    Seal(#[from] SealFailed),
}

impl Refusal {
    /// A name for counts.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Expired => "expired",
            Self::Used => "used",
            Self::Authorises => "authorises",
            Self::Malformed(_) => "malformed",
            Self::NotGenuine(_) => "not_genuine",
            Self::Spent => "spent",
            Self::Store(_) => "store",
            Self::Seal(_) => "seal",
        }
    }
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
    /// It is encrypted to another key, or in another way.
    #[error("the response can't be decrypted: {0}")]
    Sealed(#[from] JweError),
}

/// What is written beside a decision; the default is nothing.
#[derive(Default)]
pub(crate) struct Beside<'a> {
    /// What the journal says of it, where it was decided without the node.
    pub(crate) without_node: Option<&'a Decided>,
    /// The one-way code that it spends if it is an acceptance.
    pub(crate) spends: Option<OneWay>,
}

impl From<AnswerError> for Refusal {
    fn from(error: AnswerError) -> Self {
        match error {
            AnswerError::Unknown => Self::Unknown,
            AnswerError::Used => Self::Used,
            AnswerError::Spent => Self::Spent,
            AnswerError::Store(error) => Self::Store(error),
        }
    }
}

impl Core {
    /// Takes the answer to a request, the body of a `direct_post`. When this returns, the decision is on the disk.
    /// What comes back is where the holder's browser is to go on, if it is to.
    pub(crate) async fn take(
        &self,
        id: &RequestId,
        body: &[u8],
        now: UnixMillis,
    ) -> Result<Option<Endpoint>, Refusal> {
        let found = self.desk.find(id, now)?.ok_or(Refusal::Unknown)?;
        if found.answered.is_some() {
            return Err(Refusal::Used);
        }
        if found.request.expires <= now {
            return Err(Refusal::Expired);
        }
        let sealed_to = self.key_of(&found)?;
        match opened(body, sealed_to.as_ref())? {
            AuthorizationResponse::Encrypted(_) => Err(Malformed::Encrypted.into()),
            AuthorizationResponse::Refused { error, state, .. } => {
                check_state(&found, state.as_ref())?;
                let outcome = Outcome::Declined { code: error.to_string() };
                let (request, query) = (&found.request, self.query_of(&found.request));
                let taken = Taken {
                    id,
                    request,
                    query: query.as_ref(),
                    outcome: &outcome,
                    shown: &[],
                    retention: Duration::ZERO,
                    without_node: None,
                };
                let entry = self.account.entry(&taken, now)?;
                self.desk.answer(id, outcome, now, |tx| Ok(entry.write(tx)?)).await?;
                self.answered(id);
                Ok(self.way_back(&found))
            }
            AuthorizationResponse::Presented { vp_token, state } => {
                check_state(&found, state.as_ref())?;
                let query = self.query_of(&found.request).ok_or(Refusal::Unknown)?;
                let received = Received::all(vp_token, &query).map_err(Malformed::from)?;
                let facts = Facts::about(&received, self.catalogue, &self.node).await;
                let response_uri = response_uri(id, &self.base).map_err(|_| Refusal::Unknown)?;
                let client_id = self.client_id_of(&found.request).ok_or(Refusal::Unknown)?;
                let texts = &found.request.manner.transaction_data;
                let transactions = texts.iter().map(|text| TransactionData::parse(text));
                let transactions =
                    transactions.collect::<Result<Vec<_>, _>>().map_err(|_| Refusal::Unknown)?;
                // Only an mdoc's device signs the key that the answer is encrypted to, and making the public key is dear.
                let sealed_to =
                    sealed_to.filter(|_| received.iter().any(|one| one.format() == Format::MsoMdoc));
                let thumbprint =
                    sealed_to.map(|key| key.thumbprint()).transpose().map_err(Malformed::from)?;
                let asked = Asked {
                    query: &query,
                    nonce: &found.request.nonce,
                    response_uri: response_uri.as_str(),
                    client_id: client_id.as_str(),
                    binding_max_age: seconds(self.policy.binding_max_age),
                    now,
                };
                let terms = Terms {
                    rules: query.rules(),
                    transactions: &transactions,
                    sealed_to: thumbprint.as_ref(),
                };
                let judged = judge_by(&received, asked, terms, self.catalogue, &facts);
                let refused = refused(&judged.decision);
                self.record(id, &found.request, &query, judged, Beside::default(), now).await?;
                refused.map_or_else(|| Ok(self.way_back(&found)), |names| Err(Refusal::NotGenuine(names)))
            }
        }
    }

    /// Writes what was decided, whichever way the answer came, with its entry in the log, what its policy keeps, and what the journal
    /// says of it where it was decided without the node; and that a one-way code is spent. Then tells those who wait for it.
    pub(crate) async fn record(
        &self,
        id: &RequestId,
        request: &Request,
        query: &AskedBy<'_>,
        judged: Judged,
        beside: Beside<'_>,
        now: UnixMillis,
    ) -> Result<(), Refusal> {
        let Judged { decision, shown } = judged;
        let Beside { without_node, spends } = beside;
        let spends = spends.filter(|_| decision.verdict == Verdict::Accepted);
        let (verdict, outcome) = (decision.verdict, Outcome::Decided(decision));
        let retention = self.retention(query).await;
        let query = Some(query);
        let taken = Taken { id, request, query, outcome: &outcome, shown: &shown, retention, without_node };
        let entry = self.account.entry(&taken, now)?;
        let (memory, kept) = (self.memory.clone(), id.clone());
        let keep = move |tx: &mut Tx<'_>| {
            if let Some(one_way) = spends
                && !one_way.spend(tx, now)?
            {
                return Err(AnswerError::Spent);
            }
            entry.write(tx)?;
            memory.keep(&kept, shown, now);
            Ok(())
        };
        self.desk.answer(id, outcome, now, keep).await?;
        self.metrics.decided(&self.tenant, verdict);
        if without_node.is_some() {
            self.metrics.without_node(&self.tenant);
        }
        self.answered(id);
        Ok(())
    }

    /// The key that the answer is encrypted to, if it was to be.
    fn key_of(&self, found: &Found) -> Result<Option<DecryptionKey>, Malformed> {
        let Request { seal, manner, .. } = &found.request;
        manner.encrypted.then(|| self.identity.sealing().key(seal)).transpose().map_err(Malformed::from)
    }

    /// Where the holder's browser goes on, with the code that proves that it is hers.
    fn way_back(&self, found: &Found) -> Option<Endpoint> {
        let to = found.request.manner.return_to.as_ref()?;
        let mut url = url::Url::parse(to.as_str()).ok()?;
        let code = self.identity.sealing().response_code(&found.request.seal);
        url.query_pairs_mut().append_pair("response_code", code.expose());
        Endpoint::parse(url.as_str()).ok()
    }

    /// Tells those who wait for it that it is answered.
    fn answered(&self, id: &RequestId) {
        // Nobody may be waiting.
        let _ = self.answered.send(id.clone());
        self.account.webhooks.wake();
    }
}

/// What was posted: decrypted, if it was to be encrypted.
fn opened(body: &[u8], key: Option<&DecryptionKey>) -> Result<AuthorizationResponse, Malformed> {
    match key {
        Some(key) => AuthorizationResponse::parse_encrypted(body, |text| Ok(jwe::decrypt(text, key)?)),
        None => Ok(AuthorizationResponse::parse(body)?),
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

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

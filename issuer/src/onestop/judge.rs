//! Who judges what is presented: a port, so that this crate knows no counter.

use std::fmt;

use async_trait::async_trait;
use protocol::dcql::DcqlQuery;
use protocol::openid4vp::VpToken;
use registry::{LocalText, UnixMillis};
use serde_json::{Map, Value};
use service::NodeClient;

use crate::model::Flaw;

/// Judges presentations as any counter does. `huizheng` brings the counter's own judgement (ADR 0027).
#[async_trait]
pub trait Judge: fmt::Debug + Send + Sync {
    /// Judges the answer to a question by facts of the chain, which `node` is asked for now. Without them what rests on them is
    /// unknown, and unknown is never accepted.
    ///
    /// # Errors
    /// [`Unreadable`] when there is nothing to judge.
    async fn judge(
        &self,
        answer: VpToken,
        question: Question<'_>,
        node: &NodeClient,
    ) -> Result<Judgement, Unreadable>;
}

/// What was asked, of whom, and when the answer came.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// What was asked.
    pub query: &'a DcqlQuery,
    /// What the holder was to sign.
    pub nonce: &'a str,
    /// Where the answer was to go, as the request said.
    pub response_uri: &'a str,
    /// Who asked: the audience of the answer.
    pub client_id: &'a str,
    /// How old a holder's signature may be, in seconds.
    pub binding_max_age: i64,
    /// When it came.
    pub now: UnixMillis,
}

/// How it came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every check passed.
    Accepted,
    /// A check failed.
    Refused {
        /// The answer itself is forged, replayed, or made for somebody else, rather than that a credential no longer counts.
        forged: bool,
    },
    /// None failed, and one can't be made.
    CannotTell,
}

/// What was found.
#[derive(Clone)]
pub struct Judgement {
    /// How it came out.
    pub verdict: Verdict,
    /// In one sentence, for people.
    pub reason: LocalText,
    /// The checks that did not pass.
    pub flaws: Vec<Flaw>,
    /// What was presented, in the order of the answer.
    pub credentials: Vec<Shown>,
}

/// A credential that was presented.
#[derive(Clone)]
pub struct Shown {
    /// Its type in the catalogue, if it is there.
    pub credential_type: Option<String>,
    /// Who it says issued it.
    pub issuer: String,
    /// The issuer's name, by its accreditation.
    pub issuer_name: Option<LocalText>,
    /// The height of the block by which the chain's facts were proven.
    pub block: Option<u64>,
    /// The claims that were asked for, by name, if it is genuine. Only to be used when the verdict is [`Verdict::Accepted`].
    pub claims: Map<String, Value>,
}

/// There is nothing to judge; the text says why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

impl fmt::Debug for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Judgement")
            .field("verdict", &self.verdict)
            .field("flaws", &self.flaws)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shown").field("credential_type", &self.credential_type).finish_non_exhaustive()
    }
}

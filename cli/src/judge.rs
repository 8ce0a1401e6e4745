//! The counter's judgement, for issuers: neither service knows the other, so whoever runs both brings them together.

use std::sync::Arc;

use async_trait::async_trait;
use credentials::catalogue::Catalogue;
use issuer::model::Flaw;
use issuer::{Judge, Judgement, Question, Shown, Unreadable, Verdict};
use protocol::openid4vp::VpToken;
use service::NodeClient;
use verifier::judging;

/// Judges by the counter's own code.
#[derive(Clone, Copy, Debug)]
struct ByCounter;

/// For [`issuer::Config::judge`].
#[must_use]
pub fn by_counter() -> Option<Arc<dyn Judge>> {
    Some(Arc::new(ByCounter))
}

#[async_trait]
impl Judge for ByCounter {
    async fn judge(
        &self,
        answer: VpToken,
        question: Question<'_>,
        node: &NodeClient,
    ) -> Result<Judgement, Unreadable> {
        let Question { query, nonce, response_uri, client_id, binding_max_age, now } = question;
        let question = judging::Question { query, nonce, response_uri, client_id, binding_max_age, now };
        let catalogue = Catalogue::bundled().map_err(unreadable)?;
        let judged = judging::judge(answer, question, catalogue, node).await.map_err(unreadable)?;
        let verdict = match judged.verdict() {
            verifier::Verdict::Accepted => Verdict::Accepted,
            verifier::Verdict::Refused => Verdict::Refused { forged: judged.is_not_genuine() },
            verifier::Verdict::CannotTell => Verdict::CannotTell,
        };
        let failed = judged.findings().filter(|finding| finding.outcome != verifier::Outcome::Passed);
        let flaw = |finding: judging::Finding<'_>| Flaw {
            check: finding.check.id().to_owned(),
            code: finding.code.to_owned(),
            claims: Vec::new(),
        };
        let flaws = failed.map(flaw).collect();
        let reason = judged.reason();
        let credentials = judged.into_credentials().into_iter().map(shown).collect();
        Ok(Judgement { verdict, reason, flaws, credentials })
    }
}

fn shown(one: judging::Presented) -> Shown {
    let judging::Presented { credential_type, issuer, issuer_name, block, claims } = one;
    Shown { credential_type: credential_type.map(|of| of.to_string()), issuer, issuer_name, block, claims }
}

fn unreadable(error: impl std::fmt::Display) -> Unreadable {
    Unreadable(error.to_string())
}

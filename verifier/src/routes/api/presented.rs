//! Verifying a presentation that was received elsewhere: as one that came here, by what it was asked with there.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use protocol::Format;
use protocol::dcql::{DcqlQuery, QueryId};
use protocol::openid4vp::{Presentation, VpToken};
use serde::{Deserialize, Serialize};
use service::{Problem, clock};

use super::ask::check;
use super::verify::policy;
use crate::batch::Verified;
use crate::core::{AskedBy, Core};
use crate::decision::{Asked, Decision, Facts, Received, Terms, judge_by};
use crate::purpose::Purpose;

/// What was presented, and what it was asked with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Presented {
    /// One presentation: an SD-JWT with key binding, an mdoc's response in base64url, a W3C presentation.
    presentation: Option<Presentation>,
    /// Or several, by the credential queries that they answer.
    vp_token: Option<VpToken>,
    /// What the holder was to sign.
    nonce: String,
    /// Who asked: the client identifier.
    audience: String,
    /// Of an mdoc: where the answer was to be sent.
    response_uri: Option<String>,
    /// Of an mdoc whose answer was encrypted: the SHA-256 thumbprint of the key (RFC 7638), in base64url.
    jwk_thumbprint: Option<String>,
    /// The policy that it was asked by.
    purpose: Option<registry::Slug>,
    /// Or the query.
    dcql: Option<DcqlQuery>,
}

/// What was found.
#[derive(Serialize)]
pub(super) struct Found {
    #[serde(flatten)]
    pub(super) verified: Verified,
    /// The credentials, in the order of the queries' ids.
    credentials: Vec<Credential>,
}

#[derive(Serialize)]
struct Credential {
    /// The credential query that it answers.
    query: QueryId,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential_type: Option<String>,
    issuer: String,
}

impl Presented {
    /// Judges it. That its nonce counts once is for whoever asked to see to.
    pub(super) async fn judge(self, app: &Core) -> Result<(Found, Option<Arc<Purpose>>), Problem> {
        let purpose = policy(app, self.purpose.as_ref())?;
        let asked_by = match (&self.dcql, &purpose) {
            (Some(query), None) => {
                check(query)?;
                AskedBy::Query(query)
            }
            (None, Some(purpose)) => AskedBy::Policy(purpose.clone()),
            _ => return Err(wanting("Say what was asked: purpose or dcql, one of them")),
        };
        let thumbprint = self.jwk_thumbprint.as_deref().map(thumbprint).transpose()?;
        let token = match (self.vp_token, self.presentation) {
            (Some(token), None) => token,
            (None, Some(one)) => under(&one, &asked_by),
            _ => return Err(wanting("Send presentation or vp_token, one of them")),
        };
        let Ok(received) = Received::all(token, &asked_by) else {
            return Ok((Found { verified: Verified::unreadable(), credentials: Vec::new() }, purpose));
        };
        if self.response_uri.is_none() && received.iter().any(|one| one.format() == Format::MsoMdoc) {
            return Err(wanting("Of an mdoc, send the response_uri that its device signed"));
        }
        let facts = Facts::about(&received, app.catalogue, &app.node).await;
        let asked = Asked {
            query: &asked_by,
            nonce: &self.nonce,
            response_uri: self.response_uri.as_deref().unwrap_or_default(),
            client_id: &self.audience,
            binding_max_age: app.policy.binding_max_age.as_secs().try_into().unwrap_or(i64::MAX),
            now: clock::now(),
        };
        let terms = Terms { rules: asked_by.rules(), sealed_to: thumbprint.as_ref(), ..Terms::default() };
        let decision = judge_by(&received, asked, terms, app.catalogue, &facts).decision;
        Ok((Found { verified: Verified::of(&decision), credentials: credentials(&decision) }, purpose))
    }
}

/// A presentation under the first credential query of whose format and type it is; under the first of all if it is of none.
fn under(one: &Presentation, query: &DcqlQuery) -> VpToken {
    let token = |id: &QueryId| VpToken::one(id.clone(), one.clone());
    let fits = |token: &VpToken| {
        Received::all(token.clone(), query)
            .is_ok_and(|received| received.iter().all(|one| one.is_as_asked(query)))
    };
    let mut tokens = query.credentials.iter().map(|asked| token(&asked.id));
    tokens.find(fits).or_else(|| query.credentials.first().map(|asked| token(&asked.id))).unwrap_or_default()
}

fn credentials(decision: &Decision) -> Vec<Credential> {
    let one = |subject: &crate::decision::Subject| {
        Some(Credential {
            query: subject.query.clone()?,
            credential_type: subject.credential_type.as_ref().map(ToString::to_string),
            issuer: subject.issuer.clone(),
        })
    };
    decision.subjects.iter().filter_map(one).collect()
}

fn thumbprint(text: &str) -> Result<[u8; 32], Problem> {
    let bytes = BASE64.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| wanting("jwk_thumbprint is a SHA-256 in base64url"))
}

fn wanting(detail: &str) -> Problem {
    Problem::unprocessable("presentation-incomplete", "The presentation can't be judged by this")
        .detail(detail.to_owned())
}

//! Taking an answer: read it, judge it as a counter does, and make it an application, once.

use credentials::jwe::{self, DecryptionKey, JweError};
use protocol::EndpointError;
use protocol::openid4vp::{AuthorizationResponse, BadResponse, VpToken};
use registry::{LocalText, UnixMillis};
use serde_json::{Map, Value};
use service::{Lang, NoAnswerKey};
use store::StoreError;

use super::filled::{Filling, Misfit};
use super::judge::{Judgement, Question, Shown, Unreadable, Verdict};
use super::object::KEY_ID;
use super::{OneStops, Step};
use crate::audit::{Deed, Note as _, Noting};
use crate::clock::Moment;
use crate::core::texts;
use crate::model::{Answered, Flaw, Id, NotTaken, Presentation, Presented, Refusal, Waiting};
use crate::tables::PRESENTATIONS;

/// How old a holder's signature may be, in seconds.
const SIGNED_WITHIN: i64 = 300;

/// What became of an answer that was taken.
#[derive(Debug)]
pub(crate) enum Taken {
    /// It is an application.
    Accepted {
        /// The application.
        application: Id,
        /// The authorization that waited for it.
        login: Option<Waiting>,
    },
    /// It is genuine and was not accepted, or the wallet said no.
    Not,
}

/// Why an answer is not taken. All but the last two leave everything as it was.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TakeError {
    /// There is no such presentation, or it is forgotten.
    #[error("there is no such presentation")]
    Unknown,
    /// It was answered, or its time is over.
    #[error(transparent)]
    NotTaken(#[from] NotTaken),
    /// The form.
    #[error(transparent)]
    Response(#[from] BadResponse),
    /// What is presented.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// `state` is not the request's.
    #[error("state is not the one of the request")]
    State,
    /// Its seal has no key to decrypt with: it was asked by a version before, or the store was changed.
    #[error("it can't be answered any more; ask again")]
    NoKey(#[from] NoAnswerKey),
    /// It is encrypted for another key, or otherwise than asked.
    #[error(transparent)]
    Encryption(#[from] JweError),
    /// It was judged, noted, and is not genuine.
    #[error("the presentation is refused: {0}")]
    NotGenuine(String),
    /// The addresses.
    #[error(transparent)]
    Address(#[from] EndpointError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OneStops {
    /// Takes the answer to what was asked, the body of a `direct_post.jwt`. Durable when it returns.
    pub(crate) async fn take(&self, id: Id, body: &[u8], now: Moment) -> Result<Taken, TakeError> {
        let found = self.find(id)?.ok_or(TakeError::Unknown)?;
        found.check_open(now.seconds)?;
        let step = self.step(&found.credential_type).ok_or(TakeError::Unknown)?;
        let right = |state: Option<protocol::Secret>| {
            state.is_some_and(|state| state.matches(&self.seals.presentation_secret(id, "state")))
        };
        let key = DecryptionKey::from_secret_bytes(KEY_ID, &self.keys.open(&found.seal)?.scalar)?;
        let decrypt = |text: &str| Ok::<_, TakeError>(jwe::decrypt(text, &key)?);
        match AuthorizationResponse::parse_encrypted(body, decrypt)? {
            AuthorizationResponse::Refused { error, state, .. } if right(state.clone()) => {
                self.note(id, Answered::Declined { code: error.to_string() }, now).await
            }
            AuthorizationResponse::Presented { vp_token, state } if right(state.clone()) => {
                self.judge(&found, step, vp_token, now).await
            }
            AuthorizationResponse::Refused { .. }
            | AuthorizationResponse::Presented { .. }
            | AuthorizationResponse::Encrypted(_) => Err(TakeError::State),
        }
    }

    async fn judge(
        &self,
        found: &Presentation,
        step: &Step,
        answer: VpToken,
        now: Moment,
    ) -> Result<Taken, TakeError> {
        // A purpose that was withdrawn since it was asked for is no reason to look at what came.
        let withheld = match self.may_ask(step, now).await {
            Ok(true) => None,
            Ok(false) => Some(ours("purpose", "not_registered", step, &[])),
            Err(_) => Some(Refusal { cannot_tell: true, ..ours("purpose", "chain_unreachable", step, &[]) }),
        };
        if let Some(refusal) = withheld {
            return self.note(found.id, Answered::Refused(refusal), now).await;
        }
        let (response_uri, client_id) = (self.response_uri(found.id)?, self.client_id());
        let question = Question {
            query: &step.query,
            nonce: &self.seals.presentation_secret(found.id, "nonce"),
            response_uri: response_uri.as_str(),
            client_id: client_id.as_str(),
            binding_max_age: SIGNED_WITHIN,
            now: UnixMillis(now.ms),
        };
        // Without a judge nothing is asked: the issuer does not start.
        let judge = self.judge.as_ref().ok_or(TakeError::Unknown)?;
        let judged = judge.judge(answer, question, self.ledger.node()).await?;
        if judged.verdict != Verdict::Accepted {
            let forged = judged.verdict == Verdict::Refused { forged: true };
            let refusal = refused(judged);
            let names: Vec<_> =
                refusal.flaws.iter().map(|flaw| format!("{} ({})", flaw.check, flaw.code)).collect();
            self.note(found.id, Answered::Refused(refusal), now).await?;
            return if forged { Err(TakeError::NotGenuine(names.join(", "))) } else { Ok(Taken::Not) };
        }
        let shown = the_one(judged, step);
        match shown.and_then(|shown| Some((step.taken_from(&shown.claims)?, kept_of(shown, step)))) {
            Some((taken, presented)) => self.apply(found.id, step.clone(), taken, presented, now).await,
            None => {
                let refusal = ours("application", "claims", step, &step.asked());
                self.note(found.id, Answered::Refused(refusal), now).await
            }
        }
    }

    /// Takes it as an application, or notes why it is none: one write, once.
    async fn apply(
        &self,
        id: Id,
        step: Step,
        taken: Map<String, Value>,
        presented: Presented,
        now: Moment,
    ) -> Result<Taken, TakeError> {
        let (seals, wallet) = (self.seals.clone(), Noting::by_wallet(now));
        let issuer = Noting::by_issuer(now);
        self.store
            .write_async(move |tx| {
                let mut found = tx.get(&PRESENTATIONS, id.key())?.ok_or(TakeError::Unknown)?;
                found.check_open(now.seconds)?;
                let holders = found.login.as_ref().map(|login| login.holders.as_slice());
                let filling = Filling { step: &step, seals: &seals, taken, holders, presented, now };
                match filling.write(tx)? {
                    Ok(made) => {
                        found.stage = Answered::Accepted { application: made.id };
                        tx.put(&PRESENTATIONS, id.key(), &found)?;
                        let deed = Deed::new("application-presented").about("presentation", id);
                        wallet.note(tx, deed.about("application", made.id))?;
                        if made.decision().is_some() {
                            let deed = Deed::new("application-approved").about("application", made.id);
                            issuer.note(tx, deed.about("state", made.state.code()))?;
                        }
                        Ok(Taken::Accepted { application: made.id, login: found.login })
                    }
                    Err(misfit) => {
                        found.stage = Answered::Refused(match misfit {
                            Misfit::AnotherHolder => ours("holder", "another_holder", &step, &[]),
                            Misfit::ContradictsRecords(claims) => {
                                ours("application", "contradicts_records", &step, &claims)
                            }
                            Misfit::Claims(claims) => ours("application", "claims", &step, &claims),
                        });
                        tx.put(&PRESENTATIONS, id.key(), &found)?;
                        wallet.note(tx, Deed::new("presentation-refused").about("presentation", id))?;
                        Ok(Taken::Not)
                    }
                }
            })
            .await
    }

    /// Notes an answer that makes no application, once.
    async fn note(&self, id: Id, stage: Answered, now: Moment) -> Result<Taken, TakeError> {
        let noting = Noting::by_wallet(now);
        let what = match stage {
            Answered::Declined { .. } => "presentation-declined",
            _ => "presentation-refused",
        };
        self.store
            .write_async(move |tx| {
                let mut found = tx.get(&PRESENTATIONS, id.key())?.ok_or(TakeError::Unknown)?;
                found.check_open(now.seconds)?;
                found.stage = stage;
                tx.put(&PRESENTATIONS, id.key(), &found)?;
                noting.note(tx, Deed::new(what).about("presentation", id))?;
                Ok(Taken::Not)
            })
            .await
    }
}

/// What the checks found wrong, or could not tell.
fn refused(judged: Judgement) -> Refusal {
    let Judgement { verdict, reason, flaws, .. } = judged;
    Refusal { reason, flaws, cannot_tell: verdict == Verdict::CannotTell }
}

/// A refusal of this issuer's own. `claims` are names, of what is applied for or of what is presented.
fn ours(check: &str, code: &str, step: &Step, claims: &[String]) -> Refusal {
    let text = |lang: Lang| {
        let label = |name: &String| {
            let label = step.of.label_of(name).or_else(|| step.presented.label_of(name));
            label.map_or(name.clone(), |label| lang.pick(&label.zh, &label.en).to_owned())
        };
        let names = claims.iter().map(label).collect::<Vec<_>>().join(lang.pick("、", ", "));
        texts(lang).with(&format!("presented.{check}-{code}"), &[("claims", &names)])
    };
    Refusal {
        reason: LocalText { zh: text(Lang::Zh), en: text(Lang::En) },
        flaws: vec![Flaw { check: check.to_owned(), code: code.to_owned(), claims: claims.to_vec() }],
        cannot_tell: false,
    }
}

/// What is kept of how it was presented: no value.
fn kept_of(shown: Shown, step: &Step) -> Presented {
    Presented {
        credential_type: step.presented.id.clone(),
        issuer: shown.issuer,
        issuer_name: shown.issuer_name,
        purpose: step.purpose.to_string(),
        block: shown.block,
        claims: step.taken.keys().cloned().collect(),
        recorded: false,
    }
}

/// The one credential that was asked for.
fn the_one(judged: Judgement, step: &Step) -> Option<Shown> {
    let mut shown = judged.credentials;
    match (shown.pop(), shown.is_empty()) {
        (Some(one), true) if one.credential_type.as_ref() == Some(&step.presented.id) => Some(one),
        _ => None,
    }
}

//! The holder's yes, or no, on its way to the verifier.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use credentials::{data_integrity::Presenting, mdoc::SessionTranscript};
use protocol::{
    Endpoint,
    limits::{self, Limits},
    openid4vp::{
        AuthorizationResponse, DirectPostReply, Presentation, TransactionData, VpErrorCode, VpToken,
    },
};
use registry::Did;
use serde_json::Value;

use super::{
    Choice, LinkPolicy, PresentError,
    consent::{OpenOption, OpenQuestion, Pending},
    encryption,
};
use crate::{
    context::Context,
    held::{CARDS, Content, StoredCard, StoredCredential, derived, elements, subject_key},
    log::{self, Event, LOG, LogRecord, Outcome},
    ports::KeyStoreError,
    vault::VaultError,
    web::{Body, JSON, MESSAGE},
};

/// A presentation that arrived. What the verifier decides, it says elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    /// Where the verifier wants the holder's browser to go on, if anywhere.
    pub redirect: Option<Endpoint>,
    /// The log's entry of it.
    pub log_entry: String,
}

/// Signs and sends what the holder agreed to. The log has it before the first byte leaves.
pub(crate) async fn present(
    context: &Context,
    pending: &Pending,
    choice: &Choice,
) -> Result<Presented, PresentError> {
    if pending.offline.is_some() {
        return Err(PresentError::NotOpen);
    }
    let (token, chosen) = signed(context, pending, &pending.request.nonce, choice).await?;
    let state = pending.request.state.clone();
    let response = AuthorizationResponse::Presented { vp_token: token, state };
    let form = encryption::form(context, &response, pending.encryption.as_ref())?;
    if !pending.take() {
        return Err(PresentError::NotOpen);
    }
    let entry = note_sent(context, pending, chosen, Outcome::Sent).await?;

    let answer =
        context.web.post(&pending.request.response_uri, Body::Form(&form), JSON, None, MESSAGE).await?;
    let outcome = match answer.status {
        200..300 => Outcome::Delivered,
        status => Outcome::Rejected { status },
    };
    note_outcome(context, &entry, outcome).await?;
    match outcome {
        Outcome::Rejected { status } => Err(PresentError::Rejected { status }),
        Outcome::Delivered | Outcome::Sent | Outcome::Shown => {
            // An empty answer, or one that is none, is no reason to doubt a success.
            let reply: Option<DirectPostReply> = limits::json(&answer.body, Limits::MESSAGE).ok();
            Ok(Presented { redirect: reply.and_then(|reply| reply.redirect_uri), log_entry: entry })
        }
    }
}

/// What the holder chose, signed for this nonce. Nothing has left yet.
pub(super) async fn signed(
    context: &Context,
    pending: &Pending,
    nonce: &str,
    choice: &Choice,
) -> Result<(VpToken, Vec<OpenOption>), PresentError> {
    if pending.expires.is_some_and(|end| end <= context.now()) {
        return Err(PresentError::Expired);
    }
    if context.links == LinkPolicy::Refuse && !pending.consent.links(choice).is_empty() {
        return Err(PresentError::WouldLink);
    }
    let mut token = VpToken::default();
    let mut chosen = Vec::new();
    for question in &pending.questions {
        let options = chosen_options(pending, question, choice)?;
        let mut presentations = Vec::with_capacity(options.len());
        for option in options {
            presentations.push(build(context, pending, nonce, question, option).await?);
            chosen.push(option.clone());
        }
        if !presentations.is_empty() {
            token.0.insert(question.id.clone(), presentations);
        }
    }
    if token.0.is_empty() {
        return Err(PresentError::NotAnOption(String::new()));
    }
    Ok((token, chosen))
}

/// Tells the verifier no, and notes it. That the verifier hears of it is not needed for the no. `false` if it was answered.
pub(crate) async fn decline(context: &Context, pending: &Pending) -> Result<bool, VaultError> {
    if !pending.take() {
        return Ok(false);
    }
    let (at, event) = (context.now(), Event::Declined { asked: pending.asked.clone() });
    context.vault.write(move |tx| log::add(tx, at, event)).await?;
    if pending.offline.is_some() {
        return Ok(true);
    }
    let response = AuthorizationResponse::Refused {
        error: VpErrorCode::AccessDenied,
        description: Some("the holder declined".to_owned()),
        state: pending.request.state.clone(),
    };
    let told = match encryption::form(context, &response, pending.encryption.as_ref()) {
        Ok(form) => {
            let uri = &pending.request.response_uri;
            context.web.post(uri, Body::Form(&form), JSON, None, MESSAGE).await.is_ok()
        }
        Err(_) => false,
    };
    if !told {
        tracing::debug!("the verifier could not be told that the holder declined");
    }
    Ok(true)
}

/// What answers a question: what was chosen, or else the first option; nothing for what may be left out and is.
fn chosen_options<'q>(
    pending: &Pending,
    question: &'q OpenQuestion,
    choice: &Choice,
) -> Result<Vec<&'q OpenOption>, PresentError> {
    let wrong = || PresentError::NotAnOption(question.id.to_string());
    let named = choice.of(question.id.as_str());
    if named.is_empty() {
        return match pending.consent.is_wanted(question.set, choice) {
            true => question.options.first().map(|first| vec![first]).ok_or_else(wrong),
            false => Ok(Vec::new()),
        };
    }
    if sorted::count_distinct(named) != named.len() || (named.len() > 1 && !question.multiple) {
        return Err(wrong());
    }
    let find = |id: &String| question.options.iter().find(|option| option.credential == *id);
    named.iter().map(|id| find(id).ok_or_else(wrong)).collect()
}

async fn build(
    context: &Context,
    pending: &Pending,
    nonce: &str,
    question: &OpenQuestion,
    option: &OpenOption,
) -> Result<Presentation, PresentError> {
    let card: StoredCard = context.vault.get(&CARDS, &option.card)?.ok_or(PresentError::CardGone)?;
    let credential = find(&card, &option.credential).ok_or(PresentError::CardGone)?;
    let audience = pending.request.client_id.as_str();
    let damaged = |_| PresentError::Vault(VaultError::OtherForm("cards"));
    let content = credential.content()?;
    let selective = content.is_selective();
    match content {
        Content::SdJwt(token) => {
            let selection = token.select(&option.paths).map_err(damaged)?;
            let authorised = TransactionData::claims(&question.confirms.iter().collect::<Vec<_>>());
            let to_bind =
                selection.bind_with(audience, nonce, context.seconds(), authorised).map_err(damaged)?;
            let signature = context.ports.keys.sign(&credential.key, to_bind.bytes()).await?;
            let text = to_bind.finish(&signature).map_err(|_| KeyStoreError::Failed)?;
            Ok(Presentation::Text(text))
        }
        Content::Ldp { whole, parsed } => {
            let missing = || PresentError::Vault(VaultError::OtherForm("cards"));
            let holder = subject_key(&parsed).ok_or_else(missing)?;
            let shown = if selective { derived(&whole, &option.paths).ok_or_else(missing)? } else { whole };
            let presenting = Presenting {
                holder: &holder,
                credentials: vec![shown],
                challenge: nonce,
                domain: audience,
                created: context.seconds(),
            };
            let prepared = presenting.prepare().map_err(|_| missing())?;
            let signature = context.ports.keys.sign(&credential.key, prepared.bytes()).await?;
            match prepared.finish(&signature).map_err(|_| KeyStoreError::Failed)? {
                Value::Object(presentation) => Ok(Presentation::Object(presentation)),
                _ => Err(missing()),
            }
        }
        Content::Mdoc { document, .. } => {
            let missing = || PresentError::Vault(VaultError::OtherForm("cards"));
            let chosen = elements(&option.paths).ok_or_else(missing)?;
            let response_uri = pending.request.response_uri.as_str();
            let sealed_to = pending.encryption.as_ref().map(encryption::Encryption::thumbprint);
            let session = SessionTranscript::openid4vp(audience, nonce, sealed_to, response_uri);
            let to_bind = document.select(&chosen).map_err(|_| missing())?.bind(&session);
            let signature = context.ports.keys.sign(&credential.key, to_bind.bytes()).await?;
            let response = to_bind.finish(&signature).map_err(|_| KeyStoreError::Failed)?;
            Ok(Presentation::Text(BASE64.encode(response)))
        }
    }
}

fn find<'c>(card: &'c StoredCard, id: &str) -> Option<&'c StoredCredential> {
    card.credentials.iter().find(|credential| credential.id == id)
}

/// Writes down what leaves, and that these credentials have been seen by this verifier.
///
/// A credential that another verifier saw since the holder was asked does not leave: she agreed to something else. Nor does one
/// that she deleted.
pub(super) async fn note_sent(
    context: &Context,
    pending: &Pending,
    chosen: Vec<OpenOption>,
    outcome: Outcome,
) -> Result<String, PresentError> {
    let (at, asked) = (context.now(), pending.asked.clone());
    let verifier: Did = asked.verifier.clone();
    let noted = context
        .vault
        .write(move |tx| {
            for option in &chosen {
                let Some(card) = tx.get(&CARDS, &option.card)? else {
                    return Ok(Err(PresentError::CardGone));
                };
                let Some(credential) = find(&card, &option.credential) else {
                    return Ok(Err(PresentError::CardGone));
                };
                if credential.seen_by_others(&verifier) > option.others {
                    return Ok(Err(PresentError::SeenMeanwhile));
                }
            }
            // Each card anew: two of its credentials may leave.
            for option in &chosen {
                let Some(mut card) = tx.get(&CARDS, &option.card)? else { continue };
                let credentials = card.credentials.iter_mut().filter(|one| one.id == option.credential);
                for credential in credentials.filter(|one| !one.shown_to.contains(&verifier)) {
                    credential.shown_to.push(verifier.clone());
                }
                tx.put(&CARDS, &option.card, &card)?;
            }
            let shared = chosen.into_iter().map(|option| option.shared).collect();
            log::add(tx, at, Event::Presented { asked, shared, outcome }).map(Ok)
        })
        .await;
    noted?
}

async fn note_outcome(context: &Context, entry: &str, outcome: Outcome) -> Result<(), VaultError> {
    let key = entry.to_owned();
    context
        .vault
        .write(move |tx| {
            let Some(LogRecord { at, event: Event::Presented { asked, shared, .. } }) = tx.get(&LOG, &key)?
            else {
                return Ok(());
            };
            tx.put(&LOG, &key, &LogRecord { at, event: Event::Presented { asked, shared, outcome } })
        })
        .await
}

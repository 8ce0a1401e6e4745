//! From a link to the question that the holder is asked, or to a refusal.

use protocol::{
    dcql::QueryId,
    openid4vp::{AuthorizationResponse, RequestLink, VpErrorCode},
};

use super::{
    ConsentRequest, RequestRefused, Verifier, candidates,
    consent::{OpenQuestion, Pending},
    purpose,
    request::{self, Genuine},
    survey::Survey,
};
use crate::{
    card,
    context::Context,
    log::{self, Asked, Event},
    web::{Body, JSON, MESSAGE},
};

/// Fetches the request behind a link, checks it and the verifier, and works out what it would take to answer.
///
/// A refusal is logged. A genuine verifier that asks too much is told so.
pub(crate) async fn review(
    context: &Context,
    link: &str,
) -> Result<(ConsentRequest, Pending), RequestRefused> {
    let link = RequestLink::parse(link)?;
    let reviewed = match request::genuine(context, &link).await {
        Err(refused) => Err((refused, None)),
        Ok(genuine) => match judge(context, &genuine).await {
            Ok(reviewed) => Ok(reviewed),
            Err(refused) => Err((refused, Some(genuine))),
        },
    };
    match reviewed {
        Ok(reviewed) => Ok(reviewed),
        Err((refused, genuine)) => {
            log_refusal(context, &link, &refused, genuine.as_ref()).await?;
            if let Some(genuine) = genuine.filter(|_| is_verifiers_fault(&refused)) {
                tell(context, &genuine, &refused).await;
            }
            Err(refused)
        }
    }
}

async fn judge(context: &Context, genuine: &Genuine) -> Result<(ConsentRequest, Pending), RequestRefused> {
    let purpose = purpose::allowed(context, genuine)?;
    let held = candidates::of_kind(context, &genuine.request.query, &genuine.verifier)?;
    let mut survey = Survey::of(genuine, &purpose, &held);
    let wanted: Vec<QueryId> = survey.matches.wanted().into_iter().cloned().collect();
    if wanted.is_empty() {
        return Err(RequestRefused::NothingFits(survey.missing(context, &genuine.request.query)));
    }
    refresh(context, &survey, &wanted).await?;
    let (mut questions, mut open) = (Vec::new(), Vec::new());
    for id in wanted {
        let (question, options) = survey.question(context, &id)?;
        questions.push(question);
        open.push(OpenQuestion { id, options });
    }
    let asked = Asked {
        verifier: genuine.verifier.clone(),
        verifier_name: purpose.verifier_name.clone(),
        purpose: purpose.purpose.to_string(),
        purpose_name: purpose.purpose_name.clone(),
        legal_basis: purpose.legal_basis,
        retention_days: purpose.retention_days,
    };
    let consent = ConsentRequest {
        id: context.new_id()?,
        verifier: Verifier {
            did: genuine.verifier.clone(),
            name: purpose.verifier_name,
            host: genuine.request.response_uri.host(),
        },
        purpose: asked.purpose.clone(),
        purpose_name: purpose.purpose_name,
        legal_basis: purpose.legal_basis,
        legal_text: purpose.legal_text,
        retention_days: purpose.retention_days,
        expires: genuine.expires,
        questions,
    };
    let pending =
        Pending { request: genuine.request.clone(), expires: genuine.expires, asked, questions: open };
    Ok((consent, pending))
}

/// The newest state of the cards in question, if the chain can be reached; otherwise their age will show.
async fn refresh(context: &Context, survey: &Survey<'_>, wanted: &[QueryId]) -> Result<(), RequestRefused> {
    let cards: Vec<_> = wanted.iter().flat_map(|id| survey.fitting(id)).map(|(held, _)| &held.card).collect();
    let mut keys: Vec<_> = cards.iter().flat_map(|card| card::facts_needed(card)).collect();
    keys.sort();
    keys.dedup();
    let refreshed = match context.chain.facts(&context.vault, &keys).await {
        Ok(_) => context.further_facts(cards).await,
        Err(error) => Err(error),
    };
    match refreshed {
        Err(crate::chain::ChainError::Vault(error)) => Err(error.into()),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Whether the verifier, and not the holder's having or lacking something, is why. Only then it is told.
fn is_verifiers_fault(refused: &RequestRefused) -> bool {
    matches!(
        refused,
        RequestRefused::NoPurpose
            | RequestRefused::NotRegistered { .. }
            | RequestRefused::AsksTooMuch { .. }
            | RequestRefused::UnknownType
    )
}

/// Tells a genuine verifier that, and why, the wallet refuses. Best effort: the refusal stands either way.
async fn tell(context: &Context, genuine: &Genuine, refused: &RequestRefused) {
    let response = AuthorizationResponse::Refused {
        error: VpErrorCode::AccessDenied,
        description: Some(format!("{}: {refused}", refused.code()).chars().filter(char::is_ascii).collect()),
        state: genuine.request.state.clone(),
    };
    let body = response.to_form();
    let sent = context.web.post(&genuine.request.response_uri, Body::Form(&body), JSON, None, MESSAGE).await;
    if sent.is_err() {
        tracing::debug!("the verifier could not be told of a refusal");
    }
}

async fn log_refusal(
    context: &Context,
    link: &RequestLink,
    refused: &RequestRefused,
    genuine: Option<&Genuine>,
) -> Result<(), RequestRefused> {
    let name = match genuine.and_then(|genuine| genuine.purpose.as_ref()).and_then(|(_, fact)| fact.record())
    {
        Some(registry::Record::Purpose(record)) => Some(record.verifier_name.clone()),
        _ => None,
    };
    let event = Event::Refused {
        client_id: link.client_id.as_str().chars().take(200).collect(),
        name,
        reason: refused.code().to_owned(),
        claims: refused.claims().to_vec(),
    };
    let at = context.now();
    context.vault.write(move |tx| log::add(tx, at, event)).await?;
    Ok(())
}

//! From a link to the question that the holder is asked, or to a refusal.

use std::sync::atomic::AtomicBool;

use protocol::{
    dcql::QueryId,
    openid4vp::{AuthorizationResponse, Confirmation, RequestLink, VpErrorCode},
};
use registry::PurposeRecord;

use super::{
    ConsentRequest, RequestRefused, Verifier, candidates, confirmation,
    consent::{OpenQuestion, Pending},
    encryption, purpose,
    request::{self, Genuine},
    survey::Survey,
};
use crate::{
    context::Context,
    log::{self, Asked, Event},
    web::{Body, JSON, MESSAGE},
};

/// Fetches the request behind a link, checks it and the verifier, and works out what it would take to answer.
///
/// A refusal is logged. A genuine verifier that may not ask so is told so: that goes by the request and the chain alone. Once the
/// holder's cards were looked at it hears nothing, or a refusal would tell it what she has.
pub(crate) async fn review(
    context: &Context,
    link: &str,
) -> Result<(ConsentRequest, Pending), RequestRefused> {
    let link = RequestLink::parse(link)?;
    let reviewed = match request::genuine(context, &link).await {
        Err(refused) => Err((refused, None, false)),
        Ok(genuine) => match entitled(context, &genuine) {
            Err(refused) => Err((refused, Some(genuine), true)),
            Ok(entitled) => match judge(context, &genuine, entitled).await {
                Ok(reviewed) => Ok(reviewed),
                Err(refused) => Err((refused, Some(genuine), false)),
            },
        },
    };
    match reviewed {
        Ok(reviewed) => Ok(reviewed),
        Err((refused, genuine, is_told)) => {
            log_refusal(context, link.client_id.as_str(), &refused, genuine.as_ref()).await?;
            if let Some(genuine) = genuine.filter(|_| is_told) {
                tell(context, &genuine, &refused).await;
            }
            Err(refused)
        }
    }
}

/// What a verifier may ask for, and wants confirmed.
pub(super) struct Entitled {
    purpose: PurposeRecord,
    confirmations: Vec<Confirmation>,
}

/// May it ask so, whatever the holder has?
pub(super) fn entitled(context: &Context, genuine: &Genuine) -> Result<Entitled, RequestRefused> {
    let purpose = purpose::allowed(context, genuine)?;
    Ok(Entitled { purpose, confirmations: confirmation::to_be_read(context, &genuine.request)? })
}

pub(super) async fn judge(
    context: &Context,
    genuine: &Genuine,
    Entitled { purpose, confirmations }: Entitled,
) -> Result<(ConsentRequest, Pending), RequestRefused> {
    let held = candidates::of_kind(context, &genuine.request.query, &genuine.verifier)?;
    let mut survey = Survey::of(genuine, &purpose, &held);
    let mut wanted: Vec<QueryId> = survey.matches.wanted().into_iter().cloned().collect();
    if wanted.is_empty() && survey.matches.satisfiable() {
        // Nothing must be answered: then the first of what may be is the question.
        let optional = survey.optional(&[]);
        let first = optional.first().map(|(_, set)| *set);
        wanted = optional.into_iter().filter(|(_, set)| Some(*set) == first).map(|(id, _)| id).collect();
    }
    if wanted.is_empty() {
        return Err(RequestRefused::NothingFits(survey.missing(context, &genuine.request.query)));
    }
    let optional = survey.optional(&wanted);
    let all: Vec<(QueryId, Option<u32>)> =
        wanted.iter().map(|id| (id.clone(), None)).chain(optional).collect();
    refresh(context, &survey, all.iter().map(|(id, _)| id)).await?;
    let mut confirms = confirmation::carried(&genuine.request, &wanted)?;
    let (mut questions, mut open) = (Vec::new(), Vec::new());
    for (id, set) in all {
        let (question, options) = survey.question(context, &id, set)?;
        let multiple = question.multiple;
        questions.push(question);
        let confirms = confirms.remove(&id).unwrap_or_default();
        open.push(OpenQuestion { id, set, multiple, confirms, options });
    }
    let asked = Asked {
        verifier: genuine.verifier.clone(),
        verifier_name: purpose.verifier_name.clone(),
        purpose: purpose.purpose.to_string(),
        purpose_name: purpose.purpose_name.clone(),
        legal_basis: purpose.legal_basis,
        retention_days: purpose.retention_days,
        confirmed: confirmations.iter().map(confirmation::title).collect(),
    };
    let consent = ConsentRequest {
        id: context.new_id()?,
        verifier: Verifier {
            did: genuine.verifier.clone(),
            name: purpose.verifier_name,
            host: if genuine.offline { String::new() } else { genuine.request.response_uri.host() },
            as_of: genuine.as_of,
        },
        purpose: asked.purpose.clone(),
        purpose_name: purpose.purpose_name,
        legal_basis: purpose.legal_basis,
        legal_text: purpose.legal_text,
        retention_days: purpose.retention_days,
        expires: genuine.expires,
        confirmations,
        questions,
    };
    let pending = Pending {
        request: genuine.request.clone(),
        encryption: genuine.encryption.clone(),
        expires: genuine.expires,
        asked,
        questions: open,
        offline: None,
        consent: consent.clone(),
        taken: AtomicBool::new(false),
    };
    Ok((consent, pending))
}

/// How the cards in question stand, by evidence that is fresh, if the chain can be reached; otherwise its age will show.
async fn refresh<'q>(
    context: &Context,
    survey: &Survey<'_>,
    wanted: impl Iterator<Item = &'q QueryId>,
) -> Result<(), RequestRefused> {
    let cards: Vec<_> = wanted.flat_map(|id| survey.fitting(id)).map(|(held, _)| &held.face).collect();
    match context.refresh(cards, context.chain.fresh).await {
        Err(crate::chain::ChainError::Vault(error)) => Err(error.into()),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Tells a genuine verifier that, and why, the wallet refuses. Best effort: the refusal stands either way.
async fn tell(context: &Context, genuine: &Genuine, refused: &RequestRefused) {
    let response = AuthorizationResponse::Refused {
        error: VpErrorCode::AccessDenied,
        description: Some(format!("{}: {refused}", refused.code()).chars().filter(char::is_ascii).collect()),
        state: genuine.request.state.clone(),
    };
    let told = match encryption::form(context, &response, genuine.encryption.as_ref()) {
        Ok(form) => {
            let uri = &genuine.request.response_uri;
            context.web.post(uri, Body::Form(&form), JSON, None, MESSAGE).await.is_ok()
        }
        Err(_) => false,
    };
    if !told {
        tracing::debug!("the verifier could not be told of a refusal");
    }
}

pub(super) async fn log_refusal(
    context: &Context,
    client_id: &str,
    refused: &RequestRefused,
    genuine: Option<&Genuine>,
) -> Result<(), RequestRefused> {
    let name = match genuine.and_then(|genuine| genuine.purpose.as_ref()).and_then(|(_, fact)| fact.record())
    {
        Some(registry::Record::Purpose(record)) => Some(record.verifier_name.clone()),
        _ => None,
    };
    let event = Event::Refused {
        client_id: client_id.chars().take(200).collect(),
        name,
        reason: refused.code().to_owned(),
        claims: refused.claims().to_vec(),
    };
    let at = context.now();
    context.vault.write(move |tx| log::add(tx, at, event)).await?;
    Ok(())
}

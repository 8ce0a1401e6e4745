//! Taking an offer up, and what comes of it.

use super::{
    Offer, OfferedCredential, ReceiveError,
    collecting::{self, Outcome},
    token::token,
};
use crate::{card::Card, context::Context};

/// What came of an offer: at least one card.
#[derive(Debug, Clone)]
pub struct Received {
    /// The new cards, one for each type offered.
    pub cards: Vec<Card>,
    /// What of the offer did not come, or was thrown away.
    pub failed: Vec<Failed>,
}

/// A credential that was offered and not received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// Which.
    pub credential: OfferedCredential,
    /// Why. What [passes](ReceiveError::is_passing) is fetched by [`Wallet::pick_up`](crate::Wallet::pick_up).
    pub error: ReceiveError,
}

/// Takes an offer up, or goes on with one that was taken up and not to its end. Nothing is kept unless it proved good; when
/// nothing did, that is the error.
pub(crate) async fn receive(
    context: &Context,
    offer: &Offer,
    tx_code: Option<&str>,
) -> Result<Received, ReceiveError> {
    let code = &offer.grant().ok_or(ReceiveError::Demands("that its holder logs in"))?.code;
    let name = context.vault.blind(&format!("{} {}", offer.issuer(), code.expose()));
    let _only = context.under_way.only(&name)?;
    if let Some(begun) = collecting::begun(context, &name).await? {
        return received(collecting::resume(context, name, begun).await?);
    }
    let grant = token(context, offer, tx_code).await?;
    received(collecting::begin(context, name, offer, grant, None).await?)
}

/// The cards that came and what did not; an error if no card did.
pub(super) fn received(outcomes: Vec<Outcome>) -> Result<Received, ReceiveError> {
    let (mut cards, mut failed) = (Vec::<Card>::new(), Vec::new());
    for Outcome { offered, result, .. } in outcomes {
        match result {
            Ok(card) if cards.iter().any(|other| other.id == card.id) => {}
            Ok(card) => cards.push(card),
            Err(error) => failed.push(Failed { credential: offered, error }),
        }
    }
    match failed.first() {
        Some(first) if cards.is_empty() => Err(first.error.clone()),
        _ => Ok(Received { cards, failed }),
    }
}

//! Fresh tokens by a refresh token (RFC 6749 §6), which the issuer may replace each time.

use protocol::{
    Endpoint, Secret,
    openid4vci::{TokenRequest, TokenResponse},
};

use super::{ReceiveError, collecting::COLLECTING, dpop::Dpop, token};
use crate::{
    context::Context,
    held::CARDS,
    vault::{VaultError, VaultTx},
};

/// Asks for a fresh token. Another refresh token that comes with it is written down before anything else is done.
pub(super) async fn refresh(
    context: &Context,
    endpoint: &Endpoint,
    before: &Secret,
    dpop: &Dpop,
) -> Result<TokenResponse, ReceiveError> {
    let request = TokenRequest::Refresh { refresh_token: before.clone(), client_id: None };
    let mut token = token::request(context, endpoint, &request, Some(dpop)).await?;
    // An issuer that gives no new one lets the old one stand.
    let next = token.refresh_token.get_or_insert_with(|| before.clone());
    if next != before {
        put_in_place_of(context, before.clone(), next.clone()).await?;
    }
    Ok(token)
}

/// Writes a refresh token wherever the one stands that it takes the place of: an issuer that rotates them takes the newest
/// alone, of all that came of one offer.
async fn put_in_place_of(context: &Context, before: Secret, now: Secret) -> Result<(), VaultError> {
    let (cards, rows) = (context.vault.all(&CARDS)?, context.vault.all(&COLLECTING)?);
    let write = move |tx: &mut VaultTx<'_, '_>| {
        let replace = |token: &mut Secret| {
            let stands = *token == before;
            if stands {
                *token = now.clone();
            }
            stands
        };
        for (id, _) in &cards {
            if let Some(mut card) = tx.get(&CARDS, id)?
                && card.renewal.as_mut().is_some_and(|renewal| replace(&mut renewal.refresh_token))
            {
                tx.put(&CARDS, id, &card)?;
            }
        }
        for (name, _) in &rows {
            if let Some(mut row) = tx.get(&COLLECTING, name)?
                && row.grant.token.refresh_token.as_mut().is_some_and(replace)
            {
                tx.put(&COLLECTING, name, &row)?;
            }
        }
        Ok(())
    };
    context.vault.write(write).await
}

//! Offers by reference (OpenID4VCI 1.0 §4.1.3).

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use protocol::openid4vci::{
    AuthorizationCodeGrant, CredentialOffer, Grants, OfferLink, PreAuthorizedGrant, TxCodeRules,
};
use service::Problem;
use service::extract::Path;

use super::answers::secret_json;
use crate::core::{App, Core};
use crate::model::Offer;
use crate::seals::TX_CODE_DIGITS;

pub(super) fn router() -> Router<App> {
    Router::new().route("/offers/{reference}", get(offer))
}

/// The offer, to whoever has the reference: it is as hard to guess as the code inside, and worth nothing without the
/// transaction code.
async fn offer(State(app): State<App>, Path(reference): Path<String>) -> Result<Response, Problem> {
    let id = app.seals.open_reference(&reference).ok_or_else(unknown)?;
    let offer = app.offers.find(id).map_err(Problem::internal)?.ok_or_else(unknown)?;
    if !offer.is_open(app.now().seconds) {
        return Err(Problem::gone("offer-over", "This offer was used or has expired; ask for a new one"));
    }
    Ok(secret_json(&message(&app, &offer)))
}

/// An offer as wallets read it (§4.1.1).
pub(crate) fn message(app: &Core, offer: &Offer) -> CredentialOffer {
    let grant = PreAuthorizedGrant {
        code: app.seals.code(offer.id).as_str().into(),
        tx_code: Some(TxCodeRules::digits(
            TX_CODE_DIGITS,
            "申请页面上的领取码 · the collection code on your application page",
        )),
        authorization_server: None,
    };
    // Whoever would rather log in than type a code may do that.
    let by_login = app.citizens.as_ref().map(|_| AuthorizationCodeGrant {
        issuer_state: Some(app.seals.reference(offer.id)),
        authorization_server: None,
    });
    CredentialOffer {
        credential_issuer: app.base.clone(),
        credential_configuration_ids: offer.configurations.clone(),
        grants: Some(Grants { pre_authorized: Some(grant), authorization_code: by_login }),
    }
}

/// The link with the offer inside.
pub(crate) fn link_by_value(app: &Core, offer: &Offer) -> String {
    OfferLink::Value(Box::new(message(app, offer))).to_string()
}

/// The link to the address where the offer is: short enough for a coarse QR code.
pub(crate) fn link_by_reference(app: &Core, offer: &Offer) -> Result<String, Problem> {
    let address =
        app.base.join(&format!("offers/{}", app.seals.reference(offer.id))).map_err(Problem::internal)?;
    Ok(OfferLink::Reference(address).to_string())
}

fn unknown() -> Problem {
    Problem::not_found("There is no such offer; ask for a new one")
}

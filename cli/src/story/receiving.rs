//! The phone receives: the right holder does, a thief doesn't.

use serde_json::Value;
use wallet_core::ReceiveError;

use super::desk::{Application, OfferLetter};
use super::letter;
use super::scene::Scene;
use super::teller::{Teller, must};
use crate::fault::{Done, Fault, OrFault};

/// Someone photographs the QR code and guesses the code that belongs to it.
pub(super) async fn stolen_offer(scene: &Scene, teller: &mut Teller, application: &Application) -> Done {
    teller.chapter("A stolen offer is worth nothing");
    let letter = scene.licensing.offer(application, false).await?;
    let offer = scene.wallet.preview_offer(&letter.link).await.or_fault("the offer should be readable")?;
    let guess = if letter.tx_code == "000000" { "000001" } else { "000000" };
    let mut last = None;
    for _ in 0..5 {
        last = scene.wallet.receive(&offer, Some(guess)).await.err();
        must!(last.is_some(), "a wrong code should not be taken");
    }
    let after = scene.wallet.receive(&offer, Some(&letter.tx_code)).await;
    must!(
        matches!(after, Err(ReceiveError::CodeRefused)),
        "the offer should be void after five wrong codes: {after:?}"
    );
    must!(scene.wallet.cards().or_fault("")?.is_empty(), "nothing should have been received");
    let last = last.map(|error| error.to_string()).unwrap_or_default();
    teller.step(
        "Five wrong codes, and the offer is void, even for the right code",
        format!("the fifth: {last}"),
    );
    Ok(())
}

/// The applicant asks for a new offer and receives the licence in both forms.
pub(super) async fn licence(scene: &Scene, teller: &mut Teller, application: &Application) -> Done {
    teller.chapter("The phone receives the licence");
    let letter = scene.licensing.offer(application, true).await?;
    receive(scene, teller, "business-licence", &letter).await?;
    reused(scene, teller, &letter).await
}

/// A digital ID from the other department.
pub(super) async fn digital_id(scene: &Scene, teller: &mut Teller) -> Done {
    teller.chapter("The phone receives a digital ID");
    let application = scene.police.apply("digital-id", &Scene::example("digital-id")?).await?;
    scene.police.approve(&application).await?;
    let letter = scene.police.offer(&application, false).await?;
    receive(scene, teller, "digital-id", &letter).await
}

/// A driver's licence, as an mdoc for readers everywhere and as a token.
pub(super) async fn drivers_licence(scene: &Scene, teller: &mut Teller) -> Done {
    teller.chapter("The phone receives a driver's licence");
    let application = scene.police.apply("drivers-licence", &Scene::example("drivers-licence")?).await?;
    scene.police.approve(&application).await?;
    let letter = scene.police.offer(&application, false).await?;
    receive(scene, teller, "drivers-licence", &letter).await
}

pub(super) async fn receive(scene: &Scene, teller: &mut Teller, kind: &str, letter: &OfferLetter) -> Done {
    let offer = scene.wallet.preview_offer(&letter.link).await.or_fault("the offer should be readable")?;
    let received = scene.wallet.receive(&offer, Some(&letter.tx_code)).await;
    let received = received.or_fault("the wallet should have received the credential")?;
    must!(received.failed.is_empty(), "every form should come: {:?}", received.failed);
    let Some(card) = received.cards.first() else { return Err(Fault::new("no card came", "")) };
    must!(card.kind == kind && card.formats.len() == 2, "one {kind} in two forms should come");
    scene.wallet.refresh().await.or_fault("the chain should answer")?;
    let card = scene.wallet.card(&card.id).or_fault("")?.ok_or_else(|| Fault::new("the card is gone", ""))?;
    must!(card.state.id() == "valid", "the card should be valid: {}", card.state.id());
    let formats = card.formats.iter().map(|format| format.as_str()).collect::<Vec<_>>().join(", ");
    let shown = format!(
        "{} · {} · {formats}\nchecked: issuer's signature, its key, its accreditation, the holder's key, the status",
        card.label.en, card.issuer_name.en
    );
    teller.step("Code entered, credential checked against the chain, card kept", shown);
    Ok(())
}

/// The offer's code works once.
async fn reused(scene: &Scene, teller: &mut Teller, letter: &OfferLetter) -> Done {
    let (_, query) = letter.by_value.split_once('?').unwrap_or_default();
    let offer = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "credential_offer");
    let offer: Value = serde_json::from_str(&offer.map(|(_, text)| text).unwrap_or_default()).or_fault("")?;
    let grant = "urn:ietf:params:oauth:grant-type:pre-authorized_code";
    let code = offer.get("grants").and_then(|grants| grants.get(grant)?.get("pre-authorized_code")?.as_str());
    let code = code.ok_or_else(|| Fault::new("the offer has no code", ""))?;
    let fields = [("grant_type", grant), ("pre-authorized_code", code), ("tx_code", letter.tx_code.as_str())];
    let answer = letter::form(&scene.http, &format!("{}/token", scene.licensing.url), &fields).await?;
    let refused = answer.expect(400, "the code used again")?;
    must!(
        refused.get("error").and_then(Value::as_str) == Some("invalid_grant"),
        "invalid_grant is due: {refused}"
    );
    teller.step("The same code and transaction code again are refused", "400 invalid_grant");
    Ok(())
}

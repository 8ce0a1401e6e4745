//! One-stop: the licence from market supervision is the application at the tax bureau. No field is typed there.

use reqwest::Method;
use serde_json::{Value, json};
use wallet_core::{Choice, ConsentRequest};

use super::desk::Application;
use super::letter::{Answer, send};
use super::receiving;
use super::scene::{Scene, leaving};
use super::teller::{Teller, must};
use crate::fault::{Done, Fault, OrFault};

const TAX: &str = "tax-registration";

/// What the tax bureau asks to see.
struct Asked {
    url: String,
    link: String,
}

/// The licence is shown, the tax confirmation comes, and nothing was typed.
pub(super) async fn tax_confirmation(scene: &Scene, teller: &mut Teller) -> Done {
    teller.chapter("One-stop: the licence is the application at the tax bureau");
    let asked = ask(scene).await?;
    let consent = scene.wallet.review_request(&asked.link).await;
    let consent = consent.or_fault("the wallet should have asked the holder")?;
    let what = format!("{} · leaves: {}", consent.purpose_name.en, leaving(&consent));
    teller.step("The bureau asks for the licence in the place of a form; its purpose is on the chain", what);

    let application = show(scene, &consent).await?;
    must!(look(scene, &asked).await? == "accepted", "whoever showed the code should read accepted");
    let seen = scene.tax.look(&application).await?;
    if seen.get("state").and_then(Value::as_str) == Some("submitted") {
        // The company applied before, in an earlier story on this data: then a clerk looks first.
        scene.tax.approve(&application).await?;
    }
    let claims = seen.get("claims").cloned().unwrap_or_default();
    let licence = Scene::example("business-licence")?;
    let same = |here: &str, there: &str| claims.get(here).is_some() && claims.get(here) == licence.get(there);
    must!(
        same("taxpayerNumber", "creditCode") && same("name", "name"),
        "the licence should fill it in: {claims}"
    );
    let filled = claims.as_object().map(|claims| claims.keys().cloned().collect::<Vec<_>>().join(", "));
    teller
        .step("Checked like at any counter, and filled in; nobody typed a field", filled.unwrap_or_default());

    let letter = scene.tax.offer(&application, false).await?;
    receiving::receive(scene, teller, TAX, &letter).await
}

/// What somebody recorded, what the holder doesn't want, and what was answered before.
pub(super) async fn nothing_else(scene: &Scene, teller: &mut Teller) -> Done {
    let Some((url, body)) = scene.sent.last() else { return Err(Fault::new("nothing was recorded", "")) };
    let again = scene.http.post(&url).header("content-type", "application/x-www-form-urlencoded").body(body);
    let status = again.send().await.or_fault("the bureau should answer")?.status().as_u16();
    must!(status == 409, "the same answer again should be refused: {status}");
    let asked = ask(scene).await?;
    let consent = scene.wallet.review_request(&asked.link).await;
    let consent = consent.or_fault("the wallet should have asked the holder")?;
    scene.wallet.decline(&consent.id).await.or_fault("declining should be noted")?;
    let state = look(scene, &asked).await?;
    must!(state == "declined", "the bureau should hear the no: {state}");
    teller.step("The recorded answer again: 409. A no: nothing leaves, no application", state);
    Ok(())
}

/// The bureau doesn't take a licence that doesn't count.
pub(super) async fn revoked(scene: &Scene, teller: &mut Teller) -> Done {
    let asked = ask(scene).await?;
    let consent = scene.wallet.review_request(&asked.link).await;
    let consent = consent.or_fault("the wallet should have asked the holder")?;
    let sent = scene.wallet.present(&consent.id, &Choice::first()).await;
    sent.or_fault("the bureau should have answered")?;
    let state = look(scene, &asked).await?;
    must!(state == "refused", "the revoked licence should be refused: {state}");
    teller.step("The tax bureau makes no application of it either", state);
    Ok(())
}

async fn ask(scene: &Scene) -> Done<Asked> {
    let url = format!("{}/api/presentations", scene.tax.url);
    let body = send(&scene.http, Method::POST, &url, None, Some(json!({ "type": TAX }))).await?;
    let body = body.expect(201, "asking for the licence")?;
    let id = Answer::text(&body, "/id")?;
    Ok(Asked { url: format!("{url}/{id}"), link: Answer::text(&body, "/link")? })
}

/// Shows it; the answer leads to the application, and nothing else does.
async fn show(scene: &Scene, consent: &ConsentRequest) -> Done<Application> {
    let sent = scene.wallet.present(&consent.id, &Choice::first()).await;
    let next = sent.or_fault("the bureau should have taken the answer")?.redirect;
    let address = next.and_then(|next| url::Url::parse(next.as_str()).ok());
    let led = address.as_ref().and_then(|address| {
        let id = address.path().strip_prefix("/applications/")?.to_owned();
        let secret = address.query_pairs().find(|(name, _)| name == "key")?.1.into_owned();
        Some(Application { id, secret })
    });
    led.ok_or_else(|| Fault::new("the answer should have led to an application", "the story broke here"))
}

async fn look(scene: &Scene, asked: &Asked) -> Done<String> {
    let body = send(&scene.http, Method::GET, &asked.url, None, None).await?.expect(200, "looking")?;
    Answer::text(&body, "/state")
}

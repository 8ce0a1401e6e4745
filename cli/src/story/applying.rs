//! A citizen applies, a clerk decides.

use serde_json::{Value, json};

use super::desk::Application;
use super::scene::Scene;
use super::teller::{Teller, must};
use crate::fault::Done;

pub(super) async fn licence(scene: &Scene, teller: &mut Teller) -> Done<Application> {
    teller.chapter("A company applies for its licence");
    let claims = Scene::example("business-licence")?;
    let mut wrong = claims.clone();
    wrong["creditCode"] = json!("91340100MA8HUE6K0X");
    let refused =
        scene.licensing.submit("business-licence", &wrong).await?.expect(422, "a wrong credit code")?;
    must!(refused.to_string().contains("creditCode"), "the refusal should name the field: {refused}");
    let title = refused.get("title").and_then(Value::as_str).unwrap_or_default();
    teller
        .step("A credit code with a wrong check character is sent back", format!("422, {title}: creditCode"));

    let application = scene.licensing.apply("business-licence", &claims).await?;
    let name = claims.get("name").and_then(Value::as_str).unwrap_or_default();
    teller.step("The corrected application is taken", format!("{} · {name}", application.id));

    scene.licensing.approve_as(&application, None).await?.expect(401, "approving without a token")?;
    scene
        .licensing
        .approve_as(&application, Some(&application.secret))
        .await?
        .expect(401, "approving one's own")?;
    teller.step("Only staff can approve: no token, or the applicant's own, is refused", "401");
    let approved = scene.licensing.approve(&application).await?;
    let by = approved.get("decided_by").and_then(Value::as_str).unwrap_or_default();
    let at = approved.get("decided_at").and_then(Value::as_str).unwrap_or_default();
    must!(!by.is_empty() && !at.is_empty(), "who approved, and when, should be kept: {approved}");
    teller.step("A clerk approves; who and when is kept", format!("{by} · {at}"));
    Ok(application)
}

//! The holder shows cards, and what left is what she agreed to.

use serde_json::json;
use service::Lang;
use service::ui::kept_for;
use wallet_core::Event;

use super::scene::{Scene, leaving};
use super::teller::{Teller, must};
use crate::fault::{Done, OrFault};

/// The checks a decision about one credential is made of.
const CHECKS: [&str; 10] = [
    "issuer_signature",
    "issuer_key_valid_when_issued",
    "issuer_accredited",
    "status",
    "validity",
    "holder_binding",
    "nonce",
    "audience",
    "only_what_was_asked",
    "query_satisfied",
];

pub(super) async fn accepted(scene: &Scene, teller: &mut Teller) -> Done {
    teller.chapter("The counter asks, the holder agrees");
    let (consent, decided) = scene.show("company-service").await?;
    let kept = kept_for(Lang::En, consent.retention_days);
    let basis = format!("for: {} · kept: {kept}", consent.purpose_name.en);
    teller.step(
        &format!("{} is registered to ask; the holder sees what would leave", consent.verifier.name.en),
        format!("{basis}\nleaves: {}", leaving(&consent)),
    );
    must!(decided.decision == "accepted", "the counter should accept: {}", decided.body);
    let passed = decided.checks("passed");
    for check in CHECKS {
        must!(
            passed.iter().any(|name| name == check),
            "the check {check} should have passed: {}",
            decided.body
        );
    }
    teller.step("Accepted; every check by name", format!("{}\n{}", passed.join(", "), decided.reason));
    Ok(())
}

pub(super) async fn least(scene: &Scene, teller: &mut Teller) -> Done {
    teller.chapter("Only what is needed leaves");
    let (consent, decided) = scene.show("adult-check").await?;
    must!(decided.decision == "accepted", "the counter should accept: {}", decided.body);
    let claims = decided.claims();
    must!(claims == [("ageOver18".to_owned(), json!(true))], "only the age should have left: {claims:?}");
    let stays = consent
        .questions
        .iter()
        .flat_map(|question| question.options.first())
        .map(|option| option.stays.len());
    let stays: usize = stays.sum();
    teller.step(
        "18 or over: yes; no birth date, no name, no number",
        format!("left: ageOver18 · stayed: {stays} claims"),
    );
    Ok(())
}

pub(super) async fn two_cards(scene: &Scene, teller: &mut Teller) -> Done {
    teller.chapter("Two cards in one answer");
    let (consent, decided) = scene.show("tax-registration").await?;
    must!(consent.questions.len() == 2, "two cards should be asked for");
    must!(decided.decision == "accepted", "the counter should accept: {}", decided.body);
    teller.step("A company and the person behind it, in one step", leaving(&consent));
    Ok(())
}

pub(super) async fn whole(scene: &Scene, teller: &mut Teller) -> Done {
    teller.chapter("The licence as a W3C credential");
    let (consent, decided) = scene.show("licence-original").await?;
    let format = consent
        .questions
        .first()
        .and_then(|question| question.options.first())
        .map(|option| option.format.as_str());
    must!(format == Some("ldp_vc"), "the counter prefers ldp_vc: {format:?}");
    must!(decided.decision == "accepted", "the counter should accept: {}", decided.body);
    teller.step(
        "Shown whole with a Data Integrity proof, and accepted",
        format!("{} claims", decided.claims().len()),
    );
    Ok(())
}

pub(super) async fn driving(scene: &Scene, teller: &mut Teller) -> Done {
    teller.chapter("The driver's licence as ISO mdoc");
    let (consent, decided) = scene.show("driving-check").await?;
    let option = consent.questions.first().and_then(|question| question.options.first());
    let format = option.map(|option| option.format.as_str());
    must!(format == Some("mso_mdoc"), "the counter prefers mso_mdoc: {format:?}");
    must!(decided.decision == "accepted", "the counter should accept: {}", decided.body);
    let claims = decided.claims();
    must!(claims.iter().any(|(name, value)| name == "class" && value == "C1"), "the class should show");
    must!(claims.iter().all(|(name, _)| name != "licenceNumber"), "the number should have stayed");
    teller.step(
        "Shown element by element under the phone's signature, and accepted",
        format!("left: {}", leaving(&consent)),
    );
    Ok(())
}

/// The log has everything, by name only.
pub(super) fn log(scene: &Scene, teller: &mut Teller) -> Done {
    teller.chapter("The holder's own log");
    let entries = scene.wallet.log(None, 100).or_fault("the log should be readable")?;
    let count = |wanted: fn(&Event) -> bool| entries.iter().filter(|entry| wanted(&entry.event)).count();
    let received = count(|event| matches!(event, Event::Received { .. }));
    let presented = count(|event| matches!(event, Event::Presented { .. }));
    let refused = count(|event| matches!(event, Event::Refused { .. }));
    let declined = count(|event| matches!(event, Event::Declined { .. }));
    must!(
        received == 4 && declined == 2 && refused >= 2 && presented >= 9,
        "the log should have everything: {entries:?}"
    );
    let text = serde_json::to_string(&entries).or_fault("")?;
    let example = Scene::example("business-licence")?;
    let code = example.get("creditCode").and_then(serde_json::Value::as_str).unwrap_or("-");
    must!(!text.contains(code), "the log should hold names, not values");
    teller.step(
        "It has what came, what left and what was refused; names, never values",
        format!(
            "{received} received, {presented} shown, {declined} declined, {refused} refused by the wallet"
        ),
    );
    Ok(())
}

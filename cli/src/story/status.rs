//! The issuer suspends, reinstates, revokes; the counter knows at once.

use serde_json::Value;
use wallet_core::Warning;

use super::desk::Application;
use super::scene::Scene;
use super::teller::{Teller, must};
use crate::fault::{Done, OrFault};

pub(super) async fn suspended_and_back(
    scene: &Scene,
    teller: &mut Teller,
    application: &Application,
) -> Done {
    teller.chapter("Suspended, and reinstated");
    let credentials = scene.licensing.credentials(application).await?;
    must!(credentials.len() == 2, "two credentials should have been issued: {credentials:?}");
    change(scene, &credentials, "suspend", "经营场所核查中").await?;
    teller.step(
        "The issuer suspends the licence; final on the chain when the call returns",
        credentials.join(", "),
    );
    refused(scene, teller).await?;
    change(scene, &credentials, "reinstate", "核查完成").await?;
    let (_, decided) = scene.show("company-service").await?;
    must!(decided.decision == "accepted", "the reinstated licence should be accepted: {}", decided.body);
    teller.step("Reinstated, and accepted again", decided.reason);
    Ok(())
}

pub(super) async fn revoked(scene: &Scene, teller: &mut Teller, application: &Application) -> Done {
    teller.chapter("Revoked, for good");
    let credentials = scene.licensing.credentials(application).await?;
    change(scene, &credentials, "revoke", "公司已注销").await?;
    teller.step("The issuer revokes the licence", "");
    refused(scene, teller).await?;
    for credential in &credentials {
        let back =
            scene.licensing.change(credential, "reinstate", "反悔").await?.expect(409, "reinstating")?;
        let kind = back.get("type").and_then(Value::as_str).unwrap_or_default();
        must!(kind.ends_with("revocation-final"), "revocation should be final: {back}");
    }
    teller.step("It can't be taken back", "409 revocation-final");
    Ok(())
}

async fn change(scene: &Scene, credentials: &[String], change: &str, reason: &str) -> Done {
    for credential in credentials {
        scene.licensing.change(credential, change, reason).await?.expect(200, change)?;
    }
    Ok(())
}

/// The phone warns the holder; the counter refuses, and the status is why.
async fn refused(scene: &Scene, teller: &mut Teller) -> Done {
    // As a phone does when it is opened: what it knows is minutes old otherwise.
    scene.wallet.refresh().await.or_fault("the chain's node should answer")?;
    let (consent, decided) = scene.show("company-service").await?;
    let options = consent.questions.iter().filter_map(|question| question.options.first());
    let warned = options.flat_map(|option| &option.warnings).any(|warning| *warning == Warning::NotInForce);
    must!(warned, "the phone should warn the holder first");
    must!(decided.decision == "refused", "the counter should refuse: {}", decided.body);
    must!(
        decided.checks("failed") == ["status"],
        "the status alone should be why: {:?}",
        decided.checks("failed")
    );
    teller.step("The phone warns, the counter refuses, and the status alone is why", decided.reason);
    Ok(())
}

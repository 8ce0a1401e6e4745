//! The chain at the beginning, and everything after a restart.

use std::path::Path;

use registry::{Record, RecordKey, Slug};

use super::scene::Scene;
use super::teller::{Teller, must};
use crate::demo;
use crate::fault::{Done, Fault, OrFault};
use crate::stack::Ports;

pub(super) async fn begin(scene: &Scene, teller: &mut Teller) -> Done {
    teller.chapter("The chain, the issuers, the counter");
    let client = scene.stack.client();
    let fact = client.proven_one(RecordKey::Governance).await.or_fault("the chain should answer")?;
    let Some(Record::Governance(governance)) = fact.record() else {
        return Err(Fault::new("the chain has no governance", ""));
    };
    must!(
        governance.members.len() == 3 && governance.threshold == 2,
        "three departments, two of whom must agree"
    );
    let names =
        governance.members.iter().map(|member| member.name.en.as_str()).collect::<Vec<_>>().join("\n");
    teller.step("Three departments govern the chain, two must agree", names);

    for issuer in scene.stack.urls().issuers.values() {
        for kind in &issuer.credential_types {
            let key = RecordKey::Trust(issuer.did.clone(), kind.clone());
            let fact = client.proven_one(key).await.or_fault("the chain should answer")?;
            must!(fact.record().is_some(), "{} should be accredited for {kind}", issuer.name.en);
            let shown = format!("{}\nproven by block {} of {}", issuer.did, fact.height(), fact.time());
            teller.step(&format!("{} may issue {kind}", issuer.name.en), shown);
        }
    }
    let verifier = &scene.stack.urls().verifier;
    let purposes = verifier.purposes.iter().map(Slug::as_str).collect::<Vec<_>>().join(", ");
    for purpose in &verifier.purposes {
        let key = RecordKey::Purpose(verifier.did.clone(), purpose.clone());
        let fact = client.proven_one(key).await.or_fault("the chain should answer")?;
        must!(fact.record().is_some(), "{} should be registered for {purpose}", verifier.name.en);
    }
    teller.step(&format!("{} may ask for {} purposes", verifier.name.en, verifier.purposes.len()), purposes);
    Ok(())
}

/// Stops everything, starts it again, and finds what was there.
pub(super) async fn restart(scene: Scene, data: &Path, teller: &mut Teller) -> Done {
    teller.chapter("Everything stops, and starts again");
    let cards = scene.wallet.cards().or_fault("")?.len();
    let height = scene.stack.client().head().await.or_fault("the chain should answer")?.height;
    let chain_id = scene.stack.urls().chain.anchor.chain_id;
    let (folder, network) = (scene.folder.clone(), scene.network);
    scene.shutdown().await;

    let stack = demo::start(data, Ports::Any, network).await?;
    must!(!stack.is_new() && stack.urls().chain.anchor.chain_id == chain_id, "it should be the same chain");
    let scene = Scene::with(stack, folder, network).await?;
    let seen = look(&scene, cards, height, teller).await;
    scene.shutdown().await;
    seen
}

async fn look(scene: &Scene, cards: usize, height: u64, teller: &mut Teller) -> Done {
    let now = scene.stack.client().head().await.or_fault("the chain should answer")?.height;
    must!(now > height, "the chain should go on from block {height}, and is at {now}");
    teller.step("The chain goes on where it was", format!("block {height}, then {now}"));
    let held = scene.wallet.cards().or_fault("")?;
    must!(held.len() == cards, "{cards} cards should be on the phone, and {} are", held.len());
    must!(held.iter().any(|card| card.state.id() == "revoked"), "the revoked card should still be revoked");
    let list = held.iter().map(|card| format!("{} · {}", card.label.en, card.state.id())).collect::<Vec<_>>();
    teller.step("The phone still has its cards, and knows which one is revoked", list.join("\n"));
    Ok(())
}

/// The validator that is killed, and how many a network needs for it not to matter.
const DIES: usize = 3;
const ENOUGH: u16 = 4;

/// One of several validators is killed in the middle of it all.
pub(super) async fn one_is_gone(scene: &Scene, teller: &mut Teller) -> Done {
    if scene.network.is_none_or(|count| count < ENOUGH) {
        return Ok(());
    }
    teller.chapter("A validator is killed");
    scene.stack.end_validator(DIES).await;
    let heights = scene.stack.validator_heights().await;
    must!(heights.get(DIES) == Some(&None), "the validator should be gone");
    teller.step("One of the chain's validators was killed; the others go on", "");
    Ok(())
}

/// It comes back, and has everything.
pub(super) async fn it_is_back(scene: &Scene, teller: &mut Teller) -> Done {
    if scene.network.is_none_or(|count| count < ENOUGH) {
        return Ok(());
    }
    teller.chapter("The validator is back");
    let missed = scene.stack.client().head().await.or_fault("the chain should answer")?.height;
    scene.stack.begin_validator(DIES).await.or_fault("the validator should start again")?;
    let began = std::time::Instant::now();
    loop {
        let heights = scene.stack.validator_heights().await;
        if heights.get(DIES).copied().flatten().is_some_and(|height| height >= missed) {
            break;
        }
        must!(began.elapsed() < PATIENCE, "the validator should catch up with {missed}: {heights:?}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    teller.step("It has caught up with everything that it missed", format!("block {missed}"));
    Ok(())
}

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);

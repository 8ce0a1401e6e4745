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
    let folder = scene.folder.clone();
    scene.shutdown().await;

    let stack = demo::start(data, Ports::Any).await?;
    must!(!stack.is_new() && stack.urls().chain.anchor.chain_id == chain_id, "it should be the same chain");
    let scene = Scene::with(stack, folder).await?;
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

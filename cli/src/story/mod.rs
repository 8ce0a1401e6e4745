//! `huizheng demo --story`: the whole story over HTTP, every step checked; a step that ends otherwise than it must
//! ends the story with an error.

mod applying;
pub(crate) mod counter;
pub(crate) mod desk;
mod ledger;
pub(crate) mod letter;
mod onestop;
mod receiving;
mod refusing;
mod scene;
mod showing;
mod status;
pub(crate) mod teller;

use std::path::Path;

use crate::fault::Done;
use crate::stack::Ports;
use scene::Scene;
use teller::Teller;

/// Plays the story in this data folder, on these ports.
pub(crate) async fn run(data: &Path, ports: Ports, network: Option<u16>) -> Done {
    let mut teller = Teller::new();
    let scene = Scene::set(data, ports, network).await?;
    let played = play(&scene, &mut teller).await;
    let again = match played {
        Ok(()) => ledger::restart(scene, data, &mut teller).await,
        Err(fault) => {
            scene.shutdown().await;
            Err(fault)
        }
    };
    match again {
        Ok(()) => {
            teller.finish();
            Ok(())
        }
        Err(fault) => {
            teller.broken(&fault);
            Err(fault)
        }
    }
}

async fn play(scene: &Scene, teller: &mut Teller) -> Done {
    ledger::begin(scene, teller).await?;
    let licence = applying::licence(scene, teller).await?;
    receiving::stolen_offer(scene, teller, &licence).await?;
    receiving::licence(scene, teller, &licence).await?;
    onestop::tax_confirmation(scene, teller).await?;
    onestop::nothing_else(scene, teller).await?;
    receiving::digital_id(scene, teller).await?;
    receiving::drivers_licence(scene, teller).await?;
    showing::accepted(scene, teller).await?;
    showing::least(scene, teller).await?;
    showing::two_cards(scene, teller).await?;
    showing::whole(scene, teller).await?;
    showing::driving(scene, teller).await?;
    ledger::one_is_gone(scene, teller).await?;
    refusing::replay(scene, teller).await?;
    refusing::too_much(scene, teller).await?;
    refusing::unregistered(scene, teller).await?;
    refusing::no(scene, teller).await?;
    status::suspended_and_back(scene, teller, &licence).await?;
    status::revoked(scene, teller, &licence).await?;
    onestop::revoked(scene, teller).await?;
    ledger::it_is_back(scene, teller).await?;
    showing::log(scene, teller)
}

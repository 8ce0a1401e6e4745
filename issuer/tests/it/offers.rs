//! `routes/offers.rs`.

use protocol::openid4vci::{CredentialOffer, OfferLink};

use crate::world::World;

#[tokio::test]
async fn an_offer_by_reference_is_the_offer_by_value() {
    let world = World::start().await;
    let offer = world.collectable(&world.approved().await).await;
    let OfferLink::Reference(address) = OfferLink::parse(&offer.offer_uri).unwrap() else {
        panic!("by reference")
    };
    let answer = world.http.get(address.as_str(), None).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    assert_eq!(answer.header("cache-control"), "no-store");
    let fetched = CredentialOffer::parse(answer.text().as_bytes()).unwrap();
    assert_eq!(OfferLink::Value(Box::new(fetched)), OfferLink::parse(&offer.by_value).unwrap());
    let body = answer.json();
    let grant = &body["grants"][protocol::openid4vci::PRE_AUTHORIZED_CODE];
    assert_eq!(grant["tx_code"]["length"], 6);
    assert_eq!(body["credential_configuration_ids"].as_array().unwrap().len(), 2, "both formats");
    assert!(!answer.text().contains(&offer.tx_code), "the transaction code goes another way");
    world.stop().await;
}

#[tokio::test]
async fn an_offer_that_is_over_is_gone() {
    let world = World::start().await;
    let applied = world.approved().await;
    let used = world.collectable(&applied).await;
    world.token(&used).await;
    let address = |uri: &str| match OfferLink::parse(uri).unwrap() {
        OfferLink::Reference(address) => address.to_string(),
        OfferLink::Value(_) => panic!("by reference"),
    };
    assert_eq!(world.http.get(&address(&used.offer_uri), None).await.problem(), "offer-over");

    let expired = world.collectable(&world.approved().await).await;
    world.clock.forward(601);
    let answer = world.http.get(&address(&expired.offer_uri), None).await;
    assert_eq!((answer.status, answer.problem().as_str()), (410, "offer-over"));
    world.stop().await;
}

#[tokio::test]
async fn references_can_not_be_made_up() {
    let world = World::start().await;
    let offer = world.collectable(&world.approved().await).await;
    let made_up =
        [offer.code.clone(), "A".repeat(43), "x".to_owned(), "..%2f..".to_owned(), "%00".to_owned()];
    for reference in made_up {
        let answer = world.http.get(&format!("/offers/{reference}"), None).await;
        assert_eq!((answer.status, answer.problem().as_str()), (404, "not-found"), "{reference}");
    }
    world.stop().await;
}

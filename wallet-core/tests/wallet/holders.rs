//! A person and the companies that she acts for, in one wallet.

use testkit::{Company, Person};

use crate::town::{Holder, Plan};

async fn receive(holder: &Holder, plan: Plan) -> String {
    let offer = holder.wallet.preview_offer(&holder.town.issuer.offer(plan)).await.unwrap();
    holder.wallet.receive(&offer, Some("123456")).await.unwrap().cards.remove(0).id
}

#[tokio::test]
async fn cards_are_told_apart_by_whose_they_are() {
    let holder = Holder::new().await;
    assert_eq!(holder.wallet.holders().unwrap(), []);
    let id = receive(&holder, Plan::digital_id()).await;
    let (first, second) = (Company::nth(1), Company::nth(2));
    let licence = receive(&holder, Plan::licence()).await;
    let claims = second.business_licence_claims().as_object().unwrap().clone();
    let other = receive(&holder, Plan { claims, ..Plan::licence() }).await;

    let holders = holder.wallet.holders().unwrap();
    assert_eq!(holders.len(), 3);
    assert_eq!((holders[0].is_company, &holders[0].cards), (false, &vec![id]), "the person first");
    assert_eq!(holders[0].name, Person::nth(1).digital_id_claims()["name"].as_str().unwrap());
    let of = |card: &str| holders.iter().find(|one| one.cards.iter().any(|id| id == card)).unwrap();
    assert_eq!(of(&licence).name, first.business_licence_claims()["name"].as_str().unwrap());
    assert_eq!(of(&other).name, second.business_licence_claims()["name"].as_str().unwrap());
    assert!(of(&other).is_company && of(&other).mandates.is_empty());
    assert!(!format!("{holders:?}").contains(&holders[0].name), "names are personal");
}

#[tokio::test]
async fn a_mandate_is_the_companys_for_which_she_acts() {
    let holder = Holder::new().await;
    holder.town.chain.lock().unwrap().accredit(&holder.town.issuer.did, "mandate");
    receive(&holder, Plan::digital_id()).await;
    let licence = Company::nth(1).business_licence_claims();
    let mut claims =
        credentials::catalogue::Catalogue::bundled().unwrap().by_id("mandate").unwrap().example();
    claims["principal"] = licence["creditCode"].clone();
    claims["principalName"] = licence["name"].clone();
    let plan = Plan {
        kind: "mandate",
        configurations: vec!["mandate-sd-jwt"],
        claims: claims.as_object().unwrap().clone(),
        ..Plan::digital_id()
    };
    let mandate = receive(&holder, plan).await;
    let holders = holder.wallet.holders().unwrap();
    let company = holders.iter().find(|one| one.is_company).unwrap();
    assert_eq!((&company.cards, &company.mandates), (&vec![mandate.clone()], &vec![mandate]));
    assert_eq!(holders.len(), 2);
}

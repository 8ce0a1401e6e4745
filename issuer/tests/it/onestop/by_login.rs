//! Presenting within the authorization code flow: whoever logged in has nothing to collect, and shows a licence instead.

use issuer::Approval;

use super::town::{Asked, Lies, Town};
use crate::authorize::{Browser, push};

/// The presentation that a browser is led to after its user logged in.
async fn led_to(town: &Town, browser: &Browser<'_>, citizen: &str) -> Asked {
    let page = browser.log_in(citizen).await;
    assert_eq!(page.status, 200, "{}", page.text());
    let text = page.text();
    let at = text.find("/presentations/").expect("the way to present") + "/presentations/".len();
    let id = text[at..].split('"').next().unwrap().to_owned();
    // The wallet beside the browser answers; no code is there for another phone.
    let shown = browser.get(&format!("/presentations/{id}")).await.text();
    assert!(shown.contains("openid4vp://") && !shown.contains("qr-frame"), "{shown}");
    let request = town.fetch(&format!("/presentations/{id}/object")).await;
    Asked { id, link: String::new(), request }
}

#[tokio::test]
async fn a_wallet_gets_its_code_by_presenting_the_licence_of_whom_its_user_represents() {
    let mut town = Town::start(Approval::AtOnce).await;
    let card = town.licence().await;
    town.world.http = town.http.clone();
    let scope = [("scope", "tax-registration-sd-jwt")];

    // Somebody else logged in: the licence is of a company that she doesn't represent.
    let stranger = Browser::open(&town.world, &push(&town.world, &scope).await).await;
    let asked = led_to(&town, &stranger, "1").await;
    let answer = town.post(&asked.request, town.body(&asked.request, &card, &Lies::default())).await;
    assert_eq!(answer.status, 200);
    let seen = town.look(&asked).await;
    assert_eq!(
        (seen["state"].as_str(), seen["flaws"][0]["code"].as_str()),
        (Some("refused"), Some("another_holder"))
    );
    assert_eq!(town.applications().await.len(), 0);

    let browser = Browser::open(&town.world, &push(&town.world, &scope).await).await;
    let asked = led_to(&town, &browser, "0").await;
    let answer = town.post(&asked.request, town.body(&asked.request, &card, &Lies::default())).await;
    let next = answer.json()["redirect_uri"].as_str().unwrap().to_owned();
    assert!(next.starts_with(&format!("{}/authorize/presented?code=", town.http.base())), "{next}");
    assert_eq!(town.applications().await[0]["state"], "approved");

    // Another browser has the code but not the visit; the right browser without the code gets no further either.
    let path = next.strip_prefix(town.http.base()).unwrap();
    assert_eq!(stranger.get(path).await.status, 400);
    assert_eq!(town.http.get(path, None).await.status, 401);
    assert_eq!(browser.get("/authorize/presented?code=guessed").await.status, 400);
    assert_eq!(browser.get("/authorize/consent").await.status, 410);

    let on = browser.get(path).await;
    assert_eq!((on.status, on.header("location")), (303, "/authorize/consent"));
    let back = browser.decide("agree").await;
    assert!(back.iter().any(|(name, _)| name == "code"), "{back:?}");
    assert_eq!(browser.get(path).await.status, 410, "once");
    town.stop().await;
}

//! The same in a browser: the invitation, the code, how it ended, and what a clerk sees.

use issuer::Approval;

use super::town::{Asked, Lies, Town, led_to};
use crate::http::Answer;
use crate::world::STAFF_TOKEN;

async fn page(town: &Town, path: &str, lang: &str) -> Answer {
    let headers = [("accept", "text/html".to_owned()), ("accept-language", lang.to_owned())];
    town.http.get_with(path, &headers).await
}

/// Presses the button on the form's page, and reads what is asked.
async fn begin(town: &Town) -> Asked {
    let form = page(town, "/apply/tax-registration", "en").await.text();
    assert!(form.contains("action=\"/apply/tax-registration/present\""), "{form}");
    assert!(form.contains("Your business licence is enough") && form.contains("Company name"), "{form}");
    let answer = town.http.post_form("/apply/tax-registration/present", &[]).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let id = answer.header("location").strip_prefix("/presentations/").expect("a presentation").to_owned();
    let request = town.fetch(&format!("/presentations/{id}/object")).await;
    Asked { id, link: String::new(), request }
}

#[tokio::test]
async fn the_page_shows_the_code_then_how_it_ended_and_never_the_application() {
    let town = Town::start(Approval::AtOnce).await;
    let card = town.licence().await;
    let asked = begin(&town).await;
    let path = format!("/presentations/{}", asked.id);
    let shown = page(&town, &path, "zh-CN").await;
    assert_eq!((shown.status, shown.header("cache-control")), (200, "no-store"));
    assert!(shown.text().contains("qr-frame") && shown.text().contains("用存有营业执照的手机钱包扫码"));
    let quiet = town.http.get(&format!("{path}/state?seen=open"), None).await;
    assert_eq!(quiet.status, 204);

    let (application, key) =
        led_to(&town.post(&asked.request, town.body(&asked.request, &card, &Lies::default())).await);
    let news = town.http.get(&format!("{path}/state?seen=open"), None).await;
    assert_eq!((news.status, news.header("x-live")), (200, "done"));
    for text in [news.text(), page(&town, &path, "en").await.text()] {
        assert!(!text.contains(&application) && !text.contains(&key), "{text}");
    }
    assert!(page(&town, &path, "en").await.text().contains("Received. Go on with your phone"));

    // The phone goes on by the address that its wallet was given.
    let opened = page(&town, &format!("/applications/{application}?key={key}"), "en").await;
    assert_eq!(opened.status, 303);
    let headers = [
        ("accept", "text/html".to_owned()),
        ("cookie", opened.header("set-cookie").split(';').next().unwrap().to_owned()),
    ];
    let its = town.http.get_with(&format!("/applications/{application}"), &headers).await;
    assert!(
        its.text().contains(&format!("action=\"/applications/{application}/collect\"")),
        "{}",
        its.text()
    );
    town.stop().await;
}

#[tokio::test]
async fn a_refusal_is_told_in_words_and_a_clerk_sees_what_nobody_typed() {
    let town = Town::start(Approval::ByClerk).await;
    let card = town.licence().await;
    let asked = begin(&town).await;
    let lies = Lies { nonce: Some("another"), ..Lies::default() };
    assert_eq!(town.post(&asked.request, town.body(&asked.request, &card, &lies)).await.status, 400);
    let text = page(&town, &format!("/presentations/{}", asked.id), "en").await.text();
    assert!(text.contains("This can&#39;t be accepted") || text.contains("This can't be accepted"), "{text}");
    assert!(text.contains("action=\"/apply/tax-registration/present\""), "and tried again");

    let (application, _) = led_to(&town.present(&card, Lies::default()).await.1);
    let sign_in = town.http.post_form("/console/sign-in", &[("token", STAFF_TOKEN)]).await;
    let cookie = sign_in.header("set-cookie").split(';').next().unwrap().to_owned();
    let headers =
        [("accept", "text/html".to_owned()), ("accept-language", "en".to_owned()), ("cookie", cookie)];
    let review = town.http.get_with(&format!("/console/applications/{application}"), &headers).await.text();
    for seen in ["Made from a credential", "Hefei Market Supervision", "Business licence", "Taxpayer number"]
    {
        assert!(review.contains(seen), "{seen}: {review}");
    }
    assert_eq!(page(&town, "/presentations/nowhere", "en").await.status, 404);
    town.stop().await;
}

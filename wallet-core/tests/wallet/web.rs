//! Servers that misbehave.

use protocol::openid4vp::BadRequest;
use wallet_core::{OfferRefused, ReceiveError, RequestRefused, WebError, ports::HttpError};

use crate::town::{Ask, Holder, Plan, ok, status};

#[tokio::test]
async fn a_redirect_is_not_followed_anywhere() {
    let (holder, _) = Holder::new().await.with_licence().await;
    let elsewhere = || Ok(status(302, "text/html", ""));
    holder.town.detour("https://issuer.example/.well-known/openid-credential-issuer", elsewhere());
    holder.town.detour("https://bank.example/request", elsewhere());
    let link = holder.town.issuer.offer(Plan::licence());
    let refused = holder.wallet.preview_offer(&link).await.unwrap_err();
    assert_eq!(refused, OfferRefused::Web(WebError::Redirected));
    let refused = holder.review(Ask::licence()).await.unwrap_err();
    assert_eq!(refused, RequestRefused::Web(WebError::Redirected));
}

/// How often the wallet asked for what is at this address.
fn asked(holder: &Holder, address: &str) -> usize {
    holder.town.seen.lock().unwrap().iter().filter(|(_, url, _)| url == address).count()
}

#[tokio::test]
async fn what_leads_back_to_itself_is_asked_for_once_and_refused() {
    let (holder, _) = Holder::new().await.with_licence().await;
    // An offer that is where another one is, which is this one.
    let place = "https://issuer.example/offers/1";
    let link = holder.town.issuer.offer_by_reference(Plan::licence());
    let itself = format!(r#"{{"credential_offer_uri":"{place}"}}"#);
    holder.town.detour(place, Ok(ok("application/json", itself)));
    let refused = holder.wallet.preview_offer(&link).await.unwrap_err();
    assert!(matches!(refused, OfferRefused::Offer(_)), "{refused:?}");
    assert_eq!(asked(&holder, place), 1);

    // An authorization server that is another one's, which is its issuer's again.
    let place = "https://issuer.example/.well-known/oauth-authorization-server";
    let before = asked(&holder, place);
    let offer = holder.wallet.preview_offer(&holder.town.issuer.offer(Plan::licence())).await.unwrap();
    let other = r#"{"issuer":"https://other.example","token_endpoint":"https://issuer.example/token"}"#;
    holder.town.detour(place, Ok(ok("application/json", other)));
    let refused = holder.wallet.receive(&offer, Some("123456")).await.unwrap_err();
    assert!(matches!(refused, ReceiveError::Unreadable(_)), "{refused:?}");
    assert_eq!(asked(&holder, place), before + 1);

    // A request that says that the request is where it is.
    let refused = holder.review(Ask { names_itself: true, ..Ask::licence() }).await.unwrap_err();
    assert_eq!(refused, RequestRefused::Request(BadRequest::Nested));
    assert_eq!(asked(&holder, "https://bank.example/request"), 1);
}

#[tokio::test]
async fn an_answer_larger_than_asked_for_is_refused_even_if_the_port_lets_it_through() {
    let (holder, _) = Holder::new().await.with_licence().await;
    let link = holder.town.issuer.offer(Plan::licence());
    let offer = holder.wallet.preview_offer(&link).await.unwrap();
    let large = ok("application/json", vec![b' '; 2 * 1024 * 1024]);
    for place in ["https://issuer.example/token", "https://issuer.example/credential"] {
        holder.town.detours.lock().unwrap().clear();
        holder.town.detour(place, Ok(large.clone()));
        let error = holder.wallet.receive(&offer, Some("123456")).await.unwrap_err();
        assert_eq!(error, ReceiveError::Web(WebError::TooLarge), "{place}");
    }
    holder.town.detour("https://bank.example/request", Err(HttpError::TooLarge));
    let refused = holder.review(Ask::licence()).await.unwrap_err();
    assert_eq!(refused, RequestRefused::Web(WebError::TooLarge));
}

#[tokio::test]
async fn nonsense_in_any_answer_is_an_error_and_changes_nothing() {
    let nonsense: [&[u8]; 6] = [b"", b"{", b"[]", b"{\"credentials\":[]}", b"\xff\xfe", &[b'['; 5000]];
    for body in nonsense {
        for place in ["/token", "/nonce", "/credential", "/.well-known/oauth-authorization-server"] {
            let holder = Holder::new().await;
            let link = holder.town.issuer.offer(Plan::licence());
            let offer = holder.wallet.preview_offer(&link).await.unwrap();
            holder.town.detour(&format!("https://issuer.example{place}"), Ok(ok("application/json", body)));
            let error = holder.wallet.receive(&offer, Some("123456")).await.unwrap_err();
            assert!(matches!(error, ReceiveError::Unreadable(_)), "{place}: {error:?}");
            assert!(holder.wallet.cards().unwrap().is_empty());
        }
    }
    let (holder, _) = Holder::new().await.with_licence().await;
    for body in nonsense {
        holder.town.detour("https://bank.example/request", Ok(ok("application/jwt", body)));
        assert_eq!(holder.review(Ask::licence()).await.unwrap_err().code(), "not-signed");
        holder.town.detour(
            "https://issuer.example/.well-known/openid-credential-issuer",
            Ok(ok("application/json", body)),
        );
        let link = holder.town.issuer.offer(Plan::licence());
        assert!(matches!(holder.wallet.preview_offer(&link).await, Err(OfferRefused::Metadata(_))));
    }
}

#[tokio::test]
async fn duplicate_names_in_a_credential_are_refused_before_anyone_can_read_them_differently() {
    let holder = Holder::new().await;
    let link = holder.town.issuer.offer(Plan::licence().ldp());
    let offer = holder.wallet.preview_offer(&link).await.unwrap();
    let body = r#"{"credentials":[{"credential":{"issuer":"a","issuer":"b"}}]}"#;
    holder.town.detour("https://issuer.example/credential", Ok(ok("application/json", body)));
    let error = holder.wallet.receive(&offer, Some("123456")).await.unwrap_err();
    assert_eq!(error, ReceiveError::Unreadable("the credential response"));
}

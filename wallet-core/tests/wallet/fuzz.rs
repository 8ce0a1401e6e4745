//! Damaged input at every door that a stranger can reach: the wallet answers with a named error or with what was sound, keeps
//! nothing, and goes on.
//!
//! A short run in every test; with `HUIZHENG_LONG=1` about a minute a door. A run is repeatable.

use protocol::offline::{Ask as OfflineAsk, Collected, Collector, FrameSize, Message, OFFLINE_TYPE, frames};
use serde_json::json;
use testkit::Dice;
use wallet_core::{
    BadBackup, OfferRefused, RestoreError, Wallet, WebError,
    ports::{HttpRequest, Method},
};

use crate::town::{Ask, Holder, PIN, Plan, ok};

const SHORT: u64 = 120;
const LONG: u64 = 12_000;
const METADATA: &str = "https://issuer.example/.well-known/openid-credential-issuer";

/// What this address answers when nobody interferes.
fn sound(answer: impl Fn(&HttpRequest) -> wallet_core::ports::HttpResponse, url: &str) -> Vec<u8> {
    let url = url.parse().unwrap();
    let (headers, body) = (Vec::new(), Vec::new());
    answer(&HttpRequest { method: Method::Get, url, headers, body, answer_limit: 1 << 20 }).body
}

#[tokio::test]
async fn fuzz_offers() {
    let holder = Holder::new().await;
    let links = [Plan::licence(), Plan::digital_id()].map(|plan| holder.town.issuer.offer(plan).into_bytes());
    let mut dice = Dice::named("offers");
    for _ in 0..testkit::rounds(SHORT, LONG) {
        let bytes = dice.damage(&links);
        let Ok(link) = std::str::from_utf8(&bytes) else { continue };
        if let Ok(offer) = holder.wallet.preview_offer(link).await {
            assert_eq!(offer.issuer().host(), "issuer.example", "{link}");
        }
    }
    assert!(holder.wallet.cards().unwrap().is_empty());
}

#[tokio::test]
async fn fuzz_metadata() {
    let holder = Holder::new().await;
    let link = holder.town.issuer.offer(Plan::licence());
    let seeds = [sound(|request| holder.town.issuer.answer(request), METADATA)];
    let mut dice = Dice::named("metadata");
    for _ in 0..testkit::rounds(SHORT, LONG) {
        holder.town.detour(METADATA, Ok(ok("application/json", dice.damage(&seeds))));
        if let Ok(offer) = holder.wallet.preview_offer(&link).await {
            assert!(!offer.credentials().is_empty());
        }
    }
    holder.town.detours.lock().unwrap().clear();
    assert!(holder.wallet.preview_offer(&link).await.is_ok());
}

#[tokio::test]
async fn fuzz_requests() {
    let (holder, _) = Holder::new().await.with_licence().await;
    let links = [holder.town.verifier.ask(Ask::licence()).into_bytes()];
    let mut dice = Dice::named("requests");
    for _ in 0..testkit::rounds(SHORT, LONG) / 2 {
        let bytes = dice.damage(&links);
        if let Ok(link) = std::str::from_utf8(&bytes)
            && let Ok(consent) = holder.wallet.review_request(link).await
        {
            assert_eq!(consent.verifier.did, holder.town.verifier.did, "{link}");
        }
    }
    // What is at the address is signed: a changed bit of it is never believed.
    let request = "https://bank.example/request";
    let seeds = [sound(|request| holder.town.verifier.answer(request), request)];
    for _ in 0..testkit::rounds(SHORT, LONG) / 2 {
        let body = dice.damage(&seeds);
        let as_sent = body == seeds[0];
        holder.town.detour(request, Ok(ok("application/oauth-authz-req+jwt", body)));
        let link = std::str::from_utf8(&links[0]).unwrap();
        assert_eq!(holder.wallet.review_request(link).await.is_ok(), as_sent);
    }
    assert!(
        holder
            .town
            .verifier
            .came
            .lock()
            .unwrap()
            .iter()
            .all(|answer| { matches!(answer, protocol::openid4vp::AuthorizationResponse::Refused { .. }) })
    );
}

#[tokio::test]
async fn fuzz_offline_codes() {
    let (holder, _) = Holder::new().await.with_licence().await;
    let now = holder.town.clock.seconds();
    let claims = json!({
        "client_id": holder.town.verifier.client_id(), "purpose": "open-account",
        "dcql_query": { "credentials": [{
            "id": "licence", "format": "dc+sd-jwt", "meta": { "vct_values": ["urn:huizheng:business-licence:1"] },
            "claims": [{ "path": ["name"] }],
        }]},
        "nonce": "challenge-0123456789", "iat": now, "exp": now + 300,
    });
    let request = holder.town.verifier.offline(&claims, OFFLINE_TYPE);
    let message = Message::Ask(OfflineAsk { request, staples: Vec::new() }).to_bytes();
    assert!(holder.wallet.review_offline(&message).await.is_ok());
    let mut dice = Dice::named("offline codes");
    let seeds = [message.clone()];
    for _ in 0..testkit::rounds(SHORT, LONG) {
        let damaged = dice.damage(&seeds);
        if let Ok(consent) = holder.wallet.review_offline(&damaged).await {
            assert_eq!(consent.verifier.did, holder.town.verifier.did);
        }
    }
    // Frames of two codes, damaged, repeated and in any order, in one collector: what comes out is one of the two.
    let other =
        Message::Ask(OfflineAsk { request: "e30.e30.AA".to_owned(), staples: vec![vec![7; 900]] }).to_bytes();
    let texts: Vec<Vec<u8>> = [&message, &other]
        .into_iter()
        .flat_map(|message| frames(message, FrameSize::COARSE).unwrap())
        .map(String::into_bytes)
        .collect();
    let mut collector = Collector::default();
    let mut whole = 0;
    for round in 0..testkit::rounds(SHORT, LONG) * 50 {
        let bytes = if round % 3 == 0 { dice.damage(&texts) } else { texts[dice.below(texts.len())].clone() };
        let Ok(text) = std::str::from_utf8(&bytes) else { continue };
        match collector.add(text) {
            Ok(Collected::Whole(bytes)) => {
                assert!(bytes == message || bytes == other);
                whole += 1;
            }
            Ok(Collected::Part { have, total }) => assert!(have < total),
            // As a scanner does that is held to another counter.
            Err(_) if dice.below(9) == 0 => collector = Collector::default(),
            Err(_) => {}
        }
    }
    assert!(whole > 0, "sound frames between damaged ones are enough");
}

#[tokio::test]
async fn fuzz_backups() {
    let (holder, _) = Holder::new().await.with_licence().await;
    let phrase = "a phrase that nobody guesses";
    let file = holder.wallet.back_up(phrase).unwrap();
    let mut dice = Dice::named("backups");
    let path = holder.folder.path().join("restored");
    for _ in 0..testkit::rounds(SHORT, LONG) / 4 {
        let damaged = dice.damage(std::slice::from_ref(&file));
        if damaged == file {
            continue;
        }
        let ports = holder.town.ports(holder.folder.path());
        let restored = Wallet::restore(&path, PIN, ports, holder.town.config(), &damaged, phrase).await;
        let Err(RestoreError::Backup(bad)) = restored else { panic!("a damaged backup was taken") };
        assert_ne!(bad, BadBackup::Content, "nothing that is not authentic is looked into");
        assert!(!Wallet::exists(&path));
    }
}

#[tokio::test]
async fn a_strangers_code_sends_the_wallet_nowhere_inside_a_network() {
    let holder = Holder::new().await;
    for host in [
        "127.0.0.1",
        "10.0.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "[::1]",
        "[fd00::1]",
        "router.local",
        "printer",
    ] {
        let link =
            format!("openid-credential-offer://?credential_offer_uri=https%3A%2F%2F{host}%2Foffers%2F1");
        let refused = holder.wallet.preview_offer(&link).await.unwrap_err();
        assert_eq!(refused, OfferRefused::Web(WebError::Internal), "{host}");
        let who = holder.town.verifier.client_id();
        let link = format!("openid4vp://authorize?client_id={who}&request_uri=https%3A%2F%2F{host}%2Fr");
        assert_eq!(holder.wallet.review_request(&link).await.unwrap_err().code(), "unreachable", "{host}");
    }
    assert_eq!(
        holder.town.seen.lock().unwrap().iter().filter(|(_, url, _)| !url.contains("example")).count(),
        0
    );
    // And an offer that only leads to another offer is none.
    let round = "https://issuer.example/round";
    let again = json!({ "credential_offer_uri": round }).to_string();
    holder.town.detour(round, Ok(ok("application/json", again)));
    let link = "openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fissuer.example%2Fround";
    assert!(matches!(holder.wallet.preview_offer(link).await, Err(OfferRefused::Offer(_))));
}

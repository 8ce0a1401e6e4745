//! `authorize/`, `routes/par.rs`, `pages/authorize.rs`, `pages/citizens.rs`: the authorization code grant within HAIP 1.0.

use std::time::Duration;

use credentials::jws::Header;
use credentials::key::Algorithm;
use issuer::Policy;
use protocol::dpop::DpopClaims;
use protocol::jwt::NumericDate;
use protocol::pkce::CodeChallenge;
use serde_json::{Value, json};

use crate::dpop::{Prover, ask, form};
use crate::http::Answer;
use crate::wallet::Wallet;
use crate::world::{STAFF_TOKEN, World};

pub const CLIENT: &str = "cn.huizheng.wallet";
const REDIRECT: &str = "cn.huizheng.wallet:/authorized";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const LICENCE: &str = "business-licence-sd-jwt";

/// What a wallet pushes, some of it otherwise than it should be.
async fn push_with(world: &World, other: &[(&str, &str)]) -> Answer {
    push_by(world, other, &[]).await
}

/// The same with headers of its own.
pub async fn push_by(world: &World, other: &[(&str, &str)], headers: &[(&str, String)]) -> Answer {
    let challenge = CodeChallenge::of(&VERIFIER.into());
    let right = [
        ("response_type", "code"),
        ("client_id", CLIENT),
        ("redirect_uri", REDIRECT),
        ("state", "the wallet's own"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
        ("scope", LICENCE),
    ];
    let mut sent: Vec<_> =
        right.into_iter().filter(|(name, _)| !other.iter().any(|(n, _)| n == name)).collect();
    sent.extend(other);
    let headers = [&[("content-type", "application/x-www-form-urlencoded".to_owned())], headers].concat();
    world.http.post_with("/par", &headers, crate::http::encode(&sent)).await
}

pub async fn push(world: &World, other: &[(&str, &str)]) -> String {
    let answer = push_with(world, other).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.json()["expires_in"], 60);
    answer.json()["request_uri"].as_str().unwrap().to_owned()
}

/// A browser with one cookie.
pub struct Browser<'w> {
    world: &'w World,
    cookie: String,
}

impl<'w> Browser<'w> {
    pub async fn open(world: &'w World, request_uri: &str) -> Self {
        let answer = open(world, CLIENT, request_uri).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (303, "/authorize/citizens"),
            "{}",
            answer.text()
        );
        let cookie = answer.header("set-cookie");
        assert!(
            cookie.contains("HttpOnly")
                && cookie.contains("SameSite=Lax")
                && cookie.contains("Path=/authorize")
        );
        Self { world, cookie: cookie.split(';').next().unwrap().to_owned() }
    }

    pub async fn get(&self, path: &str) -> Answer {
        let headers = [("cookie", self.cookie.clone()), ("accept", "text/html".to_owned())];
        self.world.http.get_with(path, &headers).await
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let headers = [
            ("cookie", self.cookie.clone()),
            ("accept", "text/html".to_owned()),
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
        ];
        self.world.http.post_with(path, &headers, crate::http::encode(fields)).await
    }

    async fn csrf(&self, path: &str) -> String {
        let page = self.get(path).await;
        assert_eq!(page.status, 200, "{}", page.text());
        let text = page.text();
        let at = text.find("name=\"csrf\" value=\"").expect("a form") + 19;
        text[at..].split('"').next().unwrap().to_owned()
    }

    /// Logs in as the citizen of this number.
    pub async fn log_in(&self, citizen: &str) -> Answer {
        let csrf = self.csrf("/authorize/citizens").await;
        self.post("/authorize/citizens", &[("csrf", &csrf), ("citizen", citizen)]).await
    }

    /// Says yes, and reads where the browser is sent.
    pub async fn decide(&self, decision: &str) -> Vec<(String, String)> {
        let csrf = self.csrf("/authorize/consent").await;
        let answer = self.post("/authorize/consent", &[("csrf", &csrf), ("decision", decision)]).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        assert!(answer.header("content-security-policy").contains("form-action 'self' cn.huizheng.wallet:;"));
        let address = answer.header("location");
        assert!(address.starts_with(REDIRECT), "{address}");
        url::Url::parse(address).unwrap().query_pairs().into_owned().collect()
    }
}

pub async fn open(world: &World, client: &str, request_uri: &str) -> Answer {
    let query = crate::http::encode(&[("client_id", client), ("request_uri", request_uri)]);
    world.http.get(&format!("/authorize?{query}"), None).await
}

/// A code of the first citizen's, who has applied for a licence.
pub async fn code(world: &World, other: &[(&str, &str)]) -> String {
    code_of(world, &push(world, other).await).await
}

/// The same for what was pushed.
pub async fn code_of(world: &World, request_uri: &str) -> String {
    let browser = Browser::open(world, request_uri).await;
    assert_eq!(browser.log_in("0").await.header("location"), "/authorize/consent");
    let parameters = browser.decide("agree").await;
    let of = |name: &str| parameters.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
    assert_eq!((of("state"), of("iss")), (Some("the wallet's own"), Some(world.base())), "RFC 9207");
    of("code").expect("a code").to_owned()
}

/// What redeems a code.
pub fn redeeming(code: &str) -> [(&str, &str); 5] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT),
        ("client_id", CLIENT),
        ("code_verifier", VERIFIER),
    ]
}

pub async fn redeem_with(world: &World, prover: &Prover, code: &str, other: &[(&str, &str)]) -> Answer {
    let right = redeeming(code);
    let mut sent: Vec<_> =
        right.into_iter().filter(|(name, _)| !other.iter().any(|(n, _)| n == name)).collect();
    sent.extend(other);
    let proof = prover.proof(world, "/token", None, &prover.nonce(world).await);
    form(world, "/token", &proof, &sent).await
}

pub async fn token(world: &World, prover: &Prover, code: &str) -> String {
    let answer = redeem_with(world, prover, code, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["token_type"], "DPoP");
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

/// The same, whose licence is approved.
async fn approved_code(world: &World, other: &[(&str, &str)]) -> String {
    world.approved().await;
    code(world, other).await
}

async fn request(world: &World) -> Value {
    let wallet = Wallet::new(Algorithm::Es256);
    let proof = wallet.proof(world, &world.nonce().await);
    json!({"credential_configuration_id": LICENCE, "proofs": {"jwt": [proof]}})
}

#[tokio::test]
async fn a_citizen_logs_in_agrees_and_collects() {
    let world = World::start().await;
    let prover = Prover::new();
    let code = approved_code(&world, &[]).await;
    let token = token(&world, &prover, &code).await;
    let answer = prover.ask(&world, &token, &request(&world).await).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.json()["credentials"][0]["credential"].is_string());
    world.stop().await;
}

#[tokio::test]
async fn the_metadata_says_how() {
    let world = World::start().await;
    let server = world.http.get("/.well-known/oauth-authorization-server", None).await.json();
    assert_eq!(server["pushed_authorization_request_endpoint"], format!("{}/par", world.base()));
    assert_eq!(server["authorization_endpoint"], format!("{}/authorize", world.base()));
    assert_eq!(server["require_pushed_authorization_requests"], true);
    assert_eq!(server["authorization_response_iss_parameter_supported"], true);
    assert_eq!(server["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(server["dpop_signing_alg_values_supported"], json!(["ES256", "EdDSA"]));
    let issuer = world.http.get("/.well-known/openid-credential-issuer", None).await.json();
    assert_eq!(issuer["credential_configurations_supported"][LICENCE]["scope"], LICENCE);
    world.stop().await;
}

#[tokio::test]
async fn by_details_the_token_names_what_it_is_for() {
    let world = World::start().await;
    let prover = Prover::new();
    let details = json!([{"type": "openid_credential", "credential_configuration_id": LICENCE}]).to_string();
    let code = approved_code(&world, &[("authorization_details", &details), ("scope", "")]).await;
    let answer = redeem_with(&world, &prover, &code, &[]).await;
    assert_eq!(answer.json()["authorization_details"][0]["credential_identifiers"], json!([LICENCE]));
    world.stop().await;
}

#[tokio::test]
async fn an_offer_leads_here_and_is_used_up_by_it() {
    let world = World::start().await;
    let prover = Prover::new();
    let offer = world.collectable(&world.approved().await).await;
    let link = protocol::openid4vci::OfferLink::parse(&offer.by_value).unwrap();
    let protocol::openid4vci::OfferLink::Value(inside) = link else { panic!("by value") };
    let state = inside.grants.unwrap().authorization_code.unwrap().issuer_state.unwrap();
    let stranger = Browser::open(&world, &push(&world, &[("issuer_state", &state)]).await).await;
    assert!(stranger.log_in("1").await.text().contains("没有可以领取的证照"), "whoever saw the code");
    let browser = Browser::open(&world, &push(&world, &[("issuer_state", &state)]).await).await;
    browser.log_in("0").await;
    let parameters = browser.decide("agree").await;
    let code = parameters.iter().find(|(name, _)| name == "code").unwrap().1.clone();
    token(&world, &prover, &code).await;
    let second = world.redeem(&offer.code, &offer.tx_code).await;
    assert_eq!(second.oauth_error(), "invalid_grant", "second_use_of_an_offer");
    let again = push_with(&world, &[("issuer_state", &state)]).await;
    assert_eq!(again.oauth_error(), "invalid_request", "its issuer_state is over too");
    assert_eq!(push_with(&world, &[("issuer_state", "made up")]).await.oauth_error(), "invalid_request");
    world.stop().await;
}

#[tokio::test]
async fn who_has_nothing_approved_or_says_no_collects_nothing() {
    let world = World::start().await;
    world.approved().await;
    // Another person, whose company this is not.
    let browser = Browser::open(&world, &push(&world, &[]).await).await;
    let page = browser.log_in("1").await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("没有可以领取的证照"), "{}", page.text());
    assert_eq!(browser.get("/authorize/consent").await.status, 410, "there is nothing to agree to");

    let browser = Browser::open(&world, &push(&world, &[]).await).await;
    browser.log_in("0").await;
    let parameters = browser.decide("decline").await;
    assert!(parameters.contains(&("error".to_owned(), "access_denied".to_owned())));
    assert!(!parameters.iter().any(|(name, _)| name == "code"));
    world.stop().await;
}

#[tokio::test]
async fn however_many_apply_under_her_number_a_citizen_finds_what_is_hers() {
    let world = World::with(Policy { applications_per_client: 1000, ..Policy::default() }).await;
    let applied = world.approved().await;
    let claims = testkit::Company::nth(0).business_licence_claims();
    for _ in 0..70 {
        world.apply("business-licence", claims.clone()).await;
    }
    let prover = Prover::new();
    let token = token(&world, &prover, &code(&world, &[]).await).await;
    let answer = prover.ask(&world, &token, &request(&world).await).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let path = format!("/api/applications/{}", applied.id);
    assert_eq!(world.http.get(&path, Some(STAFF_TOKEN)).await.json()["state"], "issued");
    world.stop().await;
}

#[tokio::test]
async fn pushed_requests_with_a_flaw_are_refused_by_name() {
    let world = World::start().await;
    type Flaw<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);
    let flaws: &[Flaw<'_>] = &[
        ("pkce_missing", &[("code_challenge", "")], "invalid_request"),
        ("pkce_plain", &[("code_challenge_method", "plain")], "invalid_request"),
        ("client_unknown", &[("client_id", "evil.example")], "invalid_client"),
        ("redirect_uri_mismatch", &[("redirect_uri", "cn.huizheng.wallet:/other")], "invalid_request"),
        ("redirect_uri_of_another", &[("redirect_uri", "https://evil.example/cb")], "invalid_request"),
        ("redirect_uri_longer", &[("redirect_uri", "cn.huizheng.wallet:/authorized/x")], "invalid_request"),
        ("scope_unknown", &[("scope", "openid")], "invalid_scope"),
        ("scope_of_two_types", &[("scope", "business-licence-vc digital-id-vc")], "invalid_scope"),
        ("implicit", &[("response_type", "token")], "unsupported_response_type"),
    ];
    for (name, other, code) in flaws {
        assert_eq!(push_with(&world, other).await.oauth_error(), *code, "{name}");
    }
    // A request that was not pushed is not taken, and sends the browser nowhere.
    let query = "response_type=code&client_id=cn.huizheng.wallet&redirect_uri=https%3A%2F%2Fevil.example";
    let answer = world.http.get(&format!("/authorize?{query}"), None).await;
    assert_eq!((answer.status, answer.header("location")), (400, ""));
    let loopback = [("redirect_uri", "http://127.0.0.1:45678/authorized")];
    assert_eq!(push_with(&world, &loopback).await.status, 201, "an app takes what port it gets");
    world.stop().await;
}

#[tokio::test]
async fn request_uri_used_twice_or_expired_or_of_another_client() {
    let world = World::start().await;
    let request_uri = push(&world, &[]).await;
    assert_eq!(open(&world, "another", &request_uri).await.status, 400, "another client's");
    Browser::open(&world, &request_uri).await;
    assert_eq!(open(&world, CLIENT, &request_uri).await.problem(), "authorization-over", "used twice");
    let late = push(&world, &[]).await;
    world.clock.forward(61);
    assert_eq!(open(&world, CLIENT, &late).await.problem(), "authorization-over", "expired");
    for made_up in ["urn:ietf:params:oauth:request_uri:AAAA", "https://evil.example/request", "x"] {
        assert_eq!(open(&world, CLIENT, made_up).await.status, 400, "{made_up}");
    }
    world.stop().await;
}

#[tokio::test]
async fn another_site_or_another_browser_can_not_agree() {
    let world = World::start().await;
    world.approved().await;
    let browser = Browser::open(&world, &push(&world, &[]).await).await;
    let other = Browser::open(&world, &push(&world, &[]).await).await;
    let theirs = other.csrf("/authorize/citizens").await;
    let forged = browser.post("/authorize/citizens", &[("csrf", &theirs), ("citizen", "0")]).await;
    assert_eq!(forged.status, 403);
    browser.log_in("0").await;
    assert_eq!(browser.post("/authorize/consent", &[("decision", "agree")]).await.status, 403);
    let bare = Browser { world: &world, cookie: "hz_visit=AAAA".into() };
    assert_eq!(bare.get("/authorize/consent").await.status, 401);
    let mixed = browser.get("/authorize/callback?state=another&code=x").await;
    assert_eq!(mixed.status, 400, "the answer to another login");
    world.stop().await;
}

#[tokio::test]
async fn a_code_is_of_no_use_to_another() {
    let world = World::start().await;
    let prover = Prover::new();
    let flaws: &[(&str, &[(&str, &str)])] = &[
        ("pkce_wrong", &[("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXX")]),
        ("redirect_uri_mismatch", &[("redirect_uri", "http://127.0.0.1/authorized")]),
        ("client_of_another", &[("client_id", "another")]),
    ];
    for (name, other) in flaws {
        let code = approved_code(&world, &[]).await;
        assert_eq!(redeem_with(&world, &prover, &code, other).await.oauth_error(), "invalid_grant", "{name}");
        assert_eq!(
            redeem_with(&world, &prover, &code, &[]).await.oauth_error(),
            "invalid_grant",
            "{name}: one guess"
        );
    }
    let code = approved_code(&world, &[]).await;
    let missing = redeem_with(&world, &prover, &code, &[("code_verifier", "")]).await;
    assert_eq!(missing.oauth_error(), "invalid_request", "pkce_missing");
    let right = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", REDIRECT),
        ("client_id", CLIENT),
        ("code_verifier", VERIFIER),
    ];
    let bare = world.http.post_form("/token", &right).await;
    assert_eq!(bare.oauth_error(), "invalid_dpop_proof", "dpop_missing");
    assert_eq!(
        redeem_with(&world, &prover, "made up", &[]).await.oauth_error(),
        "invalid_grant",
        "wrong_code"
    );
    world.clock.forward(61);
    assert_eq!(redeem_with(&world, &prover, &code, &[]).await.oauth_error(), "invalid_grant", "expired");
    world.stop().await;
}

#[tokio::test]
async fn a_code_bound_to_a_key_beforehand_is_redeemed_by_that_key() {
    let world = World::start().await;
    let (mine, thief) = (Prover::new(), Prover::new());
    let first = approved_code(&world, &[("dpop_jkt", &mine.thumbprint())]).await;
    assert_eq!(redeem_with(&world, &thief, &first, &[]).await.oauth_error(), "invalid_grant");
    let second = approved_code(&world, &[("dpop_jkt", &mine.thumbprint())]).await;
    token(&world, &mine, &second).await;
    world.stop().await;
}

#[tokio::test]
async fn a_code_used_twice_revokes_its_tokens() {
    let mut world = World::start().await;
    let prover = Prover::new();
    let code = approved_code(&world, &[]).await;
    let token = token(&world, &prover, &code).await;
    world.restart().await;
    assert_eq!(redeem_with(&world, &prover, &code, &[]).await.oauth_error(), "invalid_grant");
    let answer = prover.ask(&world, &token, &request(&world).await).await;
    assert_eq!((answer.status, answer.oauth_error().as_str()), (401, "invalid_token"));
    world.stop().await;
}

/// A flaw, and what makes it of a proof that is right.
type Flaw = (&'static str, fn(&mut Header, &mut DpopClaims), &'static str);

#[tokio::test]
async fn dpop_proofs_with_a_flaw_are_refused_at_the_resource() {
    let world = World::start().await;
    let prover = Prover::new();
    let token = token(&world, &prover, &approved_code(&world, &[]).await).await;
    let nonce = prover.nonce(&world).await;
    let body = request(&world).await;
    let flaws: &[Flaw] = &[
        (
            "wrong_htu",
            |_, claims| claims.htu = claims.htu.replace("/credential", "/token"),
            "invalid_dpop_proof",
        ),
        ("wrong_htm", |_, claims| claims.htm = "GET".into(), "invalid_dpop_proof"),
        ("wrong_ath", |_, claims| claims.ath = Some(protocol::dpop::token_hash("x")), "invalid_dpop_proof"),
        ("no_ath", |_, claims| claims.ath = None, "invalid_dpop_proof"),
        ("no_jti", |_, claims| claims.jti = String::new(), "invalid_dpop_proof"),
        ("old", |_, claims| claims.iat = NumericDate(claims.iat.0 - 301), "invalid_dpop_proof"),
        ("from_the_future", |_, claims| claims.iat = NumericDate(claims.iat.0 + 90), "invalid_dpop_proof"),
        ("wrong_typ", |header, _| header.typ = Some("JWT".into()), "invalid_dpop_proof"),
        ("no_key", |header, _| header.jwk = None, "invalid_dpop_proof"),
        ("no_nonce", |_, claims| claims.nonce = None, "use_dpop_nonce"),
        ("nonce_made_up", |_, claims| claims.nonce = Some("AAAA".into()), "use_dpop_nonce"),
    ];
    for (name, spoil, code) in flaws {
        let (mut header, mut claims) =
            (prover.header(), prover.claims(&world, "/credential", Some(&token), &nonce));
        spoil(&mut header, &mut claims);
        let answer = ask(&world, &token, &prover.sign(&header, &claims), &body).await;
        assert_eq!((answer.status, answer.oauth_error().as_str()), (401, *code), "{name}");
        assert!(answer.header("www-authenticate").starts_with("DPoP error="), "{name}");
    }
    let other = Prover::new();
    let proof = other.proof(&world, "/credential", Some(&token), &nonce);
    assert_eq!(ask(&world, &token, &proof, &body).await.oauth_error(), "invalid_token", "wrong_key");
    let header = prover.header();
    let forged = other.sign(&header, &prover.claims(&world, "/credential", Some(&token), &nonce));
    assert_eq!(ask(&world, &token, &forged, &body).await.oauth_error(), "invalid_dpop_proof", "forged");
    let none = world
        .http
        .post_with(
            "/credential",
            &[("content-type", "application/json".to_owned()), ("authorization", format!("DPoP {token}"))],
            body.to_string(),
        )
        .await;
    assert_eq!(none.oauth_error(), "invalid_dpop_proof", "proof_missing");
    let bearer = world.http.post_json("/credential", Some(&token), &body).await;
    assert_eq!(bearer.oauth_error(), "invalid_token", "a bound token is no bearer token");
    let query = world.http.post_json(&format!("/credential?access_token={token}"), None, &body).await;
    assert_eq!((query.status, query.oauth_error().as_str()), (401, "invalid_token"), "token_in_a_query");

    let right = prover.proof(&world, "/credential", Some(&token), &nonce);
    assert_eq!(ask(&world, &token, &right, &body).await.status, 200, "nothing of all that used it up");
    assert_eq!(ask(&world, &token, &right, &body).await.oauth_error(), "invalid_dpop_proof", "dpop_replay");
    world.stop().await;
}

#[tokio::test]
async fn a_dpop_proof_is_used_once_over_a_restart_too() {
    let mut world = World::start().await;
    let prover = Prover::new();
    let offer = world.collectable(&world.approved().await).await;
    let proof = prover.proof(&world, "/token", None, &prover.nonce(&world).await);
    let grant = protocol::openid4vci::PRE_AUTHORIZED_CODE;
    let sent = [("grant_type", grant), ("pre-authorized_code", &*offer.code), ("tx_code", "1")];
    assert_eq!(form(&world, "/token", &proof, &sent).await.oauth_error(), "invalid_grant");
    world.restart().await;
    assert_eq!(form(&world, "/token", &proof, &sent).await.oauth_error(), "invalid_dpop_proof");
    // With a fresh one the token is bound, by the pre-authorized code too.
    let proof = prover.proof(&world, "/token", None, &prover.nonce(&world).await);
    let sent = [("grant_type", grant), ("pre-authorized_code", &*offer.code), ("tx_code", &*offer.tx_code)];
    let answer = form(&world, "/token", &proof, &sent).await;
    assert_eq!((answer.status, &answer.json()["token_type"]), (200, &json!("DPoP")), "{}", answer.text());
    world.stop().await;
}

#[tokio::test]
async fn a_dpop_proof_is_remembered_for_a_minute_longer_than_it_counts() {
    let world = World::start().await;
    let prover = Prover::new();
    let offer = world.collectable(&world.approved().await).await;
    let mut claims = prover.claims(&world, "/token", None, &prover.nonce(&world).await);
    claims.iat = NumericDate(claims.iat.0 - 280);
    let proof = prover.sign(&prover.header(), &claims);
    let grant = protocol::openid4vci::PRE_AUTHORIZED_CODE;
    let sent = [("grant_type", grant), ("pre-authorized_code", &*offer.code), ("tx_code", "1")];
    assert_eq!(form(&world, "/token", &proof, &sent).await.oauth_error(), "invalid_grant");
    // Looked at by a clock that is ahead, with whatever that one forgets, and then by one that is right.
    world.clock.forward(40);
    tokio::time::sleep(Duration::from_secs(6)).await;
    world.clock.back(40);
    let replayed = form(&world, "/token", &proof, &sent).await;
    assert_eq!(replayed.oauth_error(), "invalid_dpop_proof");
    assert!(replayed.text().contains("used before"), "{}", replayed.text());
    world.stop().await;
}

//! Addresses in what is asked of the services: nobody is told, nothing is fetched, but where a key's own settings say so.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use cli::stack::{PurposeSeed, Seed};
use credentials::jws::{self, Header};
use e2e::{Counter, Http, LICENCE, LICENCE_SD_JWT, Play, Rogue};
use protocol::limits::Form;
use protocol::openid4vci::PROOF_TYPE;
use serde_json::{Value, json};
use service::audit::Entry;
use verifier::{ApiKey, Config, RunningVerifier, Scope, StaffAccount, Tenant, Verifier};

use super::baits::{InToken, did_web};
use super::issued;
use super::trap::Trap;
use crate::{STAGE, licence, now};

const TOKEN: &str = "the key of a program that is told what came of its requests";
const PURPOSE: &str = "company-service";

/// A verifier with a program's key that has these origins; what is on this machine may be told if this says so.
async fn verifier(play: &Play, name: &str, origins: &[String], loopback: bool) -> RunningVerifier {
    let Seed { purposes, verifier, .. } = Seed::bundled().expect("a seed");
    let asked = purposes.iter().map(PurposeSeed::config).collect();
    let mut tenant = Tenant::new(verifier.id, verifier.name, asked, Vec::new());
    tenant.api_keys = vec![ApiKey {
        account: StaffAccount::new("told", TOKEN),
        scopes: vec![Scope::Ask, Scope::AskAnything, Scope::Verify, Scope::Audit],
        webhooks: origins.iter().map(|origin| origin.parse().expect("an origin")).collect(),
    }];
    let chain = &play.urls().chain;
    let folder = play.data.join("others").join(name);
    let node = chain.url.parse().expect("an address");
    let mut config = Config::local(tenant, node, chain.anchor.clone(), folder);
    config.policy.account.loopback_webhooks = loopback;
    config.policy.account.webhook_tries = 1;
    config.policy.account.webhook_timeout = Duration::from_secs(5);
    Verifier::bind(config).await.expect("a verifier")
}

async fn ask(http: &Http, verifier: &RunningVerifier, wish: &Value) -> (u16, Value) {
    let answer = http.post_json(&format!("{}/api/requests", verifier.base_url()), Some(TOKEN), wish).await;
    (answer.status, answer.json())
}

/// How many webhooks were given up.
async fn given_up(http: &Http, verifier: &RunningVerifier) -> usize {
    let log = http.get(&format!("{}/api/audit?after=0", verifier.base_url()), Some(TOKEN)).await;
    let entries =
        log.text().lines().map(|line| Entry::read(line.as_bytes()).expect("an entry")).collect::<Vec<_>>();
    entries.iter().filter(|entry| entry.what == "webhook-given-up").count()
}

/// Answers a request, so that what came of it is to be told.
async fn answered(counter: &Counter, rogue: &Rogue, licence: &Value, id: &str) {
    let asked = e2e::Asked {
        id: id.to_owned(),
        link: String::new(),
        request_uri: format!("{}/requests/{id}/object", counter.url),
    };
    let request = counter.fetch(&asked).await;
    let shown = rogue.present(licence, &counter.client_id(), request.nonce(), &NAMES_OF_PURPOSE);
    let answer = counter.answer(&request, &shown).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// A request of which that origin is to be told.
fn told(origin: &str) -> Value {
    json!({"purpose": PURPOSE, "response_mode": "direct_post", "webhook": format!("{origin}/told")})
}

const NAMES_OF_PURPOSE: [&str; 3] = ["name", "creditCode", "legalRepresentative"];

#[test]
fn a_webhook_tells_nobody_inside_unless_the_settings_say_so() {
    STAGE.play(async |play| {
        let behind = Trap::set().await;
        let trap = Trap::before(&behind).await;
        let port = trap.host().rsplit(':').next().expect("a port");
        let hosts =
            ["127.0.0.1", "localhost", "localhost.", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433"];
        let origins: Vec<String> = hosts
            .iter()
            .flat_map(|host| ["http", "https"].map(|scheme| format!("{scheme}://{host}:{port}")))
            .collect();
        let (rogue, [licence, _]) = issued(play, 305).await;
        let running = verifier(play, "webhooks", &origins, false).await;
        let counter = Counter::new(&play.http, running.base_url(), running.did(), TOKEN);
        let mut taken = 0;
        for origin in &origins {
            let (status, body) = ask(&play.http, &running, &told(origin)).await;
            match status {
                // It looks like a name of the public internet, until it is looked up.
                201 => {
                    taken += 1;
                    answered(&counter, &rogue, &licence, body["id"].as_str().expect("an id")).await;
                }
                // No address that messages may name, or none that may be told.
                400 | 422 => {}
                other => panic!("{origin}: {other} {body}"),
            }
        }
        assert_eq!(taken, 1, "https://localhost.:{port} alone");
        let given = async {
            while given_up(&play.http, &running).await < taken {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), given).await.expect("given up");
        assert_eq!((trap.came().await, behind.came().await), (vec![], vec![]));
        running.shutdown().await;

        // With the setting the same webhook comes, once, and goes nowhere else.
        let running = verifier(play, "webhooks", &origins, true).await;
        let counter = Counter::new(&play.http, running.base_url(), running.did(), TOKEN);
        let (status, body) = ask(&play.http, &running, &told(&trap.url)).await;
        assert_eq!(status, 201, "{body}");
        answered(&counter, &rogue, &licence, body["id"].as_str().expect("an id")).await;
        let given = async {
            while given_up(&play.http, &running).await < taken + 1 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), given).await.expect("a redirect is no 2xx");
        assert_eq!(trap.came().await, ["POST /told HTTP/1.1"]);
        assert!(behind.came().await.is_empty());
        running.shutdown().await;
    });
}

#[test]
fn no_request_leads_a_verifier_anywhere() {
    STAGE.play(async |play| {
        let behind = Trap::set().await;
        let trap = Trap::before(&behind).await;
        let url = trap.url.as_str();
        let running = verifier(play, "asks anything", &[], false).await;
        let base = running.base_url();
        let query = |credential: Value| json!({"credentials": [credential]});
        let licence = |member: &str, value: Value| {
            let mut credential = json!({"id": "a", "format": "dc+sd-jwt",
                "meta": {"vct_values": ["urn:huizheng:business-licence:1"]}, "claims": [{"path": ["name"]}]});
            credential[member] = value;
            query(credential)
        };
        let trusted =
            |kind: &str| licence("trusted_authorities", json!([{"type": kind, "values": [url]}]));
        let whole = json!({"id": "a", "format": "ldp_vc", "meta": {"type_values": [[url]]}});
        let wishes = [
            json!({"purpose": PURPOSE, "return_to": format!("{url}/return_to")}),
            json!({"purpose": PURPOSE, "webhook": format!("{url}/webhook")}),
            json!({"purpose": PURPOSE, "dcql": licence("meta", json!({"vct_values": [url]}))}),
            json!({"purpose": PURPOSE, "dcql": query(whole)}),
            json!({"purpose": PURPOSE, "dcql": trusted("openid_federation")}),
            json!({"purpose": PURPOSE, "dcql": trusted("etsi_tl")}),
            json!({"purpose": PURPOSE, "dcql": trusted("aki")}),
            json!({"purpose": PURPOSE, "transaction_data": [{"credential_ids": ["business-licence-sd-jwt"],
                "title": {"zh": url, "en": url}, "lines": [{"label": {"zh": url, "en": url}, "value": url}]}]}),
        ];
        for wish in &wishes {
            let (status, body) = ask(&play.http, &running, wish).await;
            assert!([201, 400, 422].contains(&status), "{wish}: {status} {body}");
        }
        let presented = json!({"presentation": "a~", "nonce": "n", "audience": url, "response_uri": url,
            "purpose": PURPOSE});
        let answer = play.http.post_json(&format!("{base}/api/verify"), Some(TOKEN), &presented).await;
        assert!([200, 400].contains(&answer.status), "{}", answer.text());

        // Whoever fetches the request and answers it is a stranger.
        let wish = json!({"purpose": PURPOSE, "request_uri_method": "post"});
        let (_, asked) = ask(&play.http, &running, &wish).await;
        let object = asked["request_uri"].as_str().expect("an address");
        let metadata = json!({"jwks_uri": url, "logo_uri": url}).to_string();
        let form = Form::default().with("wallet_metadata", Some(&metadata)).with("wallet_nonce", Some(url));
        play.http.post_form(object, &form).await;
        let head = json!({"alg": "ECDH-ES", "enc": "A256GCM", "jku": url, "x5u": url, "kid": url});
        let refused = Form::default().with("error", Some("access_denied"));
        for form in [
            Form::default().with("response", Some(&token(&head, &json!({})))),
            refused.with("error_uri", Some(url)).with("iss", Some(url)),
        ] {
            play.http.post_form(&object.replace("/object", "/response"), &form).await;
        }
        assert_eq!((trap.came().await, behind.came().await), (vec![], vec![]));
        running.shutdown().await;
    });
}

#[test]
fn no_request_leads_an_issuer_anywhere() {
    STAGE.play(async |play| {
        let behind = Trap::set().await;
        let trap = Trap::before(&behind).await;
        let url = trap.url.as_str();
        let market = play.market();
        let base = &market.url;
        // What a wallet proves its key with, each address in its header and its claims.
        let (_, offer) = market.offered(LICENCE, &licence(306)).await;
        let rogue = Rogue::default();
        let access = rogue.token(&market, &offer).await;
        let mut refused = 0;
        let baits: [InToken; 7] = [
            |header, _, url| drop(header.other.insert("jku".into(), url.into())),
            |header, _, url| drop(header.other.insert("x5u".into(), url.into())),
            |header, _, url| drop(header.other.insert("trust_chain".into(), json!([url]))),
            |header, _, url| (header.jwk, header.kid) = (None, Some(format!("{url}#key"))),
            |header, _, url| (header.jwk, header.kid) = (None, Some(format!("{}#key", did_web(url)))),
            |_, claims, url| claims["iss"] = url.into(),
            |_, claims, url| claims["aud"] = json!([claims["aud"], url]),
        ];
        for put in baits {
            let mut header = Header::typed(PROOF_TYPE).with_jwk(rogue.public_key().to_jwk());
            let mut claims = json!({"aud": base, "iat": now().0, "nonce": rogue.nonce(&market).await});
            put(&mut header, &mut claims, url);
            let proof = jws::sign(&header, &claims, rogue.key()).expect("signed");
            let answer = rogue.ask(&market, &access, LICENCE_SD_JWT, &proof).await;
            assert!([200, 400].contains(&answer.status), "{}", answer.text());
            refused += usize::from(answer.status == 400);
        }
        assert!(refused > 1, "a key that is elsewhere proves nothing");
        // What anybody may push, ask and say.
        let pushed = |more: &[(&str, &str)]| {
            let usual = [
                ("response_type", "code"),
                ("client_id", "cn.huizheng.wallet"),
                ("redirect_uri", "cn.huizheng.wallet:/authorized"),
                ("scope", LICENCE_SD_JWT),
                ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
                ("code_challenge_method", "S256"),
            ];
            let usual = usual.into_iter().filter(|(name, _)| more.iter().all(|(other, _)| other != name));
            let all = usual.chain(more.iter().copied());
            all.fold(Form::default(), |form, (name, value)| form.with(name, Some(value)))
        };
        let assertion =
            token(&json!({"alg": "ES256", "jku": url, "kid": url}), &json!({"iss": url, "sub": url}));
        let by_jwt = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        let details = json!([{"type": "openid_credential", "credential_configuration_id": LICENCE_SD_JWT,
            "locations": [url]}]);
        for form in [
            pushed(&[("request_uri", url)]),
            pushed(&[("request", &assertion)]),
            pushed(&[("redirect_uri", url)]),
            pushed(&[("client_id", url)]),
            pushed(&[("issuer_state", url)]),
            pushed(&[("client_assertion", &assertion), ("client_assertion_type", by_jwt)]),
            pushed(&[("authorization_details", &details.to_string())]),
        ] {
            let answer = play.http.post_form(&format!("{base}/par"), &form).await;
            assert!((200..500).contains(&answer.status), "{}", answer.text());
        }
        for path in [
            "/authorize?client_id=cn.huizheng.wallet&request_uri=",
            "/authorize/callback?code=x&iss=",
            "/authorize?client_id=",
        ] {
            let answer = play.http.get(&format!("{base}{path}{url}"), None).await;
            assert!(answer.status < 500, "{}", answer.text());
        }
        let mut claims = licence(307);
        for value in claims.as_object_mut().expect("claims").values_mut() {
            *value = url.into();
        }
        for sent in [json!({"type": LICENCE, "claims": claims}), json!({"type": url, "claims": {}})] {
            let answer = play.http.post_json(&format!("{base}/api/applications"), None, &sent).await;
            assert!((200..500).contains(&answer.status), "{}", answer.text());
        }
        assert_eq!((trap.came().await, behind.came().await), (vec![], vec![]));
    });
}

/// What looks like a token, and is signed by nobody.
fn token(header: &Value, claims: &Value) -> String {
    format!("{}.{}.x", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()))
}

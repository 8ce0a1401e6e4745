//! A wallet as citizens have it: the chain's node, issuers and counters are at public addresses, so nothing inside is asked, whoever
//! names it and wherever. The wallet's one door to the network is watched, and leads those public addresses to where the test's services are.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use credentials::jws::{self, Header};
use credentials::key::{Algorithm, SoftwareKey};
use e2e::{Counter, Desk, Http, LICENCE, LICENCE_SD_JWT, Offer, Play, others};
use protocol::Endpoint;
use serde_json::{Value, json};
use service::clock;
use wallet_core::ports::{HttpClient, HttpError, HttpRequest, HttpResponse, Ports};
use wallet_core::software::{DeviceSecret, SoftwareKeyStore};
use wallet_core::{Choice, Wallet, WalletConfig};

use super::trap::Trap;
use crate::{STAGE, licence};

const NODE: &str = "https://node.example";
const ISSUER: &str = "https://issuer.example";
const COUNTER: &str = "https://counter.example";
/// The counter's name, and the purpose it asks for.
const NAME: &str = "Called by a public name";
const PURPOSE: &str = "company-service";

/// What is done to an answer on its way.
type Spoiling = Box<dyn Fn(&str, &mut Vec<u8>) + Send>;
/// Puts an address into what an issuer answers as JSON.
type InAnswer = fn(&mut Value, &str);
/// Puts an address into a request.
type InRequest = fn(&mut Header, &mut Value, &str);

/// The internet, with three public addresses.
struct Internet {
    leads: [(&'static str, String); 3],
    http: Http,
    asked: Mutex<Vec<String>>,
    spoiling: Mutex<Option<Spoiling>>,
}

impl Internet {
    fn spoil(&self, spoiling: Spoiling) {
        *self.spoiling.lock().unwrap_or_else(PoisonError::into_inner) = Some(spoiling);
    }

    /// Everything that was asked for of anywhere else.
    fn elsewhere(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = |url: &&String| self.leads.iter().any(|(known, _)| below(url, known).is_some());
        asked.iter().filter(|url| !is_known(url)).cloned().collect()
    }
}

/// What follows a base address.
fn below<'u>(url: &'u str, base: &str) -> Option<&'u str> {
    url.strip_prefix(base).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[async_trait]
impl HttpClient for Internet {
    async fn send(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let url = request.url.to_string();
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(url.clone());
        let led = self.leads.iter().find_map(|(known, here)| Some(format!("{here}{}", below(&url, known)?)));
        if let Some(here) = led {
            request.url = Endpoint::parse(&here).expect("an address");
        }
        let mut answer = HttpClient::send(&self.http, request).await?;
        if let Some(spoil) = self.spoiling.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            spoil(&url, &mut answer.body);
        }
        Ok(answer)
    }
}

/// A wallet, and its internet.
struct Citizen {
    wallet: Wallet,
    internet: Arc<Internet>,
}

impl Citizen {
    async fn new(play: &Play, folder: &Path, issuer: &Desk, counter: &Counter) -> Self {
        let chain = &play.urls().chain;
        let internet = Arc::new(Internet {
            leads: [(NODE, chain.url.clone()), (ISSUER, issuer.url.clone()), (COUNTER, counter.url.clone())],
            http: Http::default(),
            asked: Mutex::default(),
            spoiling: Mutex::default(),
        });
        let node = Endpoint::parse(NODE).expect("an address");
        let config = WalletConfig::new(chain.anchor.clone(), node).with_insecurely_cheap_pin();
        std::fs::create_dir_all(folder).expect("a folder");
        let secret = DeviceSecret::from_file(folder.join("device-secret")).expect("a secret");
        let keys = SoftwareKeyStore::open(folder.join("keys"), &secret).expect("a key store");
        let ports = Ports::new(Arc::new(keys), internet.clone(), Arc::new(clock::now));
        let wallet = Wallet::create(folder.join("vault"), "246810", ports, config).await.expect("a wallet");
        Self { wallet, internet }
    }

    /// Looks at an offer, takes it up both ways, and whatever else can be done with it.
    async fn takes(&self, offer: &Offer) {
        let Ok(previewed) = self.wallet.preview_offer(&offer.link).await else { return };
        _ = self.wallet.receive(&previewed, Some(&offer.tx_code)).await;
        let all: Vec<String> = previewed.credentials().iter().map(|one| one.configuration.clone()).collect();
        _ = self.wallet.begin_login(&previewed, &all).await;
    }

    /// Looks at a request, and agrees to it if it comes to that.
    async fn answers(&self, link: &str) {
        if let Ok(consent) = self.wallet.review_request(link).await {
            _ = self.wallet.present(&consent.id, &Choice::first()).await;
        }
    }
}

/// Of an issuer's metadata.
fn of_issuers() -> Vec<(&'static str, InAnswer)> {
    vec![
        ("credential_endpoint", |it, url| it["credential_endpoint"] = url.into()),
        ("nonce_endpoint", |it, url| it["nonce_endpoint"] = url.into()),
        ("deferred_credential_endpoint", |it, url| it["deferred_credential_endpoint"] = url.into()),
        ("notification_endpoint", |it, url| it["notification_endpoint"] = url.into()),
        ("authorization_servers", |it, url| it["authorization_servers"] = json!([url])),
        ("authorization_servers_beside", |it, url| it["authorization_servers"] = json!([ISSUER, url])),
        ("credential_issuer", |it, url| it["credential_issuer"] = url.into()),
        ("signed_metadata", |it, url| it["signed_metadata"] = url.into()),
        ("display_logo", |it, url| it["display"] = json!([{"name": "徽", "logo": {"uri": url}, "uri": url}])),
        ("encryption_jwks_uri", |it, url| {
            it["credential_request_encryption"] = json!({"jwks": {"keys": []}, "jwks_uri": url,
                "enc_values_supported": ["A256GCM"], "encryption_required": false});
        }),
        ("card_logo", |it, url| {
            for one in configurations(it) {
                one["credential_metadata"] = json!({"display":
                    [{"name": "徽", "logo": {"uri": url}, "background_image": {"uri": url}}]});
            }
        }),
        ("vct", |it, url| configurations(it).for_each(|one| one["vct"] = url.into())),
        ("key_attestations", |it, url| {
            configurations(it).for_each(|one| one["proof_types_supported"]["jwt"]["jwks_uri"] = url.into());
        }),
    ]
}

/// Of its authorization server's.
fn of_servers() -> Vec<(&'static str, InAnswer)> {
    vec![
        ("issuer", |it, url| it["issuer"] = url.into()),
        ("token_endpoint", |it, url| it["token_endpoint"] = url.into()),
        ("authorization_endpoint", |it, url| it["authorization_endpoint"] = url.into()),
        ("pushed_authorization_request_endpoint", |it, url| {
            it["pushed_authorization_request_endpoint"] = url.into();
        }),
        ("jwks_uri", |it, url| it["jwks_uri"] = url.into()),
        ("challenge_endpoint", |it, url| it["challenge_endpoint"] = url.into()),
        ("introspection_endpoint", |it, url| it["introspection_endpoint"] = url.into()),
        ("mtls_endpoint_aliases", |it, url| it["mtls_endpoint_aliases"] = json!({"token_endpoint": url})),
    ]
}

/// Of a counter's signed request.
fn of_requests() -> Vec<(&'static str, InRequest)> {
    vec![
        ("jku", |header, _, url| drop(header.other.insert("jku".into(), url.into()))),
        ("x5u", |header, _, url| drop(header.other.insert("x5u".into(), url.into()))),
        ("kid", |header, _, url| header.kid = Some(format!("{url}#key"))),
        ("iss", |_, claims, url| claims["iss"] = url.into()),
        ("response_uri", |_, claims, url| claims["response_uri"] = url.into()),
        ("response_uri_and_too_much", |_, claims, url| {
            // What goes beyond the purpose is refused, and the verifier told of it: not there.
            claims["response_uri"] = url.into();
            claims["dcql_query"]["credentials"][0]["claims"] = json!([{"path": ["address"]}]);
        }),
        ("redirect_uri", |_, claims, url| claims["redirect_uri"] = url.into()),
        ("request_uri", |_, claims, url| claims["request_uri"] = url.into()),
        ("client_metadata", |_, claims, url| {
            for name in
                ["jwks_uri", "logo_uri", "client_uri", "policy_uri", "tos_uri", "sector_identifier_uri"]
            {
                claims["client_metadata"][name] = url.into();
            }
        }),
        ("client_metadata_uri", |_, claims, url| claims["client_metadata_uri"] = url.into()),
        ("verifier_info", |_, claims, url| {
            let info = claims["verifier_info"].as_array_mut().expect("its purpose");
            info.push(json!({"format": "jwt", "data": url, "credential_ids": []}));
        }),
        ("trusted_authorities", |_, claims, url| {
            for kind in ["openid_federation", "etsi_tl"] {
                claims["dcql_query"]["credentials"][0]["trusted_authorities"] =
                    json!([{"type": kind, "values": [url]}]);
            }
        }),
        ("vct_values", |_, claims, url| {
            let values = &mut claims["dcql_query"]["credentials"][0]["meta"]["vct_values"];
            values.as_array_mut().expect("types").push(url.into());
        }),
    ]
}

fn configurations(metadata: &mut Value) -> impl Iterator<Item = &mut Value> {
    metadata["credential_configurations_supported"].as_object_mut().expect("configurations").values_mut()
}

/// Does this to what is read as JSON at an address that contains this.
fn in_json(at: &'static str, put: InAnswer, url: String) -> Spoiling {
    Box::new(move |asked, body| {
        if asked.contains(at) {
            let mut value = serde_json::from_slice(body).expect("JSON");
            put(&mut value, &url);
            *body = value.to_string().into_bytes();
        }
    })
}

/// Does this to a request on its way, and signs it with the counter's own key.
fn in_request(put: InRequest, url: String, key: SoftwareKey) -> Spoiling {
    Box::new(move |asked, body| {
        if asked.ends_with("/object") {
            let text = std::str::from_utf8(body).expect("a token");
            let token = jws::Unverified::parse(text).expect("a token");
            let mut header = token.header().clone();
            let mut claims = Value::Object(token.dangerous_claims().clone());
            put(&mut header, &mut claims, &url);
            *body = jws::sign(&header, &claims, &key).expect("signed").into_bytes();
        }
    })
}

#[test]
fn nothing_that_a_wallet_is_told_leads_it_inside() {
    STAGE.play(async |play| {
        let behind = Trap::set().await;
        let trap = Trap::before(&behind).await;
        let (issuing, issuer) = others::issuer_called(play, "Known by a public name", ISSUER).await;
        let (asking, counter) = others::counter_called(play, NAME, COUNTER).await;
        let folder = play.data.join("holders/at public addresses");
        let citizen = Citizen::new(play, &folder, &issuer, &counter).await;

        // Without any address inside, all of it works.
        let (_, offer) = issuer.offered(LICENCE, &licence(310)).await;
        let previewed = citizen.wallet.preview_offer(&offer.link).await.expect("an offer");
        let received = citizen.wallet.receive(&previewed, Some(&offer.tx_code)).await.expect("received");
        assert_eq!(received.failed.len(), 0);
        let asked = counter.ask(PURPOSE).await;
        citizen.answers(&asked.link).await;
        counter.decision(&asked).await.must_accept();

        // Links that lead inside, and offers that name an issuer there.
        let inside = |grants: Value, issuer: &str| {
            let offer = json!({"credential_issuer": issuer, "grants": grants,
                "credential_configuration_ids": [LICENCE_SD_JWT]});
            let link = format!("openid-credential-offer://?credential_offer={}", encoded(&offer.to_string()));
            Offer { link, code: String::new(), tx_code: String::new() }
        };
        let url = trap.url.clone();
        let code = |server: &str| {
            json!({"urn:ietf:params:oauth:grant-type:pre-authorized_code":
            {"pre-authorized_code": "x", "authorization_server": server}})
        };
        citizen.takes(&inside(code(ISSUER), &url)).await;
        citizen.takes(&inside(code(&url), ISSUER)).await;
        citizen.takes(&inside(json!({"authorization_code": {"authorization_server": url}}), ISSUER)).await;
        let link = format!("openid-credential-offer://?credential_offer_uri={}", encoded(&url));
        citizen.takes(&Offer { link, code: String::new(), tx_code: String::new() }).await;
        let client = encoded(&counter.client_id());
        for more in ["", "&request_uri_method=post"] {
            let link = format!("openid4vp://?client_id={client}&request_uri={}{more}", encoded(&url));
            citizen.answers(&link).await;
        }

        for (name, put) in of_issuers() {
            let (_, offer) = issuer.offered(LICENCE, &licence(311)).await;
            citizen.internet.spoil(in_json("openid-credential-issuer", put, format!("{url}/{name}")));
            citizen.takes(&offer).await;
        }
        for (name, put) in of_servers() {
            let (_, offer) = issuer.offered(LICENCE, &licence(312)).await;
            citizen.internet.spoil(in_json("oauth-authorization-server", put, format!("{url}/{name}")));
            citizen.takes(&offer).await;
        }
        let key = play.data.join("others").join(NAME).join("keys/counter/signing-p256.key");
        let key = std::fs::read(key).expect("the counter's key");
        let mut accepted = Vec::new();
        for (name, put) in of_requests() {
            let key = SoftwareKey::from_secret_bytes(Algorithm::Es256, &key).expect("a key");
            let asked = counter.ask(PURPOSE).await;
            citizen.internet.spoil(in_request(put, format!("{url}/{name}"), key));
            citizen.answers(&asked.link).await;
            if counter.decision(&asked).await.verdict() == Some("accepted") {
                accepted.push(name);
            }
        }
        // What changes nothing that counts is answered, so a request that was signed anew is read to the end.
        // One that leads to another request is refused, whoever signed it (RFC 9101 section 4).
        let answered = ["jku", "x5u", "iss", "client_metadata", "client_metadata_uri"];
        assert_eq!(accepted, [answered.as_slice(), &["verifier_info", "vct_values"]].concat());
        // Where a counter's answer sends the holder's browser is for the app to show; the wallet goes nowhere.
        let asked = counter.ask(PURPOSE).await;
        citizen.internet.spoil(in_json("/response", |it, url| it["redirect_uri"] = url.into(), url));
        citizen.answers(&asked.link).await;

        assert_eq!(citizen.internet.elsewhere(), Vec::<String>::new(), "nothing else is even asked for");
        assert_eq!((trap.came().await, behind.came().await), (vec![], vec![]));
        issuing.shutdown().await;
        asking.shutdown().await;
    });
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

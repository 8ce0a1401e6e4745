//! `attestation.rs`: wallet providers that governance accredits vouch for keys and for wallets.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use credentials::UnixSeconds;
use credentials::jws::{self, Header};
use credentials::key::{Algorithm, Signer, SoftwareKey};
use credentials::x509::{ANY_PURPOSE, Certifying};
use issuer::Policy;
use rand_core::OsRng;
use serde_json::{Value, json};

use crate::http::Answer;
use crate::wallet::Wallet;
use crate::world::{Collectable, World};

const SD_JWT: &str = "business-licence-sd-jwt";
const KEY_ATTESTATION: &str = "key-attestation+jwt";

/// A wallet provider with a DID on the chain.
struct Provider {
    key: SoftwareKey,
    did: registry::Did,
    kid: String,
}

impl Provider {
    async fn new(world: &World) -> Self {
        let key = SoftwareKey::generate(Algorithm::Es256, &mut OsRng);
        let folder = tempfile::tempdir().unwrap();
        let folder = service::secrets::SecretFolder::open(folder.path()).unwrap();
        let public = registry::PublicKey::p256(&key.public_key().to_bytes().try_into().unwrap()).unwrap();
        let network = registry::Slug::new("anhui").unwrap();
        let organisation = service::Organisation::open(&folder, &network, &[public]).unwrap();
        organisation.register(&world.node_client()).await.unwrap();
        Self { key, did: organisation.did().clone(), kid: format!("{}#key-2", organisation.did()) }
    }

    async fn accredited(world: &World) -> Self {
        let provider = Self::new(world).await;
        let action = registry::Action::Accredit {
            did: provider.did.clone(),
            credential_type: registry::Slug::new(issuer::WALLET_PROVIDER).unwrap(),
            issuer_name: registry::LocalText::new("示例钱包", "Example wallet"),
            valid_from: registry::UnixMillis(0),
            valid_until: None,
        };
        world.govern(&action).await;
        provider
    }

    fn sign(&self, typ: &str, claims: &Value) -> String {
        self.sign_as(&Header::typed(typ).with_kid(&self.kid), claims)
    }

    fn sign_as(&self, header: &Header, claims: &Value) -> String {
        jws::sign(header, claims, &self.key).unwrap()
    }

    /// A certificate of its key that names it so, by an authority that nobody here knows.
    fn certificate(&self, uri: &str) -> String {
        certificate(&self.key, uri, &SoftwareKey::generate(Algorithm::Es256, &mut OsRng), (-60, 3600))
    }

    fn vouch(&self, world: &World, wallets: &[&Wallet], nonce: Option<&str>) -> String {
        let keys: Vec<_> = wallets.iter().map(|wallet| wallet.key.public_key().to_jwk()).collect();
        let now = world.now();
        self.sign(
            "key-attestation+jwt",
            &json!({"iat": now, "exp": now + 600, "attested_keys": keys, "nonce": nonce}),
        )
    }
}

/// A certificate of a key by an authority, from and until so many seconds from now.
fn certificate(key: &SoftwareKey, uri: &str, authority: &SoftwareKey, (from, until): (i64, i64)) -> String {
    let now = UnixSeconds(service::clock::now().seconds());
    let certifying = Certifying {
        issuer: "C=CN,CN=Wallet provider root",
        subject: "C=CN,CN=Wallet provider",
        uri: Some(uri),
        serial: &[7; 16],
        from: now.plus(from),
        until: now.plus(until),
        purpose: Some(ANY_PURPOSE),
    };
    STANDARD.encode(certifying.sign(key.public_key(), authority).unwrap())
}

fn proof_with(world: &World, wallet: &Wallet, nonce: &str, attestation: &str) -> String {
    let mut header = wallet.header();
    header.other.insert("key_attestation".to_owned(), attestation.into());
    wallet.sign(&header, &Wallet::claims(world, nonce))
}

async fn ask(world: &World, token: &str, proofs: Value) -> Answer {
    let body = json!({"credential_configuration_id": SD_JWT, "proofs": proofs});
    world.http.post_json("/credential", Some(token), &body).await
}

#[tokio::test]
async fn keys_that_a_provider_vouches_for_are_taken_and_others_are_not() {
    let world = World::with(Policy { key_attestation: true, ..Policy::default() }).await;
    let (provider, stranger) = (Provider::accredited(&world).await, Provider::new(&world).await);
    let token = world.token(&world.collectable(&world.approved().await).await).await;
    let (wallet, other) = (Wallet::new(Algorithm::Es256), Wallet::new(Algorithm::Es256));
    let good = provider.vouch(&world, &[&wallet], None);
    let now = world.now();
    let jwk = wallet.key.public_key().to_jwk();
    let flaws = [
        ("no_attestation", None),
        ("of_a_stranger", Some(stranger.vouch(&world, &[&wallet], None))),
        ("of_another_key", Some(provider.vouch(&world, &[&other], None))),
        (
            "another_type",
            Some(provider.sign("JWT", &json!({"iat": now, "exp": now + 9, "attested_keys": [jwk]}))),
        ),
        (
            "expired",
            Some(
                provider.sign(
                    "key-attestation+jwt",
                    &json!({"iat": now - 9, "exp": now, "attested_keys": [jwk]}),
                ),
            ),
        ),
        (
            "without_end",
            Some(provider.sign("key-attestation+jwt", &json!({"iat": now, "attested_keys": [jwk]}))),
        ),
        (
            "no_key",
            Some(
                provider
                    .sign("key-attestation+jwt", &json!({"iat": now, "exp": now + 9, "attested_keys": []})),
            ),
        ),
        ("cut_off", Some(good[..good.len() - 4].to_owned())),
    ];
    for (name, attestation) in flaws {
        let nonce = world.nonce().await;
        let proof = match attestation {
            Some(attestation) => proof_with(&world, &wallet, &nonce, &attestation),
            None => wallet.proof(&world, &nonce),
        };
        let answer = ask(&world, &token, json!({"jwt": [proof]})).await;
        assert_eq!(answer.oauth_error(), "invalid_proof", "{name}");
    }
    let proof = proof_with(&world, &wallet, &world.nonce().await, &good);
    let answer = ask(&world, &token, json!({"jwt": [proof]})).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    world.stop().await;
}

#[tokio::test]
async fn a_provider_may_show_a_certificate_of_its_key_and_the_chain_is_believed() {
    let world = World::with(Policy { key_attestation: true, ..Policy::default() }).await;
    let (provider, stranger) = (Provider::accredited(&world).await, Provider::new(&world).await);
    let wallet = Wallet::new(Algorithm::Es256);
    let ask_by = async |x5c: Vec<String>, kid: Option<&str>| {
        let header = Header { x5c: Some(x5c), kid: kid.map(str::to_owned), ..Header::typed(KEY_ATTESTATION) };
        let (now, jwk) = (world.now(), wallet.key.public_key().to_jwk());
        let claims = json!({"iat": now, "exp": now + 600, "attested_keys": [jwk]});
        let attestation = provider.sign_as(&header, &claims);
        let token = world.token(&world.collectable(&world.approved().await).await).await;
        let proof = proof_with(&world, &wallet, &world.nonce().await, &attestation);
        ask(&world, &token, json!({"jwt": [proof]})).await
    };
    let own = provider.certificate(&provider.kid);
    let root = SoftwareKey::generate(Algorithm::Es256, &mut OsRng);
    let another = SoftwareKey::generate(Algorithm::Es256, &mut OsRng);
    let flaws = [
        ("of_another_key", vec![certificate(&another, &provider.kid, &root, (-60, 3600))], None),
        ("names_a_stranger", vec![provider.certificate(&stranger.kid)], None),
        ("names_another_than_kid", vec![own.clone()], Some(stranger.kid.as_str())),
        ("names_no_key", vec![provider.certificate("https://wallet.example")], None),
        ("names_a_did_and_no_key", vec![provider.certificate(&provider.did.to_string())], None),
        (
            "vouches_for_itself",
            vec![certificate(&provider.key, &provider.kid, &provider.key, (-60, 3600))],
            None,
        ),
        ("is_over", vec![certificate(&provider.key, &provider.kid, &root, (-3600, -60))], None),
        ("is_not_there_yet", vec![certificate(&provider.key, &provider.kid, &root, (3600, 7200))], None),
        ("is_none", vec!["MIIB".to_owned()], Some(provider.kid.as_str())),
        ("is_no_base64", vec!["!".to_owned()], None),
        ("is_missing", Vec::new(), Some(provider.kid.as_str())),
        ("comes_second", vec![certificate(&another, &provider.kid, &root, (-60, 3600)), own.clone()], None),
    ];
    for (name, x5c, kid) in flaws {
        let answer = ask_by(x5c, kid).await;
        assert_eq!(answer.oauth_error(), "invalid_proof", "{name}");
        assert!(answer.text().contains("attestation"), "{name}: {}", answer.text());
    }
    for kid in [None, Some(provider.kid.as_str()), Some("another way to name it")] {
        let answer = ask_by(vec![own.clone()], kid).await;
        assert_eq!(answer.status, 200, "{kid:?}: {}", answer.text());
    }
    world.stop().await;
}

#[tokio::test]
async fn an_attestation_is_a_proof_of_itself_with_our_nonce_once() {
    let world = World::with(Policy { key_attestation: true, ..Policy::default() }).await;
    let provider = Provider::accredited(&world).await;
    let metadata = world.http.get("/.well-known/openid-credential-issuer", None).await.json();
    let types = &metadata["credential_configurations_supported"][SD_JWT]["proof_types_supported"];
    assert!(types["attestation"].is_object() && types["jwt"]["key_attestations_required"].is_object());
    let token = world.token(&world.collectable(&world.approved().await).await).await;
    let (one, two) = (Wallet::new(Algorithm::Es256), Wallet::new(Algorithm::Es256));
    let without = provider.vouch(&world, &[&one], None);
    assert_eq!(ask(&world, &token, json!({"attestation": [without]})).await.oauth_error(), "invalid_proof");
    let made_up = provider.vouch(&world, &[&one], Some("AAAA"));
    assert_eq!(ask(&world, &token, json!({"attestation": [made_up]})).await.oauth_error(), "invalid_nonce");
    let both = provider.vouch(&world, &[&one, &two], Some(&world.nonce().await));
    let answer = ask(&world, &token, json!({"attestation": [both]})).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["credentials"].as_array().unwrap().len(), 2);
    assert_eq!(ask(&world, &token, json!({"attestation": [both]})).await.oauth_error(), "invalid_nonce");

    // Withdrawn, it vouches for nothing any more.
    world
        .govern(&registry::Action::WithdrawAccreditation {
            did: provider.did.clone(),
            credential_type: registry::Slug::new(issuer::WALLET_PROVIDER).unwrap(),
        })
        .await;
    let late = provider.vouch(&world, &[&one, &two], Some(&world.nonce().await));
    assert_eq!(ask(&world, &token, json!({"attestation": [late]})).await.oauth_error(), "invalid_proof");
    world.stop().await;
}

#[tokio::test]
async fn a_wallet_that_nobody_vouches_for_gets_no_token() {
    let world = World::with(Policy { wallet_attestation: true, ..Policy::default() }).await;
    let provider = Provider::accredited(&world).await;
    let server = world.http.get("/.well-known/oauth-authorization-server", None).await.json();
    assert_eq!(server["token_endpoint_auth_methods_supported"], json!(["attest_jwt_client_auth"]));
    let offer = world.collectable(&world.approved().await).await;
    let instance = SoftwareKey::generate(Algorithm::Es256, &mut OsRng);
    let now = world.now();
    let vouched = |sub: &str| {
        let cnf = json!({"jwk": instance.public_key().to_jwk()});
        provider.sign("oauth-client-attestation+jwt", &json!({"sub": sub, "exp": now + 600, "cnf": cnf}))
    };
    let shown = |aud: &str, jti: &str| {
        let claims = json!({"aud": aud, "jti": jti, "iat": now});
        jws::sign(&Header::typed("oauth-client-attestation-pop+jwt"), &claims, &instance).unwrap()
    };
    assert_eq!(redeem(&world, &offer, None).await.oauth_error(), "invalid_client", "missing");
    let flaws = [
        ("of_another_client", vouched("another"), shown(world.base(), "1")),
        ("for_another_server", vouched("wallet"), shown("https://evil.example", "2")),
        ("no_jti", vouched("wallet"), shown(world.base(), "")),
        ("attestation_as_proof", vouched("wallet"), vouched("wallet")),
    ];
    for (name, attestation, pop) in flaws {
        let answer = redeem(&world, &offer, Some((attestation, pop))).await;
        assert_eq!((answer.status, answer.oauth_error().as_str()), (401, "invalid_client"), "{name}");
    }
    let right = (vouched("wallet"), shown(world.base(), "3"));
    assert_eq!(redeem(&world, &offer, Some(right.clone())).await.status, 200);
    let next = world.collectable(&world.approved().await).await;
    assert_eq!(redeem(&world, &next, Some(right)).await.oauth_error(), "invalid_client", "replayed");
    world.stop().await;
}

async fn redeem(world: &World, offer: &Collectable, attested: Option<(String, String)>) -> Answer {
    let form = [
        ("grant_type", protocol::openid4vci::PRE_AUTHORIZED_CODE),
        ("pre-authorized_code", &offer.code),
        ("tx_code", &offer.tx_code),
        ("client_id", "wallet"),
    ];
    let mut headers = vec![("content-type", "application/x-www-form-urlencoded".to_owned())];
    if let Some((attestation, pop)) = attested {
        headers.extend([("oauth-client-attestation", attestation), ("oauth-client-attestation-pop", pop)]);
    }
    world.http.post_with("/token", &headers, crate::http::encode(&form)).await
}

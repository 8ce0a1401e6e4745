//! `attestation.rs`: wallet providers that governance accredits vouch for keys and for wallets.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use credentials::jws::{self, Header};
use credentials::key::{Algorithm, Signer, SoftwareKey};
use credentials::x509::{ANY_PURPOSE, Certifying};
use credentials::{UnixSeconds, sd_jwt};
use issuer::Policy;
use rand_core::{OsRng, RngCore};
use serde_json::{Value, json};

use crate::authorize::{CLIENT, code_of, push_by, redeeming};
use crate::dpop::Prover;
use crate::http::Answer;
use crate::wallet::Wallet;
use crate::world::{Collectable, World};

const SD_JWT: &str = "business-licence-sd-jwt";
const KEY_ATTESTATION: &str = "key-attestation+jwt";
/// The headers of a wallet's attestation and of its proof.
const ATTESTATION: &str = "oauth-client-attestation";
const POP: &str = "oauth-client-attestation-pop";

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
async fn each_key_that_a_proofs_attestation_names_gets_a_copy() {
    let world = World::with(Policy { key_attestation: true, batch_size: 3, ..Policy::default() }).await;
    let provider = Provider::accredited(&world).await;
    let wallets = [(); 4].map(|()| Wallet::new(Algorithm::Es256));
    let [one, two, three, four] = &wallets;
    let bound_to = |answer: &Answer| -> BTreeSet<String> {
        assert_eq!(answer.status, 200, "{}", answer.text());
        let credentials = answer.json()["credentials"].as_array().unwrap().clone();
        let key = |one: &Value| {
            let read = sd_jwt::Unverified::parse(one["credential"].as_str().unwrap()).unwrap();
            read.holder().unwrap().thumbprint()
        };
        let keys: BTreeSet<_> = credentials.iter().map(key).collect();
        assert_eq!(keys.len(), credentials.len(), "one for each");
        keys
    };
    let thumbprints = |wallets: &[&Wallet]| -> BTreeSet<String> {
        wallets.iter().map(|wallet| wallet.key.public_key().thumbprint()).collect()
    };
    let token = world.token(&world.collectable(&world.approved().await).await).await;
    let all = provider.vouch(&world, &[two, one, three], None);
    let proof = proof_with(&world, one, &world.nonce().await, &all);
    let answer = ask(&world, &token, json!({"jwt": [proof]})).await;
    assert_eq!(bound_to(&answer), thumbprints(&[one, two, three]), "by one proof for all");

    // Each by its own proof, and one attestation for all: none twice.
    let token = world.token(&world.collectable(&world.approved().await).await).await;
    let nonce = world.nonce().await;
    let proofs = [one, two].map(|wallet| proof_with(&world, wallet, &nonce, &all));
    let answer = ask(&world, &token, json!({"jwt": proofs})).await;
    assert_eq!(bound_to(&answer), thumbprints(&[one, two, three]));

    let token = world.token(&world.collectable(&world.approved().await).await).await;
    let more = provider.vouch(&world, &[one, two, three, four], None);
    let proof = proof_with(&world, four, &world.nonce().await, &more);
    let answer = ask(&world, &token, json!({"jwt": [proof]})).await;
    assert_eq!(
        bound_to(&answer),
        thumbprints(&[four, one, two]),
        "as many as are given, who proved it first"
    );
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
    withdraw(&world, &provider).await;
    let late = provider.vouch(&world, &[&one, &two], Some(&world.nonce().await));
    assert_eq!(ask(&world, &token, json!({"attestation": [late]})).await.oauth_error(), "invalid_proof");
    world.stop().await;
}

/// What a wallet shows of itself; right unless a test changes it.
struct Said {
    typ: &'static str,
    claims: Value,
    pop_typ: &'static str,
    pop: Value,
}

/// An instance of a wallet, whose provider vouches for its key.
struct Instance<'p> {
    world: &'p World,
    provider: &'p Provider,
    key: SoftwareKey,
}

type Headers = Vec<(&'static str, String)>;

impl<'p> Instance<'p> {
    fn new(world: &'p World, provider: &'p Provider) -> Self {
        Self { world, provider, key: SoftwareKey::generate(Algorithm::Es256, &mut OsRng) }
    }

    /// Attestation and proof, changed, by these signers.
    fn made(&self, by: &Provider, key: &SoftwareKey, change: impl FnOnce(&mut Said)) -> (String, String) {
        let now = self.world.now();
        let mut said = Said {
            typ: "oauth-client-attestation+jwt",
            claims: json!({"sub": CLIENT, "exp": now + 600, "cnf": {"jwk": self.key.public_key().to_jwk()}}),
            pop_typ: "oauth-client-attestation-pop+jwt",
            pop: json!({"aud": self.world.base(), "jti": format!("{:016x}", OsRng.next_u64()), "iat": now}),
        };
        change(&mut said);
        let pop = jws::sign(&Header::typed(said.pop_typ), &said.pop, key).unwrap();
        (by.sign(said.typ, &said.claims), pop)
    }

    fn changed(&self, change: impl FnOnce(&mut Said)) -> Headers {
        let (attestation, pop) = self.made(self.provider, &self.key, change);
        vec![(ATTESTATION, attestation), (POP, pop)]
    }

    fn right(&self) -> Headers {
        self.changed(|_| {})
    }

    /// What proves nothing, each by the name of its flaw.
    fn flaws(&self, stranger: &Provider) -> Vec<(&'static str, Headers)> {
        let now = self.world.now();
        let (attestation, pop) = self.made(self.provider, &self.key, |_| {});
        let (foreign, _) = self.made(stranger, &self.key, |_| {});
        let (_, by_another) =
            self.made(self.provider, &SoftwareKey::generate(Algorithm::Es256, &mut OsRng), |_| {});
        let changed = |change: &dyn Fn(&mut Said)| self.changed(change);
        let both =
            |attestation: &str, pop: &str| vec![(ATTESTATION, attestation.to_owned()), (POP, pop.to_owned())];
        vec![
            ("nothing", vec![]),
            ("no_proof", vec![(ATTESTATION, attestation.clone())]),
            ("no_attestation", vec![(POP, pop.clone())]),
            ("two_attestations", [self.right(), vec![(ATTESTATION, attestation.clone())]].concat()),
            ("two_proofs", [self.right(), vec![(POP, pop.clone())]].concat()),
            ("of_a_provider_that_is_not_accredited", both(&foreign, &pop)),
            ("of_another_client", changed(&|said| said.claims["sub"] = "another".into())),
            ("expired", changed(&|said| said.claims["exp"] = now.into())),
            ("without_end", changed(&|said| drop(said.claims.as_object_mut().unwrap().remove("exp")))),
            ("from_the_future", changed(&|said| said.claims["iat"] = (now + 600).into())),
            ("of_another_type", changed(&|said| said.typ = KEY_ATTESTATION)),
            ("without_a_key", changed(&|said| said.claims["cnf"] = json!({}))),
            ("cut_off", both(&attestation[..attestation.len() - 4], &pop)),
            ("no_token", both("attested", &pop)),
            ("proof_of_another_type", changed(&|said| said.pop_typ = "JWT")),
            ("proof_by_another_key", both(&attestation, &by_another)),
            ("proof_too_old", changed(&|said| said.pop["iat"] = (now - 301).into())),
            ("proof_from_the_future", changed(&|said| said.pop["iat"] = (now + 120).into())),
            ("proof_for_another_server", changed(&|said| said.pop["aud"] = "https://evil.example".into())),
            ("proof_without_a_number", changed(&|said| said.pop["jti"] = "".into())),
            ("attestation_as_proof", both(&attestation, &attestation)),
        ]
    }
}

/// A form to the token endpoint or to `/par`, with what a wallet shows of itself and perhaps a DPoP proof.
async fn post(world: &World, form: &[(&str, &str)], shown: &Headers, dpop: Option<String>) -> Answer {
    let mut headers = vec![("content-type", "application/x-www-form-urlencoded".to_owned())];
    headers.extend(shown.iter().cloned());
    headers.extend(dpop.map(|proof| ("dpop", proof)));
    world.http.post_with("/token", &headers, crate::http::encode(form)).await
}

/// The same with a proof of this key, by a nonce of the server's.
async fn post_with_key(
    world: &World,
    prover: &Prover,
    form: &[(&str, &str)],
    shown: &Instance<'_>,
) -> Answer {
    let proof = |nonce: &str| Some(prover.proof(world, "/token", None, nonce));
    let first = post(world, form, &shown.right(), proof("none")).await;
    assert_eq!(first.oauth_error(), "use_dpop_nonce");
    post(world, form, &shown.right(), proof(first.header("dpop-nonce"))).await
}

fn refused(answer: &Answer, name: &str) {
    assert_eq!((answer.status, answer.oauth_error().as_str()), (401, "invalid_client"), "{name}");
}

async fn withdraw(world: &World, provider: &Provider) {
    let action = registry::Action::WithdrawAccreditation {
        did: provider.did.clone(),
        credential_type: registry::Slug::new(issuer::WALLET_PROVIDER).unwrap(),
    };
    world.govern(&action).await;
}

#[tokio::test]
async fn a_wallet_that_nobody_vouches_for_gets_no_token_for_a_code_of_an_offer() {
    let world = World::with(Policy { wallet_attestation: true, ..Policy::default() }).await;
    let (provider, stranger) = (Provider::accredited(&world).await, Provider::new(&world).await);
    let server = world.http.get("/.well-known/oauth-authorization-server", None).await.json();
    assert_eq!(server["token_endpoint_auth_methods_supported"], json!(["attest_jwt_client_auth"]));
    let instance = Instance::new(&world, &provider);
    let offer = world.collectable(&world.approved().await).await;
    let form = |offer: &Collectable| {
        [
            ("grant_type", protocol::openid4vci::PRE_AUTHORIZED_CODE.to_owned()),
            ("pre-authorized_code", offer.code.clone()),
            ("tx_code", offer.tx_code.clone()),
            ("client_id", CLIENT.to_owned()),
        ]
    };
    let redeem = async |offer: &Collectable, shown: &Headers| {
        let form = form(offer);
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        post(&world, &form, shown, None).await
    };
    for (name, shown) in instance.flaws(&stranger) {
        refused(&redeem(&offer, &shown).await, name);
    }
    let right = instance.right();
    assert_eq!(redeem(&offer, &right).await.status, 200, "the code is as good as before");
    let next = world.collectable(&world.approved().await).await;
    refused(&redeem(&next, &right).await, "replayed");
    withdraw(&world, &provider).await;
    refused(&redeem(&next, &instance.right()).await, "of_a_provider_that_was_withdrawn");
    world.stop().await;
}

#[tokio::test]
async fn nor_does_it_push_or_redeem_a_login_or_renew() {
    let world = World::with(Policy { wallet_attestation: true, ..Policy::default() }).await;
    let (provider, stranger) = (Provider::accredited(&world).await, Provider::new(&world).await);
    let (instance, prover) = (Instance::new(&world, &provider), Prover::new());
    world.approved().await;
    for (name, shown) in instance.flaws(&stranger) {
        refused(&push_by(&world, &[], &shown).await, &format!("{name} at /par"));
    }
    let pushed = push_by(&world, &[], &instance.right()).await;
    assert_eq!(pushed.status, 201, "{}", pushed.text());
    let code = code_of(&world, pushed.json()["request_uri"].as_str().unwrap()).await;

    let form = redeeming(&code);
    for (name, shown) in instance.flaws(&stranger) {
        refused(&post(&world, &form, &shown, None).await, &format!("{name} with a code"));
    }
    let tokens = post_with_key(&world, &prover, &form, &instance).await;
    assert_eq!(
        tokens.status,
        200,
        "a code that was refused for its wallet is not used up: {}",
        tokens.text()
    );
    let refresh = tokens.json()["refresh_token"].as_str().unwrap().to_owned();

    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str()), ("client_id", CLIENT)];
    for (name, shown) in instance.flaws(&stranger) {
        refused(&post(&world, &form, &shown, None).await, &format!("{name} to renew"));
    }
    let renewed = post_with_key(&world, &prover, &form, &instance).await;
    assert_eq!(renewed.status, 200, "{}", renewed.text());
    withdraw(&world, &provider).await;
    refused(&post(&world, &form, &instance.right(), None).await, "withdrawn, to renew");
    refused(&push_by(&world, &[], &instance.right()).await, "withdrawn, at /par");
    world.stop().await;
}

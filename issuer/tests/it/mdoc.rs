//! The driver's licence as ISO mdoc: `issuance/sign.rs`, `certificates.rs`, and what the metadata says of it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use credentials::UnixSeconds;
use credentials::catalogue::Catalogue;
use credentials::key::{Algorithm, Signer};
use credentials::mdoc::{MDL, MDL_NAMESPACE, Trust, Unverified};
use credentials::x509::Certificate;
use serde_json::{Value, json};

use crate::wallet::Wallet;
use crate::world::World;

const MDOC: &str = "drivers-licence-mdoc";

fn example() -> Value {
    Catalogue::bundled().unwrap().by_id("drivers-licence").unwrap().example()
}

async fn token(world: &World) -> String {
    let applied = world.apply("drivers-licence", example()).await;
    world.approve(&applied).await;
    let offer = world.collectable(&applied).await;
    world.token(&offer).await
}

#[tokio::test]
async fn an_mdoc_is_bound_to_the_holders_key_and_verifies_by_the_chains_key_and_by_the_root() {
    let mut world = World::start().await;
    let (token, wallet) = (token(&world).await, Wallet::new(Algorithm::Es256));
    let answer = world.ask(&token, MDOC, &wallet.proof(&world, &world.nonce().await)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json();
    let text = body["credentials"][0]["credential"].as_str().expect("a text").to_owned();
    let parse =
        |text: &str| Unverified::parse(&BASE64.decode(text).expect("base64url")).expect("well-formed");
    let document = parse(&text);
    assert_eq!(document.issuer_uri(), Some(format!("{}#key-3", world.did()).as_str()));

    let now = UnixSeconds(world.now());
    let key = world.issuer_key(Algorithm::Es256);
    let holder = wallet.key.public_key();
    let verified = document.verify_issued(Trust::Key(&key), Some(holder), now).expect("the issuer's");
    let object = verified.security_object();
    assert_eq!((object.doc_type.as_str(), object.signed), (MDL, object.valid_from));
    assert_eq!(object.valid_until, object.signed.plus(2190 * 86_400));
    let claims = verified.claims();
    assert_eq!(claims[MDL_NAMESPACE]["family_name"], example()["familyNameLatin"]);
    assert_eq!(claims[MDL_NAMESPACE]["driving_privileges"][0]["vehicle_category_code"], "B");
    assert_eq!(claims["urn:huizheng:drivers-licence:1"]["class"], "C1");
    let status = object.status.as_ref().expect("a status");
    assert_eq!(status.token.as_ref().expect("a list").uri, format!("{}/status-lists/0", world.base()));
    assert_eq!(status.registry.as_ref().expect("on the chain").list, format!("{}/status/0", world.did()));

    // Readers that know no chain: by the root, which stays the same.
    let root = world.http.get("/mdoc/root", None).await;
    assert_eq!(root.header("content-type"), "application/pkix-cert");
    world.restart().await;
    let again = world.http.get("/mdoc/root", None).await;
    assert_eq!(root.bytes(), again.bytes(), "the same after a new start");
    let anchors = [Certificate::parse(root.bytes()).expect("a certificate")];
    parse(&text).verify_issued(Trust::Anchors(&anchors), Some(holder), now).expect("the root's");
    world.stop().await;
}

#[tokio::test]
async fn asked_for_again_it_is_the_same_licence_with_other_salts() {
    let world = World::start().await;
    let (token, wallet) = (token(&world).await, Wallet::new(Algorithm::EdDsa));
    let mut seen = Vec::new();
    for _ in 0..2 {
        let answer = world.ask(&token, MDOC, &wallet.proof(&world, &world.nonce().await)).await;
        let body = answer.json();
        let bytes = BASE64.decode(body["credentials"][0]["credential"].as_str().unwrap()).unwrap();
        seen.push(Unverified::parse(&bytes).unwrap());
    }
    let objects: Vec<_> = seen.iter().map(Unverified::security_object).collect();
    assert_eq!(objects[0].status, objects[1].status);
    assert_eq!(objects[0].signed, objects[1].signed);
    assert_eq!(objects[0].device_key, *wallet.key.public_key());
    assert_ne!(objects[0].digests, objects[1].digests);
    assert_eq!(seen[0].dangerous_claims(), seen[1].dangerous_claims());
    world.stop().await;
}

#[tokio::test]
async fn what_an_mdoc_can_t_carry_is_refused_with_the_application() {
    let world = World::start().await;
    let mut claims = example();
    claims["familyNameLatin"] = "程".into();
    claims["portrait"] =
        Catalogue::bundled().unwrap().by_id("digital-id").unwrap().example()["portrait"].clone();
    let sent = json!({"type": "drivers-licence", "claims": claims});
    let answer = world.http.post_json("/api/applications", None, &sent).await;
    assert_eq!(answer.status, 422, "{}", answer.text());
    let text = answer.text();
    assert!(text.contains("not_latin") && text.contains("not_a_jpeg"), "{text}");
    world.stop().await;
}

#[tokio::test]
async fn the_metadata_says_what_openid4vci_appendix_a_2_asks_for() {
    let world = World::start().await;
    let metadata = world.http.get("/.well-known/openid-credential-issuer", None).await.json();
    let mdoc = &metadata["credential_configurations_supported"][MDOC];
    assert_eq!((&mdoc["format"], &mdoc["doctype"]), (&json!("mso_mdoc"), &json!(MDL)));
    assert!(mdoc.get("vct").is_none() && mdoc.get("credential_definition").is_none());
    assert_eq!(mdoc["credential_signing_alg_values_supported"], json!([-7]));
    assert_eq!(mdoc["cryptographic_binding_methods_supported"], json!(["cose_key"]));
    let claims = mdoc["credential_metadata"]["claims"].as_array().unwrap();
    let find = |path: Value| claims.iter().find(|claim| claim["path"] == path).expect("described");
    assert_eq!(find(json!([MDL_NAMESPACE, "portrait"]))["mandatory"], true);
    assert_eq!(find(json!([MDL_NAMESPACE, "driving_privileges"]))["display"][0]["locale"], "zh");
    assert_eq!(
        find(json!([MDL_NAMESPACE, "family_name"]))["display"][1]["name"],
        "Family name in Latin letters"
    );
    find(json!(["urn:huizheng:drivers-licence:1", "class"]));
    world.stop().await;
}

//! `routes/discovery.rs`.

use protocol::Endpoint;
use protocol::openid4vci::IssuerMetadata;

use crate::world::World;

#[tokio::test]
async fn the_issuer_says_what_it_issues_and_how() {
    let world = World::start().await;
    let answer = world.http.get("/.well-known/openid-credential-issuer", None).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    let issuer = Endpoint::parse(world.base()).unwrap();
    IssuerMetadata::parse(answer.text().as_bytes(), &issuer).expect("a wallet takes it");

    let metadata = answer.json();
    assert_eq!(metadata["credential_issuer"], world.base());
    assert_eq!(metadata["nonce_endpoint"], format!("{}/nonce", world.base()));
    assert!(metadata.get("authorization_servers").is_none());
    assert_eq!(metadata["batch_credential_issuance"]["batch_size"], 8);
    assert_eq!(metadata["display"][0]["name"], "合肥市市场监督管理局");
    let supported = metadata["credential_configurations_supported"].as_object().unwrap();
    let ids: Vec<_> = supported.keys().cloned().collect();
    let expected = [
        "business-licence-sd-jwt",
        "business-licence-vc",
        "digital-id-sd-jwt",
        "digital-id-vc",
        "drivers-licence-mdoc",
        "drivers-licence-sd-jwt",
        "mandate-sd-jwt",
        "mandate-vc",
        "talent-certificate-sd-jwt",
        "talent-certificate-vc",
    ];
    assert_eq!(ids, expected);

    let sd_jwt = &supported["business-licence-sd-jwt"];
    assert_eq!(sd_jwt["format"], "dc+sd-jwt");
    assert_eq!(sd_jwt["vct"], "urn:huizheng:business-licence:1");
    assert_eq!(sd_jwt["credential_signing_alg_values_supported"][0], "ES256");
    assert_eq!(sd_jwt["proof_types_supported"]["jwt"]["proof_signing_alg_values_supported"][1], "EdDSA");
    assert_eq!(sd_jwt["credential_metadata"]["claims"][0]["path"][0], "name");

    let vc = &supported["business-licence-vc"];
    assert_eq!(vc["format"], "ldp_vc");
    assert_eq!(vc["credential_definition"]["type"][1], "BusinessLicence");
    assert_eq!(vc["credential_definition"]["@context"][0], "https://www.w3.org/ns/credentials/v2");
    assert_eq!(vc["credential_metadata"]["claims"][0]["path"][0], "credentialSubject");
    world.stop().await;
}

#[tokio::test]
async fn the_authorization_server_takes_codes_from_anonymous_wallets() {
    let world = World::start().await;
    let metadata = world.http.get("/.well-known/oauth-authorization-server", None).await.json();
    assert_eq!(metadata["issuer"], world.base());
    assert_eq!(metadata["token_endpoint"], format!("{}/token", world.base()));
    assert_eq!(metadata["grant_types_supported"][0], protocol::openid4vci::PRE_AUTHORIZED_CODE);
    assert_eq!(metadata["pre-authorized_grant_anonymous_access_supported"], true);
    world.stop().await;
}

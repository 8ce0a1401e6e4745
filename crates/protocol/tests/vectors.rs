//! The examples of the specifications, read in bulk where they are at hand (`../shared/vectors` beside the clone).
#![expect(clippy::unwrap_used, reason = "what a test builds on must hold")]

use std::path::PathBuf;

use protocol::dcql::DcqlQuery;
use protocol::openid4vci::{
    AuthorizationDetail, CredentialConfiguration, CredentialOffer, CredentialResponse, IssuerMetadata,
    OfferLink,
};
use protocol::openid4vp::{ClientMetadata, RequestHeader};
use protocol::{Endpoint, Limits, limits};
use serde_json::Value;

fn folder(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors").join(name);
    if path.is_dir() {
        Some(path)
    } else {
        eprintln!("no examples at {}: this test checked nothing", path.display());
        None
    }
}

/// The files of a folder whose names begin so, with their text, from which the head of an HTTP message is cut.
fn files(folder_name: &str, prefix: &str) -> Vec<(String, String)> {
    let Some(folder) = folder(folder_name) else { return Vec::new() };
    let mut found: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| {
            (entry.file_name().to_string_lossy().into_owned(), std::fs::read_to_string(entry.path()).unwrap())
        })
        .map(|(name, text)| {
            let body = if text.trim_start().starts_with("HTTP/") {
                text[text.find('{').unwrap()..].to_owned()
            } else {
                text
            };
            (name, body)
        })
        .collect();
    found.sort();
    found
}

#[test]
fn queries_are_read_and_written_back() {
    for (name, text) in
        files("openid4vp/query_lang", "").into_iter().chain(files("openid4vp/request", "dcql_"))
    {
        let query = DcqlQuery::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(
            serde_json::to_value(query).unwrap(),
            serde_json::from_str::<Value>(&text).unwrap(),
            "{name}"
        );
    }
}

#[test]
fn verifier_metadata_is_read_and_written_back() {
    for (name, text) in files("openid4vp/client_metadata", "") {
        let metadata: ClientMetadata = limits::json(text.as_bytes(), Limits::MESSAGE).unwrap();
        assert_eq!(
            serde_json::to_value(metadata).unwrap(),
            serde_json::from_str::<Value>(&text).unwrap(),
            "{name}"
        );
    }
}

#[test]
fn a_request_header_is_read() {
    for (name, text) in files("openid4vp/request", "request_header") {
        limits::json::<RequestHeader>(text.as_bytes(), Limits::MESSAGE)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn offers_are_read() {
    for (name, text) in files("openid4vci", "credential_offer") {
        let offer = CredentialOffer::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let link = OfferLink::Value(Box::new(offer));
        assert_eq!(OfferLink::parse(&link.to_string()), Ok(link), "{name}");
    }
}

#[test]
fn issuer_metadata_is_read_and_written_back() {
    let issuer = Endpoint::parse("https://credential-issuer.example.com").unwrap();
    for (name, text) in files("openid4vci", "credential_issuer_metadata_sd_jwt_long") {
        let metadata =
            IssuerMetadata::parse(text.as_bytes(), &issuer).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(
            serde_json::to_value(metadata).unwrap(),
            serde_json::from_str::<Value>(&text).unwrap(),
            "{name}"
        );
    }
    for (name, text) in files("openid4vci", "credential_metadata_") {
        let value: Value = serde_json::from_str(&text).unwrap();
        for (id, configuration) in value["credential_configurations_supported"].as_object().unwrap() {
            let read: CredentialConfiguration = limits::value(configuration).unwrap();
            assert_eq!(serde_json::to_value(read).unwrap(), *configuration, "{name} {id}");
        }
    }
}

#[test]
fn authorization_details_are_read() {
    for (name, text) in files("openid4vci", "authorization_details") {
        let details: Vec<AuthorizationDetail> =
            limits::json(text.as_bytes(), Limits::MESSAGE).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(details.iter().all(|detail| detail.kind == "openid_credential"), "{name}");
    }
}

#[test]
fn credential_responses_are_read() {
    for (name, text) in files("openid4vci", "credential_response_") {
        // The specification breaks long texts over lines.
        let joined: String = text.lines().map(str::trim).collect();
        let response =
            CredentialResponse::parse(joined.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(
            matches!(response, CredentialResponse::Issued { credentials, .. } if credentials.len() == 1),
            "{name}"
        );
    }
}

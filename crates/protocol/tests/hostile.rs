//! Whatever comes, reading answers with a value or an error, never with a panic; and what was read is read again alike.
#![expect(clippy::unwrap_used, reason = "what a test builds on must hold")]

use proptest::prelude::*;
use protocol::dcql::{ClaimPath, DcqlQuery, leaves};
use protocol::openid4vci::{
    CredentialOffer, CredentialRequest, CredentialResponse, IssuerMetadata, OfferLink, TokenRequest,
};
use protocol::openid4vp::{
    AuthorizationRequest, AuthorizationResponse, ClientId, RequestLink, RequestUriPost, Session, VpToken,
};
use protocol::{Endpoint, Form};
use serde_json::Value;

fn read_everything(bytes: &[u8]) {
    let issuer = Endpoint::parse("https://issuer.example").unwrap();
    let _ = Form::parse(bytes);
    let _ = CredentialOffer::parse(bytes);
    let _ = CredentialRequest::parse(bytes);
    let _ = CredentialResponse::parse(bytes);
    let _ = IssuerMetadata::parse(bytes, &issuer);
    let _ = TokenRequest::parse(bytes);
    let _ = AuthorizationResponse::parse(bytes);
    let _ = RequestUriPost::parse(bytes);
    let _ = DcqlQuery::parse(bytes);
    if let Ok(request) = AuthorizationRequest::parse(bytes) {
        let client_id = ClientId::new("c");
        let _ = request.check(Session { client_id: &client_id, wallet_nonce: None, now: 0 });
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = OfferLink::parse(text);
        let _ = RequestLink::parse(text);
        let _ = VpToken::parse(text);
        let _ = Endpoint::parse(text).map(|endpoint| endpoint.well_known("x"));
        let _ = ClientId::new(text).prefix();
    }
}

fn json() -> impl Strategy<Value = Value> {
    let name = prop_oneof![
        "[a-z_]{0,8}",
        prop::sample::select(vec![
            "credentials",
            "id",
            "format",
            "meta",
            "vct_values",
            "claims",
            "path",
            "values",
            "options",
            "claim_sets",
            "credential_sets",
            "client_id",
            "nonce",
            "dcql_query",
            "response_uri",
            "proofs",
            "jwt",
            "credential_configuration_id",
            "credential_issuer",
            "grants",
            "exp",
        ])
        .prop_map(str::to_owned),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(Value::from("dc+sd-jwt")),
        Just(Value::from("https://a.example")),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(name.clone(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        read_everything(&bytes);
    }

    #[test]
    fn json_never_panics(value in json()) {
        read_everything(&serde_json::to_vec(&value).unwrap());
    }

    #[test]
    fn links_never_panic(text in "(openid4vp|openid-credential-offer|https)://[ -~]{0,120}") {
        read_everything(text.as_bytes());
    }

    #[test]
    fn a_valid_query_is_written_back_alike(
        names in prop::collection::btree_set("[A-Za-z0-9_-]{1,8}", 1..4),
        claims in prop::collection::vec(prop::collection::vec("[a-z]{1,6}", 1..4), 1..5),
    ) {
        let credentials: Vec<Value> = names
            .iter()
            .map(|name| serde_json::json!({
                "id": name, "format": "dc+sd-jwt", "meta": {"vct_values": ["v"]},
                "claims": claims.iter().map(|path| serde_json::json!({"path": path})).collect::<Vec<_>>()
            }))
            .collect();
        let value = serde_json::json!({"credentials": credentials});
        let query = DcqlQuery::parse(&serde_json::to_vec(&value).unwrap()).unwrap();
        prop_assert_eq!(serde_json::to_value(query).unwrap(), value);
    }

    #[test]
    fn every_leaf_is_found_by_its_path(value in json()) {
        for path in leaves(&value, &[]) {
            let found = path.select(&value).unwrap();
            prop_assert_eq!(found.len(), 1);
            prop_assert_eq!(&found[0].0, &path);
        }
    }

    #[test]
    fn what_covers_accounts_for(steps in prop::collection::vec("[a-c]", 1..4), shown in prop::collection::vec("[a-c]", 1..4)) {
        let asked = ClaimPath::of_names(steps.iter().map(String::as_str)).unwrap();
        let shown = ClaimPath::of_names(shown.iter().map(String::as_str)).unwrap();
        prop_assert!(!asked.covers(&shown) || asked.accounts_for(&shown));
        prop_assert!(asked.covers(&asked));
    }
}

/// A list, read by the order of its elements, would be another message to whoever reads more strictly.
#[test]
fn a_list_in_the_place_of_an_object_is_no_message() {
    let issuer = Endpoint::parse("https://issuer.example").unwrap();
    let offer = r#"["https://issuer.example", ["a"], null]"#;
    assert!(CredentialOffer::parse(offer.as_bytes()).is_err());
    assert!(IssuerMetadata::parse(offer.as_bytes(), &issuer).is_err());
    assert!(AuthorizationRequest::parse(br#"["c", "vp_token", null, null, null, "n"]"#).is_err());
    let inside = r#"{"credentials":[["pid","dc+sd-jwt",false,{"vct_values":["x"]}]]}"#;
    assert!(DcqlQuery::parse(inside.as_bytes()).is_err());
    let as_object = r#"{"credentials":[{"id":"pid","format":"dc+sd-jwt","meta":{"vct_values":["x"]}}]}"#;
    assert!(DcqlQuery::parse(as_object.as_bytes()).is_ok());
}

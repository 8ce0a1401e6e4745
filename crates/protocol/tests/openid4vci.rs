//! OpenID4VCI 1.0: the specification's examples restated, and each refusal by its name.
#![expect(clippy::unwrap_used, reason = "what a test builds on must hold")]

use protocol::dcql::ClaimPath;
use protocol::openid4vci::{
    AuthorizationServerMetadata, BadCredentialRequest, BadProof, CredentialErrorCode, CredentialOffer,
    CredentialRequest, CredentialResponse, InputMode, IssuerMetadata, MetadataError, NonceResponse,
    OAuthErrorBody, OfferError, OfferLink, ProofClaims, ProofHeader, ProofKey, Proofs, Requested,
    TokenErrorCode, TokenRequest, TokenResponse, TxCodeRules, generate_tx_code,
};
use protocol::{Endpoint, Format, ParseError};
use rand_core::{RngCore, impls};
use serde_json::{Value, json};

fn url(text: &str) -> Endpoint {
    Endpoint::parse(text).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}

// §4.1.1
fn offer() -> Value {
    json!({
        "credential_issuer": "https://credential-issuer.example.com",
        "credential_configuration_ids": ["UniversityDegreeCredential", "org.iso.18013.5.1.mDL"],
        "grants": {
            "urn:ietf:params:oauth:grant-type:pre-authorized_code": {
                "pre-authorized_code": "oaKazRN8I0IbtZ0C7JuMn5",
                "tx_code": {
                    "length": 4,
                    "input_mode": "numeric",
                    "description": "Please provide the one-time code that was sent via e-mail"
                }
            }
        }
    })
}

#[test]
fn an_offer_is_read() {
    let offer = CredentialOffer::parse(&bytes(&offer())).unwrap();
    assert_eq!(offer.credential_configuration_ids, ["UniversityDegreeCredential", "org.iso.18013.5.1.mDL"]);
    let grant = offer.pre_authorized().unwrap();
    assert!(grant.code.matches("oaKazRN8I0IbtZ0C7JuMn5"));
    let rules = grant.tx_code.as_ref().unwrap();
    assert_eq!((rules.length, rules.input_mode), (Some(4), InputMode::Numeric));
    assert!(rules.fits("4935") && !rules.fits("493") && !rules.fits("49a5"));
}

#[test]
fn an_empty_tx_code_object_still_asks_for_one() {
    let mut offer = offer();
    offer["grants"]["urn:ietf:params:oauth:grant-type:pre-authorized_code"]["tx_code"] = json!({});
    let offer = CredentialOffer::parse(&bytes(&offer)).unwrap();
    assert!(offer.pre_authorized().unwrap().tx_code.as_ref().unwrap().fits("1"));
}

#[test]
fn an_offer_link_by_value_and_by_reference() {
    // §4.1.3
    let reference = "openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fserver%2Eexample%2Ecom%2Fcredential-offer%2FGkurKxf5T0Y-mnPFCHqWOMiZi4VS138cQO_V7PZHAdM";
    let at = url("https://server.example.com/credential-offer/GkurKxf5T0Y-mnPFCHqWOMiZi4VS138cQO_V7PZHAdM");
    assert_eq!(OfferLink::parse(reference), Ok(OfferLink::Reference(at.clone())));
    assert_eq!(OfferLink::parse(&OfferLink::Reference(at.clone()).to_string()), Ok(OfferLink::Reference(at)));

    let link = OfferLink::Value(Box::new(CredentialOffer::parse(&bytes(&offer())).unwrap()));
    let text = link.to_string();
    assert!(text.starts_with("openid-credential-offer://?credential_offer=%7B"));
    assert_eq!(OfferLink::parse(&text), Ok(link));
}

#[test]
fn offers_are_refused_by_name() {
    let with = |change: fn(&mut Value)| {
        let mut offer = offer();
        change(&mut offer);
        CredentialOffer::parse(&bytes(&offer)).unwrap_err()
    };
    assert_eq!(with(|o| o["credential_configuration_ids"] = json!([])), OfferError::Configurations);
    assert_eq!(with(|o| o["credential_configuration_ids"] = json!(["a", "a"])), OfferError::Configurations);
    assert!(matches!(with(|o| o["credential_configuration_ids"] = json!("a")), OfferError::Unreadable(_)));
    assert!(matches!(
        with(|o| o["credential_issuer"] = json!("http://issuer.example")),
        OfferError::Unreadable(_)
    ));
    let tx_code = |rules: Value| {
        let mut offer = offer();
        offer["grants"]["urn:ietf:params:oauth:grant-type:pre-authorized_code"]["tx_code"] = rules;
        CredentialOffer::parse(&bytes(&offer)).unwrap_err()
    };
    assert_eq!(tx_code(json!({"length": 0})), OfferError::TxCode);
    assert_eq!(tx_code(json!({"description": "x".repeat(301)})), OfferError::TxCode);

    let link = |text: &str| OfferLink::parse(text).unwrap_err();
    assert_eq!(link("openid4vp://authorize?client_id=x"), OfferError::NotAnOffer);
    assert_eq!(link("openid-credential-offer://?x=1"), OfferError::NotAnOffer);
    assert_eq!(link("no link at all"), OfferError::NotAnOffer);
    assert_eq!(
        link("openid-credential-offer://?credential_offer=a&credential_offer_uri=b"),
        OfferError::Both
    );
    let inside = "openid-credential-offer://?credential_offer_uri=http%3A%2F%2F192.168.0.1%2Fx";
    assert!(matches!(link(inside), OfferError::Reference(_)));
}

#[test]
fn metadata_is_read_and_belongs_to_the_issuer_asked() {
    let issuer = url("https://credential-issuer.example.com");
    // §12.2.4, shortened
    let metadata = json!({
        "credential_issuer": "https://credential-issuer.example.com",
        "authorization_servers": ["https://server.example.com"],
        "credential_endpoint": "https://credential-issuer.example.com/credential",
        "nonce_endpoint": "https://credential-issuer.example.com/nonce",
        "batch_credential_issuance": {"batch_size": 10},
        "credential_configurations_supported": {
            "SD_JWT_VC_example_in_OpenID4VCI": {
                "format": "dc+sd-jwt",
                "scope": "SD_JWT_VC_example_in_OpenID4VCI",
                "cryptographic_binding_methods_supported": ["jwk"],
                "credential_signing_alg_values_supported": ["ES256"],
                "proof_types_supported": {"jwt": {"proof_signing_alg_values_supported": ["ES256"]}},
                "vct": "SD_JWT_VC_example_in_OpenID4VCI",
                "credential_metadata": {
                    "display": [{"name": "IdentityCredential", "locale": "en-US", "background_color": "#12107c"}],
                    "claims": [{"path": ["given_name"], "display": [{"name": "Given Name", "locale": "en-US"}]}]
                }
            }
        },
        "something_new": true
    });
    let read = IssuerMetadata::parse(&bytes(&metadata), &issuer).unwrap();
    let configuration = &read.credential_configurations_supported["SD_JWT_VC_example_in_OpenID4VCI"];
    assert_eq!(configuration.format, Format::SdJwtVc);
    let shown = configuration.credential_metadata.as_ref().unwrap();
    assert_eq!(shown.claims[0].path, ClaimPath::of_names(["given_name"]).unwrap());

    assert_eq!(read.authorization_server(None), Some(&url("https://server.example.com")));
    let listed = url("https://server.example.com");
    assert_eq!(read.authorization_server(Some(&listed)), Some(&listed));
    assert_eq!(read.authorization_server(Some(&url("https://elsewhere.example"))), None);

    let other = url("https://credential-issuer.example.com/other");
    assert_eq!(IssuerMetadata::parse(&bytes(&metadata), &other), Err(MetadataError::OtherIssuer));
}

#[test]
fn an_issuer_without_servers_is_its_own() {
    let issuer = url("http://127.0.0.1:8081");
    let metadata = json!({
        "credential_issuer": "http://127.0.0.1:8081",
        "credential_endpoint": "http://127.0.0.1:8081/credential",
        "credential_configurations_supported": {}
    });
    let read = IssuerMetadata::parse(&bytes(&metadata), &issuer).unwrap();
    assert_eq!(read.authorization_server(None), Some(&issuer));
}

#[test]
fn authorization_server_metadata_keeps_the_names_of_the_specification() {
    let text = json!({
        "issuer": "https://server.example.com",
        "token_endpoint": "https://server.example.com/token",
        "response_types_supported": [],
        "grant_types_supported": ["urn:ietf:params:oauth:grant-type:pre-authorized_code"],
        "pre-authorized_grant_anonymous_access_supported": true
    });
    let read: AuthorizationServerMetadata = serde_json::from_value(text.clone()).unwrap();
    assert!(read.anonymous_access);
    assert_eq!(serde_json::to_value(read).unwrap(), text);
}

#[test]
fn a_token_request_is_read() {
    // §6.1
    let body = b"grant_type=urn:ietf:params:oauth:grant-type:pre-authorized_code&pre-authorized_code=SplxlOBeZQQYbYS6WxSbIA&tx_code=493536";
    let request = TokenRequest::parse(body).unwrap();
    let TokenRequest::PreAuthorized { code, tx_code, client_id } = &request else { panic!("{request:?}") };
    assert!(code.matches("SplxlOBeZQQYbYS6WxSbIA"));
    assert!(tx_code.as_ref().unwrap().matches("493536"));
    assert_eq!(*client_id, None);
    assert_eq!(TokenRequest::parse(request.to_form().encode().as_bytes()), Ok(request.clone()));
    assert!(!format!("{request:?}").contains("493536"));
}

#[test]
fn token_requests_are_refused_by_name() {
    let refused = |body: &str| TokenRequest::parse(body.as_bytes());
    assert_eq!(refused(""), Err(ParseError::MissingParameter("grant_type")));
    let grant = "grant_type=urn:ietf:params:oauth:grant-type:pre-authorized_code";
    assert_eq!(refused(grant), Err(ParseError::MissingParameter("pre-authorized_code")));
    assert_eq!(
        refused(&format!("{grant}&pre-authorized_code=")),
        Err(ParseError::MissingParameter("pre-authorized_code"))
    );
    assert_eq!(refused("grant_type=a&grant_type=b"), Err(ParseError::Repeated("grant_type".into())));
    assert_eq!(refused("grant_type=password"), Ok(TokenRequest::OtherGrant("password".into())));
}

#[test]
fn a_token_response_is_read() {
    // §6.2
    let response: TokenResponse = serde_json::from_value(json!({
        "access_token": "eyJhbGciOiJSUzI1NiIsInR5cCI6Ikp..sHQ",
        "token_type": "bearer",
        "expires_in": 86400,
        "authorization_details": [{
            "type": "openid_credential",
            "credential_configuration_id": "UniversityDegreeCredential",
            "credential_identifiers": ["CivilEngineeringDegree-2023", "ElectricalEngineeringDegree-2023"]
        }]
    }))
    .unwrap();
    assert!(response.is_bearer());
    assert_eq!(response.credential_identifiers("UniversityDegreeCredential").len(), 2);
    assert!(response.credential_identifiers("Other").is_empty());
    assert!(!format!("{response:?}").contains("eyJhbGci"));
    let plain = serde_json::to_value(TokenResponse::bearer("t".into(), 300)).unwrap();
    assert_eq!(plain, json!({"access_token": "t", "token_type": "Bearer", "expires_in": 300}));
}

#[test]
fn a_nonce_response_is_read() {
    // §7.2
    let response: NonceResponse =
        serde_json::from_value(json!({"c_nonce": "wKI4LT17ac15ES9bw8ac4"})).unwrap();
    assert_eq!(response.c_nonce, "wKI4LT17ac15ES9bw8ac4");
}

#[test]
fn a_credential_request_survives_the_round_trip() {
    // §8.2
    let text = json!({"credential_configuration_id": "org.iso.18013.5.1.mDL", "proofs": {"jwt": ["eyJraWQiOiJkaWQ6ZXhhbXBsZTpl"]}});
    let request = CredentialRequest::parse(&bytes(&text)).unwrap();
    assert_eq!(request.requested, Requested::Configuration("org.iso.18013.5.1.mDL".into()));
    assert_eq!(request.proofs, Some(Proofs::Jwt(vec!["eyJraWQiOiJkaWQ6ZXhhbXBsZTpl".into()])));
    assert_eq!(serde_json::to_value(&request).unwrap(), text);
    let text = json!({"credential_identifier": "CivilEngineeringDegree-2023"});
    let request = CredentialRequest::parse(&bytes(&text)).unwrap();
    assert_eq!(request.requested, Requested::Identifier("CivilEngineeringDegree-2023".into()));
}

#[test]
fn credential_requests_are_refused_by_name() {
    let refused = |text: Value| CredentialRequest::parse(&bytes(&text)).unwrap_err();
    let with = |proofs: Value| refused(json!({"credential_configuration_id": "a", "proofs": proofs}));
    assert_eq!(refused(json!({})), BadCredentialRequest::NotOneCredential);
    assert_eq!(
        refused(json!({"credential_identifier": "a", "credential_configuration_id": "b"})),
        BadCredentialRequest::NotOneCredential
    );
    for proofs in [
        json!({}),
        json!({"jwt": []}),
        json!({"jwt": "eyJ"}),
        json!({"jwt": [1]}),
        json!({"jwt": ["a"], "attestation": ["b"]}),
        json!({"attestation": ["a", "b"]}),
        json!({"jwt": vec!["a"; 101]}),
    ] {
        assert_eq!(with(proofs.clone()), BadCredentialRequest::Proofs, "{proofs}");
    }
    assert_eq!(with(json!({})).code(), CredentialErrorCode::InvalidProof);
    let unreadable = CredentialRequest::parse(b"{\"credential_configuration_id\": 1}").unwrap_err();
    assert_eq!(unreadable.code().as_str(), "invalid_credential_request");
}

#[test]
fn credential_responses_are_told_apart() {
    // §8.3
    let issued =
        CredentialResponse::parse(br#"{"credentials":[{"credential":"LUpixVCWJk0eOt4CXQe1NXK"}]}"#).unwrap();
    assert_eq!(issued, CredentialResponse::one(json!("LUpixVCWJk0eOt4CXQe1NXK")));
    assert!(!format!("{issued:?}").contains("LUpix"));
    let deferred = CredentialResponse::parse(br#"{"transaction_id":"8xLOxBtZp8","interval":3600}"#).unwrap();
    assert_eq!(
        deferred,
        CredentialResponse::Deferred { transaction_id: "8xLOxBtZp8".into(), interval: 3600 }
    );
}

#[test]
fn error_codes_keep_their_text() {
    // §8.3.1.2
    let body: OAuthErrorBody<CredentialErrorCode> =
        serde_json::from_value(json!({"error": "invalid_nonce"})).unwrap();
    assert_eq!(body.error, CredentialErrorCode::InvalidNonce);
    let body: OAuthErrorBody<TokenErrorCode> = serde_json::from_value(json!({"error": "slow_down"})).unwrap();
    assert_eq!(body.error, TokenErrorCode::Other("slow_down".into()));
}

// Appendix F.1
fn header() -> Value {
    json!({
        "typ": "openid4vci-proof+jwt",
        "alg": "ES256",
        "jwk": {"kty": "EC", "crv": "P-256", "x": "nUWAoAv3XZith8E7i19OdaxOLYFOwM-Z2EuM02TirT4", "y": "HskHU8BjUi1U9Xqi7Swmj8gwAK_0xkcDjEW_71SosEY"}
    })
}

#[test]
fn a_proof_is_checked() {
    let header: ProofHeader = serde_json::from_value(header()).unwrap();
    assert!(matches!(header.check(), Ok(ProofKey::Jwk(_))));
    let issuer = url("https://credential-issuer.example.com");
    let claims: ProofClaims = serde_json::from_value(json!({
        "aud": "https://credential-issuer.example.com", "iat": 1701960444, "nonce": "LarRGSbmUPYtRYO6BQ4yn8"
    }))
    .unwrap();
    assert_eq!(claims.check(&issuer, 1_701_960_450, 300), Ok("LarRGSbmUPYtRYO6BQ4yn8"));
    assert_eq!(claims.check(&issuer, 1_701_960_745, 300), Err(BadProof::TooOld));
    assert_eq!(claims.check(&issuer, 1_701_960_383, 300), Err(BadProof::FromTheFuture));
    assert_eq!(claims.check(&url("https://other.example"), 1_701_960_450, 300), Err(BadProof::Audience));
    let without = ProofClaims { nonce: None, ..claims };
    assert_eq!(without.check(&issuer, 1_701_960_450, 300), Err(BadProof::NoNonce));
    assert_eq!(BadProof::NoNonce.code(), CredentialErrorCode::InvalidProof);
    assert_eq!(BadProof::Audience.code(), CredentialErrorCode::InvalidProof);
}

#[test]
fn proof_headers_are_refused_by_name() {
    let refused = |change: fn(&mut Value)| {
        let mut value = header();
        change(&mut value);
        serde_json::from_value::<ProofHeader>(value).unwrap().check().unwrap_err()
    };
    assert_eq!(refused(|h| h["typ"] = json!("JWT")), BadProof::Type);
    assert_eq!(refused(|h| h["alg"] = json!("none")), BadProof::Algorithm);
    assert_eq!(refused(|h| h["alg"] = json!("HS256")), BadProof::Algorithm);
    assert_eq!(refused(|h| h["kid"] = json!("did:key:z6Mk#z6Mk")), BadProof::NotOneKey);
    assert_eq!(refused(|h| h["jwk"] = Value::Null), BadProof::NotOneKey);
    assert_eq!(refused(|h| h["jwk"]["d"] = json!("AA")), BadProof::PrivateKey);
}

struct Counting(u8);

impl RngCore for Counting {
    fn next_u32(&mut self) -> u32 {
        impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, out: &mut [u8]) {
        for byte in out {
            self.0 = self.0.wrapping_add(1);
            *byte = self.0;
        }
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(out);
        Ok(())
    }
}

#[test]
fn transaction_codes_are_digits_without_bias() {
    let rules = TxCodeRules::digits(6, "");
    let mut rng = Counting(0);
    let mut counts = [0u32; 10];
    // 250 digits: with 256 counted bytes, those above 249 are skipped.
    for _ in 0..125 {
        let code = generate_tx_code(&mut rng, 6);
        assert!(rules.fits(code.expose()));
        code.expose().bytes().for_each(|digit| counts[usize::from(digit - b'0')] += 1);
    }
    assert_eq!(counts, [75; 10]);
}

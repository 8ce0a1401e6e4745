//! OpenID4VP 1.0: the specification's examples restated, and each refusal by its name.
#![expect(clippy::unwrap_used, reason = "what a test builds on must hold")]

use protocol::dcql::{QueryError, QueryId};
use protocol::openid4vp::{
    AuthorizationRequest, AuthorizationResponse, BadLink, BadRequest, BadResponse, BadTransaction,
    CheckedRequest, ClientId, ClientMetadata, Confirmation, DirectPostReply, Line, Presentation,
    RequestHeader, RequestLink, RequestSource, RequestUriMethod, RequestUriPost, Session, TransactionData,
    VerifierInfo, VpErrorCode, VpFormats, VpToken, Words,
};
use protocol::{Endpoint, ParseError, Secret};
use serde_json::{Value, json};

const NOW: i64 = 1_744_743_394;
const CLIENT: &str = "decentralized_identifier:did:hui:anhui:zVerifier";

fn request() -> Value {
    json!({
        "client_id": CLIENT,
        "response_type": "vp_token",
        "response_mode": "direct_post",
        "response_uri": "https://client.example.org/post",
        "aud": "https://self-issued.me/v2",
        "nonce": "n-0S6_WzA2Mj",
        "state": "eyJhb_x",
        "iat": NOW,
        "exp": NOW + 300,
        "dcql_query": {"credentials": [{
            "id": "licence",
            "format": "dc+sd-jwt",
            "meta": {"vct_values": ["urn:huizheng:business-licence:1"]},
            "claims": [{"path": ["name"]}]
        }]},
        "client_metadata": {"vp_formats_supported": {"dc+sd-jwt": {"sd-jwt_alg_values": ["ES256"], "kb-jwt_alg_values": ["ES256"]}}},
        "verifier_info": [{"format": "huizheng.purpose", "data": {"purpose": "open-account"}}]
    })
}

fn check_at(value: &Value, now: i64, wallet_nonce: Option<&str>) -> Result<CheckedRequest, BadRequest> {
    let client_id = ClientId::new(CLIENT);
    let request = AuthorizationRequest::parse(&serde_json::to_vec(value).unwrap())?;
    request.check(Session { client_id: &client_id, wallet_nonce, now })
}

fn refused(change: fn(&mut Value)) -> BadRequest {
    let mut value = request();
    change(&mut value);
    check_at(&value, NOW, None).unwrap_err()
}

#[test]
fn a_request_is_read_and_checked() {
    let checked = check_at(&request(), NOW, None).unwrap();
    assert_eq!(checked.client_id.did(), Some("did:hui:anhui:zVerifier"));
    assert_eq!(checked.nonce, "n-0S6_WzA2Mj");
    assert_eq!(checked.purpose.as_deref(), Some("open-account"));
    assert_eq!(checked.encryption, None);
    assert_eq!(serde_json::to_value(checked.client_metadata).unwrap(), request()["client_metadata"]);
}

#[test]
fn a_request_survives_the_round_trip() {
    let read = AuthorizationRequest::parse(&serde_json::to_vec(&request()).unwrap()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), request());
}

#[test]
fn requests_are_refused_by_name() {
    assert_eq!(
        refused(|r| r["client_id"] = json!("decentralized_identifier:did:hui:anhui:zOther")),
        BadRequest::OtherClient
    );
    assert_eq!(
        refused(|r| r["request_uri"] = json!("https://client.example.org/request")),
        BadRequest::Nested
    );
    assert_eq!(refused(|r| r["request"] = json!("e30.e30.")), BadRequest::Nested);
    assert_eq!(refused(|r| r["response_type"] = json!("code")), BadRequest::ResponseType);
    assert_eq!(refused(|r| r["response_mode"] = json!("fragment")), BadRequest::ResponseMode);
    assert_eq!(refused(|r| r["response_mode"] = Value::Null), BadRequest::ResponseMode);
    assert_eq!(refused(|r| r["response_uri"] = Value::Null), BadRequest::ResponseUri);
    assert_eq!(
        refused(|r| r["redirect_uri"] = json!("https://client.example.org/cb")),
        BadRequest::ResponseUri
    );
    assert_eq!(refused(|r| r["nonce"] = json!("")), BadRequest::Nonce);
    assert_eq!(refused(|r| r["nonce"] = json!("a b")), BadRequest::Nonce);
    assert_eq!(refused(|r| r["aud"] = json!("https://wallet.example")), BadRequest::Audience);
    assert_eq!(refused(|r| r["aud"] = json!(["https://self-issued.me/v2", "x"])), BadRequest::Audience);
    assert_eq!(refused(|r| r["dcql_query"] = Value::Null), BadRequest::NoQuery);
    assert_eq!(refused(|r| r["scope"] = json!("com.example.id")), BadRequest::NoQuery);
    assert_eq!(refused(|r| r["wallet_nonce"] = json!("x")), BadRequest::WalletNonce);
    assert_eq!(
        refused(|r| r["dcql_query"]["credentials"] = json!([])),
        BadRequest::Query(QueryError::Empty("credentials"))
    );
    for (wrong, value) in [
        ("response_uri", json!("http://192.168.1.1/x")),
        ("response_uri", json!("https://u:p@client.example.org/")),
        ("nonce", json!(1)),
        ("exp", json!("soon")),
        ("dcql_query", json!("x")),
    ] {
        let mut request = request();
        request[wrong] = value;
        assert!(matches!(check_at(&request, NOW, None), Err(BadRequest::Unreadable(_))), "{wrong}");
    }
}

#[test]
fn each_refusal_has_the_code_of_the_specification() {
    assert_eq!(BadRequest::OtherKey.code(), VpErrorCode::InvalidClient);
    assert_eq!(BadRequest::from(BadTransaction::Type).code(), VpErrorCode::InvalidTransactionData);
    assert_eq!(BadRequest::Expired.code(), VpErrorCode::InvalidRequest);
    assert_eq!(BadLink::Method.code(), VpErrorCode::InvalidRequestUriMethod);
}

#[test]
fn time_bounds_a_request() {
    assert!(check_at(&request(), NOW + 359, None).is_ok());
    assert_eq!(check_at(&request(), NOW + 360, None), Err(BadRequest::Expired));
    assert_eq!(check_at(&request(), NOW - 61, None), Err(BadRequest::FromTheFuture));
    let mut endless = request();
    // As far as a number is exact for every reader.
    endless["exp"] = json!(1_i64 << 53);
    assert!(check_at(&endless, NOW, None).is_ok());
}

#[test]
fn the_wallets_nonce_must_come_back() {
    let mut value = request();
    value["wallet_nonce"] = json!("qPmxiNFCR3QTm19POc8u");
    assert!(check_at(&value, NOW, Some("qPmxiNFCR3QTm19POc8u")).is_ok());
    assert_eq!(check_at(&value, NOW, Some("other")), Err(BadRequest::WalletNonce));
    assert_eq!(check_at(&request(), NOW, Some("qPmxiNFCR3QTm19POc8u")), Err(BadRequest::WalletNonce));
}

#[test]
fn the_key_must_be_the_verifiers() {
    // §5.9.3: the request's kid is a DID URL of the DID in client_id.
    let client = ClientId::of_did("did:example:123");
    let header: RequestHeader = serde_json::from_value(
        json!({"typ": "oauth-authz-req+jwt", "alg": "ES256", "kid": "did:example:123#1"}),
    )
    .unwrap();
    assert_eq!(header.check_did(&client), Ok("did:example:123#1"));
    let with = |change: fn(&mut RequestHeader)| {
        let mut header = header.clone();
        change(&mut header);
        header.check_did(&ClientId::of_did("did:example:123")).unwrap_err()
    };
    assert_eq!(with(|h| h.typ = "JWT".into()), BadRequest::Type);
    assert_eq!(with(|h| h.alg = "none".into()), BadRequest::Algorithm);
    assert_eq!(with(|h| h.alg = "HS256".into()), BadRequest::Algorithm);
    assert_eq!(with(|h| h.kid = None), BadRequest::OtherKey);
    assert_eq!(with(|h| h.kid = Some("did:example:1234#1".into())), BadRequest::OtherKey);
    assert_eq!(with(|h| h.kid = Some("did:example:123".into())), BadRequest::OtherKey);
    assert_eq!(header.check_did(&ClientId::new("x509_hash:abc")), Err(BadRequest::ClientIdPrefix));
}

#[test]
fn links_are_read() {
    // §5.4, §5.10
    let link = RequestLink::parse(
        "openid4vp://authorize?client_id=x509_san_dns%3Aclient.example.org&request_uri=https%3A%2F%2Fclient.example.org%2Frequest%2Fvapof4ql2i7m41m68uep&request_uri_method=post",
    )
    .unwrap();
    assert_eq!(link.client_id.as_str(), "x509_san_dns:client.example.org");
    let uri = Endpoint::parse("https://client.example.org/request/vapof4ql2i7m41m68uep").unwrap();
    assert_eq!(link.source, RequestSource::Uri { uri: uri.clone(), method: RequestUriMethod::Post });
    assert_eq!(RequestLink::parse(&link.to_string()), Ok(link));
    let by_get = RequestLink::to(ClientId::new("c"), uri);
    assert_eq!(RequestLink::parse(&by_get.to_string()), Ok(by_get));
    let by_value = RequestLink::parse("openid4vp://?client_id=c&request=eyJ.eyJ.sig").unwrap();
    assert_eq!(by_value.source, RequestSource::Object("eyJ.eyJ.sig".into()));
}

#[test]
fn links_are_refused_by_name() {
    let refused = |text: &str| RequestLink::parse(text).unwrap_err();
    assert_eq!(refused("openid-credential-offer://?credential_offer=x"), BadLink::NotARequest);
    assert_eq!(refused("https://shop.example/?q=1"), BadLink::NotARequest);
    assert_eq!(refused("hello"), BadLink::NotARequest);
    assert_eq!(refused("openid4vp://?request_uri=https%3A%2F%2Fa.example"), BadLink::NoClientId);
    assert_eq!(refused("openid4vp://?client_id=c&response_type=vp_token&nonce=n"), BadLink::NotSigned);
    assert_eq!(refused("openid4vp://?client_id=c&request=a&request_uri=b"), BadLink::Both);
    assert_eq!(
        refused("openid4vp://?client_id=c&request_uri=https%3A%2F%2Fa.example&request_uri_method=POST"),
        BadLink::Method
    );
    assert_eq!(refused("openid4vp://?client_id=c&request=a&request_uri_method=post"), BadLink::Method);
    assert!(matches!(
        refused("openid4vp://?client_id=c&request_uri=http%3A%2F%2F10.0.0.1"),
        BadLink::RequestUri(_)
    ));
    let twice = refused("openid4vp://?client_id=c&client_id=d&request=a");
    assert_eq!(twice, BadLink::Unreadable(ParseError::Repeated("client_id".into())));
}

#[test]
fn the_wallets_post_is_read() {
    // §5.10.1
    let body = b"wallet_metadata=%7B%22vp_formats_supported%22%3A%7B%22dc%2Bsd-jwt%22%3A%7B%7D%7D%7D&wallet_nonce=qPmxiNFCR3QTm19POc8u";
    let post = RequestUriPost::parse(body).unwrap();
    assert_eq!(post.wallet_nonce.as_deref(), Some("qPmxiNFCR3QTm19POc8u"));
    assert!(post.wallet_metadata.as_ref().unwrap().contains_key("vp_formats_supported"));
    assert_eq!(RequestUriPost::parse(post.to_form().encode().as_bytes()), Ok(post));
    let long = format!("wallet_nonce={}", "a".repeat(513));
    assert_eq!(RequestUriPost::parse(long.as_bytes()), Err(ParseError::BadParameter("wallet_nonce")));
    assert!(RequestUriPost::parse(b"wallet_metadata=1").is_err());
}

#[test]
fn a_response_is_read() {
    // §8.1, §8.2
    let form = AuthorizationResponse::Presented {
        vp_token: VpToken::one(
            QueryId::new("my_credential").unwrap(),
            Presentation::Text("eyJhbGci...QMA".into()),
        ),
        state: Some(Secret::from("eyJhb...6-sVA")),
    };
    let body = form.to_form().encode();
    assert_eq!(AuthorizationResponse::parse(body.as_bytes()), Ok(form.clone()));
    assert!(!format!("{form:?}").contains("eyJ"));
    let error =
        AuthorizationResponse::parse(b"error=access_denied&error_description=The+holder+declined&state=s")
            .unwrap();
    assert_eq!(
        error,
        AuthorizationResponse::Refused {
            error: VpErrorCode::AccessDenied,
            description: Some("The holder declined".into()),
            state: Some("s".into())
        }
    );
    assert_eq!(
        AuthorizationResponse::parse(b"response=eyJ"),
        Ok(AuthorizationResponse::Encrypted("eyJ".into()))
    );
}

#[test]
fn responses_are_refused_by_name() {
    let refused = |body: &str| AuthorizationResponse::parse(body.as_bytes()).unwrap_err();
    let token = |json: &str| VpToken::parse(json).unwrap_err();
    assert_eq!(refused(""), BadResponse::NotOneKind);
    assert_eq!(refused("vp_token=%7B%7D&error=access_denied"), BadResponse::NotOneKind);
    assert!(matches!(refused("state=1&state=2"), BadResponse::Unreadable(ParseError::Repeated(_))));
    assert_eq!(token("{}"), BadResponse::Count);
    assert_eq!(token(r#"{"a":[]}"#), BadResponse::Count);
    assert_eq!(token(&json!({"a": vec!["x"; 65]}).to_string()), BadResponse::Count);
    for wrong in
        ["eyJ.a.b", r#"["eyJ"]"#, r#"{"a":"eyJ"}"#, r#"{"a":[1]}"#, r#"{"a":[null]}"#, r#"{"a b":["x"]}"#]
    {
        assert!(matches!(token(wrong), BadResponse::VpToken(_)), "{wrong}");
    }
}

#[test]
fn small_structures_keep_the_names_of_the_specification() {
    assert_eq!(serde_json::to_value(DirectPostReply::default()).unwrap(), json!({}));
    let info = VerifierInfo::for_purpose("open-account");
    assert_eq!(serde_json::to_value(&info).unwrap(), request()["verifier_info"][0]);
    let metadata = ClientMetadata {
        vp_formats_supported: Some(VpFormats::new(&["ES256"], &["eddsa-jcs-2022"]).with_mdoc(&[-7])),
        ..ClientMetadata::default()
    };
    assert_eq!(
        serde_json::to_value(metadata).unwrap(),
        json!({"vp_formats_supported": {
            "dc+sd-jwt": {"sd-jwt_alg_values": ["ES256"], "kb-jwt_alg_values": ["ES256"]},
            "ldp_vc": {"proof_type_values": ["DataIntegrityProof"], "cryptosuite_values": ["eddsa-jcs-2022"]},
            "mso_mdoc": {"issuerauth_alg_values": [-7], "deviceauth_alg_values": [-7]}
        }})
    );
}

fn key_to_encrypt_to() -> Value {
    // OpenID4VP 1.0 §8.3.1, the example's key.
    json!({
        "kty": "EC", "kid": "ac", "use": "enc", "crv": "P-256", "alg": "ECDH-ES",
        "x": "YO4epjifD-KWeq1sL2tNmm36BhXnkJ0He-WqMYrp9Fk",
        "y": "Hekpm0zfK7C-YccH5iBjcIXgf6YdUvNUac_0At55Okk"
    })
}

fn encrypted(request: &mut Value) {
    request["response_mode"] = json!("direct_post.jwt");
    request["client_metadata"]["jwks"] = json!({ "keys": [key_to_encrypt_to()] });
    request["client_metadata"]["encrypted_response_enc_values_supported"] = json!(["A128GCM", "A256GCM"]);
}

#[test]
fn the_key_and_the_encryption_of_the_answer_are_picked() {
    let picked = |change: fn(&mut Value)| {
        let mut value = request();
        encrypted(&mut value);
        change(&mut value["client_metadata"]);
        check_at(&value, NOW, None).map(|checked| checked.encryption.unwrap())
    };
    // HAIP 1.0 §5: of both the stronger.
    let both = picked(|_| ()).unwrap();
    assert_eq!((both.enc, Value::Object(both.jwk)), ("A256GCM", key_to_encrypt_to()));
    let none = picked(|m| m["encrypted_response_enc_values_supported"] = Value::Null).unwrap();
    assert_eq!(none.enc, "A128GCM");
    let among = picked(|m| m["jwks"]["keys"] = json!([{"kty": "RSA"}, 1, key_to_encrypt_to()])).unwrap();
    assert_eq!(Value::Object(among.jwk), key_to_encrypt_to());

    assert_eq!(picked(|m| m["jwks"] = Value::Null), Err(BadRequest::NoEncryptionKey));
    for (name, wrong) in [
        ("alg", json!("ECDH-ES+A256KW")),
        ("use", json!("sig")),
        ("crv", json!("P-384")),
        ("alg", Value::Null),
    ] {
        let mut value = request();
        encrypted(&mut value);
        value["client_metadata"]["jwks"]["keys"][0][name] = wrong;
        assert_eq!(check_at(&value, NOW, None), Err(BadRequest::NoEncryptionKey), "{name}");
    }
    let other = picked(|m| m["encrypted_response_enc_values_supported"] = json!(["A128CBC-HS256"]));
    assert_eq!(other, Err(BadRequest::ContentEncryption));
}

#[test]
fn what_is_encrypted_reads_as_the_form_does() {
    let query = QueryId::new("licence").unwrap();
    let presented = AuthorizationResponse::Presented {
        vp_token: VpToken::one(query, Presentation::Text("eyJ~".into())),
        state: Some("s".into()),
    };
    let payload = presented.to_payload().unwrap();
    let read: Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(read, json!({"vp_token": {"licence": ["eyJ~"]}, "state": "s"}));
    assert_eq!(AuthorizationResponse::parse_payload(&payload), Ok(presented));
    let refused = AuthorizationResponse::Refused {
        error: VpErrorCode::AccessDenied,
        description: None,
        state: Some("s".into()),
    };
    assert_eq!(AuthorizationResponse::parse_payload(&refused.to_payload().unwrap()), Ok(refused));
    assert_eq!(AuthorizationResponse::Encrypted("a".into()).to_payload(), None);
    for (wrong, name) in [
        (json!({}), BadResponse::NotOneKind),
        (json!({"vp_token": {"a": ["x"]}, "error": "e"}), BadResponse::NotOneKind),
        (json!({"vp_token": {"a": []}}), BadResponse::Count),
    ] {
        assert_eq!(AuthorizationResponse::parse_payload(wrong.to_string().as_bytes()), Err(name));
    }
}

fn confirmation() -> Confirmation {
    let words = |zh: &str, en: &str| Words { zh: zh.into(), en: en.into() };
    Confirmation {
        title: words("开立对公账户", "Open a business account"),
        lines: vec![Line { label: words("账户类型", "Kind"), value: "基本户 basic".into() }],
    }
}

#[test]
fn transaction_data_is_read_hashed_and_found_again() {
    let ids = [QueryId::new("licence").unwrap()];
    let made = TransactionData::confirming(&confirmation(), &ids).unwrap();
    let mut value = request();
    value["transaction_data"] = json!([made.text()]);
    let read = check_at(&value, NOW, None).unwrap().transaction_data;
    assert_eq!(read, std::slice::from_ref(&made));
    assert_eq!(read[0].confirmation(), Ok(confirmation()));
    let claims = TransactionData::claims(&[&made]);
    assert_eq!(claims["transaction_data_hashes"], json!([made.hash()]));
    assert!(made.is_in(&claims));
    let mut other = confirmation();
    other.lines[0].value = "other".into();
    assert!(!TransactionData::confirming(&other, &ids).unwrap().is_in(&claims), "another transaction");
    let mut by_other = claims.clone();
    by_other.insert("transaction_data_hashes_alg".into(), json!("sha-384"));
    assert!(!made.is_in(&by_other), "hashed otherwise");
    assert!(TransactionData::claims(&[]).is_empty() && !made.is_in(&TransactionData::claims(&[])));
    assert!(!format!("{made:?}").contains("账户"));
}

#[test]
fn the_hash_is_the_one_of_the_specification() {
    // OpenID4VP 1.0 §B.3.3.1: over the base64url text as it came.
    let text = "eyJ0eXBlIjoieCIsImNyZWRlbnRpYWxfaWRzIjpbImEiXX0";
    let read = TransactionData::parse(text).unwrap();
    use base64::Engine as _;
    let expected = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .encode(<sha2::Sha256 as sha2::Digest>::digest(text.as_bytes()));
    assert_eq!(read.hash(), expected);
}

#[test]
fn transaction_data_is_refused_by_name() {
    use base64::Engine as _;
    let encode = |value: Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
    let refused = |texts: Vec<String>| {
        let mut value = request();
        value["transaction_data"] = json!(texts);
        match check_at(&value, NOW, None).unwrap_err() {
            BadRequest::TransactionData(why) => why,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(vec![]), BadTransaction::Count);
    let good = encode(json!({"type": "x", "credential_ids": ["licence"]}));
    assert_eq!(refused(vec![good; 9]), BadTransaction::Count);
    assert_eq!(refused(vec!["%".into()]), BadTransaction::Encoding);
    assert!(matches!(refused(vec!["e30".into()]), BadTransaction::Unreadable(_)));
    for ids in [json!([]), json!(["other"])] {
        let text = encode(json!({"type": "x", "credential_ids": ids}));
        assert_eq!(refused(vec![text]), BadTransaction::Credential);
    }
    let hash =
        json!({"type": "x", "credential_ids": ["licence"], "transaction_data_hashes_alg": ["sha3-512"]});
    assert_eq!(refused(vec![encode(hash)]), BadTransaction::Hash);
    let foreign =
        TransactionData::parse(&encode(json!({"type": "x", "credential_ids": ["licence"]}))).unwrap();
    assert_eq!(foreign.confirmation(), Err(BadTransaction::Type));
    for value in
        ["", " ", "a\nb", "\u{202e}evil", "\u{61c}evil", "a\u{2028}b", "a\u{e0041}b", &"x".repeat(201)]
    {
        let mut words = confirmation();
        words.lines[0].value = value.into();
        assert_eq!(words.check(), Err(BadTransaction::Words), "{value:?}");
    }
}

#[test]
fn a_certificate_must_be_the_one_in_the_client_id() {
    use base64::Engine as _;
    let x5c = vec![base64::engine::general_purpose::STANDARD.encode(b"certificate")];
    let header =
        RequestHeader { typ: "oauth-authz-req+jwt".into(), alg: "ES256".into(), kid: None, x5c: Some(x5c) };
    let client = ClientId::of_certificate(b"certificate");
    assert_eq!(header.check_certificate(&client), Ok(vec![b"certificate".to_vec()]));
    assert_eq!(header.check_certificate(&ClientId::of_host("a.example")), Ok(vec![b"certificate".to_vec()]));
    let other = ClientId::of_certificate(b"another");
    assert_eq!(header.check_certificate(&other), Err(BadRequest::OtherKey));
    let did = ClientId::of_did("did:example:123");
    assert_eq!(header.check_certificate(&did), Err(BadRequest::ClientIdPrefix));
    let with = |x5c: Option<Vec<String>>| RequestHeader { x5c, ..header.clone() }.check_certificate(&client);
    for wrong in [None, Some(vec![]), Some(vec!["%".into()]), Some(vec!["YQ==".into(); 5])] {
        assert_eq!(with(wrong), Err(BadRequest::Certificate));
    }
    let none = RequestHeader { alg: "none".into(), ..header.clone() };
    assert_eq!(none.check_certificate(&client), Err(BadRequest::Algorithm));
}

#[test]
fn the_answer_goes_to_the_host_that_asks() {
    let at = |host: &str| {
        let client_id = ClientId::of_host(host);
        let mut value = request();
        value["client_id"] = json!(client_id);
        let request = AuthorizationRequest::parse(&serde_json::to_vec(&value).unwrap()).unwrap();
        request.check(Session { client_id: &client_id, wallet_nonce: None, now: NOW }).map(drop)
    };
    assert_eq!(at("client.example.org"), Ok(()));
    assert_eq!(at("example.org"), Err(BadRequest::ResponseHost));
}

//! Authorization requests and answers: what is right passes unchanged, what is not is named.

use protocol::Endpoint;
use protocol::openid4vci::{
    AuthorizationErrorCode, AuthorizationRequest, AuthorizationResponse, BadAuthorizationResponse,
    TokenRequest,
};

const RIGHT: &str = "response_type=code&client_id=w&redirect_uri=https%3A%2F%2Fw.example%2Fcb&state=s\
    &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&scope=a+b";

#[test]
fn a_request_survives_the_round_trip() {
    let request = AuthorizationRequest::parse(RIGHT.as_bytes()).unwrap();
    assert_eq!(request.scope, ["a", "b"]);
    assert_eq!(AuthorizationRequest::parse(request.to_form().encode().as_bytes()), Ok(request));
}

#[test]
fn each_flaw_has_its_code() {
    let details = |json: &str| {
        let form: String = url::form_urlencoded::byte_serialize(json.as_bytes()).collect();
        RIGHT.replace("scope=a+b", &format!("authorization_details={form}"))
    };
    let one = r#"{"type":"openid_credential","credential_configuration_id":"a"}"#;
    assert!(AuthorizationRequest::parse(details(&format!("[{one}]")).as_bytes()).is_ok());
    let flaws = [
        ("token_instead_of_code", RIGHT.replace("=code&", "=token&"), "unsupported_response_type"),
        ("pkce_missing", RIGHT.replace("code_challenge=", "x="), "invalid_request"),
        ("pkce_plain", RIGHT.replace("S256", "plain"), "invalid_request"),
        ("pkce_without_method", RIGHT.replace("code_challenge_method=S256", "x=1"), "invalid_request"),
        ("challenge_short", RIGHT.replace("cM&", "&"), "invalid_request"),
        ("redirect_to_http", RIGHT.replace("https", "http"), "invalid_request"),
        (
            "redirect_to_script",
            RIGHT.replace("https%3A%2F%2Fw.example%2Fcb", "javascript%3A1"),
            "invalid_request",
        ),
        ("no_redirect", RIGHT.replace("redirect_uri", "x"), "invalid_request"),
        ("no_client", RIGHT.replace("client_id", "x"), "invalid_request"),
        ("client_twice", format!("{RIGHT}&client_id=w"), "invalid_request"),
        ("a_reference_inside", format!("{RIGHT}&request_uri=urn%3Ax"), "invalid_request"),
        ("nothing_asked", RIGHT.replace("scope", "x"), "invalid_scope"),
        ("details_no_json", details("[{"), "invalid_authorization_details"),
        ("details_empty", details("[]"), "invalid_authorization_details"),
        ("details_twice_the_same", details(&format!("[{one},{one}]")), "invalid_authorization_details"),
        ("details_of_another_type", details(r#"[{"type":"x"}]"#), "invalid_authorization_details"),
    ];
    for (name, form, code) in flaws {
        let error = AuthorizationRequest::parse(form.as_bytes()).unwrap_err();
        assert_eq!(error.code().as_str(), code, "{name}: {error}");
    }
}

#[test]
fn an_answer_must_be_from_whom_and_for_what_was_asked() {
    let issuer = Endpoint::parse("https://issuer.example").unwrap();
    let read = |address: &str| AuthorizationResponse::parse(address, "s", &issuer);
    let answer = "https://w.example/cb?code=c&state=s&iss=https%3A%2F%2Fissuer.example";
    assert_eq!(read(answer).unwrap().outcome.unwrap().expose(), "c");
    let denied = answer.replace("code=c", "error=access_denied");
    assert_eq!(read(&denied).unwrap().outcome, Err(AuthorizationErrorCode::AccessDenied));
    let flaws = [
        ("state_of_another", answer.replace("state=s", "state=t"), BadAuthorizationResponse::State),
        ("mix_up", answer.replace("issuer.example", "evil.example"), BadAuthorizationResponse::Issuer),
        ("iss_missing", answer.replace("&iss", "&x"), BadAuthorizationResponse::Issuer),
        ("code_and_error", format!("{answer}&error=x"), BadAuthorizationResponse::Unreadable),
        ("code_twice", format!("{answer}&code=d"), BadAuthorizationResponse::Unreadable),
        ("no_query", "https://w.example/cb".into(), BadAuthorizationResponse::Unreadable),
    ];
    for (name, address, flaw) in flaws {
        assert_eq!(read(&address), Err(flaw), "{name}");
    }
}

#[test]
fn token_requests_of_every_grant_survive_the_round_trip() {
    let requests = [
        TokenRequest::AuthorizationCode {
            code: "c".into(),
            redirect_uri: "https://w.example/cb".into(),
            code_verifier: Some("v".into()),
            client_id: "w".into(),
        },
        TokenRequest::Refresh { refresh_token: "r".into(), client_id: None },
    ];
    for request in requests {
        assert_eq!(TokenRequest::parse(request.to_form().encode().as_bytes()), Ok(request));
    }
    assert!(TokenRequest::parse(b"grant_type=authorization_code&code=c").is_err());
}

//! `/requests/{id}/response`: what can't be read changes nothing.

use protocol::dcql::QueryId;
use protocol::openid4vp::{AuthorizationResponse, Presentation, VpErrorCode, VpToken};
use serde_json::{Value, json};

use crate::stack::{Card, Lies, Reply, Stack};

#[tokio::test(flavor = "multi_thread")]
async fn malformed_answers_are_refused_and_leave_the_request_open() {
    let stack = Stack::start().await;
    let card = stack.market.licence(&stack.phone, 3, 1);
    let asked = stack.counter.ask("open-account").await;
    let request = stack.phone.fetch(&asked.request_uri).await;
    let honest = stack.phone.response(&request, &card, &Lies::default());
    let state = request.state.as_ref().unwrap().expose().to_owned();
    let presented = |token: &str| format!("vp_token={}&state={state}", urlencode(token));
    let Card::SdJwt(text) = &card else { panic!("an SD-JWT") };
    let id = "business-licence-sd-jwt";
    let repeated = format!(r#"{{"{id}":["{text}"],"{id}":["{text}"]}}"#);
    let deep = format!(r#"{{"{id}":[{}{}]}}"#, r#"{"a":"#.repeat(100) + "1", "}".repeat(100));
    let malformed = [
        ("empty", String::new()),
        ("not a form at all", "{\"vp_token\":{}}".into()),
        ("no state", format!("vp_token={}", urlencode(&json!({id: [text]}).to_string()))),
        ("another state", honest.to_form().encode().replace(&state, "x")),
        ("vp_token twice", format!("{}&vp_token=1", honest.to_form().encode())),
        ("vp_token and error", format!("{}&error=access_denied", honest.to_form().encode())),
        ("vp_token is text", presented(text)),
        ("vp_token is a list", presented(&json!([text]).to_string())),
        ("no list under the id", presented(&json!({id: text}).to_string())),
        ("no presentation", presented(&json!({id: []}).to_string())),
        ("an id that was not asked for", presented(&json!({"other": [text]}).to_string())),
        ("an object where text belongs", presented(&json!({id: [{"a": 1}]}).to_string())),
        ("a name twice", presented(&repeated)),
        ("nested too deep", presented(&deep)),
        ("no SD-JWT", presented(&json!({id: ["hello"]}).to_string())),
        ("alg none", presented(&json!({id: [alg_none(text)]}).to_string())),
        ("cut off", presented(&json!({id: [&text[..text.len() / 2]]}).to_string())),
        ("disclosure twice", presented(&json!({id: [twice(text)]}).to_string())),
        ("too many", presented(&json!({id: vec![text; 17]}).to_string())),
        ("encrypted though nobody asked", "response=eyJ".into()),
    ];
    for (name, form) in malformed {
        let reply = stack.phone.post(&request, form).await;
        assert_eq!((reply.status, reply.error()), (400, "invalid_request"), "{name}");
        assert!(!reply.body.to_string().contains(&testkit::Company::nth(3).name), "{name}");
    }
    assert_eq!(stack.counter.read(&asked.id).await["state"], "open");
    assert_eq!(stack.phone.post(&request, honest.to_form().encode()).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_form_of_bounded_size_is_read() {
    let stack = Stack::start().await;
    let asked = stack.counter.ask("open-account").await;
    let request = stack.phone.fetch(&asked.request_uri).await;
    let uri = request.response_uri.unwrap().to_string();
    let send = |body: String, media_type: &'static str| {
        stack.phone.http.post(&uri).header("content-type", media_type).body(body).send()
    };
    let form = "application/x-www-form-urlencoded";
    assert_eq!(send("{}".into(), "application/json").await.unwrap().status(), 415);
    assert_eq!(send("vp_token=1".into(), "text/plain").await.unwrap().status(), 415);
    assert_eq!(stack.counter.announce(&uri, form, 2 << 20).await, 413);
    for accept in ["*/*", "text/html"] {
        let got = stack.phone.http.get(&uri).header("accept", accept).send().await.unwrap();
        assert_eq!(
            (got.status().as_u16(), &got.headers()["content-type"]),
            (405, &"application/json".parse().unwrap())
        );
        let body: Value = serde_json::from_slice(&got.bytes().await.unwrap()).unwrap();
        assert_eq!(body["error"], "invalid_request");
    }
    let huge = send("x".repeat(2 << 20), form).await.unwrap();
    assert_eq!(
        (huge.status().as_u16(), &huge.headers()["content-type"]),
        (413, &"application/json".parse().unwrap())
    );
    assert_eq!(stack.counter.read(&asked.id).await["state"], "open");
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_expired_and_used_requests_are_told_apart() {
    let stack = Stack::start().await;
    let unknown = stack.counter.url("/requests/AAAAAAAAAAAAAAAAAAAAAA/response");
    let reply = stack.phone.post_to(&unknown, "error=access_denied".into()).await;
    assert_eq!((reply.status, reply.error()), (404, "invalid_request"));

    let policy = verifier::Policy {
        request_lifetime: std::time::Duration::from_secs(3),
        ..verifier::Policy::default()
    };
    let hasty = crate::stack::Counter::start_with(&stack.network, "hasty", policy).await;
    let request = stack.phone.fetch(&hasty.ask("open-account").await.request_uri).await;
    let card = stack.market.licence(&stack.phone, 3, 1);
    let form = stack.phone.response(&request, &card, &Lies::default()).to_form().encode();
    tokio::time::sleep(std::time::Duration::from_millis(3100)).await;
    let reply = stack.phone.post(&request, form).await;
    assert_eq!((reply.status, reply.error()), (410, "invalid_request"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_who_declines_is_heard() {
    let stack = Stack::start().await;
    let asked = stack.counter.ask("open-account").await;
    let request = stack.phone.fetch(&asked.request_uri).await;
    let declined = |state| AuthorizationResponse::Refused {
        error: VpErrorCode::AccessDenied,
        description: Some("The holder declined".into()),
        state,
    };
    let forged = stack.phone.post(&request, declined(Some("x".into())).to_form().encode()).await;
    assert_eq!(forged.status, 400);
    let reply = stack.phone.post(&request, declined(request.state.clone()).to_form().encode()).await;
    assert_eq!((reply.status, reply.body), (200, json!({})));
    let read = stack.counter.read(&asked.id).await;
    assert_eq!((&read["state"], &read["error"]), (&json!("declined"), &json!("access_denied")));
    let again = stack.phone.post(&request, declined(request.state.clone()).to_form().encode()).await;
    assert_eq!(again.status, 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_credentials_where_one_was_asked() {
    let stack = Stack::start().await;
    let card = stack.market.licence(&stack.phone, 3, 1);
    let asked = stack.counter.ask("open-account").await;
    let request = stack.phone.fetch(&asked.request_uri).await;
    let AuthorizationResponse::Presented { vp_token, state } =
        stack.phone.response(&request, &card, &Lies::default())
    else {
        panic!("presented")
    };
    let id = QueryId::new("business-licence-sd-jwt").unwrap();
    let one: Presentation = vp_token.0[&id][0].clone();
    let vp_token = VpToken([(id, vec![one.clone(), one])].into());
    let reply = stack
        .phone
        .post(&request, AuthorizationResponse::Presented { vp_token, state }.to_form().encode())
        .await;
    assert_eq!(reply.status, 400);
    let decision = stack.counter.read(&asked.id).await;
    assert_eq!(crate::stack::check(&decision, "only_what_was_asked"), ("failed", "more_than_asked"));
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_bytes_never_break_it() {
    let stack = Stack::start().await;
    let asked = stack.counter.ask("open-account").await;
    let request = stack.phone.fetch(&asked.request_uri).await;
    let uri = request.response_uri.unwrap().to_string();
    let mut rng = testkit::rng(99);
    for length in [1usize, 7, 64, 1000, 65_536] {
        let mut bytes = vec![0u8; length];
        rand_core::RngCore::fill_bytes(&mut rng, &mut bytes);
        let sent = stack
            .phone
            .http
            .post(&uri)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(bytes);
        let reply = Reply::read(sent.send().await.unwrap()).await;
        assert_eq!(reply.status, 400);
    }
    assert_eq!(stack.counter.read(&asked.id).await["state"], Value::from("open"));
}

fn urlencode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// The same token with `alg` `none` and no signature.
fn alg_none(text: &str) -> String {
    let payload = text.split('.').nth(1).unwrap();
    // {"typ":"dc+sd-jwt","alg":"none"}
    format!("eyJ0eXAiOiJkYytzZC1qd3QiLCJhbGciOiJub25lIn0.{payload}.~")
}

/// The same with its first disclosure twice.
fn twice(text: &str) -> String {
    let disclosure = text.split('~').nth(1).unwrap();
    format!("{text}{disclosure}~")
}

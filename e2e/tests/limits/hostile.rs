//! What is sent, by the name of its flaw.

use serde_json::json;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data; boundary=X";

/// A body that no route can make sense of.
pub(crate) struct Body {
    pub(crate) flaw: &'static str,
    pub(crate) content_type: Option<&'static str>,
    pub(crate) bytes: Vec<u8>,
}

/// Bodies that every route that reads one refuses.
pub(crate) fn bodies() -> Vec<Body> {
    let mut bodies = Vec::new();
    let mut add = |flaw, content_type, bytes: Vec<u8>| bodies.push(Body { flaw, content_type, bytes });
    let not_utf8 = vec![0xff, 0xfe, b'=', 0xc3, 0x28];
    add("json_not_utf8", Some(JSON), not_utf8.clone());
    add("form_not_utf8", Some(FORM), not_utf8.clone());
    add("multipart_not_utf8", Some(MULTIPART), not_utf8);
    add("json_empty", Some(JSON), Vec::new());
    add("form_empty", Some(FORM), Vec::new());
    add("multipart_empty", Some(MULTIPART), Vec::new());
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    add("json_deep", Some(JSON), deep.clone().into_bytes());
    add("json_deep_inside", Some(JSON), format!("{{\"claims\":{deep}}}").into_bytes());
    add("json_cut_off", Some(JSON), br#"{"type":"business-licence","claims":{"name":"#.to_vec());
    add("json_no_object", Some(JSON), b"7".to_vec());
    add("json_members_of_wrong_types", Some(JSON), wrong_types());
    add("json_without_media_type", None, b"{}".to_vec());
    add("json_as_text", Some("text/plain"), b"{}".to_vec());
    add("json_as_form", Some(FORM), b"{}".to_vec());
    add("form_as_json", Some(JSON), b"csrf=x".to_vec());
    add("form_with_bad_escapes", Some(FORM), b"csrf=%zz&csrf=%ff&token=%".to_vec());
    add("form_fields_twice", Some(FORM), b"csrf=a&csrf=b&grant_type=a&grant_type=b&state=1&state=2".to_vec());
    add(
        "multipart_cut_off",
        Some(MULTIPART),
        b"--X\r\ncontent-disposition: form-data; name=\"name\"\r\n\r\nx".to_vec(),
    );
    add("multipart_without_boundary", Some("multipart/form-data"), b"--X--".to_vec());
    bodies
}

fn wrong_types() -> Vec<u8> {
    let members = [
        "type",
        "claims",
        "reason",
        "purpose",
        "query",
        "keys",
        "transactions",
        "proofs",
        "proof",
        "nonce",
        "credential_configuration_id",
        "credential_identifier",
        "vp_token",
        "state",
        "pin",
        "csrf",
        "link",
    ];
    let wrong: serde_json::Map<_, _> = (0..)
        .zip(members)
        .map(|(at, name)| (name.to_owned(), [json!(7), json!([[]]), json!(null)][at % 3].clone()))
        .collect();
    serde_json::Value::Object(wrong).to_string().into_bytes()
}

/// Names of nothing, some of them of the right form.
pub(crate) fn parameters() -> Vec<String> {
    let long = "a".repeat(16_000);
    [
        "x",
        "0",
        "-1",
        "18446744073709551616",
        "7zzzzzzzzzzzzzzzzzzzzzzzzz",
        "AAAAAAAAAAAAAAAAAAAAAA",
        "did:hui:anhui:zQmNobody",
        "did%2fdid:hui:anhui:x",
        "%00",
        "%ff%fe",
        "..%2f..%2fetc",
        "{id}",
        "徽",
        "%E5%BE%BD",
        "'%22%3Cscript%3E",
    ]
    .into_iter()
    .map(str::to_owned)
    .chain([long])
    .collect()
}

/// Queries that ask for nonsense.
pub(crate) fn queries() -> Vec<String> {
    let names = ["before", "state", "seen", "key", "lang", "from", "limit", "height", "example", "max_age"];
    let all = |value: &str| names.map(|name| format!("{name}={value}")).join("&");
    vec![
        all("%ff"),
        all("-1"),
        all("x"),
        all(""),
        all("1") + "&" + &all("2"),
        all(&"9".repeat(1_600)),
        "%".to_owned(),
        "&&=&".to_owned(),
    ]
}

//! Tokens taken apart and put together as no library lets one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};

/// The payload of a token; its signature was not checked.
pub fn payload(token: &str) -> Value {
    part(token.split('.').nth(1).expect("a payload"))
}

/// The same token with `alg: none` and no signature.
pub fn unsigned(token: &str) -> String {
    format!("{}.", without_alg(token))
}

/// The same token with `alg: none`, its signature as it was.
pub fn alg_none(token: &str) -> String {
    let signature = token.rsplit('.').next().expect("a signature");
    format!("{}.{signature}", without_alg(token))
}

fn without_alg(token: &str) -> String {
    let mut parts = token.split('.');
    let (header, payload) = (parts.next().expect("a header"), parts.next().expect("a payload"));
    let mut header = part(header);
    header["alg"] = json!("none");
    format!("{}.{payload}", BASE64.encode(header.to_string()))
}

fn part(encoded: &str) -> Value {
    serde_json::from_slice(&BASE64.decode(encoded).expect("base64url")).expect("JSON")
}

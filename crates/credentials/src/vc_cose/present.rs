//! Presenting credentials.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::TYP;
use super::issue::Document;
use crate::UnixSeconds;
use crate::cbor;
use crate::cose::{Making, Prepared};
use crate::data_integrity::CONTEXT_V2;
use crate::key::SelfContained;

/// Claims of a CWT inside a header (RFC 9597).
pub(super) const CWT_CLAIMS: i64 = 15;
// RFC 8392 §3.1.
pub(super) const AUDIENCE: i64 = 3;
pub(super) const ISSUED_AT: i64 = 6;
/// RFC 9711 §4.1.
pub(super) const NONCE: i64 = 10;

/// Credentials to be shown to one verifier, in answer to one request.
#[derive(Clone)]
pub struct Presenting<'a> {
    /// The holder: the subject of every credential.
    pub holder: &'a SelfContained,
    /// The credentials, as they were issued.
    pub credentials: Vec<Vec<u8>>,
    /// The request's nonce.
    pub nonce: &'a str,
    /// The verifier: its client id.
    pub audience: &'a str,
    /// When it is made.
    pub created: UnixSeconds,
}

impl Presenting<'_> {
    /// The presentation, lacking only the holder's signature. Nonce, audience and time are CWT claims in the
    /// protected header.
    #[must_use]
    pub fn prepare(&self) -> Prepared {
        let enveloped: Vec<Value> = self
            .credentials
            .iter()
            .map(|credential| {
                json!({
                    "@context": CONTEXT_V2,
                    "id": format!("data:{TYP};base64,{}", BASE64.encode(credential)),
                    "type": "EnvelopedVerifiableCredential",
                })
            })
            .collect();
        let document = json!({
            "@context": [CONTEXT_V2],
            "type": ["VerifiablePresentation"],
            "holder": self.holder.did,
            "verifiableCredential": enveloped,
        });
        let mut header = Document::Presentation.header(Some(&self.holder.verification_method));
        let claims = cbor::Map::from([
            (AUDIENCE, self.audience.into()),
            (ISSUED_AT, self.created.0.into()),
            (NONCE, self.nonce.as_bytes().into()),
        ]);
        header.other.push((CWT_CLAIMS.into(), claims.into()));
        Making::protected(header).prepare(document.to_string().into_bytes(), &self.holder.key)
    }
}

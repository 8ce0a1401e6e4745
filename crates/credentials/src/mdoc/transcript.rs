//! What ties an answer to one request (ISO/IEC 18013-5 §9.1.5.1 `SessionTranscript`; OpenID4VP 1.0 §B.2.6).

use sha2::{Digest, Sha256};

use super::ParseError;
use crate::cbor::{self, Value};

/// A session transcript: what both sides know of their session, signed by the device and never sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionTranscript(Value);

impl SessionTranscript {
    /// Of an OpenID4VP request that is answered by redirect or `direct_post` (§B.2.6.1).
    ///
    /// `client_id` with its prefix; `thumbprint` the SHA-256 JWK thumbprint of the key that the answer is encrypted
    /// to, if it is; `response_uri` or `redirect_uri`, whichever the request has.
    #[must_use]
    pub fn openid4vp(
        client_id: &str,
        nonce: &str,
        thumbprint: Option<&[u8; 32]>,
        response_uri: &str,
    ) -> Self {
        let info = vec![client_id.into(), nonce.into(), optional(thumbprint), response_uri.into()];
        Self::of_handover("OpenID4VPHandover", info)
    }

    /// Of an OpenID4VP request over the Digital Credentials API (§B.2.6.2): from an origin, such as
    /// `https://counter.example`.
    #[must_use]
    pub fn openid4vp_dc_api(origin: &str, nonce: &str, thumbprint: Option<&[u8; 32]>) -> Self {
        let info = vec![origin.into(), nonce.into(), optional(thumbprint)];
        Self::of_handover("OpenID4VPDCAPIHandover", info)
    }

    /// From `SessionTranscriptBytes`, tagged: a session at the counter, made elsewhere.
    ///
    /// # Errors
    /// [`ParseError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let inside = cbor::parse(cbor::parse(bytes)?.as_encoded().ok_or(ParseError::Form)?)?;
        match inside.as_array() {
            Some([_, _, _]) => Ok(Self(inside)),
            _ => Err(ParseError::Form),
        }
    }

    /// The CBOR of the transcript, an array of three.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(&self.0)
    }

    fn of_handover(name: &str, info: Vec<Value>) -> Self {
        let hash = Sha256::digest(cbor::encode(&Value::Array(info)));
        let handover = Value::Array(vec![name.into(), hash.as_slice().into()]);
        Self(Value::Array(vec![Value::Null, Value::Null, handover]))
    }

    /// `DeviceAuthenticationBytes` (§9.1.3.4): what the device signs.
    pub(super) fn device_authentication(&self, doc_type: &str, name_spaces: &Value) -> Vec<u8> {
        let parts = vec!["DeviceAuthentication".into(), self.0.clone(), doc_type.into(), name_spaces.clone()];
        cbor::encode(&Value::encoded(cbor::encode(&Value::Array(parts))))
    }

    /// `SessionTranscriptBytes`, tagged.
    pub(super) fn tagged(&self) -> Vec<u8> {
        cbor::encode(&Value::encoded(self.encode()))
    }
}

fn optional(thumbprint: Option<&[u8; 32]>) -> Value {
    thumbprint.map_or(Value::Null, |thumbprint| thumbprint.as_slice().into())
}

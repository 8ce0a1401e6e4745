//! A presentation of an mdoc as no wallet would make it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use credentials::cbor::{self, Map, Value};
use credentials::cose::{self, Making};
use credentials::key::{Signer as _, SoftwareKey};
use credentials::mdoc::{MDL, SessionTranscript};

use crate::flaws::mdoc::member;
use crate::{Counter, Request};

/// What is shown of an mdoc, and in what session; as the request asks, unless something is set otherwise.
pub struct Showing {
    /// The session.
    pub nonce: String,
    /// The session's verifier.
    pub client_id: String,
    /// Where the session's answer goes.
    pub response_uri: String,
    /// The key that the session's answer is encrypted to.
    pub thumbprint: Option<[u8; 32]>,
    /// The elements, each a namespace and a name.
    pub elements: Vec<(String, String)>,
    /// The type it is shown as.
    pub doc_type: String,
    /// What the device adds of itself.
    pub device_elements: Map,
}

impl Showing {
    /// What a counter asks for, rightly shown.
    pub fn of(counter: &Counter, request: &Request) -> Self {
        Self {
            nonce: request.nonce().to_owned(),
            client_id: counter.client_id(),
            response_uri: request.response_uri(),
            thumbprint: None,
            elements: request.elements(),
            doc_type: MDL.to_owned(),
            device_elements: Map::default(),
        }
    }

    /// The response: CBOR of `DeviceResponse`, signed with this key, whether the mdoc is bound to it or not.
    pub fn of_mdoc(&self, issued: &str, key: &SoftwareKey) -> Value {
        let mut issued = cbor::parse(&BASE64.decode(issued).expect("base64url")).expect("CBOR");
        member(&mut issued, "nameSpaces", |spaces| {
            let Value::Map(map) = spaces.clone() else { panic!("namespaces") };
            let left = map.into_entries().into_iter().filter_map(|(space, items)| {
                let name = space.as_text().expect("a name");
                let chosen = |item: &&Value| self.elements.contains(&(name.to_owned(), name_of(item)));
                let items: Vec<Value> = items.as_array()?.iter().filter(chosen).cloned().collect();
                (!items.is_empty()).then_some((space, Value::Array(items)))
            });
            *spaces = Map::sorted(left.collect()).into();
        });
        let thumbprint = self.thumbprint.as_ref();
        let session =
            SessionTranscript::openid4vp(&self.client_id, &self.nonce, thumbprint, &self.response_uri);
        let session = cbor::parse(&session.encode()).expect("CBOR");
        let added = Value::encoded(cbor::encode(&self.device_elements.clone().into()));
        let signed =
            vec!["DeviceAuthentication".into(), session, self.doc_type.as_str().into(), added.clone()];
        let signed = cbor::encode(&Value::encoded(cbor::encode(&Value::Array(signed))));
        let making = Making { detached: true, ..Making::default() };
        let message = making.prepare(signed, key.public_key()).sign(key).expect("signed");
        let message = cbor::parse(&message).expect("CBOR");
        let message = message.untagged(cose::TAG_SIGN1).expect("a message").clone();
        let auth = Map::from([("deviceSignature", message)]);
        let device = Map::from([("nameSpaces", added), ("deviceAuth", auth.into())]);
        let document = Map::from([
            ("docType", self.doc_type.as_str().into()),
            ("issuerSigned", issued),
            ("deviceSigned", device.into()),
        ]);
        let documents = Value::Array(vec![document.into()]);
        Map::from([("version", "1.0".into()), ("documents", documents), ("status", 0.into())]).into()
    }
}

fn name_of(item: &Value) -> String {
    let inside = cbor::parse(item.as_encoded().expect("an item")).expect("CBOR");
    let name = inside.as_map().and_then(|map| map.member("elementIdentifier")).and_then(Value::as_text);
    name.expect("a name").to_owned()
}

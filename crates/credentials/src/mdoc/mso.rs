//! What the issuer signs: digests, the device's key, times (ISO/IEC 18013-5 §9.1.2.4 `MobileSecurityObject`).

use std::collections::BTreeMap;

use sha2::{Digest, Sha256, Sha384, Sha512};

use super::ParseError;
use crate::UnixSeconds;
use crate::cbor::{self, Map, Value};
use crate::key::PublicKey;
use crate::status::StatusRef;

/// A time as text (RFC 8949 §3.4.1).
const TAG_TIME: u64 = 0;

/// The digests of each namespace's elements, by digest id.
pub type Digests = BTreeMap<String, BTreeMap<u32, Vec<u8>>>;

/// A mobile security object.
#[derive(Clone, PartialEq, Eq)]
pub struct SecurityObject {
    /// The document's type.
    pub doc_type: String,
    /// The digests of all elements, shown or not.
    pub digests: Digests,
    /// The key that the document is bound to.
    pub device_key: PublicKey,
    /// When it was signed.
    pub signed: UnixSeconds,
    /// From when it counts.
    pub valid_from: UnixSeconds,
    /// From when it counts no more.
    pub valid_until: UnixSeconds,
    /// Where its status is (Token Status List §6.3).
    pub status: Option<StatusRef>,
    pub(super) hash: Hash,
}

/// How elements are digested (§9.1.2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }

    pub(super) fn digest(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Sha384 => Sha384::digest(bytes).to_vec(),
            Self::Sha512 => Sha512::digest(bytes).to_vec(),
        }
    }
}

impl SecurityObject {
    /// `MobileSecurityObjectBytes`: the payload of the issuer's signature.
    pub(super) fn encode(&self) -> Vec<u8> {
        let digests = self.digests.iter().map(|(namespace, digests)| {
            let digests =
                digests.iter().map(|(id, digest)| (i64::from(*id).into(), digest.as_slice().into()));
            (namespace.as_str().into(), Map::sorted(digests.collect()).into())
        });
        let time = |time: UnixSeconds| Value::tagged(TAG_TIME, time.rfc3339().into());
        let validity = Map::from([
            ("signed", time(self.signed)),
            ("validFrom", time(self.valid_from)),
            ("validUntil", time(self.valid_until)),
        ]);
        let mut entries: Vec<(Value, Value)> = vec![
            ("version".into(), "1.0".into()),
            ("digestAlgorithm".into(), self.hash.name().into()),
            ("valueDigests".into(), Map::sorted(digests.collect()).into()),
            ("deviceKeyInfo".into(), Map::from([("deviceKey", self.device_key.to_cose_key())]).into()),
            ("docType".into(), self.doc_type.as_str().into()),
            ("validityInfo".into(), validity.into()),
        ];
        entries.extend(self.status.as_ref().map(|status| ("status".into(), status.to_cbor())));
        cbor::encode(&Value::encoded(cbor::encode(&Map::sorted(entries).into())))
    }

    pub(super) fn read(payload: &[u8]) -> Result<Self, ParseError> {
        const FORM: ParseError = ParseError::SecurityObject;
        let outer = cbor::parse(payload)?;
        let parsed = cbor::parse(outer.as_encoded().ok_or(FORM)?)?;
        let map = parsed.as_map().ok_or(FORM)?;
        let text = |name: &str| map.member(name).and_then(Value::as_text).ok_or(FORM);
        if text("version")? != "1.0" {
            return Err(ParseError::Version);
        }
        let hash = text("digestAlgorithm")?;
        let hash = Hash::ALL.into_iter().find(|known| known.name() == hash).ok_or(FORM)?;
        let device = map.member("deviceKeyInfo").and_then(Value::as_map).ok_or(FORM)?;
        let device_key = PublicKey::from_cose_key(device.member("deviceKey").ok_or(FORM)?)?;
        let validity = map.member("validityInfo").and_then(Value::as_map).ok_or(FORM)?;
        let time = |name: &str| {
            let text =
                validity.member(name).and_then(|time| time.untagged(TAG_TIME)?.as_text()).ok_or(FORM)?;
            UnixSeconds::parse_rfc3339(text).map_err(|_| FORM)
        };
        Ok(Self {
            doc_type: text("docType")?.to_owned(),
            digests: read_digests(map.member("valueDigests").ok_or(FORM)?).ok_or(FORM)?,
            device_key,
            signed: time("signed")?,
            valid_from: time("validFrom")?,
            valid_until: time("validUntil")?,
            status: map.member("status").map(StatusRef::from_cbor).transpose()?,
            hash,
        })
    }
}

fn read_digests(value: &Value) -> Option<Digests> {
    let namespaces = value.as_map()?.iter().map(|(namespace, digests)| {
        let digests = digests
            .as_map()?
            .iter()
            .map(|(id, digest)| Some((u32::try_from(id.as_integer()?).ok()?, digest.as_bytes()?.to_vec())));
        Some((namespace.as_text()?.to_owned(), sorted::collect_some(digests)?))
    });
    sorted::collect_some(namespaces)
}

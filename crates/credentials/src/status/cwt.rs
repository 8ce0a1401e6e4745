//! Token Status List in CBOR (draft-ietf-oauth-status-list-21 §4.3, §5.2, §6.3): the list, its CWT, and the reference.

use super::inflate::{unzlib, zlib};
use super::{Bits, RegistryEntry, StatusRef, StatusRefError, TokenEntry};
use super::{TokenList, TokenListClaims, TokenListError};
use crate::UnixSeconds;
use crate::cbor::{self, Map, Value};
use crate::cose::{self, Header, Making};
use crate::jws::LEEWAY;
use crate::key::PublicKey;

/// The media type of the list as a CWT (§5.2), also its `typ`.
pub const TYP: &str = "application/statuslist+cwt";

// RFC 8392 §3.1 and §14.3 of the draft.
const SUBJECT: i64 = 2;
const EXPIRES: i64 = 4;
const NOT_BEFORE: i64 = 5;
const ISSUED_AT: i64 = 6;
const STATUS_LIST: i64 = 65_533;
const TIME_TO_LIVE: i64 = 65_534;

impl TokenList {
    /// The map `StatusList` (§4.3): `bits`, `lst`, in the draft's order.
    #[must_use]
    pub fn to_cbor(&self) -> Value {
        let bits = i64::from(u8::from(self.bits));
        let entries = vec![("bits".into(), bits.into()), ("lst".into(), zlib(self.as_bytes()).into())];
        Map::from_unique(entries).into()
    }

    /// Reads a `StatusList`.
    ///
    /// # Errors
    /// [`TokenListError`].
    pub fn from_cbor(value: &Value) -> Result<Self, TokenListError> {
        let map = value.as_map().ok_or(TokenListError::Malformed)?;
        let bits = map.member("bits").and_then(Value::as_integer).ok_or(TokenListError::Malformed)?;
        let bits = Bits::try_from(u8::try_from(bits).map_err(|_| TokenListError::Malformed)?)?;
        let compressed = map.member("lst").and_then(Value::as_bytes).ok_or(TokenListError::Malformed)?;
        Self::from_bytes(bits, unzlib(compressed)?)
    }

    /// Lays out the list as a CWT for the issuer's key to sign.
    #[must_use]
    pub fn prepare_cwt(
        &self,
        claims: &TokenListClaims,
        kid: Option<&str>,
        key: &PublicKey,
    ) -> cose::Prepared {
        self.prepare_cwt_with(claims, kid, Vec::new(), key)
    }

    /// The same with the key's certificates, DER, signed along (RFC 9360 §2), for readers that know certificates alone.
    #[must_use]
    pub fn prepare_cwt_with(
        &self,
        claims: &TokenListClaims,
        kid: Option<&str>,
        x5chain: Vec<Vec<u8>>,
        key: &PublicKey,
    ) -> cose::Prepared {
        let mut entries = vec![
            (SUBJECT.into(), claims.sub.as_str().into()),
            (ISSUED_AT.into(), claims.iat.0.into()),
            (STATUS_LIST.into(), self.to_cbor()),
        ];
        entries.extend(claims.exp.map(|exp| (EXPIRES.into(), exp.0.into())));
        let ttl = claims.ttl.and_then(|ttl| i64::try_from(ttl).ok());
        entries.extend(ttl.map(|ttl| (TIME_TO_LIVE.into(), ttl.into())));
        let payload = cbor::encode(&Map::sorted(entries).into());
        let kid = kid.map(|kid| kid.as_bytes().to_vec());
        let header = Header { kid, x5chain, ..Header::typed(TYP) };
        Making::protected(header).prepare(payload, key)
    }

    /// Verifies a list's CWT: by the issuer's key, for the URI that the credential names, not expired.
    ///
    /// # Errors
    /// [`TokenListError`].
    pub fn verify_cwt(
        bytes: &[u8],
        uri: &str,
        key: &PublicKey,
        now: UnixSeconds,
    ) -> Result<(Self, TokenListClaims), TokenListError> {
        let message = cose::Unverified::parse(bytes)?;
        // §5.2: tagged as COSE_Sign1, and not as a CWT besides.
        if !message.is_tagged() {
            return Err(TokenListError::Malformed);
        }
        let payload = cbor::parse(&message.verify(key, TYP)?.payload).map_err(cose::ParseError::from)?;
        let map = payload.as_map().ok_or(TokenListError::Malformed)?;
        let claims = read_claims(map).ok_or(TokenListError::Malformed)?;
        claims.check(uri, now)?;
        match map.member(NOT_BEFORE).map(|time| time.as_integer().map(UnixSeconds)) {
            Some(None) => return Err(TokenListError::Malformed),
            Some(Some(from)) if now.plus(LEEWAY) < from => return Err(TokenListError::MadeInFuture),
            _ => {}
        }
        Ok((Self::from_cbor(map.member(STATUS_LIST).ok_or(TokenListError::Malformed)?)?, claims))
    }
}

/// The claims but for the list; none when one is missing or of a wrong type.
fn read_claims(map: &Map) -> Option<TokenListClaims> {
    let optional = |name: i64| match map.member(name) {
        None => Some(None),
        Some(value) => value.as_integer().map(Some),
    };
    Some(TokenListClaims {
        sub: map.member(SUBJECT)?.as_text()?.to_owned(),
        iat: UnixSeconds(map.member(ISSUED_AT)?.as_integer()?),
        exp: optional(EXPIRES)?.map(UnixSeconds),
        ttl: match optional(TIME_TO_LIVE)? {
            Some(ttl) => Some(u64::try_from(ttl).ok()?),
            None => None,
        },
    })
}

impl StatusRef {
    /// The `Status` map of a token in CBOR (§6.3), the chain's entry beside the list's.
    #[must_use]
    pub fn to_cbor(&self) -> Value {
        let mut entries = Vec::new();
        if let Some(TokenEntry { uri, index }) = &self.token {
            // An index beyond what CBOR readers take is in no list.
            let index = i64::try_from(*index).unwrap_or(i64::MAX);
            let entry = Map::from([("idx", index.into()), ("uri", uri.as_str().into())]);
            entries.push(("status_list".into(), entry.into()));
        }
        if let Some(RegistryEntry { list, index }) = &self.registry {
            let entry = Map::from([("idx", i64::from(*index).into()), ("list", list.as_str().into())]);
            entries.push(("registry".into(), entry.into()));
        }
        Map::sorted(entries).into()
    }

    /// Reads a `Status` map. Mechanisms that are not understood are ignored as long as one is.
    ///
    /// # Errors
    /// [`StatusRefError`].
    pub fn from_cbor(status: &Value) -> Result<Self, StatusRefError> {
        let status = status.as_map().ok_or(StatusRefError::Malformed)?;
        let entry = |mechanism: &str, where_: &str| {
            let Some(entry) = status.member(mechanism) else { return Ok(None) };
            let read = || {
                let entry = entry.as_map()?;
                let index = u64::try_from(entry.member("idx")?.as_integer()?).ok()?;
                Some((entry.member(where_)?.as_text()?.to_owned(), index))
            };
            read().map(Some).ok_or(StatusRefError::Malformed)
        };
        let registry = match entry("registry", "list")? {
            Some((list, index)) => {
                let index = u32::try_from(index).map_err(|_| StatusRefError::Malformed)?;
                Some(RegistryEntry { list, index })
            }
            None => None,
        };
        let token = entry("status_list", "uri")?.map(|(uri, index)| TokenEntry { uri, index });
        let found = Self { registry, token, bitstring: Vec::new() };
        if found.is_empty() { Err(StatusRefError::Unsupported) } else { Ok(found) }
    }
}

//! COSE keys (RFC 9052 §7, RFC 9053 §7), public ones only.

use super::{Algorithm, KeyError, PublicKey};
use crate::cbor::{Map, Value};

const KTY: i64 = 1;
const ALG: i64 = 3;
const CRV: i64 = -1;
const X: i64 = -2;
const Y: i64 = -3;
const D: i64 = -4;

const OKP: i64 = 1;
const EC2: i64 = 2;

impl PublicKey {
    /// This key as a COSE key with `kty`, `crv`, `x` (and `y`), nothing else. SM2's curve has no number: 0, which is reserved
    /// and never read back.
    #[must_use]
    pub fn to_cose_key(&self) -> Value {
        let crv = match self.algorithm() {
            Algorithm::Es256 => 1,
            Algorithm::Es384 => 2,
            #[cfg(feature = "p521")]
            Algorithm::Es512 => 3,
            Algorithm::EdDsa => 6,
            #[cfg(feature = "sm2")]
            Algorithm::Sm2 => 0,
        };
        match self.coordinates() {
            Some((x, y)) => {
                Map::from([(KTY, EC2.into()), (CRV, i64::into(crv)), (X, x.into()), (Y, y.into())]).into()
            }
            None => Map::from([(KTY, OKP.into()), (CRV, i64::into(crv)), (X, self.to_bytes().into())]).into(),
        }
    }

    /// Reads a COSE key. An `alg` that contradicts signing with this key is refused, and so is a compressed `y`.
    ///
    /// # Errors
    /// [`KeyError`]; [`KeyError::Private`] when it has a `d`.
    pub fn from_cose_key(value: &Value) -> Result<Self, KeyError> {
        let map = value.as_map().ok_or(KeyError::Encoding)?;
        if map.member(D).is_some() {
            return Err(KeyError::Private);
        }
        let number = |name: i64| map.member(name).and_then(Value::as_integer);
        let bytes = |name: i64| map.member(name).and_then(Value::as_bytes);
        let point = |size: usize| {
            let of_size = |name| bytes(name).filter(|bytes| bytes.len() == size).ok_or(KeyError::Encoding);
            Ok::<_, KeyError>([&[4], of_size(X)?, of_size(Y)?].concat())
        };
        let key = match (number(KTY), number(CRV)) {
            (Some(EC2), Some(1)) => Self::p256(&point(32)?)?,
            (Some(EC2), Some(2)) => Self::p384(&point(48)?)?,
            #[cfg(feature = "p521")]
            (Some(EC2), Some(3)) => Self::p521(&point(66)?)?,
            (Some(OKP), Some(6)) => {
                let x = bytes(X).and_then(|x| x.try_into().ok()).ok_or(KeyError::Encoding)?;
                Self::ed25519(x)?
            }
            _ => return Err(KeyError::Unsupported),
        };
        match map.member(ALG) {
            Some(alg) if !alg.as_integer().is_some_and(|alg| key.algorithm().is_numbered(alg)) => {
                Err(KeyError::Unsupported)
            }
            _ => Ok(key),
        }
    }
}

//! From a record and what was claimed to a signed credential.

use credentials::catalogue::Format;
use credentials::data_integrity::{self, CONTEXT_HUIZHENG, Cryptosuite, Making, sd};
use credentials::jsonld::Contexts;
use credentials::key::{Algorithm, Signer as _};
use credentials::sd_jwt;
use credentials::status::{BitstringEntry, Purpose, RegistryEntry, StatusRef, TokenEntry};
use rand_core::OsRng;
use serde_json::{Map, Value};

use super::Issuance;
use super::kinds::CredentialKind;
use super::proof::HolderProof;
use crate::model::{CredentialRecord, StatusIndex};
use crate::status::Served;

/// Why a reserved credential could not be signed. It stays reserved: asked for again, it is tried again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignFailed {
    /// The claims no longer pass the catalogue's checks: the catalogue was changed after the application.
    #[error("the approved claims no longer pass the catalogue's checks ({0} wrong)")]
    Claims(usize),
    /// SD-JWT VC.
    #[error(transparent)]
    SdJwt(#[from] sd_jwt::IssueError),
    /// Data Integrity.
    #[error(transparent)]
    DataIntegrity(#[from] data_integrity::IssueError),
}

/// Signs it for the holder who made the proof. Everything but salts and signature follows from the record, so that a
/// second asking gives the same credential.
pub(super) fn sign(
    issuance: &Issuance,
    kind: &CredentialKind,
    record: &CredentialRecord,
    place: StatusIndex,
    claims: Map<String, Value>,
    holder: HolderProof,
) -> Result<Value, SignFailed> {
    let at = record.issued_at;
    let checked = kind
        .of
        .validate_claims(&Value::Object(claims), at)
        .map_err(|errors| SignFailed::Claims(errors.len()))?;
    let issuer = issuance.identity.did().to_string();
    let registry = RegistryEntry {
        list: registry::StatusListId { owner: issuance.identity.did().clone(), number: place.list }
            .to_string(),
        index: place.index,
    };
    match kind.format {
        Format::SdJwtVc => {
            let (key, kid) = issuance.identity.es256();
            let credential = sd_jwt::Issuance {
                issuer,
                kid: Some(kid.to_owned()),
                x5c: None,
                vct: kind.of.vct.clone(),
                disclosable: checked.disclosable().to_vec(),
                claims: checked.into_map(),
                holder: Some(holder.key),
                issued_at: at,
                not_before: None,
                expires: record.valid_until,
                status: Some(StatusRef {
                    registry: Some(registry),
                    token: Some(TokenEntry {
                        uri: issuance.served.token_uri(place.list),
                        index: place.index.into(),
                    }),
                    bitstring: Vec::new(),
                }),
                decoys: 0,
            };
            Ok(Value::String(credential.sign(key, &mut OsRng)?))
        }
        Format::LdpVc => {
            let suite = kind.of.cryptosuite;
            let (key, kid) = if suite.takes(Algorithm::EdDsa) {
                issuance.identity.eddsa()
            } else {
                issuance.identity.es256()
            };
            let credential = data_integrity::Issuance {
                id: None,
                contexts: vec![CONTEXT_HUIZHENG.to_owned()],
                types: vec![kind.of.vc_type.clone()],
                issuer,
                verification_method: kid.to_owned(),
                holder: Some(holder.did),
                claims: checked.into_map(),
                issued_at: at,
                valid_from: Some(at),
                valid_until: record.valid_until,
                status: Some(StatusRef {
                    registry: Some(registry),
                    token: None,
                    bitstring: bitstring_entries(&issuance.served, place),
                }),
            };
            if suite == Cryptosuite::EcdsaSd2023 {
                let (always, secrets) = (always_shown(), sd::Secrets::generate(&mut OsRng));
                let prepared =
                    credential.prepare_sd(key.public_key(), always, &secrets, Contexts::pinned())?;
                return Ok(prepared.sign(key).map_err(data_integrity::IssueError::from)?);
            }
            let prepared = credential.prepare_with(key.public_key(), &Making::with(suite))?;
            Ok(prepared.sign(key).map_err(data_integrity::IssueError::from)?)
        }
    }
}

/// What a holder can't hold back: all that decides whether the credential counts, and whose it is.
fn always_shown() -> Vec<String> {
    ["/issuer", "/validFrom", "/validUntil", "/credentialStatus", "/credentialSubject/id"]
        .map(str::to_owned)
        .to_vec()
}

fn bitstring_entries(served: &Served, place: StatusIndex) -> Vec<BitstringEntry> {
    [Purpose::Revocation, Purpose::Suspension]
        .into_iter()
        .map(|purpose| BitstringEntry {
            purpose: purpose.name().to_owned(),
            credential: served.bitstring_url(place.list, purpose),
            index: place.index.into(),
        })
        .collect()
}

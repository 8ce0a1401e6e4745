//! From a record and what was claimed to a signed credential.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use credentials::catalogue::{Format, NotForMdoc};
use credentials::data_integrity::{self, CONTEXT_HUIZHENG, Cryptosuite, Making, sd};
use credentials::jsonld::Contexts;
use credentials::key::{Algorithm, Signer as _};
use credentials::mdoc;
use credentials::sd_jwt;
use credentials::status::{BitstringEntry, Purpose, RegistryEntry, StatusRef, TokenEntry};
use credentials::x509::MakeError;
use rand_core::OsRng;
use registry::SignatureTag;
use serde_json::{Map, Value};

use super::Issuance;
use super::kinds::CredentialKind;
use super::proof::HolderProof;
use crate::clock::Moment;
use crate::identity::{SigningKey, Slot};
use crate::keys::Signed;
use crate::model::{CredentialRecord, Id, StatusIndex};
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
    /// A claim that an mdoc can't carry: the catalogue was changed after the application.
    #[error(transparent)]
    NotForMdoc(#[from] NotForMdoc),
    /// mdoc.
    #[error(transparent)]
    Mdoc(#[from] mdoc::IssueError),
    /// The certificate of the issuer's key.
    #[error("the issuer's certificate: {0}")]
    Certificate(#[from] MakeError),
}

/// Signs it for the holder who made the proof. Everything but salts and signature follows from the record, so that a
/// second asking gives the same credential.
pub(super) fn sign(
    issuance: &Issuance,
    kind: &CredentialKind,
    record: &CredentialRecord,
    place: StatusIndex,
    claims: Map<String, Value>,
    holder: &HolderProof,
    signing: &SigningKey,
) -> Result<Value, SignFailed> {
    // What was reserved under a key that was replaced since is signed anew, and can't be older than its key.
    let at = record.issued_at.max(signing.since());
    let (key, kid) = (signing.key(), signing.id());
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
            let credential = sd_jwt::Issuance {
                issuer,
                kid: Some(kid.to_owned()),
                x5c: certificates(issuance, signing)?,
                vct: kind.of.vct.clone(),
                disclosable: checked.disclosable().to_vec(),
                claims: checked.into_map(),
                holder: Some(holder.key.clone()),
                issued_at: at,
                not_before: None,
                expires: record.valid_until,
                status: Some(as_token(&issuance.served, place, registry)),
                decoys: 0,
            };
            Ok(Value::String(credential.sign(key, &mut OsRng)?))
        }
        Format::LdpVc => {
            let suite = kind.of.cryptosuite;
            let credential = data_integrity::Issuance {
                id: None,
                contexts: vec![CONTEXT_HUIZHENG.to_owned()],
                types: vec![kind.of.vc_type.clone()],
                issuer,
                verification_method: kid.to_owned(),
                holder: Some(holder.did.clone()),
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
        Format::MsoMdoc => {
            let until = record.valid_until.unwrap_or_else(|| kind.of.valid_until(at));
            let root = issuance.identity.root();
            let certificate = root.certificates().certify(key.public_key(), kid, (at, until), &mut OsRng)?;
            let document = mdoc::Issuance {
                doc_type: kind.of.doc_type().unwrap_or_default().to_owned(),
                name_spaces: kind.of.mdoc_elements(&checked)?.unwrap_or_default(),
                device_key: holder.key.clone(),
                signed: at,
                valid_from: at,
                valid_until: until,
                status: Some(as_token(&issuance.served, place, registry)),
                x5chain: vec![certificate],
            };
            // `IssuerSigned` in base64url (OpenID4VCI 1.0 §A.2.4).
            Ok(Value::String(BASE64.encode(document.sign(key, &mut OsRng)?)))
        }
    }
}

/// The certificates that go along with an SD-JWT VC, unless the department leaves them out.
fn certificates(issuance: &Issuance, signing: &SigningKey) -> Result<Option<Vec<String>>, MakeError> {
    issuance.policy.sd_jwt_certificate.then(|| issuance.identity.x5c(signing)).transpose()
}

/// The slot whose key signs a credential of this kind.
pub(super) fn slot(kind: &CredentialKind) -> Slot {
    match kind.format {
        Format::LdpVc if kind.of.cryptosuite.takes(Algorithm::EdDsa) => Slot::Ed25519,
        Format::LdpVc | Format::SdJwtVc | Format::MsoMdoc => Slot::P256,
    }
}

/// What is to be noted of credentials of one record that were just made.
pub(super) fn noted(
    kind: &CredentialKind,
    credential: Id,
    made: &[(StatusIndex, &Value)],
    now: Moment,
) -> Vec<Signed> {
    let one = |(place, made): &(StatusIndex, &Value)| {
        let StatusIndex { list, index } = *place;
        Some(Signed { credential, list, index, tag: signature(kind.format, made)?, at: now.seconds })
    };
    made.iter().filter_map(one).collect()
}

/// Which signature a credential that was just made carries.
fn signature(format: Format, credential: &Value) -> Option<SignatureTag> {
    match (format, credential) {
        (Format::SdJwtVc, Value::String(text)) => {
            // It is ours, made a moment ago: its third part is the signature, there is nothing else to be read in it.
            let token = text.split('~').next()?;
            Some(SignatureTag::of(&BASE64.decode(token.split('.').nth(2)?).ok()?))
        }
        (Format::MsoMdoc, Value::String(text)) => {
            let document = mdoc::Unverified::parse(&BASE64.decode(text).ok()?).ok()?;
            Some(SignatureTag::of(document.issuer_signature()))
        }
        (Format::LdpVc, Value::Object(_)) => {
            let credential = data_integrity::UnverifiedCredential::read(credential.clone()).ok()?;
            credential.issuer_signature().map(SignatureTag::of)
        }
        _ => None,
    }
}

/// The status as the two compact formats have it: on the chain, and in a Token Status List.
fn as_token(served: &Served, place: StatusIndex, registry: RegistryEntry) -> StatusRef {
    let token = TokenEntry { uri: served.token_uri(place.list), index: place.index.into() };
    StatusRef { registry: Some(registry), token: Some(token), bitstring: Vec::new() }
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

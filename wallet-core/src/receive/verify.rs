//! Judging what an issuer sent, by the chain.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use credentials::{
    UnixSeconds, catalogue::CredentialType, data_integrity, json, key::PublicKey, mdoc, sd_jwt,
    status::StatusRef,
};
use registry::{
    Did, KeyId, LocalText, Proven, Purpose, RecordKey, Slug, Status, UnixMillis,
    history::{accredited_in_second, key_valid_in_second, list_has, status_at},
};
use serde_json::{Map, Value};

use super::{ReceiveError, Rejected};
use crate::{
    card::Format,
    context::Context,
    held::{self, RegistryStatus, registry_status},
};

/// A credential that is what it should be.
pub(super) struct VerifiedCredential {
    pub(super) kind: Slug,
    pub(super) issuer: Did,
    pub(super) issuer_name: LocalText,
    pub(super) issuer_key: KeyId,
    pub(super) issued: UnixMillis,
    pub(super) expires: Option<UnixSeconds>,
    pub(super) status: Option<StatusRef>,
}

/// Checks that the credential is of the type offered, signed by a key that was its issuer's when it was issued, by an
/// issuer that was accredited for the type then, unchanged, in its time, bound to `holder`, complete, and in force.
pub(super) async fn verify(
    context: &Context,
    format: Format,
    text: &str,
    kind: &CredentialType,
    holder: &PublicKey,
) -> Result<VerifiedCredential, ReceiveError> {
    let claimed = Claimed::read(format, text, kind)?;
    let kind_id = Slug::new(&kind.id).map_err(|_| Rejected::OtherType)?;
    if claimed.issuer.network() != &context.chain.anchor.network {
        return Err(Rejected::IssuerNotOnThisChain.into());
    }
    let place = claimed.registry_status()?;
    let facts = Facts::ask(context, &claimed.issuer, &kind_id, place.as_ref()).await?;

    let key = key_valid_in_second(&facts.did, &claimed.key, Purpose::AssertionMethod, claimed.issued)
        .map_err(Rejected::KeyNotValid)?;
    let key = PublicKey::from_multikey(&key.key.to_multikey()).map_err(|_| Rejected::KeyUnusable)?;
    let (claims, expires) = claimed.document.verify(kind, &key, holder, context.seconds())?;
    check_claims(kind, &claims, claimed.issued)?;

    let trust = accredited_in_second(&facts.trust, &claimed.issuer, &kind_id, claimed.issued)
        .map_err(|reason| Rejected::NotAccredited { credential_type: kind_id.clone(), reason })?;
    if let Some(place) = place {
        check_status(&facts, &place)?;
    }
    Ok(VerifiedCredential {
        kind: kind_id,
        issuer_name: trust.issuer_name.clone(),
        issuer: claimed.issuer,
        issuer_key: claimed.key,
        issued: claimed.issued,
        expires,
        status: claimed.status,
    })
}

/// What a credential says of itself: whom to ask, and about what.
struct Claimed {
    issuer: Did,
    key: KeyId,
    issued: UnixMillis,
    status: Option<StatusRef>,
    document: Document,
}

enum Document {
    SdJwt(Box<sd_jwt::Unverified>),
    Ldp(Box<data_integrity::UnverifiedCredential>),
    Mdoc(Box<mdoc::Unverified>),
}

impl Claimed {
    fn read(format: Format, text: &str, kind: &CredentialType) -> Result<Self, Rejected> {
        match format {
            Format::SdJwtVc => Self::of_token(sd_jwt::Unverified::parse(text)?, kind),
            Format::LdpVc => {
                let whole = json::parse(text.as_bytes()).map_err(data_integrity::ParseError::Json)?;
                Self::of_document(data_integrity::UnverifiedCredential::read(whole)?, kind)
            }
            Format::MsoMdoc => {
                let bytes = BASE64.decode(text).map_err(|_| Rejected::NoMdoc)?;
                Self::of_mdoc(mdoc::Unverified::parse(&bytes).map_err(|_| Rejected::NoMdoc)?, kind)
            }
        }
    }

    fn of_token(token: sd_jwt::Unverified, kind: &CredentialType) -> Result<Self, Rejected> {
        if token.vct() != Some(kind.vct.as_str()) {
            return Err(Rejected::OtherType);
        }
        let issuer = issuer(token.issuer().unwrap_or_default())?;
        let key = token.header().kid.as_deref().ok_or(Rejected::KeyNotNamed)?;
        Ok(Self {
            key: key_of(&issuer, key)?,
            issued: token.times().iat.map(millis).ok_or(Rejected::NoIssueTime)?,
            status: token.status().cloned(),
            issuer,
            document: Document::SdJwt(Box::new(token)),
        })
    }

    fn of_document(
        document: data_integrity::UnverifiedCredential,
        kind: &CredentialType,
    ) -> Result<Self, Rejected> {
        if !document.types().contains(&kind.vc_type) {
            return Err(Rejected::OtherType);
        }
        let issuer = issuer(document.issuer())?;
        Ok(Self {
            key: key_of(&issuer, document.verification_method())?,
            issued: document.created().map(millis).ok_or(Rejected::NoIssueTime)?,
            status: document.status().cloned(),
            issuer,
            document: Document::Ldp(Box::new(document)),
        })
    }

    fn of_mdoc(document: mdoc::Unverified, kind: &CredentialType) -> Result<Self, Rejected> {
        let object = document.security_object();
        if Some(object.doc_type.as_str()) != kind.doc_type() {
            return Err(Rejected::OtherType);
        }
        // The certificate says whose key it is; that it is so, the chain must say.
        let key: KeyId =
            document.issuer_uri().and_then(|uri| uri.parse().ok()).ok_or(Rejected::KeyNotNamed)?;
        Ok(Self {
            issuer: key.did.clone(),
            key,
            issued: millis(object.signed),
            status: object.status.clone(),
            document: Document::Mdoc(Box::new(document)),
        })
    }

    /// Where on the chain its status is: in one of its issuer's own lists.
    fn registry_status(&self) -> Result<Option<RegistryStatus>, Rejected> {
        let place = registry_status(self.status.as_ref());
        let named = self.status.as_ref().is_some_and(|status| status.registry.is_some());
        match place {
            Some(place) if place.list.owner == self.issuer => Ok(Some(place)),
            None if !named => Ok(None),
            _ => Err(Rejected::StatusUnknown),
        }
    }
}

impl Document {
    /// The claims about the subject and the end of its time, once signature, times and binding are right.
    fn verify(
        self,
        kind: &CredentialType,
        key: &PublicKey,
        holder: &PublicKey,
        now: UnixSeconds,
    ) -> Result<(Map<String, Value>, Option<UnixSeconds>), Rejected> {
        match self {
            Self::SdJwt(token) => {
                let claims = held::subject_of_token(&token);
                let bound = token.holder().cloned();
                let verified = token.verify_issued(key, None, now)?;
                if bound.as_ref() != Some(holder) {
                    return Err(Rejected::HolderIsAnother);
                }
                Ok((claims, verified.times().exp))
            }
            Self::Ldp(document) => {
                let bound = held::subject_key(&document).map(|subject| subject.key);
                let verified = document.verify(key, now)?;
                if bound.as_ref() != Some(holder) {
                    return Err(Rejected::HolderIsAnother);
                }
                let mut claims = verified.subject().as_object().cloned().unwrap_or_default();
                claims.remove("id");
                Ok((claims, verified.valid_until()))
            }
            Self::Mdoc(document) => {
                let bound = document.security_object().device_key == *holder;
                let verified = document.verify_issued(mdoc::Trust::Key(key), None, now)?;
                if !bound {
                    return Err(Rejected::HolderIsAnother);
                }
                let claims = kind.claims_of_elements(verified.elements());
                Ok((claims, Some(verified.security_object().valid_until)))
            }
        }
    }
}

struct Facts {
    did: Proven,
    trust: Proven,
    status: Option<(Proven, Proven)>,
}

impl Facts {
    async fn ask(
        context: &Context,
        issuer: &Did,
        kind: &Slug,
        place: Option<&RegistryStatus>,
    ) -> Result<Self, ReceiveError> {
        let mut keys = vec![RecordKey::Did(issuer.clone()), RecordKey::Trust(issuer.clone(), kind.clone())];
        if let Some(RegistryStatus { list, index }) = place {
            keys.push(RecordKey::StatusList(list.clone()));
            keys.push(RecordKey::chunk_of(list, *index));
        }
        let mut facts = context.chain.facts(&context.vault, &keys).await?.into_iter();
        let mut next = || facts.next().ok_or(crate::chain::ChainError::Malformed);
        let (did, trust) = (next()?, next()?);
        let status = if place.is_some() { Some((next()?, next()?)) } else { None };
        Ok(Self { did, trust, status })
    }
}

fn check_status(facts: &Facts, RegistryStatus { list, index }: &RegistryStatus) -> Result<(), Rejected> {
    let (known, chunk) = facts.status.as_ref().ok_or(Rejected::StatusUnknown)?;
    list_has(known, list, *index).map_err(|_| Rejected::StatusUnknown)?;
    match status_at(chunk, list, *index) {
        Ok(Status::Valid) => Ok(()),
        Ok(Status::Revoked | Status::Suspended) => Err(Rejected::NotInForce),
        Err(_) => Err(Rejected::StatusUnknown),
    }
}

/// Whether the claims are those of the type, as of the day of issue. Claims beyond the type's are let through: they are
/// shown by their names.
fn check_claims(
    kind: &CredentialType,
    claims: &Map<String, Value>,
    issued: UnixMillis,
) -> Result<(), Rejected> {
    let asked = |name: &String| kind.claim(name).is_some_and(|claim| claim.derived.is_none());
    let given = claims.iter().filter(|(name, _)| asked(name));
    let given: Map<String, Value> = sorted::collect(given.map(|(name, value)| (name.clone(), value.clone())));
    // A day's grace: the day of issue is told in China's time, and clocks differ.
    let day = UnixSeconds(issued.seconds()).plus(86_400);
    match kind.validate_claims(&Value::Object(given), day) {
        Ok(_) => Ok(()),
        Err(errors) => Err(Rejected::Claims(errors.into_iter().map(|error| error.claim).collect())),
    }
}

fn issuer(text: &str) -> Result<Did, Rejected> {
    text.parse().map_err(|_| Rejected::IssuerNotOnThisChain)
}

/// The key named by a DID URL, in full or by its fragment alone.
fn key_of(issuer: &Did, named: &str) -> Result<KeyId, Rejected> {
    let full = if named.starts_with('#') { format!("{issuer}{named}") } else { named.to_owned() };
    let key: KeyId = full.parse().map_err(|_| Rejected::KeyNotNamed)?;
    if key.did == *issuer { Ok(key) } else { Err(Rejected::KeyOfAnother) }
}

fn millis(time: UnixSeconds) -> UnixMillis {
    UnixMillis::from_seconds(time.0)
}

//! Presenting with no network: from a counter's QR code to one of the wallet's own.

use std::sync::{Mutex, PoisonError};

use credentials::{ClaimPath, jws, key::PublicKey};
use protocol::{
    Endpoint,
    offline::{
        self, Answer, BadOfflineRequest, Binding, FrameSize, Message, OFFLINE_RESPONSE_URI, OFFLINE_TYPE,
        ONE_WAY_SECONDS, OfflineRequest,
    },
    openid4vp::{BadRequest, CheckedRequest, ClientMetadata},
};
use registry::{Did, KeyId, Purpose, RecordKey, Slug, UnixMillis, history::key_valid_at};

use super::{
    Choice, ConsentRequest, Pending, PresentError, RequestRefused, answer,
    request::{Genuine, is_of_this_chain},
    review::{entitled, judge, log_refusal},
};
use crate::{card, context::Context, log::Outcome, vault::VaultError};

/// What a request that came as a QR code wants its answer bound to, and whether it was answered.
pub(crate) struct Offline {
    binding: Binding,
    /// The log's entries: one for each answer, however often its code is made anew.
    logged: Mutex<Vec<(Shown, String)>>,
}

/// An answer: of which credentials which claims.
type Shown = Vec<(String, Vec<ClaimPath>)>;

impl Offline {
    /// The log's entry of an answer that was shown before.
    fn logged(&self, shown: &Shown) -> Option<String> {
        let logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        logged.iter().find(|(before, _)| before == shown).map(|(_, entry)| entry.clone())
    }
}

/// A presentation as QR codes: each text is one code in the QR alphabet; several are shown in turn, again and again.
///
/// Personal: whoever reads it has what was agreed to.
#[derive(Clone, PartialEq, Eq)]
pub struct OfflineCode {
    /// The texts, at least one.
    pub frames: Vec<String>,
    /// The length of the message in them, in bytes.
    pub bytes: usize,
    /// When it is of no use any more: make another then.
    pub until: UnixMillis,
    /// The time of the oldest evidence that is stapled to it: a counter decides how old it may be. None when there is no
    /// evidence: nobody can check it then.
    pub as_of: Option<UnixMillis>,
    /// The log's entry of it.
    pub log_entry: String,
}

impl std::fmt::Debug for OfflineCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OfflineCode")
            .field("bytes", &self.bytes)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

/// What was chosen does not fit into QR codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what was chosen is too much for QR codes: {bytes} bytes")]
pub struct TooBig {
    /// So much it would be.
    pub bytes: usize,
}

/// Reads a counter's code and works out what it would take to answer. A refusal is logged.
pub(crate) async fn review(
    context: &Context,
    message: &[u8],
) -> Result<(ConsentRequest, Pending), RequestRefused> {
    let ask = match Message::from_bytes(message)? {
        Message::Ask(ask) => ask,
        Message::Answer(_) => return Err(RequestRefused::WalletsCode),
    };
    let token = jws::Unverified::parse(&ask.request)?;
    let claimed = token.dangerous_claims().get("client_id").and_then(serde_json::Value::as_str);
    let claimed = claimed.unwrap_or_default().to_owned();
    let (refused, genuine) = match genuine(context, token, &ask.staples).await {
        Err(refused) => (refused, None),
        Ok((genuine, binding)) => {
            let judged = match entitled(context, &genuine) {
                Ok(entitled) => judge(context, &genuine, entitled).await,
                Err(refused) => Err(refused),
            };
            match judged {
                Ok((consent, pending)) => {
                    let offline = Some(Offline { binding, logged: Mutex::default() });
                    return Ok((consent, Pending { offline, ..pending }));
                }
                Err(refused) => (refused, Some(genuine)),
            }
        }
    };
    log_refusal(context, &claimed, &refused, genuine.as_ref()).await?;
    Err(refused)
}

/// Is the request from whom it says? By the newest evidence at hand; the network is asked where there is none that is
/// young enough.
async fn genuine(
    context: &Context,
    token: jws::Unverified,
    staples: &[Vec<u8>],
) -> Result<(Genuine, Binding), RequestRefused> {
    let claims = serde_json::to_vec(token.dangerous_claims()).unwrap_or_default();
    let request = OfflineRequest::parse(&claims)?.check(context.seconds().0)?;
    let verifier: Did = request
        .client_id
        .did()
        .and_then(|did| did.parse().ok())
        .ok_or(RequestRefused::VerifierNotOnThisChain)?;
    is_of_this_chain(context, &verifier)?;
    let kid = token.header().kid.as_deref().and_then(|kid| kid.parse::<KeyId>().ok());
    let kid = kid.filter(|kid| kid.did == verifier).ok_or(BadRequest::OtherKey)?;
    // Nobody knows yet who says so.
    let purpose = Slug::new(&request.purpose).map_err(|_| BadOfflineRequest::Purpose)?;

    let keys = [RecordKey::Did(verifier.clone()), RecordKey::Purpose(verifier.clone(), purpose.clone())];
    let shown = context.chain.shown(&context.vault, staples)?;
    let mut facts = Vec::with_capacity(keys.len());
    for key in &keys {
        let newest = context.chain.newest(&context.vault, &shown, key)?;
        facts.extend(newest.filter(|fact| fact.time().until(context.now()) <= context.stale));
    }
    if facts.len() < keys.len() {
        facts = context.chain.facts(&context.vault, &keys).await?;
    }
    let [did, of_purpose] = facts.as_slice() else { return Err(crate::chain::ChainError::Malformed.into()) };
    if did.record().is_none() {
        return Err(RequestRefused::VerifierNotOnThisChain);
    }
    let key = key_valid_at(did, &kid, Purpose::Authentication, context.now())?;
    let key = PublicKey::from_multikey(&key.key.to_multikey()).map_err(|_| RequestRefused::Signature)?;
    token.verify::<OfflineRequest>(&key, OFFLINE_TYPE).map_err(|error| match error {
        jws::VerifyError::TypeWrong => BadRequest::Type.into(),
        jws::VerifyError::AlgorithmNotOfKey => BadRequest::Algorithm.into(),
        jws::VerifyError::SignatureWrong | jws::VerifyError::ClaimsWrong => RequestRefused::Signature,
    })?;
    let request_uri = Endpoint::parse(OFFLINE_RESPONSE_URI).map_err(|_| BadRequest::ResponseUri)?;
    let nonce = match &request.binding {
        Binding::Challenge(nonce) => nonce.clone(),
        Binding::Place(_) => String::new(),
    };
    let genuine = Genuine {
        as_of: did.time().min(of_purpose.time()),
        purpose: Some((purpose, of_purpose.clone())),
        request: CheckedRequest {
            client_id: request.client_id,
            nonce,
            state: None,
            response_uri: request_uri,
            encryption: None,
            query: request.query,
            client_metadata: ClientMetadata::default(),
            transaction_data: Vec::new(),
            purpose: Some(request.purpose),
        },
        encryption: None,
        expires: Some(UnixMillis::from_seconds(request.expires)),
        verifier,
        offline: true,
    };
    Ok((genuine, request.binding))
}

/// Signs what the holder agreed to and lays it out as QR codes. The log has it before the first is shown.
pub(crate) async fn present(
    context: &Context,
    pending: &Pending,
    choice: &Choice,
    size: FrameSize,
) -> Result<OfflineCode, PresentError> {
    let offline = pending.offline.as_ref().ok_or(PresentError::NotOpen)?;
    let expires = pending.expires.unwrap_or(UnixMillis(u64::MAX));
    let (nonce, until) = match &offline.binding {
        Binding::Challenge(nonce) => (nonce.clone(), expires),
        Binding::Place(place) => {
            let mut random = [0; 16];
            context.ports.random.fill(&mut random).map_err(VaultError::from)?;
            let lives = std::time::Duration::from_secs(ONE_WAY_SECONDS.unsigned_abs());
            (offline::one_way_nonce(place, random), context.now().after(lives).min(expires))
        }
    };
    let (token, chosen) = answer::signed(context, pending, &nonce, choice).await?;
    let mut presentations = Vec::with_capacity(token.0.len());
    for (query, answers) in token.0 {
        let Ok([one]) = <[_; 1]>::try_from(answers) else {
            return Err(PresentError::NotAnOption(query.to_string()));
        };
        presentations.push((query, one));
    }
    let mut keys = Vec::new();
    for option in &chosen {
        let card = context.face(&option.card)?.ok_or(PresentError::CardGone)?;
        // With what says of a key that was compromised whether its owner stands by this very signature.
        keys.extend(card::facts_of(card, &option.credential, |key| context.chain.kept(&context.vault, key))?);
    }
    sorted::sort(&mut keys);
    keys.dedup();
    let mut as_of = None;
    for key in &keys {
        let time = context.chain.kept(&context.vault, key)?.map(|fact| fact.time());
        as_of = as_of.into_iter().chain(time).min();
    }
    let staples = context.chain.staples(&context.vault, &keys)?;
    let bytes = Message::Answer(Answer { nonce, presentations, staples }).to_bytes();
    let frames = offline::frames(&bytes, size).map_err(|too_large| TooBig { bytes: too_large.bytes })?;
    let shown: Shown = chosen.iter().map(|one| (one.credential.clone(), one.paths.clone())).collect();
    let log_entry = match offline.logged(&shown) {
        Some(entry) => entry,
        // Declined while its holder was asked for her key.
        None if pending.is_taken() => return Err(PresentError::NotOpen),
        None => {
            let entry = answer::note_sent(context, pending, chosen, Outcome::Shown).await?;
            offline.logged.lock().unwrap_or_else(PoisonError::into_inner).push((shown, entry.clone()));
            entry
        }
    };
    Ok(OfflineCode { frames, bytes: bytes.len(), until, as_of, log_entry })
}

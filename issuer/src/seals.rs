//! Self-contained secrets: codes, tokens and nonces that carry their own proof of having been made here.
//!
//! Every kind has its own key, derived from one secret kept in a 0600 file, so that a nonce can never pass for an
//! access token. A sealed text that this issuer did not make is refused before the store is touched; what may be used
//! only once is marked in the store by whoever uses it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use rand_core::RngCore;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::model::Id;

type HmacSha256 = Hmac<Sha256>;

/// Bytes of the authenticator that ends each sealed text.
const TAG: usize = 16;
/// Digits of a transaction code.
pub(crate) const TX_CODE_DIGITS: u32 = 6;

/// Makes and opens every sealed text of one issuer.
pub(crate) struct Seals {
    applicant: HmacSha256,
    code: HmacSha256,
    reference: HmacSha256,
    tx_code: HmacSha256,
    token: HmacSha256,
    nonce: HmacSha256,
    request: HmacSha256,
    visit: HmacSha256,
    form: HmacSha256,
    login: HmacSha256,
    staff: HmacSha256,
    operator: HmacSha256,
    granted: HmacSha256,
    bound_token: HmacSha256,
    dpop_nonce: HmacSha256,
    dpop_seen: HmacSha256,
    holder: HmacSha256,
    refresh: HmacSha256,
    deferred: HmacSha256,
    notification: HmacSha256,
    encryption: HmacSha256,
    mark: HmacSha256,
    presentation: HmacSha256,
    presented: HmacSha256,
    asked: HmacSha256,
    attachment: Zeroizing<[u8; 32]>,
    answers: Zeroizing<[u8; 32]>,
    password_half: HmacSha256,
}

/// What a nonce says once opened: the moment it ends, and the bytes that make it one of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Nonce {
    /// Seconds since 1970 after which it no longer counts.
    pub(crate) expires: i64,
    /// Its key among the nonces used: expiry first, so that those long gone can be dropped in order.
    pub(crate) key: [u8; 20],
}

impl Seals {
    /// The seals under one root secret.
    pub(crate) fn new(root: &Zeroizing<[u8; 32]>) -> Self {
        Self {
            applicant: derived(root, b"applicant secret"),
            code: derived(root, b"pre-authorized code"),
            reference: derived(root, b"offer reference"),
            tx_code: derived(root, b"transaction code"),
            token: derived(root, b"access token"),
            nonce: derived(root, b"proof nonce"),
            request: derived(root, b"pushed request"),
            visit: derived(root, b"browser of an authorization"),
            form: derived(root, b"forms of an authorization"),
            login: derived(root, b"login at an identity source"),
            operator: derived(root, b"operator with the keys"),
            staff: derived(root, b"staff at an identity source"),
            granted: derived(root, b"authorization code"),
            bound_token: derived(root, b"access token bound to a key"),
            dpop_nonce: derived(root, b"dpop nonce"),
            dpop_seen: derived(root, b"dpop proof that was used"),
            holder: derived(root, b"holder of an application"),
            refresh: derived(root, b"refresh token"),
            deferred: derived(root, b"transaction"),
            notification: derived(root, b"notification"),
            encryption: derived(root, b"request encryption key"),
            mark: derived(root, b"holder mark"),
            presentation: derived(root, b"presentation"),
            presented: derived(root, b"presentation that was accepted"),
            asked: derived(root, b"what a presentation is asked with"),
            attachment: Zeroizing::new(mac(&keyed(root), b"attachment")),
            answers: Zeroizing::new(mac(&keyed(root), b"answers to presentations")),
            password_half: derived(root, b"second half of a password"),
        }
    }

    /// The secret by which an applicant shows that an application is hers.
    pub(crate) fn applicant_secret(&self, application: Id) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(mac(&self.applicant, &application.to_bytes())))
    }

    /// Whether `secret` is the applicant's.
    pub(crate) fn is_applicant_secret(&self, application: Id, secret: &str) -> bool {
        let expected = self.applicant_secret(application);
        expected.as_bytes().ct_eq(secret.as_bytes()).into()
    }

    /// By what an index finds a holder without holding anything of hers: nobody makes it without our key.
    pub(crate) fn mark(&self, kind: &str, value: &str) -> String {
        let tag = self.mark.clone().chain_update(kind).chain_update([0]).chain_update(value);
        URL_SAFE_NO_PAD.encode(&tag.finalize().into_bytes()[..16])
    }

    /// The last part of the addresses of a presentation. Whoever knows it can answer it, and see how it ended.
    pub(crate) fn presentation(&self, presentation: Id) -> String {
        seal(&self.presentation, &presentation.to_bytes())
    }

    /// The presentation that such an address names.
    pub(crate) fn open_presentation(&self, text: &str) -> Option<Id> {
        open(&self.presentation, text).map(Id::from_bytes)
    }

    /// What a browser shows to go on after a presentation: only the wallet that was accepted has it.
    pub(crate) fn presented(&self, presentation: Id) -> Zeroizing<String> {
        Zeroizing::new(seal(&self.presented, &presentation.to_bytes()))
    }

    /// The presentation that such a text is of.
    pub(crate) fn open_presented(&self, text: &str) -> Option<Id> {
        open(&self.presented, text).map(Id::from_bytes)
    }

    /// What goes along with a request for a presentation: its nonce, its state. 32 bytes, base64url.
    pub(crate) fn presentation_secret(&self, presentation: Id, purpose: &str) -> Zeroizing<String> {
        let body = [presentation.to_bytes().as_slice(), purpose.as_bytes()].concat();
        Zeroizing::new(URL_SAFE_NO_PAD.encode(mac(&self.asked, &body)))
    }

    /// The key that attachments are sealed with.
    pub(crate) fn attachment_key(&self) -> &[u8; 32] {
        &self.attachment
    }

    /// The secret that seals what answers to presentations are encrypted to.
    pub(crate) fn answers(&self) -> &[u8; 32] {
        &self.answers
    }

    /// The half of a password that a second admin is told: 12 characters, 72 bits.
    pub(crate) fn password_half(&self, seed: &[u8; 16]) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(&mac(&self.password_half, seed)[..9]))
    }

    /// The pre-authorized code of an offer (OpenID4VCI 1.0 §4.1.1).
    pub(crate) fn code(&self, offer: Id) -> Zeroizing<String> {
        Zeroizing::new(seal(&self.code, &offer.to_bytes()))
    }

    /// The offer whose pre-authorized code this is.
    pub(crate) fn open_code(&self, text: &str) -> Option<Id> {
        open(&self.code, text).map(Id::from_bytes)
    }

    /// The last part of the address at which an offer can be fetched (OpenID4VCI 1.0 §4.1.3).
    pub(crate) fn reference(&self, offer: Id) -> String {
        seal(&self.reference, &offer.to_bytes())
    }

    /// The offer that such an address names.
    pub(crate) fn open_reference(&self, text: &str) -> Option<Id> {
        open(&self.reference, text).map(Id::from_bytes)
    }

    /// The transaction code of an offer: six digits, told to the applicant by another way than the offer.
    pub(crate) fn tx_code(&self, offer: Id) -> Zeroizing<String> {
        let bytes = mac(&self.tx_code, &offer.to_bytes());
        let mut first = [0u8; 8];
        first.copy_from_slice(&bytes[..8]);
        // 2^64 is so much more than a million that the remainder's bias is below 10^-13.
        let number = u64::from_be_bytes(first) % 10u64.pow(TX_CODE_DIGITS);
        Zeroizing::new(format!("{number:06}"))
    }

    /// Whether `given` is the offer's transaction code; takes the same time whichever digit is wrong.
    pub(crate) fn is_tx_code(&self, offer: Id, given: &str) -> bool {
        self.tx_code(offer).as_bytes().ct_eq(given.as_bytes()).into()
    }

    /// An access token for what an offer grants, until `expires` (seconds since 1970).
    pub(crate) fn token(&self, offer: Id, expires: i64) -> Zeroizing<String> {
        let mut body = [0u8; 24];
        body[..16].copy_from_slice(&offer.to_bytes());
        body[16..].copy_from_slice(&expires.to_be_bytes());
        Zeroizing::new(seal(&self.token, &body))
    }

    /// The offer an access token stands for, if it is ours and still counts at `now`.
    pub(crate) fn open_token(&self, text: &str, now: i64) -> Option<Id> {
        let body: [u8; 24] = open(&self.token, text)?;
        let (offer, expires) = body.split_at(16);
        let expires = i64::from_be_bytes(expires.try_into().ok()?);
        (now < expires).then_some(Id::from_bytes(offer.try_into().ok()?))
    }

    /// The text that stands for something of an authorization: its pushed request, its browser, its code.
    pub(crate) fn authorization(&self, of: Of, authorization: Id) -> Zeroizing<String> {
        Zeroizing::new(seal(self.key_of(of), &authorization.to_bytes()))
    }

    /// The authorization that such a text is of.
    pub(crate) fn open_authorization(&self, of: Of, text: &str) -> Option<Id> {
        open(self.key_of(of), text).map(Id::from_bytes)
    }

    fn key_of(&self, of: Of) -> &HmacSha256 {
        match of {
            Of::Request => &self.request,
            Of::Browser => &self.visit,
            Of::Form => &self.form,
            Of::Code => &self.granted,
            Of::StaffLogin => &self.staff,
        }
    }

    /// A secret of a login that whoever sees another login's can't guess: 32 bytes, base64url.
    pub(crate) fn login_secret(&self, authorization: Id, purpose: &str) -> Zeroizing<String> {
        let body = [authorization.to_bytes().as_slice(), purpose.as_bytes()].concat();
        Zeroizing::new(URL_SAFE_NO_PAD.encode(mac(&self.login, &body)))
    }

    /// An access token for what an offer grants, until `expires`, for whoever has the key of this thumbprint (RFC 9449).
    pub(crate) fn bound_token(&self, offer: Id, expires: i64, key: &[u8; 32]) -> Zeroizing<String> {
        bound(&self.bound_token, offer, expires, key)
    }

    /// A refresh token for the same, bound to the same key (RFC 9449 §5).
    pub(crate) fn refresh_token(&self, offer: Id, expires: i64, key: &[u8; 32]) -> Zeroizing<String> {
        bound(&self.refresh, offer, expires, key)
    }

    /// The offer that such a token stands for, and the key it is bound to, if it still counts at `now`.
    pub(crate) fn open_refresh_token(&self, text: &str, now: i64) -> Option<(Id, [u8; 32])> {
        open_bound(&self.refresh, text, now)
    }

    /// The text that stands for a credential that takes time, or for one that was issued.
    pub(crate) fn later(&self, of: Later, id: Id) -> String {
        seal(self.key_of_later(of), &id.to_bytes())
    }

    /// What such a text stands for.
    pub(crate) fn open_later(&self, of: Later, text: &str) -> Option<Id> {
        open(self.key_of_later(of), text).map(Id::from_bytes)
    }

    fn key_of_later(&self, of: Later) -> &HmacSha256 {
        match of {
            Later::Transaction => &self.deferred,
            Later::Notification => &self.notification,
        }
    }

    /// The secret of the key that requests are encrypted to.
    pub(crate) fn encryption_secret(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(mac(&self.encryption, b"p-256"))
    }

    /// The offer that such a token stands for, and the key it is bound to, if it still counts at `now`.
    pub(crate) fn open_bound_token(&self, text: &str, now: i64) -> Option<(Id, [u8; 32])> {
        open_bound(&self.bound_token, text, now)
    }

    /// A nonce for DPoP proofs, until `expires`. Proofs may share it; each is used once by its `jti`.
    pub(crate) fn dpop_nonce(&self, expires: i64) -> String {
        seal(&self.dpop_nonce, &expires.to_be_bytes())
    }

    /// A token by which whoever can read the keys asks for a back-up, until `expires`.
    pub(crate) fn operator_token(&self, expires: i64) -> String {
        seal(&self.operator, &expires.to_be_bytes())
    }

    /// Whether this is such a token and counts at `now`; none counts for longer than two minutes.
    pub(crate) fn is_operator_token(&self, text: &str, now: i64) -> bool {
        let expires = open(&self.operator, text).map(i64::from_be_bytes);
        expires.is_some_and(|expires| now < expires && expires <= now.saturating_add(120))
    }

    /// Whether this is such a nonce and counts at `now`.
    pub(crate) fn is_dpop_nonce(&self, text: &str, now: i64) -> bool {
        open(&self.dpop_nonce, text).is_some_and(|expires| now < i64::from_be_bytes(expires))
    }

    /// What is remembered of a DPoP proof so that it is used once, until `expires`.
    pub(crate) fn dpop_seen(&self, key: &[u8; 32], jti: &str, expires: i64) -> Nonce {
        let mut seen = [0u8; 20];
        seen[..8].copy_from_slice(&expires.to_be_bytes());
        seen[8..].copy_from_slice(&mac(&self.dpop_seen, &[key, jti.as_bytes()].concat())[..12]);
        Nonce { expires, key: seen }
    }

    /// The name under which applications of a person or a company are found: says nothing without our secret.
    pub(crate) fn holder(&self, kind: &str, number: &str) -> String {
        let body = [kind.as_bytes(), b":", number.as_bytes()].concat();
        URL_SAFE_NO_PAD.encode(&mac(&self.holder, &body)[..TAG])
    }

    /// A fresh nonce for key proofs, until `expires` (OpenID4VCI 1.0 §7).
    pub(crate) fn nonce(&self, expires: i64, random: &mut impl RngCore) -> String {
        let mut body = [0u8; 20];
        body[..8].copy_from_slice(&expires.to_be_bytes());
        random.fill_bytes(&mut body[8..]);
        seal(&self.nonce, &body)
    }

    /// A nonce of ours that still counts at `now`. Whether it was used before is for the store to say.
    pub(crate) fn open_nonce(&self, text: &str, now: i64) -> Option<Nonce> {
        let key: [u8; 20] = open(&self.nonce, text)?;
        let expires = i64::from_be_bytes(key[..8].try_into().ok()?);
        (now < expires).then_some(Nonce { expires, key })
    }
}

/// What of an authorization a text stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    /// The pushed request, in `request_uri`.
    Request,
    /// The browser that opened it, in a cookie.
    Browser,
    /// Its pages' forms, so that no other site sends them.
    Form,
    /// The authorization code.
    Code,
    /// No authorization, but a sign-in of the staff that began, in a cookie.
    StaffLogin,
}

/// What comes after a credential request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Later {
    /// `transaction_id`.
    Transaction,
    /// `notification_id`.
    Notification,
}

fn bound(seals: &HmacSha256, offer: Id, expires: i64, key: &[u8; 32]) -> Zeroizing<String> {
    let mut body = [0u8; 56];
    body[..16].copy_from_slice(&offer.to_bytes());
    body[16..24].copy_from_slice(&expires.to_be_bytes());
    body[24..].copy_from_slice(key);
    Zeroizing::new(seal(seals, &body))
}

fn open_bound(seals: &HmacSha256, text: &str, now: i64) -> Option<(Id, [u8; 32])> {
    let body: [u8; 56] = open(seals, text)?;
    let expires = i64::from_be_bytes(body[16..24].try_into().ok()?);
    let offer = Id::from_bytes(body[..16].try_into().ok()?);
    (now < expires).then_some((offer, body[24..].try_into().ok()?))
}

fn derived(root: &Zeroizing<[u8; 32]>, purpose: &[u8]) -> HmacSha256 {
    keyed(&Zeroizing::new(mac(&keyed(root), purpose)))
}

/// HMAC under a 32-byte key, which its definition fills up with zeros to the length of a block (RFC 2104 §2).
fn keyed(key: &Zeroizing<[u8; 32]>) -> HmacSha256 {
    let mut block = Zeroizing::new([0u8; 64]);
    block[..32].copy_from_slice(key.as_slice());
    HmacSha256::new(block.as_slice().into())
}

fn mac(key: &HmacSha256, body: &[u8]) -> [u8; 32] {
    key.clone().chain_update(body).finalize().into_bytes().into()
}

fn seal(key: &HmacSha256, body: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(body.len() + TAG);
    bytes.extend_from_slice(body);
    bytes.extend_from_slice(&mac(key, body)[..TAG]);
    URL_SAFE_NO_PAD.encode(bytes)
}

fn open<const N: usize>(key: &HmacSha256, text: &str) -> Option<[u8; N]> {
    // Four characters for three bytes: anything of another length can't be ours and is not even decoded.
    if text.len() != ((N + TAG) * 4).div_ceil(3) {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (body, tag) = bytes.split_at_checked(N)?;
    bool::from(mac(key, body)[..TAG].ct_eq(tag)).then_some(body.try_into().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::OsRng;

    fn seals(byte: u8) -> Seals {
        Seals::new(&Zeroizing::new([byte; 32]))
    }

    #[test]
    fn each_kind_opens_only_as_itself_and_only_here() {
        let (ours, theirs) = (seals(1), seals(2));
        let offer = Id::new(1, &mut OsRng);
        let code = ours.code(offer);
        assert_eq!(ours.open_code(&code), Some(offer));
        assert_eq!(theirs.open_code(&code), None);
        assert_eq!(ours.open_reference(&code), None, "a code is no address");
        let token = ours.token(offer, 100);
        assert_eq!(ours.open_token(&token, 99), Some(offer));
        assert_eq!(ours.open_token(&token, 100), None, "expired");
        assert_eq!(theirs.open_token(&token, 99), None);
        assert_eq!(ours.open_nonce(&token, 0), None);
        let bound = ours.bound_token(offer, 100, &[7; 32]);
        assert_eq!(ours.open_bound_token(&bound, 99), Some((offer, [7; 32])));
        assert_eq!(ours.open_bound_token(&bound, 100), None, "expired");
        assert_eq!(ours.open_token(&bound, 99), None, "a bound token is no bearer token");
        assert_eq!(ours.open_refresh_token(&bound, 99), None, "nor one to refresh with");
        let later = ours.later(Later::Transaction, offer);
        assert_eq!(ours.open_later(Later::Transaction, &later), Some(offer));
        assert_eq!(ours.open_later(Later::Notification, &later), None);
        let all = [Of::Request, Of::Browser, Of::Form, Of::Code, Of::StaffLogin];
        for (made, opened) in all.into_iter().flat_map(|made| all.map(|opened| (made, opened))) {
            let found = ours.open_authorization(opened, &ours.authorization(made, offer));
            assert_eq!(found, (made == opened).then_some(offer), "{made:?} as {opened:?}");
        }
    }

    #[test]
    fn a_changed_character_is_refused() {
        let seals = seals(7);
        let nonce = seals.nonce(50, &mut OsRng);
        assert!(seals.open_nonce(&nonce, 49).is_some());
        for at in 0..nonce.len() {
            let mut changed = nonce.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(seals.open_nonce(&String::from_utf8(changed).unwrap(), 49), None, "at {at}");
        }
        assert_eq!(seals.open_nonce(&format!("{nonce}A"), 49), None);
        assert_eq!(seals.open_nonce("", 49), None);
    }

    #[test]
    fn a_transaction_code_is_six_digits_and_its_offers_own() {
        let seals = seals(3);
        let (one, other) = (Id::new(1, &mut OsRng), Id::new(1, &mut OsRng));
        let code = seals.tx_code(one);
        assert_eq!(code.len(), 6);
        assert!(code.bytes().all(|digit| digit.is_ascii_digit()));
        assert!(seals.is_tx_code(one, &code));
        assert!(!seals.is_tx_code(one, &format!("{}0", code.as_str())));
        assert_ne!(seals.applicant_secret(one), seals.applicant_secret(other));
        assert!(!seals.is_applicant_secret(one, &seals.applicant_secret(other)));
    }
}

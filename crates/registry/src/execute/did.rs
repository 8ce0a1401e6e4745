//! DIDs: create, rotate, recover, declare compromised, deactivate.

use std::collections::BTreeSet;

use crate::action::{DidDocument, DocumentKey};
use crate::build::{did_of, recovery_commitment as commitment_of};
use crate::did::Did;
use crate::execute::{Receipt, Step, TextField, TxError};
use crate::hash::Hash32;
use crate::key::{Ed25519Key, PublicKey};
use crate::purposes::Purpose;
use crate::record::{DidRecord, Record, Service, VerificationKey};
use crate::text::Slug;
use crate::time::UnixMillis;
use crate::transaction::Transaction;

const MAX_DOCUMENT_KEYS: usize = 16;
const MAX_SERVICES: usize = 16;
/// How many keys the current version remembers, held and retired together.
const MAX_REMEMBERED_KEYS: usize = 64;

impl Step<'_, '_> {
    pub(super) fn did_create(
        &mut self,
        did: &Did,
        document: &DidDocument,
        salt: &[u8; 16],
        recovery_commitment: Hash32,
        transaction: &Transaction,
    ) -> Receipt {
        if *did.network() != self.context.network {
            return Err(TxError::WrongNetwork);
        }
        if *did != did_of(&self.context.network, document, salt, &recovery_commitment) {
            return Err(TxError::DidMismatch);
        }
        if self.overlay.did(did)?.is_some() {
            return Err(TxError::DidExists);
        }
        check_document(document)?;
        let now = self.context.time;
        let record = DidRecord {
            did: did.clone(),
            version: 1,
            created: now,
            from: now,
            until: None,
            deactivated: None,
            keys: document.keys.iter().map(|key| held(key, now)).collect(),
            services: document.services.clone(),
            recovery_commitment,
        };
        authorise(&record, transaction)?;
        self.overlay.put(Record::Did(record));
        Ok(())
    }

    pub(super) fn did_rotate(
        &mut self,
        did: &Did,
        document: &DidDocument,
        transaction: &Transaction,
    ) -> Receipt {
        let record = self.authorised_did(did, transaction)?;
        let keys = next_keys(&record, document, self.context.time)?;
        self.put_next(record, |next| {
            next.keys = keys;
            next.services.clone_from(&document.services);
        });
        Ok(())
    }

    pub(super) fn did_recover(
        &mut self,
        did: &Did,
        recovery_key: &Ed25519Key,
        document: &DidDocument,
        recovery_commitment: Hash32,
        transaction: &Transaction,
    ) -> Receipt {
        let record = self.active_did(did)?;
        if commitment_of(recovery_key) != record.recovery_commitment {
            return Err(TxError::WrongRecoveryKey);
        }
        if let Some(signature) = transaction.signatures.iter().position(|s| s.key != *recovery_key) {
            return Err(TxError::NotAuthorised { signature });
        }
        let now = self.context.time;
        let mut replaced = record.clone();
        retire(&mut replaced.keys, now, |_| true);
        let keys = next_keys(&replaced, document, now)?;
        self.put_next(record, |next| {
            next.keys = keys;
            next.services.clone_from(&document.services);
            next.recovery_commitment = recovery_commitment;
        });
        Ok(())
    }

    pub(super) fn did_declare_compromised(
        &mut self,
        did: &Did,
        fragment: &Slug,
        since: UnixMillis,
        transaction: &Transaction,
    ) -> Receipt {
        let record = self.authorised_did(did, transaction)?;
        let now = self.context.time;
        let key = record.key(fragment).ok_or_else(|| TxError::UnknownKey { fragment: fragment.clone() })?;
        if since < key.from || since > now || key.compromised_since.is_some_and(|earlier| earlier <= since) {
            return Err(TxError::CompromiseDate);
        }
        let mut keys = record.keys.clone();
        retire(&mut keys, now, |key| key.fragment == *fragment);
        if !keys.iter().any(|key| {
            key.until.is_none() && may_invoke(key.key, key.purposes.contains(Purpose::CapabilityInvocation))
        }) {
            return Err(TxError::NoInvocationKey);
        }
        for key in keys.iter_mut().filter(|key| key.fragment == *fragment) {
            key.compromised_since = Some(since);
        }
        self.put_next(record, |next| next.keys = keys);
        Ok(())
    }

    pub(super) fn did_deactivate(&mut self, did: &Did, transaction: &Transaction) -> Receipt {
        let record = self.authorised_did(did, transaction)?;
        let now = self.context.time;
        self.put_next(record, |next| {
            retire(&mut next.keys, now, |_| true);
            next.deactivated = Some(now);
        });
        Ok(())
    }

    /// The DID's current version, once every signature is by a key that may act for it.
    pub(super) fn authorised_did(
        &mut self,
        did: &Did,
        transaction: &Transaction,
    ) -> Result<DidRecord, TxError> {
        let record = self.active_did(did)?;
        authorise(&record, transaction)?;
        Ok(record)
    }

    /// Moves `record` to its place among past versions and puts the next in its stead.
    fn put_next(&mut self, mut record: DidRecord, change: impl FnOnce(&mut DidRecord)) {
        let now = self.context.time;
        let mut next = DidRecord { version: record.version + 1, from: now, ..record.clone() };
        change(&mut next);
        record.until = Some(now);
        self.overlay.put(Record::Did(record));
        self.overlay.put(Record::Did(next));
    }
}

fn authorise(record: &DidRecord, transaction: &Transaction) -> Receipt {
    let may = |signer: &Ed25519Key| {
        record.current_keys().any(|key| {
            key.purposes.contains(Purpose::CapabilityInvocation) && key.key == PublicKey::Ed25519(*signer)
        })
    };
    match transaction.signatures.iter().position(|s| !may(&s.key)) {
        Some(signature) => Err(TxError::NotAuthorised { signature }),
        None => Ok(()),
    }
}

fn check_document(document: &DidDocument) -> Receipt {
    let DidDocument { keys, services } = document;
    if !(1..=MAX_DOCUMENT_KEYS).contains(&keys.len()) || services.len() > MAX_SERVICES {
        return Err(TxError::DocumentSize);
    }
    let fragments: BTreeSet<_> =
        keys.iter().map(|k| &k.fragment).chain(services.iter().map(|s| &s.fragment)).collect();
    let values: BTreeSet<_> = keys.iter().map(|k| k.key).collect();
    if fragments.len() != keys.len() + services.len() || values.len() != keys.len() {
        return Err(TxError::DuplicateInDocument);
    }
    for DocumentKey { fragment, key, purposes } in keys {
        let invokes = purposes.contains(Purpose::CapabilityInvocation);
        if purposes.is_empty() || (invokes && !may_invoke(*key, true)) {
            return Err(TxError::KeyPurpose { fragment: fragment.clone() });
        }
    }
    if !keys.iter().any(|k| may_invoke(k.key, k.purposes.contains(Purpose::CapabilityInvocation))) {
        return Err(TxError::NoInvocationKey);
    }
    services.iter().try_for_each(check_service)
}

fn may_invoke(key: PublicKey, has_purpose: bool) -> bool {
    has_purpose && matches!(key, PublicKey::Ed25519(_))
}

fn check_service(service: &Service) -> Receipt {
    super::governance::check_url(&service.endpoint)?;
    let plain = |b: u8| b.is_ascii_graphic();
    if (1..=64).contains(&service.kind.len()) && service.kind.bytes().all(plain) {
        Ok(())
    } else {
        Err(TxError::Text { field: TextField::ServiceType })
    }
}

/// The keys of the next version: those of `document`, then the retired, newest first.
fn next_keys(
    record: &DidRecord,
    document: &DidDocument,
    now: UnixMillis,
) -> Result<Vec<VerificationKey>, TxError> {
    check_document(document)?;
    let mut keys = Vec::with_capacity(record.keys.len() + document.keys.len());
    for key in &document.keys {
        let same = record.keys.iter().find(|k| k.key == key.key);
        let named = record.key(&key.fragment);
        keys.push(match (same, named) {
            (Some(known), _) if known.until.is_some() => {
                return Err(TxError::KeyRetired { fragment: key.fragment.clone() });
            }
            (Some(known), Some(_)) if known.fragment == key.fragment && known.purposes == key.purposes => {
                known.clone()
            }
            (None, None) => held(key, now),
            _ => return Err(TxError::FragmentUsed { fragment: key.fragment.clone() }),
        });
    }
    let kept: BTreeSet<_> = keys.iter().map(|key| key.fragment.clone()).collect();
    let mut before = record.keys.clone();
    retire(&mut before, now, |key| !kept.contains(&key.fragment));
    before.retain(|key| key.until.is_some());
    before.sort_by_key(|key| std::cmp::Reverse(key.until));
    keys.extend(before);
    keys.truncate(MAX_REMEMBERED_KEYS);
    Ok(keys)
}

fn held(key: &DocumentKey, from: UnixMillis) -> VerificationKey {
    VerificationKey {
        fragment: key.fragment.clone(),
        key: key.key,
        purposes: key.purposes,
        from,
        until: None,
        compromised_since: None,
    }
}

fn retire(keys: &mut [VerificationKey], now: UnixMillis, which: impl Fn(&VerificationKey) -> bool) {
    for key in keys.iter_mut().filter(|key| key.until.is_none() && which(key)) {
        key.until = Some(now);
    }
}

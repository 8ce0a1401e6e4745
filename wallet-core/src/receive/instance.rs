//! The key by which an issuer's authorization server knows this wallet again.
//!
//! One for each server, shown for every token (RFC 9449) as long as the wallet has something from there. So a department can
//! tell what is on a phone that was lost, and revoke it; and two departments can't tell that they gave to the same phone.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use credentials::key::{Algorithm, Jwk, PublicKey};
use protocol::openid4vci::{AuthorizationServerMetadata, TokenErrorCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{ReceiveError, authorize, dpop::Dpop, later, loose};
use crate::{
    context::Context,
    ports::{HeldKey, KeyHandle, KeyStoreError},
    vault::{Sealed, VaultError, VaultTx},
};

/// By server (blinded: it names an issuer).
const INSTANCES: Sealed<StoredKey> = Sealed::new("instances");

#[derive(Clone, Serialize, Deserialize)]
struct StoredKey {
    key: KeyHandle,
    public: Jwk,
}

/// The keys that are being shown, each as often as it is: whoever shows one has perhaps not written down yet that it needs it, and
/// another that needs it no more must leave it to them.
#[derive(Default)]
pub(crate) struct Shown(Mutex<Vec<KeyHandle>>);

/// A key is being shown, until this is dropped.
pub(super) struct Showing(Arc<Shown>, KeyHandle);

impl Shown {
    /// In a write, for what others forget they forget in one.
    pub(super) fn begin(self: &Arc<Self>, key: &KeyHandle) -> Showing {
        self.keys().push(key.clone());
        Showing(Arc::clone(self), key.clone())
    }

    fn has(&self, key: &KeyHandle) -> bool {
        self.keys().contains(key)
    }

    fn keys(&self) -> MutexGuard<'_, Vec<KeyHandle>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Showing {
    fn drop(&mut self) {
        let mut keys = self.0.keys();
        if let Some(at) = keys.iter().position(|key| *key == self.1) {
            keys.swap_remove(at);
        }
    }
}

/// The key for a server, made if there is none; `None` if it takes no proofs of a kind that this device can make.
pub(super) async fn of(
    context: &Context,
    server: &AuthorizationServerMetadata,
) -> Result<Option<Dpop>, ReceiveError> {
    let takes = |algorithm: Algorithm| {
        server.dpop_signing_alg_values_supported.iter().any(|name| algorithm.is_named(name))
    };
    if let Some(known) = known(context, server)?
        && takes(known.public.algorithm())
        && let Some(showing) = show(context, server, &known).await?
    {
        return Ok(Some(Dpop::known(known).kept(showing)));
    }
    // P-256 first: that is what phones keep in hardware.
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa].into_iter().filter(|one| takes(*one)) {
        match context.ports.keys.generate(algorithm).await {
            Err(KeyStoreError::Unsupported) => {}
            made => return keep(context, server, made?).await.map(Some),
        }
    }
    Ok(None)
}

/// Begins to show a key; `None` if it was forgotten this very moment.
async fn show(
    context: &Context,
    server: &AuthorizationServerMetadata,
    known: &HeldKey,
) -> Result<Option<Showing>, VaultError> {
    let name = context.vault.blind(server.issuer.as_str());
    let (shown, key) = (Arc::clone(&context.shown), known.handle.clone());
    let show = move |tx: &mut VaultTx<'_, '_>| {
        let kept = tx.get(&INSTANCES, &name)?.filter(|kept| kept.key == key);
        Ok(kept.map(|kept| shown.begin(&kept.key)))
    };
    context.vault.write(show).await
}

/// Keeps a new key, unless another was kept meanwhile: then that one counts.
async fn keep(
    context: &Context,
    server: &AuthorizationServerMetadata,
    made: HeldKey,
) -> Result<Dpop, ReceiveError> {
    let name = context.vault.blind(server.issuer.as_str());
    let new = StoredKey { key: made.handle.clone(), public: made.public.to_jwk() };
    let shown = Arc::clone(&context.shown);
    let keep = move |tx: &mut VaultTx<'_, '_>| {
        let kept = match tx.get(&INSTANCES, &name)? {
            Some(before)
                if PublicKey::from_jwk(&before.public).is_ok_and(|key| {
                    PublicKey::from_jwk(&new.public).is_ok_and(|new| key.algorithm() == new.algorithm())
                }) =>
            {
                loose::let_go(tx, [new.key])?;
                before
            }
            _ => {
                tx.put(&INSTANCES, &name, &new)?;
                new
            }
        };
        let showing = shown.begin(&kept.key);
        Ok((kept, showing))
    };
    let (kept, showing) = context.vault.write(keep).await?;
    if kept.key == made.handle {
        return Ok(Dpop::of(made).kept(showing));
    }
    loose::sweep(context).await?;
    let public = PublicKey::from_jwk(&kept.public).map_err(|_| VaultError::OtherForm("instances"))?;
    Ok(Dpop::known(HeldKey { handle: kept.key, public }).kept(showing))
}

fn known(context: &Context, server: &AuthorizationServerMetadata) -> Result<Option<HeldKey>, VaultError> {
    let Some(stored) = context.vault.get(&INSTANCES, &context.vault.blind(server.issuer.as_str()))? else {
        return Ok(None);
    };
    let public = PublicKey::from_jwk(&stored.public).map_err(|_| VaultError::OtherForm("instances"))?;
    Ok(Some(HeldKey { handle: stored.key, public }))
}

/// Whether a server, or the device, says that a key which was known counts no more: the phone was declared lost and found, or
/// the device was reset. Nothing was used up then, and a new key may be shown.
pub(super) fn is_over(dpop: &Dpop, error: &ReceiveError) -> bool {
    let over = matches!(
        error,
        ReceiveError::TokenRefused(TokenErrorCode::InvalidClient) | ReceiveError::Keys(KeyStoreError::Gone)
    );
    over && dpop.was_known
}

/// Shows this server another key from now on. The one before stays while a card needs it.
pub(super) async fn begin_anew(
    context: &Context,
    server: &AuthorizationServerMetadata,
    before: Dpop,
) -> Result<Option<Dpop>, ReceiveError> {
    let (name, key) = (context.vault.blind(server.issuer.as_str()), before.key.handle.clone());
    drop(before);
    let (former, shown) = (key.clone(), Arc::clone(&context.shown));
    let forget = move |tx: &mut VaultTx<'_, '_>| {
        let Some(stored) = tx.get(&INSTANCES, &name)?.filter(|stored| stored.key == former) else {
            // Somebody else began anew.
            return Ok(());
        };
        if shown.has(&former) {
            // Whoever shows it forgets it. If they never come to that, it is known all the same, by a name that no server has.
            let aside = tx.blind(&format!("former {}", former.0));
            tx.put(&INSTANCES, &aside, &stored)?;
        }
        tx.remove(&INSTANCES, &name)
    };
    context.vault.write(forget).await?;
    forget_unless_needed(context, &key).await?;
    of(context, server).await
}

/// Shows a key no more, and [forgets it unless it is needed](forget_unless_needed).
pub(super) async fn let_go(context: &Context, dpop: Dpop) -> Result<(), VaultError> {
    let key = dpop.key.handle.clone();
    drop(dpop);
    forget_unless_needed(context, &key).await
}

/// The keys by which issuers know this wallet, in clear. Which issuer a key is shown to is not kept in a form that can be read.
pub(crate) fn exported(context: &Context) -> Result<Vec<Value>, VaultError> {
    let instances = context.vault.all(&INSTANCES)?.into_iter();
    Ok(instances.map(|(_, stored)| json!({ "key": stored.key, "publicKey": stored.public })).collect())
}

/// Every key that is kept here.
pub(super) fn keys(context: &Context) -> Result<Vec<KeyHandle>, VaultError> {
    Ok(context.vault.all(&INSTANCES)?.into_iter().map(|(_, stored)| stored.key).collect())
}

/// Deletes a key that was shown for tokens, unless a card, a login, or something that takes time still needs it, or somebody is showing
/// it: they forget it then.
pub(crate) async fn forget_unless_needed(context: &Context, key: &KeyHandle) -> Result<(), VaultError> {
    if later::needs(context, key)? || authorize::needs(context, key)? {
        return Ok(());
    }
    let instances = context.vault.all(&INSTANCES)?.into_iter();
    let names: Vec<String> = instances.filter(|(_, one)| one.key == *key).map(|(name, _)| name).collect();
    let (key, shown) = (key.clone(), Arc::clone(&context.shown));
    let forget = move |tx: &mut VaultTx<'_, '_>| {
        if shown.has(&key) {
            return Ok(());
        }
        names.iter().try_for_each(|name| tx.remove(&INSTANCES, name))?;
        loose::let_go(tx, [key])
    };
    context.vault.write(forget).await?;
    loose::sweep(context).await
}

//! Opening by face or finger, beside the PIN and never instead of it.
//!
//! ```text
//! store key → sealed with a random secret → wrapped by the device's key → record
//!                         └ guarded by the device's biometrics ──────────┘
//! ```
//!
//! The PIN's own wrapping stays as it is, so the PIN always opens. Wrong PINs are neither counted nor forgiven here; once they
//! make one wait, only the right PIN opens, however good the finger is.

use std::{path::Path, sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use serde::{Deserialize, Serialize};
use store::{Store, Table};
use zeroize::Zeroizing;

use super::{
    NotUnlocked, Vault, VaultError,
    header::Header,
    unlock::{ATTEMPTS, HEADER, ONLY, random, try_pin},
};
use crate::{
    ports::{Biometrics, KeyStoreError, Ports},
    seal::{self, SecretKey},
};

const ENROLLED: Table<str, Enrolled> = Table::new("vault-biometrics");
const VERSION: u32 = 1;

/// Why biometrics don't open a wallet. Its PIN does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BiometricsRefused {
    /// The device or the app has none.
    #[error("this device has no biometrics that a wallet can be opened by")]
    None,
    /// The holder has not switched it on for this wallet.
    #[error("opening by biometrics is not switched on")]
    NotEnrolled,
    /// A face or finger was added to the device since: it is switched off. Switch it on again after opening by PIN.
    #[error("the device's biometrics have changed")]
    Changed,
    /// Wrong PINs were tried: open by the right one first.
    #[error("wrong PINs were tried; the PIN is needed")]
    PinFirst,
}

#[derive(Clone, Serialize, Deserialize)]
struct Enrolled {
    version: u32,
    guarded: String,
    wrapped: String,
}

impl Vault {
    /// Switches it on. The PIN is tried as if to unlock.
    pub(crate) async fn enrol(&self, pin: &str, ports: &Ports) -> Result<(), NotUnlocked> {
        let biometrics = of(ports)?;
        let header = self.store.get(&HEADER, ONLY)?.ok_or(NotUnlocked::Header)?;
        let store_key = try_pin(&self.store, &header, pin, ports).await?;
        let enrolled = match enrolled(biometrics, &header, &store_key, ports).await {
            Ok(enrolled) => enrolled,
            Err(why) => {
                // It may have made its key before the holder said no, and would seem to be switched on by that.
                forget(&self.store, ports).await?;
                return Err(why);
            }
        };
        self.store.write_async(move |tx| tx.put(&ENROLLED, ONLY, &enrolled).map_err(NotUnlocked::from)).await
    }

    pub(crate) fn is_enrolled(&self) -> Result<bool, VaultError> {
        Ok(self.store.get(&ENROLLED, ONLY)?.is_some())
    }

    /// Switches it off.
    pub(crate) async fn unenrol(&self, ports: &Ports) -> Result<(), NotUnlocked> {
        forget(&self.store, ports).await
    }

    /// Opens by biometrics, or says why the PIN is needed. `wipe_after` as for [`Vault::unlock`].
    pub(crate) async fn unlock_by_biometrics(
        path: &Path,
        ports: &Ports,
        wipe_after: Option<u32>,
    ) -> Result<Self, NotUnlocked> {
        let (store, header) = Self::locked(path, wipe_after)?;
        let biometrics = of(ports)?;
        let attempts = store.get(&ATTEMPTS, ONLY)?.unwrap_or_default();
        if attempts.delay() > Duration::ZERO {
            return Err(BiometricsRefused::PinFirst.into());
        }
        let Some(enrolled) = store.get(&ENROLLED, ONLY)? else {
            // A key may have stayed from the wallet that this one was restored in the place of.
            forget(&store, ports).await?;
            return Err(BiometricsRefused::NotEnrolled.into());
        };
        let bytes = |text: &str| BASE64.decode(text).map_err(|_| NotUnlocked::Header);
        if enrolled.version != VERSION {
            return Err(NotUnlocked::Header);
        }
        let inner = ports.keys.unwrap(&bytes(&enrolled.wrapped)?).await?;
        let opened = match biometrics.release(&bytes(&enrolled.guarded)?).await {
            Ok(secret) => <[u8; 32]>::try_from(secret.as_slice())
                .map(Zeroizing::new)
                .ok()
                .and_then(|secret| seal::open(&secret, &place(&header).ok()?, &inner).ok()),
            Err(KeyStoreError::Gone) => None,
            Err(error) => return Err(error.into()),
        };
        // Of another set of fingers, or put here from elsewhere: it opens nothing any more.
        let Some(opened) = opened else {
            forget(&store, ports).await?;
            return Err(BiometricsRefused::Changed.into());
        };
        let store_key = Zeroizing::new(<[u8; 32]>::try_from(&*opened).map_err(|_| NotUnlocked::Header)?);
        Ok(Self::open(store, &store_key, header.id()?, Arc::clone(&ports.random))?)
    }
}

async fn enrolled(
    biometrics: &Arc<dyn Biometrics>,
    header: &Header,
    store_key: &SecretKey,
    ports: &Ports,
) -> Result<Enrolled, NotUnlocked> {
    let secret = SecretKey::new(random(ports)?);
    let guarded = match biometrics.guard(secret.as_slice()).await {
        Err(KeyStoreError::Unsupported) => return Err(BiometricsRefused::None.into()),
        guarded => guarded?,
    };
    let inner = seal::seal(&secret, &place(header)?, store_key.as_slice(), ports.random.as_ref())?;
    let wrapped = ports.keys.wrap(&inner).await?;
    Ok(Enrolled { version: VERSION, guarded: BASE64.encode(guarded), wrapped: BASE64.encode(wrapped) })
}

fn of(ports: &Ports) -> Result<&Arc<dyn Biometrics>, BiometricsRefused> {
    ports.biometrics.as_ref().ok_or(BiometricsRefused::None)
}

/// The record first: without it the key is of no use.
async fn forget(store: &Store, ports: &Ports) -> Result<(), NotUnlocked> {
    store.write_async(|tx| tx.remove(&ENROLLED, ONLY).map_err(NotUnlocked::from)).await?;
    if let Some(biometrics) = &ports.biometrics
        && biometrics.forget().await.is_err()
    {
        tracing::warn!("a key that biometrics guarded could not be deleted");
    }
    Ok(())
}

/// What the inner wrapping belongs to: this vault, whatever its PIN.
fn place(header: &Header) -> Result<Vec<u8>, NotUnlocked> {
    Ok([b"huizheng/vault/biometrics/1/".as_slice(), &header.id()?].concat())
}

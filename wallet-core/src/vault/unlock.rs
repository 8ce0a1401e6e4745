//! Making and opening a vault: the device's key and the PIN, both.
//!
//! ```text
//! store key (random) → sealed with argon2id(PIN) → wrapped by the device's key → header
//! ```
//!
//! So a copy of the files is of no use without the device, and the device is of no use without the PIN.

use std::{path::Path, sync::Arc, time::Duration};

use futures_channel::oneshot;
use registry::UnixMillis;
use store::{OpenError, Range, Store, Table};
use zeroize::Zeroizing;

use super::{
    NotUnlocked, PinCost, Vault, VaultError, attempts::Attempts, header::Header, records::SEALED,
    stock::Stock,
};
use crate::{
    folder,
    ports::{Ports, Randomness},
    seal::{self, SecretKey},
};

pub(super) const HEADER: Table<str, Header> = Table::new("vault-header");
pub(super) const ATTEMPTS: Table<str, Attempts> = Table::new("vault-attempts");
pub(super) const ONLY: &str = "";

/// A PIN that is guessed in the first tries: at least six characters, and not all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the PIN needs at least six characters, not all the same")]
pub struct PinTooWeak;

pub(crate) fn check_pin(pin: &str) -> Result<(), PinTooWeak> {
    let mut characters = pin.chars();
    let first = characters.next();
    let varied = characters.any(|c| Some(c) != first);
    if pin.chars().count() >= 6 && pin.len() <= 256 && varied { Ok(()) } else { Err(PinTooWeak) }
}

impl Vault {
    pub(crate) async fn create(
        path: &Path,
        pin: &str,
        ports: &Ports,
        cost: PinCost,
    ) -> Result<Self, NotUnlocked> {
        if Store::exists(path) {
            return Err(NotUnlocked::Exists);
        }
        let id = random(ports)?;
        let store_key = SecretKey::new(random(ports)?);
        let header = wrap(Header::new(id, random(ports)?, cost), &store_key, pin, ports).await?;
        let (first_key, source) = (store_key.clone(), Arc::clone(&ports.random));
        // Made beside, and put in place whole: there is never a folder with half a vault.
        let making = folder::making(path);
        folder::remove(&making).map_err(at(&making))?;
        let options = store::Options::default();
        let store = Store::persistent(&making, &options)?;
        let begin = move |tx: &mut store::Tx<'_>| {
            tx.put(&HEADER, ONLY, &header)?;
            Self::begin(tx, &first_key, id, source)
        };
        store.write_async(begin).await?;
        drop(store);
        folder::put_in_place(&making, path).map_err(at(path))?;
        Ok(Self::open(Store::persistent(path, &options)?, &store_key, id, Arc::clone(&ports.random))?)
    }

    /// `wipe_after` so many wrong PINs it is [`NotUnlocked::TooOften`], and stays so: the caller wipes it.
    pub(crate) async fn unlock(
        path: &Path,
        pin: &str,
        ports: &Ports,
        wipe_after: Option<u32>,
    ) -> Result<Self, NotUnlocked> {
        let (store, header) = Self::locked(path, wipe_after)?;
        let found = aside("wallet-stock", {
            let store = store.clone();
            move || Stock::of(&store)
        })?;
        let tried = try_pin_before_wiping(&store, &header, pin, ports, wipe_after).await;
        // Whatever the PIN: who tries again must find the store let go.
        let found = found.await.map_err(|_| NotUnlocked::Header)?;
        let (store_key, found) = (tried?, found?);
        Ok(Self::open_with(store, &store_key, header.id()?, Arc::clone(&ports.random), &found)?)
    }

    /// A vault that is there, still locked. Neither PIN nor finger is asked for where it is to be wiped.
    pub(super) fn locked(path: &Path, wipe_after: Option<u32>) -> Result<(Store, Header), NotUnlocked> {
        if !Store::exists(path) {
            return Err(NotUnlocked::NoWallet);
        }
        let store = Store::persistent(path, &store::Options::default())?;
        let Some(header) = store.get(&HEADER, ONLY)? else {
            // Earlier versions left this when they were ended while they made a wallet.
            if store.is_empty()? {
                return Err(NotUnlocked::Empty);
            }
            let is_vault = !store.page(&SEALED, &Range::all(), 1)?.is_empty();
            return Err(if is_vault { NotUnlocked::Header } else { NotUnlocked::NoWallet });
        };
        not_too_often(&store, wipe_after)?;
        Ok((store, header))
    }

    /// Another PIN for the same vault. The old one is tried as if to unlock.
    pub(crate) async fn change_pin(&self, old: &str, new: &str, ports: &Ports) -> Result<(), NotUnlocked> {
        let header = self.store.get(&HEADER, ONLY)?.ok_or(NotUnlocked::Header)?;
        let store_key = try_pin(&self.store, &header, old, ports).await?;
        let renewed = Header::new(header.id()?, random(ports)?, header.cost());
        let renewed = wrap(renewed, &store_key, new, ports).await?;
        self.store.write_async(move |tx| tx.put(&HEADER, ONLY, &renewed).map_err(NotUnlocked::from)).await
    }
}

/// The process may have been ended between the last wrong PIN and the wiping.
fn not_too_often(store: &Store, wipe_after: Option<u32>) -> Result<(), NotUnlocked> {
    let failed = store.get(&ATTEMPTS, ONLY)?.unwrap_or_default().failed;
    if is_too_often(failed, wipe_after) { Err(NotUnlocked::TooOften) } else { Ok(()) }
}

/// As [`try_pin`]; [`NotUnlocked::TooOften`] once so many were wrong that the vault is to be wiped.
pub(super) async fn try_pin_before_wiping(
    store: &Store,
    header: &Header,
    pin: &str,
    ports: &Ports,
    wipe_after: Option<u32>,
) -> Result<SecretKey, NotUnlocked> {
    not_too_often(store, wipe_after)?;
    match try_pin(store, header, pin, ports).await {
        Err(NotUnlocked::WrongPin { failed, .. }) if is_too_often(failed, wipe_after) => {
            Err(NotUnlocked::TooOften)
        }
        tried => tried,
    }
}

fn at(path: &Path) -> impl Fn(std::io::Error) -> OpenError + use<> {
    let path = path.to_owned();
    move |source| OpenError::Io { path: path.clone(), source }
}

fn is_too_often(failed: u32, wipe_after: Option<u32>) -> bool {
    wipe_after.is_some_and(|most| failed >= most.max(1))
}

async fn wrap(
    header: Header,
    store_key: &SecretKey,
    pin: &str,
    ports: &Ports,
) -> Result<Header, NotUnlocked> {
    let pin_key = pin_key(&header, pin).await?;
    let inner = seal::seal(&pin_key, &header.place(), store_key.as_slice(), ports.random.as_ref())?;
    let wrapped = ports.keys.wrap(&inner).await?;
    Ok(header.with_wrapped(&wrapped))
}

pub(super) async fn try_pin(
    store: &Store,
    header: &Header,
    pin: &str,
    ports: &Ports,
) -> Result<SecretKey, NotUnlocked> {
    header.check()?;
    let now = ports.clock.now();
    let attempts = count(store, now).await?;
    // The device's part first: without it the PIN is not even tried, and the try must not count.
    let unwrapped = match ports.keys.unwrap(&header.wrapped()?).await {
        Ok(unwrapped) => unwrapped,
        Err(error) => {
            note(store, attempts.before).await?;
            return Err(error.into());
        }
    };
    let pin_key = pin_key(header, pin).await?;
    let Ok(opened) = seal::open(&pin_key, &header.place(), &unwrapped) else {
        let Attempts { failed, .. } = attempts.counted;
        return Err(NotUnlocked::WrongPin { failed, wait: attempts.counted.delay() });
    };
    note(store, Attempts::default()).await?;
    let bytes = Zeroizing::new(<[u8; 32]>::try_from(&*opened).map_err(|_| NotUnlocked::Header)?);
    Ok(bytes)
}

struct Counted {
    before: Attempts,
    counted: Attempts,
}

/// Counts a try on the disk, or refuses it.
async fn count(store: &Store, now: UnixMillis) -> Result<Counted, NotUnlocked> {
    store
        .write_async(move |tx| {
            let before = tx.get(&ATTEMPTS, ONLY)?.unwrap_or_default().at(now);
            let wait = before.wait(now);
            if wait > Duration::ZERO {
                // From when on is written down too: a clock that is put right does not make her wait anew each time.
                tx.put(&ATTEMPTS, ONLY, &before)?;
                return Ok(Err(NotUnlocked::Wait { wait }));
            }
            let counted = before.one_more(now);
            tx.put(&ATTEMPTS, ONLY, &counted)?;
            Ok::<_, NotUnlocked>(Ok(Counted { before, counted }))
        })
        .await?
}

async fn note(store: &Store, attempts: Attempts) -> Result<(), NotUnlocked> {
    store.write_async(move |tx| tx.put(&ATTEMPTS, ONLY, &attempts).map_err(NotUnlocked::from)).await
}

/// Works the PIN's key out on a thread of its own: it takes tens of megabytes and a tenth of a second, which no
/// async runtime should stand still for.
async fn pin_key(header: &Header, pin: &str) -> Result<SecretKey, NotUnlocked> {
    let (header, pin) = (header.clone(), Zeroizing::new(pin.to_owned()));
    aside("wallet-pin", move || header.pin_key(&pin))?.await.map_err(|_| NotUnlocked::Header)?
}

/// Work that no async runtime should stand still for, on a thread of its own.
fn aside<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<oneshot::Receiver<T>, NotUnlocked> {
    let (sender, receiver) = oneshot::channel();
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || drop(sender.send(work())))
        .map_err(|error| VaultError::Store(store::StoreError::Failed(error.to_string())))?;
    Ok(receiver)
}

pub(super) fn random<const N: usize>(ports: &Ports) -> Result<[u8; N], NotUnlocked> {
    let mut bytes = [0; N];
    let random: &dyn Randomness = ports.random.as_ref();
    random.fill(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_pins_are_refused() {
        for weak in ["", "12345", "111111", "零零零零零零"] {
            assert_eq!(check_pin(weak), Err(PinTooWeak), "{weak}");
        }
        for fit in ["135790", "a longer phrase", "一二三四五六"] {
            assert_eq!(check_pin(fit), Ok(()), "{fit}");
        }
    }
}

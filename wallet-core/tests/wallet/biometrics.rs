//! Opening by face or finger: beside the PIN, never around it.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use wallet_core::{
    BiometricsRefused, OpenError, Wallet,
    ports::{Biometrics, KeyStoreError, Ports, Zeroizing},
};

use crate::town::{Holder, PIN};

/// A sensor: whose finger lies on it, which set is enrolled, and the key that is of that set.
#[derive(Default)]
struct Sensor(Mutex<State>);

#[derive(Default)]
struct State {
    /// Nobody's finger, or a stranger's: then nothing is released.
    stranger: bool,
    /// The enrolled set; another number after a finger was added.
    enrolled: u8,
    /// The set that the one key belongs to, and what it is.
    key: Option<(u8, u8)>,
    made: u8,
    asked: u32,
    /// Whether its owner turns away once the key is made.
    turns_away: bool,
}

impl Sensor {
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap())
    }
}

#[async_trait]
impl Biometrics for Sensor {
    async fn guard(&self, secret: &[u8]) -> Result<Vec<u8>, KeyStoreError> {
        self.with(|state| {
            state.made += 1;
            state.key = Some((state.enrolled, state.made));
            if state.turns_away {
                return Err(KeyStoreError::Declined);
            }
            Ok(secret.iter().map(|byte| byte ^ state.made).collect())
        })
    }

    async fn release(&self, guarded: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyStoreError> {
        self.with(|state| {
            state.asked += 1;
            match state.key {
                Some((set, _)) if set != state.enrolled => Err(KeyStoreError::Gone),
                None => Err(KeyStoreError::Gone),
                Some(_) if state.stranger => Err(KeyStoreError::Declined),
                Some((_, key)) => Ok(Zeroizing::new(guarded.iter().map(|byte| byte ^ key).collect())),
            }
        })
    }

    async fn forget(&self) -> Result<(), KeyStoreError> {
        self.with(|state| state.key = None);
        Ok(())
    }
}

/// A holder whose phone has a sensor, and whose wallet is locked.
struct Phone {
    holder: Holder,
    sensor: Arc<Sensor>,
}

impl Phone {
    /// With it switched on, or not.
    async fn new(enrolled: bool) -> Self {
        let Holder { folder, wallet, town } = Holder::new().await;
        drop(wallet);
        let sensor = Arc::new(Sensor::default());
        let ports = town.ports(folder.path()).with_biometrics(Arc::clone(&sensor) as Arc<dyn Biometrics>);
        let path = folder.path().join("wallet");
        let wallet = Wallet::open(&path, PIN, ports, town.config()).await.unwrap();
        if enrolled {
            wallet.enrol_biometrics(PIN).await.unwrap();
            assert!(wallet.has_biometrics().unwrap());
        }
        drop(wallet);
        // Another wallet elsewhere stands in, so that the holder stays whole.
        let elsewhere = folder.path().join("elsewhere");
        let stand_in =
            Wallet::create(elsewhere, PIN, town.ports(folder.path()), town.config()).await.unwrap();
        Self { holder: Holder { folder, wallet: stand_in, town }, sensor }
    }

    fn ports(&self) -> Ports {
        let ports = self.holder.town.ports(self.holder.folder.path());
        ports.with_biometrics(Arc::clone(&self.sensor) as Arc<dyn Biometrics>)
    }

    async fn touch(&self) -> Result<Wallet, OpenError> {
        let path = self.holder.folder.path().join("wallet");
        Wallet::open_by_biometrics(&path, self.ports(), self.holder.town.config()).await
    }

    async fn enter(&self, pin: &str) -> Result<Wallet, OpenError> {
        let path = self.holder.folder.path().join("wallet");
        Wallet::open(&path, pin, self.ports(), self.holder.town.config()).await
    }

    async fn refused(&self) -> BiometricsRefused {
        match self.touch().await.err() {
            Some(OpenError::Biometrics(refused)) => refused,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_finger_opens_what_the_pin_switched_on_and_the_pin_still_does() {
    let phone = Phone::new(false).await;
    assert_eq!(phone.refused().await, BiometricsRefused::NotEnrolled);
    let wallet = phone.enter(PIN).await.unwrap();
    assert!(matches!(wallet.enrol_biometrics("000001").await, Err(OpenError::WrongPin { failed: 1, .. })));
    assert!(!wallet.has_biometrics().unwrap(), "not without the PIN");
    wallet.enrol_biometrics(PIN).await.unwrap();
    drop(wallet);
    drop(phone.touch().await.unwrap());
    let wallet = phone.enter(PIN).await.unwrap();
    // Another PIN changes nothing about the finger.
    wallet.change_pin(PIN, "975310").await.unwrap();
    drop(wallet);
    let wallet = phone.touch().await.unwrap();
    wallet.forget_biometrics().await.unwrap();
    drop(wallet);
    assert_eq!(phone.refused().await, BiometricsRefused::NotEnrolled);
    assert!(phone.sensor.with(|state| state.key.is_none()), "the device's key is deleted too");
    drop(phone.enter("975310").await.unwrap());
}

#[tokio::test]
async fn a_key_that_opens_nothing_does_not_stay() {
    let phone = Phone::new(false).await;
    let wallet = phone.enter(PIN).await.unwrap();
    phone.sensor.with(|state| state.turns_away = true);
    let refused = wallet.enrol_biometrics(PIN).await;
    assert!(matches!(refused, Err(OpenError::Keys(KeyStoreError::Declined))));
    assert!(phone.sensor.with(|state| state.key.is_none()) && !wallet.has_biometrics().unwrap());
    drop(wallet);
    // Of a wallet that was here before this one.
    phone.sensor.with(|state| state.key = Some((0, 1)));
    assert_eq!(phone.refused().await, BiometricsRefused::NotEnrolled);
    assert!(phone.sensor.with(|state| state.key.is_none()));
}

#[tokio::test]
async fn a_stranger_or_a_new_finger_opens_nothing() {
    let phone = Phone::new(true).await;
    phone.sensor.with(|state| state.stranger = true);
    assert!(matches!(phone.touch().await, Err(OpenError::Keys(KeyStoreError::Declined))));
    phone.sensor.with(|state| state.stranger = false);
    drop(phone.touch().await.unwrap());
    // Somebody who knows the screen lock adds a finger of her own.
    phone.sensor.with(|state| state.enrolled = 1);
    assert_eq!(phone.refused().await, BiometricsRefused::Changed);
    phone.sensor.with(|state| state.enrolled = 0);
    assert_eq!(phone.refused().await, BiometricsRefused::NotEnrolled, "it is switched off, not waiting");
    let wallet = phone.enter(PIN).await.unwrap();
    wallet.enrol_biometrics(PIN).await.unwrap();
    drop(wallet);
    drop(phone.touch().await.unwrap());
}

#[tokio::test]
async fn wrong_pins_are_neither_forgiven_nor_got_around() {
    let phone = Phone::new(true).await;
    for failed in 1..=2 {
        assert!(
            matches!(phone.enter("000001").await, Err(OpenError::WrongPin { failed: said, .. }) if said == failed)
        );
    }
    drop(phone.touch().await.unwrap());
    assert!(
        matches!(phone.enter("000001").await, Err(OpenError::WrongPin { failed: 3, .. })),
        "a finger does not set the count back"
    );
    let asked = phone.sensor.with(|state| state.asked);
    assert_eq!(phone.refused().await, BiometricsRefused::PinFirst);
    assert_eq!(phone.sensor.with(|state| state.asked), asked, "nobody is asked for a finger that can't help");
    phone.holder.town.clock.advance(std::time::Duration::from_secs(30));
    assert_eq!(phone.refused().await, BiometricsRefused::PinFirst, "waiting is not knowing");
    drop(phone.enter(PIN).await.unwrap());
    drop(phone.touch().await.unwrap());

    let path = phone.holder.folder.path().join("wallet");
    let mut config = phone.holder.town.config();
    config.wipe_after = Some(2);
    for pin in ["000001", "000002"] {
        drop(Wallet::open(&path, pin, phone.ports(), phone.holder.town.config()).await);
    }
    let wiped = Wallet::open_by_biometrics(&path, phone.ports(), config).await;
    assert!(matches!(wiped, Err(OpenError::Wiped)));
}

#[tokio::test]
async fn without_the_device_or_in_another_folder_the_secret_opens_nothing() {
    let phone = Phone::new(true).await;
    let path = phone.holder.folder.path().join("wallet");
    let other = wallet_core::software::SoftwareKeyStore::open(
        phone.holder.folder.path().join("other"),
        &wallet_core::software::DeviceSecret::from_bytes(b"thief"),
    );
    let ports = Ports { keys: Arc::new(other.unwrap()), ..phone.ports() };
    let refused = Wallet::open_by_biometrics(&path, ports, phone.holder.town.config()).await;
    assert!(matches!(refused, Err(OpenError::Keys(KeyStoreError::Gone))));
    let none = phone.holder.town.ports(phone.holder.folder.path());
    let refused = Wallet::open_by_biometrics(&path, none, phone.holder.town.config()).await;
    assert!(matches!(refused, Err(OpenError::Biometrics(BiometricsRefused::None))));
    // Erased, the device's key goes with the files.
    let wallet = phone.touch().await.unwrap();
    wallet.erase().await.unwrap();
    assert!(phone.sensor.with(|state| state.key.is_none()));
}

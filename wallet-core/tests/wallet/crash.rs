//! The process killed (SIGKILL) at every call that the wallet makes to its device or the network, before it and after it:
//! while it is made, receives, presents, changes its PIN, restores. Nothing that was acknowledged is lost, and nothing is
//! half done. What happens between two changes to a file is the store's own test.

use std::{
    io::Write,
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use async_trait::async_trait;
use wallet_core::{
    Event, OpenError, RestoreError, Wallet,
    ports::{
        Algorithm, HeldKey, HolderKeyStore, HttpClient, HttpError, HttpRequest, HttpResponse, KeyHandle,
        KeyStoreError, Ports, Protection, Zeroizing,
    },
};

use crate::town::{Ask, Holder, PIN, Plan, Town};

const CHILD: &str = "WALLET_CRASH_CHILD";
const AT: &str = "WALLET_CRASH_AT";
const PHRASE: &str = "a passphrase for the backup";
const NEW_PIN: &str = "975310";

/// Ends the process at a call of this number.
struct Killer {
    at: u32,
    calls: AtomicU32,
}

impl Killer {
    fn call(&self) {
        if self.calls.fetch_add(1, Ordering::SeqCst) + 1 == self.at {
            let _ = Command::new("kill").args(["-9", &std::process::id().to_string()]).status();
            loop {
                std::thread::park();
            }
        }
    }
}

struct Mortal<T: ?Sized>(Arc<T>, Arc<Killer>);

#[async_trait]
impl HttpClient for Mortal<dyn HttpClient> {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        self.1.call();
        let answer = self.0.send(request).await;
        self.1.call();
        answer
    }
}

#[async_trait]
impl HolderKeyStore for Mortal<dyn HolderKeyStore> {
    fn protection(&self) -> Protection {
        self.0.protection()
    }

    async fn generate(&self, algorithm: Algorithm) -> Result<HeldKey, KeyStoreError> {
        self.1.call();
        let made = self.0.generate(algorithm).await;
        self.1.call();
        made
    }

    async fn sign(&self, key: &KeyHandle, message: &[u8]) -> Result<[u8; 64], KeyStoreError> {
        self.1.call();
        self.0.sign(key, message).await
    }

    async fn delete(&self, key: &KeyHandle) -> Result<(), KeyStoreError> {
        self.1.call();
        self.0.delete(key).await
    }

    async fn wrap(&self, secret: &[u8]) -> Result<Vec<u8>, KeyStoreError> {
        self.1.call();
        let wrapped = self.0.wrap(secret).await;
        self.1.call();
        wrapped
    }

    async fn unwrap(&self, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyStoreError> {
        self.1.call();
        self.0.unwrap(wrapped).await
    }
}

fn done(what: &str) {
    println!("\ndone {what}");
    std::io::stdout().flush().unwrap();
}

/// What the child runs; nothing when run as a test.
#[tokio::test]
async fn child() {
    let Ok(folder) = std::env::var(CHILD) else { return };
    let folder = Path::new(&folder);
    let at = std::env::var(AT).unwrap().parse().unwrap();
    let killer = Arc::new(Killer { at, calls: AtomicU32::new(0) });
    let town = Town::new();
    let ports = |folder: &Path| {
        let Ports { keys, http, clock, random, biometrics } = town.ports(folder);
        let keys: Arc<dyn HolderKeyStore> = Arc::new(Mortal(keys, Arc::clone(&killer)));
        let http: Arc<dyn HttpClient> = Arc::new(Mortal(http, Arc::clone(&killer)));
        Ports { keys, http, clock, random, biometrics }
    };
    let path = folder.join("wallet");
    let wallet = Wallet::create(&path, PIN, ports(folder), town.config()).await.unwrap();
    done("create");
    let offer = wallet.preview_offer(&town.issuer.offer(Plan::licence())).await.unwrap();
    wallet.receive(&offer, Some("123456")).await.unwrap();
    done("receive");
    let link = town.verifier.ask(Ask::licence());
    let consent = wallet.review_request(&link).await.unwrap();
    wallet.present(&consent.id, &wallet_core::Choice::first()).await.unwrap();
    done("present");
    wallet.change_pin(PIN, NEW_PIN).await.unwrap();
    done("pin");
    let backup = wallet.back_up(PHRASE).unwrap();
    std::fs::write(folder.join("backup"), &backup).unwrap();
    let other = folder.join("other");
    std::fs::create_dir_all(&other).unwrap();
    done("backup");
    let restored =
        Wallet::restore(other.join("wallet"), PIN, ports(&other), town.config(), &backup, PHRASE).await;
    drop(restored.unwrap());
    done("restore");
    let card = wallet.cards().unwrap().remove(0);
    assert!(wallet.delete_card(&card.id).await.unwrap());
    done("delete");
}

async fn opened(path: &Path, folder: &Path, town: &Arc<Town>, pins: &[&str]) -> Wallet {
    for pin in pins {
        match Wallet::open(path, pin, town.ports(folder), town.config()).await {
            Err(OpenError::WrongPin { .. }) => {}
            outcome => return outcome.unwrap(),
        }
    }
    panic!("no PIN opens it")
}

#[tokio::test]
async fn killed_at_any_call_nothing_is_lost_and_nothing_is_half() {
    let mut at = 0;
    loop {
        at += 1;
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["crash::child", "--exact", "--nocapture"])
            .env(CHILD, folder)
            .env(AT, at.to_string())
            .output()
            .unwrap();
        let said = String::from_utf8(child.stdout).unwrap();
        let is_done = |what: &str| said.contains(&format!("done {what}"));
        check(folder, &is_done, at).await;
        if child.status.success() {
            assert!(is_done("delete"));
            break;
        }
        assert!(
            at < 500,
            "the child should come to its end:\n{said}{}",
            String::from_utf8_lossy(&child.stderr)
        );
    }
    assert!(at > 30, "{at} calls are too few to be all");
    println!("killed at {} points", at - 1);
}

async fn check(folder: &Path, is_done: &impl Fn(&str) -> bool, at: u32) {
    let (path, town) = (folder.join("wallet"), Town::new());
    if !Wallet::exists(&path) {
        assert!(!is_done("create"), "killed at {at}: the wallet is gone");
        Wallet::create(&path, PIN, town.ports(folder), town.config()).await.unwrap();
        return;
    }
    let wallet = match Wallet::open(&path, PIN, town.ports(folder), town.config()).await {
        // Killed while it was made: there is nothing in it yet.
        Err(OpenError::NoWallet) if !is_done("create") => return,
        Err(OpenError::WrongPin { .. }) => opened(&path, folder, &town, &[NEW_PIN]).await,
        outcome => {
            assert!(!is_done("pin"), "killed at {at}: the old PIN opens it");
            outcome.unwrap()
        }
    };
    let cards = wallet.cards().unwrap();
    let log = wallet.log(None, 100).unwrap();
    let count = |wanted: fn(&Event) -> bool| log.iter().filter(|entry| wanted(&entry.event)).count();
    let came = count(|event| matches!(event, Event::Received { .. }));
    let gone = count(|event| matches!(event, Event::Deleted { .. }));
    assert_eq!(cards.len(), came - gone, "killed at {at}: cards and log tell the same");
    assert_eq!(
        cards.len(),
        wallet.cards_page(None, 100).unwrap().len(),
        "killed at {at}: and so does the index"
    );
    assert!(!is_done("receive") || came == 1, "killed at {at}: the card is lost");
    assert!(!is_done("present") || count(|event| matches!(event, Event::Presented { .. })) == 1);
    let holder = Holder { folder: tempfile::tempdir().unwrap(), wallet, town: Arc::clone(&town) };
    if !cards.is_empty() {
        holder.present_first(Ask::licence()).await.unwrap_or_else(|error| panic!("killed at {at}: {error}"));
    }

    let other = folder.join("other");
    if is_done("backup") {
        let backup = std::fs::read(folder.join("backup")).unwrap();
        let (path, ports) = (other.join("wallet"), town.ports(&other));
        match Wallet::restore(&path, PIN, ports, town.config(), &backup, PHRASE).await {
            Ok(_) => assert!(!is_done("restore"), "killed at {at}: what was restored is gone"),
            Err(RestoreError::Create(_)) => {}
            Err(error) => panic!("killed at {at}: {error}"),
        }
        let restored = opened(&path, &other, &town, &[PIN]).await;
        assert_eq!(restored.to_collect().unwrap().len(), 1, "killed at {at}: half is restored");
        let left: Vec<_> =
            std::fs::read_dir(&other).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(left.iter().all(|name| name != "wallet.restoring"), "killed at {at}: {left:?}");
    }
}

//! The process killed (SIGKILL) at every call that the wallet makes to its device or the network, before it and after it:
//! while it is made, receives, presents, changes its PIN, restores, fetches evidence, waits, picks up, renews, recovers, is erased.
//! Nothing that was acknowledged is lost, nothing is half done, what an issuer gave is in the wallet after the next pick-up, and no
//! key is forgotten. What happens between two changes to a file is the store's own test.

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use async_trait::async_trait;
use credentials::sd_jwt;
use wallet_core::{
    Event, OpenError, ReceiveError, RestoreError, Wallet,
    ports::{
        Algorithm, HeldKey, HolderKeyStore, HttpClient, HttpError, HttpRequest, HttpResponse, KeyHandle,
        KeyStoreError, Ports, Protection, Zeroizing,
    },
};

use crate::town::{Ask, Decision, Holder, PIN, Plan, Town};

const CHILD: &str = "WALLET_CRASH_CHILD";
const STORY: &str = "WALLET_CRASH_STORY";
const AT: &str = "WALLET_CRASH_AT";
const PHRASE: &str = "a passphrase for the backup";
const NEW_PIN: &str = "975310";
const LICENCE: &str = "business-licence-sd-jwt";
const IDENTITY: &str = "digital-id-sd-jwt";

/// Ends the process at a call of this number.
struct Killer {
    at: u32,
    calls: AtomicU32,
    /// Where the keys are noted that the device made.
    made: PathBuf,
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
        if let Ok(made) = &made {
            let mut file = fs::OpenOptions::new().create(true).append(true).open(&self.1.made).unwrap();
            writeln!(file, "{}", made.handle.0).unwrap();
        }
        self.1.call();
        made
    }

    async fn sign(&self, key: &KeyHandle, message: &[u8]) -> Result<[u8; 64], KeyStoreError> {
        self.1.call();
        self.0.sign(key, message).await
    }

    async fn delete(&self, key: &KeyHandle) -> Result<(), KeyStoreError> {
        self.1.call();
        let deleted = self.0.delete(key).await;
        self.1.call();
        deleted
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

/// A town that goes on where another process left it, and its offers: a licence with copies, and an identity that takes time.
fn town(folder: &Path) -> (Arc<Town>, String, String) {
    let town = Town::new();
    let identity = town.issuer.offer(Plan::digital_id().sd_jwt().taking_time());
    let licence = town.issuer.offer(Plan { batch: 2, ..Plan::licence().coming_back() });
    town.issuer.kept_in(&folder.join("issuer"));
    (town, licence, identity)
}

/// Whose ports end the process at a call of this number; 0 for never.
struct Child {
    town: Arc<Town>,
    killer: Arc<Killer>,
}

impl Child {
    fn new(folder: &Path, town: Arc<Town>, at: u32) -> Self {
        let killer = Arc::new(Killer { at, calls: AtomicU32::new(0), made: folder.join("made") });
        Self { town, killer }
    }

    fn ports(&self, folder: &Path) -> Ports {
        let Ports { keys, http, clock, random, biometrics } = self.town.ports(folder);
        let keys: Arc<dyn HolderKeyStore> = Arc::new(Mortal(keys, Arc::clone(&self.killer)));
        let http: Arc<dyn HttpClient> = Arc::new(Mortal(http, Arc::clone(&self.killer)));
        Ports { keys, http, clock, random, biometrics }
    }

    async fn open(&self, folder: &Path) -> Wallet {
        Wallet::open(folder.join("wallet"), PIN, self.ports(folder), self.town.config()).await.unwrap()
    }
}

async fn receive(wallet: &Wallet, link: &str) {
    let offer = wallet.preview_offer(link).await.unwrap();
    wallet.receive(&offer, Some("123456")).await.unwrap();
}

/// From nothing to a backup, and back from it.
async fn begins(child: &Child, folder: &Path, licence: &str) {
    let config = || child.town.config();
    let path = folder.join("wallet");
    let wallet = Wallet::create(&path, PIN, child.ports(folder), config()).await.unwrap();
    done("create");
    receive(&wallet, licence).await;
    done("receive");
    let consent = wallet.review_request(&child.town.verifier.ask(Ask::licence())).await.unwrap();
    wallet.present(&consent.id, &wallet_core::Choice::first()).await.unwrap();
    done("present");
    wallet.change_pin(PIN, NEW_PIN).await.unwrap();
    done("pin");
    let backup = wallet.back_up(PHRASE).unwrap();
    fs::write(folder.join("backup"), &backup).unwrap();
    let other = folder.join("other");
    fs::create_dir_all(&other).unwrap();
    done("backup");
    let restored =
        Wallet::restore(other.join("wallet"), PIN, child.ports(&other), config(), &backup, PHRASE).await;
    drop(restored.unwrap());
    done("restore");
    let card = wallet.cards().unwrap().remove(0);
    assert!(wallet.delete_card(&card.id).await.unwrap());
    done("delete");
}

/// A wallet with a licence waits for an identity, and gets it.
async fn waits(child: &Child, folder: &Path, identity: &str) {
    let wallet = child.open(folder).await;
    wallet.refresh().await.unwrap();
    done("refresh");
    let offer = wallet.preview_offer(identity).await.unwrap();
    let waiting = wallet.receive(&offer, Some("123456")).await.unwrap_err();
    assert_eq!(waiting, ReceiveError::Deferred);
    done("wait");
    *child.town.issuer.decision.lock().unwrap() = Decision::Approved;
    assert!(wallet.pick_up().await.unwrap()[0].outcome.is_ok());
    done("pick-up");
}

/// A wallet renews its licence.
async fn renews(child: &Child, folder: &Path) {
    let wallet = child.open(folder).await;
    let card = wallet.cards().unwrap().remove(0);
    wallet.renew(&card.id).await.unwrap();
    done("renew");
}

/// A wallet is looked through for damage, and erased.
async fn ends(child: &Child, folder: &Path) {
    let path = folder.join("wallet");
    let recovered = Wallet::recover(&path, PIN, child.ports(folder), child.town.config()).await;
    let (wallet, said) = recovered.unwrap();
    assert_eq!((said.cards, said.cards_lost, said.incomplete), (1, 0, false));
    done("recover");
    wallet.erase().await.unwrap();
    done("erase");
}

/// What the child runs; nothing when run as a test.
#[tokio::test]
async fn child() {
    let Ok(folder) = std::env::var(CHILD) else { return };
    let folder = Path::new(&folder);
    let at = std::env::var(AT).unwrap().parse().unwrap();
    let (town, licence, identity) = town(folder);
    let child = Child::new(folder, town, at);
    match std::env::var(STORY).unwrap().as_str() {
        "begins" => begins(&child, folder, &licence).await,
        "waits" => waits(&child, folder, &identity).await,
        "renews" => renews(&child, folder).await,
        _ => ends(&child, folder).await,
    }
}

/// What a child said before it ended.
struct Killed {
    at: u32,
    said: String,
}

impl Killed {
    fn is_done(&self, what: &str) -> bool {
        self.said.contains(&format!("\ndone {what}\n"))
    }
}

/// Plays a story again and again, killed at its first call, its second, and so on, until it comes to its end.
async fn killed_everywhere(
    story: &str,
    last: &str,
    prepare: impl AsyncFn(&Path),
    check: impl AsyncFn(&Path, &Killed),
) {
    let before = tempfile::tempdir().unwrap();
    prepare(before.path()).await;
    let mut at = 0;
    loop {
        at += 1;
        let folder = tempfile::tempdir().unwrap();
        copy(before.path(), folder.path());
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["crash::child", "--exact", "--nocapture"])
            .env(CHILD, folder.path())
            .env(STORY, story)
            .env(AT, at.to_string())
            .output()
            .unwrap();
        let killed = Killed { at, said: String::from_utf8(child.stdout).unwrap() };
        check(folder.path(), &killed).await;
        if child.status.success() {
            assert!(killed.is_done(last), "{}", killed.said);
            break;
        }
        let error = String::from_utf8_lossy(&child.stderr);
        assert!(at < 500 && error.is_empty(), "the child should come to its end:\n{}{error}", killed.said);
    }
    println!("{story}: killed at {} points", at - 1);
    assert!(at > 8, "{at} calls are too few to be all");
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            fs::create_dir_all(&to).unwrap();
            copy(&from, &to);
        } else {
            fs::copy(from, to).unwrap();
        }
    }
}

/// A wallet with a licence that can be renewed.
async fn with_licence(folder: &Path) {
    let (town, licence, _) = town(folder);
    let child = Child::new(folder, town, 0);
    let (path, ports) = (folder.join("wallet"), child.ports(folder));
    let wallet = Wallet::create(&path, PIN, ports, child.town.config()).await.unwrap();
    receive(&wallet, &licence).await;
}

#[tokio::test]
async fn killed_at_any_call_nothing_is_lost_and_nothing_is_half() {
    killed_everywhere("begins", "delete", async |_| (), check_beginning).await;
}

#[tokio::test]
async fn killed_while_something_takes_time_it_is_picked_up_all_the_same() {
    killed_everywhere("waits", "pick-up", with_licence, async |folder, killed| {
        let (wallet, town) = opened(folder, killed, &[PIN]).await;
        let cards = settled(&wallet, &town, killed).await;
        let waited = killed.is_done("wait");
        assert!(!waited || cards == 2, "killed at {}: the identity is lost", killed.at);
        erased(wallet, &town, folder, killed).await;
    })
    .await;
}

#[tokio::test]
async fn killed_while_it_renews_there_is_one_card_and_it_counts() {
    killed_everywhere("renews", "renew", with_licence, async |folder, killed| {
        let (wallet, town) = opened(folder, killed, &[PIN]).await;
        assert_eq!(settled(&wallet, &town, killed).await, 1, "killed at {}", killed.at);
        let card = wallet.cards().unwrap().remove(0);
        wallet.renew(&card.id).await.unwrap_or_else(|error| panic!("killed at {}: {error}", killed.at));
        assert_eq!(settled(&wallet, &town, killed).await, 1, "killed at {}", killed.at);
        erased(wallet, &town, folder, killed).await;
    })
    .await;
}

#[tokio::test]
async fn killed_while_it_is_erased_there_is_all_of_it_or_nothing() {
    killed_everywhere("ends", "erase", with_licence, async |folder, killed| {
        let path = folder.join("wallet");
        if Wallet::exists(&path) {
            assert!(!killed.is_done("erase"));
            let (wallet, town) = opened(folder, killed, &[PIN]).await;
            assert_eq!(settled(&wallet, &town, killed).await, 1, "killed at {}", killed.at);
            return erased(wallet, &town, folder, killed).await;
        }
        assert!(killed.is_done("recover"), "killed at {}: the wallet is gone", killed.at);
        // The next wallet finishes it.
        let (town, _, _) = town(folder);
        let next = Wallet::create(&path, PIN, town.ports(folder), town.config()).await.unwrap();
        erased(next, &town, folder, killed).await;
    })
    .await;
}

async fn opened(folder: &Path, killed: &Killed, pins: &[&str]) -> (Wallet, Arc<Town>) {
    let (town, _, _) = town(folder);
    let path = folder.join("wallet");
    for pin in pins {
        match Wallet::open(&path, pin, town.ports(folder), town.config()).await {
            Err(OpenError::WrongPin { .. }) => {}
            outcome => {
                return (outcome.unwrap_or_else(|error| panic!("killed at {}: {error}", killed.at)), town);
            }
        }
    }
    panic!("no PIN opens it")
}

/// Lets the wallet go on with what stopped, and looks whether all that it shows fits together and is what the issuer gave. Says
/// how many cards there are.
async fn settled(wallet: &Wallet, town: &Arc<Town>, killed: &Killed) -> usize {
    let at = killed.at;
    *town.issuer.decision.lock().unwrap() = Decision::Approved;
    for picked in wallet.pick_up().await.unwrap() {
        assert!(picked.over, "killed at {at}: {:?}", picked.outcome);
    }
    assert!(wallet.pick_up().await.unwrap().is_empty());
    let cards = wallet.cards().unwrap();
    let log = wallet.log(None, 100).unwrap();
    let count = |wanted: fn(&Event) -> bool| log.iter().filter(|entry| wanted(&entry.event)).count();
    let came = count(|event| matches!(event, Event::Received { .. }));
    let gone = count(|event| matches!(event, Event::Deleted { .. }));
    assert_eq!(cards.len(), came - gone, "killed at {at}: cards and log tell the same");
    assert_eq!(cards.len(), wallet.cards_page(None, 100).unwrap().len(), "killed at {at}: and the index");
    if gone == 0 || !cards.is_empty() {
        for configuration in [LICENCE, IDENTITY] {
            let given: BTreeSet<String> = town.issuer.issued(configuration).into_iter().flatten().collect();
            assert_eq!(held(wallet, configuration), given, "killed at {at}: {configuration}");
        }
    }
    cards.len()
}

/// The keys to which the wallet's SD-JWTs of this configuration are bound.
fn held(wallet: &Wallet, configuration: &str) -> BTreeSet<String> {
    let export = wallet.export().unwrap();
    let cards = export["cards"].as_array().unwrap().iter();
    let of_kind = cards.filter(|card| configuration.starts_with(card["card"]["kind"].as_str().unwrap()));
    let credentials = of_kind.flat_map(|card| card["credentials"].as_array().unwrap());
    let tokens = credentials.filter(|one| one["format"] == "dc+sd-jwt");
    let key = |one: &serde_json::Value| {
        let token = sd_jwt::Unverified::parse(one["credential"].as_str().unwrap()).unwrap();
        token.holder().unwrap().thumbprint()
    };
    tokens.map(key).collect()
}

/// Erases the wallet: nothing of it is left beside, and of all keys that were made at most the one is left at whose making the
/// process was killed.
async fn erased(wallet: Wallet, town: &Arc<Town>, folder: &Path, killed: &Killed) {
    let at = killed.at;
    let left: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    let leftover = left.iter().any(|name| name.to_string_lossy().starts_with("wallet."));
    assert!(!leftover, "killed at {at}: {left:?}");
    wallet.erase().await.unwrap();
    let keys = town.ports(folder).keys;
    let made = fs::read_to_string(folder.join("made")).unwrap_or_default();
    let made: Vec<_> = made.lines().map(|handle| KeyHandle(handle.to_owned())).collect();
    for (number, key) in made.iter().enumerate() {
        let is_gone = keys.sign(key, b"x").await == Err(KeyStoreError::Gone);
        let was_interrupted = number + 1 == made.len();
        assert!(is_gone || was_interrupted, "killed at {at}: a key is left");
    }
}

async fn check_beginning(folder: &Path, killed: &Killed) {
    let (at, is_done) = (killed.at, |what: &str| killed.is_done(what));
    let path = folder.join("wallet");
    let (fresh, _, _) = town(folder);
    if !Wallet::exists(&path) {
        assert!(!is_done("create"), "killed at {at}: the wallet is gone");
        Wallet::create(&path, PIN, fresh.ports(folder), fresh.config()).await.unwrap();
        return;
    }
    drop(fresh);
    let pins: &[&str] = if is_done("pin") { &[NEW_PIN] } else { &[PIN, NEW_PIN] };
    let (wallet, town) = opened(folder, killed, pins).await;
    let cards = settled(&wallet, &town, killed).await;
    let log = wallet.log(None, 100).unwrap();
    let count = |wanted: fn(&Event) -> bool| log.iter().filter(|entry| wanted(&entry.event)).count();
    let came = count(|event| matches!(event, Event::Received { .. }));
    assert!(!is_done("receive") || came == 1, "killed at {at}: the card is lost");
    assert!(!is_done("present") || count(|event| matches!(event, Event::Presented { .. })) == 1);
    let holder = Holder { folder: tempfile::tempdir().unwrap(), wallet, town: Arc::clone(&town) };
    if cards > 0 {
        holder.present_first(Ask::licence()).await.unwrap_or_else(|error| panic!("killed at {at}: {error}"));
    }
    let other = folder.join("other");
    if is_done("backup") {
        let backup = fs::read(folder.join("backup")).unwrap();
        let (path, ports) = (other.join("wallet"), town.ports(&other));
        match Wallet::restore(&path, PIN, ports, town.config(), &backup, PHRASE).await {
            Ok(_) => assert!(!is_done("restore"), "killed at {at}: what was restored is gone"),
            Err(RestoreError::Create(_)) => {}
            Err(error) => panic!("killed at {at}: {error}"),
        }
        let restored = Wallet::open(&path, PIN, town.ports(&other), town.config()).await.unwrap();
        assert_eq!(restored.to_collect().unwrap().len(), 1, "killed at {at}: half is restored");
        let left: Vec<_> = fs::read_dir(&other).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(left.iter().all(|name| name != "wallet.restoring"), "killed at {at}: {left:?}");
    }
    erased(holder.wallet, &town, folder, killed).await;
}

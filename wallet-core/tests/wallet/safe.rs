//! What a thief finds: nothing without the device and the PIN, and nothing to move around.

use std::{fs, path::Path, time::Duration};

use store::{BytesTable, Options, Range, Store, StoreError};
use wallet_core::{
    CreateError, OpenError, Wallet,
    ports::{Algorithm, HeldKey, HolderKeyStore, KeyHandle, KeyStoreError, Protection, Zeroizing},
    software::{DeviceSecret, SoftwareKeyStore},
};

use crate::town::{Ask, Holder, PIN, Plan, Town};

/// The tables that hold everything, as the wallet's own code declares them: places, and the content of large records.
const SEALED: BytesTable<(String, String)> = BytesTable::new("sealed");
const APART: BytesTable<(String, String)> = BytesTable::new("sealed-apart");

async fn reopen(holder: &Holder, pin: &str) -> Result<Wallet, OpenError> {
    let path = holder.folder.path().join("wallet");
    Wallet::open(&path, pin, holder.town.ports(holder.folder.path()), holder.town.config()).await
}

/// Locks the wallet and lets the test at its files.
async fn locked(holder: Holder) -> Holder {
    let Holder { folder, wallet, town } = holder;
    drop(wallet);
    // Another wallet elsewhere stands in, so that the holder stays whole.
    let elsewhere = tempfile::tempdir().unwrap();
    let stand_in =
        Wallet::create(elsewhere.path().join("w"), PIN, town.ports(elsewhere.path()), town.config())
            .await
            .unwrap();
    drop(elsewhere);
    Holder { folder, wallet: stand_in, town }
}

#[tokio::test]
async fn wrong_pins_are_counted_across_restarts_and_wait_longer_and_longer() {
    let holder = locked(Holder::new().await).await;
    for failed in 1..=3 {
        match reopen(&holder, "000001").await.err().unwrap() {
            OpenError::WrongPin { failed: said, wait } => {
                assert_eq!(said, failed);
                assert_eq!(wait > Duration::ZERO, failed == 3);
            }
            other => panic!("{other:?}"),
        }
    }
    match reopen(&holder, PIN).await.err().unwrap() {
        OpenError::Wait { wait } => assert_eq!(wait, Duration::from_secs(30)),
        other => panic!("{other:?}"),
    }
    holder.town.clock.advance(Duration::from_secs(30));
    match reopen(&holder, "000001").await.err().unwrap() {
        OpenError::WrongPin { failed, wait } => assert_eq!((failed, wait), (4, Duration::from_secs(60))),
        other => panic!("{other:?}"),
    }
    holder.town.clock.advance(Duration::from_secs(60));
    drop(reopen(&holder, PIN).await.unwrap());
    match reopen(&holder, "000001").await.err().unwrap() {
        OpenError::WrongPin { failed, .. } => assert_eq!(failed, 1, "a right PIN clears the count"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_right_pin_on_another_device_opens_nothing_and_is_no_attempt() {
    let holder = locked(Holder::new().await).await;
    let mut ports = holder.town.ports(holder.folder.path());
    let other =
        SoftwareKeyStore::open(holder.folder.path().join("other"), &DeviceSecret::from_bytes(b"thief"));
    ports.keys = std::sync::Arc::new(other.unwrap());
    let path = holder.folder.path().join("wallet");
    for _ in 0..5 {
        let refused = Wallet::open(&path, PIN, ports.clone(), holder.town.config()).await.err().unwrap();
        assert!(matches!(refused, OpenError::Keys(KeyStoreError::Gone)), "{refused:?}");
    }
    assert!(reopen(&holder, PIN).await.is_ok());
}

#[tokio::test]
async fn the_pin_can_be_changed_by_whoever_knows_it() {
    let (holder, card) = Holder::new().await.with_licence().await;
    assert!(matches!(holder.wallet.change_pin(PIN, "111111").await, Err(OpenError::PinTooWeak(_))));
    assert!(matches!(holder.wallet.change_pin("000001", "975310").await, Err(OpenError::WrongPin { .. })));
    holder.wallet.change_pin(PIN, "975310").await.unwrap();
    let holder = locked(holder).await;
    assert!(matches!(reopen(&holder, PIN).await, Err(OpenError::WrongPin { .. })));
    let wallet = reopen(&holder, "975310").await.unwrap();
    assert_eq!(wallet.cards().unwrap()[0].id, card.id);
}

#[tokio::test]
async fn the_files_hold_nothing_that_can_be_read() {
    let (holder, card) = Holder::new().await.with_licence().await;
    holder.present_first(Ask::licence()).await.unwrap();
    let offer = holder.wallet.preview_offer(&holder.town.issuer.offer(Plan::digital_id())).await.unwrap();
    let id = holder.wallet.receive(&offer, Some("123456")).await.unwrap().cards.remove(0);
    // What is left beside: a backup, a log of what was refused, a wallet restored from the backup.
    let mut greedy = Ask::licence();
    greedy.dcql["credentials"][0]["claims"] = serde_json::json!([{ "path": ["address"] }]);
    assert!(holder.review(greedy).await.is_err());
    let phrase = "a phrase that nobody guesses";
    let backup = holder.wallet.back_up(phrase).unwrap();
    fs::write(holder.folder.path().join("backup"), &backup).unwrap();
    let ports = holder.town.ports(holder.folder.path());
    let restored = holder.folder.path().join("restored");
    let restored =
        Wallet::restore(restored, PIN, ports, holder.town.config(), &backup, phrase).await.unwrap();
    assert_eq!(restored.1.to_collect.len(), 2);
    drop(restored);
    let holder = locked(holder).await;
    let mut secrets: Vec<String> = [card.claims, id.claims]
        .concat()
        .iter()
        .filter_map(|claim| claim.value.as_str().map(str::to_owned))
        // The time of the last try of a PIN stands in the clear: the town's day is nothing of hers.
        .filter(|value| value.len() >= 6 && !value.starts_with("2026-03-02"))
        .collect();
    // Long enough that sealed bytes don't spell them by chance.
    secrets.extend([
        phrase.to_owned(),
        "Hefei".to_owned(),
        "did:hui".to_owned(),
        PIN.to_owned(),
        "\"cnf\"".to_owned(),
    ]);
    let mut files = 0;
    visit(holder.folder.path(), &mut |path, bytes| {
        files += 1;
        for secret in &secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} stands in {}", path.display());
        }
        let is_token = |window: &[u8]| {
            window.starts_with(b"eyJ")
                && window.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte))
        };
        assert!(!bytes.windows(16).any(is_token), "a token stands in {}", path.display());
    });
    assert!(files > 3);
}

#[tokio::test]
async fn a_stolen_store_tells_no_value_of_any_kind_of_card() {
    let holder = Holder::new().await;
    let mut secrets = Vec::new();
    for plan in [Plan::licence(), Plan::digital_id(), Plan::driving()] {
        let offer = holder.wallet.preview_offer(&holder.town.issuer.offer(plan)).await.unwrap();
        let received = holder.wallet.receive(&offer, Some("123456")).await.unwrap();
        assert_eq!(received.failed, []);
        for claim in &received.cards[0].claims {
            let text = claim.value.as_str().map_or_else(|| claim.value.to_string(), str::to_owned);
            // Long enough that sealed bytes don't spell them by chance, short enough to be found in pieces.
            secrets.extend(text.get(..text.len().min(24)).filter(|text| text.len() >= 6).map(str::to_owned));
        }
    }
    assert!(secrets.len() > 25, "{}", secrets.len());
    holder.present_first(Ask::licence()).await.unwrap();
    let backup = holder.wallet.back_up("a passphrase for the backup").unwrap();
    fs::write(holder.folder.path().join("backup"), backup).unwrap();
    let holder = locked(holder).await;
    let mut bytes_seen = 0;
    visit(holder.folder.path(), &mut |path, bytes| {
        bytes_seen += bytes.len();
        for secret in &secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "a value stands in {}", path.display());
        }
    });
    assert!(bytes_seen > 50_000);
}

#[tokio::test]
async fn a_policy_wipes_after_so_many_wrong_pins_even_if_it_was_interrupted() {
    let holder = locked(Holder::new().await).await;
    let path = holder.folder.path().join("wallet");
    let open = async |pin: &str, wipe_after| {
        let mut config = holder.town.config();
        config.wipe_after = wipe_after;
        Wallet::open(&path, pin, holder.town.ports(holder.folder.path()), config).await
    };
    for _ in 0..2 {
        assert!(matches!(open("000001", Some(3)).await, Err(OpenError::WrongPin { .. })));
    }
    // The third as if the process had ended before it could wipe: without the policy it is only counted.
    assert!(matches!(open("000001", None).await, Err(OpenError::WrongPin { failed: 3, .. })));
    assert!(matches!(open(PIN, Some(3)).await, Err(OpenError::Wiped)));
    assert!(!path.exists() && !Wallet::exists(&path));
    assert!(matches!(open(PIN, Some(3)).await, Err(OpenError::NoWallet)));

    let other = locked(Holder::new().await).await;
    let path = other.folder.path().join("wallet");
    let mut config = other.town.config();
    config.wipe_after = Some(1);
    let refused = Wallet::open(&path, "000001", other.town.ports(other.folder.path()), config).await;
    assert!(matches!(refused, Err(OpenError::Wiped)));
    assert!(!path.exists());
}

#[tokio::test]
async fn what_was_begun_to_renew_a_card_that_is_lost_comes_all_the_same() {
    let holder = Holder::new().await;
    let offer = holder.wallet.preview_offer(&holder.town.issuer.offer(Plan::licence().coming_back())).await;
    let card = holder.wallet.receive(&offer.unwrap(), Some("123456")).await.unwrap().cards.remove(0);
    let nonce = "https://issuer.example/nonce";
    holder.town.detour(nonce, Ok(crate::town::status(503, "text/plain", "")));
    assert!(holder.wallet.renew(&card.id).await.is_err());
    let holder = locked(holder).await;
    let path = holder.folder.path().join("wallet");
    {
        let store = Store::persistent(&path, &Options::default()).unwrap();
        let key = ("cards".to_owned(), card.id.clone());
        let mut bytes = store.get(&APART, &key).unwrap().unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        store.write(move |tx| tx.put(&APART, key, &bytes)).unwrap();
    }
    let ports = holder.town.ports(holder.folder.path());
    let (wallet, said) = Wallet::recover(&path, PIN, ports, holder.town.config()).await.unwrap();
    assert_eq!((said.cards, said.cards_lost, said.incomplete), (0, 1, false));
    holder.town.detours.lock().unwrap().clear();
    assert!(wallet.pick_up().await.unwrap().iter().all(|picked| picked.outcome.is_ok()));
    assert_eq!(wallet.cards().unwrap().len(), 1);
}

#[tokio::test]
async fn a_policy_wipes_in_recovery_too() {
    for tries in [1, 2] {
        let holder = locked(Holder::new().await).await;
        let path = holder.folder.path().join("wallet");
        let recover = async |pin: &str, wipe_after| {
            let mut config = holder.town.config();
            config.wipe_after = wipe_after;
            Wallet::recover(&path, pin, holder.town.ports(holder.folder.path()), config).await.map(drop)
        };
        if tries == 2 {
            assert!(matches!(recover("000001", Some(2)).await, Err(OpenError::WrongPin { failed: 1, .. })));
            assert!(matches!(recover("000001", Some(2)).await, Err(OpenError::Wiped)));
        } else {
            // As if the process had ended before it could wipe.
            assert!(matches!(recover("000001", None).await, Err(OpenError::WrongPin { .. })));
            assert!(matches!(recover(PIN, Some(1)).await, Err(OpenError::Wiped)));
        }
        assert!(!Wallet::exists(&path));
    }
}

#[tokio::test]
async fn a_clock_that_was_years_ahead_makes_nobody_wait_for_years() {
    let holder = locked(Holder::new().await).await;
    let today = holder.town.clock.seconds();
    holder.town.clock.advance(Duration::from_secs(14 * 365 * 86_400));
    for _ in 0..3 {
        assert!(matches!(reopen(&holder, "000001").await, Err(OpenError::WrongPin { .. })));
    }
    holder.town.clock.set(today);
    let half_a_minute = Duration::from_secs(30);
    assert!(matches!(reopen(&holder, PIN).await, Err(OpenError::Wait { wait }) if wait == half_a_minute));
    holder.town.clock.advance(half_a_minute);
    assert!(reopen(&holder, PIN).await.is_ok());
}

#[tokio::test]
async fn a_wallet_that_could_not_be_made_leaves_nothing() {
    let town = Town::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet");
    let mut ports = town.ports(folder.path());
    ports.keys = std::sync::Arc::new(Unwilling);
    let refused = Wallet::create(&path, PIN, ports, town.config()).await;
    assert!(matches!(refused, Err(CreateError::Keys(KeyStoreError::Declined))));
    assert!(!Wallet::exists(&path));
    assert!(Wallet::create(&path, PIN, town.ports(folder.path()), town.config()).await.is_ok());
}

/// A device whose holder says no to everything.
struct Unwilling;

#[async_trait::async_trait]
impl HolderKeyStore for Unwilling {
    fn protection(&self) -> Protection {
        Protection::Software
    }

    async fn generate(&self, _: Algorithm) -> Result<HeldKey, KeyStoreError> {
        Err(KeyStoreError::Declined)
    }

    async fn sign(&self, _: &KeyHandle, _: &[u8]) -> Result<[u8; 64], KeyStoreError> {
        Err(KeyStoreError::Declined)
    }

    async fn delete(&self, _: &KeyHandle) -> Result<(), KeyStoreError> {
        Err(KeyStoreError::Declined)
    }

    async fn wrap(&self, _: &[u8]) -> Result<Vec<u8>, KeyStoreError> {
        Err(KeyStoreError::Declined)
    }

    async fn unwrap(&self, _: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyStoreError> {
        Err(KeyStoreError::Declined)
    }
}

#[tokio::test]
async fn a_damaged_wallet_opens_in_recovery_and_says_what_is_lost() {
    let (holder, card) = Holder::new().await.with_licence().await;
    holder.present_first(Ask::licence()).await.unwrap();
    let offer = holder.wallet.preview_offer(&holder.town.issuer.offer(Plan::digital_id())).await.unwrap();
    let other = holder.wallet.receive(&offer, Some("123456")).await.unwrap().cards.remove(0);
    let holder = locked(holder).await;
    let path = holder.folder.path().join("wallet");
    {
        let store = Store::persistent(&path, &Options::default()).unwrap();
        // One card has a flipped bit, an entry of the log is cut short, another is gone.
        let key = ("cards".to_owned(), card.id.clone());
        let mut bytes = store.get(&SEALED, &key).unwrap().unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        put(&store, key, bytes);
        let rows = store.page(&SEALED, &Range::prefix(("log",)), 10).unwrap();
        put(&store, rows[0].0.clone(), rows[0].1[..5].to_vec());
        let gone = rows[1].0.clone();
        store.write(move |tx| tx.remove(&SEALED, gone)).unwrap();
    }
    assert!(matches!(reopen(&holder, PIN).await, Err(OpenError::Damaged(_))));
    let ports = || holder.town.ports(holder.folder.path());
    let wrong = Wallet::recover(&path, "000001", ports(), holder.town.config()).await;
    assert!(matches!(wrong, Err(OpenError::WrongPin { .. })), "it is no way around the PIN");
    let (wallet, said) = Wallet::recover(&path, PIN, ports(), holder.town.config()).await.unwrap();
    assert_eq!((said.cards, said.cards_lost, said.log_entries_lost, said.others_lost), (1, 1, 1, 0));
    assert_eq!(wallet.cards_page(None, 10).unwrap()[0].id, other.id);
    assert_eq!(wallet.log(None, 10).unwrap().len(), 1);
    drop(wallet);
    assert!(reopen(&holder, PIN).await.is_ok(), "whole again");
}

fn visit(folder: &Path, look: &mut impl FnMut(&Path, &[u8])) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => visit(&path, look),
            false => look(&path, &fs::read(&path).unwrap()),
        }
    }
}

/// Lets `change` at the sealed records of a locked wallet, then opens it.
async fn after(
    change: impl FnOnce(Vec<((String, String), Vec<u8>)>, Store) + Send + 'static,
) -> Result<(), OpenError> {
    let (holder, _) = Holder::new().await.with_licence().await;
    holder.present_first(Ask::licence()).await.unwrap();
    let holder = locked(holder).await;
    let path = holder.folder.path().join("wallet");
    {
        let store = Store::persistent(&path, &Options::default()).unwrap();
        let rows = store.page(&SEALED, &Range::all(), 1000).unwrap();
        change(rows, store);
    }
    reopen(&holder, PIN).await.map(drop)
}

fn put(store: &Store, key: (String, String), value: Vec<u8>) {
    store.write(move |tx| tx.put(&SEALED, key, &value)).unwrap();
}

#[tokio::test]
async fn records_can_not_be_swapped_removed_changed_or_put_back() {
    assert!(after(|_, _| ()).await.is_ok(), "untouched it opens");
    let swapped = after(|rows, store| {
        let log: Vec<_> = rows.into_iter().filter(|((table, _), _)| table == "log").collect();
        let [(first, a), (second, b)] = log.try_into().unwrap();
        put(&store, first, b);
        put(&store, second, a);
    });
    assert!(matches!(swapped.await, Err(OpenError::Damaged(_))));
    let removed = after(|rows, store| {
        let (key, _) = rows.into_iter().find(|((table, _), _)| table == "log").unwrap();
        store.write(move |tx| tx.remove(&SEALED, key)).unwrap();
    });
    assert!(matches!(removed.await, Err(OpenError::Damaged(_))));
    let added = after(|rows, store| {
        let ((table, _), value) = rows.into_iter().find(|((table, _), _)| table == "cards").unwrap();
        put(&store, (table, "another".to_owned()), value);
    });
    assert!(matches!(added.await, Err(OpenError::Damaged(_))));
    let no_root = after(|_, store| {
        store.write(|tx| tx.remove(&SEALED, ("root", ""))).unwrap();
    });
    assert!(matches!(no_root.await, Err(OpenError::Damaged(_))));
}

#[tokio::test]
async fn an_older_version_of_a_record_is_noticed() {
    let (holder, card) = Holder::new().await.with_licence().await;
    let holder = locked(holder).await;
    let path = holder.folder.path().join("wallet");
    let key = ("cards".to_owned(), card.id.clone());
    let old = Store::persistent(&path, &Options::default()).unwrap().get(&SEALED, &key).unwrap().unwrap();
    let Holder { folder, town, .. } = holder;
    let wallet = Wallet::open(&path, PIN, town.ports(folder.path()), town.config()).await.unwrap();
    let holder = Holder { folder, wallet, town };
    // Showing the card notes who has seen it.
    holder.present_first(Ask::licence()).await.unwrap();
    let holder = locked(holder).await;
    put(&Store::persistent(&path, &Options::default()).unwrap(), key, old);
    assert!(matches!(reopen(&holder, PIN).await, Err(OpenError::Damaged(_))));
}

/// Two cards, a licence and an identity, of which the first is damaged: one byte of it, in its content.
async fn with_a_damaged_card() -> (Holder, [String; 2]) {
    with_damage_in(&["cards"]).await
}

/// The same with the damage in what these tables have of the first card.
async fn with_damage_in(tables: &[&str]) -> (Holder, [String; 2]) {
    let (holder, card) = Holder::new().await.with_licence().await;
    holder.town.clock.advance(Duration::from_secs(60));
    let offer = holder.wallet.preview_offer(&holder.town.issuer.offer(Plan::digital_id())).await.unwrap();
    let other = holder.wallet.receive(&offer, Some("123456")).await.unwrap().cards.remove(0);
    let holder = locked(holder).await;
    let path = holder.folder.path().join("wallet");
    for table in tables {
        let key = ((*table).to_owned(), card.id.clone());
        let store = Store::persistent(&path, &Options::default()).unwrap();
        let mut bytes = store.get(&APART, &key).unwrap().unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        store.write(move |tx| tx.put(&APART, key, &bytes)).unwrap();
    }
    let wallet = reopen(&holder, PIN).await.unwrap();
    let Holder { folder, town, .. } = holder;
    (Holder { folder, wallet, town }, [card.id, other.id])
}

#[tokio::test]
async fn a_damaged_card_is_named_and_takes_no_other_along() {
    let (holder, [damaged, sound]) = with_a_damaged_card().await;
    let wallet = &holder.wallet;
    let ids = |cards: Vec<wallet_core::Card>| cards.into_iter().map(|card| card.id).collect::<Vec<_>>();
    // Its face tells the holder which card it is.
    assert_eq!(ids(wallet.cards().unwrap()), [sound.clone(), damaged.clone()]);
    assert_eq!(ids(wallet.cards_page(Some(&sound), 1).unwrap()), std::slice::from_ref(&damaged));
    let states = || wallet.cards().unwrap().iter().map(|card| card.state.id()).collect::<Vec<_>>();
    assert_eq!(states(), ["valid", "valid"], "nobody looked yet");
    assert_eq!(wallet.unreadable_cards().unwrap(), std::slice::from_ref(&damaged));
    assert_eq!(states(), ["valid", "damaged"]);
    assert_eq!(wallet.card(&damaged).unwrap().unwrap().state.id(), "damaged");
    assert!(!wallet.is_renewable(&damaged).unwrap());
    assert_eq!(wallet.holders().unwrap().len(), 2);
    wallet.refresh().await.unwrap();
    let refused = holder.review(Ask::licence()).await.unwrap_err();
    assert_eq!(refused.code(), "nothing-fits");
    let backup = wallet.back_up("a passphrase for the backup").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (path, ports) = (folder.path().join("wallet"), holder.town.ports(folder.path()));
    let restored =
        Wallet::restore(&path, PIN, ports, holder.town.config(), &backup, "a passphrase for the backup")
            .await;
    let to_collect = restored.unwrap().1.to_collect;
    assert_eq!(to_collect.iter().map(|one| &one.id).collect::<Vec<_>>(), [&sound]);
    let export = wallet.export().unwrap();
    assert_eq!(
        (export["cards"].as_array().unwrap().len(), &export["unreadableCards"][0]),
        (1, &damaged.as_str().into())
    );
}

#[tokio::test]
async fn what_is_left_of_a_damaged_card_can_be_deleted_and_the_wallet_erased() {
    let (holder, [damaged, _]) = with_a_damaged_card().await;
    let issuer = holder.wallet.cards().unwrap().remove(1).issuer_name;
    assert!(holder.wallet.delete_card(&damaged).await.unwrap());
    assert!(holder.wallet.unreadable_cards().unwrap().is_empty());
    match &holder.wallet.log(None, 1).unwrap()[0].event {
        wallet_core::Event::Deleted { label, issuer_name } => {
            assert_eq!((label.zh.as_str(), issuer_name), ("营业执照", &issuer));
        }
        other => panic!("{other:?}"),
    }
    let holder = holder.reopened().await;
    assert_eq!(holder.wallet.cards().unwrap().len(), 1);
    let (holder, _) = with_a_damaged_card().await;
    holder.wallet.erase().await.unwrap();
    assert!(!holder.folder.path().join("wallet").exists());
}

#[tokio::test]
async fn a_card_that_lost_its_face_is_found_and_shown_all_the_same() {
    let (holder, [card, other]) = with_damage_in(&["faces"]).await;
    let ids: Vec<String> = holder.wallet.cards().unwrap().into_iter().map(|card| card.id).collect();
    assert_eq!(ids, [other, card.clone()]);
    let shown = |card: wallet_core::Card| serde_json::to_value(card).unwrap();
    let (listed, alone) = (holder.wallet.cards().unwrap().remove(1), holder.wallet.card(&card).unwrap());
    assert_eq!(shown(listed), shown(alone.unwrap()));
    assert_eq!(holder.wallet.unreadable_cards().unwrap(), [""; 0]);
    holder.present_first(Ask::licence()).await.unwrap();
    holder.wallet.refresh().await.unwrap();
    assert!(holder.wallet.delete_card(&card).await.unwrap());
    assert_eq!(holder.wallet.cards().unwrap().len(), 1);
}

#[tokio::test]
async fn whoever_comes_upon_a_damaged_card_has_lists_say_so() {
    let (holder, [damaged, _]) = with_a_damaged_card().await;
    assert_eq!(holder.wallet.card(&damaged).unwrap().unwrap().state.id(), "damaged");
    assert_eq!(holder.wallet.cards().unwrap()[1].state.id(), "damaged");
    let (holder, _) = with_a_damaged_card().await;
    assert_eq!(holder.review(Ask::licence()).await.unwrap_err().code(), "nothing-fits");
    assert_eq!(holder.wallet.cards().unwrap()[1].state.id(), "damaged");
}

#[tokio::test]
async fn a_card_of_which_nothing_can_be_read_is_named_and_can_be_deleted() {
    let (holder, [card, other]) = with_damage_in(&["faces", "cards"]).await;
    assert_eq!(holder.wallet.card(&card).unwrap_err(), wallet_core::VaultError::Tampered);
    let ids: Vec<String> = holder.wallet.cards().unwrap().into_iter().map(|card| card.id).collect();
    assert_eq!(ids, [other]);
    assert_eq!(holder.wallet.unreadable_cards().unwrap(), std::slice::from_ref(&card));
    assert!(holder.wallet.delete_card(&card).await.unwrap());
    assert!(holder.wallet.unreadable_cards().unwrap().is_empty());
}

#[tokio::test]
async fn damaged_evidence_is_as_if_it_were_not_there_and_fetched_anew() {
    let (holder, card) = Holder::new().await.with_licence().await;
    let holder = locked(holder).await;
    let path = holder.folder.path().join("wallet");
    {
        let store = Store::persistent(&path, &Options::default()).unwrap();
        for table in [&SEALED, &APART] {
            for (key, mut bytes) in store.page(table, &Range::prefix(("evidence",)), 100).unwrap() {
                if bytes.len() > 9 {
                    *bytes.last_mut().unwrap() ^= 1;
                    store.write(move |tx| tx.put(table, key, &bytes)).unwrap();
                }
            }
        }
    }
    let wallet = reopen(&holder, PIN).await.unwrap();
    assert_eq!(wallet.card(&card.id).unwrap().unwrap().state.id(), "unknown");
    assert_eq!(wallet.cards().unwrap()[0].state.id(), "unknown");
    wallet.refresh().await.unwrap();
    assert_eq!(wallet.cards().unwrap()[0].state.id(), "valid");
}

#[tokio::test]
async fn content_that_is_missing_or_of_another_card_is_an_error_when_read_and_lost_in_recovery() {
    let (holder, card) = Holder::new().await.with_licence().await;
    let offer = holder.wallet.preview_offer(&holder.town.issuer.offer(Plan::digital_id())).await.unwrap();
    let other = holder.wallet.receive(&offer, Some("123456")).await.unwrap().cards.remove(0);
    let holder = locked(holder).await;
    let path = holder.folder.path().join("wallet");
    {
        let store = Store::persistent(&path, &Options::default()).unwrap();
        let key = |card: &str| ("cards".to_owned(), card.to_owned());
        let bytes = store.get(&APART, key(&other.id)).unwrap().unwrap();
        let (first, second) = (key(&card.id), key(&other.id));
        store
            .write(move |tx| {
                tx.put(&APART, first, &bytes)?;
                tx.remove(&APART, second)
            })
            .unwrap();
    }
    let wallet = reopen(&holder, PIN).await.unwrap();
    for id in [&card.id, &other.id] {
        assert_eq!(wallet.card(id).unwrap().unwrap().state.id(), "damaged");
    }
    drop(wallet);
    let ports = holder.town.ports(holder.folder.path());
    let (wallet, said) = Wallet::recover(&path, PIN, ports, holder.town.config()).await.unwrap();
    assert_eq!((said.cards, said.cards_lost), (0, 2));
    drop(wallet);
    assert!(reopen(&holder, PIN).await.is_ok(), "whole again");
}

#[tokio::test]
async fn a_database_cut_short_is_damaged_and_not_new() {
    let (holder, _) = Holder::new().await.with_licence().await;
    let holder = locked(holder).await;
    let data = holder.folder.path().join("wallet/sled/db");
    let bytes = fs::read(&data).unwrap();
    fs::write(&data, &bytes[..bytes.len() / 100]).unwrap();
    for entry in fs::read_dir(data.parent().unwrap()).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_string_lossy().starts_with("snap.") {
            fs::remove_file(path).unwrap();
        }
    }
    let refused = reopen(&holder, PIN).await.err().unwrap();
    assert!(matches!(refused, OpenError::Damaged(_)), "{refused:?}");
    // What is left is an older wallet, whole in itself: whoever takes it is told.
    let ports = holder.town.ports(holder.folder.path());
    let path = holder.folder.path().join("wallet");
    let (_, said) = Wallet::recover(&path, PIN, ports, holder.town.config()).await.unwrap();
    assert_eq!((said.cards, said.cards_lost, said.incomplete), (0, 0, true));
}

#[tokio::test]
async fn a_wallet_is_made_once_and_opened_by_one_at_a_time() {
    let holder = Holder::new().await;
    let path = holder.folder.path().join("wallet");
    let (ports, config) = (holder.town.ports(holder.folder.path()), holder.town.config());
    let again = Wallet::create(&path, PIN, ports.clone(), config.clone()).await;
    assert!(matches!(again, Err(CreateError::Exists)));
    assert!(matches!(reopen(&holder, PIN).await, Err(OpenError::InUse)));
    let nowhere = Wallet::open(holder.folder.path().join("none"), PIN, ports.clone(), config.clone()).await;
    assert!(matches!(nowhere, Err(OpenError::NoWallet)));
    assert!(!holder.folder.path().join("none").exists(), "looking makes nothing");
    let weak = Wallet::create(holder.folder.path().join("weak"), "123", ports.clone(), config.clone()).await;
    assert!(matches!(weak, Err(CreateError::PinTooWeak(_))));
    let holder = locked(holder).await;
    let again = Wallet::create(&path, PIN, ports, config).await;
    assert!(matches!(again, Err(CreateError::Exists)));
    assert!(reopen(&holder, PIN).await.is_ok());
}

#[tokio::test]
async fn a_wallet_of_another_chain_is_not_opened() {
    let holder = locked(Holder::new().await).await;
    let path = holder.folder.path().join("wallet");
    let mut config = holder.town.config();
    config.anchor.chain_id = registry::Hash32::ZERO;
    let refused = Wallet::open(&path, PIN, holder.town.ports(holder.folder.path()), config).await;
    assert!(matches!(refused, Err(OpenError::OtherChain)));
}

#[test]
fn a_store_error_is_no_secret() {
    // What reaches a log from below names tables at most.
    assert_eq!(
        StoreError::Undecodable { table: "sealed" }.to_string(),
        "a value in table sealed can't be decoded"
    );
}

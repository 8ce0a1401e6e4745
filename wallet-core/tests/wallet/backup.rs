//! Backup and restoration, export and erasure: nothing is missing without being named, and nothing is left.

use std::collections::BTreeMap;

use wallet_core::{
    BackupError, BadBackup, CreateError, Event, OpenError, RestoreError, Restored, Wallet,
    ports::SystemRandomness,
};

use crate::town::{Ask, Holder, PIN, Plan};

const PHRASE: &str = "a passphrase for the backup";

/// Restores into another folder, with keys of another device.
async fn restore(holder: &Holder, backup: &[u8]) -> (tempfile::TempDir, Wallet, Restored) {
    let folder = tempfile::tempdir().unwrap();
    let (path, ports) = (folder.path().join("wallet"), holder.town.ports(folder.path()));
    let (wallet, said) =
        Wallet::restore(&path, "975310", ports, holder.town.config(), backup, PHRASE).await.unwrap();
    (folder, wallet, said)
}

#[tokio::test]
async fn a_new_device_has_the_log_and_is_told_what_to_collect_again() {
    let (holder, card) = Holder::new().await.with_licence().await;
    holder.present_first(Ask::licence()).await.unwrap();
    let offer = holder.wallet.preview_offer(&holder.town.issuer.offer(Plan::digital_id())).await.unwrap();
    let id = holder.wallet.receive(&offer, Some("123456")).await.unwrap().cards.remove(0);
    let backup = holder.wallet.back_up(PHRASE).unwrap();
    let log = holder.wallet.log(None, 10).unwrap();

    let (folder, wallet, said) = restore(&holder, &backup).await;
    assert!(wallet.cards().unwrap().is_empty(), "no card without its key");
    assert_eq!(wallet.log(None, 10).unwrap(), log);
    assert_eq!((said.log_entries, said.waiting.len(), said.to_collect.len()), (3, 0, 2));
    assert_eq!(wallet.to_collect().unwrap(), said.to_collect);
    // Her data, all of it: what is to be collected again is in the export as any card is.
    let exported = wallet.export().unwrap()["toCollect"].clone();
    let before = holder.wallet.export().unwrap()["cards"].clone();
    let credentials = |cards: &serde_json::Value| {
        let cards = cards.as_array().unwrap().iter();
        cards.map(|card| (card["id"].to_string(), card["credentials"].clone())).collect::<BTreeMap<_, _>>()
    };
    assert_eq!(credentials(&exported), credentials(&before));
    assert!(exported[0]["card"]["claims"].as_array().unwrap().len() > 3);
    let licence = said.to_collect.iter().find(|one| one.id == card.id).unwrap();
    assert_eq!((licence.kind.as_str(), &licence.holder_line), ("business-licence", &card.holder_line));
    assert_eq!(licence.collect_at.as_ref().unwrap().as_str().trim_end_matches('/'), "https://issuer.example");

    // Collected again, it is one less; the log goes on after what was restored.
    let offer = wallet.preview_offer(&holder.town.issuer.offer(Plan::licence())).await.unwrap();
    wallet.receive(&offer, Some("123456")).await.unwrap();
    let left = wallet.to_collect().unwrap();
    assert_eq!(left.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), [id.id.as_str()]);
    let newest = &wallet.log(None, 1).unwrap()[0];
    assert!(matches!(newest.event, Event::Received { .. }) && newest.id > log[0].id);
    assert!(wallet.forget_to_collect(&id.id).await.unwrap());
    assert!(!wallet.forget_to_collect(&id.id).await.unwrap());
    drop(wallet);
    let path = folder.path().join("wallet");
    let old_pin = Wallet::open(&path, PIN, holder.town.ports(folder.path()), holder.town.config()).await;
    assert!(matches!(old_pin, Err(OpenError::WrongPin { .. })));
    let wallet =
        Wallet::open(&path, "975310", holder.town.ports(folder.path()), holder.town.config()).await.unwrap();
    assert_eq!((wallet.cards().unwrap().len(), wallet.to_collect().unwrap().len()), (1, 0));
}

#[tokio::test]
async fn what_is_still_to_be_collected_is_in_the_next_backup_too() {
    let (holder, _) = Holder::new().await.with_licence().await;
    let (_folder, wallet, said) = restore(&holder, &holder.wallet.back_up(PHRASE).unwrap()).await;
    let (_other, again, twice) = restore(&holder, &wallet.back_up(PHRASE).unwrap()).await;
    assert_eq!(twice.to_collect, said.to_collect);
    assert_eq!(again.log(None, 10).unwrap(), wallet.log(None, 10).unwrap());
}

#[tokio::test]
async fn wrong_files_and_places_are_refused_and_leave_nothing() {
    let (holder, _) = Holder::new().await.with_licence().await;
    assert_eq!(holder.wallet.back_up("246810").err(), Some(BackupError::Weak));
    let backup = holder.wallet.back_up(PHRASE).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet");
    let refused = async |file: &[u8], phrase: &str, config| {
        let ports = holder.town.ports(folder.path());
        let outcome = Wallet::restore(&path, PIN, ports, config, file, phrase).await;
        assert!(!path.exists());
        match outcome.err() {
            Some(RestoreError::Backup(bad)) => bad,
            other => panic!("{other:?}"),
        }
    };
    let config = || holder.town.config();
    assert_eq!(refused(&backup, "another passphrase", config()).await, BadBackup::WrongPassphrase);
    assert_eq!(refused(b"PK\x03\x04", PHRASE, config()).await, BadBackup::NotABackup);
    let mut other_chain = config();
    other_chain.anchor.chain_id = registry::Hash32::ZERO;
    assert_eq!(refused(&backup, PHRASE, other_chain).await, BadBackup::OtherChain);

    let taken = holder.folder.path().join("wallet");
    let ports = holder.town.ports(folder.path());
    let exists = Wallet::restore(&taken, PIN, ports.clone(), config(), &backup, PHRASE).await;
    assert!(matches!(exists, Err(RestoreError::Create(CreateError::Exists))));
    let weak = Wallet::restore(&path, "123", ports, config(), &backup, PHRASE).await;
    assert!(matches!(weak, Err(RestoreError::Create(CreateError::PinTooWeak(_)))));
    assert!(!path.exists());
}

#[tokio::test]
async fn the_file_tells_neither_values_nor_how_much_there_is() {
    let (holder, card) = Holder::new().await.with_licence().await;
    let one = holder.wallet.back_up(PHRASE).unwrap();
    assert_ne!(one, holder.wallet.back_up(PHRASE).unwrap(), "a salt and a nonce of its own each time");
    for claim in card.claims.iter().filter_map(|claim| claim.value.as_str()).filter(|value| value.len() > 5) {
        assert!(!one.windows(claim.len()).any(|window| window == claim.as_bytes()));
    }
    holder.wallet.delete_log_entry(&holder.wallet.log(None, 1).unwrap()[0].id).await.unwrap();
    assert_eq!(one.len(), holder.wallet.back_up(PHRASE).unwrap().len(), "rounded up");
    let code = Wallet::new_backup_code(&SystemRandomness).unwrap();
    assert_eq!((code.len(), code.matches('-').count()), (29, 5));
    assert!(holder.wallet.back_up(&code).is_ok());
}

#[tokio::test]
async fn an_export_has_everything_and_erasing_leaves_nothing() {
    let (holder, card) = Holder::new().await.with_licence().await;
    holder.present_first(Ask::licence()).await.unwrap();
    let export = holder.wallet.export().unwrap();
    assert_eq!(export["cards"][0]["card"]["claims"][0]["value"], card.claims[0].value);
    assert_eq!(export["cards"][0]["credentials"].as_array().unwrap().len(), 2);
    assert_eq!(export["cards"][0]["credentials"][0]["shownTo"][0], holder.town.verifier.did.to_string());
    assert_eq!(export["log"].as_array().unwrap().len(), 2);

    let Holder { folder, wallet, town } = holder;
    let keys = std::fs::metadata(folder.path().join("keys")).unwrap().len();
    wallet.erase().await.unwrap();
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["keys"], "the device's own key file, which is not the wallet's");
    assert!(std::fs::metadata(folder.path().join("keys")).unwrap().len() < keys, "its keys are gone from it");
    let none =
        Wallet::open(folder.path().join("wallet"), PIN, town.ports(folder.path()), town.config()).await;
    assert!(matches!(none, Err(OpenError::NoWallet)));
    Wallet::erase_locked(folder.path().join("wallet")).unwrap();
}

#[tokio::test]
async fn pages_show_each_card_once_the_newest_first() {
    let holder = Holder::new().await;
    for index in 0..5 {
        holder.town.clock.advance(std::time::Duration::from_secs(60));
        let plan = Plan { index: 70_000 + index, ..Plan::licence().sd_jwt() };
        let offer = holder.wallet.preview_offer(&holder.town.issuer.offer(plan)).await.unwrap();
        holder.wallet.receive(&offer, Some("123456")).await.unwrap();
    }
    let all: Vec<_> = holder.wallet.cards().unwrap().into_iter().map(|card| card.id).collect();
    let (mut paged, mut last) = (Vec::new(), None);
    loop {
        let page = holder.wallet.cards_page(last.as_deref(), 2).unwrap();
        paged.extend(page.iter().map(|card| card.id.clone()));
        match page.last() {
            Some(card) => last = Some(card.id.clone()),
            None => break,
        }
    }
    assert_eq!(paged, all);
    assert_eq!(holder.wallet.cards_page(Some("gone"), 1).unwrap()[0].id, all[0]);
}

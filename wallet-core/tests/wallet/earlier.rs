//! Phones that were set up by earlier versions: a wallet that the code of each schema version wrote opens with everything in it.
//!
//! The wallets are data, `earlier/schema-N.tar.gz`, and how they were made is in the README there. A phone whose wallet does not open
//! after an update has lost it; so whoever changes what the vault holds sees it here first.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use credentials::key::Algorithm;
use serde_json::{Value, json};
use wallet_core::{OpenError, ReceiveError, RequestRefused, Wallet};

use crate::town::{Ask, Decision, Holder, PIN, Plan, Town, public};

/// The first schema version that a wallet is here of. No phone was ever given one of an earlier version; `schema.rs` tests the steps from those.
const FIRST: u32 = 3;
/// What is expected of a wallet, beside it.
const EXPECTED: &str = "expected.json";

fn archive(version: u32) -> PathBuf {
    let name = format!("tests/wallet/earlier/schema-{version}.tar.gz");
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The schema version of this code.
fn current() -> u32 {
    let source = include_str!("../../src/schema.rs").lines();
    let number = source.filter_map(|line| line.strip_prefix("const CURRENT: u32 = ")).next();
    number.and_then(|rest| rest.trim_end_matches(';').parse().ok()).unwrap()
}

/// The schema versions whose wallets are here: this one's, and each before it.
fn versions() -> Vec<u32> {
    let versions: Vec<u32> = (FIRST..=current()).collect();
    for version in &versions {
        assert!(archive(*version).exists(), "the wallet of schema {version} is not here: earlier/README.md");
    }
    versions
}

/// What the issuer offers, each with a status of its own; the last takes time.
fn offers(town: &Town) -> [String; 4] {
    [
        Plan::licence(),
        Plan { index: 70_001, ..Plan::digital_id() },
        Plan { index: 70_002, ..Plan::driving() },
        Plan { index: 70_003, ..Plan::licence().sd_jwt().taking_time() },
    ]
    .map(|plan| town.issuer.offer(plan))
}

/// What is in a wallet, as far as it stays the same from version to version.
fn described(wallet: &Wallet) -> Value {
    let cards = wallet.cards().unwrap().into_iter().map(|card| {
        let formats: Vec<&str> = card.formats.iter().map(|format| format.as_str()).collect();
        let claims: Vec<Value> =
            card.claims.iter().map(|claim| json!({ "name": claim.name, "value": claim.value })).collect();
        json!({
            "id": card.id, "kind": card.kind, "holder": card.holder_line, "issuer": card.issuer,
            "received": card.received.0, "formats": formats, "claims": claims,
        })
    });
    let log = wallet.log(None, 100).unwrap().into_iter().map(|entry| {
        let event = serde_json::to_value(&entry).unwrap()["event"].clone();
        json!({ "id": entry.id, "at": entry.at.0, "event": event })
    });
    json!({ "cards": cards.collect::<Vec<_>>(), "log": log.collect::<Vec<_>>() })
}

fn tar(arguments: &[&str], archive: &Path, folder: &Path) {
    let status = Command::new("tar").args(arguments).arg(archive).arg("-C").arg(folder).arg(".").status();
    assert!(status.unwrap().success(), "{}: see earlier/README.md", archive.display());
}

/// A wallet of this schema version, opened by this one, and what was in it.
async fn of_version(version: u32) -> (Holder, Value) {
    let folder = tempfile::tempdir().unwrap();
    tar(&["-xzf"], &archive(version), folder.path());
    let expected = std::fs::read(folder.path().join(EXPECTED)).unwrap();
    let town = Town::new();
    offers(&town);
    town.issuer.kept_in(&folder.path().join("issuer"));
    let path = folder.path().join("wallet");
    let (ports, config) = (|| town.ports(folder.path()), || town.config());
    let wrong = Wallet::open(&path, "135790", ports(), config()).await.err();
    assert!(matches!(wrong, Some(OpenError::WrongPin { .. })), "{wrong:?}");
    let wallet = Wallet::open(&path, PIN, ports(), config()).await.unwrap();
    (Holder { folder, wallet, town }, serde_json::from_slice(&expected).unwrap())
}

#[tokio::test]
async fn every_card_and_the_log_come_through_from_each_schema_version() {
    for version in versions() {
        let (holder, expected) = of_version(version).await;
        assert_eq!(expected["cards"].as_array().unwrap().len(), 3);
        assert_eq!(described(&holder.wallet), expected, "schema {version}");
        assert_eq!(holder.wallet.unreadable_cards().unwrap(), [""; 0], "schema {version}");
        // By pages, which go by the index.
        let page = holder.wallet.cards_page(None, 10).unwrap();
        assert_eq!(page.len(), 3, "schema {version}");
        let holder = holder.reopened().await;
        assert_eq!(
            described(&holder.wallet),
            expected,
            "schema {version}, once it was brought up to this one"
        );
    }
}

#[tokio::test]
async fn every_key_still_signs_from_each_schema_version() {
    for version in versions() {
        let (holder, _) = of_version(version).await;
        holder.present_first(Ask::licence()).await.unwrap();
        holder.town.verifier.verified_sd_jwt(&public(1, Algorithm::Es256));
        holder.present_first(Ask::whole_licence("full-check")).await.unwrap();
        holder.town.verifier.verified_ldp(&public(1, Algorithm::EdDsa));
        holder.present_first(Ask::driving(&[["org.iso.18013.5.1", "family_name"]])).await.unwrap();
        holder.town.verifier.verified_mdoc(&public(1, Algorithm::Es256));
        for card in holder.wallet.cards().unwrap() {
            assert!(holder.wallet.delete_card(&card.id).await.unwrap(), "schema {version}");
        }
        assert!(holder.reopened().await.wallet.cards().unwrap().is_empty(), "schema {version}");
    }
}

#[tokio::test]
async fn what_takes_time_is_still_waited_for_from_each_schema_version() {
    for version in versions() {
        let (holder, _) = of_version(version).await;
        *holder.town.issuer.decision.lock().unwrap() = Decision::Approved;
        holder.town.clock.advance(Duration::from_secs(86_400));
        let picked = holder.wallet.pick_up().await.unwrap();
        assert_eq!(picked.len(), 1, "schema {version}");
        assert_eq!(picked[0].outcome.as_ref().unwrap().len(), 1, "schema {version}");
        assert_eq!(holder.wallet.cards().unwrap().len(), 4, "schema {version}");
    }
}

/// What the next version will be given. Kept where `HUIZHENG_EARLIER` says so (earlier/README.md).
#[tokio::test]
async fn a_wallet_of_this_schema_version_can_be_made() {
    let holder = Holder::new().await;
    let folder = holder.folder.path().to_owned();
    let links = offers(&holder.town);
    holder.town.issuer.kept_in(&folder.join("issuer"));
    for (number, link) in links.iter().enumerate() {
        let offer = holder.wallet.preview_offer(link).await.unwrap();
        match holder.wallet.receive(&offer, Some("123456")).await {
            Ok(received) => assert_eq!((received.cards.len(), received.failed.len()), (1, 0)),
            Err(error) => assert_eq!((error, number), (ReceiveError::Deferred, 3)),
        }
    }
    holder.present_first(Ask::licence()).await.unwrap();
    let consent = holder.review(Ask::licence()).await.unwrap();
    assert!(holder.wallet.decline(&consent.id).await.unwrap());
    let refused = holder.review(Ask::licence_claims(&["address"])).await.unwrap_err();
    assert!(matches!(refused, RequestRefused::AsksTooMuch { .. }));
    std::fs::write(folder.join(EXPECTED), described(&holder.wallet).to_string()).unwrap();
    let Holder { folder: kept, wallet, .. } = holder;
    drop(wallet);
    let kept_at = std::env::var_os("HUIZHENG_EARLIER").map(|_| archive(current()));
    let elsewhere = tempfile::tempdir().unwrap();
    let to = kept_at.unwrap_or_else(|| elsewhere.path().join("wallet.tar.gz"));
    tar(&["--sort=name", "--owner=0", "--group=0", "-czf"], &to, kept.path());
    assert!(std::fs::metadata(&to).unwrap().len() > 100_000, "cards, log and keys are in it");
}

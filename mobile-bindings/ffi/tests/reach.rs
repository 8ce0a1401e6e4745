//! Everything that a wallet does, and everything that it can be told, is reachable by an app.

#![expect(clippy::unwrap_used, reason = "a test that fails, fails")]

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, UNIX_EPOCH},
};

use huizheng::{LogQuery, WalletClient, WalletConfig, WalletError};
use wallet_core::{LinkPolicy, ports::UnixMillis};

/// All Rust under a folder, one text.
fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &sources(&path);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text += &fs::read_to_string(&path).unwrap();
        }
    }
    text
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The names that follow `start` in the blocks that begin with `block` and end at the margin.
fn names<'s>(source: &'s str, block: &str, starts: &[&str]) -> Vec<&'s str> {
    let mut names = Vec::new();
    for body in source.split(block).skip(1).filter_map(|rest| rest.split("\n}").next()) {
        for line in body.lines() {
            let rest = starts.iter().find_map(|start| line.strip_prefix(start));
            let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
            names.extend(rest.and_then(|rest| rest.split(|letter| !is_part(letter)).next()));
        }
    }
    names
}

#[test]
fn each_thing_that_a_wallet_does_is_done_by_an_app_too() {
    let (core, ours) = (sources(&here("../../wallet-core/src")), sources(&here("src")));
    let does = names(&core, "\nimpl Wallet {", &["    pub fn ", "    pub async fn "]);
    assert!(does.len() > 40, "{does:?}");
    for name in does {
        let is_called = ours.contains(&format!(".{name}(")) || ours.contains(&format!("Wallet::{name}("));
        assert!(is_called, "no app can do this: {name}");
    }
}

#[test]
fn each_thing_that_a_wallet_can_be_told_is_told_by_an_app_too() {
    let (core, ours) = (sources(&here("../../wallet-core/src")), sources(&here("src")));
    for record in ["WalletConfig", "LogQuery"] {
        let block = format!("\npub struct {record} {{");
        let known = names(&core, &block, &["    pub "]);
        let told = names(&ours, &block, &["    pub "]);
        assert!(known.len() > 5);
        for name in known {
            // What other languages call otherwise: one word for a policy of two, and `from` is a keyword of Python's.
            let name = match name {
                "links" => "refuse_links",
                "from" => "since",
                name => name,
            };
            assert!(told.contains(&name), "no app can set {record}.{name}");
        }
    }
}

fn config() -> WalletConfig {
    let validator = r#"{"key":"z6MkjchhfUsD6mmvni8mCdXHw216Xrm9bQe2mBH1P5RDjVJG","power":1}"#;
    let chain = "00".repeat(32);
    WalletConfig {
        anchor: format!(
            r#"{{"chainId":"{chain}","network":"anhui","validators":[{validator}],"height":0,
                "time":"2026-03-02T04:00:00.000Z"}}"#
        ),
        node: "https://node.example".to_owned(),
        wipe_after: None,
        refuse_links: false,
        shows_confirmations: false,
        client: None,
        fresh: None,
        stale: None,
        trusting: None,
    }
}

#[test]
fn what_is_not_told_is_as_usual() {
    let told = wallet_core::WalletConfig::try_from(config()).unwrap();
    assert_eq!(told.client.client_id, "cn.huizheng.wallet");
    assert_eq!((told.fresh, told.stale), (Duration::from_secs(600), Duration::from_secs(86_400)));
    assert_eq!((told.trusting, told.wipe_after, told.links), (None, None, LinkPolicy::Say));
    assert!(!told.shows_confirmations);
}

#[test]
fn what_an_app_tells_arrives() {
    let client = |redirect_uri: &str| WalletClient {
        client_id: "cn.example.wallet".to_owned(),
        redirect_uri: redirect_uri.to_owned(),
    };
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    let told = WalletConfig {
        wipe_after: Some(10),
        refuse_links: true,
        shows_confirmations: true,
        client: Some(client("cn.example.wallet:/back")),
        fresh: seconds(1),
        stale: seconds(2),
        trusting: seconds(3),
        ..config()
    };
    let told = wallet_core::WalletConfig::try_from(told).unwrap();
    assert_eq!(told.client.redirect_uri, "cn.example.wallet:/back");
    assert_eq!((Some(told.fresh), Some(told.stale), told.trusting), (seconds(1), seconds(2), seconds(3)));
    assert_eq!((told.wipe_after, told.links), (Some(10), LinkPolicy::Refuse));
    assert!(told.shows_confirmations);

    let unsafe_to_come_back_to = WalletConfig { client: Some(client("http://example.com/back")), ..config() };
    let refused = wallet_core::WalletConfig::try_from(unsafe_to_come_back_to);
    assert!(matches!(refused, Err(WalletError::FixApp { .. })));
}

#[test]
fn what_is_looked_for_in_the_log_arrives() {
    let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
    let did = "did:hui:anhui:z4BZp8kTwvfpymf84mHQuVYmFoUEW";
    let query = LogQuery {
        text: Some("税务".to_owned()),
        verifier: Some(did.to_owned()),
        card: Some("a".to_owned()),
        since: Some(at(5)),
        until: Some(at(6)),
        shared_only: true,
    };
    let asked = wallet_core::LogQuery::try_from(query).unwrap();
    let expected = wallet_core::LogQuery {
        text: Some("税务".to_owned()),
        verifier: Some(did.parse().unwrap()),
        card: Some("a".to_owned()),
        from: Some(UnixMillis(5_000)),
        until: Some(UnixMillis(6_000)),
        shared_only: true,
    };
    assert_eq!(asked, expected);
    assert_eq!(wallet_core::LogQuery::try_from(LogQuery::default()), Ok(wallet_core::LogQuery::default()));
    let no_did = LogQuery { verifier: Some("the tax bureau".to_owned()), ..LogQuery::default() };
    assert!(matches!(wallet_core::LogQuery::try_from(no_did), Err(WalletError::FixApp { .. })));
}

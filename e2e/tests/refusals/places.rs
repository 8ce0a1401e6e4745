//! What each place makes of a credential that comes in.

mod alone;
mod shown;

use std::collections::HashSet;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::sync::Arc;

use e2e::flaws::{Flaw, Good, IssuersKeys, Kind, Place};
use e2e::{Clerk, Counter, Desk, Holder, Play, Rogue};
use serde_json::Value;

use crate::{PURPOSE_OF_MDOC, claims};

pub(crate) use shown::{Bound, offline, selected, shown, twice_with_another_signature};

/// What became of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Made {
    /// It was taken.
    Accepted,
    /// It was not, for what has these names.
    Refused(Vec<String>),
    /// Nothing so long fits in there.
    TooLong,
}

/// Everything that the table is tried on.
pub(crate) struct Ground {
    pub(crate) play: &'static Play,
    pub(crate) counter: Counter,
    pub(crate) clerk: Clerk,
    pub(crate) rogue: Rogue,
    pub(crate) holder: Holder,
    market: (Desk, Arc<IssuersKeys>),
    police: (Desk, Arc<IssuersKeys>),
    /// What is asked for of an mdoc.
    elements: Vec<(String, String)>,
    folder: PathBuf,
}

impl Made {
    pub(crate) fn refused(name: impl Into<String>) -> Self {
        Self::Refused(vec![name.into()])
    }

    /// Whether this was found, among others perhaps.
    pub(crate) fn names(&self, found: &str) -> bool {
        matches!(self, Self::Refused(names) if names.iter().any(|name| name == found))
    }

    /// By the checks that did not pass: their names and what was found.
    fn by_checks<'c>(accepted: bool, checks: impl Iterator<Item = &'c Value>) -> Self {
        match accepted {
            true => Self::Accepted,
            false => Self::Refused(checks.filter_map(Value::as_str).map(str::to_owned).collect()),
        }
    }
}

impl Ground {
    /// `name` tells one test's folder and wallet from another's.
    pub(crate) async fn of(play: &'static Play, name: &str) -> Self {
        let folder = play.data.join("refusals").join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        let counter = play.counter();
        let elements = counter.fetch(&counter.ask(PURPOSE_OF_MDOC).await).await.elements();
        let ground = Self {
            play,
            counter,
            elements,
            clerk: Clerk::at(play.counter()).await,
            rogue: Rogue::default(),
            holder: Holder::new(play, name).await,
            market: (play.market(), Arc::new(play.keys_of("market-supervision"))),
            police: (play.police(), Arc::new(play.keys_of("public-security"))),
            folder,
        };
        let anchor = serde_json::to_vec(&play.urls().chain.anchor).expect("JSON");
        ground.write("anchor.json", &anchor);
        ground
    }

    /// Who issues credentials of this kind, and with what keys.
    pub(crate) fn issuer(&self, kind: Kind) -> &(Desk, Arc<IssuersKeys>) {
        if kind == Kind::Mdoc { &self.police } else { &self.market }
    }

    /// One that is right, for the rogue.
    pub(crate) async fn good(&self, kind: Kind) -> Good<'_> {
        let (desk, keys) = self.issuer(kind);
        let (_, offer) = desk.offered(kind.credential_type(), &claims(kind)).await;
        let [issued] = self.rogue.collect(desk, &offer, [kind.configuration()]).await;
        self.take_along().await;
        kind.of(&issued, keys)
    }

    /// Fetches what a counter with no network takes along, once there is a credential and its list. By a process of its own: this
    /// one may remember that there was no list.
    async fn take_along(&self) {
        let (market, police) = (self.market.1.did.to_string(), self.police.1.did.to_string());
        let issuers = ["--issuer", &market, "--issuer", &police];
        let (anchor, out) = (self.path("anchor.json"), self.path("snapshot.json"));
        let chain = ["--node", &self.play.urls().chain.url, "--anchor", &anchor, "--out", &out];
        let ended = self.command(&[&["registry", "snapshot"], &issuers[..], &chain[..]].concat()).await;
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    }

    /// Shows it to a place, with this flaw or with none. Nothing where it is longer than what a place carries.
    pub(crate) async fn put(&self, place: Place, good: &Good<'_>, flaw: Option<&Flaw>) -> Made {
        match place {
            Place::Library => alone::library(good, flaw),
            Place::VcApi => alone::vc_api(self, good, flaw).await,
            Place::Verify => alone::verify(self, good, flaw).await,
            Place::Batch => alone::batch(self, good, flaw).await,
            Place::Folder => alone::folder(self, good, flaw).await,
            Place::Wallet => alone::wallet(self, good, flaw).await,
            Place::VcApiPresented
            | Place::VerifyPresented
            | Place::Response
            | Place::TwoWay
            | Place::OneWay
            | Place::Offline => shown(self, place, good.kind, &Bound::By(good, flaw)).await,
        }
    }

    fn write(&self, name: &str, content: &[u8]) -> String {
        let path = self.folder.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, content).expect("written");
        path.to_str().expect("a path").to_owned()
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).to_str().expect("a path").to_owned()
    }

    /// `huizheng` as a process.
    async fn command(&self, words: &[&str]) -> Output {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_huizheng-under-test"));
        command.args(words).stdin(Stdio::null());
        // The node that it asks is this process.
        tokio::task::spawn_blocking(move || command.output()).await.expect("waited").expect("started")
    }
}

/// The credential with the flaw, or as it is, as it stands in JSON.
fn bytes_of(good: &Good<'_>, flaw: Option<&Flaw>) -> Vec<u8> {
    flaw.map_or_else(|| good.credential.to_string().into_bytes(), |flaw| flaw.of(good))
}

/// The names of the flaws, each once.
fn ids<'f>(flaws: impl IntoIterator<Item = &'f credentials::Flaw>) -> Made {
    let mut seen = HashSet::new();
    let names: Vec<String> =
        flaws.into_iter().map(|flaw| flaw.id()).filter(|id| seen.insert(id.clone())).collect();
    if names.is_empty() { Made::Accepted } else { Made::Refused(names) }
}

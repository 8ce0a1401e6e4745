//! The explorer: what the chain says, for people. Drawn on the node from its own state; works without scripts.

mod block;
mod blocks;
mod directory;
mod docs;
mod organisation;
mod organisations;
mod overview;
mod parts;
mod record;
mod search;
mod status_lists;
mod transaction;
mod types;
mod validators;
mod verifiers;
mod view;
mod words;

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::FromRef;
use axum::routing::get;
use service::ui::{Brand, Markup, NavItem, Page, Visitor, Width};
use service::{Strings, Texts, assets};

use crate::ledger::Ledger;
use directory::Directory;
pub(crate) use view::View;

static STRINGS: LazyLock<Strings> = LazyLock::new(|| {
    Strings::embedded(include_str!("../strings/zh.toml"), include_str!("../strings/en.toml"))
});

const SCRIPT: &str = include_str!("../assets/explorer.js");
const SCRIPT_PATH: &str = "/assets/explorer.js";

/// What the pages are drawn from. Cloning shares it.
#[derive(Clone)]
pub(crate) struct Explorer {
    ledger: Arc<dyn Ledger>,
    directory: Arc<Directory>,
    /// Whether everybody on the chain is made up.
    demonstration: bool,
}

impl Explorer {
    pub(crate) fn new(ledger: Arc<dyn Ledger>, demonstration: bool) -> Self {
        Self { ledger, directory: Arc::default(), demonstration }
    }
}

/// The explorer's pages, for a state that an [`Explorer`] can be taken from.
pub(crate) fn router<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Explorer: FromRef<S>,
{
    Router::new()
        .route("/", get(overview::page))
        .route("/live/overview", get(overview::fragment))
        .route("/blocks", get(blocks::page))
        .route("/live/blocks", get(blocks::fragment))
        .route("/blocks/{height}", get(block::page))
        .route("/blocks/{height}/{index}", get(transaction::page))
        .route("/transactions/{hash}", get(transaction::by_hash))
        .route("/organisations", get(organisations::page))
        .route("/organisations/{did}", get(organisation::page))
        .route("/types", get(types::page))
        .route("/types/{credential_type}", get(types::one))
        .route("/verifiers", get(verifiers::page))
        .route("/status-lists", get(status_lists::page))
        .route("/records/{*key}", get(record::page))
        .route("/docs", get(docs::page))
        .route("/search", get(search::page))
        .route(SCRIPT_PATH, get(|| async { assets::asset("text/javascript; charset=utf-8", SCRIPT) }))
        .merge(assets::router())
}

fn texts(visitor: &Visitor) -> Texts<'static> {
    STRINGS.of(visitor.lang)
}

/// A page of the explorer.
fn page(view: &View, title: &str, body: Markup) -> Page {
    let t = view.t;
    let nav = [
        ("nav.overview", "/"),
        ("nav.blocks", "/blocks"),
        ("nav.organisations", "/organisations"),
        ("nav.types", "/types"),
        ("nav.verifiers", "/verifiers"),
        ("nav.status_lists", "/status-lists"),
    ];
    let network = view.ledger.genesis().network.to_string();
    Page::new(&view.visitor, title)
        .brand(Brand {
            name: t.get("brand.name").to_owned(),
            part: t.with("brand.part", &[("network", &network)]),
            home: "/".to_owned(),
            demonstration: view.explorer.demonstration,
        })
        .nav(nav.map(|(key, href)| NavItem::new(t.get(key), href)))
        .width(Width::Wide)
        .script(assets::versioned(SCRIPT_PATH, SCRIPT))
        .body(body)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_text_exists_in_both_languages() {
        assert_eq!(super::STRINGS.faults(), Vec::<String>::new());
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src/explorer");
        assert_eq!(super::STRINGS.used_but_missing(source), Vec::<String>::new());
    }
}

//! Search: whatever is typed leads somewhere.

use axum::response::{IntoResponse, Redirect, Response};
use registry::{Did, Hash32, RecordKey, Slug};
use serde::Deserialize;
use service::Problem;
use service::extract::Query;
use service::ui::{Icon, Markup, Tone, heading, html, icon, notice, panel};

use crate::explorer::{View, organisations, types};

/// The longest text that is searched for, in characters.
const LONGEST: usize = 300;
/// How far back blocks are searched by id.
const BLOCKS: usize = 20_000;

/// What is searched for.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    q: String,
}

/// The search field.
pub(super) fn form(view: &View, value: &str) -> Markup {
    let t = view.t;
    html! {
        form.search action="/search" method="get" role="search" {
            label.sr for="q" { (t.get("search.label")) }
            input id="q" name="q" type="search" value=(value) placeholder=(t.get("search.placeholder")) autocomplete="off" spellcheck="false" maxlength=(LONGEST);
            button.button type="submit" { (icon(Icon::Search)) span { (t.get("search.button")) } }
        }
    }
}

/// `GET /search?q=`: to the one thing that is meant, else to a list, else to what can be searched for.
pub(super) async fn page(view: View, Query(Wanted { q }): Query<Wanted>) -> Result<Response, Problem> {
    let q: String = q.trim().chars().take(LONGEST).collect();
    if let Some(place) = place(&view, &q).await? {
        return Ok(Redirect::to(&place).into_response());
    }
    let found = if q.is_empty() { Vec::new() } else { by_name(&view, &q)? };
    if let [only] = found.as_slice() {
        return Ok(Redirect::to(&format!("/organisations/{only}")).into_response());
    }
    let t = view.t;
    let body = html! {
        (heading(t.get("search.title"), ""))
        (form(&view, &q))
        @if !found.is_empty() { (organisations::table(&view, &found, found.len())?) }
        @else {
            @if !q.is_empty() { (notice(Tone::Unsure, t.get("search.none"), t.get("search.none_text"))) }
            (panel(t.get("search.what"), html! { ul.plain {
                li { (t.get("search.by_name")) }
                li { (t.get("search.by_did")) }
                li { (t.get("search.by_type")) }
                li { (t.get("search.by_block")) }
                li { (t.get("search.by_hash")) }
                li { (t.get("search.by_key")) }
            } }))
        }
    };
    Ok(super::page(&view, t.get("search.title"), body).into_response())
}

/// The address of what the text names by itself.
async fn place(view: &View, q: &str) -> Result<Option<String>, Problem> {
    let plain: String = q.chars().filter(|c| !matches!(c, ',' | '#')).collect();
    if let Ok(height) = plain.parse::<u64>() {
        let exists = (1..=view.tip.header.height).contains(&height);
        return Ok(exists.then(|| format!("/blocks/{height}")));
    }
    let (before, fragment) = q.split_once('#').unwrap_or((q, ""));
    if let Ok(did) = before.parse::<Did>() {
        let anchor = if fragment.is_empty() { "" } else { "#keys" };
        return Ok(view.did(&did)?.map(|_| format!("/organisations/{did}{anchor}")));
    }
    if let Ok(key) = q.parse::<RecordKey>() {
        return Ok(Some(format!("/records/{key}")));
    }
    if let Ok(hash) = q.to_ascii_lowercase().parse::<Hash32>() {
        return by_hash(view, &hash).await;
    }
    let slug = Slug::new(&q.to_ascii_lowercase()).ok().filter(|slug| types::all(view).contains(slug));
    let called = |slug: &Slug| {
        let schema = view.schema(slug).ok().flatten();
        schema.is_some_and(|schema| schema.name.zh == q || schema.name.en.eq_ignore_ascii_case(q))
    };
    let named = || types::all(view).into_iter().find(called);
    Ok(slug.or_else(named).map(|slug| format!("/types/{slug}")))
}

async fn by_hash(view: &View, hash: &Hash32) -> Result<Option<String>, Problem> {
    if let Some(found) = view.ledger.transaction(hash) {
        return Ok(Some(format!("/blocks/{}/{}", found.height, found.index)));
    }
    if *hash == view.tip.header.chain_id {
        return Ok(Some("/".to_owned()));
    }
    let blocks = view.ledger.blocks(u64::MAX, BLOCKS).await.map_err(Problem::internal)?;
    Ok(blocks.iter().find(|block| block.id == *hash).map(|block| format!("/blocks/{}", block.height)))
}

/// Organisations whose registered name has the text in it, or whose DID ends so.
fn by_name(view: &View, q: &str) -> Result<Vec<Did>, Problem> {
    let wanted = q.to_lowercase();
    let matches = |text: &str| text.to_lowercase().contains(&wanted);
    let issuers = view.accreditations("")?.into_iter().map(|record| (record.did, record.issuer_name));
    let verifiers = view.purposes("")?.into_iter().map(|record| (record.did, record.verifier_name));
    let mut found: Vec<Did> = issuers
        .chain(verifiers)
        .filter(|(_, name)| matches(&name.zh) || matches(&name.en))
        .map(|(did, _)| did)
        .collect();
    if q.len() >= 4 {
        found.extend(view.dids().into_iter().filter(|did| did.to_string().ends_with(q)));
    }
    found.sort();
    found.dedup();
    Ok(found)
}

//! The counter as an app of its own: what its pages load, its manifest, and its service worker, which keeps none of what is personal.

use std::io::Write;
use std::sync::LazyLock;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use flate2::Compression;
use flate2::write::GzEncoder;
use ring::digest::{Context, SHA256};
use serde_json::json;
use service::extract::Path;
use service::ui::{Markup, Visitor, html};
use service::{Problem, assets as shared};

use crate::core::App;
use crate::decision::texts;

/// One thing that pages load.
struct Asset {
    name: &'static str,
    media_type: &'static str,
    bytes: &'static [u8],
}

const fn asset_of(name: &'static str, media_type: &'static str, bytes: &'static [u8]) -> Asset {
    Asset { name, media_type, bytes }
}

const JS: &str = "text/javascript; charset=utf-8";
const ASSETS: [Asset; 9] = [
    asset_of("counter.css", "text/css; charset=utf-8", include_bytes!("../../assets/counter.css")),
    asset_of("counter.js", JS, include_bytes!("../../assets/counter.js")),
    asset_of("reader.js", JS, include_bytes!("../../assets/reader.js")),
    asset_of("decoder.js", JS, include_bytes!("../../assets/decoder.js")),
    // The package `qr` as its authors publish it: ADR 0040.
    asset_of("decode.js", JS, include_bytes!("../../assets/qr-0.7.0/decode.js")),
    asset_of("index.js", JS, include_bytes!("../../assets/qr-0.7.0/index.js")),
    asset_of("icon-192.png", "image/png", include_bytes!("../../assets/icon-192.png")),
    asset_of("icon-512.png", "image/png", include_bytes!("../../assets/icon-512.png")),
    asset_of("icon-maskable.png", "image/png", include_bytes!("../../assets/icon-maskable.png")),
];
const WORKER: &str = include_str!("../../assets/sw.js");
const MANIFEST_PATH: &str = "/counter.webmanifest";
/// What is shown when the counter's own service is away.
const AWAY_PATH: &str = "/away";

/// The first digits of the digest of all of them: whatever changes, everything has a new address.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut context = Context::new(&SHA256);
    for asset in &ASSETS {
        context.update(asset.name.as_bytes());
        context.update(&(asset.bytes.len() as u64).to_be_bytes());
        context.update(asset.bytes);
    }
    for text in [WORKER, shared::stylesheet(), shared::script()] {
        context.update(text.as_bytes());
    }
    context.finish().as_ref()[..6].iter().map(|byte| format!("{byte:02x}")).collect()
});

/// Texts as they travel.
static PACKED: LazyLock<Vec<Option<Vec<u8>>>> = LazyLock::new(|| {
    let packed = |asset: &Asset| {
        let mut out = GzEncoder::new(Vec::new(), Compression::best());
        out.write_all(asset.bytes).ok()?;
        out.finish().ok().filter(|packed| packed.len() < asset.bytes.len())
    };
    ASSETS.iter().map(packed).collect()
});

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/counter/{version}/{name}", get(serve))
        .route("/counter.webmanifest", get(manifest))
        .route("/sw.js", get(worker))
        .route("/away", get(away))
}

/// Where an asset is.
pub(super) fn asset(name: &str) -> String {
    format!("/counter/{}/{name}", *VERSION)
}

/// What the head of every page of the counter has.
pub(super) fn head() -> Markup {
    html! {
        link rel="stylesheet" href=(asset("counter.css"));
        link rel="manifest" href=(MANIFEST_PATH);
        link rel="apple-touch-icon" href=(asset("icon-192.png"));
        meta name="theme-color" content="#103d4e";
    }
}

async fn serve(Path((version, name)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let found = ASSETS.iter().zip(&*PACKED).find(|(asset, _)| version == *VERSION && asset.name == name);
    let Some((asset, packed)) = found else {
        return Problem::not_found("There is no such part of the counter").into_response();
    };
    let takes = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let takes = takes.is_some_and(|takes| takes.split(',').any(|one| one.trim().starts_with("gzip")));
    let head = [
        (header::CONTENT_TYPE, asset.media_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::VARY, "accept-encoding"),
    ];
    match packed.as_deref().filter(|_| takes) {
        Some(packed) => (head, [(header::CONTENT_ENCODING, "gzip")], packed).into_response(),
        None => (head, asset.bytes).into_response(),
    }
}

async fn manifest(State(app): State<App>, visitor: Visitor) -> Response {
    let t = texts(visitor.lang);
    let icon = |name: &str, sizes: &str, purpose: &str| json!({ "src": asset(name), "sizes": sizes, "type": "image/png", "purpose": purpose });
    let manifest = json!({
        "id": "/",
        "name": format!("{} · {}", app.name_in(visitor.lang), t.get("counter.part")),
        "short_name": t.get("counter.part"),
        "description": t.get("app.description"),
        "lang": visitor.lang.html(),
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f4f7f7",
        "theme_color": "#103d4e",
        "icons": [
            icon("icon-192.png", "192x192", "any"),
            icon("icon-512.png", "512x512", "any"),
            icon("icon-maskable.png", "512x512", "maskable"),
        ],
    });
    let head =
        [(header::CONTENT_TYPE, "application/manifest+json"), (header::CACHE_CONTROL, "private, no-cache")];
    (head, manifest.to_string()).into_response()
}

/// The service worker, with the version and the addresses of what it keeps. It is at the root, since its place says what it may answer for.
async fn worker() -> Response {
    let mut kept: Vec<String> = ASSETS.iter().map(|one| asset(one.name)).collect();
    kept.extend([shared::stylesheet(), shared::script(), shared::ICON].map(str::to_owned));
    let told = json!({ "version": *VERSION, "kept": kept, "away": AWAY_PATH });
    let text = WORKER.replace("\"TOLD\"", &told.to_string());
    let head = [(header::CONTENT_TYPE, JS), (header::CACHE_CONTROL, "no-cache")];
    (head, text).into_response()
}

/// In both languages, since it is kept from before anyone asks for it.
async fn away() -> Response {
    use service::Lang;
    let part = |lang: Lang| {
        let t = texts(lang);
        html! {
            section.panel lang=(lang.html()) {
                h1 { (t.get("app.away")) }
                p { (t.get("app.away_text")) }
                a.button href="/" { (t.get("app.again")) }
            }
        }
    };
    let page = html! {
        (service::ui::PreEscaped("<!DOCTYPE html>"))
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (texts(Lang::Zh).get("app.away")) }
                link rel="icon" href=(shared::ICON) type="image/svg+xml";
                link rel="stylesheet" href=(shared::stylesheet());
            }
            body.reading { main #content { (part(Lang::Zh)) (part(Lang::En)) } }
        }
    };
    ([(header::CACHE_CONTROL, "no-cache")], page).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The decoder is what npm has, to the byte; e2e/browser compares it with the package itself.
    #[test]
    fn the_decoder_is_the_one_that_was_looked_at() {
        let digest = |name: &str| {
            let asset = ASSETS.iter().find(|asset| asset.name == name).expect("there");
            let digest = ring::digest::digest(&SHA256, asset.bytes);
            digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        assert_eq!(digest("decode.js"), "00e209820dcb11d624e9a03d6383e580766792b57d1651318f0a29e4e1ff0fe8");
        assert_eq!(digest("index.js"), "a0de370051f94bd74f218f74401fdf197585e3f9ef0143164f87ea941a3fdd6f");
    }

    #[test]
    fn a_page_with_its_reader_stays_light() {
        let total: usize = ASSETS
            .iter()
            .zip(&*PACKED)
            .filter(|(asset, _)| asset.media_type != "image/png")
            .map(|(asset, packed)| packed.as_ref().map_or(asset.bytes.len(), Vec::len))
            .sum();
        assert!(total < 70_000, "{total} bytes travel");
    }
}

//! Scanning and pasting: from a picture, a camera frame or a link to an offer or a request.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode};
use maud::html;
use serde::Deserialize;
use service::extract::{Form, Multipart};
use service::ui::{Field, Kind, Page, Tone, button, csrf_field, notice};
use service::{Problem, assets};
use wallet_core::{OfferRefused, RequestRefused};

use super::SCAN_JS;
use super::frame::{Screen, Tab};
use super::scan::{self, ScanError};
use super::state::{App, Holder, Pending};
use super::words::{self, Said, texts};

pub(super) async fn page(holder: Holder) -> Page {
    draw(&holder, None, "")
}

#[derive(Deserialize)]
pub(super) struct Pasted {
    csrf: String,
    link: String,
}

pub(super) async fn link(
    State(app): State<Arc<App>>,
    holder: Holder,
    Form(sent): Form<Pasted>,
) -> Result<Response, Problem> {
    holder.session.check_csrf(&sent.csrf)?;
    let link = sent.link.trim();
    Ok(match follow(&app, &holder, link).await {
        Ok(next) => Redirect::to(&next).into_response(),
        Err(said) => draw(&holder, Some(&said), link).into_response(),
    })
}

/// A picture from the phone's album, or a screenshot.
pub(super) async fn picture(
    State(app): State<Arc<App>>,
    holder: Holder,
    Multipart(mut form): Multipart,
) -> Result<Response, Problem> {
    let (mut csrf, mut picture) = (String::new(), Bytes::new());
    let unreadable = |_| Problem::bad_request("invalid-request", "The picture can't be read");
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        match field.name() {
            Some("csrf") => csrf = field.text().await.map_err(unreadable)?,
            Some("picture") => picture = field.bytes().await.map_err(unreadable)?,
            _ => {}
        }
    }
    holder.session.check_csrf(&csrf)?;
    let read = read(picture).await?;
    let followed = match read {
        Ok(link) => follow(&app, &holder, &link).await,
        Err(error) => Err(words::scan(holder.visitor.lang, error)),
    };
    Ok(match followed {
        Ok(next) => Redirect::to(&next).into_response(),
        Err(said) => draw(&holder, Some(&said), "").into_response(),
    })
}

/// A frame of the camera, sent by the page's script: 200 with where to go, 204 when there is nothing to see yet.
pub(super) async fn frame(
    State(app): State<Arc<App>>,
    holder: Holder,
    headers: HeaderMap,
    picture: Bytes,
) -> Result<Response, Problem> {
    let csrf = headers.get("x-csrf").and_then(|value| value.to_str().ok()).unwrap_or_default();
    holder.session.check_csrf(csrf)?;
    let Ok(link) = read(picture).await? else { return Ok(StatusCode::NO_CONTENT.into_response()) };
    Ok(match follow(&app, &holder, &link).await {
        Ok(next) => axum::Json(serde_json::json!({ "location": next })).into_response(),
        Err(_) => StatusCode::NO_CONTENT.into_response(),
    })
}

async fn read(picture: Bytes) -> Result<Result<String, ScanError>, Problem> {
    tokio::task::spawn_blocking(move || scan::read(&picture)).await.map_err(Problem::internal)
}

/// Finds out what a link is, and keeps it for the holder to decide.
async fn follow(app: &App, holder: &Holder, link: &str) -> Result<String, Said> {
    let lang = holder.visitor.lang;
    let scheme = link.split(':').next().unwrap_or_default().to_ascii_lowercase();
    match scheme.as_str() {
        "openid-credential-offer" | "haip-vci" => {
            let offer = holder.wallet.preview_offer(link).await;
            let offer = offer.map_err(|error: OfferRefused| words::offer_refused(lang, &error))?;
            Ok(format!("/offers/{}", app.keep(Pending::Offer(Arc::new(offer)))))
        }
        "openid4vp" | "haip-vp" => {
            let request = holder.wallet.review_request(link).await;
            let request = request.map_err(|error: RequestRefused| words::request_refused(lang, &error))?;
            Ok(format!("/requests/{}", app.keep(Pending::Request(Arc::new(request)))))
        }
        _ => Err(words::unknown_link(lang)),
    }
}

fn draw(holder: &Holder, said: Option<&Said>, link: &str) -> Page {
    let lang = holder.visitor.lang;
    let t = texts(lang);
    let csrf = &holder.session.csrf;
    let script = assets::versioned("/assets/scan.js", SCAN_JS);
    let paste = Field::new("link", t.get("scan.paste"))
        .kind(Kind::Lines)
        .value(link)
        .placeholder("openid-credential-offer://…");
    Screen::new(&holder.visitor, t.get("scan.title")).tab(Tab::Scan).script(&script).body(html! {
        @if let Some(said) = said { (notice(Tone::Bad, &said.what, &said.todo)) }
        div.scan-view data-scan="/scan/frame" data-csrf=(csrf) data-no-camera=(t.get("scan.no_camera")) {
            video muted playsinline aria-hidden="true" {}
            p { (t.get("scan.starting")) }
        }
        form method="post" action="/scan/picture" enctype="multipart/form-data" {
            (csrf_field(csrf))
            div.field.upload {
                label for="f-picture" { (service::ui::icon(service::ui::Icon::Upload)) span.upload-label { (t.get("scan.picture")) } }
                input id="f-picture" name="picture" type="file" accept="image/png,image/jpeg" required data-upload="send";
            }
            noscript { (button(t.get("scan.go"))) }
        }
        form method="post" action="/scan/link" data-once {
            (csrf_field(csrf))
            (paste.render(lang))
            (button(t.get("scan.go")))
        }
    })
}
